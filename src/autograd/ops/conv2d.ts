import { checkInteger } from '../../tensor/check.ts';
import { active, type Conv2dSpec } from '../../tensor/kernels/kernels.ts';
import * as portable from '../../tensor/kernels/portable/conv2d.ts';
import { allocate } from '../../tensor/precision.ts';
import { checkShape, type Shape, ShapeError } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { record } from '../tape.ts';
import { sum } from './reductions.ts';
import { checkPixels, type Pair, pair, windowCount } from './windows.ts';

/** Options of `conv2d`. */
export interface Conv2dOptions {
  /** Step of the kernel in pixels. Default 1. */
  readonly stride?: Pair | undefined;
  /** Pixels of zeros added at both ends of each axis. Default 0. */
  readonly padding?: Pair | undefined;
  /** Distance in pixels between neighboring kernel cells. Default 1. */
  readonly dilation?: Pair | undefined;
  /** Number of groups that channels and filters are split into; with `groups` = channels, a depthwise convolution. Default 1. */
  readonly groups?: number | undefined;
}

/**
 * 2-D convolution (cross-correlation, as in every neural network library).
 *
 * Shapes: x `[N, C, H, W]`, weight `[F, C / groups, kH, kW]`, bias `[F]` -> `[N, F, outH, outW]` with
 * `outH = floor((H + 2 padding - dilation (kH - 1) - 1) / stride) + 1`.
 * Gradient: of x by `conv2d`'s transpose, of the weight by correlating x with g; all three differentiate into one another.
 * Cost: `2 N F outH outW (C / groups) kH kW` operations; with the SIMD kernels less than half as many for 3 x 3 kernels of
 * stride 1, whose intermediate sums (Winograd's algorithm) may overflow for inputs beyond 1e37.
 * Throws: ShapeError where the shapes do not fit one another or the kernel not into the padded image; RangeError for an
 * option that is no such integer.
 *
 * @example conv2d(ones([1, 1, 3, 3]), ones([1, 1, 2, 2])).toArray() // [[[[4, 4], [4, 4]]]]
 */
export function conv2d(x: Tensor, weight: Tensor, bias?: Tensor, options: Conv2dOptions = {}): Tensor {
  const shapes = [x.shape, weight.shape] as const;
  if (x.shape.length !== 4 || weight.shape.length !== 4) {
    throw new ShapeError(
      'conv2d',
      'x must be [N, C, H, W] and weight [F, C / groups, kH, kW]',
      shapes,
      'reshape() adds missing axes.',
    );
  }
  checkPixels('conv2d', x.shape);
  const spec = convolutionSpec('conv2d', ...shapes, options, shapes);
  checkBias('conv2d', bias, spec.filters, weight.shape);
  return convolve(x, weight, bias, spec);
}

/** The convolution of checked tensors, and with the two below all derivatives of each of them. */
export function convolve(x: Tensor, weight: Tensor, bias: Tensor | undefined, spec: Conv2dSpec): Tensor {
  const shape = [spec.batch, spec.filters, spec.outHeight, spec.outWidth];
  const out = allocate(bias === undefined ? [x, weight] : [x, weight, bias], shape);
  (active(out).conv2d ?? portable.conv2d)(x.data, weight.data, bias?.data, out, spec);
  return record('conv2d', out, shape, [
    [x, (g) => inputGradient(g, weight, spec)],
    [weight, (g) => weightGradient(g, x, spec)],
    ...(bias === undefined ? [] : [[bias, (g: Tensor) => sum(g, { axis: [0, 2, 3] })] as const]),
  ]);
}

/** The gradient of a convolution's input: its transpose. */
export function inputGradient(g: Tensor, weight: Tensor, spec: Conv2dSpec): Tensor {
  const shape = [spec.batch, spec.channels, spec.height, spec.width];
  const out = allocate([g, weight], shape);
  (active(out).conv2dInputGradient ?? portable.conv2dInputGradient)(g.data, weight.data, out, spec);
  return record('conv2dInputGradient', out, shape, [
    [g, (h) => convolve(h, weight, undefined, spec)],
    [weight, (h) => weightGradient(g, h, spec)],
  ]);
}

/** The gradient of a convolution's weight. */
export function weightGradient(g: Tensor, x: Tensor, spec: Conv2dSpec): Tensor {
  const shape = [spec.filters, spec.channels / spec.groups, spec.kernelHeight, spec.kernelWidth];
  const out = allocate([g, x], shape);
  (active(out).conv2dWeightGradient ?? portable.conv2dWeightGradient)(g.data, x.data, out, spec);
  return record('conv2dWeightGradient', out, shape, [
    [g, (h) => convolve(x, h, undefined, spec)],
    [x, (h) => inputGradient(g, h, spec)],
  ]);
}

/** The sizes of a convolution of `[N, C, H, W]` by `[F, C / groups, kH, kW]`, checked; `got` are the shapes that errors name. */
export function convolutionSpec(
  op: string,
  [batch, channels, height, width]: Shape,
  [filters, groupChannels, kernelHeight, kernelWidth]: Shape,
  options: Conv2dOptions,
  got: readonly Shape[],
): Conv2dSpec {
  const { groups = 1 } = options;
  checkInteger(op, 'groups', groups, 1);
  if (channels !== groupChannels * groups || filters % groups !== 0) {
    throw new ShapeError(
      op,
      `${channels} channels and ${filters} filters do not fit weight [F, C / groups, ...] with ${groups} groups`,
      got,
      'weight.shape[1] must be C / groups, and F a multiple of groups.',
    );
  }
  const [strideHeight, strideWidth] = pair(op, 'stride', options.stride ?? 1, 1);
  const [padHeight, padWidth] = pair(op, 'padding', options.padding ?? 0, 0);
  const [dilationHeight, dilationWidth] = pair(op, 'dilation', options.dilation ?? 1, 1);
  const outHeight = windowCount(height + 2 * padHeight, dilationHeight * (kernelHeight - 1) + 1, strideHeight);
  const outWidth = windowCount(width + 2 * padWidth, dilationWidth * (kernelWidth - 1) + 1, strideWidth);
  if (outHeight < 1 || outWidth < 1 || kernelHeight < 1 || kernelWidth < 1) {
    throw new ShapeError(
      op,
      'the kernel does not fit into the padded input',
      got,
      'Use a smaller kernel or dilation, or more padding.',
    );
  }
  checkShape(op, [batch, filters, outHeight, outWidth]);
  return {
    batch,
    channels,
    height,
    width,
    filters,
    kernelHeight,
    kernelWidth,
    outHeight,
    outWidth,
    strideHeight,
    strideWidth,
    padHeight,
    padWidth,
    dilationHeight,
    dilationWidth,
    groups,
  };
}

/** Throws unless there is one bias a filter, or none. */
export function checkBias(op: string, bias: Tensor | undefined, filters: number, weight: Shape): void {
  if (bias !== undefined && (bias.shape.length !== 1 || bias.shape[0] !== filters))
    throw new ShapeError(op, `bias must be [${filters}]`, [bias.shape, weight], 'Use one bias a filter.');
}
