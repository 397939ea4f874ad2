import { expect, test } from 'vitest';
import { mul } from '../../src/autograd/ops/arithmetic.ts';
import { square } from '../../src/autograd/ops/pointwise.ts';
import { sum } from '../../src/autograd/ops/reductions.ts';
import { backward } from '../../src/autograd/tape.ts';
import { gradcheckModule } from '../../src/nn/clone.ts';
import { Embedding } from '../../src/nn/embedding.ts';
import { Sequential } from '../../src/nn/sequential.ts';
import { stateDict } from '../../src/nn/state.ts';
import { tensor } from '../../src/tensor/create.ts';
import { intTensor } from '../../src/tensor/intTensor.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { errorOf } from '../errors.ts';

const random = createRandom(16);
const ids = intTensor(Int32Array.of(1, 3, 3, 0, 2, 1), [2, 3]);

test('gives the row of each id, in the shape of the ids', () => {
  const table = new Embedding(4, 2, { random });
  table.weight.data.set([0, 1, 10, 11, 20, 21, 30, 31]);
  expect(table.forward(ids).toArray()).toEqual([
    [
      [10, 11],
      [30, 31],
      [30, 31],
    ],
    [
      [0, 1],
      [20, 21],
      [10, 11],
    ],
  ]);
  for (const list of [[3, 1], Int32Array.of(3, 1), Uint8Array.of(3, 1)])
    expect(table.forward(list).toArray()).toEqual([
      [30, 31],
      [10, 11],
    ]);
  expect(table.forward(intTensor(Int32Array.of(2), [])).toArray()).toEqual([20, 21]);
  expect(table.forward(intTensor(new Int32Array(0), [0, 5])).shape).toEqual([0, 5, 2]);
  expect(new Sequential(table, (x) => mul(x, 2)).forward(ids).shape).toEqual([2, 3, 2]);
});

test('first values are normal with variance 1, zeros for the padding', () => {
  const { weight } = new Embedding(300, 100, { random, paddingIndex: 7 });
  const values = Array.from(weight.data);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, b) => a + b * b, 0) / values.length;
  expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(values.length));
  expect(Math.abs(variance * (300 / 299) - 1)).toBeLessThan(4 * Math.sqrt(2 / values.length));
  expect(values.flatMap((v, i) => (v === 0 ? [Math.floor(i / 100)] : []))).toEqual(new Array(100).fill(7));
  expect([...stateDict(new Embedding(2, 3, { random, paddingIndex: 0 })).keys()]).toEqual(['weight']);
});

test('each row gets the gradients of its ids, the padding none', () => {
  const padded = new Embedding(4, 2, { random, paddingIndex: 1 });
  padded.weight.data.fill(5, 2, 4);
  const g = tensor([
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
    [
      [7, 8],
      [9, 10],
      [11, 12],
    ],
  ]);
  // A change of the ids between the passes must not matter.
  const passing = intTensor(ids.data.slice(), ids.shape);
  const y = padded.forward(passing);
  expect(Array.from(y.data.subarray(0, 2))).toEqual([5, 5]);
  passing.data.fill(0);
  expect(
    backward(sum(mul(y, g)))
      .get(padded.weight)
      .toArray(),
  ).toEqual([
    [7, 8],
    [0, 0],
    [9, 10],
    [8, 10],
  ]);
  const plain = new Embedding(4, 2, { random });
  const result = gradcheckModule(plain, (m) => m.forward(ids), []);
  expect(result.ok, JSON.stringify(result)).toBe(true);
  const again = backward(sum(square(padded.forward(ids))), { createGraph: true }).get(padded.weight);
  expect(backward(sum(again)).get(padded.weight).toArray()).toEqual([
    [2, 2],
    [0, 0],
    [2, 2],
    [4, 4],
  ]);
});

test('the array of ids may be used again before the gradient is taken', () => {
  const table = new Embedding(3, 1, { random, paddingIndex: 2 });
  const words = Int32Array.of(0, 2, 0);
  const loss = sum(table.forward(words));
  words.fill(1);
  expect(Array.from(backward(loss).get(table.weight).data)).toEqual([2, 0, 0]);
});

test.each<readonly [() => unknown, new (...args: never[]) => Error, string]>([
  [
    () => new Embedding(4, 2, { random }).forward(intTensor(Int32Array.of(1, 3, 0, 4), [2, 2])),
    RangeError,
    'ids[1, 1] is 4; the table has 4 rows. Use 0 to 3.',
  ],
  [
    () => new Embedding(4, 2, { random }).forward([0, -1]),
    RangeError,
    'ids[1] is -1; the table has 4 rows. Use 0 to 3.',
  ],
  [
    () => new Embedding(4, 2, { random }).forward([0.5]),
    RangeError,
    'ids[0] is 0.5; expected an integer within 32 bits.',
  ],
  [
    () => new Embedding(4, 2, { random }).forward(tensor([1])),
    TypeError,
    'ids must be integers; a float Tensor cannot hold ids above 2^24 exactly. Use intTensor(Int32Array.from(values), shape).',
  ],
  [
    () => new Embedding(4, 2, { random, paddingIndex: 4 }),
    RangeError,
    'paddingIndex must be an id from 0 to 3; got 4.',
  ],
  [
    () => new Embedding(4, 2, { random, paddingIndex: -1 }),
    RangeError,
    'paddingIndex must be an id from 0 to 3; got -1.',
  ],
  [() => new Embedding(0, 2, { random }), RangeError, 'count must be an integer of at least 1; got 0.'],
])('refuses, %#', (call, kind, message) => {
  expect(errorOf(kind, call).message).toBe(`Embedding: ${message}`);
});
