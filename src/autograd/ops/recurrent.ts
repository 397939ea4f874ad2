import { active } from '../../tensor/kernels/kernels.ts';
import * as portable from '../../tensor/kernels/portable/matmul.ts';
import { allocateZeros } from '../../tensor/precision.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { add, mul, sub } from './arithmetic.ts';
import { concat } from './joining.ts';
import { reshape, slice } from './rearrange.ts';

/*
 * What the recurrent ops share. They run over all steps of `[T, N, ...]` themselves, so that the tape holds one node a
 * sequence, the gradient of a weight is one product over all steps, and no step costs memory of the whole sequence's
 * size. Sequences may be read backwards, and may have different lengths: one that is over rests, its state unchanged,
 * so that the last state is the one sought whichever the direction.
 */

/** Options of the recurrent ops. */
export interface RecurrentOptions {
  /** Whether steps are taken from the last to the first. Default false. */
  readonly reverse?: boolean | undefined;
  /** Steps of each sequence, `[N]`; default all. */
  readonly lengths?: Int32Array | undefined;
}

/** The steps in the order in which they are taken. */
export function stepOrder(steps: number, reverse: boolean): number[] {
  return Array.from({ length: steps }, (_, i) => (reverse ? steps - 1 - i : i));
}

/** Row `step` of an array of equally large parts. */
export function stepOf(data: Float32Array, step: number, size: number): Float32Array {
  return data.subarray(step * size, (step + 1) * size);
}

/** `out = a weight^T`, or `out += a weight` where `back`; a [rows, ...], weight [gates, hidden]. */
export function stateProduct(a: Float32Array, weight: Tensor, out: Float32Array, rows: number, back: boolean): void {
  const [gates, hidden] = weight.shape;
  const spec = { m: rows, n: back ? hidden : gates, k: back ? gates : hidden, transposeA: false };
  (active(out).matmul ?? portable.matmul)(a, weight.data, out, { ...spec, transposeB: !back, accumulate: back });
}

/**
 * The gradient of the weight: `g^T states` over all steps, g [T, N, gates], each with the state before it: the initial
 * one, or that of the step before.
 */
export function weightGradient(
  g: Float32Array,
  states: Tensor,
  initial: Tensor,
  weight: Tensor,
  reverse: boolean,
): Tensor {
  const out = allocateZeros([states], weight.shape);
  const [gates, hidden] = weight.shape;
  const [steps, rows] = states.shape;
  const run = active(out).matmul ?? portable.matmul;
  const add = (a: Float32Array, b: Float32Array) =>
    run(a, b, out, {
      m: gates,
      n: hidden,
      k: b.length / hidden,
      transposeA: true,
      transposeB: false,
      accumulate: true,
    });
  if (steps > 0) {
    const [first, rest, known] = reverse ? [steps - 1, 0, 1] : [0, 1, 0];
    add(stepOf(g, first, rows * gates), initial.data);
    const others = (steps - 1) * rows;
    add(
      g.subarray(rest * rows * gates, (rest * rows + others) * gates),
      states.data.subarray(known * rows * hidden, (known * rows + others) * hidden),
    );
  }
  return new Tensor(out, weight.shape);
}

/** The steps of `[T, N, ...]`, by halves: the gradient of a half is of its size, so that all of them cost `T log T`. */
export function splitSteps(x: Tensor): Tensor[] {
  const [steps] = x.shape;
  if (steps === 0) return [];
  if (steps === 1) return [reshape(x, x.shape.slice(1))];
  const half = Math.floor(steps / 2);
  return [...splitSteps(slice(x, [[0, half]])), ...splitSteps(slice(x, [[half, steps]]))];
}

/** The steps as one tensor `[T, N, ...]`, the inverse of `splitSteps`; `like` gives the shape where there are none. */
export function stackSteps(steps: readonly Tensor[], like: Tensor): Tensor {
  if (steps.length === 0) return reshape(slice(like, [[0, 0]]), [0, ...like.shape]);
  return concat(steps.map((x) => reshape(x, [1, ...x.shape])));
}

/** The new state where the sequence goes on, else the old one. */
export function restAfter(lengths: Int32Array | undefined, step: number, fresh: Tensor, old: Tensor): Tensor {
  if (lengths === undefined) return fresh;
  const goesOn = new Tensor(
    Float32Array.from(lengths, (length) => (step < length ? 1 : 0)),
    [lengths.length, 1],
  );
  return add(mul(goesOn, fresh), mul(sub(1, goesOn), old));
}

/** Gate `index` of `[N, gates * hidden]`. */
export function gateOf(x: Tensor, index: number, hidden: number): Tensor {
  return slice(x, [
    [0, x.shape[0]],
    [index * hidden, (index + 1) * hidden],
  ]);
}
