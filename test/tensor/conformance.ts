import { expect } from 'vitest';
import type { Conv2dSpec, Kernels, MatmulSpec } from '../../src/tensor/kernels/kernels.ts';
import * as portableConv2d from '../../src/tensor/kernels/portable/conv2d.ts';
import * as portableMatmul from '../../src/tensor/kernels/portable/matmul.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { planeChecks } from './conformancePlanes.ts';
import { rowChecks } from './conformanceRows.ts';
import { expectSameBits } from './everywhere.ts';
import { forwardBound, inputGradientBound, mayBeWinograd, weightGradientBound } from './winogradBound.ts';

/** What surrounds an output: a kernel that writes past its end changes it. */
const GUARD = 12345;
const GUARDS = 9;

/** Half the distance of neighboring float32 relative to their size. */
const UNIT = 2 ** -24;

const random = createRandom(77).fork('conformance');
let drawn = 0;

/** Normal numbers, at an offset within a larger buffer: kernels get parts of tensors. */
function normal(size: number): Float32Array {
  const offset = 1 + (drawn % 3);
  return random
    .fork(drawn++)
    .fillNormal(new Float32Array(size + 8), 0, 1)
    .subarray(offset, offset + size);
}

/** An output filled with `value` between guards, and a check that they stand. */
function guarded(
  size: number,
  fill: ArrayLike<number> | number,
): { readonly out: Float32Array; readonly check: () => void } {
  const buffer = new Float32Array(size + 2 * GUARDS).fill(GUARD);
  const out = buffer.subarray(GUARDS, GUARDS + size);
  if (typeof fill === 'number') out.fill(fill);
  else out.set(fill);
  return {
    out,
    check: () => {
      const guards = [...buffer.subarray(0, GUARDS), ...buffer.subarray(GUARDS + size)];
      if (guards.some((v) => v !== GUARD)) throw new Error('the kernel wrote outside its output');
    },
  };
}

/** The exact sum of one output element, and the sum of the magnitudes of its terms, in double precision. */
interface Sum {
  value: number;
  magnitude: number;
}

function collect(add: (term: (v: number) => void) => void): Sum {
  const sum = { value: 0, magnitude: 0 };
  add((v) => {
    sum.value += v;
    sum.magnitude += Math.abs(v);
  });
  return sum;
}

/**
 * Every element of `out` within `(terms + 1) 2^-24` of the magnitudes it sums, the bound of performance.md for products
 * and sums in single precision, in any order.
 */
function expectWithin(
  out: Float32Array,
  terms: number,
  oracle: (i: number) => Sum,
  what: string,
  /** An error allowed where it is larger. */
  least: (i: number) => number = () => 0,
): void {
  for (let i = 0; i < out.length; i++) {
    const { value, magnitude } = oracle(i);
    const allowed = Math.max(least(i), (terms + 1) * UNIT * magnitude);
    if (!(Math.abs(out[i] - value) <= allowed))
      expect.fail(`${what}, element ${i}: ${out[i]} for ${value}, allowed error ${allowed}`);
  }
}

/** Position of element (i, j) in a matrix [rows, columns], or in its transpose. */
const at = (i: number, j: number, rows: number, columns: number, transposed: boolean): number =>
  transposed ? j * rows + i : i * columns + j;

const describeProduct = ({ m, n, k, transposeA, transposeB, accumulate }: MatmulSpec): string =>
  `[${m}, ${k}]${transposeA ? '^T' : ''} [${k}, ${n}]${transposeB ? '^T' : ''}${accumulate ? ' accumulated' : ''}`;

const flags = [false, true].flatMap((transposeA) =>
  [false, true].flatMap((transposeB) => [false, true].map((accumulate) => ({ transposeA, transposeB, accumulate }))),
);

/** One convolution of the table, before output sizes are worked out. */
type ConvolutionCase = Omit<Conv2dSpec, 'outHeight' | 'outWidth'>;

