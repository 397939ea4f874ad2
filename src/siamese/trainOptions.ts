import type { Batches, SyncBatches } from '../data/batches.ts';
import { type Context, Module } from '../nn/module.ts';
import { type ModuleTree, namedParameters } from '../nn/state.ts';
import { checkMaxNorm } from '../optim/clip.ts';
import type { Optimizer } from '../optim/optimizer.ts';
import type { Schedule } from '../optim/schedules.ts';
import { checkInteger } from '../tensor/check.ts';
import { checkSource, type Random } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkPairs, type InputPairs } from './scorePairs.ts';
import { valuesOutside } from './snapshot.ts';
import type { Measure, Twin } from './twin.ts';

/** What `validate` measures on its pairs; for `eer` lower is better. `accuracy` is that of the best threshold. */
export type ValidationMetric = 'accuracy' | 'auc' | 'eer';

/** What `afterStep` is told: the same as the step's `TrainStep`. */
export interface StepInfo {
  readonly epoch: number;
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
}

/** Options of `train`. */
export interface TrainOptions<B> {
  readonly batches: Batches<B>;
  /**
   * The loss of a batch, one number; `context` belongs into `twin.compare` and `twin.embed`. Each step runs in a
   * `scope`: a tensor made in here, or by a layer, and stored away can be read after the step only if it went through
   * `keep(x)`; a raw `data` of one must be copied. The batch itself is drawn outside.
   */
  readonly loss: (batch: B, context: Context) => Tensor;
  /** Made for the twin, or for the twin and other modules, `new Adam({ twin, projector }, ...)`; see `modules`. */
  readonly optimizer: Optimizer;
  /**
   * Modules besides the twin that the loss or `afterStep` uses: `{ projector, predictor, target }`. Their parameters and
   * buffers, such as the running statistics of a BatchNorm, are kept with those of the twin: in checkpoints, with the best
   * weights of `validate`, and their buffers where a step is aborted. Of a module that is not named here, only the
   * parameters that the optimizer trains are kept. Default: none.
   */
  readonly modules?: ModuleTree | undefined;
  /** Passes over the batches. */
  readonly epochs: number;
  /** Where dropout draws from; forked by epoch and batch. */
  readonly random: Random;
  /**
   * Scores pairs after every epoch; at the end the twin, the other modules, and what the optimizer trains besides, get
   * the weights of the best epoch. The labels are read once before the first step, so that pairs of one kind do not cost an epoch.
   */
  readonly validate?: { readonly pairs: SyncBatches<InputPairs>; readonly metric: ValidationMetric } | undefined;
  /** Stops after so many epochs without a better validation. Default: never. */
  readonly patience?: number | undefined;
  /** Limits the norm of the gradients, see `clipGradientNorm`. */
  readonly clip?: { readonly maxNorm: number } | undefined;
  /**
   * What the learning rates are multiplied by, as a function of the optimizer's steps done in this training, counted
   * from 0: `cosineDecay({ steps })`, or one of your own. Called once a step, also of a resumed training, where it goes
   * on with the step. Default: 1.
   */
  readonly schedule?: Schedule | undefined;
  /**
   * Batches for one step of the optimizer: it gets the mean of their gradients, as from one batch as large where they
   * are equally large and their losses are means; batch norm still sees each alone. Everything called a step, also in
   * `schedule` and in a checkpoint, is such a step, and its loss is the mean of theirs. An epoch whose batches this does
   * not divide ends with a step of fewer, the mean of those. Default 1.
   */
  readonly accumulate?: number | undefined;
  /**
   * Called after every step, when the optimizer has written: for `emaUpdate`, projecting weights, logging. It comes
   * before the validation, the yield and the checkpoint, so all see what it writes into the twin and `modules`; what else
   * it writes is in no checkpoint. It is synchronous; what it throws ends the training after that step. The slow network
   * of BYOL: `({ step, steps }) => emaUpdate(target, online, 1 - 0.004 * cosineDecay({ steps })(step))`.
   */
  readonly afterStep?: ((info: StepInfo) => void) | undefined;
  /** Ends the training with an exception, `signal.reason`, after the step under way. */
  readonly signal?: AbortSignal | undefined;
  /** Bytes of a checkpoint of the same training, to go on from. */
  readonly resume?: Uint8Array | undefined;
}

/** Everything that can be known to be wrong before the first step; the labels of the validation pairs are read once. */
export function checkOptions<B>(twin: Twin<Measure>, options: TrainOptions<B>): void {
  const { batches, epochs, optimizer, modules = {}, validate, patience = Infinity, clip, accumulate = 1 } = options;
  checkSource('train', options.random, 'the masks of dropout');
  checkInteger('train', 'epochs', epochs, 1);
  checkInteger('train', 'batches.length', batches.length, 1);
  checkInteger('train', 'accumulate', accumulate, 1);
  const trained = new Set(optimizer.parameters.values());
  if (![...namedParameters(twin).values()].some((own) => trained.has(own))) {
    throw new RangeError(
      'train: the optimizer holds no parameter of the twin. Make it for the twin that is trained, e.g. new Adam(twin, ...).',
    );
  }
  checkModules(modules);
  valuesOutside(twin, options);
  if (patience !== Infinity) {
    checkInteger('train', 'patience', patience, 1);
    if (validate === undefined)
      throw new RangeError('train: patience needs validate, which says what is better. Pass { pairs, metric }.');
  }
  if (clip !== undefined) checkMaxNorm('train', 'clip.maxNorm', clip.maxNorm);
  if (validate === undefined) return;
  if (!['accuracy', 'auc', 'eer'].includes(validate.metric)) {
    throw new RangeError(`train: unknown metric '${String(validate.metric)}'. Use 'accuracy', 'auc' or 'eer'.`);
  }
  checkPairs('train', validate.pairs);
}

/** What plain JavaScript may pass: it would be left out of checkpoints without a word. */
function checkModules(modules: ModuleTree): void {
  if (modules instanceof Module) return;
  for (const [name, value] of Object.entries(modules)) {
    if (value instanceof Module) continue;
    throw new TypeError(`train: modules.${name} is of type ${typeof value}, not a Module. Pass { name: module }.`);
  }
}
