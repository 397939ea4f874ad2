import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import {
  add,
  type BatchTripletLossOptions,
  backward,
  batchTripletLoss,
  createRandom,
  type IndexTriplets,
  type Metric,
  mineSemiHard,
  mul,
  noGrad,
  pairwiseDistances,
  parameter,
  type SemiHardDefinition,
  scope,
  square,
  sum,
  type Tensor,
  take,
  tensor,
  tripletLoss,
  zeros,
} from '../../src/portable.ts';
import { embeddings } from '../../src/testing/embeddings.ts';

const METRICS = ['euclidean', 'squaredEuclidean', 'cosine', 'manhattan', 'chebyshev'] as const satisfies Metric[];

/** Unit vectors at these angles, with labels, and values computed in double precision from the formulas. */
const angles = [0, 17, 41, 58, 90, 139].map((degrees) => (degrees * Math.PI) / 180);
const labels = [0, 0, 1, 1, 0, 2];
const golden = tensor(angles.map((a) => [Math.cos(a), Math.sin(a)]));

/** Every triplet of a batch, by anchor, positive and negative. */
function allTriplets(classes: readonly number[]): IndexTriplets {
  const rows = classes.map((_, i) => i);
  const found = rows.flatMap((a) =>
    rows
      .filter((p) => p !== a && classes[p] === classes[a])
      .flatMap((p) => rows.filter((n) => classes[n] !== classes[a]).map((n) => [a, p, n])),
  );
  const column = (i: number) => Int32Array.from(found, (triplet) => triplet[i]);
  return { anchors: column(0), positives: column(1), negatives: column(2) };
}

/** `tripletLoss` of rows taken one triplet at a time: the definition. */
const ofRows = (e: Tensor, { anchors, positives, negatives }: IndexTriplets, options: BatchTripletLossOptions) =>
  tripletLoss(take(e, anchors), take(e, positives), take(e, negatives), options);

describe('golden values', () => {
  const all = { mining: 'all', distance: 'euclidean', margin: 0.2 } as const;
  test.each<readonly [string, BatchTripletLossOptions, number]>([
    ['euclidean, mean of the 12 active', { ...all, reduction: 'meanNonZero' }, 0.664376587412],
    ['euclidean, mean of 26', all, 0.306635348036],
    ['euclidean, sum', { ...all, reduction: 'sum' }, 26 * 0.306635348036],
    ['squared, mean of the active', { ...all, distance: 'squaredEuclidean', reduction: 'meanNonZero' }, 1.154306511724],
    ['squared, mean', { mining: 'all', margin: 0.2 }, 0.532756851565],
    ['cosine, mean of the active', { ...all, distance: 'cosine', reduction: 'meanNonZero' }, 0.632121723887],
    ['swap, mean of the active', { ...all, swap: true, reduction: 'meanNonZero' }, 0.661700968853],
    ['soft with margin', { ...all, soft: true }, 0.765108446817],
    ['soft without margin', { mining: 'all', distance: 'euclidean', soft: true }, 0.668045859231],
    ['batch-hard, 5 valid anchors', { ...all, mining: 'hard' }, 0.606071056617],
    ['batch-hard, over all 6', { ...all, mining: 'hard', reduction: 'sum' }, 6 * 0.505059213847],
  ])('%s', (_, options, expected) => {
    expect(batchTripletLoss(golden, labels, options).item() / expected).toBeCloseTo(1, 6);
  });
});

const batches = fc
  .tuple(embeddings({ rows: [1, 8] }), fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 8, maxLength: 8 }))
  .map(([e, classes]) => ({ e: parameter(e), classes: classes.slice(0, e.shape[0]) }));

