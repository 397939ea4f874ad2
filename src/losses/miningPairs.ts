import { COSINE_BOUND } from '../autograd/ops/distances.ts';
import type { Integers } from '../tensor/intTensor.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkMargin } from './margin.ts';
import { farthestPositive, type IndexPairs, type MiningOptions, measuredBatch, nearestNegative } from './mining.ts';

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
  checkLeast('mineMultiSimilarity', 'epsilon', epsilon);
  // As distances, 1 - s, the largest cosine is the least.
  const batch = measuredBatch('mineMultiSimilarity', embeddings, labels, 'cosine');
  const { count, classes, distances } = batch;
  const pairs: Pair[] = [];
  for (let a = 0; a < count; a++) {
    const positive = farthestPositive(batch, a);
    const negative = nearestNegative(batch, a, -Infinity);
    if (positive < 0 || negative < 0) continue;
    const farthest = distances[a * count + positive];
    const nearest = distances[a * count + negative];
    for (let b = 0; b < count; b++) {
      const d = distances[a * count + b];
      const different = classes[b] !== classes[a];
      if (b !== a && (different ? d < farthest + epsilon : d > nearest - epsilon)) pairs.push([a, b, different]);
    }
  }
  return indexPairs(pairs);
}

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
 * Cost: `N^2 D` operations, `N^2` memory. Source: pytorch-metric-learning, PairMarginMiner, which gives every pair twice.
 * Throws: ShapeError where labels and rows differ in number; RangeError for a margin that is negative or not finite, for
 * a negative margin that is 0 or, with cosine, above 2, and, with its row, for a NaN embedding.
 *
 * @example minePairMargin(tensor([[0], [1], [1.5], [5]]), [0, 0, 1, 1]).b // [1, 2, 3]
 */
export function minePairMargin(
  embeddings: Tensor,
  labels: Integers,
  { positiveMargin = 0.2, negativeMargin = 0.8, distance = 'euclidean' }: PairMarginOptions = {},
): IndexPairs {
  checkLeast('minePairMargin', 'positiveMargin', positiveMargin);
  checkLeast('minePairMargin', 'negativeMargin', negativeMargin);
  checkMargin('minePairMargin', negativeMargin, distance === 'cosine' ? COSINE_BOUND : Infinity);
  const { count, classes, distances } = measuredBatch('minePairMargin', embeddings, labels, distance);
  const pairs: Pair[] = [];
  for (let a = 0; a < count; a++) {
    for (let b = a + 1; b < count; b++) {
      const d = distances[a * count + b];
      const different = classes[a] !== classes[b];
      if (different ? d < negativeMargin : d > positiveMargin) pairs.push([a, b, different]);
    }
  }
  return indexPairs(pairs);
}

type Pair = readonly [a: number, b: number, different: boolean];

function indexPairs(pairs: readonly Pair[]): IndexPairs {
  return {
    a: Int32Array.from(pairs, ([a]) => a),
    b: Int32Array.from(pairs, ([, b]) => b),
    different: Uint8Array.from(pairs, ([, , different]) => Number(different)),
  };
}

function checkLeast(op: string, name: string, value: number): void {
  if (!(value >= 0 && value < Infinity))
    throw new RangeError(`${op}: ${name} must be a finite number of at least 0; got ${value}.`);
}
