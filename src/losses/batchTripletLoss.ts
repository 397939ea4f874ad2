import { take } from '../autograd/ops/indexed.ts';
import type { Integers } from '../tensor/intTensor.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { mineBatchHard } from './mining.ts';
import { type TripletLossOptions, tripletLoss } from './tripletLoss.ts';

/** Options of `batchTripletLoss`. */
export interface BatchTripletLossOptions extends TripletLossOptions {
  /** Which triplets of the batch count: 'hard', each anchor with its farthest positive and nearest negative. Default 'hard'. */
  readonly mining?: 'hard' | undefined;
}

/**
 * Triplet loss of a labelled batch, over triplets mined from it.
 *
 * Shapes: embeddings `[N, D]`, labels N integers -> scalar. A batch without a valid triplet gives 0 with a live graph.
 * Formula and options: as `tripletLoss`. Source: Hermans, Beyer, Leibe 2017, equation 5.
 *
 * @example batchTripletLoss(tensor([[0], [1], [2]]), [0, 0, 1], { margin: 1 }).item() // 0.5
 */
export function batchTripletLoss(embeddings: Tensor, labels: Integers, options: BatchTripletLossOptions = {}): Tensor {
  const { mining = 'hard', ...loss } = options;
  if (mining !== 'hard') throw new RangeError(`batchTripletLoss: unknown mining '${String(mining)}'. Use 'hard'.`);
  const { anchors, positives, negatives } = mineBatchHard(embeddings, labels, {
    distance: loss.distance ?? 'squaredEuclidean',
  });
  return tripletLoss(take(embeddings, anchors), take(embeddings, positives), take(embeddings, negatives), loss);
}
