import type { Conv2dSpec, Kernels } from '../kernels.ts';
import * as portable from '../portable/conv2d.ts';
import {
  depthwiseForward,
  depthwiseInputGradient,
  depthwiseWeightGradient,
  suitsDepthwise,
} from './depthwiseConv2d.ts';
import type { GetMachine, Machine } from './machine.ts';
import { eachPart, orPortable } from './parts.ts';
import { COLUMNS, EDGE_BYTES } from './products.ts';
import { suitsWinograd, winogradForward, winogradInputGradient, winogradWeightGradient } from './winogradConv2d.ts';
import { WORKSPACE_BYTES } from './workspace.ts';

/** Numbers of the patch matrix that are laid out at once: half of a usual second-level cache with what they meet. */
const PATCHES = 48_000;

/** Convolutions on vectors: channel by channel, by Winograd's algorithm or as products with the matrix of patches. */
export function createConv2d(
  getMachine: GetMachine,
): Required<Pick<Kernels, 'conv2d' | 'conv2dInputGradient' | 'conv2dWeightGradient'>> {
  return {
    conv2d: orPortable(
      getMachine,
      ([, , , , spec]) => suits(spec),
      portable.conv2d,
      (machine, ...given) => choose(given[4], depthwiseForward, winogradForward, forward)(machine, ...given),
    ),
    conv2dInputGradient: orPortable(
      getMachine,
      ([, , , spec]) => suits(spec),
      portable.conv2dInputGradient,
      (machine, ...given) =>
        choose(given[3], depthwiseInputGradient, winogradInputGradient, inputGradient)(machine, ...given),
    ),
    conv2dWeightGradient: orPortable(
      getMachine,
      ([, , , spec]) => suits(spec),
      portable.conv2dWeightGradient,
      (machine, ...given) =>
        choose(given[3], depthwiseWeightGradient, winogradWeightGradient, weightGradient)(machine, ...given),
    ),
  };
}

function suits(spec: Conv2dSpec): boolean {
  return suitsDepthwise(spec) || fits(spec);
}

/** One of the ways to compute a convolution. */
function choose<Way>(spec: Conv2dSpec, depthwise: Way, winograd: Way, patches: Way): Way {
  return suitsDepthwise(spec) ? depthwise : suitsWinograd(spec) ? winograd : patches;
}

/** Whether one image, its output, frame and patches, and the filters fit into the workspace, with room to round up. */
function fits(spec: Conv2dSpec): boolean {
  const { batch, channels, filters, outHeight, outWidth } = spec;
  const frame = (spec.height + 2 * spec.padHeight) * (spec.width + 2 * spec.padWidth);
  // A row of patches is rounded up to whole vectors.
  const patch = spec.kernelHeight * spec.kernelWidth * (outWidth + COLUMNS + filters);
  const numbers = channels * (2 * frame + patch) + filters * (outHeight * outWidth + COLUMNS) + PATCHES;
  return batch * channels * filters > 0 && 8 * numbers < WORKSPACE_BYTES;
}

/** Whole rows of outputs: the first pixel, and how many there are. */
type Strip = readonly [pixel: number, pixels: number];

/** How images of one group are laid out as patches, in rooms of the workspace that all of them use. */
interface Layout {
  readonly channels: number;
  readonly filters: number;
  /** Rows of the patch matrix: numbers of one filter. */
  readonly patch: number;
  readonly pixels: number;
  /** The patch matrix, and bytes from row to row. */
  readonly columns: number;
  readonly columnsRow: number;
  readonly edge: number;
  readonly strips: readonly Strip[];
  /** Fills the frame with zeros. */
  clearFrame(): void;
  /** Copies the planes of an image into the middle of the frame, or back. */
  moveImage(into: boolean, at: number): void;
  /** Writes the patches of a strip from the frame, or adds them to it. */
  movePatches(name: 'unfold' | 'fold', strip: Strip): void;
}

function createLayout({ workspace, run }: Machine, spec: Conv2dSpec): Layout {
  const { height, width, kernelHeight, kernelWidth, outHeight, outWidth, padHeight, padWidth, groups } = spec;
  const channels = spec.channels / groups;
  const patch = channels * kernelHeight * kernelWidth;
  const most = Math.max(1, Math.floor(PATCHES / patch / outWidth));
  // Whole vectors in every strip but the last.
  const even = [1, 2, 4, 8].find((rows) => (rows * outWidth) % COLUMNS === 0) ?? 1;
  const rows = Math.min(outHeight, most < even ? most : most - (most % even));
  const columnsRow = 4 * COLUMNS * Math.ceil((rows * outWidth) / COLUMNS);
  const line = 4 * (width + 2 * padWidth);
  const plane = line * (height + 2 * padHeight);
  // A vector read from the end of the frame's last row goes past it.
  const frameSize = (channels * plane) / 4 + COLUMNS;
  const frame = workspace.take(frameSize);
  const columns = workspace.take((patch * columnsRow) / 4 + COLUMNS);
  const middle = [frame + padHeight * line + 4 * padWidth, plane, line];
  const down = spec.strideHeight * line;
  return {
    channels,
    filters: spec.filters / groups,
    patch,
    pixels: outHeight * outWidth,
    columns,
    columnsRow,
    edge: workspace.take(EDGE_BYTES / 4),
    strips: Array.from({ length: Math.ceil(outHeight / rows) }, (_, i) => [
      i * rows * outWidth,
      Math.min(rows, outHeight - i * rows) * outWidth,
    ]),
    clearFrame: () => {
      workspace.floats.fill(0, frame >> 2, (frame >> 2) + frameSize);
    },
    moveImage: (into, at) => {
      const image = [at, 4 * height * width, 4 * width];
      run.copyPlanes(...(into ? image : middle), ...(into ? middle : image), channels, height, width);
    },
    movePatches: (name, [pixel, pixels]) => {
      // biome-ignore format: in the order of its definition.
      run[name](
        frame + (pixel / outWidth) * down, plane, channels, kernelHeight, kernelWidth, spec.dilationHeight * line,
        4 * spec.dilationWidth, pixels / outWidth, outWidth, down, 4 * spec.strideWidth, columns, columnsRow,
      );
    },
  };
}

