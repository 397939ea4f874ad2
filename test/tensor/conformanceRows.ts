import { expect } from 'vitest';
import type { Kernels, PairSpec, SumSpec } from '../../src/tensor/kernels/kernels.ts';
import * as portableDistances from '../../src/tensor/kernels/portable/distances.ts';
import * as portableSums from '../../src/tensor/kernels/portable/sums.ts';
import { createRandom } from '../../src/tensor/random.ts';
import type { Check } from './conformance.ts';
import { curveChecks } from './conformanceCurves.ts';
import { softmaxChecks } from './conformanceSoftmax.ts';
import { everywhere, expectSameBits } from './everywhere.ts';

/** Half the distance of neighboring float32 relative to their size. */
const UNIT = 2 ** -24;

/** Room for the rounding of sums in double precision, of kernel and definition, relative to the magnitudes. */
const DOUBLE = 2 ** -40;

const random = createRandom(78).fork('conformance of rows');
let drawn = 0;

const normal = (size: number): Float32Array => random.fork(drawn++).fillNormal(new Float32Array(size), 0, 1);
const doubles = (size: number): Float64Array => Float64Array.from(normal(size), (v) => v * (1 + v * 2 ** -30));

/** What every set of kernels must do that sums or compares rows, takes their softmax, or bends numbers. */
export function rowChecks(kernels: Kernels): readonly Check[] {
  const { sums = portableSums.sums } = kernels;
  const { pairDistances, pullDifferences } = { ...portableDistances, ...kernels };
  return [
    ...sumChecks(kernels, sums),
    ...pairChecks((a, b, spec, what) =>
      everywhere(kernels, [a, b], spec.rows * spec.columns, what, ([x, y], out) => pairDistances(x, y, out, spec)),
    ),
    ...pullChecks((slopes, x, y, spec, what) =>
      everywhere(kernels, [x, y], x.length, what, ([u, v], out) => pullDifferences(slopes, u, v, out, spec)),
    ),
    ...softmaxChecks(kernels),
    ...curveChecks(kernels),
  ];
}

function sumChecks(kernels: Kernels, kernel: NonNullable<Kernels['sums']>): readonly Check[] {
  const run = (x: Float32Array, spec: SumSpec, what: string): Float64Array => {
    let out = new Float64Array(0);
    everywhere(kernels, [x], 0, what, ([input]) => {
      const before = out;
      out = new Float64Array(spec.groups * spec.kept).fill(Number.NaN);
      kernel(input, out, spec);
      if (before.length > 0) expectSameBits(out, before, `${what}: on the heap and in the memory`);
    });
    return out;
  };
  const check = (groups: number, outer: number, kept: number, inner: number) => {
    const what = `sums of [${groups}, ${outer}, ${kept}, ${inner}]`;
    const x = normal(groups * outer * kept * inner);
    const out = run(x, { groups, outer, kept, inner }, what);
    const exact = out.map(() => 0);
    const magnitude = out.map(() => 0);
    for (let i = 0; i < x.length; i++) {
      const run = Math.floor(i / inner);
      const o = Math.floor(run / kept / outer) * kept + (run % kept);
      exact[o] += x[i];
      magnitude[o] += Math.abs(x[i]);
    }
    out.forEach((v, o) => {
      if (!(Math.abs(v - exact[o]) <= DOUBLE * magnitude[o]))
        expect.fail(`${what}, element ${o}: ${v} for ${exact[o]}`);
    });
  };
  return [
    {
      name: 'sums, every size',
      run: () => {
        for (const inner of [0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 49, 64, 196])
          for (const outer of [0, 1, 2, 5])
            for (const kept of [0, 1, 3, 16]) check(1 + (outer % 2), outer, kept, inner);
      },
    },
    {
      name: 'sums, many',
      run: () => {
        for (const [groups, outer, kept, inner] of [
          [1, 1, 5000, 9],
          [2, 3, 4099, 8],
          [1, 1, 1, 100_001],
          [1, 300, 70, 1],
          [7, 2, 33, 5],
        ])
          check(groups, outer, kept, inner);
      },
    },
    {
      name: 'sums, the same alone and among others',
      run: () => {
        for (const [outer, inner] of [
          [1, 7],
          [1, 64],
          [1, 129],
          [3, 1],
          [5, 20],
          [128, 9],
        ]) {
          const [groups, kept] = outer === 1 ? [1, 13] : [13, 1];
          // Of many sizes, so that the order of the additions shows in double precision too.
          const x = normal(13 * outer * inner).map((v) => v ** 9);
          const whole = run(x, { groups, outer, kept, inner }, 'together');
          whole.forEach((_, i) => {
            const part = x.slice(i * outer * inner, (i + 1) * outer * inner);
            expectSameBits(run(part, { groups: 1, outer, kept: 1, inner }, 'alone'), whole.slice(i, i + 1), `sum ${i}`);
          });
        }
      },
    },
    {
      name: 'sums, NaN and Infinity reach their own sum and no other',
      run: () => {
        const x = new Float32Array(3 * 4 * 50).fill(1);
        x.set([Number.NaN], 4 * 50 + 50 + 49);
        x.set([Infinity], 2 * 50 + 8);
        const out = run(x, { groups: 1, outer: 3, kept: 4, inner: 50 }, 'sums');
        expect([...out]).toEqual([150, Number.NaN, Infinity, 150]);
      },
    },
  ];
}

