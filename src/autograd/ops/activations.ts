import { erf } from '../../tensor/erf.ts';
import { active } from '../../tensor/kernels/kernels.ts';
import * as curves from '../../tensor/kernels/portable/curves.ts';
import { DENSITY, NEAR_0, SATURATED, VANISHED } from '../../tensor/kernels/portable/curves.ts';
import * as portable from '../../tensor/kernels/portable/relu.ts';

import * as math from '../../tensor/math.ts';
import { allocate } from '../../tensor/precision.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { fused, record } from '../tape.ts';
import { add, mul, sub } from './arithmetic.ts';
import { exp, square } from './pointwise.ts';
import { clamp } from './selection.ts';

/**
 * Rectified linear unit `max(0, x)`; NaN stays NaN.
 *
 * Shapes: `[...S] -> [...S]`. Gradient: `g` where x > 0, else 0 (0 at the kink).
 *
 * @example relu(tensor([-1, 0, 2])).toArray() // [0, 0, 2]
 */
export function relu(x: Tensor): Tensor {
  const out = allocate([x], x.shape);
  (active(out).relu ?? portable.relu)(x.data, out);
  const y: Tensor = record('relu', out, x.shape, [[x, (g) => gate(g, y)]]);
  return y;
}

/** `g` where y > 0 (or is NaN), else 0. Linear in g, and flat in y. */
function gate(g: Tensor, y: Tensor): Tensor {
  const out = allocate([g, y], g.shape);
  (active(out).gate ?? portable.gate)(g.data, y.data, out);
  return record('gate', out, g.shape, [[g, (h) => gate(h, y)]]);
}

/**
 * Logistic sigmoid `1 / (1 + exp(-x))`; finite for every finite input, and so is its gradient.
 *
 * Shapes: `[...S] -> [...S]`.
 * Gradient: `g * y * (1 - y)`, from the saved output (`exp(-x)` overflows float32 below about -88).
 *
 * @example sigmoid(tensor([0, -1000])).toArray() // [0.5, 0]
 */
export function sigmoid(x: Tensor): Tensor {
  const out = allocate([x], x.shape);
  (active(out).sigmoid ?? curves.sigmoid)(x.data, out);
  const fast = (g: Tensor): Tensor => {
    const gx = allocate([g, x], x.shape);
    const from = g.data;
    for (let i = 0; i < gx.length; i++) gx[i] = from[i] * out[i] * (1 - out[i]);
    return new Tensor(gx, x.shape);
  };
  const y: Tensor = record('sigmoid', out, x.shape, [[x, fused(fast, (g) => mul(g, mul(y, sub(1, y))))]]);
  return y;
}

/**
 * Hyperbolic tangent.
 *
 * Shapes: `[...S] -> [...S]`. Gradient: `g * (1 - y^2)`, from the saved output.
 *
 * @example tanh(tensor([0, 100])).toArray() // [0, 1]
 */
export function tanh(x: Tensor): Tensor {
  const out = allocate([x], x.shape);
  (active(out).tanh ?? curves.tanh)(x.data, out);
  const fast = (g: Tensor): Tensor => {
    const gx = allocate([g, x], x.shape);
    const from = g.data;
    for (let i = 0; i < gx.length; i++) gx[i] = from[i] * (1 - out[i] * out[i]);
    return new Tensor(gx, x.shape);
  };
  const y: Tensor = record('tanh', out, x.shape, [[x, fused(fast, (g) => mul(g, sub(1, square(y))))]]);
  return y;
}

/**
 * `log(1 + exp(x))`, the smooth form of relu; `x` itself for large x, never an overflow.
 *
 * Shapes: `[...S] -> [...S]`. Gradient: `g * sigmoid(x)`.
 *
 * @example softplus(tensor([0, 1000])).toArray() // [0.6931472, 1000]
 */
export function softplus(x: Tensor): Tensor {
  const out = allocate([x], x.shape);
  const { data } = x;
  for (let i = 0; i < out.length; i++) out[i] = Math.max(data[i], 0) + log1p(math.exp(-Math.abs(data[i])));
  return record('softplus', out, x.shape, [[x, (g) => mul(g, sigmoid(x))]]);
}

/** `log(1 + e)` for 0 <= e <= 1, accurate for small e: the rounding of 1 + e cancels in the quotient (Kahan). */
function log1p(e: number): number {
  const u = 1 + e;
  return u === 1 ? e : (math.log(u) * e) / (u - 1);
}

/**
 * Sigmoid linear unit `x * sigmoid(x)`, also called swish; 0 at -Infinity.
 *
 * Shapes: `[...S] -> [...S]`. Gradient: `g * (s + y * (1 - s))` with `s = sigmoid(x)`, taken as `y / x` from the saved
 * output, which spares an exponential function.
 * Source: Hendrycks and Gimpel 2016, section 2; Ramachandran, Zoph and Le 2017, "Searching for activation functions".
 *
 * @example silu(tensor([0, 1, -1000])).toArray() // [0, 0.7310586, 0]
 */
