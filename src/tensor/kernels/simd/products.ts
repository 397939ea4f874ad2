import { type Assembler, advance, locals, loop, type NewLocal, range, repeat, set, when } from './wasm/assembler.ts';
import type { Expression, Local, Operand, Statement } from './wasm/code.ts';
import * as f32 from './wasm/f32.ts';
import * as f32x4 from './wasm/f32x4.ts';
import * as i32 from './wasm/i32.ts';
import * as v128 from './wasm/v128.ts';

/*
 * The two inner loops of every matrix product and convolution. Both keep eight vectors of sums, two loaded vectors and
 * one more in registers (of 16); neither is unrolled over the depth, where V8 would hoist the loads and spill.
 * Steps and strides are in bytes. Every element of a product is summed in one order, whichever tile it lies in.
 * Sums start from `start + row * startRow + column * startColumn`: zeros, a bias, or the output itself.
 */

/** Rows and columns of the tile of `columnProduct`, and of `rowProduct`. */
const ROWS = 4;
export const COLUMNS = 8;
const PAIR = 2;

/** Bytes that a partly filled tile is written to before its valid part is copied. */
export const EDGE_BYTES: number = 4 * ROWS * COLUMNS;

/**
 * `columnProduct(a, aRow, aStep, b, bStep, bPanel, out, outRow, m, n, k, start, startRow, startColumn, edge)`:
 * `out[i, j] = start + sum over d of a[i, d] b[d, j]`, where b is read 8 neighboring columns at a time, `bPanel` apart.
 */
export function defineColumnProduct(wasm: Assembler): void {
  wasm.define('columnProduct', 15, (local, ...given) => {
    const [a, aRow, aStep, b, bStep, bPanel, out, outRow, m, n, k, start, startRow, startColumn, edge] = given;
    const [left, j, panel, source, from, to, end, depth, row, begin, target] = locals(local, 11);
    const rows = locals(local, ROWS);
    const sums = rows.map(() => [local('v128'), local('v128')]);
    const columns = [local('v128'), local('v128')];
    const value = local('v128');
    // Past the last row the last one is taken again: computed, never stored.
    const toNext = (stride: Local<'i32'>, r: number) => i32.mul(stride, i32.gt(left, r));
    return [
      set(panel, b),
      set(depth, i32.mul(k, aStep)),
      range(j, 0, n, COLUMNS, [
        set(row, a),
        set(begin, i32.add(start, i32.mul(j, startColumn))),
        set(target, i32.add(out, i32.shl(j, 2))),
        set(left, m),
        repeat(
          [
            set(from, begin),
            ...sums.flatMap((sum, r) => [
              set(rows[r], r === 0 ? row : i32.add(rows[r - 1], toNext(aRow, r))),
              ...(r === 0 ? [] : [advance(from, toNext(startRow, r))]),
              ...sum.map((vector, v) => set(vector, v128.load(from, 16 * v))),
            ]),
            set(source, panel),
            set(end, i32.add(row, depth)),
            repeat(
              [
                ...columns.map((column, v) => set(column, v128.load(source, 16 * v))),
                ...sums.flatMap((sum, r) => [
                  set(value, v128.loadSplat(rows[r])),
                  ...sum.map((vector, v) => addProduct(wasm, vector, value, columns[v])),
                ]),
                advance(source, bStep),
                ...rows.map((pointer) => advance(pointer, aStep)),
              ],
              i32.ne(rows[0], end),
            ),
            set(to, target),
            when(i32.and(i32.ge(left, ROWS), i32.le(j, i32.sub(n, COLUMNS))), storeTile(sums, to, outRow), [
              set(from, edge),
              ...storeTile(sums, from, 4 * COLUMNS),
              set(from, edge),
              ...copyPart({ from, to, outRow, rows: left, columns: i32.sub(n, j) }, local),
            ]),
            advance(row, i32.shl(aRow, 2)),
            advance(begin, i32.shl(startRow, 2)),
            advance(target, i32.shl(outRow, 2)),
            advance(left, -ROWS),
          ],
          i32.gt(left, 0),
        ),
        advance(panel, bPanel),
      ]),
    ];
  });
}

/** `sum += a * b`. */
export function addProduct(
  { relaxed }: Assembler,
  sum: Local<'v128'>,
  a: Local<'v128'>,
  b: Operand<'v128'>,
): Statement {
  return set(sum, relaxed ? f32x4.relaxedMultiplyAdd(a, b, sum) : f32x4.add(sum, f32x4.mul(a, b)));
}

function storeTile(
  sums: readonly (readonly Local<'v128'>[])[],
  to: Local<'i32'>,
  stride: Local<'i32'> | number,
): Statement[] {
  return sums.flatMap((sum) => [...sum.map((vector, v) => v128.store(to, vector, 16 * v)), advance(to, stride)]);
}

