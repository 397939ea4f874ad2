import { resolveAxes, resolveAxis, type Shape, ShapeError, sizeOf, stridesOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { record } from '../tape.ts';
import { readPlaces } from './places.ts';
import { readStrided } from './strided.ts';

/**
 * The same elements in the same order under another shape; the data is shared, not copied. One length may be -1: it
 * is worked out.
 *
 * Shapes: `[...S] -> shape`, equally many elements. Gradient: `reshape(g, x.shape)`.
 *
 * @example reshape(tensor([1, 2, 3, 4]), [2, -1]).toArray() // [[1, 2], [3, 4]]
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const unknown = shape.indexOf(-1);
  if (shape.lastIndexOf(-1) !== unknown)
    throw new ShapeError('reshape', 'only one length may be -1', [x.shape, shape], 'Write out the others.');
  const known = shape.reduce((product, length, i) => (i === unknown ? product : product * length), 1);
  if (unknown >= 0 && known === 0)
    throw new ShapeError('reshape', 'beside a length 0, -1 could be any', [x.shape, shape], 'Write it out.');
  const target = unknown < 0 ? shape : shape.with(unknown, x.size / known);
  if (sizeOf(target) !== x.size || !target.every((length) => Number.isInteger(length) && length >= 0)) {
    throw new ShapeError(
      'reshape',
      `${x.size} elements do not fill the new shape`,
      [x.shape, shape],
      'Both must hold equally many elements.',
    );
  }
  return record('reshape', x.data, target, [[x, (g) => reshape(g, x.shape)]]);
}

/**
 * All axes but the first joined into one: what stands between convolutions and dense layers.
 *
 * Shapes: `[N, ...S] -> [N, product of S]`. Gradient: `reshape(g, x.shape)`.
 *
 * @example flatten(zeros([2, 3, 4])).shape // [2, 12]
 */
export function flatten(x: Tensor): Tensor {
  if (x.shape.length === 0)
    throw new ShapeError('flatten', 'a scalar has no batch axis', [x.shape], 'Use reshape(x, [1]).');
  return reshape(x, [x.shape[0], sizeOf(x.shape.slice(1))]);
}

/** Which axes of length 1 to remove. */
export interface SqueezeOptions {
  /** An axis or several, negative ones count from the end; those of another length stay. Default: all. */
  readonly axis?: number | readonly number[] | undefined;
}

/**
 * Without axes of length 1; the data is shared, not copied.
 *
 * Shapes: `[...A, 1, ...B] -> [...A, ...B]`. Gradient: `reshape(g, x.shape)`.
 *
 * @example squeeze(zeros([1, 2, 1])).shape // [2]
 * @example squeeze(zeros([1, 2, 1]), { axis: -1 }).shape // [1, 2]
 */
export function squeeze(x: Tensor, { axis }: SqueezeOptions = {}): Tensor {
  const named = axis === undefined ? undefined : new Set(resolveAxes('squeeze', axis, x.shape));
  return reshape(
    x,
    x.shape.filter((length, i) => length !== 1 || named?.has(i) === false),
  );
}

/**
 * With new axes of length 1, which have the places `axis` in the result; the data is shared, not copied.
 *
 * Shapes: `[...A, ...B] -> [...A, 1, ...B]`; an axis or several, negative ones count from the end of the result.
 * Gradient: `reshape(g, x.shape)`.
 *
 * @example unsqueeze(zeros([2, 3]), 1).shape // [2, 1, 3]
 * @example unsqueeze(zeros([2, 3]), [0, -1]).shape // [1, 2, 3, 1]
 */
export function unsqueeze(x: Tensor, axis: number | readonly number[]): Tensor {
  return reshape(x, unsqueezed('unsqueeze', x.shape, axis));
}

/** A shape with new axes of length 1. */
export function unsqueezed(op: string, shape: Shape, axis: number | readonly number[]): Shape {
  const listed = typeof axis === 'number' ? [axis] : axis;
  const rank = shape.length + listed.length;
  const places = new Set(listed.map((a) => (a < 0 ? a + rank : a)));
  if (places.size !== listed.length || !listed.every((a) => Number.isInteger(a) && a >= -rank && a < rank)) {
    throw new ShapeError(
      op,
      `[${listed.join(', ')}] are not different axes of the result, which has ${rank}`,
      [shape],
      `Use ${-rank} to ${rank - 1}, each once.`,
    );
  }
  const lengths = shape.values();
  return Array.from({ length: rank }, (_, i) => (places.has(i) ? 1 : (lengths.next().value ?? 1)));
}

/**
 * Axes in another order; by default reversed.
 *
 * Shapes: axis i of the result is axis `axes[i]` of x. Gradient: the inverse permutation of g.
 *
 * @example transpose(tensor([[1, 2], [3, 4]])).toArray() // [[1, 3], [2, 4]]
 */
export function transpose(x: Tensor, axes?: readonly number[]): Tensor {
  const order =
    axes === undefined
      ? x.shape.map((_, i) => i).reverse()
      : axes.map((axis) => resolveAxis('transpose', axis, x.shape));
  if (order.length !== x.shape.length || new Set(order).size !== order.length) {
    throw new ShapeError(
      'transpose',
      `[${order.join(', ')}] is not an order of the axes`,
      [x.shape],
      'List every axis once.',
    );
  }
  const strides = stridesOf(x.shape);
  const shape = order.map((axis) => x.shape[axis]);
  const inverse = order.map((_, axis) => order.indexOf(axis));
  const out = readStrided(
    x,
    shape,
    0,
    order.map((axis) => strides[axis]),
  );
  return record('transpose', out, shape, [[x, (g) => transpose(g, inverse)]]);
}

/** Which axes to reverse. */
export interface FlipOptions {
  /** An axis or several, negative ones count from the end. Default: all. */
  readonly axis?: number | readonly number[] | undefined;
}

/**
 * Axes walked from their end to their start.
 *
 * Shapes: `[...S] -> [...S]`. Gradient: g flipped back.
 *
 * @example flip(tensor([[1, 2], [3, 4]]), { axis: -1 }).toArray() // [[2, 1], [4, 3]]
 */
export function flip(x: Tensor, { axis }: FlipOptions = {}): Tensor {
  const reversed = axis === undefined ? x.shape.map((_, i) => i) : resolveAxes('flip', axis, x.shape);
  const strides = stridesOf(x.shape);
  let last = 0;
  for (const a of reversed) {
    last += (x.shape[a] - 1) * strides[a];
    strides[a] = -strides[a];
  }
  return record('flip', readStrided(x, x.shape, last, strides), x.shape, [[x, (g) => flip(g, { axis: reversed })]]);
}

/** A half-open range `[start, stop, step?]` of one axis; negative ends count from the end, the step is positive. */
export type Range = readonly [start: number, stop: number, step?: number];

/**
 * A part of each axis; axes without a range are whole.
 *
 * Shapes: each length becomes `ceil((stop - start) / step)`. Gradient: g in its place, 0 elsewhere.
 * Throws: RangeError where a range leaves its axis: nothing is clamped.
 *
 * @example slice(tensor([[1, 2, 3], [4, 5, 6]]), [[0, 2], [-2, 3]]).toArray() // [[2, 3], [5, 6]]
 */
export function slice(x: Tensor, ranges: readonly Range[]): Tensor {
  if (ranges.length > x.shape.length) {
    throw new ShapeError(
      'slice',
      `${ranges.length} ranges for ${x.shape.length} axes`,
      [x.shape],
      'Give at most one range an axis.',
    );
  }
  const strides = stridesOf(x.shape);
  const shape = [...x.shape];
  let first = 0;
  ranges.forEach(([from, to, step = 1], axis) => {
    const length = x.shape[axis];
    const start = from < 0 ? from + length : from;
    const stop = to < 0 ? to + length : to;
    if (![start, stop, step].every(Number.isInteger) || start < 0 || stop > length || start > stop || step < 1) {
      throw new RangeError(
        `slice: [${[from, to, step].join(', ')}] is not a range of axis ${axis}, which has length ${length}. Use 0 <= start <= stop <= ${length} and a step of 1 or more.`,
      );
    }
    shape[axis] = Math.ceil((stop - start) / step);
    first += start * strides[axis];
    strides[axis] *= step;
  });
  return readPlaces(x, shape, first, strides);
}
