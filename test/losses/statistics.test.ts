import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import {
  asDistance,
  asSimilarity,
  type BatchContrastiveLossOptions,
  type BatchTripletLossOptions,
  batchContrastiveLoss,
  batchTripletLoss,
  contrastiveLoss,
  createRandom,
  euclidean,
  pairStatistics,
  Tensor,
  take,
  tensor,
  tripletStatistics,
  zeros,
} from '../../src/portable.ts';
import { errorOf } from '../errors.ts';

/** Unit vectors at these angles, with these labels: 8 ordered positive pairs, 22 negative ones, 26 triplets, no ties. */
const angles = [0, 17, 41, 58, 90, 139].map((degrees) => (degrees * Math.PI) / 180);
const labels = [0, 0, 1, 1, 0, 2];
const golden = tensor(angles.map((angle) => [Math.cos(angle), Math.sin(angle)]));
const all = angles.map((_, i) => i);
const chord = (i: number, j: number) => 2 * Math.sin(Math.abs(angles[i] - angles[j]) / 2);
const mean = (values: readonly number[]) => values.reduce((total, v) => total + v, 0) / values.length;
const pairs = all.flatMap((i) => all.flatMap((j) => (i === j ? [] : [[i, j] as const])));
const triplets = all.flatMap((a) =>
  all.flatMap((p) =>
    all.flatMap((n) => (a !== p && labels[a] === labels[p] && labels[a] !== labels[n] ? [[a, p, n] as const] : [])),
  ),
);
const rows = (indices: readonly number[]) => take(golden, indices);
const seeds = fc.integer({ min: 0, max: 1_000_000 });
const drawn = (seed: number, shape: readonly number[]) =>
  new Tensor(createRandom(seed).fillNormal(new Float32Array(shape.reduce((x, y) => x * y, 1)), 0, 1), shape);

describe('pairStatistics of distances', () => {
  test('by hand', () => {
    const distance = asDistance(tensor([0.5, 0, 0.25, 1, 3]));
    expect(pairStatistics(distance, { different: [0, 0, 1, 1, 1] }, { margin: 1 })).toEqual({
      positives: 2,
      negatives: 3,
      active: 2,
      activePositives: 1,
      activeNegatives: 1,
      activeFraction: 0.4,
      meanPositiveDistance: 0.25,
      meanNegativeDistance: 4.25 / 3,
    });
  });

  test('the preset and its margin decide what is active', () => {
    const distance = asDistance(tensor([0, 0.25, 0.6, 1.2, 1.9]));
    const active = (options: Parameters<typeof contrastiveLoss>[2]) => {
      const found = pairStatistics(distance, { same: [1, 0, 0, 0, 0] }, options);
      return [found.activePositives, found.activeNegatives];
    };
    expect(active({})).toEqual([0, 2]);
    expect(active({ preset: 'hadsell2006', margin: 1.5 })).toEqual([0, 3]);
    expect(active({ preset: 'sentenceTransformers' })).toEqual([0, 1]);
    // An equal pair costs Keras's epsilon.
    expect(active({ preset: 'keras' })).toEqual([1, 2]);
    // Of squares: 1.2^2 is within 1.5, 1.9^2 within 3.7.
    expect(active({ preset: 'caffeLegacy', margin: 1.5 })).toEqual([0, 3]);
    expect(active({ preset: 'caffeLegacy', margin: 3.7 })).toEqual([0, 4]);
  });

  property.prop([seeds, fc.constantFrom('plain', 'keras', 'caffeLegacy'), fc.constantFrom(0.4, 1, 2)])(
    'counts what the loss counts: its sum over its mean of the active',
    (seed, preset, margin) => {
      const distance = euclidean(drawn(seed, [7, 2]), drawn(seed + 1, [7, 2]));
      const different = { different: Array.from({ length: 7 }, (_, i) => ((seed >> i) & 1) === 1) };
      const loss = (reduction: 'sum' | 'meanNonZero') =>
        contrastiveLoss(distance, different, { preset, margin, reduction }).item();
      const { active, activeFraction } = pairStatistics(distance, different, { preset, margin });
      expect(loss('meanNonZero') * active).toBeCloseTo(loss('sum'), 3);
      expect(activeFraction).toBe(active / 7);
    },
  );
});

