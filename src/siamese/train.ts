import { isThenable } from '../autograd/tape.ts';
import { type Batches, isSkippable } from '../data/batches.ts';
import { type Best, decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
import { scorePairs } from './scorePairs.ts';
import { checkSnapshot, currentValues, loadSnapshot, takeSnapshot } from './snapshot.ts';
import { checkOptions, type StepInfo, type TrainOptions, type ValidationMetric } from './trainOptions.ts';
import { Step, type StepResult } from './trainStep.ts';
import type { Measure, Twin } from './twin.ts';
import { evaluateVerification } from './verification.ts';

/** What `train` yields after each step. */
export interface TrainStep {
  /** Counted from 1. */
  readonly epoch: number;
  /** Steps of the optimizer done, counted from 1 over all epochs. */
  readonly step: number;
  /** Steps in all. */
  readonly steps: number;
  /** With `accumulate` the mean of the batches' losses. */
  readonly loss: number;
  /** Norm of the gradients before clipping, with `clip`. */
  readonly gradientNorm: number | undefined;
  /** After the last step of an epoch, with `validate`. */
  readonly validation: { readonly score: number; readonly best: boolean } | undefined;
  /** The training as it stands, to save and `resume` bit by bit. Throws once the next step has begun. */
  checkpoint(): Uint8Array<ArrayBuffer>;
}

/** Batches between two returns to the event loop, where timers, signals and the user interface run. */
const BATCHES_PER_TASK = 4;

/**
 * Trains a twin: an async generator that yields after every step, so progress, logging and stopping early are a loop.
 *
 * Every step draws a batch (several with `accumulate`), computes the loss, and lets the optimizer write the parameters
 * in place. The same seed gives the same bits. Breaking out of the loop, an abort and an exception leave the weights of
 * the last finished step.
 *
 * Throws: RangeError for a loss or gradient that is not finite, naming its step, before it reaches the weights;
 * FormatError for bytes to resume from that are not a checkpoint, and RangeError (ShapeError where names or shapes
 * differ) for a checkpoint of another training, before anything is written; RangeError before the first step for
 * options that do not fit together, an optimizer of another module, and validation pairs that cannot be measured, and
 * TypeError for `modules` that are none, or that name two tensors alike; RangeError for a schedule that gives a factor
 * that is negative or not finite; TypeError where `afterStep` returns a promise.
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
  const { batches, epochs, random, validate, patience = Infinity, accumulate = 1, signal, optimizer } = options;
  checkOptions(twin, options);
  const perEpoch = stepsPerEpoch(options);
  const steps = epochs * perEpoch;
  let step = 0;
  let best: Best | undefined;
  /** Whether the twin holds the best weights, not those of the last step. */
  let over = false;
  if (options.resume !== undefined) ({ step, best } = restore(options.resume, twin, options));
  for (let epoch = Math.floor(step / perEpoch); epoch < epochs; epoch++) {
    if (best !== undefined && epoch - best.epoch >= patience) break;
    for await (const { loss, gradientNorm } of stepsOfEpoch(twin, options, epoch, step)) {
      step++;
      callAfterStep(options, { epoch: epoch + 1, step, steps, loss });
      const last = step === (epoch + 1) * perEpoch;
      const score = last && validate !== undefined ? validationScore(twin, validate) : undefined;
      const better = score !== undefined && isBetter(validate?.metric, score, best?.score);
      if (score !== undefined && better) best = { score, epoch: epoch + 1, ...takeSnapshot(twin, options) };
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
            batches: batches.length,
            accumulate,
            random: random.state,
            metric: validate?.metric,
            ...currentValues(twin, options),
            optimizer: optimizer.state(),
            best,
          });
        },
      };
      signal?.throwIfAborted();
    }
  }

  if (best !== undefined) {
    over = true;
    loadSnapshot(twin, options, best);
  }
}

function stepsPerEpoch<B>({ batches, accumulate = 1 }: TrainOptions<B>): number {
  return Math.ceil(batches.length / accumulate);
}

