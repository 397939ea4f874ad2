import { describe, expect, it } from 'vitest';
import {
  Adam,
  contrastiveLoss,
  cosineDistance,
  createRandom,
  Embedding,
  euclidean,
  Gallery,
  GRU,
  IntTensor,
  intTensor,
  Linear,
  noGrad,
  Sequential,
  scorePairs,
  type Tensor,
  Twin,
  tensor,
  train,
} from '../../src/portable.ts';

/* A twin whose inputs are integers, the ids of words, for an encoder that begins with an Embedding. */

const WORDS = 30;
const createTwin = (compare: typeof euclidean = euclidean) => {
  const random = createRandom(1);
  const layers = [new Embedding(WORDS, 6, { random }), new GRU(6, 8, { random, returns: 'last' })] as const;
  return new Twin(new Sequential(...layers, new Linear(8, 3, { random })), { compare });
};
const twin = createTwin();

/** Sequences of ids, the same for one seed; sequence i of n is what it is of any other number. */
function ids(n: number, steps = 5, seed = 0): IntTensor {
  const random = createRandom(seed);
  return intTensor(
    Int32Array.from({ length: n * steps }, () => Math.floor(WORDS * random.uniform())),
    [n, steps],
  );
}
const one = (x: IntTensor, i: number) => {
  const [, steps] = x.shape;
  return intTensor(x.data.slice(i * steps, (i + 1) * steps), [1, steps]);
};
const numbers = ({ data }: Tensor) => Array.from(data);

describe('a twin of integers', () => {
  it('compares row with row, to the bit as one by one', () => {
    const [a, b] = [ids(5), ids(5, 5, 1)];
    const scores = twin.compare(a, b);
    expect(scores.shape).toEqual([5]);
    expect(numbers(scores)).toEqual(Array.from({ length: 5 }, (_, i) => twin.compare(one(a, i), one(b, i)).item()));
    expect(new Set(scores.data).size).toBe(5);
    expect(numbers(twin.compare(a, a))).toEqual([0, 0, 0, 0, 0]);
  });

  it('compares sequences of different lengths, one side after the other', () => {
    const [a, b] = [ids(3, 4), ids(3, 7, 1)];
    expect(numbers(twin.compare(a, b))).toEqual(numbers(euclidean(twin.embed(a), twin.embed(b))));
  });

  it('embeds a batch in parts, to the bit as at once', () => {
    const x = ids(11);
    const whole = twin.embed(x);
    for (const batchSize of [1, 4, 11]) {
      expect(numbers(twin.embed(x, { batchSize }))).toEqual(numbers(whole));
      expect(numbers(noGrad(() => twin.embed(x, { batchSize })))).toEqual(numbers(whole));
    }
  });

  it('scores pairs, tells same from different, and finds in a gallery', () => {
    const [a, b] = [ids(4), ids(4, 5, 1)];
    const pairs = { length: 1, epoch: () => [{ a, b, different: Uint8Array.of(1, 0, 1, 0) }] };
    const scored = scorePairs(twin, pairs);
    expect(Array.from(scored.scores)).toEqual(numbers(twin.compare(a, b)));
    expect(Array.from(scored.same)).toEqual([0, 1, 0, 1]);
    expect(twin.withThreshold(1e-6).isSame(a, a)).toEqual([true, true, true, true]);
    expect(twin.withThreshold(1e-6).isSame(a, b)).toEqual([false, false, false, false]);

    // More than one batch of the gallery's own.
    const gallery = new Gallery<number>(createTwin(cosineDistance));
    const known = ids(150);
    gallery.add(
      known,
      Array.from({ length: 150 }, (_, i) => i),
    );
    const [[best]] = gallery.search(one(known, 140), { k: 1 });
    expect(best).toEqual({ label: 140, index: 140, score: 0 });
  });

  it('does not mix integers with numbers', () => {
    expect(() => twin.compare(ids(2), tensor(Float32Array.from(ids(2).data), [2, 5]))).toThrow(
      'Embedding: ids must be integers',
    );
  });

  it('learns', async () => {
    const learner = createTwin();
    const different = Uint8Array.from({ length: 12 }, (_, i) => i % 2);
    const a = ids(12);
    // A same pair begins with the same word.
    const b = new IntTensor(
      ids(12, 5, 1).data.map((id, i) => (i % 5 === 0 ? (a.data[i] + 15 * different[i / 5]) % WORDS : id)),
      [12, 5],
    );
    const losses: number[] = [];
    for await (const { loss } of train(learner, {
      batches: { length: 1, epoch: () => [{ a, b, different }] },
      loss: (batch, context) => contrastiveLoss(learner.compare(batch.a, batch.b, context), batch),
      optimizer: new Adam(learner, { learningRate: 0.03 }),
      epochs: 60,
      random: createRandom(2),
    }))
      losses.push(loss);
    expect(losses).toHaveLength(60);
    expect(losses[59]).toBeLessThan(0.05 * losses[0]);
  });
});
