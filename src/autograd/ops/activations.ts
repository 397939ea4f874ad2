import { erf } from '../../tensor/erf.ts';
import { active } from '../../tensor/kernels/kernels.ts';
import * as portable from '../../tensor/kernels/portable/relu.ts';
import * as math from '../../tensor/math.ts';
import { allocate } from '../../tensor/precision.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { fused, record } from '../tape.ts';
import { add, mul, sub } from './arithmetic.ts';
import { exp, square } from './pointwise.ts';

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
  const { data } = x;
  for (let i = 0; i < out.length; i++) out[i] = 1 / (1 + math.exp(-data[i]));
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
 * Shapes: `[...S] -> [...S]`. Gradient: `g * (1 - y^2)`.
 *
 * @example tanh(tensor([0, 100])).toArray() // [0, 1]
 */
export function tanh(x: Tensor): Tensor {
  const out = allocate([x], x.shape);
  const { data } = x;
  for (let i = 0; i < out.length; i++) out[i] = math.tanh(data[i]);
  const y: Tensor = record('tanh', out, x.shape, [[x, (g) => mul(g, sub(1, square(y)))]]);
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
 * Gaussian error linear unit `x * Phi(x)`, Phi the normal distribution function; exact (erf) or by its tanh approximation.
 *
 * Shapes: `[...S] -> [...S]`. Gradient: `g * (Phi(x) + x phi(x))`.
 * Source: Hendrycks and Gimpel 2016, "Gaussian error linear units".
 *
 * @example gelu(tensor([0, 1])).toArray() // [0, 0.8413447]
 * @example gelu(tensor([0, 1]), { approximate: 'tanh' }).toArray() // [0, 0.841192]
 */
export function gelu(
  x: Tensor,
  { approximate = 'none' }: { readonly approximate?: 'none' | 'tanh' | undefined } = {},
): Tensor {
  if (approximate === 'tanh') {
    // sqrt(2 / pi) and 0.044715 are the constants of the approximation, section 2 of the paper.
    const inner = mul(add(x, mul(mul(square(x), x), 0.044715)), Math.sqrt(2 / Math.PI));
    return mul(mul(x, 0.5), add(tanh(inner), 1));
  }
  return mul(x, normalDistribution(x));
}

/** `Phi(x) = (1 + erf(x / sqrt 2)) / 2`; its derivative is the normal density. */
function normalDistribution(x: Tensor): Tensor {
  const out = allocate([x], x.shape);
  const { data } = x;
  for (let i = 0; i < out.length; i++) out[i] = 0.5 * (1 + erf(data[i] * Math.SQRT1_2));
  const density = () => mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  return record('normalDistribution', out, x.shape, [[x, (g) => mul(g, density())]]);
}
