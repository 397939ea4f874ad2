import { checkAtLeastZero } from '../../tensor/check.ts';
import { active, type ChannelSpec } from '../../tensor/kernels/kernels.ts';
import * as portable from '../../tensor/kernels/portable/channels.ts';
import { isDouble } from '../../tensor/precision.ts';
import { ShapeError } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { add, div, mul, sub } from './arithmetic.ts';
import type { Operand } from './broadcast.ts';
import { moderateScale } from './moderateScale.ts';
import { sqrt, square } from './pointwise.ts';
import { mean } from './reductions.ts';

/* What the normalizations share: mean 0 and variance 1, before any scale and shift. */

/** Throws a RangeError unless it is a finite number of at least 0. */
export function checkEpsilon(op: string, epsilon: number): void {
  checkAtLeastZero(op, 'epsilon', epsilon);
}

/** Throws a ShapeError, with its name, for one that does not hold a value a channel of x. */
export function checkPerChannel(op: string, x: Tensor, named: Readonly<Record<string, Tensor | undefined>>): void {
  const channels = x.shape[1];
  for (const [name, t] of Object.entries(named)) {
    if (t !== undefined && (t.shape.length !== 1 || t.shape[0] !== channels))
      throw new ShapeError(op, `${name} must be [${channels}]`, [t.shape, x.shape], 'Use one value a channel.');
  }
}

/** `1 / sqrt(v)`, and 0 at 0, which normalizes what is constant to 0. */
export function inverseRoot(v: number): number {
  return v === 0 ? 0 : 1 / Math.sqrt(v);
}

/** For each channel the sum of a and of `a (x - center)`; a is g, or `x - center` where there is none. */
export interface ChannelSums {
  readonly totals: Float64Array;
  readonly products: Float64Array;
}

export function channelSums(
  x: Float32Array,
  g: Float32Array | undefined,
  centers: Float64Array,
  spec: ChannelSpec,
): ChannelSums {
  const totals = new Float64Array(spec.channels);
  const products = new Float64Array(spec.channels);
  const kernels = active(g === undefined || isDouble(x) ? x : g);
  (kernels.channelSums ?? portable.channelSums)(x, g, centers, totals, products, spec);
  return { totals, products };
}

/**
 * How many rows a channel kernel gets at once, and how long they may be for that. A kernel chooses its order of summation
 * by the number of its channels too, so that number must not tell how large the batch is: rows of up to LONG numbers are
 * few enough for any kernel, and longer ones go one by one.
 */
const ROWS = 1024;
const LONG = 1 << 14;

/** `channelSums` of rows [rows, width], one center a row: a row has the same bits in any batch. */
export function rowSums(
  x: Float32Array,
  g: Float32Array | undefined,
  centers: Float64Array,
  width: number,
): ChannelSums {
  const totals = new Float64Array(centers.length);
  const products = new Float64Array(centers.length);
  eachBlock(centers.length, width, (start, end, spec) => {
    const part = channelSums(
      x.subarray(start * width, end * width),
      g?.subarray(start * width, end * width),
      centers.subarray(start, end),
      spec,
    );
    totals.set(part.totals, start);
    products.set(part.products, start);
  });
  return { totals, products };
}

/** `channelAffine` of rows [rows, width]: `factors` holds scale, shift and slope of each. */
export function rowAffine(
  x: Float32Array,
  g: Float32Array | undefined,
  factors: Float64Array,
  out: Float32Array,
  width: number,
): void {
  const kernel = active(out).channelAffine ?? portable.channelAffine;
  eachBlock(factors.length / 3, width, (start, end, spec) => {
    const part = (data: Float32Array) => data.subarray(start * width, end * width);
    kernel(part(x), g === undefined ? g : part(g), factors.subarray(3 * start, 3 * end), part(out), spec);
  });
}

function eachBlock(rows: number, width: number, run: (start: number, end: number, spec: ChannelSpec) => void): void {
  const most = width > LONG ? 1 : ROWS;
  for (let start = 0; start < rows; start += most) {
    const end = Math.min(rows, start + most);
    run(start, end, { batch: 1, channels: end - start, pixels: width });
  }
}

/** The mean of each row and `1 / sqrt(variance + epsilon)`; 0 and `1 / sqrt(mean square + epsilon)` where not centered. */
export interface RowStatistics {
  readonly means: Float64Array;
  readonly inverse: Float64Array;
  /** Whether all numbers of the row are equal (or 0, where not centered). */
  readonly constant: (row: number) => boolean;
}

export function rowStatistics(
  x: Float32Array,
  rows: number,
  width: number,
  epsilon: number,
  centered: boolean,
): RowStatistics {
  const means = new Float64Array(rows);
  const variances = new Float64Array(rows);
  // Around its first entry a constant row has variance 0 exactly, and what cancels stays far below float32's digits.
  if (centered && width > 0) for (let row = 0; row < rows; row++) means[row] = x[row * width];
  const { totals, products } = rowSums(x, undefined, means, width);
  const count = Math.max(1, width);
  for (let row = 0; row < rows; row++) {
    const beyond = centered ? totals[row] / count : 0;
    means[row] += beyond;
    variances[row] = Math.max(0, products[row] / count - beyond * beyond);
  }
  return { means, inverse: variances.map((v) => inverseRoot(v + epsilon)), constant: (row) => variances[row] === 0 };
}

/** `centered / sqrt(variance + epsilon)` from ops that have second derivatives; 0 where the root is 0. */
export function standardized(centered: Tensor, variance: Tensor, epsilon: Operand): Tensor {
  const spread = add(variance, epsilon);
  const constant = new Tensor(
    spread.data.map((v) => (v === 0 ? 1 : 0)),
    spread.shape,
  );
  return mul(sub(1, constant), div(centered, sqrt(add(spread, constant))));
}

/**
 * `x / sqrt(mean(x^2) + epsilon)` along the axes from ops that have second derivatives; 0 where the root is 0. Numbers
 * whose squares float32 does not hold are scaled first; the scale, a constant, cancels.
 */
export function overRootMeanSquare(x: Tensor, axis: number | readonly number[], epsilon: number): Tensor {
  const scale = moderateScale(x, axis, Math.sqrt(epsilon));
  const scaled = scale === undefined ? x : div(x, scale);
  const rest =
    scale === undefined
      ? epsilon
      : new Tensor(
          scale.data.map((v) => epsilon / v / v),
          scale.shape,
        );
  return standardized(scaled, mean(square(scaled), { axis, keepDims: true }), rest);
}
