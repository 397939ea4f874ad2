import { quotientOfSum, sum } from '../autograd/ops/reductions.ts';
import type { Tensor } from '../tensor/tensor.ts';

/**
 * How the losses of the items become one: their mean, their sum, none (one loss an item), or the mean over those that
 * are above 0. Of no items each is 0.
 */
export type Reduction = 'mean' | 'sum' | 'none' | 'meanNonZero';

/** Options of every loss. */
export interface LossOptions {
  /** How the losses of the items become one. Default 'mean'. */
  readonly reduction?: Reduction | undefined;
}

/**
 * Applies a reduction to the losses of the items, of any shape; `count` is what a mean is divided by, by default the
 * number of items. An empty mean is 0 with a live graph, never NaN.
 */
export function reduce(
  op: string,
  losses: Tensor,
  reduction: Reduction,
  count: number = Math.max(1, losses.size),
): Tensor {
  switch (reduction) {
    case 'none':
      return losses;
    case 'sum':
      return sum(losses);
    case 'mean':
      return quotientOfSum(losses, count);
    case 'meanNonZero': {
      let active = 0;
      for (const loss of losses.data) if (loss > 0) active++;
      return quotientOfSum(losses, Math.max(1, active));
    }
    default:
      throw unknownReduction(op, reduction);
  }
}

/** For a loss that reduces by itself. */
export function unknownReduction(op: string, reduction: never): RangeError {
  return new RangeError(`${op}: unknown reduction '${String(reduction)}'. Use 'mean', 'sum', 'none' or 'meanNonZero'.`);
}
