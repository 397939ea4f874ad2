import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import {
  createRandom,
  type IndexPairs,
  type IndexTriplets,
  type Integers,
  intTensor,
  type Metric,
  mineBatchHard,
  mineHardNegatives,
  mineMultiSimilarity,
  minePairMargin,
  mineSemiHard,
  noGrad,
  pairwiseDistances,
  parameter,
  type SemiHardDefinition,
  ShapeError,
  scope,
  Tensor,
  tensor,
  zeros,
} from '../../src/portable.ts';
import { embeddings } from '../../src/testing/embeddings.ts';
import { errorOf } from '../errors.ts';

const METRICS = ['euclidean', 'squaredEuclidean', 'cosine', 'manhattan', 'chebyshev'] as const satisfies Metric[];

type Triplet = readonly [anchor: number, positive: number, negative: number];
type Pair = readonly [a: number, b: number, different: number];

const triplets = ({ anchors, positives, negatives }: IndexTriplets): Triplet[] =>
  Array.from(anchors, (anchor, i) => [anchor, positives[i], negatives[i]]);
const pairs = ({ a, b, different }: IndexPairs): Pair[] => Array.from(a, (row, i) => [row, b[i], different[i]]);

/** A batch in all its geometries, with few classes: ties, duplicates, one class and rows alone in theirs are among them. */
const batches = fc
  .tuple(embeddings({ rows: [1, 9] }), fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 9, maxLength: 9 }))
  .map(([e, labels]) => ({ e, labels: labels.slice(0, e.shape[0]) }));
const metrics = fc.constantFrom(...METRICS);

/** What a naive loop needs of a batch: distances by indices, and who belongs together. */
function measured(e: Tensor, labels: readonly number[], metric: Metric) {
  const { data } = noGrad(() => pairwiseDistances(e, e, { metric }));
  const rows = labels.map((_, i) => i);
  const d = (i: number, j: number) => data[i * labels.length + j];
  return {
    d,
    rows,
    positivesOf: (a: number) => rows.filter((i) => i !== a && labels[i] === labels[a]),
    negativesOf: (a: number) => rows.filter((i) => labels[i] !== labels[a]),
    /** The first at a tie. */
    first: (of: readonly number[], better: (i: number, j: number) => boolean) =>
      of.length === 0 ? undefined : of.reduce((best, i) => (better(i, best) ? i : best)),
  };
}

describe('batch-hard', () => {
  property.prop([batches, metrics])('is a double loop over anchors', ({ e, labels }, distance) => {
    const { d, rows, positivesOf, negativesOf, first } = measured(e, labels, distance);
    const expected = rows.flatMap((a) => {
      const p = first(positivesOf(a), (i, best) => d(a, i) > d(a, best));
      const n = first(negativesOf(a), (i, best) => d(a, i) < d(a, best));
      return p === undefined || n === undefined ? [] : [[a, p, n]];
    });
    expect(triplets(mineBatchHard(e, labels, { distance }))).toEqual(expected);
  });
});

const DEFINITIONS = [
  'withinMargin',
  'nearestFarther',
  'nearestOrFarthest',
  'beyondHardestPositive',
  'randomWithinMargin',
] as const satisfies SemiHardDefinition[];

/** Each definition in words of its own; of random ones the negatives to draw from. */
function semiHard(
  { d, rows, positivesOf, negativesOf, first }: ReturnType<typeof measured>,
  definition: SemiHardDefinition,
  margin: number,
): { readonly anchor: number; readonly positive: number; readonly negatives: number[] }[] {
  return rows.flatMap((anchor) => {
    const hardest = first(positivesOf(anchor), (i, best) => d(anchor, i) > d(anchor, best));
    return positivesOf(anchor).flatMap((positive) => {
      const farther = negativesOf(anchor).filter((n) => d(anchor, n) > d(anchor, positive));
      const within = farther.filter((n) => d(anchor, n) - d(anchor, positive) <= margin);
      const nearest = first(farther, (i, best) => d(anchor, i) < d(anchor, best));
      const farthest = first(negativesOf(anchor), (i, best) => d(anchor, i) > d(anchor, best));
      const one = (n: number | undefined) => (n === undefined ? [] : [n]);
      const negatives = {
        withinMargin: within,
        nearestFarther: one(nearest),
        nearestOrFarthest: one(nearest ?? farthest),
        beyondHardestPositive: positive === hardest ? one(nearest) : [],
        randomWithinMargin: within,
      }[definition];
      return negatives.length === 0 ? [] : [{ anchor, positive, negatives }];
    });
  });
}