const pairSizes: readonly (readonly [rows: number, columns: number, width: number])[] = [
  ...[0, 1, 3, 4, 7, 8, 9, 17].flatMap((rows) =>
    [0, 1, 2, 5, 8, 9, 16, 23].flatMap((columns) => [0, 1, 2, 3, 33].map((width) => [rows, columns, width] as const)),
  ),
  [9, 10, 40_000],
  [600, 9, 1000],
  [700, 400, 9],
  [128, 128, 64],
];

type RunPairs = (a: Float32Array, b: Float32Array, spec: PairSpec, what: string) => Float32Array;

function pairChecks(run: RunPairs): readonly Check[] {
  const exact = (a: Float32Array, b: Float32Array, n: number, m: number, { width, root }: PairSpec): number => {
    let sum = 0;
    for (let d = 0; d < width; d++) sum += (a[n * width + d] - b[m * width + d]) ** 2;
    return root ? Math.sqrt(sum) : sum;
  };
  const compare = (a: Float32Array, b: Float32Array, spec: PairSpec, what: string) =>
    run(a, b, spec, what).forEach((v, o) => {
      const value = exact(a, b, Math.floor(o / spec.columns), o % spec.columns, spec);
      if (!(Math.abs(v - value) <= (UNIT + DOUBLE) * value)) expect.fail(`${what}, element ${o}: ${v} for ${value}`);
    });
  return [
    {
      name: 'pairDistances, every size',
      run: () => {
        for (const [rows, columns, width] of pairSizes) {
          const [a, b] = [normal(rows * width), normal(columns * width)];
          for (const root of [true, false])
            compare(a, b, { rows, columns, width, root }, `distances of ${rows} and ${columns} rows of ${width}`);
        }
      },
    },
    {
      name: 'pairDistances, to the bit those of rows alone, which are the portable ones',
      run: () => {
        for (const [rows, columns, width] of [
          [20, 13, 33],
          [8, 40, 64],
          [64, 9, 7],
        ]) {
          const [a, b] = [normal(rows * width), normal(columns * width)];
          const root = width !== 7;
          const whole = run(a, b, { rows, columns, width, root }, 'distances');
          const alone = new Float32Array(1);
          whole.forEach((_, o) => {
            const [n, m] = [Math.floor(o / columns), o % columns];
            const [x, y] = [a.slice(n * width, (n + 1) * width), b.slice(m * width, (m + 1) * width)];
            portableDistances.rowDistances(x, y, alone, root);
            expectSameBits(alone, whole.slice(o, o + 1), `rows ${n} and ${m}`);
          });
        }
      },
    },
    {
      name: 'pairDistances, of an array to itself symmetric with zeros, and as to a copy',
      run: () => {
        for (const [rows, width] of [
          [1, 5],
          [3, 4],
          [8, 8],
          [29, 33],
          [128, 64],
          [270, 1000],
        ]) {
          const a = normal(rows * width);
          const spec = { rows, columns: rows, width, root: true };
          const out = run(a, a, spec, 'to itself');
          expectSameBits(out, run(a, a.slice(), spec, 'to a copy'), 'to itself and to a copy');
          out.forEach((v, o) => {
            const [n, m] = [Math.floor(o / rows), o % rows];
            if (!Object.is(v, out[m * rows + n]) || (n === m && !Object.is(v, 0))) expect.fail(`${n}, ${m}: ${v}`);
          });
        }
      },
    },
    {
      name: 'pairDistances, huge and tiny ones are exact; NaN and Infinity reach their own rows',
      run: () => {
        for (const scale of [1e-38, 1e30]) {
          const a = normal(12 * 16).map((v) => v * scale);
          compare(
            a,
            normal(16 * 16).map((v) => v * scale),
            { rows: 12, columns: 16, width: 16, root: true },
            `${scale}`,
          );
        }
        const near = normal(12 * 16);
        const spec = { rows: 12, columns: 12, width: 16, root: true };
        const others = near.map((v) => v * (1 + 2 ** -22));
        compare(near, others, spec, 'nearly the same rows');
        const [a, b] = [new Float32Array(10 * 33), new Float32Array(12 * 33).fill(1)];
        a[4 * 33 + 32] = Number.NaN;
        b[11 * 33] = -Infinity;
        const out = run(a, b, { rows: 10, columns: 12, width: 33, root: false }, 'distances');
        expect([...out]).toEqual(
          [...out].map((_, o) => (Math.floor(o / 12) === 4 ? Number.NaN : o % 12 === 11 ? Infinity : 33)),
        );
      },
    },
  ];
}

