import { checkShape, type Shape, ShapeError, stridesOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { writePlaces } from './places.ts';

/** How many entries are added to one axis, at its start and at its end. */
export type Padding = readonly [before: number, after: number];

/** Options of `pad`. */
export interface PadOptions {
  /** What the new entries hold. Default 0. */
  readonly value?: number | undefined;
}

/**
 * A constant border: new entries at the start and at the end of axes, the first axis first; axes without a pair are
 * left as they are.
 *
 * Shapes: each length becomes `before + length + after`. Gradient: the part of g that x is in.
 * Throws: RangeError for a negative or fractional number of entries.
 *
 * @example pad(tensor([[1, 2]]), [[0, 1], [1, 0]]).toArray() // [[0, 1, 2], [0, 0, 0]]
 * @example pad(tensor([1, 2]), [[1, 1]], { value: 9 }).toArray() // [9, 1, 2, 9]
 */
export function pad(x: Tensor, padding: readonly Padding[], { value = 0 }: PadOptions = {}): Tensor {
  const shape = paddedShape(x.shape, padding);
  const strides = stridesOf(shape);
  const start = padding.reduce((offset, [before], axis) => offset + before * strides[axis], 0);
  return writePlaces(x, shape, start, strides, value);
}

function paddedShape(from: Shape, padding: readonly Padding[]): Shape {
  if (padding.length > from.length) {
    throw new ShapeError(
      'pad',
      `${padding.length} pairs for ${from.length} axes`,
      [from],
      'Give at most one pair an axis, the first axis first.',
    );
  }
  const shape = [...from];
  for (const [axis, pair] of padding.entries()) {
    if (!Array.isArray(pair) || pair.length !== 2 || !pair.every((n) => Number.isInteger(n) && n >= 0)) {
      throw new RangeError(
        `pad: the padding of axis ${axis} is [${[pair].flat().join(', ')}]; expected [before, after], two integers of at least 0. slice() removes entries.`,
      );
    }
    shape[axis] += pair[0] + pair[1];
  }
  checkShape('pad', shape);
  return shape;
}
