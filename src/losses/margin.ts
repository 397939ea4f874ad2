import { COSINE_BOUND } from '../autograd/ops/distances.ts';
import type { Metric } from '../autograd/ops/pairwiseDistances.ts';
import { checkAboveZero } from '../tensor/check.ts';

/** What a check of a margin says, where it is not `margin` and `distance`. */
interface MarginWords {
  readonly name?: string;
  readonly measure?: string;
}

/** Throws a RangeError unless a margin is above 0, and within what the distance can reach. */
export function checkMargin(
  op: string,
  margin: number,
  bound: number,
  { name = 'margin', measure = 'distance' }: MarginWords = {},
): void {
  checkAboveZero(op, name, margin);
  if (margin > bound) {
    throw new RangeError(
      `${op}: a ${name} of ${margin} can never be satisfied by a ${measure} of at most ${bound}. Use a ${name} below ${bound}.`,
    );
  }
}

const bounds: Readonly<Record<Metric, number>> = {
  euclidean: Infinity,
  squaredEuclidean: Infinity,
  cosine: COSINE_BOUND,
  manhattan: Infinity,
  chebyshev: Infinity,
};

/** The largest that a distance can be. Throws: RangeError for an unknown one. */
export function boundOf(op: string, distance: Metric): number {
  if (!Object.hasOwn(bounds, distance)) {
    throw new RangeError(
      `${op}: unknown distance '${String(distance)}'. Use 'euclidean', 'squaredEuclidean', 'cosine', 'manhattan' or 'chebyshev'.`,
    );
  }
  return bounds[distance];
}
