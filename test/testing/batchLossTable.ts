import type { Metric } from '../../src/autograd/ops/pairwiseDistances.ts';
import * as t from '../../src/portable.ts';
import { batchLossLaws } from '../../src/testing/batchLossLaws.ts';
import type { LabelledBatch } from '../../src/testing/embeddings.ts';
import type { Loss } from '../../src/testing/lossValues.ts';
import { atMargin, type LossSubject, marginOf, metrics, OF_ACTIVE, type Reasons } from './lossSubject.ts';

const OF_SEMI_HARD = {
  'closer positives':
    'a positive that comes nearer than a negative makes it count, in the place of one farther away or of none',
  'closer negatives':
    'a negative that comes nearer than the positive counts no longer, and one farther away or none does',
  rotation: 'rounding decides whether a negative as far away as the positive is farther',
} as const;
/** Where nothing counts if no negative is farther than the positive. */
const OF_FARTHER = {
  ...OF_SEMI_HARD,
  'gradient step helps': 'a negative nearer than the positive is too hard to count',
  'larger margin': 'as for where violated; and within a larger one farther negatives count, whose losses are smaller',
  'costs where violated': 'negatives that are no farther than the positive do not count',
} as const;
const OF_DRAWS = { 'permuted batch': 'which negatives are drawn depends on the order of the batch' } as const;

function triplets(
  name: string,
  options: t.BatchTripletLossOptions & { readonly distance: Metric },
  except: Reasons = {},
): LossSubject {
  const { distance: metric } = options;
  const loss =
    (margin: number): Loss<LabelledBatch> =>
    ({ embeddings, labels }) =>
      t.batchTripletLoss(embeddings, labels, { ...options, margin, random: t.createRandom(1) });
  return atMargin(
    batchLossLaws,
    `batchTripletLoss, ${metric}${name}`,
    loss,
    { metric, margin: marginOf(metric) },
    except,
  );
}

const contrastiveOf =
  (options: t.BatchContrastiveLossOptions) =>
  (negativeMargin: number): Loss<LabelledBatch> =>
  ({ embeddings, labels }) =>
    t.batchContrastiveLoss(embeddings, labels, { ...options, negativeMargin });
/** Positives cost from distance 0 on, negatives up to the margin. */
const boundary =
  (options: t.MarginLossOptions) =>
  (margin: number): Loss<LabelledBatch> =>
  ({ embeddings, labels }) =>
    t.marginLoss(embeddings, labels, { ...options, margin: margin / 2, beta: margin / 2 });

const OF_EQUAL = 'rounding takes equal positives 1e-8 apart, and what costs that little counts in the mean too';
/** Without a margin, every positive that is not equal counts. */
const OF_ACTIVE_NEGATIVES = {
  'closer negatives': OF_ACTIVE['closer negatives'],
  'larger margin': OF_ACTIVE['larger margin'],
  rotation: OF_EQUAL,
  scaling: OF_EQUAL,
} as const;

type RelativeLoss<O> = (embeddings: t.Tensor, labels: readonly number[], options: O) => t.Tensor;

/** A loss of one metric that has no margin from which nothing is left to do. */
function smooth<O>(name: string, loss: RelativeLoss<O>, options: O, metric: Metric, except: Reasons = {}): LossSubject {
  const laws = batchLossLaws(name, ({ embeddings, labels }) => loss(embeddings, labels, options), { metric });
  return { subject: name, laws, except };
}

/** Positives are among the rows that a positive is held against. */
const OF_SHARES = {
  'closer positives':
    'of several positives, one that has more than its share of the softmax takes the more from the others the nearer it comes',
} as const;
const OF_WEIGHTS = {
  'closer negatives': 'as a cosine rises from -margin to 0, its value, gamma (s^2 - margin^2), falls',
  'gradient agreement': 'the gradient takes the weights for constants, and differences do not',
} as const;
/** Of at most 4 rows of 2 classes, a pair has at most 2 negatives, each counted from both of its rows. */
const OF_FOUR = Math.log(4);

