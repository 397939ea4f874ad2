import { relu, softplus } from '../autograd/ops/activations.ts';
import { add, minimum, sub } from '../autograd/ops/arithmetic.ts';
import { chebyshev, manhattan } from '../autograd/ops/cityBlock.ts';
import { cosineDistance, euclidean, squaredEuclidean } from '../autograd/ops/distances.ts';
import type { Metric } from '../autograd/ops/pairwiseDistances.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { boundOf, checkMargin } from './margin.ts';
import { type Reduction, reduce } from './reduction.ts';

/** Options of `tripletLoss`. */
export interface TripletLossOptions {
  /** By how much a negative must be farther than the positive. Default 1; without one where `soft`. */
  readonly margin?: number | undefined;
  /** Default 'squaredEuclidean'. */
  readonly distance?: Metric | undefined;
  /** Takes the nearer of anchor and positive to the negative (Balntas et al. 2016). Default false. */
  readonly swap?: boolean | undefined;
  /** Smooth form `log(1 + exp(x))` instead of `max(0, x)`, margin 0 unless given (Hermans, Beyer, Leibe 2017). Default false. */
  readonly soft?: boolean | undefined;
  /** Default 'mean'. */
  readonly reduction?: Reduction | undefined;
}

/**
 * Triplet loss: a positive must be nearer to the anchor than a negative, by a margin.
 *
 * Shapes: anchor, positive, negative `[N, D]` -> scalar (`[N]` with reduction 'none'). An empty batch gives 0 with a
 * live graph.
 * Formula: `max(0, |a - p|^2 - |a - n|^2 + m)`.
 * Gradient: of an active triplet `2 (n - p)`, `2 (p - a)`, `2 (a - n)`; 0 at the hinge.
 * Source: Schroff, Kalenichenko, Philbin 2015 (FaceNet), equation 2.
 * Throws: ShapeError unless all have one shape; RangeError for an unknown distance, and for a margin that is not
 * positive or, with cosine, above 2.
 *
 * @example tripletLoss(tensor([[0, 0]]), tensor([[1, 0]]), tensor([[0, 1.5]]), { margin: 2 }).item() // 0.75
 */
export function tripletLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletLossOptions = {},
): Tensor {
  const { costs } = tripletCosts('tripletLoss', anchor, positive, negative, options);
  return reduce('tripletLoss', costs, options.reduction ?? 'mean');
}

/** What each triplet costs, and its distances, all `[N]`. */
interface TripletCosts {
  readonly costs: Tensor;
  /** From the anchor to the positive. */
  readonly near: Tensor;
  /** To the negative, from the anchor or, with `swap`, from the positive where that is nearer. */
  readonly far: Tensor;
}

/** The costs that `tripletLoss` reduces; throws what it throws, in the name of `op`. */
export function tripletCosts(
  op: string,
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletLossOptions,
): TripletCosts {
  const { distance = 'squaredEuclidean', swap = false, soft = false } = options;
  const margin = tripletMargin(op, options);
  const measure = distanceOps[distance];
  const near = measure(anchor, positive);
  const whole = measure(anchor, negative);
  const far = swap ? minimum(whole, measure(positive, negative)) : whole;
  const gap = add(sub(near, far), margin);
  return { costs: soft ? softplus(gap) : relu(gap), near, far };
}

/** The margin of the options, checked as their distance is. */
export function tripletMargin(op: string, options: TripletLossOptions): number {
  const { distance = 'squaredEuclidean', soft = false, margin = soft ? 0 : 1 } = options;
  const bound = boundOf(op, distance);
  if (margin !== 0 || !soft) checkMargin(op, margin, bound);
  return margin;
}

const distanceOps: Readonly<Record<Metric, (a: Tensor, b: Tensor) => Tensor>> = {
  squaredEuclidean,
  euclidean,
  cosine: cosineDistance,
  manhattan,
  chebyshev,
};
