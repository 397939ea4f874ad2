import { IntTensor } from './intTensor.ts';
import { openMemory, takeFloats } from './memory.ts';
import { formatShape, type Shape, sizeOf } from './shape.ts';
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

/**
 * Memory for the result of an op of your own: float32, or double where any input is, as `gradcheck` needs it. Inside a
 * scope its contents are unspecified, so the op must write every element.
 *
 * Throws: TypeError for an input that is no Tensor, as plain JavaScript may pass.
 *
 * @example allocate([tensor([1, 2])], [3]).length // 3
 */
export function allocate(inputs: readonly Tensor[], shape: Shape): Float32Array {
  for (const x of inputs) {
    if (!(x instanceof Tensor)) throw notATensor(x);
    if (isDouble(x.data)) return double(sizeOf(shape));
  }
  return takeFloats(sizeOf(shape));
}

/** Integers are no numbers to calculate with: their gradient would be lost without a word. */
function notATensor(x: unknown): TypeError {
  const got = x instanceof IntTensor ? `an IntTensor of shape ${formatShape(x.shape)}` : String(x);
  return new TypeError(
    `expected a Tensor; got ${got}. Use tensor(values) for numbers; ids go through an Embedding, classes through oneHot().`,
  );
}

/** `allocate` for an op that adds to its output: zeros, inside a scope too. */
export function allocateZeros(inputs: readonly Tensor[], shape: Shape): Float32Array {
  const out = allocate(inputs, shape);
  return openMemory() === undefined ? out : out.fill(0);
}

/** Memory in the precision of `data` for a kernel's scratch, to be written first; `giveBack` lets a scope reuse it. */
export function scratchLike(data: Float32Array, size: number): Float32Array {
  return isDouble(data) ? double(size) : takeFloats(size);
}

/** Doubles are never reused, but belong to the scope like any other result. */
function double(size: number): Float32Array {
  const data = float64(size);
  openMemory()?.own(data);
  return data;
}
