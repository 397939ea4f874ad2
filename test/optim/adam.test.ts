import { describe, expect, test } from 'vitest';
import { Adam, type AdamOptions } from '../../src/optim/adam.ts';
import { given, Pair } from './given.ts';

/** The weight after each step, from 1, with the gradients given. */
function trajectory(options: AdamOptions, gradients: readonly number[]): number[] {
  const pair = new Pair([1], [0]);
  const optimizer = new Adam(pair, options);
  return gradients.map((g) => {
    optimizer.step(given([pair.weight, [g]]));
    return pair.weight.item();
  });
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((v, i) => {
    expect(Math.abs(v - expected[i]), `step ${i + 1}: ${v} for ${expected[i]}`).toBeLessThan(3e-7);
  });
}

describe('worked by hand', () => {
  test('a constant gradient moves by the learning rate each step, whatever its size', () => {
    for (const g of [4, 1e-3, 1e6]) {
      expectClose(trajectory({ learningRate: 0.125, epsilon: 0 }, [g, g, g]), [0.875, 0.75, 0.625]);
      expectClose(trajectory({ learningRate: 0.125, epsilon: 0 }, [-g, -g]), [1.125, 1.25]);
    }
  });

  test('epsilon is added to the corrected root', () => {
    // 4 / (sqrt(16) + 4) = 1 / 2.
    expectClose(trajectory({ learningRate: 0.125, epsilon: 4 }, [4, 4]), [0.9375, 0.875]);
  });

  test('moments decay by their betas, corrected for the start', () => {
    // m = 2, 1; v = 4, 3; corrected m = 4, 1 / (3/4); corrected v = 16, 3 / (7/16).
    const second = 0.5 * (4 / 3 / Math.sqrt(48 / 7));
    expectClose(trajectory({ learningRate: 0.5, betas: [0.5, 0.75], epsilon: 0 }, [4, 0]), [0.5, 0.5 - second]);
    // m = 2, -1; v = 4, 7; corrected m = 4, -1 / (3/4); corrected v = 16, 7 / (7/16) = 16.
    expectClose(trajectory({ learningRate: 0.5, betas: [0.5, 0.75], epsilon: 0 }, [4, -4]), [0.5, 0.5 + 1 / 6]);
  });

  test('by default betas 0.9 and 0.999, epsilon 1e-8', () => {
    const m = 0.1 * 0.9 * 4;
    const v = 0.001 * 0.999 * 16;
    const second = m / (1 - 0.81) / (Math.sqrt(v / (1 - 0.999 ** 2)) + 1e-8);
    expectClose(trajectory({ learningRate: 0.1 }, [4, 0]), [0.9, 0.9 - 0.1 * second]);
    // At a gradient as small as epsilon the step is halved.
    expectClose(trajectory({ learningRate: 0.5 }, [1e-8]), [0.75]);
  });

  test('weight decay is added to the gradient', () => {
    // The gradient is 0 + p / 2 > 0: a step down by the learning rate, as for any positive gradient.
    expectClose(trajectory({ learningRate: 0.125, weightDecay: 0.5, epsilon: 0 }, [0]), [0.875]);
    expectClose(trajectory({ learningRate: 0.125, weightDecay: 0.5, epsilon: 0 }, [-0.25]), [0.875]);
    expectClose(trajectory({ learningRate: 0.125, weightDecay: 0.5, epsilon: 0 }, [-1]), [1.125]);
  });

  test('a parameter that gets its first gradient late starts as if the optimizer were new', () => {
    const pair = new Pair([1], [1]);
    const optimizer = new Adam(pair, { learningRate: 0.125, epsilon: 0 });
    for (let step = 0; step < 50; step++) optimizer.step(given([pair.weight, [4]]));
    const steps = [0.875, 0.75].map(() => {
      optimizer.step(given([pair.bias, [-4]]));
      return pair.bias.item();
    });
    expectClose(steps, [1.125, 1.25]);
    expect(optimizer.steps).toBe(52);
    expect(['step.weight', 'step.bias'].map((name) => optimizer.state().tensors.get(name)?.item())).toEqual([50, 2]);
  });

  test('a gradient of zero moves nothing, also at epsilon 1e-8', () => {
    expect(trajectory({ learningRate: 1 }, [0, 0])).toEqual([1, 1]);
  });
});

test('scales every element by its own moments', () => {
  const pair = new Pair([0, 0, 0], [0]);
  new Adam(pair, { learningRate: 0.5 }).step(given([pair.weight, [100, -10, 0]], [pair.bias, [-3]]));
  expectClose([...pair.weight.data, pair.bias.item()], [-0.5, 0.5, 0, 0.5]);
});

test('keeps two moments and a count a parameter', () => {
  const pair = new Pair([1, 1], [1]);
  const optimizer = new Adam(pair, { learningRate: 1, betas: [0.5, 0.75] });
  optimizer.step(given([pair.weight, [2, 4]], [pair.bias, [8]]));
  expect([...optimizer.state().tensors].map(([name, t]) => [name, t.toArray()])).toEqual([
    ['moment1.weight', [1, 2]],
    ['moment2.weight', [1, 4]],
    ['step.weight', 1],
    ['moment1.bias', [4]],
    ['moment2.bias', [16]],
    ['step.bias', 1],
  ]);
});

test.each<[AdamOptions, string]>([
  [{ learningRate: 1, betas: [1, 0.9] }, 'optimizer: betas[0] must lie in [0, 1); got 1.'],
  [{ learningRate: 1, betas: [-0.1, 0.9] }, 'optimizer: betas[0] must lie in [0, 1); got -0.1.'],
  [{ learningRate: 1, betas: [0.9, Number.NaN] }, 'optimizer: betas[1] must lie in [0, 1); got NaN.'],
  [{ learningRate: 1, epsilon: -1 }, 'optimizer: epsilon must be a finite number of at least 0; got -1.'],
])('refuses %j', (options, message) => {
  expect(() => new Adam(new Pair([1], [1]), options)).toThrow(new RangeError(message));
});
