/*
 * What math.ts is made of: Taylor series on the small intervals that it reduces to, and the reduction for sine and
 * cosine. Series are summed in pairs (Estrin's scheme), which is shorter than Horner's for a processor that overlaps.
 */

/** `exp(r) - 1 - r` for `|r| <= ln(2) / 2`: `r^n / n!` up to n = 13; the term after that is below 2^-57. */
export function expRest(r: number): number {
  const r2 = r * r;
  const r4 = r2 * r2;
  const a = 1 / 2 + r * (1 / 6) + r2 * (1 / 24 + r * (1 / 120));
  const b = 1 / 720 + r * (1 / 5040) + r2 * (1 / 40320 + r * (1 / 362880));
  const c = 1 / 3628800 + r * (1 / 39916800) + r2 * (1 / 479001600 + r * (1 / 6227020800));
  return r2 * (a + r4 * (b + r4 * c));
}

/** `2 q^n / (2n + 5)`, summed: `2 * atanh(s)` is `s * (2 + 2q / 3 + q^2 * sum)`, `q = s^2 < 0.0295`; n to 10. */
export function atanhRest(q: number): number {
  const q2 = q * q;
  const q4 = q2 * q2;
  const a = 2 / 5 + q * (2 / 7) + q2 * (2 / 9 + q * (2 / 11));
  const b = 2 / 13 + q * (2 / 15) + q2 * (2 / 17 + q * (2 / 19));
  const c = 2 / 21 + q * (2 / 23) + q2 * (2 / 25);
  return a + q4 * (b + q4 * c);
}

/** `sin(r + low)` for `|r|` up to about pi/4: `r^n / n!` up to n = 15; the next term is below 2^-53 of the sum. */
export function sinNear(r: number, low: number): number {
  const z = r * r;
  const z2 = z * z;
  const a = -1 / 6 + z * (1 / 120) + z2 * (-1 / 5040 + z * (1 / 362880));
  const b = -1 / 39916800 + z * (1 / 6227020800) + z2 * (-1 / 1307674368000);
  return r + (r * z * (a + z2 * z2 * b) + low * (1 - z / 2));
}

/** `cos(r + low)` for `|r|` up to about pi/4: `r^n / n!` up to n = 16; the next term is below 2^-58. */
export function cosNear(r: number, low: number): number {
  const z = r * r;
  const z2 = z * z;
  const a = 1 / 24 + z * (-1 / 720) + z2 * (1 / 40320 + z * (-1 / 3628800));
  const b = 1 / 479001600 + z * (-1 / 87178291200) + z2 * (1 / 20922789888000);
  // 1 - z / 2 rounds by up to half a unit; its error joins the small terms, so only the last sum rounds.
  const top = 1 - z / 2;
  return top + (1 - top - z / 2 + (z2 * (a + z2 * z2 * b) - r * low));
}

/** `sin(x + turns * pi / 2)` for `x > 0`. */
export function sinShifted(x: number, turns: number): number {
  if (!(x < CODY_WAITE_END)) return sinHuge(x, turns);
  const n = Math.floor(x * TWO_OVER_PI + 0.5);
  // Products with the 33-bit parts are exact; each difference keeps what it rounds away.
  const a = x - n * HALF_PI_1;
  const b = a - n * HALF_PI_2;
  const c = b - n * HALF_PI_3;
  const low = a - b - n * HALF_PI_2 + (b - c - n * HALF_PI_3) - n * HALF_PI_4;
  const r = c + low;
  return sinQuadrant(n + turns, r, c - r + low);
}

/** `sinShifted` in fixed point, with as many fraction bits as the largest double needs; NaN for NaN and Infinity. */
function sinHuge(x: number, turns: number): number {
  if (!(x < Infinity)) return NaN;
  // From 2^53 on every double is an integer; those below have at most 32 fraction bits, being above 2^20.
  const integer = x >= 9007199254740992;
  const fixed = integer ? BigInt(x) << FRACTION_BITS : BigInt(x * 4294967296) << (FRACTION_BITS - 32n);
  const n = (fixed * 2n + HALF_PI_FIXED) / (HALF_PI_FIXED * 2n);
  // 192 bits fewer, 960 of them fractional: as an integer the remainder must not exceed the largest double.
  const remainder = (fixed - n * HALF_PI_FIXED) >> 192n;
  const r = Number(remainder);
  const low = Number(remainder - BigInt(r));
  return sinQuadrant(Number(n & 3n) + turns, r * TWO_M960, low * TWO_M960);
}

/** `sin(n * pi / 2 + r + low)`. */
function sinQuadrant(n: number, r: number, low: number): number {
  const y = (n & 1) === 0 ? sinNear(r, low) : cosNear(r, low);
  return (n & 2) === 0 ? y : -y;
}

/** 2^-960. */
const TWO_M960 = 1.0261342003245941e-289;
const TWO_OVER_PI = 0.6366197723675814;
/** pi/2 in three parts of 33 bits and the rest; times a multiple below 2^20 each part is exact. */
const HALF_PI_1 = 1.5707963267341256;
const HALF_PI_2 = 6.077100506303966e-11;
const HALF_PI_3 = 2.0222662487111665e-21;
const HALF_PI_4 = 8.4784276603689e-32;
/** 2^20 * pi / 2, where the multiples outgrow the 20 bits that the parts leave them. */
const CODY_WAITE_END = 1647099;
/**
 * Fraction bits of HALF_PI_FIXED: 1024 for the largest multiple, 62 for the double closest to a multiple of pi/2
 * (6381956970095103 * 2^797; Muller, Elementary Functions, range reduction) and 66 for the remainder's relative error.
 */
const FRACTION_BITS = 1152n;
/** pi/2 times 2^FRACTION_BITS, rounded down. */
const HALF_PI_FIXED = /* @__PURE__ */ BigInt(
  '0x1' +
    '921fb54442d18469898cc51701b839a252049c1114cf98e804177d4c76273644' +
    'a29410f31c6809bbdf2a33679a748636605614dbe4be286e9fc26adadaa3848b' +
    'c90b6aecc4bcfd8de89885d34c6fdad617feb96de80d6fdbdc70d7f6b5133f4b' +
    '5d3e4822f8963fcc9250cca3d9c8b67b8400f97142c77e0b31b4906c38aba734' +
    'd22c7f51fa499ebf06caba47b9475b2c',
);
