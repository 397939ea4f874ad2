import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { add } from '../../src/autograd/ops/arithmetic.ts';
import { balancedPairs } from '../../src/data/balancedPairs.ts';
import { imageSet } from '../../src/data/imageSet.ts';
import { twoViews } from '../../src/data/twoViews.ts';
import { createRandom, type Random } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { numbered } from './sampling.ts';

const same = (x: Tensor): Tensor => x;

describe('twoViews', () => {
  it('hold each sample once an epoch, with its label, in batches that differ by at most one and are never of one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 60 }),
        fc.integer({ min: 2, max: 25 }),
        fc.nat(99),
        (count, batchSize, seed) => {
          const labels = Array.from({ length: count }, (_, i) => 3 * i);
          const batches = twoViews(numbered(labels), { batchSize, transform: same, random: createRandom(seed) });
          const all = [...batches.epoch(seed % 3)];
          expect(all).toHaveLength(batches.length);
          const drawn = all.flatMap(({ a }) => [...a.data]);
          expect(drawn.toSorted((i, j) => i - j)).toEqual([...labels.keys()]);
          for (const { a, b, labels: own } of all) {
            expect([...b.data]).toEqual([...a.data]);
            expect([...own]).toEqual([...a.data].map((i) => labels[i]));
          }
          const lengths = all.map(({ labels: { length } }) => length);
          expect(Math.min(...lengths)).toBeGreaterThanOrEqual(2);
          expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
          expect(Math.max(...lengths)).toBeLessThanOrEqual(batchSize === 2 && count % 2 === 1 ? 3 : batchSize);
          if (batchSize > 2) expect(batches.length).toBe(Math.ceil(count / batchSize));
        },
      ),
    );
  });

  it('make the views with streams of their own', () => {
    const batches = twoViews(numbered([0, 0, 0, 0]), {
      batchSize: 4,
      transform: (x, random) => add(x, random.uniform()),
      random: createRandom(1),
    });
    const [{ a, b }] = batches.epoch(0);
    expect(b.data).not.toEqual(a.data);
    expect(a.data.map(Math.floor)).toEqual(b.data.map(Math.floor));
  });

  it('make them differently where two are given, a by the first', () => {
    const by = (offset: number) => (x: Tensor, _random: Random) => add(x, offset);
    const batches = twoViews(numbered([0, 0, 0]), {
      batchSize: 3,
      transform: [by(100), by(200)],
      random: createRandom(1),
    });
    const [{ a, b }] = batches.epoch(0);
    expect(a.data.toSorted()).toEqual(new Float32Array([100, 101, 102]));
    expect(b.data).toEqual(a.data.map((value) => value + 100));
  });

  it('take a set without labels, all of class 0, which what compares classes refuses', () => {
    const set = imageSet({ shape: [3, 1, 1], data: new Float32Array([5, 6, 7]) });
    const [{ a, labels }] = twoViews(set, { batchSize: 3, transform: same, random: createRandom(1) }).epoch(0);
    expect(a.data.toSorted()).toEqual(new Float32Array([5, 6, 7]));
    expect([...labels]).toEqual([0, 0, 0]);
    expect(() => balancedPairs(set, { batchSize: 2, random: createRandom(1) })).toThrow(
      new RangeError(
        'balancedPairs: the set holds 3 samples of one class only. Different samples need at least two classes.',
      ),
    );
  });

  it('refuse views that are no functions', () => {
    const make = (transform: unknown) => () =>
      // @ts-expect-error: what plain JavaScript may pass
      twoViews(numbered([0, 1]), { batchSize: 2, transform, random: createRandom(1) });
    for (const transform of [undefined, 3, [same], [same, 3]])
      expect(make(transform)).toThrow(
        new TypeError(
          'twoViews: transform must be a function of (x, random), or two in a list. Pass e.g. (x, random) => augment(x, { shift: 2, random }).',
        ),
      );
  });

  it('refuse sets and batches too small for batch statistics', () => {
    const make = (count: number, batchSize: number) => () =>
      twoViews(
        { length: count, labels: new Int32Array(count), batch: numbered([0]).batch },
        { batchSize, transform: same, random: createRandom(1) },
      );
    expect(make(1, 4)).toThrow(new RangeError('twoViews: the set holds 1 sample. Batches need at least two.'));
    expect(make(0, 4)).toThrow(new RangeError('twoViews: the set holds no sample. Batches need at least two.'));
    expect(make(4, 1)).toThrow(new RangeError('twoViews: batchSize must be an integer of at least 2; got 1.'));
  });
});
