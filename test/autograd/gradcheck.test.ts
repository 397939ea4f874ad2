import { describe, expect, test } from 'vitest';
import { gradcheck, gradgradcheck } from '../../src/autograd/gradcheck.ts';
import { relu } from '../../src/autograd/ops/activations.ts';
import { add, mul } from '../../src/autograd/ops/arithmetic.ts';
import { dropout } from '../../src/autograd/ops/dropout.ts';
import { sqrt, square } from '../../src/autograd/ops/pointwise.ts';
import { slice } from '../../src/autograd/ops/rearrange.ts';
import { sum } from '../../src/autograd/ops/reductions.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { scope } from '../../src/autograd/scope.ts';
import { backward, fused, isRecording, noGrad, record } from '../../src/autograd/tape.ts';
import { ones, tensor, zeros } from '../../src/tensor/create.ts';
import { intTensor } from '../../src/tensor/intTensor.ts';
import { allocate } from '../../src/tensor/precision.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { ShapeError } from '../../src/tensor/shape.ts';
import { type Pullback, Tensor } from '../../src/tensor/tensor.ts';
import { errorOf } from '../errors.ts';
import { opTable } from './opTable.ts';
import { isEmpty } from './table/row.ts';

/** An op with its rule made wrong by a factor. */
const wrongBy =
  (factor: number) =>
  (y: Tensor): Tensor =>
    record('wrong', y.data, y.shape, [[y, (g) => mul(g, factor)]]);

/** An op with a right gradient, whose own gradient is wrong by a factor. */
const bentBy =
  (factor: number) =>
  (y: Tensor): Tensor =>
    record('bent', y.data, y.shape, [[y, (g) => record('bend', g.data, g.shape, [[g, (h) => mul(h, factor)]])]]);

describe('the checker is checked: every rule made wrong by 0.1 % is found', () => {
  const cases = Object.entries(opTable).flatMap(([name, { cases: all, noGradient }]) =>
    noGradient === undefined ? all.filter((c) => !isEmpty(c)).map((c) => [`${name}, ${c.name}`, c] as const) : [],
  );
  test.each(cases)('%s', (_name, { fn: plain, inputs, withConstantsAt }) => {
    const fn = withConstantsAt?.(...inputs) ?? plain;
    const right = gradcheck(fn, inputs);
    expect(right.ok).toBe(true);
    const wrong = gradcheck((...xs) => wrongBy(1.001)(fn(...xs)), inputs);
    // A rule whose gradient is 0 everywhere has no factor to be wrong by.
    expect(wrong.ok).toBe(right.worst.analytic === 0 && right.worst.numeric === 0);
    if (!wrong.ok) expect(wrong.maxError).toBeGreaterThan(9e-4);

    const bent = (...xs: Tensor[]) => bentBy(1.001)(fn(...xs));
    expect(gradcheck(bent, inputs).ok).toBe(true);
    const { ok, maxError, worst } = gradgradcheck(bent, inputs);
    expect(ok).toBe(worst.analytic === 0 && worst.numeric === 0);
    if (!ok) expect(maxError).toBeGreaterThan(9e-4);
  });
});

test('names input, index, analytic and numeric value of the worst element, also in words', () => {
  const brokenAtOne = (x: Tensor, y: Tensor): Tensor => {
    const out = mul(x, y);
    return record('broken', out.data, out.shape, [
      [x, (g) => mul(g, y)],
      [y, (g) => mul(mul(g, x), tensor([[1, 2, 1]]))],
    ]);
  };
  const { ok, maxError, worst, message } = gradcheck(brokenAtOne, [tensor([[1, 2, 3]]), tensor([[4, 5, 6]])]);
  expect(ok).toBe(false);
  expect([worst.input, worst.name, worst.index, worst.coordinates]).toEqual([1, 'input 1', 1, [0, 1]]);
  expect(worst.analytic / worst.numeric).toBeCloseTo(2, 6);
  expect(maxError).toBeCloseTo(0.5, 6);
  const [analytic, numeric] = [worst.analytic, worst.numeric].map((v) => Number(v.toPrecision(6)));
  expect(message).toBe(
    `gradcheck: the gradient with respect to input 1 at [0, 1] (flat index 1) is wrong: analytic ${analytic}, numeric ${numeric}, relative error 0.5, tolerance 0.000001.`,
  );
});

