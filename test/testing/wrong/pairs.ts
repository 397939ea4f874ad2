import * as t from '../../../src/portable.ts';
import type { Pairs } from '../../../src/testing/embeddings.ts';
import type { Loss } from '../../../src/testing/lossValues.ts';
import { atMargins, constant, shifted, unguarded, type Wrong } from './wrong.ts';

const { add, sub, mul, div, mean, sum, square, sqrt, relu, abs, neg } = t;
type Tensor = t.Tensor;

const flags = (different: readonly number[]): Tensor => t.tensor([...different]);
const column = (x: Tensor): Tensor => t.reshape(x, [x.size, 1]);
const pairLoss = (d: Tensor, y: Tensor, apart: (d: Tensor) => Tensor): Tensor =>
  mean(add(mul(sub(1, y), square(d)), mul(y, apart(d))));
const hinge =
  (margin: number) =>
  (d: Tensor): Tensor =>
    square(relu(sub(margin, d)));
const pairs =
  (loss: (d: Tensor, y: Tensor) => Tensor, distance: (a: Tensor, b: Tensor) => Tensor = t.euclidean): Loss<Pairs> =>
  ({ a, b, different }) =>
    loss(distance(a, b), flags(different));

/** The first number of each row 2 % larger. */
const skewed = (x: Tensor): Tensor => mul(x, t.tensor([1.02, 1, 1, 1].slice(0, x.shape[1])));

export const rightPairs: Loss<Pairs> = pairs((d, y) => pairLoss(d, y, hinge(1)));

