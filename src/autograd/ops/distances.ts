import * as portable from '../../tensor/kernels/portable/distances.ts';
import { allocate } from '../../tensor/precision.ts';
import { ShapeError, sameShape } from '../../tensor/shape.ts';
import { type Pullback, Tensor } from '../../tensor/tensor.ts';
import { Distance, Similarity } from '../measure.ts';
import { fused, recordAs } from '../tape.ts';
import { mul, neg, sub } from './arithmetic.ts';
import { normalize, overLength } from './normalize.ts';
import { reshape } from './rearrange.ts';

/**
 * `|a - b|^2` row by row.
 *
 * Shapes: `[N, D], [N, D] -> [N]`. Gradient: `2 g (a - b)` and its negative; 0 for identical rows.
 *
 * @example squaredEuclidean(tensor([[0, 0]]), tensor([[3, 4]])).toArray() // [25]
 */
export function squaredEuclidean(a: Tensor, b: Tensor): Distance {
  checkRows('squaredEuclidean', a, b);
  const pull = (g: Tensor) => mul(column(g), mul(sub(a, b), 2));
  return recordAs(rowDistances(a, b, false), 'squaredEuclidean', [
    [a, pull],
    [b, (g) => neg(pull(g))],
  ]);
}

/**
 * `|a - b|` row by row; the gradient between identical rows is 0, never NaN.
 *
 * Shapes: `[N, D], [N, D] -> [N]`. Gradient: `g (a - b) / |a - b|` and its negative; 0 where a = b.
 *
 * @example euclidean(tensor([[0, 0]]), tensor([[3, 4]])).toArray() // [5]
 */
export function euclidean(a: Tensor, b: Tensor): Distance {
  checkRows('euclidean', a, b);
  const pull = (g: Tensor) => mul(column(g), normalize(sub(a, b)));
  return recordAs(rowDistances(a, b, true), 'euclidean', [
    [a, fused(pullDirection(1, a, b), pull)],
    [b, fused(pullDirection(-1, a, b), (g) => neg(pull(g)))],
  ]);
}

/**
 * Cosine of the angle between rows, 1 for equal directions; 0, with gradient 0, where a row is zero.
 *
 * Shapes: `[N, D], [N, D] -> [N]`, values in [-1, 1]. Formula: `a . b / (|a| |b|)`, in double precision.
 * Gradient: of a `g (b / |b| - y a / |a|) / |a|`, and of b alike; 0 at a zero row.
 *
 * @example cosineSimilarity(tensor([[1, 0], [1, 1]]), tensor([[2, 0], [-1, 1]])).toArray() // [1, 0]
 */
export function cosineSimilarity(a: Tensor, b: Tensor): Similarity {
  checkRows('cosineSimilarity', a, b);
  const out = allocate([a, b], [a.shape[0]]);
  for (let n = 0; n < out.length; n++) out[n] = cosine(a.data, b.data, n, a.shape[1]);
  const y: Similarity = recordAs(new Similarity(out, [a.shape[0]]), 'cosineSimilarity', [
    [a, fused(fastCosineGradient(1, a, b), (g) => cosineGradient(g, a, b, y))],
    [b, fused(fastCosineGradient(1, b, a), (g) => cosineGradient(g, b, a, y))],
  ]);
  return y;
}

/**
 * `1 - cos` of the angle between rows: 0 for equal directions, 1 for a right angle or a zero row, 2 for opposite ones.
 *
 * Shapes: `[N, D], [N, D] -> [N]`, values in [0, 2]. The difference is taken in double precision, so identical rows
 * have distance exactly 0.
 * Gradient: of a `-g (b / |b| - (1 - y) a / |a|) / |a|`, and of b alike; 0 at a zero row.
 *
 * @example cosineDistance(tensor([[1, 0], [1, 1]]), tensor([[2, 0], [-1, 1]])).toArray() // [0, 1]
 */
export function cosineDistance(a: Tensor, b: Tensor): Distance {
  checkRows('cosineDistance', a, b);
  const out = allocate([a, b], [a.shape[0]]);
  for (let n = 0; n < out.length; n++) out[n] = 1 - cosine(a.data, b.data, n, a.shape[1]);
  const y: Distance = recordAs(new Distance(out, [a.shape[0]], COSINE_BOUND), 'cosineDistance', [
    [a, fused(fastCosineGradient(-1, a, b), (g) => cosineGradient(neg(g), a, b, sub(1, y)))],
    [b, fused(fastCosineGradient(-1, b, a), (g) => cosineGradient(neg(g), b, a, sub(1, y)))],
  ]);
  return y;
}

