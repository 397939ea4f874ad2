import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { slice } from '../../src/autograd/ops/rearrange.ts';
import { augment } from '../../src/data/augment.ts';
import { balancedPairs } from '../../src/data/balancedPairs.ts';
import { isSkippable, type SyncBatches } from '../../src/data/batches.ts';
import { classBatches } from '../../src/data/classBatches.ts';
import { hardPairs } from '../../src/data/hardPairs.ts';
import { imageSet, type LabelledSet } from '../../src/data/imageSet.ts';
import { positivePairs } from '../../src/data/positivePairs.ts';
import { shuffledBatches } from '../../src/data/shuffledBatches.ts';
import { triplets } from '../../src/data/triplets.ts';
import { twoViews } from '../../src/data/twoViews.ts';
import { createRandom, type Random } from '../../src/tensor/random.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { errorOf } from '../errors.ts';
import { count, counting, labelsOf, numbered, pairsOf, plain, plainEpoch, seeds, sizes, spread } from './sampling.ts';

/** The samplers of sets alike, each over `set` with some batches an epoch and the parts of its batches. */
const samplers: readonly (readonly [
  name: string,
  parts: number,
  make: (set: LabelledSet, random: Random, transform?: (x: Tensor, random: Random) => Tensor) => SyncBatches<object>,
])[] = [
  ['balancedPairs', 2, (set, random, transform) => balancedPairs(set, { batchSize: 4, pairs: 18, random, transform })],
  ['triplets', 3, (set, random, transform) => triplets(set, { batchSize: 4, triplets: 18, random, transform })],
  [
    'classBatches',
    1,
    (set, random, transform) => classBatches(set, { classes: 2, samples: 2, batches: 5, random, transform }),
  ],
  ['positivePairs', 2, (set, random, transform) => positivePairs(set, { batchSize: 4, batches: 5, random, transform })],
  ['shuffledBatches', 1, (set, random, transform) => shuffledBatches(set, { batchSize: 4, random, transform })],
  ['twoViews', 2, (set, random, transform = (x) => x) => twoViews(set, { batchSize: 4, transform, random })],
  [
    'hardPairs',
    2,
    (set, random, transform) => {
      const embeddings = new Tensor(
        Float32Array.from(set.labels, (label, i) => label + i / 4),
        [set.length, 1],
      );
      return hardPairs(set, { embeddings, batchSize: 4, pairs: 18, random, transform });
    },
  ],
];