test('a wrong sign in one pullback is named', () => {
  const difference = (x: Tensor, y: Tensor): Tensor => {
    const out = allocate([x, y], x.shape).map((_, i) => x.data[i] - y.data[i]);
    return record('difference', out, x.shape, [
      [x, (g) => g],
      [y, (g) => g],
    ]);
  };
  const { message, worst } = gradcheck(difference, [tensor([5]), tensor([3])]);
  expect(worst.analytic / worst.numeric).toBeCloseTo(-1, 6);
  expect(message).toMatch(
    /^gradcheck: the gradient with respect to input 1 at \[0\] \(flat index 0\) is wrong: analytic (-?)([\d.]+), numeric (?!\1)-?\2, relative error 2, tolerance 0\.000001\.$/,
  );
});

test('says in words that all is right, and where it is least so', () => {
  const { ok, message } = gradcheck((x, y) => mul(x, y), [tensor([1, 2]), tensor(3)]);
  expect(ok).toBe(true);
  expect(message).toMatch(
    /^gradcheck: 3 derivatives agree with differences; they differ most with respect to input [01] at \[[01]?\] \(flat index [01]\): analytic \S+, numeric \S+, relative error \S+e-1\d, tolerance 0\.000001\.$/,
  );
});

describe('gradgradcheck', () => {
  /** x^3 as a user may write it, in a loop, and its slope. */
  const cube = (pullback: (x: Tensor) => Pullback) => (x: Tensor) => {
    const out = allocate([x], x.shape);
    for (let i = 0; i < out.length; i++) out[i] = x.data[i] ** 3;
    return record('cube', out, x.shape, [[x, pullback(x)]]);
  };
  const loop =
    (x: Tensor): Pullback =>
    (g) => {
      const gx = allocate([g, x], x.shape);
      for (let i = 0; i < gx.length; i++) gx[i] = g.data[i] * 3 * x.data[i] ** 2;
      return new Tensor(gx, x.shape);
    };
  const composed =
    (x: Tensor): Pullback =>
    (g) =>
      mul(g, mul(square(x), 3));
  const at = [tensor([1, -2])];

  test('finds a pullback in a loop, which has no second derivative, and says so', () => {
    expect(gradcheck(cube(loop), at).ok).toBe(true);
    const { ok, worst, message } = gradgradcheck(cube(loop), at);
    expect([ok, worst.analytic]).toEqual([false, 0]);
    expect(message).toMatch(
      /^gradgradcheck: the second derivative with respect to (input 0|the output gradient) at \[\d\] \(flat index \d\) is wrong: analytic 0, numeric -?\d+\.\d+, relative error 1, tolerance 0\.00001\. An analytic 0 is what a pullback gives that is not written with ops; fused takes one that is beside a fast one\.$/,
    );
  });

  test('passes what is written with ops, alone or beside the loop', () => {
    expect(gradgradcheck(cube(composed), at).message).toMatch(/^gradgradcheck: 4 derivatives agree/);
    expect(
      gradgradcheck(
        cube((x) => fused(loop(x), composed(x))),
        at,
      ).ok,
    ).toBe(true);
  });

  test('finds a pullback whose slopes are data: right by the output gradient, 0 by the input', () => {
    const half = (x: Tensor) => (g: Tensor) =>
      mul(
        g,
        new Tensor(
          x.data.map((v) => 3 * v * v),
          x.shape,
        ),
      );
    expect(gradcheck(cube(half), at).ok).toBe(true);
    const { ok, worst } = gradgradcheck(cube(half), at);
    expect([ok, worst.name, worst.input, worst.analytic]).toEqual([false, 'input 0', 0, 0]);
    expect(Math.abs(worst.numeric)).toBeGreaterThan(1);
  });

  test('finds a second derivative that alone is wrong, and two forms that differ', () => {
    const { ok, worst, maxError } = gradgradcheck(
      cube((x) => fused(loop(x), (g) => mul(composed(x)(g), 1.1))),
      at,
    );
    expect([ok, worst.name]).toEqual([false, 'the output gradient']);
    expect(maxError).toBeCloseTo(0.1 / 1.1, 5);
    const wrong = (x: Tensor) => (g: Tensor) => mul(g, mul(wrongBy(-1)(square(x)), 3));
    expect(gradcheck(cube(wrong), at).ok).toBe(true);
    const found = gradgradcheck(cube(wrong), at);
    expect([found.ok, found.worst.name]).toEqual([false, 'input 0']);
    expect(found.worst.analytic / found.worst.numeric).toBeCloseTo(-1, 6);
    expect(found.maxError).toBeCloseTo(2, 6);
  });

  test('of what is linear, constant or piecewise linear is 0', () => {
    const [x, y] = [tensor([1, -2]), tensor([3, 4])];
    for (const fn of [
      (v: Tensor) => sum(v),
      (v: Tensor) => mul(v, 3),
      relu,
      (v: Tensor) => mul(v, 0),
      (v: Tensor) => v,
    ])
      expect(gradgradcheck(fn, [x]).message).toMatch(/^gradgradcheck: \d derivatives agree/);
    expect(gradgradcheck((a) => square(a), [x, y]).ok).toBe(true);
    expect(
      gradgradcheck(
        (a, b) =>
          mul(
            a,
            noGrad(() => square(b)),
          ),
        [x, y],
      ).message,
    ).toContain('input 1');
  });

  test('a gradient that is not finite fails, and so does one that only a second backward makes', () => {
    const nan = (x: Tensor) =>
      record('nan', x.data, x.shape, [
        [
          x,
          () =>
            new Tensor(
              x.data.map(() => NaN),
              x.shape,
            ),
        ],
      ]);
    expect(gradgradcheck(nan, at)).toMatchObject({ ok: false, maxError: Infinity });
    const later = (x: Tensor) =>
      record('later', x.data, x.shape, [[x, (g) => record('nan', g.data, g.shape, [[g, (h) => mul(h, NaN)]])]]);
    expect(gradcheck(later, at).ok).toBe(true);
    expect(gradgradcheck(later, at).message).toMatch(/analytic NaN, numeric \S+, relative error Infinity/);
  });

  test('leaves the inputs as they were, and runs inside noGrad and a scope', () => {
    const x = tensor([1, 2]);
    expect(noGrad(() => gradgradcheck(square, [x]).ok && !isRecording())).toBe(true);
    expect(scope(() => gradgradcheck(square, [x]))).toEqual(gradgradcheck(square, [x]));
    expect(x.toArray()).toEqual([1, 2]);
  });
});

