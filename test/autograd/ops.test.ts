import { afterEach, describe, expect, test } from 'vitest';
import { gradcheck, gradgradcheck } from '../../src/autograd/gradcheck.ts';
import { add, mul } from '../../src/autograd/ops/arithmetic.ts';
import { sum } from '../../src/autograd/ops/reductions.ts';
import { Parameter, parameter } from '../../src/autograd/parameter.ts';
import { backward, needsGradient, noGrad } from '../../src/autograd/tape.ts';
import { tensor } from '../../src/tensor/create.ts';
import { portableKernels, useKernels } from '../../src/tensor/kernels/kernels.ts';
import { createSimdKernels } from '../../src/tensor/kernels/simd/simd.ts';
import { isDouble, toDouble } from '../../src/tensor/precision.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { stridesOf } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { errorOf } from '../errors.ts';
import { opTable } from './opTable.ts';
import { type Case, isEmpty, type Read } from './table/row.ts';

const reader =
  (x: Tensor): Read =>
  (...index) => {
    const strides = stridesOf(x.shape);
    return x.data[index.reduce((offset, i, axis) => offset + i * strides[axis], 0)];
  };

function indices(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (all, length) => all.flatMap((index) => Array.from({ length }, (_, i) => [...index, i])),
    [[]],
  );
}

function expectValues(y: Tensor, { oracle, shape }: Case, inputs: readonly Tensor[], relative: number): void {
  expect(y.shape).toEqual(shape);
  const reads = inputs.map(reader);
  const expected = indices(shape).map((index) => oracle(index, ...reads));
  const largest = expected.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  expected.forEach((value, i) => {
    expect(Math.abs(y.data[i] - value), `element ${i}: ${y.data[i]} for ${value}`).toBeLessThanOrEqual(
      relative * Math.abs(value) + 0.5 * relative * largest,
    );
  });
}

/** The gradients of the sum of fn, element by element. */
function gradientsOf({ fn }: Case, inputs: readonly Tensor[]): number[] {
  const leaves = inputs.map((x) => new Parameter(x.data, x.shape));
  const loss = sum(fn(...leaves));
  const found = needsGradient(loss) ? backward(loss) : undefined;
  return leaves.flatMap((leaf) =>
    found?.has(leaf) ? Array.from(found.get(leaf).data) : new Array<number>(leaf.size).fill(0),
  );
}

/**
 * The second derivatives of fn, its output and its gradients weighted: with respect to the inputs, and to the gradient of
 * the output.
 */
function secondDerivativesOf({ fn }: Case, inputs: readonly Tensor[]): number[] {
  const leaves = inputs.map((x) => new Parameter(x.data, x.shape));
  const random = createRandom(1);
  const weightsLike = (x: Tensor): Tensor => {
    const weights = new Tensor(random.fillUniform(new Float32Array(x.size), 0.5, 1.5), x.shape);
    return isDouble(x.data) ? toDouble(weights) : weights;
  };
  const y = fn(...leaves);
  const { data, shape } = weightsLike(y);
  const seed = new Parameter(data, shape);
  const first = backward(sum(mul(y, seed)), { createGraph: true });
  const slope = leaves.reduce<Tensor | undefined>((total, x) => {
    const directions = weightsLike(x);
    if (!first.has(x)) return total;
    const term = sum(mul(first.get(x), directions));
    return total === undefined ? term : add(total, term);
  }, undefined);
  const second = slope !== undefined && needsGradient(slope) ? backward(slope) : undefined;
  return [...leaves, seed].flatMap((x) =>
    second?.has(x) ? Array.from(second.get(x).data) : new Array<number>(x.size).fill(0),
  );
}

const sets = { portable: portableKernels, simd: createSimdKernels() } as const;
afterEach(() => {
  useKernels(portableKernels);
});

/** What makes or takes integers, and has no precision to keep. */
const OF_INTEGERS: readonly string[] = ['argMax', 'argMin', 'oneHot'];

