import * as t from '../../../src/portable.ts';
import type { LabelledBatch } from '../../../src/testing/embeddings.ts';
import type { Loss } from '../../../src/testing/lossValues.ts';
import { atMargins, constant, shifted, tripletLoss, type Wrong } from './wrong.ts';

const { add, sub, mul, div, mean, sum, square, sqrt, neg } = t;
type Tensor = t.Tensor;

/** Batch-hard with distances, and a mask of the same class, in [N, N]; over anchors that have both. */
function batch(
  loss: (near: Tensor, far: Tensor) => Tensor,
  distances: (x: Tensor) => Tensor = (x) => t.pairwiseDistances(x, x),
  isSame: (a: number, b: number) => boolean = (a, b) => a === b,
): Loss<LabelledBatch> {
  return ({ embeddings, labels }) => {
    const d = distances(embeddings);
    const triplets = labels.flatMap((label, i) => {
      const positives = labels.flatMap((other, j) => (i !== j && isSame(label, other) ? [j] : []));
      const negatives = labels.flatMap((other, j) => (i !== j && !isSame(label, other) ? [j] : []));
      const at = (j: number) =>
        t.reshape(
          t.slice(d, [
            [i, i + 1],
            [j, j + 1],
          ]),
          [1],
        );
      if (positives.length === 0 || negatives.length === 0) return [];
      return [{ near: t.max(t.concat(positives.map(at))), far: t.min(t.concat(negatives.map(at))) }];
    });
    if (triplets.length === 0) return sum(mul(0, embeddings));
    return loss(t.stack(triplets.map(({ near }) => near)), t.stack(triplets.map(({ far }) => far)));
  };
}
const unguardedPairwise = (x: Tensor): Tensor => {
  const [n, d] = x.shape;
  return sqrt(sum(square(sub(t.reshape(x, [n, 1, d]), t.reshape(x, [1, n, d]))), { axis: 2 }));
};

export const rightBatch: Loss<LabelledBatch> = batch((near, far) => tripletLoss(near, far));

export const wrongBatches: Wrong<LabelledBatch>[] = [
  {
    mistake: 'the sign inverted',
    loss: (x) => neg(rightBatch(x)),
    breaks: ['closer negatives', 'closer positives', 'costs where violated', 'gradient step helps', 'never negative'],
  },
  {
    mistake: 'no guard at the square root',
    loss: batch((near, far) => tripletLoss(near, far), unguardedPairwise),
    breaks: ['gradient agreement', 'no NaN anywhere'],
  },
  {
    mistake: 'the margin on the wrong side',
    ...atMargins((margin) => batch((near, far) => tripletLoss(near, far, -margin))),
    breaks: ['costs where violated', 'gradient step helps', 'larger margin'],
  },
  {
    mistake: 'same and different swapped',
    loss: batch(
      (near, far) => tripletLoss(near, far),
      undefined,
      (a, b) => a !== b,
    ),
    breaks: ['closer negatives', 'closer positives', 'gradient step helps', 'zero where satisfied'],
  },
  {
    mistake: 'nearest and farthest swapped',
    loss: batch((near, far) => tripletLoss(far, near)),
    breaks: ['closer negatives', 'closer positives', 'gradient step helps', 'zero where satisfied'],
  },
  {
    mistake: 'labels of the next row',
    loss: ({ embeddings, labels }) => rightBatch({ embeddings, labels: shifted(labels) }),
    breaks: ['closer negatives', 'closer positives', 'gradient step helps', 'permuted batch', 'zero where satisfied'],
  },
  {
    mistake: 'labels compared by size',
    loss: batch(
      (near, far) => tripletLoss(near, far),
      undefined,
      (a, b) => a <= b,
    ),
    breaks: ['costs where violated', 'gradient step helps', 'zero where satisfied'],
  },
  { mistake: 'no hinge', loss: batch((near, far) => mean(add(sub(near, far), 1))), breaks: ['zero where satisfied'] },
  {
    mistake: 'another margin than it says',
    loss: rightBatch,
    options: { margin: 2 },
    breaks: ['costs where violated'],
  },
  {
    mistake: 'squared distances at a margin that is not',
    loss: batch(
      (near, far) => tripletLoss(near, far, 2),
      (x) => t.pairwiseDistances(x, x, { metric: 'squaredEuclidean' }),
    ),
    options: { margin: 2 },
    breaks: ['costs where violated'],
  },
  {
    mistake: 'the cosine with the wrong sign',
    loss: batch(
      (near, far) => tripletLoss(near, far, 0.5),
      (x) => sub(2, t.pairwiseDistances(x, x, { metric: 'cosine' })),
    ),
    options: { metric: 'cosine', margin: 0.5 },
    breaks: ['closer negatives', 'closer positives', 'gradient step helps', 'zero where satisfied'],
  },
  {
    mistake: 'a graph that is cut by reading data',
    loss: batch((near, far) => tripletLoss(constant(near), far)),
    breaks: ['gradient agreement'],
  },
  {
    mistake: 'the first row as the only anchor',
    loss: ({ embeddings, labels }) => rightBatch({ embeddings, labels: labels.map((l) => (l === labels[0] ? 0 : 1)) }),
    breaks: ['closer negatives', 'permuted batch', 'zero where satisfied'],
  },
  {
    mistake: 'a mean of no anchors',
    loss: (x) => {
      const l = rightBatch(x);
      return div(l, l.data[0] === 0 ? 0 : 1);
    },
    breaks: ['gradient agreement', 'no NaN anywhere'],
  },
];
