import { checkInteger } from '../../tensor/check.ts';
import { active, type Conv2dSpec } from '../../tensor/kernels/kernels.ts';
import * as portable from '../../tensor/kernels/portable/conv2d.ts';
import { allocate } from '../../tensor/precision.ts';
import { type Shape, ShapeError } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { record } from '../tape.ts';
import { sum } from './reductions.ts';

/** A number, or one number for height and one for width. */
export type Pair = number | readonly [height: number, width: number];

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
 *
 * @example conv2d(ones([1, 1, 3, 3]), ones([1, 1, 2, 2])).toArray() // [[[[4, 4], [4, 4]]]]
 */
export function conv2d(x: Tensor, weight: Tensor, bias?: Tensor, options: Conv2dOptions = {}): Tensor {
  const spec = conv2dSpec(x.shape, weight.shape, options);
  if (bias !== undefined && (bias.shape.length !== 1 || bias.shape[0] !== spec.filters)) {
    throw new ShapeError(
      'conv2d',
      `bias must be [${spec.filters}]`,
      [bias.shape, weight.shape],
      'Use one bias a filter.',
    );
  }
  return forward(x, weight, bias, spec);
}

function forward(x: Tensor, weight: Tensor, bias: Tensor | undefined, spec: Conv2dSpec): Tensor {
  const shape = [spec.batch, spec.filters, spec.outHeight, spec.outWidth];
  const out = allocate(bias === undefined ? [x, weight] : [x, weight, bias], shape);
  (active(out).conv2d ?? portable.conv2d)(x.data, weight.data, bias?.data, out, spec);
  return record('conv2d', out, shape, [
    [x, (g) => inputGradient(g, weight, spec)],
    [weight, (g) => weightGradient(g, x, spec)],
    ...(bias === undefined ? [] : [[bias, (g: Tensor) => sum(g, { axis: [0, 2, 3] })] as const]),
  ]);
}

function inputGradient(g: Tensor, weight: Tensor, spec: Conv2dSpec): Tensor {
  const shape = [spec.batch, spec.channels, spec.height, spec.width];
  const out = allocate([g, weight], shape);
  (active(out).conv2dInputGradient ?? portable.conv2dInputGradient)(g.data, weight.data, out, spec);
  return record('conv2dInputGradient', out, shape, [
    [g, (h) => forward(h, weight, undefined, spec)],
    [weight, (h) => weightGradient(g, h, spec)],
  ]);
}

function weightGradient(g: Tensor, x: Tensor, spec: Conv2dSpec): Tensor {
  const shape = [spec.filters, spec.channels / spec.groups, spec.kernelHeight, spec.kernelWidth];
  const out = allocate([g, x], shape);
  (active(out).conv2dWeightGradient ?? portable.conv2dWeightGradient)(g.data, x.data, out, spec);
  return record('conv2dWeightGradient', out, shape, [
    [g, (h) => forward(x, h, undefined, spec)],
    [x, (h) => inputGradient(g, h, spec)],
  ]);
}

function conv2dSpec(x: Shape, weight: Shape, options: Conv2dOptions): Conv2dSpec {
  const { groups = 1 } = options;
  if (x.length !== 4 || weight.length !== 4) {
    throw new ShapeError(
      'conv2d',
      'x must be [N, C, H, W] and weight [F, C / groups, kH, kW]',
      [x, weight],
      'reshape() adds missing axes.',
    );
  }
  checkPixels('conv2d', x);
  const [batch, channels, height, width] = x;
  const [filters, groupChannels, kernelHeight, kernelWidth] = weight;
  checkInteger('conv2d', 'groups', groups, 1);
  if (channels !== groupChannels * groups || filters % groups !== 0) {
    throw new ShapeError(
      'conv2d',
      `${channels} channels and ${filters} filters do not fit weight [F, C / groups, kH, kW] with ${groups} groups`,
      [x, weight],
      'weight.shape[1] must be C / groups, and F a multiple of groups.',
    );
  }
  const [strideHeight, strideWidth] = pair('conv2d', 'stride', options.stride ?? 1, 1);
  const [padHeight, padWidth] = pair('conv2d', 'padding', options.padding ?? 0, 0);
  const [dilationHeight, dilationWidth] = pair('conv2d', 'dilation', options.dilation ?? 1, 1);
  const outHeight = windowCount(height + 2 * padHeight, dilationHeight * (kernelHeight - 1) + 1, strideHeight);
  const outWidth = windowCount(width + 2 * padWidth, dilationWidth * (kernelWidth - 1) + 1, strideWidth);
  if (outHeight < 1 || outWidth < 1 || kernelHeight < 1 || kernelWidth < 1) {
    throw new ShapeError(
      'conv2d',
      'the kernel does not fit into the padded image',
      [x, weight],
      'Use a smaller kernel or dilation, or more padding.',
    );
  }
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

/** Throws unless an image `[N, C, H, W]` has pixels: padding alone holds nothing to choose or to weigh. */
export function checkPixels(op: string, shape: Shape): void {
  if (shape[2] < 1 || shape[3] < 1)
    throw new ShapeError(op, 'the image has no pixels', [shape], 'Height and width must be at least 1.');
}

/** How many windows of a length fit when moved by `stride`. */
export function windowCount(length: number, window: number, stride: number): number {
  return Math.floor((length - window) / stride) + 1;
}

/** Both numbers of a Pair option, checked. */
export function pair(op: string, name: string, value: Pair, least: number): readonly [number, number] {
  const [height, width] = typeof value === 'number' ? [value, value] : value;
  checkInteger(op, name, height, least);
  checkInteger(op, name, width, least);
  return [height, width];
}
