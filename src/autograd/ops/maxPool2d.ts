import { active } from '../../tensor/kernels/kernels.ts';
import * as portable from '../../tensor/kernels/portable/maxPool2d.ts';
import { takeIntegers } from '../../tensor/memory.ts';
import { allocate } from '../../tensor/precision.ts';
import { ShapeError } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { fused, record } from '../tape.ts';
import { checkPixels, type Pair, pair, windowCount } from './conv2d.ts';
import { scatter } from './indexed.ts';

/** Options of `maxPool2d`. */
export interface Pool2dOptions {
  /** Step of the window in pixels. Default: its size. */
  readonly stride?: Pair | undefined;
  /** Cells added at both ends of each axis, never chosen; at most half the size. Default 0. */
  readonly padding?: Pair | undefined;
}

/**
 * The largest entry of each window; NaN where a window holds one.
 *
 * Shapes: `[N, C, H, W] -> [N, C, outH, outW]`, `outH = floor((H + 2 padding - size) / stride) + 1`.
 * Gradient: g to the entry chosen; at a tie to the first in reading order.
 *
 * @example maxPool2d(tensor([[[[1, 2], [3, 4]]]]), 2).toArray() // [[[[4]]]]
 */
export function maxPool2d(x: Tensor, size: Pair, options: Pool2dOptions = {}): Tensor {
  const [kernelHeight, kernelWidth] = pair('maxPool2d', 'size', size, 1);
  const [strideHeight, strideWidth] = pair('maxPool2d', 'stride', options.stride ?? size, 1);
  const [padHeight, padWidth] = pair('maxPool2d', 'padding', options.padding ?? 0, 0);
  if (x.shape.length !== 4)
    throw new ShapeError('maxPool2d', 'x must be [N, C, H, W]', [x.shape], 'reshape() adds missing axes.');
  checkPixels('maxPool2d', x.shape);
  const [batch, channels, height, width] = x.shape;
  const outHeight = windowCount(height + 2 * padHeight, kernelHeight, strideHeight);
  const outWidth = windowCount(width + 2 * padWidth, kernelWidth, strideWidth);
  if (outHeight < 1 || outWidth < 1 || 2 * padHeight > kernelHeight || 2 * padWidth > kernelWidth) {
    throw new ShapeError(
      'maxPool2d',
      `windows of ${kernelHeight} x ${kernelWidth} with padding ${padHeight}, ${padWidth} do not fit`,
      [x.shape],
      'Use a smaller size, and padding of at most half of it.',
    );
  }
  const shape = [batch, channels, outHeight, outWidth];
  const spec = {
    planes: batch * channels,
    height,
    width,
    outHeight,
    outWidth,
    kernelHeight,
    kernelWidth,
    strideHeight,
    strideWidth,
    padHeight,
    padWidth,
  };
  const out = allocate([x], shape);
  const chosen = takeIntegers(out.length);
  (active(out).maxPool2d ?? portable.maxPool2d)(x.data, out, chosen, spec);
  const fast = (g: Tensor): Tensor => {
    const gx = allocate([g], x.shape);
    (active(gx).maxPool2dGradient ?? portable.maxPool2dGradient)(g.data, chosen, gx, spec);
    return new Tensor(gx, x.shape);
  };
  return record('maxPool2d', out, shape, [[x, fused(fast, (g) => scatter(g, chosen, x.shape, 1))]]);
}
