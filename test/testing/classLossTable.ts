import * as t from '../../src/portable.ts';
import { type ClassifiedBatch, classLossLaws } from '../../src/testing/classLossLaws.ts';
import type { Loss } from '../../src/testing/lossValues.ts';
import type { LossSubject, Reasons } from './lossSubject.ts';

const subject = (name: string, loss: Loss<ClassifiedBatch>, except: Reasons = {}): LossSubject => ({
  subject: name,
  laws: classLossLaws(name, loss, { metric: 'cosine' }),
  except,
});

/* At a scale of 64, the default, the third derivative would be beyond the differences that gradients are checked by. */

/** Losses of class weights. */
export const classLossSubjects = {
  arcFaceLoss: [
    subject('arcFaceLoss, scale 16', ({ embeddings, weight, labels }) =>
      t.arcFaceLoss(embeddings, weight, labels, { scale: 16 }),
    ),
    subject('arcFaceLoss, scale 4, margin 2', ({ embeddings, weight, labels }) =>
      t.arcFaceLoss(embeddings, weight, labels, { scale: 4, margin: 2 }),
    ),
  ],
  cosFaceLoss: [
    subject('cosFaceLoss, scale 16', ({ embeddings, weight, labels }) =>
      t.cosFaceLoss(embeddings, weight, labels, { scale: 16 }),
    ),
    subject('cosFaceLoss, scale 4, sum', ({ embeddings, weight, labels }) =>
      t.cosFaceLoss(embeddings, weight, labels, { scale: 4, reduction: 'sum' }),
    ),
  ],
  proxyNcaLoss: [1, 8].map((scale) =>
    subject(
      `proxyNcaLoss, scale ${scale}`,
      ({ embeddings, weight, labels }) => t.proxyNcaLoss(embeddings, weight, labels, { scale }),
      { 'never negative': 'as published the proxy of the own class is not in the denominator' },
    ),
  ),
  proxyAnchorLoss: [
    subject('proxyAnchorLoss', ({ embeddings, weight, labels }) => t.proxyAnchorLoss(embeddings, weight, labels)),
    subject('proxyAnchorLoss, alpha 2, margin 0.5', ({ embeddings, weight, labels }) =>
      t.proxyAnchorLoss(embeddings, weight, labels, { alpha: 2, margin: 0.5 }),
    ),
  ],
} satisfies Record<string, readonly LossSubject[]>;
