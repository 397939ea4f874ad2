import { allocate } from '../../tensor/precision.ts';
import { ShapeError } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { Distance } from '../measure.ts';
import { fused, pullThrough, recordAs } from '../tape.ts';
import { divOrZero, mul } from './arithmetic.ts';
import { expand } from './broadcast.ts';
import { COSINE_BOUND, cosine, cosineDistance, euclidean, squaredEuclidean } from './distances.ts';
import { reshape, transpose } from './rearrange.ts';

/** The distances that can be taken between all rows of two tensors. */
export type Metric = 'euclidean' | 'squaredEuclidean' | 'cosine';

/**
 * The distance of every row of a to every row of b. Always from differences: `|a|^2 + |b|^2 - 2 a.b` cancels (it gives
 * identical unit vectors distances up to 1e-3).
 *
 * Shapes: `[N, D], [M, D] -> [N, M]`. Gradient: as of the metric's own op; 0 between identical rows.
 * Cost: `3 N M D` operations, `N M` memory (`N M D` for the gradient of the cosine metric and under createGraph).
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
  const columns = b.shape[0];
  const shape = [rows, columns];
  const out = allocate([a, b], shape);
  switch (metric) {
    case 'cosine':
      for (let n = 0, o = 0; n < rows; n++)
        for (let m = 0; m < columns; m++, o++) out[o] = 1 - cosine(a.data, b.data, n, m, width);
      break;
    case 'euclidean':
      for (let n = 0, o = 0; n < rows; n++)
        for (let m = 0; m < columns; m++, o++) out[o] = Math.sqrt(squares(a.data, b.data, n, m, width));
      break;
    case 'squaredEuclidean':
      for (let n = 0, o = 0; n < rows; n++)
        for (let m = 0; m < columns; m++, o++) out[o] = squares(a.data, b.data, n, m, width);
      break;
    default:
      throw new RangeError(
        `pairwiseDistances: unknown metric '${String(metric)}'. Use 'euclidean', 'squaredEuclidean' or 'cosine'.`,
      );
  }
  const composed = (g: Tensor, index: number) =>
    pullThrough((x, y) => composedDistances(x, y, metric), [a, b], index, g);
  const slopes = (g: Tensor) => (metric === 'squaredEuclidean' ? mul(g, 2) : divOrZero(g, y));
  const fast = (g: Tensor, index: number) => {
    if (metric === 'cosine') return composed(g, index);
    return index === 0 ? weightedDifferences(slopes(g), a, b) : weightedDifferences(transpose(slopes(g)), b, a);
  };
  const y: Distance = recordAs(
    new Distance(out, shape, metric === 'cosine' ? COSINE_BOUND : Infinity),
    'pairwiseDistances',
    [
      [
        a,
        fused(
          (g) => fast(g, 0),
          (g) => composed(g, 0),
        ),
      ],
      [
        b,
        fused(
          (g) => fast(g, 1),
          (g) => composed(g, 1),
        ),
      ],
    ],
  );
  return y;
}

function squares(a: Float32Array, b: Float32Array, n: number, m: number, width: number): number {
  let sum = 0;
  for (let i = n * width, j = m * width, end = i + width; i < end; i++, j++) sum += (a[i] - b[j]) * (a[i] - b[j]);
  return sum;
}

/** `out[n] = sum_m slopes[n, m] (x[n] - y[m])`. */
function weightedDifferences(slopes: Tensor, x: Tensor, y: Tensor): Tensor {
  const [rows, columns] = slopes.shape;
  const width = x.shape[1];
  const out = allocate([slopes, x, y], x.shape);
  const sums = new Float64Array(width);
  for (let n = 0; n < rows; n++) {
    sums.fill(0);
    for (let m = 0; m < columns; m++) {
      const slope = slopes.data[n * columns + m];
      for (let d = 0; d < width; d++) sums[d] += slope * (x.data[n * width + d] - y.data[m * width + d]);
    }
    out.set(sums, n * width);
  }
  return new Tensor(out, x.shape);
}

/** The same from the row-by-row ops, which have second derivatives, on all pairs of rows. */
function composedDistances(a: Tensor, b: Tensor, metric: Metric): Tensor {
  const [rows, width] = a.shape;
  const columns = b.shape[0];
  const left = reshape(expand(reshape(a, [rows, 1, width]), [rows, columns, width]), [rows * columns, width]);
  const right = reshape(expand(reshape(b, [1, columns, width]), [rows, columns, width]), [rows * columns, width]);
  const compare = { euclidean, squaredEuclidean, cosine: cosineDistance }[metric];
  return reshape(compare(left, right), [rows, columns]);
}
