import { Distance } from '../autograd/measure.ts';
import { noGrad } from '../autograd/tape.ts';
import type { Integers } from '../tensor/intTensor.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type BatchContrastiveLossOptions, batchPairCosts } from './batchContrastiveLoss.ts';
import { type ContrastiveLossOptions, pairCosts } from './contrastiveLoss.ts';
import type { PairLabels } from './flags.ts';

/** What the pairs of a batch are like, in plain numbers. A pair is active where it costs something: loss above 0. */
export interface PairStatistics {
  /** Same pairs. */
  readonly positives: number;
  /** Different pairs. */
  readonly negatives: number;
  /** Active pairs of both kinds. */
  readonly active: number;
  readonly activePositives: number;
  readonly activeNegatives: number;
  /** Active pairs over all pairs; 0 where there is no pair. */
  readonly activeFraction: number;
  /** NaN where there is no same pair. */
  readonly meanPositiveDistance: number;
  /** NaN where there is no different pair. */
  readonly meanNegativeDistance: number;
}

/** Embeddings: a Tensor that is no Distance, which would be one of pairs. */
type Embeddings = Tensor & { readonly measure?: undefined };
type OfPairs = [distance: Distance, labels: PairLabels, options?: ContrastiveLossOptions | undefined];
type OfBatch = [embeddings: Embeddings, labels: Integers, options?: BatchContrastiveLossOptions | undefined];

/**
 * How many pairs a contrastive loss learns from, and how far they are apart: with the arguments of `contrastiveLoss`, or
 * of `batchContrastiveLoss`, in which a pair counts from either of its rows. Records nothing; `reduction` has no effect.
 *
 * Shapes: distance `[N]` and N flags, or embeddings `[N, D]` and N integers. A NaN distance is not active, and makes
 * the mean of its kind NaN.
 * Throws: as the loss of the same arguments does.
 *
 * @example pairStatistics(asDistance(tensor([0.5, 0.25, 3])), { different: [0, 1, 1] }, { margin: 1 }).active // 2
 * @example pairStatistics(tensor([[1, 0], [1, 0], [0, 1]]), [0, 0, 1]).negatives // 4
 */
export function pairStatistics(
  distance: Distance,
  labels: PairLabels,
  options?: ContrastiveLossOptions,
): PairStatistics;
export function pairStatistics(
  embeddings: Embeddings,
  labels: Integers,
  options?: BatchContrastiveLossOptions,
): PairStatistics;
export function pairStatistics(...args: OfPairs | OfBatch): PairStatistics {
  return noGrad(() => (arePairs(args) ? ofPairs(...args) : ofBatch(...args)));
}

/** Labels with a meaning are those of pairs, so that a loss of pairs says what is wrong with the other argument. */
function arePairs(args: OfPairs | OfBatch): args is OfPairs {
  const [first, labels] = args;
  if (first instanceof Distance) return true;
  // Plain JavaScript may pass null, an object too.
  return typeof labels === 'object' && labels !== null && ('different' in labels || 'same' in labels);
}

function ofPairs(...[distance, labels, options = {}]: OfPairs): PairStatistics {
  const { costs, different } = pairCosts('pairStatistics', distance, labels, options);
  const isSame = different.map((flag) => 1 - flag);
  return statistics(kind(isSame, costs.data, distance.data), kind(different, costs.data, distance.data));
}

function ofBatch(...[embeddings, labels, options = {}]: OfBatch): PairStatistics {
  const batch = batchPairCosts('pairStatistics', embeddings, labels, options);
  const { relations, distances } = batch;
  return statistics(
    kind(relations.same.data, batch.ofPositives.data, distances.data),
    kind(relations.different.data, batch.ofNegatives.data, distances.data),
  );
}

interface Kind {
  readonly count: number;
  readonly active: number;
  readonly meanDistance: number;
}

/** Of the pairs that a mask has 1 for. */
function kind(mask: Float32Array, costs: Float32Array, distances: Float32Array): Kind {
  let count = 0;
  let active = 0;
  let total = 0;
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0) continue;
    count++;
    if (costs[i] > 0) active++;
    total += distances[i];
  }
  return { count, active, meanDistance: total / count };
}

function statistics(same: Kind, different: Kind): PairStatistics {
  const active = same.active + different.active;
  return {
    positives: same.count,
    negatives: different.count,
    active,
    activePositives: same.active,
    activeNegatives: different.active,
    activeFraction: active / Math.max(1, same.count + different.count),
    meanPositiveDistance: same.meanDistance,
    meanNegativeDistance: different.meanDistance,
  };
}
