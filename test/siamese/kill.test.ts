import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { readSafetensors } from '../../src/io/safetensors.ts';
import { saveModel } from '../../src/siamese/modelFile.ts';
import { train } from '../../src/siamese/train.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { barsTraining, barsTwin } from './fixtures/bars.ts';
import { KILLABLE, WIDTH } from './fixtures/killable.ts';

/** Processes that are killed; each stands still after so many steps at the latest, so that all die in the middle. */
const LIVES = 12;
const PAUSE = 9;

const directory = mkdtempSync(join(tmpdir(), 'twingrad-kill-'));
const checkpoint = join(directory, 'checkpoint.safetensors');
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function start(pause: number): {
  readonly child: ChildProcess;
  readonly first: Promise<void>;
  readonly ended: Promise<{ readonly code: number | null; readonly reported: number }>;
} {
  const script = fileURLToPath(new URL('./fixtures/killable.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, directory, String(pause)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  const first = new Promise<void>((resolve) => {
    child.stdout.on('data', (text) => {
      output += String(text);
      resolve();
    });
    child.on('close', () => resolve());
  });
  const ended = new Promise<{ code: number | null; reported: number }>((resolve) => {
    child.on('close', (code) => {
      // The last line may be cut off.
      const lines = output
        .slice(0, output.lastIndexOf('\n') + 1)
        .trim()
        .split('\n');
      resolve({ code, reported: Number(lines.at(-1) ?? 0) });
    });
  });
  return { child, first, ended };
}

/** Resolves at the next sign of a file being written, or after a while. */
function writing(): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(directory, done);
    const timer = setTimeout(done, 100);
    function done(): void {
      watcher.close();
      clearTimeout(timer);
      resolve();
    }
  });
}

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The step of the checkpoint on disk, 0 before the first. Throws where the file is not whole. */
function savedStep(): number {
  if (!existsSync(checkpoint)) return 0;
  const training: unknown = JSON.parse(
    readSafetensors(readFileSync(checkpoint)).metadata.get('twingrad.training') ?? '',
  );
  return Array.isArray(training) ? Number(training[0]) : NaN;
}

it('a training killed at any moment and resumed ends with the bits of an uninterrupted one', async () => {
  const random = createRandom(20);
  let saved = 0;
  let looks = 0;
  const torn: unknown[] = [];
  const watcher = setInterval(() => {
    try {
      savedStep();
      looks++;
    } catch (error) {
      torn.push(error);
    }
  }, 2);
  try {
    for (let life = 0; life < LIVES; life++) {
      const { child, first, ended } = start(PAUSE);
      // Some are killed while they start or read the checkpoint, some while they train, some while they write.
      if (life % 4 === 3) await wait(random.integer(400));
      else await first.then(() => (life % 2 === 0 ? writing() : wait(random.integer(25))));
      child.kill('SIGKILL');
      const { code, reported } = await ended;
      expect(code).toBeNull();
      const now = savedStep();
      expect(now).toBeGreaterThanOrEqual(Math.max(saved, reported));
      expect(now).toBeLessThanOrEqual(saved + PAUSE);
      saved = now;
      // What a killed process leaves is removed by the next: at most one temporary file at any time.
      expect(readdirSync(directory).filter((name) => name.endsWith('.tmp')).length).toBeLessThanOrEqual(1);
    }
    // Killed in the middle, not before the beginning or after the end.
    expect(saved).toBeGreaterThanOrEqual(LIVES / 2);
    expect(saved).toBeLessThan(KILLABLE.epochs * KILLABLE.batches);
    expect((await start(0).ended).code).toBe(0);
  } finally {
    clearInterval(watcher);
  }
  expect(torn).toEqual([]);
  expect(looks).toBeGreaterThan(LIVES);
  expect(readdirSync(directory).sort()).toEqual(['checkpoint.safetensors', 'model.safetensors']);

  const twin = barsTwin(1, WIDTH);
  let last: Uint8Array = new Uint8Array();
  for await (const step of train(twin, barsTraining(twin, KILLABLE))) {
    if (step.step === step.steps) last = step.checkpoint();
  }
  expect(Buffer.compare(readFileSync(checkpoint), last)).toBe(0);
  expect(Buffer.compare(readFileSync(join(directory, 'model.safetensors')), saveModel(twin))).toBe(0);
}, 120_000);
