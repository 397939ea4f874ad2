import { giveBack } from '../../memory.ts';
import { scratchLike } from '../../precision.ts';
import type { Conv2dSpec, MatmulSpec } from '../kernels.ts';
import { packedMatmul, panelSize } from './matmul.ts';

/*
 * Convolution image by image: the patches of one image are laid out as the columns of a small matrix [K, P]
 * (K = channels / groups * kernelHeight * kernelWidth, P = outHeight * outWidth), and the rest is a matrix product.
 * Unfolding the whole batch at once would leave the cache (75 % slower, measured).
 */

interface Work {
  /** Rows K and columns P of the patch matrix, filters and channels of one group. */
  readonly patch: number;
  readonly pixels: number;
  readonly filters: number;
  readonly channels: number;
  readonly columns: Float32Array;
}

function prepare(out: Float32Array, spec: Conv2dSpec): Work {
  const channels = spec.channels / spec.groups;
  const patch = channels * spec.kernelHeight * spec.kernelWidth;
  const pixels = spec.outHeight * spec.outWidth;
  return { patch, pixels, channels, filters: spec.filters / spec.groups, columns: scratchLike(out, patch * pixels) };
}

/** `conv2d`, group by group. */
export function patchForward(
  x: Float32Array,
  weight: Float32Array,
  bias: Float32Array | undefined,
  out: Float32Array,
  spec: Conv2dSpec,
): void {
  const { patch, pixels, filters, channels, columns } = prepare(out, spec);
  const product: MatmulSpec = {
    m: filters,
    n: pixels,
    k: patch,
    transposeA: false,
    transposeB: false,
    accumulate: bias !== undefined,
  };
  const packedWeight = scratchLike(out, panelSize(filters, patch));
  const packedColumns = scratchLike(out, panelSize(pixels, patch));
  const plane = spec.height * spec.width;
  for (let image = 0; image < spec.batch; image++) {
    for (let group = 0; group < spec.groups; group++) {
      unfold(x, (image * spec.channels + group * channels) * plane, channels, columns, spec);
      const first = group * filters;
      const start = (image * spec.filters + first) * pixels;
      const target = out.subarray(start, start + filters * pixels);
      if (bias !== undefined)
        for (let f = 0; f < filters; f++) target.fill(bias[first + f], f * pixels, (f + 1) * pixels);
      packedMatmul(
        weight.subarray(first * patch, (first + filters) * patch),
        columns,
        target,
        product,
        packedWeight,
        packedColumns,
      );
    }
  }
  giveBack(columns, packedWeight, packedColumns);
}

/** `conv2dInputGradient`, group by group. */
export function patchInputGradient(g: Float32Array, weight: Float32Array, out: Float32Array, spec: Conv2dSpec): void {
  const { patch, pixels, filters, channels, columns } = prepare(out, spec);
  const product: MatmulSpec = {
    m: patch,
    n: pixels,
    k: filters,
    transposeA: true,
    transposeB: false,
    accumulate: false,
  };
  const packedWeight = scratchLike(out, panelSize(patch, filters));
  const packedG = scratchLike(out, panelSize(pixels, filters));
  const plane = spec.height * spec.width;
  out.fill(0);
  for (let image = 0; image < spec.batch; image++) {
    for (let group = 0; group < spec.groups; group++) {
      const first = group * filters;
      const start = (image * spec.filters + first) * pixels;
      const source = g.subarray(start, start + filters * pixels);
      packedMatmul(
        weight.subarray(first * patch, (first + filters) * patch),
        source,
        columns,
        product,
        packedWeight,
        packedG,
      );
      fold(columns, out, (image * spec.channels + group * channels) * plane, channels, spec);
    }
  }
  giveBack(columns, packedWeight, packedG);
}

/** `conv2dWeightGradient`, group by group; the images are added up in their order. */
export function patchWeightGradient(g: Float32Array, x: Float32Array, out: Float32Array, spec: Conv2dSpec): void {
  const { patch, pixels, filters, channels, columns } = prepare(out, spec);
  const product: MatmulSpec = {
    m: filters,
    n: patch,
    k: pixels,
    transposeA: false,
    transposeB: true,
    accumulate: true,
  };
  const packedG = scratchLike(out, panelSize(filters, pixels));
  const packedColumns = scratchLike(out, panelSize(patch, pixels));
  const plane = spec.height * spec.width;
  out.fill(0);
  for (let image = 0; image < spec.batch; image++) {
    for (let group = 0; group < spec.groups; group++) {
      unfold(x, (image * spec.channels + group * channels) * plane, channels, columns, spec);
      const first = group * filters;
      const start = (image * spec.filters + first) * pixels;
      const target = out.subarray(first * patch, (first + filters) * patch);
      packedMatmul(g.subarray(start, start + filters * pixels), columns, target, product, packedG, packedColumns);
    }
  }
  giveBack(columns, packedG, packedColumns);
}

/** The range of output positions whose input position `o * stride + offset` lies in `0 .. length - 1`. */
function validRange(
  offset: number,
  stride: number,
  length: number,
  outputs: number,
): readonly [from: number, to: number] {
  const from = Math.min(outputs, Math.max(0, Math.ceil(-offset / stride)));
  const to = Math.min(outputs, Math.floor((length - 1 - offset) / stride) + 1);
  return [from, Math.max(from, to)];
}

/** Writes the patches of one image: `columns[(c, i, j), (y, x)] = image[c, y * stride + i * dilation - pad, ...]`, 0 outside. */
function unfold(image: Float32Array, start: number, channels: number, columns: Float32Array, spec: Conv2dSpec): void {
  const { height, width, kernelHeight, kernelWidth, outHeight, outWidth, strideHeight, strideWidth } = spec;
  let o = 0;
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < kernelHeight; i++) {
      const top = i * spec.dilationHeight - spec.padHeight;
      for (let j = 0; j < kernelWidth; j++) {
        const left = j * spec.dilationWidth - spec.padWidth;
        const [from, to] = validRange(left, strideWidth, width, outWidth);
        for (let y = 0; y < outHeight; y++) {
          const row = y * strideHeight + top;
          if (row < 0 || row >= height || from >= to) {
            for (const end = o + outWidth; o < end; o++) columns[o] = 0;
            continue;
          }
          for (const end = o + from; o < end; o++) columns[o] = 0;
          let s = start + (c * height + row) * width + from * strideWidth + left;
          for (const end = o + to - from; o < end; o++) {
            columns[o] = image[s];
            s += strideWidth;
          }
          for (const end = o + outWidth - to; o < end; o++) columns[o] = 0;
        }
      }
    }
  }
}

/** The transpose of `unfold`: adds each column entry to the pixel it was read from. */
function fold(columns: Float32Array, image: Float32Array, start: number, channels: number, spec: Conv2dSpec): void {
  const { height, width, kernelHeight, kernelWidth, outHeight, outWidth, strideHeight, strideWidth } = spec;
  let o = 0;
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < kernelHeight; i++) {
      const top = i * spec.dilationHeight - spec.padHeight;
      for (let j = 0; j < kernelWidth; j++) {
        const left = j * spec.dilationWidth - spec.padWidth;
        const [from, to] = validRange(left, strideWidth, width, outWidth);
        for (let y = 0; y < outHeight; y++, o += outWidth) {
          const row = y * strideHeight + top;
          if (row < 0 || row >= height) continue;
          let s = start + (c * height + row) * width + from * strideWidth + left;
          for (let p = o + from; p < o + to; p++) {
            image[s] += columns[p];
            s += strideWidth;
          }
        }
      }
    }
  }
}
