import type { AxisWeights } from '../../tensor/kernels/portable/resample.ts';
import { checkShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { mean } from './reductions.ts';
import { axisWeights, resample2d } from './resample2d.ts';
import { checkImages, type Pair, pair, poolWindows } from './windows.ts';

/** Options of `avgPool2d`. */
export interface AvgPool2dOptions {
  /** Step of the window in pixels. Default: its size. */
  readonly stride?: Pair | undefined;
  /** Pixels of zeros added at both ends of each axis; at most half the size. Default 0. */
  readonly padding?: Pair | undefined;
  /** Divides by the size of the window, zeros of the padding included; else by the number of pixels in it. Default true. */
  readonly countIncludePad?: boolean | undefined;
}

/**
 * The mean of each window, summed in double precision.
 *
 * Shapes: `[N, C, H, W] -> [N, C, outH, outW]`, `outH = floor((H + 2 padding - size) / stride) + 1`.
 * Gradient: g over the divisor, to every pixel of the window.
 * Throws: ShapeError where the window does not fit into the padded image; RangeError for an option that is no such integer.
 *
 * @example avgPool2d(tensor([[[[1, 2], [3, 4]]]]), 2).toArray() // [[[[2.5]]]]
 */
export function avgPool2d(x: Tensor, size: Pair, options: AvgPool2dOptions = {}): Tensor {
  const { countIncludePad = true } = options;
  const windows = poolWindows('avgPool2d', x.shape, size, options);
  const { kernelHeight, kernelWidth, strideHeight, strideWidth, padHeight, padWidth, outHeight, outWidth } = windows;
  const axis = (length: number, kernel: number, stride: number, pad: number, outputs: number): AxisWeights =>
    averages(
      length,
      outputs,
      (i) => [i * stride - pad, i * stride - pad + kernel],
      countIncludePad ? kernel : undefined,
    );
  const rows = axis(x.shape[2], kernelHeight, strideHeight, padHeight, outHeight);
  return resample2d('avgPool2d', x, rows, axis(x.shape[3], kernelWidth, strideWidth, padWidth, outWidth));
}

/**
 * The mean of windows that divide an image of any size into a given number of them; neighbors overlap by a pixel where
 * the size is no multiple of it.
 *
 * Shapes: `[N, C, H, W] -> [N, C, h, w]` for a size `[h, w]`; the window of row y has the rows from `floor(y H / h)` to
 * before `ceil((y + 1) H / h)`.
 * Gradient: g over the number of pixels, to every pixel of the window.
 * Throws: ShapeError unless x are images with pixels; RangeError for a size that is no such integer.
 *
 * @example adaptiveAvgPool2d(tensor([[[[1, 2, 6]]]]), [1, 2]).toArray() // [[[[1.5, 4]]]]
 */
export function adaptiveAvgPool2d(x: Tensor, size: Pair): Tensor {
  const [outHeight, outWidth] = pair('adaptiveAvgPool2d', 'size', size, 1);
  checkImages('adaptiveAvgPool2d', x.shape);
  checkShape('adaptiveAvgPool2d', [x.shape[0], x.shape[1], outHeight, outWidth]);
  const axis = (length: number, outputs: number): AxisWeights =>
    averages(length, outputs, (i) => [Math.floor((i * length) / outputs), Math.ceil(((i + 1) * length) / outputs)]);
  return resample2d('adaptiveAvgPool2d', x, axis(x.shape[2], outHeight), axis(x.shape[3], outWidth));
}

/**
 * The mean of each channel, as ONNX's GlobalAveragePool; `flatten` makes `[N, C]` of it.
 *
 * Shapes: `[N, C, H, W] -> [N, C, 1, 1]`. Gradient: `g / (H W)` to every pixel.
 * Throws: ShapeError unless x are images with pixels.
 *
 * @example globalAvgPool2d(tensor([[[[1, 2], [3, 6]]]])).toArray() // [[[[3]]]]
 */
export function globalAvgPool2d(x: Tensor): Tensor {
  checkImages('globalAvgPool2d', x.shape);
  return mean(x, { axis: [2, 3], keepDims: true });
}

/** Output i is the sum of the inputs of its window that exist, over `divisor`, or over how many they are. */
function averages(
  inputs: number,
  outputs: number,
  windowOf: (output: number) => readonly [from: number, to: number],
  divisor?: number,
): AxisWeights {
  return axisWeights(inputs, outputs, (i) => {
    const [from, to] = windowOf(i);
    const first = Math.max(0, from);
    const count = Math.min(inputs, to) - first;
    return [first, new Array<number>(count).fill(1 / (divisor ?? count))];
  });
}
