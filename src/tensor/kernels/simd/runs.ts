import { PARTIALS } from '../portable/sums.ts';
import { type Assembler, advance, locals, loop, range, set, vectorLocals } from './wasm/assembler.ts';
import * as f64 from './wasm/f64.ts';
import * as f64x2 from './wasm/f64x2.ts';
import * as i32 from './wasm/i32.ts';
import * as v128 from './wasm/v128.ts';

const PARTIAL_BYTES = 8 * PARTIALS;

/** The total of each run over all `outer` of them, `xStep` bytes apart, becomes the first of its partial sums. */
export function defineSumRuns(wasm: Assembler): void {
  wasm.define('sumRuns', 6, (local, x, xStep, outer, runs, inner, partials) => {
    const [o, sum, end, last, from, stop] = locals(local, 6);
    const lanes = vectorLocals(local, PARTIALS / 2);
    const [s0, s1, s2, s3] = lanes;
    const load = lanes.map((lane, v) => set(lane, v128.load(sum, 16 * v)));
    return [
      set(end, i32.add(partials, i32.mul(runs, PARTIAL_BYTES))),
      range(sum, partials, end, 16, [v128.store(sum, v128.zero)]),
      range(o, 0, outer, 1, [
        set(from, x),
        range(sum, partials, end, PARTIAL_BYTES, [
          ...load,
          set(stop, i32.add(from, i32.shl(inner, 2))),
          set(last, i32.sub(stop, 4 * PARTIALS - 1)),
          loop(i32.lt(from, last), [
            ...lanes.map((lane, v) => set(lane, f64x2.add(lane, f64x2.promote(v128.loadLow(from, 8 * v))))),
            advance(from, 4 * PARTIALS),
          ]),
          loop(i32.lt(from, stop), [set(s0, f64x2.add(s0, f64x2.promote(v128.loadLane0(from)))), advance(from, 4)]),
          ...lanes.map((lane, v) => v128.store(sum, lane, 16 * v)),
        ]),
        advance(x, xStep),
      ]),
      range(sum, partials, end, PARTIAL_BYTES, [
        ...load,
        set(s0, f64x2.add(f64x2.add(s0, s2), f64x2.add(s1, s3))),
        f64.store(sum, f64.add(f64x2.extract(s0, 0), f64x2.extract(s0, 1))),
      ]),
    ];
  });
}
