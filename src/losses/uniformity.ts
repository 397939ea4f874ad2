import { mul } from '../autograd/ops/arithmetic.ts';
import { logSumExp } from '../autograd/ops/logSumExp.ts';
import { normalize } from '../autograd/ops/normalize.ts';
import { pairwiseDistances } from '../autograd/ops/pairwiseDistances.ts';
import { where } from '../autograd/ops/selection.ts';
import { fused, pullThrough, record } from '../autograd/tape.ts';
import { checkAboveZero } from '../tensor/check.ts';
import { exp, log } from '../tensor/math.ts';
import { allocate } from '../tensor/precision.ts';
import { ShapeError } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/** Options of `uniformity`. */
export interface UniformityOptions {
  /** How fast a pair counts less as it gets farther apart, above 0. Default 2. */
  readonly t?: number | undefined;
}

/**
 * How evenly embeddings cover the unit sphere, the lower the better: 0 where all are equal, about `-2 t` where they lie
 * in all directions of many dimensions. With `alignment` it tells good embeddings, and both may be minimized. It is one
 * number for a batch, not a mean over items, and so has no `reduction`.
 *
 * Shapes: `[N, D]` -> scalar. Fewer than two rows have no pair, and give 0 with a live graph.
 * Formula: `log(mean(exp(-t |x_i - x_j|^2)))` over the `N (N - 1) / 2` pairs of rows scaled to length 1, from `-4 t` to 0;
 * a log-sum-exp in double precision of distances from differences, so that equal embeddings give exactly 0. A row of
 * zeros stays in the center.
 * Gradient: `-2 g t sum_j p_ij (x_i - x_j)` through the scaling, p being the share of a pair in the sum.
 * Cost: `3 N^2 D` operations, `N^2` numbers (`N^2 D` under createGraph).
 * Source: Wang and Isola 2020, section 4.1, with the pairs of one batch for its two independent draws.
 * Throws: ShapeError unless x is [N, D]; RangeError for a t that is not finite and above 0.
 *
 * @example uniformity(tensor([[1, 0], [0, 3], [-2, 0]]), { t: 1 }).item() // -2.3399887
 */
export function uniformity(x: Tensor, { t = 2 }: UniformityOptions = {}): Tensor {
  if (x.shape.length !== 2)
    throw new ShapeError('uniformity', 'embeddings must be [N, D]', [x.shape], 'Pass one row an item.');
  checkAboveZero('uniformity', 't', t);
  const unit = normalize(x);
  return logMeanExp(pairwiseDistances(unit, unit, { metric: 'squaredEuclidean' }), t);
}

/** The logarithm of the mean of `exp(-t d)` over the distances above the diagonal; 0 where there are none. */
function logMeanExp(distances: Tensor, t: number): Tensor {
  const { data, shape } = distances;
  const [count] = shape;
  const out = allocate([distances], []);
  // Relative to the nearest pair so far, so that nothing underflows however large t is.
  let largest = -Infinity;
  let total = 0;
  for (let i = 0; i < count; i++) {
    for (let at = i * count + i + 1; at < (i + 1) * count; at++) {
      const exponent = -t * data[at];
      if (exponent > largest) {
        total = total * exp(largest - exponent) + 1;
        largest = exponent;
      } else total += exp(exponent - largest);
    }
  }
  const whole = largest + log(total);
  out[0] = count < 2 ? 0 : whole - log((count * (count - 1)) / 2);

  const fast = (g: Tensor): Tensor => {
    const slopes = allocate([g, distances], shape);
    for (let i = 0, at = 0; i < count; i++) {
      for (let j = 0; j < count; j++, at++) slopes[at] = j <= i ? 0 : -t * g.data[0] * exp(-t * data[at] - whole);
    }
    return new Tensor(slopes, shape);
  };
  const composed = (d: Tensor) => logSumExp(where(aboveDiagonal(count), mul(d, -t), -Infinity));
  return record('uniformity', out, [], [[distances, fused(fast, (g) => pullThrough(composed, [distances], 0, g))]]);
}

function aboveDiagonal(size: number): Tensor {
  const mask = new Float32Array(size * size);
  for (let i = 0; i < size; i++) mask.fill(1, i * size + i + 1, (i + 1) * size);
  return new Tensor(mask, [size, size]);
}
