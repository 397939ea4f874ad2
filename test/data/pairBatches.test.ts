import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { add } from '../../src/autograd/ops/arithmetic.ts';
import { euclidean } from '../../src/autograd/ops/distances.ts';
import { isSkippable, type PairBatch, type SyncBatches } from '../../src/data/batches.ts';
import { type PairBatchesOptions, pairBatches, type ReportedPairs } from '../../src/data/pairBatches.ts';
import { Flatten } from '../../src/nn/dense.ts';
import { Embedding } from '../../src/nn/embedding.ts';
import { Sequential } from '../../src/nn/sequential.ts';
import { scorePairs } from '../../src/siamese/scorePairs.ts';
import { Twin } from '../../src/siamese/twin.ts';
import { tensor } from '../../src/tensor/create.ts';
import { IntTensor, intTensor } from '../../src/tensor/intTensor.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { ShapeError } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { errorOf } from '../errors.ts';
import { count, plain, plainEpoch, seeds, spread } from './sampling.ts';

/** Row i of a is [i, i], row i of b is [100 + i]. */
function make(pairs: number, options: PairBatchesOptions): ReportedPairs {
  const a = new Tensor(
    Float32Array.from({ length: 2 * pairs }, (_, i) => Math.floor(i / 2)),
    [pairs, 2],
  );
  const b = new Tensor(
    Float32Array.from({ length: pairs }, (_, i) => 100 + i),
    [pairs, 1],
  );
  return pairBatches(a, b, options);
}

/** The rows of an epoch batch by batch, having checked that a, b and different are of the same ones. */
function rowsOf(batches: SyncBatches<PairBatch>, flags: readonly number[], epoch = 0): number[][] {
  return Array.from(batches.epoch(epoch), ({ a, b, different }) => {
    const rows = Array.from(b.data, (value) => value - 100);
    expect([...a.data]).toEqual(rows.flatMap((row) => [row, row]));
    expect([a.shape, b.shape]).toEqual([
      [rows.length, 2],
      [rows.length, 1],
    ]);
    expect([...different]).toEqual(rows.map((row) => flags[row]));
    return rows;
  });
}

const zeroes = (length: number): number[] => new Array<number>(length).fill(0);