/** Value and gradient, to rounding of the largest number that takes part. */
function expectAlike(actual: Tensor, expected: Tensor, e: Tensor, unit: number): void {
  expect(Math.abs(actual.item() - expected.item())).toBeLessThanOrEqual(1e-6 * (Math.abs(expected.item()) + unit));
  const [found, wanted] = [backward(actual).get(e).data, backward(expected).get(e).data];
  const largest = wanted.reduce((m, v) => Math.max(m, Math.abs(v)), unit);
  found.forEach((g, i) => {
    expect(Math.abs(g - wanted[i]), `gradient ${i}: ${g} for ${wanted[i]}`).toBeLessThanOrEqual(1e-5 * largest);
  });
}

describe('is tripletLoss of the triplets, in value and gradient', () => {
  const options = fc.record({
    distance: fc.constantFrom(...METRICS),
    margin: fc.constantFrom(0.3, 1, 1.7),
    soft: fc.boolean(),
    swap: fc.boolean(),
    reduction: fc.constantFrom('mean' as const, 'sum' as const),
  });
  const unitOf = (e: Tensor, metric: Metric) =>
    noGrad(() => pairwiseDistances(e, e, { metric })).data.reduce((m, v) => Math.max(m, v), 1);

  property.prop([batches, options])('all of them', ({ e, classes }, given) => {
    const expected = ofRows(e, allTriplets(classes), given);
    expectAlike(batchTripletLoss(e, classes, { ...given, mining: 'all' }), expected, e, 30 * unitOf(e, given.distance));
  });

  const definitions = fc.constantFrom<SemiHardDefinition>(
    'withinMargin',
    'nearestFarther',
    'nearestOrFarthest',
    'beyondHardestPositive',
    'randomWithinMargin',
  );
  property.prop([batches, options, definitions])('the semi-hard ones', ({ e, classes }, given, definition) => {
    const { distance, margin } = given;
    const mined = mineSemiHard(e, classes, { definition, distance, margin, random: createRandom(9) });
    const actual = batchTripletLoss(e, classes, { ...given, mining: definition, random: createRandom(9) });
    expectAlike(actual, ofRows(e, mined, given), e, 30 * unitOf(e, distance));
    const none = { ...given, mining: definition, reduction: 'none', random: createRandom(9) } as const;
    expect(batchTripletLoss(e, classes, none).toArray()).toEqual(
      ofRows(e, mined, { ...given, reduction: 'none' }).toArray(),
    );
  });
});

describe('all triplets', () => {
  test('meanNonZero counts those above the margin, not those at it', () => {
    // From row 0 the negatives are at 2 and 3 with the positive at 1, from row 1 at 1 and 2.
    const e = tensor([[0], [1], [2], [3]]);
    const loss = (reduction: 'mean' | 'meanNonZero' | 'sum') =>
      batchTripletLoss(e, [0, 0, 1, 2], { mining: 'all', distance: 'euclidean', margin: 1, reduction }).item();
    expect([loss('sum'), loss('meanNonZero'), loss('mean')]).toEqual([1, 1, 0.25]);
  });

  test('meanNonZero of a soft form counts those that are not 0 altogether', () => {
    const e = tensor([[0], [1], [0.5], [3000]]);
    const options = { mining: 'all', distance: 'euclidean', soft: true, reduction: 'meanNonZero' } as const;
    const loss = batchTripletLoss(e, [0, 0, 1, 2], options).item();
    expect(loss / Math.log1p(Math.exp(0.5))).toBeCloseTo(1, 6);
  });

  test('tiny losses of a soft form are not lost beside 1', () => {
    const e = tensor([[0], [1], [31]]);
    const loss = batchTripletLoss(e, [0, 0, 1], { mining: 'all', distance: 'euclidean', soft: true, reduction: 'sum' });
    expect(loss.item() / (Math.exp(-30) + Math.exp(-29))).toBeCloseTo(1, 6);
  });

  test('a thousand triplets of a soft form and more: their product leaves double precision', () => {
    const count = 30;
    const e = zeros([count, 2]);
    const classes = Array.from({ length: count }, (_, i) => i % 2);
    const loss = batchTripletLoss(e, classes, { mining: 'all', soft: true, reduction: 'sum' });
    expect(loss.item() / (count * 14 * 15 * Math.LN2)).toBeCloseTo(1, 6);
  });

  test('second derivatives of a soft form are those of its triplets', () => {
    const e = parameter(
      tensor([
        [0.3, -1],
        [1.2, 0.4],
        [-0.7, 0.9],
        [0.1, 1.6],
        [-1.1, -0.2],
      ]),
    );
    const classes = [0, 0, 1, 1, 0];
    const penalty = (loss: Tensor) =>
      backward(add(loss, sum(square(backward(loss, { createGraph: true }).get(e))))).get(e).data;
    for (const options of [{ soft: true }, { soft: true, swap: true }, {}, { swap: true }]) {
      const given = { ...options, distance: 'squaredEuclidean', margin: 0.7 } as const;
      const found = penalty(batchTripletLoss(e, classes, { ...given, mining: 'all' }));
      const wanted = penalty(ofRows(e, allTriplets(classes), given));
      found.forEach((g, i) => {
        expect(g).toBeCloseTo(wanted[i], 4);
      });
    }
  });

  test('inside a scope, where memory holds what was there before', () => {
    const e = parameter(
      tensor(
        Float32Array.from({ length: 80 }, (_, i) => (i * 13) % 17),
        [40, 2],
      ),
    );
    const classes = Array.from({ length: 40 }, (_, i) => i % 4);
    for (const options of [{}, { soft: true }, { swap: true }]) {
      const run = () => {
        sum(mul(pairwiseDistances(e, e), 1e9));
        const loss = batchTripletLoss(e, classes, { ...options, mining: 'all', distance: 'euclidean' });
        return { loss, gradient: backward(loss).get(e) };
      };
      const [inside, outside] = [scope(run), run()];
      expect(inside.loss.item()).toBe(outside.loss.item());
      expect(inside.gradient.data).toEqual(outside.gradient.data);
    }
  });
});