describe.each(samplers)('%s, as every sampler', (name, parts, make) => {
  const set = numbered(labelsOf([6, 4, 6, 4]));

  it('has 5 batches an epoch', () => {
    const batches = make(set, createRandom(1));
    expect(batches.length).toBe(5);
    expect(plainEpoch(batches, 3)).toHaveLength(5);
  });

  it('gives an epoch again, bit for bit, whenever and in any order it is asked for', () => {
    const batches = make(set, createRandom(1));
    const forth = [0, 1, 2].map((i) => plainEpoch(batches, i));
    const other = make(set, createRandom(1));
    const back = [2, 1, 0].map((i) => plainEpoch(other, i)).reverse();
    expect(back).toEqual(forth);
    expect(plainEpoch(batches, 1)).toEqual(forth[1]);
    // Two readers at once do not disturb each other.
    const [first, second] = [batches.epoch(0)[Symbol.iterator](), batches.epoch(0)[Symbol.iterator]()];
    first.next();
    expect(plain(second.next().value)).toEqual(forth[0][0]);
    expect(plain(first.next().value)).toEqual(forth[0][1]);
  });

  it('does not depend on what else was drawn from its random, nor draws from it', () => {
    const random = createRandom(1);
    random.word();
    expect(plainEpoch(make(set, random), 0)).toEqual(plainEpoch(make(set, createRandom(1)), 0));
    expect(random.state[2]).toBe(1);
  });

  it('differs from epoch to epoch and from seed to seed', () => {
    const drawn = [1, 2, 3].flatMap((seed) =>
      [0, 1, 2, 3].map((i) => JSON.stringify(plainEpoch(make(set, createRandom(seed)), i))),
    );
    expect(new Set(drawn).size).toBe(12);
  });

  it('assembles a batch when it is asked for, and no other', () => {
    const counted = counting(set);
    const iterator = make(counted, createRandom(1)).epoch(0)[Symbol.iterator]();
    expect(counted.asked).toEqual([]);
    iterator.next();
    expect(counted.asked).toHaveLength(parts);
    iterator.next();
    expect(counted.asked).toHaveLength(2 * parts);
  });

  it('transforms each tensor with an independent stream, the same whenever it is asked for', () => {
    const words: number[] = [];
    const shapes: (readonly number[])[] = [];
    const transform = (x: Tensor, random: Random) => {
      words.push(random.word());
      shapes.push(x.shape);
      return x;
    };
    const batches = make(set, createRandom(1), transform);
    plainEpoch(batches, 0);
    plainEpoch(batches, 1);
    const once = words.splice(0);
    expect(once).toHaveLength(2 * 5 * parts);
    expect(new Set(once).size).toBe(once.length);
    expect(shapes[0]).toEqual([4, 1, 1, 1]);
    plainEpoch(batches, 1);
    expect(words).toEqual(once.slice(5 * parts));
  });

  it('gives what transform returns', () => {
    const [batch] = make(set, createRandom(1), (x) =>
      imageSet({ shape: x.shape, data: x.data }, new Int32Array(x.shape[0]), { scale: -1 }).batch([0, 1, 2, 3]),
    ).epoch(0);
    const tensors = Object.values(batch).filter((value) => !ArrayBuffer.isView(value));
    expect(tensors).toHaveLength(parts);
    for (const { data } of tensors) expect(Math.max(...data)).toBeLessThanOrEqual(0);
  });

  it('starts at any batch, without assembling those before', () => {
    const counted = counting(set);
    const all = make(counted, createRandom(1), (x, random) => {
      x.data[0] += random.word();
      return x;
    }).epoch(2);
    const whole = Array.from(all, plain);
    if (!isSkippable(all)) throw new Error('samplers can start anywhere');
    for (let first = 0; first <= 5; first++) {
      counted.asked.length = 0;
      expect(Array.from(all.startingAt(first), plain)).toEqual(whole.slice(first));
      expect(counted.asked).toHaveLength((5 - first) * parts);
    }
  });

  it('refuses a transform that returns another number of rows, naming it', () => {
    const batches = make(set, createRandom(1), (x) => slice(x, [[0, 3]]));
    expect(errorOf(RangeError, () => [...batches.epoch(0)]).message).toBe(
      'transform: it returned 3 rows for 4 samples. Return one row a sample, in their order.',
    );
    expect(() => [...batches.epoch(0)]).toThrow(/transform: it returned 3 rows for 4 samples/);
  });

  it('refuses a seed in place of a source of random numbers, and none, before the first epoch', () => {
    for (const random of [7, undefined]) {
      // @ts-expect-error: what plain JavaScript may pass
      const { message } = errorOf(TypeError, () => make(set, random));
      expect(message).toBe(
        `${name}: the options need random, from which samples are drawn. Pass { random: createRandom(seed) }.`,
      );
    }
  });

  it('refuses an epoch that is not a number from 0', () => {
    const batches = make(set, createRandom(1));
    for (const i of [-1, 0.5, NaN])
      expect(errorOf(RangeError, () => [...batches.epoch(i)]).message).toContain(
        'epoch: the number of the epoch must be an integer of at least 0; got',
      );
  });
});

describe('what a seed draws', () => {
  const set = numbered([0, 1, 2, 0, 1, 2, 0, 0, 0, 1]);

  // Published figures hang on these.
  it('is the same pairs in every version', () => {
    const batches = balancedPairs(set, { batchSize: 4, pairs: 10, random: createRandom(7) });
    const sides = (epoch: number) => Array.from(batches.epoch(epoch), ({ a, b }) => [[...a.data], [...b.data]]);
    expect(sides(0)).toEqual([
      [
        [5, 2, 9, 7],
        [2, 4, 1, 9],
      ],
      [
        [0, 6, 4, 5],
        [8, 5, 9, 8],
      ],
      [
        [6, 1],
        [7, 2],
      ],
    ]);
    expect(sides(3)).toEqual([
      [
        [5, 0, 1, 2],
        [2, 9, 4, 6],
      ],
      [
        [6, 5, 7, 3],
        [0, 4, 3, 1],
      ],
      [
        [2, 5],
        [5, 7],
      ],
    ]);
  });

  it('is the same triplets in every version', () => {
    const batches = triplets(set, { batchSize: 4, triplets: 6, random: createRandom(7) });
    expect(
      Array.from(batches.epoch(3), (batch) =>
        [batch.anchor, batch.positive, batch.negative].map(({ data }) => [...data]),
      ),
    ).toEqual([
      [
        [5, 1, 6, 7],
        [2, 4, 0, 3],
        [0, 2, 9, 5],
      ],
      [
        [2, 9],
        [5, 4],
        [6, 3],
      ],
    ]);
  });

  it('is transformed the same in every version', () => {
    const pixels = imageSet(
      { shape: [10, 2, 2], data: Float32Array.from({ length: 40 }, (_, i) => i + 1) },
      set.labels,
    );
    const transform = (x: Tensor, random: Random) => augment(x, { shift: 1, random });
    const [{ a, b }] = balancedPairs(pixels, { batchSize: 2, pairs: 4, random: createRandom(7), transform }).epoch(1);
    expect([...a.data]).toEqual([0, 0, 18, 0, 24, 0, 0, 0]);
    expect([...b.data]).toEqual([0, 0, 37, 38, 0, 3, 0, 0]);
  });
});

