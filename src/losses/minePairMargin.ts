import { checkAtLeastZero } from '../tensor/check.ts';
import type { Integers } from '../tensor/intTensor.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { boundOf, checkMargin } from './margin.ts';
import { FoundRows, type IndexPairs, type MiningOptions, measuredBatch } from './mining.ts';

/** Options of `minePairMargin`. */
export interface PairMarginOptions extends MiningOptions {
  /** Distance up to which a positive pair is near enough. Default 0.2. */
  readonly positiveMargin?: number | undefined;
  /** Distance from which on a negative pair is far enough. Default 0.8. */
  readonly negativeMargin?: number | undefined;
}

/**
 * Pair-margin mining: the pairs of a batch that are not yet where they should be, positives farther apart than
 * `positiveMargin` and negatives nearer than `negativeMargin`.
 *
 * Shapes: embeddings `[N, D]`, labels N integers -> pairs, each once, `a` below `b`, in rising order. Records nothing.
 * Cost: `N^2 D` operations, `N^2` memory. Source: pytorch-metric-learning, PairMarginMiner, which gives every pair twice
 * and scales embeddings to length 1 first, as `normalize` does.
 * Throws: ShapeError where labels and rows differ in number; RangeError for an unknown distance, for a margin that is
 * negative or not finite, for a negative margin that is 0 or, with cosine, above 2, and, with its row, for a NaN
 * embedding.
 *
 * @example minePairMargin(tensor([[0], [1], [1.5], [5]]), [0, 0, 1, 1]).b // [1, 2, 3]
 */
export function minePairMargin(
  embeddings: Tensor,
  labels: Integers,
  { positiveMargin = 0.2, negativeMargin = 0.8, distance = 'euclidean' }: PairMarginOptions = {},
): IndexPairs {
  checkAtLeastZero('minePairMargin', 'positiveMargin', positiveMargin);
  checkMargin('minePairMargin', negativeMargin, boundOf('minePairMargin', distance), { name: 'negativeMargin' });
  const { count, classes, distances } = measuredBatch('minePairMargin', embeddings, labels, distance);
  const found = new FoundRows();
  for (let a = 0; a < count; a++) {
    for (let b = a + 1; b < count; b++) {
      const d = distances[a * count + b];
      const different = classes[a] !== classes[b];
      if (different ? d < negativeMargin : d > positiveMargin) found.addPair(a, b, different);
    }
  }
  return found.toPairs();
}
