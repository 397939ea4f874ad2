import * as math from '../../tensor/math.ts';
import { allocate } from '../../tensor/precision.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { fused, record } from '../tape.ts';
import { mul } from './arithmetic.ts';
import { greater } from './comparisons.ts';
import { exp } from './pointwise.ts';
import { choose, clamp } from './selection.ts';

/** Options of `leakyRelu`. */
export interface LeakyReluOptions {
  /** Slope below 0. Default 0.01. */
  readonly slope?: number | undefined;
}

/**
 * Leaky rectified linear unit: `x` above 0, `slope * x` below.
 *
 * Shapes: `[...S] -> [...S]`. Gradient: `g` where x > 0, else `slope * g` (`slope * g` at the kink).
 * Source: Maas, Hannun and Ng 2013. Throws: RangeError for a slope that is not finite.
 *
 * @example leakyRelu(tensor([-2, 0, 3]), { slope: 0.5 }).toArray() // [-1, 0, 3]
 */
export function leakyRelu(x: Tensor, { slope = 0.01 }: LeakyReluOptions = {}): Tensor {
  checkFinite('leakyRelu', 'slope', slope);
  const out = allocate([x], x.shape);
  const { data } = x;
  // Without a branch, which random signs would mispredict.
  for (let i = 0; i < out.length; i++) out[i] = Math.max(data[i], 0) + slope * Math.min(data[i], 0);
  return record('leakyRelu', out, x.shape, [[x, (g) => leak(g, x, slope)]]);
}

/** `g` where x > 0, else `slope * g`. Linear in g, and flat in x. */
function leak(g: Tensor, x: Tensor, slope: number): Tensor {
  const out = allocate([g, x], g.shape);
  const from = g.data;
  const { data } = x;
  for (let i = 0; i < out.length; i++) out[i] = data[i] > 0 ? from[i] : slope * from[i];
  return record('leak', out, g.shape, [[g, (h) => leak(h, x, slope)]]);
}

/** Options of `elu`. */
export interface EluOptions {
  /** The output nears `-alpha` far below 0. Default 1. */
  readonly alpha?: number | undefined;
}

/**
 * Exponential linear unit: `x` above 0, `alpha * (exp(x) - 1)` below, without cancellation near 0.
 *
 * Shapes: `[...S] -> [...S]`. Gradient: `g` where x > 0, else `g * alpha * exp(x)` (`alpha * g` at the kink, which is
 * none for alpha 1).
 * Source: Clevert, Unterthiner and Hochreiter 2016. Throws: RangeError for an alpha that is not finite.
 *
 * @example elu(tensor([-1000, -1, 0, 2])).toArray() // [-1, -0.63212055, 0, 2]
 */
export function elu(x: Tensor, { alpha = 1 }: EluOptions = {}): Tensor {
  checkFinite('elu', 'alpha', alpha);
  return exponentialUnit('elu', x, 1, alpha);
}

/**
 * Scaled exponential linear unit: `scale * elu(x, { alpha })` with alpha 1.673 and scale 1.051, for which layers of
 * mean 0 and variance 1 keep both.
 *
 * Shapes: `[...S] -> [...S]`. Gradient: `g * scale` where x > 0, else `g * scale * alpha * exp(x)` (so at the kink).
 * Source: Klambauer, Unterthiner, Mayr and Hochreiter 2017, equation 2.
 *
 * @example selu(tensor([-1000, 0, 1])).toArray() // [-1.7580993, 0, 1.050701]
 */
export function selu(x: Tensor): Tensor {
  return exponentialUnit('selu', x, SELU_SCALE, SELU_SCALE * SELU_ALPHA);
}

