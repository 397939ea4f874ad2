import { type Assembler, advance, locals, range, set, vectorLocals } from './wasm/assembler.ts';
import type { Expression, Local, Statement } from './wasm/code.ts';
import * as f32x4 from './wasm/f32x4.ts';
import * as i32 from './wasm/i32.ts';
import * as v128 from './wasm/v128.ts';

/*
 * Winograd's F(2x2, 3x3): 2 x 2 outputs of a 3 x 3 filter from a 4 x 4 tile with 16 multiplications instead of 36.
 * Source: Lavin and Gray 2016, section 4.1, whose B, G and A these transforms are. Four neighboring tiles are
 * transformed at once, one a lane; the 16 coefficients of a tile go to 16 matrices [planes, tiles].
 * A row of tiles may write up to three tiles too many: the next row, the next image, or spare room takes them.
 */

type Vector = Local<'v128'>;

/** What one group of four tiles is made of: the pointers to its pixels and coefficients, and 4 x 4 vectors. */
interface Group {
  readonly pixels: Local<'i32'>;
  /** Bytes from row to row of pixels. */
  readonly line: Local<'i32'>;
  readonly tile: readonly (readonly Vector[])[];
  /** What is added to the outputs. */
  readonly shift: Vector;
  /** The vectors in their memory, read or written one after the other. */
  readonly coefficients: (move: (at: Local<'i32'>, vector: Vector) => Statement) => readonly Statement[];
}

/**
 * `name(image, plane, line, planes, tilesY, tilesX, coefficients, row, step, bias, biasStep)`: one transform of all
 * tiles of all planes. A plane has rows of `line` bytes, wide enough for whole groups; the matrices have rows of `row`
 * bytes and lie `step` apart; `lines` rows of pixels are passed over by the body.
 */
function defineTransform(
  wasm: Assembler,
  name: string,
  lines: number,
  body: (group: Group) => readonly Statement[],
): void {
  wasm.define(name, 11, (local, ...given) => {
    const [image, plane, line, planes, tilesY, tilesX, matrix, row, step, bias, biasStep] = given;
    const [p, y, x, fromPixels, pixels, fromTile, at] = locals(local, 7);
    const shift = local('v128');
    const tile = Array.from({ length: 4 }, () => vectorLocals(local, 4));
    const coefficients: Group['coefficients'] = (move) => [
      ...tile.flat().flatMap((vector) => [move(at, vector), advance(at, step)]),
      advance(at, i32.sub(16, i32.shl(step, 4))),
    ];
    return [
      range(p, 0, planes, 1, [
        set(shift, v128.loadSplat(bias)),
        set(fromPixels, image),
        set(fromTile, matrix),
        range(y, 0, tilesY, 1, [
          set(pixels, fromPixels),
          set(at, fromTile),
          range(x, 0, tilesX, 4, [
            ...body({ pixels, line, tile, shift, coefficients }),
            advance(pixels, i32.sub(32, i32.mul(line, lines))),
          ]),
          advance(fromTile, i32.shl(tilesX, 2)),
          advance(fromPixels, i32.shl(line, 1)),
        ]),
        advance(image, plane),
        advance(matrix, row),
        advance(bias, biasStep),
      ]),
    ];
  });
}

/** `B^T d B` of the tiles of framed images. */
export function defineInputTransform(wasm: Assembler): void {
  defineTransform(wasm, 'winogradInput', 4, ({ pixels, line, tile, coefficients }) => [
    ...tile.flatMap((row) => [...evenOdd(pixels, 0, row), ...evenOdd(pixels, 8, row.slice(2)), advance(pixels, line)]),
    ...columnsOf(tile).flatMap(inputLine),
    ...tile.flatMap(inputLine),
    ...coefficients(v128.store),
  ]);
}

/** `A^T m A` of the tiles of every filter, plus its bias: two rows of pixels a row of tiles. */
export function defineOutputTransform(wasm: Assembler): void {
  defineTransform(wasm, 'winogradOutput', 2, ({ pixels, line, tile, shift, coefficients }) => [
    ...coefficients((at, vector) => set(vector, v128.load(at))),
    ...columnsOf(tile).flatMap(outputLine),
    ...[tile[0], tile[1]].flatMap((row) => [
      ...outputLine(row),
      set(row[0], f32x4.add(row[0], shift)),
      set(row[1], f32x4.add(row[1], shift)),
      v128.store(pixels, v128.shuffle(row[0], row[1], [0, 4, 1, 5])),
      v128.store(pixels, v128.shuffle(row[0], row[1], [2, 6, 3, 7]), 16),
      advance(pixels, line),
    ]),
  ]);
}

