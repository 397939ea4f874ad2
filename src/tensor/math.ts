/*
 * ECMAScript leaves the last bits of Math.exp, Math.log, Math.tanh, Math.pow and their kin to each engine; it defines
 * those of + - * / and Math.sqrt, abs, floor and fround exactly. These functions use only the latter, in a fixed
 * order, so they give the same bits everywhere. Two facts of floating point carry most of them: `x - k * c` is exact
 * when c has enough zero bits at its end, and the rounding error of a sum or product is itself a double (Dekker 1971).
 * The series are in series.ts, the error function in erf.ts.
 */

import { atanhRest, cosNear, expRest, sinNear, sinShifted } from './series.ts';

/**
 * The exponential function, with the same bits on every engine.
 *
 * Formula: `2^k * exp(r)` with `k = round(x / ln 2)`, so `|r| <= ln(2) / 2`, and `exp(r)` by its Taylor series.
 * Error: below 2^-52 relative; below one unit of the last place where the result is subnormal.
 * Source: Cody and Waite, Software Manual for the Elementary Functions (1980), chapter 6 (the reduction).
 *
 * @example exp(1) // 2.718281828459045
 * @example exp(-1000) // 0
 */
export function exp(x: number): number {
  if (x > -LARGEST_EXPONENT && x < LARGEST_EXPONENT) return expOfSum(x, 0);
  if (x > 0) return Infinity;
  return x < 0 ? 0 : NaN;
}

/**
 * `exp(x) - 1` without the cancellation near 0, with the same bits on every engine.
 *
 * Formula: `(2^k - 1) + 2^k * (exp(r) - 1)` with k and r as for `exp`, and `exp(r) - 1` by its Taylor series.
 * Error: below 2^-51 relative, near 0 too.
 *
 * @example expm1(1e-10) // 1.00000000005e-10
 * @example expm1(-1000) // -1
 */
export function expm1(x: number): number {
  const a = Math.abs(x);
  // exp(-38) is less than half a unit of the last place of 1.
  if (!(a <= 40)) return x < 0 ? -1 : exp(x);
  // Below 2^-54 the second term, x^2 / 2, is less than half a unit; and -0 stays -0.
  if (a < TINY * TINY) return x;
  const k = Math.floor(x * LOG2_E + 0.5);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  const power = POWERS[ZERO + k];
  return power - 1 + power * (r + expRest(r));
}

/**
 * The natural logarithm, with the same bits on every engine; -Infinity at 0, NaN below.
 *
 * Formula: `k * ln(2) + 2 * atanh(s)` with `x = 2^k * m`, `m` in [sqrt(1/2), sqrt(2)) and `s = (m - 1) / (m + 1)`.
 * Error: below 2^-52 relative, near 1 too.
 * Source: fdlibm e_log.c (Sun Microsystems 1993) for writing `2 * s` as `f - s * f` with an exact `f = m - 1`.
 *
 * @example log(10) // 2.302585092994046
 * @example log(0) // -Infinity
 */
export function log(x: number): number {
  let k = 0;
  let normal = x;
  if (!(x >= SMALLEST_NORMAL && x < Infinity)) {
    if (x === 0) return -Infinity;
    if (!(x > 0) || x === Infinity) return x > 0 ? x : NaN;
    normal = x * TWO_54;
    k = -54;
  }
  const e = exponentNear(normal);
  k += e;
  const f = normal * POWERS[ZERO - e] - 1;
  const s = f / (2 + f);
  const q = s * s;
  const rest = q * (2 / 3 + q * atanhRest(q));
  return k * LN2_HIGH + (f - (s * (f - rest) - k * LN2_LOW));
}

/**
 * The sine of `x` radians, with the same bits on every engine; NaN for infinities.
 *
 * Formula: `x` less the nearest multiple of pi/2, as a sum of two doubles, then the Taylor series of sine or cosine.
 * Error: below 2^-52 relative for every double, next to multiples of pi too.
 * Cost: above 1.6e6 the multiple is found in exact integers, some microseconds.
 * Source: Cody and Waite, Software Manual for the Elementary Functions (1980), chapter 8.
 *
 * @example sin(1) // 0.8414709848078965
 * @example sin(1e22) // -0.8522008497671888
 */
