import type { Kernels, PairSpec } from '../kernels.ts';
import * as portable from '../portable/distances.ts';
import type { GetMachine, Machine } from './machine.ts';
import { LANES } from './panels.ts';
import { orPortable } from './parts.ts';

/*
 * Every pair of rows has one sum in double precision in the order of memory, as in the portable kernels and to the same
 * bits; so the choice between them may depend on any size.
 */

/** Below these many rows packing costs more than the vectors save, and below these many multiplications staging does. */
const LEAST_ROWS = 8;
const LEAST = 2048;

/** The longest sums, and the numbers of the left operand that are staged at once. */
const DEEPEST = 32_768;
const STAGED = 1 << 18;

export function createPairDistances(getMachine: GetMachine): NonNullable<Kernels['pairDistances']> {
  return orPortable(
    getMachine,
    ([, , out, { rows, width }]) => rows >= LEAST_ROWS && width <= DEEPEST && width * out.length >= LEAST,
    portable.pairDistances,
    (machine, a, b, out, spec) => {
      const { rows } = spec;
      const mirrored = a === b;
      const most = Math.max(1, Math.floor(STAGED / Math.max(spec.width, LANES)));
      for (let row = 0; row < rows; row += most) pairRows(machine, a, b, out, spec, row, Math.min(most, rows - row));
      if (mirrored) for (let n = 0; n < rows; n++) for (let m = 0; m < n; m++) out[m * rows + n] = out[n * rows + m];
    },
  );
}

/** Distances of `rows` rows of a from `row` on: to all of b, eight at a time, or, where both are one, those up to the diagonal. */
function pairRows(
  { workspace, run }: Machine,
  a: Float32Array,
  b: Float32Array,
  out: Float32Array,
  { columns, width, root }: PairSpec,
  row: number,
  rows: number,
): void {
  workspace.clear();
  const { doubles, floats } = workspace;
  const base = workspace.addressOf(out);
  const left = workspace.take(2 * rows * width);
  const panel = workspace.take(2 * LANES * width);
  const tile = workspace.take(LANES * rows);
  doubles.set(a.subarray(row * width, (row + rows) * width), left >> 3);
  for (let column = 0; column < columns; column += LANES) {
    const lanes = Math.min(LANES, columns - column);
    for (let d = 0, o = panel >> 3; d < width; d++)
      for (let c = 0; c < LANES; c++, o++) doubles[o] = c < lanes ? b[(column + c) * width + d] : 0;
    const skipped = a === b ? Math.min(rows, Math.max(0, column - row)) : 0;
    const first = (row + skipped) * columns + column;
    const direct = base !== undefined && lanes === LANES;
    const [to, line] = direct ? [base + 4 * first, 4 * columns] : [tile, 4 * LANES];
    run.pairPanel(left + 8 * width * skipped, panel, to, line, rows - skipped, width, Number(root));
    if (direct) continue;
    for (let n = skipped, o = first, t = tile >> 2; n < rows; n++, o += columns, t += LANES)
      for (let c = 0; c < lanes; c++) out[o + c] = floats[t + c];
  }
}
