import { allocate } from '../../tensor/precision.ts';
import { resolveAxis, type Shape, ShapeError, sizeOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { record } from '../tape.ts';
import { readStrided, stridesOf, writeStrided } from './strided.ts';

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
  const target = unknown < 0 ? shape : shape.with(unknown, known === 0 ? 0 : x.size / known);
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
  return place(x, shape, first, strides);
}

function place(x: Tensor, shape: Shape, start: number, strides: readonly number[]): Tensor {
  return record('slice', readStrided(x, shape, start, strides), shape, [
    [x, (g) => spread(g, x.shape, start, strides)],
  ]);
}

/** The transpose of `place`: g at its places in zeros. */
function spread(x: Tensor, shape: Shape, start: number, strides: readonly number[]): Tensor {
  return record('spread', writeStrided(x, shape, start, strides), shape, [
    [x, (g) => place(g, x.shape, start, strides)],
  ]);
}

/**
 * Tensors one after the other along an axis.
 *
 * Shapes: equal but for `axis`, whose lengths add up. Gradient: the part of g that came from each.
 *
 * @example concat([tensor([1]), tensor([2, 3])]).toArray() // [1, 2, 3]
 */
export function concat(xs: readonly Tensor[], { axis = 0 }: { readonly axis?: number | undefined } = {}): Tensor {
  if (xs.length === 0) throw new RangeError('concat: the list of tensors is empty. Pass at least one tensor.');
  const along = resolveAxis('concat', axis, xs[0].shape);
  const shape = [...xs[0].shape];
  shape[along] = 0;
  for (const x of xs) {
    if (x.shape.length !== shape.length || x.shape.some((length, i) => i !== along && length !== shape[i])) {
      throw new ShapeError(
        'concat',
        `lengths differ on an axis other than ${along}`,
        xs.map((y) => y.shape),
        'Only the joined axis may differ.',
      );
    }
    shape[along] += x.shape[along];
  }
  const out = allocate(xs, shape);
  const outer = sizeOf(shape.slice(0, along));
  const inner = sizeOf(shape.slice(along + 1));
  const row = shape[along] * inner;
  let offset = 0;
  const starts = xs.map((x) => {
    const width = x.shape[along] * inner;
    for (let i = 0; i < outer; i++) out.set(x.data.subarray(i * width, (i + 1) * width), i * row + offset);
    offset += width;
    return inner === 0 ? 0 : (offset - width) / inner;
  });
  const part = (i: number): Range[] =>
    shape
      .slice(0, along + 1)
      .map((length, a) => (a < along ? [0, length] : [starts[i], starts[i] + xs[i].shape[along]]));
  return record(
    'concat',
    out,
    shape,
    xs.map((x, i) => [x, (g) => slice(g, part(i))]),
  );
}
