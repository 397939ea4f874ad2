import { IntTensor } from '../../tensor/intTensor.ts';
import { takeIntegers } from '../../tensor/memory.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { gatherBlocks } from './indexed.ts';
import { reshape } from './rearrange.ts';
import { type ReductionOptions, reducedRowsOfSome } from './reducedAxes.ts';

/**
 * The largest element; NaN where there is one.
 *
 * Shapes: `[...S]` -> S without the reduced axes.
 * Gradient: `g` to the element chosen, 0 to all others; at a tie to the first in reading order, as PyTorch's `max` with
 * an axis does.
 * Throws: ShapeError where there is nothing to choose from.
 *
 * @example max(tensor([[1, 5], [7, 3]])).item() // 7
 * @example max(tensor([[1, 5], [7, 3]]), { axis: 1 }).toArray() // [5, 7]
 */
export function max(x: Tensor, options: ReductionOptions = {}): Tensor {
  return extreme('max', 'the maximum', x, options, largestAt);
}

/**
 * The smallest element; NaN where there is one.
 *
 * Shapes: `[...S]` -> S without the reduced axes.
 * Gradient: `g` to the element chosen, 0 to all others; at a tie to the first in reading order.
 * Throws: ShapeError where there is nothing to choose from.
 *
 * @example min(tensor([[1, 5], [7, 3]]), { axis: 0, keepDims: true }).toArray() // [[1, 3]]
 */
export function min(x: Tensor, options: ReductionOptions = {}): Tensor {
  return extreme('min', 'the minimum', x, options, smallestAt);
}

/** Which axis `argMax` and `argMin` search. */
export interface ArgOptions {
  /** One axis, negative ones count from the end. Default: the whole tensor, in reading order. */
  readonly axis?: number | undefined;
  /** Keeps reduced axes with length 1. Default false. */
  readonly keepDims?: boolean | undefined;
}

/**
 * The index of the largest element: at a tie the lowest; of the first NaN where there is one.
 *
 * Shapes: `[...S]` -> S without the axis, indices along it; without an axis a scalar, the index in reading order.
 * No gradient: the index does not change with x but in jumps.
 * Throws: ShapeError where there is nothing to choose from.
 *
 * @example argMax(tensor([[1, 5], [7, 3]])).data[0] // 2
 * @example argMax(tensor([[1, 5], [7, 3]]), { axis: 1 }).data // [1, 0]
 */
export function argMax(x: Tensor, options: ArgOptions = {}): IntTensor {
  return indexOfExtreme('argMax', 'the maximum', x, options, largestAt);
}

/**
 * The index of the smallest element: at a tie the lowest; of the first NaN where there is one.
 *
 * Shapes: `[...S]` -> S without the axis, indices along it; without an axis a scalar, the index in reading order.
 * No gradient: the index does not change with x but in jumps.
 * Throws: ShapeError where there is nothing to choose from.
 *
 * @example argMin(tensor([[1, 5], [7, 3]]), { axis: 0, keepDims: true }).shape // [1, 2]
 */
export function argMin(x: Tensor, options: ArgOptions = {}): IntTensor {
  return indexOfExtreme('argMin', 'the minimum', x, options, smallestAt);
}

/** The position of the element chosen among those from `start` to `end`. */
type Choose = (x: Float32Array, start: number, end: number) => number;

function extreme(op: string, what: string, x: Tensor, options: ReductionOptions, choose: Choose): Tensor {
  const { rows, count, width, final } = reducedRowsOfSome(op, what, x, options);
  const positions = takeIntegers(count);
  for (let r = 0, start = 0; r < count; r++, start += width) positions[r] = choose(rows.data, start, start + width);
  return reshape(gatherBlocks(rows, positions, [count], 1, op), final);
}

function indexOfExtreme(op: string, what: string, x: Tensor, options: ArgOptions, choose: Choose): IntTensor {
  const { rows, count, width, final } = reducedRowsOfSome(op, what, x, options);
  // Not from the memory of a scope: only tensors are copied out of it.
  const indices = new Int32Array(count);
  for (let r = 0, start = 0; r < count; r++, start += width)
    indices[r] = choose(rows.data, start, start + width) - start;
  return new IntTensor(indices, final);
}

function largestAt(x: Float32Array, start: number, end: number): number {
  let at = start;
  let largest = x[start];
  for (let i = start; i < end; i++) {
    const v = x[i];
    if (v <= largest) continue;
    if (Number.isNaN(v)) return i;
    largest = v;
    at = i;
  }
  return at;
}

function smallestAt(x: Float32Array, start: number, end: number): number {
  let at = start;
  let smallest = x[start];
  for (let i = start; i < end; i++) {
    const v = x[i];
    if (v >= smallest) continue;
    if (Number.isNaN(v)) return i;
    smallest = v;
    at = i;
  }
  return at;
}