const convolution = (
  [batch, channels, height, width]: readonly [number, number, number, number],
  [filters, kernelHeight, kernelWidth]: readonly [number, number, number],
  rest: Partial<ConvolutionCase> = {},
): Conv2dSpec => {
  const spec = {
    batch,
    channels,
    height,
    width,
    filters,
    kernelHeight,
    kernelWidth,
    strideHeight: 1,
    strideWidth: 1,
    padHeight: 0,
    padWidth: 0,
    dilationHeight: 1,
    dilationWidth: 1,
    groups: 1,
    ...rest,
  };
  const count = (length: number, kernel: number, stride: number, pad: number, dilation: number) =>
    Math.floor((length + 2 * pad - dilation * (kernel - 1) - 1) / stride) + 1;
  return {
    ...spec,
    outHeight: count(height, kernelHeight, spec.strideHeight, spec.padHeight, spec.dilationHeight),
    outWidth: count(width, kernelWidth, spec.strideWidth, spec.padWidth, spec.dilationWidth),
  };
};

const convolutions: readonly (readonly [name: string, spec: Conv2dSpec])[] = [
  ['one pixel', convolution([1, 1, 1, 1], [1, 1, 1])],
  ['pointwise', convolution([2, 5, 3, 3], [7, 1, 1])],
  ['3 x 3, padded', convolution([3, 4, 6, 7], [5, 3, 3], { padHeight: 1, padWidth: 1 })],
  ['5 x 5 on one channel', convolution([2, 1, 9, 9], [8, 5, 5], { padHeight: 2, padWidth: 2 })],
  [
    'stride 2 on odd sizes',
    convolution([2, 3, 7, 9], [4, 3, 3], { strideHeight: 2, strideWidth: 2, padHeight: 1, padWidth: 1 }),
  ],
  [
    'uneven everything',
    convolution([2, 2, 8, 5], [3, 2, 3], { strideHeight: 3, strideWidth: 2, padHeight: 2, padWidth: 1 }),
  ],
  ['strides that leave pixels unread', convolution([1, 2, 8, 8], [2, 3, 2], { strideHeight: 3, strideWidth: 5 })],
  ['dilated', convolution([2, 2, 9, 8], [3, 3, 2], { dilationHeight: 2, dilationWidth: 3, padHeight: 1, padWidth: 2 })],
  [
    'dilated and strided',
    convolution([1, 3, 10, 11], [2, 2, 3], {
      dilationHeight: 3,
      dilationWidth: 2,
      strideHeight: 2,
      strideWidth: 3,
      padWidth: 3,
    }),
  ],
  ['grouped', convolution([2, 6, 5, 5], [9, 3, 3], { groups: 3, padHeight: 1, padWidth: 1 })],
  [
    'depthwise',
    convolution([3, 5, 6, 5], [5, 3, 3], { groups: 5, padHeight: 1, padWidth: 1, strideHeight: 2, strideWidth: 1 }),
  ],
  ['two filters a channel', convolution([2, 3, 5, 4], [6, 2, 2], { groups: 3, dilationWidth: 2 })],
  ['two channels a filter', convolution([2, 6, 5, 4], [3, 3, 3], { groups: 3, padHeight: 1, padWidth: 1 })],
  ['padding wider than the image', convolution([1, 2, 2, 3], [2, 2, 2], { padHeight: 4, padWidth: 5 })],
  [
    'windows outside the image',
    convolution([2, 1, 1, 2], [3, 1, 1], { padHeight: 3, padWidth: 3, strideHeight: 2, strideWidth: 3 }),
  ],
  ['kernel as large as the image', convolution([4, 3, 4, 5], [6, 4, 5])],
  ['a row', convolution([2, 3, 1, 17], [4, 1, 5], { padWidth: 2 })],
  ['many channels', convolution([2, 33, 5, 5], [17, 3, 3], { padHeight: 1, padWidth: 1 })],
  ['3 x 3 of eight channels on odd sizes', convolution([3, 8, 5, 7], [9, 3, 3], { padHeight: 1, padWidth: 1 })],
  ['3 x 3 unpadded', convolution([2, 9, 9, 6], [8, 3, 3])],
  ['3 x 3 padded by 2 and 0', convolution([2, 8, 4, 5], [8, 3, 3], { padHeight: 2 })],
  ['3 x 3 on one pixel', convolution([7, 8, 1, 1], [8, 3, 3], { padHeight: 1, padWidth: 1 })],
  ['3 x 3 on many small images', convolution([41, 8, 3, 2], [12, 3, 3], { padHeight: 1, padWidth: 1 })],
  ['3 x 3 of many channels', convolution([2, 65, 6, 6], [33, 3, 3], { padHeight: 1, padWidth: 1 })],
  ['3 x 3 on a wide image', convolution([1, 8, 3, 41], [8, 3, 3], { padWidth: 1 })],
  ['pointwise and strided', convolution([2, 9, 6, 7], [8, 1, 1], { strideHeight: 2, strideWidth: 3 })],
  ['7 x 7 in strips', convolution([2, 9, 40, 44], [5, 7, 7], { padHeight: 3, padWidth: 3 })],
  ['no images', convolution([0, 2, 4, 4], [3, 3, 3])],
  ...depthwiseConvolutions(),
];

