import { checkAtLeastZero } from '../tensor/check.ts';
import type { Integers } from '../tensor/intTensor.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { FoundRows, farthestOther, type IndexPairs, measuredBatch, nearestNegative } from './mining.ts';

/** Options of `mineMultiSimilarity`. */
export interface MultiSimilarityMiningOptions {
  /** How far, as a cosine, a pair may be on the right side of the hardest of the other kind. Default 0.1. */
  readonly epsilon?: number | undefined;
}

/**
 * Multi-similarity mining: of each anchor the negatives more alike than its least alike positive less epsilon, and the
 * positives less alike than its most alike negative plus epsilon, in cosines.
 *
 * Shapes: embeddings `[N, D]`, labels N integers -> pairs by anchor, `a`, then by the other row, `b`. A pair of rows is
 * judged, and may be kept, from either side. An anchor without a positive or without a negative in the batch gives none.
 * Records nothing.
 * Formula: negatives `s_an > min_p s_ap - epsilon`, positives `s_ap < max_n s_an + epsilon`.
 * Cost: `N^2 D` operations, `N^2` memory. Source: Wang et al. 2019 (multi-similarity loss), equations 5 and 6.
 * Throws: ShapeError where labels and rows differ in number; RangeError for an epsilon that is negative or not finite,
 * and, with its row, for a NaN embedding.
 *
 * @example mineMultiSimilarity(tensor([[1, 0], [1, 1], [0, 1]]), [0, 0, 1]).different // [0, 1]
 */
export function mineMultiSimilarity(
  embeddings: Tensor,
  labels: Integers,
  { epsilon = 0.1 }: MultiSimilarityMiningOptions = {},
): IndexPairs {
  checkAtLeastZero('mineMultiSimilarity', 'epsilon', epsilon);
  // As distances, 1 - s, the largest cosine is the least.
  const batch = measuredBatch('mineMultiSimilarity', embeddings, labels, 'cosine');
  const { count, classes, distances } = batch;
  const found = new FoundRows();
  for (let a = 0; a < count; a++) {
    const positive = farthestOther(batch, a, 'positive');
    const negative = nearestNegative(batch, a, -Infinity);
    if (positive < 0 || negative < 0) continue;
    const farthest = distances[a * count + positive];
    const nearest = distances[a * count + negative];
    for (let b = 0; b < count; b++) {
      const d = distances[a * count + b];
      const different = classes[b] !== classes[a];
      if (b !== a && (different ? d < farthest + epsilon : d > nearest - epsilon)) found.addPair(a, b, different);
    }
  }
  return found.toPairs();
}
