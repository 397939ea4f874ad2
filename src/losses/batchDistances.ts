import type { Distance } from '../autograd/measure.ts';
import { normalize as toUnitLength } from '../autograd/ops/normalize.ts';
import { type Metric, pairwiseDistances } from '../autograd/ops/pairwiseDistances.ts';
import type { Integers } from '../tensor/intTensor.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { classesOf, type Relations, relationsOf } from './labelledBatch.ts';
import { boundOf } from './margin.ts';

/** How the losses of all pairs of a labelled batch measure them. */
export interface BatchDistanceOptions {
  /** Default 'euclidean'. */
  readonly distance?: Metric | undefined;
  /** Brings every row to length 1 first, so that distances have a largest value. Default true. */
  readonly normalize?: boolean | undefined;
}

/** The distances `[N, N]` of all rows of a labelled batch, and which of them belong together. */
export interface BatchDistances {
  readonly classes: Int32Array;
  readonly relations: Relations;
  readonly distances: Distance;
  /** The largest distance that there can be. */
  readonly bound: number;
  /** How many ordered pairs are of one class, and how many of two. */
  readonly positives: number;
  readonly negatives: number;
}

/** Throws: RangeError for an unknown distance; ShapeError unless embeddings are `[N, D]` with N labels. */
export function batchDistances(
  op: string,
  embeddings: Tensor,
  labels: Integers,
  { distance = 'euclidean', normalize = true }: BatchDistanceOptions,
): BatchDistances {
  const bound = boundOf(op, distance);
  const classes = classesOf(op, embeddings, labels);
  const rows = normalize ? toUnitLength(embeddings) : embeddings;
  const distances = pairwiseDistances(rows, rows, { metric: distance });
  const relations = relationsOf(classes);
  return {
    classes,
    relations,
    distances,
    bound: normalize ? unitBound(distance, embeddings.shape[1]) : bound,
    positives: total(relations.positives),
    negatives: total(relations.negatives),
  };
}

/** The largest distance between vectors of length 1. */
function unitBound(metric: Metric, width: number): number {
  switch (metric) {
    case 'squaredEuclidean':
      return 4;
    case 'manhattan':
      // Every component of one vector is 1 / sqrt(D), and of the other its negative.
      return 2 * Math.sqrt(width);
    default:
      return 2;
  }
}

function total(counts: Int32Array): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
