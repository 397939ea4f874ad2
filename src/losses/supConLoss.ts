import { add, div, sub } from '../autograd/ops/arithmetic.ts';
import { sum } from '../autograd/ops/reductions.ts';
import { where } from '../autograd/ops/selection.ts';
import { checkAboveZero } from '../tensor/check.ts';
import type { Integers } from '../tensor/intTensor.ts';
import { Tensor } from '../tensor/tensor.ts';
import { cosinesOf } from './cosines.ts';
import { classesOf, relationsOf } from './labelledBatch.ts';
import { lessNearest } from './lessNearest.ts';
import { maskedLogSumExp } from './maskedLogSumExp.ts';
import { type Reduction, reduce } from './reduction.ts';

/** Options of `supConLoss`. */
export interface SupConLossOptions {
  /** What cosines are divided by: the lower, the more the nearest rows count. Default 0.1. */
  readonly temperature?: number | undefined;
  /** Default 'mean', over the rows with a positive. */
  readonly reduction?: Reduction | undefined;
}

/**
 * Supervised contrastive loss: of all other rows, those of its own class are to be the nearest to a row.
 *
 * Shapes: embeddings `[N, D]`, labels N integers -> scalar (`[N]` with reduction 'none', 0 for a row without a positive).
 * A batch without a positive gives 0 with a live graph.
 * Formula: `log(sum_a exp(s_ia / t)) - mean_p(s_ip / t)`, a being all other rows, p those of the class of row i, s cosines,
 * t the temperature.
 * Gradient: with respect to `s_ip / t` it is `softmax_p - 1 / |P_i|`: of several positives, one that has more than its
 * share of the softmax is pushed away.
 * Cost: `N^2 D` operations, `N^2` memory.
 * Source: Khosla et al. 2020, equation 2 (L_out). The authors' program multiplies it by `t / 0.07`;
 * pytorch-metric-learning gives 0 where the batch has no negative.
 * Throws: ShapeError unless there is a label a row; RangeError for a temperature that is not a finite number above 0.
 *
 * @example supConLoss(tensor([[1, 0], [1, 0], [0, 1]]), [0, 0, 1], { temperature: 1 }).item() // 0.31326166
 */
export function supConLoss(embeddings: Tensor, labels: Integers, options: SupConLossOptions = {}): Tensor {
  const { temperature = 0.1, reduction = 'mean' } = options;
  checkAboveZero('supConLoss', 'temperature', temperature);
  const { same, different, positives } = relationsOf(classesOf('supConLoss', embeddings, labels));
  const logits = div(lessNearest(cosinesOf(embeddings)), temperature);
  const counts = new Tensor(
    Float32Array.from(positives, (count) => Math.max(1, count)),
    [positives.length],
  );
  const valid = Array.from(positives, (count) => count > 0);
  const all = where(valid, maskedLogSumExp(logits, add(same, different)), 0);
  const own = div(sum(where(same, logits, 0), { axis: 1 }), counts);
  return reduce('supConLoss', sub(all, own), reduction, Math.max(1, valid.filter(Boolean).length));
}
