import { expect } from 'vitest';
import type { Kernels } from '../../src/tensor/kernels/kernels.ts';
import * as portable from '../../src/tensor/kernels/portable/curves.ts';
import * as portableGates from '../../src/tensor/kernels/portable/gates.ts';
import { createRandom } from '../../src/tensor/random.ts';
import type { Check } from './conformance.ts';
import { everywhere, expectSameBits } from './everywhere.ts';

/** What may be wrong, relative to the magnitudes that take part: two units in the last place. */
const RELATIVE = 2 ** -22;
/** The least distance of two float32. */
const LEAST = 2 ** -149;

const random = createRandom(82).fork('conformance of curves');
let drawn = 0;
const normal = (size: number, scale = 1): Float32Array =>
  random.fork(drawn++).fillNormal(new Float32Array(size), 0, scale);

const logistic = (x: number): number => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));
const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** The normal distribution function: its Taylor series near 0, else the tail by its continued fraction. */
function normalDistribution(x: number): number {
  const a = Math.abs(x);
  let tail: number;
  if (a < 3) {
    let [term, sum] = [a, a];
    for (let n = 1; n < 80; n++) {
      term *= (a * a) / (2 * n + 1);
      sum += term;
    }
    tail = 0.5 - density(a) * sum;
  } else {
    let fraction = 0;
    for (let n = 200; n > 0; n--) fraction = n / (a + fraction);
    tail = density(a) / (a + fraction);
  }
  return x < 0 ? tail : 1 - tail;
}

/** A number's exact result, and the magnitude that its error is measured by. */
interface Exact {
  readonly value: number;
  readonly magnitude: number;
}

type CurveName = 'sigmoid' | 'tanh' | 'silu' | 'gelu';
type SlopeName = 'siluGradient' | 'geluGradient';

/** What an argument rounded to single precision costs e^-x^2/2, besides two units. */
const bell = (x: number): number => 1 + (Math.min(Math.abs(x), 15) * Math.min(Math.abs(x), 15)) / 4;

const curves: Readonly<Record<CurveName, (x: number) => Exact>> = {
  sigmoid: (x) => ({ value: logistic(x), magnitude: logistic(x) }),
  tanh: (x) => ({ value: Math.tanh(x), magnitude: Math.abs(Math.tanh(x)) }),
  silu: (x) => {
    const value = Math.max(x, -750) * logistic(x);
    return { value, magnitude: Math.abs(value) };
  },
  gelu: (x) => {
    const value = Math.max(x, -40) * normalDistribution(x);
    // Portable takes 1 + erf, which cancels in double precision.
    return { value, magnitude: 2 * Math.abs(value) * bell(x) + 2 ** -28 * Math.min(Math.abs(x), 40) };
  },
};

const slopes: Readonly<Record<SlopeName, (x: number) => Exact>> = {
  siluGradient: (x) => {
    const v = Math.max(-750, Math.min(750, x));
    const s = logistic(v);
    return { value: s * (1 + v * (1 - s)), magnitude: 2 * s * (1 + Math.abs(v)) };
  },
  geluGradient: (x) => {
    const v = Math.max(-40, Math.min(40, x));
    const parts = [normalDistribution(v), v * density(v)];
    return { value: parts[0] + parts[1], magnitude: 2 * (parts[0] + Math.abs(parts[1])) * bell(v) + 2 ** -28 };
  },
};

const SIZES = [0, 1, 2, 3, 4, 5, 7, 16, 17, 63, 1000, 40_001];

/** What every set of kernels must do that has smooth activations, or the gates of recurrent layers. */
export function curveChecks(kernels: Kernels): readonly Check[] {
  const all = { ...portable, ...portableGates, ...kernels };
  return [
    ...Object.entries(curves).flatMap(([name, exact]) =>
      elementChecks(name, exact, (x) =>
        everywhere(kernels, [x], x.length, name, ([input], out) => all[name as CurveName](input, out)),
      ),
    ),
    ...Object.entries(slopes).flatMap(([name, exact]) =>
      elementChecks(name, exact, (x, scale) => {
        const y = Float32Array.from(x, (v) => curves[name === 'siluGradient' ? 'silu' : 'gelu'](v).value);
        const g = new Float32Array(x.length).fill(scale);
        return everywhere(kernels, [x, y, g], x.length, name, ([input, output, arriving], out) =>
          all[name as SlopeName](input, output, arriving, out),
        );
      }),
    ),
    ...gateChecks(kernels, 'lstmGates', lstm(all.lstmGates)),
    ...gateChecks(kernels, 'gruGates', gru(all.gruGates)),
  ];
}

