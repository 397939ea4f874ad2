import { describe, expect, test } from 'vitest';
import { relu } from '../../src/autograd/ops/activations.ts';
import { add, mul } from '../../src/autograd/ops/arithmetic.ts';
import { batchNorm } from '../../src/autograd/ops/batchNorm.ts';
import { conv2d } from '../../src/autograd/ops/conv2d.ts';
import { euclidean } from '../../src/autograd/ops/distances.ts';
import { maxPool2d } from '../../src/autograd/ops/maxPool2d.ts';
import { linear } from '../../src/autograd/ops/products.ts';
import { flatten, slice } from '../../src/autograd/ops/rearrange.ts';
import { mean, sum } from '../../src/autograd/ops/reductions.ts';
import { Parameter } from '../../src/autograd/parameter.ts';
import { backward } from '../../src/autograd/tape.ts';
import { ones, tensor, zeros } from '../../src/tensor/create.ts';
import { allocate, isDouble, scratchLike, toDouble } from '../../src/tensor/precision.ts';
import { createRandom } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

describe('toDouble', () => {
  test('is a leaf of its own with the same values', () => {
    const x = tensor([[0.1, -0, Number.NaN]]);
    const double = toDouble(x);
    expect(isDouble(double.data)).toBe(true);
    expect(isDouble(x.data)).toBe(false);
    expect(double.shape).toEqual([1, 3]);
    expect([...double.data]).toEqual([Math.fround(0.1), -0, Number.NaN]);
    expect(double.node).toBeUndefined();
    double.data[0] = 1;
    expect(x.data[0]).toBe(Math.fround(0.1));
  });

  test('keeps what float32 cannot hold, also a second time', () => {
    const double = toDouble(tensor([1]));
    double.data[0] = 1 + 2 ** -40;
    const again = toDouble(double);
    expect(again.item()).toBe(1 + 2 ** -40);
    again.data[0] = 3;
    expect(double.item()).toBe(1 + 2 ** -40);
  });
});

test('allocate gives zeros, in double where any input is', () => {
  const [single, double] = [ones([1]), toDouble(ones([1]))];
  for (const [inputs, expected] of [
    [[], false],
    [[single], false],
    [[single, single], false],
    [[double], true],
    [[single, double], true],
    [[double, single], true],
  ] as const) {
    const data = allocate(inputs, [2, 3]);
    expect(isDouble(data)).toBe(expected);
    expect([...data]).toEqual([0, 0, 0, 0, 0, 0]);
  }
  expect(allocate([single], []).length).toBe(1);
  expect(allocate([double], [3, 0]).length).toBe(0);
});

test('scratchLike follows its model', () => {
  expect(isDouble(scratchLike(ones([1]).data, 3))).toBe(false);
  expect(isDouble(scratchLike(toDouble(ones([1])).data, 3))).toBe(true);
  expect([...scratchLike(ones([1]).data, 2)]).toEqual([0, 0]);
});

describe('double precision spreads', () => {
  const random = createRandom(1);
  const leaf = (shape: readonly number[]) => {
    const data = random.fillNormal(new Float32Array(shape.reduce((a, b) => a * b, 1)), 0, 1);
    return tensor(data, shape);
  };
  /** A little of everything a twin is made of. */
  const network = (x: Tensor, kernel: Tensor, weight: Tensor): Tensor => {
    const filtered = relu(batchNorm(conv2d(x, kernel, undefined, { padding: 1 }), { training: true }));
    const embedded = linear(flatten(maxPool2d(filtered, 2)), weight);
    const distance = euclidean(slice(embedded, [[0, 2]]), slice(embedded, [[2, 4]]));
    return mean(add(mul(distance, 2), 1));
  };
  const inputs = [leaf([4, 1, 4, 4]), leaf([2, 1, 3, 3]), leaf([3, 8])];

  test('from the leaves to the output and to every gradient', () => {
    const leaves = inputs.map((x) => new Parameter(toDouble(x).data, x.shape));
    const [x, kernel, weight] = leaves;
    const loss = network(x, kernel, weight);
    expect(isDouble(loss.data)).toBe(true);
    const gradients = backward(loss);
    for (const p of leaves) expect(isDouble(gradients.get(p).data)).toBe(true);
  });

  test('from one input alone, and nowhere else', () => {
    for (const chosen of [0, 1, 2]) {
      const [x, kernel, weight] = inputs.map((t, i) => (i === chosen ? toDouble(t) : t));
      expect(isDouble(network(x, kernel, weight).data)).toBe(true);
    }
    const [x, kernel, weight] = inputs;
    expect(isDouble(network(x, kernel, weight).data)).toBe(false);
  });

  test('so sums keep what float32 loses', () => {
    const x = toDouble(zeros([2]));
    x.data.set([1, 2 ** -30]);
    expect(sum(x).item()).toBe(1 + 2 ** -30);
    expect(sum(tensor([1, 2 ** -30])).item()).toBe(1);
    expect(add(x, 0.1).data[0]).toBe(1.1);
  });
});
