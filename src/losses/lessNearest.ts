import { sub } from '../autograd/ops/arithmetic.ts';
import { allocate } from '../tensor/precision.ts';
import { Tensor } from '../tensor/tensor.ts';

/**
 * Similarities `[N, N]` of all rows with all, each row less the largest of it beside the diagonal, as a constant. What
 * does not change where a whole row is moved, such as the difference of two of its log-sum-exps, keeps its digits so and
 * its gradient, and is finite also where quotients of the similarities would not be.
 */
export function lessNearest(similarities: Tensor): Tensor {
  const [count] = similarities.shape;
  const { data } = similarities;
  const largest = allocate([similarities], [count, 1]);
  for (let i = 0, at = 0; i < count; i++) {
    // Of a row that is alone none.
    let most = count > 1 ? -Infinity : 0;
    for (let j = 0; j < count; j++, at++) if (j !== i && data[at] > most) most = data[at];
    largest[i] = most;
  }
  return sub(similarities, new Tensor(largest, [count, 1]));
}
