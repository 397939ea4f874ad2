import { createHash } from 'node:crypto';

/** One way to break one place of a file. */
export interface Mutant {
  /** Which of the same kind, original and replacement in that file, from 0. */
  readonly occurrence: number;
  /** From the root of the repository. */
  readonly file: string;
  readonly line: number;
  /** Stryker's name for the kind of change. */
  readonly mutator: string;
  readonly original: string;
  readonly replacement: string;
}

/**
 * Names a mutant by what it changes and not by where that stands, so that an edit elsewhere in the file leaves the name,
 * and with it the sample, as it is.
 */
export function keyOf({ file, mutator, original, replacement, occurrence }: Mutant): string {
  return digest([file, mutator, original, replacement, occurrence]).slice(0, 10);
}

/** The `count` mutants that come first in the order of a hash of the seed and the key; the same for any order given. */
export function sampleOf<M extends Mutant>(mutants: readonly M[], seed: number, count: number): readonly M[] {
  return mutants
    .map((mutant) => ({ mutant, rank: digest([seed, keyOf(mutant)]) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(0, count)
    .map(({ mutant }) => mutant);
}

function digest(parts: readonly (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
