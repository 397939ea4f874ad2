import { describe, expect, test } from 'vitest';
import {
  asDistance,
  backward,
  batchTripletLoss,
  binaryCrossEntropyWithLogits,
  contrastiveLoss,
  cosineEmbeddingLoss,
  crossEntropy,
  klDivergence,
  l1Loss,
  marginRankingLoss,
  mineBatchHard,
  mseLoss,
  parameter,
  ShapeError,
  smoothL1Loss,
  sum,
  type Tensor,
  tensor,
  tripletLoss,
  zeros,
} from '../../src/portable.ts';
import { toDouble } from '../../src/tensor/precision.ts';
import { errorOf } from '../errors.ts';

const [row, rows] = [zeros([2]), zeros([2, 3])];

// biome-ignore lint/suspicious/noExplicitAny: a reduction that plain JavaScript may pass.
const wrong: any = { reduction: 'average' };
test.each([
  ['mseLoss', () => mseLoss(row, row, wrong)],
  ['l1Loss', () => l1Loss(row, row, wrong)],
  ['smoothL1Loss', () => smoothL1Loss(row, row, wrong)],
  ['crossEntropy', () => crossEntropy(rows, [0, 1], wrong)],
  ['binaryCrossEntropyWithLogits', () => binaryCrossEntropyWithLogits(row, row, wrong)],
  ['klDivergence', () => klDivergence(rows, rows, wrong)],
  ['cosineEmbeddingLoss', () => cosineEmbeddingLoss(rows, rows, { same: [1, 0] }, wrong)],
  ['marginRankingLoss', () => marginRankingLoss(row, row, [1, 1], wrong)],
  ['contrastiveLoss', () => contrastiveLoss(asDistance(row), { same: [1, 0] }, wrong)],
  ['tripletLoss', () => tripletLoss(rows, rows, rows, wrong)],
  ['batchTripletLoss', () => batchTripletLoss(rows, [0, 1], wrong)],
])('an unknown reduction of %s is refused in its name', (name, call) => {
  expect(errorOf(RangeError, call).message).toBe(
    `${name}: unknown reduction 'average'. Use 'mean', 'sum', 'none' or 'meanNonZero'.`,
  );
});

