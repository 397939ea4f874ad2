import { type Arbitrary, array, integer } from 'fast-check';
import { toDouble } from '../tensor/precision.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Vectors as long as the longest row of a default embedding, to be cut; longer rows turn and move in their first axes. */
export function directions(): Arbitrary<number[]> {
  return array(integer({ min: -32, max: 32 }), { minLength: 4, maxLength: 4 }).map((v) => v.map((k) => k / 8));
}

/** Each row reflected at the plane through 0 across a direction. */
export function reflected(x: Tensor, normal: readonly number[]): Tensor {
  const width = x.shape[1];
  const square = normal.reduce((sum, v) => sum + v * v, 0);
  if (square === 0) return x;
  const out = toDouble(x);
  for (let start = 0; start < x.size; start += width) {
    const along = normal.reduce((sum, v, i) => sum + v * x.data[start + i], 0) / square;
    normal.forEach((v, i) => {
      out.data[start + i] -= 2 * along * v;
    });
  }
  return out;
}

/** Each number mapped, in double precision. */
export function eachNumber(x: Tensor, map: (value: number, axis: number) => number): Tensor {
  const out = toDouble(x);
  const width = x.shape.at(-1) ?? 1;
  for (let i = 0; i < out.size; i++) out.data[i] = map(out.data[i], i % width);
  return out;
}
