import { exp, log } from '../tensor/math.ts';
import type { Random } from '../tensor/random.ts';
import { checkShape, type Shape, sizeOf } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/** Options of `truncatedNormal`. */
export interface TruncatedNormalOptions {
  readonly random: Random;
  /** Of the normal distribution before it is cut. Default 0. */
  readonly mean?: number | undefined;
  /** Of the normal distribution before it is cut, above 0. Default 1. */
  readonly deviation?: number | undefined;
  /** Least number, a number and not a count of deviations. Default -2. */
  readonly low?: number | undefined;
  /** Largest number. Default 2. */
  readonly high?: number | undefined;
}

/**
 * Normal numbers, drawn again until they lie in `[low, high]`: the usual first values of transformers, with a deviation
 * of 0.02.
 *
 * Shapes: any. Numbers are rounded to float32, and so are the bounds that they keep.
 * Source: Robert 1995, "Simulation of truncated normal variables", for bounds far from the mean.
 * Throws: RangeError for a deviation that is not above 0, and for bounds out of order.
 *
 * @example truncatedNormal([2, 3], { random: createRandom(1), deviation: 0.02 }).shape // [2, 3]
 */
export function truncatedNormal(
  shape: Shape,
  { random, mean = 0, deviation = 1, low = -2, high = 2 }: TruncatedNormalOptions,
): Tensor {
  checkShape('truncatedNormal', shape);
  if (!(Number.isFinite(mean) && deviation > 0 && deviation < Infinity))
    throw new RangeError(`truncatedNormal: mean must be finite, and deviation above 0; got ${mean} and ${deviation}.`);
  if (!(low < high && low < Infinity && high > -Infinity))
    throw new RangeError(`truncatedNormal: low must be less than high; got ${low} and ${high}.`);
  const draw = standardDraw((low - mean) / deviation, (high - mean) / deviation, random);
  const out = new Float32Array(sizeOf(shape));
  for (let i = 0; i < out.length; i++) out[i] = Math.min(Math.max(mean + deviation * draw(), low), high);
  return new Tensor(out, shape);
}

/** Numbers of the standard normal distribution within bounds. Each way accepts at least two of ten. */
function standardDraw(low: number, high: number, random: Random): () => number {
  if (high < 0) {
    const mirrored = standardDraw(-high, -low, random);
    return () => -mirrored();
  }
  // Its square must be a number.
  if (low > FARTHEST) {
    throw new RangeError(
      `truncatedNormal: the bounds are more than ${FARTHEST} deviations from the mean. Use a larger deviation.`,
    );
  }
  const width = high - low;
  if (low <= 0 && width > WIDE) {
    const within = (x: number) => (x >= low && x <= high ? 1 : 0);
    return accepted(() => random.normal(), within, random);
  }
  // Robert's rate, his equation 2.2, fits the tail beyond low best.
  const rate = (low + Math.sqrt(low * low + 4)) / 2;
  if (low > 0 && width * rate > 1) {
    const tail = (x: number) => (x > high ? 0 : exp(((x - rate) * (rate - x)) / 2));
    return accepted(() => low - log(1 - random.uniform()) / rate, tail, random);
  }
  const likeliest = Math.max(low, 0);
  const relative = (x: number) => exp(((likeliest - x) * (likeliest + x)) / 2);
  return accepted(() => low + width * random.uniform(), relative, random);
}

/** Draws until one is accepted, with its probability. */
function accepted(propose: () => number, probability: (x: number) => number, random: Random): () => number {
  return () => {
    let x = propose();
    while (random.uniform() >= probability(x)) x = propose();
    return x;
  };
}

/** Root of 2 pi: from this width on the whole distribution is a better proposal than the uniform one. */
const WIDE = 2.5066282746310002;
const FARTHEST = 1e100;
