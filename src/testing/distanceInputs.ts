import { type Arbitrary, integer, tuple } from 'fast-check';
import type { Tensor } from '../tensor/tensor.ts';
import { tensors } from './arbitraries.ts';
import { type EmbeddingOptions, type Pairs, pairs } from './embeddings.ts';
import { rowAt } from './rows.ts';
import { SPACES } from './spaces.ts';

/**
 * How far rows are apart, and from the origin, where differences are taken: nearer, a distance bends within their step.
 * Rows that are equal or zero are for 'no NaN anywhere'.
 */
const APART = 1 / 8;

const { distance } = SPACES.euclidean;

/** Pairs of rows where a distance has a slope that differences can find. */
export function smooth(embeddings: EmbeddingOptions): Arbitrary<Pairs> {
  return pairs({ ...embeddings, geometry: ['free', 'unit'] }).filter(({ a, b }) =>
    Array.from({ length: a.shape[0] }, (_, i) => [Array.from(rowAt(a, i)), Array.from(rowAt(b, i))]).every(([x, y]) => {
      const zero = x.map(() => 0);
      return [distance(x, y), distance(x, zero), distance(y, zero)].every((d) => d >= APART);
    }),
  );
}

/** Pairs as the inputs of an op. */
export function sidesOf(sides: Arbitrary<Pairs>): Arbitrary<readonly Tensor[]> {
  return sides.map(({ a, b }) => [a, b]);
}

/** Two sides of numbers far from one another in size, whose squares are still finite. */
export function anywhere({ rows = [1, 5], dimensions = [1, 4] }: EmbeddingOptions): Arbitrary<readonly Tensor[]> {
  const shape = tuple(integer({ min: rows[0], max: rows[1] }), integer({ min: dimensions[0], max: dimensions[1] }));
  return shape.chain((lengths) => {
    const side = tensors({ shape: lengths, special: [0, -0, 1e-30, -1e-30, 1e18, -1e18] });
    return tuple(side, side);
  });
}