describe('semi-hard', () => {
  const cases = fc.tuple(batches, metrics, fc.constantFrom(0.1, 0.5, 1, 2));

  property.prop([cases, fc.constantFrom(...DEFINITIONS.slice(0, 4))])(
    'is a loop over anchors, positives and negatives',
    ([{ e, labels }, distance, margin], definition) => {
      const expected = semiHard(measured(e, labels, distance), definition, margin).flatMap(
        ({ anchor, positive, negatives }) => negatives.map((n) => [anchor, positive, n]),
      );
      expect(triplets(mineSemiHard(e, labels, { definition, margin, distance }))).toEqual(expected);
    },
  );

  property.prop([cases, fc.nat()])(
    'a random negative within the margin, of every pair that has one',
    ([batch, distance, margin], seed) => {
      const { e, labels } = batch;
      const random = createRandom(seed);
      const found = mineSemiHard(e, labels, { definition: 'randomWithinMargin', margin, distance, random });
      const allowed = semiHard(measured(e, labels, distance), 'randomWithinMargin', margin);
      expect(triplets(found).map(([a, p]) => [a, p])).toEqual(
        allowed.map(({ anchor, positive }) => [anchor, positive]),
      );
      for (const [i, [, , n]] of triplets(found).entries()) expect(allowed[i].negatives).toContain(n);
      const again = mineSemiHard(e, labels, {
        definition: 'randomWithinMargin',
        margin,
        distance,
        random: createRandom(seed),
      });
      expect(again).toEqual(found);
    },
  );

  test('random negatives are all drawn, equally often', () => {
    const e = tensor([[0], [1], [1.25], [1.5], [1.75], [2.5]]);
    const random = createRandom(5);
    const counts = [0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 600; i++) {
      const { anchors, negatives } = mineSemiHard(e, [0, 0, 1, 1, 1, 1], { definition: 'randomWithinMargin', random });
      counts[negatives[anchors.indexOf(0)]]++;
    }
    expect([counts[0], counts[1], counts[5]]).toEqual([0, 0, 0]);
    for (const count of counts.slice(2, 5)) expect(count).toBeGreaterThan(160);
  });

  // On a line: 0 and 4 are of class 0. From row 0 its positive is at 4, its negatives at 2, 5, 6 and 9.
  const line = tensor([[0], [4], [2], [5], [6], [9]]);
  const of = [0, 0, 1, 2, 2, 3];
  test.each<readonly [SemiHardDefinition, readonly Triplet[]]>([
    [
      'withinMargin',
      [
        [0, 1, 3],
        [0, 1, 4],
      ],
    ],
    ['nearestFarther', [[0, 1, 3]]],
    ['nearestOrFarthest', [[0, 1, 3]]],
    ['beyondHardestPositive', [[0, 1, 3]]],
  ])('%s by hand: from 0, with its positive at 4 and negatives at 2, 5, 6 and 9', (definition, expected) => {
    const found = triplets(mineSemiHard(line, of, { definition, margin: 2 }));
    expect(found.filter(([a]) => a === 0)).toEqual(expected);
  });

  test.each<readonly [SemiHardDefinition, readonly Triplet[]]>([
    // From row 1 at 4 all but 9 are nearer than its positive, at distance 4; 9 is at 5.
    ['nearestFarther', [[1, 0, 5]]],
    ['nearestOrFarthest', [[1, 0, 5]]],
  ])('%s from 4', (definition, expected) => {
    expect(triplets(mineSemiHard(line, of, { definition })).filter(([a]) => a === 1)).toEqual(expected);
  });

  test('without a farther negative: dropped, or the farthest', () => {
    const e = tensor([[0], [9], [1], [2], [-2]]);
    const labels = [0, 0, 1, 2, 3];
    const from0 = (definition: SemiHardDefinition) =>
      triplets(mineSemiHard(e, labels, { definition })).filter(([a]) => a === 0);
    expect(from0('nearestFarther')).toEqual([]);
    expect(from0('beyondHardestPositive')).toEqual([]);
    // Rows 3 and 4 are both at 2.
    expect(from0('nearestOrFarthest')).toEqual([[0, 1, 3]]);
  });

  test('several positives: the threshold is each of them, or the hardest', () => {
    const e = tensor([[0], [1], [3], [2], [4]]);
    const labels = [0, 0, 0, 1, 1];
    const from0 = (definition: SemiHardDefinition) =>
      triplets(mineSemiHard(e, labels, { definition })).filter(([a]) => a === 0);
    expect(from0('nearestFarther')).toEqual([
      [0, 1, 3],
      [0, 2, 4],
    ]);
    expect(from0('beyondHardestPositive')).toEqual([[0, 2, 4]]);
  });

  test('at the margin is within it, at the distance of the positive is not farther', () => {
    const e = tensor([[0], [1], [-1], [2], [2.5]]);
    const found = mineSemiHard(e, [0, 0, 1, 1, 1], { definition: 'withinMargin', margin: 1 });
    expect(triplets(found).filter(([a]) => a === 0)).toEqual([[0, 1, 3]]);
  });
});

