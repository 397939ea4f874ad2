import { type Arbitrary, array, integer, oneof, tuple } from 'fast-check';
import { exp, log } from '../tensor/math.ts';
import { Tensor } from '../tensor/tensor.ts';
import { SHARES } from './draws.ts';
import { type EmbeddingOptions, embeddings, pairs } from './embeddings.ts';
import type { Law } from './law.ts';
import { inputsOf, type LossKind } from './lossKind.ts';
import { type LossLawOptions, lossLaws } from './lossLaws.ts';
import type { Loss } from './lossValues.ts';
import { rowAt, withRow } from './rows.ts';

/** What predictions are compared with, by what it is called. */
export interface Targets {
  /** Numbers, for predictions of the same shape `[N, D]`. */
  readonly values: Tensor;
  /** N classes, for logits `[N, C]`. */
  readonly classes: readonly number[];
  /** N flags, 0 or 1, for logits `[N]`. */
  readonly flags: readonly number[];
  /** Rows `[N, C]` that sum to 1, some of them with zeros, for logits `[N, C]`. */
  readonly distributions: Tensor;
}

/** Predictions, and what they should be. */
export interface Predictions<T> {
  readonly predictions: Tensor;
  readonly targets: T;
}

/**
 * What a loss of predictions and targets must hold to: `loss` takes `{ predictions, targets }`, the targets being
 * 'values', 'classes', 'flags' or 'distributions', and gives one number. No change of the predictions leaves it as it
 * was, unless `invariant` says so.
 *
 * Throws: RangeError for unknown targets, and for an exception that is none of the laws.
 *
 * @example
 * const loss = ({ predictions, targets }) => crossEntropy(predictions, targets);
 * checkLaws(predictionLossLaws('my loss', 'classes', loss)) // undefined
 */
export function predictionLossLaws<K extends keyof Targets>(
  name: string,
  targets: K,
  loss: Loss<Predictions<Targets[K]>>,
  { invariant = [], except }: Pick<LossLawOptions<Predictions<Targets[K]>>, 'invariant' | 'except'> = {},
): Law[] {
  if (!Object.hasOwn(KINDS, targets)) {
    throw new RangeError(
      `predictionLossLaws: unknown targets '${String(targets)}'. Use ${Object.keys(KINDS).join(', ')}.`,
    );
  }
  return lossLaws(kindOf(KINDS[targets]), name, loss, { invariant, except });
}

/** How predictions of one kind of targets are drawn. */
interface PredictionKind<T> {
  readonly draw: (options: EmbeddingOptions) => Arbitrary<Predictions<T>>;
  /** A prediction moved towards its target. */
  readonly closer: (row: readonly number[], target: readonly number[] | number, share: number) => readonly number[];
  /** What grows as a prediction comes nearer to its target. */
  readonly nearness: (row: readonly number[], target: readonly number[] | number) => number;
  /** Whether a prediction must cost something, also where a loss with a margin is content. Default where nearness is not 0. */
  readonly isWrong?: (row: readonly number[], target: number) => boolean;
  /** Of targets that have gradients too, and may be swapped with the predictions. */
  readonly twins?: {
    readonly equal: Arbitrary<Predictions<T>>;
    /** Differences that are 0 on average, for a loss that takes the mean too early. */
    readonly balanced: Arbitrary<Predictions<T>>;
  };
}

const KINDS: { readonly [K in keyof Targets]: PredictionKind<Targets[K]> } = {
  values: {
    draw: (options) => pairs(options).map(({ a, b }) => ({ predictions: a, targets: b })),
    closer: (row, target, share) => row.map((v, i) => v + share * (at(target, i) - v)),
    nearness: (row, target) => -row.reduce((sum, v, i) => sum + (v - at(target, i)) * (v - at(target, i)), 0),
    twins: {
      equal: embeddings({ geometry: 'free' }).map((x) => ({ predictions: x, targets: x })),
      balanced: embeddings({ geometry: 'free' }).map((x) => ({
        predictions: x,
        targets: new Tensor(
          x.data.map((v, i) => (i % 2 === 0 ? v + 1 : v - 1)),
          x.shape,
        ),
      })),
    },
  },
  classes: {
    draw: (options) =>
      tuple(logits(options), numbers(3)).map(([x, y]) => ({
        predictions: x,
        targets: y.slice(0, x.shape[0]).map((c) => c % x.shape[1]),
      })),
    closer: (row, target, share) => row.map((v, i) => (i === target ? v + share : v)),
    nearness: (row, target) => row.reduce((sum, v, i) => sum + (i === target ? v : -v / row.length), 0),
    isWrong: (row, target) => row.some((v) => v > row[target]),
  },
  flags: {
    draw: (options) =>
      tuple(embeddings({ ...options, dimensions: [1, 1] }), numbers(1)).map(([x, y]) => ({
        predictions: new Tensor(x.data, [x.size]),
        targets: y.slice(0, x.size),
      })),
    closer: (row, target, share) => row.map((v) => (target === 1 ? v + share : v - share)),
    nearness: ([v], target) => (target === 1 ? v : -v),
    isWrong: ([v], target) => (target === 1 ? v < 0 : v > 0),
  },
  distributions: {
    draw: (options) =>
      tuple(logits(options), array(numbers(4), { minLength: 8, maxLength: 8 })).map(([x, y]) => ({
        predictions: x,
        targets: distributions(x, y),
      })),
    // Towards the logarithms, those of 0 taken for those of next to nothing: the loss is convex along that line.
    closer: (row, target, share) => row.map((v, i) => v + share * (log(Math.max(at(target, i), 1e-12)) - v)),
    nearness: (row, target) => {
      const powers = row.map((v) => exp(v - Math.max(...row)));
      const total = powers.reduce((sum, p) => sum + p, 0);
      return -powers.reduce((sum, p, i) => sum + (p / total - at(target, i)) * (p / total - at(target, i)), 0);
    },
  },
};

