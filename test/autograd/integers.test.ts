import { expect, test } from 'vitest';
import * as t from '../../src/portable.ts';
import { errorOf } from '../errors.ts';

/** What plain JavaScript may write: the types forbid it. */
const integers = t.intTensor(Int32Array.of(1, 5), [1, 2]) as unknown as t.Tensor;

test.each([
  ['relu', () => t.relu(integers)],
  ['add', () => t.add(t.ones([2]), integers)],
  ['sum', () => t.sum(integers)],
])('%s refuses integers in words', (_name, call) => {
  expect(errorOf(TypeError, call).message).toBe(
    'expected a Tensor; got an IntTensor of shape [1, 2]. Use tensor(values) for numbers; ids go through an Embedding, classes through oneHot().',
  );
});

test.each([
  ['reshape', () => t.reshape(integers, [2])],
  ['flatten', () => t.flatten(integers)],
  ['linear', () => t.linear(integers, t.ones([3, 2]))],
])('%s, which only gives data another shape, refuses them too', (_name, call) => {
  expect(errorOf(TypeError, call).message).toBe(
    'tensor: data must be floats; got an Int32Array. Use tensor(values) for numbers; ids go through an Embedding, classes through oneHot().',
  );
});

test('a Sequential says what turns integers into numbers', () => {
  const model = new t.Sequential(t.relu, new t.Linear(2, 2, { random: t.createRandom(1) }));
  expect(errorOf(TypeError, () => model.forward(t.intTensor(Int32Array.of(1, 5), [1, 2]))).message).toBe(
    'Sequential: integers must be turned into numbers first. Begin with an Embedding.',
  );
});