/** `A g A^T`: the coefficients of the output's gradient, whose products with those of the input give the filters'. */
export function defineGradientTransform(wasm: Assembler): void {
  defineTransform(wasm, 'winogradGradient', 2, ({ pixels, line, tile, coefficients }) => {
    const columns = columnsOf(tile);
    return [
      ...[tile[0], tile[3]].flatMap(([first, , , last]) => [
        ...evenOdd(pixels, 0, [first, last]),
        advance(pixels, line),
      ]),
      ...[columns[0], columns[3]].flatMap(gradientLine),
      ...tile.flatMap(gradientLine),
      ...coefficients(v128.store),
    ];
  });
}

function columnsOf(tile: Group['tile']): Vector[][] {
  return tile.map((_, j) => tile.map((row) => row[j]));
}

/** Two neighboring columns of four tiles that begin two pixels apart, one tile a lane. */
function evenOdd(from: Local<'i32'>, offset: number, [even, odd]: readonly Vector[]): Statement[] {
  const pixels = [v128.load(from, offset), v128.load(from, offset + 16)] as const;
  return [set(even, v128.shuffle(...pixels, [0, 2, 4, 6])), set(odd, v128.shuffle(...pixels, [1, 3, 5, 7]))];
}

/** `[d0 - d2, d1 + d2, d2 - d1, d1 - d3]` in place. */
function inputLine([d0, d1, d2, d3]: readonly Vector[]): Statement[] {
  const difference: Expression<'v128'> = f32x4.sub(d2, d1);
  return [
    set(d0, f32x4.sub(d0, d2)),
    set(d3, f32x4.sub(d1, d3)),
    // The difference stays on the stack while d1 changes, so that there is no need of a fifth variable.
    [difference, set(d1, f32x4.add(d1, d2)), set(d2, [])],
  ];
}

/** `[m0 + m1 + m2, m1 - m2 - m3]` into the first two. */
function outputLine([m0, m1, m2, m3]: readonly Vector[]): Statement[] {
  return [set(m0, f32x4.add(f32x4.add(m0, m1), m2)), set(m1, f32x4.sub(f32x4.sub(m1, m2), m3))];
}

/** `[g0, g0 + g3, g0 - g3, -g3]` from the first and the last. */
function gradientLine([g0, g1, g2, g3]: readonly Vector[]): Statement[] {
  return [set(g1, f32x4.add(g0, g3)), set(g2, f32x4.sub(g0, g3)), set(g3, f32x4.neg(g3))];
}

/**
 * `G w G^T` of filters [filters, channels, 3, 3], to 16 matrices [filters, channels]. Where `turned`, w is stored
 * [channels, filters, 3, 3], and its filters are turned by 180 degrees: their nine numbers are read backward.
 */
export function transformFilters(
  weight: Float32Array,
  filters: number,
  channels: number,
  turned: boolean,
  out: Float32Array,
): void {
  const size = filters * channels;
  const lines = new Float64Array(12);
  for (let f = 0, o = 0; f < filters; f++) {
    for (let c = 0; c < channels; c++, o++) {
      const [first, step] = turned ? [9 * (c * filters + f) + 8, -1] : [9 * o, 1];
      for (let j = 0; j < 3; j++) {
        const at = first + step * j;
        filterLine(weight[at], weight[at + 3 * step], weight[at + 6 * step], lines, j, 3);
      }
      for (let i = 0; i < 12; i += 3) {
        filterLine(lines[i], lines[i + 1], lines[i + 2], out, o + ((4 * i) / 3) * size, size);
      }
    }
  }
}

/** `[a, (a + b + c) / 2, (a - b + c) / 2, c]`. */
function filterLine(a: number, b: number, c: number, out: Float32Array | Float64Array, at: number, step: number): void {
  out[at] = a;
  out[at + step] = (a + b + c) / 2;
  out[at + 2 * step] = (a - b + c) / 2;
  out[at + 3 * step] = c;
}

/** `G^T u G`: the gradient of filters [filters, channels, 3, 3] from 16 matrices [filters, channels]. */
export function gradientOfFilters(coefficients: Float32Array, size: number, out: Float32Array): void {
  const lines = new Float64Array(12);
  for (let o = 0; o < size; o++) {
    for (let j = 0; j < 4; j++) {
      const at = (i: number) => coefficients[o + (4 * i + j) * size];
      filterSums(at(0), at(1), at(2), at(3), lines, j, 4);
    }
    for (let i = 0; i < 3; i++)
      filterSums(lines[4 * i], lines[4 * i + 1], lines[4 * i + 2], lines[4 * i + 3], out, 9 * o + 3 * i, 1);
  }
}

/** `[a + (b + c) / 2, (b - c) / 2, (b + c) / 2 + d]`. */
function filterSums(
  a: number,
  b: number,
  c: number,
  d: number,
  out: Float32Array | Float64Array,
  at: number,
  step: number,
): void {
  out[at] = a + (b + c) / 2;
  out[at + step] = (b - c) / 2;
  out[at + 2 * step] = (b + c) / 2 + d;
}
