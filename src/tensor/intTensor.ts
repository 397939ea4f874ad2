import { print } from './print.ts';
import { checkShape, formatShape, type Shape, ShapeError, sizeOf } from './shape.ts';

/** Integers with a shape: class indices, token ids, positions. They have no gradient, so they are not a Tensor. */
export class IntTensor {
  readonly data: Int32Array;
  readonly shape: Shape;

  constructor(data: Int32Array, shape: Shape) {
    if (!(data instanceof Int32Array))
      throw new TypeError('intTensor: data must be an Int32Array. Convert it with Int32Array.from(values).');
    checkShape('intTensor', shape);
    if (sizeOf(shape) !== data.length) {
      throw new ShapeError(
        'intTensor',
        `${data.length} elements do not fill the shape`,
        [shape],
        `It holds ${sizeOf(shape)}.`,
      );
    }
    this.data = data;
    this.shape = shape.slice();
  }

  get size(): number {
    return this.data.length;
  }

  /** `IntTensor [2, 3] [[1, 2, 3], [4, 5, 6]]`, long axes shortened to their ends. */
  toString(): string {
    return `IntTensor ${formatShape(this.shape)} ${print(this.data, this.shape, String)}`;
  }
}

/**
 * An IntTensor over `data`, not copied.
 *
 * @example intTensor(new Int32Array([3, 1]), [2]).size // 2
 */
export function intTensor(data: Int32Array, shape: Shape): IntTensor {
  return new IntTensor(data, shape);
}

/** What takes labels or indices: one integer each, in one dimension. */
export type Integers = Int32Array | Uint8Array | readonly number[] | IntTensor;

/**
 * Labels or indices as an Int32Array.
 *
 * Throws: TypeError for a float Tensor (float32 merges ids above 2^24) or another kind; RangeError, with its index,
 * for a value that is not a 32-bit integer.
 */
export function toIntegers(op: string, what: string, values: Integers): Int32Array {
  if (values instanceof Int32Array) return values;
  if (values instanceof Uint8Array) return Int32Array.from(values);
  if (values instanceof IntTensor) {
    if (values.shape.length !== 1)
      throw new ShapeError(op, `${what} must be 1-D`, [values.shape], 'Pass one integer per row.');
    return values.data;
  }
  if (!Array.isArray(values)) {
    throw new TypeError(
      `${op}: ${what} must be an Int32Array, Uint8Array or number[]; a float Tensor cannot hold ids above 2^24 exactly. Use Int32Array.from(...).`,
    );
  }
  return Int32Array.from(values, (value: unknown, i) => {
    if (typeof value !== 'number' || (value | 0) !== value) {
      throw new RangeError(`${op}: ${what}[${i}] is ${value}; expected an integer within 32 bits.`);
    }
    return value;
  });
}

/** Labels or indices with their shape; what has none is 1-D. Throws as `toIntegers` does. */
export function toIntTensor(op: string, what: string, values: Integers): IntTensor {
  if (values instanceof IntTensor) return values;
  const data = toIntegers(op, what, values);
  return new IntTensor(data, [data.length]);
}
