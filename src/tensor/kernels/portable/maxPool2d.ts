import type { Pool2dSpec } from '../kernels.ts';

export function maxPool2d(x: Float32Array, out: Float32Array, chosen: Int32Array, spec: Pool2dSpec): void {
  if (isHalving(spec)) {
    halve(x, out, chosen, spec);
    return;
  }
  const { planes, height, width, outHeight, outWidth, kernelHeight, kernelWidth } = spec;
  for (let plane = 0, o = 0; plane < planes; plane++) {
    for (let y = 0; y < outHeight; y++) {
      const top = y * spec.strideHeight - spec.padHeight;
      for (let z = 0; z < outWidth; z++, o++) {
        const left = z * spec.strideWidth - spec.padWidth;
        const firstRow = Math.max(0, top);
        const firstColumn = Math.max(0, left);
        const columns = Math.min(width, left + kernelWidth) - firstColumn;
        const first = (plane * height + firstRow) * width + firstColumn;
        chosen[o] = largest(x, first, Math.min(height, top + kernelHeight) - firstRow, columns, width);
        out[o] = x[chosen[o]];
      }
    }
  }
}

/** Whether windows are 2 x 2, side by side and within the image. */
export function isHalving(spec: Pool2dSpec): boolean {
  return (
    spec.kernelHeight === 2 &&
    spec.kernelWidth === 2 &&
    spec.strideHeight === 2 &&
    spec.strideWidth === 2 &&
    spec.padHeight === 0 &&
    spec.padWidth === 0
  );
}

/** The position of the largest entry of a window. */
function largest(x: Float32Array, first: number, rows: number, columns: number, width: number): number {
  let best = first;
  let max = x[first];
  for (let start = first, end = first + rows * width; start < end; start += width) {
    for (let i = start; i < start + columns; i++) {
      const v = x[i];
      // biome-ignore lint/suspicious/noSelfCompare: true for NaN alone, which a maximum keeps.
      if (v > max || v !== v) {
        max = v;
        best = i;
      }
    }
  }
  return best;
}

/** Comparisons become numbers, not branches: on random data those are mispredicted every other time. */
function halve(x: Float32Array, out: Float32Array, chosen: Int32Array, spec: Pool2dSpec): void {
  const { planes, height, width, outHeight, outWidth } = spec;
  for (let plane = 0, o = 0; plane < planes; plane++) {
    for (let y = 0; y < outHeight; y++) {
      let i = (plane * height + 2 * y) * width;
      for (const end = o + outWidth; o < end; o++, i += 2) {
        const a = x[i];
        const b = x[i + 1];
        const c = x[i + width];
        const d = x[i + width + 1];
        const upper = i + Number(b > a);
        const lower = i + width + Number(d > c);
        let best = upper + (lower - upper) * Number(x[lower] > x[upper]);
        const sum = a + b + c + d;
        // biome-ignore lint/suspicious/noSelfCompare: true for NaN alone, of an entry or of Infinity - Infinity.
        if (sum !== sum) best = largest(x, i, 2, 2, width);
        chosen[o] = best;
        out[o] = x[best];
      }
    }
  }
}

export function maxPool2dGradient(g: Float32Array, chosen: Int32Array, out: Float32Array): void {
  out.fill(0);
  for (let o = 0; o < chosen.length; o++) out[chosen[o]] += g[o];
}
