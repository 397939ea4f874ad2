import { add, div, mul, sub } from '../autograd/ops/arithmetic.ts';
import { batchNorm } from '../autograd/ops/batchNorm.ts';
import { square } from '../autograd/ops/pointwise.ts';
import { product } from '../autograd/ops/products.ts';
import { sum } from '../autograd/ops/reductions.ts';
import { where } from '../autograd/ops/selection.ts';
import { checkAtLeastZero } from '../tensor/check.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkViews, diagonal } from './views.ts';

/** Options of `barlowTwinsLoss`. */
export interface BarlowTwinsLossOptions {
  /** Weight of what is off the diagonal, at least 0. Default 0.005. */
  readonly lambda?: number | undefined;
}

/** Added to a variance, as the batch norm of the authors' code adds it. */
const EPSILON = 1e-5;

/**
 * Barlow Twins' loss of two views: each dimension is to be the same in both views, and uncorrelated with the others. It
 * is one number for a batch, not a mean over items, and so has no `reduction`.
 *
 * Shapes: z1, z2 `[N, D]`, N at least 2 -> scalar.
 * Formula: `sum_i (1 - C_ii)^2 + lambda sum_{i != j} C_ij^2`, C being the correlation of dimension i of z1 with dimension
 * j of z2 along the batch: both standardized to mean 0 and variance 1 by `(z - mean) / sqrt(variance + 1e-5)`, with the
 * biased variance. A dimension that is constant in one view has correlations of 0 and costs 1.
 * Gradient: finite everywhere; of a dimension that is constant in one view at most 316, `1 / sqrt(1e-5)`, times what
 * arrives there, and 0 where it is constant in both: nothing here brings that one to life.
 * Cost: `2 N D^2` operations, `D^2` numbers.
 * Source: Zbontar, Jing, Misra, LeCun, Deny 2021, equations 1 and 2.
 * Throws: ShapeError unless both are [N, D] with at least two rows; RangeError for a lambda that is negative or not
 * finite.
 *
 * @example barlowTwinsLoss(tensor([[1], [0]]), tensor([[0], [1]]), { lambda: 1 }).item() // 3.9998398
 */
export function barlowTwinsLoss(z1: Tensor, z2: Tensor, { lambda = 0.005 }: BarlowTwinsLossOptions = {}): Tensor {
  checkViews('barlowTwinsLoss', 'both views', [z1, z2], 2);
  checkAtLeastZero('barlowTwinsLoss', 'lambda', lambda);
  const [count, width] = z1.shape;
  const standardized = (z: Tensor) => batchNorm(z, { training: true, epsilon: EPSILON });
  const correlations = div(product(standardized(z1), standardized(z2), true, false), count);
  const own = diagonal(width);
  const alike = sum(square(where(own, sub(correlations, 1), 0)));
  const redundant = sum(square(where(own, 0, correlations)));
  return add(alike, mul(redundant, lambda));
}
