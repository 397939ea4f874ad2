import fc from 'fast-check';
import type { ScoredPairs } from '../../src/siamese/scores.ts';

/** Scored pairs from lists, as the fixture holds them. */
export function scoredPairs(measure: string, scores: readonly number[], same: readonly number[]): ScoredPairs {
  return {
    measure: measure === 'similarity' ? 'similarity' : 'distance',
    scores: Float32Array.from(scores),
    same: Uint8Array.from(same),
  };
}

/** Any scored pairs of both kinds: integers tie heavily; floats reach subnormals and both ends of float32. */
export const pairs: fc.Arbitrary<ScoredPairs> = fc
  .tuple(fc.constantFrom('distance', 'similarity'), fc.boolean())
  .chain(([measure, tied]) =>
    fc
      .array(
        fc.tuple(
          tied ? fc.integer({ min: -4, max: 4 }) : fc.float({ noNaN: true, noDefaultInfinity: true }),
          fc.nat(1),
        ),
        { minLength: 2, maxLength: 25 },
      )
      .map((list) =>
        scoredPairs(
          measure,
          list.map(([score]) => score),
          list.map(([, same]) => same),
        ),
      ),
  )
  .filter(({ same }) => same.includes(0) && same.includes(1));
