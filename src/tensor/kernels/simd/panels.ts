import { type Assembler, advance, locals, loop, range, set, vectorLocals, when } from './wasm/assembler.ts';
import * as f32x4 from './wasm/f32x4.ts';
import * as f64x2 from './wasm/f64x2.ts';
import * as i32 from './wasm/i32.ts';
import * as v128 from './wasm/v128.ts';

/* Eight sums in double precision, four vectors, are added up side by side: one number against eight of a panel. */

export const LANES = 8;
const PANEL_BYTES = 8 * LANES;

/**
 * `pairPanel(left, panel, out, outRow, rows, depth, root)`: squared distances of rows of `depth` doubles to the eight
 * columns of a panel, or their roots.
 */
export function definePairPanel(wasm: Assembler): void {
  wasm.define('pairPanel', 7, (local, left, panel, out, outRow, rows, depth, root) => {
    const [row, at, end] = locals(local, 3);
    const [value, difference] = vectorLocals(local, 2);
    const sums = vectorLocals(local, LANES / 2);
    return [
      range(row, 0, rows, 1, [
        ...sums.map((sum) => set(sum, v128.zero)),
        set(at, panel),
        set(end, i32.add(left, i32.shl(depth, 3))),
        loop(i32.lt(left, end), [
          set(value, v128.loadSplat64(left)),
          ...sums.flatMap((sum, v) => [
            set(difference, f64x2.sub(value, v128.load(at, 16 * v))),
            set(sum, f64x2.add(sum, f64x2.mul(difference, difference))),
          ]),
          advance(left, 8),
          advance(at, PANEL_BYTES),
        ]),
        when(
          root,
          sums.map((sum) => set(sum, f64x2.sqrt(sum))),
        ),
        ...sums.map((sum, v) => v128.storeLow(out, f32x4.demote(sum), 8 * v)),
        advance(out, outRow),
      ]),
    ];
  });
}
