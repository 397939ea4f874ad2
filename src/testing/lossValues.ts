import { Parameter } from '../autograd/parameter.ts';
import { backward, needsGradient } from '../autograd/tape.ts';
import { ShapeError } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { Inputs } from './law.ts';
import { embeddingsOf, type LossKind, type LossSetting, withEmbeddings } from './lossKind.ts';

/** A loss: what it takes, to one number. */
export type Loss<I> = (input: I) => Tensor;

/** What a law of a loss is about. */
export interface LossSubject<I extends object> {
  readonly kind: LossKind<I>;
  readonly subject: string;
  readonly fn: Loss<I>;
  readonly setting: LossSetting;
}

/**
 * Rounding of float32, 6e-8, in sums of some ten terms that may cancel to a hundredth: what two values of a loss, or a
 * loss and 0, may be apart. Of the larger one, and of the unit that its distances have.
 */
export const ROUNDING = 1e-5;

/**
 * A loss that says what is wrong with what it gave: laws would only say what they could not do with it.
 *
 * Throws, when called: TypeError where it gave no tensor, ShapeError where it gave more than one number.
 */
export function oneNumber<I>(subject: string, fn: Loss<I>): Loss<I> {
  return (input) => {
    const loss: unknown = fn(input);
    if (!(loss instanceof Tensor)) {
      throw new TypeError(
        `${subject}: a loss must give a Tensor; got ${String(loss)}. Return the tensor, from a function that is not async.`,
      );
    }
    if (loss.size !== 1)
      throw new ShapeError(subject, 'a loss must be one number', [loss.shape], 'Take its mean or sum.');
    return loss;
  };
}

/** The loss as a number. */
export function lossOf<I>(fn: Loss<I>, input: I): number {
  // Not in noGrad: a loss may differentiate something itself.
  return fn(input).item();
}

/** The gradients with respect to the embeddings of an input, in their precision; 0 where the loss does not depend on one. */
export function gradientsOf<I extends object>(kind: LossKind<I>, fn: Loss<I>, input: I): Tensor[] {
  const leaves = embeddingsOf(kind, input).map((x) => new Parameter(x.data.slice(), x.shape));
  const loss = fn(withEmbeddings(kind, input, leaves));
  const gradients = needsGradient(loss) ? backward(loss) : undefined;
  return leaves.map((leaf) =>
    gradients?.has(leaf) ? gradients.get(leaf) : new Tensor(leaf.data.slice().fill(0), leaf.shape),
  );
}

/** A loss as a function of the embeddings of an input. */
export function overEmbeddings<I extends object>(
  kind: LossKind<I>,
  fn: Loss<I>,
  input: I,
): (...xs: Tensor[]) => Tensor {
  return (...embeddings) => fn(withEmbeddings(kind, input, embeddings));
}

/** What is said of `input 0`, said of the property that it is. */
export function byName<I extends object>(kind: LossKind<I>, violation: string | undefined): string | undefined {
  return violation?.replace(/\binput (\d+)/g, (whole, i) => kind.embeddings[Number(i)] ?? whole);
}

/** Where a loss has another value after a change that should not matter, in words. `tolerance` is of it, and of the unit. */
export function otherValue<I extends object>(
  { fn, setting }: LossSubject<I>,
  before: I,
  after: I,
  { tolerance, change }: { readonly tolerance: number; readonly change: string },
): string | undefined {
  const [from, to] = [lossOf(fn, before), lossOf(fn, after)];
  const allowed = tolerance * (setting.unit + Math.max(Math.abs(from), Math.abs(to)));
  return Math.abs(to - from) > allowed ? `the loss went from ${say(from)} to ${say(to)} when ${change}.` : undefined;
}

/** The properties of an input, for showing it. */
export function partsOf(input: object): Inputs {
  return Object.fromEntries(Object.entries(input));
}

/** The properties that a move changed, as they are after it. */
export function changesOf(before: object, after: object): Inputs {
  const old = partsOf(before);
  return Object.fromEntries(
    Object.entries(after).flatMap(([name, value]) => (old[name] === value ? [] : [[`${name} after`, value]])),
  );
}

/** Six digits. */
export function say(value: number): string {
  return String(Number(value.toPrecision(6)));
}
