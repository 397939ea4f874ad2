import { type Assembler, advance, locals, loop, type NewLocal, range, set, when } from './wasm/assembler.ts';
import type { Expression, Local, Statement } from './wasm/code.ts';
import * as f32 from './wasm/f32.ts';
import * as f32x4 from './wasm/f32x4.ts';
import * as i32 from './wasm/i32.ts';
import * as v128 from './wasm/v128.ts';

/*
 * Moving images: into a frame of zeros, into patches that a product multiplies with filters, and back.
 * Every stride is in bytes.
 */

/**
 * `copyPlanes(from, fromPlane, fromRow, to, toPlane, toRow, planes, rows, width)`: copies planes of rows of `width`
 * floats. The last vector of a row overlaps the one before it.
 */
export function defineCopyPlanes(wasm: Assembler): void {
  wasm.define('copyPlanes', 9, (local, from, fromPlane, fromRow, to, toPlane, toRow, planes, rows, width) => {
    const [plane, row, source, target, byte, last] = locals(local, 6);
    const move = [v128.store(i32.add(target, byte), v128.load(i32.add(source, byte)))];
    const eachRow = (statements: readonly Statement[]) =>
      range(plane, 0, planes, 1, [
        set(source, from),
        set(target, to),
        range(row, 0, rows, 1, [...statements, advance(source, fromRow), advance(target, toRow)]),
        advance(from, fromPlane),
        advance(to, toPlane),
      ]);
    return [
      set(last, i32.sub(i32.shl(width, 2), 16)),
      when(
        i32.ge(last, 0),
        [eachRow([range(byte, 0, last, 16, move), set(byte, last), ...move])],
        [
          eachRow([
            range(byte, 0, i32.shl(width, 2), 4, [f32.store(i32.add(target, byte), f32.load(i32.add(source, byte)))]),
          ]),
        ],
      ),
    ];
  });
}

/** Runs one statement for every four floats of a row and another for each that is left, moving both pointers along. */
function alongRow(
  {
    source,
    target,
    end,
    bytes,
  }: {
    readonly source: Local<'i32'>;
    readonly target: Local<'i32'>;
    readonly end: Local<'i32'>;
    readonly bytes: Expression<'i32'>;
  },
  [four, one]: readonly [Statement, Statement],
): Statement[] {
  const moved = (step: number) => [advance(source, step), advance(target, step)];
  return [
    set(end, i32.add(target, bytes)),
    loop(i32.lt(target, i32.sub(end, 12)), [four, ...moved(16)]),
    loop(i32.lt(target, end), [one, ...moved(4)]),
  ];
}

/**
 * Writes row (c, i, j) of the patch matrix: for `rows` x `width` outputs the pixel that kernel cell (i, j) meets in
 * channel c. Rows ascend, so what a vector writes past the end of one is overwritten by the next.
 */
export function defineUnfold(wasm: Assembler): void {
  wasm.define('unfold', 13, (local, ...given) => {
    const walk = patchLoop(local, given);
    const { source, target, end, width, columnStep } = walk;
    return walk.code(
      [
        set(end, i32.add(target, i32.shl(width, 2))),
        loop(i32.lt(target, end), [v128.store(target, v128.load(source)), advance(source, 16), advance(target, 16)]),
        set(target, end),
      ],
      [
        set(end, i32.add(target, i32.shl(width, 2))),
        loop(i32.lt(target, end), [
          f32.store(target, f32.load(source)),
          advance(source, columnStep),
          advance(target, 4),
        ]),
      ],
    );
  });
}

/** The transpose of `unfold`: adds every entry of the patch matrix to the pixel it belongs to. */
export function defineFold(wasm: Assembler): void {
  wasm.define('fold', 13, (local, ...given) => {
    const walk = patchLoop(local, given);
    const { source, target, end, width, columnStep } = walk;
    return walk.code(
      alongRow({ source, target, end, bytes: i32.shl(width, 2) }, [
        v128.store(source, f32x4.add(v128.load(source), v128.load(target))),
        f32.store(source, f32.add(f32.load(source), f32.load(target))),
      ]),
      [
        set(end, i32.add(target, i32.shl(width, 2))),
        loop(i32.lt(target, end), [
          f32.store(source, f32.add(f32.load(source), f32.load(target))),
          advance(source, columnStep),
          advance(target, 4),
        ]),
      ],
    );
  });
}

interface PatchLoop {
  /** Into the image. */
  readonly source: Local<'i32'>;
  /** Into the patch matrix. */
  readonly target: Local<'i32'>;
  readonly end: Local<'i32'>;
  readonly width: Local<'i32'>;
  readonly columnStep: Local<'i32'>;
  /** The loops around one body where neighboring outputs read neighboring pixels, and around another for larger strides. */
  code(dense: readonly Statement[], strided: readonly Statement[]): readonly Statement[];
}

/** The loops over channels, kernel cells and output rows. */
function patchLoop(local: NewLocal, given: readonly Local<'i32'>[]): PatchLoop {
  const [image, plane, channels, kernelHeight, kernelWidth, down, right, rows, width, rowStep, columnStep] = given;
  const [columns, columnsRow] = given.slice(11);
  const [c, i, j, row, cellRow, cell, first, source, target, end] = locals(local, 10);
  const outputs = (statements: readonly Statement[]): Statement[] => [
    set(first, cell),
    set(target, columns),
    range(row, 0, rows, 1, [set(source, first), ...statements, advance(first, rowStep)]),
    advance(cell, right),
    advance(columns, columnsRow),
  ];
  const cells = (statements: readonly Statement[]): Statement[] => [
    range(c, 0, channels, 1, [
      set(cellRow, image),
      range(i, 0, kernelHeight, 1, [
        set(cell, cellRow),
        range(j, 0, kernelWidth, 1, outputs(statements)),
        advance(cellRow, down),
      ]),
      advance(image, plane),
    ]),
  ];
  return {
    source,
    target,
    end,
    width,
    columnStep,
    code: (dense: readonly Statement[], strided: readonly Statement[]): readonly Statement[] => [
      when(i32.eq(columnStep, 4), cells(dense), cells(strided)),
    ],
  };
}