describe('the ends of a range', () => {
  const [a, b] = [tensor([[1, 0]]), tensor([[0, 1]])];
  const classes = [0, 1];
  test.each([
    ['a cosine margin of 1', () => cosineEmbeddingLoss(a, a, { different: [1] }, { margin: 1 }), 0],
    ['a cosine margin of -1', () => cosineEmbeddingLoss(a, b, { different: [1] }, { margin: -1 }), 1],
    ['a ranking margin of 0', () => marginRankingLoss(tensor([3]), tensor([1]), [-1], { margin: 0 }), 2],
    ['a beta of 0', () => smoothL1Loss(tensor([3]), tensor([1]), { beta: 0 }), 2],
    ['no smoothing', () => crossEntropy(tensor([[0, Infinity]]), [1], { labelSmoothing: 0 }), NaN],
    ['all smoothing', () => crossEntropy(zeros([2, 1]), [0, 0], { labelSmoothing: 1 }), 0],
    ['a class weight of 0', () => crossEntropy(zeros([2, 2]), classes, { weight: [0, 0] }), 0],
    ['a logit weight of 0', () => binaryCrossEntropyWithLogits(row, row, { weight: 0 }), 0],
    ['targets of 0 and 1', () => binaryCrossEntropyWithLogits(tensor([-1000, 1000]), tensor([0, 1])), 0],
    ['a positive weight of 0', () => binaryCrossEntropyWithLogits(row, tensor([1, 1]), { posWeight: 0 }), 0],
    ['a target probability of 0', () => klDivergence(zeros([1, 1]), zeros([1, 1])), 0],
    ['a cosine margin of 2', () => tripletLoss(a, a, a, { distance: 'cosine', margin: 2 }), 2],
    [
      'the bound of a distance',
      () => contrastiveLoss(asDistance(zeros([1]), { bound: 2 }), { different: [1] }, { margin: 2 }),
      4,
    ],
  ])('%s belongs to it', (_, call, value) => {
    expect(call().item()).toBe(value);
  });

  const finite = (margin: number) => `must be a finite number of at least 0; got ${margin}.`;
  test.each([
    [
      'cosineEmbeddingLoss: margin must lie in [-1, 1], as a cosine does; got -1.5.',
      () => cosineEmbeddingLoss(a, b, { same: [1] }, { margin: -1.5 }),
    ],
    [
      'cosineEmbeddingLoss: margin must lie in [-1, 1], as a cosine does; got NaN.',
      () => cosineEmbeddingLoss(a, b, { same: [1] }, { margin: NaN }),
    ],
    [`marginRankingLoss: margin ${finite(Infinity)}`, () => marginRankingLoss(row, row, [1, 1], { margin: Infinity })],
    [`marginRankingLoss: margin ${finite(NaN)}`, () => marginRankingLoss(row, row, [1, 1], { margin: NaN })],
    [`smoothL1Loss: beta ${finite(Infinity)}`, () => smoothL1Loss(row, row, { beta: Infinity })],
    [`smoothL1Loss: beta ${finite(-1)}`, () => smoothL1Loss(row, row, { beta: -1 })],
    [
      'crossEntropy: labelSmoothing must lie in [0, 1]; got -0.1.',
      () => crossEntropy(rows, classes, { labelSmoothing: -0.1 }),
    ],
    [
      'crossEntropy: labelSmoothing must lie in [0, 1]; got 1.1.',
      () => crossEntropy(rows, classes, { labelSmoothing: 1.1 }),
    ],
    [
      'crossEntropy: labelSmoothing must lie in [0, 1]; got NaN.',
      () => crossEntropy(rows, classes, { labelSmoothing: NaN }),
    ],
    [
      'binaryCrossEntropyWithLogits: weight holds Infinity; expected finite numbers of at least 0.',
      () => binaryCrossEntropyWithLogits(row, row, { weight: Infinity }),
    ],
    [
      'binaryCrossEntropyWithLogits: targets[0] is -0.5; expected 0 to 1.',
      () => binaryCrossEntropyWithLogits(row, tensor([-0.5, 0])),
    ],
    [
      'tripletLoss: margin must be a finite number above 0; got Infinity.',
      () => tripletLoss(rows, rows, rows, { margin: Infinity }),
    ],
    ['tripletLoss: margin must be a finite number above 0; got 0.', () => tripletLoss(rows, rows, rows, { margin: 0 })],
    [
      'tripletLoss: margin must be a finite number above 0; got -1.',
      () => tripletLoss(rows, rows, rows, { margin: -1, soft: true }),
    ],
  ])('%s', (message, call) => {
    expect(errorOf(RangeError, call).message).toBe(message);
  });
});

test('mining refuses embeddings that are no rows, also where their number is that of the labels', () => {
  for (const shape of [[2], [2, 3, 4]]) {
    expect(errorOf(ShapeError, () => mineBatchHard(zeros(shape), [0, 1])).message).toBe(
      `mineBatchHard: expected embeddings [N, D] and N labels; got [${shape.join(', ')}] and [2]. Pass one label a row.`,
    );
  }
});

describe('smooth l1 in double precision', () => {
  const slopes = (x: Tensor): readonly [Tensor, Tensor] => {
    const leaf = parameter(x);
    const loss = smoothL1Loss(leaf, toDouble(zeros(x.shape)), { beta: 0.3, reduction: 'sum' });
    const first = backward(loss, { createGraph: true }).get(leaf);
    return [first, backward(sum(first)).get(leaf)];
  };

  test('has x / beta as its slope and 1 / beta as its curvature within beta, to the last digits', () => {
    const [first, second] = slopes(toDouble(tensor([0.25, -0.125])));
    expect(Array.from(first.data)).toEqual([0.25 / 0.3, -0.125 / 0.3]);
    expect(Array.from(second.data)).toEqual([1 / 0.3, 1 / 0.3]);
  });

  test('has slope 1 and no curvature from beta on', () => {
    const [first, second] = slopes(toDouble(tensor([0.5, -4])));
    expect(Array.from(first.data)).toEqual([1, -1]);
    expect(Array.from(second.data)).toEqual([0, 0]);
  });
});
