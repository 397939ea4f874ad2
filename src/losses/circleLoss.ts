import { softplus } from '../autograd/ops/activations.ts';
import { add, mul, sub } from '../autograd/ops/arithmetic.ts';
import { checkAboveZero } from '../tensor/check.ts';
import type { Integers } from '../tensor/intTensor.ts';
import { allocate } from '../tensor/precision.ts';
import { Tensor } from '../tensor/tensor.ts';
import { cosinesOf } from './cosines.ts';
import { classesOf, relationsOf } from './labelledBatch.ts';
import { maskedLogSumExp } from './maskedLogSumExp.ts';
import { type Reduction, reduce } from './reduction.ts';

/** Options of `circleLoss`. */
export interface CircleLossOptions {
  /** How far from 1 and 0 the cosines of positives and negatives may stay, between -1 and 1. Default 0.4. */
  readonly margin?: number | undefined;
  /** How steep the penalty is. Default 80. */
  readonly gamma?: number | undefined;
  /** Default 'mean', over the rows with a positive and a negative. */
  readonly reduction?: Reduction | undefined;
}

/**
 * Circle loss: the cosines of positives are pulled to 1 and those of negatives pushed to 0, each with a weight of its own
 * that grows with its distance from there.
 *
 * Shapes: embeddings `[N, D]`, labels N integers -> scalar (`[N]` with reduction 'none', 0 for a row without a positive or
 * without a negative). A batch without a valid row gives 0 with a live graph.
 * Formula: `log(1 + sum_p exp(-gamma w_p (s_ip - 1 + m)) sum_n exp(gamma w_n (s_in - m)))`, with the weights
 * `w_p = max(0, 1 + m - s_ip)` and `w_n = max(0, s_in + m)`, s being cosines.
 * Gradient: takes the weights for constants, as the paper's gradients do and as `detach` makes them in PyTorch, and so do
 * second derivatives. It is not the slope of the value: that of a negative, `gamma (s^2 - m^2)`, falls as s rises from -m
 * to 0, where the gradient still pushes away.
 * Cost: `N^2 D` operations, `N^2` memory.
 * Source: Sun et al. 2020, equations 4 to 6. pytorch-metric-learning takes the mean over the rows above 0.
 * Throws: ShapeError unless there is a label a row; RangeError for a margin that does not lie between -1 and 1, and for a
 * gamma that is not a finite number above 0.
 *
 * @example circleLoss(tensor([[1, 0], [1, 0], [0, 1]]), [0, 0, 1], { gamma: 1 }).item() // 0.54589295
 */
export function circleLoss(embeddings: Tensor, labels: Integers, options: CircleLossOptions = {}): Tensor {
  const { margin = 0.4, gamma = 80, reduction = 'mean' } = options;
  if (!(margin > -1 && margin < 1))
    throw new RangeError(`circleLoss: margin must lie between -1 and 1; got ${margin}.`);
  checkAboveZero('circleLoss', 'gamma', gamma);
  const { same, different, positives } = relationsOf(classesOf('circleLoss', embeddings, labels));
  const logits = weighted(cosinesOf(embeddings), same, margin, gamma);
  // A row without a positive or a negative has NOTHING for it, and softplus 0. Without a negative are all rows or none.
  const rows = softplus(add(maskedLogSumExp(logits, same), maskedLogSumExp(logits, different)));
  return reduce('circleLoss', rows, reduction, Math.max(1, positives.filter((count) => count > 0).length));
}

/** What the loss takes exponentials of: the cosines of positives, and elsewhere those of negatives, with their weights. */
function weighted(cosines: Tensor, same: Tensor, margin: number, gamma: number): Tensor {
  const { data, shape } = cosines;
  const weights = allocate([cosines], shape);
  const centers = allocate([cosines], shape);
  for (let o = 0; o < data.length; o++) {
    const isPositive = same.data[o] === 1;
    weights[o] = isPositive ? -gamma * Math.max(0, 1 + margin - data[o]) : gamma * Math.max(0, data[o] + margin);
    centers[o] = isPositive ? 1 - margin : margin;
  }
  return mul(new Tensor(weights, shape), sub(cosines, new Tensor(centers, shape)));
}
