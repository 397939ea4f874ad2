import { describe, expect, test } from 'vitest';
import { SGD, type SGDOptions } from '../../src/optim/sgd.ts';
import { given, Pair } from './given.ts';

/** The weight after each of several steps with the gradient 4, from 1; all numbers are exact. */
function trajectory(options: SGDOptions, steps = 3): number[] {
  const pair = new Pair([1], [0]);
  const optimizer = new SGD(pair, options);
  return Array.from({ length: steps }, () => {
    optimizer.step(given([pair.weight, [4]]));
    return pair.weight.item();
  });
}

describe('worked by hand: learning rate 1/4, gradient 4, from 1', () => {
  test.each<[SGDOptions, number[]]>([
    // p -= g / 4
    [{ learningRate: 0.25 }, [0, -1, -2]],
    // g = 4 + p / 2: 4.5, 3.9375, 3.4453125
    [{ learningRate: 0.25, weightDecay: 0.5 }, [-0.125, -1.109375, -1.970703125]],
    // v = 4, 6, 7
    [{ learningRate: 0.25, momentum: 0.5 }, [0, -1.5, -3.25]],
    // v = 4 (undamped at first), 0.5 * 4 + 0.25 * 4 = 3, 0.5 * 3 + 1 = 2.5
    [{ learningRate: 0.25, momentum: 0.5, dampening: 0.75 }, [0, -0.75, -1.375]],
    // v as with momentum, the step is 4 + v / 2 = 6, 7, 7.5
    [{ learningRate: 0.25, momentum: 0.5, nesterov: true }, [-0.5, -2.25, -4.125]],
    // g = 4.5; v = 4.5; p = -0.125; g = 3.9375; v = 6.1875
    [{ learningRate: 0.25, momentum: 0.5, weightDecay: 0.5 }, [-0.125, -1.671875]],
  ])('%j', (options, expected) => {
    expect(trajectory(options, expected.length)).toEqual(expected);
  });
});

test('descends: the step is against the gradient, element by element', () => {
  const pair = new Pair([1, 2, 3], [5]);
  new SGD(pair, { learningRate: 0.5 }).step(given([pair.weight, [2, 0, -4]], [pair.bias, [-1]]));
  expect(pair.weight.toArray()).toEqual([0, 2, 5]);
  expect(pair.bias.toArray()).toEqual([5.5]);
});

test('momentum carries on where the gradient is zero', () => {
  const pair = new Pair([0], [0]);
  const optimizer = new SGD(pair, { learningRate: 1, momentum: 0.5 });
  optimizer.step(given([pair.weight, [-8]]));
  for (const expected of [12, 14, 15]) {
    optimizer.step(given([pair.weight, [0]]));
    expect(pair.weight.item()).toBe(expected);
  }
});

test('keeps a count a parameter, and its momentum where there is one', () => {
  const pair = new Pair([1, 2], [3]);
  expect([...new SGD(pair, { learningRate: 1 }).state().tensors.keys()]).toEqual(['step.weight', 'step.bias']);
  const optimizer = new SGD(pair, { learningRate: 1, momentum: 0.5 });
  optimizer.step(given([pair.weight, [2, 4]]));
  const { tensors } = optimizer.state();
  expect([...tensors].map(([name, t]) => [name, t.toArray()])).toEqual([
    ['momentum.weight', [2, 4]],
    ['step.weight', 1],
    ['momentum.bias', [0]],
    ['step.bias', 0],
  ]);
});

test('a first gradient that comes late is not dampened', () => {
  const pair = new Pair([1], [1]);
  const optimizer = new SGD(pair, { learningRate: 0.25, momentum: 0.5, dampening: 0.75 });
  optimizer.step(given([pair.weight, [4]]));
  const steps = [0, 1, 2].map(() => {
    optimizer.step(given([pair.bias, [4]]));
    return pair.bias.item();
  });
  // As the weight's from its first step on.
  expect(steps).toEqual([0, -0.75, -1.375]);
});

test.each<[SGDOptions, string]>([
  [{ learningRate: 1, momentum: 1 }, 'optimizer: momentum must lie in [0, 1); got 1.'],
  [{ learningRate: 1, momentum: -0.5 }, 'optimizer: momentum must lie in [0, 1); got -0.5.'],
  [{ learningRate: 1, momentum: Number.NaN }, 'optimizer: momentum must lie in [0, 1); got NaN.'],
  [
    { learningRate: 1, momentum: 0.5, dampening: -1 },
    'optimizer: dampening must be a finite number of at least 0; got -1.',
  ],
  [
    { learningRate: 1, nesterov: true },
    'SGD: nesterov needs momentum above 0 and no dampening; got momentum 0 and dampening 0.',
  ],
  [
    { learningRate: 1, nesterov: true, momentum: 0.9, dampening: 0.1 },
    'SGD: nesterov needs momentum above 0 and no dampening; got momentum 0.9 and dampening 0.1.',
  ],
])('refuses %j', (options, message) => {
  expect(() => new SGD(new Pair([1], [1]), options)).toThrow(new RangeError(message));
});
