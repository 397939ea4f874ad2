import { giveBack, takeDoubles, takeIntegers } from '../../memory.ts';
import { scratchLike } from '../../precision.ts';
import type { Conv2dSpec } from '../kernels.ts';

/*
 * Convolution without a matrix, for groups of few channels and filters, depthwise ones above all: a matrix product of
 * one row spends its time on laying out patches. Planes are copied into a frame of zeros, so that a window is a list of
 * offsets wherever it lies; each output is one sum in double precision, in the order of the window's cells.
 */

/** Outputs that are summed side by side, and cells of a weight gradient. */
const SIDE = 4;

/**
 * Where this is faster than the matrix product, whose blocks of four filters are then mostly empty or cost more than they
 * save: 5 times for depthwise convolutions, 1.5 times for groups of 4.
 */
export function suitsDirect({ channels, filters, groups }: Conv2dSpec): boolean {
  return filters < SIDE * groups || Math.max(channels, filters) <= 2 * SIDE * groups;
}

/** Planes of one group with margins of zeros. */
interface Frame {
  readonly data: Float32Array;
  /** Numbers from row to row, from plane to plane, and up to the first pixel. */
  readonly row: number;
  readonly plane: number;
  readonly inside: number;
  /** Planes, and their height and width without margins. */
  readonly planes: number;
  readonly height: number;
  readonly width: number;
}

/** `margins` are rows above and below, columns at the left and right. `beyond` numbers may be read past the end. */
function createFrame(
  out: Float32Array,
  planes: number,
  height: number,
  width: number,
  [top, bottom, left, right]: readonly [number, number, number, number],
  beyond: number,
): Frame {
  const row = left + width + right;
  const plane = (top + height + bottom) * row;
  const data = scratchLike(out, planes * plane + beyond).fill(0);
  return { data, row, plane, inside: top * row + left, planes, height, width };
}

/** Copies planes from `source` into the frame. */
function enter({ data, row, plane, inside, planes, height, width }: Frame, source: Float32Array, from: number): void {
  let s = from;
  for (let p = 0; p < planes; p++) {
    for (let y = 0; y < height; y++) {
      let o = p * plane + y * row + inside;
      for (const end = s + width; s < end; s++, o++) data[o] = source[s];
    }
  }
}

/** Windows over a frame, and the places that their sums are written to. */
interface Windows {
  /** Where each cell of the first window lies in the frame. */
  readonly offsets: Int32Array;
  /** Windows in a column and in a row, and numbers from one to the next in the frame. */
  readonly rows: number;
  readonly columns: number;
  readonly down: number;
  readonly right: number;
  /** Numbers from output to output. */
  readonly outDown: number;
  readonly outRight: number;
}

/** `out = start + sum over the cells of weights * frame` for every window; the weights begin at `first`. */
function correlate(
  frame: Float32Array,
  weights: Float32Array,
  first: number,
  start: number,
  out: Float32Array,
  to: number,
  { offsets, rows, columns, down, right, outDown, outRight }: Windows,
): void {
  const cells = offsets.length;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x += SIDE) {
      const corner = y * down + x * right;
      // biome-ignore format: one a window.
      let a0 = start, a1 = start, a2 = start, a3 = start;
      for (let t = 0; t < cells; t++) {
        const w = weights[first + t];
        const s = corner + offsets[t];
        a0 += w * frame[s];
        a1 += w * frame[s + right];
        a2 += w * frame[s + 2 * right];
        a3 += w * frame[s + 3 * right];
      }
      const o = to + y * outDown + x * outRight;
      out[o] = a0;
      // Windows past the end of the row are summed, never stored.
      if (x + 1 < columns) out[o + outRight] = a1;
      if (x + 2 < columns) out[o + 2 * outRight] = a2;
      if (x + 3 < columns) out[o + 3 * outRight] = a3;
    }
  }
}