export function sin(x: number): number {
  const a = Math.abs(x);
  if (a < TINY) return x;
  if (a <= QUARTER_PI) return sinNear(x, 0);
  const y = sinShifted(a, 0);
  return x < 0 ? -y : y;
}

/**
 * The cosine of `x` radians, with the same bits on every engine; NaN for infinities.
 *
 * Formula, error, cost and source: as for `sin`.
 *
 * @example cos(1) // 0.5403023058681398
 * @example cos(0) // 1
 */
export function cos(x: number): number {
  const a = Math.abs(x);
  return a <= QUARTER_PI ? cosNear(a, 0) : sinShifted(a, 1);
}

/**
 * The hyperbolic tangent, with the same bits on every engine.
 *
 * Formula: `d / (d + 2)` with `d = expm1(2x)`.
 * Error: below 2^-51 relative, near 0 too.
 *
 * @example tanh(0.5) // 0.46211715726000973
 * @example tanh(-40) // -1
 */
export function tanh(x: number): number {
  const a = Math.abs(x);
  if (!(a >= TINY)) return x;
  // 1 - tanh(20) is 2 * exp(-40), less than half a unit of the last place of 1.
  if (a > 20) return x > 0 ? 1 : -1;
  const d = expm1(2 * a);
  const y = d / (d + 2);
  return x > 0 ? y : -y;
}

/**
 * `x` to the power `y`, with the same bits on every engine.
 *
 * Special cases are ECMAScript's, which differ from C's where C says 1: `pow(1, NaN)`, `pow(1, Infinity)` and
 * `pow(-1, Infinity)` are NaN. `pow(x, 0)` is 1 even for NaN; a negative `x` with a fractional `y` gives NaN.
 *
 * Formula: `exp(y * log(x))` with the logarithm and the product as sums of two doubles (about 2^-64 relative), since an
 * error of the exponent becomes the relative error of the result and the exponent reaches 745.
 * Error: below 2^-52 relative; a power that is a double, such as `pow(10, 15)`, comes out exact.
 * Source: Dekker, A floating-point technique for extending the available precision (1971).
 *
 * @example pow(9, 0.5) // 3
 * @example pow(-2, 3) // -8
 */
export function pow(x: number, y: number): number {
  if (y === 0) return 1;
  const a = Math.abs(x);
  if (Number.isNaN(x) || Number.isNaN(y) || (a === 1 && Math.abs(y) === Infinity)) return NaN;
  const integer = Math.floor(y) === y;
  if (x < 0 && a < Infinity && !integer) return NaN;
  // Halving is exact, so an odd y is an integer whose half is none; `1 / x` tells -0 from 0.
  const negative = integer && Math.floor(y / 2) !== y / 2 && (x < 0 || 1 / x < 0);
  const magnitude = powPositive(a, y);
  return negative ? -magnitude : magnitude;
}

/** `m * 2^k`, rounded once, for `m` near 1. */
function scale(m: number, k: number): number {
  if (k >= -1022 && k <= 1023) return m * POWERS[ZERO + k];
  const half = Math.floor(k / 2);
  return m * POWERS[ZERO + half] * POWERS[ZERO + k - half];
}

/** `exp(x + low)` for `|x| < LARGEST_EXPONENT` and a `low` too small to show in x. */
function expOfSum(x: number, low: number): number {
  const k = Math.floor(x * LOG2_E + 0.5);
  const high = x - k * LN2_HIGH;
  const tail = low - k * LN2_LOW;
  const r = high + tail;
  // 1 + r rounds by up to half a unit; its error and that of r join the small terms, so only the last sum rounds.
  const sum = 1 + r;
  const lost = r - (sum - 1) + (high - r + tail);
  return scale(sum + (expRest(r) + lost), k);
}

