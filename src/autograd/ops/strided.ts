import { giveBack, takeDoubles } from '../../tensor/memory.ts';
import { allocate, allocateZeros } from '../../tensor/precision.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/*
 * Tensors have no strides; ops that rearrange or repeat elements (expand, transpose, slice) walk one side of the copy
 * with strides instead. `readStrided` and `writeStrided` are each other's transpose where no element is repeated.
 */

/** `out[i, j, ...] = x[start + i * strides[0] + j * strides[1] + ...]` for an output of `shape`. */
export function readStrided(x: Tensor, shape: Shape, start: number, strides: readonly number[]): Float32Array {
  const out = allocate([x], shape);
  if (out.length === 0) return out;
  const { data } = x;
  const { lengths, steps, length, step } = joinAxes(shape, strides);
  const starts = rowStarts(lengths, start, steps);
  let o = 0;
  for (const first of starts) {
    const end = o + length;
    if (length < LONG || (step !== 0 && step !== 1)) for (let s = first; o < end; o++, s += step) out[o] = data[s];
    else if (step === 1) out.set(data.subarray(first, first + length), o);
    else out.fill(data[first], o, end);
    o = end;
  }
  giveBack(starts);
  return out;
}

/** `out[start + i * strides[0] + ...] = g[i, j, ...]` for an output of `shape`, all places different; `elsewhere` at the others. */
export function writeStrided(
  g: Tensor,
  shape: Shape,
  start: number,
  strides: readonly number[],
  elsewhere = 0,
): Float32Array {
  const out = elsewhere === 0 ? allocateZeros([g], shape) : allocate([g], shape).fill(elsewhere);
  if (g.size === 0) return out;
  const { data } = g;
  const { lengths, steps, length, step } = joinAxes(g.shape, strides);
  const starts = rowStarts(lengths, start, steps);
  let i = 0;
  for (const first of starts) {
    const end = i + length;
    if (length < LONG || step > 1) for (let o = first; i < end; i++, o += step) out[o] = data[i];
    else out.set(data.subarray(i, end), first);
    i = end;
  }
  giveBack(starts);
  return out;
}

/** From these many numbers on, copying a row as a whole saves more than it costs. */
export const LONG = 32;

/** A walk with strides, as rows of `length` elements `step` apart. */
interface Walk {
  /** The leading axes. */
  readonly lengths: readonly number[];
  readonly steps: readonly number[];
  readonly length: number;
  readonly step: number;
}

/** Joins neighboring axes that are walked in one stride, so that rows are as long as they can be. */
function joinAxes(shape: Shape, strides: readonly number[]): Walk {
  const lengths: number[] = [];
  const steps: number[] = [];
  let length = 1;
  let step = 0;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] === 1) continue;
    if (length === 1) step = strides[axis];
    else if (strides[axis] !== step * length) {
      lengths.unshift(length);
      steps.unshift(step);
      length = 1;
      step = strides[axis];
    }
    length *= shape[axis];
  }
  lengths.unshift(length);
  steps.unshift(step);
  return { lengths: lengths.slice(0, -1), steps, length: lengths[lengths.length - 1], step: steps[steps.length - 1] };
}

/** For every position of the axes, where the strided side starts: scratch, to be given back. */
function rowStarts(lengths: readonly number[], start: number, steps: readonly number[]): Float64Array {
  let starts: Float64Array = Float64Array.of(start);
  for (const [axis, length] of lengths.entries()) {
    const next = takeDoubles(starts.length * length);
    let o = 0;
    for (const base of starts) for (let i = 0; i < length; i++) next[o++] = base + i * steps[axis];
    giveBack(starts);
    starts = next;
  }
  return starts;
}