function elementChecks(
  name: string,
  exact: (x: number) => Exact,
  evaluate: (x: Float32Array, factor: number) => Float32Array,
): readonly Check[] {
  // Gradients arrive with a factor.
  const factor = name.endsWith('Gradient') ? -3 : 1;
  const run = (x: Float32Array, by = 1) => evaluate(x, by);
  const expectNear = (out: Float32Array, x: Float32Array, scale = 1) =>
    x.forEach((v, i) => {
      const { value, magnitude } = exact(v);
      if (!(Math.abs(out[i] - scale * value) <= Math.abs(scale) * RELATIVE * magnitude + 2 * LEAST))
        expect.fail(`${name} of ${v}, ${i} of ${x.length}: ${out[i]} for ${scale * value}`);
    });
  return [
    {
      name: `${name}, every size, near and far from 0`,
      run: () => {
        for (const size of SIZES) {
          for (const scale of [1e-30, 0.01, 0.5, 2, 20]) {
            const x = normal(size, scale);
            expectNear(run(x, factor), x, factor);
          }
        }
      },
    },
    {
      name: `${name}, a number alone and among others`,
      run: () => {
        const x = normal(37, 4);
        const whole = run(x);
        x.forEach((v, i) => {
          expectSameBits(run(Float32Array.of(v)), whole.slice(i, i + 1), `${name} of ${v}`);
        });
      },
    },
    {
      name: `${name}, at the ends and beyond`,
      run: () => {
        const x = Float32Array.of(0, 1e-45, -1e-40, 15, -15, 60, -60, 88, -88, 3e38, -3e38, Infinity, -Infinity, NaN);
        const out = run(x);
        expect(out[13]).toBeNaN();
        expectNear(out.slice(0, 9), x.slice(0, 9));
        const ends = [3e38, -3e38, Infinity, -Infinity].map((v) => exact(v).value);
        expect([...out.slice(9, 13)].map((v) => v + 0)).toEqual(ends.map((v) => Math.fround(v) + 0));
      },
    },
  ];
}

/** A cell for one step, all its outputs in one array. */
interface Cell {
  /** Arrays of a step by their length in units of [rows, hidden]. */
  readonly inputs: readonly number[];
  readonly outputs: number;
  readonly run: (
    inputs: readonly Float32Array[],
    out: Float32Array,
    spec: {
      readonly rows: number;
      readonly hidden: number;
      readonly step: number;
      readonly lengths: Int32Array | undefined;
    },
  ) => void;
  /** Those of the outputs, from `first` of them on, that a unit has; `read(i, gate)` gives the inputs. */
  readonly exact: (read: (input: number, gate: number) => number) => readonly number[];
  /** Of a sequence at rest: which input the outputs hold; others are not asked for. */
  readonly resting: readonly (number | undefined)[];
}

const lstm = (kernel: NonNullable<Kernels['lstmGates']>): Cell => ({
  inputs: [4, 4, 1, 1],
  outputs: 7,
  run: ([input, given, before, state], out, spec) => {
    const size = spec.rows * spec.hidden;
    const part = (from: number, count = 1) => out.subarray(from * size, (from + count) * size);
    part(0, 4).set(given);
    kernel(input, { gates: part(0, 4), before, cell: part(4), shown: part(5) }, state, part(6), spec);
  },
  exact: (read) => {
    const [i, f, g, o] = [0, 1, 2, 3].map((gate) => {
      const sum = read(0, gate) + read(1, gate);
      return gate === 2 ? Math.tanh(sum) : logistic(sum);
    });
    const cell = f * read(2, 0) + i * g;
    return [i, f, g, o, cell, Math.tanh(cell), o * Math.tanh(cell)];
  },
  resting: [undefined, undefined, undefined, undefined, 2, undefined, 3],
});

