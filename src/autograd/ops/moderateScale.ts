import { Tensor } from '../../tensor/tensor.ts';
import { noGrad } from '../tape.ts';
import { max } from './extremes.ts';
import { abs } from './pointwise.ts';
import type { ReductionOptions } from './reducedAxes.ts';

/** Numbers between these have squares, and products of those, far within float32. */
const [LEAST, MOST] = [2 ** -30, 2 ** 30];

/**
 * What to divide x by along the reduced axes before it is squared, as constants: the largest |x|, or `least` where that
 * is larger; 1 where x can be squared as it is, and undefined where that holds throughout.
 */
export function moderateScale(x: Tensor, axis: ReductionOptions['axis'], least = 0): Tensor | undefined {
  if (isModerate(x.data, least)) return undefined;
  const largest = noGrad(() => max(abs(x), { axis, keepDims: true }));
  const scales = largest.data.map((v) => {
    const scale = Math.max(v, least);
    return (scale >= LEAST && scale <= MOST) || !(scale > 0 && scale < Infinity) ? 1 : scale;
  });
  return scales.every((v) => v === 1) ? undefined : new Tensor(scales, largest.shape);
}

/** Whether every number is 0 or moderate by itself: the usual case, seen in one pass over the data. */
function isModerate(data: Float32Array, least: number): boolean {
  for (let i = 0; i < data.length; i++) {
    const size = Math.max(Math.abs(data[i]), least);
    if (size !== 0 && !(size >= LEAST && size <= MOST)) return false;
  }
  return true;
}
