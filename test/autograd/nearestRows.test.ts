import { fc, test as property } from '@fast-check/vitest';
import { afterEach, describe, expect, test } from 'vitest';
import {
  backward,
  type Metric,
  type NearestRows,
  nearestRows,
  noGrad,
  pairwiseDistances,
  parameter,
  ShapeError,
  scope,
  sum,
  type Tensor,
  tensor,
  zeros,
} from '../../src/portable.ts';
import { portableKernels, useKernels } from '../../src/tensor/kernels/kernels.ts';
import { createSimdKernels } from '../../src/tensor/kernels/simd/simd.ts';
import { isDouble, toDouble } from '../../src/tensor/precision.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { embeddings } from '../../src/testing/embeddings.ts';
import { errorOf } from '../errors.ts';

const METRICS = ['euclidean', 'squaredEuclidean', 'cosine', 'manhattan', 'chebyshev'] as const satisfies Metric[];

/** All distances of a query, sorted with their indices: the definition. */
function naive(
  queries: Tensor,
  references: Tensor,
  k: number,
  metric: Metric,
  accept: (query: number, reference: number) => boolean = () => true,
): { readonly distances: number[]; readonly indices: number[] } {
  const { data } = noGrad(() => pairwiseDistances(queries, references, { metric }));
  const columns = references.shape[0];
  const rows = Array.from({ length: queries.shape[0] }, (_, n) => {
    const all = Array.from({ length: columns }, (_, m) => ({ d: data[n * columns + m], m }));
    const found = all.filter(({ m }) => accept(n, m)).sort((x, y) => x.d - y.d || x.m - y.m);
    return Array.from({ length: k }, (_, i) => found[i] ?? { d: Infinity, m: -1 });
  });
  return { distances: rows.flat().map(({ d }) => d), indices: rows.flat().map(({ m }) => m) };
}

const plain = ({ distances, indices }: NearestRows) => ({
  distances: Array.from(distances.data),
  indices: Array.from(indices.data),
});

afterEach(() => {
  useKernels(portableKernels);
});

describe.each([
  ['portable', portableKernels],
  ['simd', createSimdKernels()],
])('%s kernels', (_, kernels) => {
  property.prop([
    fc.integer({ min: 1, max: 4 }).chain((width) => {
      const rows = embeddings({ rows: [1, 12], dimensions: [width, width] });
      return fc.tuple(rows, rows);
    }),
    fc.integer({ min: 1, max: 14 }),
    fc.constantFrom(...METRICS),
    fc.constantFrom(1, 2, 3),
  ])('are those of a sort of all distances', ([queries, references], k, metric, of) => {
    useKernels(kernels);
    expect(plain(nearestRows(queries, references, { k, metric }))).toEqual(naive(queries, references, k, metric));
    const accept = (i: number, j: number) => (i + j) % of === 0;
    expect(plain(nearestRows(queries, references, { k, metric, accept }))).toEqual(
      naive(queries, references, k, metric, accept),
    );
  });

  test.each(METRICS)('also in several blocks of both, %s', (metric) => {
    useKernels(kernels);
    const random = createRandom(3);
    // On a grid of three values, so that many distances are equal, within a block and across blocks.
    const drawn = (rows: number) =>
      tensor(
        Float32Array.from({ length: rows * 3 }, () => random.integer(3)),
        [rows, 3],
      );
    const [queries, references] = [drawn(300), drawn(2100)];
    for (const k of [1, 5]) {
      expect(plain(nearestRows(queries, references, { k, metric }))).toEqual(naive(queries, references, k, metric));
    }
    const accept = (i: number, j: number) => j > 1100 && i % 3 !== j % 3;
    expect(plain(nearestRows(queries, references, { k: 3, metric, accept }))).toEqual(
      naive(queries, references, 3, metric, accept),
    );
  });
});

describe('cosines of rows that are almost parallel', () => {
  test.each([
    ['portable', portableKernels],
    ['simd', createSimdKernels()],
  ])('are told apart where products of float32 cannot, %s kernels', (_, kernels) => {
    useKernels(kernels);
    const random = createRandom(11);
    const [width, count] = [48, 1200];
    const center = random.fillNormal(new Float32Array(width), 0, 1);
    const near = (rows: number) =>
      tensor(
        Float32Array.from({ length: rows * width }, (__, i) => center[i % width] + 5e-5 * random.normal()),
        [rows, width],
      );
    const [queries, references] = [near(20), near(count)];
    for (const k of [1, 6]) {
      const found = plain(nearestRows(queries, references, { k, metric: 'cosine' }));
      expect(found).toEqual(naive(queries, references, k, 'cosine'));
      // Nearer than the roundings of a product of float32.
      expect(Math.max(...found.distances)).toBeLessThan(2 ** -24 * width);
    }
  });
});

