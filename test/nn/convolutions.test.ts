import { describe, expect, test } from 'vitest';
import { conv1d } from '../../src/autograd/ops/conv1d.ts';
import { convTranspose2d } from '../../src/autograd/ops/convTranspose2d.ts';
import { Conv1d, Conv2d, ConvTranspose2d } from '../../src/nn/convolutions.ts';
import { AdaptiveAvgPool2d, AvgPool2d } from '../../src/nn/pooling.ts';
import { stateDict } from '../../src/nn/state.ts';
import { full, ones, tensor, zeros } from '../../src/tensor/create.ts';
import { createRandom } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { errorOf } from '../errors.ts';

const random = createRandom(4);
const shapes = (layer: Conv1d | ConvTranspose2d) => [...stateDict(layer)].map(([name, { shape }]) => [name, shape]);
const largest = ({ data }: Tensor) => data.reduce((m, v) => Math.max(m, Math.abs(v)), 0);

describe('first values', () => {
  test('Conv1d: weight [out, in / groups, k] and bias [out], within 1 / sqrt(in / groups * k)', () => {
    const layer = new Conv1d(60, 40, 3, { groups: 2, random });
    expect(shapes(layer)).toEqual([
      ['weight', [40, 30, 3]],
      ['bias', [40]],
    ]);
    const bound = 1 / Math.sqrt(30 * 3);
    expect(largest(layer.weight)).toBeLessThanOrEqual(bound);
    expect(largest(layer.weight)).toBeGreaterThan(0.99 * bound);
    expect(largest(layer.bias ?? ones([1]))).toBeLessThanOrEqual(bound);
    expect(largest(layer.bias ?? zeros([1]))).toBeGreaterThan(0.8 * bound);
  });

  test('ConvTranspose2d: weight [in, out / groups, kH, kW] and bias [out], within 1 / sqrt(out / groups * kH kW), as in PyTorch', () => {
    const layer = new ConvTranspose2d(60, 40, [3, 2], { groups: 2, random });
    expect(shapes(layer)).toEqual([
      ['weight', [60, 20, 3, 2]],
      ['bias', [40]],
    ]);
    const bound = 1 / Math.sqrt(20 * 3 * 2);
    expect(largest(layer.weight)).toBeLessThanOrEqual(bound);
    expect(largest(layer.weight)).toBeGreaterThan(0.99 * bound);
    expect(largest(layer.bias ?? ones([1]))).toBeLessThanOrEqual(bound);
    expect(largest(layer.bias ?? zeros([1]))).toBeGreaterThan(0.8 * bound);
  });

  test('without a bias, and from an initializer', () => {
    const layer = new ConvTranspose2d(2, 3, 2, { random, bias: false, initialize: (shape) => full(shape, 0.5) });
    expect(shapes(layer)).toEqual([['weight', [2, 3, 2, 2]]]);
    expect(new Set(layer.weight.data)).toEqual(new Set([0.5]));
  });
});

describe('forward', () => {
  const x = tensor(random.fork('x').fillNormal(new Float32Array(2 * 4 * 7), 0, 1), [2, 4, 7]);

  test('is the op with the options of the layer', () => {
    const options = { stride: 2, padding: 1, dilation: 2, groups: 2 };
    const layer = new Conv1d(4, 6, 3, { ...options, random });
    expect(layer.forward(x).toArray()).toEqual(conv1d(x, layer.weight, layer.bias, options).toArray());

    const all = { stride: [2, 1], padding: [0, 1], outputPadding: [1, 0], dilation: 2, groups: 2 } as const;
    const image = tensor(x.data, [2, 4, 1, 7]);
    const transposed = new ConvTranspose2d(4, 6, [2, 3], { ...all, random });
    const expected = convTranspose2d(image, transposed.weight, transposed.bias, all);
    expect(transposed.forward(image).toArray()).toEqual(expected.toArray());
  });

  test('an embedding of images of any size', () => {
    const pool = new AdaptiveAvgPool2d(1);
    for (const size of [1, 3, 8]) expect(pool.forward(full([2, 3, size, size + 1], 5))).toEqual(full([2, 3, 1, 1], 5));
    expect(new AvgPool2d([1, 2], { padding: [0, 1], countIncludePad: false }).forward(tensor([[[[4, 8]]]]))).toEqual(
      tensor([[[[4, 8]]]]),
    );
    expect(new AvgPool2d([1, 2], { padding: [0, 1] }).forward(tensor([[[[4, 8]]]]))).toEqual(tensor([[[[2, 4]]]]));
  });
});

describe('bad sizes', () => {
  const options = { random };
  test.each([
    [() => new Conv1d(0, 1, 3, options), 'Conv1d: inputs must be an integer of at least 1; got 0.'],
    [() => new Conv1d(1, 1, 0, options), 'Conv1d: size must be an integer of at least 1; got 0.'],
    [() => new Conv1d(1, 1.5, 3, options), 'Conv1d: outputs must be an integer of at least 1; got 1.5.'],
    [
      () => new Conv1d(4, 6, 3, { random, groups: 4 }),
      'Conv1d: 4 groups do not divide 4 inputs and 6 outputs. Choose a common divisor.',
    ],
    [
      () => new ConvTranspose2d(1, 1, [3, 0], options),
      'ConvTranspose2d: width must be an integer of at least 1; got 0.',
    ],
    [
      () => new ConvTranspose2d(1, 1, 3, { random, groups: 0 }),
      'ConvTranspose2d: groups must be an integer of at least 1; got 0.',
    ],
    [
      () => new ConvTranspose2d(4, 6, 3, { random, groups: 4 }),
      'ConvTranspose2d: 4 groups do not divide 4 inputs and 6 outputs. Choose a common divisor.',
    ],
    [
      // @ts-expect-error three numbers are no pair.
      () => new Conv2d(1, 1, [3, 3, 3], options),
      'Conv2d: size must be a number, or one for height and one for width; got [3,3,3].',
    ],
  ])('%#', (make, message) => {
    expect(errorOf(RangeError, make).message).toBe(message);
  });
});
