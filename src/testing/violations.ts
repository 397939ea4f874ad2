import type { GradcheckResult } from '../autograd/differences.ts';
import { gradcheck, gradgradcheck } from '../autograd/gradcheck.ts';
import { withRecording } from '../autograd/tape.ts';
import { createRandom } from '../tensor/random.ts';
import { formatShape, sameShape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { evaluate, firstNotFinite, place, type TensorFunction } from './evaluation.ts';

/**
 * What is wrong with the gradients of `fn`, in words; undefined where they agree with differences.
 *
 * At a kink (a hinge, a tie) differences are wrong themselves: a gradient counts as wrong only where it also is beside
 * the inputs drawn, on two sides.
 *
 * @example wrongGradients((x) => abs(x), [tensor([0, 1])]) // undefined
 */
export function wrongGradients(fn: TensorFunction, inputs: readonly Tensor[]): string | undefined {
  return wrongOnBothSides((xs) => gradcheck(fn, xs), inputs);
}

/**
 * What is wrong with the second derivatives of `fn`, in words; undefined where they agree with differences of gradients.
 * Kinks as in `wrongGradients`.
 *
 * @example wrongSecondDerivatives((x) => square(x), [tensor([0, 1])]) // undefined
 */
export function wrongSecondDerivatives(fn: TensorFunction, inputs: readonly Tensor[]): string | undefined {
  return wrongOnBothSides((xs) => gradgradcheck(fn, xs), inputs);
}

/**
 * Which value of `fn` or which of its gradients is NaN or infinite, in words; undefined where all are finite.
 *
 * @example notFinite((x) => log(x), [tensor([1, 0])]) // 'the value is -Infinity at [1]'
 */
export function notFinite(fn: TensorFunction, inputs: readonly Tensor[]): string | undefined {
  const copies = inputs.map((x) => new Tensor(x.data.slice(), x.shape));
  return withRecording(true, 'notFinite', () => firstNotFinite(evaluate(fn, copies, true)));
}

/** How far two tensors may be apart, element by element: `absolute + relative * |expected|`. */
export interface Tolerance {
  /** Default 0. */
  readonly relative?: number | undefined;
  /** Default 0. */
  readonly absolute?: number | undefined;
}

/**
 * Where a tensor differs from what it should be, in words; undefined where it does not. NaN equals NaN.
 *
 * @example differ(tensor([1, 2]), tensor([1, 3])) // '2 for 3 at [1]'
 */
export function differ(actual: Tensor, expected: Tensor, tolerance: Tolerance = {}): string | undefined {
  const { relative = 0, absolute = 0 } = tolerance;
  if (!sameShape(actual.shape, expected.shape))
    return `the shape ${formatShape(actual.shape)} for ${formatShape(expected.shape)}`;
  let worst = 0;
  let at = -1;
  for (let i = 0; i < expected.size; i++) {
    const [x, y] = [actual.data[i], expected.data[i]];
    if (x === y || (Number.isNaN(x) && Number.isNaN(y))) continue;
    const excess = Math.abs(x - y) - (absolute + relative * Math.abs(y));
    // Negated, since what is not finite makes it NaN.
    if (!(excess <= worst)) {
      worst = Number.isNaN(excess) ? Infinity : excess;
      at = i;
    }
  }
  return at < 0 ? undefined : `${actual.data[at]} for ${expected.data[at]} at ${place(at, expected)}`;
}

/**
 * By how much the neighbors of an input are beside it: far beyond the step of a difference, near for everything else.
 * The farther ones are for a function that bends within a step, as a norm does near 0.
 */
const BESIDE: readonly number[] = [1e-3, -1e-3, 2 ** -4, -(2 ** -4)];

/** What a check of gradients says, where it fails at the inputs and on both sides of them: not at a kink alone. */
export function wrongOnBothSides(
  check: (inputs: readonly Tensor[]) => GradcheckResult,
  inputs: readonly Tensor[],
): string | undefined {
  const here = check(inputs);
  if (here.ok) return undefined;
  for (const side of BESIDE) if (check(inputs.map((x, i) => beside(x, i, side))).ok) return undefined;
  return here.message;
}

/** A neighbor, in a fixed direction that has no kink along it. */
function beside(x: Tensor, input: number, distance: number): Tensor {
  const random = createRandom(0).fork('beside').fork(input);
  return new Tensor(
    x.data.map((v) => v + distance * (0.5 + random.uniform()) * Math.max(1, Math.abs(v))),
    x.shape,
  );
}
