import { describe, expect, it } from 'vitest';
import { cosineSimilarity, euclidean } from '../../src/autograd/ops/distances.ts';
import { balancedPairs } from '../../src/data/balancedPairs.ts';
import type { PairBatch, SyncBatches } from '../../src/data/batches.ts';
import { imageSet } from '../../src/data/imageSet.ts';
import { Flatten } from '../../src/nn/dense.ts';
import { calibrateThreshold } from '../../src/siamese/calibrate.ts';
import { scorePairs } from '../../src/siamese/scorePairs.ts';
import { Twin } from '../../src/siamese/twin.ts';
import { evaluateVerification } from '../../src/siamese/verification.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { ShapeError } from '../../src/tensor/shape.ts';
import { errorOf } from '../errors.ts';

const twin = new Twin(new Flatten(), { compare: euclidean });

/** One epoch of pairs of numbers. */
function pairsOf(
  ...batches: { readonly a: number[]; readonly b: number[]; readonly different: number[] }[]
): SyncBatches<PairBatch> {
  const column = (values: number[]) => tensor(Float32Array.from(values), [values.length, 1]);
  const made = batches.map(({ a, b, different }) => ({
    a: column(a),
    b: column(b),
    different: Uint8Array.from(different),
  }));
  return { length: made.length, epoch: () => made };
}

const set = imageSet({ shape: [6, 1, 1], data: Uint8Array.of(0, 10, 20, 200, 210, 220) }, [0, 0, 0, 1, 1, 1], {
  scale: 1,
});

describe('scorePairs', () => {
  it('gives every pair its score, all batches joined, and 1 for a same one', () => {
    const pairs = pairsOf({ a: [0, 1], b: [0, 5], different: [0, 1] }, { a: [3], b: [1], different: [1] });
    expect(scorePairs(twin, pairs)).toEqual({
      measure: 'distance',
      scores: Float32Array.of(0, 4, 2),
      same: Uint8Array.of(1, 0, 0),
    });
  });

  it('says which way the scores run, so that calibration and evaluation know', () => {
    const similar = new Twin(new Flatten(), { compare: cosineSimilarity });
    const rows = {
      a: tensor([
        [1, 0],
        [1, 0],
      ]),
      b: tensor([
        [2, 0],
        [0, 1],
      ]),
      different: Uint8Array.of(0, 1),
    };
    const scored = scorePairs(similar, { length: 1, epoch: () => [rows] });
    expect(scored).toEqual({ measure: 'similarity', scores: Float32Array.of(1, 0), same: Uint8Array.of(1, 0) });
    expect(evaluateVerification(scored, calibrateThreshold(scored, { maximize: 'accuracy' })).auc).toBe(1);
  });

  it('agrees with compare to the bit, and takes the epoch asked for', () => {
    const pairs = balancedPairs(set, { batchSize: 4, pairs: 10, random: createRandom(1) });
    for (const epoch of [0, 1]) {
      const expected = [...pairs.epoch(epoch)].flatMap(({ a, b }) => [...twin.compare(a, b).data]);
      expect([...scorePairs(twin, pairs, { epoch }).scores]).toEqual(expected);
    }
    expect(scorePairs(twin, pairs)).toEqual(scorePairs(twin, pairs, { epoch: 0 }));
    expect(scorePairs(twin, pairs)).not.toEqual(scorePairs(twin, pairs, { epoch: 1 }));
  });

  it('refuses to score nothing', () => {
    expect(() => scorePairs(twin, { length: 0, epoch: () => [] })).toThrow(/scorePairs: there are no pairs/);
    const empty = { a: zeros([0, 1]), b: zeros([0, 1]), different: new Uint8Array(0) };
    expect(() => scorePairs(twin, { length: 1, epoch: () => [empty] })).toThrow(/scorePairs: there are no pairs/);
    expect(errorOf(RangeError, () => scorePairs(twin, { length: 1, epoch: () => [empty] })).message).toBe(
      'scorePairs: there are no pairs. Check the batches that were passed.',
    );
  });

  it('refuses a score that is not finite', () => {
    const pairs = pairsOf({ a: [0, NaN], b: [0, 0], different: [0, 1] });
    expect(errorOf(RangeError, () => scorePairs(twin, pairs)).message).toBe(
      'scorePairs: the score of row 1 is NaN. Check the input, and the weights, for NaN and for huge values.',
    );
    expect(() => scorePairs(twin, pairs)).toThrow(/scorePairs: the score of row 1 is NaN/);
  });

  it('refuses labels other than 0 and 1, and another number of labels than pairs', () => {
    expect(() => scorePairs(twin, pairsOf({ a: [0, 1], b: [0, 0], different: [0, 2] }))).toThrow(
      /different\[1\] is 2; expected 0 or 1/,
    );
    // The next batch would make up for the missing label, one row too late.
    const shifted = pairsOf({ a: [0, 1], b: [0, 0], different: [0] }, { a: [0], b: [0], different: [1, 0] });
    expect(errorOf(ShapeError, () => scorePairs(twin, shifted)).message).toBe(
      "scorePairs: 2 pairs need 2 labels; got [2] and [1]. Pass one entry of 'different' for each of the pairs.",
    );
  });

  it('refuses batches that one must wait for', () => {
    const later = {
      length: 1,
      async *epoch() {
        yield* await Promise.resolve(pairsOf({ a: [0], b: [0], different: [0] }).epoch(0));
      },
    };
    // @ts-expect-error: the types refuse them too
    expect(errorOf(TypeError, () => scorePairs(twin, later)).message).toBe(
      'scorePairs: the batches are asynchronous. Collect them first: the pairs must be at hand without waiting.',
    );
  });
});