/**
 * Every filter with every stride, dilation and padding, up to one wider than the filter reaches: of up to 9 channels and
 * up to 3 images, on the smallest image and on others up to 9 pixels larger.
 */
function depthwiseConvolutions(): (readonly [name: string, spec: Conv2dSpec])[] {
  const cases: (readonly [string, Conv2dSpec])[] = [];
  const add = (
    sizes: readonly [number, number, number, number],
    kernel: readonly [number, number],
    rest: Partial<ConvolutionCase> = {},
  ) => {
    const spec = convolution(sizes, [sizes[1], ...kernel], { ...rest, groups: sizes[1] });
    const { strideHeight, strideWidth, dilationHeight, dilationWidth, padHeight, padWidth } = spec;
    cases.push([
      `depthwise ${kernel.join(' x ')} on [${sizes.join(', ')}], strides ${strideHeight} and ${strideWidth}, dilated ${dilationHeight} and ${dilationWidth}, padded ${padHeight} and ${padWidth}`,
      spec,
    ]);
  };
  const kernels = [
    [1, 1],
    [2, 2],
    [3, 3],
    [5, 5],
    [3, 2],
    [1, 4],
    [5, 1],
  ] as const;
  const steps = [
    [1, 1, 1, 1],
    [1, 1, 2, 3],
    [2, 2, 1, 1],
    [1, 2, 1, 2],
    [2, 1, 3, 1],
    [2, 3, 1, 1],
  ] as const;
  for (const kernel of kernels) {
    for (const [strideHeight, strideWidth, dilationHeight, dilationWidth] of steps) {
      const i = cases.length;
      const [rows, columns] = [dilationHeight * (kernel[0] - 1), dilationWidth * (kernel[1] - 1)];
      const [padHeight, padWidth] = [
        [0, 0],
        [rows, columns],
        [rows >> 1, columns >> 1],
        [rows, 0],
        [rows + 1, columns + 2],
        [rows + 1, columns >> 1],
        [rows >> 1, columns + 2],
      ][i % 7];
      const height = Math.max(1, rows + 1 - 2 * padHeight) + ((5 * i) % 8);
      const width = Math.max(1, columns + 1 - 2 * padWidth) + (i % 9);
      add([1 + (i % 3), 1 + (i % 9), height, width], kernel, {
        ...{ strideHeight, strideWidth, dilationHeight, dilationWidth, padHeight, padWidth },
      });
    }
  }
  // More planes than are laid out or staged together, with and without the ends of images among them.
  add([2, 21, 28, 28], [3, 3], { padHeight: 1, padWidth: 1 });
  add([3, 7, 28, 28], [3, 3], { padHeight: 1, padWidth: 1, strideHeight: 2, strideWidth: 2 });
  add([2, 2, 70, 130], [2, 3], { padWidth: 1 });
  add([0, 3, 5, 5], [3, 3]);
  return cases;
}

