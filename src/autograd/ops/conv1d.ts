import { ShapeError } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { checkBias, convolutionSpec, convolve } from './conv2d.ts';
import { reshape } from './rearrange.ts';

/** Options of `conv1d`. */
export interface Conv1dOptions {
  /** Step of the kernel in positions. Default 1. */
  readonly stride?: number | undefined;
  /** Zeros added at both ends. Default 0. */
  readonly padding?: number | undefined;
  /** Distance in positions between neighboring kernel cells. Default 1. */
  readonly dilation?: number | undefined;
  /** Number of groups that channels and filters are split into. Default 1. */
  readonly groups?: number | undefined;
}

/**
 * 1-D convolution (cross-correlation) of signals: `conv2d` of images of height 1.
 *
 * Shapes: x `[N, C, L]`, weight `[F, C / groups, k]`, bias `[F]` -> `[N, F, outL]` with
 * `outL = floor((L + 2 padding - dilation (k - 1) - 1) / stride) + 1`.
 * Gradient: as of `conv2d`.
 * Cost: `2 N F outL (C / groups) k` operations.
 * Throws: ShapeError where the shapes do not fit one another or the kernel not into the padded signal; RangeError for an
 * option that is no such integer.
 *
 * @example conv1d(tensor([[[1, 2, 4]]]), tensor([[[-1, 1]]])).toArray() // [[[1, 2]]]
 */
export function conv1d(x: Tensor, weight: Tensor, bias?: Tensor, options: Conv1dOptions = {}): Tensor {
  const { stride = 1, padding = 0, dilation = 1, groups } = options;
  const shapes = [x.shape, weight.shape] as const;
  if (x.shape.length !== 3 || weight.shape.length !== 3) {
    throw new ShapeError(
      'conv1d',
      'x must be [N, C, L] and weight [F, C / groups, k]',
      shapes,
      'reshape() adds missing axes.',
    );
  }
  const [batch, channels, length] = x.shape;
  const [filters, groupChannels, size] = weight.shape;
  if (length < 1) throw new ShapeError('conv1d', 'the signal is empty', [x.shape], 'Its length must be at least 1.');
  const image = [batch, channels, 1, length];
  const kernel = [filters, groupChannels, 1, size];
  const wide = { stride: [1, stride], padding: [0, padding], dilation: [1, dilation], groups } as const;
  const spec = convolutionSpec('conv1d', image, kernel, wide, shapes);
  checkBias('conv1d', bias, filters, weight.shape);
  return reshape(convolve(reshape(x, image), reshape(weight, kernel), bias, spec), [batch, filters, spec.outWidth]);
}