/** `a^y` for `a >= 0`. Of a pair of names, `s` is the leading double and `sLow` what it lacks. */
function powPositive(a: number, y: number): number {
  if (a === 1) return 1;
  // The double nearest to 1 has |log| > 2^-54, so past 2^64 the result is out of range.
  if (a === 0 || a === Infinity || Math.abs(y) > TWO_64) return a > 1 === y > 0 ? Infinity : 0;
  const subnormal = a < SMALLEST_NORMAL;
  const normal = subnormal ? a * TWO_54 : a;
  const e = exponentNear(normal);
  const k = subnormal ? e - 54 : e;
  const m = normal * POWERS[ZERO - e];

  // s = (m - 1) / (m + 1), by one step of long division; m - 1 is exact.
  const d = m + 1;
  const dLow = m - (d - 1);
  const s = (m - 1) / d;
  const sd = s * d;
  const sLow = (m - 1 - sd - productError(s, d, sd) - s * dLow) / d;
  // log(m) = 2s + s^3 * u with u = 2/3 + s^2 * rest.
  const q = s * s;
  const qLow = productError(s, s, q) + 2 * s * sLow;
  const rest = q * atanhRest(q);
  const u = 2 / 3 + rest;
  const uLow = 2 / 3 - u + rest + TWO_THIRDS_LOW;
  const c = s * q;
  const cLow = productError(s, q, c) + s * qLow + sLow * q;
  const t = c * u;
  const tLow = productError(c, u, t) + c * uLow + cLow * u;
  // log(a) = k ln 2 + 2s + t, largest first, each sum with its error.
  const base = k * LN2_HIGH;
  const partial = base + 2 * s;
  const sum = partial + t;
  const sumLow = partial - sum + t + (base - partial + 2 * s) + (k * LN2_LOW + 2 * sLow + tLow);
  const l = sum + sumLow;
  const lLow = sum - l + sumLow;

  const exponent = y * l;
  if (exponent > LARGEST_EXPONENT) return Infinity;
  if (exponent < -LARGEST_EXPONENT) return 0;
  return expOfSum(exponent, productError(y, l, exponent) + y * lLow);
}

/** What `product = a * b` lost in rounding, to about 2^-76 of the product; a float32 half times another is exact. */
function productError(a: number, b: number, product: number): number {
  const aHigh = Math.fround(a);
  const bHigh = Math.fround(b);
  const aLow = a - aHigh;
  const bLow = b - bHigh;
  return aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow;
}

/** The `e` for which `x / 2^e` lies in [sqrt(1/2), sqrt(2)), for a positive normal x. */
function exponentNear(x: number): number {
  BITS[0] = x;
  // 0x6a09e begins the fraction of sqrt(2): from there on the sum carries into the exponent.
  return ((WORDS[HIGH_WORD] + (0x100000 - 0x6a09e)) >> 20) - 1023;
}

/** 2^-1074 to 2^1023: every power of two that is a double. Reading one is cheaper than composing its bits. */
function powersOfTwo(): Float64Array {
  const powers = new Float64Array(ZERO + 1024);
  powers[ZERO] = 1;
  for (let k = 1; k < 1024; k++) powers[ZERO + k] = powers[ZERO + k - 1] * 2;
  for (let k = 1; k <= ZERO; k++) powers[ZERO - k] = powers[ZERO - k + 1] / 2;
  return powers;
}

/** The leading 33 bits of ln 2, so that `k * LN2_HIGH` is exact for every exponent k, and the rest. */
const LN2_HIGH = 0.6931471804855391;
const LN2_LOW = 7.440617110012397e-11;
const LOG2_E = 1 / (LN2_HIGH + LN2_LOW);
/** What the double 2/3 lacks. */
const TWO_THIRDS_LOW = 3.700743415417188e-17;
const QUARTER_PI = 0.7853981633974483;
/** Beyond it exp overflows (709.8) or rounds to 0 (-745.2). */
const LARGEST_EXPONENT = 746;
const SMALLEST_NORMAL = 2.2250738585072014e-308;
const TWO_54 = 18014398509481984;
const TWO_64 = 18446744073709552000;
/** 2^-27: below it the second term of sin, tanh and erf, at most `x^3 / 3`, is under half a unit; and -0 stays -0. */
export const TINY = 7.450580596923828e-9;
/** The index of 2^0 in POWERS. */
const ZERO = 1074;
const POWERS: Float64Array = /* @__PURE__ */ powersOfTwo();
/** One double seen as two words, for reading exponents; nothing stays in it between calls. */
const BITS = /* @__PURE__ */ new Float64Array(1);
const WORDS = /* @__PURE__ */ new Int32Array(BITS.buffer);
/** 1 where the machine is little-endian, else 0. */
const HIGH_WORD = /* @__PURE__ */ new Uint8Array(/* @__PURE__ */ new Uint16Array([1]).buffer)[0];
