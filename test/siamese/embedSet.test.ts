import { expect, test } from 'vitest';
import { euclidean } from '../../src/autograd/ops/distances.ts';
import type { LabelledSet } from '../../src/data/imageSet.ts';
import { Flatten } from '../../src/nn/dense.ts';
import { embedSet } from '../../src/siamese/embedSet.ts';
import { Twin } from '../../src/siamese/twin.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

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
