import { checkInteger } from '../../tensor/check.ts';
import { IntTensor } from '../../tensor/intTensor.ts';
import { allocate } from '../../tensor/precision.ts';
import { checkShape, ShapeError } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { scope } from '../scope.ts';
import { noGrad } from '../tape.ts';
import { sub } from './arithmetic.ts';
import { cosineOf } from './distances.ts';
import { normalize } from './normalize.ts';
import { dot, type Metric, pairwiseDistances } from './pairwiseDistances.ts';
import { matmul } from './products.ts';
import { transpose } from './rearrange.ts';

/** Options of `nearestRows`. */
export interface NearestRowsOptions {
  /** How many rows to find for each query. */
  readonly k: number;
  /** Default 'euclidean'. */
  readonly metric?: Metric | undefined;
  /**
   * Whether a reference may be found for a query, both by their rows, at that distance: to leave out a row itself, or its
   * class. Asked only of those that are nearer than what was found before. Default: any may.
   */
  readonly accept?: ((query: number, reference: number, distance: number) => boolean) | undefined;
}

/** What `nearestRows` found, nearest first. */
export interface NearestRows {
  /** Infinity where there are fewer than k. */
  readonly distances: Tensor;
  /** Rows of the references; -1 where there are fewer than k. */
  readonly indices: IntTensor;
}

/** Distances worked out at a time, which the cache holds: of so many queries to so many references. */
const QUERIES = 256;
const REFERENCES = 1024;

/**
 * For each query its k nearest references, nearest first; of equal distances the lowest index. The search is exhaustive,
 * and distances are to the bit those of `pairwiseDistances`.
 *
 * Shapes: queries `[N, D]`, references `[M, D]` -> distances and indices `[N, k]`, filled up with Infinity and -1 where
 * fewer than k are accepted. Records nothing: neither has a gradient.
 * Cost: as `pairwiseDistances` in blocks, whose memory does not grow with N and M; `2 N k` numbers found.
 * Throws: ShapeError unless both are matrices with rows of one length; RangeError for a k that is not an integer of at
 * least 1, for an unknown metric, and, with both rows, for a distance that is NaN.
 *
 * @example nearestRows(tensor([[0], [9]]), tensor([[8], [1], [4]]), { k: 2 }).indices.data // [1, 2, 0, 2]
 * @example nearestRows(tensor([[3]]), tensor([[3], [4]]), { k: 1, accept: (i, j) => i !== j }).distances.toArray() // [[1]]
 */
export function nearestRows(queries: Tensor, references: Tensor, options: NearestRowsOptions): NearestRows {
  const { k, metric = 'euclidean' } = options;
  if (queries.shape.length !== 2 || references.shape.length !== 2 || queries.shape[1] !== references.shape[1]) {
    throw new ShapeError(
      'nearestRows',
      'expected queries [N, D] and references [M, D]',
      [queries.shape, references.shape],
      'Embed both with one encoder.',
    );
  }
  const shape = [queries.shape[0], checkInteger('nearestRows', 'k', k, 1)];
  checkShape('nearestRows', shape);
  const distances = allocate([queries, references], shape).fill(Infinity);
  // Not from the memory of a scope: only tensors are copied out of it.
  const found: Found = { distances, indices: new Int32Array(distances.length).fill(-1), k };
  eachBlock(queries, QUERIES, (some, query) => {
    const counts = new Int32Array(some.shape[0]);
    eachBlock(references, REFERENCES, (others, reference) =>
      scope(() => {
        const block = noGrad(() => (metric === 'cosine' ? roughCosines : exactly)(some, others, metric));
        keepNearest(block, query, reference, found, counts, options.accept);
      }),
    );
  });
  return { distances: new Tensor(distances, shape), indices: new IntTensor(found.indices, shape) };
}

/** The k best of every query so far, nearest first. */
interface Found {
  readonly distances: Float32Array;
  readonly indices: Int32Array;
  readonly k: number;
}

/** The distances of all rows of two tensors. */
interface Block {
  /** `[rows, columns]`, each off by at most `slack`. */
  readonly rough: Tensor;
  readonly slack: number;
  /** The distance of row n to row m; where it is undefined, the rough ones are exact. */
  readonly exact: ((n: number, m: number) => number) | undefined;
}

function exactly(a: Tensor, b: Tensor, metric: Metric): Block {
  return { rough: pairwiseDistances(a, b, { metric }), slack: 0, exact: undefined };
}

/**
 * Cosine distances by a product of rows of length 1, twenty times as fast as exact ones, of which few are needed then:
 * those of rows that may be among the nearest. A sum of D products of float32, in whatever order, is off by at most
 * `D 2^-24` times the sum of their sizes, here at most 1; the roundings of the rows and of the difference are 4 more.
 * Source: Higham 2002, Accuracy and Stability of Numerical Algorithms, section 3.1.
 */
function roughCosines(a: Tensor, b: Tensor): Block {
  const width = a.shape[1];
  const squares = (x: Tensor) => Float64Array.from({ length: x.shape[0] }, (_, n) => dot(x.data, x.data, n, n, width));
  const [aa, bb] = [squares(a), squares(b)];
  // In the precision of the result, whose ties are those of pairwiseDistances.
  const rounded = allocate([a, b], [1]);
  return {
    rough: sub(1, matmul(normalize(a), transpose(normalize(b)))),
    // Twice the bound.
    slack: (width + 8) * 2 ** -23,
    exact: (n, m) => {
      rounded[0] = 1 - cosineOf(dot(a.data, b.data, n, m, width), aa[n], bb[m]);
      return rounded[0];
    },
  };
}

/** Enters the distances of a block whose first row is `query` and whose first column is `reference`. */
function keepNearest(
  { rough, slack, exact }: Block,
  query: number,
  reference: number,
  { distances, indices, k }: Found,
  counts: Int32Array,
  accept: NearestRowsOptions['accept'],
): void {
  const [rows, columns] = rough.shape;
  const { data } = rough;
  for (let n = 0, i = 0; n < rows; n++) {
    const row = query + n;
    const first = row * k;
    const last = first + k - 1;
    let count = counts[n];
    /** From here on nothing is found any more; while there is room, an infinite distance is. */
    let limit = count === k ? distances[last] : NaN;
    let reach = limit + slack;
    for (let m = 0; m < columns; m++, i++) {
      // NaN is not from any limit on.
      if (data[i] >= reach) continue;
      const d = exact === undefined ? data[i] : exact(n, m);
      if (d >= limit) continue;
      const column = reference + m;
      if (Number.isNaN(d)) throw isNaNError(row, column);
      if (accept !== undefined && !accept(row, column, d)) continue;
      let at = first + Math.min(count, k - 1);
      for (; at > first && distances[at - 1] > d; at--) {
        distances[at] = distances[at - 1];
        indices[at] = indices[at - 1];
      }
      distances[at] = d;
      indices[at] = column;
      if (count < k) count++;
      if (count < k) continue;
      limit = distances[last];
      reach = limit + slack;
    }
    counts[n] = count;
  }
}

function isNaNError(query: number, reference: number): RangeError {
  return new RangeError(
    `nearestRows: the distance of query ${query} and reference ${reference} is NaN. Check the inputs, or lower the learning rate.`,
  );
}

/** Calls `run` with some rows at a time, a view of them, and the index of the first. */
function eachBlock(x: Tensor, most: number, run: (rows: Tensor, first: number) => void): void {
  const [count, width] = x.shape;
  for (let first = 0; first < count; first += most) {
    const end = Math.min(count, first + most);
    run(new Tensor(x.data.subarray(first * width, end * width), [end - first, width]), first);
  }
}
