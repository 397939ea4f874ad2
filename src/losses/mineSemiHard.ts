import type { Integers } from '../tensor/intTensor.ts';
import type { Random } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { boundOf, checkMargin } from './margin.ts';
import {
  FoundRows,
  farthestOther,
  type IndexTriplets,
  type MeasuredBatch,
  type MiningOptions,
  measuredBatch,
  nearestNegative,
} from './mining.ts';

/** Which negatives are called semi-hard: `mineSemiHard` says what each means. */
export type SemiHardDefinition =
  | 'withinMargin'
  | 'nearestFarther'
  | 'nearestOrFarthest'
  | 'beyondHardestPositive'
  | 'randomWithinMargin';

/** Options of `mineSemiHard`. */
export interface SemiHardOptions extends MiningOptions {
  readonly definition: SemiHardDefinition;
  /** How much farther than the positive a negative may be, in the two definitions with a margin. Default 1. */
  readonly margin?: number | undefined;
  /** Draws the negatives of 'randomWithinMargin', which needs it. */
  readonly random?: Random | undefined;
}

/**
 * Semi-hard mining: negatives that are farther from the anchor than a positive is, but not by much. What is called so
 * differs from library to library; d_ap and d_an are the distances of the anchor to positive and negative:
 *
 * | definition | triplets | published in |
 * |---|---|---|
 * | 'withinMargin' | all with `0 < d_an - d_ap <= margin` | FaceNet, section 3.2; pytorch-metric-learning, TripletMarginMiner |
 * | 'nearestFarther' | of each anchor and positive the nearest negative with `d_an > d_ap`, else none | the same section, the hardest of them |
 * | 'nearestOrFarthest' | the same, but the farthest negative where none is farther than the positive | TensorFlow Addons, triplet_semihard_loss; sentence-transformers, BatchSemiHardTripletLoss |
 * | 'beyondHardestPositive' | of each anchor its farthest positive and the nearest negative beyond it, else none | pytorch-metric-learning, BatchEasyHardMiner with hard positives and semi-hard negatives |
 * | 'randomWithinMargin' | of each anchor and positive a random negative with `0 < d_an - d_ap <= margin`, else none | siamese-triplet (Bielski), which leaves out those at the margin, whose loss is 0 |
 *
 * Shapes: embeddings `[N, D]`, labels N integers -> triplets by anchor, then positive, then negative. At equal distances
 * the lowest index wins. Records nothing.
 * Cost: `N^2 D` operations and `N` for each pair of a class; `N^2` memory, and the triplets: of 'withinMargin' up to all
 * of the batch, of the order of `N^3`.
 * Source: Schroff, Kalenichenko, Philbin 2015 (FaceNet), section 3.2, and the table. FaceNet and siamese-triplet compare
 * squared distances; pytorch-metric-learning scales embeddings to length 1 first, as `normalize` does, and its margin is
 * 0.2; siamese-triplet takes each pair of a class once, with the lower row as the anchor.
 * Throws: ShapeError where labels and rows differ in number; RangeError for an unknown definition or distance, for a
 * margin that is not positive or, with cosine, above 2, and, with its row, for a NaN embedding; TypeError for
 * 'randomWithinMargin' without `random`.
 *
 * @example mineSemiHard(tensor([[0], [1], [3], [1.5]]), [0, 0, 1, 1], { definition: 'nearestFarther' }).negatives // [3, 2, 1]
 */
export function mineSemiHard(embeddings: Tensor, labels: Integers, options: SemiHardOptions): IndexTriplets {
  // Plain JavaScript may pass no options: what is missing then is the definition.
  const { definition, random, margin = 1, distance = 'euclidean' } = options ?? {};
  checkMargin('mineSemiHard', margin, boundOf('mineSemiHard', distance));
  const batch = measuredBatch('mineSemiHard', embeddings, labels, distance);
  return semiHardTriplets('mineSemiHard', batch, { definition, random, margin });
}

/** What `mineSemiHard` mines, and what it throws for a definition, in the name of `op`. */
export function semiHardTriplets(
  op: string,
  batch: MeasuredBatch,
  { definition, margin, random }: Pick<SemiHardOptions, 'definition' | 'random'> & { readonly margin: number },
): IndexTriplets {
  const choose = chooser(op, definition, margin, random);
  const { count, classes } = batch;
  const found = new FoundRows();
  for (let anchor = 0; anchor < count; anchor++) {
    const only = definition === 'beyondHardestPositive' ? farthestOther(batch, anchor, 'positive') : undefined;
    for (let positive = 0; positive < count; positive++) {
      if (positive === anchor || classes[positive] !== classes[anchor]) continue;
      if (only === undefined || only === positive) choose(batch, anchor, positive, found);
    }
  }
  return found.toTriplets();
}

/** Adds the triplets of an anchor and a positive. */
type Choose = (batch: MeasuredBatch, anchor: number, positive: number, found: FoundRows) => void;

function chooser(op: string, definition: SemiHardDefinition, margin: number, random: Random | undefined): Choose {
  switch (definition) {
    case 'withinMargin':
      return (batch, anchor, positive, found) => {
        for (const negative of within(batch, anchor, positive, margin)) found.addTriplet(anchor, positive, negative);
      };
    case 'nearestFarther':
    case 'beyondHardestPositive':
      return (batch, anchor, positive, found) => {
        const negative = nearestFarther(batch, anchor, positive);
        if (negative >= 0) found.addTriplet(anchor, positive, negative);
      };
    case 'nearestOrFarthest':
      return (batch, anchor, positive, found) => {
        const nearest = nearestFarther(batch, anchor, positive);
        const negative = nearest >= 0 ? nearest : farthestOther(batch, anchor, 'negative');
        if (negative >= 0) found.addTriplet(anchor, positive, negative);
      };
    case 'randomWithinMargin':
      if (random === undefined) {
        throw new TypeError(
          `${op}: 'randomWithinMargin' needs a source of random numbers. Pass { random: createRandom(seed) }.`,
        );
      }
      return (batch, anchor, positive, found) => {
        const negatives = within(batch, anchor, positive, margin);
        if (negatives.length > 0) found.addTriplet(anchor, positive, negatives[random.integer(negatives.length)]);
      };
    default:
      throw new RangeError(
        `${op}: unknown definition '${String(definition)}'. Use 'withinMargin', 'nearestFarther', 'nearestOrFarthest', 'beyondHardestPositive' or 'randomWithinMargin'.`,
      );
  }
}

function within(
  { count, classes, distances }: MeasuredBatch,
  anchor: number,
  positive: number,
  margin: number,
): number[] {
  const found: number[] = [];
  const near = distances[anchor * count + positive];
  for (let i = 0, at = anchor * count; i < count; i++, at++) {
    if (classes[i] === classes[anchor]) continue;
    const farther = distances[at] - near;
    if (farther > 0 && farther <= margin) found.push(i);
  }
  return found;
}

function nearestFarther(batch: MeasuredBatch, anchor: number, positive: number): number {
  return nearestNegative(batch, anchor, batch.distances[anchor * batch.count + positive]);
}
