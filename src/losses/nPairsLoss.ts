import { add, mul } from '../autograd/ops/arithmetic.ts';
import { square } from '../autograd/ops/pointwise.ts';
import { linear } from '../autograd/ops/products.ts';
import { sum } from '../autograd/ops/reductions.ts';
import { checkAtLeastZero } from '../tensor/check.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { crossEntropy } from './crossEntropy.ts';
import { type LossOptions, reduce } from './reduction.ts';
import { checkViews, ownPlaces } from './views.ts';

/** Options of `nPairsLoss`. */
export interface NPairsLossOptions extends LossOptions {
  /**
   * Weight of the mean squared length of the 2N embeddings, at least 0: products have no bound, and only this keeps
   * embeddings short. TensorFlow's `reg_lambda` is twice this weight. Default 0.
   */
  readonly l2?: number | undefined;
}

/**
 * N-pairs loss: each anchor is to find its positive among the positives of all, by products that are not normalized.
 * Every row must be of another class: two rows of one are pushed apart.
 *
 * Shapes: anchor, positive `[N, D]` -> scalar (`[N]` with reduction 'none'). An empty batch gives 0 with a live graph.
 * Formula: `log(1 + sum_{j != i} exp(a_i . p_j - a_i . p_i)) + l2 (|a_i|^2 + |p_i|^2) / 2`, the first part being the
 * cross-entropy of `a p^T`. Embeddings of 0 give `ln N`.
 * Gradient: of `a_i . p_j` the softmax along j, less 1 at i; of the lengths `l2 a_i` and `l2 p_i`.
 * Cost: `2 N^2 D` operations, `N^2` numbers.
 * Source: Sohn 2016, equation 6; the weight on lengths, section 3.2, is a mean here.
 * Throws: ShapeError unless both are [N, D]; RangeError for an l2 that is negative or not finite.
 *
 * @example nPairsLoss(tensor([[1, 0], [0, 1]]), tensor([[1, 0], [0, 1]])).item() // 0.3132617
 * @example nPairsLoss(tensor([[1, 0], [0, 1]]), tensor([[1, 0], [0, 1]]), { l2: 0.5 }).item() // 0.8132617
 */
export function nPairsLoss(
  anchor: Tensor,
  positive: Tensor,
  { l2 = 0, reduction = 'mean' }: NPairsLossOptions = {},
): Tensor {
  checkViews('nPairsLoss', 'anchors and positives', [anchor, positive]);
  checkAtLeastZero('nPairsLoss', 'l2', l2);
  const found = crossEntropy(linear(anchor, positive), ownPlaces(anchor.shape[0]), { reduction: 'none' });
  if (l2 === 0) return reduce('nPairsLoss', found, reduction);
  const lengths = sum(add(square(anchor), square(positive)), { axis: 1 });
  return reduce('nPairsLoss', add(found, mul(lengths, l2 / 2)), reduction);
}
