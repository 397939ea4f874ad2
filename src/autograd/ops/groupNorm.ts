import { checkInteger } from '../../tensor/check.ts';
import { allocate } from '../../tensor/precision.ts';
import { ShapeError, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { fused, pullThrough, record } from '../tape.ts';
import { add, mul, sub } from './arithmetic.ts';
import { reshape } from './rearrange.ts';
import { mean, sum } from './reductions.ts';
import {
  type ChannelSums,
  checkEpsilon,
  checkPerChannel,
  overRootMeanSquare,
  rowAffine,
  rowStatistics,
  rowSums,
} from './standardize.ts';

/** Options of `instanceNorm`. */
export interface InstanceNormOptions {
  /** Scale and shift of each channel, `[C]`. */
  readonly weight?: Tensor | undefined;
  readonly bias?: Tensor | undefined;
  /** Added to the variance, at least 0. Default 1e-5. */
  readonly epsilon?: number | undefined;
}

/** Options of `groupNorm`. */
export interface GroupNormOptions extends InstanceNormOptions {
  /** How many groups the channels are divided into; must divide their number. */
  readonly groups: number;
}

/**
 * Group normalization: neighboring channels of an item, with all their pixels, to mean 0 and variance 1 together, then
 * scaled and shifted channel by channel. The batch does not matter, in training as in inference.
 *
 * Shapes: x `[N, C, ...] -> [N, C, ...]`; weight and bias `[C]`.
 * Formula: `y = (x - mean) / sqrt(variance + epsilon)` over each group of `C / groups` channels, then `y * weight + bias`;
 * the variance is the biased one.
 * Gradient: with `h = g * weight`, of x `(h - mean(h) - y mean(h y)) / sqrt(variance + epsilon)`; of the weight the sum of
 * `g y`, of the bias that of `g`. A group with `variance + epsilon` of 0 (constant, and epsilon 0) has y 0 and gradient 0.
 * Source: Wu and He 2018.
 * Throws: ShapeError for shapes that do not fit; RangeError for groups that do not divide the channels and for an epsilon
 * out of range.
 *
 * @example groupNorm(tensor([[1, 3, 5, 5]]), { groups: 2, epsilon: 0 }).toArray() // [[-1, 1, 0, 0]]
 */
export function groupNorm(x: Tensor, { groups, weight, bias, epsilon = 1e-5 }: GroupNormOptions): Tensor {
  checkInteger('groupNorm', 'groups', groups, 1);
  if (x.shape.length < 2)
    throw new ShapeError('groupNorm', 'x must be [N, C, ...]', [x.shape], 'The second axis holds the channels.');
  if (x.shape[1] % groups !== 0)
    throw new RangeError(`groupNorm: ${groups} groups do not divide ${x.shape[1]} channels. Choose a divisor.`);
  return normalizeGroups('groupNorm', x, groups, weight, bias, epsilon);
}

/**
 * Instance normalization: every channel of every item to mean 0 and variance 1 over its pixels, then scaled and shifted
 * channel by channel. There are no running statistics: training and inference are the same, as is PyTorch's default.
 *
 * Shapes: x `[N, C, ...] -> [N, C, ...]`, at least one axis of pixels; weight and bias `[C]`.
 * Formula: `y = (x - mean) / sqrt(variance + epsilon)` over the pixels of each channel, then `y * weight + bias`; the
 * variance is the biased one.
 * Gradient: as of `groupNorm` with a group a channel.
 * Source: Ulyanov, Vedaldi, Lempitsky 2016.
 * Throws: ShapeError for shapes that do not fit, and for channels of a single pixel; RangeError for an epsilon out of range.
 *
 * @example instanceNorm(tensor([[[1, 3], [5, 5]]]), { epsilon: 0 }).toArray() // [[[-1, 1], [0, 0]]]
 */
export function instanceNorm(x: Tensor, { weight, bias, epsilon = 1e-5 }: InstanceNormOptions = {}): Tensor {
  if (x.shape.length < 3)
    throw new ShapeError('instanceNorm', 'x must be [N, C, ...]', [x.shape], 'Axes of pixels follow the channels.');
  if (sizeOf(x.shape.slice(2)) === 1)
    throw new ShapeError(
      'instanceNorm',
      'a single pixel has no variance',
      [x.shape],
      'Use larger images, or layerNorm over the channels.',
    );
  return normalizeGroups('instanceNorm', x, x.shape[1], weight, bias, epsilon);
}

function normalizeGroups(
  op: string,
  x: Tensor,
  groups: number,
  weight: Tensor | undefined,
  bias: Tensor | undefined,
  epsilon: number,
): Tensor {
  checkEpsilon(op, epsilon);
  const [batch, channels] = x.shape;
  checkPerChannel(op, x, { weight, bias });
  const inputs = [x, weight, bias].filter((t) => t !== undefined);
  const pixels = sizeOf(x.shape.slice(2));
  const planes = batch * channels;
  const together = groups === 0 ? 0 : channels / groups;
  const width = together * pixels;
  const { means, inverse, constant } = rowStatistics(x.data, batch * groups, width, epsilon, true);

  // Scale and shift of a plane, a channel of an item, take the weight and the bias in.
  const factors = new Float64Array(3 * planes);
  for (let plane = 0; plane < planes; plane++) {
    const row = Math.floor(plane / together);
    const channel = plane % channels;
    // A constant group is its bias to the bit, however large its numbers are.
    const scale = constant(row) ? 0 : inverse[row] * (weight?.data[channel] ?? 1);
    factors[3 * plane] = scale;
    factors[3 * plane + 1] = (bias?.data[channel] ?? 0) - means[row] * scale;
  }
  const out = allocate(inputs, x.shape);
  rowAffine(x.data, undefined, factors, out, pixels);

  const centers = Float64Array.from({ length: planes }, (_, plane) => means[Math.floor(plane / together)]);
  // The pullbacks of all inputs share one pass over a gradient.
  const known = new WeakMap<Tensor, ChannelSums>();
  const sumsOf = (g: Tensor): ChannelSums => {
    const sums = known.get(g) ?? rowSums(x.data, g.data, centers, pixels);
    known.set(g, sums);
    return sums;
  };
  const inputGradient = (g: Tensor): Tensor => {
    const { totals, products } = sumsOf(g);
    const back = new Float64Array(3 * planes);
    for (let row = 0; row < means.length; row++) {
      const first = row * together;
      let total = 0;
      let product = 0;
      for (let plane = first; plane < first + together; plane++) {
        const scale = weight?.data[plane % channels] ?? 1;
        total += scale * totals[plane];
        product += scale * products[plane];
      }
      const slope = (product * inverse[row] * inverse[row]) / width;
      for (let plane = first; plane < first + together; plane++) {
        back[3 * plane] = -inverse[row] * slope;
        back[3 * plane + 1] = inverse[row] * (slope * means[row] - total / width);
        back[3 * plane + 2] = inverse[row] * (weight?.data[plane % channels] ?? 1);
      }
    }
    const gx = allocate([g, x], x.shape);
    rowAffine(x.data, g.data, back, gx, pixels);
    return new Tensor(gx, x.shape);
  };
  /** Sums over the items. */
  const perChannel = (t: Tensor, of: (plane: number) => number): Tensor => {
    const totals = new Float64Array(channels);
    for (let plane = 0; plane < planes; plane++) totals[plane % channels] += of(plane);
    const data = allocate([t], t.shape);
    data.set(totals);
    return new Tensor(data, t.shape);
  };
  const weightGradient = (w: Tensor) => (g: Tensor) => {
    const { products } = sumsOf(g);
    return perChannel(w, (plane) => products[plane] * inverse[Math.floor(plane / together)]);
  };
  const biasGradient = (b: Tensor) => (g: Tensor) => {
    const { totals } = sumsOf(g);
    return perChannel(b, (plane) => totals[plane]);
  };
  const composed = (index: number) => (g: Tensor) =>
    pullThrough(
      (y, ...affine) => composedGroups(y, groups, weight && affine[0], bias && affine[affine.length - 1], epsilon),
      inputs,
      index,
      g,
    );
  const rowTotals = (g: Tensor) => sum(reshape(g, [batch, channels, pixels]), { axis: [0, 2] });
  return record(op, out, x.shape, [
    [x, fused(inputGradient, composed(0))],
    ...(weight === undefined ? [] : [[weight, fused(weightGradient(weight), composed(1))] as const]),
    ...(bias === undefined ? [] : [[bias, fused(biasGradient(bias), rowTotals)] as const]),
  ]);
}

/** The same from ops that have second derivatives. */
function composedGroups(
  x: Tensor,
  groups: number,
  weight: Tensor | undefined,
  bias: Tensor | undefined,
  epsilon: number,
): Tensor {
  if (x.size === 0) return x;
  const [batch, channels] = x.shape;
  const rows = reshape(x, [batch * groups, x.size / (batch * groups)]);
  const residual = sub(rows, mean(rows, { axis: 1, keepDims: true }));
  const normalized = overRootMeanSquare(residual, 1, epsilon);
  const planes = reshape(normalized, [batch, channels, x.size / (batch * channels)]);
  const perChannel = (t: Tensor) => reshape(t, [1, channels, 1]);
  const scaled = weight === undefined ? planes : mul(planes, perChannel(weight));
  return reshape(bias === undefined ? scaled : add(scaled, perChannel(bias)), x.shape);
}
