import { checkAboveZero, firstNonFinite } from '../tensor/check.ts';
import { isDouble, toDouble } from '../tensor/precision.ts';
import { createRandom } from '../tensor/random.ts';
import { coordinatesOf, formatShape, type Shape, ShapeError, sizeOf } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { compareWithDifferences, type GradcheckResult } from './differences.ts';
import { add, mul } from './ops/arithmetic.ts';
import { sum } from './ops/reductions.ts';
import { Parameter } from './parameter.ts';
import { backward, withRecording } from './tape.ts';

/** Options of `gradcheck` and `gradgradcheck`. */
export interface GradcheckOptions {
  /** Half the distance between the two points of a difference, relative to `max(1, |x|)`. Default 1e-5. */
  readonly step?: number | undefined;
  /** Largest relative error that passes. Default 1e-6, of second derivatives 1e-5. */
  readonly tolerance?: number | undefined;
}

/**
 * Compares the gradients of `fn` with central differences, all in double precision.
 *
 * The output, of any shape, is projected on fixed random weights (a sum would hide errors that cancel). The error of an
 * element is `|analytic - numeric| / max(|analytic|, |numeric|, 1e-3 max(1, largest numeric gradient))`, so a difference
 * below 1e-9 passes: scale a function up whose gradients are that small. Keep inputs away from kinks by more than the
 * step. `fn` must be deterministic. Records also inside `noGrad`. An op of your own takes its memory from `allocate`,
 * which gives doubles here.
 *
 * Cost: two calls of `fn` an element.
 * Throws: TypeError where no input is given or one is no Tensor, where `fn` returns no Tensor, and where an op of it gives
 * float32 data, with its name; ShapeError where the inputs or the output hold nothing; RangeError for an input or an
 * output that is not finite, for a step or tolerance out of range, and where two calls of `fn` differ.
 *
 * @example gradcheck((x, y) => mul(x, y), [tensor([1, 2]), tensor([3, 4])]).ok // true
 */
export function gradcheck(
  fn: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  options: GradcheckOptions = {},
): GradcheckResult {
  const leaves = doubleLeaves('gradcheck', inputs);
  return checkLeaves('gradcheck', () => fn(...leaves.values()), leaves, options);
}

/**
 * Compares second derivatives with differences of gradients: those of `fn`, recorded by `createGraph`, are differentiated
 * again, and compared with central differences of what a plain `backward` returns, all in double precision.
 *
 * Both with respect to the inputs and to the gradient of the output (the last in `worst.input`): a backward pass is a
 * function of both. So a pullback is found that is not written with ops, whose second derivative is 0 without a word, and
 * one whose two forms (`fused`) differ. Errors are measured as by `gradcheck`; where `fn` is linear or piecewise linear
 * the second derivative is 0.
 *
 * Cost: two calls of `fn` and of `backward` an element of the inputs and the output. Throws: as `gradcheck`.
 *
 * @example gradgradcheck((x, y) => mul(x, y), [tensor([1, 2]), tensor([3, 4])]).ok // true
 */
export function gradgradcheck(
  fn: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  options: GradcheckOptions = {},
): GradcheckResult {
  const leaves = doubleLeaves('gradgradcheck', inputs);
  return checkLeavesTwice('gradgradcheck', () => fn(...leaves.values()), leaves, options);
}

/** Leaves in double precision, by the names that messages call them by. */
export function doubleLeaves(caller: string, inputs: readonly Tensor[]): Map<string, Tensor> {
  if (!Array.isArray(inputs) || !inputs.every((x) => x instanceof Tensor))
    throw new TypeError(
      `${caller}: inputs must be an array of Tensors. What else fn takes is written in: (x) => fn(x, ids).`,
    );
  return new Map(inputs.map((x, i) => [`input ${i}`, new Parameter(toDouble(x).data, x.shape)]));
}

/** `gradcheck` for leaves in double precision that `fn` reads by itself. */
export function checkLeaves(
  caller: string,
  fn: () => Tensor,
  leaves: ReadonlyMap<string, Tensor>,
  { step = 1e-5, tolerance = 1e-6 }: GradcheckOptions,
): GradcheckResult {
  checkOptions(caller, step, tolerance);
  // Also inside noGrad: there is nothing to check in a function that is not recorded.
  return withRecording(true, caller, () => {
    const weights = projection(outputShape(caller, fn, leaves), 'output');
    const loss = () => sum(mul(fn(), weights));
    return compareWithDifferences({
      ...{ caller, quantity: 'gradient', leaves, step, tolerance },
      analytic: loss,
      numeric: loss,
      differentiated: loss,
    });
  });
}

