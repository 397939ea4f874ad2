import { describe, expect, test } from 'vitest';
import { Adagrad } from '../../src/optim/adagrad.ts';
import { Adam } from '../../src/optim/adam.ts';
import { AdamW } from '../../src/optim/adamW.ts';
import type { Optimizer, OptimizerOptions } from '../../src/optim/optimizer.ts';
import { RMSprop } from '../../src/optim/rmsProp.ts';
import { cosineDecay, oneCycle, stepDecay, warmup } from '../../src/optim/schedules.ts';
import { SGD } from '../../src/optim/sgd.ts';
import { given, Pair } from './given.ts';

const makers: readonly (readonly [string, (pair: Pair, options: OptimizerOptions) => Optimizer])[] = [
  ['SGD', (pair, options) => new SGD(pair, { ...options, momentum: 0.9 })],
  ['Adam', (pair, options) => new Adam(pair, options)],
  ['AdamW', (pair, options) => new AdamW(pair, options)],
  ['RMSprop', (pair, options) => new RMSprop(pair, { ...options, momentum: 0.5, centered: true })],
  ['Adagrad', (pair, options) => new Adagrad(pair, { ...options, initialAccumulator: 0.5 })],
];

describe.each(makers)('%s with a learning rate factor', (_, make) => {
  const groups = [{ match: 'bias', learningRate: 0 }];
  const gradients = (pair: Pair) => given([pair.weight, [1, -3]], [pair.bias, [2]]);

  test('takes the step of that learning rate, in that step alone', () => {
    const [pair, other] = [new Pair([1, 2], [3]), new Pair([1, 2], [3])];
    const [optimizer, half] = [make(pair, { learningRate: 0.5, groups }), make(other, { learningRate: 0.125, groups })];
    for (const learningRateFactor of [0.25, 0.25]) {
      optimizer.step(gradients(pair), { learningRateFactor });
      half.step(gradients(other));
    }
    expect(pair.weight.data).toEqual(other.weight.data);
    expect(pair.bias.item()).toBe(3);
    const before = pair.weight.data.slice();
    optimizer.step(gradients(pair));
    half.step(gradients(other));
    const moved = pair.weight.data[0] - before[0];
    expect(moved / (other.weight.data[0] - before[0])).toBeCloseTo(4, 4);
  });

  test('of 0 moves nothing, but the running values go on', () => {
    const pair = new Pair([1, 2], [3]);
    const optimizer = make(pair, { learningRate: 0.5, groups });
    optimizer.step(gradients(pair), { learningRateFactor: 0 });
    expect([...pair.weight.data, pair.bias.item()]).toEqual([1, 2, 3]);
    const counts = ['weight', 'bias'].map((name) => optimizer.state().tensors.get(`step.${name}`)?.item());
    expect(counts).toEqual([1, 0]);
    expect(optimizer.steps).toBe(1);
  });

  test('that is no factor writes nothing', () => {
    for (const learningRateFactor of [-1, NaN, Infinity]) {
      const pair = new Pair([1, 2], [3]);
      const optimizer = make(pair, { learningRate: 0.5 });
      expect(() => optimizer.step(gradients(pair), { learningRateFactor })).toThrow(
        new RangeError(
          `optimizer.step: learningRateFactor must be a finite number of at least 0; got ${learningRateFactor}.`,
        ),
      );
      expect([optimizer.steps, ...pair.weight.data]).toEqual([0, 1, 2]);
    }
  });
});