describe('multi-similarity', () => {
  property.prop([batches, fc.constantFrom(0, 0.1, 0.5)])('is a double loop', ({ e, labels }, epsilon) => {
    const { d, rows, positivesOf, negativesOf } = measured(e, labels, 'cosine');
    const expected = rows.flatMap((a) => {
      const [positives, negatives] = [positivesOf(a), negativesOf(a)];
      return rows.flatMap((b): Pair[] => {
        if (positives.includes(b) && negatives.some((n) => d(a, b) > d(a, n) - epsilon)) return [[a, b, 0]];
        if (negatives.includes(b) && positives.some((p) => d(a, b) < d(a, p) + epsilon)) return [[a, b, 1]];
        return [];
      });
    });
    expect(pairs(mineMultiSimilarity(e, labels, { epsilon }))).toEqual(expected);
  });

  test('by hand, in cosines', () => {
    // From row 0: positives at cosines 0.8 and 0.6, negatives at 0.6, 0 and 0.28 (and -1).
    const e = tensor([
      [5, 0],
      [4, 3],
      [3, -4],
      [3, 4],
      [0, 5],
      [7, 24],
      [-5, 0],
    ]);
    const labels = [0, 0, 0, 1, 1, 1, 1];
    const from0 = (epsilon: number) => pairs(mineMultiSimilarity(e, labels, { epsilon })).filter(([a]) => a === 0);
    // Positives below 0.6 + 0.1; negatives above 0.6 - 0.1.
    expect(from0(0.1)).toEqual([
      [0, 2, 0],
      [0, 3, 1],
    ]);
    // Below 0.6 + 0.35; above 0.6 - 0.35.
    expect(from0(0.35)).toEqual([
      [0, 1, 0],
      [0, 2, 0],
      [0, 3, 1],
      [0, 5, 1],
    ]);
    expect(pairs(mineMultiSimilarity(e, labels)).filter(([a]) => a === 0)).toEqual(from0(0.1));
  });
});

describe('pair-margin', () => {
  property.prop([batches, metrics, fc.constantFrom(0, 0.2, 1), fc.constantFrom(0.1, 0.8, 2)])(
    'is a double loop over pairs',
    ({ e, labels }, distance, positiveMargin, negativeMargin) => {
      const { d, rows } = measured(e, labels, distance);
      const expected = rows.flatMap((a) =>
        rows.slice(a + 1).flatMap((b): Pair[] => {
          const different = Number(labels[a] !== labels[b]);
          return (different === 1 ? d(a, b) < negativeMargin : d(a, b) > positiveMargin) ? [[a, b, different]] : [];
        }),
      );
      expect(pairs(minePairMargin(e, labels, { positiveMargin, negativeMargin, distance }))).toEqual(expected);
    },
  );

  test('by default 0.2 and 0.8, of Euclidean distances; a pair at a margin is where it should be', () => {
    const e = tensor([[0], [0.25], [1], [1.125]]);
    expect(pairs(minePairMargin(e, [0, 0, 1, 1]))).toEqual([
      [0, 1, 0],
      [1, 2, 1],
    ]);
    expect(pairs(minePairMargin(e, [0, 0, 1, 1], { positiveMargin: 0.25, negativeMargin: 0.75 }))).toEqual([]);
    expect(pairs(minePairMargin(e, [0, 0, 1, 1], { distance: 'squaredEuclidean' }))).toEqual([
      [1, 2, 1],
      [1, 3, 1],
    ]);
  });
});

