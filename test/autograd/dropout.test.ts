import { expect, test } from 'vitest';
import { dropout } from '../../src/autograd/ops/dropout.ts';
import { ones } from '../../src/tensor/create.ts';
import { createRandom } from '../../src/tensor/random.ts';

test.each([0, 1, 4095, 4096, 4097, 20_000])('%i elements take the words of the source in order, one each', (count) => {
  const p = 0.25;
  const words = createRandom(7).fillWords(new Uint32Array(count));
  const y = dropout(ones([count]), { p, training: true, random: createRandom(7) });
  const expected = Float32Array.from(words, (word) => (word / 2 ** 32 >= p ? 1 / (1 - p) : 0));
  expect(y.data).toEqual(expected);
});
