import type { PairSpec } from '../kernels.ts';

/** Sums that are added up side by side, so that an addition need not wait for the last one. */
const TOGETHER = 4;

/**
 * Squared Euclidean distances of row n of a to row m of b, or their roots: differences and squares in double precision,
 * added in the order of memory, whichever pairs are worked on together.
 */
export function pairDistances(a: Float32Array, b: Float32Array, out: Float32Array, spec: PairSpec): void {
  eachPair(addSquares, a, b, out, spec);
}

/** The same of row n of a to row n of b: `out` has one number a row. */
export function rowDistances(a: Float32Array, b: Float32Array, out: Float32Array, root: boolean): void {
  eachRow(addSquares, a, b, out, root);
}

/** Sums of absolute differences, of all pairs of rows and row by row, in the same order. */
export function pairManhattan(a: Float32Array, b: Float32Array, out: Float32Array, spec: PairSpec): void {
  eachPair(addAbsolutes, a, b, out, spec);
}

export function rowManhattan(a: Float32Array, b: Float32Array, out: Float32Array): void {
  eachRow(addAbsolutes, a, b, out, false);
}

/** Largest absolute differences, of all pairs of rows and row by row; NaN where a difference is. */
export function pairChebyshev(a: Float32Array, b: Float32Array, out: Float32Array, spec: PairSpec): void {
  eachPair(largestAbsolutes, a, b, out, spec);
}

export function rowChebyshev(a: Float32Array, b: Float32Array, out: Float32Array): void {
  eachRow(largestAbsolutes, a, b, out, false);
}

/** Measures four pairs of rows, which are `aStep` and `bStep` apart. */
type Measure = (
  a: Float32Array,
  aStart: number,
  aStep: number,
  b: Float32Array,
  bStart: number,
  bStep: number,
  width: number,
  results: Float64Array,
) => void;

function eachPair(measure: Measure, a: Float32Array, b: Float32Array, out: Float32Array, spec: PairSpec): void {
  const { rows, columns, width, root } = spec;
  const results = new Float64Array(TOGETHER);
  const mirrored = a === b;
  for (let n = 0; n < rows; n++) {
    const end = mirrored ? n + 1 : columns;
    for (let m = 0; m < end; ) {
      const count = columns - m < TOGETHER ? 1 : TOGETHER;
      measure(a, n * width, 0, b, m * width, count === 1 ? 0 : width, width, results);
      for (let r = 0; r < count; r++, m++) {
        out[n * columns + m] = root ? Math.sqrt(results[r]) : results[r];
        if (mirrored) out[m * columns + n] = out[n * columns + m];
      }
    }
  }
}

function eachRow(measure: Measure, a: Float32Array, b: Float32Array, out: Float32Array, root: boolean): void {
  const width = out.length === 0 ? 0 : a.length / out.length;
  const results = new Float64Array(TOGETHER);
  for (let n = 0; n < out.length; ) {
    const count = out.length - n < TOGETHER ? 1 : TOGETHER;
    const step = count === 1 ? 0 : width;
    measure(a, n * width, step, b, n * width, step, width, results);
    for (let r = 0; r < count; r++, n++) out[n] = root ? Math.sqrt(results[r]) : results[r];
  }
}

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

function addAbsolutes(
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
    s0 += Math.abs(d0);
    s1 += Math.abs(d1);
    s2 += Math.abs(d2);
    s3 += Math.abs(d3);
  }
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
}

function largestAbsolutes(
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
    s0 = Math.max(s0, Math.abs(d0));
    s1 = Math.max(s1, Math.abs(d1));
    s2 = Math.max(s2, Math.abs(d2));
    s3 = Math.max(s3, Math.abs(d3));
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

/** `out[n] = sum over m of g[n, m] sign(x[n] - y[m])`, g read with steps; in double precision and in the order of m. */
export function pullSigns(
  g: Float32Array,
  rowStep: number,
  columnStep: number,
  x: Float32Array,
  y: Float32Array,
  out: Float32Array,
  { rows, columns, width }: PairSpec,
): void {
  const sums = new Float64Array(width);
  for (let n = 0; n < rows; n++) {
    sums.fill(0);
    for (let m = 0, j = 0; m < columns; m++) {
      const v = g[n * rowStep + m * columnStep];
      for (let d = 0, i = n * width; d < width; d++, i++, j++) sums[d] += v * Math.sign(x[i] - y[j]);
    }
    out.set(sums, n * width);
  }
}

/** `out[n] = sum over m of g[n, m] sign(x[n] - y[m])` at the first of the largest differences, and 0 elsewhere. */
export function pullLargest(
  g: Float32Array,
  rowStep: number,
  columnStep: number,
  x: Float32Array,
  y: Float32Array,
  out: Float32Array,
  { rows, columns, width }: PairSpec,
): void {
  const sums = new Float64Array(width);
  for (let n = 0; n < rows; n++) {
    sums.fill(0);
    for (let m = 0; m < columns && width > 0; m++) {
      const d = largestAt(x, n * width, y, m * width, width);
      sums[d] += g[n * rowStep + m * columnStep] * Math.sign(x[n * width + d] - y[m * width + d]);
    }
    out.set(sums, n * width);
  }
}

/** Where two rows differ most: the first place at a tie, the first NaN where there is one. */
export function largestAt(x: Float32Array, i: number, y: Float32Array, j: number, width: number): number {
  let at = 0;
  let largest = -1;
  for (let d = 0; d < width; d++) {
    const difference = Math.abs(x[i + d] - y[j + d]);
    if (difference > largest) {
      largest = difference;
      at = d;
    } else if (Number.isNaN(difference)) return d;
  }
  return at;
}