/** The frame of one group's channels, and the windows of a convolution over it. */
function prepare(out: Float32Array, spec: Conv2dSpec): { readonly frame: Frame; readonly windows: Windows } {
  const { height, width, kernelHeight, kernelWidth, padHeight, padWidth, strideWidth, outWidth } = spec;
  const channels = spec.channels / spec.groups;
  const margins = [padHeight, padHeight, padWidth, padWidth] as const;
  const frame = createFrame(out, channels, height, width, margins, SIDE * strideWidth);
  const offsets = takeIntegers(channels * kernelHeight * kernelWidth);
  let t = 0;
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < kernelHeight; i++) {
      for (let j = 0; j < kernelWidth; j++)
        offsets[t++] = c * frame.plane + i * spec.dilationHeight * frame.row + j * spec.dilationWidth;
    }
  }
  const windows = {
    offsets,
    rows: spec.outHeight,
    columns: outWidth,
    down: spec.strideHeight * frame.row,
    right: strideWidth,
    outDown: outWidth,
    outRight: 1,
  };
  return { frame, windows };
}

/** `conv2d`, group by group. */
export function directForward(
  x: Float32Array,
  weight: Float32Array,
  bias: Float32Array | undefined,
  out: Float32Array,
  spec: Conv2dSpec,
): void {
  const { frame, windows } = prepare(out, spec);
  const filters = spec.filters / spec.groups;
  const pixels = spec.outHeight * spec.outWidth;
  const patch = windows.offsets.length;
  const image = frame.planes * spec.height * spec.width;
  for (let i = 0, o = 0; i < spec.batch * spec.groups; i++) {
    enter(frame, x, i * image);
    for (let k = 0, f = (i % spec.groups) * filters; k < filters; k++, f++, o += pixels)
      correlate(frame.data, weight, f * patch, bias === undefined ? 0 : bias[f], out, o, windows);
  }
  giveBack(frame.data, windows.offsets);
}

/** `conv2dWeightGradient`, group by group; the images are added up in double precision. */
export function directWeightGradient(g: Float32Array, x: Float32Array, out: Float32Array, spec: Conv2dSpec): void {
  const { frame, windows } = prepare(out, spec);
  const filters = spec.filters / spec.groups;
  const pixels = spec.outHeight * spec.outWidth;
  const image = frame.planes * spec.height * spec.width;
  const sums = takeDoubles(out.length).fill(0);
  for (let i = 0, p = 0; i < spec.batch * spec.groups; i++) {
    enter(frame, x, i * image);
    for (let k = 0, f = (i % spec.groups) * filters; k < filters; k++, f++, p += pixels)
      weigh(frame.data, g, p, sums, f * windows.offsets.length, windows);
  }
  for (let i = 0; i < out.length; i++) out[i] = sums[i];
  giveBack(frame.data, windows.offsets, sums);
}

/** Adds to each cell's sum, from `first` on, what the windows hold there times g, which begins at `from`. */
function weigh(
  frame: Float32Array,
  g: Float32Array,
  from: number,
  sums: Float64Array,
  first: number,
  { offsets, rows, columns, down, right }: Windows,
): void {
  const cells = offsets.length;
  for (let t = 0; t < cells; t += SIDE) {
    // Cells past the end repeat the last one: summed, never stored.
    const last = cells - 1;
    const o0 = offsets[t];
    const o1 = offsets[Math.min(t + 1, last)] - o0;
    const o2 = offsets[Math.min(t + 2, last)] - o0;
    const o3 = offsets[Math.min(t + 3, last)] - o0;
    // biome-ignore format: one a cell.
    let a0 = 0, a1 = 0, a2 = 0, a3 = 0;
    for (let y = 0, p = from; y < rows; y++) {
      let s = o0 + y * down;
      for (const end = p + columns; p < end; p++, s += right) {
        const v = g[p];
        a0 += v * frame[s];
        a1 += v * frame[s + o1];
        a2 += v * frame[s + o2];
        a3 += v * frame[s + o3];
      }
    }
    sums[first + t] += a0;
    if (t + 1 < cells) sums[first + t + 1] += a1;
    if (t + 2 < cells) sums[first + t + 2] += a2;
    if (t + 3 < cells) sums[first + t + 3] += a3;
  }
}

