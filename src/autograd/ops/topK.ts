import { checkInteger } from '../../tensor/check.ts';
import { IntTensor } from '../../tensor/intTensor.ts';
import { giveBack, takeIntegers } from '../../tensor/memory.ts';
import { resolveAxis, sizeOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { gatherBlocks } from './indexed.ts';

/** Options of `topK`. */
export interface TopKOptions {
  /** The axis to choose along; negative ones count from the end. Default -1. */
  readonly axis?: number | undefined;
  /** The largest elements, else the smallest. Default true. */
  readonly largest?: boolean | undefined;
}

/** What `topK` found. */
export interface TopK {
  readonly values: Tensor;
  /** Their places along the axis. */
  readonly indices: IntTensor;
}

/**
 * The k largest elements along an axis, largest first, or the k smallest, smallest first; equal ones by rising index.
 * NaN counts as larger than any number, as in PyTorch.
 *
 * Shapes: x `[...A, L, ...B]` -> values and indices `[...A, k, ...B]`.
 * Gradient: `g` to the elements chosen, 0 to all others.
 * Cost: for each of the L elements a comparison, and `log k` more with moving up to k indices where it is chosen so far.
 * Throws: RangeError unless k is an integer from 0 to L; ShapeError for an axis that x lacks.
 *
 * @example topK(tensor([3, 9, 5]), 2).values.toArray() // [9, 5]
 * @example topK(tensor([3, 9, 5]), 2, { largest: false }).indices.data // [0, 2]
 */
export function topK(x: Tensor, k: number, { axis = -1, largest = true }: TopKOptions = {}): TopK {
  const along = resolveAxis('topK', axis, x.shape);
  const length = x.shape[along];
  if (checkInteger('topK', 'k', k, 0) > length)
    throw new RangeError(`topK: k is ${k}, but axis ${along} has length ${length}. Use at most ${length}.`);
  const shape = x.shape.with(along, k);
  const inner = sizeOf(shape.slice(along + 1));
  const outer = sizeOf(shape.slice(0, along));
  const before = largest ? isLarger : isSmaller;
  const chosen = takeIntegers(k);
  const positions = takeIntegers(sizeOf(shape));
  // Not from the memory of a scope: only tensors are copied out of it.
  const indices = new Int32Array(positions.length);
  for (let block = 0; block < outer; block++) {
    for (let column = 0; column < inner; column++) {
      const start = block * length * inner + column;
      choose(x.data, start, inner, length, chosen, before);
      for (let j = 0, o = block * k * inner + column; j < k; j++, o += inner) {
        indices[o] = chosen[j];
        positions[o] = start + chosen[j] * inner;
      }
    }
  }
  giveBack(chosen);
  return { values: gatherBlocks(x, positions, shape, 1, 'topK'), indices: new IntTensor(indices, shape) };
}

/** Fills `chosen` with the indices of the elements that come before all others, in order. */
function choose(
  x: Float32Array,
  start: number,
  step: number,
  length: number,
  chosen: Int32Array,
  before: (a: number, b: number) => boolean,
): void {
  const most = chosen.length;
  if (most === 0) return;
  for (let i = 0, count = 0; i < length; i++) {
    const value = x[start + i * step];
    if (count === most && !before(value, x[start + chosen[most - 1] * step])) continue;
    // After all that are equal, whose indices are lower.
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (before(value, x[start + chosen[middle] * step])) high = middle;
      else low = middle + 1;
    }
    chosen.copyWithin(low + 1, low, count);
    chosen[low] = i;
    if (count < most) count++;
  }
}

function isLarger(a: number, b: number): boolean {
  return a > b || (Number.isNaN(a) && !Number.isNaN(b));
}

function isSmaller(a: number, b: number): boolean {
  return a < b || (Number.isNaN(b) && !Number.isNaN(a));
}