describe('pairStatistics of a labelled batch', () => {
  const found = pairStatistics(golden, labels);
  const of = (isSame: boolean) =>
    pairs.filter(([i, j]) => (labels[i] === labels[j]) === isSame).map(([i, j]) => chord(i, j));

  test('the golden batch', () => {
    expect([found.positives, found.negatives]).toEqual([8, 22]);
    expect([found.activePositives, found.activeNegatives]).toEqual([8, of(false).filter((d) => d < 1).length]);
    expect(found.active).toBe(found.activePositives + found.activeNegatives);
    expect(found.activeFraction).toBe(found.active / 30);
    expect(found.meanPositiveDistance).toBeCloseTo(mean(of(true)), 6);
    expect(found.meanNegativeDistance).toBeCloseTo(mean(of(false)), 6);
  });

  test('takes the options of the loss, but for its reduction', () => {
    const options = { positiveMargin: 0.4, negativeMargin: 0.6 };
    const some = pairStatistics(golden, Int32Array.from(labels), { ...options, reduction: 'none' });
    expect(some.activePositives).toBe(of(true).filter((d) => d > 0.4).length);
    expect(some.activeNegatives).toBe(of(false).filter((d) => d < 0.6).length);
    const long = tensor(
      golden.data.map((v) => 3 * v),
      [6, 2],
    );
    expect(pairStatistics(long, labels).meanPositiveDistance).toBeCloseTo(mean(of(true)), 6);
    expect(pairStatistics(long, labels, { normalize: false }).meanPositiveDistance).toBeCloseTo(3 * mean(of(true)), 5);
    expect(pairStatistics(golden, labels, { distance: 'squaredEuclidean' }).meanNegativeDistance).toBeCloseTo(
      mean(of(false).map((d) => d * d)),
      6,
    );
  });

  property.prop([seeds])('counts what the loss counts', (seed) => {
    const x = drawn(seed, [6, 2]);
    const classes = Array.from({ length: 6 }, (_, i) => (seed >> i) & 1);
    const options: BatchContrastiveLossOptions = { normalize: false, positiveMargin: 0.5, negativeMargin: 1.5 };
    const each = batchContrastiveLoss(x, classes, { ...options, reduction: 'none' }).data;
    expect(pairStatistics(x, classes, options).active).toBe(each.filter((v) => v > 0).length);
  });
});

describe('tripletStatistics of rows', () => {
  test('by hand, of squared distances and with a swap', () => {
    const [a, p, n] = [tensor([[0], [0], [0]]), tensor([[1], [1], [2]]), tensor([[3], [1.5], [3]])];
    expect(tripletStatistics(a, p, n)).toEqual({
      triplets: 3,
      active: 0,
      activeFraction: 0,
      meanPositiveDistance: 2,
      meanNegativeDistance: 20.25 / 3,
    });
    // From the positives the negatives are at 2, 0.5 and 1.
    expect(tripletStatistics(a, p, n, { distance: 'euclidean', margin: 0.5, swap: true })).toEqual({
      triplets: 3,
      active: 2,
      activeFraction: 2 / 3,
      meanPositiveDistance: 4 / 3,
      meanNegativeDistance: 3.5 / 3,
    });
    expect(tripletStatistics(a, p, n, { soft: true }).active).toBe(3);
  });

  test('the golden triplets: 12 of 26 are active with margin 0.2', () => {
    const [a, p, n] = [0, 1, 2].map((k) => rows(triplets.map((triplet) => triplet[k])));
    const found = tripletStatistics(a, p, n, { distance: 'euclidean', margin: 0.2 });
    expect([found.triplets, found.active, found.activeFraction]).toEqual([26, 12, 12 / 26]);
    expect(found.meanPositiveDistance).toBeCloseTo(mean(triplets.map(([i, j]) => chord(i, j))), 6);
    expect(found.meanNegativeDistance).toBeCloseTo(mean(triplets.map(([i, , j]) => chord(i, j))), 6);
  });
});