describe('balancedPairs', () => {
  it('pairs same and different samples in turn, rightly labelled, never a sample with itself', () => {
    fc.assert(
      fc.property(
        sizes,
        seeds,
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 40 }),
        (list, seed, batchSize, pairs) => {
          const labels = labelsOf(list);
          const batches = balancedPairs(numbered(labels), { batchSize, pairs, random: createRandom(seed) });
          expect(batches.length).toBe(Math.ceil(pairs / batchSize));
          const drawn = pairsOf(batches, seed % 3);
          expect(drawn).toHaveLength(pairs);
          drawn.forEach(([a, b, different], i) => {
            expect(a).not.toBe(b);
            expect(different).toBe(labels[a] === labels[b] ? 0 : 1);
            expect(different).toBe(i % 2);
          });
          const filled = [...batches.epoch(0)].map(({ a, b, different }) => [a.shape[0], b.shape[0], different.length]);
          const last = pairs - batchSize * (batches.length - 1);
          expect(filled).toEqual(filled.map((_, i) => new Array(3).fill(i < filled.length - 1 ? batchSize : last)));
        },
      ),
    );
  });

  it('is half same, half different in every batch of an even size', () => {
    for (const batchSize of [2, 4, 10]) {
      const batches = balancedPairs(numbered(labelsOf([2, 3, 30])), { batchSize, pairs: 60, random: createRandom(5) });
      for (const { different } of batches.epoch(0))
        expect(different.reduce((total, flag) => total + flag, 0)).toBe(batchSize / 2);
    }
  });

  it('draws every class equally often for same pairs, to one pair, however unequal their sizes', () => {
    fc.assert(
      fc.property(sizes, seeds, (list, seed) => {
        const labels = labelsOf(list);
        const drawn = pairsOf(balancedPairs(numbered(labels), { batchSize: 8, pairs: 62, random: createRandom(seed) }));
        const classes = list.flatMap((size, c) => (size > 1 ? [10 * c] : []));
        const same = count(drawn.filter(([, , different]) => different === 0).map(([a]) => labels[a]));
        expect(spread(same, classes)).toBeLessThanOrEqual(1);
        expect([...same.keys()].every((c) => classes.includes(c))).toBe(true);
      }),
    );
  });

  it('draws every class equally often for different pairs, and its samples evenly', () => {
    const list = [1, 2, 5, 300, 3];
    const labels = labelsOf(list);
    const drawn = pairsOf(balancedPairs(numbered(labels), { batchSize: 50, pairs: 4000, random: createRandom(3) }));
    const sides = drawn.filter(([, , different]) => different === 1).flatMap((pair) => pair.slice(0, 2));
    const classes = count(sides.map((i) => labels[i]));
    // 4000 draws of 5 classes; one that is put off may be short by one.
    for (const [c] of list.entries()) expect(Math.abs((classes.get(10 * c) ?? 0) - 800)).toBeLessThanOrEqual(1);
    const samples = count(sides);
    for (const [c] of list.entries())
      expect(
        spread(
          samples,
          [...labels.keys()].filter((i) => labels[i] === 10 * c),
        ),
      ).toBeLessThanOrEqual(1);
    // Which class is on which side tells nothing: each couple of classes comes in both orders.
    expect(
      count(drawn.filter(([, , different]) => different === 1).map(([a, b]) => `${labels[a]} ${labels[b]}`)).size,
    ).toBe(20);
  });

  it('with as many pairs as samples, draws each sample of a balanced set twice', () => {
    const labels = labelsOf([20, 20, 20, 20]);
    const drawn = pairsOf(balancedPairs(numbered(labels), { batchSize: 16, random: createRandom(11) }));
    expect(drawn).toHaveLength(80);
    for (const flag of [0, 1]) {
      const samples = count(drawn.filter(([, , different]) => different === flag).flatMap((pair) => pair.slice(0, 2)));
      expect([samples.size, Math.max(...samples.values())]).toEqual([80, 1]);
    }
  });

  it('takes a class with one sample into different pairs only', () => {
    const labels = labelsOf([1, 1, 4]);
    const drawn = pairsOf(balancedPairs(numbered(labels), { batchSize: 10, pairs: 200, random: createRandom(1) }));
    const alone = [...labels.keys()].filter((i) => labels[i] !== 20);
    for (const i of alone) {
      const flags = drawn.filter(([a, b]) => a === i || b === i).map(([, , different]) => different);
      expect(flags.length).toBeGreaterThan(40);
      expect(new Set(flags)).toEqual(new Set([1]));
    }
  });

  it('refuses sets that hold no pair of one kind', () => {
    const make = (labels: number[]) => () => balancedPairs(numbered(labels), { batchSize: 2, random: createRandom(1) });
    expect(make([3, 3, 3])).toThrow(
      new RangeError(
        'balancedPairs: the set holds 3 samples of one class only. Different samples need at least two classes.',
      ),
    );
    expect(make([1, 2, 3])).toThrow(
      new RangeError('balancedPairs: no class has two samples. Samples that are alike need a class with at least two.'),
    );
    const empty: LabelledSet = { length: 0, labels: new Int32Array(0), batch: () => numbered([0]).batch([0]) };
    expect(() => balancedPairs(empty, { batchSize: 2, random: createRandom(1) })).toThrow(/0 samples of no class/);
  });

  it('refuses sizes that are not counts', () => {
    const set = numbered([0, 0, 1]);
    for (const bad of [0, -1, 1.5, NaN]) {
      expect(() => balancedPairs(set, { batchSize: bad, random: createRandom(1) })).toThrow(
        `balancedPairs: batchSize must be an integer of at least 1; got ${bad}.`,
      );
      expect(() => balancedPairs(set, { batchSize: 1, pairs: bad, random: createRandom(1) })).toThrow(
        `pairs must be an integer of at least 1; got ${bad}.`,
      );
    }
  });
});

