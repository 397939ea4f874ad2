import {
  type Assembler,
  advance,
  clear,
  locals,
  type NewLocal,
  range,
  repeat,
  set,
  vectorLocals,
  when,
} from './wasm/assembler.ts';
import type { Expression, Local, Statement } from './wasm/code.ts';
import * as f32x4 from './wasm/f32x4.ts';
import * as i32 from './wasm/i32.ts';
import * as i32x4 from './wasm/i32x4.ts';
import * as v128 from './wasm/v128.ts';

/* Max pooling of windows of 2 x 2, side by side: image, out and positions, each in its own memory. */

/** Windows that are treated at once, and the fewest that a row may have. */
export const WINDOWS = 4;

/**
 * Treats four neighboring windows. Gets the addresses of the first: in the image, in the smaller array and in the
 * positions; bytes and numbers in a row of the image; and the position of the first entry of the first window.
 */
type Treat = (
  local: NewLocal,
  image: Local<'i32'>,
  small: Local<'i32'>,
  chosen: Expression<'i32'>,
  line: Local<'i32'>,
  width: Local<'i32'>,
  position: Local<'i32'>,
) => readonly Statement[];

/**
 * `name(position, planes, height, width, image, small, chosen)` walks the windows four at a time. The last four of a row
 * may overlap those before, which are then treated again. Where `blank`, an image with an odd side is set to 0 first.
 */
function definePooling(wasm: Assembler, name: string, blank: boolean, treat: Treat): void {
  wasm.define(name, 7, (local, ...given) => {
    const [firstOfRow, planes, height, width, imageRow, smallRow, chosenRow] = given;
    const [plane, row, column, columns, line, odd, between] = locals(local, 7);
    const [image, small, position] = locals(local, 3);
    const bytes = i32.shl(i32.mul(planes, i32.mul(height, width)), 2);
    return [
      ...(blank ? [when(i32.and(i32.or(height, width), 1), [clear(imageRow, bytes)])] : []),
      set(columns, i32.shr(width, 1)),
      set(line, i32.shl(width, 2)),
      set(odd, i32.mul(i32.and(height, 1), width)),
      set(between, i32.sub(chosenRow, smallRow)),
      range(plane, 0, planes, 1, [
        range(row, 1, height, 2, [
          set(column, 0),
          repeat(
            [
              set(column, i32.min(column, i32.sub(columns, WINDOWS))),
              set(image, i32.add(imageRow, i32.shl(column, 3))),
              set(small, i32.add(smallRow, i32.shl(column, 2))),
              set(position, i32.add(firstOfRow, i32.shl(column, 1))),
              ...treat(local, image, small, i32.add(small, between), line, width, position),
              advance(column, WINDOWS),
            ],
            i32.lt(column, columns),
          ),
          advance(smallRow, i32.shl(columns, 2)),
          advance(imageRow, i32.shl(line, 1)),
          advance(firstOfRow, i32.shl(width, 1)),
        ]),
        advance(imageRow, i32.shl(odd, 2)),
        advance(firstOfRow, odd),
      ]),
    ];
  });
}

/** Writes the largest entry of each window to `small`, and its position to `chosen`. */
export function defineMaxPool(wasm: Assembler): void {
  definePooling(wasm, 'maxPool', false, (local, image, small, chosen, line, width, position) => {
    const vectors = vectorLocals(local, 8);
    const [left, right, second, mask, upper, lower, upperMask, lowerMask] = vectors;
    /** Makes `best` the larger one, itself at a tie, `other` where that is NaN; `taken` says where `other` is. */
    const choose = (best: Local<'v128'>, other: Local<'v128'>, taken: Local<'v128'>): Statement[] => [
      set(taken, v128.or(f32x4.gt(other, best), f32x4.ne(other, other))),
      set(best, v128.select(other, best, taken)),
    ];
    const alongRow = (best: Local<'v128'>, taken: Local<'v128'>): Statement[] => [
      set(left, v128.load(image)),
      set(right, v128.load(image, 16)),
      set(best, v128.shuffle(left, right, [0, 2, 4, 6])),
      set(second, v128.shuffle(left, right, [1, 3, 5, 7])),
      ...choose(best, second, taken),
    ];
    // A mask is -1 where it is set: subtracted, it moves one entry on.
    const back = v128.select(i32x4.sub(lowerMask, i32x4.splat(width)), upperMask, mask);
    const first = i32x4.add(i32x4.splat(position), i32x4.constant(0, 2, 4, 6));
    return [
      ...alongRow(upper, upperMask),
      advance(image, line),
      ...alongRow(lower, lowerMask),
      ...choose(upper, lower, mask),
      v128.store(small, upper),
      v128.store(chosen, i32x4.sub(first, back)),
    ];
  });
}

/** Writes to every entry of the image the gradient in `small` of the window that chose it, or 0. */
export function defineMaxPoolGradient(wasm: Assembler): void {
  definePooling(wasm, 'maxPoolGradient', true, (local, image, small, chosen, line, width, position) => {
    const [g, offset] = [local('v128'), local('v128')];
    const row = [0, 1].map((half) => {
      const doubled = (x: Local<'v128'>) => v128.shuffle(x, x, [2 * half, 2 * half, 2 * half + 1, 2 * half + 1]);
      const entries = i32x4.constant(4 * half, 4 * half + 1, 4 * half + 2, 4 * half + 3);
      return v128.store(image, v128.and(doubled(g), i32x4.eq(doubled(offset), entries)), 16 * half);
    });
    return [
      set(g, v128.load(small)),
      set(offset, i32x4.sub(v128.load(chosen), i32x4.splat(position))),
      ...row,
      advance(image, line),
      set(offset, i32x4.sub(offset, i32x4.splat(width))),
      ...row,
    ];
  });
}
