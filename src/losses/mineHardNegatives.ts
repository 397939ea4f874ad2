import { nearestRows } from '../autograd/ops/nearestRows.ts';
import { checkAtLeastZero, checkInteger } from '../tensor/check.ts';
import type { Integers } from '../tensor/intTensor.ts';
import { ShapeError } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { classesOf } from './labelledBatch.ts';
import { boundOf, checkMargin } from './margin.ts';
import type { MiningOptions } from './mining.ts';

/** Options of `mineHardNegatives`. */
export interface HardNegativeOptions extends MiningOptions {
  /** Negatives an anchor, at most. Default 1. */
  readonly k?: number | undefined;
  /** Rows to search instead of the embeddings themselves; they need `referenceLabels`. */
  readonly references?: Tensor | undefined;
  /** The classes of `references`. */
  readonly referenceLabels?: Integers | undefined;
  /** How many of the nearest to pass over: where labels are wrong, those are often of the anchor's class. Default 0. */
  readonly skip?: number | undefined;
  /**
   * Passes over what is not farther than the anchor's nearest positive by at least this much, for the same reason; an
   * anchor without a positive gives none then. A copy of the anchor in `references` is a positive too, at distance 0.
   * They do not count as skipped. 0 or more. Default none.
   */
  readonly margin?: number | undefined;
}

/** Negative i is row negatives[i], for row anchors[i]. */
export interface IndexNegatives {
  readonly anchors: Int32Array;
  readonly negatives: Int32Array;
  /** How far they are from one another. */
  readonly distances: Float32Array;
}

/**
 * The nearest rows of other classes, searched in a whole set: hard negatives for the next epoch. Pair the anchors with
 * positives of your choice, such as random ones of the class, for triplets; or take them as different pairs.
 *
 * Shapes: embeddings `[N, D]`, labels N integers, references `[M, D]` -> at most `N k` negatives, by anchor, nearest
 * first; at equal distances the lowest index first. An anchor with fewer than k gives those. Records nothing.
 * Cost: as `nearestRows`, `N M D` operations, twice with a margin; memory that, but for what is found, does not grow
 * with N and M.
 * Source: sentence-transformers, mine_hard_negatives, whose range_min is `skip` and absolute_margin is `margin`.
 * Throws: ShapeError where labels and rows differ in number, or rows in length; RangeError for k or `skip` out of range,
 * for an unknown distance, for a margin that is negative, not finite or, with cosine, above 2, and, with both rows, for a
 * NaN distance; TypeError for `references` without `referenceLabels`, or those without them.
 *
 * @example mineHardNegatives(tensor([[0], [1], [3], [7]]), [0, 0, 1, 1], { k: 1 }).negatives // [2, 2, 1, 1]
 * @example mineHardNegatives(tensor([[0]]), [0], { references: tensor([[3], [1], [2]]), referenceLabels: [1, 2, 0], margin: 1 }).negatives // [0]
 */
export function mineHardNegatives(
  embeddings: Tensor,
  labels: Integers,
  options: HardNegativeOptions = {},
): IndexNegatives {
  const { k = 1, references = embeddings, skip = 0, margin, distance: metric = 'euclidean' } = options;
  if ((options.references === undefined) !== (options.referenceLabels === undefined))
    throw new TypeError('mineHardNegatives: references and referenceLabels belong together. Pass both, or neither.');
  checkInteger('mineHardNegatives', 'k', k, 1);
  checkInteger('mineHardNegatives', 'skip', skip, 0);
  const bound = boundOf('mineHardNegatives', metric);
  if (margin !== undefined) {
    checkAtLeastZero('mineHardNegatives', 'margin', margin);
    if (margin > 0) checkMargin('mineHardNegatives', margin, bound);
  }
  const classes = classesOf('mineHardNegatives', embeddings, labels);
  const others = classesOf('mineHardNegatives', references, options.referenceLabels ?? classes, [
    'references',
    'referenceLabels',
  ]);
  if (references.shape[1] !== embeddings.shape[1]) {
    throw new ShapeError(
      'mineHardNegatives',
      'expected embeddings [N, D] and references [M, D]',
      [embeddings.shape, references.shape],
      'Embed both with one encoder.',
    );
  }

  /** From where on a row may be a negative of each anchor. */
  const least =
    margin === undefined
      ? undefined
      : Float64Array.from(
          nearestRows(embeddings, references, {
            k: 1,
            metric,
            // A row is no positive of itself.
            accept: (i, j) => classes[i] === others[j] && (references !== embeddings || i !== j),
          }).distances.data,
          (d) => d + margin,
        );
  // More than there are would only take memory.
  const depth = Math.min(skip + k, Math.max(1, others.length));
  const found = nearestRows(embeddings, references, {
    k: depth,
    metric,
    accept: (i, j, d) => classes[i] !== others[j] && (least === undefined || (least[i] < Infinity && d >= least[i])),
  });
  const kept: number[] = [];
  found.indices.data.forEach((row, at) => {
    if (row >= 0 && at % depth >= skip) kept.push(at);
  });
  return {
    anchors: Int32Array.from(kept, (at) => Math.floor(at / depth)),
    negatives: Int32Array.from(kept, (at) => found.indices.data[at]),
    distances: Float32Array.from(kept, (at) => found.distances.data[at]),
  };
}