const gru = (kernel: NonNullable<Kernels['gruGates']>): Cell => ({
  inputs: [3, 3, 1],
  outputs: 5,
  run: ([input, given, state], out, spec) => {
    const size = spec.rows * spec.hidden;
    const part = (from: number, count = 1) => out.subarray(from * size, (from + count) * size);
    part(0, 3).set(given);
    const bias = spec.hidden % 2 === 0 ? undefined : new Float32Array(3 * spec.hidden).fill(0.25);
    kernel(input, bias, { gates: part(0, 3), candidate: part(3), state }, part(4), spec);
  },
  exact: (read) => {
    // The reader adds the bias to what the state contributes.
    const [r, z] = [0, 1].map((gate) => logistic(read(0, gate) + read(1, gate)));
    const candidate = read(1, 2);
    const n = Math.tanh(read(0, 2) + r * candidate);
    return [r, z, n, candidate, (1 - z) * n + z * read(2, 0)];
  },
  resting: [undefined, undefined, undefined, undefined, 2],
});

function gateChecks(kernels: Kernels, name: string, cell: Cell): readonly Check[] {
  const run = (inputs: readonly Float32Array[], rows: number, hidden: number, lengths?: Int32Array) =>
    everywhere(kernels, inputs, cell.outputs * rows * hidden, name, (given, out) =>
      cell.run(given, out, { rows, hidden, step: 2, lengths }),
    );
  const draw = (rows: number, hidden: number) => cell.inputs.map((parts) => normal(parts * rows * hidden));
  /** Output k of a unit: gates lie row by row, the others in arrays of their own. */
  const gates = cell.inputs[0];
  const at = (k: number, row: number, j: number, rows: number, hidden: number) =>
    k < gates ? (row * gates + k) * hidden + j : (k * rows + row) * hidden + j;
  return [
    {
      name: `${name}, every size, and at rest`,
      run: () => {
        for (const hidden of [1, 2, 3, 4, 5, 8, 17, 64]) {
          for (const rows of [0, 1, 3]) {
            for (const lengths of [undefined, Int32Array.from({ length: rows }, (_, row) => 2 + (row % 2))]) {
              const inputs = draw(rows, hidden);
              const out = run(inputs, rows, hidden, lengths);
              const bias = name === 'gruGates' && hidden % 2 === 1 ? 0.25 : 0;
              for (let row = 0; row < rows; row++) {
                for (let j = 0; j < hidden; j++) {
                  const read = (i: number, gate: number) =>
                    inputs[i][(row * cell.inputs[i] + gate) * hidden + j] + (i === 1 ? bias : 0);
                  const rests = lengths !== undefined && lengths[row] <= 2;
                  const wanted = rests
                    ? cell.resting.map((input) => (input === undefined ? undefined : read(input, 0)))
                    : cell.exact(read);
                  wanted.forEach((value, k) => {
                    const got = out[at(k, row, j, rows, hidden)];
                    // Sums of up to three numbers of size 4 are rounded before their curve.
                    if (value !== undefined && !(Math.abs(got - value) <= 8 * RELATIVE))
                      expect.fail(
                        `${name} [${rows}, ${hidden}], row ${row}, unit ${j}, output ${k}: ${got} for ${value}`,
                      );
                  });
                }
              }
            }
          }
        }
      },
    },
    {
      name: `${name}, a row alone and among others`,
      run: () => {
        for (const hidden of [1, 5, 16, 70]) {
          const [rows, inputs] = [9, draw(9, hidden)];
          const whole = run(inputs, rows, hidden);
          for (let row = 0; row < rows; row++) {
            const alone = run(
              inputs.map((x, i) => x.slice(row * cell.inputs[i] * hidden, (row + 1) * cell.inputs[i] * hidden)),
              1,
              hidden,
            );
            for (let k = 0; k < cell.outputs; k++) {
              const [mine, theirs] = [at(k, 0, 0, 1, hidden), at(k, row, 0, rows, hidden)];
              expectSameBits(
                alone.slice(mine, mine + hidden),
                whole.slice(theirs, theirs + hidden),
                `${name}, row ${row}, output ${k}`,
              );
            }
          }
        }
      },
    },
  ];
}
