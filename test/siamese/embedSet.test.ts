import { expect, test } from 'vitest';
import { mul } from '../../src/autograd/ops/arithmetic.ts';
import { euclidean } from '../../src/autograd/ops/distances.ts';
import { slice } from '../../src/autograd/ops/rearrange.ts';
import { sum } from '../../src/autograd/ops/reductions.ts';
import { backward } from '../../src/autograd/tape.ts';
import { hardPairs } from '../../src/data/hardPairs.ts';
import { imageSet, type LabelledSet } from '../../src/data/imageSet.ts';
import { mineHardNegatives } from '../../src/losses/mineHardNegatives.ts';
import { Dropout, Flatten, Linear } from '../../src/nn/dense.ts';
import { Sequential } from '../../src/nn/sequential.ts';
import { diagnoseEmbeddings } from '../../src/siamese/diagnostics.ts';
import { embedSet } from '../../src/siamese/embedSet.ts';
import { Twin } from '../../src/siamese/twin.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { errorOf } from '../errors.ts';

const twin = new Twin(new Flatten(), { compare: euclidean });

test.each([
  [0, [0]],
  [1, [1]],
  [127, [127]],
  [128, [128]],
  [129, [128, 1]],
  [256, [128, 128]],
  [300, [128, 128, 44]],
])('a set of %i is asked for its inputs in order, in batches of %j', (length, sizes) => {
  const asked: (readonly number[])[] = [];
  const set: LabelledSet = {
    length,
    labels: new Int32Array(length),
    batch: (indices: readonly number[]) => {
      asked.push(indices);
      return new Tensor(Float32Array.from(indices), [indices.length, 1, 1]);
    },
  };
  const embeddings = embedSet(twin, set);
  expect(asked.map((indices) => indices.length)).toEqual(sizes);
  const all = Array.from({ length }, (_, i) => i);
  expect(asked.flat()).toEqual(all);
  expect(embeddings.shape).toEqual([length, 1]);
  expect(Array.from(embeddings.data)).toEqual(all);
});

const random = createRandom(1);
const encoder = new Sequential(new Flatten(), new Linear(6, 3, { random }), new Dropout(0.5));
const learned = new Twin(encoder, { compare: euclidean });
const set = imageSet(
  { shape: [11, 2, 3], data: Float32Array.from({ length: 66 }, () => random.uniform()) },
  Array.from({ length: 11 }, (_, i) => i % 3),
);

test('row i is the embedding of sample i, the same bits whatever the batches', () => {
  const whole = embedSet(learned, set);
  expect(whole.shape).toEqual([11, 3]);
  for (const batchSize of [1, 4, 11, 12]) expect(embedSet(learned, set, { batchSize }).data).toEqual(whole.data);
  for (let i = 0; i < 11; i++) expect(whole.data.slice(3 * i, 3 * i + 3)).toEqual(learned.embed(set.batch([i])).data);
});

test('nothing is recorded', () => {
  expect(errorOf(TypeError, () => backward(sum(embedSet(learned, set)))).message).toContain(
    'the loss depends on no Parameter',
  );
});

test('each batch is prepared by transform, which keeps the number of rows', () => {
  const sizes: number[] = [];
  const transform = (x: Tensor) => {
    sizes.push(x.shape[0]);
    return mul(x, 2);
  };
  const prepared = embedSet(learned, set, { batchSize: 4, transform });
  expect(sizes).toEqual([4, 4, 3]);
  expect(prepared.data).toEqual(learned.embed(mul(set.batch(Array.from({ length: 11 }, (_, i) => i)), 2)).data);
  expect(errorOf(RangeError, () => embedSet(learned, set, { transform: (x) => slice(x, [[0, 2]]) })).message).toBe(
    'transform: it returned 2 rows for 11 samples. Return one row a sample, in their order.',
  );
});

test('a batch holds at least one sample', () => {
  for (const batchSize of [0, 1.5, NaN])
    expect(errorOf(RangeError, () => embedSet(learned, set, { batchSize })).message).toBe(
      `embedSet: batchSize must be an integer of at least 1; got ${batchSize}.`,
    );
});

test('hardPairs, mineHardNegatives and diagnoseEmbeddings take it', () => {
  const embeddings = embedSet(learned, set);
  const pairs = hardPairs(set, { embeddings, batchSize: 4, neighbors: 1, random });
  const { anchors, negatives } = mineHardNegatives(embeddings, set.labels);
  const partner = new Map([...anchors].map((anchor, i) => [anchor, negatives[i]]));
  const pixels = (x: Tensor, i: number) => [...x.data.slice(6 * i, 6 * i + 6)].join();
  const rows = Array.from({ length: 11 }, (_, i) => pixels(set.batch([i]), 0));
  for (const { a, b, different } of pairs.epoch(0))
    different.forEach((flag, i) => {
      if (flag === 1) expect(rows.indexOf(pixels(b, i))).toBe(partner.get(rows.indexOf(pixels(a, i))));
    });
  expect(diagnoseEmbeddings(embeddings, { labels: set.labels }).count).toBe(11);
});
