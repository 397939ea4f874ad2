import { toDouble } from '../tensor/precision.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { evaluate, type TensorFunction } from './evaluation.ts';
import { largest } from './rows.ts';
import { differ } from './violations.ts';

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
