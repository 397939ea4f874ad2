import { type Metric, pairwiseDistances } from '../autograd/ops/pairwiseDistances.ts';
import { noGrad } from '../autograd/tape.ts';
import type { Integers } from '../tensor/intTensor.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { classesOf } from './labelledBatch.ts';
import { boundOf } from './margin.ts';

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

/** A batch that miners search. */
export interface MeasuredBatch {
  readonly count: number;
  readonly classes: Int32Array;
  /** Of row i to row j at `i * count + j`; none is NaN. */
  readonly distances: Float32Array;
}

/**
 * Throws: RangeError for an unknown distance and, with both rows, for one that is NaN; ShapeError unless embeddings are
 * `[N, D]` with N labels.
 */
export function measuredBatch(op: string, embeddings: Tensor, labels: Integers, metric: Metric): MeasuredBatch {
  boundOf(op, metric);
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

/** Triplets or pairs as they are found. There may be millions: arrays of numbers would take several times the memory. */
export class FoundRows {
  /** Three numbers each. */
  #rows = new Int32Array(3 * 64);
  #end = 0;

  addTriplet(anchor: number, positive: number, negative: number): void {
    if (this.#end === this.#rows.length) {
      const longer = new Int32Array(2 * this.#end);
      longer.set(this.#rows);
      this.#rows = longer;
    }
    this.#rows[this.#end++] = anchor;
    this.#rows[this.#end++] = positive;
    this.#rows[this.#end++] = negative;
  }

  addPair(a: number, b: number, different: boolean): void {
    this.addTriplet(a, b, Number(different));
  }

  toTriplets(): IndexTriplets {
    return { anchors: this.#column(0), positives: this.#column(1), negatives: this.#column(2) };
  }

  toPairs(): IndexPairs {
    return { a: this.#column(0), b: this.#column(1), different: Uint8Array.from(this.#column(2)) };
  }

  #column(first: number): Int32Array {
    const column = new Int32Array(this.#end / 3);
    for (let i = 0, at = first; i < column.length; i++, at += 3) column[i] = this.#rows[at];
    return column;
  }
}

/** The lowest of the farthest other rows of an anchor's class, or of other classes; -1 where there is none. */
export function farthestOther(
  { count, classes, distances }: MeasuredBatch,
  anchor: number,
  kind: 'positive' | 'negative',
): number {
  let found = -1;
  for (let i = 0, at = anchor * count; i < count; i++, at++) {
    if (i === anchor || (classes[i] === classes[anchor]) !== (kind === 'positive')) continue;
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
