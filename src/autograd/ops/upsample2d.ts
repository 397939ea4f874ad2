import type { AxisWeights } from '../../tensor/kernels/portable/resample.ts';
import { checkShape, ShapeError } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { axisWeights, resample2d } from './resample2d.ts';
import { bothOf, checkImages, type Pair, pair } from './windows.ts';

/** Options of `upsample2d`. */
export interface Upsample2dOptions {
  /** Copies a pixel, or interpolates between four. Default 'nearest'. */
  readonly mode?: 'nearest' | 'bilinear' | undefined;
  /** With 'bilinear', the middles of the corner pixels stay the corners, instead of their outer edges. Default false. */
  readonly alignCorners?: boolean | undefined;
}

/**
 * Images enlarged (or shrunk, by sampling alone) to a multiple of their size or to a given size.
 *
 * Shapes: `[N, C, H, W] -> [N, C, outH, outW]`, `outH = floor(H scale)` or the size given. The place of output row y
 * among those of x is `floor(y / scale)`, nearest; `max(0, (y + 0.5) / scale - 0.5)`, bilinear; or
 * `y (H - 1) / (outH - 1)` with aligned corners. Where a size is given, `scale = outH / H`.
 * Gradient: g to the pixels it was made of, by their weights. A pixel of weight 0 takes no part, even where it is infinite.
 * Throws: ShapeError unless x are images with pixels, and where none would be left; RangeError for a scale that is not
 * above 0, a size that is no such integer, or an unknown mode; TypeError for `alignCorners` without 'bilinear'.
 *
 * @example upsample2d(tensor([[[[1, 2]]]]), 2).toArray() // [[[[1, 1, 2, 2], [1, 1, 2, 2]]]]
 * @example upsample2d(tensor([[[[0, 4]]]]), { size: [1, 4] }, { mode: 'bilinear' }).toArray() // [[[[0, 1, 3, 4]]]]
 */
export function upsample2d(
  x: Tensor,
  scale: Pair | { readonly size: Pair },
  { mode = 'nearest', alignCorners }: Upsample2dOptions = {},
): Tensor {
  checkMode(mode, alignCorners);
  checkImages('upsample2d', x.shape);
  const [batch, channels, height, width] = x.shape;
  const [rows, columns] = samplings(scale, height, width);
  if (rows.outputs < 1 || columns.outputs < 1)
    throw new ShapeError('upsample2d', 'no pixels would be left', [x.shape], 'Use a larger scale.');
  checkShape('upsample2d', [batch, channels, rows.outputs, columns.outputs]);
  const axis = (sampling: Sampling): AxisWeights => {
    if (mode === 'nearest') return nearest(sampling);
    return alignCorners === true ? bilinear(aligned(sampling)) : bilinear(sampling, 0.5);
  };
  return resample2d('upsample2d', x, axis(rows), axis(columns));
}

/** One axis: the step from output to output is `step / steps` inputs, kept as a fraction because a quotient is rounded. */
interface Sampling {
  readonly inputs: number;
  readonly outputs: number;
  readonly step: number;
  readonly steps: number;
}

function samplings(
  scale: Pair | { readonly size: Pair },
  height: number,
  width: number,
): readonly [Sampling, Sampling] {
  if (typeof scale === 'object' && 'size' in scale) {
    const [outHeight, outWidth] = pair('upsample2d', 'size', scale.size, 1);
    const exactly = (inputs: number, outputs: number): Sampling => ({ inputs, outputs, step: inputs, steps: outputs });
    return [exactly(height, outHeight), exactly(width, outWidth)];
  }
  const [down, right] = bothOf('upsample2d', 'scale', scale);
  const times = (inputs: number, factor: number): Sampling => {
    if (!(factor > 0 && factor < Infinity))
      throw new RangeError(`upsample2d: scale must be a number above 0; got ${factor}. 2 doubles height and width.`);
    return { inputs, outputs: Math.floor(inputs * factor), step: 1, steps: factor };
  };
  return [times(height, down), times(width, right)];
}

function checkMode(mode: string, alignCorners: boolean | undefined): void {
  if (mode !== 'nearest' && mode !== 'bilinear')
    throw new RangeError(`upsample2d: unknown mode '${mode}'. Use 'nearest' or 'bilinear'.`);
  if (alignCorners !== undefined && mode === 'nearest')
    throw new TypeError("upsample2d: alignCorners belongs to mode 'bilinear'; got mode 'nearest'. Leave it out.");
}

/** The first output lies on the first input, the last on the last; a single one on the first. */
function aligned({ inputs, outputs }: Sampling): Sampling {
  return { inputs, outputs, step: inputs - 1, steps: Math.max(1, outputs - 1) };
}

function nearest({ inputs, outputs, step, steps }: Sampling): AxisWeights {
  return axisWeights(inputs, outputs, (i) => [Math.min(Math.floor((i * step) / steps), inputs - 1), [1]]);
}

/** `middle` is where in a pixel its value holds. */
function bilinear({ inputs, outputs, step, steps }: Sampling, middle = 0): AxisWeights {
  return axisWeights(inputs, outputs, (i) => {
    const place = Math.max(0, ((i + middle) * step) / steps - middle);
    const first = Math.min(Math.floor(place), inputs - 1);
    const rest = place - first;
    return [first, rest === 0 || first === inputs - 1 ? [1] : [1 - rest, rest]];
  });
}
