import type { Distance, Similarity } from '../autograd/measure.ts';
import { concat } from '../autograd/ops/joining.ts';
import { slice } from '../autograd/ops/rearrange.ts';
import { scope } from '../autograd/scope.ts';
import { isRecording, noGrad } from '../autograd/tape.ts';
import { type Context, type Input, inference, Module } from '../nn/module.ts';
import { checkInteger, firstNonFinite } from '../tensor/check.ts';
import { ShapeError } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { joinInputs, someInputs } from './inputs.ts';
import { accepts } from './scores.ts';

/** What a comparison gives: lower or higher means more alike. */
export type Measure = Distance | Similarity;

/** Compares row i of a with row i of b, `[N, D], [N, D] -> [N]`: a distance op such as `euclidean`. */
export type Compare<M extends Measure> = (a: Tensor, b: Tensor) => M;

/** A comparison with weights of its own, such as `KochHead`; the twin's weights include them. */
export interface Head<M extends Measure> extends Module {
  /**
   * Compares row i of a with row i of b, `[N, D], [N, D] -> [N]`. `context` is for layers such as Dropout; default
   * inference.
   */
  compare(a: Tensor, b: Tensor, context?: Context): M;
}

/** Options of `Twin`. */
export interface TwinOptions<M extends Measure> {
  /** What compares the embeddings: a function, such as a distance op, or a head. */
  readonly compare: Compare<M> | Head<M>;
}

/** Options of `embed`: the context of the forward pass, and how many rows to take at a time. */
export interface EmbedOptions {
  /** Training or inference, as in `Context`. Default inference. */
  readonly training?: boolean | undefined;
  /** Where dropout draws from; needed in training. */
  readonly random?: Context['random'];
  /** Largest number of rows in one forward pass, an integer or Infinity. Default Infinity: all at once. */
  readonly batchSize?: number | undefined;
}

/**
 * One encoder for both inputs, and a comparison of the two embeddings: a function such as `euclidean`, or a head with
 * weights of its own such as `KochHead`.
 *
 * Shapes: the encoder maps `[N, ...sample] -> [N, D]`, the comparison `[N, D], [N, D] -> [N]`. Samples are numbers (Tensor)
 * or integers (IntTensor), such as the ids of words, for an encoder that begins with an Embedding.
 * Source: Bromley et al. 1993, "Signature verification using a Siamese time delay neural network".
 *
 * @example
 * const twin = new Twin(new Flatten(), { compare: euclidean });
 * twin.compare(tensor([[0, 0]]), tensor([[3, 4]])).toArray() // [5]
 */
export class Twin<M extends Measure = Measure> extends Module {
  readonly encoder: Module;
  /** What compares the embeddings, as passed to the constructor; the weights of a head are called `head.weight` and so on. */
  readonly head: Compare<M> | Head<M>;
  /** Up to which distance, or from which similarity on, two inputs are called same; see `withThreshold`. */
  readonly threshold: number | undefined;

  constructor(encoder: Module, { compare }: TwinOptions<M>) {
    super();
    if (!(encoder instanceof Module))
      throw new TypeError('Twin: the encoder must be a Module. Put plain functions into a Sequential.');
    checkComparison(compare);
    this.encoder = encoder;
    this.head = compare;
    this.threshold = undefined;
  }

  /** The comparison of embeddings in inference as a function, `[N, D], [N, D] -> [N]`, whatever the head is. */
  get metric(): Compare<M> {
    const { head } = this;
    return typeof head === 'function' ? head : (a, b) => head.compare(a, b);
  }

  /** A twin of the same class with a threshold, over the same encoder and head (weights are shared, not copied). */
  withThreshold(threshold: number): this {
    if (!Number.isFinite(threshold))
      throw new RangeError(`withThreshold: the threshold must be a finite number; got ${threshold}.`);
    return copyTwin(this, threshold);
  }

  forward(x: Input, context: Context = inference): Tensor {
    const embeddings = this.encoder.forward(x, context);
    if (embeddings.shape.length !== 2 || embeddings.shape[0] !== x.shape[0]) {
      throw new ShapeError(
        'Twin',
        'the encoder must map [N, ...] to [N, D]',
        [x.shape, embeddings.shape],
        'End it with Flatten and Linear.',
      );
    }
    return embeddings;
  }

