import { mul } from '../autograd/ops/arithmetic.ts';
import { sum } from '../autograd/ops/reductions.ts';
import { Parameter } from '../autograd/parameter.ts';
import { backward, needsGradient } from '../autograd/tape.ts';
import { toDouble } from '../tensor/precision.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { differ, type TensorFunction, weights } from './violations.ts';

/**
 * Rounding of float32, 6e-8, in the some hundred steps of an op, relative to the largest number that takes part:
 * sums that cancel keep the rounding of their terms.
 */
const ROUNDING = 2e-5;

/** Where result or gradients in float32 are not those in double precision. */
export function otherInDouble(fn: TensorFunction, inputs: readonly Tensor[], gradients: boolean): string | undefined {
  const single = evaluate(fn, inputs, gradients);
  const double = evaluate(fn, inputs.map(toDouble), gradients);
  return closeAll(single, double, largest(inputs));
}

/** Where numbers in float32 are not those in double precision, by name. `scale` is the largest that took part. */
export function closeAll(
  single: ReadonlyMap<string, Tensor>,
  double: ReadonlyMap<string, Tensor>,
  scale: number,
): string | undefined {
  for (const [what, expected] of double) {
    const actual = single.get(what);
    const absolute = ROUNDING * Math.max(1, scale, largest([expected]));
    const wrong = actual && differ(actual, expected, { relative: ROUNDING, absolute });
    if (wrong !== undefined) return `${what} in float32 and in double precision: ${wrong}`;
  }
  return undefined;
}

/** The largest absolute value. */
export function largest(tensors: readonly Tensor[]): number {
  return tensors.reduce((most, x) => x.data.reduce((m, v) => Math.max(m, Math.abs(v)), most), 0);
}

/** The result of an op, and the gradients of all inputs of a weighted sum of it, by name. */
export function evaluate(fn: TensorFunction, inputs: readonly Tensor[], gradients: boolean): Map<string, Tensor> {
  const leaves = inputs.map((x) => new Parameter(x.data, x.shape));
  const y = fn(...leaves);
  const named = new Map(leaves.map((leaf, i) => [`the gradient of input ${i}`, leaf]));
  return new Map([['the result', y], ...(gradients ? gradientsOf(y, named) : [])]);
}

/** The gradients of a weighted sum of y, by name; those that y does not depend on are left out. */
export function gradientsOf(y: Tensor, leaves: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const loss = sum(mul(y, weights(y)));
  if (!needsGradient(loss)) return new Map();
  const found = backward(loss);
  return new Map([...leaves].flatMap(([name, leaf]) => (found.has(leaf) ? [[name, found.get(leaf)]] : [])));
}
