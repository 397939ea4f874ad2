import { type Arbitrary, check, property, sample } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { broadcastShapes, type Shape, sizeOf } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { broadcastablePairs, broadcastableShapes, shapes, tensors } from '../../src/testing/arbitraries.ts';
import { embeddings, type Geometry, labelledBatches, pairs, triplets } from '../../src/testing/embeddings.ts';
import { errorOf } from '../errors.ts';

const drawn = <T>(arbitrary: Arbitrary<T>, count = 300): T[] => sample(arbitrary, { numRuns: count, seed: 5 });
/** The input that a failure shrinks to. */
const shrunk = <T>(arbitrary: Arbitrary<T>, fails: (value: T) => boolean): T | undefined =>
  check(
    property(arbitrary, (value) => !fails(value)),
    { seed: 1, numRuns: 1000 },
  ).counterexample?.[0];
const largest = (x: Tensor): number => x.data.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
const row = (x: Tensor, i: number): number[] => Array.from(x.data.subarray(i * x.shape[1], (i + 1) * x.shape[1]));

describe('shapes', () => {
  test('stay within their bounds and reach them', () => {
    const all = drawn(shapes({ minRank: 1, maxRank: 3, minSide: 0, maxSide: 2 }));
    expect(new Set(all.map((shape) => shape.length))).toEqual(new Set([1, 2, 3]));
    expect(new Set(all.flat())).toEqual(new Set([0, 1, 2]));
    expect(new Set(drawn(shapes()).map((shape) => shape.length))).toEqual(new Set([0, 1, 2, 3]));
    expect(new Set(drawn(shapes()).flat())).toEqual(new Set([1, 2, 3, 4]));
  });

  test('shrink to fewer and shorter axes', () => {
    expect(shrunk(shapes(), (shape) => sizeOf(shape) >= 3)).toEqual([3]);
  });
});

describe('broadcastable shapes', () => {
  const all = drawn(broadcastableShapes());

  test('broadcast to the third', () => {
    for (const { a, b, out } of all) expect(broadcastShapes('test', a, b)).toEqual(out);
  });

  test('either may be the narrower one, by missing axes and by axes of length 1', () => {
    const some = (holds: (a: Shape, b: Shape) => boolean) => all.filter(({ a, b }) => holds(a, b)).length;
    expect(some((a, b) => a.length < b.length)).toBeGreaterThan(30);
    expect(some((a, b) => a.length > b.length)).toBeGreaterThan(30);
    const stretched = (a: Shape, b: Shape) => a.length === b.length && a.some((n, i) => n === 1 && b[i] > 1);
    expect(some(stretched)).toBeGreaterThan(10);
    expect(some((a, b) => stretched(b, a))).toBeGreaterThan(10);
    expect(some((a, b) => String(a) === String(b))).toBeGreaterThan(10);
  });

  test('of tensors in their range', () => {
    for (const { a, b } of drawn(broadcastablePairs({ min: 1, max: 2, maxRank: 2 }))) {
      expect(broadcastShapes('test', a.shape, b.shape).length).toBeLessThanOrEqual(2);
      for (const v of [...a.data, ...b.data]) expect(v >= 1 && v <= 2).toBe(true);
    }
  });
});

