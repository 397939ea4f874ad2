import { afterEach, describe, expect, test } from 'vitest';
import { batchNorm } from '../../src/autograd/ops/batchNorm.ts';
import { chebyshev, manhattan } from '../../src/autograd/ops/cityBlock.ts';
import { groupNorm, instanceNorm } from '../../src/autograd/ops/groupNorm.ts';
import { layerNorm, rmsNorm } from '../../src/autograd/ops/layerNorm.ts';
import { mahalanobis } from '../../src/autograd/ops/mahalanobis.ts';
import { pairwiseDistances } from '../../src/autograd/ops/pairwiseDistances.ts';
import { sum } from '../../src/autograd/ops/reductions.ts';
import { rowSums } from '../../src/autograd/ops/standardize.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { backward } from '../../src/autograd/tape.ts';
import { tripletLoss } from '../../src/losses/tripletLoss.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { portableKernels, useKernels } from '../../src/tensor/kernels/kernels.ts';
import { createSimdKernels } from '../../src/tensor/kernels/simd/simd.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { type Shape, sizeOf } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

const random = createRandom(31);
const normal = (shape: Shape, mean = 0, deviation = 1): Tensor =>
  new Tensor(random.fork(shape.join()).fillNormal(new Float32Array(sizeOf(shape)), mean, deviation), shape);
const row = (x: Tensor, n: number, count = 1): Tensor => {
  const size = x.size / x.shape[0];
  return new Tensor(x.data.slice(n * size, (n + count) * size), [count, ...x.shape.slice(1)]);
};

afterEach(() => {
  useKernels(portableKernels);
});

describe.each([
  ['portable', () => portableKernels],
  ['simd', () => createSimdKernels()],
] as const)('an item has the same bits in any batch, %s', (_, kernels) => {
  const image = (x: Tensor) => groupNorm(x, { groups: 2, weight: tensor([1, 2, 3, 4]), bias: tensor([4, 3, 2, 1]) });
  test.each<[string, (x: Tensor) => Tensor, Shape]>([
    // More rows than go to a kernel at once, and rows that go one by one.
    ['layerNorm', (x) => layerNorm(x), [1500, 37]],
    ['layerNorm of long rows', (x) => layerNorm(x), [5, 20_001]],
    ['rmsNorm', (x) => rmsNorm(x), [1500, 37]],
    ['groupNorm', image, [300, 4, 3, 7]],
    ['instanceNorm', (x) => instanceNorm(x), [500, 4, 5, 5]],
  ])('%s', (_name, fn, shape) => {
    useKernels(kernels());
    const x = normal(shape);
    const all = fn(x);
    for (let n = 0; n < shape[0]; n += Math.max(1, Math.floor(shape[0] / 200))) {
      expect(fn(row(x, n)).data).toEqual(row(all, n).data);
      if (n > 0) expect(row(fn(row(x, n - 1, 2)), 1).data).toEqual(row(all, n).data);
    }
  });
});

test('sums of a row are those of the row alone to the last bit of a double, also of more rows than a kernel takes', () => {
  useKernels(createSimdKernels());
  const x = normal([26_000, 50]);
  const { products } = rowSums(x.data, undefined, new Float64Array(26_000), 50);
  for (let n = 0; n < 26_000; n += 200)
    expect(products[n]).toBe(rowSums(row(x, n).data, undefined, new Float64Array(1), 50).products[0]);
});

test('a large offset costs no digits: mean 1e4, deviation 0.1', () => {
  const x = normal([3, 200], 1e4, 0.1);
  for (const y of [layerNorm(x), groupNorm(x, { groups: 1 })]) {
    for (let n = 0; n < 3; n++) {
      const values = [...row(x, n).data];
      const mean = values.reduce((s, v) => s + v, 0) / 200;
      const variance = values.reduce((s, v) => s + (v - mean) * (v - mean), 0) / 200;
      values.forEach((v, i) => {
        expect(Math.abs(y.data[200 * n + i] - (v - mean) / Math.sqrt(variance + 1e-5))).toBeLessThan(3e-7);
      });
    }
  }
});

describe.each([
  ['manhattan', manhattan],
  ['chebyshev', chebyshev],
] as const)('%s', (metric, op) => {
  test('pairs have the bits of the row op, also of one tensor with itself', () => {
    const [a, b] = [normal([7, 33]), normal([6, 33])];
    for (const other of [a, b]) {
      const all = pairwiseDistances(a, other, { metric });
      for (let i = 0; i < 7; i++)
        for (let j = 0; j < other.shape[0]; j++)
          expect(all.data[other.shape[0] * i + j]).toBe(op(row(a, i), row(other, j)).item());
    }
  });

  test('is a distance of tripletLoss', () => {
    const loss = tripletLoss(zeros([1, 2]), tensor([[1, 1]]), tensor([[1, 2]]), { distance: metric, margin: 3 });
    expect(loss.item()).toBe(2);
  });
});

test('batchNorm loses no digits to a large offset: 2^24 and 2^24 + 2, whose squares do not add up in a double', () => {
  const y = batchNorm(
    new Tensor(
      Float32Array.from({ length: 4098 }, (_, i) => 2 ** 24 + 2 * (i % 2)),
      [4098, 1],
    ),
    {
      ...{ training: true, epsilon: 0 },
    },
  );
  expect(new Set(y.data)).toEqual(new Set([-1, 1]));
});

test('batchNorm with momentum 1 takes the statistics of the batch, with 0 it keeps its own', () => {
  for (const [momentum, mean, variance] of [
    [1, 3, 2],
    [0, 5, 7],
  ]) {
    const [runningMean, runningVar] = [tensor([5]), tensor([7])];
    batchNorm(tensor([[2], [4]]), { training: true, momentum, runningMean, runningVar });
    expect([runningMean.item(), runningVar.item()]).toEqual([mean, variance]);
  }
});

test('layerNorm over all axes is over all elements, counted or listed', () => {
  const x = tensor([
    [1, 3],
    [3, 1],
  ]);
  const unit = [-1, 1, 1, -1];
  for (const y of [layerNorm(x, { axes: 2, epsilon: 0 }), layerNorm(x, { axes: [0, 1], epsilon: 0 })])
    expect(Array.from(y.data)).toEqual(unit);
  expect(Array.from(layerNorm(tensor([1, 3]), { epsilon: 0 }).data)).toEqual([-1, 1]);
});

test.each([[[2, 0]], [[0, 2]]])('layerNorm of %j has an empty gradient, recorded or not', (shape) => {
  for (const createGraph of [false, true]) {
    const x = parameter(zeros(shape));
    const g = backward(sum(layerNorm(x)), { createGraph }).get(x);
    expect(g.shape).toEqual(shape);
  }
});

test('mahalanobis takes what rounding makes negative for 0', () => {
  // A vector along which the form is 0 but for the rounding of the matrix to float32.
  const matrix = tensor([
    [0.01, 0.1],
    [0.1, 1],
  ]);
  expect(mahalanobis(tensor([[10, -1]]), zeros([1, 2]), matrix).item()).toBeLessThan(1e-3);
  const less = tensor([
    [0.01 - 1e-9, 0.1],
    [0.1, 1],
  ]);
  expect(mahalanobis(tensor([[10, -1]]), zeros([1, 2]), less).item()).toBe(0);
});