/** `gradgradcheck` for leaves in double precision that `fn` reads by itself. */
export function checkLeavesTwice(
  caller: string,
  fn: () => Tensor,
  leaves: ReadonlyMap<string, Tensor>,
  { step = 1e-5, tolerance = 1e-5 }: GradcheckOptions,
): GradcheckResult {
  checkOptions(caller, step, tolerance);
  return withRecording(true, caller, () => {
    const weights = projection(outputShape(caller, fn, leaves), 'output');
    const seed = new Parameter(weights.data, weights.shape);
    const inputs = [...leaves.values()].map((leaf, i) => ({
      leaf,
      direction: projection(leaf.shape, `gradient ${i}`),
    }));
    const loss = () => sum(mul(fn(), seed));
    /** The gradients, projected in their turn. */
    const slope = (createGraph: boolean): Tensor => {
      const gradients = backward(loss(), { createGraph });
      const none = toDouble(new Tensor(new Float32Array(1), []));
      return inputs.reduce(
        (total, { leaf, direction }) =>
          gradients.has(leaf) ? add(total, sum(mul(gradients.get(leaf), direction))) : total,
        none,
      );
    };
    return compareWithDifferences({
      ...{ caller, quantity: 'second derivative', step, tolerance },
      leaves: new Map([...leaves, ['the output gradient', seed]]),
      analytic: () => slope(true),
      // The gradients that a user gets: where they are those of the recorded pass, a wrong recorded form is found too.
      numeric: () => slope(false),
      differentiated: loss,
    });
  });
}

function checkOptions(caller: string, step: number, tolerance: number): void {
  checkAboveZero(caller, 'step', step);
  if (!(tolerance >= 0)) throw new RangeError(`${caller}: tolerance must be at least 0; got ${tolerance}.`);
}

/** The shape of what `fn` returns, after a look at everything that would make differences worthless. */
function outputShape(caller: string, fn: () => Tensor, leaves: ReadonlyMap<string, Tensor>): Shape {
  if (leaves.size === 0) throw new TypeError(`${caller}: there is nothing to check. Pass at least one input.`);
  const shapes = [...leaves.values()].map(({ shape }) => shape);
  if (shapes.every((shape) => sizeOf(shape) === 0))
    throw new ShapeError(caller, 'every input is empty', shapes, 'Pass at least one value.');
  for (const [name, x] of leaves) checkFinite(caller, name, x, 'Pass finite inputs.');
  const out = tensorOf(caller, fn());
  if (out.size === 0)
    throw new ShapeError(caller, 'the output is empty', [out.shape], 'Pass inputs for which fn returns a value.');
  checkFinite(caller, 'the output', out, 'Pass inputs for which fn gives numbers.');
  checkPrecision(caller, out);
  checkRepeats(caller, out, tensorOf(caller, fn()));
  return out.shape;
}

function checkFinite(caller: string, name: string, { data, shape }: Tensor, advice: string): void {
  const bad = firstNonFinite(data);
  if (bad < 0) return;
  const place = formatShape(coordinatesOf(bad, shape));
  throw new RangeError(
    `${caller}: ${name} is ${data[bad]} at ${place}, where there is no difference to take. ${advice}`,
  );
}

function tensorOf(caller: string, out: unknown): Tensor {
  if (out instanceof Tensor) return out;
  throw new TypeError(`${caller}: fn must return a Tensor; got ${String(out)}. Return what is to be differentiated.`);
}

/** Throws a TypeError where an op gave float32 data: the step of a difference is lost in its rounding. */
function checkPrecision(caller: string, out: Tensor): void {
  const seen = new Set([out]);
  let first: Tensor | undefined;
  // A Set goes on with what is added while it is walked through.
  for (const tensor of seen) {
    if (!isDouble(tensor.data) && (first === undefined || serialOf(tensor) < serialOf(first))) first = tensor;
    for (const [input] of tensor.node?.edges ?? []) if (input.node !== undefined) seen.add(input);
  }
  if (first === undefined) return;
  if (first.node === undefined)
    throw new TypeError(
      `${caller}: the output of fn is in single precision and comes from no op: it is a constant, or was computed from raw data. Compute it from the inputs with ops.`,
    );
  throw new TypeError(
    `${caller}: the result of the op '${first.node.name}' is in single precision, in which differences are noise. Take its memory from allocate(inputs, shape), which gives doubles here, instead of a new Float32Array.`,
  );
}

function serialOf({ node }: Tensor): number {
  return node?.serial ?? Infinity;
}

function checkRepeats(caller: string, first: Tensor, second: Tensor): void {
  if (first.size !== second.size) {
    throw new ShapeError(
      caller,
      'fn is not deterministic: two calls with the same inputs give two shapes',
      [first.shape, second.shape],
      'Make what it depends on anew in every call.',
    );
  }
  const at = first.data.findIndex((v, i) => v !== second.data[i]);
  if (at < 0) return;
  throw new RangeError(
    `${caller}: fn is not deterministic: two calls with the same inputs give ${first.data[at]} and ${second.data[at]} at ${formatShape(coordinatesOf(at, first.shape))}. Make its random source, createRandom(seed), anew in every call.`,
  );
}

/** Weights of an output, in double precision. */
function projection(shape: Shape, name: string): Tensor {
  const { data } = toDouble(new Tensor(new Float32Array(sizeOf(shape)), shape));
  return new Tensor(fillProjection(data, name), shape);
}

/**
 * Fills an array with fixed weights of magnitudes in [0.5, 1.5) and random signs, others for each name: gradients of a
 * weighted sum hide no errors that cancel.
 */
export function fillProjection(data: Float32Array, name: string): Float32Array {
  const random = createRandom(0).fork('gradcheck').fork(name);
  for (let i = 0; i < data.length; i++) data[i] = (random.uniform() < 0.5 ? -1 : 1) * (0.5 + random.uniform());
  return data;
}
