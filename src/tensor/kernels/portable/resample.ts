import { giveBack, takeDoubles } from '../../memory.ts';

/**
 * How one axis is resampled: output i is the sum of `weights[starts[i] + t] * x[first[i] + t]` over the t up to
 * `starts[i + 1]`. Averages, interpolations and their transposes are this in each of both axes.
 */
export interface AxisWeights {
  /** Length of the axis before. */
  readonly inputs: number;
  /** For each output its first input. */
  readonly first: Int32Array;
  /** For each output where its weights begin, and at last where they end. */
  readonly starts: Int32Array;
  readonly weights: Float64Array;
}

/**
 * Planes `[planes, rows.inputs, columns.inputs]` resampled along both axes, rows of pixels first; sums in double
 * precision, rounded once.
 */
export function resample(
  x: Float32Array,
  out: Float32Array,
  planes: number,
  rows: AxisWeights,
  columns: AxisWeights,
): void {
  const height = rows.first.length;
  const width = columns.first.length;
  const between = takeDoubles(rows.inputs * width);
  const sums = takeDoubles(width);
  for (let plane = 0, o = 0; plane < planes; plane++) {
    resampleRows(x, plane * rows.inputs * columns.inputs, between, columns);
    for (let y = 0; y < height; y++, o += width) {
      addRows(between, rows.first[y] * width, rows.weights, rows.starts[y], rows.starts[y + 1], sums, out, o);
    }
  }
  giveBack(between, sums);
}

/** Writes the sum of the rows of `between` from b on, each times a weight. One or two rows, as in enlarging, need no sums. */
function addRows(
  between: Float64Array,
  b: number,
  weights: Float64Array,
  start: number,
  end: number,
  sums: Float64Array,
  out: Float32Array,
  o: number,
): void {
  const width = sums.length;
  const w = weights[start];
  if (end - start === 1) {
    for (let z = 0; z < width; z++) out[o + z] = w * between[b + z];
    return;
  }
  if (end - start === 2) {
    const next = weights[start + 1];
    for (let z = 0; z < width; z++) out[o + z] = w * between[b + z] + next * between[b + width + z];
    return;
  }
  sums.fill(0);
  for (let t = start, i = b; t < end; t++) {
    const factor = weights[t];
    for (let z = 0; z < width; z++, i++) sums[z] += factor * between[i];
  }
  for (let z = 0; z < width; z++) out[o + z] = sums[z];
}

/** Fills `between` with as many rows as it holds, those of x from `from` on, resampled. */
function resampleRows(x: Float32Array, from: number, between: Float64Array, columns: AxisWeights): void {
  const { inputs, first, starts, weights } = columns;
  const width = first.length;
  for (let row = from, b = 0; b < between.length; row += inputs) {
    for (let z = 0, t = 0; z < width; z++, b++) {
      const end = starts[z + 1];
      let i = row + first[z];
      let sum = 0;
      for (; t < end; t++, i++) sum += weights[t] * x[i];
      between[b] = sum;
    }
  }
}
