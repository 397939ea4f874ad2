import * as portable from '../../tensor/kernels/portable/rows.ts';
import { allocate } from '../../tensor/precision.ts';
import { resolveAxis, type Shape, ShapeError, sameShape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { fused, pullThrough, record } from '../tape.ts';
import { add, mul, sub } from './arithmetic.ts';
import { reshape, transpose } from './rearrange.ts';
import { mean } from './reductions.ts';
import { checkEpsilon, overRootMeanSquare, rowStatistics } from './standardize.ts';

/** Options of `rmsNorm`. */
export interface RmsNormOptions {
  /** How many trailing axes are normalized together, or a list of axes, negative ones count from the end. Default 1. */
  readonly axes?: number | readonly number[] | undefined;
  /** Scale of each element, with the shape of the normalized axes, in their order in x. */
  readonly weight?: Tensor | undefined;
  /** Added to the variance or to the mean square, at least 0. Default 1e-5; of rmsNorm 2^-23. */
  readonly epsilon?: number | undefined;
}

/** Options of `layerNorm`. */
export interface LayerNormOptions extends RmsNormOptions {
  /** Shift of each element, with the shape of the normalized axes, in their order in x. */
  readonly bias?: Tensor | undefined;
}

/** The default epsilon of `rmsNorm`, PyTorch's: the distance from 1 to the next float32. */
export const RMS_EPSILON = 1.1920928955078125e-7;

/**
 * Layer normalization: each item to mean 0 and variance 1 over its last axes, then scaled and shifted element by element.
 *
 * Shapes: x `[...S, ...T] -> [...S, ...T]`, T being the normalized axes; weight and bias `[...T]`. Axes that are not the
 * last are moved there and back.
 * Formula: `y = (x - mean) / sqrt(variance + epsilon)`, then `y * weight + bias`; the variance is the biased one.
 * Gradient: with `h = g * weight`, of x `(h - mean(h) - y mean(h y)) / sqrt(variance + epsilon)`; of the weight the sum of
 * `g y`, of the bias that of `g`. An item with `variance + epsilon` of 0 (constant, and epsilon 0) has y 0 and gradient 0.
 * Source: Ba, Kiros, Hinton 2016.
 * Throws: ShapeError for axes that x has not, and for a weight or bias of another shape; RangeError for a number of axes
 * or an epsilon out of range.
 *
 * @example layerNorm(tensor([[1, 3], [5, 5]]), { epsilon: 0, bias: tensor([0, 7]) }).toArray() // [[-1, 8], [0, 7]]
 */
export function layerNorm(x: Tensor, options: LayerNormOptions = {}): Tensor {
  return normalizeLast('layerNorm', x, options, options.epsilon ?? 1e-5, true);
}

/**
 * Root mean square normalization: each item divided by the root of its mean square over its last axes, then scaled
 * element by element. Layer normalization without the mean and without a bias.
 *
 * Shapes: x `[...S, ...T] -> [...S, ...T]`, T being the normalized axes; weight `[...T]`. Axes that are not the last are
 * moved there and back.
 * Formula: `y = x / sqrt(mean(x^2) + epsilon)`, then `y * weight`. The epsilon is 2^-23 by default, as in PyTorch.
 * Gradient: with `h = g * weight`, of x `(h - y mean(h y)) / sqrt(mean(x^2) + epsilon)`; of the weight the sum of `g y`.
 * An item of zeros with epsilon 0 stays zero, with gradient 0.
 * Source: Zhang and Sennrich 2019.
 * Throws: ShapeError for axes that x has not, and for a weight of another shape; RangeError for a number of axes or an
 * epsilon out of range.
 *
 * @example rmsNorm(tensor([[1, 7], [0, 0]]), { epsilon: 0 }).toArray() // [[0.2, 1.4], [0, 0]]
 */
export function rmsNorm(x: Tensor, options: RmsNormOptions = {}): Tensor {
  return normalizeLast('rmsNorm', x, options, options.epsilon ?? RMS_EPSILON, false);
}

function normalizeLast(
  op: string,
  x: Tensor,
  { axes = 1, weight, bias }: LayerNormOptions,
  epsilon: number,
  centered: boolean,
): Tensor {
  checkEpsilon(op, epsilon);
  const normalized = normalizedAxes(op, axes, x.shape);
  const shape = normalized.map((axis) => x.shape[axis]);
  for (const [name, t] of Object.entries({ weight, bias })) {
    if (t !== undefined && !sameShape(t.shape, shape)) {
      throw new ShapeError(
        op,
        `${name} must have the shape [${shape.join(', ')}] of the normalized axes`,
        [t.shape, x.shape],
        'Use one value for each of their elements.',
      );
    }
  }
  if (normalized[0] === x.shape.length - normalized.length)
    return normalizeRows(op, x, weight, bias, sizeOf(shape), epsilon, centered);
  const order = [...x.shape.map((_, axis) => axis).filter((axis) => !normalized.includes(axis)), ...normalized];
  const inverse = order.map((_, axis) => order.indexOf(axis));
  return transpose(normalizeRows(op, transpose(x, order), weight, bias, sizeOf(shape), epsilon, centered), inverse);
}

/** The axes in rising order. */
function normalizedAxes(op: string, axes: number | readonly number[], shape: Shape): number[] {
  const rank = shape.length;
  if (typeof axes === 'number') {
    if (!Number.isInteger(axes) || axes < 1 || axes > rank)
      throw new ShapeError(
        op,
        `x has no ${axes} last axes to normalize`,
        [shape],
        rank === 0 ? 'A scalar has no axes.' : `Use 1 to ${rank}, or a list of axes.`,
      );
    return Array.from({ length: axes }, (_, i) => rank - axes + i);
  }
  const resolved = axes.map((axis) => resolveAxis(op, axis, shape)).sort((a, b) => a - b);
  if (resolved.length === 0)
    throw new ShapeError(op, 'the list of axes is empty', [shape], 'List the axes to normalize over.');
  if (new Set(resolved).size !== resolved.length)
    throw new ShapeError(op, `an axis is listed twice in [${axes.join(', ')}]`, [shape], 'List each axis once.');
  return resolved;
}

/** Over the last `width` elements at a time. */
function normalizeRows(
  op: string,
  x: Tensor,
  weight: Tensor | undefined,
  bias: Tensor | undefined,
  width: number,
  epsilon: number,
  centered: boolean,
): Tensor {
  const inputs = [x, weight, bias].filter((t) => t !== undefined);
  const rows = x.size === 0 ? 0 : x.size / width;
  const { means, inverse } = rowStatistics(x.data, rows, width, epsilon, centered);
  const scale = weight?.data ?? new Float32Array(width).fill(1);
  const out = allocate(inputs, x.shape);
  portable.scaleRows(x.data, means, inverse, scale, bias?.data ?? new Float32Array(width), out);

  // The pullbacks of all inputs share one pass over a gradient.
  const known = new WeakMap<Tensor, ScaledRowSums>();
  const sumsOf = (g: Tensor): ScaledRowSums => {
    const sums = known.get(g) ?? {
      totals: new Float64Array(rows),
      products: new Float64Array(rows),
      weightSums: new Float64Array(width),
      biasSums: new Float64Array(width),
    };
    if (!known.has(g)) {
      const { totals, products, weightSums, biasSums } = sums;
      portable.scaledRowSums(x.data, g.data, means, inverse, scale, totals, products, weightSums, biasSums);
      if (!centered) totals.fill(0);
      known.set(g, sums);
    }
    return sums;
  };
  const inputGradient = (g: Tensor): Tensor => {
    const { totals, products } = sumsOf(g);
    const gx = allocate([g, x], x.shape);
    portable.pullScaledRows(x.data, g.data, means, inverse, scale, totals, products, gx);
    return new Tensor(gx, x.shape);
  };
  const composed = (index: number) => (g: Tensor) =>
    pullThrough(
      (y, ...affine) =>
        composedRows(
          y,
          weight === undefined ? undefined : affine[0],
          bias === undefined ? undefined : affine[affine.length - 1],
          width,
          epsilon,
          centered,
        ),
      inputs,
      index,
      g,
    );
  const pull = (t: Tensor, of: (sums: ScaledRowSums) => Float64Array) => (g: Tensor) => {
    const data = allocate([t], t.shape);
    data.set(of(sumsOf(g)));
    return new Tensor(data, t.shape);
  };
  return record(op, out, x.shape, [
    [x, fused(inputGradient, composed(0))],
    ...(weight === undefined
      ? []
      : [
          [
            weight,
            fused(
              pull(weight, (s) => s.weightSums),
              composed(1),
            ),
          ] as const,
        ]),
    ...(bias === undefined
      ? []
      : [
          [
            bias,
            fused(
              pull(bias, (s) => s.biasSums),
              composed(inputs.length - 1),
            ),
          ] as const,
        ]),
  ]);
}

/** What `scaledRowSums` adds up. */
interface ScaledRowSums {
  readonly totals: Float64Array;
  readonly products: Float64Array;
  readonly weightSums: Float64Array;
  readonly biasSums: Float64Array;
}

/** The same from ops that have second derivatives. */
function composedRows(
  x: Tensor,
  weight: Tensor | undefined,
  bias: Tensor | undefined,
  width: number,
  epsilon: number,
  centered: boolean,
): Tensor {
  if (x.size === 0) return x;
  const rows = reshape(x, [x.size / width, width]);
  const residual = centered ? sub(rows, mean(rows, { axis: 1, keepDims: true })) : rows;
  const normalized = overRootMeanSquare(residual, 1, epsilon);
  const scaled = weight === undefined ? normalized : mul(normalized, reshape(weight, [width]));
  return reshape(bias === undefined ? scaled : add(scaled, reshape(bias, [width])), x.shape);
}
