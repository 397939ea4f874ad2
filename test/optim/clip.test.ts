import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Gradients } from '../../src/autograd/gradients.ts';
import { clipGradientNorm } from '../../src/optim/clip.ts';
import { errorOf } from '../errors.ts';
import { given, Pair } from './given.ts';

const make = (weight: number[], bias: number[]): { readonly pair: Pair; readonly gradients: Gradients } => {
  const pair = new Pair(
    weight.map(() => 0),
    bias.map(() => 0),
  );
  return { pair, gradients: given([pair.weight, weight], [pair.bias, bias]) };
};

describe('clipGradientNorm', () => {
  test('takes the norm over all gradients together', () => {
    // 2^2 + 4^2 + 5^2 + 6^2 = 9^2
    const { pair, gradients } = make([2, -4, 5], [6]);
    const { gradients: clipped, norm } = clipGradientNorm(gradients, { maxNorm: 4.5 });
    expect(norm).toBe(9);
    expect(clipped.get(pair.weight).toArray()).toEqual([1, -2, 2.5]);
    expect(clipped.get(pair.bias).toArray()).toEqual([3]);
    expect([clipped.size, clipped.has(pair.weight), [...clipped].length]).toEqual([2, true, 2]);
  });

  test('leaves the input as it is', () => {
    const { pair, gradients } = make([3], [4]);
    clipGradientNorm(gradients, { maxNorm: 1 });
    expect([gradients.get(pair.weight).item(), gradients.get(pair.bias).item()]).toEqual([3, 4]);
  });

  test('never lengthens: at or below the limit every bit stays', () => {
    const { pair, gradients } = make([3], [4]);
    for (const maxNorm of [5, 5.1, 1e9, Infinity]) {
      const { gradients: same, norm } = clipGradientNorm(gradients, { maxNorm });
      expect([norm, same.get(pair.weight).item(), same.get(pair.bias).item()]).toEqual([5, 3, 4]);
    }
    const zero = make([0, 0], [0]);
    const { gradients: same, norm } = clipGradientNorm(zero.gradients, { maxNorm: 1e-30 });
    expect([norm, same.get(zero.pair.weight).toArray()]).toEqual([0, [0, 0]]);
  });

  test('gives the limit as norm, and the same direction, for gradients of any size', () => {
    const numbers = fc.array(fc.float({ noNaN: true, min: Math.fround(-1e18), max: Math.fround(1e18) }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(numbers, numbers, fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (weight, bias, maxNorm) => {
        const { pair, gradients } = make(weight, bias);
        const before = [...weight, ...bias];
        const { gradients: clipped, norm } = clipGradientNorm(gradients, { maxNorm });
        expect(Math.abs(norm - Math.hypot(...before))).toBeLessThanOrEqual(1e-12 * norm);
        const after = [...clipped.get(pair.weight).data, ...clipped.get(pair.bias).data];
        const factor = Math.min(1, maxNorm / norm) || 1;
        after.forEach((v, i) => {
          expect(Math.abs(v - before[i] * factor)).toBeLessThanOrEqual(
            2 ** -23 * Math.abs(before[i] * factor) + 2 ** -149,
          );
        });
        if (norm > maxNorm) expect(Math.abs(Math.hypot(...after) / maxNorm - 1)).toBeLessThan(1e-6);
      }),
    );
  });

  test('does not overflow where squares leave float32', () => {
    const { gradients } = make([3e30], [4e30]);
    expect(clipGradientNorm(gradients, { maxNorm: 1 }).norm / 5e30).toBeCloseTo(1, 6);
  });

  test.each([
    [Number.NaN, 'NaN'],
    [Infinity, 'Infinity'],
    [-Infinity, 'Infinity'],
  ])('refuses a gradient with %d', (bad, norm) => {
    const { gradients } = make([1, bad], [2]);
    expect(errorOf(RangeError, () => clipGradientNorm(gradients, { maxNorm: 1 })).message).toBe(
      `clipGradientNorm: the norm of the gradients is ${norm}. Check the loss for NaN, or lower the learning rate.`,
    );
  });

  test.each([0, -1, Number.NaN])('refuses maxNorm %d', (maxNorm) => {
    const { gradients } = make([1], [1]);
    expect(errorOf(RangeError, () => clipGradientNorm(gradients, { maxNorm })).message).toBe(
      `clipGradientNorm: maxNorm must be above 0; got ${maxNorm}.`,
    );
  });
});
