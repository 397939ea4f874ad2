import { describe, expect, test } from 'vitest';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { add, mul } from '../../src/autograd/ops/arithmetic.ts';
import { concat, reshape } from '../../src/autograd/ops/rearrange.ts';
import { sum } from '../../src/autograd/ops/reductions.ts';
import { stridesOf } from '../../src/autograd/ops/strided.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { backward, needsGradient, noGrad } from '../../src/autograd/tape.ts';
import { toDouble } from '../../src/tensor/precision.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { type Case, opTable, type Read } from './opTable.ts';

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

/** The gradients of a weighted sum of fn, as one tensor that can be differentiated again. */
function gradientsOf({ fn }: Case, inputs: Tensor[]): Tensor {
  const y = fn(...inputs);
  const weights = toDouble(new Tensor(createRandom(1).fillUniform(new Float32Array(y.size), 0.5, 1.5), y.shape));
  const gradients = backward(sum(mul(y, weights)), { createGraph: true });
  return concat(inputs.map((x) => reshape(gradients.has(x) ? gradients.get(x) : mul(x, 0), [x.size])));
}

describe.each(Object.entries(opTable))('%s', (_, cases) => {
  test.each(cases.map((c) => [c.name, c] as const))('%s', (_name, c) => {
    // Value, in both precisions, against the definition.
    expectValues(
      noGrad(() => c.fn(...c.inputs)),
      c,
      c.inputs,
      1e-6,
    );
    const doubles = c.inputs.map(toDouble);
    expectValues(
      noGrad(() => c.fn(...doubles)),
      c,
      doubles,
      1e-13,
    );

    // The gradient against differences.
    const first = gradcheck(c.fn, c.inputs);
    expect(first.ok, JSON.stringify(first)).toBe(true);

    // The float32 gradient against the double one.
    const gradients = (inputs: readonly Tensor[]) => {
      const leaves = inputs.map((x) => parameter(x));
      const loss = sum(c.fn(...leaves));
      const found = needsGradient(loss) ? backward(loss) : undefined;
      return leaves.map((leaf) =>
        found?.has(leaf) ? Array.from(found.get(leaf).data) : new Array<number>(leaf.size).fill(0),
      );
    };
    const single = gradients(c.inputs).flat();
    const double = gradients(doubles).flat();
    const scale = double.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    single.forEach((g, i) =>
      expect(Math.abs(g - double[i]), `gradient ${i}`).toBeLessThanOrEqual(2e-5 * Math.abs(double[i]) + 2e-5 * scale),
    );

    // The gradient of the gradient.
    if (c.noSecondOrder === undefined && c.inputs.every((x) => x.size > 0)) {
      const second = gradcheck((...xs) => gradientsOf(c, xs), c.inputs, { tolerance: 1e-5 });
      expect(second.ok, `second order: ${JSON.stringify(second)}`).toBe(true);
    }
  });
});

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