/** Losses of a labelled batch. */
export const batchLossSubjects = {
  batchTripletLoss: [
    ...metrics.map((distance) => triplets('', { distance })),
    ...metrics.map((distance) => triplets(', all', { distance, mining: 'all' })),
    triplets(", all, 'meanNonZero'", { distance: 'euclidean', mining: 'all', reduction: 'meanNonZero' }, OF_ACTIVE),
    triplets(', all, swap', { distance: 'euclidean', mining: 'all', swap: true }),
    smooth(
      'batchTripletLoss, euclidean, all, soft',
      t.batchTripletLoss,
      { distance: 'euclidean', mining: 'all', soft: true },
      'euclidean',
    ),
    triplets(', withinMargin', { distance: 'euclidean', mining: 'withinMargin' }, OF_FARTHER),
    triplets(', nearestFarther', { distance: 'euclidean', mining: 'nearestFarther' }, OF_FARTHER),
    triplets(', nearestOrFarthest', { distance: 'euclidean', mining: 'nearestOrFarthest' }, OF_SEMI_HARD),
    triplets(', beyondHardestPositive', { distance: 'euclidean', mining: 'beyondHardestPositive' }, OF_FARTHER),
    triplets(
      ', randomWithinMargin',
      { distance: 'euclidean', mining: 'randomWithinMargin' },
      { ...OF_FARTHER, ...OF_DRAWS },
    ),
  ],
  batchContrastiveLoss: [
    ...metrics.map((distance) =>
      atMargin(
        batchLossLaws,
        `batchContrastiveLoss, ${distance}, not normalized, 'mean'`,
        contrastiveOf({ distance, normalize: false, reduction: 'mean' }),
        { metric: distance, margin: marginOf(distance) },
      ),
    ),
    // Between rows of length 1 the Euclidean distance is sqrt(2 (1 - cos)).
    atMargin(
      batchLossLaws,
      "batchContrastiveLoss, 'mean'",
      (margin) => contrastiveOf({ reduction: 'mean' })(Math.sqrt(2 * margin)),
      { metric: 'cosine', margin: 0.5 },
    ),
    atMargin(
      batchLossLaws,
      'batchContrastiveLoss',
      (margin) => contrastiveOf({})(Math.sqrt(2 * margin)),
      { metric: 'cosine', margin: 0.5 },
      OF_ACTIVE_NEGATIVES,
    ),
  ],
  marginLoss: [
    ...metrics.map((distance) =>
      atMargin(batchLossLaws, `marginLoss, ${distance}, not normalized`, boundary({ distance, normalize: false }), {
        metric: distance,
        margin: marginOf(distance),
      }),
    ),
    atMargin(batchLossLaws, 'marginLoss', (margin) => boundary({})(Math.sqrt(2 * margin)), {
      metric: 'cosine',
      margin: 0.5,
    }),
  ],
  supConLoss: [
    smooth('supConLoss', t.supConLoss, {}, 'cosine', OF_SHARES),
    smooth('supConLoss, temperature 0.5', t.supConLoss, { temperature: 0.5 }, 'cosine', OF_SHARES),
  ],
  multiSimilarityLoss: [
    smooth('multiSimilarityLoss', t.multiSimilarityLoss, {}, 'cosine'),
    smooth('multiSimilarityLoss, as the paper', t.multiSimilarityLoss, { base: 1 }, 'cosine'),
  ],
  circleLoss: [
    smooth('circleLoss', t.circleLoss, {}, 'cosine', OF_WEIGHTS),
    smooth('circleLoss, margin 0.25', t.circleLoss, { margin: 0.25, gamma: 10 }, 'cosine', OF_WEIGHTS),
  ],
  liftedStructureLoss: [
    smooth('liftedStructureLoss', t.liftedStructureLoss, {}, 'euclidean'),
    atMargin<LabelledBatch>(
      batchLossLaws,
      'liftedStructureLoss, beyond the margin of all negatives',
      (margin) => (batch) => t.liftedStructureLoss(batch.embeddings, batch.labels, { margin: margin - OF_FOUR }),
      { metric: 'euclidean', margin: 8 + OF_FOUR },
    ),
  ],
  ncaLoss: [
    smooth('ncaLoss', t.ncaLoss, {}, 'squaredEuclidean'),
    smooth('ncaLoss, temperature 5', t.ncaLoss, { temperature: 5 }, 'squaredEuclidean'),
  ],
  angularLoss: [
    smooth('angularLoss', t.angularLoss, {}, 'cosine'),
    smooth('angularLoss, 60 degrees', t.angularLoss, { angle: 60 }, 'cosine'),
  ],
} satisfies Record<string, readonly LossSubject[]>;
