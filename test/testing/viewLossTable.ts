import * as t from '../../src/portable.ts';
import type { Loss } from '../../src/testing/lossValues.ts';
import { type ViewLossLawOptions, type Views, viewLossLaws } from '../../src/testing/viewLossLaws.ts';
import type { LossSubject, Reasons } from './lossSubject.ts';

const ONE_DIRECTION = {
  'swapped twins': 'each row of z1 is to find its own among those of z2, and not the other way round',
} as const;
const OF_PRODUCTS = {
  'gradient step helps': 'it is of products, which a step also raises by making rows longer, and so farther apart',
} as const;
const OF_COORDINATES = {
  'closer positives': 'what it knows of a batch are its coordinates, and rows that change one distance change those',
  'closer negatives': 'as for closer positives',
} as const;
const OF_PREDICTIONS = {
  'gradient agreement': 'the other view is a constant of it: the gradient is half of what differences see of both',
} as const;

/** Losses of two views. */
export const viewLossSubjects = {
  ntXentLoss: [0.5, 0.1].map((temperature) =>
    of(`ntXentLoss, temperature ${temperature}`, ({ z1, z2 }) => t.ntXentLoss(z1, z2, { temperature }), {
      metric: 'cosine',
    }),
  ),
  infoNceLoss: [
    of('infoNceLoss', ({ z1, z2 }) => t.infoNceLoss(z1, z2), { metric: 'cosine' }, ONE_DIRECTION),
    of('infoNceLoss, symmetric', ({ z1, z2 }) => t.infoNceLoss(z1, z2, { symmetric: true }), { metric: 'cosine' }),
  ],
  nPairsLoss: [0, 0.1].map((l2) =>
    of(
      `nPairsLoss, l2 ${l2}`,
      ({ z1, z2 }) => t.nPairsLoss(z1, z2, { l2 }),
      { invariant: ['rotation'] },
      { ...ONE_DIRECTION, ...OF_PRODUCTS },
    ),
  ),
  barlowTwinsLoss: [
    of(
      'barlowTwinsLoss',
      ({ z1, z2 }) => t.barlowTwinsLoss(z1, z2),
      { leastItems: 2, invariant: ['translation'] },
      {
        ...OF_COORDINATES,
        'gradient agreement': 'a dimension that hardly varies along the batch is bent within the step of a difference',
      },
    ),
  ],
  vicRegLoss: [
    of(
      'vicRegLoss',
      ({ z1, z2 }) => t.vicRegLoss(z1, z2),
      { leastItems: 2, invariant: ['translation'] },
      OF_COORDINATES,
    ),
  ],
  simSiamLoss: [
    of(
      'simSiamLoss without a predictor',
      ({ z1, z2 }) => t.simSiamLoss(z1, z2, z1, z2),
      { metric: 'cosine' },
      {
        ...OF_PREDICTIONS,
        'never negative': 'it is the cosine with its sign turned, from -1 on',
        'costs where violated': 'as for never negative: 0 is a right angle',
      },
    ),
  ],
  byolLoss: [
    of(
      'byolLoss without a predictor',
      ({ z1, z2 }) => t.byolLoss(z1, z2, z1, z2),
      { metric: 'cosine', zeroWhereEqual: true },
      OF_PREDICTIONS,
    ),
  ],
  alignment: [1, 2, 3].map((alpha) =>
    of(`alignment, alpha ${alpha}`, ({ z1, z2 }) => t.alignment(z1, z2, { alpha }), {
      metric: 'cosine',
      zeroWhereEqual: true,
    }),
  ),
  uniformity: [
    of(
      'uniformity of both views',
      ({ z1, z2 }) => t.uniformity(t.concat([z1, z2])),
      { metric: 'cosine' },
      {
        'never negative': 'it is the logarithm of a mean that is at most 1',
        'costs where violated': 'as for never negative',
        'closer positives': 'every two rows are to be apart, also the views of an item: alignment holds those together',
        'gradient step helps': 'as for closer positives',
      },
    ),
  ],
} satisfies Record<string, readonly LossSubject[]>;

function of(subject: string, loss: Loss<Views>, options: ViewLossLawOptions, except: Reasons = {}): LossSubject {
  return { subject, laws: viewLossLaws(subject, loss, options), except };
}