describe('shapes and ends', () => {
  test('what there is too little of is -1 at Infinity', () => {
    const { distances, indices } = nearestRows(tensor([[0], [5]]), tensor([[1], [4]]), {
      k: 3,
      accept: (i, j) => i >= j,
    });
    expect(distances.shape).toEqual([2, 3]);
    expect(indices.shape).toEqual([2, 3]);
    expect(plain({ distances, indices })).toEqual({
      distances: [1, Infinity, Infinity, 1, 4, Infinity],
      indices: [0, -1, -1, 1, 0, -1],
    });
  });

  test('no queries, no references, rows without coordinates', () => {
    expect(nearestRows(zeros([0, 2]), zeros([3, 2]), { k: 2 }).distances.shape).toEqual([0, 2]);
    expect(plain(nearestRows(zeros([1, 2]), zeros([0, 2]), { k: 2 }))).toEqual({
      distances: [Infinity, Infinity],
      indices: [-1, -1],
    });
    expect(plain(nearestRows(zeros([1, 0]), zeros([3, 0]), { k: 2 }))).toEqual({ distances: [0, 0], indices: [0, 1] });
  });

  test('an infinite distance is found, after all that are finite', () => {
    const references = tensor([[3e38], [-3e38], [1], [3e38]]);
    expect(plain(nearestRows(tensor([[0]]), references, { k: 3, metric: 'squaredEuclidean' }))).toEqual({
      distances: [1, Infinity, Infinity],
      indices: [2, 0, 1],
    });
  });

  test('accept is asked only of what is nearer than the k found before', () => {
    const asked: number[] = [];
    const accept = (_: number, reference: number) => asked.push(reference) > 0;
    nearestRows(tensor([[0]]), tensor([[3], [4], [2], [2], [1]]), { k: 1, accept });
    expect(asked).toEqual([0, 2, 4]);
  });

  test('records nothing, in the precision of its inputs, and lasts beyond a scope', () => {
    const e = parameter(tensor([[0], [2]]));
    expect(nearestRows(e, e, { k: 2 }).distances.node).toBeUndefined();
    expect(isDouble(nearestRows(toDouble(e), e, { k: 1 }).distances.data)).toBe(true);
    const rows = tensor(
      new Float32Array(40).map((_, i) => i),
      [40, 1],
    );
    const { distances, indices } = scope(() =>
      nearestRows(sum(pairwiseDistances(rows, rows), { axis: 1, keepDims: true }), rows, { k: 2 }),
    );
    const outside = nearestRows(sum(pairwiseDistances(rows, rows), { axis: 1, keepDims: true }), rows, { k: 2 });
    expect(plain({ distances, indices })).toEqual(plain(outside));
    expect(backward(sum(e)).get(e).toArray()).toEqual([[1], [1]]);
  });
});

describe('refuses', () => {
  test.each<readonly [string, () => unknown, new (...args: never[]) => Error, string]>([
    [
      'a vector',
      () => nearestRows(zeros([2]), zeros([1, 2]), { k: 1 }),
      ShapeError,
      'nearestRows: expected queries [N, D] and references [M, D]; got [2] and [1, 2]. Embed both with one encoder.',
    ],
    [
      'rows of different lengths',
      () => nearestRows(zeros([1, 3]), zeros([1, 2]), { k: 1 }),
      ShapeError,
      'nearestRows: expected queries [N, D] and references [M, D]; got [1, 3] and [1, 2]. Embed both with one encoder.',
    ],
    [
      'k of 0',
      () => nearestRows(zeros([1, 2]), zeros([1, 2]), { k: 0 }),
      RangeError,
      'nearestRows: k must be an integer of at least 1; got 0.',
    ],
    [
      'half a row',
      () => nearestRows(zeros([1, 2]), zeros([1, 2]), { k: 1.5 }),
      RangeError,
      'nearestRows: k must be an integer of at least 1; got 1.5.',
    ],
    [
      'a metric that there is not',
      () => nearestRows(zeros([1, 2]), zeros([1, 2]), { k: 1, metric: 'hamming' as never }),
      RangeError,
      "pairwiseDistances: unknown metric 'hamming'. Use 'euclidean', 'squaredEuclidean', 'cosine', 'manhattan' or 'chebyshev'.",
    ],
    [
      'NaN in a query',
      () => nearestRows(tensor([[0], [NaN]]), tensor([[1], [0]]), { k: 1 }),
      RangeError,
      'nearestRows: the distance of query 1 and reference 0 is NaN. Check the inputs, or lower the learning rate.',
    ],
    [
      'NaN in a reference, far back',
      () =>
        nearestRows(
          zeros([300, 1]),
          tensor(
            new Float32Array(1500).map((_, i) => (i === 1400 ? NaN : i)),
            [1500, 1],
          ),
          { k: 1 },
        ),
      RangeError,
      'nearestRows: the distance of query 0 and reference 1400 is NaN. Check the inputs, or lower the learning rate.',
    ],
    [
      'NaN that is not accepted',
      () => nearestRows(zeros([1, 1]), tensor([[0], [NaN]]), { k: 1, accept: () => false }),
      RangeError,
      'nearestRows: the distance of query 0 and reference 1 is NaN. Check the inputs, or lower the learning rate.',
    ],
  ])('%s', (_, call, kind, message) => {
    expect(errorOf(kind, call).message).toBe(message);
  });
});
