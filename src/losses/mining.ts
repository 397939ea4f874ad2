import { type Metric, pairwiseDistances } from '../autograd/ops/pairwiseDistances.ts';
import { noGrad } from '../autograd/tape.ts';
import { type Integers, toIntegers } from '../tensor/intTensor.ts';
import { ShapeError } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Rows of a batch: triplet i is (anchors[i], positives[i], negatives[i]). */
export interface IndexTriplets {
  readonly anchors: Int32Array;
  readonly positives: Int32Array;
  readonly negatives: Int32Array;
}

/**
 * Batch-hard mining: for each anchor its farthest positive and its nearest negative.
 *
 * Shapes: embeddings `[N, D]`, labels N integers -> at most N triplets; an anchor without a positive or without a
 * negative in the batch gives none. At equal distances the lowest index wins. Records nothing.
 * Cost: `N^2 D` operations, `N^2` memory. Source: Hermans, Beyer, Leibe 2017, section 2.
 * Throws: ShapeError where labels and rows differ in number; RangeError, with its row, for a NaN embedding.
 *
 * @example mineBatchHard(tensor([[0], [1], [5], [2]]), [0, 0, 0, 1]).positives // [2, 2, 0]
 */
export function mineBatchHard(
  embeddings: Tensor,
  labels: Integers,
  { distance = 'euclidean' }: { readonly distance?: Metric | undefined } = {},
): IndexTriplets {
  const classes = toIntegers('mineBatchHard', 'labels', labels);
  if (embeddings.shape.length !== 2 || embeddings.shape[0] !== classes.length) {
    throw new ShapeError(
      'mineBatchHard',
      'expected embeddings [N, D] and N labels',
      [embeddings.shape, [classes.length]],
      'Pass one label a row.',
    );
  }
  const distances = noGrad(() => pairwiseDistances(embeddings, embeddings, { metric: distance })).data;
  const count = classes.length;
  const triplets: number[][] = [];
  for (let anchor = 0; anchor < count; anchor++) {
    let positive = -1;
    let negative = -1;
    for (let other = 0; other < count; other++) {
      const d = distances[anchor * count + other];
      if (Number.isNaN(d))
        throw new RangeError(
          `mineBatchHard: the distance of rows ${anchor} and ${other} is NaN. Check the inputs, or lower the learning rate.`,
        );
      if (other === anchor) continue;
      if (classes[other] === classes[anchor]) {
        if (positive < 0 || d > distances[anchor * count + positive]) positive = other;
      } else if (negative < 0 || d < distances[anchor * count + negative]) negative = other;
    }
    if (positive >= 0 && negative >= 0) triplets.push([anchor, positive, negative]);
  }
  const column = (i: number) => Int32Array.from(triplets, (triplet) => triplet[i]);
  return { anchors: column(0), positives: column(1), negatives: column(2) };
}
