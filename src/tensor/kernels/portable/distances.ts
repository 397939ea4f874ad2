import type { PairSpec } from '../kernels.ts';

/** Sums that are added up side by side, so that an addition need not wait for the last one. */
const TOGETHER = 4;

/**
 * Squared Euclidean distances of row n of a to row m of b, or their roots: differences and squares in double precision,
 * added in the order of memory, whichever pairs are worked on together.
 */
export function pairDistances(a: Float32Array, b: Float32Array, out: Float32Array, spec: PairSpec): void {
  const { rows, columns, width, root } = spec;
  const sums = new Float64Array(TOGETHER);
  const mirrored = a === b;
  for (let n = 0; n < rows; n++) {
    const end = mirrored ? n + 1 : columns;
    for (let m = 0; m < end; ) {
      const count = columns - m < TOGETHER ? 1 : TOGETHER;
      addSquares(a, n * width, 0, b, m * width, count === 1 ? 0 : width, width, sums);
      for (let r = 0; r < count; r++, m++) {
        out[n * columns + m] = root ? Math.sqrt(sums[r]) : sums[r];
        if (mirrored) out[m * columns + n] = out[n * columns + m];
      }
    }
  }
}

/** The same of row n of a to row n of b: `out` has one number a row. */
export function rowDistances(a: Float32Array, b: Float32Array, out: Float32Array, root: boolean): void {
  const width = out.length === 0 ? 0 : a.length / out.length;
  const sums = new Float64Array(TOGETHER);
  for (let n = 0; n < out.length; ) {
    const count = out.length - n < TOGETHER ? 1 : TOGETHER;
    const step = count === 1 ? 0 : width;
    addSquares(a, n * width, step, b, n * width, step, width, sums);
    for (let r = 0; r < count; r++, n++) out[n] = root ? Math.sqrt(sums[r]) : sums[r];
  }
}

/** The squared distances of four pairs of rows, which are `aStep` and `bStep` apart. */
function addSquares(
  a: Float32Array,
  aStart: number,
  aStep: number,
  b: Float32Array,
  bStart: number,
  bStep: number,
  width: number,
  sums: Float64Array,
): void {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let i = aStart, j = bStart, end = aStart + width; i < end; i++, j++) {
    const d0 = a[i] - b[j];
    const d1 = a[i + aStep] - b[j + bStep];
    const d2 = a[i + 2 * aStep] - b[j + 2 * bStep];
    const d3 = a[i + 3 * aStep] - b[j + 3 * bStep];
    s0 += d0 * d0;
    s1 += d1 * d1;
    s2 += d2 * d2;
    s3 += d3 * d3;
  }
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
}

/** `out[n] = sum over m of slopes[n, m] (x[n] - y[m])`, in double precision and in the order of m. */
export function pullDifferences(
  slopes: Float64Array,
  x: Float32Array,
  y: Float32Array,
  out: Float32Array,
  { rows, columns, width }: PairSpec,
): void {
  for (let n = 0; n < rows; n++) {
    const last = (n + 1) * columns;
    for (let d = 0; d < width; ) {
      const o = n * width + d;
      const step = width - d < TOGETHER ? 0 : 1;
      const x0 = x[o];
      const x1 = x[o + step];
      const x2 = x[o + 2 * step];
      const x3 = x[o + 3 * step];
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      for (let s = n * columns, j = d; s < last; s++, j += width) {
        const slope = slopes[s];
        s0 += slope * (x0 - y[j]);
        s1 += slope * (x1 - y[j + step]);
        s2 += slope * (x2 - y[j + 2 * step]);
        s3 += slope * (x3 - y[j + 3 * step]);
      }
      out[o] = s0;
      if (step === 1) {
        out[o + 1] = s1;
        out[o + 2] = s2;
        out[o + 3] = s3;
      }
      d += step === 1 ? TOGETHER : 1;
    }
  }
}
