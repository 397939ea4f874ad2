import type { Kernels, MatmulSpec } from '../kernels.ts';
import * as portable from '../portable/matmul.ts';
import type { GetMachine, Machine } from './machine.ts';
import { orPortable } from './parts.ts';
import { COLUMNS, EDGE_BYTES } from './products.ts';
import type { Block, Rows } from './workspace.ts';

/** Numbers of one operand that are staged or packed at once. */
const BLOCK = 400_000;

/** The longest sums whose operands fit into the workspace, eight columns of b at a time. */
const DEEPEST = BLOCK / COLUMNS;

/** From these many rows on, and these many bytes of b, panels are copied together before they are multiplied. */
const PACK_ROWS = 16;
const PACK_BYTES = 1 << 17;

/** Matrix product on vectors. Which sums are taken in which order depends on k and the transposes alone. */
export function createMatmul(getMachine: GetMachine): NonNullable<Kernels['matmul']> {
  return orPortable(
    getMachine,
    ([, , , { m, n, k }]) => m * n * k > 0 && k <= DEEPEST,
    portable.matmul,
    (machine, a, b, out, spec) => {
      const { workspace } = machine;
      const { m, n, k } = spec;
      const columns = Math.min(n, COLUMNS * Math.max(1, Math.floor(BLOCK / k / COLUMNS)));
      const rows = Math.min(m, 4 * Math.max(1, Math.floor(BLOCK / Math.max(k, columns) / 4)));
      for (let column = 0; column < n; column += columns) {
        const width = Math.min(columns, n - column);
        workspace.clear();
        const right = placeRight(machine, b, spec, column, width);
        const { top } = workspace;
        for (let row = 0; row < m; row += rows) {
          workspace.top = top;
          multiplyBlock(machine, a, right, out, spec, { row, height: Math.min(rows, m - row), column, width });
        }
      }
    },
  );
}

interface Placed extends Rows {
  /** Bytes from panel to panel, where it is read in panels of columns. */
  readonly panel: number;
}

/** Columns of b: as rows of k numbers where b is transposed and a is not, else as rows of `width` numbers or panels. */
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
  if (transposeB) {
    const at = workspace.part(b, column * k, width * k);
    return { at, line: 4 * k, panel: 0 };
  }
  const { at, line } = workspace.block(b, { columns: n, row: 0, height: k, column, width });
  if (m < PACK_ROWS || k * line < PACK_BYTES) return { at, line, panel: 4 * COLUMNS };
  const packed = workspace.take(k * COLUMNS * Math.ceil(width / COLUMNS));
  run.packColumns(at, line, packed, width, k);
  return { at: packed, line: 4 * COLUMNS, panel: 4 * COLUMNS * k };
}

function multiplyBlock(
  { workspace, run }: Machine,
  a: Float32Array,
  right: Placed,
  out: Float32Array,
  { m, n, k, transposeA, transposeB, accumulate }: MatmulSpec,
  block: Omit<Block, 'columns'>,
): void {
  const { row, height, width } = block;
  const left = transposeA
    ? workspace.block(a, { columns: m, row: 0, height: k, column: row, width: height })
    : { at: workspace.part(a, row * k, height * k), line: 4 * k };
  const target = workspace.outputBlock(out, { columns: n, ...block }, accumulate);
  const [start, startRow, startColumn] = accumulate ? [target.at, target.line, 4] : [0, 0, 0];
  if (transposeB && !transposeA) {
    const { at, line } = target;
    run.rowProduct(left.at, left.line, right.at, right.line, at, line, height, width, k, start, startRow, startColumn);
  } else {
    const [aRow, aStep] = transposeA ? [4, left.line] : [left.line, 4];
    const edge = workspace.take(EDGE_BYTES / 4);
    // biome-ignore format: in the order of its definition.
    run.columnProduct(
      left.at, aRow, aStep, right.at, right.line, right.panel, target.at, target.line, height, width, k,
      start, startRow, startColumn, edge,
    );
  }
  workspace.finishBlock(out, { columns: n, ...block }, target.at);
}