describe('pairBatches', () => {
  it('come in order without random, the last batch with what remains', () => {
    const flags = [1, 0, 0, 1, 0];
    const batches = make(5, { different: flags, batchSize: 2 });
    expect(batches.length).toBe(3);
    for (const epoch of [0, 7]) expect(rowsOf(batches, flags, epoch)).toEqual([[0, 1], [2, 3], [4]]);
    expect(rowsOf(make(130, { different: zeroes(130) }), zeroes(130)).map(({ length }) => length)).toEqual([64, 64, 2]);
  });

  it('read same as the opposite of different, booleans and tensors as well', () => {
    const flags = [0, 1, 1];
    for (const options of [
      { different: flags },
      { same: [1, 0, 0] },
      { same: [true, false, false] },
      { same: tensor([1, 0, 0]) },
      { different: new Uint8Array(flags) },
    ])
      expect(rowsOf(make(3, options), flags)).toEqual([[0, 1, 2]]);
  });

  it('are shuffled with random, each once an epoch, another order each', () => {
    const flags = Array.from({ length: 23 }, (_, i) => i % 2);
    const batches = make(23, { different: flags, batchSize: 5, random: createRandom(3) });
    const epochs = [0, 1, 2].map((epoch) => rowsOf(batches, flags, epoch).flat());
    for (const rows of epochs) expect(rows.toSorted((i, j) => i - j)).toEqual([...flags.keys()]);
    expect(new Set(epochs.map(String)).size).toBe(3);
    expect(rowsOf(batches, flags, 1).flat()).toEqual(epochs[1]);
  });

  it('start at any batch', () => {
    for (const options of [
      { same: [1, 1, 1, 0, 1] },
      { same: [1, 1, 1, 0, 1], balanced: true },
      { distinct: [1, 2, 1, 3, 1] },
    ]) {
      const random = createRandom(4);
      const transform: PairBatchesOptions['transform'] = (x, stream) => add(x, stream.uniform());
      const batches = make(5, { ...options, batchSize: 2, random, transform });
      const epoch = batches.epoch(2);
      const all = Array.from(epoch, plain);
      expect(all).toHaveLength(batches.length);
      if (!isSkippable(epoch)) throw new Error('can start anywhere');
      for (let first = 0; first <= all.length; first++)
        expect(Array.from(epoch.startingAt(first), plain)).toEqual(all.slice(first));
    }
  });

  it('are half same, half different with balanced, none left out and the rarer kind in turn', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }), seeds, (same, different, seed) => {
        const flags = [...zeroes(same), ...zeroes(different).map(() => 1)];
        const batches = make(flags.length, {
          different: flags,
          balanced: true,
          batchSize: 4,
          random: createRandom(seed),
        });
        const rows = rowsOf(batches, flags, seed % 3).flat();
        const most = Math.max(same, different);
        expect(rows).toHaveLength(2 * most);
        expect(rows.map((row) => flags[row])).toEqual(rows.map((_, i) => i % 2));
        const counts = count(rows);
        for (const kind of [0, 1])
          expect(
            spread(
              counts,
              [...flags.keys()].filter((row) => flags[row] === kind),
            ),
          ).toBeLessThanOrEqual(1);
        expect(counts.size).toBe(flags.length);
        expect(batches.report).toMatchObject({
          pairs: flags.length,
          same,
          different,
          drawn: 2 * most,
          repeated: 2 * most - flags.length,
        });
      }),
    );
  });

  it('are drawn anew each epoch with balanced and with distinct', () => {
    const flags = Array.from({ length: 20 }, (_, i) => i % 2);
    for (const options of [
      { different: flags, balanced: true },
      { distinct: [...flags.keys()], batchSize: 5 },
    ]) {
      const batches = make(20, { ...options, random: createRandom(1) });
      expect(new Set([0, 1, 2].map((epoch) => JSON.stringify(plainEpoch(batches, epoch)))).size).toBe(3);
    }
  });

  it('hold no id twice in a batch with distinct, and every pair each epoch', () => {
    const cases = fc
      .array(fc.integer({ min: 0, max: 6 }), { minLength: 2, maxLength: 30 })
      .filter((ids) => new Set(ids).size > 1)
      .chain((ids) => fc.integer({ min: 1, max: new Set(ids).size }).map((batchSize) => ({ ids, batchSize })));
    fc.assert(
      fc.property(cases, seeds, ({ ids, batchSize }, seed) => {
        const batches = make(ids.length, { distinct: ids, batchSize, random: createRandom(seed) });
        const all = rowsOf(batches, zeroes(ids.length), seed % 3);
        for (const rows of all) {
          expect(rows).toHaveLength(batchSize);
          expect(new Set(rows.map((row) => ids[row])).size).toBe(batchSize);
        }
        expect(new Set(all.flat()).size).toBe(ids.length);
        expect(batches.report).toMatchObject({
          pairs: ids.length,
          same: ids.length,
          different: 0,
          drawn: all.flat().length,
          repeated: all.flat().length - ids.length,
        });
      }),
    );
  });

  it('take each pair once where ids occur once', () => {
    const ids = [4, 5, 6, 7, 8, 9];
    const batches = make(6, { distinct: ids, batchSize: 3, random: createRandom(1) });
    expect(rowsOf(batches, zeroes(6)).flat().sort()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(batches.report).toEqual({ pairs: 6, same: 6, different: 0, drawn: 6, repeated: 0, warnings: [] });
  });

  it('take integers too, and are what scorePairs takes', () => {
    const a = intTensor(new Int32Array([0, 1, 2, 2, 0, 0]), [3, 2]);
    const b = intTensor(new Int32Array([0, 1, 1, 1, 0, 0]), [3, 2]);
    const batches = pairBatches(a, b, { same: [1, 0, 1], batchSize: 2 });
    const all = [...batches.epoch(0)];
    expect(all.map((batch) => [batch.a.shape, [...batch.a.data], [...batch.b.data]])).toEqual([
      [
        [2, 2],
        [0, 1, 2, 2],
        [0, 1, 1, 1],
      ],
      [
        [1, 2],
        [0, 0],
        [0, 0],
      ],
    ]);
    expect(all[0].a).toBeInstanceOf(IntTensor);
    const encoder = new Sequential(new Embedding(3, 2, { random: createRandom(1) }), new Flatten());
    const { scores, same } = scorePairs(new Twin(encoder, { compare: euclidean }), batches);
    expect([...same]).toEqual([1, 0, 1]);
    expect([scores[0], scores[1] > 0, scores[2]]).toEqual([0, true, 0]);
  });

  it('transform each side with a stream of its own', () => {
    const batches = make(3, {
      same: [1, 1, 0],
      random: createRandom(1),
      transform: (x, random) => add(x, random.uniform()),
    });
    const [{ a, b }] = batches.epoch(0);
    const [shiftA, shiftB] = [a.data[0] % 1, b.data[0] % 1];
    expect(Math.abs(shiftA - shiftB)).toBeGreaterThan(0.001);
    expect(plainEpoch(batches, 0)).toEqual(plainEpoch(batches, 0));
    const bad = make(3, { same: [1, 1, 0], random: createRandom(1), transform: () => tensor([[1]]) });
    expect(() => [...bad.epoch(0)]).toThrow(
      new RangeError('transform: it returned 1 rows for 3 samples. Return one row a sample, in their order.'),
    );
  });

  it('copy their rows: the pairs can be changed without changing what they came from', () => {
    const a = tensor([[1], [2]]);
    const [batch] = pairBatches(a, a, { same: [1, 0] }).epoch(0);
    batch.a.data.fill(9);
    expect([...a.data, ...batch.b.data]).toEqual([1, 2, 1, 2]);
  });

  it('warn of unequal kinds, with what to do', () => {
    const random = createRandom(1);
    const warnings = (same: number, different: number, options: PairBatchesOptions = {}) =>
      make(same + different, {
        different: [...zeroes(same), ...zeroes(different).map(() => 1)],
        random,
        ...options,
      }).report.warnings;
    expect(warnings(9, 1)).toEqual([]);
    expect(warnings(3, 30)).toEqual([
      "30 of 33 pairs are different: whoever answers 'different' always is right for all of these. Pass 'balanced: true' for training, or gather more same pairs.",
    ]);
    expect(warnings(30, 3, { balanced: true })).toEqual([
      '3 of 33 pairs are different: an epoch draws each of them about 10 times. Gather more different pairs.',
    ]);
    expect(warnings(4, 0)).toEqual([
      "all 4 pairs are same: nothing keeps embeddings apart. Add different pairs, or pass 'distinct' and a loss that takes the other pairs of a batch as negatives.",
    ]);
    expect(warnings(0, 4)).toEqual(['all 4 pairs are different: nothing keeps embeddings together. Add same pairs.']);
    expect(make(9, { distinct: [0, 0, 0, 0, 0, 0, 0, 1, 2], batchSize: 3, random }).report.warnings).toEqual([
      "an epoch draws 21 pairs to hold all 9, as pair 0 and 6 others have one id, which a batch holds once. Keep fewer pairs of it, or lower 'batchSize'.",
    ]);
  });

  it('refuse what does not fit, naming it', () => {
    const random = createRandom(1);
    const x = tensor([[1], [2]]);
    const ids = intTensor(new Int32Array(2), [2]);
    expect(errorOf(ShapeError, () => pairBatches(x, tensor([[1]]), { same: [1, 1] })).message).toBe(
      'pairBatches: a and b must hold as many rows as each other; got [2, 1] and [1, 1]. Row i of a and row i of b are a pair.',
    );
    expect(errorOf(ShapeError, () => pairBatches(x, x, { same: [1] })).message).toBe(
      "pairBatches: 2 pairs need as many labels; got [2] and [1]. Pass one entry of 'same' for each pair.",
    );
    expect(errorOf(ShapeError, () => pairBatches(x, x, { distinct: [1, 2, 3], random })).message).toContain(
      "'distinct'",
    );
    expect(() => pairBatches(tensor([]), tensor([]), { same: [] })).toThrow(
      new RangeError('pairBatches: there are no pairs. Check what a and b come from.'),
    );
    expect(() => pairBatches(x, x, { different: [0, 2] })).toThrow(
      new RangeError('pairBatches: different[1] is 2; expected 0 or 1 (or false or true).'),
    );
    expect(() => pairBatches(x, x, { same: [1, 1], balanced: true, random })).toThrow(
      new RangeError(
        "pairBatches: all 2 pairs are same, so there is nothing to balance. Leave out 'balanced', or add pairs of the other kind.",
      ),
    );
    expect(() => pairBatches(x, x, { same: [0, 0], balanced: true, random })).toThrow(/all 2 pairs are different/);
    expect(() => pairBatches(x, x, { distinct: [3, 4], batchSize: 3, random })).toThrow(
      new RangeError(
        "pairBatches: a batch of 3 pairs from 2 distinct ids. Lower 'batchSize': no id comes twice in a batch.",
      ),
    );
    expect(() => pairBatches(x, x, { distinct: [3, 3], batchSize: 2, random })).toThrow(
      /a batch of 2 pairs from 1 distinct id\. Lower/,
    );
    expect(() => pairBatches(x, x, { same: [0, 1], batchSize: 0 })).toThrow(
      new RangeError('pairBatches: batchSize must be an integer of at least 1; got 0.'),
    );
    for (const options of [{}, { same: [1, 0], different: [0, 1] }, { same: [1, 0], distinct: [0, 1] }])
      expect(() => pairBatches(x, x, options)).toThrow(
        new TypeError(
          'pairBatches: say what the pairs are, as one of { same: y }, { different: y } and, where all are the same, { distinct: ids }.',
        ),
      );
    const needing: readonly (readonly [string, PairBatchesOptions])[] = [
      ['balanced', { same: [0, 1], balanced: true }],
      ['distinct', { distinct: [0, 1], batchSize: 2 }],
      ['transform', { same: [0, 1], transform: (y) => y }],
    ];
    for (const [option, options] of needing)
      expect(() => pairBatches(x, x, options)).toThrow(
        new TypeError(`pairBatches: '${option}' draws, so it needs 'random'. Pass e.g. random: createRandom(1).`),
      );
    expect(() => pairBatches(x, x, { distinct: [0, 1], balanced: true, random })).toThrow(
      new TypeError(
        "pairBatches: 'balanced' has no meaning with 'distinct', whose pairs are all the same. Leave one out.",
      ),
    );
    expect(() => pairBatches(ids, ids, { same: [0, 1], random, transform: (y) => y })).toThrow(
      new TypeError("pairBatches: 'transform' is for Tensors; a and b hold integers. Transform them beforehand."),
    );
    // @ts-expect-error: a seed is no source of random numbers.
    expect(() => pairBatches(x, x, { same: [0, 1], random: 7 })).toThrow(
      new TypeError(
        'pairBatches: the options need random, from which pairs are drawn. Pass { random: createRandom(seed) }.',
      ),
    );
    // @ts-expect-error: not one kind.
    expect(() => pairBatches(x, ids, { same: [0, 1] })).toThrow(
      new TypeError(
        'pairBatches: a and b must be two Tensors or two IntTensors. Make both with tensor() or intTensor().',
      ),
    );
  });
});