describe('tripletStatistics of a labelled batch', () => {
  const euclid = { distance: 'euclidean', margin: 0.2 } as const;

  test("mining 'all': the golden triplets", () => {
    const found = tripletStatistics(golden, labels, { ...euclid, mining: 'all' });
    expect([found.triplets, found.active, found.activeFraction]).toEqual([26, 12, 12 / 26]);
    expect(found.meanPositiveDistance).toBeCloseTo(mean(triplets.map(([i, j]) => chord(i, j))), 6);
    expect(found.meanNegativeDistance).toBeCloseTo(mean(triplets.map(([i, , j]) => chord(i, j))), 6);
    const swapped = tripletStatistics(golden, labels, { ...euclid, mining: 'all', swap: true });
    expect(swapped.meanNegativeDistance).toBeCloseTo(
      mean(triplets.map(([a, p, n]) => Math.min(chord(a, n), chord(p, n)))),
      6,
    );
  });

  test("mining 'hard', the default: one triplet for each of the five anchors that have one", () => {
    const found = tripletStatistics(golden, labels, euclid);
    expect(found.triplets).toBe(5);
    expect(found).toEqual(tripletStatistics(golden, labels, { ...euclid, mining: 'hard' }));
    const farthest = [0, 1, 2, 3, 4].map((a) =>
      Math.max(...all.filter((p) => p !== a && labels[p] === labels[a]).map((p) => chord(a, p))),
    );
    const nearest = [0, 1, 2, 3, 4].map((a) =>
      Math.min(...all.filter((n) => labels[n] !== labels[a]).map((n) => chord(a, n))),
    );
    expect(found.meanPositiveDistance).toBeCloseTo(mean(farthest), 6);
    expect(found.meanNegativeDistance).toBeCloseTo(mean(nearest), 6);
    expect(found.active).toBe(farthest.filter((d, i) => d - nearest[i] + 0.2 > 0).length);
  });

  const minings = [
    'all',
    'hard',
    'withinMargin',
    'nearestFarther',
    'nearestOrFarthest',
    'beyondHardestPositive',
    'randomWithinMargin',
  ] as const;
  property.prop([
    seeds,
    fc.constantFrom(...minings),
    fc.constantFrom('squaredEuclidean', 'euclidean', 'cosine', 'manhattan'),
    fc.boolean(),
    fc.boolean(),
  ])(
    'counts what the loss counts, whatever is mined: its sum over its mean of the active',
    (seed, mining, distance, swap, soft) => {
      const x = drawn(seed, [8, 3]);
      const classes = Array.from({ length: 8 }, (_, i) => (seed >> i) % 3);
      const options = (): BatchTripletLossOptions => ({
        mining,
        distance,
        swap,
        soft,
        margin: 0.5,
        random: createRandom(seed),
      });
      const loss = (reduction: 'sum' | 'mean' | 'meanNonZero') =>
        batchTripletLoss(x, classes, { ...options(), reduction }).item();
      const { active, triplets: count, activeFraction } = tripletStatistics(x, classes, options());
      expect(loss('meanNonZero') * active).toBeCloseTo(loss('sum'), 3);
      expect(loss('mean') * count).toBeCloseTo(loss('sum'), 3);
      expect(activeFraction).toBe(active / Math.max(1, count));
      if (soft) expect(active).toBe(count);
    },
  );

  test('a triplet at the margin costs nothing, and is not active', () => {
    const options = { distance: 'euclidean', margin: 1 } as const;
    for (const mining of ['all', 'hard'] as const) {
      const { triplets: count, active } = tripletStatistics(tensor([[0], [1], [2]]), [0, 0, 1], { ...options, mining });
      expect([count, active]).toEqual([2, 1]);
    }
  });

  test('the default distance is squared, as that of the loss', () => {
    const x = tensor([[0], [1], [3]]);
    expect(tripletStatistics(x, [0, 0, 1]).meanNegativeDistance).toBe((9 + 4) / 2);
    expect(tripletStatistics(x, [0, 0, 1], { mining: 'all' }).meanNegativeDistance).toBe((9 + 4) / 2);
  });
});

