import { type Integers, toIntegers } from '../../tensor/intTensor.ts';
import { takeIntegers } from '../../tensor/memory.ts';
import { allocate, allocateZeros } from '../../tensor/precision.ts';
import { resolveAxis, type Shape, sizeOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { record } from '../tape.ts';

/**
 * Entries of one axis by index, in the order of `indices`; an index may occur several times.
 *
 * Shapes: x `[...A, L, ...B]`, `indices` [K] -> `[...A, K, ...B]`; default axis 0, the rows.
 * Gradient: g added to the entries it came from.
 * Throws: RangeError for an index outside `0 .. L - 1`.
 *
 * @example take(tensor([[1, 2], [3, 4]]), [1, 1, 0]).toArray() // [[3, 4], [3, 4], [1, 2]]
 */
export function take(x: Tensor, indices: Integers, { axis = 0 }: { readonly axis?: number | undefined } = {}): Tensor {
  const along = resolveAxis('take', axis, x.shape);
  const length = x.shape[along];
  const index = toIntegers('take', 'indices', indices);
  index.forEach((value, i) => {
    if (value < 0 || value >= length) {
      throw new RangeError(
        `take: indices[${i}] is ${value}, outside axis ${along} of length ${length}. Use 0 to ${length - 1}.`,
      );
    }
  });
  const inner = sizeOf(x.shape.slice(along + 1));
  const outer = sizeOf(x.shape.slice(0, along));
  const positions = takeIntegers(outer * index.length);
  for (let o = 0, p = 0; o < outer; o++) for (const value of index) positions[p++] = o * length + value;
  return gather(x, positions, x.shape.with(along, index.length), inner);
}

/** Blocks of `inner` elements by position. */
export function gather(x: Tensor, positions: Int32Array, shape: Shape, inner: number): Tensor {
  const out = allocate([x], shape);
  const { data } = x;
  for (let p = 0, o = 0; p < positions.length; p++) {
    for (let s = positions[p] * inner, end = s + inner; s < end; s++, o++) out[o] = data[s];
  }
  return record('gather', out, shape, [[x, (g) => scatter(g, positions, x.shape, inner)]]);
}

/** The transpose of `gather`: blocks added to their positions in zeros, in order. */
export function scatter(x: Tensor, positions: Int32Array, shape: Shape, inner: number): Tensor {
  const out = allocateZeros([x], shape);
  const { data } = x;
  for (let p = 0, i = 0; p < positions.length; p++) {
    for (let o = positions[p] * inner, end = o + inner; o < end; o++, i++) out[o] += data[i];
  }
  return record('scatter', out, shape, [[x, (g) => gather(g, positions, x.shape, inner)]]);
}
