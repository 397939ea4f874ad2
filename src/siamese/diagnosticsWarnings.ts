import type { Metric } from '../autograd/ops/pairwiseDistances.ts';

/* What may be wrong with embeddings, in words. Each threshold has its reason; none of them is a law. */

/** What the warnings are read from. */
export interface Facts {
  readonly count: number;
  readonly dimensions: number;
  /** Share of the mean squared length that is spread about the mean; of unit vectors 1 less their mean cosine. */
  readonly spread: number;
  /** Dimensions whose deviation is a small part of the others'. */
  readonly dead: number;
  readonly effectiveRank: number;
  readonly classes: number | undefined;
  readonly meanNorm: number;
  readonly metric: Metric;
  readonly meanDistance: number;
  readonly positiveDistance: number | undefined;
  readonly negativeDistance: number | undefined;
  readonly loss: number | undefined;
  readonly margin: number | undefined;
  readonly activeFraction: number | undefined;
}

/**
 * Part of the margin below which rows are alike: a loss that is content has rows of different classes farther apart than
 * the whole margin. Collapses under batch-hard mining come to rest at 0.15 and less.
 */
const ALIKE = 0.2;
/**
 * Spread below which they are too, unless they are apart by the margin all the same: of unit vectors a mean cosine of
 * 0.99, some 8 degrees.
 */
const LEAST_SPREAD = 0.01;
/** How near to the margin a loss is the margin: batches differ by more where anything is learnt. */
const AT_MARGIN = 0.01;
/** Part of the possible rank below which dimensions are wasted. */
const LOW_RANK = 1 / 20;
/** A rank that is hardly more than one direction; of many directions two are as few. */
const ONE_DIRECTION = 1.5;
const [TWO_DIRECTIONS, MANY] = [2, 8];
/** Directions that are looked for at most where classes are not known: they may be few, and need no more. */
const WITHOUT_CLASSES = 100;
/** So many times as long as they are to be apart: what moves a row by a margin is a rounding of its length. */
const LONG = 1000;
/** Share of active triplets from which on a batch of some hundred teaches nothing. */
const ACTIVE = 0.01;
/** How much farther positives must be than negatives: less may be the noise of a small batch. */
const FARTHER = 1.1;

/** The warnings that facts give rise to, the gravest first. */
export function warningsOf(facts: Facts): string[] {
  const { loss, margin, metric, meanDistance } = facts;
  // Of directions, however long they are: 1 less the mean cosine.
  const spread = metric === 'cosine' ? meanDistance : facts.spread;
  const atMargin = loss !== undefined && margin !== undefined && Math.abs(loss - margin) <= AT_MARGIN * margin;
  const alike =
    margin === undefined
      ? spread < LEAST_SPREAD
      : meanDistance < ALIKE * margin || (spread < LEAST_SPREAD && meanDistance < margin);
  const first = alike
    ? [ofCollapse(facts, atMargin)]
    : [ofDirection(facts) ?? (atMargin ? ofMargin(facts) : undefined), ofRank(facts), ofDead(facts)];
  return [...first, ofLengths(facts), ofActivity(facts)].filter((warning) => warning !== undefined);
}

/** Said of embeddings that hold NaN or an infinity, of which nothing else is known. */
export function notFiniteWarning(row: number, value: number): string {
  return `the embedding of row ${row} holds ${value}: the inputs hold it too, or the weights are lost. Go back to the last checkpoint, lower the learning rate, and clip gradients.`;
}

function ofCollapse({ spread, meanDistance, margin, metric }: Facts, atMargin: boolean): string {
  if (atMargin)
    return 'loss equals the margin: all embeddings are alike. Lower the learning rate, or start with batch-all mining.';
  const alike =
    metric === 'cosine'
      ? `their mean cosine ${say(1 - meanDistance)}`
      : `and ${say(100 * (1 - spread))} % of their squared length is the same in all`;
  const seen = margin === undefined ? alike : `the margin ${margin}`;
  return `embeddings are all nearly alike (collapse): their mean distance is ${say(meanDistance)}, ${seen}. Lower the learning rate; with pairs check that 'different' and 'same' are not swapped, with triplets start with batch-all mining, with two views check the predictor and the stopped gradient, or use vicRegLoss.`;
}

