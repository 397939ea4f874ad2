import type { Conv2dSpec } from '../kernels.ts';
import type { Machine } from './machine.ts';
import { eachPart } from './parts.ts';
import { COLUMNS, EDGE_BYTES } from './products.ts';
import { gradientOfFilters, transformFilters } from './winograd.ts';
import { WORKSPACE_BYTES } from './workspace.ts';

/** Tiles that are worked on at once: enough to fill vectors, few enough for a second-level cache. */
const TILES = 192;

/** Numbers after which addresses fall into the same places of a first-level cache, and how far to keep from that. */
const CACHE_WAY = 1024;
const APART = 80;

/** Fewest channels and filters for which the transforms cost less than they save. */
const LEAST = 8;

/** Planes of images, and the zeros around them that count as pixels. */
type Images = Pick<Conv2dSpec, 'channels' | 'height' | 'width' | 'padHeight' | 'padWidth'>;

/** A convolution seen as tiles of 2 x 2 outputs. */
interface Tiles {
  readonly y: number;
  readonly x: number;
  /** Tiles of one image. */
  readonly count: number;
  /** Images whose tiles fill the matrices together. */
  readonly images: number;
  /** Numbers in a row of the coefficients' matrices: the tiles of all those images, and what a vector writes past them. */
  readonly row: number;
  /** Bytes in a row of a framed image, and in a frame. */
  readonly line: number;
  readonly plane: number;
}

function tilesOf({ outHeight, outWidth }: Conv2dSpec): Tiles {
  const y = Math.ceil(outHeight / 2);
  const x = Math.ceil(outWidth / 2);
  const count = y * x;
  const images = Math.ceil(TILES / count);
  const line = 32 * Math.ceil(x / 4) + 16;
  return {
    y,
    x,
    count,
    images,
    row: COLUMNS * Math.ceil((images * count + 3) / COLUMNS),
    line,
    plane: line * (2 * y + 2),
  };
}

/** Numbers from one of the 16 matrices of coefficients to the next, which are written side by side. */
function matrixSize(planes: number, { row }: Tiles): number {
  return CACHE_WAY * Math.ceil((planes * row) / CACHE_WAY) + APART;
}

/** Whether a convolution is computed by Winograd's algorithm: by the shape of one image, never by how many there are. */
export function suitsWinograd(spec: Conv2dSpec): boolean {
  const { kernelHeight, kernelWidth, strideHeight, strideWidth, dilationHeight, dilationWidth, groups } = spec;
  return (
    kernelHeight === 3 &&
    kernelWidth === 3 &&
    strideHeight * strideWidth * dilationHeight * dilationWidth * groups === 1 &&
    Math.max(spec.padHeight, spec.padWidth) <= 2 &&
    Math.min(spec.channels, spec.filters) >= LEAST &&
    hasRoom(spec) &&
    hasRoom(turned(spec))
  );
}

/** Whether coefficients and frames fit, with room for staged images. */
function hasRoom(spec: Conv2dSpec): boolean {
  const tiles = tilesOf(spec);
  const most = Math.max(spec.channels, spec.filters);
  return 6 * (32 * matrixSize(most, tiles) + 16 * most * most + most * tiles.plane) < WORKSPACE_BYTES;
}

/** The gradient of the input is a convolution of the output's with the filters turned by 180 degrees. */
function turned(spec: Conv2dSpec): Conv2dSpec {
  return {
    ...spec,
    channels: spec.filters,
    filters: spec.channels,
    height: spec.outHeight,
    width: spec.outWidth,
    outHeight: spec.height,
    outWidth: spec.width,
    padHeight: 2 - spec.padHeight,
    padWidth: 2 - spec.padWidth,
  };
}

/**
 * Room for a framed image and for the coefficients of several; returns their address, the bytes from matrix to matrix,
 * and a function that writes the coefficients of images that lie in the memory one after the other.
 */
function createTransform(
  { workspace, run }: Machine,
  name: 'winogradInput' | 'winogradGradient',
  { channels, height, width, padHeight, padWidth }: Images,
  tiles: Tiles,
): readonly [coefficients: number, step: number, transform: (from: number, images: number) => void] {
  const { x, y, count, row, line, plane } = tiles;
  const size = (channels * plane) / 4 + COLUMNS;
  const frame = workspace.take(size);
  const step = 4 * matrixSize(channels, tiles);
  const coefficients = workspace.take(4 * step);
  const middle = frame + padHeight * line + 4 * padWidth;
  workspace.floats.fill(0, frame >> 2, (frame >> 2) + size);
  return [
    coefficients,
    step,
    (from, images) => {
      for (let i = 0; i < images; i++) {
        const image = from + 4 * i * channels * height * width;
        run.copyPlanes(image, 4 * height * width, 4 * width, middle, plane, line, channels, height, width);
        // biome-ignore format: image, plane, line, planes, tilesY, tilesX, coefficients, row, step.
        run[name](frame, plane, line, channels, y, x, coefficients + 4 * i * count, 4 * row, step);
      }
    },
  ];
}