export function silu(x: Tensor): Tensor {
  const out = allocate([x], x.shape);
  (active(out).silu ?? curves.silu)(x.data, out);
  const fast = (g: Tensor): Tensor => {
    const gx = allocate([g, x], x.shape);
    (active(gx).siluGradient ?? curves.siluGradient)(x.data, out, g.data, gx);
    return new Tensor(gx, x.shape);
  };
  const composed = (g: Tensor): Tensor => {
    const v = clamp(x, { min: -VANISHED, max: SATURATED });
    const s = sigmoid(v);
    return mul(g, mul(s, add(mul(v, sub(1, s)), 1)));
  };
  return record('silu', out, x.shape, [[x, fused(fast, composed)]]);
}

/** Options of `gelu`. */
export interface GeluOptions {
  /** 'none' for the exact function (erf), 'tanh' for the approximation of older transformers. Default 'none'. */
  readonly approximate?: 'none' | 'tanh' | undefined;
}

/**
 * Gaussian error linear unit `x * Phi(x)`, Phi the normal distribution function; exact (erf) or by its tanh
 * approximation, `x * (1 + tanh u) / 2` with `u = sqrt(2 / pi) * (x + 0.044715 x^3)`. 0 at -Infinity.
 *
 * Shapes: `[...S] -> [...S]`.
 * Gradient: `g * (Phi(x) + x phi(x))`, phi the normal density, and Phi taken as `y / x` from the saved output; for the
 * approximation its own, `g * (s + 2 y u' (1 - s))` with `s = y / x`, which is `(1 + tanh u) / 2`.
 * Source: Hendrycks and Gimpel 2016, "Gaussian error linear units".
 * Throws: RangeError for any other `approximate`.
 *
 * @example gelu(tensor([0, 1])).toArray() // [0, 0.8413447]
 * @example gelu(tensor([0, 1]), { approximate: 'tanh' }).toArray() // [0, 0.841192]
 */
export function gelu(x: Tensor, { approximate = 'none' }: GeluOptions = {}): Tensor {
  if (approximate === 'none') return exactGelu(x);
  if (approximate === 'tanh') return tanhGelu(x);
  throw new RangeError(`gelu: approximate must be 'none' or 'tanh'; got '${String(approximate)}'.`);
}

function exactGelu(x: Tensor): Tensor {
  const out = allocate([x], x.shape);
  (active(out).gelu ?? curves.gelu)(x.data, out);
  const fast = (g: Tensor): Tensor => {
    const gx = allocate([g, x], x.shape);
    (active(gx).geluGradient ?? curves.geluGradient)(x.data, out, g.data, gx);
    return new Tensor(gx, x.shape);
  };
  const composed = (g: Tensor): Tensor => {
    const v = clamp(x, { min: -SATURATED, max: SATURATED });
    return mul(g, add(normalDistribution(v), mul(v, normalDensity(v))));
  };
  return record('gelu', out, x.shape, [[x, fused(fast, composed)]]);
}

/** `Phi(x) = (1 + erf(x / sqrt 2)) / 2`. */
function normalDistribution(x: Tensor): Tensor {
  const out = allocate([x], x.shape);
  const { data } = x;
  for (let i = 0; i < out.length; i++) out[i] = 0.5 * (1 + erf(data[i] * Math.SQRT1_2));
  return record('normalDistribution', out, x.shape, [[x, (g) => mul(g, normalDensity(x))]]);
}

function normalDensity(x: Tensor): Tensor {
  return mul(exp(mul(square(x), -0.5)), DENSITY);
}

function tanhGelu(x: Tensor): Tensor {
  const out = allocate([x], x.shape);
  const { data } = x;
  for (let i = 0; i < out.length; i++) {
    const v = Math.max(data[i], -SATURATED);
    // (1 + tanh u) / 2 is sigmoid(2u), which does not cancel where tanh nears -1.
    out[i] = v / (1 + math.exp(-(v * (SLOPE + CUBIC * v * v))));
  }
  const fast = (g: Tensor): Tensor => {
    const gx = allocate([g, x], x.shape);
    const from = g.data;
    for (let i = 0; i < gx.length; i++) {
      const v = Math.min(Math.max(data[i], -SATURATED), SATURATED);
      const y = Math.min(out[i], SATURATED);
      const s = Math.abs(v) < NEAR_0 ? 0.5 + 0.25 * SLOPE * v : y / v;
      gx[i] = from[i] * (s + y * (1 - s) * (SLOPE + 3 * CUBIC * v * v));
    }
    return new Tensor(gx, x.shape);
  };
  const composed = (g: Tensor): Tensor => {
    const v = clamp(x, { min: -SATURATED, max: SATURATED });
    const s = sigmoid(mul(v, add(mul(square(v), CUBIC), SLOPE)));
    const slope = add(mul(square(v), 3 * CUBIC), SLOPE);
    return mul(g, mul(s, add(mul(mul(v, sub(1, s)), slope), 1)));
  };
  return record('geluTanh', out, x.shape, [[x, fused(fast, composed)]]);
}

/** `2u = x (SLOPE + CUBIC x^2)`: sqrt(2 / pi) and 0.044715, of section 2 of the paper, doubled. */
const SLOPE = 1.5957691216057308;
const CUBIC = 0.044715 * SLOPE;
