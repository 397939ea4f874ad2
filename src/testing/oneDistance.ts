import { type Arbitrary, array, integer, record } from 'fast-check';
import type { Metric } from '../autograd/ops/pairwiseDistances.ts';
import { fraction } from './draws.ts';
import { cholesky, looseCosines, type Matrix, raised } from './gram.ts';
import { SPACES } from './spaces.ts';

/** Rows before and after two of them came nearer to one another; no other distance changed. */
export interface OneDistance {
  readonly before: Matrix;
  readonly after: Matrix;
  /** The two rows, the first of them first. */
  readonly pair: readonly [number, number];
}

/** Most rows. */
const MOST = 6;

/**
 * Rows of which two come nearer, all other distances staying as they are: what a batch is moved by in laws of direction,
 * since a row moved towards another one would change its distance to every row.
 *
 * `unit` is about how large the distances are.
 */
export function oneDistanceShorter(metric: Metric, unit: number): Arbitrary<OneDistance> {
  return record({
    count: integer({ min: 2, max: MOST }),
    first: integer({ min: 0, max: MOST - 2 }),
    gap: integer({ min: 0, max: MOST - 2 }),
    raw: array(array(integer({ min: -4, max: 4 }), { minLength: MOST, maxLength: MOST }), {
      minLength: MOST,
      maxLength: MOST,
    }),
    share: fraction(0.9, 0.1),
    by: fraction(0.9, 0.1),
    size: fraction(1, 0.25),
  }).map(({ count, first, gap, raw, share, by, size }) => {
    const i = first % (count - 1);
    const pair = [i, i + 1 + (gap % (count - 1 - i))] as const;
    const square = raw.slice(0, count).map((row) => row.slice(0, count));
    const [before, after] = arrange(metric, { raw: square, share, by, pair });
    const scaled = (rows: Matrix) => rows.map((row) => row.map((v) => v * size * SPACES[metric].lengthOf(unit)));
    return { before: scaled(before), after: scaled(after), pair };
  });
}

interface Drawn {
  readonly raw: Matrix;
  readonly share: number;
  readonly by: number;
  readonly pair: readonly [number, number];
}

/** Rows with distances of about 1, and the same with one distance shorter by a part of what it can be. */
function arrange(metric: Metric, { raw, share, by, pair }: Drawn): readonly [Matrix, Matrix] {
  const [i, j] = pair;
  switch (metric) {
    case 'euclidean':
    case 'squaredEuclidean':
    case 'cosine': {
      const cosines = looseCosines(raw, share);
      return [cholesky(cosines), cholesky(raised(cosines, i, j, by * share))];
    }
    case 'manhattan': {
      // A coordinate of its own puts a row apart from all others; one that two rows share, from all others but these two.
      const cut = by * share;
      const rows = (own: number, shared: number) =>
        raw.map((row, r) => {
          const isOfPair = r === i || r === j;
          return [
            ...row.map((v) => v / 16),
            ...row.map((_, c) => (c === r ? (isOfPair ? own : share) : 0)),
            isOfPair ? shared : 0,
          ];
        });
      return [rows(share, 0), rows(share - cut, cut)];
    }
    case 'chebyshev': {
      // Distances from 1 to 2 keep the triangle inequality whatever they are; a row that lists its distances has them.
      const distances = raw.map((row, r) =>
        row.map((_, c) => (r === c ? 0 : 1.5 + raw[Math.min(r, c)][Math.max(r, c)] / 16)),
      );
      return [distances, raised(distances, i, j, -by * (distances[i][j] - 1))];
    }
  }
}
