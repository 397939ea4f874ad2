import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maximum, minimum } from '../../src/autograd/ops/arithmetic.ts';
import type { Operand } from '../../src/autograd/ops/broadcast.ts';
import { equal, greater, greaterEqual, less, lessEqual, notEqual } from '../../src/autograd/ops/comparisons.ts';
import { reciprocal } from '../../src/autograd/ops/pointwise.ts';
import { pow } from '../../src/autograd/ops/power.ts';
import { sum } from '../../src/autograd/ops/reductions.ts';
import { clamp, where } from '../../src/autograd/ops/selection.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { backward } from '../../src/autograd/tape.ts';
import { tensor } from '../../src/tensor/create.ts';
import { IntTensor } from '../../src/tensor/intTensor.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

const leaf = (values: readonly number[]) => parameter(new Tensor(new Float32Array(values), [values.length]));

/** Numbers where formulas fail: zeros of both signs, ones, infinities, NaN, and the ends of float32. */
const specials = [0, -0, 1, -1, 2, -2, 0.5, -0.5, 3, 1e-45, -1e-45, 3e38, -3e38, Infinity, -Infinity, NaN];
const pairs = specials.flatMap((a) => specials.map((b) => [a, b] as const));
const number = fc.oneof(fc.constantFrom(...specials), fc.float());

/** NaN for NaN, and else to a few float32 roundings. */
function expectNear(got: number, want: number, what: string): void {
  const near = Object.is(got + 0, want + 0) || Math.abs(got - want) <= 5e-7 * Math.abs(want);
  expect(near, `${what}: ${got}, expected ${want}`).toBe(true);
}

/** As C and PyTorch define it: JavaScript has NaN for some powers of 1 and -1. */
const power = (a: number, b: number) => (a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b);

describe('pow', () => {
  const all = () => {
    const a = leaf(pairs.map(([x]) => x));
    const b = leaf(pairs.map(([, y]) => y));
    return { a, b, y: pow(a, b) };
  };

  test('has the value of C on every pair of special numbers', () => {
    const { a, b, y } = all();
    y.data.forEach((v, i) => {
      expect(v, `${a.data[i]} to the power ${b.data[i]}`).toBe(Math.fround(power(a.data[i], b.data[i])));
    });
  });

  test('has the gradients of PyTorch there, finite wherever a limit is', () => {
    const { a, b, y } = all();
    const gradients = backward(sum(y));
    pairs.forEach((_, i) => {
      const [x, n] = [a.data[i], b.data[i]];
      const ofBase = n === 0 ? 0 : n * power(x, n - 1);
      expect(gradients.get(a).data[i] + 0, `base of ${x} ^ ${n}`).toBe(Math.fround(ofBase) + 0);
      const flat = (x === 0 && n >= 0) || (x === Infinity && n < 0);
      const ofExponent = flat ? 0 : power(x, n) * Math.log(x);
      expectNear(gradients.get(b).data[i], Math.fround(ofExponent), `exponent of ${x} ^ ${n}`);
    });
  });

  test('gradients recorded for second derivatives are finite where those are', () => {
    const { a, b, y } = all();
    const gradients = backward(sum(y));
    const recorded = backward(sum(y), { createGraph: true });
    for (const x of [a, b]) {
      gradients.get(x).data.forEach((g, i) => {
        const got = recorded.get(x).data[i];
        // What leaves float32 in between, as 3e38 * 3e38^-2 does not in double precision, is not compared.
        const moderate = [a.data[i], b.data[i]].every((v) => v === 0 || (Math.abs(v) > 0.1 && Math.abs(v) < 10));
        if (moderate) expectNear(got, g, `at ${pairs[i]}`);
      });
    }
  });

  test.each([
    [0, 0, 0],
    [1, 1, 0],
    [2, 0, 2],
    [3, 0, 0],
  ])('x^%d has slope %d and bend %d at 0', (n, slope, bend) => {
    const x = leaf([0]);
    const first = backward(sum(pow(x, n)), { createGraph: true }).get(x);
    expect(first.item()).toBe(slope);
    expect(backward(sum(first)).get(x).item()).toBe(bend);
  });

  test('second derivatives at base 0 are finite, in both operands', () => {
    const a = leaf([0, 0, 0, 0]);
    const b = leaf([0, 1, 2, 3]);
    const gradients = backward(sum(pow(a, b)), { createGraph: true });
    for (const x of [a, b]) {
      const bends = backward(sum(gradients.get(x)));
      for (const y of [a, b]) {
        const { data } = bends.get(y);
        expect(data.every(Number.isFinite), String(data)).toBe(true);
      }
    }
  });

  test('agrees with products', () => {
    fc.assert(
      fc.property(fc.float({ min: -100, max: 100, noNaN: true }), fc.integer({ min: 0, max: 6 }), (x, n) => {
        let want = 1;
        for (let i = 0; i < n; i++) want *= x;
        const got = pow(tensor([x]), n).item();
        expect(Math.abs(got - Math.fround(want))).toBeLessThanOrEqual(2 ** -23 * Math.abs(want));
      }),
    );
  });
});