export const wrongPairs: Wrong<Pairs>[] = [
  {
    mistake: 'the sign inverted',
    loss: (x) => neg(rightPairs(x)),
    breaks: ['closer negatives', 'closer positives', 'costs where violated', 'gradient step helps', 'never negative'],
  },
  {
    mistake: 'no guard at the square root',
    loss: pairs((d, y) => pairLoss(d, y, hinge(1)), unguarded),
    breaks: ['no NaN anywhere'],
  },
  {
    mistake: 'the margin on the wrong side',
    ...atMargins((margin) => pairs((d, y) => pairLoss(d, y, (x) => square(relu(sub(x, margin)))))),
    breaks: [
      'closer negatives',
      'costs where violated',
      'gradient step helps',
      'larger margin',
      'zero where satisfied',
    ],
  },
  {
    mistake: 'the labels swapped',
    loss: pairs((d, y) => pairLoss(d, sub(1, y), hinge(1))),
    breaks: [
      'closer negatives',
      'closer positives',
      'costs where violated',
      'gradient step helps',
      'zero where satisfied',
    ],
  },
  {
    mistake: 'one distance for the whole batch',
    loss: pairs((d, y) => pairLoss(mean(d), y, hinge(1))),
    breaks: ['closer negatives', 'closer positives', 'costs where violated', 'zero where satisfied'],
  },
  {
    mistake: 'the mean over the wrong axis',
    loss: ({ a, b, different }) =>
      mean(mul(square(mean(sub(a, b), { axis: 0, keepDims: true })), sub(1, column(flags(different))))),
    breaks: [
      'closer negatives',
      'closer positives',
      'costs where violated',
      'gradient step helps',
      'zero where satisfied',
    ],
  },
  {
    mistake: 'labels of the next row',
    loss: ({ a, b, different }) => rightPairs({ a, b, different: shifted(different) }),
    breaks: ['closer negatives', 'closer positives', 'permuted batch', 'zero where satisfied'],
  },
  {
    mistake: 'no hinge',
    loss: pairs((d, y) => pairLoss(d, y, (x) => square(sub(1, x)))),
    breaks: ['closer negatives', 'zero where satisfied'],
  },
  {
    mistake: 'no hinge, no square',
    loss: pairs((d, y) => pairLoss(d, y, (x) => sub(1, x))),
    breaks: ['costs where violated', 'never negative', 'zero where satisfied'],
  },
  {
    mistake: 'the size for the hinge',
    loss: pairs((d, y) => pairLoss(d, y, (x) => abs(sub(1, x)))),
    breaks: ['closer negatives', 'zero where satisfied'],
  },
  {
    mistake: 'the distance of a to itself',
    loss: ({ a, different }) => rightPairs({ a, b: a, different }),
    breaks: ['costs where violated', 'gradient step helps', 'zero where satisfied'],
  },
  {
    mistake: 'another margin than it says',
    loss: rightPairs,
    options: { margin: 2, withMargin: () => rightPairs },
    breaks: ['costs where violated', 'gradient step helps'],
  },
  {
    mistake: 'the margin squared',
    loss: pairs((d, y) => pairLoss(d, y, hinge(0.25))),
    options: { margin: 0.5 },
    breaks: ['costs where violated', 'gradient step helps'],
  },
  {
    mistake: 'the margin divided',
    loss: rightPairs,
    options: { margin: 1, withMargin: (margin) => pairs((d, y) => pairLoss(d, y, hinge(1 / margin))) },
    breaks: ['larger margin'],
  },
  {
    mistake: 'a squared distance at a margin that is not',
    loss: pairs((d, y) => mean(add(mul(sub(1, y), d), mul(y, relu(sub(2, d))))), t.squaredEuclidean),
    options: { margin: 2 },
    breaks: ['costs where violated', 'gradient step helps'],
  },
  {
    mistake: 'a bias under the square root',
    loss: pairs(
      (d, y) => pairLoss(d, y, hinge(1)),
      (a, b) => sqrt(add(sum(square(sub(a, b)), { axis: 1 }), 1e-3)),
    ),
    breaks: ['zero where satisfied'],
  },
  {
    mistake: 'the cosine with the wrong sign',
    loss: pairs(
      (d, y) => pairLoss(d, y, hinge(0.5)),
      (a, b) => add(1, t.cosineSimilarity(a, b)),
    ),
    options: { metric: 'cosine', margin: 0.5 },
    breaks: [
      'closer negatives',
      'closer positives',
      'costs where violated',
      'gradient step helps',
      'zero where satisfied',
    ],
  },
  {
    mistake: 'a product of rows that are not normalized',
    loss: pairs(
      (d, y) => mean(add(mul(sub(1, y), relu(sub(1, d))), mul(y, relu(sub(d, 0.5))))),
      (a, b) => sum(mul(a, b), { axis: 1 }),
    ),
    options: { metric: 'cosine', margin: 0.5 },
    breaks: ['closer negatives', 'costs where violated', 'gradient step helps', 'scaling', 'zero where satisfied'],
  },
  {
    mistake: 'a graph that is cut by reading data',
    loss: pairs((d, y) => pairLoss(constant(d), y, hinge(1))),
    breaks: ['gradient agreement', 'gradient step helps'],
  },
  {
    mistake: 'one twin cut off',
    loss: pairs(
      (d, y) => pairLoss(d, y, hinge(1)),
      (a, b) => t.euclidean(a, constant(b)),
    ),
    breaks: ['gradient agreement'],
  },
  {
    mistake: 'divided by the number of different pairs',
    loss: pairs((d, y) => div(sum(add(mul(sub(1, y), square(d)), mul(y, hinge(1)(d)))), sum(y))),
    breaks: ['gradient agreement', 'no NaN anywhere'],
  },
  {
    mistake: 'distances from products',
    loss: pairs(
      (d, y) => pairLoss(d, y, hinge(1)),
      (a, b) =>
        sqrt(sub(add(sum(square(a), { axis: 1 }), sum(square(b), { axis: 1 })), mul(2, sum(mul(a, b), { axis: 1 })))),
    ),
    breaks: ['no NaN anywhere'],
  },
  {
    mistake: 'a penalty on lengths',
    loss: (x) => add(rightPairs(x), mul(0.1, mean(square(x.a)))),
    breaks: ['swapped twins', 'translation', 'zero where satisfied'],
  },
  {
    mistake: 'weights by position',
    loss: pairs((d, y) => mean(mul(add(mul(sub(1, y), square(d)), mul(y, hinge(1)(d))), t.arange(d.size)))),
    breaks: ['costs where violated', 'gradient step helps', 'permuted batch'],
  },
  {
    mistake: 'half the gradient',
    loss: pairs((d, y) => {
      const l = pairLoss(d, y, hinge(1));
      return t.record('half', l.data, l.shape, [[l, (g) => mul(g, 0.5)]]);
    }),
    breaks: ['gradient agreement'],
  },
  { mistake: 'always 0', loss: (x) => mul(0, rightPairs(x)), breaks: ['costs where violated', 'gradient step helps'] },
  {
    mistake: 'a margin that is ignored',
    loss: rightPairs,
    options: { withMargin: () => rightPairs },
    breaks: ['larger margin'],
  },
  {
    mistake: 'one axis that counts a little more',
    loss: pairs(
      (d, y) => pairLoss(d, y, hinge(1)),
      (a, b) => t.euclidean(skewed(a), skewed(b)),
    ),
    breaks: ['rotation'],
  },
  {
    mistake: 'one side a little longer',
    loss: pairs(
      (d, y) => pairLoss(d, y, hinge(1)),
      (a, b) => t.euclidean(a, mul(b, 1.01)),
    ),
    breaks: ['swapped twins', 'translation', 'zero where satisfied'],
  },
  {
    mistake: 'a little less than it costs',
    loss: (x) => sub(rightPairs(x), 1e-3),
    breaks: ['never negative', 'zero where satisfied'],
  },
];