describe('tensors', () => {
  test.each([
    [-3, 3],
    [0.1, 0.2],
    [1e6, 1e6 + 1000],
    [-1e-20, 0],
    [-1e30, 1e30],
  ])('of numbers from %f to %f that float32 holds', (min, max) => {
    const values = drawn(tensors({ shape: [20], min, max })).flatMap(({ data }) => [...data]);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(min);
    expect(Math.max(...values)).toBeLessThanOrEqual(max);
    // Spread over the range, with few ties.
    expect(new Set(values).size).toBeGreaterThan(1000);
    expect(Math.max(...values) - Math.min(...values)).toBeGreaterThan(0.9 * (max - min));
  });

  test('special numbers are among them where asked for, about one in eight', () => {
    const special = [Number.NaN, -0, Infinity];
    const values = drawn(tensors({ shape: [20], special })).flatMap(({ data }) => [...data]);
    const share = values.filter((v) => special.some((s) => Object.is(s, v))).length / values.length;
    expect(share).toBeGreaterThan(0.08);
    expect(share).toBeLessThan(0.2);
    for (const s of special) expect(values.some((v) => Object.is(v, s))).toBe(true);
    expect(drawn(tensors({ shape: [20] })).every(({ data }) => data.every(Number.isFinite))).toBe(true);
  });

  test('of shapes drawn, empty ones too', () => {
    const all = drawn(tensors({ shape: shapes({ minSide: 0, minRank: 1 }) }));
    expect(all.some((x) => x.size === 0)).toBe(true);
    expect(all.some((x) => x.shape.length === 3)).toBe(true);
  });

  test('shrink to short numbers near 0', () => {
    const smallest = shrunk(tensors(), ({ data }) => data.some((v) => v >= 1.5));
    expect([...(smallest?.data ?? [])].filter((v) => v !== 0)).toEqual([1.5]);
    expect(smallest?.shape.length).toBeLessThanOrEqual(1);
  });

  test.each([
    [1, 0],
    [0, Infinity],
    [Number.NaN, 1],
  ])('refuse numbers from %f to %f', (min, max) => {
    expect(errorOf(RangeError, () => tensors({ min, max })).message).toBe(
      `tensors: min must not be above max, and both finite; got ${min} and ${max}.`,
    );
  });
});

test('a least number beyond the default of the most moves that one', () => {
  expect(new Set(drawn(shapes({ minRank: 4, minSide: 6 })).map(String))).toEqual(new Set(['6,6,6,6']));
});

const COUNTS = 'the first not above the second; got';
test.each([
  [
    () => shapes({ minRank: 2, maxRank: 1 }),
    `shapes: minRank and maxRank must be integers of at least 0, ${COUNTS} 2 and 1.`,
  ],
  [() => shapes({ minSide: 1.5 }), `shapes: minSide and maxSide must be integers of at least 0, ${COUNTS} 1.5 and 4.`],
  [() => embeddings({ rows: [3, 2] }), `embeddings: rows must be integers of at least 1, ${COUNTS} 3 and 2.`],
  [() => pairs({ dimensions: [0, 2] }), `embeddings: dimensions must be integers of at least 1, ${COUNTS} 0 and 2.`],
  [
    () => labelledBatches({ classes: 0 }),
    `labelledBatches: 1 and classes must be integers of at least 1, ${COUNTS} 1 and 0.`,
  ],
  [
    // @ts-expect-error: as plain JavaScript may pass it.
    () => triplets({ geometry: 'round' }),
    "embeddings: unknown geometry 'round'. Use free, unit, repeated, identical, zero, collinear, clustered, tiny, far.",
  ],
  [
    () => embeddings({ geometry: [] }),
    "embeddings: unknown geometry ''. Use free, unit, repeated, identical, zero, collinear, clustered, tiny, far.",
  ],
])('options out of range are refused when an arbitrary is made: %#', (make, message) => {
  expect(errorOf(RangeError, make).message).toBe(message);
});

