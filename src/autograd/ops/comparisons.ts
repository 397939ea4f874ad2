import { allocate } from '../../tensor/precision.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { broadcast, type Operand } from './broadcast.ts';

/*
 * Comparisons give 1 for yes and 0 for no, as a mask for `where`, `mul` or `mean`. Between two values they are flat, so
 * nothing is recorded: a loss that depends on its parameters through comparisons alone has no gradient.
 */

/**
 * 1 where `a` and `b` are equal, else 0; NaN is equal to nothing. A number is rounded to float32 first.
 *
 * Shapes: NumPy broadcasting. Gradient: none; the result is not recorded.
 * Throws: ShapeError for shapes that do not broadcast.
 *
 * @example equal(tensor([1, 2, NaN]), tensor([1, 3, NaN])).toArray() // [1, 0, 0]
 */
export function equal(left: Operand, right: Operand): Tensor {
  const { a, b, x, y, shape, rows, columns, aRow, aColumn, bRow, bColumn } = broadcast('equal', left, right);
  const out = allocate([a, b], shape);
  for (let row = 0, o = 0; row < rows; row++) {
    for (let i = row * aRow, j = row * bRow, end = o + columns; o < end; o++, i += aColumn, j += bColumn)
      out[o] = x[i] === y[j] ? 1 : 0;
  }
  return new Tensor(out, shape);
}

/**
 * 1 where `a` and `b` differ, else 0; NaN differs from everything. A number is rounded to float32 first.
 *
 * Shapes: NumPy broadcasting. Gradient: none; the result is not recorded.
 * Throws: ShapeError for shapes that do not broadcast.
 *
 * @example notEqual(tensor([1, 2, NaN]), tensor([1, 3, NaN])).toArray() // [0, 1, 1]
 */
export function notEqual(left: Operand, right: Operand): Tensor {
  const { a, b, x, y, shape, rows, columns, aRow, aColumn, bRow, bColumn } = broadcast('notEqual', left, right);
  const out = allocate([a, b], shape);
  for (let row = 0, o = 0; row < rows; row++) {
    for (let i = row * aRow, j = row * bRow, end = o + columns; o < end; o++, i += aColumn, j += bColumn)
      out[o] = x[i] === y[j] ? 0 : 1;
  }
  return new Tensor(out, shape);
}

/**
 * 1 where `a < b`, else 0; 0 where either is NaN. A number is rounded to float32 first.
 *
 * Shapes: NumPy broadcasting. Gradient: none; the result is not recorded.
 * Throws: ShapeError for shapes that do not broadcast.
 *
 * @example less(tensor([1, 2, 3]), 2).toArray() // [1, 0, 0]
 */
export function less(left: Operand, right: Operand): Tensor {
  const { a, b, x, y, shape, rows, columns, aRow, aColumn, bRow, bColumn } = broadcast('less', left, right);
  const out = allocate([a, b], shape);
  for (let row = 0, o = 0; row < rows; row++) {
    for (let i = row * aRow, j = row * bRow, end = o + columns; o < end; o++, i += aColumn, j += bColumn)
      out[o] = x[i] < y[j] ? 1 : 0;
  }
  return new Tensor(out, shape);
}

/**
 * 1 where `a <= b`, else 0; 0 where either is NaN. A number is rounded to float32 first.
 *
 * Shapes: NumPy broadcasting. Gradient: none; the result is not recorded.
 * Throws: ShapeError for shapes that do not broadcast.
 *
 * @example lessEqual(tensor([1, 2, 3]), 2).toArray() // [1, 1, 0]
 */
export function lessEqual(left: Operand, right: Operand): Tensor {
  const { a, b, x, y, shape, rows, columns, aRow, aColumn, bRow, bColumn } = broadcast('lessEqual', left, right);
  const out = allocate([a, b], shape);
  for (let row = 0, o = 0; row < rows; row++) {
    for (let i = row * aRow, j = row * bRow, end = o + columns; o < end; o++, i += aColumn, j += bColumn)
      out[o] = x[i] <= y[j] ? 1 : 0;
  }
  return new Tensor(out, shape);
}

/**
 * 1 where `a > b`, else 0; 0 where either is NaN. A number is rounded to float32 first.
 *
 * Shapes: NumPy broadcasting. Gradient: none; the result is not recorded.
 * Throws: ShapeError for shapes that do not broadcast.
 *
 * @example greater(tensor([1, 2, 3]), 2).toArray() // [0, 0, 1]
 */
export function greater(left: Operand, right: Operand): Tensor {
  const { a, b, x, y, shape, rows, columns, aRow, aColumn, bRow, bColumn } = broadcast('greater', left, right);
  const out = allocate([a, b], shape);
  for (let row = 0, o = 0; row < rows; row++) {
    for (let i = row * aRow, j = row * bRow, end = o + columns; o < end; o++, i += aColumn, j += bColumn)
      out[o] = x[i] > y[j] ? 1 : 0;
  }
  return new Tensor(out, shape);
}

/**
 * 1 where `a >= b`, else 0; 0 where either is NaN. A number is rounded to float32 first.
 *
 * Shapes: NumPy broadcasting. Gradient: none; the result is not recorded.
 * Throws: ShapeError for shapes that do not broadcast.
 *
 * @example greaterEqual(tensor([1, 2, 3]), 2).toArray() // [0, 1, 1]
 */
export function greaterEqual(left: Operand, right: Operand): Tensor {
  const { a, b, x, y, shape, rows, columns, aRow, aColumn, bRow, bColumn } = broadcast('greaterEqual', left, right);
  const out = allocate([a, b], shape);
  for (let row = 0, o = 0; row < rows; row++) {
    for (let i = row * aRow, j = row * bRow, end = o + columns; o < end; o++, i += aColumn, j += bColumn)
      out[o] = x[i] >= y[j] ? 1 : 0;
  }
  return new Tensor(out, shape);
}