test('comparisons say what JavaScript says of float32 numbers', () => {
  const rules: readonly (readonly [(a: Operand, b: Operand) => Tensor, (a: number, b: number) => boolean])[] = [
    [equal, (a, b) => a === b],
    [notEqual, (a, b) => a !== b],
    [less, (a, b) => a < b],
    [lessEqual, (a, b) => a <= b],
    [greater, (a, b) => a > b],
    [greaterEqual, (a, b) => a >= b],
  ];
  fc.assert(
    fc.property(number, number, (a, b) => {
      const [x, y] = [Math.fround(a), Math.fround(b)];
      for (const [fn, says] of rules) {
        const want = says(x, y) ? 1 : 0;
        expect(fn(tensor([a]), tensor([b])).item()).toBe(want);
        expect(fn(a, tensor([b])).item()).toBe(want);
        expect(fn(tensor([a]), b).item()).toBe(want);
      }
    }),
  );
});

test('maximum and minimum are the two operands, and so are their gradients', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true }), fc.float({ noNaN: true }), (x, y) => {
      const [a, b] = [leaf([x]), leaf([y])];
      expect(maximum(a, b).item() + 0).toBe(Math.max(x, y) + 0);
      expect(minimum(a, b).item() + 0).toBe(Math.min(x, y) + 0);
      for (const [fn, first] of [
        [maximum, x >= y],
        [minimum, x <= y],
      ] as const) {
        const gradients = backward(sum(fn(a, b)));
        expect([gradients.get(a).item() + 0, gradients.get(b).item() + 0]).toEqual(first ? [1, 0] : [0, 1]);
      }
    }),
  );
});

describe('where', () => {
  test('takes every kind of condition', () => {
    for (const condition of [
      [true, false, true],
      [1, 0, 1],
      new Uint8Array([1, 0, 1]),
      new Int32Array([1, 0, 1]),
      new Float32Array([1, 0, 1]),
      new IntTensor(new Int32Array([1, 0, 1]), [3]),
      tensor([1, 0, 1]),
    ]) {
      expect(where(condition, tensor([1, 2, 3]), -1).toArray()).toEqual([1, -1, 3]);
    }
    const square = new IntTensor(new Int32Array([1, 0, 0, 1]), [2, 2]);
    expect(where(square, 1, tensor([5, 6])).toArray()).toEqual([
      [1, 6],
      [5, 1],
    ]);
  });

  test('copies bits, whichever loop takes them: NaN, signs of zero, denormals', () => {
    for (const n of [specials.length, 4 * specials.length]) {
      const [a, b] = [0, 5].map((shift) => leaf(Array.from({ length: n }, (_, i) => specials[(i + shift) % 16])));
      const condition = Array.from({ length: n }, (_, i) => (i % 3 === 0 ? 1 : i % 3 === 1 ? 0 : -0));
      const want = condition.map((c, i) => (c === 1 ? a : b).data[i]);
      expect(Array.from(where(condition, a, b).data)).toEqual(want);
      expect(Array.from(where(condition, a, -0).data)).toEqual(want.map((v, i) => (condition[i] === 1 ? v : -0)));
      expect(Array.from(where(condition, Infinity, b).data)).toEqual(
        want.map((v, i) => (condition[i] === 1 ? Infinity : v)),
      );
    }
  });

  test('goes back along the choice that was made, whatever becomes of the array that said it', () => {
    const condition = new Uint8Array([1, 0]);
    const [a, b] = [leaf([1, 2]), leaf([3, 4])];
    const loss = sum(where(condition, a, b));
    condition.fill(0);
    const gradients = backward(loss);
    expect(gradients.get(a).toArray()).toEqual([1, 0]);
    expect(gradients.get(b).toArray()).toEqual([0, 1]);
  });

  test('numbers that arrive are given to one side alone, infinite ones too', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), number), { minLength: 1, maxLength: 60, size: 'max' }), (items) => {
        const condition = items.map(([chosen]) => chosen);
        const [a, b] = [leaf(items.map(([, v]) => v)), leaf(items.map(([, v]) => v))];
        const gradients = backward(sum(reciprocal(where(condition, a, b))));
        items.forEach(([chosen, v], i) => {
          const x = Math.fround(v);
          const [to, other] = chosen ? [a, b] : [b, a];
          expect(gradients.get(to).data[i]).toBe(Math.fround(-1 / x / x));
          expect(gradients.get(other).data[i]).toBe(0);
        });
      }),
    );
  });
});

test('clamp stays within its bounds, changes nothing within them, and passes gradients there alone', () => {
  const bound = fc.float({ noNaN: true });
  fc.assert(
    fc.property(number, bound, bound, (v, p, q) => {
      const [min, max] = [Math.min(p, q), Math.max(p, q)];
      const x = leaf([v]);
      const y = clamp(x, { min, max });
      const value = x.data[0];
      if (Number.isNaN(value)) expect(y.item()).toBeNaN();
      else expect(y.item() + 0).toBe((value < min ? min : value > max ? max : value) + 0);
      expect(backward(sum(y)).get(x).item()).toBe(value >= min && value <= max ? 1 : 0);
    }),
  );
});
