import { active } from '../../tensor/kernels/kernels.ts';
import * as portable from '../../tensor/kernels/portable/distances.ts';
import { giveBack, takeDoubles } from '../../tensor/memory.ts';
import { allocate } from '../../tensor/precision.ts';
import { checkShape, ShapeError } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { Distance } from '../measure.ts';
import { fused, pullThrough, recordAs } from '../tape.ts';
import { mul, neg, sub } from './arithmetic.ts';
import { expand } from './broadcast.ts';
import { chebyshev, manhattan } from './cityBlock.ts';
import { COSINE_BOUND, cosineOf, euclidean, squaredEuclidean } from './distances.ts';
import { normalize, overLength } from './normalize.ts';
import { matmul } from './products.ts';
import { reshape, transpose } from './rearrange.ts';
import { sum } from './reductions.ts';

/** The distances that can be taken between all rows of two tensors. */
export type Metric = 'euclidean' | 'squaredEuclidean' | 'cosine' | 'manhattan' | 'chebyshev';

/**
 * The distance of every row of a to every row of b, to the bit that of the metric's own op. Euclidean ones are taken from
 * differences: `|a|^2 + |b|^2 - 2 a.b` cancels (it gives identical unit vectors distances up to 1e-3).
 *
 * Shapes: `[N, D], [M, D] -> [N, M]`. Gradient: as of the metric's own op; 0 between identical rows (with the cosine
 * metric but for rounding: it is a difference of matrix products).
 * Cost: `3 N M D` operations (cosine `2 N M D`), `N M` memory (`N M D` under createGraph, but for cosine).
 * Throws: ShapeError unless both are matrices with rows of one length; RangeError for an unknown metric.
 *
 * @example pairwiseDistances(tensor([[0, 0], [3, 4]]), tensor([[0, 0]]), { metric: 'euclidean' }).toArray() // [[0], [5]]
 */
export function pairwiseDistances(
  a: Tensor,
  b: Tensor,
  { metric = 'euclidean' }: { readonly metric?: Metric | undefined } = {},
): Distance {
  if (a.shape.length !== 2 || b.shape.length !== 2 || a.shape[1] !== b.shape[1]) {
    throw new ShapeError(
      'pairwiseDistances',
      'expected [N, D] and [M, D]',
      [a.shape, b.shape],
      'Embed both with one encoder.',
    );
  }
  const [rows, width] = a.shape;
  const shape = [rows, b.shape[0]];
  checkShape('pairwiseDistances', shape);
  const out = allocate([a, b], shape);
  const spec = { rows, columns: b.shape[0], width, root: metric === 'euclidean' };
  switch (metric) {
    case 'cosine':
      cosineDistances(a, b, out);
      break;
    case 'euclidean':
    case 'squaredEuclidean':
      (active(out).pairDistances ?? portable.pairDistances)(a.data, b.data, out, spec);
      break;
    case 'manhattan':
      portable.pairManhattan(a.data, b.data, out, spec);
      break;
    case 'chebyshev':
      portable.pairChebyshev(a.data, b.data, out, spec);
      break;
    default:
      throw new RangeError(
        `pairwiseDistances: unknown metric '${String(metric)}'. Use 'euclidean', 'squaredEuclidean', 'cosine', 'manhattan' or 'chebyshev'.`,
      );
  }
  const y: Distance = new Distance(out, shape, metric === 'cosine' ? COSINE_BOUND : Infinity);
  if (metric === 'cosine') {
    return recordAs(y, 'pairwiseDistances', [
      [a, (g) => cosineGradient(neg(g), a, b, sub(1, y))],
      [b, (g) => cosineGradient(transpose(neg(g)), b, a, transpose(sub(1, y)))],
    ]);
  }
  const pullback = (index: number) =>
    fused(
      (g) => differenceGradient(g, y, a, b, index, metric),
      (g) => pullThrough((left, right) => composedDistances(left, right, metric), [a, b], index, g),
    );
  return recordAs(y, 'pairwiseDistances', [
    [a, pullback(0)],
    [b, pullback(1)],
  ]);
}

