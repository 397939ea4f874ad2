import { mul, sub } from '../autograd/ops/arithmetic.ts';
import { abs, square } from '../autograd/ops/pointwise.ts';
import { record } from '../autograd/tape.ts';
import { checkAtLeastZero } from '../tensor/check.ts';
import { allocate } from '../tensor/precision.ts';
import { Tensor } from '../tensor/tensor.ts';
import { checkEqualShapes } from './equalShapes.ts';
import { type LossOptions, reduce } from './reduction.ts';

/**
 * Mean squared error: the square of each difference.
 *
 * Shapes: a, b `[...S]` -> scalar (`[...S]` with reduction 'none'). Nothing to compare gives 0 with a live graph.
 * Formula: `(a - b)^2`. Gradient: `2 g (a - b)` and its negative.
 * Throws: ShapeError for shapes that differ.
 *
 * @example mseLoss(tensor([1, 2]), tensor([1, 5])).item() // 4.5
 */
export function mseLoss(a: Tensor, b: Tensor, { reduction = 'mean' }: LossOptions = {}): Tensor {
  checkEqualShapes('mseLoss', a, b);
  return reduce('mseLoss', square(sub(a, b)), reduction);
}

/**
 * Mean absolute error: the size of each difference.
 *
 * Shapes: a, b `[...S]` -> scalar (`[...S]` with reduction 'none'). Nothing to compare gives 0 with a live graph.
 * Formula: `|a - b|`. Gradient: `g sign(a - b)` and its negative; 0 where a = b.
 * Throws: ShapeError for shapes that differ.
 *
 * @example l1Loss(tensor([1, 2]), tensor([1, 5])).item() // 1.5
 */
export function l1Loss(a: Tensor, b: Tensor, { reduction = 'mean' }: LossOptions = {}): Tensor {
  checkEqualShapes('l1Loss', a, b);
  return reduce('l1Loss', abs(sub(a, b)), reduction);
}

/** Options of `smoothL1Loss`. */
export interface SmoothL1LossOptions extends LossOptions {
  /** Differences below are squared. 0 makes it `l1Loss`. Default 1. */
  readonly beta?: number | undefined;
}

/**
 * Squares small differences and takes the size of large ones, so that outliers pull no harder than others.
 *
 * Shapes: a, b `[...S]` -> scalar (`[...S]` with reduction 'none'). Nothing to compare gives 0 with a live graph.
 * Formula: `d^2 / (2 beta)` where `d = |a - b|` is below beta, else `d - beta / 2`.
 * Gradient: `g (a - b) / beta`, limited to `g` in size, and its negative; 0 where a = b, also with beta 0.
 * Source: Girshick 2015, "Fast R-CNN", equation 3; Huber 1964 with beta 1.
 * Throws: ShapeError for shapes that differ; RangeError for a beta that is negative or not finite.
 *
 * @example smoothL1Loss(tensor([1, 2]), tensor([1.5, 5])).item() // 1.3125
 */
export function smoothL1Loss(a: Tensor, b: Tensor, { beta = 1, reduction = 'mean' }: SmoothL1LossOptions = {}): Tensor {
  checkEqualShapes('smoothL1Loss', a, b);
  checkAtLeastZero('smoothL1Loss', 'beta', beta);
  return reduce('smoothL1Loss', smoothAbs(sub(a, b), beta), reduction);
}

function smoothAbs(x: Tensor, beta: number): Tensor {
  const out = allocate([x], x.shape);
  const { data } = x;
  for (let i = 0; i < out.length; i++) {
    const size = Math.abs(data[i]);
    out[i] = size < beta ? (0.5 * size * size) / beta : size - 0.5 * beta;
  }
  return record('smoothAbs', out, x.shape, [[x, (g) => mul(g, smoothSign(x, beta))]]);
}

/** `x / beta`, limited to 1 in size: the derivative of `smoothAbs`, with one of its own. */
function smoothSign(x: Tensor, beta: number): Tensor {
  const out = allocate([x], x.shape);
  const { data } = x;
  for (let i = 0; i < out.length; i++) out[i] = Math.abs(data[i]) < beta ? data[i] / beta : Math.sign(data[i]);
  return record('smoothSign', out, x.shape, [[x, (g) => mul(g, curvature(x, beta))]]);
}

function curvature(x: Tensor, beta: number): Tensor {
  const out = allocate([x], x.shape);
  const { data } = x;
  for (let i = 0; i < out.length; i++) out[i] = Math.abs(data[i]) < beta ? 1 / beta : 0;
  return new Tensor(out, x.shape);
}
