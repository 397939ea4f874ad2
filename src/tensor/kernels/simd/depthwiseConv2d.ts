import type { Conv2dSpec } from '../kernels.ts';
import { directWeightGradient } from '../portable/directConv2d.ts';
import { CELLS, SPAN } from './depthwise.ts';
import type { Machine } from './machine.ts';
import { eachPart } from './parts.ts';
import { WORKSPACE_BYTES } from './workspace.ts';

/*
 * Convolutions of every channel with one filter of its own, without patches. Planes are copied into frames with a margin
 * of zeros at the left alone: what a filter reads past the end of a row is the margin of the next. With strides, all
 * windows are summed and some of them taken, or all weighed and the others by 0: idle sums cost less than scattered loads.
 */

/** Numbers of the frames that are worked on at once: what a second-level cache holds together with the results. */
const TOGETHER = 16_384;

/** Products that may be summed for one that is needed, and besides in a plane: as many as patches cost the time of. */
const MOST_IDLE = 6;
const FEW = 4000;

/** Whether a convolution is computed here: by the shape of one image, never by how many there are. */
export function suitsDepthwise(spec: Conv2dSpec): boolean {
  const { channels, groups, padHeight, padWidth } = spec;
  const [rows, columns] = reachOf(spec);
  const row = spec.width + padWidth;
  const cells = spec.kernelHeight * spec.kernelWidth;
  return (
    spec.batch * channels > 0 &&
    channels === groups &&
    spec.filters === groups &&
    padHeight <= rows &&
    padWidth <= columns &&
    cells * (spec.height * row - MOST_IDLE * spec.outHeight * spec.outWidth) < FEW &&
    // Four times a plane, as it is and laid out; twice, since all is rounded up.
    8 * (4 * (spec.height + padHeight + rows + 2) * row + 4 * channels * (cells + CELLS) + 2 * TOGETHER) <
      WORKSPACE_BYTES
  );
}

/** How far the last cell of a filter lies from the first. */
function reachOf(spec: Conv2dSpec): readonly [rows: number, columns: number] {
  return [spec.dilationHeight * (spec.kernelHeight - 1), spec.dilationWidth * (spec.kernelWidth - 1)];
}

/**
 * Calls `compute` with the first channel of some planes of one image, and where they are laid out: what the functions of
 * `depthwise.ts` take up to `size`. x goes to the frames; y comes from the results or, with `isGiven`, goes there.
 * With `isTurned`, x is the gradient of the output, and the filter is turned by 180 degrees.
 */
function eachPlanes(
  { workspace, run }: Machine,
  spec: Conv2dSpec,
  x: Float32Array,
  y: Float32Array,
  isTurned: boolean,
  isGiven: boolean,
  compute: (channel: number, ...layout: number[]) => void,
): void {
  const { channels, height, width, padHeight, padWidth, strideWidth } = spec;
  const [rows, columns] = reachOf(spec);
  // No row of windows is longer, since no padding is wider than the filter reaches.
  const row = width + padWidth;
  const size = SPAN * Math.ceil(((isTurned ? height : height + 2 * padHeight - rows) * row) / SPAN);
  const plane = size + rows * row + columns;
  const together = Math.min(channels, Math.ceil(TOGETHER / plane));
  const frames = workspace.take(together * plane);
  const results = workspace.take(together * size);
  const cells = workspace.take(spec.kernelHeight * spec.kernelWidth + CELLS);
  const clear = (end: number) => {
    workspace.floats.fill(0, frames >> 2, end >> 2);
  };
  // With the cells after the last.
  clear(workspace.top);
  const turn = isTurned ? rows * row + columns : 0;
  const integers = new Int32Array(workspace.reserve.buffer);
  let last = cells;
  for (let i = 0; i <= rows; i += spec.dilationHeight) {
    for (let j = 0; j <= columns; j += spec.dilationWidth, last += 4)
      integers[last >> 2] = 4 * Math.abs(turn - i * row - j);
  }
  const inside = frames + 4 * Math.abs(turn - padHeight * row - padWidth);

  /** Copies planes from number i on, which lie side by side, to the frames or to the results, or back. */
  const move = (into: boolean, isFrame: boolean, planes: number, at: number, i: number) => {
    const [h, w, down, right] =
      isFrame === isTurned
        ? [spec.outHeight, spec.outWidth, spec.strideHeight * row, strideWidth]
        : [height, width, row, 1];
    const from = [at + 4 * i * h * w, 4 * h * w];
    const to = isFrame ? [inside, 4 * plane] : [results, 4 * size];
    if (right > 1) {
      run[into ? 'fold' : 'unfold'](...to, planes, 1, 1, 0, 0, h, w, 4 * down, 4 * right, ...from);
    } else {
      from.push(4 * w);
      to.push(4 * down);
      run.copyPlanes(...(into ? from : to), ...(into ? to : from), planes, h, w);
    }
  };

  eachPart(
    workspace,
    spec.batch * channels,
    isGiven ? [x, y] : [x],
    isGiven ? [] : [y],
    (start, count, first, second) => {
      for (let i = 0, planes = 0; i < count; i += planes) {
        const channel = (start + i) % channels;
        planes = Math.min(together, channels - channel, count - i);
        // What is added to must be zeros.
        if (strideWidth > 1) clear(cells);
        move(true, true, planes, first, i);
        if (isGiven) move(true, false, planes, second, i);
        compute(channel, frames, 4 * plane, planes, cells, last, results, 4 * size);
        if (!isGiven) move(false, false, planes, second, i);
      }
    },
  );
}

export function depthwiseInputGradient(
  machine: Machine,
  g: Float32Array,
  weight: Float32Array,
  out: Float32Array,
  spec: Conv2dSpec,
): void {
  depthwiseForward(machine, g, weight, undefined, out, spec, true);
}

/** With `isTurned`, x is the gradient of the output, and the input's is computed. */
export function depthwiseForward(
  machine: Machine,
  x: Float32Array,
  weight: Float32Array,
  bias: Float32Array | undefined,
  out: Float32Array,
  spec: Conv2dSpec,
  isTurned = false,
): void {
  const { workspace, run } = machine;
  const weights = workspace.input(weight);
  const [biases, step] = bias === undefined ? [0, 0] : [workspace.input(bias), 4];
  const filter = (4 * weight.length) / spec.channels;
  eachPlanes(machine, spec, x, out, isTurned, false, (channel, ...layout) =>
    run.correlate(...layout, weights + channel * filter, biases + channel * step, step),
  );
}

export function depthwiseWeightGradient(
  machine: Machine,
  g: Float32Array,
  x: Float32Array,
  out: Float32Array,
  spec: Conv2dSpec,
): void {
  const { workspace, run } = machine;
  const filter = out.length / spec.channels;
  const size = CELLS * Math.ceil(filter / CELLS);
  const sums = workspace.take(4 * spec.channels * size);
  const parts = workspace.floats.subarray(sums >> 2).fill(0, 0, 4 * spec.channels * size);
  eachPlanes(machine, spec, x, g, false, true, (channel, ...layout) =>
    run.weigh(...layout, sums + 16 * channel * size),
  );
  for (let i = 0; i < out.length; i++) {
    const p = 4 * (Math.floor(i / filter) * size + (i % filter));
    out[i] = parts[p] + parts[p + 1] + parts[p + 2] + parts[p + 3];
  }
  // Idle windows are weighed by 0, which makes NaN of pixels that are not finite, perhaps where there should be none.
  if (out.some(Number.isNaN)) directWeightGradient(g, x, out, spec);
}
