import * as math from '../../math.ts';
import { giveBack, takeDoubles } from '../../memory.ts';
import type { RowSpec } from '../kernels.ts';

/*
 * Each row by itself, in double precision, in the order of memory, and rounded once: a row has the same bits in any
 * batch. A row without an entry above -Infinity has no largest number to subtract: it has no share to give.
 */

/** `exp(x - max) / sum(exp(x - max))`; zeros for a row of -Infinity. */
export function softmaxRows(x: Float32Array, out: Float32Array, { width }: RowSpec): void {
  const powers = takeDoubles(width);
  for (let start = 0; start < x.length; start += width) {
    const largest = largestOf(x, start, width);
    if (largest === -Infinity) {
      out.fill(0, start, start + width);
      continue;
    }
    let sum = 0;
    for (let j = 0; j < width; j++) {
      const power = math.exp(x[start + j] - largest);
      powers[j] = power;
      sum += power;
    }
    const scale = 1 / sum;
    for (let j = 0; j < width; j++) out[start + j] = powers[j] * scale;
  }
  giveBack(powers);
}

/** `y (g - sum(g y))` for the output y of `softmaxRows`. */
export function softmaxGradientRows(y: Float32Array, g: Float32Array, out: Float32Array, { width }: RowSpec): void {
  for (let start = 0; start < y.length; start += width) {
    const end = start + width;
    let sum = 0;
    for (let i = start; i < end; i++) sum += g[i] * y[i];
    for (let i = start; i < end; i++) out[i] = y[i] * (g[i] - sum);
  }
}

/** `x - max - log(sum(exp(x - max)))`; -Infinity stays -Infinity, also where all of a row is. */
export function logSoftmaxRows(x: Float32Array, out: Float32Array, { width }: RowSpec): void {
  for (let start = 0; start < x.length; start += width) {
    const end = start + width;
    const largest = largestOf(x, start, width);
    if (largest === -Infinity) {
      out.fill(-Infinity, start, end);
      continue;
    }
    let sum = 0;
    for (let i = start; i < end; i++) sum += math.exp(x[i] - largest);
    const logarithm = math.log(sum);
    // The largest first: added to it, the logarithm of a sum of at most `width` might be lost.
    for (let i = start; i < end; i++) out[i] = x[i] - largest - logarithm;
  }
}

/** `g - exp(y) sum(g)` for the output y of `logSoftmaxRows`. */
export function logSoftmaxGradientRows(y: Float32Array, g: Float32Array, out: Float32Array, { width }: RowSpec): void {
  for (let start = 0; start < y.length; start += width) {
    const end = start + width;
    let sum = 0;
    for (let i = start; i < end; i++) sum += g[i];
    for (let i = start; i < end; i++) out[i] = g[i] - math.exp(y[i]) * sum;
  }
}

/** The largest entry of a row; NaN where there is one. */
function largestOf(x: Float32Array, start: number, width: number): number {
  let largest = -Infinity;
  for (let i = start, end = start + width; i < end; i++) {
    if (x[i] > largest) largest = x[i];
    else if (Number.isNaN(x[i])) return Number.NaN;
  }
  return largest;
}