  /**
   * The embeddings of a batch, `[N, ...sample] -> [N, D]`. Differentiable: wrap in `noGrad` where no gradient is needed,
   * which is faster too, as the encoder then runs in a `scope`. Row i has the same bits in any batch.
   */
  embed(x: Input, { batchSize = Infinity, training = false, random }: EmbedOptions = {}): Tensor {
    if (batchSize !== Infinity) checkInteger('embed', 'batchSize', batchSize, 1);
    const count = x.shape[0];
    const rows = (make: () => Input) => {
      const run = () => this.forward(make(), { training, random });
      return isRecording() ? run() : scope(run);
    };
    if (!(count > batchSize)) return rows(() => x);
    const parts: Tensor[] = [];
    for (let start = 0; start < count; start += batchSize)
      parts.push(rows(() => someInputs(x, start, Math.min(count, start + batchSize))));
    return concat(parts);
  }

  /**
   * How far, or how much alike, row i of a and row i of b are. Both run through the encoder as one batch `[2N, ...]`
   * where their shapes agree, else one after the other. Differentiable.
   */
  compare(a: Input, b: Input, context: Context = inference): M {
    const count = a.shape[0];
    if (count === undefined || count !== b.shape[0]) {
      throw new ShapeError(
        'compare',
        'both sides must hold equally many inputs',
        [a.shape, b.shape],
        'Row i of a is compared with row i of b.',
      );
    }
    const { head } = this;
    const compared = (x: Tensor, y: Tensor) => (typeof head === 'function' ? head(x, y) : head.compare(x, y, context));
    const joined = joinInputs(a, b);
    if (joined !== undefined) {
      const both = this.forward(joined, context);
      return compared(slice(both, [[0, count]]), slice(both, [[count, 2 * count]]));
    }
    return compared(this.forward(a, context), this.forward(b, context));
  }

  /**
   * Whether row i of a and row i of b are the same by the twin's threshold. Records nothing.
   *
   * Throws: TypeError where the twin has no threshold; RangeError where an input gives a score that is not finite.
   */
  isSame(a: Input, b: Input): boolean[] {
    const { threshold } = this;
    if (threshold === undefined) {
      throw new TypeError(
        'isSame: the twin has no threshold. Find one with calibrateThreshold(...), then use twin.withThreshold(threshold).',
      );
    }
    const scores = scope(() => noGrad(() => this.compare(a, b)));
    return Array.from(finiteScores('isSame', scores), (score) => accepts(scores.measure, score, threshold));
  }
}

/** What plain JavaScript may pass. */
function checkComparison(compare: unknown): void {
  if (typeof compare === 'function') return;
  if (compare instanceof Module) {
    if ('compare' in compare && typeof compare.compare === 'function') return;
    throw new TypeError(
      'Twin: the head has no method compare(a, b). Give it one that maps embeddings [N, D] and [N, D] to N distances or similarities.',
    );
  }
  throw new TypeError('Twin: compare must be a distance op such as euclidean, or a head such as a KochHead.');
}

/** A twin with the properties of another, its class too, and a threshold or none. Private `#fields` do not come along. */
export function copyTwin<T extends Twin<Measure>>(twin: T, threshold: number | undefined): T {
  return Object.assign(Object.create(Object.getPrototypeOf(twin)), twin, { threshold });
}

/** Embeddings `[N, D]`, checked. Throws: RangeError, with its row, for one that is not finite. */
export function finiteEmbeddings(op: string, what: string, embeddings: Tensor): Tensor {
  const bad = firstNonFinite(embeddings.data);
  if (bad >= 0) {
    const row = Math.floor(bad / embeddings.shape[1]);
    throw new RangeError(
      `${op}: the embedding of ${what} ${row} is not finite. Check the ${what}, and the weights, for NaN and for huge values.`,
    );
  }
  return embeddings;
}

/** The scores of a comparison. Throws: RangeError, with its row (`first` and up), for one that is not finite. */
export function finiteScores(op: string, scores: Measure, first = 0): Float32Array {
  const bad = firstNonFinite(scores.data);
  if (bad >= 0)
    throw new RangeError(
      `${op}: the score of row ${first + bad} is ${scores.data[bad]}. Check the input, and the weights, for NaN and for huge values.`,
    );
  return scores.data;
}