/** Calls `term` for every output element and every pair of input pixel and weight that it sums. */
function forEachTerm(spec: Conv2dSpec, visit: (out: number, pixel: number, weight: number) => void): void {
  const { batch, channels, height, width, filters, kernelHeight, kernelWidth, outHeight, outWidth, groups } = spec;
  for (let n = 0, o = 0; n < batch; n++) {
    for (let f = 0; f < filters; f++) {
      const group = Math.floor(f / (filters / groups));
      for (let y = 0; y < outHeight; y++) {
        for (let x = 0; x < outWidth; x++, o++) {
          for (let c = 0; c < channels / groups; c++) {
            const channel = group * (channels / groups) + c;
            for (let i = 0; i < kernelHeight; i++) {
              const row = y * spec.strideHeight - spec.padHeight + i * spec.dilationHeight;
              for (let j = 0; j < kernelWidth; j++) {
                const column = x * spec.strideWidth - spec.padWidth + j * spec.dilationWidth;
                if (row < 0 || row >= height || column < 0 || column >= width) continue;
                const pixel = ((n * channels + channel) * height + row) * width + column;
                visit(o, pixel, ((f * (channels / groups) + c) * kernelHeight + i) * kernelWidth + j);
              }
            }
          }
        }
      }
    }
  }
}

function sums(size: number, fill: (add: (i: number, term: number) => void) => void): readonly Sum[] {
  const all = Array.from({ length: size }, () => ({ value: 0, magnitude: 0 }));
  fill((i, term) => {
    all[i].value += term;
    all[i].magnitude += Math.abs(term);
  });
  return all;
}

/** One requirement of a set of kernels: `run` throws where it is not met. */
export interface Check {
  readonly name: string;
  readonly run: () => void;
}

/**
 * What every set of kernels must do, whichever of them it replaces: values against index-by-index definitions in double
 * precision, nothing written outside, inputs untouched, and the same bits for a row or an image alone and in any batch.
 */
export function conformance(kernels: Kernels): readonly Check[] {
  return [
    ...productChecks(kernels.matmul ?? portableMatmul.matmul),
    ...convolutions.flatMap(([name, spec]) =>
      convolutionChecks(spec, { ...portableConv2d, ...kernels }).map((check) => ({
        ...check,
        name: `conv2d, ${name}: ${check.name}`,
      })),
    ),
    ...planeChecks(kernels),
    ...rowChecks(kernels),
  ];
}

function productChecks(matmul: NonNullable<Kernels['matmul']>): readonly Check[] {
  const perFlag = (name: string, run: (flag: (typeof flags)[number]) => void): Check[] =>
    flags.map((flag) => ({
      name: `matmul, ${name}${flag.transposeA ? ', left transposed' : ''}${flag.transposeB ? ', right transposed' : ''}${flag.accumulate ? ', accumulated' : ''}`,
      run: () => run(flag),
    }));
  return [
    { name: 'matmul, exact where every sum is', run: () => checkIntegers(matmul) },
    {
      name: 'matmul, NaN and Infinity reach their row or column and no other; 0 times Infinity is NaN',
      run: () => checkNonFinite(matmul),
    },
    ...perFlag('every size up to 9', (flag) => {
      for (let m = 0; m < 10; m++) {
        for (let n = 0; n < 10; n++) for (let k = 0; k < 10; k++) checkProduct(matmul, { m, n, k, ...flag });
      }
    }),
    ...perFlag('larger sizes', (flag) => {
      for (const [m, n, k] of [
        [16, 16, 16],
        [17, 33, 65],
        [31, 8, 40],
        [15, 12, 23],
        [64, 1, 100],
        [1, 64, 257],
        [4, 4, 1000],
        [3, 5, 1001],
        [100, 100, 1],
        [1, 1, 3000],
        [65, 47, 0],
        [33, 63, 31],
      ])
        checkProduct(matmul, { m, n, k, ...flag });
    }),
    ...perFlag('a row has the same bits alone, in any batch and at any place', (flag) => {
      for (const [n, k] of [
        [1, 7],
        [5, 3],
        [8, 64],
        [33, 17],
        [64, 100],
        [130, 9],
      ])
        checkRows(matmul, n, k, flag);
    }),
  ];
}

