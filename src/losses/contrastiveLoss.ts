import { Distance } from '../autograd/measure.ts';
import { relu } from '../autograd/ops/activations.ts';
import { add, mul, sub } from '../autograd/ops/arithmetic.ts';
import { square } from '../autograd/ops/pointwise.ts';
import { ShapeError } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { differentFlags, type PairLabels } from './flags.ts';
import { checkMargin } from './margin.ts';
import { type Reduction, reduce } from './reduction.ts';

/** Options of `contrastiveLoss`. */
export interface ContrastiveLossOptions {
  /** Distance from which a different pair costs nothing. Default 1. */
  readonly margin?: number | undefined;
  /** Default 'mean'. */
  readonly reduction?: Reduction | undefined;
}

/**
 * Contrastive loss of pairs: pulls alike pairs together, pushes different ones apart until the margin.
 *
 * Shapes: distance `[N]` -> scalar (`[N]` with reduction 'none'). An empty batch gives 0 with a live graph.
 * Formula: `(1 - Y) D^2 + Y max(0, m - D)^2`, Y = 1 for a different pair.
 * Gradient: of D, `2 D` for a same pair, `-2 max(0, m - D)` for a different one; 0 at the margin. Through a Euclidean
 * distance of 0 it is 0, never NaN.
 * Source: Hadsell, Chopra, LeCun 2006, equation 4, without its factor 1/2.
 * Throws: TypeError where `distance` is not a Distance, or the labels do not say either `different` or `same`;
 * RangeError for a label other than 0 or 1, and for a margin that the distance can never reach.
 *
 * @example contrastiveLoss(asDistance(tensor([0.5, 0.25])), { different: [0, 1] }, { margin: 1 }).item() // 0.40625
 */
export function contrastiveLoss(
  distance: Distance,
  labels: PairLabels,
  { margin = 1, reduction = 'mean' }: ContrastiveLossOptions = {},
): Tensor {
  if (!(distance instanceof Distance)) {
    throw new TypeError(
      'contrastiveLoss: the first argument must be a Distance. Use a distance op such as euclidean(a, b), or asDistance(x).',
    );
  }
  if (distance.shape.length !== 1)
    throw new ShapeError('contrastiveLoss', 'distances must be [N]', [distance.shape], 'Pass one distance a pair.');
  checkMargin('contrastiveLoss', margin, distance.bound);
  const different = new Tensor(differentFlags('contrastiveLoss', labels, distance.size), distance.shape);
  // The label first, then the square: 0 times the square of a far distance, Infinity in float32, would be NaN.
  const alike = square(mul(sub(1, different), distance));
  const apart = square(mul(different, relu(sub(margin, distance))));
  return reduce('contrastiveLoss', add(alike, apart), reduction);
}
