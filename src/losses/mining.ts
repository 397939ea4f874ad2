import { type Metric, pairwiseDistances } from '../autograd/ops/pairwiseDistances.ts';
import { noGrad } from '../autograd/tape.ts';
import type { Integers } from '../tensor/intTensor.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { classesOf } from './labelledBatch.ts';

/** Rows of a batch: triplet i is (anchors[i], positives[i], negatives[i]). */
export interface IndexTriplets {
  readonly anchors: Int32Array;
  readonly positives: Int32Array;
  readonly negatives: Int32Array;
}

/** Rows of a batch: pair i is (a[i], b[i]), of two classes where different[i] is 1, of one where it is 0. */
export interface IndexPairs {
  readonly a: Int32Array;
  readonly b: Int32Array;
  readonly different: Uint8Array;
}

/** How a miner measures. */
export interface MiningOptions {
  /** Default 'euclidean'. */
  readonly distance?: Metric | undefined;
}

/**
 * Batch-hard mining: for each anchor its farthest positive and its nearest negative.
 *
 * Shapes: embeddings `[N, D]`, labels N integers -> at most N triplets, by anchor; an anchor without a positive or
 * without a negative in the batch gives none. At equal distances the lowest index wins. Records nothing.
 * Cost: `N^2 D` operations, `N^2` memory. Source: Hermans, Beyer, Leibe 2017, section 2.
 * Throws: ShapeError where labels and rows differ in number; RangeError, with its row, for a NaN embedding.
 *
 * @example mineBatchHard(tensor([[0], [1], [5], [2]]), [0, 0, 0, 1]).positives // [2, 2, 0]
 */
export function mineBatchHard(
  embeddings: Tensor,
  labels: Integers,
  { distance = 'euclidean' }: MiningOptions = {},
): IndexTriplets {
  const batch = measuredBatch('mineBatchHard', embeddings, labels, distance);
  const triplets = new TripletList();
  for (let anchor = 0; anchor < batch.count; anchor++) {
    const positive = farthestPositive(batch, anchor);
    const negative = nearestNegative(batch, anchor, -Infinity);
    if (positive >= 0 && negative >= 0) triplets.add(anchor, positive, negative);
  }
  return triplets.toTriplets();
}

/** A batch that miners search. */
export interface MeasuredBatch {
  readonly count: number;
  readonly classes: Int32Array;
  /** Of row i to row j at `i * count + j`; none is NaN. */
  readonly distances: Float32Array;
}

/** Throws: ShapeError unless embeddings are `[N, D]` with N labels; RangeError, with both rows, for a NaN distance. */
export function measuredBatch(op: string, embeddings: Tensor, labels: Integers, metric: Metric): MeasuredBatch {
  const classes = classesOf(op, embeddings, labels);
  return batchOf(
    op,
    noGrad(() => pairwiseDistances(embeddings, embeddings, { metric })),
    classes,
  );
}

/** Throws: RangeError, with both rows, for a NaN distance. */
export function batchOf(op: string, { data: distances }: Tensor, classes: Int32Array): MeasuredBatch {
  const count = classes.length;
  const at = distances.findIndex(Number.isNaN);
  if (at >= 0) {
    throw new RangeError(
      `${op}: the distance of rows ${Math.floor(at / count)} and ${at % count} is NaN. Check the inputs, or lower the learning rate.`,
    );
  }
  return { count, classes, distances };
}

/** Triplets as they are found. There may be millions: an array of numbers would take several times the memory. */
export class TripletList {
  #rows = new Int32Array(3 * 64);
  #end = 0;

  add(anchor: number, positive: number, negative: number): void {
    if (this.#end === this.#rows.length) {
      const longer = new Int32Array(2 * this.#end);
      longer.set(this.#rows);
      this.#rows = longer;
    }
    this.#rows[this.#end++] = anchor;
    this.#rows[this.#end++] = positive;
    this.#rows[this.#end++] = negative;
  }

  toTriplets(): IndexTriplets {
    return { anchors: this.#column(0), positives: this.#column(1), negatives: this.#column(2) };
  }

  #column(first: number): Int32Array {
    const column = new Int32Array(this.#end / 3);
    for (let i = 0, at = first; i < column.length; i++, at += 3) column[i] = this.#rows[at];
    return column;
  }
}

/** The lowest of the farthest rows of an anchor's class; -1 where it is alone in it. */
export function farthestPositive({ count, classes, distances }: MeasuredBatch, anchor: number): number {
  let found = -1;
  for (let i = 0, at = anchor * count; i < count; i++, at++) {
    if (i === anchor || classes[i] !== classes[anchor]) continue;
    if (found < 0 || distances[at] > distances[anchor * count + found]) found = i;
  }
  return found;
}

/** The lowest of the nearest rows of other classes, of those farther than `beyond`; -1 where there is none. */
export function nearestNegative({ count, classes, distances }: MeasuredBatch, anchor: number, beyond: number): number {
  let found = -1;
  for (let i = 0, at = anchor * count; i < count; i++, at++) {
    if (classes[i] === classes[anchor] || !(distances[at] > beyond)) continue;
    if (found < 0 || distances[at] < distances[anchor * count + found]) found = i;
  }
  return found;
}
