import { fillProjection } from '../autograd/gradcheck.ts';
import { mul } from '../autograd/ops/arithmetic.ts';
import { sum } from '../autograd/ops/reductions.ts';
import { Parameter } from '../autograd/parameter.ts';
import { backward, needsGradient } from '../autograd/tape.ts';
import { coordinatesOf, formatShape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/** A function of tensors. */
export type TensorFunction = (...inputs: Tensor[]) => Tensor;

/** The value of an op, and the gradients of all inputs of a weighted sum of it, by name. */
export function evaluate(fn: TensorFunction, inputs: readonly Tensor[], gradients: boolean): Map<string, Tensor> {
  const leaves = inputs.map((x) => new Parameter(x.data, x.shape));
  const y = fn(...leaves);
  const named = new Map(leaves.map((leaf, i) => [`the gradient with respect to input ${i}`, leaf]));
  return new Map([['the value', y], ...(gradients ? gradientsOf(y, named) : [])]);
}

/** The gradients of a weighted sum of y, by name; those that y does not depend on are left out. */
export function gradientsOf(y: Tensor, leaves: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const weights = new Tensor(fillProjection(new Float32Array(y.size), 'output'), y.shape);
  const loss = sum(mul(y, weights));
  if (!needsGradient(loss)) return new Map();
  const found = backward(loss);
  return new Map([...leaves].flatMap(([name, leaf]) => (found.has(leaf) ? [[name, found.get(leaf)]] : [])));
}

/** The first number that is NaN or infinite, in words; undefined where there is none. */
export function firstNotFinite(results: ReadonlyMap<string, Tensor>): string | undefined {
  for (const [what, x] of results) {
    const at = x.data.findIndex((v) => !Number.isFinite(v));
    if (at >= 0) return `${what} is ${x.data[at]} at ${place(at, x)}`;
  }
  return undefined;
}

/** Where an element is, as in `[1, 0]`. */
export function place(index: number, { shape }: Tensor): string {
  return formatShape(coordinatesOf(index, shape));
}