describe('none', () => {
  const none = { activeFraction: 0, active: 0, meanPositiveDistance: Number.NaN, meanNegativeDistance: Number.NaN };
  test('of pairs', () => {
    const noPairs = { ...none, positives: 0, negatives: 0, activePositives: 0, activeNegatives: 0 };
    expect(pairStatistics(asDistance(tensor([])), { different: [] })).toEqual(noPairs);
    expect(pairStatistics(zeros([0, 2]), [])).toEqual(noPairs);
    expect(pairStatistics(tensor([[1, 2]]), [0])).toEqual(noPairs);
    const one = pairStatistics(golden, [1, 1, 1, 1, 1, 1]);
    expect([one.positives, one.negatives, one.meanNegativeDistance]).toEqual([30, 0, Number.NaN]);
    expect(one.meanPositiveDistance).toBeGreaterThan(0.5);
  });

  test('of triplets', () => {
    const noTriplets = { ...none, triplets: 0 };
    const empty = zeros([0, 2]);
    expect(tripletStatistics(empty, empty, empty)).toEqual(noTriplets);
    for (const mining of ['all', 'hard', 'nearestFarther', 'withinMargin'] as const) {
      expect(tripletStatistics(empty, [], { mining })).toEqual(noTriplets);
      expect(tripletStatistics(golden, [1, 1, 1, 1, 1, 1], { mining })).toEqual(noTriplets);
      expect(tripletStatistics(golden, [0, 1, 2, 3, 4, 5], { mining })).toEqual(noTriplets);
    }
  });
});

