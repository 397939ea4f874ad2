import * as t from '../../../src/portable.ts';
import type { Triplets } from '../../../src/testing/embeddings.ts';
import type { Loss } from '../../../src/testing/lossValues.ts';
import { atMargins, constant, shifted, tripletLoss, unguarded, type Wrong } from './wrong.ts';

const { add, sub, mul, div, mean, sum, relu, abs, neg } = t;
type Tensor = t.Tensor;

const triplets =
  (
    loss: (near: Tensor, far: Tensor) => Tensor,
    distance: (a: Tensor, b: Tensor) => Tensor = t.euclidean,
  ): Loss<Triplets> =>
  ({ anchor, positive, negative }) =>
    loss(distance(anchor, positive), distance(anchor, negative));

export const rightTriplets: Loss<Triplets> = triplets((near, far) => tripletLoss(near, far));

export const wrongTriplets: Wrong<Triplets>[] = [
  {
    mistake: 'the sign inverted',
    loss: (x) => neg(rightTriplets(x)),
    breaks: ['closer negatives', 'closer positives', 'costs where violated', 'gradient step helps', 'never negative'],
  },
  {
    mistake: 'no guard at the square root',
    loss: triplets((near, far) => tripletLoss(near, far), unguarded),
    breaks: ['no NaN anywhere'],
  },
  {
    mistake: 'the margin on the wrong side',
    ...atMargins((margin) => triplets((near, far) => tripletLoss(near, far, -margin))),
    breaks: ['costs where violated', 'gradient step helps', 'larger margin'],
  },
  {
    mistake: 'positive and negative swapped',
    loss: triplets((near, far) => tripletLoss(far, near)),
    breaks: [
      'closer negatives',
      'closer positives',
      'costs where violated',
      'gradient step helps',
      'zero where satisfied',
    ],
  },
  {
    mistake: 'no hinge',
    loss: triplets((near, far) => mean(add(sub(near, far), 1))),
    breaks: ['costs where violated', 'zero where satisfied'],
  },
  {
    mistake: 'the size for the hinge',
    loss: triplets((near, far) => mean(abs(add(sub(near, far), 1)))),
    breaks: ['closer negatives', 'closer positives', 'zero where satisfied'],
  },
  {
    mistake: 'the hinge of the mean',
    loss: triplets((near, far) => relu(add(mean(sub(near, far)), 1))),
    breaks: ['costs where violated'],
  },
  {
    mistake: 'one distance for the whole batch',
    loss: triplets((near, far) => tripletLoss(mean(near), far)),
    breaks: ['zero where satisfied'],
  },
  {
    mistake: 'the distance of the positive to the negative',
    loss: ({ anchor, positive, negative }) =>
      tripletLoss(t.euclidean(anchor, positive), t.euclidean(positive, negative)),
    breaks: ['closer negatives', 'gradient step helps', 'zero where satisfied'],
  },
  {
    mistake: 'the distance of the anchor to itself',
    loss: ({ anchor, negative }) => tripletLoss(t.euclidean(anchor, anchor), t.euclidean(anchor, negative)),
    breaks: ['costs where violated', 'gradient step helps'],
  },
  {
    mistake: 'negatives of the next row',
    loss: ({ anchor, positive, negative }) =>
      rightTriplets({
        anchor,
        positive,
        negative: t.take(negative, shifted(Array.from({ length: negative.shape[0] }, (_, i) => i))),
      }),
    breaks: ['closer negatives', 'costs where violated', 'permuted batch', 'zero where satisfied'],
  },
  {
    mistake: 'another margin than it says',
    loss: rightTriplets,
    options: { margin: 2 },
    breaks: ['costs where violated', 'gradient step helps'],
  },
  {
    mistake: 'the margin squared',
    loss: triplets((near, far) => tripletLoss(near, far, 0.25)),
    options: { margin: 0.5 },
    breaks: ['costs where violated', 'gradient step helps'],
  },
  {
    mistake: 'the margin divided',
    loss: rightTriplets,
    options: { margin: 1, withMargin: (margin) => triplets((near, far) => tripletLoss(near, far, 1 / margin)) },
    breaks: ['larger margin'],
  },
  {
    mistake: 'squared distances at a margin that is not',
    loss: triplets((near, far) => tripletLoss(near, far), t.squaredEuclidean),
    breaks: ['costs where violated', 'gradient step helps'],
  },
  {
    mistake: 'the cosine with the wrong sign',
    loss: triplets(
      (near, far) => tripletLoss(near, far, 0.5),
      (a, b) => add(1, t.cosineSimilarity(a, b)),
    ),
    options: { metric: 'cosine', margin: 0.5 },
    breaks: ['closer negatives', 'closer positives', 'gradient step helps', 'zero where satisfied'],
  },
  {
    mistake: 'a product of rows that are not normalized',
    loss: triplets(
      (near, far) => tripletLoss(neg(near), neg(far), 0.5),
      (a, b) => sum(mul(a, b), { axis: 1 }),
    ),
    options: { metric: 'cosine', margin: 0.5 },
    breaks: ['closer negatives', 'closer positives', 'gradient step helps', 'scaling', 'zero where satisfied'],
  },
  {
    mistake: 'a graph that is cut by reading data',
    loss: triplets((near, far) => tripletLoss(near, constant(far))),
    breaks: ['gradient agreement'],
  },
  {
    mistake: 'divided by the number of active triplets',
    loss: triplets((near, far) => {
      const l = relu(add(sub(near, far), 1));
      return div(sum(l), sum(t.sign(l)));
    }),
    breaks: ['closer positives', 'no NaN anywhere'],
  },
];