describe('hard negatives of a set', () => {
  const searches = fc.record({
    k: fc.integer({ min: 1, max: 4 }),
    skip: fc.integer({ min: 0, max: 3 }),
    margin: fc.constantFrom(undefined, 0, 0.5, 1),
    distance: metrics,
    separate: fc.boolean(),
  });

  property.prop([batches, fc.integer({ min: 0, max: 9 }), searches])(
    'are the nearest rows of other classes, of a sort of all',
    ({ e, labels }, cut, { separate, ...options }) => {
      const { d, rows } = measured(e, labels, options.distance);
      const { k, skip, margin } = options;
      const from = separate ? Math.min(cut, labels.length) : 0;
      const queries = separate ? rows.slice(0, from) : rows;
      const searched = rows.slice(from);
      const expected = queries.flatMap((a) => {
        const positives = searched.filter((i) => i !== a && labels[i] === labels[a]);
        const least = margin === undefined ? -Infinity : Math.min(...positives.map((p) => d(a, p))) + margin;
        return searched
          .filter((n) => labels[n] !== labels[a] && d(a, n) >= least)
          .sort((x, y) => d(a, x) - d(a, y) || x - y)
          .slice(skip, skip + k)
          .map((n) => [a, n - from, d(a, n)]);
      });
      const part = (first: number, last: number) =>
        new Tensor(e.data.slice(first * e.shape[1], last * e.shape[1]), [last - first, e.shape[1]]);
      const found = separate
        ? mineHardNegatives(part(0, from), labels.slice(0, from), {
            ...options,
            references: part(from, rows.length),
            referenceLabels: labels.slice(from),
          })
        : mineHardNegatives(e, labels, options);
      expect(Array.from(found.anchors, (a, i) => [a, found.negatives[i], found.distances[i]])).toEqual(expected);
    },
  );

  const e = tensor([[0], [1], [2], [4], [8]]);
  const labels = [0, 0, 1, 1, 1];
  const negatives = (options: Parameters<typeof mineHardNegatives>[2]) => {
    const found = mineHardNegatives(e, labels, options);
    return Array.from(found.anchors, (a, i) => [a, found.negatives[i]]);
  };

  test('more than there are give all, and take no memory for the others', () => {
    expect(negatives({ k: 2 ** 40 })).toEqual(negatives({ k: 3 }));
    expect(negatives({ k: 2 ** 40, skip: 2 })).toEqual([
      [0, 4],
      [1, 4],
    ]);
    expect(negatives({ skip: 2 ** 40 })).toEqual([]);
  });

  test('by hand: k, skip and margin', () => {
    expect(negatives({})).toEqual([
      [0, 2],
      [1, 2],
      [2, 1],
      [3, 1],
      [4, 1],
    ]);
    expect(negatives({ k: 2, skip: 1 })).toEqual([
      [0, 3],
      [0, 4],
      [1, 3],
      [1, 4],
      [2, 0],
      [3, 0],
      [4, 0],
    ]);
    // Nearest positives at 1, 1, 2, 2 and 4; negatives at least 1 farther.
    expect(negatives({ margin: 1 })).toEqual([
      [0, 2],
      [1, 3],
      [3, 1],
      [4, 1],
    ]);
    expect(negatives({ margin: 1, skip: 1 })).toEqual([
      [0, 3],
      [1, 4],
      [3, 0],
      [4, 0],
    ]);
  });

  test('with a margin, an anchor without a positive gives none; a row is no positive of itself', () => {
    const options = { references: tensor([[0], [5]]), referenceLabels: [7, 8] };
    expect(mineHardNegatives(tensor([[1]]), [0], options).negatives).toEqual(Int32Array.of(0));
    expect(mineHardNegatives(tensor([[1]]), [0], { ...options, margin: 0 }).negatives).toEqual(new Int32Array());
    expect(mineHardNegatives(tensor([[1], [2]]), [0, 1], { margin: 0 }).negatives).toEqual(new Int32Array());
    const far = { references: tensor([[3e38]]), referenceLabels: [7], distance: 'squaredEuclidean' } as const;
    expect(mineHardNegatives(tensor([[1]]), [0], far).distances).toEqual(Float32Array.of(Infinity));
    expect(mineHardNegatives(tensor([[1]]), [0], { ...far, margin: 0 }).negatives).toEqual(new Int32Array());
    const again = { references: e, referenceLabels: labels, margin: 1 };
    expect(mineHardNegatives(e, labels, again)).toEqual(mineHardNegatives(e, labels, { margin: 1 }));
  });
});

