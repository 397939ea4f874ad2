import * as math from '../../tensor/math.ts';
import { allocate, allocateZeros } from '../../tensor/precision.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { fused, record } from '../tape.ts';
import { div, mul, neg } from './arithmetic.ts';

/**
 * Absolute value.
 *
 * Shapes: `[...S] -> [...S]`. Gradient: `g * sign(x)`, so 0 at the kink.
 *
 * @example abs(tensor([-2, 3])).toArray() // [2, 3]
 */
export function abs(x: Tensor): Tensor {
  const out = allocate([x], x.shape);
  const { data } = x;
  for (let i = 0; i < out.length; i++) out[i] = Math.abs(data[i]);
  const fast = (g: Tensor): Tensor => {
    const gx = allocate([g, x], x.shape);
    const from = g.data;
    for (let i = 0; i < gx.length; i++) gx[i] = from[i] * Math.sign(data[i]);
    return new Tensor(gx, x.shape);
  };
  return record('abs', out, x.shape, [[x, fused(fast, (g) => mul(g, sign(x)))]]);
}

/**
 * -1, 0 or 1 as x is negative, 0 or positive; NaN stays NaN.
 *
 * Shapes: `[...S] -> [...S]`. Gradient: 0, at the jump too.
 *
 * @example sign(tensor([-2, 0, 3])).toArray() // [-1, 0, 1]
 */
export function sign(x: Tensor): Tensor {
  const out = allocate([x], x.shape);
  const { data } = x;
  for (let i = 0; i < out.length; i++) out[i] = Math.sign(data[i]);
  return record('sign', out, x.shape, [[x, (g) => new Tensor(allocateZeros([g], x.shape), x.shape)]]);
}

/**
 * `1 / x`; Infinity at 0.
 *
 * Shapes: `[...S] -> [...S]`. Gradient: `-g / x / x`.
 *
 * @example reciprocal(tensor([2, -4])).toArray() // [0.5, -0.25]
 */
export function reciprocal(x: Tensor): Tensor {
  const out = allocate([x], x.shape);
  const { data } = x;
  for (let i = 0; i < out.length; i++) out[i] = 1 / data[i];
  const fast = (g: Tensor): Tensor => {
    const gx = allocate([g, x], x.shape);
    const from = g.data;
    for (let i = 0; i < gx.length; i++) gx[i] = -from[i] / data[i] / data[i];
    return new Tensor(gx, x.shape);
  };
  return record('reciprocal', out, x.shape, [[x, fused(fast, (g) => neg(div(div(g, x), x)))]]);
}

/**
 * `e^x`.
 *
 * Shapes: `[...S] -> [...S]`. Gradient: `g * y`.
 *
 * @example exp(tensor([0, 1])).toArray() // [1, 2.7182817]
 */
export function exp(x: Tensor): Tensor {
  const out = allocate([x], x.shape);
  const { data } = x;
  for (let i = 0; i < out.length; i++) out[i] = math.exp(data[i]);
  const y: Tensor = record('exp', out, x.shape, [[x, (g) => mul(g, y)]]);
  return y;
}

/**
 * Natural logarithm; -Infinity at 0, NaN below.
 *
 * Shapes: `[...S] -> [...S]`. Gradient: `g / x`.
 *
 * @example log(tensor([1, 2])).toArray() // [0, 0.6931472]
 */
export function log(x: Tensor): Tensor {
  const out = allocate([x], x.shape);
  const { data } = x;
  for (let i = 0; i < out.length; i++) out[i] = math.log(data[i]);
  return record('log', out, x.shape, [[x, (g) => div(g, x)]]);
}

/**
 * Square root; NaN below 0.
 *
 * Shapes: `[...S] -> [...S]`. Gradient: `g / (2 y)`, which is infinite at 0: for lengths and distances use `norm` or
 * `euclidean`, whose gradient there is 0.
 *
 * @example sqrt(tensor([4, 9])).toArray() // [2, 3]
 */
export function sqrt(x: Tensor): Tensor {
  const out = allocate([x], x.shape);
  const { data } = x;
  for (let i = 0; i < out.length; i++) out[i] = Math.sqrt(data[i]);
  const y: Tensor = record('sqrt', out, x.shape, [[x, (g) => div(g, mul(y, 2))]]);
  return y;
}

/**
 * `x * x`.
 *
 * Shapes: `[...S] -> [...S]`. Gradient: `2 g x`.
 *
 * @example square(tensor([-3, 2])).toArray() // [9, 4]
 */
export function square(x: Tensor): Tensor {
  const out = allocate([x], x.shape);
  const { data } = x;
  for (let i = 0; i < out.length; i++) out[i] = data[i] * data[i];
  return record('square', out, x.shape, [[x, (g) => mul(g, mul(x, 2))]]);
}

/**
 * Sine of an angle in radians.
 *
 * Shapes: `[...S] -> [...S]`. Gradient: `g cos x`.
 *
 * @example sin(tensor([0, 1])).toArray() // [0, 0.84147096]
 */
export function sin(x: Tensor): Tensor {
  const out = allocate([x], x.shape);
  const { data } = x;
  for (let i = 0; i < out.length; i++) out[i] = math.sin(data[i]);
  return record('sin', out, x.shape, [[x, (g) => mul(g, cos(x))]]);
}

/**
 * Cosine of an angle in radians.
 *
 * Shapes: `[...S] -> [...S]`. Gradient: `-g sin x`.
 *
 * @example cos(tensor([0, 1])).toArray() // [1, 0.5403023]
 */
export function cos(x: Tensor): Tensor {
  const out = allocate([x], x.shape);
  const { data } = x;
  for (let i = 0; i < out.length; i++) out[i] = math.cos(data[i]);
  return record('cos', out, x.shape, [[x, (g) => neg(mul(g, sin(x)))]]);
}