/** Copies the valid rows and columns of a tile. */
function copyPart(
  part: {
    readonly from: Local<'i32'>;
    readonly to: Local<'i32'>;
    readonly outRow: Local<'i32'>;
    readonly rows: Local<'i32'>;
    readonly columns: Expression<'i32'>;
  },
  local: NewLocal,
): Statement[] {
  const { from, to, outRow, rows, columns } = part;
  const [row, byte, height, width] = locals(local, 4);
  return [
    set(height, i32.min(rows, ROWS)),
    set(width, i32.shl(i32.min(columns, COLUMNS), 2)),
    range(row, 0, height, 1, [
      range(byte, 0, width, 4, [f32.store(i32.add(to, byte), f32.load(i32.add(from, byte)))]),
      advance(from, 4 * COLUMNS),
      advance(to, outRow),
    ]),
  ];
}

/**
 * `rowProduct(a, aRow, b, bRow, out, outRow, m, n, k, start, startRow, startColumn)`: `out[i, j] = start + sum over d of
 * a[i, d] b[j, d]`, both read along rows: four partial sums, one a lane, added at the end. `startColumn` is 4, or 0 for
 * zeros.
 */
export function defineRowProduct(wasm: Assembler): void {
  wasm.define('rowProduct', 12, (local, ...given) => {
    const [a, aRow, b, bRow, out, outRow, m, n, k, start, startRow, startColumn] = given;
    const [i, j, end, last, from, to] = locals(local, 6);
    const rows = locals(local, ROWS);
    const columns = locals(local, PAIR);
    const sums = rows.map(() => columns.map(() => local('v128')));
    const values = columns.map(() => local('v128'));
    const value = local('v128');
    const multiply = (load: (address: Local<'i32'>) => Expression<'v128'>, bytes: number): Statement[] => [
      ...columns.map((column, c) => set(values[c], load(column))),
      ...sums.flatMap((sum, r) => [
        set(value, load(rows[r])),
        ...sum.map((vector, c) => addProduct(wasm, vector, value, values[c])),
      ]),
      ...[...rows, ...columns].map((pointer) => advance(pointer, bytes)),
    ];
    return [
      range(j, 0, n, PAIR, [
        range(i, 0, m, ROWS, [
          ...rows.map((row, r) => set(row, i32.add(a, i32.mul(i32.min(i32.add(i, r), i32.sub(m, 1)), aRow)))),
          ...columns.map((column, c) => set(column, i32.add(b, i32.mul(i32.min(i32.add(j, c), i32.sub(n, 1)), bRow)))),
          ...sums.flat().map((vector) => set(vector, v128.zero)),
          set(last, i32.add(rows[0], i32.shl(k, 2))),
          set(end, i32.sub(last, 12)),
          loop(i32.lt(rows[0], end), multiply(v128.load, 16)),
          loop(i32.lt(rows[0], last), multiply(v128.loadLane0, 4)),
          ...sums.flatMap(([left, right], r) => [
            set(to, i32.add(out, i32.add(i32.mul(i32.add(i, r), outRow), i32.shl(j, 2)))),
            set(from, i32.add(start, i32.add(i32.mul(i32.add(i, r), startRow), i32.mul(j, startColumn)))),
            when(i32.gt(m, i32.add(i, r)), [
              // Lanes 0 + 2 and 1 + 3 of both sums, then those two, side by side.
              set(value, f32x4.add(v128.shuffle(left, right, [0, 1, 4, 5]), v128.shuffle(left, right, [2, 3, 6, 7]))),
              set(value, f32x4.add(v128.shuffle(value, value, [0, 2, 0, 2]), v128.shuffle(value, value, [1, 3, 1, 3]))),
              set(value, f32x4.add(v128.loadLow(from), value)),
              when(i32.gt(n, i32.add(j, 1)), [v128.storeLow(to, value)], [v128.storeLane0(to, value)]),
            ]),
          ]),
        ]),
      ]),
    ];
  });
}

/** Copies b [k, n] into panels of 8 columns, where its rows lie so far apart that they would push one another out of the cache. */
export function definePackColumns(wasm: Assembler): void {
  wasm.define('packColumns', 5, (local, b, bStep, to, n, k) => {
    const [j, d, from] = locals(local, 3);
    return [
      range(j, 0, n, COLUMNS, [
        set(from, i32.add(b, i32.shl(j, 2))),
        range(d, 0, k, 1, [
          v128.store(to, v128.load(from)),
          v128.store(to, v128.load(from, 16), 16),
          advance(to, 4 * COLUMNS),
          advance(from, bStep),
        ]),
      ]),
    ];
  });
}