/** Not said where classes are apart on average: the hardest of them may be at the margin for long. */
function ofMargin({ positiveDistance, negativeDistance }: Facts): string | undefined {
  if (positiveDistance !== undefined && negativeDistance !== undefined && negativeDistance > FARTHER * positiveDistance)
    return undefined;
  return 'loss equals the margin: on average a positive is as far away as a negative, and nothing is told apart yet. Train on; if it stays, raise the learning rate, or check that the labels belong to the inputs.';
}

function ofRank({ effectiveRank, dimensions, count, classes }: Facts): string | undefined {
  const possible = Math.min(dimensions, count - 1, classes === undefined ? Infinity : classes - 1);
  const looked = classes === undefined ? Math.min(possible, WITHOUT_CLASSES) : possible;
  const few = possible < MANY ? ONE_DIRECTION : TWO_DIRECTIONS;
  // Two points have one direction, three may lie on a line.
  if (possible < 3 || effectiveRank >= Math.max(few, LOW_RANK * looked)) return undefined;
  const unless =
    classes === undefined ? ' If there are few classes pass the labels: C classes need only C - 1 directions.' : '';
  return `embeddings use about ${say(effectiveRank)} of the ${possible} directions that they could (dimensional collapse). Use fewer dimensions, a lower learning rate, or a loss that decorrelates them, such as vicRegLoss or barlowTwinsLoss; with triplets start with batch-all mining.${unless}`;
}

function ofDead({ dead, dimensions }: Facts): string | undefined {
  if (dead === 0) return undefined;
  return `${dead} of ${dimensions} dimensions hardly vary: they cost memory and tell nothing. Leave out a ReLU at the end of the encoder, lower the learning rate, or use fewer dimensions.`;
}

/** Not said of cosines, whatever the lengths are. */
function ofLengths({ meanNorm, margin, metric }: Facts): string | undefined {
  if (metric === 'cosine') return undefined;
  const wanted = metric === 'squaredEuclidean' && margin !== undefined ? Math.sqrt(margin) : margin;
  if (!(meanNorm > LONG * (wanted ?? 1))) return undefined;
  const reason =
    wanted === undefined
      ? 'the learning rate may be too high; or the loss is one of directions, which a step turns the less the longer they are'
      : `a step moves them by more than the ${say(wanted)} that the margin asks for`;
  return `embeddings are ${say(meanNorm)} long on average: ${reason}. Lower the learning rate, add weight decay, or normalize the embeddings.`;
}

function ofActivity({ activeFraction, classes, count }: Facts): string | undefined {
  if (activeFraction === undefined || activeFraction >= ACTIVE) return undefined;
  if (activeFraction === 0 && (classes === 1 || classes === count)) {
    return `no triplet can be made: ${classes === 1 ? 'all rows are of one class' : 'no two rows are of one class'}. Draw several rows of each of several classes, as classBatches does.`;
  }
  const share = activeFraction === 0 ? 'none' : `${say(100 * activeFraction)} %`;
  return `${share} of the pairs or triplets are active: the loss has next to nothing left to learn from them. Stop if held-out embeddings are good enough; else mine harder ones, such as batch-hard, use larger batches, or raise the margin.`;
}

function ofDirection({ positiveDistance, negativeDistance }: Facts): string | undefined {
  if (positiveDistance === undefined || negativeDistance === undefined) return undefined;
  if (!(positiveDistance > FARTHER * negativeDistance)) return undefined;
  return `rows of one class are farther apart (${say(positiveDistance)}) than rows of different classes (${say(negativeDistance)}). Check whether labels are inverted, 'different' for 'same', or belong to other rows.`;
}

/** Three digits. */
export function say(value: number): string {
  return String(Number(value.toPrecision(3)));
}