/** `1 - cos` for all pairs of rows; every length once. */
function cosineDistances(a: Tensor, b: Tensor, out: Float32Array): void {
  const width = a.shape[1];
  const squared = (x: Tensor) => Float64Array.from({ length: x.shape[0] }, (_, n) => dot(x.data, x.data, n, n, width));
  const [aa, bb] = [squared(a), squared(b)];
  for (let n = 0, o = 0; n < aa.length; n++)
    for (let m = 0; m < bb.length; m++, o++) out[o] = 1 - cosineOf(dot(a.data, b.data, n, m, width), aa[n], bb[m]);
}

/** The product of row n of a and row m of b, in double precision and in the order of memory. */
export function dot(a: Float32Array, b: Float32Array, n: number, m: number, width: number): number {
  let sum = 0;
  for (let i = n * width, j = m * width, end = i + width; i < end; i++, j++) sum += a[i] * b[j];
  return sum;
}

/** Of cosines y of the rows of x to those of `others`: `sum_m g[n, m] (other[m] / |other[m]| - y[n, m] x[n] / |x[n]|) / |x[n]|`. */
function cosineGradient(g: Tensor, x: Tensor, others: Tensor, y: Tensor): Tensor {
  const along = mul(sum(mul(g, y), { axis: 1, keepDims: true }), normalize(x));
  return overLength(sub(matmul(g, normalize(others)), along), x);
}

/** The gradient of `[a, b][index]` in a metric of differences: the sum over all rows of the other. */
function differenceGradient(
  g: Tensor,
  distances: Tensor,
  a: Tensor,
  b: Tensor,
  index: number,
  metric: Exclude<Metric, 'cosine'>,
): Tensor {
  const [x, y] = index === 0 ? [a, b] : [b, a];
  const [rows, width] = x.shape;
  const columns = y.shape[0];
  const [rowStep, columnStep] = index === 0 ? [columns, 1] : [1, rows];
  const out = allocate([g, a, b], x.shape);
  const spec = { rows, columns, width, root: metric === 'euclidean' };
  if (metric === 'manhattan' || metric === 'chebyshev') {
    const pull = metric === 'manhattan' ? portable.pullSigns : portable.pullLargest;
    pull(g.data, rowStep, columnStep, x.data, y.data, out, spec);
    return new Tensor(out, x.shape);
  }
  // g / distance, 0 at distance 0, or 2 g: in double precision, where g over the least distance does not overflow.
  const slopes = takeDoubles(rows * columns);
  for (let n = 0, s = 0; n < rows; n++) {
    for (let at = n * rowStep, m = 0; m < columns; m++, s++, at += columnStep) {
      const distance = distances.data[at];
      slopes[s] = metric === 'squaredEuclidean' ? 2 * g.data[at] : distance === 0 ? 0 : g.data[at] / distance;
    }
  }
  (active(out).pullDifferences ?? portable.pullDifferences)(slopes, x.data, y.data, out, spec);
  giveBack(slopes);
  return new Tensor(out, x.shape);
}

/** The ops of single pairs, which have second derivatives. */
const rowOps = { euclidean, squaredEuclidean, manhattan, chebyshev } as const;

/** The same from them, on all pairs of rows. */
function composedDistances(a: Tensor, b: Tensor, metric: Exclude<Metric, 'cosine'>): Tensor {
  const [rows, width] = a.shape;
  const columns = b.shape[0];
  const left = reshape(expand(reshape(a, [rows, 1, width]), [rows, columns, width]), [rows * columns, width]);
  const right = reshape(expand(reshape(b, [1, columns, width]), [rows, columns, width]), [rows * columns, width]);
  return reshape(rowOps[metric](left, right), [rows, columns]);
}
