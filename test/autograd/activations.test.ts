import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gelu, relu, sigmoid, silu, softplus, tanh } from '../../src/autograd/ops/activations.ts';
import { mul } from '../../src/autograd/ops/arithmetic.ts';
import { elu, hardSigmoid, hardSwish, leakyRelu, selu } from '../../src/autograd/ops/rectifiers.ts';
import { sum } from '../../src/autograd/ops/reductions.ts';
import { Parameter, parameter } from '../../src/autograd/parameter.ts';
import { backward } from '../../src/autograd/tape.ts';
import { toDouble } from '../../src/tensor/precision.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

type Activation = (x: Tensor) => Tensor;

const activations: Readonly<Record<string, Activation>> = {
  relu,
  leakyRelu: (x) => leakyRelu(x),
  elu: (x) => elu(x),
  selu,
  sigmoid,
  tanh,
  softplus,
  silu,
  gelu: (x) => gelu(x),
  'gelu by tanh': (x) => gelu(x, { approximate: 'tanh' }),
  hardSigmoid,
  hardSwish,
};

/** Values, slopes by the fused pullbacks, and slopes as they are recorded for second derivatives. */
function curves(fn: Activation, values: readonly number[]) {
  const x = parameter(new Tensor(new Float32Array(values), [values.length]));
  const loss = sum(fn(x));
  const recorded = backward(loss, { createGraph: true }).get(x);
  return { value: fn(x).data, slope: backward(loss).get(x).data, recorded };
}

const LARGEST = Math.fround(3e38);
/** Both signs, every power of ten from 1e-45 to 1e38 and what lies between, where saturation begins among them. */
const grid = [0, LARGEST];
for (let e = -45; e <= 38; e++) for (let m = 1; m < 10 && m * 10 ** e < LARGEST; m++) grid.push(m * 10 ** e);
for (let v = 0; v < 1000; v += 0.5) grid.push(v);
const signed = [...grid, ...grid.map((v) => -v)];

describe.each(Object.entries(activations))('%s from -3e38 to 3e38', (_, fn) => {
  const expectFinite = (values: readonly number[]) => {
    const { value, slope, recorded } = curves(fn, values);
    values.forEach((x, i) => {
      expect([value[i], slope[i], recorded.data[i]].every(Number.isFinite), `at ${x}: ${value[i]}, ${slope[i]}`).toBe(
        true,
      );
      // Slopes lie in -0.5 to 1.76. Fused and recorded ones differ by the rounding of a saved output, magnified by x.
      expect(Math.abs(slope[i] - recorded.data[i]), `slopes at ${x}`).toBeLessThan(4e-6);
    });
  };

  test('has finite values and slopes on a grid', () => {
    expectFinite(signed);
  });

  test('has finite values and slopes anywhere', () => {
    const number = fc.float({ min: -LARGEST, max: LARGEST, noNaN: true });
    fc.assert(fc.property(fc.array(number, { minLength: 1 }), expectFinite));
  });

  test('has finite second derivatives on the grid', () => {
    const x = parameter(new Tensor(new Float32Array(signed), [signed.length]));
    const slope = backward(sum(fn(x)), { createGraph: true }).get(x);
    // Piecewise linear ones have a slope that depends on x no more.
    const second = slope.node === undefined ? undefined : backward(sum(slope));
    if (second?.has(x)) {
      second.get(x).data.forEach((v, i) => {
        expect(Math.abs(v), `at ${signed[i]}`).toBeLessThan(2);
      });
    }
  });

  test('slopes are those of a difference, wherever it can tell', () => {
    const step = 2 ** -10;
    const points = signed.filter((v) => Math.abs(v) < 9 && Math.abs(Math.abs(v) - 3) > 0.01 && Math.abs(v) > 0.01);
    const at = (shift: number) =>
      curves(
        fn,
        points.map((v) => Math.fround(v) + shift),
      );
    const { slope } = at(0);
    const [above, below] = [at(step).value, at(-step).value];
    points.forEach((v, i) => {
      expect(Math.abs((above[i] - below[i]) / (2 * step) - slope[i]), `at ${v}`).toBeLessThan(2e-3);
    });
  });
});

test.each(Object.entries(activations))(
  '%s: a huge gradient that arrives at a huge number does not become NaN',
  (_, fn) => {
    for (const createGraph of [false, true]) {
      const x = parameter(new Tensor(new Float32Array([-LARGEST, -50, 50, LARGEST]), [4]));
      const { data } = backward(sum(mul(fn(x), 1e38)), { createGraph }).get(x);
      expect(data.every(Number.isFinite), String(data)).toBe(true);
    }
  },
);

test('elu and selu are exact to float32 near 0, where exp(x) - 1 cancels', () => {
  const number = fc.float({ min: -1, max: Math.fround(-1e-38), noNaN: true });
  fc.assert(
    fc.property(number, (x) => {
      const want = Math.expm1(x);
      const [y] = curves((t) => elu(t), [x]).value;
      const [z] = curves(selu, [x]).value;
      expect(Math.abs(y - want)).toBeLessThanOrEqual(2 ** -24 * Math.abs(want) + 1e-45);
      expect(Math.abs(z - 1.7580993408473766 * want)).toBeLessThanOrEqual(2 ** -24 * Math.abs(z) + 1e-45);
    }),
  );
});

test('gelu by tanh keeps its digits where tanh nears -1', () => {
  // x * sigmoid(2 u), in doubles.
  const want = (x: number) => x / (1 + Math.exp(-2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
  const points = [-9, -7.5, -6, -5, -3].map(Math.fround);
  curves((t) => gelu(t, { approximate: 'tanh' }), points).value.forEach((y, i) => {
    expect(Math.abs(y / want(points[i]) - 1), `at ${points[i]}`).toBeLessThan(2 ** -23);
  });
});

test.each([
  ['silu', silu, 1 / 2],
  ['gelu', (x: Tensor) => gelu(x), Math.sqrt(2 / Math.PI)],
  ['gelu by tanh', (x: Tensor) => gelu(x, { approximate: 'tanh' }), Math.sqrt(2 / Math.PI)],
] as const)('%s: the slope next to 0, where y / x has no digits, is 1/2 + x times its bend', (_, fn, bend) => {
  const points = [-2e-6, -9e-7, -1e-10, 0, 1e-10, 9e-7, 2e-6];
  const x = toDouble(new Tensor(new Float32Array(points), [points.length]));
  const leaf = new Parameter(x.data, x.shape);
  backward(sum(fn(leaf)))
    .get(leaf)
    .data.forEach((slope, i) => {
      expect(Math.abs(slope - (0.5 + bend * x.data[i])), `at ${points[i]}`).toBeLessThan(1e-15);
    });
});
