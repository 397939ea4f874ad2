import { add, mul } from '../autograd/ops/arithmetic.ts';
import { cosineDistance } from '../autograd/ops/distances.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type LossOptions, reduce } from './reduction.ts';
import { checkViews, constantOf } from './views.ts';

/**
 * BYOL's loss of two views: the online network's prediction from each view is to point where the slow target network's
 * projection of the other one does. The targets are constants of the loss; after each step `emaUpdate` moves their
 * network.
 *
 * Shapes: p1, p2 (predictor of the online network), target1, target2 (projector of the target network) `[N, D]` -> scalar
 * (`[N]` with reduction 'none'). An empty batch gives 0 with a live graph.
 * Formula: `|p1 - target2|^2 + |p2 - target1|^2` of the vectors scaled to length 1, which is
 * `4 - 2 cos(p1, target2) - 2 cos(p2, target1)`: the sum of both directions, from 0 to 8, and `4 + 4 simSiamLoss` of the
 * same four. A direction with a row of zeros counts 2.
 * Gradient: 4 times that of `simSiamLoss`; none of the targets.
 * Source: Grill et al. 2020, equation 2 and the symmetrized loss below it.
 * Throws: ShapeError unless all four are [N, D].
 *
 * @example byolLoss(tensor([[1, 0]]), tensor([[0, 1]]), tensor([[0, 2]]), tensor([[0, 3]])).item() // 2
 */
export function byolLoss(
  p1: Tensor,
  p2: Tensor,
  target1: Tensor,
  target2: Tensor,
  { reduction = 'mean' }: LossOptions = {},
): Tensor {
  checkViews('byolLoss', 'predictions and targets', [p1, p2, target1, target2]);
  // Not from the cosine: the distance of equal directions is exactly 0.
  const apart = add(cosineDistance(p1, constantOf(target2)), cosineDistance(p2, constantOf(target1)));
  return reduce('byolLoss', mul(apart, 2), reduction);
}
