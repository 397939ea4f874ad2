import { FormatError } from '../io/formatError.ts';
import { readSafetensors, writeSafetensors } from '../io/safetensors.ts';
import type { OptimizerState } from '../optim/optimizer.ts';
import type { RandomState } from '../tensor/random.ts';
import { entriesOf, tensorsOf } from './modelFile.ts';
import type { Snapshot } from './snapshot.ts';

/** Counts up when the meaning of the file changes. */
const CHECKPOINT_VERSION = '1';

/** The best validation so far, and the values at the end of its epoch. */
export interface Best extends Snapshot {
  readonly score: number;
  /** Epoch of it, counted from 1. */
  readonly epoch: number;
}

/** Everything that a training needs to go on as if it had never stopped. */
export interface Checkpoint extends Snapshot {
  /** Steps done. */
  readonly step: number;
  /** Batches an epoch, and the random key, of the training: another one cannot go on with this checkpoint. */
  readonly batches: number;
  /** Batches a step: what a step is, and so where in its epoch the training stands. */
  readonly accumulate: number;
  readonly random: RandomState;
  /** What the validation measures, where there is one: scores of another metric cannot be compared with the best. */
  readonly metric: string | undefined;
  readonly optimizer: OptimizerState;
  readonly best: Best | undefined;
}

/** A checkpoint as one safetensors file. */
export function encodeCheckpoint({
  step,
  batches,
  accumulate,
  random,
  metric,
  state,
  extra,
  optimizer,
  best,
}: Checkpoint): Uint8Array<ArrayBuffer> {
  const entries = new Map([
    ...entriesOf(state, 'model.'),
    ...entriesOf(extra, 'extra.'),
    ...entriesOf(optimizer.tensors, 'optimizer.'),
    ...entriesOf(best?.state ?? new Map(), 'best.'),
    ...entriesOf(best?.extra ?? new Map(), 'best_extra.'),
  ]);
  return writeSafetensors(entries, {
    'twingrad.checkpoint': CHECKPOINT_VERSION,
    'twingrad.training': JSON.stringify([step, batches, ...random, optimizer.steps]),
    // Only where it is not 1, so that a version without it reads all that it could resume.
    ...(accumulate === 1 ? {} : { 'twingrad.accumulate': JSON.stringify([accumulate]) }),
    ...(metric === undefined ? {} : { 'twingrad.metric': metric }),
    // A score is written by its shortest decimal form, which reads back to the same bits.
    ...(best === undefined ? {} : { 'twingrad.best': JSON.stringify([best.score, best.epoch]) }),
  });
}

/** Throws: FormatError where the bytes are not a checkpoint that this version reads. */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const file = readSafetensors(bytes);
  const version = file.metadata.get('twingrad.checkpoint');
  if (version !== CHECKPOINT_VERSION) {
    throw new FormatError(
      'train',
      version === undefined
        ? "the bytes to resume from hold no 'twingrad.checkpoint'"
        : `the checkpoint has version '${version}', this library reads ${CHECKPOINT_VERSION}`,
      'Pass what step.checkpoint() returned, as saved by this version of twingrad.',
    );
  }
  const counts = numbers(file.metadata.get('twingrad.training'), 6, (v) => Number.isSafeInteger(v) && v >= 0);
  const [step, batches, key0, key1, counter, optimizerSteps] = counts;
  const accumulateText = file.metadata.get('twingrad.accumulate') ?? '[1]';
  const [accumulate] = numbers(accumulateText, 1, (v) => Number.isSafeInteger(v) && v > 0);
  const perEpoch = Math.ceil(batches / accumulate);
  const bestText = file.metadata.get('twingrad.best');
  const tensors = (prefix: string) => tensorsOf('train', file, prefix);
  const bestValues = { state: tensors('best.'), extra: tensors('best_extra.') };
  // Also asked for where there are best weights without it: nothing may be lost in silence.
  const [score, epoch] =
    bestText === undefined && bestValues.state.size + bestValues.extra.size === 0
      ? []
      : numbers(bestText, 2, (v, i) =>
          i === 0 ? Number.isFinite(v) : Number.isInteger(v) && v > 0 && v * perEpoch <= step,
        );
  return {
    step,
    batches,
    accumulate,
    random: [key0, key1, counter],
    metric: file.metadata.get('twingrad.metric'),
    state: tensors('model.'),
    extra: tensors('extra.'),
    optimizer: { steps: optimizerSteps, tensors: tensors('optimizer.') },
    best: score === undefined ? undefined : { score, epoch, ...bestValues },
  };
}

function numbers(text: string | undefined, count: number, valid: (value: number, i: number) => boolean): number[] {
  try {
    const values: unknown = JSON.parse(text ?? '');
    if (
      Array.isArray(values) &&
      values.length === count &&
      values.every((v, i) => typeof v === 'number' && valid(v, i))
    )
      return values;
  } catch {
    // Reported below, like any other content that is not a list of numbers.
  }
  throw new FormatError(
    'train',
    `the checkpoint's metadata '${text}' is not a list of ${count} fitting numbers`,
    'The file is damaged: resume from another one.',
  );
}
