import { pairwiseDistances } from '../autograd/ops/pairwiseDistances.ts';
import { noGrad } from '../autograd/tape.ts';
import type { Integers } from '../tensor/intTensor.ts';
import { exp } from '../tensor/math.ts';
import { Tensor } from '../tensor/tensor.ts';
import { type BatchTripletLossOptions, minedTriplets, miningOf } from './batchTripletLoss.ts';
import { costsAmong, type TripletCostOptions } from './costsAmong.ts';
import { classesOf } from './labelledBatch.ts';
import type { IndexTriplets } from './mining.ts';
import { type TripletLossOptions, tripletCosts } from './tripletLoss.ts';

/** What the triplets of a batch are like, in plain numbers. */
export interface TripletStatistics {
  /** All that count, active or not. */
  readonly triplets: number;
  /** Those that cost something: loss above 0. A `soft` loss is above 0 for every triplet. */
  readonly active: number;
  /** Active triplets over all triplets; 0 where there is no triplet. */
  readonly activeFraction: number;
  /** From the anchors to the positives, over all triplets; NaN where there is none. */
  readonly meanPositiveDistance: number;
  /** To the negatives, with `swap` from the nearer of anchor and positive; NaN where there is no triplet. */
  readonly meanNegativeDistance: number;
}

type OfTriplets = [anchor: Tensor, positive: Tensor, negative: Tensor, options?: TripletLossOptions | undefined];
type OfBatch = [embeddings: Tensor, labels: Integers, options?: BatchTripletLossOptions | undefined];

/**
 * How many triplets a triplet loss learns from, and how far they are apart: with the arguments of `tripletLoss`, or of
 * `batchTripletLoss`, whose miners it uses. Records nothing; `reduction` has no effect. `random` is drawn from as the
 * loss draws: give each a source of the same seed to see the same triplets.
 *
 * Shapes: anchor, positive, negative `[N, D]`, or embeddings `[N, D]` and N integers.
 * Cost: of mining 'all' an operation a triplet, of the order of `N^3`, and `N^2` memory; else that of the miner.
 * Throws: as the loss and the miner of the same arguments do. Mining 'all' takes NaN embeddings: a triplet with one is
 * not active, and the means are NaN.
 *
 * @example tripletStatistics(tensor([[0], [0]]), tensor([[1], [1]]), tensor([[3], [1]]), { margin: 1 }).active // 1
 * @example tripletStatistics(tensor([[0], [1], [3]]), [0, 0, 1], { mining: 'all', distance: 'euclidean' }).meanNegativeDistance // 2.5
 */
export function tripletStatistics(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options?: TripletLossOptions,
): TripletStatistics;
export function tripletStatistics(
  embeddings: Tensor,
  labels: Integers,
  options?: BatchTripletLossOptions,
): TripletStatistics;
export function tripletStatistics(...args: OfTriplets | OfBatch): TripletStatistics {
  return noGrad(() => (areTriplets(args) ? ofTriplets(...args) : ofBatch(...args)));
}

/** One Tensor behind the embeddings would be labels, which are refused as a Tensor of floats. */
function areTriplets(args: OfTriplets | OfBatch): args is OfTriplets {
  return args[1] instanceof Tensor && args[2] instanceof Tensor;
}

function ofTriplets(...[anchor, positive, negative, options = {}]: OfTriplets): TripletStatistics {
  const { costs, near, far } = tripletCosts('tripletStatistics', anchor, positive, negative, options);
  const sums = emptySums();
  for (let i = 0; i < costs.size; i++) count(sums, near.data[i], far.data[i], costs.data[i] > 0);
  return statistics(sums);
}

function ofBatch(...[embeddings, labels, options = {}]: OfBatch): TripletStatistics {
  const { distance = 'squaredEuclidean', soft = false, swap = false } = options;
  const { mining, margin, random } = miningOf('tripletStatistics', options);
  const classes = classesOf('tripletStatistics', embeddings, labels);
  const distances = pairwiseDistances(embeddings, embeddings, { metric: distance });
  const cost = { margin, soft, swap };
  if (mining === 'all') return statistics(sumAll(distances.data, classes, cost));
  return ofMined(distances, minedTriplets('tripletStatistics', distances, classes, { mining, margin, random }), cost);
}

function ofMined(distances: Tensor, triplets: IndexTriplets, options: TripletCostOptions): TripletStatistics {
  const costs = costsAmong(distances, triplets, options).data;
  const { anchors, positives, negatives } = triplets;
  const rows = distances.shape[0];
  const sums = emptySums();
  for (let i = 0; i < costs.length; i++) {
    const far = negativeDistance(distances.data, rows, anchors[i], positives[i], negatives[i], options.swap);
    count(sums, distances.data[anchors[i] * rows + positives[i]], far, costs[i] > 0);
  }
  return statistics(sums);
}

/** All triplets, one at a time. */
function sumAll(distances: Float32Array, classes: Int32Array, { margin, soft, swap }: TripletCostOptions): Sums {
  const rows = classes.length;
  const sums = emptySums();
  for (let a = 0; a < rows; a++) {
    for (let p = 0; p < rows; p++) {
      if (p === a || classes[p] !== classes[a]) continue;
      const near = distances[a * rows + p];
      for (let n = 0; n < rows; n++) {
        if (classes[n] === classes[a]) continue;
        const far = negativeDistance(distances, rows, a, p, n, swap);
        const gap = near + margin - far;
        count(sums, near, far, soft ? exp(gap) > 0 : gap > 0);
      }
    }
  }
  return sums;
}

/** The distance that the negative counts with. */
function negativeDistance(
  distances: Float32Array,
  rows: number,
  a: number,
  p: number,
  n: number,
  swap: boolean,
): number {
  const far = distances[a * rows + n];
  return swap ? Math.min(far, distances[p * rows + n]) : far;
}

interface Sums {
  triplets: number;
  active: number;
  near: number;
  far: number;
}

const emptySums = (): Sums => ({ triplets: 0, active: 0, near: 0, far: 0 });

function count(sums: Sums, near: number, far: number, isActive: boolean): void {
  sums.triplets++;
  sums.near += near;
  sums.far += far;
  if (isActive) sums.active++;
}

function statistics({ triplets, active, near, far }: Sums): TripletStatistics {
  return {
    triplets,
    active,
    activeFraction: active / Math.max(1, triplets),
    meanPositiveDistance: near / triplets,
    meanNegativeDistance: far / triplets,
  };
}
