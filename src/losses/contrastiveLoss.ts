import { Distance } from '../autograd/measure.ts';
import { relu } from '../autograd/ops/activations.ts';
import { add, mul, sub } from '../autograd/ops/arithmetic.ts';
import { square } from '../autograd/ops/pointwise.ts';
import { clamp } from '../autograd/ops/selection.ts';
import { ShapeError } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { type ContrastivePreset, conventionOf } from './contrastivePresets.ts';
import { differentFlags, type PairLabels } from './flags.ts';
import { checkMargin } from './margin.ts';
import { type Reduction, reduce } from './reduction.ts';

/** Options of `contrastiveLoss`. */
export interface ContrastiveLossOptions {
  /** Distance from which a different pair costs nothing; with 'caffeLegacy' its square. Default: the preset's, 1 or 0.5. */
  readonly margin?: number | undefined;
  /** Whose convention: formula, default margin and default reduction. Default 'plain'. */
  readonly preset?: ContrastivePreset | undefined;
  /** Default: the preset's, 'mean' but for 'hadsell2006'. */
  readonly reduction?: Reduction | undefined;
}

/**
 * Contrastive loss of pairs: pulls alike pairs together, pushes different ones apart until the margin.
 *
 * What a label of 1 means is always written at the call, whatever the source of a preset takes it for. A Distance knows
 * its largest value, not which distance it is: the presets are equal to their sources for the distance in the table.
 * Do not pass `squaredEuclidean`: the loss squares it again.
 *
 * | preset | same pair | different pair | distance | margin | reduction |
 * |---|---|---|---|---|---|
 * | 'plain' | `d^2` | `[m - d]+^2` | any | 1 | 'mean' |
 * | 'hadsell2006' | `d^2 / 2` | `[m - d]+^2 / 2` | `euclidean` | 1 | 'sum' |
 * | 'sentenceTransformers' | `d^2 / 2` | `[m - d]+^2 / 2` | `cosineDistance` | 0.5 | 'mean' |
 * | 'keras' | `d'^2` | `[m - d']+^2`, `d' = sqrt(max(d^2, 1e-7))` | `euclidean` | 1 | 'mean' |
 * | 'caffeLegacy' | `d^2 / 2` | `[m - d^2]+ / 2` | `euclidean` | 1 | 'mean' |
 *
 * Shapes: distance `[N]` -> scalar (`[N]` with reduction 'none'). An empty batch gives 0 with a live graph.
 * Formula: `(1 - Y) D^2 + Y max(0, m - D)^2`, Y = 1 for a different pair.
 * Gradient: of D, `2 D` for a same pair, `-2 max(0, m - D)` for a different one; 0 at the margin; half of both where the
 * preset halves. Through a Euclidean distance of 0 it is 0, never NaN. With 'keras' it is 0 for D below 3.2e-4, with
 * 'caffeLegacy' `-D` for a different pair within the margin.
 * Source: Hadsell, Chopra, LeCun 2006, equation 4, without its factor 1/2; sentence-transformers, ContrastiveLoss (y = 1
 * is same); Keras, mnist_siamese (y = 1 is same); Caffe, ContrastiveLoss with legacy_version (y = 1 is same), whose
 * sum over the pairs, without 1/2, is divided by 2 N.
 * Throws: TypeError where `distance` is not a Distance, or the labels do not say either `different` or `same`;
 * RangeError for a label other than 0 or 1, an unknown preset, and for a margin that the distance can never reach.
 *
 * @example contrastiveLoss(asDistance(tensor([0.5, 0.25])), { different: [0, 1] }, { margin: 1 }).item() // 0.40625
 * @example contrastiveLoss(asDistance(tensor([0.5, 0.25])), { same: [1, 0] }, { preset: 'sentenceTransformers' }).item() // 0.078125
 */
export function contrastiveLoss(distance: Distance, labels: PairLabels, options: ContrastiveLossOptions = {}): Tensor {
  const { costs, reduction } = pairCosts('contrastiveLoss', distance, labels, options);
  return reduce('contrastiveLoss', costs, reduction);
}

/** What each pair costs. */
interface PairCosts {
  /** `[N]`, before the reduction. */
  readonly costs: Tensor;
  /** 1 for each different pair, 0 for each same one. */
  readonly different: Float32Array;
  /** The one asked for, or the preset's. */
  readonly reduction: Reduction;
}

/** The costs that `contrastiveLoss` reduces; throws what it throws, in the name of `op`. */
export function pairCosts(
  op: string,
  distance: Distance,
  labels: PairLabels,
  { preset = 'plain', ...options }: ContrastiveLossOptions,
): PairCosts {
  if (!(distance instanceof Distance)) {
    throw new TypeError(
      `${op}: the first argument must be a Distance. Use a distance op such as euclidean(a, b), or asDistance(x).`,
    );
  }
  if (distance.shape.length !== 1)
    throw new ShapeError(op, 'distances must be [N]', [distance.shape], 'Pass one distance a pair.');
  const convention = conventionOf(op, preset);
  const { margin = convention.margin, reduction = convention.reduction } = options;
  const { factor, least, ofSquares } = convention;
  if (ofSquares) checkMargin(op, margin, distance.bound * distance.bound, { measure: 'squared distance' });
  else checkMargin(op, margin, distance.bound);
  const flags = differentFlags(op, labels, distance.size);
  const different = new Tensor(flags, distance.shape);
  const d = least > 0 ? clamp(distance, { min: least }) : distance;
  // The label first, then the square: 0 times the square of a far distance, Infinity in float32, would be NaN.
  const alike = square(mul(sub(1, different), d));
  const apart = ofSquares
    ? relu(sub(mul(different, margin), square(mul(different, d))))
    : square(mul(different, relu(sub(margin, d))));
  const whole = add(alike, apart);
  return { costs: factor === 1 ? whole : mul(whole, factor), different: flags, reduction };
}
