import { add } from '../autograd/ops/arithmetic.ts';
import { logSumExp } from '../autograd/ops/logSumExp.ts';
import { sum } from '../autograd/ops/reductions.ts';
import { where } from '../autograd/ops/selection.ts';
import type { Tensor } from '../tensor/tensor.ts';

/**
 * What stands for the logarithm of 0: half of the lowest float32, so that two of them can be added. `softplus` makes 0 of
 * it and `exp` too, as of -Infinity, which `detectAnomaly` would take for a mistake.
 */
export const NOTHING: number = -(2 ** 127 - 2 ** 103);

/**
 * `log(sum(exp(x)))` over the entries of each row that `mask` has 1 for, `[N, M] -> [N]`; the others get the gradient 0,
 * whatever they hold. A row without any is NOTHING, with gradient 0, and so is one whose entries are all below that.
 */
export function maskedLogSumExp(x: Tensor, mask: Tensor): Tensor {
  // Of no entries it has no row to take NOTHING from.
  if (x.shape[1] === 0) return add(sum(x, { axis: 1 }), NOTHING);
  return logSumExp(where(mask, x, NOTHING), { axis: 1 });
}