describe('what cannot be checked is refused, and says what to do', () => {
  const x = () => tensor([[1, 2]]);
  const single = (v: Tensor, name = 'twice') =>
    record(
      name,
      Float32Array.from(v.data, (e) => 2 * e),
      v.shape,
      [[v, (g) => mul(g, 2)]],
    );

  const cases: readonly (readonly [new (...args: never[]) => Error, string, () => unknown])[] = [
    [
      TypeError,
      'gradcheck: there is nothing to check. Pass at least one input.',
      () => gradcheck(() => zeros([1]), []),
    ],
    [TypeError, 'gradgradcheck: there is nothing to check. Pass at least one input.', () => gradgradcheck(square, [])],
    [
      TypeError,
      'gradcheck: fn must return a Tensor; got 3. Return what is to be differentiated.',
      // @ts-expect-error plain JavaScript may return anything.
      () => gradcheck(() => 3, [x()]),
    ],
    [
      ShapeError,
      'gradcheck: every input is empty; got [0, 2]. Pass at least one value.',
      () => gradcheck(square, [zeros([0, 2])]),
    ],
    [
      ShapeError,
      'gradcheck: the output is empty; got [0, 2]. Pass inputs for which fn returns a value.',
      () => gradcheck((v) => slice(v, [[0, 0]]), [x()]),
    ],
    [
      RangeError,
      'gradgradcheck: input 1 is Infinity at [0, 1], where there is no difference to take. Pass finite inputs.',
      () => gradgradcheck((a, b) => mul(a, b), [x(), tensor([[1, Infinity]])]),
    ],
    [
      TypeError,
      "gradcheck: the result of the op 'twice' is in single precision, in which differences are noise. Take its memory from allocate(inputs, shape), which gives doubles here, instead of a new Float32Array.",
      // The first of two.
      () => gradcheck((v) => square(mul(single(single(square(v)), 'again'), v)), [x()]),
    ],
    [
      TypeError,
      'gradcheck: the output of fn is in single precision and comes from no op: it is a constant, or was computed from raw data. Compute it from the inputs with ops.',
      () => gradcheck((v) => tensor(Array.from(v.data)), [x()]),
    ],
  ];
  test.each(cases.map(([error, message, call]) => [message, error, call] as const))('%s', (message, error, call) => {
    expect(errorOf(error, call).message).toBe(message);
  });

  test('a function that gives another answer each time', () => {
    const random = createRandom(1);
    const noisy = (v: Tensor) =>
      mul(v, dropout(ones([1, 2]), { p: 0.5, training: true, random: random.fork(calls++) }));
    let calls = 0;
    expect(errorOf(RangeError, () => gradcheck((v) => add(v, calls++), [x()])).message).toBe(
      'gradcheck: fn is not deterministic: two calls with the same inputs give 1 and 2 at [0, 0]. Make its random source, createRandom(seed), anew in every call.',
    );
    expect(
      errorOf(RangeError, () => {
        for (let i = 0; i < 20; i++) gradgradcheck(noisy, [x()]);
      }).message,
    ).toMatch(/^gradgradcheck: fn is not deterministic: two calls/);
    calls = 1;
    expect(
      errorOf(ShapeError, () =>
        gradcheck(
          (v) =>
            slice(v, [
              [0, 1],
              [0, calls++],
            ]),
          [x()],
        ),
      ).message,
    ).toBe(
      'gradcheck: fn is not deterministic: two calls with the same inputs give two shapes; got [1, 1] and [1, 2]. Make what it depends on anew in every call.',
    );
  });

  test('a pullback in single precision is named where the check fails for it', () => {
    const rough = (name: string) => (v: Tensor) => {
      const out = square(v);
      return record(name, out.data, out.shape, [
        [
          v,
          (g) =>
            new Tensor(
              Float32Array.from(g.data, (e, i) => e * 2 * v.data[i] * (1 + 1e-5)),
              v.shape,
            ),
        ],
      ]);
    };
    expect(gradcheck(rough('rough'), [x()]).message).toMatch(
      / The pullback of 'rough' computes in single precision: take its memory from allocate\(\[g\], shape\)\.$/,
    );
    // The first that a backward pass meets.
    expect(gradcheck((v) => rough('last')(rough('first')(v)), [x()]).message).toContain(" The pullback of 'last' ");
  });

  test('inputs and options of the wrong kind', () => {
    const message = 'inputs must be an array of Tensors. What else fn takes is written in: (x) => fn(x, ids).';
    // @ts-expect-error one tensor is no array.
    expect(errorOf(TypeError, () => gradcheck(square, x())).message).toBe(`gradcheck: ${message}`);
    // @ts-expect-error integers have no gradient.
    expect(errorOf(TypeError, () => gradgradcheck(square, [intTensor(Int32Array.of(1), [1])])).message).toBe(
      `gradgradcheck: ${message}`,
    );
    for (const step of [0, -1, NaN, Infinity]) {
      expect(errorOf(RangeError, () => gradcheck(square, [x()], { step })).message).toBe(
        `gradcheck: step must be a finite number above 0; got ${step}.`,
      );
    }
    for (const tolerance of [-1, NaN]) {
      expect(errorOf(RangeError, () => gradgradcheck(square, [x()], { tolerance })).message).toBe(
        `gradgradcheck: tolerance must be at least 0; got ${tolerance}.`,
      );
    }
    expect(gradcheck(square, [x()], { tolerance: 0 })).toMatchObject({ ok: false });
    expect(gradcheck(square, [x()], { tolerance: Infinity, step: 0.1 })).toMatchObject({ ok: true });
  });

  test('an input at a kink or a jump is told from a wrong gradient', () => {
    const kink = gradcheck(relu, [tensor([1, 0])]);
    expect(kink).toMatchObject({ ok: false, worst: { index: 1, analytic: 0 } });
    expect(kink.message).toMatch(
      / Its slopes to either side are 0 and -?(\d\.\d+): the input lies at a kink or a jump\. Move it away by more than the step\.$/,
    );
    const [left, right] = [0, 2 * kink.worst.numeric].map((v) => Number(v.toPrecision(6)));
    expect(kink.message).toContain(`either side are ${left} and ${right}:`);
    expect(gradgradcheck(relu, [tensor([1, 0])]).message).toContain('the input lies at a kink or a jump');
    // Neither a curved function whose slope is 0 has a kink nor a steep one that is curved.
    expect(gradcheck((v) => wrongBy(2)(mul(square(v), 1e5)), [tensor([1])]).message).toMatch(/tolerance 0\.000001\.$/);
    expect(gradcheck((v) => add(wrongBy(2)(v), square(v)), [tensor([0])]).message).toMatch(/tolerance 0\.000001\.$/);
  });

  test('differences that are not finite: the element, and what to do', () => {
    const { ok, maxError, worst, message } = gradcheck(sqrt, [tensor([1, 4, 1e-6])]);
    expect([ok, maxError, worst.index, worst.numeric]).toEqual([false, Infinity, 2, NaN]);
    expect(message).toMatch(
      /relative error Infinity, tolerance 0\.000001\. fn is not finite within a step of the input\. Keep the input away from the end of what fn is defined for\.$/,
    );
    expect(errorOf(RangeError, () => gradcheck(sqrt, [tensor([[1, 4, -1]])])).message).toBe(
      'gradcheck: the output is NaN at [0, 2], where there is no difference to take. Pass inputs for which fn gives numbers.',
    );
  });

  test('an input that is not listed', () => {
    const forgotten = (a: Tensor, b: Tensor) => record('forgotten', mul(a, b).data, a.shape, [[a, (g) => mul(g, b)]]);
    expect(gradcheck(forgotten, [x(), x()]).message).toMatch(
      /respect to input 1 at .* An analytic 0 is what an input gets that is not listed in record, or was read outside of ops\.$/,
    );
  });
});

test('the step grows with the input, the error is relative to the largest gradient', () => {
  expect(gradcheck(square, [tensor([1e8])])).toMatchObject({ ok: true });
  expect(gradcheck((x) => mul(x, tensor([1e9, 1e-3])), [tensor([1, 1])])).toMatchObject({ ok: true });
  expect(gradcheck((x) => mul(x, 0), [tensor([1])], { tolerance: 0 })).toMatchObject({ ok: true, maxError: 0 });
});

test('parameters of float32 that fn brings along are constants', () => {
  const weight = parameter(tensor([2, 3]));
  for (const check of [gradcheck, gradgradcheck])
    expect(check((x) => mul(square(x), weight), [tensor([1, -1])])).toMatchObject({ ok: true });
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

test('leaves the inputs as they were', () => {
  const x = tensor([1, 2]);
  gradcheck(square, [x]);
  expect(x.toArray()).toEqual([1, 2]);
});