function checkProduct(matmul: NonNullable<Kernels['matmul']>, spec: MatmulSpec): void {
  const { m, n, k, transposeA, transposeB, accumulate } = spec;
  const what = describeProduct(spec);
  const [a, b, before] = [normal(m * k), normal(k * n), normal(m * n)];
  const [aCopy, bCopy] = [a.slice(), b.slice()];
  const { out, check } = guarded(m * n, accumulate ? before : Number.NaN);
  matmul(a, b, out, spec);
  check();
  expectSameBits(a, aCopy, `${what}: the left operand`);
  expectSameBits(b, bCopy, `${what}: the right operand`);
  const element = (o: number) => {
    const [i, j] = [Math.floor(o / n), o % n];
    return collect((term) => {
      if (accumulate) term(before[o]);
      for (let d = 0; d < k; d++) term(a[at(i, d, m, k, transposeA)] * b[at(d, j, k, n, transposeB)]);
    });
  };
  expectWithin(out, k, element, what);
}

function checkRows(matmul: NonNullable<Kernels['matmul']>, n: number, k: number, flag: (typeof flags)[number]): void {
  const m = 67;
  const rows = Array.from({ length: m }, () => ({ a: normal(k), before: normal(n) }));
  const b = normal(k * n);
  const run = (chosen: readonly number[]) => {
    const a = new Float32Array(chosen.length * k);
    const out = new Float32Array(chosen.length * n);
    chosen.forEach((row, i) => {
      for (let d = 0; d < k; d++) a[at(i, d, chosen.length, k, flag.transposeA)] = rows[row].a[d];
      out.set(rows[row].before, i * n);
    });
    matmul(a, b, out, { m: chosen.length, n, k, ...flag });
    return out;
  };
  const whole = run([...rows.keys()]);
  const order = [...random.fork('order').permutation(m)];
  for (const chosen of [order, order.slice(0, 13), [66, 0], [5, 5, 5, 5, 5], ...rows.map((_, i) => [i])]) {
    const part = run(chosen);
    chosen.forEach((row, i) => {
      const [alone, together] = [part.subarray(i * n, (i + 1) * n), whole.subarray(row * n, (row + 1) * n)];
      expectSameBits(alone, together, `row ${row} at ${i} of ${chosen.length}`);
    });
  }
}

function checkIntegers(matmul: NonNullable<Kernels['matmul']>): void {
  const integers = (size: number) => normal(size).map((v) => Math.round(3 * v));
  for (const [m, n, k] of [
    [5, 7, 3],
    [20, 20, 20],
    [9, 33, 130],
  ]) {
    const [a, b] = [integers(m * k), integers(k * n)];
    const out = new Float32Array(m * n);
    matmul(a, b, out, { m, n, k, transposeA: false, transposeB: false, accumulate: false });
    const exact = out.map(
      (_, o) =>
        collect((term) => {
          for (let d = 0; d < k; d++) term(a[Math.floor(o / n) * k + d] * b[d * n + (o % n)]);
        }).value,
    );
    expect(out).toEqual(exact);
  }
}

function checkNonFinite(matmul: NonNullable<Kernels['matmul']>): void {
  for (const [m, n, k] of [
    [3, 5, 4],
    [18, 21, 19],
  ]) {
    const a = new Float32Array(m * k).fill(1);
    const b = new Float32Array(k * n).fill(1);
    a[1 * k + 2] = Number.NaN;
    b[0 * n + 3] = Infinity;
    a[2 * k + 0] = 0;
    const out = new Float32Array(m * n);
    matmul(a, b, out, { m, n, k, transposeA: false, transposeB: false, accumulate: false });
    out.forEach((v, o) => {
      const [i, j] = [Math.floor(o / n), o % n];
      const finite = i === 2 ? k - 1 : k;
      expect(v, `row ${i}, column ${j}`).toBe(
        i === 1 || (i === 2 && j === 3) ? Number.NaN : j === 3 ? Infinity : finite,
      );
    });
  }
}

