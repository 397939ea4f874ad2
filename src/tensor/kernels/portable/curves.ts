import { erf } from '../../erf.ts';
import * as math from '../../math.ts';

/* Activations that bend smoothly, and the gradients of those whose output does not tell their slope. */

export function sigmoid(x: Float32Array, out: Float32Array): void {
  for (let i = 0; i < out.length; i++) out[i] = 1 / (1 + math.exp(-x[i]));
}

export function tanh(x: Float32Array, out: Float32Array): void {
  for (let i = 0; i < out.length; i++) out[i] = math.tanh(x[i]);
}

export function silu(x: Float32Array, out: Float32Array): void {
  for (let i = 0; i < out.length; i++) {
    const v = Math.max(x[i], -VANISHED);
    out[i] = v / (1 + math.exp(-v));
  }
}

/** `g (s + y (1 - s))` with `s = sigmoid(x)`, taken as `y / x`, which spares an exponential function. */
export function siluGradient(x: Float32Array, y: Float32Array, g: Float32Array, out: Float32Array): void {
  for (let i = 0; i < out.length; i++) {
    const v = Math.min(x[i], SATURATED);
    const value = Math.min(y[i], SATURATED);
    const s = Math.abs(v) < NEAR_0 ? 0.5 + 0.25 * v : value / v;
    out[i] = g[i] * (s + value * (1 - s));
  }
}

export function gelu(x: Float32Array, out: Float32Array): void {
  for (let i = 0; i < out.length; i++) {
    const v = Math.max(x[i], -SATURATED);
    out[i] = 0.5 * v * (1 + erf(v * Math.SQRT1_2));
  }
}

/** `g (Phi(x) + x phi(x))`, phi the normal density, and Phi taken as `y / x`. */
export function geluGradient(x: Float32Array, y: Float32Array, g: Float32Array, out: Float32Array): void {
  for (let i = 0; i < out.length; i++) {
    const v = Math.min(Math.max(x[i], -SATURATED), SATURATED);
    const value = Math.min(y[i], SATURATED);
    const distribution = Math.abs(v) < NEAR_0 ? 0.5 + DENSITY * v : value / v;
    out[i] = g[i] * (distribution + v * DENSITY * math.exp(-0.5 * v * v));
  }
}

/** From here on silu and gelu are x, with slope 1, in any precision (exp(-40) is 4e-18); up to its negative gelu is 0. */
export const SATURATED = 40;
/** silu nears 0 slower: exp(-750) is 0. Infinities would meet zeros. */
export const VANISHED = 750;
/** Nearer to 0 than this `y / x` would be 0 / 0 or lack digits; what its series lacks there is below 1e-16. */
export const NEAR_0 = 1e-6;
/** `1 / sqrt(2 pi)`, the normal density at 0. */
export const DENSITY = 0.3989422804014327;