function kindOf<T extends Tensor | readonly number[]>({
  draw,
  closer,
  nearness,
  isWrong,
  twins,
}: PredictionKind<T>): LossKind<Predictions<T>> {
  /** The nearness of the first prediction. */
  const near = ({ predictions, targets }: Predictions<T>) =>
    nearness(Array.from(rowAt(predictions, 0)), targetAt(targets, 0));
  const mustCost = (input: Predictions<T>) => {
    const target = targetAt(input.targets, 0);
    return isWrong && typeof target === 'number'
      ? isWrong(Array.from(rowAt(input.predictions, 0)), target)
      : Math.abs(near(input)) > 1e-2;
  };
  const kind: LossKind<Predictions<T>> = {
    embeddings: twins ? ['predictions', 'targets'] : ['predictions'],
    items: ['predictions', 'targets'],
    twins: twins ? ['predictions', 'targets'] : undefined,
    inputs: draw,
    moves: [
      {
        law: 'closer predictions',
        statement: 'moving a prediction towards its target never raises the loss',
        never: 'rise',
        draw: (setting) =>
          tuple(inputsOf(kind, setting), integer({ min: 0, max: 7 }), SHARES).map(([before, drawn, share]) => {
            const { predictions, targets } = before;
            const row = drawn % predictions.shape[0];
            const moved = closer(Array.from(rowAt(predictions, row)), targetAt(targets, row), share);
            const after = { ...before, predictions: withRow(predictions, row, moved) };
            return { before, after, moved: `row ${row} of predictions moved towards its target` };
          }),
      },
    ],
    satisfied: () => twins?.equal,
    violated: () => {
      const apart = draw({ geometry: 'free' }).filter(mustCost);
      return twins === undefined ? apart : oneof(apart, twins.balanced);
    },
    steps: () =>
      draw({ geometry: 'free', rows: [1, 1] })
        .filter(mustCost)
        .map((input) => ({
          input,
          measure: near,
          wanted: 'larger',
          what: 'the nearness of the prediction to its target',
        })),
    words: {
      satisfied: 'where predictions are equal to their targets',
      violated: 'where a prediction is not what it should be (of classes and flags: where another one is predicted)',
      step: 'a small step against the gradient brings a prediction nearer to its target',
    },
  };
  return kind;
}

function logits(options: EmbeddingOptions): Arbitrary<Tensor> {
  return embeddings({ ...options, dimensions: [2, 4] });
}

/** More of them than there are rows. */
function numbers(max: number): Arbitrary<number[]> {
  return array(integer({ min: 0, max }), { minLength: 8, maxLength: 8 });
}

/** Rows that sum to 1, of drawn weights. */
function distributions({ shape: [count, width] }: Tensor, weights: readonly (readonly number[])[]): Tensor {
  const rows = Array.from({ length: count }, (_, row) => {
    const drawn = weights[row].slice(0, width);
    const total = drawn.reduce((sum, v) => sum + v, 0);
    return drawn.map((v, i) => (total > 0 ? v / total : i === 0 ? 1 : 0));
  });
  return new Tensor(Float32Array.from(rows.flat()), [count, width]);
}

function targetAt(targets: Tensor | readonly number[], row: number): readonly number[] | number {
  return targets instanceof Tensor ? Array.from(rowAt(targets, row)) : targets[row];
}

function at(target: readonly number[] | number, i: number): number {
  return typeof target === 'number' ? target : target[i];
}
