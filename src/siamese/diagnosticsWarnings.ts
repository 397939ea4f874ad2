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
  readonly meanDistance: number;
  readonly positiveDistance: number | undefined;
  readonly negativeDistance: number | undefined;
  readonly loss: number | undefined;
  readonly margin: number | undefined;
  readonly activeFraction: number | undefined;
}

/**
 * Part of the margin below which rows are alike: a loss that is content has rows of different classes farther apart than
 * the whole margin, and one that is not stays at the margin, whichever rows it compares.
 */
const ALIKE = 0.1;
/** Without a margin, spread below which they are: of unit vectors a mean cosine of 0.99, some 8 degrees. */
const LEAST_SPREAD = 0.01;
/** How near to the margin a loss is the margin: batches differ by more where anything is learnt. */
const AT_MARGIN = 0.01;
/** Part of the possible rank below which dimensions are wasted; and a rank that is hardly more than one direction. */
const LOW_RANK = 1 / 20;
const ONE_DIRECTION = 1.5;
/** Lengths of so many margins: what moves a row by a margin is a rounding of a step that moves it by its length. */
const LONG = 1000;
/** Share of active triplets from which on a batch of some hundred teaches nothing. */
const ACTIVE = 0.01;
/** How much farther positives must be than negatives: less may be the noise of a small batch. */
const FARTHER = 1.1;

/** The warnings that facts give rise to, the gravest first. */
export function warningsOf(facts: Facts): string[] {
  const { loss, margin, spread, meanDistance } = facts;
  const atMargin = loss !== undefined && margin !== undefined && Math.abs(loss - margin) <= AT_MARGIN * margin;
  const alike = margin === undefined ? spread < LEAST_SPREAD : meanDistance < ALIKE * margin;
  const others = [ofLengths(facts), ofActivity(facts)];
  if (alike) return [ofCollapse(facts, atMargin), ...others].filter(isSaid);
  const unlearnt = atMargin
    ? 'loss equals the margin: on average a positive is as far away as a negative, and nothing is told apart yet. Train on; if it stays, raise the learning rate, or check that the labels belong to the inputs.'
    : undefined;
  return [unlearnt, ofDirection(facts), ofRank(facts), ofDead(facts), ...others].filter(isSaid);
}

/** Said of embeddings that hold NaN or an infinity, of which nothing else is known. */
export function notFiniteWarning(row: number, value: number): string {
  return `the embedding of row ${row} holds ${value}: the inputs hold it too, or the weights are lost. Go back to the last checkpoint, lower the learning rate, and clip gradients.`;
}

function ofCollapse({ spread, meanDistance, margin }: Facts, atMargin: boolean): string {
  if (atMargin)
    return 'loss equals the margin: all embeddings are alike. Lower the learning rate, or start with batch-all mining.';
  const share =
    margin === undefined ? `a spread of ${say(100 * spread)} % of their squared length` : `the margin ${margin}`;
  return `embeddings are all nearly alike (collapse): their mean distance is ${say(meanDistance)}, ${share}. Lower the learning rate; with triplets start with batch-all mining, with two views check the predictor and the stopped gradient, or use vicRegLoss.`;
}

function ofRank({ effectiveRank, dimensions, count, classes }: Facts): string | undefined {
  const possible = Math.min(dimensions, count - 1, classes === undefined ? Infinity : classes - 1);
  // Two points have one direction, three may lie on a line.
  if (possible < 3 || effectiveRank >= Math.max(ONE_DIRECTION, LOW_RANK * possible)) return undefined;
  return `embeddings use about ${say(effectiveRank)} of the ${possible} directions that they could (dimensional collapse). Use fewer dimensions, a lower learning rate, or a loss that decorrelates them, such as vicRegLoss or barlowTwinsLoss.`;
}

function ofDead({ dead, dimensions }: Facts): string | undefined {
  if (dead === 0) return undefined;
  return `${dead} of ${dimensions} dimensions hardly vary: they cost memory and tell nothing. Leave out a ReLU at the end of the encoder, lower the learning rate, or use fewer dimensions.`;
}

function ofLengths({ meanNorm, margin = 1 }: Facts): string | undefined {
  if (!(meanNorm > LONG * margin)) return undefined;
  return `embeddings are ${say(meanNorm)} long on average, more than ${LONG} margins: a step moves them by more than the loss asks for. Lower the learning rate, add weight decay, or normalize the embeddings.`;
}

function ofActivity({ activeFraction }: Facts): string | undefined {
  if (activeFraction === undefined || activeFraction >= ACTIVE) return undefined;
  const share = activeFraction === 0 ? 'none' : `${say(100 * activeFraction)} %`;
  return `${share} of the pairs or triplets of the batch are active: the loss has next to nothing left to learn from them. Mine harder ones, such as batch-hard, use larger batches, or raise the margin.`;
}

function ofDirection({ positiveDistance, negativeDistance }: Facts): string | undefined {
  if (positiveDistance === undefined || negativeDistance === undefined) return undefined;
  if (!(positiveDistance > FARTHER * negativeDistance)) return undefined;
  return `rows of one class are farther apart (${say(positiveDistance)}) than rows of different classes (${say(negativeDistance)}). Check whether labels are inverted, 'different' for 'same', or belong to other rows.`;
}

function isSaid(warning: string | undefined): warning is string {
  return warning !== undefined;
}

/** Three digits. */
function say(value: number): string {
  return String(Number(value.toPrecision(3)));
}