function convolutionChecks(
  spec: Conv2dSpec,
  kernels: Required<Pick<Kernels, 'conv2d' | 'conv2dInputGradient' | 'conv2dWeightGradient'>>,
): readonly Check[] {
  const { batch, channels, height, width, filters, kernelHeight, kernelWidth, outHeight, outWidth, groups } = spec;
  const patch = (channels / groups) * kernelHeight * kernelWidth;
  const pixels = outHeight * outWidth;
  const image = channels * height * width;
  const map = filters * pixels;
  const [x, weight, bias, g] = [normal(batch * image), normal(filters * patch), normal(filters), normal(batch * map)];
  const copies = [x, weight, bias, g].map((t) => t.slice());

  /** Runs a kernel into NaN, and holds its output against the sums that `fill` adds up. */
  function check(
    size: number,
    terms: number,
    run: (out: Float32Array) => void,
    fill: (add: (i: number, term: number) => void) => void,
    winogradBound: () => (i: number) => number,
  ): void {
    const { out, check: checkGuards } = guarded(size, Number.NaN);
    run(out);
    checkGuards();
    [x, weight, bias, g].forEach((t, i) => {
      expectSameBits(t, copies[i], `input ${i}`);
    });
    const expected = sums(size, fill);
    expectWithin(out, terms, (o) => expected[o], 'convolution', mayBeWinograd(spec) ? winogradBound() : undefined);
  }

  const forward = (added: Float32Array | undefined) =>
    check(
      batch * map,
      patch,
      (out) => kernels.conv2d(x, weight, added, out, spec),
      (add) => {
        if (added !== undefined) for (let o = 0; o < batch * map; o++) add(o, added[Math.floor(o / pixels) % filters]);
        forEachTerm(spec, (o, pixel, w) => add(o, x[pixel] * weight[w]));
      },
      () => forwardBound(x, weight, spec),
    );
  const perPixel = (filters / groups) * kernelHeight * kernelWidth;

  return [
    { name: 'with bias', run: () => forward(bias) },
    { name: 'without bias', run: () => forward(undefined) },
    {
      name: 'gradient of the input',
      run: () =>
        check(
          batch * image,
          perPixel,
          (out) => kernels.conv2dInputGradient(g, weight, out, spec),
          (add) => forEachTerm(spec, (o, pixel, w) => add(pixel, g[o] * weight[w])),
          () => inputGradientBound(g, weight, spec),
        ),
    },
    {
      name: 'gradient of the weight',
      run: () =>
        check(
          filters * patch,
          batch * pixels,
          (out) => kernels.conv2dWeightGradient(g, x, out, spec),
          (add) => forEachTerm(spec, (o, pixel, w) => add(w, g[o] * x[pixel])),
          () => weightGradientBound(g, x, spec),
        ),
    },
    {
      name: 'an image has the same bits alone, in any batch and at any place',
      run: () => {
        const run = (chosen: readonly number[]) => {
          const part = { ...spec, batch: chosen.length };
          const pick = (data: Float32Array, size: number) => {
            const picked = new Float32Array(chosen.length * size);
            chosen.forEach((n, i) => {
              picked.set(data.subarray(n * size, (n + 1) * size), i * size);
            });
            return picked;
          };
          const out = new Float32Array(chosen.length * map);
          const gx = new Float32Array(chosen.length * image);
          kernels.conv2d(pick(x, image), weight, bias, out, part);
          kernels.conv2dInputGradient(pick(g, map), weight, gx, part);
          return { out, gx };
        };
        const all = Array.from({ length: batch }, (_, i) => i);
        const whole = run(all);
        for (const chosen of [...all.map((n) => [n]), all.toReversed(), [...all, ...all, ...all].slice(1)]) {
          const { out, gx } = run(chosen);
          chosen.forEach((n, i) => {
            expectSameBits(
              out.subarray(i * map, (i + 1) * map),
              whole.out.subarray(n * map, (n + 1) * map),
              `image ${n} at ${i}`,
            );
            expectSameBits(
              gx.subarray(i * image, (i + 1) * image),
              whole.gx.subarray(n * image, (n + 1) * image),
              `gradient ${n} at ${i}`,
            );
          });
        }
      },
    },
  ];
}
