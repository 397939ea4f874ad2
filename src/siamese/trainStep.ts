import type { Gradients } from '../autograd/gradients.ts';
import { Parameter } from '../autograd/parameter.ts';
import { scope } from '../autograd/scope.ts';
import { backward } from '../autograd/tape.ts';
import type { Context } from '../nn/module.ts';
import { namedParameters, stateDict } from '../nn/state.ts';
import { clipGradientNorm } from '../optim/clip.ts';
import { firstNonFinite } from '../tensor/check.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { TrainOptions } from './trainOptions.ts';
import type { Measure, Twin } from './twin.ts';

/** What a step needs of the options of `train`. */
type StepOptions<B> = Pick<TrainOptions<B>, 'loss' | 'optimizer' | 'clip'>;

/** One step in a scope, all or nothing: where it throws, the buffers that the forward pass wrote are put back. */
export function takeStep<B>(
  twin: Twin<Measure>,
  batch: B,
  context: Context,
  options: StepOptions<B>,
  step: number,
): { readonly loss: number; readonly gradientNorm: number | undefined } {
  const buffers = [...stateDict(twin).values()].filter((t) => !(t instanceof Parameter));
  const before = buffers.map(({ data }) => data.slice());
  try {
    return scope(() => tryStep(twin, batch, context, options, step));
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
  { loss, optimizer, clip }: StepOptions<B>,
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
  checkOwned(twin, gradients, step);
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

/** A loss of another twin's embeddings would train nothing of this one, and never say so. */
function checkOwned(twin: Twin<Measure>, gradients: Gradients, step: number): void {
  if ([...namedParameters(twin).values()].some((own) => gradients.has(own))) return;
  throw new RangeError(
    `train: no gradient belongs to the twin at step ${step}; the weights are those of step ${step - 1}. Compute the loss with the twin that is trained.`,
  );
}
