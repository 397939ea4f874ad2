import { oneof } from 'fast-check';
import type { Metric } from '../autograd/ops/pairwiseDistances.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { defineLaw, type Law } from './law.ts';
import { costsWhereViolated, directed, gradientStepHelps, largerMargin, zeroWhereSatisfied } from './lossDirections.ts';
import { embeddingsOf, inputsOf, type LossKind, settingOf } from './lossKind.ts';
import { INVARIANCES, invariance, permutedBatch, swappedTwins } from './lossSymmetries.ts';
import { byName, type Loss, type LossSubject, lossOf, oneNumber, overEmbeddings, ROUNDING, say } from './lossValues.ts';
import { rowAt } from './rows.ts';
import { type Invariance, SPACES } from './spaces.ts';
import { notFinite, wrongGradients } from './violations.ts';

/** Options of the laws of losses. */
export interface LossLawOptions<I> {
  /**
   * The distance from which a different pair costs nothing, or by which a negative must be farther than the positive.
   * Without it nothing is known to cost nothing: leave it out for a smooth loss. Default none.
   */
  readonly margin?: number | undefined;
  /** The loss with another margin, for 'larger margin'. It needs `margin`. Default none, and no such law. */
  readonly withMargin?: ((margin: number) => Loss<I>) | undefined;
  /** The distance that the loss is of, in which its margin is meant. Default 'euclidean'. */
  readonly metric?: Metric | undefined;
  /** What does not change the loss. Default what does not change a distance in that metric. */
  readonly invariant?: readonly Invariance[] | undefined;
  /** Names of laws that it is not meant to hold to. Default none. */
  readonly except?: readonly string[] | undefined;
}

/**
 * What losses of a kind of your own must hold to: those of the laws that there are inputs for.
 *
 * Throws: RangeError for a margin out of range, for a metric or a change that there is not, and for an exception that is
 * none of the laws.
 *
 * @example
 * const kind = { embeddings: ['x'], items: ['x'], inputs: (options) => embeddings(options).map((x) => ({ x })) };
 * const laws = lossLaws(kind, 'my loss', ({ x }) => neg(mean(norm(x, { axis: 1 }))), { invariant: ['rotation'] });
 * brokenLaws(laws).map(({ law }) => law.name) // ['never negative']
 */
export function lossLaws<I extends object>(
  kind: LossKind<I>,
  subject: string,
  fn: Loss<I>,
  options: LossLawOptions<I> = {},
): Law[] {
  const { margin, metric = 'euclidean', withMargin, except = [] } = options;
  const setting = settingOf('lossLaws', metric, margin);
  const { invariant = setting.space.invariances } = options;
  const unknown = invariant.find((change) => !Object.hasOwn(INVARIANCES, change));
  if (unknown !== undefined)
    throw new RangeError(`lossLaws: unknown change '${unknown}'. Use ${Object.keys(INVARIANCES).join(', ')}.`);
  const of = { kind, subject, fn: oneNumber(subject, fn), setting };
  const laws = [
    neverNegative(of),
    noNaN(of),
    ...swappedTwins(of),
    permutedBatch(of),
    ...(kind.moves ?? []).map((moves) => directed(of, moves)),
    ...gradientStepHelps(of),
    ...(withMargin && margin !== undefined
      ? [largerMargin(of, margin, (other) => oneNumber(subject, withMargin(other)))]
      : []),
    ...zeroWhereSatisfied(of),
    ...costsWhereViolated(of),
    ...invariant.map((change) => invariance(of, change)),
    gradientAgreement(of),
  ];
  for (const name of except) {
    if (!laws.some((law) => law.name === name)) {
      const names = laws.map((law) => `'${law.name}'`).join(', ');
      throw new RangeError(`lossLaws: '${name}' is no law of ${subject}. The laws are ${names}.`);
    }
  }
  return laws.filter((law) => !except.includes(law.name));
}

function neverNegative<I extends object>({ kind, subject, fn, setting }: LossSubject<I>): Law {
  return defineLaw({
    ...{ subject, name: 'never negative', statement: 'the loss is at least 0' },
    inputs: inputsOf(kind, setting),
    violation: (input) => {
      const value = lossOf(fn, input);
      return value < -ROUNDING * setting.unit ? `the loss is ${say(value)}.` : undefined;
    },
  });
}

function noNaN<I extends object>({ kind, subject, fn, setting }: LossSubject<I>): Law {
  const drawn = [
    kind.inputs({ dimensions: [1, 4] }),
    inputsOf(kind, setting),
    kind.satisfied?.(setting),
    kind.violated?.(setting),
  ];
  return defineLaw({
    subject,
    name: 'no NaN anywhere',
    statement:
      'the loss and its gradients are finite, also for embeddings that are equal, zero, on a line, tiny or far apart',
    inputs: oneof(...drawn.filter((inputs) => inputs !== undefined)),
    violation: (input) => byName(kind, notFinite(overEmbeddings(kind, fn, input), embeddingsOf(kind, input))),
  });
}

/** The least unit that differences are taken in, whose step is absolute; and how near rows may then be. */
const LEAST_UNIT = 0.25;
const LEAST_GAP = 0.05;

function gradientAgreement<I extends object>({ kind, subject, fn, setting }: LossSubject<I>): Law {
  return defineLaw({
    ...{ subject, name: 'gradient agreement', statement: 'the gradients are those that finite differences give' },
    inputs: inputsOf(kind, { ...setting, unit: Math.max(setting.unit, LEAST_UNIT) }, ['free', 'unit']),
    violation: (input) => {
      const embeddings = embeddingsOf(kind, input);
      if (isBent(embeddings)) return undefined;
      return byName(kind, wrongGradients(overEmbeddings(kind, fn, input), embeddings));
    },
  });
}

/**
 * Whether rows are so near to one another, or to 0, that a distance or a cosine is bent within the step of a difference:
 * 'no NaN anywhere' and 'zero where satisfied' say what gradients are there.
 */
function isBent(embeddings: readonly Tensor[]): boolean {
  const rows = embeddings.flatMap((x) => Array.from({ length: x.shape[0] }, (_, i) => Array.from(rowAt(x, i))));
  const width = rows[0]?.length ?? 0;
  if (width < 2) return false;
  const all = [...rows, rows[0].map(() => 0)];
  const { distance } = SPACES.euclidean;
  return all.some((a, i) => all.slice(0, i).some((b) => a.length === b.length && distance(a, b) < LEAST_GAP));
}
