import { euclidean, squaredEuclidean } from '../autograd/ops/distances.ts';
import { normalize } from '../autograd/ops/normalize.ts';
import { pow } from '../autograd/ops/power.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type LossOptions, reduce } from './reduction.ts';
import { checkViews } from './views.ts';

/** Options of `alignment`. */
export interface AlignmentOptions extends LossOptions {
  /** Power of the distance, at least 1: below, the slope between equal views is infinite. Default 2. */
  readonly alpha?: number | undefined;
}

/**
 * How far the two views of an item lie apart on the unit sphere; with `uniformity` it tells good embeddings, and both may
 * be minimized: `add(alignment(z1, z2), uniformity(z1))`.
 *
 * Shapes: a, b `[N, D]` -> scalar (`[N]` with reduction 'none'). An empty batch gives 0 with a live graph.
 * Formula: `|a - b|^alpha` of the rows scaled to length 1; 0 for equal directions, at most `2^alpha`. A row of zeros stays
 * in the center, at distance 1.
 * Gradient: that of the distance; 0 between equal directions, and at a row of zeros.
 * Source: Wang and Isola 2020, equation 1 of section 4.1.
 * Throws: ShapeError unless both are [N, D]; RangeError for an alpha that is below 1 or not finite.
 *
 * @example alignment(tensor([[2, 0], [0, 1]]), tensor([[1, 0], [1, 0]])).item() // 1
 */
export function alignment(a: Tensor, b: Tensor, { alpha = 2, reduction = 'mean' }: AlignmentOptions = {}): Tensor {
  checkViews('alignment', 'both views', [a, b]);
  if (!(alpha >= 1 && alpha < Infinity))
    throw new RangeError(`alignment: alpha must be a finite number of at least 1; got ${alpha}.`);
  const [x, y] = [normalize(a), normalize(b)];
  // The square itself has a second derivative also between equal rows, which the square of a root has lost.
  const apart = alpha === 2 ? squaredEuclidean(x, y) : pow(euclidean(x, y), alpha);
  return reduce('alignment', apart, reduction);
}
