import { softplus } from '../autograd/ops/activations.ts';
import { div, neg, sub } from '../autograd/ops/arithmetic.ts';
import { pairwiseDistances } from '../autograd/ops/pairwiseDistances.ts';
import { where } from '../autograd/ops/selection.ts';
import { checkAboveZero } from '../tensor/check.ts';
import type { Integers } from '../tensor/intTensor.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { classesOf, relationsOf } from './labelledBatch.ts';
import { lessNearest } from './lessNearest.ts';
import { maskedLogSumExp } from './maskedLogSumExp.ts';
import { type Reduction, reduce } from './reduction.ts';

/** Options of `ncaLoss`. */
export interface NcaLossOptions {
  /** What squared distances are divided by: the lower, the more the nearest rows count. Default 1. */
  readonly temperature?: number | undefined;
  /** Default 'mean', over the rows with a positive. */
  readonly reduction?: Reduction | undefined;
}

/**
 * Neighborhood components analysis: a row that picks a neighbor at random, near ones more often, is to pick one of its
 * class.
 *
 * Shapes: embeddings `[N, D]`, labels N integers -> scalar (`[N]` with reduction 'none', 0 for a row without a positive).
 * A batch without a positive gives 0 with a live graph.
 * Formula: `-log(sum_j p_ij)`, j being the other rows of the class of row i, `p_ij = softmax_j(-|x_i - x_j|^2 / t)` over
 * all other rows, t the temperature. From two log-sum-exps, so a row whose probability underflows keeps its loss and its
 * gradient; above 1e37 it is only known to be huge.
 * Cost: `3 N^2 D` operations, `N^2` memory.
 * Source: Goldberger, Roweis, Hinton, Salakhutdinov 2004. This is the second objective of the paper, the sum of log p_i;
 * its first is the sum of p_i, the expected number of rows that are classified right. pytorch-metric-learning scales
 * embeddings to length 1 first, has `1 / t` as its softmax_scale, and leaves out rows whose probability underflows.
 * Throws: ShapeError unless there is a label a row; RangeError for a temperature that is not a finite number above 0.
 *
 * @example ncaLoss(tensor([[0], [1], [1]]), [0, 0, 1], { reduction: 'none' }).toArray() // [0.6931472, 1.3132616, 0]
 */
export function ncaLoss(embeddings: Tensor, labels: Integers, options: NcaLossOptions = {}): Tensor {
  const { temperature = 1, reduction = 'mean' } = options;
  checkAboveZero('ncaLoss', 'temperature', temperature);
  const { same, different, positives } = relationsOf(classesOf('ncaLoss', embeddings, labels));
  const distances = pairwiseDistances(embeddings, embeddings, { metric: 'squaredEuclidean' });
  const logits = div(lessNearest(neg(distances)), temperature);
  const valid = Array.from(positives, (count) => count > 0);
  const own = where(valid, maskedLogSumExp(logits, same), 0);
  // -log(P / (P + N)) is log(1 + N / P).
  const rows = where(valid, softplus(sub(maskedLogSumExp(logits, different), own)), 0);
  return reduce('ncaLoss', rows, reduction, Math.max(1, valid.filter(Boolean).length));
}
