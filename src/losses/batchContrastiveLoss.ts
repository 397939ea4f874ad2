import { relu } from '../autograd/ops/activations.ts';
import { add, sub } from '../autograd/ops/arithmetic.ts';
import { where } from '../autograd/ops/selection.ts';
import { checkAtLeastZero } from '../tensor/check.ts';
import type { Integers } from '../tensor/intTensor.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type BatchDistanceOptions, type BatchDistances, batchDistances } from './batchDistances.ts';
import { checkMargin } from './margin.ts';
import { type Reduction, reduce } from './reduction.ts';

/** Options of `batchContrastiveLoss`. */
export interface BatchContrastiveLossOptions extends BatchDistanceOptions {
  /** Distance up to which a positive pair costs nothing. Default 0. */
  readonly positiveMargin?: number | undefined;
  /** Distance from which a negative pair costs nothing. Default 1. */
  readonly negativeMargin?: number | undefined;
  /**
   * Of the positive pairs and of the negative ones by themselves, and the two are added; 'none' gives the cost of rows i
   * and j at `[i, j]`. Default 'meanNonZero'.
   */
  readonly reduction?: Reduction | undefined;
}

/**
 * Contrastive loss of a labelled batch, over all its pairs, linear in the distance: positives are pulled to within a
 * margin of one another, negatives pushed to beyond another one.
 *
 * Shapes: embeddings `[N, D]`, labels N integers -> scalar (`[N, N]` with reduction 'none'). A pair counts from either
 * of its rows, a row with itself not. A batch without pairs gives 0 with a live graph.
 * Formula: `mean of [d - m_pos]+ over positives + mean of [m_neg - d]+ over negatives`, d the Euclidean distance of the
 * rows brought to length 1, each mean over the pairs that cost something.
 * Gradient: of d, 1 for a positive pair beyond its margin, -1 for a negative one within its own, each over the number
 * of those; 0 at the margins and between identical rows.
 * Cost: `3 N^2 D` operations, `N^2` memory.
 * Source: pytorch-metric-learning, ContrastiveLoss.
 * Throws: ShapeError unless embeddings are `[N, D]` with N labels; RangeError for a margin that is out of range or that
 * the distance can never reach: between rows of length 1 it is at most 2, squared 4.
 *
 * @example batchContrastiveLoss(tensor([[3, 4], [6, 8], [4, 3]]), [0, 0, 1]).item() // 0.7171573
 */
export function batchContrastiveLoss(
  embeddings: Tensor,
  labels: Integers,
  options: BatchContrastiveLossOptions = {},
): Tensor {
  const { reduction = 'meanNonZero' } = options;
  const costs = batchPairCosts('batchContrastiveLoss', embeddings, labels, options);
  return add(
    reduce('batchContrastiveLoss', costs.ofPositives, reduction, Math.max(1, costs.positives)),
    reduce('batchContrastiveLoss', costs.ofNegatives, reduction, Math.max(1, costs.negatives)),
  );
}

/** What each pair of a batch costs. */
interface BatchPairCosts extends BatchDistances {
  /** `[N, N]`, 0 for what is no positive pair. */
  readonly ofPositives: Tensor;
  /** `[N, N]`, 0 for what is no negative pair. */
  readonly ofNegatives: Tensor;
}

/** The costs that `batchContrastiveLoss` reduces; throws what it throws, in the name of `op`. */
export function batchPairCosts(
  op: string,
  embeddings: Tensor,
  labels: Integers,
  { positiveMargin = 0, negativeMargin = 1, ...measure }: BatchContrastiveLossOptions,
): BatchPairCosts {
  checkAtLeastZero(op, 'positiveMargin', positiveMargin);
  const batch = batchDistances(op, embeddings, labels, measure);
  const { distances, relations } = batch;
  checkMargin(op, negativeMargin, batch.bound, { name: 'negativeMargin' });
  return {
    ...batch,
    ofPositives: where(relations.same, relu(sub(distances, positiveMargin)), 0),
    ofNegatives: where(relations.different, relu(sub(negativeMargin, distances)), 0),
  };
}
