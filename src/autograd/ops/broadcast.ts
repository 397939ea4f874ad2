import { checkInteger } from '../../tensor/check.ts';
import { giveBack } from '../../tensor/memory.ts';
import { allocate, isDouble, toDouble } from '../../tensor/precision.ts';
import {
  broadcastShapes,
  checkShape,
  type Shape,
  ShapeError,
  sameShape,
  sizeOf,
  stridesOf,
} from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { record } from '../tape.ts';
import { reshape } from './rearrange.ts';
import { readStrided } from './strided.ts';
import { sumAxes } from './sumAxes.ts';

/** What an elementwise op takes on either side. */
export type Operand = Tensor | number;

/**
 * `x` repeated along axes of length 1 (and new leading axes) to `shape`.
 *
 * Shapes: `[...S] -> shape`. Gradient: `sumTo(g, x.shape)`.
 *
 * @example expand(tensor([[1], [2]]), [2, 3]).toArray() // [[1, 1, 1], [2, 2, 2]]
 */
export function expand(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  checkShape('expand', shape);
  const strides = broadcastStrides('expand', x.shape, shape);
  return record('expand', readStrided(x, shape, 0, strides), shape, [[x, (g) => sumTo(g, x.shape)]]);
}

/**
 * The sum over the axes along which `shape` would be broadcast to `x.shape`: the transpose of `expand`.
 *
 * Shapes: `[...S] -> shape`. Gradient: `expand(g, x.shape)`. Sums are taken in double precision.
 *
 * @example sumTo(tensor([[1, 2], [3, 4]]), [1, 2]).toArray() // [[4, 6]]
 */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  broadcastStrides('sumTo', shape, x.shape);
  const sums = sumAxes(x, shape);
  const out = allocate([x], shape);
  out.set(sums);
  giveBack(sums);
  return record('sumTo', out, shape, [[x, (g) => expand(g, x.shape)]]);
}

/**
 * `x` laid side by side, `times[i]` copies along axis i; more counts than axes make new leading axes.
 *
 * Shapes: `[...S] -> [times[0] * S[0], ...]`, with S preceded by 1s to as many axes as there are counts.
 * Gradient: the sum of g over the copies, taken in double precision.
 * Throws: ShapeError for fewer counts than axes; RangeError for a negative or fractional count.
 *
 * @example repeat(tensor([1, 2]), [2]).toArray() // [1, 2, 1, 2]
 * @example repeat(tensor([1, 2]), [2, 1]).toArray() // [[1, 2], [1, 2]]
 */
export function repeat(x: Tensor, times: readonly number[]): Tensor {
  if (times.length < x.shape.length) {
    throw new ShapeError(
      'repeat',
      `${times.length} counts for ${x.shape.length} axes`,
      [x.shape],
      'Give one count an axis, 1 for those that stay.',
    );
  }
  for (const [i, count] of times.entries()) checkInteger('repeat', `times[${i}]`, count, 0);
  const own = [...new Array<number>(times.length - x.shape.length).fill(1), ...x.shape];
  const shape = own.map((length, i) => times[i] * length);
  checkShape('repeat', shape);
  const apart = reshape(
    x,
    own.flatMap((length) => [1, length]),
  );
  const copies = expand(
    apart,
    own.flatMap((length, i) => [times[i], length]),
  );
  return reshape(copies, shape);
}

/** Strides that read `small` as if it had the shape `large`: 0 along repeated axes. */
function broadcastStrides(op: string, small: Shape, large: Shape): number[] {
  const lead = large.length - small.length;
  if (lead < 0 || small.some((from, i) => from !== large[lead + i] && from !== 1)) {
    throw new ShapeError(
      op,
      'the smaller shape does not broadcast to the larger',
      [small, large],
      'Align them at the right; each length of the smaller must be equal or 1.',
    );
  }
  const own = stridesOf(small);
  return large.map((_, axis) => (axis < lead || small[axis - lead] === 1 ? 0 : own[axis - lead]));
}

/**
 * Two operands ready for one loop over `rows` by `columns`, in which each advances by its own steps (0 where repeated).
 *
 * Equal shapes, scalars, bias rows and columns are read in place; any other broadcast is materialized by `expand`.
 */
export interface Operands {
  readonly a: Tensor;
  readonly b: Tensor;
  /** The data of a and of b. */
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly shape: Shape;
  readonly rows: number;
  readonly columns: number;
  readonly aRow: number;
  readonly aColumn: number;
  readonly bRow: number;
  readonly bColumn: number;
}

/** Broadcasts the operands of a binary op. A number takes the precision of the other side. */
export function broadcast(op: string, left: Operand, right: Operand): Operands {
  const a = typeof left === 'number' ? scalar(left, right) : left;
  const b = typeof right === 'number' ? scalar(right, left) : right;
  const shape = sameShape(a.shape, b.shape) ? a.shape : broadcastShapes(op, a.shape, b.shape);
  const size = sizeOf(shape);
  const columns = columnsOf(a, shape, size) ?? columnsOf(b, shape, size) ?? size;
  return plan(a, b, shape, size, columns);
}

function plan(a: Tensor, b: Tensor, shape: Shape, size: number, columns: number): Operands {
  const aSteps = steps(a, shape, size, columns);
  if (aSteps === undefined) return plan(expand(a, shape), b, shape, size, columns);
  const bSteps = steps(b, shape, size, columns);
  if (bSteps === undefined) return plan(a, expand(b, shape), shape, size, columns);
  const [aRow, aColumn] = aSteps;
  const [bRow, bColumn] = bSteps;
  return {
    a,
    b,
    x: a.data,
    y: b.data,
    shape,
    rows: columns === 0 ? 0 : size / columns,
    columns,
    aRow,
    aColumn,
    bRow,
    bColumn,
  };
}

/** The length of one row where `x` repeats row by row or column by column; undefined where it is full or one number. */
function columnsOf(x: Tensor, shape: Shape, size: number): number | undefined {
  if (x.size === size || x.size <= 1) return undefined;
  if (isSuffix(x.shape, shape)) return x.size;
  if (isPrefix(x.shape, shape)) return size / x.size;
  return undefined;
}

/** How far `x` advances from row to row and column to column; undefined where it must be expanded. */
function steps(
  x: Tensor,
  shape: Shape,
  size: number,
  columns: number,
): readonly [row: number, column: number] | undefined {
  if (x.size === size) return [columns, 1];
  if (x.size === 1) return [0, 0];
  if (x.size === columns && isSuffix(x.shape, shape)) return [0, 1];
  if (x.size * columns === size && isPrefix(x.shape, shape)) return [1, 0];
  return undefined;
}

/** Whether `small`, without leading 1s, ends `large`. */
function isSuffix(small: Shape, large: Shape): boolean {
  let first = 0;
  while (small[first] === 1) first++;
  return small.slice(first).every((length, i, rest) => length === large[large.length - rest.length + i]);
}

/** Whether `small`, of the same rank and without trailing 1s, begins `large`. */
function isPrefix(small: Shape, large: Shape): boolean {
  let last = small.length;
  while (small[last - 1] === 1) last--;
  return small.length === large.length && small.slice(0, last).every((length, i) => length === large[i]);
}

/** A number as a tensor, in the precision of what it meets. */
export function scalar(value: number, other: Operand): Tensor {
  const x = new Tensor(new Float32Array([value]), []);
  if (typeof other === 'number' || !isDouble(other.data)) return x;
  const double = toDouble(x);
  double.data[0] = value;
  return double;
}
