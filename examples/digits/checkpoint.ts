import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetensors, writeSafetensors } from 'twingrad';
import { writeFileAtomic } from 'twingrad/node';
import { messageOf, UserError } from '../shared/command.ts';
import type { Settings } from './options.ts';

/** What a training leaves besides the weights. */
export interface Trained {
  /** Loss of each step. */
  readonly losses: readonly number[];
  /** Time spent in steps, over all sittings. */
  readonly seconds: number;
}

/** A training to go on with, from the beginning where there are no bytes. */
export interface Saved extends Trained {
  readonly bytes: Uint8Array | undefined;
}

/** A training that has not begun. */
export const UNTRAINED: Saved = { losses: [], seconds: 0, bytes: undefined };

const PROGRESS = 'digits.progress';
const SETTINGS = 'digits.settings';

function pathIn(out: string): string {
  return join(out, 'checkpoint.safetensors');
}

/** Saves a training with the demo's own state in the metadata: one file, so one write saves all of it or nothing. */
export function writeCheckpoint(out: string, settings: Settings, checkpoint: Uint8Array, trained: Trained): void {
  const file = readSafetensors(checkpoint);
  const own = [
    [SETTINGS, JSON.stringify(settings)],
    [PROGRESS, JSON.stringify(trained)],
  ] as const;
  writeFileAtomic(pathIn(out), writeSafetensors(file, new Map([...file.metadata, ...own])));
}

/** The training saved in a folder. Throws: UserError where there is none, or it is not one of these settings. */
export function readCheckpoint(out: string, settings: Settings): Saved {
  const path = pathIn(out);
  if (!existsSync(path)) throw new UserError(`nothing to resume: there is no '${path}'`);
  try {
    const bytes = readFileSync(path);
    const { metadata } = readSafetensors(bytes);
    const differences = differing(JSON.parse(metadata.get(SETTINGS) ?? '{}'), settings);
    if (differences.length > 0) throw new UserError(`it was started with other options (${differences.join('; ')})`);
    const { losses, seconds }: Trained = JSON.parse(metadata.get(PROGRESS) ?? '');
    return { losses, seconds, bytes };
  } catch (error) {
    throw new UserError(`cannot resume from '${path}': ${messageOf(error)}`);
  }
}

/** Removes the checkpoint of a folder; true where there was one. */
export function removeCheckpoint(out: string): boolean {
  const found = existsSync(pathIn(out));
  rmSync(pathIn(out), { force: true });
  return found;
}

function differing(saved: Partial<Settings>, settings: Settings): string[] {
  const before = new Map<string, unknown>(Object.entries(saved));
  return Object.entries(settings)
    .filter(([name, value]) => name !== 'testImages' && JSON.stringify(before.get(name)) !== JSON.stringify(value))
    .map(([name, value]) => `${name} was ${JSON.stringify(before.get(name))}, is ${JSON.stringify(value)}`);
}
