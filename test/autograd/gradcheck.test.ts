import { describe, expect, test } from 'vitest';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { mul } from '../../src/autograd/ops/arithmetic.ts';
import { square } from '../../src/autograd/ops/pointwise.ts';
import { sum } from '../../src/autograd/ops/reductions.ts';
import { backward, isRecording, noGrad, record } from '../../src/autograd/tape.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { opTable } from './opTable.ts';

/** An op with its rule made wrong by a factor. */
const wrongBy =
  (factor: number) =>
  (y: Tensor): Tensor =>
    record('wrong', y.data, y.shape, [[y, (g) => mul(g, factor)]]);

describe('the checker is checked: every rule made wrong by 0.1 % is found', () => {
  const cases = Object.entries(opTable).flatMap(([name, { cases: all, noGradient }]) =>
    noGradient === undefined ? all.map((c) => [`${name}, ${c.name}`, c] as const) : [],
  );
  test.each(cases)('%s', (_name, { fn, inputs }) => {
    const right = gradcheck(fn, inputs);
    expect(right.ok).toBe(true);
    const wrong = gradcheck((...xs) => wrongBy(1.001)(fn(...xs)), inputs);
    // A rule whose gradient is 0 everywhere has no factor to be wrong by.
    expect(wrong.ok).toBe(right.worst.analytic === 0 && right.worst.numeric === 0);
    if (!wrong.ok) expect(wrong.maxError).toBeGreaterThan(9e-4);
  });
});

test('names input, index, analytic and numeric value of the worst element', () => {
  const brokenAtOne = (x: Tensor, y: Tensor): Tensor => {
    const out = mul(x, y);
    return record('broken', out.data, out.shape, [
      [x, (g) => mul(g, y)],
      [y, (g) => mul(mul(g, x), tensor([1, 2, 1]))],
    ]);
  };
  const { ok, maxError, worst } = gradcheck(brokenAtOne, [tensor([1, 2, 3]), tensor([4, 5, 6])]);
  expect(ok).toBe(false);
  expect([worst.input, worst.index]).toEqual([1, 1]);
  expect(worst.analytic / worst.numeric).toBeCloseTo(2, 6);
  expect(maxError).toBeCloseTo(0.5, 6);
});

test('finds errors that cancel in a sum', () => {
  const swapped = (x: Tensor): Tensor => {
    const y = square(x);
    return record('swapped', y.data, y.shape, [[x, (g) => mul(g, tensor([4, 2]))]]);
  };
  expect(gradcheck((x) => sum(swapped(x)), [tensor([1, 2])]).ok).toBe(false);
});

test('a gradient that is not finite fails, as infinite error', () => {
  const bad = gradcheck((x) => record('nan', x.data, x.shape, [[x, () => tensor([Number.NaN])]]), [tensor([1])]);
  expect([bad.ok, bad.maxError]).toEqual([false, Infinity]);
});

test('a missing gradient is 0, and found where it should not be', () => {
  const detached = (x: Tensor): Tensor => record('detached', square(x).data, x.shape, []);
  expect(gradcheck(detached, [tensor([1])])).toMatchObject({ ok: false, worst: { analytic: 0 } });
  expect(gradcheck((x) => mul(x, 0), [tensor([1])]).ok).toBe(true);
});

test('checks inside noGrad too, first and second derivatives', () => {
  const slope = (x: Tensor): Tensor => backward(sum(mul(square(x), x)), { createGraph: true }).get(x);
  for (const fn of [square, slope]) {
    expect(noGrad(() => gradcheck(fn, [tensor([1, 2])]))).toMatchObject({ ok: true });
    expect(noGrad(() => gradcheck((x) => wrongBy(1.1)(fn(x)), [tensor([1, 2])]).ok)).toBe(false);
  }
  expect(noGrad(() => gradcheck(square, [tensor([1])]) && isRecording())).toBe(false);
});

test('leaves the inputs as they were, and refuses to check nothing', () => {
  const x = tensor([1, 2]);
  gradcheck(square, [x]);
  expect(x.toArray()).toEqual([1, 2]);
  expect(() => gradcheck(() => zeros([1]), [])).toThrow(/nothing to check/);
});
