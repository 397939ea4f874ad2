import { GradientMap, type Gradients } from '../autograd/gradients.ts';
import { scope } from '../autograd/scope.ts';
import { backward } from '../autograd/tape.ts';
import type { Context } from '../nn/module.ts';
import { namedParameters } from '../nn/state.ts';
import { clipGradientNorm } from '../optim/clip.ts';
import { firstNonFinite } from '../tensor/check.ts';
import { Tensor } from '../tensor/tensor.ts';
import { allBuffers } from './snapshot.ts';
import type { TrainOptions } from './trainOptions.ts';
import type { Measure, Twin } from './twin.ts';

/** What a step needs of the options of `train`. */
type StepOptions<B> = Pick<TrainOptions<B>, 'loss' | 'optimizer' | 'modules' | 'clip' | 'schedule'>;

/** What a step was, for `train` to yield. */
export interface StepResult {
  readonly loss: number;
  readonly gradientNorm: number | undefined;
}

/**
 * One step of the optimizer over one batch or several, all or nothing: `rollBack` puts back the buffers that the forward
 * passes wrote, as long as the optimizer has not written.
 */
export class Step<B> {
  readonly #twin: Twin<Measure>;
  readonly #options: StepOptions<B>;
  /** Number of the step, from 1. */
  readonly #number: number;
  readonly #batches: number;
  readonly #buffers: readonly (readonly [tensor: Tensor, before: Float32Array])[];
  /** Sums of the gradients so far, where several batches make a step: written in place, outside every scope. */
  readonly #sums = new Map<Tensor, Tensor>();
  #losses = 0;
  #taken = 0;

  constructor(twin: Twin<Measure>, options: StepOptions<B>, number: number, batches: number) {
    this.#twin = twin;
    this.#options = options;
    this.#number = number;
    this.#batches = batches;
    this.#buffers = allBuffers(twin, options).map((t) => [t, t.data.slice()]);
  }

  /** Takes the next batch, in a scope of its own; with the last one the optimizer writes, and the step is returned. */
  take(batch: B, context: Context): StepResult | undefined {
    return scope(() => {
      const loss = this.#lossOf(batch, context);
      this.#losses += loss.item();
      this.#taken++;
      const gradients = backward(loss);
      if (this.#batches === 1) return this.#write(gradients);
      this.#accumulate(gradients);
      if (this.#taken < this.#batches) return undefined;
      for (const { data } of this.#sums.values()) for (let i = 0; i < data.length; i++) data[i] /= this.#batches;
      return this.#write(new GradientMap(this.#sums));
    });
  }

  rollBack(): void {
    for (const [{ data }, before] of this.#buffers) data.set(before);
  }

  #lossOf(batch: B, context: Context): Tensor {
    const loss = this.#options.loss(batch, context);
    if (!(loss instanceof Tensor) || loss.size !== 1) {
      throw new TypeError(
        `train: the loss must be a Tensor with one value; got ${loss instanceof Tensor ? String(loss) : typeof loss}. Reduce it with mean().`,
      );
    }
    const value = loss.item();
    if (!Number.isFinite(value)) {
      throw new RangeError(
        `train: the loss is ${value} at step ${this.#number}; the weights are those of step ${this.#number - 1}. Check the data for NaN, or lower the learning rate.`,
      );
    }
    return loss;
  }

  #accumulate(gradients: Gradients): void {
    for (const [parameter, { data, shape }] of gradients) {
      const sum = this.#sums.get(parameter)?.data;
      // A copy, since two parameters may share one gradient, and the scope is about to close.
      if (sum === undefined) this.#sums.set(parameter, new Tensor(data.slice(), shape));
      else for (let i = 0; i < sum.length; i++) sum[i] += data[i];
    }
  }

  /** The optimizer writes; no weight is written before the gradients are known to be finite. */
  #write(gradients: Gradients): StepResult {
    const { optimizer, clip, schedule } = this.#options;
    this.#checkFinite(gradients);
    this.#checkOwned(gradients);
    const clipped = clip === undefined ? undefined : clipGradientNorm(gradients, clip);
    // Undefined, from plain JavaScript, must not mean 1.
    const learningRateFactor = schedule === undefined ? 1 : (schedule(this.#number - 1) ?? NaN);
    optimizer.step(clipped?.gradients ?? gradients, { learningRateFactor });
    return { loss: this.#losses / this.#batches, gradientNorm: clipped?.norm };
  }

  #checkFinite(gradients: Gradients): void {
    for (const [parameter, { data }] of gradients) {
      const bad = firstNonFinite(data);
      if (bad >= 0) {
        const known = [...namedParameters(this.#twin), ...namedParameters(this.#options.modules ?? {})];
        const [name] = known.find(([, own]) => own === parameter) ?? [];
        const owner = name === undefined ? 'a parameter outside the twin' : `'${name}'`;
        throw new RangeError(
          `train: the gradient of ${owner} holds ${data[bad]} at step ${this.#number}; the weights are those of step ${this.#number - 1}. Lower the learning rate, or check the data for huge values.`,
        );
      }
    }
  }

  /** A loss of another twin's embeddings would train nothing of this one, and never say so. */
  #checkOwned(gradients: Gradients): void {
    if ([...namedParameters(this.#twin).values()].some((own) => gradients.has(own))) return;
    throw new RangeError(
      `train: no gradient belongs to the twin at step ${this.#number}; the weights are those of step ${this.#number - 1}. Compute the loss with the twin that is trained.`,
    );
  }
}
