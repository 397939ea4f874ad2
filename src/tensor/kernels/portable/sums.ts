import { giveBack, takeDoubles } from '../../memory.ts';
import type { SumSpec } from '../kernels.ts';

/** Partial sums that neighboring numbers go to in turn, so that an addition need not wait for the last one. */
export const PARTIALS = 8;

/**
 * `out[g, k] = sum over o and i of x[g, o, k, i]`, in double precision. What is left of each run of `inner` numbers after
 * whole turns goes to the first partial sum; so the order depends on the lengths summed over alone.
 */
export function sums(x: Float32Array, out: Float64Array, spec: SumSpec): void {
  const { outer, inner } = spec;
  if (inner < PARTIALS) {
    shortSums(x, out, spec);
    return;
  }
  const kept = outer === 1 ? 1 : spec.kept;
  const partials = takeDoubles(PARTIALS * kept);
  for (let first = 0, start = 0; first < out.length; first += kept) {
    partials.fill(0);
    for (let o = 0; o < outer; o++)
      for (let k = 0; k < kept; k++, start += inner) addRun(x, start, inner, partials, PARTIALS * k);
    for (let k = 0; k < kept; k++) out[first + k] = total(partials, PARTIALS * k);
  }
  giveBack(partials);
}

/** The same where a run is too short for a second partial sum. */
function shortSums(x: Float32Array, out: Float64Array, { outer, kept, inner }: SumSpec): void {
  out.fill(0);
  for (let first = 0, i = 0; first < out.length; first += kept) {
    for (let o = 0; o < outer; o++) {
      if (inner === 1) for (let k = first; k < first + kept; k++, i++) out[k] += x[i];
      else for (let k = first; k < first + kept; k++) for (const end = i + inner; i < end; i++) out[k] += x[i];
    }
  }
}

/** The sums of squares, each in the order of memory. */
export function squareSums(x: Float32Array, out: Float64Array, { outer, kept, inner }: SumSpec): void {
  out.fill(0);
  for (let first = 0, i = 0; first < out.length; first += kept) {
    for (let o = 0; o < outer; o++) {
      for (let k = first; k < first + kept; k++) {
        let sum = out[k];
        for (const end = i + inner; i < end; i++) sum += x[i] * x[i];
        out[k] = sum;
      }
    }
  }
}

function addRun(x: Float32Array, start: number, length: number, partials: Float64Array, at: number): void {
  let s0 = partials[at];
  let s1 = partials[at + 1];
  let s2 = partials[at + 2];
  let s3 = partials[at + 3];
  let s4 = partials[at + 4];
  let s5 = partials[at + 5];
  let s6 = partials[at + 6];
  let s7 = partials[at + 7];
  const end = start + length;
  let i = start;
  for (; i < end - 7; i += PARTIALS) {
    s0 += x[i];
    s1 += x[i + 1];
    s2 += x[i + 2];
    s3 += x[i + 3];
    s4 += x[i + 4];
    s5 += x[i + 5];
    s6 += x[i + 6];
    s7 += x[i + 7];
  }
  for (; i < end; i++) s0 += x[i];
  partials[at] = s0;
  partials[at + 1] = s1;
  partials[at + 2] = s2;
  partials[at + 3] = s3;
  partials[at + 4] = s4;
  partials[at + 5] = s5;
  partials[at + 6] = s6;
  partials[at + 7] = s7;
}

/** The partial sums added as vectors of two add them: four and four, two and two, one and one. */
function total(s: Float64Array, at: number): number {
  return s[at] + s[at + 4] + (s[at + 2] + s[at + 6]) + (s[at + 1] + s[at + 5] + (s[at + 3] + s[at + 7]));
}
