import * as t from '../../../src/portable.ts';
import type { LossLawOptions } from '../../../src/testing/lossLaws.ts';
import type { Loss } from '../../../src/testing/lossValues.ts';

/*
 * Losses as users write them, each with one mistake. The first four of a kind are those that everybody makes: the sign
 * inverted, the square root unguarded, the margin on the wrong side, the meaning of the labels swapped.
 */

/** A loss with a mistake. */
export interface Wrong<I> {
  readonly mistake: string;
  readonly loss: Loss<I>;
  readonly options?: LossLawOptions<I>;
  /** The laws that it breaks, in the order of the alphabet; those that it breaks now and then are left out. */
  readonly breaks: readonly string[];
}

/** A loss with margin 1, and what it is with others. */
export function atMargins<I>(withMargin: (margin: number) => Loss<I>): Pick<Wrong<I>, 'loss' | 'options'> {
  return { loss: withMargin(1), options: { withMargin } };
}

/** Cut from its graph, as what is read from `data` is. */
export const constant = (x: t.Tensor): t.Tensor => new t.Tensor(x.data.slice(), x.shape);

/** Each value where the one before it was. */
export const shifted = (values: readonly number[]): number[] => values.map((_, i) => values[(i + 1) % values.length]);

/** The distance that NaN gradients come from: the square root has an infinite slope at 0. */
export const unguarded = (a: t.Tensor, b: t.Tensor): t.Tensor => t.sqrt(t.sum(t.square(t.sub(a, b)), { axis: 1 }));

/** The mean of the triplets' losses, from the distances of positives and negatives. */
export const tripletLoss = (near: t.Tensor, far: t.Tensor, margin = 1): t.Tensor =>
  t.mean(t.relu(t.add(t.sub(near, far), margin)));
