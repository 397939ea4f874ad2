import { allocate } from '../../tensor/precision.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { record } from '../tape.ts';
import { broadcast, type Operand, sumTo } from './broadcast.ts';
import { choose } from './selection.ts';

/**
 * `a + b`, elementwise.
 *
 * Shapes: NumPy broadcasting. Gradient: `g` to both, summed over repeated axes.
 * Throws: ShapeError for shapes that do not broadcast.
 *
 * @example add(tensor([1, 2]), 3).toArray() // [4, 5]
 */
export function add(left: Operand, right: Operand): Tensor {
  const { a, b, x, y, shape, rows, columns, aRow, aColumn, bRow, bColumn } = broadcast('add', left, right);
  const out = allocate([a, b], shape);
  for (let row = 0, o = 0; row < rows; row++) {
    for (let i = row * aRow, j = row * bRow, end = o + columns; o < end; o++, i += aColumn, j += bColumn)
      out[o] = x[i] + y[j];
  }
  return record('add', out, shape, [
    [a, (g) => sumTo(g, a.shape)],
    [b, (g) => sumTo(g, b.shape)],
  ]);
}

/**
 * `a - b`, elementwise.
 *
 * Shapes: NumPy broadcasting. Gradient: `g` and `-g`, summed over repeated axes.
 * Throws: ShapeError for shapes that do not broadcast.
 *
 * @example sub(1, tensor([1, 3])).toArray() // [0, -2]
 */
export function sub(left: Operand, right: Operand): Tensor {
  const { a, b, x, y, shape, rows, columns, aRow, aColumn, bRow, bColumn } = broadcast('sub', left, right);
  const out = allocate([a, b], shape);
  for (let row = 0, o = 0; row < rows; row++) {
    for (let i = row * aRow, j = row * bRow, end = o + columns; o < end; o++, i += aColumn, j += bColumn)
      out[o] = x[i] - y[j];
  }
  return record('sub', out, shape, [
    [a, (g) => sumTo(g, a.shape)],
    [b, (g) => neg(sumTo(g, b.shape))],
  ]);
}

/**
 * `a * b`, elementwise.
 *
 * Shapes: NumPy broadcasting. Gradient: `g * b` and `g * a`, summed over repeated axes.
 * Throws: ShapeError for shapes that do not broadcast.
 *
 * @example mul(tensor([[1, 2], [3, 4]]), tensor([10, 100])).toArray() // [[10, 200], [30, 400]]
 */
export function mul(left: Operand, right: Operand): Tensor {
  const { a, b, x, y, shape, rows, columns, aRow, aColumn, bRow, bColumn } = broadcast('mul', left, right);
  const out = allocate([a, b], shape);
  for (let row = 0, o = 0; row < rows; row++) {
    for (let i = row * aRow, j = row * bRow, end = o + columns; o < end; o++, i += aColumn, j += bColumn)
      out[o] = x[i] * y[j];
  }
  return record('mul', out, shape, [
    [a, (g) => sumTo(mul(g, b), a.shape)],
    [b, (g) => sumTo(mul(g, a), b.shape)],
  ]);
}

/**
 * `a / b`, elementwise; IEEE division, so `1 / 0` is Infinity.
 *
 * Shapes: NumPy broadcasting. Gradient: `g / b` and `-g * (a / b) / b`, summed over repeated axes.
 * Throws: ShapeError for shapes that do not broadcast.
 *
 * @example div(tensor([1, 2]), 4).toArray() // [0.25, 0.5]
 */
export function div(left: Operand, right: Operand): Tensor {
  const { a, b, x, y, shape, rows, columns, aRow, aColumn, bRow, bColumn } = broadcast('div', left, right);
  const out = allocate([a, b], shape);
  for (let row = 0, o = 0; row < rows; row++) {
    for (let i = row * aRow, j = row * bRow, end = o + columns; o < end; o++, i += aColumn, j += bColumn)
      out[o] = x[i] / y[j];
  }
  const quotient: Tensor = record('div', out, shape, [
    [a, (g) => sumTo(div(g, b), a.shape)],
    [b, (g) => neg(sumTo(mul(g, div(quotient, b)), b.shape))],
  ]);
  return quotient;
}