describe('bad input', () => {
  test('NaN embeddings: means are NaN, and nothing of them is active', () => {
    const x = tensor([[Number.NaN], [1], [1.5], [4]]);
    const ofPairs = pairStatistics(x, [0, 0, 1, 1], { normalize: false });
    expect([ofPairs.meanPositiveDistance, ofPairs.meanNegativeDistance]).toEqual([Number.NaN, Number.NaN]);
    expect(ofPairs.active).toBe(4);
    const ofTriplets = tripletStatistics(x, [0, 0, 1, 1], { mining: 'all', distance: 'euclidean' });
    expect([ofTriplets.triplets, ofTriplets.active]).toEqual([8, 2]);
    expect([ofTriplets.meanPositiveDistance, ofTriplets.meanNegativeDistance]).toEqual([Number.NaN, Number.NaN]);
    expect(errorOf(RangeError, () => tripletStatistics(x, [0, 0, 1, 1])).message).toBe(
      'tripletStatistics: the distance of rows 0 and 0 is NaN. Check the inputs, or lower the learning rate.',
    );
    expect(pairStatistics(asDistance(tensor([Number.NaN, 2])), { same: [1, 0] }).meanPositiveDistance).toBeNaN();
  });

  test('duplicates: no positive is active, every negative is', () => {
    const x = tensor([
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
    const found = pairStatistics(x, [0, 0, 1]);
    expect([found.activePositives, found.activeNegatives, found.meanNegativeDistance]).toEqual([0, 4, 0]);
    expect(tripletStatistics(x, [0, 0, 1], { mining: 'all' }).activeFraction).toBe(1);
  });

  test('labels above 2^24 stay apart', () => {
    const near = [16_777_216, 16_777_217, 16_777_216];
    expect(pairStatistics(tensor([[0], [1], [2]]), near).positives).toBe(2);
    expect(tripletStatistics(tensor([[0], [1], [2]]), near, { mining: 'all' }).triplets).toBe(2);
  });

  test.each([
    [
      () => pairStatistics(asDistance(zeros([2])), [0, 1] as never),
      TypeError,
      'pairStatistics: say what the labels mean, as { different: y } or { same: y }.',
    ],
    [
      () => pairStatistics(asSimilarity(zeros([2])) as never, { same: [0, 1] }),
      TypeError,
      'pairStatistics: the first argument must be a Distance. Use a distance op such as euclidean(a, b), or asDistance(x).',
    ],
    [
      () => pairStatistics(asDistance(zeros([2])), { same: [0, 3] }),
      RangeError,
      'pairStatistics: same[1] is 3; expected 0 or 1 (or false or true).',
    ],
    [
      () => pairStatistics(asDistance(zeros([2]), { bound: 2 }), { same: [0, 1] }, { margin: 3 }),
      RangeError,
      'pairStatistics: a margin of 3 can never be satisfied by a distance of at most 2. Use a margin below 2.',
    ],
    [
      () => pairStatistics(golden, [0, 1]),
      RangeError,
      'pairStatistics: expected embeddings [N, D] and N labels; got [6, 2] and [2]. Pass one label a row.',
    ],
    [
      () => pairStatistics(golden, undefined as never),
      TypeError,
      'pairStatistics: labels must be an Int32Array, Uint8Array or number[]; a float Tensor cannot hold ids above 2^24 exactly. Use Int32Array.from(...).',
    ],
    [
      () => pairStatistics(golden, labels, { negativeMargin: 3 }),
      RangeError,
      'pairStatistics: a negativeMargin of 3 can never be satisfied by a distance of at most 2. Use a negativeMargin below 2.',
    ],
    [
      () => tripletStatistics(golden, tensor(labels) as never),
      TypeError,
      'tripletStatistics: labels must be an Int32Array, Uint8Array or number[]; a float Tensor cannot hold ids above 2^24 exactly. Use Int32Array.from(...).',
    ],
    [
      () => tripletStatistics(golden, golden, zeros([1, 2])),
      RangeError,
      'squaredEuclidean: both must be [N, D]; got [6, 2] and [1, 2]. Row i is compared with row i; pairwiseDistances() compares all with all.',
    ],
    [
      () => tripletStatistics(golden, labels, { distance: 'cosine', margin: 3 }),
      RangeError,
      'tripletStatistics: a margin of 3 can never be satisfied by a distance of at most 2. Use a margin below 2.',
    ],
    [
      () => tripletStatistics(golden, golden, golden, { distance: 'hamming' as never }),
      RangeError,
      "tripletStatistics: unknown distance 'hamming'. Use 'euclidean', 'squaredEuclidean', 'cosine', 'manhattan' or 'chebyshev'.",
    ],
    [
      () => pairStatistics(golden, null as never),
      TypeError,
      'pairStatistics: labels must be an Int32Array, Uint8Array or number[]; a float Tensor cannot hold ids above 2^24 exactly. Use Int32Array.from(...).',
    ],
    [
      () => tripletStatistics(golden, labels, { distance: 'hamming' as never }),
      RangeError,
      "tripletStatistics: unknown distance 'hamming'. Use 'euclidean', 'squaredEuclidean', 'cosine', 'manhattan' or 'chebyshev'.",
    ],
    [
      () => tripletStatistics(golden, labels, { mining: 'soft' as never }),
      RangeError,
      "tripletStatistics: unknown mining 'soft'. Use 'all', 'hard', 'withinMargin', 'nearestFarther', 'nearestOrFarthest', 'beyondHardestPositive' or 'randomWithinMargin'.",
    ],
    [
      () => tripletStatistics(golden, labels, { mining: 'randomWithinMargin' }),
      TypeError,
      "tripletStatistics: 'randomWithinMargin' needs a source of random numbers. Pass { random: createRandom(seed) }.",
    ],
    [
      () => tripletStatistics(golden, labels, { mining: 'withinMargin', soft: true }),
      RangeError,
      "tripletStatistics: mining 'withinMargin' needs a margin, and a soft loss has none unless it is given. Pass { margin }.",
    ],
  ] as const)('refuses, in its name: %#', (call, kind, message) => {
    expect(errorOf<Error>(kind, call).message).toBe(message);
  });
});
