import { softplus } from '../autograd/ops/activations.ts';
import { add, div, mul, sub } from '../autograd/ops/arithmetic.ts';
import { checkAboveZero } from '../tensor/check.ts';
import type { Integers } from '../tensor/intTensor.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { cosinesOf } from './cosines.ts';
import { classesOf, relationsOf } from './labelledBatch.ts';
import { maskedLogSumExp } from './maskedLogSumExp.ts';
import { type Reduction, reduce } from './reduction.ts';

/** Options of `multiSimilarityLoss`. */
export interface MultiSimilarityLossOptions {
  /** How steep the penalty of positives is. Default 2. */
  readonly alpha?: number | undefined;
  /** How steep the penalty of negatives is. Default 50. */
  readonly beta?: number | undefined;
  /** The cosine, from -1 to 1, that positives are to be above and negatives below. Default 0.5; the paper has 1. */
  readonly base?: number | undefined;
  /** Default 'mean', over all rows. */
  readonly reduction?: Reduction | undefined;
}

/**
 * Multi-similarity loss: positives are pulled above a cosine and negatives pushed below it, the worst ones of a row most.
 *
 * Shapes: embeddings `[N, D]`, labels N integers -> scalar (`[N]` with reduction 'none'). A row costs nothing for the
 * positives or the negatives that it lacks, and counts; an empty batch gives 0 with a live graph.
 * Formula: `log(1 + sum_p exp(-alpha (s_ip - base))) / alpha + log(1 + sum_n exp(beta (s_in - base))) / beta`, s being
 * cosines.
 * Cost: `N^2 D` operations, `N^2` memory.
 * Source: Wang et al. 2019, equation 15, over all pairs: the paper's pairs are mined first. The defaults are those of
 * pytorch-metric-learning.
 * Throws: ShapeError unless there is a label a row; RangeError for an alpha or a beta that is not a finite number above 0,
 * and for a base that is no cosine.
 *
 * @example multiSimilarityLoss(tensor([[1, 0], [1, 0], [0, 1]]), [0, 0, 1]).item() // 0.10442057
 */
export function multiSimilarityLoss(
  embeddings: Tensor,
  labels: Integers,
  options: MultiSimilarityLossOptions = {},
): Tensor {
  const { alpha = 2, beta = 50, base = 0.5, reduction = 'mean' } = options;
  checkAboveZero('multiSimilarityLoss', 'alpha', alpha);
  checkAboveZero('multiSimilarityLoss', 'beta', beta);
  if (!(base >= -1 && base <= 1))
    throw new RangeError(`multiSimilarityLoss: base must lie in [-1, 1], as a cosine does; got ${base}.`);
  const { same, different } = relationsOf(classesOf('multiSimilarityLoss', embeddings, labels));
  const above = sub(cosinesOf(embeddings), base);
  const pull = div(softplus(maskedLogSumExp(mul(above, -alpha), same)), alpha);
  const push = div(softplus(maskedLogSumExp(mul(above, beta), different)), beta);
  return reduce('multiSimilarityLoss', add(pull, push), reduction);
}
