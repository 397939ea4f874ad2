import { type Flags, toFlags } from '../tensor/flags.ts';
import { ShapeError } from '../tensor/shape.ts';

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
  const values = toFlags(op, name, flags);
  if (values.length !== count) {
    throw new ShapeError(
      op,
      `${count} ${items} need ${count} labels`,
      [[count], [values.length]],
      `Pass one entry of '${name}' for each of the ${items}.`,
    );
  }
  return values;
}
