import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bundle } from './bundle.ts';
import type { Outcome } from './interleave.ts';
import { PORTABLE, SIMD } from './libraries.ts';
import type { Question } from './records.ts';

export const startUp: Question = {
  id: 'start-up',
  title:
    'from the start of a Node process to its first embedding of one image, as one bundled and minified file, less the time of a process that does nothing; twingrad-simd is the default entry, twingrad-portable is twingrad/portable',
  tolerance: 1e-4,
};

/** A bundle of `ours/startUp.ts` and its size. */
export interface StartUpBundle {
  readonly library: string;
  readonly script: string;
  readonly minified: number;
  readonly gzipped: number;
}

const ENTRIES = { [SIMD]: 'index.ts', [PORTABLE]: 'portable.ts' } as const;

/** The program of each of our entries that is named in `chosen`. */
export async function startUpBundles(chosen: readonly string[], folder: string): Promise<StartUpBundle[]> {
  const bundles: StartUpBundle[] = [];
  for (const [library, entry] of Object.entries(ENTRIES)) {
    if (!chosen.includes(library)) continue;
    const script = join(folder, `start-up-${library}.mjs`);
    await bundle('ours/startUp.ts', script, { minify: true, entry });
    const code = readFileSync(script);
    bundles.push({ library, script, minified: code.length, gzipped: gzipSync(code, { level: 9 }).length });
  }
  return bundles;
}

/** Times whole processes, each round beside one of an empty file. */
export function timeStartUp(bundles: readonly StartUpBundle[], rounds: number, folder: string): Outcome[] {
  const empty = join(folder, 'empty.mjs');
  writeFileSync(empty, '');
  const times = bundles.map((): number[] => []);
  const checksums = bundles.map(() => Number.NaN);
  for (let round = -1; round < rounds; round++) {
    const nothing = run(empty).ms;
    for (const [i, { script }] of bundles.entries()) {
      const { ms, output } = run(script);
      checksums[i] = Number(output);
      // Round -1 fills the caches of the file system.
      if (round >= 0) times[i].push(ms - nothing);
    }
  }
  return bundles.map(({ library }, i) => ({ library, rounds: times[i], checksum: checksums[i], made: 0, held: 0 }));
}

function run(script: string): { readonly ms: number; readonly output: string } {
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  const ms = performance.now() - start;
  if (status !== 0) throw new Error(`start-up: the bundle failed. ${stderr}`);
  return { ms, output: stdout };
}
