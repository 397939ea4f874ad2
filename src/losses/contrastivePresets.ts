import type { Reduction } from './reduction.ts';

/** Conventions of the contrastive loss that papers and libraries use; `contrastiveLoss` says what each of them is. */
export type ContrastivePreset = 'plain' | 'hadsell2006' | 'sentenceTransformers' | 'keras' | 'caffeLegacy';

/** What tells one convention from another. */
interface Convention {
  /** The default margin. */
  readonly margin: number;
  /** The default reduction. */
  readonly reduction: Reduction;
  /** What the cost of every pair is multiplied by. */
  readonly factor: 1 | 0.5;
  /** A smaller distance counts as this one. */
  readonly least: number;
  /** Different pairs cost `[m - d^2]+`, of the squared distance, instead of `[m - d]+^2`. */
  readonly ofSquares: boolean;
}

const plain: Convention = { margin: 1, reduction: 'mean', factor: 1, least: 0, ofSquares: false };

const conventions: Readonly<Record<ContrastivePreset, Convention>> = {
  plain,
  hadsell2006: { ...plain, reduction: 'sum', factor: 0.5 },
  sentenceTransformers: { ...plain, margin: 0.5, factor: 0.5 },
  // Keras takes the root of no less than its epsilon, 1e-7.
  keras: { ...plain, least: Math.sqrt(1e-7) },
  // The sum over the pairs divided by 2 N: half of each, then the mean.
  caffeLegacy: { ...plain, factor: 0.5, ofSquares: true },
};

/** Throws: RangeError for an unknown preset. */
export function conventionOf(op: string, preset: ContrastivePreset): Convention {
  if (!Object.hasOwn(conventions, preset)) {
    throw new RangeError(
      `${op}: unknown preset '${String(preset)}'. Use 'plain', 'hadsell2006', 'sentenceTransformers', 'keras' or 'caffeLegacy'.`,
    );
  }
  return conventions[preset];
}
