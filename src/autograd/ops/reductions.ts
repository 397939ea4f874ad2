import { giveBack } from '../../tensor/memory.ts';
import { allocate } from '../../tensor/precision.ts';
import { ShapeError, sizeOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { record } from '../tape.ts';
import { div, divOrZero, mul } from './arithmetic.ts';
import { expand, sumTo } from './broadcast.ts';
import { reshape } from './rearrange.ts';
import { type ReductionOptions, reducedShapes } from './reducedAxes.ts';
import { squareSumAxes, sumAxes } from './sumAxes.ts';

/**
 * Sum, taken in double precision; 0 of nothing.
 *
 * Shapes: `[...S]` -> S without the reduced axes. Gradient: `g` to every term.
 *
 * @example sum(tensor([[1, 2], [3, 4]])).item() // 10
 * @example sum(tensor([[1, 2], [3, 4]]), { axis: 0 }).toArray() // [4, 6]
 */
export function sum(x: Tensor, options: ReductionOptions = {}): Tensor {
  const { kept, final } = reducedShapes('sum', x.shape, options);
  return reshape(sumTo(x, kept), final);
}

/**
 * Arithmetic mean, taken in double precision and rounded once: the mean of equal numbers is that number.
 *
 * Shapes: `[...S]` -> S without the reduced axes. Gradient: `g / count` to every term.
 * Throws: ShapeError where nothing is averaged, since 0 / 0 has no value.
 *
 * @example mean(tensor([[1, 2], [3, 4]]), { axis: -1 }).toArray() // [1.5, 3.5]
 */
export function mean(x: Tensor, options: ReductionOptions = {}): Tensor {
  const { final } = reducedShapes('mean', x.shape, options);
  // NaN for an empty result, none of whose elements it divides.
  const terms = x.size / sizeOf(final);
  if (terms === 0)
    throw new ShapeError('mean', 'the mean of no elements is undefined', [x.shape], 'Check for an empty batch first.');
  return quotientOfSum(x, terms, options);
}

/** The sum divided by `count` before it is rounded, so that only a quotient out of range overflows. */
export function quotientOfSum(x: Tensor, count: number, options: ReductionOptions = {}): Tensor {
  const { kept, final } = reducedShapes('mean', x.shape, options);
  const sums = sumAxes(x, kept);
  const data = allocate([x], kept);
  for (let o = 0; o < data.length; o++) data[o] = sums[o] / count;
  giveBack(sums);
  const y = record('mean', data, kept, [[x, (g) => expand(div(g, count), x.shape)]]);
  return reshape(y, final);
}

/**
 * Euclidean length `sqrt(sum x^2)`; squares are summed in double precision, so nothing overflows or underflows.
 *
 * Shapes: `[...S]` -> S without the reduced axes.
 * Gradient: `g * x / y`, and 0 where y is 0 (a subgradient of the kink).
 *
 * @example norm(tensor([[3, 4], [0, 0]]), { axis: -1 }).toArray() // [5, 0]
 */
export function norm(x: Tensor, options: ReductionOptions = {}): Tensor {
  const { kept, final } = reducedShapes('norm', x.shape, options);
  const squares = squareSumAxes(x, kept);
  const out = allocate([x], kept);
  for (let o = 0; o < out.length; o++) out[o] = Math.sqrt(squares[o]);
  giveBack(squares);
  // The unit vector first: g / y overflows where y is below 1e-38.
  const y: Tensor = record('norm', out, kept, [[x, (g) => mul(g, divOrZero(x, y))]]);
  return reshape(y, final);
}
