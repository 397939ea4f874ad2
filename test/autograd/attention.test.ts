import { expect, test } from 'vitest';
import { attention } from '../../src/autograd/ops/attention.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { type Shape, sizeOf } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

const random = createRandom(5);
const normal = (name: string, shape: Shape): Tensor =>
  new Tensor(random.fork(name).fillNormal(new Float32Array(sizeOf(shape)), 0, 1), shape);
/** The matrix of x that its leading indices count to. */
const item = (x: Tensor, n: number): Tensor => {
  const [rows, columns] = x.shape.slice(-2);
  return new Tensor(x.data.slice(n * rows * columns, (n + 1) * rows * columns), [rows, columns]);
};

test.each([
  ['for all items', [4, 3], () => 0],
  ['for all items, with axes of 1', [1, 1, 1, 4, 3], () => 0],
  ['for the items of the last axis of the batch', [1, 1, 3, 4, 3], (n: number) => n % 3],
  ['for the items of the first axis of the batch', [2, 1, 1, 4, 3], (n: number) => Math.floor(n / 3)],
  ['for each item', [2, 1, 3, 4, 3], (n: number) => n],
])('a bias %s', (_, shape, biasOf) => {
  const [q, k, v] = [normal('q', [2, 1, 3, 4, 5]), normal('k', [2, 1, 3, 3, 5]), normal('v', [2, 1, 3, 3, 2])];
  const bias = normal('bias', shape);
  const all = attention(q, k, v, { bias });
  expect(all.shape).toEqual([2, 1, 3, 4, 2]);
  for (let n = 0; n < 6; n++) {
    const alone = attention(item(q, n), item(k, n), item(v, n), { bias: item(bias, biasOf(n)) });
    expect(item(all, n).data).toEqual(alone.data);
  }
});
