import type { GradcheckResult } from '../autograd/differences.ts';
import { gradcheck, gradgradcheck } from '../autograd/gradcheck.ts';
import { mul } from '../autograd/ops/arithmetic.ts';
import { sum } from '../autograd/ops/reductions.ts';
import { Parameter } from '../autograd/parameter.ts';
import { backward, needsGradient, withRecording } from '../autograd/tape.ts';
import { createRandom } from '../tensor/random.ts';
import { coordinatesOf, formatShape, sameShape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/** A function of tensors. */
export type TensorFunction = (...inputs: Tensor[]) => Tensor;

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
  return withRecording(true, 'notFinite', () => {
    const leaves = inputs.map((x) => new Parameter(x.data.slice(), x.shape));
    const out = fn(...leaves);
    const value = firstNotFinite(out);
    if (value !== undefined) return `the value is ${value}`;
    if (!needsGradient(out)) return undefined;
    const gradients = backward(sum(mul(out, weights(out))));
    for (const [i, leaf] of leaves.entries()) {
      const found = gradients.has(leaf) ? firstNotFinite(gradients.get(leaf)) : undefined;
      if (found !== undefined) return `the gradient with respect to input ${i} is ${found}`;
    }
    return undefined;
  });
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

/** Weights that are neither equal nor of one sign, so that nothing cancels. */
export function weights(out: Tensor): Tensor {
  const random = createRandom(0).fork('weights');
  return new Tensor(
    Float32Array.from(out.data, () => (random.uniform() < 0.5 ? -1 : 1) * (0.5 + random.uniform())),
    out.shape,
  );
}

export function firstNotFinite(x: Tensor): string | undefined {
  const at = x.data.findIndex((v) => !Number.isFinite(v));
  return at < 0 ? undefined : `${x.data[at]} at ${place(at, x)}`;
}

function place(index: number, { shape }: Tensor): string {
  return formatShape(coordinatesOf(index, shape));
}