/** The largest cosine distance. */
export const COSINE_BOUND = 2;

/** The cosine between row n of a and row n of b. */
function cosine(a: Float32Array, b: Float32Array, n: number, width: number): number {
  const { dot, aa, bb } = dots(a, b, n, width);
  return cosineOf(dot, aa, bb);
}

/** `a . b`, `|a|^2` and `|b|^2` of rows n. */
function dots(
  a: Float32Array,
  b: Float32Array,
  n: number,
  width: number,
): { readonly dot: number; readonly aa: number; readonly bb: number } {
  let dot = 0;
  let aa = 0;
  let bb = 0;
  for (let i = n * width, end = i + width; i < end; i++) {
    dot += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return { dot, aa, bb };
}

/** The cosine from `a . b`, `|a|^2` and `|b|^2`. `sqrt(|a|^2 |b|^2)` is exact for equal rows, so they give exactly 1. */
export function cosineOf(dot: number, aa: number, bb: number): number {
  const lengths = Math.sqrt(aa * bb);
  // Rounding may leave [-1, 1] by 1e-16; max and min keep NaN.
  return lengths === 0 ? 0 : Math.max(-1, Math.min(1, dot / lengths));
}

/** `sign g (a - b) / |a - b|`, 0 for identical rows, in double precision. */
function pullDirection(sign: number, a: Tensor, b: Tensor): Pullback {
  return (g) => {
    const [rows, width] = a.shape;
    const [x, y] = [a.data, b.data];
    const out = allocate([g, a, b], a.shape);
    for (let n = 0, i = 0; n < rows; n++) {
      const end = i + width;
      let squares = 0;
      for (let j = i; j < end; j++) squares += (x[j] - y[j]) * (x[j] - y[j]);
      const slope = squares === 0 ? 0 : (sign * g.data[n]) / Math.sqrt(squares);
      for (; i < end; i++) out[i] = slope * (x[i] - y[i]);
    }
    return new Tensor(out, a.shape);
  };
}

/** The pullback to a of the cosine times `sign`, in double precision. */
function fastCosineGradient(sign: number, a: Tensor, b: Tensor): Pullback {
  return (g) => {
    const [rows, width] = a.shape;
    const [x, y] = [a.data, b.data];
    const out = allocate([g, a, b], a.shape);
    for (let n = 0, i = 0; n < rows; n++) {
      const { dot, aa, bb } = dots(x, y, n, width);
      const [own, other] = [Math.sqrt(aa), Math.sqrt(bb)];
      const zero = own === 0 || other === 0;
      const slope = (sign * g.data[n]) / own;
      const along = cosineOf(dot, aa, bb);
      // Quotients first: between equal rows the difference is exactly 0.
      for (const end = i + width; i < end; i++) out[i] = zero ? 0 : slope * (y[i] / other - along * (x[i] / own));
    }
    return new Tensor(out, a.shape);
  };
}

/** The gradient of the first operand: `g (b / |b| - y a / |a|) / |a|`. */
function cosineGradient(g: Tensor, a: Tensor, b: Tensor, y: Tensor): Tensor {
  const direction = sub(normalize(b), mul(column(y), normalize(a)));
  // The quotient last: g / |a| overflows where |a| is below 1e-38.
  return overLength(mul(column(g), direction), a);
}

/** Differences are taken and squared in double precision, as `pairwiseDistances` takes them. */
function rowDistances(a: Tensor, b: Tensor, root: boolean): Distance {
  const out = allocate([a, b], [a.shape[0]]);
  portable.rowDistances(a.data, b.data, out, root);
  return new Distance(out, [a.shape[0]], Infinity);
}

/** `[N]` as `[N, 1]`. */
export function column(x: Tensor): Tensor {
  return reshape(x, [x.size, 1]);
}

/** Throws a ShapeError unless both are matrices of one shape. */
export function checkRows(op: string, a: Tensor, b: Tensor): void {
  if (a.shape.length !== 2 || !sameShape(a.shape, b.shape)) {
    throw new ShapeError(
      op,
      'both must be [N, D]',
      [a.shape, b.shape],
      'Row i is compared with row i; pairwiseDistances() compares all with all.',
    );
  }
}
