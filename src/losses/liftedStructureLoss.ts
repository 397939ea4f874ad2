import { relu } from '../autograd/ops/activations.ts';
import { add, mul, sub } from '../autograd/ops/arithmetic.ts';
import { take } from '../autograd/ops/indexed.ts';
import { stack } from '../autograd/ops/joining.ts';
import { logSumExp } from '../autograd/ops/logSumExp.ts';
import { pairwiseDistances } from '../autograd/ops/pairwiseDistances.ts';
import { square } from '../autograd/ops/pointwise.ts';
import { checkAboveZero } from '../tensor/check.ts';
import type { Integers } from '../tensor/intTensor.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { entriesAt } from './entriesAt.ts';
import { classesOf, relationsOf } from './labelledBatch.ts';
import { maskedLogSumExp } from './maskedLogSumExp.ts';
import { type Reduction, reduce } from './reduction.ts';
import { sameClassPairs } from './sameClassPairs.ts';

/** Options of `liftedStructureLoss`. */
export interface LiftedStructureLossOptions {
  /** The distance that negatives are held against. Default 1. */
  readonly margin?: number | undefined;
  /** Default 'mean', over the positive pairs. */
  readonly reduction?: Reduction | undefined;
}

/**
 * Lifted structure loss: every pair of one class is held against all negatives of both of its rows.
 *
 * Shapes: embeddings `[N, D]`, labels N integers -> scalar (with reduction 'none' `[P]`, one for each pair of rows (i, j)
 * of one class with i < j, in the order of i and then j). A batch without such a pair, or of one class, gives 0 with a
 * live graph.
 * Formula: `max(0, J)^2 / 2` with `J = D_ij + log(sum_k exp(m - D_ik) + sum_l exp(m - D_jl))`, k and l being the rows of
 * other classes, D Euclidean distances. It is 0 where `J` is not above 0: with K negatives that are all at the distance D
 * of a pair at distance 0, from `D = m + log(2 K)` on.
 * Gradient: 0 at the hinge, and between rows at distance 0.
 * Cost: `3 N^2 D` operations, `N^2` memory.
 * Source: Song, Xiang, Jegelka, Savarese 2016, equation 4. pytorch-metric-learning scales embeddings to length 1 first.
 * Throws: ShapeError unless there is a label a row; RangeError for a margin that is not a finite number above 0.
 *
 * @example liftedStructureLoss(tensor([[0], [0], [1]]), [0, 0, 1]).item() // 0.2402265
 */
export function liftedStructureLoss(
  embeddings: Tensor,
  labels: Integers,
  options: LiftedStructureLossOptions = {},
): Tensor {
  const { margin = 1, reduction = 'mean' } = options;
  checkAboveZero('liftedStructureLoss', 'margin', margin);
  const classes = classesOf('liftedStructureLoss', embeddings, labels);
  const { first, second } = sameClassPairs(classes);
  const distances = pairwiseDistances(embeddings, embeddings, { metric: 'euclidean' });
  // One log-sum-exp a row, and then one of the two of each pair.
  const pushes = maskedLogSumExp(sub(margin, distances), relationsOf(classes).different);
  const push = logSumExp(stack([take(pushes, first), take(pushes, second)], { axis: 1 }), { axis: 1 });
  const losses = mul(square(relu(add(entriesAt(distances, first, second), push))), 0.5);
  return reduce('liftedStructureLoss', losses, reduction);
}