/** `conv2dInputGradient`, group by group: windows over the gradient, of their own for each place within a stride. */
export function directInputGradient(g: Float32Array, weight: Float32Array, out: Float32Array, spec: Conv2dSpec): void {
  const { height, width, outHeight, outWidth, strideHeight, strideWidth } = spec;
  const channels = spec.channels / spec.groups;
  const filters = spec.filters / spec.groups;
  const kernel = spec.kernelHeight * spec.kernelWidth;
  const margins = [
    ...margin(spec.dilationHeight * (spec.kernelHeight - 1), spec.padHeight, strideHeight, height, outHeight),
    ...margin(spec.dilationWidth * (spec.kernelWidth - 1), spec.padWidth, strideWidth, width, outWidth),
  ] as const;
  const frame = createFrame(out, filters, outHeight, outWidth, margins, SIDE);
  const phases: Phase[] = [];
  for (let y = 0; y < Math.min(strideHeight, height); y++)
    for (let x = 0; x < Math.min(strideWidth, width); x++) phases.push(createPhase(frame, spec, y, x));
  const weights = scratchLike(out, filters * kernel);
  const plane = height * width;
  for (let i = 0; i < spec.batch * spec.groups; i++) {
    enter(frame, g, i * filters * outHeight * outWidth);
    const group = (i % spec.groups) * filters * channels * kernel;
    for (let c = 0, o = i * channels * plane; c < channels; c++, o += plane) {
      for (const { cells, start, windows } of phases) {
        for (let t = 0; t < cells.length; t++) weights[t] = weight[group + c * kernel + cells[t]];
        correlate(frame.data, weights, 0, 0, out, o + start, windows);
      }
    }
  }
  giveBack(frame.data, weights);
}

/** How far beyond the outputs the pixels at the two ends of an axis reach, in outputs. */
function margin(reach: number, pad: number, stride: number, length: number, outputs: number): [number, number] {
  return [
    Math.max(0, Math.floor((reach - pad) / stride)),
    Math.max(0, Math.floor((length - 1 + pad) / stride) + 1 - outputs),
  ];
}

/** The pixels whose row and column leave the same remainders, so that the same cells of the kernel reach them. */
interface Phase {
  /** Where the weights of these cells lie, from the group's first filter and the channel on. */
  readonly cells: readonly number[];
  /** The first pixel. */
  readonly start: number;
  readonly windows: Windows;
}

function createPhase(frame: Frame, spec: Conv2dSpec, y: number, x: number): Phase {
  const { height, width, strideHeight, strideWidth, kernelHeight, kernelWidth } = spec;
  const kernel = kernelHeight * kernelWidth;
  const filter = (spec.channels / spec.groups) * kernel;
  const cells: number[] = [];
  const offsets: number[] = [];
  for (let f = 0; f < frame.planes; f++) {
    for (let cell = 0; cell < kernel; cell++) {
      const row = (y + spec.padHeight - Math.floor(cell / kernelWidth) * spec.dilationHeight) / strideHeight;
      const column = (x + spec.padWidth - (cell % kernelWidth) * spec.dilationWidth) / strideWidth;
      if (!Number.isInteger(row) || !Number.isInteger(column)) continue;
      cells.push(f * filter + cell);
      offsets.push(f * frame.plane + frame.inside + row * frame.row + column);
    }
  }
  const windows = {
    offsets: Int32Array.from(offsets),
    rows: Math.ceil((height - y) / strideHeight),
    columns: Math.ceil((width - x) / strideWidth),
    down: frame.row,
    right: 1,
    outDown: strideHeight * width,
    outRight: strideWidth,
  };
  return { cells, start: y * width + x, windows };
}
