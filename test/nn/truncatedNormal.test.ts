import { describe, expect, test } from 'vitest';
import { Linear } from '../../src/nn/dense.ts';
import { truncatedNormal } from '../../src/nn/truncatedNormal.ts';
import { zeros } from '../../src/tensor/create.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { ShapeError } from '../../src/tensor/shape.ts';
import { errorOf } from '../errors.ts';

const random = createRandom(19);
const COUNT = 40_000;

/** Mean and variance of the standard normal distribution within bounds, by summing its density. */
function moments(low: number, high: number): readonly [mean: number, variance: number, share: (x: number) => number] {
  const [from, to] = [Math.max(low, -12), Math.min(high, Math.max(low, 0) + 12)];
  const steps = 200_000;
  const at = (i: number) => from + ((i + 0.5) * (to - from)) / steps;
  // Divided by the largest density, so that far tails do not underflow.
  const nearest = Math.min(Math.max(0, low), high);
  const weight = (x: number) => Math.exp((nearest * nearest - x * x) / 2);
  let [total, first, second] = [0, 0, 0];
  const until: number[] = [];
  for (let i = 0; i < steps; i++) {
    total += weight(at(i));
    first += weight(at(i)) * at(i);
    second += weight(at(i)) * at(i) ** 2;
    until.push(total);
  }
  const share = (x: number) =>
    (until[Math.max(0, Math.min(steps - 1, Math.floor(((x - from) / (to - from)) * steps)))] ?? 0) / total;
  return [first / total, second / total - (first / total) ** 2, share];
}

describe.each([
  ['by default', -2, 2],
  ['wide', -5, 4],
  ['narrow about the mean', -0.5, 0.25],
  ['one side', 0.3, Infinity],
  ['the other side', -Infinity, -1.5],
  ['a far tail', 6, 40],
  ['a far, narrow tail', -8.2, -8],
  ['half', 0, Infinity],
  ['all', -Infinity, Infinity],
])('%s: %d to %d', (_name, low, high) => {
  test('keeps its bounds, and has the moments and the distribution of what is left of the normal', () => {
    const { data } = truncatedNormal([COUNT], {
      random,
      mean: 3,
      deviation: 0.5,
      low: 3 + 0.5 * low,
      high: 3 + 0.5 * high,
    });
    const values = Array.from(data, (v) => (v - 3) / 0.5);
    const slack = 1e-6;
    expect(values.every((v) => v >= low - slack && v <= high + slack)).toBe(true);
    const [mean, variance, share] = moments(low, high);
    const found = values.reduce((a, b) => a + b, 0) / COUNT;
    expect(Math.abs(found - mean)).toBeLessThan(4 * Math.sqrt(variance / COUNT));
    const spread = values.reduce((a, b) => a + (b - found) ** 2, 0) / COUNT;
    expect(Math.abs(spread / variance - 1)).toBeLessThan(0.06);
    // Kolmogorov and Smirnov: 1.95 / sqrt(n) is exceeded once in a thousand times.
    const furthest = values
      .toSorted((a, b) => a - b)
      .reduce((most, v, i) => Math.max(most, Math.abs(share(v) - (i + 0.5) / COUNT)), 0);
    expect(furthest).toBeLessThan(1.95 / Math.sqrt(COUNT) + 1e-4);
  });
});

test('the usual first values of a transformer', () => {
  const { data, shape } = truncatedNormal([30, 40], { random, deviation: 0.02 });
  expect(shape).toEqual([30, 40]);
  expect(data.reduce((a, b) => a + b * b, 0) / data.length / 0.0004).toBeCloseTo(1, 0);
  expect(new Linear(3, 2, { random, initialize: truncatedNormal }).weight.shape).toEqual([2, 3]);
});

test('same seed, same bits', () => {
  const draw = (seed: number) => truncatedNormal([50], { random: createRandom(seed) }).data;
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
  expect(truncatedNormal([0, 2], { random })).toEqual(zeros([0, 2]));
});

test.each([
  [{ deviation: 0 }, 'mean must be finite, and deviation above 0; got 0 and 0.'],
  [{ deviation: Infinity }, 'mean must be finite, and deviation above 0; got 0 and Infinity.'],
  [{ mean: Number.NaN }, 'mean must be finite, and deviation above 0; got NaN and 1.'],
  [{ low: 2 }, 'low must be less than high; got 2 and 2.'],
  [{ high: Number.NaN }, 'low must be less than high; got -2 and NaN.'],
  [{ low: -Infinity, high: -Infinity }, 'low must be less than high; got -Infinity and -Infinity.'],
  [{ mean: 1e200 }, 'the bounds are more than 1e+100 deviations from the mean. Use a larger deviation.'],
])('refuses %j', (options, message) => {
  expect(errorOf(RangeError, () => truncatedNormal([2], { random, ...options })).message).toBe(
    `truncatedNormal: ${message}`,
  );
});

test('refuses a bad shape', () => {
  expect(errorOf(ShapeError, () => truncatedNormal([-1], { random })).message).toContain(
    'Check how the shape was computed.',
  );
});