/** Every miner by name, in one way of calling it. */
const miners: readonly (readonly [string, (e: Tensor, labels: Integers) => Readonly<Record<string, unknown>>])[] = [
  ['mineBatchHard', (e, labels) => ({ ...mineBatchHard(e, labels) })],
  ...DEFINITIONS.map(
    (definition) =>
      [
        'mineSemiHard',
        (e: Tensor, labels: Integers) => ({ ...mineSemiHard(e, labels, { definition, random: createRandom(1) }) }),
      ] as const,
  ),
  ['mineMultiSimilarity', (e, labels) => ({ ...mineMultiSimilarity(e, labels) })],
  ['minePairMargin', (e, labels) => ({ ...minePairMargin(e, labels) })],
  ['mineHardNegatives', (e, labels) => ({ ...mineHardNegatives(e, labels) })],
];
const found = (lists: Readonly<Record<string, unknown>>) =>
  Object.values(lists).reduce((sum: number, list) => sum + (list as { length: number }).length, 0);

describe('bad input to every miner', () => {
  test.each(miners)('%s of an empty batch finds nothing', (_, mine) => {
    expect(found(mine(zeros([0, 2]), []))).toBe(0);
  });

  test.each(miners.filter(([name]) => name !== 'minePairMargin'))('%s of one class finds nothing', (_, mine) => {
    expect(found(mine(tensor([[0], [1], [3]]), [4, 4, 4]))).toBe(0);
  });

  test.each(miners.filter(([name]) => name !== 'minePairMargin' && name !== 'mineHardNegatives'))(
    '%s of a batch without positives finds nothing',
    (_, mine) => {
      expect(found(mine(tensor([[0], [1], [3]]), [0, 1, 2]))).toBe(0);
    },
  );

  test('what needs one kind of pairs finds them without the other', () => {
    const e = tensor([[0], [0.5], [3]]);
    expect(pairs(minePairMargin(e, [4, 4, 4]))).toEqual([
      [0, 1, 0],
      [0, 2, 0],
      [1, 2, 0],
    ]);
    expect(pairs(minePairMargin(e, [0, 1, 2]))).toEqual([[0, 1, 1]]);
    expect(mineHardNegatives(e, [0, 1, 2]).negatives).toEqual(Int32Array.of(1, 0, 1));
  });

  test.each(miners)('%s keeps labels above 2^24 apart, in every kind of integers', (_, mine) => {
    const e = tensor([
      [0, 1],
      [0.5, 1],
      [0.75, 1],
      [1.5, 1],
    ]);
    const small = mine(e, [0, 0, 1, 1]);
    const large = [16777216, 16777216, 16777217, 16777217];
    expect(found(small)).toBeGreaterThan(0);
    expect(mine(e, large)).toEqual(small);
    expect(mine(e, Int32Array.from(large))).toEqual(small);
    expect(mine(e, intTensor(Int32Array.from(large), [4]))).toEqual(small);
  });

  test('duplicated embeddings: the lowest index, and nothing that is not farther', () => {
    const same = tensor([
      [1, 2],
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
    const labels = [0, 0, 1, 1];
    expect(triplets(mineBatchHard(same, labels))).toEqual([
      [0, 1, 2],
      [1, 0, 2],
      [2, 3, 0],
      [3, 2, 0],
    ]);
    for (const definition of DEFINITIONS) {
      const expected =
        definition === 'nearestOrFarthest'
          ? [
              [0, 1, 2],
              [1, 0, 2],
              [2, 3, 0],
              [3, 2, 0],
            ]
          : [];
      expect(triplets(mineSemiHard(same, labels, { definition, random: createRandom(1) }))).toEqual(expected);
    }
    expect(pairs(mineMultiSimilarity(same, labels)).length).toBe(12);
    expect(pairs(minePairMargin(same, labels))).toEqual([
      [0, 2, 1],
      [0, 3, 1],
      [1, 2, 1],
      [1, 3, 1],
    ]);
    expect(mineHardNegatives(same, labels).negatives).toEqual(Int32Array.of(2, 2, 0, 0));
  });

  test.each(miners)('%s refuses NaN, with the rows', (name, mine) => {
    const rows =
      name === 'mineHardNegatives'
        ? 'nearestRows: the distance of query 0 and reference 1'
        : `${name}: the distance of rows 0 and 1`;
    expect(errorOf(RangeError, () => mine(tensor([[0], [NaN], [1]]), [0, 0, 1])).message).toBe(
      `${rows} is NaN. Check the inputs, or lower the learning rate.`,
    );
  });

  test.each(miners)('%s refuses labels that do not fit', (name, mine) => {
    const fit = `${name}: expected embeddings [N, D] and N labels; got`;
    expect(errorOf(ShapeError, () => mine(zeros([2, 1]), [0])).message).toBe(
      `${fit} [2, 1] and [1]. Pass one label a row.`,
    );
    expect(errorOf(ShapeError, () => mine(zeros([2]), [0, 1])).message).toBe(
      `${fit} [2] and [2]. Pass one label a row.`,
    );
    expect(errorOf(RangeError, () => mine(zeros([2, 1]), [0, 0.5])).message).toBe(
      `${name}: labels[1] is 0.5; expected an integer within 32 bits.`,
    );
    expect(errorOf(TypeError, () => mine(zeros([2, 1]), tensor([0, 1]) as never)).message).toBe(
      `${name}: labels must be an Int32Array, Uint8Array or number[]; a float Tensor cannot hold ids above 2^24 exactly. Use Int32Array.from(...).`,
    );
  });

  test.each(miners)('%s records nothing, and its lists outlive a scope', (_, mine) => {
    const e = parameter(
      tensor(
        Float32Array.from({ length: 40 }, (_, i) => (i * 7) % 11),
        [20, 2],
      ),
    );
    const labels = Array.from({ length: 20 }, (_, i) => i % 3);
    expect(scope(() => mine(e, labels))).toEqual(mine(e, labels));
  });

  const two = zeros([2, 1]);
  test.each<readonly [string, new (...args: never[]) => Error, () => unknown, string]>([
    [
      'a definition that there is not',
      RangeError,
      () => mineSemiHard(two, [0, 1], { definition: 'semi' as never }),
      "mineSemiHard: unknown definition 'semi'. Use 'withinMargin', 'nearestFarther', 'nearestOrFarthest', 'beyondHardestPositive' or 'randomWithinMargin'.",
    ],
    [
      'random without a source',
      TypeError,
      () => mineSemiHard(two, [0, 1], { definition: 'randomWithinMargin' }),
      "mineSemiHard: 'randomWithinMargin' needs a source of random numbers. Pass { random: createRandom(seed) }.",
    ],
    [
      'a margin of 0',
      RangeError,
      () => mineSemiHard(two, [0, 1], { definition: 'withinMargin', margin: 0 }),
      'mineSemiHard: margin must be a finite number above 0; got 0.',
    ],
    [
      'a cosine margin above 2',
      RangeError,
      () => mineSemiHard(two, [0, 1], { definition: 'withinMargin', margin: 2.5, distance: 'cosine' }),
      'mineSemiHard: a margin of 2.5 can never be satisfied by a distance of at most 2. Use a margin below 2.',
    ],
    [
      'an unknown distance of mineBatchHard',
      RangeError,
      () => mineBatchHard(two, [0, 1], { distance: 'hamming' as never }),
      "mineBatchHard: unknown distance 'hamming'. Use 'euclidean', 'squaredEuclidean', 'cosine', 'manhattan' or 'chebyshev'.",
    ],
    [
      'an unknown distance of mineSemiHard',
      RangeError,
      () => mineSemiHard(two, [0, 1], { definition: 'nearestFarther', distance: 'hamming' as never }),
      "mineSemiHard: unknown distance 'hamming'. Use 'euclidean', 'squaredEuclidean', 'cosine', 'manhattan' or 'chebyshev'.",
    ],
    [
      'an unknown distance of minePairMargin',
      RangeError,
      () => minePairMargin(two, [0, 1], { distance: 'hamming' as never }),
      "minePairMargin: unknown distance 'hamming'. Use 'euclidean', 'squaredEuclidean', 'cosine', 'manhattan' or 'chebyshev'.",
    ],
    [
      'an unknown distance of mineHardNegatives',
      RangeError,
      () => mineHardNegatives(two, [0, 1], { distance: 'hamming' as never }),
      "mineHardNegatives: unknown distance 'hamming'. Use 'euclidean', 'squaredEuclidean', 'cosine', 'manhattan' or 'chebyshev'.",
    ],
    [
      'semi-hard mining without options',
      RangeError,
      // @ts-expect-error: plain JavaScript may pass none
      () => mineSemiHard(two, [0, 1]),
      "mineSemiHard: unknown definition 'undefined'. Use 'withinMargin', 'nearestFarther', 'nearestOrFarthest', 'beyondHardestPositive' or 'randomWithinMargin'.",
    ],
    [
      'a negative epsilon',
      RangeError,
      () => mineMultiSimilarity(two, [0, 1], { epsilon: -0.1 }),
      'mineMultiSimilarity: epsilon must be a finite number of at least 0; got -0.1.',
    ],
    [
      'a negative positive margin',
      RangeError,
      () => minePairMargin(two, [0, 1], { positiveMargin: -1 }),
      'minePairMargin: positiveMargin must be a finite number of at least 0; got -1.',
    ],
    [
      'an infinite negative margin',
      RangeError,
      () => minePairMargin(two, [0, 1], { negativeMargin: Infinity }),
      'minePairMargin: negativeMargin must be a finite number above 0; got Infinity.',
    ],
    [
      'a negative margin of 0',
      RangeError,
      () => minePairMargin(two, [0, 1], { negativeMargin: 0 }),
      'minePairMargin: negativeMargin must be a finite number above 0; got 0.',
    ],
    [
      'a cosine margin of pairs above 2',
      RangeError,
      () => minePairMargin(two, [0, 1], { negativeMargin: 2.5, distance: 'cosine' }),
      'minePairMargin: a negativeMargin of 2.5 can never be satisfied by a distance of at most 2. Use a negativeMargin below 2.',
    ],
    [
      'k of 0',
      RangeError,
      () => mineHardNegatives(two, [0, 1], { k: 0 }),
      'mineHardNegatives: k must be an integer of at least 1; got 0.',
    ],
    [
      'skip of -1',
      RangeError,
      () => mineHardNegatives(two, [0, 1], { skip: -1 }),
      'mineHardNegatives: skip must be an integer of at least 0; got -1.',
    ],
    [
      'a margin below 0',
      RangeError,
      () => mineHardNegatives(two, [0, 1], { margin: -1 }),
      'mineHardNegatives: margin must be a finite number of at least 0; got -1.',
    ],
    [
      'a cosine margin of a search above 2',
      RangeError,
      () => mineHardNegatives(two, [0, 1], { margin: 3, distance: 'cosine' }),
      'mineHardNegatives: a margin of 3 can never be satisfied by a distance of at most 2. Use a margin below 2.',
    ],
    [
      'references alone',
      TypeError,
      () => mineHardNegatives(two, [0, 1], { references: two }),
      'mineHardNegatives: references and referenceLabels belong together. Pass both, or neither.',
    ],
    [
      'labels of references alone',
      TypeError,
      () => mineHardNegatives(two, [0, 1], { referenceLabels: [0] }),
      'mineHardNegatives: references and referenceLabels belong together. Pass both, or neither.',
    ],
    [
      'labels that references do not fit',
      ShapeError,
      () => mineHardNegatives(two, [0, 1], { references: two, referenceLabels: [0] }),
      'mineHardNegatives: expected references [N, D] and N referenceLabels; got [2, 1] and [1]. Pass one label a row.',
    ],
    [
      'references of another length',
      ShapeError,
      () => mineHardNegatives(two, [0, 1], { references: zeros([1, 2]), referenceLabels: [0] }),
      'mineHardNegatives: expected embeddings [N, D] and references [M, D]; got [2, 1] and [1, 2]. Embed both with one encoder.',
    ],
  ])('%s is refused', (_, kind, call, message) => {
    expect(errorOf(kind, call).message).toBe(message);
  });
});
