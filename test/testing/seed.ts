import type { LawOptions } from '../../src/testing/law.ts';

/** How laws are run here: always the same inputs, so that a change alone can break a test; others by LAW_SEED=2 npm test. */
export function lawOptions(numRuns = 50): LawOptions {
  return { seed: Number(process.env.LAW_SEED ?? 1), numRuns };
}