describe('embeddings', () => {
  const of = (geometry: Geometry) => drawn(embeddings({ rows: [2, 5], dimensions: [2, 4], geometry }));
  const distinct = (x: Tensor) => new Set(Array.from({ length: x.shape[0] }, (_, i) => String(row(x, i)))).size;

  test('have rows and dimensions within their bounds', () => {
    const all = drawn(embeddings({ rows: [2, 3], dimensions: [1, 2] }));
    expect(new Set(all.map(({ shape }) => String(shape)))).toEqual(new Set(['2,1', '2,2', '3,1', '3,2']));
  });

  test('unit: rows of length 1, also where the free row is 0', () => {
    for (const x of of('unit')) {
      for (let i = 0; i < x.shape[0]; i++) expect(Math.hypot(...row(x, i))).toBeCloseTo(1, 6);
    }
  });

  test('repeated: some rows are equal; identical: all are; zero: all are 0', () => {
    const repeated = of('repeated').map((x) => distinct(x) / x.shape[0]);
    expect(repeated.filter((share) => share < 1).length).toBeGreaterThan(100);
    expect(repeated.filter((share) => share === 1).length).toBeGreaterThan(10);
    expect(new Set(of('identical').map(distinct))).toEqual(new Set([1]));
    expect(of('identical').some((x) => largest(x) > 1)).toBe(true);
    expect(new Set(of('zero').map(largest))).toEqual(new Set([0]));
  });

  test('collinear: every 2 x 2 determinant is 0', () => {
    for (const x of of('collinear')) {
      const [first, second] = [row(x, 0), row(x, 1)];
      expect(first[0] * second[1] - first[1] * second[0]).toBeCloseTo(0, 5);
    }
    expect(of('collinear').some((x) => distinct(x) > 1)).toBe(true);
  });

  test('clustered: within 0.1 of the first or the second row', () => {
    for (const x of of('clustered')) {
      const near = (i: number, j: number) => row(x, i).every((v, d) => Math.abs(v - row(x, j)[d]) < 0.2);
      const free = Array.from({ length: x.shape[0] }, (_, i) => i).filter((i) => !near(i, 0));
      for (const i of free) expect(near(i, free[0])).toBe(true);
    }
  });

  test('tiny and far: lengths of about 1e-30 and 1e4', () => {
    expect(Math.max(...of('tiny').map(largest))).toBeLessThan(3e-30);
    expect(Math.max(...of('tiny').map(largest))).toBeGreaterThan(1e-30);
    expect(Math.max(...of('far').map(largest))).toBeGreaterThan(1e4);
  });

  test('free is what failures shrink to', () => {
    const smallest = shrunk(embeddings(), (x) => largest(x) >= 1);
    expect(smallest?.shape).toEqual([1, 1]);
    expect(Math.abs(smallest?.item() ?? 0)).toBe(1);
    const ofItems = shrunk(pairs({ rows: [1, 8] }), ({ a, b, different }) =>
      different.some((y, i) => y === 1 && row(a, i)[0] > row(b, i)[0] + 1),
    );
    expect(ofItems?.a.shape).toEqual([1, 1]);
    expect(ofItems?.different).toEqual([1]);
  });
});

test('pairs: equal shapes, both labels, and a geometry that spans both sides', () => {
  const all = drawn(pairs());
  for (const { a, b, different } of all) {
    expect(b.shape).toEqual(a.shape);
    expect(different.length).toBe(a.shape[0]);
  }
  expect(new Set(all.flatMap(({ different }) => different))).toEqual(new Set([0, 1]));
  for (const { a, b } of drawn(pairs({ geometry: 'identical' }))) expect(b.data).toEqual(a.data);
});

test('triplets: equal shapes; identical ones are at distance 0', () => {
  for (const { anchor, positive, negative } of drawn(triplets({ geometry: ['identical', 'zero'] }))) {
    expect(positive.data).toEqual(anchor.data);
    expect(negative.data).toEqual(anchor.data);
  }
  expect(drawn(triplets()).some(({ anchor, negative }) => String(anchor) !== String(negative))).toBe(true);
});

test('labelled batches: a label a row, with and without company', () => {
  const all = drawn(labelledBatches({ classes: 2 }));
  for (const { embeddings: x, labels } of all) expect(labels.length).toBe(x.shape[0]);
  expect(new Set(all.flatMap(({ labels }) => labels))).toEqual(new Set([0, 1]));
  expect(all.some(({ labels }) => labels.length > 1 && new Set(labels).size === 1)).toBe(true);
  expect(all.some(({ labels }) => labels.length > 3 && new Set(labels).size === 2)).toBe(true);
});
