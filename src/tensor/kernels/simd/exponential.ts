import type { NewLocal } from './wasm/assembler.ts';
import { set } from './wasm/assembler.ts';
import type { Local, Statement } from './wasm/code.ts';
import * as f32x4 from './wasm/f32x4.ts';
import * as i32x4 from './wasm/i32x4.ts';

/**
 * Least-largest relative error on +-ln(2) / 2 of `1 + r + r^2 (c0 + c1 r + ... + c4 r^4)` for e^r: 3e-9, of which
 * single precision leaves 8e-8. By Lawson's iteration.
 */
const POWERS = [0.49999994, 0.16666521, 0.04166839, 0.008368745, 0.001381454];

/** `ln 2` in two parts, the first of which has 9 bits: its product with an integer below 2^15 is exact (Cody and Waite 1980). */
const LN2_HIGH = 0.693359375;
const LN2_LOW = -2.1219444e-4;

/** Below lies 0, in single precision. */
export const LEAST = -104;
/** Above lies Infinity. */
const MOST = 89;

/**
 * Turns four numbers into their exponentials, right to 1.4 units of 2^-24, subnormal results too; NaN stays NaN.
 * `e^x = 2^n e^r`, n the integer next to `x / ln 2`; 2^n in two factors, as it leaves the range of exponents.
 */
export function exponential(local: NewLocal, x: Local<'v128'>): Statement[] {
  const [n, power] = [local('v128'), local('v128')];
  const constant = f32x4.constant;
  const twoTo = (k: Parameters<typeof i32x4.add>[0]) => i32x4.shl(i32x4.add(k, i32x4.splat(127)), 23);
  const half = i32x4.shr(n, 1);
  return [
    // The operand that may be NaN comes first, and stays.
    set(x, f32x4.pmin(f32x4.pmax(x, constant(LEAST)), constant(MOST))),
    set(n, f32x4.nearest(f32x4.mul(x, constant(Math.LOG2E)))),
    set(x, f32x4.sub(f32x4.sub(x, f32x4.mul(n, constant(LN2_HIGH))), f32x4.mul(n, constant(LN2_LOW)))),
    set(power, constant(POWERS[4])),
    ...[3, 2, 1, 0].map((k) => set(power, f32x4.add(f32x4.mul(power, x), constant(POWERS[k])))),
    set(x, f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(power, x), x), x), constant(1))),
    set(n, i32x4.truncate(n)),
    set(x, f32x4.mul(f32x4.mul(x, twoTo(half)), twoTo(i32x4.sub(n, half)))),
  ];
}
