import type { Metric } from '../../src/autograd/ops/pairwiseDistances.ts';
import type * as api from '../../src/portable.ts';
import * as t from '../../src/portable.ts';
import type { Pairs, Triplets } from '../../src/testing/embeddings.ts';
import { lossLaws } from '../../src/testing/lossLaws.ts';
import type { Loss } from '../../src/testing/lossValues.ts';
import { pairLossLaws } from '../../src/testing/pairLossLaws.ts';
import { type Predictions, predictionLossLaws } from '../../src/testing/predictionLossLaws.ts';
import { tripletLossLaws } from '../../src/testing/tripletLossLaws.ts';
import { batchLossSubjects } from './batchLossTable.ts';
import { classLossSubjects } from './classLossTable.ts';
import { atMargin, distances, type LossSubject, marginOf, metrics, OF_ACTIVE, type Reasons } from './lossSubject.ts';
import { type Ranking, rankingKind } from './rankingKind.ts';
import { viewLossSubjects } from './viewLossTable.ts';

/* Our own losses as subjects of the laws: docs/laws.md lists them. */

/** Every loss that is exported, by the ways in which losses are named: a missing one does not compile. */
export type LossName = Extract<
  { [K in keyof typeof api]: (typeof api)[K] extends (...args: never) => t.Tensor ? K : never }[keyof typeof api],
  `${string}Loss` | `${string}rossEntropy${string}` | `${string}Divergence`
>;

const contrastive =
  (metric: Metric, options: t.ContrastiveLossOptions = {}) =>
  (margin: number): Loss<Pairs> =>
  ({ a, b, different }) =>
    t.contrastiveLoss(distances[metric](a, b), { different }, { ...options, margin });
const triplet =
  (options: t.TripletLossOptions): Loss<Triplets> =>
  ({ anchor, positive, negative }) =>
    t.tripletLoss(anchor, positive, negative, options);

