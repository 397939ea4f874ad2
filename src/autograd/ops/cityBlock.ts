import * as portable from '../../tensor/kernels/portable/distances.ts';
import { allocate, allocateZeros } from '../../tensor/precision.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { Distance } from '../measure.ts';
import { recordAs } from '../tape.ts';
import { mul, neg } from './arithmetic.ts';
import { checkRows, column } from './distances.ts';

/**
 * Sum of absolute differences row by row, added in double precision: the city-block distance.
 *
 * Shapes: `[N, D], [N, D] -> [N]`. Gradient: `g sign(a - b)` and its negative; 0 where two coordinates are equal (a
 * subgradient of the kink).
 *
 * @example manhattan(tensor([[0, 0]]), tensor([[3, -4]])).toArray() // [7]
 */
export function manhattan(a: Tensor, b: Tensor): Distance {
  checkRows('manhattan', a, b);
  const out = allocate([a, b], [a.shape[0]]);
  portable.rowManhattan(a.data, b.data, out);
  const pull = (g: Tensor) => mul(column(g), signs(a, b));
  return recordAs(new Distance(out, [a.shape[0]], Infinity), 'manhattan', [
    [a, pull],
    [b, (g) => neg(pull(g))],
  ]);
}

/**
 * Largest absolute difference row by row, 0 where there are no coordinates: the chessboard distance.
 *
 * Shapes: `[N, D], [N, D] -> [N]`. Gradient: `g sign(a - b)` and its negative at the coordinate that differs most, the
 * first of them at a tie, and 0 elsewhere; 0 for identical rows.
 *
 * @example chebyshev(tensor([[0, 0]]), tensor([[3, -4]])).toArray() // [4]
 */
export function chebyshev(a: Tensor, b: Tensor): Distance {
  checkRows('chebyshev', a, b);
  const out = allocate([a, b], [a.shape[0]]);
  portable.rowChebyshev(a.data, b.data, out);
  const pull = (g: Tensor) => mul(column(g), signAtLargest(a, b));
  return recordAs(new Distance(out, [a.shape[0]], Infinity), 'chebyshev', [
    [a, pull],
    [b, (g) => neg(pull(g))],
  ]);
}

/** `sign(a - b)`, a constant. */
function signs(a: Tensor, b: Tensor): Tensor {
  const [x, y] = [a.data, b.data];
  const out = allocate([a, b], a.shape);
  for (let i = 0; i < out.length; i++) out[i] = Math.sign(x[i] - y[i]);
  return new Tensor(out, a.shape);
}

/** `sign(a - b)` where the rows differ most, else 0; a constant. */
function signAtLargest(a: Tensor, b: Tensor): Tensor {
  const [x, y] = [a.data, b.data];
  const width = a.shape[1];
  const out = allocateZeros([a, b], a.shape);
  for (let start = 0; start < out.length; start += width) {
    const i = start + portable.largestAt(x, start, y, start, width);
    out[i] = Math.sign(x[i] - y[i]);
  }
  return new Tensor(out, a.shape);
}