const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/** `above * x` for x > 0, else `below * (exp(x) - 1)`. */
function exponentialUnit(name: string, x: Tensor, above: number, below: number): Tensor {
  const out = allocate([x], x.shape);
  const { data } = x;
  for (let i = 0; i < out.length; i++) out[i] = data[i] > 0 ? above * data[i] : below * math.expm1(data[i]);
  const fast = (g: Tensor): Tensor => {
    const gx = allocate([g, x], x.shape);
    const from = g.data;
    for (let i = 0; i < gx.length; i++) gx[i] = from[i] * (data[i] > 0 ? above : below * math.exp(data[i]));
    return new Tensor(gx, x.shape);
  };
  const composed = (g: Tensor): Tensor => {
    // Clamped, since the side that is not taken must not overflow.
    return mul(g, choose(greater(x, 0), above, mul(exp(clamp(x, { max: 0 })), below)));
  };
  return record(name, out, x.shape, [[x, fused(fast, composed)]]);
}

/**
 * Piecewise linear sigmoid: `x / 6 + 1 / 2`, held within 0 and 1.
 *
 * Shapes: `[...S] -> [...S]`. Gradient: `g / 6` where -3 < x < 3, else 0 (0 at both kinks).
 * Source: Howard et al. 2019, "Searching for MobileNetV3", section 5.2.
 *
 * @example hardSigmoid(tensor([-4, 0, 1.5, 4])).toArray() // [0, 0.5, 0.75, 1]
 */
export function hardSigmoid(x: Tensor): Tensor {
  const out = allocate([x], x.shape);
  const { data } = x;
  for (let i = 0; i < out.length; i++) out[i] = Math.min(Math.max(data[i] + 3, 0), 6) / 6;
  return record('hardSigmoid', out, x.shape, [[x, (g) => ramp(g, x)]]);
}

/** `g / 6` where -3 < x < 3, else 0. Linear in g, and flat in x. */
function ramp(g: Tensor, x: Tensor): Tensor {
  const out = allocate([g, x], g.shape);
  const from = g.data;
  const { data } = x;
  for (let i = 0; i < out.length; i++) out[i] = data[i] > -3 && data[i] < 3 ? from[i] / 6 : 0;
  return record('ramp', out, g.shape, [[g, (h) => ramp(h, x)]]);
}

/**
 * `x * hardSigmoid(x)`: 0 up to -3, x from 3 on, a parabola between; 0 at -Infinity.
 *
 * Shapes: `[...S] -> [...S]`. Gradient: `g * (x / 3 + 1 / 2)` where -3 < x < 3, 0 below and `g` above (0 at the
 * kink of -3, `g` at that of 3).
 * Source: Howard et al. 2019, "Searching for MobileNetV3", section 5.2.
 *
 * @example hardSwish(tensor([-4, -1.5, 1.5, 4])).toArray() // [0, -0.375, 1.125, 4]
 */
export function hardSwish(x: Tensor): Tensor {
  const out = allocate([x], x.shape);
  const { data } = x;
  for (let i = 0; i < out.length; i++) {
    out[i] = Math.max(data[i], -3) * (Math.min(Math.max(data[i] + 3, 0), 6) / 6);
  }
  return record('hardSwish', out, x.shape, [[x, (g) => swishSlope(g, x)]]);
}

/** `g` times the slope of hardSwish at x: linear in g; in x it has slope 1/3 between the kinks, as `ramp` doubled. */
function swishSlope(g: Tensor, x: Tensor): Tensor {
  const out = allocate([g, x], g.shape);
  const from = g.data;
  const { data } = x;
  for (let i = 0; i < out.length; i++) {
    const v = data[i];
    out[i] = v <= -3 ? 0 : v >= 3 ? from[i] : from[i] * (v / 3 + 0.5);
  }
  return record('swishSlope', out, g.shape, [
    [g, (h) => swishSlope(h, x)],
    [x, (h) => mul(ramp(mul(h, g), x), 2)],
  ]);
}

function checkFinite(op: string, name: string, value: number): void {
  if (!Number.isFinite(value)) throw new RangeError(`${op}: ${name} must be a finite number; got ${value}.`);
}
