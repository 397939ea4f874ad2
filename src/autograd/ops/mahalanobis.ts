import { giveBack, takeDoubles } from '../../tensor/memory.ts';
import { allocate } from '../../tensor/precision.ts';
import { ShapeError } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { Distance } from '../measure.ts';
import { fused, pullThrough, recordAs } from '../tape.ts';
import { add, div, mul, sub } from './arithmetic.ts';
import { checkRows } from './distances.ts';
import { moderateScale } from './moderateScale.ts';
import { sqrt } from './pointwise.ts';
import { matmul } from './products.ts';
import { sum } from './reductions.ts';

/**
 * Distance row by row in the metric of a positive semidefinite matrix, commonly the inverse of a covariance.
 *
 * Shapes: `[N, D], [N, D], matrix [D, D] -> [N]`. Formula: `sqrt((a - b)^T M (a - b))`, in double precision. M need not be
 * symmetric: only `S = (M + M^T) / 2` counts.
 * Gradient: with `d = a - b`, of a `g S d / y` and of b its negative; of the matrix `sum g d d^T / (2 y)`, which is
 * symmetric; 0 from rows at distance 0.
 * Cost: `N D^2` operations. Source: Mahalanobis 1936.
 * Throws: ShapeError for shapes that do not fit; RangeError where the form is negative by more than a float32's rounding
 * of the matrix explains, with the row.
 *
 * @example mahalanobis(tensor([[3, 4]]), tensor([[0, 0]]), tensor([[4, 0], [0, 1]])).toArray() // [7.2111025]
 */
export function mahalanobis(a: Tensor, b: Tensor, matrix: Tensor): Distance {
  checkRows('mahalanobis', a, b);
  const [rows, width] = a.shape;
  if (matrix.shape.length !== 2 || matrix.shape[0] !== width || matrix.shape[1] !== width) {
    throw new ShapeError(
      'mahalanobis',
      `the matrix must be [${width}, ${width}]`,
      [a.shape, matrix.shape],
      'Use one row and one column for each coordinate.',
    );
  }
  const [x, y, m] = [a.data, b.data, matrix.data];
  const roots = new Float64Array(rows);
  for (let n = 0; n < rows; n++) {
    const form = quadraticForm(x, y, m, n * width, width);
    if (form < 0 && form < -ROUNDING * absoluteForm(x, y, m, n * width, width)) {
      throw new RangeError(
        `mahalanobis: the squared distance of row ${n} is ${Math.fround(form)}, so the matrix is not positive semidefinite. Use A^T A of any matrix A, or the inverse of a covariance.`,
      );
    }
    roots[n] = form < 0 ? 0 : Math.sqrt(form);
  }
  const out = allocate([a, b, matrix], [rows]);
  out.set(roots);

  const inputs = [a, b, matrix];
  const composed = (index: number) => (g: Tensor) => pullThrough(composedMahalanobis, inputs, index, g);
  const pullRows = (sign: number) => (g: Tensor) => {
    const gx = allocate([g, ...inputs], a.shape);
    for (let n = 0, o = 0; n < rows; n++) {
      const slope = (sign * g.data[n]) / roots[n];
      for (let i = 0; i < width; i++, o++)
        gx[o] = roots[n] === 0 ? 0 : slope * symmetricRow(x, y, m, n * width, i, width);
    }
    return new Tensor(gx, a.shape);
  };
  const pullMatrix = (g: Tensor) => {
    const sums = takeDoubles(width * width).fill(0);
    for (let n = 0; n < rows; n++) {
      if (roots[n] === 0) continue;
      const slope = g.data[n] / (2 * roots[n]);
      const start = n * width;
      for (let i = 0, o = 0; i < width; i++) {
        const scaled = slope * (x[start + i] - y[start + i]);
        for (let j = start, end = start + width; j < end; j++, o++) sums[o] += scaled * (x[j] - y[j]);
      }
    }
    const gm = allocate([g, ...inputs], matrix.shape);
    gm.set(sums);
    giveBack(sums);
    return new Tensor(gm, matrix.shape);
  };
  return recordAs(new Distance(out, [rows], Infinity), 'mahalanobis', [
    [a, fused(pullRows(1), composed(0))],
    [b, fused(pullRows(-1), composed(1))],
    [matrix, fused(pullMatrix, composed(2))],
  ]);
}

/** What rounding every entry of a matrix to float32 may change of its form, as a part of the form of absolute values; twice. */
const ROUNDING = 1.1920928955078125e-7;

/** `d^T M d` for the row from `start` on. */
function quadraticForm(x: Float32Array, y: Float32Array, m: Float32Array, start: number, width: number): number {
  let form = 0;
  for (let i = 0, o = 0; i < width; i++) {
    let product = 0;
    for (let j = start, end = start + width; j < end; j++, o++) product += m[o] * (x[j] - y[j]);
    form += product * (x[start + i] - y[start + i]);
  }
  return form;
}

/** `|d|^T |M| |d|`. */
function absoluteForm(x: Float32Array, y: Float32Array, m: Float32Array, start: number, width: number): number {
  let form = 0;
  for (let i = 0, o = 0; i < width; i++)
    for (let j = start, end = start + width; j < end; j++, o++)
      form += Math.abs(m[o] * (x[j] - y[j]) * (x[start + i] - y[start + i]));
  return form;
}

/** Coordinate i of `S d`. */
function symmetricRow(
  x: Float32Array,
  y: Float32Array,
  m: Float32Array,
  start: number,
  i: number,
  width: number,
): number {
  let product = 0;
  for (let j = start, o = i * width, p = i, end = start + width; j < end; j++, o++, p += width)
    product += (m[o] + m[p]) * (x[j] - y[j]);
  return product / 2;
}

/** The same from ops that have second derivatives, of numbers scaled so that float32 holds the form; at distance 0 a constant. */
function composedMahalanobis(a: Tensor, b: Tensor, matrix: Tensor): Tensor {
  const d = sub(a, b);
  const [rowScale, matrixScale] = [moderateScale(d, 1), moderateScale(matrix, [0, 1])];
  const x = rowScale === undefined ? d : div(d, rowScale);
  const m = matrixScale === undefined ? matrix : div(matrix, matrixScale);
  const form = sum(mul(matmul(x, m), x), { axis: 1 });
  const zero = new Tensor(
    form.data.map((v) => (v <= 0 ? 1 : 0)),
    form.shape,
  );
  const root = Math.sqrt(matrixScale?.data[0] ?? 1);
  const back = new Tensor(
    zero.data.map((v, n) => (1 - v) * (rowScale?.data[n] ?? 1) * root),
    form.shape,
  );
  return mul(back, sqrt(add(mul(form, sub(1, zero)), zero)));
}
