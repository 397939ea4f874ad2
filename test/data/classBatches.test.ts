import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classBatches } from '../../src/data/classBatches.ts';
import { type ClassCover, windows } from '../../src/data/classCover.ts';
import type { LabelledSet } from '../../src/data/imageSet.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { count, labelsOf, numbered, plainEpoch, seeds, spread } from './sampling.ts';

type ClassBatches = ReturnType<typeof classBatches>;

function samplesOf(batches: ClassBatches, epoch = 0): number[][] {
  return Array.from(batches.epoch(epoch), ({ images }) => [...images.data]);
}

/** Label multisets with one very large class now and then, singletons among them, and P and K for them. */
const cases = fc
  .record({
    list: fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(1, 40)), { minLength: 2, maxLength: 7 }),
    k: fc.integer({ min: 1, max: 5 }),
    seed: seeds,
  })
  .chain(({ list, k, seed }) =>
    fc.integer({ min: 2, max: list.length }).map((p) => ({ labels: labelsOf(list), list, p, k, seed })),
  );

function make(labels: readonly number[], classes: number, samples: number, batches?: number, seed = 1): ClassBatches {
  return classBatches(numbered(labels), { classes, samples, batches, random: createRandom(seed) });
}

describe('classBatches', () => {
  it('hold P distinct classes with K samples each, class by class, rightly labelled', () => {
    fc.assert(
      fc.property(cases, ({ labels, p, k, seed }) => {
        const batches = make(labels, p, k, undefined, seed);
        const all = [...batches.epoch(seed % 3)];
        expect(all).toHaveLength(batches.length);
        for (const batch of all) {
          const samples = [...batch.images.data];
          expect(batch.images.shape).toEqual([p * k, 1, 1, 1]);
          expect([...batch.labels]).toEqual(samples.map((i) => labels[i]));
          expect([...batch.labels]).toEqual([...batch.labels].map((_, i) => batch.labels[i - (i % k)]));
          expect(new Set(batch.labels).size).toBe(p);
        }
      }),
    );
  });

  it('hold every sample each epoch, whatever the class sizes', () => {
    fc.assert(
      fc.property(cases, fc.nat(5), ({ labels, p, k, seed }, epoch) => {
        expect(new Set(samplesOf(make(labels, p, k, undefined, seed), epoch).flat()).size).toBe(labels.length);
      }),
    );
  });

  it('hold no sample twice where its class has K, and else each as often as the others, to one', () => {
    fc.assert(
      fc.property(cases, ({ labels, list, p, k, seed }) => {
        for (const batch of samplesOf(make(labels, p, k, undefined, seed))) {
          const counts = count(batch);
          for (const [i, times] of counts) {
            const size = list[labels[i] / 10];
            expect(times).toBeGreaterThanOrEqual(Math.floor(k / size));
            expect(times).toBeLessThanOrEqual(Math.ceil(k / size));
          }
        }
      }),
    );
  });

  it('take as many batches as the samples fill, or as the largest class has groups', () => {
    // Groups of 2: 1 and 1; 3 and 3; 25, 25 and 12; 20, 1 and 1.
    const lengths = [
      [2, 2],
      [5, 6],
      [50, 50, 23],
      [40, 1, 2],
    ].map((list) => make(labelsOf(list), 2, 2).length);
    expect(lengths).toEqual([1, 3, 31, 20]);
  });

  it('draw the samples of a class in turn: none a third time before all came up twice', () => {
    fc.assert(
      fc.property(cases, ({ labels, list, p, k, seed }) => {
        const counts = count(samplesOf(make(labels, p, k, undefined, seed)).flat());
        for (const [c] of list.entries()) {
          const own = [...labels.keys()].filter((i) => labels[i] === 10 * c);
          // What is put off, being in the batch already, may be short by one more.
          expect(spread(counts, own)).toBeLessThanOrEqual(2);
        }
      }),
    );
  });

  it('fill up with the classes that have the fewest groups', () => {
    // 12 groups of the first, 2, 1 and 1 of the others: 12 batches of 2 have 8 places left, which level those to 4 each.
    const batches = make(labelsOf([24, 4, 1, 2]), 2, 2);
    for (const epoch of [0, 1, 2]) {
      const groups = count([...batches.epoch(epoch)].flatMap(({ labels }) => [...labels]));
      expect([0, 10, 20, 30].map((label) => (groups.get(label) ?? 0) / 2)).toEqual([12, 4, 4, 4]);
    }
    // With 13 groups of it one group is left over, and goes to another of the lowest from epoch to epoch.
    const odd = make(labelsOf([26, 4, 1, 2]), 2, 2);
    const extra = new Set(
      Array.from({ length: 12 }, (_, epoch) => {
        const groups = count([...odd.epoch(epoch)].flatMap(({ labels }) => [...labels]));
        expect([10, 20, 30].map((label) => (groups.get(label) ?? 0) / 2).sort()).toEqual([4, 4, 5]);
        return [10, 20, 30].find((label) => groups.get(label) === 10);
      }),
    );
    expect(extra).toEqual(new Set([10, 20, 30]));
  });

  it('hold equally large classes equally often, in all combinations', () => {
    const batches = make(labelsOf([40, 40, 40, 40, 40, 40]), 3, 4);
    const combinations = new Set<string>();
    for (const epoch of [0, 1, 2, 3]) {
      const all = [...batches.epoch(epoch)];
      expect(all).toHaveLength(20);
      const groups = count(all.flatMap(({ labels }) => [...labels]));
      expect(spread(groups, [0, 10, 20, 30, 40, 50])).toBe(0);
      for (const { labels } of all) combinations.add([...new Set(labels)].sort().join());
    }
    // All 20 ways to choose 3 of 6 come up among 80 batches but for a chance of some percent for one.
    expect(combinations.size).toBeGreaterThanOrEqual(18);
  });

  it('go on through the samples where batches make shorter epochs, none left out', () => {
    fc.assert(
      fc.property(cases, fc.integer({ min: 1, max: 9 }), ({ labels, p, k, seed }, batches) => {
        const whole = make(labels, p, k, undefined, seed);
        const parts = make(labels, p, k, batches, seed);
        expect(parts.length).toBe(batches);
        const epochs = Math.ceil((2 * whole.length) / batches);
        const joined = Array.from({ length: epochs }, (_, epoch) => samplesOf(parts, epoch)).flat();
        const passes = [...samplesOf(whole, 0), ...samplesOf(whole, 1)];
        expect(joined.slice(0, passes.length)).toEqual(passes);
      }),
      { numRuns: 40 },
    );
  });

  it('differ from pass to pass within one epoch', () => {
    const batches = make(labelsOf([4, 4]), 2, 2, 4);
    const [first, , third] = samplesOf(batches);
    expect(new Set([...first, ...samplesOf(batches)[1]]).size).toBe(8);
    expect(third).not.toEqual(first);
    expect(plainEpoch(batches, 0)).toEqual(plainEpoch(batches, 0));
  });

  it('report what is drawn, repeated and missed, as it is', () => {
    fc.assert(
      fc.property(cases, ({ labels, list, p, k, seed }) => {
        const batches = make(labels, p, k, undefined, seed);
        const drawn = samplesOf(batches).flat();
        const { report } = batches;
        expect(report).toMatchObject({ samples: labels.length, classes: list.length, missed: 0 });
        expect(report.drawn).toBe(drawn.length);
        expect(report.repeated).toBe(drawn.length - new Set(drawn).size);
      }),
    );
  });

  it('report how often small and large classes are drawn, with what to do', () => {
    // The first is in all 50 batches of 2; the others share the rest.
    const { report } = make(labelsOf([100, 2, 2]), 2, 2);
    expect(report).toEqual({
      samples: 104,
      classes: 3,
      smallest: { label: 10, count: 2, draws: 25 },
      largest: { label: 0, count: 100, draws: 1 },
      drawn: 200,
      repeated: 96,
      missed: 0,
      warnings: [
        'class 10 has 2 samples, class 0 has 100 samples: an epoch draws each sample of class 10 about 25 times and each of class 0 about once. Gather more samples of the small classes, or keep fewer of the large ones.',
      ],
    });
    expect(make(labelsOf([20, 18]), 2, 2).report.warnings).toEqual([]);
    expect(make(labelsOf([100, 2, 2]), 2, 2, 10).report).toMatchObject({
      drawn: 40,
      smallest: { draws: 5 },
      largest: { draws: 0.2 },
      // 20 draws of 100, and 10 of each 2.
      repeated: 16,
      missed: 80,
    });
  });

  it('report that fewer classes a batch would draw the small ones less often, where it is so', () => {
    const labels = labelsOf([100, ...new Array(9).fill(2)]);
    const warned = (classes: number) => make(labels, classes, 2).report;
    // Of 50 batches, 9 small classes fill 3 places or 1.
    expect(warned(4).smallest.draws).toBeCloseTo((50 * 3) / 9, 10);
    expect(warned(4).warnings).toEqual([
      "class 10 has 2 samples, class 0 has 100 samples: an epoch draws each sample of class 10 about 17 times and each of class 0 about once. Lower 'classes'. Gather more samples of the small classes, or keep fewer of the large ones.",
    ]);
    expect(warned(2).smallest.draws).toBeCloseTo(50 / 9, 10);
    expect(warned(2).warnings).toEqual([]);
    // Here it is K that repeats the sample, in the one group that its class needs.
    const [unequal, small] = make(labelsOf([1, 40, 40, 40]), 3, 20).report.warnings;
    expect(unequal).toMatch(/about 45 times .* about 1\.1 times\. Gather/);
    expect(small).toContain("Lower 'samples'");
  });

  it('plan a pass once for all epochs that it spans, and again where others were asked for', () => {
    const planned: number[] = [];
    const cover: ClassCover = {
      length: 6,
      draws: [],
      filledUp: false,
      pass(i) {
        planned.push(i);
        return [0, 1, 2, 3, 4, 5].map((batch) => [i, batch]);
      },
    };
    const epochs = windows(cover, 2);
    const read = (epoch: number) => [0, 1].map(epochs(epoch));
    expect([0, 1, 2, 3].map(read)).toEqual([
      [
        [0, 0],
        [0, 1],
      ],
      [
        [0, 2],
        [0, 3],
      ],
      [
        [0, 4],
        [0, 5],
      ],
      [
        [1, 0],
        [1, 1],
      ],
    ]);
    expect(planned).toEqual([0, 1]);
    const [early, late] = [epochs(0), epochs(9)];
    expect([early(0), late(0), early(1), late(1)]).toEqual([
      [0, 0],
      [3, 0],
      [0, 1],
      [3, 1],
    ]);
    expect(planned).toEqual([0, 1, 0, 3]);
  });

  it('report classes that are smaller than K', () => {
    expect(make(labelsOf([5, 3, 4]), 2, 4).report.warnings).toEqual([
      "class 10 has fewer than 4 samples, so batches hold some of them more than once. Lower 'samples', gather more, filter them out, or pass a 'transform' that makes copies differ.",
    ]);
    expect(make(labelsOf([1, 1, 1, 1, 1, 1, 2]), 2, 2).report.warnings).toEqual([
      expect.stringMatching(/^6 classes \(0, 10, 20, 30, 40, \.\.\.\) have fewer than 2 samples/),
    ]);
  });

  it('refuse what the set cannot give, naming it', () => {
    expect(() => make([1, 2, 3, 3], 4, 1)).toThrow(
      new RangeError("classBatches: a batch of 4 classes from a set of 3. Lower 'classes'."),
    );
    expect(() => make([7, 7], 2, 1)).toThrow(
      new RangeError(
        'classBatches: the set holds 2 samples of one class only. Different samples need at least two classes.',
      ),
    );
    const empty: LabelledSet = { length: 0, labels: new Int32Array(0), batch: () => numbered([0]).batch([0]) };
    expect(() => classBatches(empty, { classes: 2, samples: 2, random: createRandom(1) })).toThrow(
      new RangeError('classBatches: the set holds 0 samples of no class. Different samples need at least two classes.'),
    );
    expect(() => make([1, 2], 1, 1)).toThrow(
      new RangeError('classBatches: classes must be an integer of at least 2; got 1.'),
    );
    expect(() => make([1, 2], 2, 0)).toThrow(
      new RangeError('classBatches: samples must be an integer of at least 1; got 0.'),
    );
    expect(() => make([1, 2], 2, 1, 0.5)).toThrow(
      new RangeError('classBatches: batches must be an integer of at least 1; got 0.5.'),
    );
  });
});