describe.each(Object.entries(opTable))('%s', (op, { cases, edges = [], refuses = [], noGradient }) => {
  test.each(cases.map((c) => [c.name, c] as const))('%s', (_name, c) => {
    const doubles = c.inputs.map(toDouble);
    const exact = noGradient === undefined ? gradientsOf(c, doubles) : undefined;
    const exactSecond = noGradient === undefined ? secondDerivativesOf(c, doubles) : undefined;
    for (const [name, set] of Object.entries(sets)) {
      useKernels(set);
      // Value and gradient in float32, against the definition in double precision.
      expectValues(
        noGrad(() => c.fn(...c.inputs)),
        c,
        c.inputs,
        1e-6,
      );
      if (exact !== undefined) expectGradients(gradientsOf(c, c.inputs), exact, 2e-5, `gradient, ${name}`);
      if (exactSecond !== undefined)
        expectGradients(secondDerivativesOf(c, c.inputs), exactSecond, 5e-4, `second derivative, ${name}`);
    }

    // Double precision always takes the portable kernels, and stays.
    const exactly = noGrad(() => c.fn(...doubles));
    expectValues(exactly, c, doubles, 1e-13);
    expect(isDouble(exactly.data)).toBe(!OF_INTEGERS.includes(op));

    if (noGradient !== undefined) return expect(needsGradient(c.fn(...c.inputs.map(parameter)))).toBe(false);
    if (isEmpty(c)) return;
    // The gradient against differences, and the gradient of the gradient.
    const differentiated = { ...c, fn: c.withConstantsAt?.(...doubles) ?? c.fn };
    const first = gradcheck(differentiated.fn, c.inputs);
    expect(first.ok, first.message).toBe(true);
    const second = gradgradcheck(differentiated.fn, c.inputs);
    expect(second.ok, second.message).toBe(true);
    if (c.withConstantsAt === undefined) return;
    expectGradients(exact ?? [], gradientsOf(differentiated, doubles), 1e-11, 'gradient, of constants');
    expectGradients(
      exactSecond ?? [],
      secondDerivativesOf(differentiated, doubles),
      1e-11,
      'second derivative, of constants',
    );
  });

  test.runIf(edges.length > 0).each(edges.map((e, i) => [`${e.edge} ${i}`, e] as const))('%s', (_name, e) => {
    for (const [name, set] of Object.entries(sets)) {
      useKernels(set);
      const leaves = e.inputs.map((x) => parameter(x instanceof Tensor ? x : tensor(x)));
      const y = e.fn(...leaves);
      const value = tensor(e.value);
      expectSame(y, value, e.shape ?? value.shape, `value, ${name}`);
      if (e.gradients === undefined) continue;
      const found = noGradient === undefined && y.node !== undefined ? backward(sum(y)) : undefined;
      for (const [i, expected] of e.gradients.entries()) {
        if (expected === undefined) continue;
        const g = found?.has(leaves[i]) ? found.get(leaves[i]) : mul(leaves[i], 0);
        expectSame(g, tensor(expected), leaves[i].shape, `gradient ${i}, ${name}`);
      }
    }
  });

  test.runIf(refuses.length > 0).each(refuses.map((r) => [r.message, r] as const))('refuses: %s', (_message, r) => {
    const error = errorOf(r.error, r.call);
    expect(error.message).toBe(r.message);
  });
});

/** To two units in the last place; NaN is NaN, and zeros have no sign. */
function expectSame(y: Tensor, expected: Tensor, shape: readonly number[], what: string): void {
  expect(y.shape, what).toEqual(shape);
  expect(y.size, what).toBe(expected.size);
  expected.data.forEach((want, i) => {
    const got = y.data[i];
    const same = Object.is(got, want) || got === want || Math.abs(got - want) <= 2 ** -22 * Math.abs(want);
    expect(same, `${what}, element ${i}: ${got} for ${want}`).toBe(true);
  });
}

/** Within `relative` of the exact value, and of the largest. */
function expectGradients(actual: readonly number[], exact: readonly number[], relative: number, what: string): void {
  const scale = exact.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  actual.forEach((g, i) => {
    const error = Math.abs(g - exact[i]);
    expect(error, `${what}, element ${i}: ${g} for ${exact[i]}`).toBeLessThanOrEqual(
      relative * Math.abs(exact[i]) + relative * scale,
    );
  });
}

test('an op that meets one tensor twice adds both gradients', () => {
  const x = parameter(new Tensor(new Float32Array([3]), [1]));
  expect(
    backward(sum(mul(x, x)))
      .get(x)
      .item(),
  ).toBe(6);
  expect(
    backward(sum(add(x, x)))
      .get(x)
      .item(),
  ).toBe(2);
});
