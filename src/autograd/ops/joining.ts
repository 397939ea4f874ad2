import { checkInteger } from '../../tensor/check.ts';
import { allocate } from '../../tensor/precision.ts';
import { checkShape, resolveAxis, ShapeError, sameShape, sizeOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { record } from '../tape.ts';
import { type Range, reshape, slice, unsqueezed } from './rearrange.ts';
import { LONG } from './strided.ts';

/** Along which axis tensors are joined or cut. */
export interface JoinOptions {
  /** Negative ones count from the end. Default 0. */
  readonly axis?: number | undefined;
}

/**
 * Tensors one after the other along an axis.
 *
 * Shapes: equal but for `axis`, whose lengths add up. Gradient: the part of g that came from each.
 *
 * @example concat([tensor([1]), tensor([2, 3])]).toArray() // [1, 2, 3]
 */
export function concat(xs: readonly Tensor[], { axis = 0 }: JoinOptions = {}): Tensor {
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
  checkShape('concat', shape);
  const out = allocate(xs, shape);
  const outer = sizeOf(shape.slice(0, along));
  const inner = sizeOf(shape.slice(along + 1));
  const row = shape[along] * inner;
  let offset = 0;
  const starts = xs.map((x) => {
    const width = x.shape[along] * inner;
    copyRows(x.data, out, { count: outer, width, row, offset });
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

/** Rows of `width` numbers to every `row` numbers of `out`, from `offset`. */
function copyRows(
  data: Float32Array,
  out: Float32Array,
  { count, width, row, offset }: Readonly<Record<'count' | 'width' | 'row' | 'offset', number>>,
): void {
  for (let r = 0, i = 0, o = offset; r < count; r++, o += row) {
    const end = i + width;
    if (width >= LONG) out.set(data.subarray(i, end), o);
    else for (let s = i, to = o; s < end; s++, to++) out[to] = data[s];
    i = end;
  }
}

/**
 * Tensors of one shape side by side along a new axis.
 *
 * Shapes: n of `[...A, ...B]` -> `[...A, n, ...B]`; `axis` is that of the result, by default 0.
 * Gradient: to each its part of g.
 *
 * @example stack([tensor([1, 2]), tensor([3, 4])]).toArray() // [[1, 2], [3, 4]]
 * @example stack([tensor([1, 2]), tensor([3, 4])], { axis: -1 }).toArray() // [[1, 3], [2, 4]]
 */
export function stack(xs: readonly Tensor[], { axis = 0 }: JoinOptions = {}): Tensor {
  if (xs.length === 0) throw new RangeError('stack: the list of tensors is empty. Pass at least one tensor.');
  const [{ shape }] = xs;
  if (!xs.every((x) => sameShape(x.shape, shape))) {
    throw new ShapeError(
      'stack',
      'the shapes differ',
      xs.map((x) => x.shape),
      'Use concat() for tensors that differ along the joined axis.',
    );
  }
  const single = unsqueezed('stack', shape, axis);
  checkShape('stack', single.with(axis, xs.length));
  return concat(
    xs.map((x) => reshape(x, single)),
    { axis },
  );
}

/**
 * An axis cut into parts: of equal length, the last one shorter where they do not fill it, or of the lengths listed.
 *
 * Shapes: x `[...A, L, ...B]` -> parts `[...A, l, ...B]`; default axis 0. An axis of length 0 gives one part.
 * Gradient: g of a part in its place, 0 elsewhere. Cost: the size of x for every part that has a gradient.
 * Throws: ShapeError where the lengths listed do not add up to L.
 *
 * @example split(tensor([1, 2, 3, 4, 5]), 2).map((part) => part.toArray()) // [[1, 2], [3, 4], [5]]
 * @example split(tensor([1, 2, 3, 4, 5]), [1, 4]).map((part) => part.toArray()) // [[1], [2, 3, 4, 5]]
 */
export function split(x: Tensor, sizes: number | readonly number[], { axis = 0 }: JoinOptions = {}): Tensor[] {
  const along = resolveAxis('split', axis, x.shape);
  const length = x.shape[along];
  const lengths = typeof sizes === 'number' ? chunks(length, sizes) : sizes;
  let sum = 0;
  for (const [i, part] of lengths.entries()) sum += checkInteger('split', `sizes[${i}]`, part, 0);
  if (sum !== length) {
    throw new ShapeError(
      'split',
      `sizes add up to ${sum}, axis ${along} has length ${length}`,
      [x.shape],
      'Mend the sizes, or pass one number for parts of equal length.',
    );
  }
  const whole = x.shape.slice(0, along).map((l): Range => [0, l]);
  let stop = 0;
  return lengths.map((part) => {
    stop += part;
    return slice(x, [...whole, [stop - part, stop]]);
  });
}

function chunks(length: number, size: number): number[] {
  checkInteger('split', 'size', size, 1);
  const count = Math.max(1, Math.ceil(length / size));
  return Array.from({ length: count }, (_, i) => Math.min(size, length - i * size));
}
