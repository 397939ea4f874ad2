import { ShapeError } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { checkPixels, type Pair, pair, windowCount } from './conv2d.ts';
import { gather } from './indexed.ts';

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
  const { data } = x;
  const chosen = new Int32Array(batch * channels * outHeight * outWidth);
  let o = 0;
  for (let plane = 0; plane < batch * channels; plane++) {
    for (let y = 0; y < outHeight; y++) {
      const top = Math.max(0, y * strideHeight - padHeight);
      const bottom = Math.min(height, y * strideHeight - padHeight + kernelHeight);
      for (let z = 0; z < outWidth; z++, o++) {
        const left = Math.max(0, z * strideWidth - padWidth);
        const right = Math.min(width, z * strideWidth - padWidth + kernelWidth);
        let best = (plane * height + top) * width + left;
        let max = data[best];
        for (let row = top; row < bottom; row++) {
          for (let i = (plane * height + row) * width + left, end = i + right - left; i < end; i++) {
            const v = data[i];
            // biome-ignore lint/suspicious/noSelfCompare: true for NaN alone, which a maximum keeps.
            if (v > max || v !== v) {
              max = v;
              best = i;
            }
          }
        }
        chosen[o] = best;
      }
    }
  }
  return gather(x, chosen, [batch, channels, outHeight, outWidth], 1);
}
