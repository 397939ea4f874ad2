import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { add } from '../../src/autograd/ops/arithmetic.ts';
import { isSkippable } from '../../src/data/batches.ts';
import { shuffledBatches } from '../../src/data/shuffledBatches.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { numbered, seeds } from './sampling.ts';

const labels = [5, 5, 7, 5, 9, 9, 5];

function make(batchSize: number, dropLast?: boolean, seed = 1) {
  return shuffledBatches(numbered(labels), { batchSize, dropLast, random: createRandom(seed) });
}

describe('shuffledBatches', () => {
  it('hold each sample once an epoch, with its label, whatever the size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), seeds, fc.nat(5), (batchSize, seed, epoch) => {
        const batches = make(batchSize, false, seed);
        const all = [...batches.epoch(epoch)];
        const samples = all.flatMap(({ images }) => [...images.data]);
        expect(samples.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6]);
        expect(all.flatMap((batch) => [...batch.labels])).toEqual(samples.map((i) => labels[i]));
        expect(all).toHaveLength(batches.length);
        for (const { images } of all.slice(0, -1)) expect(images.shape).toEqual([batchSize, 1, 1, 1]);
      }),
    );
  });

  it('leave out the smaller last batch where told', () => {
    const sizes = (dropLast: boolean) => Array.from(make(3, dropLast).epoch(0), ({ images }) => images.shape[0]);
    expect(sizes(false)).toEqual([3, 3, 1]);
    expect(sizes(true)).toEqual([3, 3]);
    expect(make(3, true)).toHaveLength(2);
  });

  it('come in another order each epoch, the same for one seed, and may start anywhere', () => {
    const order = (seed: number, epoch: number) =>
      Array.from(make(2, false, seed).epoch(epoch), ({ images }) => [...images.data]);
    expect(order(1, 0)).toEqual(order(1, 0));
    expect(order(1, 0)).not.toEqual(order(1, 1));
    expect(order(1, 0)).not.toEqual(order(2, 0));
    const epoch = make(2).epoch(1);
    if (!isSkippable(epoch)) throw new Error('it cannot start anywhere');
    expect(Array.from(epoch.startingAt(2), ({ images }) => [...images.data])).toEqual(order(1, 1).slice(2));
  });

  it('are changed by a transform, with a stream of its own for each batch', () => {
    const drawn: number[] = [];
    const batches = shuffledBatches(numbered(labels), {
      batchSize: 4,
      random: createRandom(1),
      transform: (x, random) => {
        drawn.push(random.uniform());
        return add(x, 100);
      },
    });
    expect(Array.from(batches.epoch(0), ({ images }) => Math.min(...images.data)).every((v) => v >= 100)).toBe(true);
    expect(new Set(drawn).size).toBe(2);
  });

  it('are refused where there is none', () => {
    expect(() => make(8, true)).toThrow(
      new RangeError("shuffledBatches: 7 samples make no batch of 8. Lower 'batchSize', or leave out 'dropLast'."),
    );
    const empty = { length: 0, labels: new Int32Array(0), batch: numbered(labels).batch };
    expect(() => shuffledBatches(empty, { batchSize: 2, random: createRandom(1) })).toThrow(
      new RangeError('shuffledBatches: the set is empty. Add samples.'),
    );
  });
});
