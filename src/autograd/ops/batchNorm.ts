import { active } from '../../tensor/kernels/kernels.ts';
import * as portable from '../../tensor/kernels/portable/channels.ts';
import { allocate } from '../../tensor/precision.ts';
import { ShapeError, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { fused, pullThrough, record } from '../tape.ts';
import { add, mul, sub } from './arithmetic.ts';
import { reshape } from './rearrange.ts';
import { mean, sum } from './reductions.ts';
import {
  type ChannelSums,
  channelSums,
  checkEpsilon,
  checkPerChannel,
  inverseRoot,
  overRootMeanSquare,
  standardized,
} from './standardize.ts';

/** Options of `batchNorm`. */
export interface BatchNormOptions {
  /** Scale and shift of each channel, `[C]`. */
  readonly weight?: Tensor | undefined;
  readonly bias?: Tensor | undefined;
  /** Statistics `[C]` used in inference, and updated in place in training. */
  readonly runningMean?: Tensor | undefined;
  readonly runningVar?: Tensor | undefined;
  /** Whether to normalize by the statistics of this batch. Default false. */
  readonly training?: boolean | undefined;
  /** Weight of the new batch in the running statistics, in [0, 1]. Default 0.1. */
  readonly momentum?: number | undefined;
  /** Added to the variance, at least 0. Default 1e-5. */
  readonly epsilon?: number | undefined;
}

/**
 * Batch normalization: each channel to mean 0 and variance 1 over the batch (training) or by running statistics
 * (inference), then scaled and shifted.
 *
 * Shapes: x `[N, C, ...]` -> the same. Formula: `(x - mean) / sqrt(var + epsilon) * weight + bias`, biased variance;
 * the running variance is the unbiased one. In training `runningMean` and `runningVar` are written in place.
 * A channel with `var + epsilon` of 0 (constant, and epsilon 0) is normalized to 0, with gradient 0.
 * Gradient: with `s = weight / sqrt(var + epsilon)`, of x `s (g - mean(g) - y mean(g y))` in training, y being the
 * normalized x, and `s g` in inference; of the weight `sum(g y)`, of the bias `sum(g)`, both a channel.
 * Source: Ioffe and Szegedy 2015.
 * Throws: ShapeError for shapes that do not fit, and for training on one value a channel; TypeError in inference
 * without statistics; RangeError for a momentum or epsilon out of range.
 *
 * @example batchNorm(tensor([[1], [3]]), { training: true, epsilon: 0 }).toArray() // [[-1], [1]]
 */
export function batchNorm(x: Tensor, options: BatchNormOptions): Tensor {
  const { weight, bias, runningMean, runningVar, training = false, momentum = 0.1, epsilon = 1e-5 } = options;
  const [batch, channels] = x.shape;
  checkBatchNorm({ momentum, epsilon });
  if (x.shape.length < 2)
    throw new ShapeError('batchNorm', 'x must be [N, C, ...]', [x.shape], 'The second axis holds the channels.');
  checkPerChannel('batchNorm', x, { weight, bias, runningMean, runningVar });
  const pixels = sizeOf(x.shape.slice(2));
  const count = batch * pixels;
  if (training && count < 2) {
    throw new ShapeError(
      'batchNorm',
      'training needs more than one value a channel',
      [x.shape],
      'Use a larger batch, or inference.',
    );
  }
  if (!training && (runningMean === undefined || runningVar === undefined)) {
    throw new TypeError('batchNorm: inference needs runningMean and runningVar. Pass them, or training: true.');
  }
  const inputs = [x, weight, bias].filter((t) => t !== undefined);
  const out = allocate(inputs, x.shape);
  const spec = { batch, channels, pixels };
  const means = new Float64Array(channels);
  const inverse = new Float64Array(channels);
  const constant = new Uint8Array(channels);
  if (training) {
    // Around a first entry a constant channel has variance 0 exactly, and what cancels stays far below float32's digits.
    for (let c = 0; c < channels; c++) means[c] = x.data[c * pixels];
    const { totals, products } = channelSums(x.data, undefined, means, spec);
    for (let c = 0; c < channels; c++) {
      const beyond = totals[c] / count;
      const variance = Math.max(0, products[c] / count - beyond * beyond);
      means[c] += beyond;
      inverse[c] = inverseRoot(variance + epsilon);
      constant[c] = Number(variance === 0);
      if (runningMean !== undefined) runningMean.data[c] += momentum * (means[c] - runningMean.data[c]);
      if (runningVar !== undefined)
        runningVar.data[c] += momentum * ((variance * count) / (count - 1) - runningVar.data[c]);
    }
  } else if (runningMean !== undefined && runningVar !== undefined) {
    for (let c = 0; c < channels; c++) {
      means[c] = runningMean.data[c];
      inverse[c] = inverseRoot(runningVar.data[c] + epsilon);
    }
  }
  const scales = inverse.map((v, c) => v * (weight?.data[c] ?? 1));
  // A constant channel is its bias to the bit, however large its numbers are.
  const shifted = factors(channels, (c) => {
    const scale = constant[c] === 1 ? 0 : scales[c];
    return [scale, (bias?.data[c] ?? 0) - means[c] * scale, 0];
  });
  (active(out).channelAffine ?? portable.channelAffine)(x.data, undefined, shifted, out, spec);

  // The pullbacks of all inputs share one pass over a gradient.
  const known = new WeakMap<Tensor, ChannelSums>();
  const sumsOf = (g: Tensor): ChannelSums => {
    const sums = known.get(g) ?? channelSums(x.data, g.data, means, spec);
    known.set(g, sums);
    return sums;
  };
  const inputGradient = (g: Tensor): Tensor => {
    const gx = allocate([g, x], x.shape);
    const kernel = active(gx).channelAffine ?? portable.channelAffine;
    if (training) {
      const { totals, products } = sumsOf(g);
      // scale (g - mean(g) - y mean(g y)) for the normalized y = (x - mean) inverse.
      const back = factors(channels, (c) => {
        const slope = (products[c] * inverse[c] * inverse[c]) / count;
        return [-scales[c] * slope, scales[c] * (slope * means[c] - totals[c] / count), scales[c]];
      });
      kernel(x.data, g.data, back, gx, spec);
    } else {
      kernel(
        g.data,
        undefined,
        factors(channels, (c) => [scales[c], 0, 0]),
        gx,
        spec,
      );
    }
    return new Tensor(gx, x.shape);
  };
  const composed = (index: number) => (g: Tensor) =>
    pullThrough((y, ...affine) => composedBatchNorm(y, options, affine), inputs, index, g);
  const toVector = (values: Float64Array, like: Tensor): Tensor => {
    const data = allocate([like], like.shape);
    data.set(values);
    return new Tensor(data, like.shape);
  };
  const weightGradient = (w: Tensor) => (g: Tensor) =>
    toVector(
      sumsOf(g).products.map((v, c) => v * inverse[c]),
      w,
    );
  const rowSums = (g: Tensor) => sum(reshape(g, [batch, channels, pixels]), { axis: [0, 2] });
  return record('batchNorm', out, x.shape, [
    [x, fused(inputGradient, composed(0))],
    ...(weight === undefined ? [] : [[weight, fused(weightGradient(weight), composed(1))] as const]),
    ...(bias === undefined ? [] : [[bias, fused((g) => toVector(sumsOf(g).totals, bias), rowSums)] as const]),
  ]);
}

/** Throws a RangeError for a momentum or an epsilon out of range. */
export function checkBatchNorm({ momentum, epsilon }: { readonly momentum: number; readonly epsilon: number }): void {
  if (!(momentum >= 0 && momentum <= 1))
    throw new RangeError(`batchNorm: momentum must lie in [0, 1]; got ${momentum}.`);
  checkEpsilon('batchNorm', epsilon);
}

/** Scale, shift and slope of every channel, as `channelAffine` takes them. */
function factors(channels: number, of: (c: number) => readonly [number, number, number]): Float64Array {
  return Float64Array.from(Array.from({ length: channels }, (_, c) => of(c)).flat());
}

/** The same from ops that have second derivatives; `affine` holds the weight and the bias, those that there are. */
function composedBatchNorm(x: Tensor, options: BatchNormOptions, affine: readonly Tensor[]): Tensor {
  const { runningMean, runningVar, training = false, epsilon = 1e-5 } = options;
  const [batch, channels] = x.shape;
  const rows = reshape(x, [batch, channels, sizeOf(x.shape.slice(2))]);
  const perChannel = (t: Tensor) => reshape(t, [1, channels, 1]);
  const fixed = !training && runningMean !== undefined && runningVar !== undefined;
  const center = fixed ? perChannel(runningMean) : mean(rows, { axis: [0, 2], keepDims: true });
  const centered = sub(rows, center);
  const normalized = fixed
    ? standardized(centered, perChannel(runningVar), epsilon)
    : overRootMeanSquare(centered, [0, 2], epsilon);
  const weight = options.weight === undefined ? undefined : affine[0];
  const bias = options.bias === undefined ? undefined : affine[affine.length - 1];
  const scaled = weight === undefined ? normalized : mul(normalized, perChannel(weight));
  return reshape(bias === undefined ? scaled : add(scaled, perChannel(bias)), x.shape);
}
