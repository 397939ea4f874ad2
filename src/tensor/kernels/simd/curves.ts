import { exponential, LEAST } from './exponential.ts';
import { type Access, along } from './streams.ts';
import { type Assembler, type NewLocal, set, vectorLocals } from './wasm/assembler.ts';
import type { Expression, Local, Statement } from './wasm/code.ts';
import * as f32x4 from './wasm/f32x4.ts';
import * as v128 from './wasm/v128.ts';

/* Activations that bend smoothly, four numbers at a time: all but tanh near 0 come from one exponential. */

const { add, constant, div, mul, sub } = f32x4;

/** A function of x: what must be worked out first, its value, and its derivative where the value does not tell it. */
type Curve = (
  local: NewLocal,
  x: Local<'v128'>,
) => readonly [before: Statement[], value: Expression<'v128'>, slope?: Expression<'v128'>];

/** `name(count, x, out)`, and, where the derivative is known, `nameGradient(count, x, g, out)`. */
function defineCurve(wasm: Assembler, name: string, curve: Curve): void {
  wasm.define(name, 3, (local, count, x, out) => {
    const value = local('v128');
    const [before, y] = curve(local, value);
    return along(local, [x, out], count, 16, ({ load, store }) => [set(value, load(x)), ...before, store(out, y)], 1);
  });
  wasm.define(`${name}Gradient`, 4, (local, count, x, g, out) => {
    const value = local('v128');
    const [before, , slope] = curve(local, value);
    if (slope === undefined) return [];
    const body = ({ load, store }: Access) => [set(value, load(x)), ...before, store(out, mul(load(g), slope))];
    return along(local, [x, g, out], count, 16, body, 1);
  });
}

/** Sets s to `1 / (1 + e^-x)`: of `e = e^-|x|`, which does not overflow, `1 / (1 + e)` or `e / (1 + e)`. */
export function logistic(local: NewLocal, x: Local<'v128'>, s: Local<'v128'>): Statement[] {
  const e = local('v128');
  return [
    set(e, f32x4.neg(f32x4.abs(x))),
    ...exponential(local, e),
    set(s, div(constant(1), add(constant(1), e))),
    set(s, v128.select(mul(e, s), s, f32x4.gt(v128.zero, x))),
  ];
}

/** Of `(tanh(x) - x) / x^3` in x^2, up to |x| = 0.625: right to 5e-9 of tanh. By Lawson's iteration. */
const NEAR_ZERO = [-0.3333328, 0.13331442, -0.053739715, 0.020639088, -0.005704987];

/** Sets y to tanh(x): near 0 a polynomial, which keeps all digits; beyond, `1 - 2 / (1 + e^2|x|)` with the sign of x. */
export function hyperbolicTangent(local: NewLocal, x: Local<'v128'>, y: Local<'v128'>): Statement[] {
  const [a, near, squared] = vectorLocals(local, 3);
  return [
    set(a, f32x4.abs(x)),
    set(y, add(a, a)),
    ...exponential(local, y),
    set(y, sub(constant(1), div(constant(2), add(constant(1), y)))),
    set(squared, mul(a, a)),
    set(near, constant(NEAR_ZERO[4])),
    ...[3, 2, 1, 0].map((k) => set(near, add(mul(near, squared), constant(NEAR_ZERO[k])))),
    set(near, add(a, mul(mul(a, squared), near))),
    // Where a is NaN the comparison is false, and y is NaN.
    set(y, v128.or(v128.select(near, y, f32x4.gt(constant(0.625), a)), v128.and(x, constant(-0)))),
  ];
}

export function defineSigmoid(wasm: Assembler): void {
  defineCurve(wasm, 'sigmoid', (local, x) => {
    const s = local('v128');
    return [logistic(local, x, s), s.get];
  });
}

export function defineTanh(wasm: Assembler): void {
  defineCurve(wasm, 'tanh', (local, x) => {
    const y = local('v128');
    return [hyperbolicTangent(local, x, y), y.get];
  });
}

/** `x s(x)` for the sigmoid s, and its slope `s (1 + x (1 - s))`. */
export function defineSilu(wasm: Assembler): void {
  defineCurve(wasm, 'silu', (local, x) => {
    const s = local('v128');
    // Beyond, s is 0 or 1 in single precision, and an infinite x times 0 would be NaN.
    const within = f32x4.pmin(x, constant(-LEAST));
    return [
      [set(x, f32x4.pmax(x, constant(LEAST))), ...logistic(local, x, s)],
      mul(x, s),
      mul(s, add(constant(1), mul(within, sub(constant(1), s)))),
    ];
  });
}

/**
 * `t P(t)` with `t = 1 / (1 + 0.27 a)` is `Phi(-a) e^(a^2 / 2)`, Phi the normal distribution, for 0 <= a <= 15, right to
 * 2.4e-8 (the form of Abramowitz and Stegun, 26.2.17; coefficients by Lawson's iteration).
 */
const TAIL = [
  0.107721, 0.10753728, 0.1018485, 0.071908586, 0.108141854, -0.06964951, 0.17015499, -0.12665807, 0.02899537,
];
const TAIL_SCALE = 0.27;

/** `x Phi(x)`, and its slope `Phi(x) + x phi(x)`, phi the normal density. */
export function defineGelu(wasm: Assembler): void {
  defineCurve(wasm, 'gelu', (local, x) => {
    const [a, e, t, phi] = vectorLocals(local, 4);
    const before = [
      // Beyond 15 the tail is below single precision, and the square of x would overflow.
      set(a, f32x4.pmin(f32x4.abs(x), constant(15))),
      set(e, mul(mul(a, a), constant(-0.5))),
      ...exponential(local, e),
      set(t, div(constant(1), add(constant(1), mul(a, constant(TAIL_SCALE))))),
      set(phi, constant(TAIL[8])),
      ...[7, 6, 5, 4, 3, 2, 1, 0].map((k) => set(phi, add(mul(phi, t), constant(TAIL[k])))),
      set(phi, mul(mul(phi, t), e)),
      set(phi, v128.select(phi, sub(constant(1), phi), f32x4.gt(v128.zero, x))),
      // -Infinity times a tail of 0 would be NaN; the tail times -15 is 0 too.
      set(a, f32x4.pmax(x, constant(-15))),
    ];
    const density = mul(e, constant(1 / Math.sqrt(2 * Math.PI)));
    return [before, mul(a, phi), add(phi, mul(f32x4.pmin(a, constant(15)), density))];
  });
}
