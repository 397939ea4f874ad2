import { IntTensor } from '../tensor/intTensor.ts';
import { ShapeError } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/** Yes or no for each item: 0 and 1, or booleans. */
export type Flags =
  | Tensor
  | IntTensor
  | Uint8Array
  | Int32Array
  | Float32Array
  | readonly number[]
  | readonly boolean[];

/** What a pair's label says, written at the call: 1 for a different pair, or 1 for a same one. */
export type PairLabels =
  | { readonly different: Flags; readonly same?: undefined }
  | { readonly same: Flags; readonly different?: undefined };

/** 1 for each different pair, 0 for each same one. Throws: RangeError, with its index, for any other value. */
export function differentFlags(op: string, labels: PairLabels, count: number): Float32Array {
  // Plain JavaScript may pass no labels at all.
  const { different, same } = labels ?? {};
  if (different !== undefined && same !== undefined)
    throw new TypeError(`${op}: both 'different' and 'same' are given. Pass one of them.`);
  if (different !== undefined) return readFlags(op, 'different', different, count);
  if (same !== undefined) return readFlags(op, 'same', same, count).map((flag) => 1 - flag);
  throw new TypeError(`${op}: say what the labels mean, as { different: y } or { same: y }.`);
}

/** Flags as 0 and 1, one for each of `count` items. Throws: RangeError, with its index, for any other value. */
export function readFlags(op: string, name: string, flags: Flags, count: number, items = 'pairs'): Float32Array {
  const values: ArrayLike<number | boolean> =
    flags instanceof Tensor || flags instanceof IntTensor ? flags.data : flags;
  if (values.length !== count) {
    throw new ShapeError(
      op,
      `${count} ${items} need ${count} labels`,
      [[count], [values.length]],
      `Pass one entry of '${name}' for each of the ${items}.`,
    );
  }
  return Float32Array.from(values, (value: unknown, i) => {
    if (value === 0 || value === 1 || value === false || value === true) return Number(value);
    throw new RangeError(`${op}: ${name}[${i}] is ${value}; expected 0 or 1 (or false or true).`);
  });
}
