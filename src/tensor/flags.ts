import { IntTensor } from './intTensor.ts';
import { Tensor } from './tensor.ts';

/** Yes or no for each element: 0 and 1, or booleans. What has no shape of its own is 1-D. */
export type Flags =
  | Tensor
  | IntTensor
  | Uint8Array
  | Int32Array
  | Float32Array
  | readonly number[]
  | readonly boolean[];

/** A copy of flags as numbers, 0 and 1. Throws: RangeError, with its index, for any other value. */
export function toFlags(op: string, name: string, flags: Flags): Float32Array {
  checkFlags(op, name, flags);
  return Float32Array.from(valuesOf(flags), Number);
}

/** Throws what `toFlags` throws. */
export function checkFlags(op: string, name: string, flags: Flags): void {
  const values = valuesOf(flags);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value !== 0 && value !== 1 && typeof value !== 'boolean')
      throw new RangeError(`${op}: ${name}[${i}] is ${value}; expected 0 or 1 (or false or true).`);
  }
}

function valuesOf(flags: Flags): ArrayLike<number | boolean> {
  return flags instanceof Tensor || flags instanceof IntTensor ? flags.data : flags;
}
