import { checkInteger } from '../../tensor/check.ts';
import { active, type Conv2dSpec } from '../../tensor/kernels/kernels.ts';
import * as portable from '../../tensor/kernels/portable/conv2d.ts';
import { allocate } from '../../tensor/precision.ts';
import { checkShape, type Shape, ShapeError } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { record } from '../tape.ts';
import { type Conv2dOptions, checkBias, convolve, weightGradient } from './conv2d.ts';
import { sum } from './reductions.ts';
import { checkPixels, type Pair, pair } from './windows.ts';

/** Options of `convTranspose2d`. */
export interface ConvTranspose2dOptions extends Conv2dOptions {
  /** Pixels of the full output that are left away at both ends of each axis. Default 0. */
  readonly padding?: Pair | undefined;
  /**
   * Pixels added at the end of each axis, since several sizes have the same convolution; less than the stride or the
   * dilation. Default 0.
   */
  readonly outputPadding?: Pair | undefined;
}

/**
 * Transposed 2-D convolution: what `conv2d` does to gradients, so with a stride it enlarges images.
 *
 * Shapes: x `[N, C, H, W]`, weight `[C, F / groups, kH, kW]`, bias `[F]` -> `[N, F, outH, outW]` with
 * `outH = (H - 1) stride - 2 padding + dilation (kH - 1) + outputPadding + 1`.
 * Gradient: of x by `conv2d` of g, of the weight by correlating g with x.
 * Cost: `2 N C H W (F / groups) kH kW` operations.
 * Throws: ShapeError where the shapes do not fit one another or nothing is left of the output; RangeError for an option
 * that is no such integer.
 *
 * @example convTranspose2d(tensor([[[[1, 2]]]]), ones([1, 1, 1, 2]), undefined, { stride: 2 }).toArray() // [[[[1, 1, 2, 2]]]]
 */
export function convTranspose2d(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
  options: ConvTranspose2dOptions = {},
): Tensor {
  const spec = transposedSpec(x.shape, weight.shape, options);
  checkBias('convTranspose2d', bias, spec.channels, weight.shape);
  const shape = [spec.batch, spec.channels, spec.height, spec.width];
  const out = allocate(bias === undefined ? [x, weight] : [x, weight, bias], shape);
  (active(out).conv2dInputGradient ?? portable.conv2dInputGradient)(x.data, weight.data, out, spec);
  if (bias !== undefined) addToPlanes(out, bias.data, spec.height * spec.width);
  return record('convTranspose2d', out, shape, [
    [x, (g) => convolve(g, weight, undefined, spec)],
    [weight, (g) => weightGradient(x, g, spec)],
    ...(bias === undefined ? [] : [[bias, (g: Tensor) => sum(g, { axis: [0, 2, 3] })] as const]),
  ]);
}

function addToPlanes(out: Float32Array, bias: Float32Array, plane: number): void {
  for (let o = 0, f = 0; o < out.length; f = f + 1 === bias.length ? 0 : f + 1) {
    const b = bias[f];
    for (const end = o + plane; o < end; o++) out[o] += b;
  }
}

/** The sizes of the convolution whose input this op's output is. */
function transposedSpec(x: Shape, weight: Shape, options: ConvTranspose2dOptions): Conv2dSpec {
  const op = 'convTranspose2d';
  const { groups = 1 } = options;
  if (x.length !== 4 || weight.length !== 4) {
    throw new ShapeError(
      op,
      'x must be [N, C, H, W] and weight [C, F / groups, kH, kW]',
      [x, weight],
      'reshape() adds missing axes.',
    );
  }
  checkPixels(op, x);
  checkInteger(op, 'groups', groups, 1);
  const [batch, filters, outHeight, outWidth] = x;
  const [inputs, groupChannels, kernelHeight, kernelWidth] = weight;
  if (filters !== inputs || filters % groups !== 0) {
    throw new ShapeError(
      op,
      `${filters} channels do not fit weight [C, F / groups, kH, kW] with ${groups} groups`,
      [x, weight],
      'weight.shape[0] must be C, a multiple of groups.',
    );
  }
  const [strideHeight, strideWidth] = pair(op, 'stride', options.stride ?? 1, 1);
  const [padHeight, padWidth] = pair(op, 'padding', options.padding ?? 0, 0);
  const [dilationHeight, dilationWidth] = pair(op, 'dilation', options.dilation ?? 1, 1);
  const [addHeight, addWidth] = pair(op, 'outputPadding', options.outputPadding ?? 0, 0);
  if (addHeight >= Math.max(strideHeight, dilationHeight) || addWidth >= Math.max(strideWidth, dilationWidth)) {
    throw new RangeError(
      `${op}: outputPadding must be less than the stride or the dilation; got ${addHeight}, ${addWidth} with stride ` +
        `${strideHeight}, ${strideWidth} and dilation ${dilationHeight}, ${dilationWidth}. pad() adds more.`,
    );
  }
  const height = (outHeight - 1) * strideHeight - 2 * padHeight + dilationHeight * (kernelHeight - 1) + addHeight + 1;
  const width = (outWidth - 1) * strideWidth - 2 * padWidth + dilationWidth * (kernelWidth - 1) + addWidth + 1;
  if (height < 1 || width < 1 || kernelHeight < 1 || kernelWidth < 1) {
    throw new ShapeError(
      op,
      `the output would be ${height} x ${width}`,
      [x, weight],
      'Use less padding, or a larger kernel or stride.',
    );
  }
  const channels = groupChannels * groups;
  checkShape(op, [batch, channels, height, width]);
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
