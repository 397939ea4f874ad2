import { giveBack } from '../../memory.ts';
import { scratchLike } from '../../precision.ts';
import type { MatmulSpec } from '../kernels.ts';

/** Rows and columns of the block of accumulators that the packed product keeps in registers. */
const BLOCK = 4;

/** Below this many multiplications, packing costs more than it saves. */
const PACK_FROM = 4096;

/**
 * Matrix product in plain TypeScript. Every element is one sum in double precision, in the order of k, whichever path
 * computes it; so a row has the same bits in any batch, and both paths agree exactly.
 */
export function matmul(a: Float32Array, b: Float32Array, out: Float32Array, spec: MatmulSpec): void {
  const { m, n, k } = spec;
  if (m < BLOCK || n < BLOCK || m * n * k < PACK_FROM) {
    direct(a, b, out, spec);
    return;
  }
  const packedA = scratchLike(out, panelSize(m, k));
  const packedB = scratchLike(out, panelSize(n, k));
  packedMatmul(a, b, out, spec, packedA, packedB);
  giveBack(packedA, packedB);
}

/** Elements that `pack` writes for a matrix of `rows` by `depth`. */
export function panelSize(rows: number, depth: number): number {
  return Math.ceil(rows / BLOCK) * BLOCK * depth;
}

/** The product through panels that the caller provides, so that a convolution can use the same two for every image. */
export function packedMatmul(
  a: Float32Array,
  b: Float32Array,
  out: Float32Array,
  { m, n, k, transposeA, transposeB, accumulate }: MatmulSpec,
  packedA: Float32Array,
  packedB: Float32Array,
): void {
  pack(a, m, k, transposeA ? 1 : k, transposeA ? m : 1, packedA);
  pack(b, n, k, transposeB ? k : 1, transposeB ? 1 : n, packedB);
  const block = new Float64Array(BLOCK * BLOCK);
  for (let i = 0; i < m; i += BLOCK) {
    for (let j = 0; j < n; j += BLOCK) {
      multiplyPanels(packedA, i * k, packedB, j * k, k, block);
      store(block, out, i * n + j, n, Math.min(BLOCK, m - i), Math.min(BLOCK, n - j), accumulate);
    }
  }
}

/**
 * Copies a matrix into panels of four rows, element (row, d) at `panel * 4 * depth + 4 * d + row % 4`, so that the
 * inner loop reads both operands in one direction. Missing rows are zero.
 */
function pack(
  source: Float32Array,
  rows: number,
  depth: number,
  rowStride: number,
  depthStride: number,
  out: Float32Array,
): void {
  let o = 0;
  for (let row = 0; row < rows; row += BLOCK) {
    const height = Math.min(BLOCK, rows - row);
    for (let d = 0, s = row * rowStride; d < depth; d++, s += depthStride, o += BLOCK) {
      if (height === BLOCK) {
        out[o] = source[s];
        out[o + 1] = source[s + rowStride];
        out[o + 2] = source[s + 2 * rowStride];
        out[o + 3] = source[s + 3 * rowStride];
        continue;
      }
      for (let i = 0; i < BLOCK; i++) out[o + i] = i < height ? source[s + i * rowStride] : 0;
    }
  }
}

/** One 4 x 4 block: sixteen sums over k in registers. 3.5 times the speed of a triple loop at 512^3. */
// biome-ignore format: the rows of the block stay rows.
function multiplyPanels(
  a: Float32Array, aStart: number, b: Float32Array, bStart: number, k: number, block: Float64Array,
): void {
  let c00 = 0, c01 = 0, c02 = 0, c03 = 0;
  let c10 = 0, c11 = 0, c12 = 0, c13 = 0;
  let c20 = 0, c21 = 0, c22 = 0, c23 = 0;
  let c30 = 0, c31 = 0, c32 = 0, c33 = 0;
  const end = aStart + BLOCK * k;
  for (let i = aStart, j = bStart; i < end; i += BLOCK, j += BLOCK) {
    const a0 = a[i], a1 = a[i + 1], a2 = a[i + 2], a3 = a[i + 3];
    const b0 = b[j], b1 = b[j + 1], b2 = b[j + 2], b3 = b[j + 3];
    c00 += a0 * b0; c01 += a0 * b1; c02 += a0 * b2; c03 += a0 * b3;
    c10 += a1 * b0; c11 += a1 * b1; c12 += a1 * b2; c13 += a1 * b3;
    c20 += a2 * b0; c21 += a2 * b1; c22 += a2 * b2; c23 += a2 * b3;
    c30 += a3 * b0; c31 += a3 * b1; c32 += a3 * b2; c33 += a3 * b3;
  }
  block[0] = c00; block[1] = c01; block[2] = c02; block[3] = c03;
  block[4] = c10; block[5] = c11; block[6] = c12; block[7] = c13;
  block[8] = c20; block[9] = c21; block[10] = c22; block[11] = c23;
  block[12] = c30; block[13] = c31; block[14] = c32; block[15] = c33;
}

function store(
  block: Float64Array,
  out: Float32Array,
  start: number,
  stride: number,
  rows: number,
  columns: number,
  accumulate: boolean,
): void {
  for (let i = 0, o = start, p = 0; i < rows; i++, o += stride, p += BLOCK) {
    if (columns === BLOCK && !accumulate) {
      out[o] = block[p];
      out[o + 1] = block[p + 1];
      out[o + 2] = block[p + 2];
      out[o + 3] = block[p + 3];
      continue;
    }
    for (let j = 0; j < columns; j++) out[o + j] = accumulate ? out[o + j] + block[p + j] : block[p + j];
  }
}

/** Without packing: one row against four columns at a time. */
function direct(
  a: Float32Array,
  b: Float32Array,
  out: Float32Array,
  { m, n, k, transposeA, transposeB, accumulate }: MatmulSpec,
): void {
  const aRow = transposeA ? 1 : k;
  const aStep = transposeA ? m : 1;
  const bColumn = transposeB ? k : 1;
  const bStep = transposeB ? 1 : n;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j += BLOCK) {
      const width = Math.min(BLOCK, n - j);
      // Columns past the end repeat the last one: computed, never stored.
      const j1 = Math.min(1, width - 1) * bColumn;
      const j2 = Math.min(2, width - 1) * bColumn;
      const j3 = (width - 1) * bColumn;
      // biome-ignore format: as above.
      let c0 = 0, c1 = 0, c2 = 0, c3 = 0;
      let x = i * aRow;
      let y = j * bColumn;
      for (let d = 0; d < k; d++) {
        const value = a[x];
        c0 += value * b[y];
        c1 += value * b[y + j1];
        c2 += value * b[y + j2];
        c3 += value * b[y + j3];
        x += aStep;
        y += bStep;
      }
      const o = i * n + j;
      out[o] = accumulate ? out[o] + c0 : c0;
      if (width > 1) out[o + 1] = accumulate ? out[o + 1] + c1 : c1;
      if (width > 2) out[o + 2] = accumulate ? out[o + 2] + c2 : c2;
      if (width > 3) out[o + 3] = accumulate ? out[o + 3] + c3 : c3;
    }
  }
}
