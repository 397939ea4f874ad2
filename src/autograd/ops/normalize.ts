import { allocate } from '../../tensor/precision.ts';
import { resolveAxis, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { fused, record } from '../tape.ts';
import { div, divOrZero, maximum, mul, sub } from './arithmetic.ts';
import { moderateScale } from './moderateScale.ts';
import { norm, sum } from './reductions.ts';
import { checkEpsilon } from './standardize.ts';

/** Options of `normalize`. */
export interface NormalizeOptions {
  /** The axis that the vectors lie along. Default -1. */
  readonly axis?: number | undefined;
  /** Least length to divide by. Default 0: any vector but 0 gets length 1, and 0 stays 0 with gradient 0. */
  readonly epsilon?: number | undefined;
}

/**
 * Vectors scaled to length 1. A zero vector stays zero. Lengths are taken in double precision, so that neither a vector
 * of the largest nor one of the least numbers is lost.
 *
 * Shapes: `[...S] -> [...S]`. Formula: `y = x / max(|x|, epsilon)` along `axis`, as in PyTorch, whose epsilon is 1e-12.
 * Gradient: `(g - y (y . g)) / |x|`; `g / epsilon` where |x| is below epsilon; 0 for a zero vector at epsilon 0.
 * Throws: RangeError for an epsilon that is negative or not finite; ShapeError for an axis that x has not.
 *
 * @example normalize(tensor([[3, 4], [0, 0]])).toArray() // [[0.6, 0.8], [0, 0]]
 */
export function normalize(x: Tensor, { axis = -1, epsilon = 0 }: NormalizeOptions = {}): Tensor {
  checkEpsilon('normalize', epsilon);
  const along = resolveAxis('normalize', axis, x.shape);
  const step = sizeOf(x.shape.slice(along + 1));
  const block = x.shape[along] * step;
  const out = allocate([x], x.shape);
  /** Calls `run` with the bounds of every vector, whose numbers are `step` apart, and with its length. */
  const eachVector = (run: (first: number, end: number, length: number) => void): void => {
    const { data } = x;
    for (let start = 0; start < data.length; start += block) {
      for (let first = start; first < start + step; first++) {
        let squares = 0;
        for (let i = first; i < start + block; i += step) squares += data[i] * data[i];
        run(first, start + block, Math.sqrt(squares));
      }
    }
  };
  eachVector((first, end, length) => {
    const divisor = Math.max(length, epsilon);
    for (let i = first; i < end; i += step) out[i] = divisor === 0 ? 0 : x.data[i] / divisor;
  });

  const fast = (g: Tensor): Tensor => {
    const gx = allocate([g, x], x.shape);
    eachVector((first, end, length) => {
      const divisor = Math.max(length, epsilon);
      let dot = 0;
      if (length >= epsilon) {
        for (let i = first; i < end; i += step) dot += g.data[i] * x.data[i];
        dot /= divisor * divisor;
      }
      for (let i = first; i < end; i += step) gx[i] = divisor === 0 ? 0 : (g.data[i] - x.data[i] * dot) / divisor;
    });
    return new Tensor(gx, x.shape);
  };
  const composed = (g: Tensor): Tensor => {
    if (epsilon === 0) return overLength(sub(g, mul(y, sum(mul(g, y), { axis, keepDims: true }))), x, axis);
    const length = norm(x, { axis, keepDims: true });
    const turning = new Tensor(
      length.data.map((v) => (v < epsilon ? 0 : 1)),
      length.shape,
    );
    // The difference first, then the quotient: y / |x| overflows where |x| is below 1e-38.
    const across = sub(g, mul(y, mul(turning, sum(mul(g, y), { axis, keepDims: true }))));
    return divOrZero(across, maximum(length, epsilon));
  };
  const y: Tensor = record('normalize', out, x.shape, [[x, fused(fast, composed)]]);
  return y;
}

/** `t / |x|` along an axis from ops, 0 where x is 0; also where the length of x is beyond float32 or denormal. */
export function overLength(t: Tensor, x: Tensor, axis = -1): Tensor {
  const scale = moderateScale(x, axis);
  if (scale === undefined) return divOrZero(t, norm(x, { axis, keepDims: true }));
  return div(divOrZero(t, norm(div(x, scale), { axis, keepDims: true })), scale);
}
