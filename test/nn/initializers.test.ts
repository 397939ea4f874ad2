import { describe, expect, test } from 'vitest';
import {
  defaultWeight,
  initialBias,
  kaimingNormal,
  kaimingUniform,
  xavierNormal,
  xavierUniform,
} from '../../src/nn/initializers.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { type Shape, ShapeError } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { errorOf } from '../errors.ts';

const random = createRandom(12);
const dense = [300, 200];
const convolution = [64, 32, 3, 5];
const fan = (shape: Shape) => {
  const kernel = shape.slice(2).reduce((a, b) => a * b, 1);
  return { in: shape[1] * kernel, out: shape[0] * kernel };
};

function moments({ data }: Tensor) {
  const mean = data.reduce((a, b) => a + b, 0) / data.length;
  const central = (power: number) => data.reduce((sum, v) => sum + (v - mean) ** power, 0) / data.length;
  return {
    mean,
    variance: central(2),
    kurtosis: central(4) / central(2) ** 2,
    largest: Math.max(...data.map(Math.abs)),
  };
}

/** The limit is kept, and reached: of n uniform numbers the largest is within 10 / n of it, but once in 22,000 times. */
function expectUniform(t: Tensor, limit: number): void {
  const { mean, variance, largest } = moments(t);
  expect(largest).toBeLessThanOrEqual(Math.fround(limit));
  expect(largest).toBeGreaterThan(limit * (1 - 10 / t.size));
  expect(Math.abs(mean)).toBeLessThan((4 * limit) / Math.sqrt(3 * t.size));
  expect(Math.abs(variance - limit ** 2 / 3)).toBeLessThan(4 * limit ** 2 * Math.sqrt(4 / 45 / t.size));
}

function expectNormal(t: Tensor, variance: number): void {
  const found = moments(t);
  expect(Math.abs(found.mean)).toBeLessThan(4 * Math.sqrt(variance / t.size));
  expect(Math.abs(found.variance / variance - 1)).toBeLessThan(4 * Math.sqrt(2 / t.size));
  expect(Math.abs(found.kurtosis - 3)).toBeLessThan(4 * Math.sqrt(24 / t.size));
}

describe.each([
  ['dense', dense],
  ['convolution', convolution],
  ['one filter', [1, 20_000]],
])('%s', (_name, shape) => {
  const { in: fanIn, out: fanOut } = fan(shape);
  test('kaimingUniform', () => {
    expectUniform(kaimingUniform(shape, { random }), Math.sqrt(6 / fanIn));
    expectUniform(kaimingUniform(shape, { random, slope: 1 }), Math.sqrt(3 / fanIn));
    expectUniform(kaimingUniform(shape, { random, slope: -0.5 }), Math.sqrt(6 / (1.25 * fanIn)));
  });

  test('kaimingNormal', () => {
    expectNormal(kaimingNormal(shape, { random }), 2 / fanIn);
    expectNormal(kaimingNormal(shape, { random, slope: 1 }), 1 / fanIn);
  });

  test('xavierUniform and xavierNormal', () => {
    expectUniform(xavierUniform(shape, { random }), Math.sqrt(6 / (fanIn + fanOut)));
    expectNormal(xavierNormal(shape, { random }), 2 / (fanIn + fanOut));
  });

  test('the default of layers: within 1 / sqrt(fanIn), as in PyTorch', () => {
    expectUniform(defaultWeight(shape, { random }), 1 / Math.sqrt(fanIn));
  });
});

test('the bias of a layer, within 1 / sqrt(fanIn) of its weight', () => {
  const bias = initialBias([20_000, 5, 2, 2], random);
  expect(bias.shape).toEqual([20_000]);
  expectUniform(bias, 1 / Math.sqrt(20));
});

describe.each(Object.entries({ kaimingUniform, kaimingNormal, xavierUniform, xavierNormal }))(
  '%s',
  (name, initialize) => {
    test('gives the same bits for the same seed, others for another', () => {
      const draw = (seed: number) => initialize([7, 3], { random: createRandom(seed) });
      expect(draw(1).data).toEqual(draw(1).data);
      expect(draw(1).data).not.toEqual(draw(2).data);
      expect(draw(1).shape).toEqual([7, 3]);
    });

    test('keeps the variance of what it draws for odd sizes', () => {
      expect(new Set(initialize([3, 3], { random }).data).size).toBe(9);
    });

    test.each([[[]], [[3]], [[0, 3]], [[3, 0]], [[2, 3, 0]]])('refuses the shape %j', (shape) => {
      const error = errorOf(ShapeError, () => initialize(shape, { random }));
      expect(error.message).toBe(
        `${name}: a weight must be [out, in, ...kernel] without empty axes; got [${shape.join(', ')}]. Use zeros() or full() for biases.`,
      );
    });
  },
);

test.each([Number.NaN, Infinity])('Kaiming initializers refuse a slope of %d', (slope) => {
  for (const initialize of [kaimingUniform, kaimingNormal]) {
    expect(errorOf(RangeError, () => initialize([2, 2], { random, slope })).message).toBe(
      `${initialize.name}: slope must be a finite number; got ${slope}.`,
    );
  }
});