/**
 * `a / b` where b is not 0, and 0 where it is: the subgradient of a norm, which is 0 at 0 by choice.
 *
 * Shapes: NumPy broadcasting. Gradient: as for `div`, 0 where b is 0.
 * Throws: ShapeError for shapes that do not broadcast.
 *
 * @example divOrZero(tensor([1, 0, 5]), tensor([2, 0, 0])).toArray() // [0.5, 0, 0]
 */
export function divOrZero(left: Operand, right: Operand): Tensor {
  const { a, b, x, y, shape, rows, columns, aRow, aColumn, bRow, bColumn } = broadcast('divOrZero', left, right);
  const out = allocate([a, b], shape);
  for (let row = 0, o = 0; row < rows; row++) {
    for (let i = row * aRow, j = row * bRow, end = o + columns; o < end; o++, i += aColumn, j += bColumn) {
      out[o] = y[j] === 0 ? 0 : x[i] / y[j];
    }
  }
  const quotient: Tensor = record('divOrZero', out, shape, [
    [a, (g) => sumTo(divOrZero(g, b), a.shape)],
    [b, (g) => neg(sumTo(mul(g, divOrZero(quotient, b)), b.shape))],
  ]);
  return quotient;
}

/**
 * The larger of `a` and `b`, elementwise; NaN where either is.
 *
 * Shapes: NumPy broadcasting. Gradient: `g` to the larger; at a tie to `a`.
 * Throws: ShapeError for shapes that do not broadcast.
 *
 * @example maximum(tensor([1, 5]), 3).toArray() // [3, 5]
 */
export function maximum(left: Operand, right: Operand): Tensor {
  return larger('maximum', left, right);
}

/**
 * The smaller of `a` and `b`, elementwise; NaN where either is.
 *
 * Shapes: NumPy broadcasting. Gradient: `g` to the smaller; at a tie to `a`.
 * Throws: ShapeError for shapes that do not broadcast.
 *
 * @example minimum(tensor([1, 5]), 3).toArray() // [1, 3]
 */
export function minimum(left: Operand, right: Operand): Tensor {
  return neg(larger('minimum', negated(left), negated(right)));
}

function larger(op: string, left: Operand, right: Operand): Tensor {
  const { a, b, x, y, shape, rows, columns, aRow, aColumn, bRow, bColumn } = broadcast(op, left, right);
  const out = allocate([a, b], shape);
  const first = allocate([a, b], shape);
  for (let row = 0, o = 0; row < rows; row++) {
    for (let i = row * aRow, j = row * bRow, end = o + columns; o < end; o++, i += aColumn, j += bColumn) {
      const fromA = x[i] >= y[j] || Number.isNaN(x[i]);
      out[o] = fromA ? x[i] : y[j];
      first[o] = fromA ? 1 : 0;
    }
  }
  const mask = new Tensor(first, shape);
  return record(op, out, shape, [
    [a, (g) => sumTo(choose(mask, g, 0), a.shape)],
    [b, (g) => sumTo(choose(mask, 0, g), b.shape)],
  ]);
}

function negated(operand: Operand): Operand {
  return typeof operand === 'number' ? -operand : neg(operand);
}

/**
 * `-x`.
 *
 * Shapes: `[...S] -> [...S]`. Gradient: `-g`.
 *
 * @example neg(tensor([1, -2])).toArray() // [-1, 2]
 */
export function neg(x: Tensor): Tensor {
  const out = allocate([x], x.shape);
  const { data } = x;
  for (let i = 0; i < out.length; i++) out[i] = -data[i];
  return record('neg', out, x.shape, [[x, (g) => neg(g)]]);
}
