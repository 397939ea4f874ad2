import { type Shape, sizeOf } from './shape.ts';
import { Tensor } from './tensor.ts';

/*
 * Float64 exists in twingrad for one purpose, checking gradients: finite differences need more digits than float32 has.
 * `data` is typed Float32Array everywhere; `float64` holds the only cast, and because every op takes its memory from
 * `allocate`, double precision spreads from the leaves that `toDouble` makes to everything computed from them.
 */

function float64(source: number | Float32Array): Float32Array {
  const data: unknown = typeof source === 'number' ? new Float64Array(source) : new Float64Array(source);
  return data as Float32Array;
}

/** Whether data is in double precision. */
export function isDouble(data: ArrayBufferView): boolean {
  return data instanceof Float64Array;
}

/** A leaf with the same values in double precision. */
export function toDouble(x: Tensor): Tensor {
  return new Tensor(float64(x.data), x.shape);
}

/** Zeros for an op's output: float32, or double where any input is. */
export function allocate(inputs: readonly Tensor[], shape: Shape): Float32Array {
  for (const x of inputs) if (isDouble(x.data)) return float64(sizeOf(shape));
  return new Float32Array(sizeOf(shape));
}

/** Zeros in the precision of `data`, for a kernel's scratch. */
export function scratchLike(data: Float32Array, size: number): Float32Array {
  return isDouble(data) ? float64(size) : new Float32Array(size);
}
