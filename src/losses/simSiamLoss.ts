import { add, mul } from '../autograd/ops/arithmetic.ts';
import { cosineSimilarity } from '../autograd/ops/distances.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkSigned, reduce, type SignedLossOptions } from './reduction.ts';
import { checkViews, constantOf } from './views.ts';

/**
 * SimSiam's loss of two views: the prediction from each view is to point where the projection of the other one does. The
 * projections are constants of the loss, which stops their gradient itself: without that, all embeddings collapse.
 *
 * Shapes: p1, p2 (predictor), z1, z2 (projector) `[N, D]` -> scalar (`[N]` with reduction 'none'). An empty batch gives 0
 * with a live graph.
 * Formula: `-(cos(p1, z2) + cos(p2, z1)) / 2`, from -1, where all are equal, to 1; 0 for a row of zeros.
 * Gradient: of p1 `-g (z2 / |z2| - cos p1 / |p1|) / (2 |p1|)`, of p2 alike; none of z1 and z2.
 * Source: Chen and He 2021, equations 1 to 4.
 * Throws: ShapeError unless all four are [N, D]; RangeError for the reduction 'meanNonZero'.
 *
 * @example simSiamLoss(tensor([[1, 0]]), tensor([[0, 1]]), tensor([[0, 2]]), tensor([[3, 0]])).item() // -1
 */
export function simSiamLoss(
  p1: Tensor,
  p2: Tensor,
  z1: Tensor,
  z2: Tensor,
  { reduction = 'mean' }: SignedLossOptions = {},
): Tensor {
  checkViews('simSiamLoss', 'predictions and projections', [p1, p2, z1, z2]);
  checkSigned('simSiamLoss', reduction);
  const alike = add(cosineSimilarity(p1, constantOf(z2)), cosineSimilarity(p2, constantOf(z1)));
  return reduce('simSiamLoss', mul(alike, -0.5), reduction);
}
