import { addProduct } from './products.ts';
import { type Assembler, advance, locals, range, repeat, set, vectorLocals } from './wasm/assembler.ts';
import * as f32x4 from './wasm/f32x4.ts';
import * as i32 from './wasm/i32.ts';
import * as v128 from './wasm/v128.ts';

/*
 * Convolutions of a plane with a filter of its own, as `depthwiseConv2d` lays planes out: whatever the pixel, a cell of
 * the filter meets what lies as many bytes behind it. So a plane is one long row, and `cells` a list of those distances.
 * V8 does all loads of a loop's body before the sums: with these sums they just fit into registers.
 */

const SUMS = 7;
/** Pixels that are summed side by side. */
export const SPAN: number = 4 * SUMS;

/** Cells that are weighed side by side: 3 x 3 and 5 x 5 filters fill them well. */
export const CELLS = 5;

/**
 * `correlate(image, plane, planes, cells, last, out, size, weights, bias, biasStep)`: in planes of `size` bytes, whole
 * spans, `out = bias + sum over cells of weight * image`.
 */
export function defineCorrelate(wasm: Assembler): void {
  wasm.define('correlate', 10, (local, ...given) => {
    const [image, plane, planes, cells, last, out, size, weights, bias, biasStep] = given;
    const [p, end, from, source, cell, at] = locals(local, 6);
    const [start, weight] = vectorLocals(local, 2);
    const sums = vectorLocals(local, SUMS);
    return [
      range(p, 0, planes, 1, [
        set(start, v128.loadSplat(bias)),
        set(from, image),
        set(end, i32.add(out, size)),
        repeat(
          [
            ...sums.map((sum) => set(sum, start)),
            set(at, weights),
            set(cell, cells),
            repeat(
              [
                set(source, i32.add(from, i32.load(cell))),
                set(weight, v128.loadSplat(at)),
                ...sums.map((sum, v) => addProduct(wasm, sum, weight, v128.load(source, 16 * v))),
                advance(at, 4),
                advance(cell, 4),
              ],
              i32.lt(cell, last),
            ),
            ...sums.map((sum, v) => v128.store(out, sum, 16 * v)),
            advance(from, 4 * SPAN),
            advance(out, 4 * SPAN),
          ],
          i32.lt(out, end),
        ),
        set(weights, at),
        advance(image, plane),
        advance(bias, biasStep),
      ]),
    ];
  });
}

/**
 * `weigh(image, plane, planes, cells, last, g, size, sums)`: adds to the sums of each cell of each plane, four partial
 * ones, the image's pixels times those of g, in planes of `size` bytes. Past the last cell some more may be weighed, for
 * nothing.
 */
export function defineWeigh(wasm: Assembler): void {
  wasm.define('weigh', 8, (local, image, plane, planes, cells, last, g, size, sums) => {
    const [p, end, from, cell] = locals(local, 4);
    const value = local('v128');
    const sources = locals(local, CELLS);
    const totals = vectorLocals(local, CELLS);
    return [
      range(p, 0, planes, 1, [
        set(end, i32.add(g, size)),
        set(cell, cells),
        repeat(
          [
            set(from, g),
            ...sources.map((source, c) => set(source, i32.add(image, i32.load(cell, 4 * c)))),
            ...totals.map((total) => set(total, v128.zero)),
            repeat(
              [
                set(value, v128.load(from)),
                ...totals.map((total, c) => addProduct(wasm, total, value, v128.load(sources[c]))),
                ...[from, ...sources].map((pointer) => advance(pointer, 16)),
              ],
              i32.lt(from, end),
            ),
            ...totals.map((total, c) => v128.store(sums, f32x4.add(v128.load(sums, 16 * c), total), 16 * c)),
            advance(sums, 16 * CELLS),
            advance(cell, 4 * CELLS),
          ],
          i32.lt(cell, last),
        ),
        set(g, end),
        advance(image, plane),
      ]),
    ];
  });
}
