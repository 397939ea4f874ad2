import { active } from '../../tensor/kernels/kernels.ts';
import * as portable from '../../tensor/kernels/portable/maxPool2d.ts';
import { takeIntegers } from '../../tensor/memory.ts';
import { allocate } from '../../tensor/precision.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { fused, record } from '../tape.ts';
import { scatterBlocks } from './indexed.ts';
import { type Pair, poolWindows } from './windows.ts';

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
 * Gradient: g to the entry chosen; at a tie to the first in reading order, of several NaN to the last.
 * Throws: ShapeError where the window does not fit into the padded image; RangeError for an option that is no such integer.
 *
 * @example maxPool2d(tensor([[[[1, 2], [3, 4]]]]), 2).toArray() // [[[[4]]]]
 */
export function maxPool2d(x: Tensor, size: Pair, options: Pool2dOptions = {}): Tensor {
  const windows = poolWindows('maxPool2d', x.shape, size, options);
  const [batch, channels, height, width] = x.shape;
  const shape = [batch, channels, windows.outHeight, windows.outWidth];
  const spec = { planes: batch * channels, height, width, ...windows };
  const out = allocate([x], shape);
  const chosen = takeIntegers(out.length);
  (active(out).maxPool2d ?? portable.maxPool2d)(x.data, out, chosen, spec);
  const fast = (g: Tensor): Tensor => {
    const gx = allocate([g], x.shape);
    (active(gx).maxPool2dGradient ?? portable.maxPool2dGradient)(g.data, chosen, gx, spec);
    return new Tensor(gx, x.shape);
  };
  return record('maxPool2d', out, shape, [[x, fused(fast, (g) => scatterBlocks(g, chosen, x.shape, 1))]]);
}