describe('triplets', () => {
  const tripletsOf = (batches: ReturnType<typeof triplets>, epoch = 0) =>
    [...batches.epoch(epoch)].flatMap(({ anchor, positive, negative }) =>
      Array.from(anchor.data, (a, i) => [a, positive.data[i], negative.data[i]]),
    );

  it('have a positive of the class, another sample, and a negative of another class', () => {
    fc.assert(
      fc.property(
        sizes,
        seeds,
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 30 }),
        (list, seed, batchSize, total) => {
          const labels = labelsOf(list);
          const batches = triplets(numbered(labels), { batchSize, triplets: total, random: createRandom(seed) });
          expect(batches.length).toBe(Math.ceil(total / batchSize));
          const drawn = tripletsOf(batches);
          expect(drawn).toHaveLength(total);
          for (const [a, p, n] of drawn) {
            expect(p).not.toBe(a);
            expect(labels[p]).toBe(labels[a]);
            expect(labels[n]).not.toBe(labels[a]);
          }
          expect([...batches.epoch(0)].at(-1)?.anchor.shape[0]).toBe(total - batchSize * (batches.length - 1));
        },
      ),
    );
  });

  it('default to a third of the samples', () => {
    expect(tripletsOf(triplets(numbered(labelsOf([5, 6])), { batchSize: 2, random: createRandom(1) }))).toHaveLength(3);
    expect(
      tripletsOf(triplets(numbered([0, 0, 1].slice(0, 3)), { batchSize: 2, random: createRandom(1) })),
    ).toHaveLength(1);
  });

  it('draw every class equally often as anchor and as negative, and all samples', () => {
    const list = [2, 3, 200, 8];
    const labels = labelsOf(list);
    const drawn = tripletsOf(triplets(numbered(labels), { batchSize: 100, triplets: 4000, random: createRandom(4) }));
    for (const side of [0, 2]) {
      const classes = count(drawn.map((triplet) => labels[triplet[side]]));
      for (const [c] of list.entries()) expect(Math.abs((classes.get(10 * c) ?? 0) - 1000)).toBeLessThanOrEqual(1);
    }
    // Within a class the samples take turns, whatever part they play: all are used, and evenly.
    const samples = count(drawn.flat());
    expect(samples.size).toBe(labels.length);
    for (const [c, size] of list.entries()) {
      const own = [...labels.keys()].filter((i) => labels[i] === 10 * c);
      if (size > 2) expect(spread(samples, own)).toBeLessThan(0.2 * (3000 / size));
    }
  });

  it('take a class with one sample as negative only', () => {
    const labels = labelsOf([1, 3, 3]);
    const drawn = tripletsOf(triplets(numbered(labels), { batchSize: 10, triplets: 100, random: createRandom(1) }));
    const alone = labels.indexOf(0);
    expect(drawn.some(([a, p]) => a === alone || p === alone)).toBe(false);
    expect(drawn.filter(([, , n]) => n === alone).length).toBeGreaterThan(10);
  });

  it('refuse sets that hold none, and sizes that are not counts', () => {
    const make =
      (labels: number[], options = {}) =>
      () =>
        triplets(numbered(labels), { batchSize: 2, random: createRandom(1), ...options });
    expect(make([3, 3, 3])).toThrow(/^triplets: .*one class only/);
    expect(make([1, 2, 3])).toThrow(/^triplets: no class has two samples/);
    expect(make([0, 0, 1], { batchSize: 0 })).toThrow(/^triplets: batchSize must be/);
    expect(make([0, 0, 1], { triplets: 1.5 })).toThrow(/^triplets: triplets must be/);
    for (const labels of [
      [3, 3, 3],
      [1, 2, 3],
    ])
      expect(errorOf(RangeError, make(labels)).message).toMatch(
        / (need at least two classes|need a class with at least two)\.$/,
      );
  });
});

