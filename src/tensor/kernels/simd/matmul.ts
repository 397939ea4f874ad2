import type { Kernels, MatmulSpec } from '../kernels.ts';
import * as portable from '../portable/matmul.ts';
import type { GetMachine, Machine } from './machine.ts';
import { orPortable } from './parts.ts';
import { COLUMNS, EDGE_BYTES } from './products.ts';
import type { Lines } from './workspace.ts';

/** Numbers of one operand that are staged or packed at once. */
const BLOCK = 400_000;

/** The longest rows and sums of which eight fit into a block. */
const LONGEST = BLOCK / COLUMNS;

/** From these many rows on, and these many bytes of b, panels are copied together before they are multiplied. */
const PACK_ROWS = 16;
const PACK_BYTES = 1 << 17;

/** Matrix product on vectors. Which sums are taken in which order depends on k and the transposes alone. */
export function createMatmul(getMachine: GetMachine): NonNullable<Kernels['matmul']> {
  return orPortable(
    getMachine,
    ([, , , { m, n, k }]) => m * n * k > 0 && Math.max(n, k) <= LONGEST,
    portable.matmul,
    (machine, a, b, out, spec) => {
      const { workspace } = machine;
      const { m, n, k } = spec;
      const most = (length: number) => COLUMNS * Math.floor(LONGEST / length);
      const [rows, columns] = [Math.min(m, most(Math.max(n, k))), Math.min(n, most(k))];
      for (let row = 0; row < m; row += rows) {
        workspace.clear();
        const height = Math.min(rows, m - row);
        const target = height === m ? out : out.subarray(row * n, (row + height) * n);
        const to = workspace.output(target);
        if (spec.accumulate && workspace.addressOf(target) === undefined) workspace.copyIn(target, to);
        const left = spec.transposeA
          ? workspace.columns(a, m, row, height)
          : { at: workspace.part(a, row * k, height * k), line: 4 * k };
        const { top } = workspace;
        for (let column = 0; column < n; column += columns) {
          workspace.top = top;
          multiply(machine, left, b, to + 4 * column, height, column, Math.min(columns, n - column), spec);
        }
        workspace.finish(target, to);
      }
    },
  );
}

/** Where columns of b lie, as rows of k numbers where b is transposed and a is not, else as rows of `width` numbers or panels. */
interface Placed extends Lines {
  /** Bytes from panel to panel, where it is read in panels of columns. */
  readonly panel: number;
}

function placeRight(
  { workspace, run }: Machine,
  b: Float32Array,
  { m, n, k, transposeA, transposeB }: MatmulSpec,
  column: number,
  width: number,
): Placed {
  if (transposeA && transposeB) {
    const at = workspace.take(k * width);
    for (let d = 0, o = at >> 2; d < k; d++)
      for (let j = 0; j < width; j++, o++) workspace.floats[o] = b[(column + j) * k + d];
    return { at, line: 4 * width, panel: 4 * COLUMNS };
  }
  if (transposeB) return { at: workspace.part(b, column * k, width * k), line: 4 * k, panel: 0 };
  const { at, line } = workspace.columns(b, n, column, width);
  if (m < PACK_ROWS || k * line < PACK_BYTES) return { at, line, panel: 4 * COLUMNS };
  const packed = workspace.take(k * COLUMNS * Math.ceil(width / COLUMNS));
  run.packColumns(at, line, packed, width, k);
  return { at: packed, line: 4 * COLUMNS, panel: 4 * COLUMNS * k };
}

/** Writes `width` columns of `height` rows of the product to rows of n numbers. */
function multiply(
  machine: Machine,
  left: Lines,
  b: Float32Array,
  to: number,
  height: number,
  column: number,
  width: number,
  spec: MatmulSpec,
): void {
  const { workspace, run } = machine;
  const { n, k, transposeA, transposeB, accumulate } = spec;
  const right = placeRight(machine, b, spec, column, width);
  const line = 4 * n;
  const [start, startRow, startColumn] = accumulate ? [to, line, 4] : [0, 0, 0];
  if (transposeB && !transposeA) {
    run.rowProduct(left.at, left.line, right.at, right.line, to, line, height, width, k, start, startRow, startColumn);
  } else {
    const [aRow, aStep] = transposeA ? [4, left.line] : [left.line, 4];
    const edge = workspace.take(EDGE_BYTES / 4);
    // biome-ignore format: in the order of its definition.
    run.columnProduct(
      left.at, aRow, aStep, right.at, right.line, right.panel, to, line, height, width, k,
      start, startRow, startColumn, edge,
    );
  }
}
