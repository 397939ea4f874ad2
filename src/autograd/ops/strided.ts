import { allocate } from '../../tensor/precision.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/*
 * Tensors have no strides; ops that rearrange or repeat elements (expand, transpose, slice) walk one side of the copy
 * with strides instead. `readStrided` and `addStrided` are each other's transpose.
 */

/** The distance in elements between neighbors on each axis of a contiguous tensor. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis];
  }
  return strides;
}

/** For every position of all axes but the last, where the strided side starts. */
export function rowStarts(shape: Shape, start: number, strides: readonly number[]): Float64Array {
  let starts = Float64Array.of(start);
  for (let axis = 0; axis < shape.length - 1; axis++) {
    const next = new Float64Array(starts.length * shape[axis]);
    let o = 0;
    for (const base of starts) for (let i = 0; i < shape[axis]; i++) next[o++] = base + i * strides[axis];
    starts = next;
  }
  return starts;
}

/** `out[i, j, ...] = x[start + i * strides[0] + j * strides[1] + ...]` for an output of `shape`. */
export function readStrided(x: Tensor, shape: Shape, start: number, strides: readonly number[]): Float32Array {
  const out = allocate([x], shape);
  if (out.length === 0) return out;
  const { data } = x;
  const rank = shape.length;
  const length = rank === 0 ? 1 : shape[rank - 1];
  const step = rank === 0 ? 0 : strides[rank - 1];
  let o = 0;
  for (const first of rowStarts(shape, start, strides)) {
    for (let s = first, end = o + length; o < end; o++, s += step) out[o] = data[s];
  }
  return out;
}

/**
 * `out[start + i * strides[0] + ...] += g[i, j, ...]` for an output of `shape`, then divided by `divisor`, all in double
 * precision.
 */
export function addStrided(
  g: Tensor,
  shape: Shape,
  start: number,
  strides: readonly number[],
  divisor = 1,
): Float32Array {
  const out = allocate([g], shape);
  if (g.size === 0) return out;
  const sums = new Float64Array(out.length);
  const { data } = g;
  const rank = g.shape.length;
  const length = rank === 0 ? 1 : g.shape[rank - 1];
  const step = rank === 0 ? 0 : strides[rank - 1];
  let i = 0;
  for (const first of rowStarts(g.shape, start, strides)) {
    const end = i + length;
    if (step === 0) {
      let sum = 0;
      for (; i < end; i++) sum += data[i];
      sums[first] += sum;
    } else {
      for (let o = first; i < end; i++, o += step) sums[o] += data[i];
    }
  }
  if (divisor !== 1) for (let o = 0; o < sums.length; o++) sums[o] /= divisor;
  out.set(sums);
  return out;
}