const OF_SWAP = {
  'closer negatives':
    'a negative that moves towards the anchor may move away from the positive, which it was nearer to',
  'zero where satisfied': 'a negative must be beyond the margin of the positive too',
} as const;
const STEP_OF_SWAP = {
  'gradient step helps': 'where the negative is nearer to the positive, the step takes those two apart, not the anchor',
} as const;
const POSITIVE_OF_SWAP = {
  'closer positives':
    'far round the circle an angle gains little cosine distance, and the negative on the way, now nearer, more',
} as const;
/** Every loss, in every way of calling it that makes another function of it. */
export const lossSubjects: Record<LossName, readonly LossSubject[]> = {
  contrastiveLoss: [
    ...metrics.map((metric) =>
      atMargin(pairLossLaws, `contrastiveLoss, ${metric}`, contrastive(metric), { metric, margin: marginOf(metric) }),
    ),
    atMargin(
      pairLossLaws,
      'contrastiveLoss, { same }',
      (margin) =>
        ({ a, b, different }) =>
          t.contrastiveLoss(t.euclidean(a, b), { same: different.map((y) => 1 - y) }, { margin }),
      { margin: 1.5 },
    ),
    ...(['hadsell2006', 'sentenceTransformers', 'keras'] as const).map((preset) => {
      const metric = preset === 'sentenceTransformers' ? 'cosine' : 'euclidean';
      return atMargin(pairLossLaws, `contrastiveLoss, '${preset}'`, contrastive(metric, { preset }), {
        metric,
        margin: marginOf(metric),
      });
    }),
    // Its margin is that of the squared distance.
    atMargin(
      pairLossLaws,
      "contrastiveLoss, 'caffeLegacy'",
      (margin) => contrastive('euclidean', { preset: 'caffeLegacy' })(margin ** 2),
      { margin: 1.5 },
    ),
    atMargin(pairLossLaws, "contrastiveLoss, 'sum', margin 0.01", contrastive('euclidean', { reduction: 'sum' }), {
      margin: 0.01,
    }),
    atMargin(
      pairLossLaws,
      "contrastiveLoss, 'meanNonZero'",
      contrastive('euclidean', { reduction: 'meanNonZero' }),
      { margin: 1.5 },
      OF_ACTIVE,
    ),
  ],
  cosineEmbeddingLoss: [
    // Its margin is the cosine, where that of the laws is the distance.
    atMargin(
      pairLossLaws,
      'cosineEmbeddingLoss',
      (margin) =>
        ({ a, b, different }) =>
          t.cosineEmbeddingLoss(a, b, { different }, { margin: 1 - margin }),
      { metric: 'cosine', margin: 0.6 },
    ),
  ],
  tripletLoss: [
    ...metrics.map((distance) =>
      atMargin(tripletLossLaws, `tripletLoss, ${distance}`, (margin) => triplet({ distance, margin }), {
        metric: distance,
        margin: marginOf(distance),
      }),
    ),
    ...metrics.map((distance) =>
      atMargin(
        tripletLossLaws,
        `tripletLoss, ${distance}, swap`,
        (margin) => triplet({ distance, margin, swap: true }),
        { metric: distance, margin: marginOf(distance) },
        {
          ...OF_SWAP,
          ...(distance === 'squaredEuclidean' ? {} : STEP_OF_SWAP),
          ...(distance === 'cosine' ? POSITIVE_OF_SWAP : {}),
        },
      ),
    ),
    ...metrics.map((distance) => {
      const subject = `tripletLoss, ${distance}, soft`;
      return {
        subject,
        laws: tripletLossLaws(subject, triplet({ distance, soft: true }), { metric: distance }),
        except: {},
      };
    }),
    atMargin(
      tripletLossLaws,
      "tripletLoss, 'meanNonZero'",
      (margin) => triplet({ distance: 'euclidean', margin, reduction: 'meanNonZero' }),
      { margin: 1.5 },
      OF_ACTIVE,
    ),
  ],
  marginRankingLoss: [
    atMargin<Ranking>(
      (name, loss, options) => lossLaws(rankingKind, name, loss, { ...options, invariant: ['translation'] }),
      'marginRankingLoss',
      (margin) =>
        ({ a, b, order }) =>
          t.marginRankingLoss(a, b, order, { margin }),
      { margin: 0.5 },
    ),
  ],
  mseLoss: [
    ofValues('mseLoss', ({ predictions, targets }) => t.mseLoss(predictions, targets), ['translation', 'rotation']),
  ],
  l1Loss: [ofValues('l1Loss', ({ predictions, targets }) => t.l1Loss(predictions, targets), ['translation'])],
  smoothL1Loss: [0, 0.5, 1].map((beta) =>
    ofValues(
      `smoothL1Loss, beta ${beta}`,
      ({ predictions, targets }) => t.smoothL1Loss(predictions, targets, { beta }),
      ['translation'],
    ),
  ),
  crossEntropy: [
    ofClasses('crossEntropy', {}),
    ofClasses('crossEntropy, weight', { weight: [1, 2, 0.5, 3] }),
    ofClasses(
      'crossEntropy, labelSmoothing 0.2',
      { labelSmoothing: 0.2 },
      {
        'closer predictions': 'a right class that is surer than the smoothed target costs more again',
      },
    ),
  ],
  binaryCrossEntropyWithLogits: [{}, { posWeight: 3 }].map((options) => {
    const subject = `binaryCrossEntropyWithLogits${options.posWeight === undefined ? '' : ', posWeight 3'}`;
    const laws = predictionLossLaws(subject, 'flags', ({ predictions, targets }) =>
      t.binaryCrossEntropyWithLogits(predictions, [...targets], options),
    );
    return { subject, laws, except: {} };
  }),
  klDivergence: [
    {
      subject: 'klDivergence of logSoftmax',
      laws: predictionLossLaws('klDivergence of logSoftmax', 'distributions', ({ predictions, targets }) =>
        t.klDivergence(t.logSoftmax(predictions), targets),
      ),
      except: {},
    },
  ],
  ...batchLossSubjects,
  ...classLossSubjects,
  ...viewLossSubjects,
};

function ofValues(
  subject: string,
  loss: Loss<Predictions<t.Tensor>>,
  invariant: readonly ('rotation' | 'translation')[],
): LossSubject {
  return { subject, laws: predictionLossLaws(subject, 'values', loss, { invariant }), except: {} };
}

function ofClasses(subject: string, options: t.CrossEntropyOptions, except: Reasons = {}): LossSubject {
  const loss = ({ predictions, targets }: Predictions<readonly number[]>) => {
    const weight = options.weight === undefined ? undefined : Array.from([1, 2, 0.5, 3].slice(0, predictions.shape[1]));
    return t.crossEntropy(predictions, targets, { ...options, weight });
  };
  return { subject, laws: predictionLossLaws(subject, 'classes', loss), except };
}
