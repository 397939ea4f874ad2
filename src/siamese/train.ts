import type { Gradients } from '../autograd/gradients.ts';
import { Parameter } from '../autograd/parameter.ts';
import { backward } from '../autograd/tape.ts';
import type { Batches, SyncBatches } from '../data/batches.ts';
import type { PairBatch } from '../data/samplers.ts';
import type { Context } from '../nn/module.ts';
import { checkStateDict, loadStateDict, namedParameters, stateDict } from '../nn/state.ts';
import { clipGradientNorm } from '../optim/clip.ts';
import type { Optimizer } from '../optim/optimizer.ts';
import { checkInteger, firstNonFinite } from '../tensor/check.ts';
import type { Random } from '../tensor/random.ts';
import { Tensor } from '../tensor/tensor.ts';
import { type Best, decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
import { scorePairs } from './scorePairs.ts';
import type { Measure, Twin } from './twin.ts';
import { evaluateVerification } from './verification.ts';

/** What `validate` measures on its pairs; for `eer` lower is better. `accuracy` is that of the best threshold. */
export type ValidationMetric = 'accuracy' | 'auc' | 'eer';

/** Options of `train`. */
export interface TrainOptions<B> {
  readonly batches: Batches<B>;
  /** The loss of a batch, one number; `context` belongs into `twin.compare` and `twin.embed`. */
  readonly loss: (batch: B, context: Context) => Tensor;
  readonly optimizer: Optimizer;
  /** Passes over the batches. */
  readonly epochs: number;
  /** Where dropout draws from; forked by epoch and step. */
  readonly random: Random;
  /** Scores pairs after every epoch; at the end the twin gets the weights of the best epoch. */
  readonly validate?: { readonly pairs: SyncBatches<PairBatch>; readonly metric: ValidationMetric } | undefined;
  /** Stops after so many epochs without a better validation. Default: never. */
  readonly patience?: number | undefined;
  /** Limits the norm of the gradients, see `clipGradientNorm`. */
  readonly clip?: { readonly maxNorm: number } | undefined;
  /** Ends the training with an exception, `signal.reason`, after the step under way. */
  readonly signal?: AbortSignal | undefined;
  /** Bytes of a checkpoint of the same training, to go on from. */
  readonly resume?: Uint8Array | undefined;
}

/** What `train` yields after each step. */
export interface TrainStep {
  /** Counted from 1. */
  readonly epoch: number;
  /** Steps done, counted from 1 over all epochs. */
  readonly step: number;
  /** Steps in all. */
  readonly steps: number;
  readonly loss: number;
  /** Norm of the gradients before clipping, with `clip`. */
  readonly gradientNorm: number | undefined;
  /** After the last step of an epoch, with `validate`. */
  readonly validation: { readonly score: number; readonly best: boolean } | undefined;
  /** The training as it stands, to save and `resume` bit by bit. Throws once the next step has begun. */
  checkpoint(): Uint8Array<ArrayBuffer>;
}

/** Steps between two returns to the event loop, where timers, signals and the user interface run. */
const STEPS_PER_TASK = 4;

/**
 * Trains a twin: an async generator that yields after every step, so progress, logging and stopping early are a loop.
 *
 * Every step draws a batch, computes the loss, and lets the optimizer write the parameters in place. The same seed gives
 * the same bits. Breaking out of the loop, an abort and an exception leave the weights of the last finished step.
 *
 * Throws: RangeError for a loss or gradient that is not finite, naming its step, before it reaches the weights;
 * FormatError for bytes to resume from that are not a checkpoint, and RangeError (ShapeError where names or shapes
 * differ) for a checkpoint of another training, before anything is written.
 *
 * @example
 * const set = imageSet({ shape: [4, 1, 1], data: new Uint8Array([0, 10, 200, 210]) }, [0, 0, 1, 1]);
 * const random = createRandom(1);
 * const twin = new Twin(new Sequential(new Flatten(), new Linear(1, 2, { random })), { compare: euclidean });
 * const losses = [];
 * for await (const { loss } of train(twin, {
 *   batches: balancedPairs(set, { batchSize: 4, pairs: 4, random }),
 *   loss: ({ a, b, different }, context) => contrastiveLoss(twin.compare(a, b, context), { different }),
 *   optimizer: new SGD(twin, { learningRate: 0.1 }),
 *   epochs: 3,
 *   random,
 * })) losses.push(loss);
 * losses.length // 3
 */
export async function* train<B>(
  twin: Twin<Measure>,
  options: TrainOptions<B>,
): AsyncGenerator<TrainStep, void, undefined> {
  const { batches, epochs, random, validate, patience = Infinity, signal, optimizer } = options;
  checkOptions(options);
  const perEpoch = batches.length;
  const steps = epochs * perEpoch;
  let step = 0;
  let best: Best | undefined;
  /** Whether the twin holds the best weights, not those of the last step. */
  let over = false;
  if (options.resume !== undefined) ({ step, best } = restore(options.resume, twin, options));
  for (let epoch = Math.floor(step / perEpoch); epoch < epochs; epoch++) {
    if (best !== undefined && epoch - best.epoch >= patience) break;
    const done = step - epoch * perEpoch;
    let position = 0;
    for await (const batch of batches.epoch(epoch)) {
      if (position === perEpoch) throw wrongLength(epoch, `has more than ${perEpoch}`, perEpoch);
      // A resumed epoch draws the batches it has already done, and passes over them.
      if (position++ < done) continue;
      if (step % STEPS_PER_TASK === 0) await macrotask();
      signal?.throwIfAborted();
      const context = { training: true, random: random.fork(epoch).fork(position) };
      const { loss, gradientNorm } = takeStep(twin, batch, context, options, step + 1);
      step++;
      const last = position === perEpoch;
      const score = last && validate !== undefined ? validationScore(twin, validate) : undefined;
      const better = score !== undefined && isBetter(validate?.metric, score, best?.score);
      if (score !== undefined && better) best = { score, epoch: epoch + 1, state: snapshot(twin) };
      const now = step;
      yield {
        epoch: epoch + 1,
        step,
        steps,
        loss,
        gradientNorm,
        validation: score === undefined ? undefined : { score, best: better },
        checkpoint: () => {
          if (step !== now || over) {
            throw new RangeError(
              `checkpoint: step ${now} is over, and the twin has gone on. Call checkpoint() before asking for the next step.`,
            );
          }
          return encodeCheckpoint({
            step,
            batches: perEpoch,
            random: random.state,
            state: stateDict(twin),
            optimizer: optimizer.state(),
            best,
          });
        },
      };
      signal?.throwIfAborted();
    }
    if (position < perEpoch) throw wrongLength(epoch, `had ${position}`, perEpoch);
  }

  if (best !== undefined) {
    over = true;
    loadStateDict(twin, best.state);
  }
}

function checkOptions<B>({ batches, epochs, validate, patience = Infinity }: TrainOptions<B>): void {
  checkInteger('train', 'epochs', epochs, 1);
  checkInteger('train', 'batches.length', batches.length, 1);
  if (!(patience >= 1)) throw new RangeError(`train: patience must be at least 1 epoch; got ${patience}.`);
  if (patience < Infinity && validate === undefined) {
    throw new RangeError('train: patience needs validate, which says what is better. Pass { pairs, metric }.');
  }
  if (validate !== undefined && !['accuracy', 'auc', 'eer'].includes(validate.metric)) {
    throw new RangeError(`train: unknown metric '${String(validate.metric)}'. Use 'accuracy', 'auc' or 'eer'.`);
  }
}

function wrongLength(epoch: number, found: string, length: number): RangeError {
  return new RangeError(
    `train: epoch ${epoch + 1} ${found} batches, but batches.length is ${length}. Make both agree.`,
  );
}

/** One step, all or nothing: where it throws, the buffers that the forward pass wrote are put back. */
function takeStep<B>(
  twin: Twin<Measure>,
  batch: B,
  context: Context,
  options: TrainOptions<B>,
  step: number,
): { readonly loss: number; readonly gradientNorm: number | undefined } {
  const buffers = [...stateDict(twin).values()].filter((t) => !(t instanceof Parameter));
  const before = buffers.map(({ data }) => data.slice());
  try {
    return tryStep(twin, batch, context, options, step);
  } catch (error) {
    for (const [i, { data }] of buffers.entries()) data.set(before[i]);
    throw error;
  }
}

/** One step; no weight is written before loss and gradients are known to be finite. */
function tryStep<B>(
  twin: Twin<Measure>,
  batch: B,
  context: Context,
  { loss, optimizer, clip }: TrainOptions<B>,
  step: number,
): { readonly loss: number; readonly gradientNorm: number | undefined } {
  const result = loss(batch, context);
  if (!(result instanceof Tensor) || result.size !== 1) {
    throw new TypeError(
      `train: the loss must be a Tensor with one value; got ${result instanceof Tensor ? String(result) : typeof result}. Reduce it with mean().`,
    );
  }
  const value = result.item();
  if (!Number.isFinite(value)) {
    throw new RangeError(
      `train: the loss is ${value} at step ${step}; the weights are those of step ${step - 1}. Check the data for NaN, or lower the learning rate.`,
    );
  }
  const gradients = backward(result);
  checkFinite(twin, gradients, step);
  if (clip === undefined) {
    optimizer.step(gradients);
    return { loss: value, gradientNorm: undefined };
  }
  const clipped = clipGradientNorm(gradients, clip);
  optimizer.step(clipped.gradients);
  return { loss: value, gradientNorm: clipped.norm };
}

function checkFinite(twin: Twin<Measure>, gradients: Gradients, step: number): void {
  for (const [parameter, { data }] of gradients) {
    const bad = firstNonFinite(data);
    if (bad >= 0) {
      const [name] = [...namedParameters(twin)].find(([, own]) => own === parameter) ?? [];
      const owner = name === undefined ? 'a parameter outside the twin' : `'${name}'`;
      throw new RangeError(
        `train: the gradient of ${owner} holds ${data[bad]} at step ${step}; the weights are those of step ${step - 1}. Lower the learning rate, or check the data for huge values.`,
      );
    }
  }
}

function validationScore(
  twin: Twin<Measure>,
  { pairs, metric }: NonNullable<TrainOptions<unknown>['validate']>,
): number {
  const report = evaluateVerification(scorePairs(twin, pairs), { threshold: 0 });
  return metric === 'accuracy' ? report.best.accuracy : report[metric];
}

function isBetter(metric: ValidationMetric | undefined, score: number, best: number | undefined): boolean {
  if (best === undefined) return true;
  return metric === 'eer' ? score < best : score > best;
}

function snapshot(twin: Twin<Measure>): Map<string, Tensor> {
  return new Map([...stateDict(twin)].map(([name, t]) => [name, new Tensor(t.data.slice(), t.shape)]));
}

/** Writes a checkpoint into twin and optimizer, after checking that it belongs to this training. */
function restore<B>(
  bytes: Uint8Array,
  twin: Twin<Measure>,
  { batches, optimizer, random }: TrainOptions<B>,
): { readonly step: number; readonly best: Best | undefined } {
  const checkpoint = decodeCheckpoint(bytes);
  const mismatch = (what: string) =>
    new RangeError(`train: the checkpoint is of a training with ${what}. Resume with the options it was started with.`);
  if (checkpoint.batches !== batches.length)
    throw mismatch(`${checkpoint.batches} batches an epoch, this one has ${batches.length}`);
  if (checkpoint.random[0] !== random.state[0] || checkpoint.random[1] !== random.state[1])
    throw mismatch('another random seed');
  checkStateDict(twin, checkpoint.state);
  if (checkpoint.best !== undefined) checkStateDict(twin, checkpoint.best.state);
  optimizer.loadState(checkpoint.optimizer);
  loadStateDict(twin, checkpoint.state);
  return checkpoint;
}

/** Lets the event loop run its other tasks. */
function macrotask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
