import { relu } from '../autograd/ops/activations.ts';
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

/** Options of a loss that may fall below 0. */
export interface SignedLossOptions {
  /** How the losses of the items become one; not 'meanNonZero', since they may fall below 0. Default 'mean'. */
  readonly reduction?: Exclude<Reduction, 'meanNonZero'> | undefined;
}

/** Refuses what plain JavaScript may pass to a loss that may fall below 0: the few items above 0 would be counted. */
export function checkSigned(op: string, reduction: Reduction): void {
  if (reduction !== 'meanNonZero') return;
  throw new RangeError(
    `${op}: the reduction 'meanNonZero' is for losses of at least 0; this one may fall below. Use 'mean', 'sum' or 'none'.`,
  );
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
      // One below 0, of what is no distribution or by rounding, does not count; NaN does.
      return quotientOfSum(relu(losses), Math.max(1, active));
    }
    default:
      throw unknownReduction(op, reduction);
  }
}

/** For a loss that reduces by itself. */
export function unknownReduction(op: string, reduction: never): RangeError {
  return new RangeError(`${op}: unknown reduction '${String(reduction)}'. Use 'mean', 'sum', 'none' or 'meanNonZero'.`);
}