describe('the reports of balancedPairs and triplets', () => {
  const pairs = (list: number[], total?: number) =>
    balancedPairs(numbered(labelsOf(list)), { batchSize: 8, pairs: total, random: createRandom(1) });
  const threes = (list: number[], total?: number) =>
    triplets(numbered(labelsOf(list)), { batchSize: 8, triplets: total, random: createRandom(1) });

  it('count what is drawn, and bound what is repeated and missed', () => {
    fc.assert(
      fc.property(sizes, seeds, fc.integer({ min: 1, max: 60 }), (list, seed, total) => {
        const set = numbered(labelsOf(list));
        const random = createRandom(seed);
        for (const batches of [
          balancedPairs(set, { batchSize: 5, pairs: total, random }),
          triplets(set, { batchSize: 5, triplets: total, random }),
        ]) {
          const drawn = [...batches.epoch(0)].flatMap((batch) =>
            Object.values(batch).flatMap((part) => (part instanceof Tensor ? [...part.data] : [])),
          );
          const distinct = new Set(drawn).size;
          const { report } = batches;
          expect(report).toMatchObject({ samples: set.length, classes: list.length });
          expect(report.drawn).toBe(drawn.length);
          // Bounds, up to what a class comes up more or less than on average, and what rounding adds.
          const slack = 2 * list.length + 1;
          expect(report.repeated).toBeLessThanOrEqual(drawn.length - distinct + slack);
          expect(report.missed).toBeLessThanOrEqual(set.length - distinct + slack);
          expect(Math.abs(report.drawn - report.repeated + report.missed - set.length)).toBeLessThanOrEqual(2);
        }
      }),
    );
  });

  it('tell the draws of small and large classes', () => {
    // 100 same pairs and 100 different ones of two classes: 200 draws each.
    expect(pairs([5, 200], 200).report).toEqual({
      samples: 205,
      classes: 2,
      smallest: { label: 0, count: 5, draws: 40 },
      largest: { label: 10, count: 200, draws: 1 },
      drawn: 400,
      repeated: 195,
      missed: 0,
      warnings: [
        'class 0 has 5 samples, class 10 has 200 samples: an epoch draws each sample of class 0 about 40 times and each of class 10 about once. Gather more samples of the small classes, or keep fewer of the large ones.',
      ],
    });
    // 20 anchors and positives, and 10 negatives of each class.
    expect(threes([5, 50], 20).report).toMatchObject({
      smallest: { label: 0, draws: 6 },
      largest: { label: 10, draws: 0.6 },
      drawn: 60,
      repeated: 25,
      missed: 20,
    });
    for (const batches of [pairs([5, 45]), threes([5, 45])]) expect(batches.report.warnings).toEqual([]);
  });

  it('name classes that have no partner, five at most', () => {
    expect(pairs([1, 2, 2]).report.warnings).toEqual([
      'class 0 has one sample only, which occurs in different pairs only. Gather another sample, or filter the class out.',
    ]);
    expect(threes([1, 1, 2]).report.warnings).toEqual([
      '2 classes (0, 10) have one sample each, which occurs as negative only. Gather another sample, or filter the classes out.',
    ]);
    expect(threes([1, 1, 1, 1, 1, 1, 2]).report.warnings).toEqual([
      expect.stringMatching(/^6 classes \(0, 10, 20, 30, 40, \.\.\.\) have one sample each, which/),
    ]);
  });
});
