import { exponential } from './exponential.ts';
import { along } from './streams.ts';
import { type Assembler, locals, range, set, vectorLocals } from './wasm/assembler.ts';
import type { Expression, Local } from './wasm/code.ts';
import * as f32x4 from './wasm/f32x4.ts';
import * as f64x2 from './wasm/f64x2.ts';
import * as i32x4 from './wasm/i32x4.ts';
import * as v128 from './wasm/v128.ts';

/* Kernels that treat the rows of a matrix one by one: softmax and its gradient. */

/** The first lane alone. */
const FIRST = i32x4.constant(-1, 0, 0, 0);

/** Both halves of four float32 lanes, in double precision, added to two sums. */
const addDoubles = (sum: Local<'v128'>, value: Local<'v128'>): Expression<'v128'> =>
  f64x2.add(sum, f64x2.add(f64x2.promote(value), f64x2.promote(v128.shuffle(value, value, [2, 3, 2, 3]))));

/** The total of two sums in every float32 lane. */
function spread(sum: Local<'v128'>): Expression<'v128'> {
  const total = f32x4.demote(f64x2.add(sum, v128.shuffle(sum, sum, [2, 3, 0, 1])));
  return v128.shuffle(total, v128.zero, [0, 0, 0, 0]);
}

/** `softmaxRows(rows, width, x, out)`. */
export function defineSoftmaxRows(wasm: Assembler): void {
  wasm.define('softmaxRows', 4, (local, rows, width, x, out) => {
    const [row, from, to] = locals(local, 3);
    const [largest, value, sum] = vectorLocals(local, 3);
    /** The larger lanes; NaN of the second is passed over, as it shows in the sum. */
    const larger = (other: Expression<'v128'>) => set(largest, f32x4.pmax(largest, other));
    return [
      range(row, 0, rows, 1, [
        set(from, x),
        set(largest, f32x4.constant(-Infinity)),
        ...along(local, [from], width, 16, ({ load, single }) => [larger(single ? v128.loadSplat(from) : load(from))]),
        larger(v128.shuffle(largest, largest, [2, 3, 0, 1])),
        larger(v128.shuffle(largest, largest, [1, 0, 3, 2])),
        // A row of nothing but -Infinity: less 0, not less itself, which is NaN.
        set(largest, v128.and(largest, f32x4.ne(largest, f32x4.constant(-Infinity)))),
        set(from, x),
        set(to, out),
        set(sum, v128.zero),
        ...along(
          local,
          [from, to],
          width,
          16,
          ({ load, store, single }) => [
            set(value, f32x4.sub(load(from), largest)),
            ...exponential(local, value),
            store(to, value),
            ...(single ? [set(value, v128.and(value, FIRST))] : []),
            set(sum, addDoubles(sum, value)),
          ],
          1,
        ),
        // Shares of nothing are 0.
        set(value, f32x4.pmax(spread(sum), f32x4.constant(LEAST_SUM))),
        set(to, out),
        ...along(local, [to], width, 16, ({ load, store }) => [store(to, f32x4.div(load(to), value))]),
        set(x, from),
        set(out, to),
      ]),
    ];
  });
}

/** Below any sum of a row, whose largest entry adds 1. */
const LEAST_SUM = 0.5;

/** `softmaxGradientRows(rows, width, y, g, out)`. */
export function defineSoftmaxGradientRows(wasm: Assembler): void {
  wasm.define('softmaxGradientRows', 5, (local, rows, width, y, g, out) => {
    const [row, left, right] = locals(local, 3);
    const [value, sum] = vectorLocals(local, 2);
    return [
      range(row, 0, rows, 1, [
        set(left, y),
        set(right, g),
        set(sum, v128.zero),
        ...along(local, [left, right], width, 8, ({ load }) => [
          set(sum, f64x2.add(sum, f64x2.mul(f64x2.promote(load(left)), f64x2.promote(load(right))))),
        ]),
        set(value, spread(sum)),
        ...along(local, [y, g, out], width, 16, ({ load, store }) => [
          store(out, f32x4.mul(load(y), f32x4.sub(load(g), value))),
        ]),
      ]),
    ];
  });
}