/** Calls `multiply` with the number of the image and of the group's first filter when a strip's patches are laid out. */
function eachPatches(
  { moveImage, movePatches, strips, channels, filters }: Layout,
  { height, width, groups }: Conv2dSpec,
  images: number,
  from: number,
  multiply: (image: number, first: number, strip: Strip) => void,
): void {
  for (let i = 0; i < images * groups; i++) {
    moveImage(true, from + 4 * i * channels * height * width);
    for (const strip of strips) {
      movePatches('unfold', strip);
      multiply(Math.floor(i / groups), (i % groups) * filters, strip);
    }
  }
}

function forward(
  machine: Machine,
  x: Float32Array,
  weight: Float32Array,
  bias: Float32Array | undefined,
  out: Float32Array,
  spec: Conv2dSpec,
): void {
  const { workspace, run } = machine;
  const layout = createLayout(machine, spec);
  const { patch, pixels, filters, columns, columnsRow, edge } = layout;
  const weights = workspace.input(weight);
  const [start, startRow] = bias === undefined ? [0, 0] : [repeated(machine, bias), 4 * COLUMNS];
  layout.clearFrame();
  eachPart(workspace, spec.batch, [x], [out], (_, count, from, to) =>
    eachPatches(layout, spec, count, from, (image, first, [pixel, width]) =>
      // biome-ignore format: in the order of its definition.
      run.columnProduct(
        weights + 4 * first * patch, 4 * patch, 4, columns, columnsRow, 4 * COLUMNS,
        to + 4 * ((image * spec.filters + first) * pixels + pixel), 4 * pixels, filters, width, patch,
        start + startRow * first, startRow, 0, edge,
      ),
    ),
  );
}

/** The address of a tile's row of each number: what sums start from where it is added to whole rows. */
function repeated({ workspace }: Machine, values: Float32Array): number {
  const at = workspace.take(values.length * COLUMNS);
  for (let i = 0, o = at >> 2; i < values.length; i++, o += COLUMNS) workspace.floats.fill(values[i], o, o + COLUMNS);
  return at;
}

function weightGradient(machine: Machine, g: Float32Array, x: Float32Array, out: Float32Array, spec: Conv2dSpec): void {
  const { workspace, run } = machine;
  const layout = createLayout(machine, spec);
  const { patch, pixels, filters, columns, columnsRow } = layout;
  const sums = workspace.output(out);
  workspace.floats.fill(0, sums >> 2, (sums >> 2) + out.length);
  layout.clearFrame();
  eachPart(workspace, spec.batch, [g, x], [], (_, count, by, from) =>
    eachPatches(layout, spec, count, from, (image, first, [pixel, width]) => {
      const to = sums + 4 * first * patch;
      // biome-ignore format: in the order of its definition.
      run.rowProduct(
        by + 4 * ((image * spec.filters + first) * pixels + pixel), 4 * pixels, columns, columnsRow,
        to, 4 * patch, filters, patch, width, to, 4 * patch, 4,
      );
    }),
  );
  workspace.finish(out, sums);
}

function inputGradient(
  machine: Machine,
  g: Float32Array,
  weight: Float32Array,
  out: Float32Array,
  spec: Conv2dSpec,
): void {
  const { workspace, run } = machine;
  const layout = createLayout(machine, spec);
  const { channels, patch, pixels, filters, columns, columnsRow, edge } = layout;
  const weights = workspace.input(weight);
  eachPart(workspace, spec.batch, [g], [out], (_, count, from, to) => {
    for (let i = 0; i < count * spec.groups; i++) {
      layout.clearFrame();
      for (const strip of layout.strips) {
        const [pixel, width] = strip;
        // biome-ignore format: in the order of its definition.
        run.columnProduct(
          weights + 4 * (i % spec.groups) * filters * patch, 4, 4 * patch, from + 4 * (i * filters * pixels + pixel),
          4 * pixels, 4 * COLUMNS, columns, columnsRow, patch, width, filters, 0, 0, 0, edge,
        );
        layout.movePatches('fold', strip);
      }
      layout.moveImage(false, to + 4 * i * channels * spec.height * spec.width);
    }
  });
}
