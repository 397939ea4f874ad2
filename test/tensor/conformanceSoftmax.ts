import { expect } from 'vitest';
import type { Kernels, RowSpec } from '../../src/tensor/kernels/kernels.ts';
import * as portable from '../../src/tensor/kernels/portable/softmax.ts';
import { createRandom } from '../../src/tensor/random.ts';
import type { Check } from './conformance.ts';
import { everywhere, expectSameBits } from './everywhere.ts';

/** What may be wrong, relative to the magnitudes that take part: two units in the last place. */
const RELATIVE = 2 ** -22;
/** The least distance of two float32. */
const LEAST = 2 ** -149;

const random = createRandom(80).fork('conformance of softmax');
let drawn = 0;
const normal = (size: number, scale = 1): Float32Array =>
  random.fork(drawn++).fillNormal(new Float32Array(size), 0, scale);

const WIDTHS = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 1000];
const ROWS = [0, 1, 2, 5];

type Forward = NonNullable<Kernels['softmaxRows']>;
type Backward = NonNullable<Kernels['softmaxGradientRows']>;

/** One row's exact result, and the magnitude that its error is measured by. */
type Exact = (...rows: Float32Array[]) => readonly { readonly value: number; readonly magnitude: number }[];

const shares = (x: Float32Array): number[] => {
  const largest = Math.max(...x);
  const powers = Array.from(x, (v) => Math.exp(v - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((v) => v / sum);
};
const logarithms = (x: Float32Array): number[] => {
  const largest = Math.max(...x);
  const sum = x.reduce((s, v) => s + Math.exp(v - largest), 0);
  return Array.from(x, (v) => v - largest - Math.log(sum));
};
const total = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);

/** What every set of kernels must do that takes a softmax of rows, or its gradient. */
export function softmaxChecks(kernels: Kernels): readonly Check[] {
  const { softmaxRows, softmaxGradientRows, logSoftmaxRows, logSoftmaxGradientRows } = { ...portable, ...kernels };
  return [
    ...forwardChecks(kernels, 'softmaxRows', softmaxRows, 0, (x) =>
      // A difference from the largest may be rounded to single precision, which the share feels by its size.
      shares(x).map((value, j) => ({ value, magnitude: value * (1 + (Math.max(...x) - x[j]) / 4) })),
    ),
    ...forwardChecks(kernels, 'logSoftmaxRows', logSoftmaxRows, -Infinity, (x) =>
      logarithms(x).map((value) => ({ value, magnitude: Math.max(1, Math.abs(value)) })),
    ),
    ...backwardChecks(kernels, 'softmaxGradientRows', softmaxGradientRows, shares, (y, g) => {
      const sum = total(g.map((v, j) => v * y[j]));
      const magnitude = total(g.map((v, j) => Math.abs(v * y[j])));
      return Array.from(g, (v, j) => ({ value: y[j] * (v - sum), magnitude: y[j] * (Math.abs(v) + magnitude) }));
    }),
    ...backwardChecks(kernels, 'logSoftmaxGradientRows', logSoftmaxGradientRows, logarithms, (y, g) => {
      const [sum, magnitude] = [total(g), total(g.map(Math.abs))];
      return Array.from(g, (v, j) => ({
        value: v - Math.exp(y[j]) * sum,
        magnitude: Math.abs(v) + Math.exp(y[j]) * magnitude,
      }));
    }),
  ];
}

function rowOf(x: Float32Array, row: number, width: number): Float32Array {
  return x.slice(row * width, (row + 1) * width);
}

function expectRows(
  out: Float32Array,
  inputs: readonly Float32Array[],
  { rows, width }: RowSpec,
  exact: Exact,
  what: string,
) {
  for (let r = 0; r < rows; r++) {
    exact(...inputs.map((x) => rowOf(x, r, width))).forEach(({ value, magnitude }, j) => {
      const got = out[r * width + j];
      if (!(Math.abs(got - value) <= RELATIVE * magnitude + LEAST))
        expect.fail(`${what} of [${rows}, ${width}], row ${r}, element ${j}: ${got} for ${value}`);
    });
  }
}

/** Each row of a larger matrix, alone. */
function expectAlone(
  whole: Float32Array,
  inputs: readonly Float32Array[],
  { rows, width }: RowSpec,
  run: (inputs: readonly Float32Array[], spec: RowSpec) => Float32Array,
) {
  for (let r = 0; r < rows; r++) {
    const alone = run(
      inputs.map((x) => rowOf(x, r, width)),
      { rows: 1, width },
    );
    expectSameBits(alone, rowOf(whole, r, width), `row ${r} of ${width}`);
  }
}

function forwardChecks(
  kernels: Kernels,
  name: string,
  kernel: Forward,
  masked: number,
  exact: Exact,
): readonly Check[] {
  const run = ([x]: readonly Float32Array[], spec: RowSpec): Float32Array =>
    everywhere(kernels, [x], x.length, name, ([input], out) => kernel(input, out, spec));
  return [
    {
      name: `${name}, every size`,
      run: () => {
        for (const width of WIDTHS) {
          for (const rows of ROWS) {
            for (const scale of [1, 30]) {
              const x = normal(rows * width, scale);
              expectRows(run([x], { rows, width }), [x], { rows, width }, exact, name);
            }
          }
        }
        run([new Float32Array(0)], { rows: 3, width: 0 });
      },
    },
    {
      name: `${name}, a row alone and among others`,
      run: () => {
        for (const width of [1, 3, 8, 33, 100]) {
          const spec = { rows: 11, width };
          const x = normal(11 * width, 5);
          expectAlone(run([x], spec), [x], spec, run);
        }
      },
    },
    {
      name: `${name}, logits of any size, and shifted ones`,
      run: () => {
        for (const [scale, shift] of [
          [1, 1e4],
          [1e4, 0],
          [1e38, 0],
          [1e-40, 0],
        ]) {
          const x = normal(3 * 21, scale).map((v) => Math.max(-3e38, Math.min(3e38, v + shift)));
          const spec = { rows: 3, width: 21 };
          // Beyond float32 are only logarithms of the largest logits.
          const single: Exact = (row) =>
            exact(row).map(({ value, magnitude }) => ({ value: Math.max(-3.4e38, value), magnitude }));
          const out = run([x], spec).map((v) => Math.max(-3.4e38, v));
          expectRows(out, [x], spec, single, name);
        }
      },
    },
    {
      name: `${name}, masked entries, and rows of nothing else`,
      run: () => {
        for (const width of [1, 2, 5, 16, 33]) {
          const x = normal(3 * width);
          x.fill(-Infinity, width, 2 * width);
          if (width > 1) x[2 * width + 1] = -Infinity;
          const out = run([x], { rows: 3, width });
          expect([...rowOf(out, 1, width)]).toEqual(new Array(width).fill(masked));
          if (width > 1) expect(out[2 * width + 1]).toBe(masked);
          const [open] = [rowOf(x, 2, width).filter((v) => v > -Infinity)];
          const shown = rowOf(out, 2, width).filter((_, j) => x[2 * width + j] > -Infinity);
          expectRows(shown, [open], { rows: 1, width: open.length }, exact, name);
        }
      },
    },
    {
      name: `${name}, NaN and Infinity reach all of their own row and no other`,
      run: () => {
        for (const width of [2, 7, 16, 40]) {
          for (const [bad, rest] of [
            [Number.NaN, 1],
            [Infinity, 1],
            [Number.NaN, -Infinity],
          ]) {
            for (const place of [0, width - 1]) {
              const x = new Float32Array(3 * width).fill(1);
              x.fill(rest, width, 2 * width)[width + place] = bad;
              const out = run([x], { rows: 3, width });
              out.forEach((v, i) => {
                if (Number.isNaN(v) !== (Math.floor(i / width) === 1))
                  expect.fail(`${bad} at ${place} of ${width}: element ${i} is ${v}`);
              });
            }
          }
        }
      },
    },
  ];
}

function backwardChecks(
  kernels: Kernels,
  name: string,
  kernel: Backward,
  forward: (x: Float32Array) => number[],
  exact: Exact,
): readonly Check[] {
  const run = ([y, g]: readonly Float32Array[], spec: RowSpec): Float32Array =>
    everywhere(kernels, [y, g], y.length, name, ([first, second], out) => kernel(first, second, out, spec));
  const outputs = (rows: number, width: number): Float32Array =>
    Float32Array.from(Array.from({ length: rows }, () => forward(normal(width, 3))).flat());
  return [
    {
      name: `${name}, every size`,
      run: () => {
        for (const width of WIDTHS) {
          for (const rows of ROWS) {
            for (const scale of [1, 1e-30, 1e30]) {
              const inputs = [outputs(rows, width), normal(rows * width, scale)];
              expectRows(run(inputs, { rows, width }), inputs, { rows, width }, exact, name);
            }
          }
        }
        run([new Float32Array(0), new Float32Array(0)], { rows: 3, width: 0 });
      },
    },
    {
      name: `${name}, a row alone and among others`,
      run: () => {
        for (const width of [1, 3, 8, 33, 100]) {
          const inputs = [outputs(11, width), normal(11 * width)];
          const spec = { rows: 11, width };
          expectAlone(run(inputs, spec), inputs, spec, run);
        }
      },
    },
    {
      name: `${name}, NaN reaches all of its own row and no other; masked entries keep to themselves`,
      run: () => {
        for (const width of [2, 7, 16, 40]) {
          const masked = forward(new Float32Array([0, -Infinity]))[1];
          const y = outputs(3, width);
          y[0] = masked;
          const g = normal(3 * width);
          g[2 * width - 1] = Number.NaN;
          const out = run([y, g], { rows: 3, width });
          expect(out[0] + 0).toBe(masked === 0 ? 0 : g[0]);
          out.forEach((v, i) => {
            if (Number.isNaN(v) !== (Math.floor(i / width) === 1)) expect.fail(`width ${width}: element ${i} is ${v}`);
          });
        }
      },
    },
  ];
}