/** The steps of an epoch that come after `step` steps in all; what an unfinished one has written is put back. */
async function* stepsOfEpoch<B>(
  twin: Twin<Measure>,
  options: TrainOptions<B>,
  epoch: number,
  step: number,
): AsyncGenerator<StepResult, void, undefined> {
  const { batches, accumulate = 1, signal } = options;
  const count = batches.length;
  // Named, so that the batches may fork the same source by epoch and number, as the samplers do.
  const stream = options.random.fork('dropout').fork(epoch);
  const before = epoch * stepsPerEpoch(options);
  const done = (step - before) * accumulate;
  const { rest, first } = startAt(batches.epoch(epoch), done);
  let position = first;
  let current: Step<B> | undefined;
  try {
    for await (const batch of rest) {
      if (position === count) throw wrongLength(epoch, `has more than ${count}`, count);
      const left = count - position;
      if (position++ < done) continue;
      if ((epoch * count + position) % BATCHES_PER_TASK === 1) await macrotask();
      if (current === undefined) signal?.throwIfAborted();
      current ??= new Step(twin, options, before + Math.ceil(position / accumulate), Math.min(accumulate, left));
      const result = current.take(batch, { training: true, random: stream.fork(position) });
      if (result === undefined) continue;
      current = undefined;
      yield result;
    }
    if (position < count) throw wrongLength(epoch, `had ${position}`, count);
  } finally {
    current?.rollBack();
  }
}

/** Outside the step, which is done whatever `afterStep` throws. */
function callAfterStep<B>({ afterStep }: TrainOptions<B>, info: StepInfo): void {
  const result: unknown = afterStep?.(info);
  if (!isThenable(result)) return;
  // It goes on alone; only the error below is to be seen.
  const ignore = () => undefined;
  result.then(ignore, ignore);
  throw new TypeError(
    'train: afterStep returned a promise. It must be synchronous; await in the loop over the steps instead.',
  );
}

function wrongLength(epoch: number, found: string, length: number): RangeError {
  return new RangeError(
    `train: epoch ${epoch + 1} ${found} batches, but batches.length is ${length}. Make both agree.`,
  );
}

/** The batches of an epoch from batch `done` on, where they can start there; else all, to be passed over. */
function startAt<B>(
  all: ReturnType<Batches<B>['epoch']>,
  done: number,
): { readonly rest: Iterable<B> | AsyncIterable<B>; readonly first: number } {
  return isSkippable(all) ? { rest: all.startingAt(done), first: done } : { rest: all, first: 0 };
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

/** Writes a checkpoint into twin and optimizer, after checking that it belongs to this training. */
function restore<B>(
  bytes: Uint8Array,
  twin: Twin<Measure>,
  options: TrainOptions<B>,
): { readonly step: number; readonly best: Best | undefined } {
  const { batches, accumulate = 1, epochs, optimizer, random, validate } = options;
  const checkpoint = decodeCheckpoint(bytes);
  const mismatch = (what: string) =>
    new RangeError(`train: the checkpoint is of a training with ${what}. Resume with the options it was started with.`);
  if (checkpoint.batches !== batches.length)
    throw mismatch(`${checkpoint.batches} batches an epoch, this one has ${batches.length}`);
  if (checkpoint.accumulate !== accumulate)
    throw mismatch(`accumulate: ${checkpoint.accumulate}, this one has accumulate: ${accumulate}`);
  if (checkpoint.random[0] !== random.state[0] || checkpoint.random[1] !== random.state[1])
    throw mismatch('another random seed');
  if (checkpoint.metric !== validate?.metric) {
    const named = (metric: string | undefined) =>
      metric === undefined ? 'no validation' : `validation by '${metric}'`;
    throw mismatch(`${named(checkpoint.metric)}, this one has ${named(validate?.metric)}`);
  }
  if (checkpoint.step > epochs * stepsPerEpoch(options)) {
    const each = accumulate === 1 ? '' : `, ${accumulate} a step`;
    throw new RangeError(
      `train: the checkpoint has done ${checkpoint.step} steps, more than ${epochs} epochs of ${batches.length} batches${each}. Raise epochs.`,
    );
  }
  checkSnapshot(twin, options, checkpoint);
  if (checkpoint.best !== undefined) checkSnapshot(twin, options, checkpoint.best);
  optimizer.loadState(checkpoint.optimizer);
  loadSnapshot(twin, options, checkpoint);
  return checkpoint;
}

/** Lets the event loop run its other tasks. */
function macrotask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