describe('bad input', () => {
  const MININGS = [
    'all',
    'hard',
    'withinMargin',
    'nearestFarther',
    'nearestOrFarthest',
    'beyondHardestPositive',
    'randomWithinMargin',
  ] as const;

  test.each(MININGS)('%s: without positives, of one class, or of no rows, 0 with gradient 0', (mining) => {
    const random = createRandom(1);
    for (const classes of [[0, 1, 2], [5, 5, 5], []]) {
      const e = parameter(
        tensor(
          Float32Array.from(classes, (_, i) => i ** 2),
          [classes.length, 1],
        ),
      );
      for (const reduction of ['mean', 'sum', 'meanNonZero'] as const) {
        const loss = batchTripletLoss(e, classes, { mining, reduction, random });
        expect(loss.item()).toBe(0);
        for (const g of backward(loss).get(e).data) expect(g + 0).toBe(0);
      }
    }
  });

  test.each(MININGS)('%s: labels above 2^24 stay apart', (mining) => {
    const e = tensor([[0], [0.5], [0.75], [1.5]]);
    const loss = (classes: readonly number[]) =>
      batchTripletLoss(e, classes, { mining, random: createRandom(1) }).item();
    expect(loss([0, 0, 1, 1])).toBeGreaterThan(0);
    expect(loss([16777216, 16777216, 16777217, 16777217])).toBe(loss([0, 0, 1, 1]));
  });

  test.each(MININGS)('%s: of equal embeddings the margin, where they count, with gradient 0', (mining) => {
    const e = parameter(
      tensor([
        [1, 2],
        [1, 2],
        [1, 2],
        [1, 2],
      ]),
    );
    for (const distance of METRICS) {
      const loss = batchTripletLoss(e, [0, 0, 1, 1], { mining, distance, margin: 0.25, random: createRandom(1) });
      // What is no farther is not semi-hard.
      expect(loss.item()).toBe(mining === 'all' || mining === 'hard' || mining === 'nearestOrFarthest' ? 0.25 : 0);
      for (const g of backward(loss).get(e).data) expect(Math.abs(g)).toBeLessThan(1e-7);
    }
  });
});