function pullChecks(
  run: (slopes: Float64Array, x: Float32Array, y: Float32Array, spec: PairSpec, what: string) => Float32Array,
): readonly Check[] {
  return [
    {
      name: 'pullDifferences, every size',
      run: () => {
        for (const [rows, columns, width] of pairSizes) {
          const [slopes, x, y] = [doubles(rows * columns), normal(rows * width), normal(columns * width)];
          const what = `differences of ${rows} and ${columns} rows of ${width}`;
          run(slopes, x, y, { rows, columns, width, root: true }, what).forEach((v, o) => {
            const [n, d] = [Math.floor(o / width), o % width];
            let [value, magnitude] = [0, 0];
            for (let m = 0; m < columns; m++) {
              const term = slopes[n * columns + m] * (x[o] - y[m * width + d]);
              value += term;
              magnitude += Math.abs(term);
            }
            if (!(Math.abs(v - value) <= UNIT * Math.abs(value) + DOUBLE * magnitude))
              expect.fail(`${what}, element ${o}: ${v} for ${value}`);
          });
        }
      },
    },
    {
      name: 'pullDifferences, the same alone and among others; slopes beyond float32 count',
      run: () => {
        const [rows, columns, width] = [21, 40, 35];
        const slopes = doubles(rows * columns).map((v) => v * 1e40);
        const [x, y] = [normal(rows * width), normal(columns * width)].map((data) => data.map((v) => v * 1e-20));
        const whole = run(slopes, x, y, { rows, columns, width, root: true }, 'together');
        expect(whole.every(Number.isFinite)).toBe(true);
        for (let n = 0; n < rows; n++) {
          const [own, row] = [slopes.slice(n * columns, (n + 1) * columns), x.slice(n * width, (n + 1) * width)];
          const alone = run(own, row, y, { rows: 1, columns, width, root: true }, 'alone');
          expectSameBits(alone, whole.slice(n * width, (n + 1) * width), `row ${n}`);
        }
      },
    },
  ];
}
