import type { Integers } from '../tensor/intTensor.ts';
import type { Tensor } from '../tensor/tensor.ts';
import {
  FoundRows,
  farthestOther,
  type IndexTriplets,
  type MeasuredBatch,
  type MiningOptions,
  measuredBatch,
  nearestNegative,
} from './mining.ts';

/**
 * Batch-hard mining: for each anchor its farthest positive and its nearest negative.
 *
 * Shapes: embeddings `[N, D]`, labels N integers -> at most N triplets, by anchor; an anchor without a positive or
 * without a negative in the batch gives none. At equal distances the lowest index wins. Records nothing.
 * Cost: `N^2 D` operations, `N^2` memory. Source: Hermans, Beyer, Leibe 2017, section 2.
 * Throws: ShapeError where labels and rows differ in number; RangeError for an unknown distance and, with its row, for a
 * NaN embedding.
 *
 * @example mineBatchHard(tensor([[0], [1], [5], [2]]), [0, 0, 0, 1]).positives // [2, 2, 0]
 */
export function mineBatchHard(
  embeddings: Tensor,
  labels: Integers,
  { distance = 'euclidean' }: MiningOptions = {},
): IndexTriplets {
  return hardTriplets(measuredBatch('mineBatchHard', embeddings, labels, distance));
}

/** What `mineBatchHard` mines. */
export function hardTriplets(batch: MeasuredBatch): IndexTriplets {
  const found = new FoundRows();
  for (let anchor = 0; anchor < batch.count; anchor++) {
    const positive = farthestOther(batch, anchor, 'positive');
    const negative = nearestNegative(batch, anchor, -Infinity);
    if (positive >= 0 && negative >= 0) found.addTriplet(anchor, positive, negative);
  }
  return found.toTriplets();
}