/** Calls `visit` with as many images as are worked on together, and the addresses of the first. */
function eachGroup(
  { workspace }: Machine,
  batch: number,
  together: number,
  inputs: readonly Float32Array[],
  outputs: readonly Float32Array[],
  visit: (images: number, ...addresses: number[]) => void,
): void {
  const sizes = [...inputs, ...outputs].map((data) => (4 * data.length) / batch);
  eachPart(workspace, batch, inputs, outputs, (_, count, ...addresses) => {
    for (let first = 0; first < count; first += together) {
      visit(Math.min(together, count - first), ...addresses.map((address, i) => address + first * sizes[i]));
    }
  });
}

export function winogradInputGradient(
  machine: Machine,
  g: Float32Array,
  weight: Float32Array,
  out: Float32Array,
  spec: Conv2dSpec,
): void {
  winogradForward(machine, g, weight, undefined, out, turned(spec), true);
}

/** With `isTurned`, the filters are those of the convolution whose input's gradient this is. */
export function winogradForward(
  machine: Machine,
  x: Float32Array,
  weight: Float32Array,
  bias: Float32Array | undefined,
  out: Float32Array,
  spec: Conv2dSpec,
  isTurned = false,
): void {
  const { workspace, run } = machine;
  const { channels, filters, outHeight, outWidth } = spec;
  const tiles = tilesOf(spec);
  const { row, count, line, plane } = tiles;
  const size = filters * channels;
  const weights = workspace.take(16 * size);
  transformFilters(weight, filters, channels, isTurned, workspace.floats.subarray(weights >> 2));
  const biases = bias === undefined ? 0 : workspace.input(bias);
  const edge = workspace.take(EDGE_BYTES / 4);
  const [inputs, inputStep, transform] = createTransform(machine, 'winogradInput', spec, tiles);
  const outputStep = 4 * matrixSize(filters, tiles);
  const outputs = workspace.take(4 * outputStep);
  const pixels = workspace.take((filters * plane) / 4);
  eachGroup(machine, spec.batch, tiles.images, [x], [out], (together, from, to) => {
    transform(from, together);
    for (let i = 0; i < 16; i++) {
      // biome-ignore format: in the order of its definition.
      run.columnProduct(
        weights + 4 * i * size, 4 * channels, 4, inputs + i * inputStep, 4 * row, 4 * COLUMNS,
        outputs + i * outputStep, 4 * row, filters, COLUMNS * Math.ceil((together * count) / COLUMNS), channels,
        0, 0, 0, edge,
      );
    }
    for (let i = 0; i < together; i++) {
      // biome-ignore format: image, plane, line, planes, tilesY, tilesX, coefficients, row, step, bias, biasStep.
      run.winogradOutput(
        pixels, plane, line, filters, tiles.y, tiles.x, outputs + 4 * i * count, 4 * row, outputStep,
        biases, biases === 0 ? 0 : 4,
      );
      const target = to + 4 * i * filters * outHeight * outWidth;
      run.copyPlanes(pixels, plane, line, target, 4 * outHeight * outWidth, 4 * outWidth, filters, outHeight, outWidth);
    }
  });
}

export function winogradWeightGradient(
  machine: Machine,
  g: Float32Array,
  x: Float32Array,
  out: Float32Array,
  spec: Conv2dSpec,
): void {
  const { workspace, run } = machine;
  const { batch, channels, filters, outHeight: height, outWidth: width } = spec;
  const tiles = tilesOf(spec);
  const line = 4 * tiles.row;
  const size = filters * channels;
  const sums = workspace.take(16 * size);
  const coefficients = workspace.floats.subarray(sums >> 2, (sums >> 2) + 16 * size).fill(0);
  const output = { channels: filters, height, width, padHeight: 0, padWidth: 0 };
  const [inputs, inputStep, transformInputs] = createTransform(machine, 'winogradInput', spec, tiles);
  const [gradients, gradientStep, transformGradients] = createTransform(machine, 'winogradGradient', output, tiles);
  eachGroup(machine, batch, tiles.images, [x, g], [], (together, xAt, gAt) => {
    transformInputs(xAt, together);
    transformGradients(gAt, together);
    for (let i = 0; i < 16; i++) {
      const to = sums + 4 * i * size;
      // biome-ignore format: in the order of its definition.
      run.rowProduct(
        gradients + i * gradientStep, line, inputs + i * inputStep, line, to, 4 * channels, filters, channels,
        together * tiles.count, to, 4 * channels, 4,
      );
    }
  });
  gradientOfFilters(coefficients, size, out);
}
