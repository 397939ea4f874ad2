import type { Metric } from '../../src/autograd/ops/pairwiseDistances.ts';
import * as t from '../../src/portable.ts';
import type { Law } from '../../src/testing/law.ts';
import type { LossLawOptions } from '../../src/testing/lossLaws.ts';
import type { Loss } from '../../src/testing/lossValues.ts';

/* What the tables of losses as subjects of the laws share: docs/laws.md lists them. */

/** A loss called in one way, with the laws of its kind. */
export interface LossSubject {
  readonly subject: string;
  /** All of them, also those that it is not meant to hold to. */
  readonly laws: readonly Law[];
  /** The laws that it breaks, each with the reason. */
  readonly except: Readonly<Record<string, string>>;
}

export type Reasons = Readonly<Record<string, string>>;
export type LawsOf<I> = (name: string, loss: Loss<I>, options: LossLawOptions<I>) => Law[];

/** A loss at a margin, and what it is at others. */
export function atMargin<I>(
  lawsOf: LawsOf<I>,
  subject: string,
  withMargin: (margin: number) => Loss<I>,
  options: { readonly margin: number; readonly metric?: Metric },
  except: Reasons = {},
): LossSubject {
  return { subject, laws: lawsOf(subject, withMargin(options.margin), { ...options, withMargin }), except };
}

export const distances = {
  euclidean: t.euclidean,
  squaredEuclidean: t.squaredEuclidean,
  cosine: t.cosineDistance,
  manhattan: t.manhattan,
  chebyshev: t.chebyshev,
} as const satisfies Record<Metric, unknown>;
export const metrics = Object.keys(distances) as Metric[];

/** Within what a cosine distance reaches, and elsewhere not 1, whose square would be the same. */
export const marginOf = (metric: Metric): number => (metric === 'cosine' ? 0.5 : 1.5);

export const OF_ACTIVE = {
  'closer positives': 'a small loss that becomes 0 does not count any more, and the mean over the others is higher',
  'closer negatives': 'a loss that is not 0 any more counts, and if it is small the mean is lower',
  'larger margin': 'as for closer negatives',
} as const;
