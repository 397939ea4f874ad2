import { relu } from '../autograd/ops/activations.ts';
import { add, div, mul, sub } from '../autograd/ops/arithmetic.ts';
import { sqrt, square } from '../autograd/ops/pointwise.ts';
import { product } from '../autograd/ops/products.ts';
import { mean, sum } from '../autograd/ops/reductions.ts';
import { where } from '../autograd/ops/selection.ts';
import { variance as varianceOf } from '../autograd/ops/variance.ts';
import { checkAtLeastZero } from '../tensor/check.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { mseLoss } from './regression.ts';
import { checkViews, diagonal } from './views.ts';

/** Options of `vicRegLoss`. */
export interface VicRegLossOptions {
  /** Weight of the mean squared difference of the views, at least 0. Default 25. */
  readonly invariance?: number | undefined;
  /** Weight of the hinge that keeps the deviation of each dimension at 1 or more, at least 0. Default 25. */
  readonly variance?: number | undefined;
  /** Weight of the covariances of different dimensions, at least 0. Default 1. */
  readonly covariance?: number | undefined;
}

/** Added to a variance, so that the slope of its root is finite at 0. */
const EPSILON = 1e-4;

/**
 * VICReg's loss of two views (variance, invariance, covariance): views of one item are to be alike, while in each view
 * every dimension keeps its spread along the batch and no two tell the same. It is one number for a batch, not a mean
 * over items, and so has no `reduction`.
 *
 * Shapes: z1, z2 `[N, D]`, N at least 2 -> scalar.
 * Formula: `invariance mean((z1 - z2)^2) + variance (h1 + h2) / 2 + covariance (c1 + c2)`, of each view
 * `h = mean_d max(0, 1 - sqrt(var_d + 1e-4))` and `c = sum_{d != e} cov_de^2 / D`, both along the batch, divided by N - 1.
 * Equal embeddings, the collapse, cost `0.99 variance`. Embeddings are not normalized.
 * Gradient: 0 of the hinge where the deviation is 1 or more, and of a dimension that is constant: nothing but the
 * difference of the views moves it.
 * Cost: `4 N D^2` operations, `D^2` numbers.
 * Source: Bardes, Ponce, LeCun 2022, equations 1 to 6, but for two factors, as in the authors' program: the squared
 * difference is a mean over the dimensions too, and the hinges of the two views are halved.
 * Throws: ShapeError unless both are [N, D] with at least two rows; RangeError for a weight that is negative or not
 * finite.
 *
 * @example vicRegLoss(tensor([[3, 3], [3, 3]]), tensor([[3, 3], [3, 3]])).item() // 24.75
 */
export function vicRegLoss(z1: Tensor, z2: Tensor, options: VicRegLossOptions = {}): Tensor {
  const { invariance = 25, variance = 25, covariance = 1 } = options;
  checkViews('vicRegLoss', 'both views', [z1, z2], 2);
  checkAtLeastZero('vicRegLoss', 'invariance', invariance);
  checkAtLeastZero('vicRegLoss', 'variance', variance);
  checkAtLeastZero('vicRegLoss', 'covariance', covariance);
  const spread = mul(add(lackOfSpread(z1), lackOfSpread(z2)), variance / 2);
  const redundant = mul(add(redundancy(z1), redundancy(z2)), covariance);
  return add(mul(mseLoss(z1, z2), invariance), add(spread, redundant));
}

function lackOfSpread(z: Tensor): Tensor {
  return mean(relu(sub(1, sqrt(add(varianceOf(z, { axis: 0 }), EPSILON)))));
}

function redundancy(z: Tensor): Tensor {
  const [count, width] = z.shape;
  const centered = sub(z, mean(z, { axis: 0, keepDims: true }));
  const covariances = div(product(centered, centered, true, false), count - 1);
  return div(sum(square(where(diagonal(width), 0, covariances))), width);
}