describe('worked by hand', () => {
  const one = (make: (pair: Pair) => Optimizer, gradients: readonly number[]) => {
    const pair = new Pair([1], [0]);
    const optimizer = make(pair);
    for (const g of gradients) optimizer.step(given([pair.weight, [g]]));
    return pair.weight.item();
  };

  test('AdamW shrinks by the same share whatever the gradient, by default by a hundredth of the rate', () => {
    expect(one((pair) => new AdamW(pair, { learningRate: 0.5, weightDecay: 0.5 }), [0])).toBe(0.75);
    expect(one((pair) => new AdamW(pair, { learningRate: 0.5 }), [0])).toBeCloseTo(0.995, 6);
    expect(one((pair) => new AdamW(pair, { learningRate: 0.5, weightDecay: 0.5, epsilon: 0 }), [1e6])).toBe(0.25);
  });

  test('RMSprop divides by the root of the mean square, centered by the deviation', () => {
    // s = 16 / 4 = 4, m = 1: 4 / 2 and 4 / sqrt(4 - 1).
    expect(one((pair) => new RMSprop(pair, { learningRate: 0.25, alpha: 0.75, epsilon: 0 }), [4])).toBe(0.5);
    const centered = one((pair) => new RMSprop(pair, { learningRate: 0.25, alpha: 0.75, centered: true }), [4]);
    expect(centered).toBeCloseTo(1 - 1 / Math.sqrt(3), 6);
  });

  test('RMSprop, centered, stays finite under a gradient that never changes', () => {
    // The squares' mean and the mean's square meet at 0.09, give or take a rounding.
    const steps = new Array<number>(300).fill(0.3);
    expect(one((pair) => new RMSprop(pair, { learningRate: 1e-9, alpha: 0.5, centered: true }), steps)).not.toBeNaN();
  });

  test('Adagrad adds up squares, from the first accumulator on', () => {
    // s = 9 + 16 = 25: 4 / 5.
    expect(one((pair) => new Adagrad(pair, { learningRate: 0.5, initialAccumulator: 9 }), [4])).toBeCloseTo(0.6, 6);
    // Then s = 16 + 9 = 25 at half the rate: 3 / 5.
    const twice = one((pair) => new Adagrad(pair, { learningRate: 0.5, learningRateDecay: 1 }), [4, 3]);
    expect(twice).toBeCloseTo(0.5 - 0.25 * 0.6, 6);
  });
});

test.each<[() => unknown, string]>([
  [() => new RMSprop(new Pair([1], [1]), { learningRate: 1, alpha: 1 }), 'optimizer: alpha must lie in [0, 1); got 1.'],
  [
    () => new RMSprop(new Pair([1], [1]), { learningRate: 1, momentum: -1 }),
    'optimizer: momentum must lie in [0, 1); got -1.',
  ],
  [
    () => new Adagrad(new Pair([1], [1]), { learningRate: 1, initialAccumulator: -1 }),
    'optimizer: initialAccumulator must be a finite number of at least 0; got -1.',
  ],
  [() => stepDecay({ every: 0 }), 'stepDecay: every must be an integer of at least 1; got 0.'],
  [() => stepDecay({ every: 1, factor: NaN }), 'stepDecay: factor must be a finite number of at least 0; got NaN.'],
  [() => cosineDecay({ steps: 1.5 }), 'cosineDecay: steps must be an integer of at least 1; got 1.5.'],
  [() => cosineDecay({ steps: 1, minimum: -1 }), 'cosineDecay: minimum must be a finite number of at least 0; got -1.'],
  [() => warmup({ steps: 0 }), 'warmup: steps must be an integer of at least 1; got 0.'],
  [() => warmup({ steps: 1, from: -1 }), 'warmup: from must be a finite number of at least 0; got -1.'],
  [() => oneCycle({ steps: 0 }), 'oneCycle: steps must be an integer of at least 1; got 0.'],
  [() => oneCycle({ steps: 9, pctStart: 2 }), 'oneCycle: pctStart must lie in [0, 1]; got 2.'],
  [() => oneCycle({ steps: 9, divFactor: 0 }), 'oneCycle: divFactor must be a finite number above 0; got 0.'],
])('refuses %s', (make, message) => {
  expect(make).toThrow(new RangeError(message));
});

test('every schedule is finite and at least 0 at every step, also past its end, and for one step', () => {
  for (const steps of [1, 2, 3, 7]) {
    for (const pctStart of [0, 0.3, 1 / steps, 1]) {
      const all = [
        stepDecay({ every: steps }),
        cosineDecay({ steps }),
        warmup({ steps, next: cosineDecay({ steps }) }),
        oneCycle({ steps, pctStart }),
      ];
      for (const schedule of all) {
        for (let step = 0; step < 3 * steps; step++) {
          expect(schedule(step)).toBeGreaterThanOrEqual(0);
          expect(schedule(step)).toBeLessThanOrEqual(1);
        }
      }
    }
  }
});
