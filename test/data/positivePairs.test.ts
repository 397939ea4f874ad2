import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { positivePairs } from '../../src/data/positivePairs.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { labelsOf, numbered, seeds } from './sampling.ts';

const cases = fc
  .record({
    list: fc
      .array(fc.oneof(fc.integer({ min: 1, max: 7 }), fc.constant(30)), { minLength: 2, maxLength: 7 })
      .filter((list) => list.filter((size) => size > 1).length > 1),
    seed: seeds,
  })
  .chain(({ list, seed }) =>
    fc
      .integer({ min: 2, max: list.filter((size) => size > 1).length })
      .map((batchSize) => ({ labels: labelsOf(list), list, batchSize, seed })),
  );

describe('positivePairs', () => {
  it('pair two samples of one class, no class twice in a batch, all batches full', () => {
    fc.assert(
      fc.property(cases, ({ labels, batchSize, seed }) => {
        const batches = positivePairs(numbered(labels), { batchSize, random: createRandom(seed) });
        const all = [...batches.epoch(seed % 4)];
        expect(all).toHaveLength(batches.length);
        for (const batch of all) {
          expect([...batch.labels]).toEqual([...batch.a.data].map((i) => labels[i]));
          expect([...batch.labels]).toEqual([...batch.b.data].map((i) => labels[i]));
          expect(batch.labels).toHaveLength(batchSize);
          expect(new Set(batch.labels).size).toBe(batchSize);
          batch.a.data.forEach((i, row) => expect(i).not.toBe(batch.b.data[row]));
        }
      }),
    );
  });

  it('hold each epoch every sample that has a partner, and no other, as the report says', () => {
    fc.assert(
      fc.property(cases, ({ labels, list, batchSize, seed }) => {
        const batches = positivePairs(numbered(labels), { batchSize, random: createRandom(seed) });
        const drawn = [...batches.epoch(seed % 4)].flatMap(({ a, b }) => [...a.data, ...b.data]);
        const paired = [...labels.keys()].filter((i) => list[labels[i] / 10] > 1);
        expect([...new Set(drawn)].sort((i, j) => i - j)).toEqual(paired);
        expect(batches.report).toMatchObject({
          drawn: drawn.length,
          repeated: drawn.length - paired.length,
          missed: labels.length - paired.length,
        });
      }),
    );
  });

  it('warn of classes that have no pair', () => {
    const warnings = (list: number[]) =>
      positivePairs(numbered(labelsOf(list)), { batchSize: 2, random: createRandom(1) }).report.warnings;
    expect(warnings([1, 4, 4])).toEqual([
      'class 0 has one sample only, which is left out. Gather another sample, or filter the class out.',
    ]);
    expect(warnings([4, 4])).toEqual([]);
  });

  it('warn of small classes that fill up the batches of a large one, and of the size that makes it so', () => {
    const labels = numbered(labelsOf([100, 2, 2, 2, 2]));
    const of = (batchSize: number) => positivePairs(labels, { batchSize, random: createRandom(1) }).report;
    expect(of(4).smallest.draws).toBeCloseTo((50 * 3) / 4, 10);
    expect(of(4).warnings).toEqual([
      "class 10 has 2 samples, class 0 has 100 samples: an epoch draws each sample of class 10 about 38 times and each of class 0 about once. Lower 'batchSize'. Gather more samples of the small classes, or keep fewer of the large ones.",
    ]);
    expect(of(2).smallest.draws).toBeCloseTo(50 / 4, 10);
    expect(of(2).warnings).toEqual([expect.stringMatching(/about once\. Gather/)]);
  });

  it('refuse what the set cannot give, naming it', () => {
    const make = (labels: number[], batchSize: number, batches?: number) => () =>
      positivePairs(numbered(labels), { batchSize, batches, random: createRandom(1) });
    expect(make([0, 0, 1, 1, 2], 3)).toThrow(
      new RangeError(
        "positivePairs: a batch of 3 classes from 2 that have two samples. Lower 'batchSize': no class comes twice in a batch.",
      ),
    );
    expect(make([0, 1, 2], 2)).toThrow(
      new RangeError('positivePairs: no class has two samples. Samples that are alike need a class with at least two.'),
    );
    expect(make([5, 5, 5], 2)).toThrow(
      new RangeError(
        'positivePairs: the set holds 3 samples of one class only. Different samples need at least two classes.',
      ),
    );
    expect(make([0, 0, 1, 1], 1)).toThrow(
      new RangeError('positivePairs: batchSize must be an integer of at least 2; got 1.'),
    );
    expect(make([0, 0, 1, 1], 2, 0)).toThrow(
      new RangeError('positivePairs: batches must be an integer of at least 1; got 0.'),
    );
  });
});
