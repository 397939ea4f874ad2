import { expect, test } from 'vitest';
import { checkAboveZero, checkAtLeastZero, checkInteger, firstNonFinite } from '../../src/tensor/check.ts';
import { errorOf } from '../errors.ts';

test('checkInteger returns an integer that is large enough, and names what is not', () => {
  expect([checkInteger('op', 'n', 3, 3), checkInteger('op', 'n', -1, -2)]).toEqual([3, -1]);
  for (const value of [2, 3.5, -4, Number.NaN, Infinity]) {
    expect(errorOf(RangeError, () => checkInteger('take', 'rows', value, 3)).message).toBe(
      `take: rows must be an integer of at least 3; got ${value}.`,
    );
  }
});

test('checkAboveZero and checkAtLeastZero return a finite number in range, and name what is not', () => {
  expect([checkAboveZero('op', 'n', 5e-324), checkAtLeastZero('op', 'n', 0), checkAtLeastZero('op', 'n', 2)]).toEqual([
    5e-324, 0, 2,
  ]);
  for (const value of [-1, Number.NaN, Infinity, -Infinity]) {
    expect(errorOf(RangeError, () => checkAboveZero('loss', 'scale', value)).message).toBe(
      `loss: scale must be a finite number above 0; got ${value}.`,
    );
    expect(errorOf(RangeError, () => checkAtLeastZero('loss', 'weight', value)).message).toBe(
      `loss: weight must be a finite number of at least 0; got ${value}.`,
    );
  }
  expect(errorOf(RangeError, () => checkAboveZero('loss', 'scale', 0)).message).toBe(
    'loss: scale must be a finite number above 0; got 0.',
  );
});

test('firstNonFinite is the first index of NaN or an infinity', () => {
  expect(firstNonFinite(new Float32Array([1, 3e38, -0]))).toBe(-1);
  expect(firstNonFinite(new Float32Array(0))).toBe(-1);
  expect(firstNonFinite(new Float32Array([1, -Infinity, Number.NaN]))).toBe(1);
  expect(firstNonFinite(new Float32Array([Number.NaN]))).toBe(0);
});
