import { toDouble } from '../tensor/precision.ts';
import { createRandom } from '../tensor/random.ts';
import { Tensor } from '../tensor/tensor.ts';
import { mul } from './ops/arithmetic.ts';
import { sum } from './ops/reductions.ts';
import { Parameter } from './parameter.ts';
import { backward, needsGradient, withRecording } from './tape.ts';

/** Options of `gradcheck`. */
export interface GradcheckOptions {
  /** Half the distance between the two points of a difference, relative to `max(1, |x|)`. Default 1e-5. */
  readonly step?: number | undefined;
  /** Largest relative error that passes. Default 1e-6. */
  readonly tolerance?: number | undefined;
}

/** Where analytic and numeric gradient differ most. */
export interface GradcheckWorst {
  /** Which of the inputs. */
  readonly input: number;
  /** Flat index of the element within it. */
  readonly index: number;
  readonly analytic: number;
  readonly numeric: number;
}

/** What `gradcheck` found. */
export interface GradcheckResult {
  readonly ok: boolean;
  /** Largest relative error; Infinity where a gradient is not finite. */
  readonly maxError: number;
  readonly worst: GradcheckWorst;
}

/**
 * Compares the gradients of `fn` with central differences, all in double precision.
 *
 * The output, of any shape, is projected on fixed random weights (a sum would hide errors that cancel). The error of an
 * element is `|analytic - numeric| / max(|analytic|, |numeric|, 1e-3 max(1, largest numeric gradient))`. Keep inputs
 * away from kinks by more than the step; `fn` must be deterministic. It may call `backward(..., { createGraph: true })`
 * itself: then second derivatives are checked. Records also inside `noGrad`.
 *
 * Cost: two calls of `fn` an element. Throws: TypeError where no input is given.
 *
 * @example gradcheck((x, y) => mul(x, y), [tensor([1, 2]), tensor([3, 4])]).ok // true
 */
export function gradcheck(
  fn: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  options: GradcheckOptions = {},
): GradcheckResult {
  const leaves = inputs.map((x) => {
    const double = toDouble(x);
    return new Parameter(double.data, double.shape);
  });
  return checkLeaves(() => fn(...leaves), leaves, options);
}

/** `gradcheck` for leaves in double precision that `fn` reads by itself. */
export function checkLeaves(fn: () => Tensor, leaves: readonly Tensor[], options: GradcheckOptions): GradcheckResult {
  // Also inside noGrad: there is nothing to check in a function that is not recorded.
  return withRecording(true, 'gradcheck', () => compare(fn, leaves, options));
}

function compare(
  fn: () => Tensor,
  leaves: readonly Tensor[],
  { step = 1e-5, tolerance = 1e-6 }: GradcheckOptions,
): GradcheckResult {
  if (leaves.length === 0) throw new TypeError('gradcheck: there is nothing to check. Pass at least one input.');
  const loss = () => {
    const out = fn();
    return sum(mul(out, projection(out)));
  };
  const analytic = analyticGradients(loss(), leaves);
  const numeric = leaves.map((leaf) => numericGradient(() => loss().data[0], leaf.data, step));
  const largest = numeric.reduce((most, g) => g.reduce((m, v) => Math.max(m, Math.abs(v)), most), 1);
  let maxError = -1;
  let worst: GradcheckWorst = { input: 0, index: 0, analytic: 0, numeric: 0 };
  leaves.forEach((leaf, input) => {
    for (let index = 0; index < leaf.size; index++) {
      const a = analytic[input][index];
      const n = numeric[input][index];
      const relative = Math.abs(a - n) / Math.max(Math.abs(a), Math.abs(n), 1e-3 * largest);
      const error = Number.isFinite(relative) ? relative : Infinity;
      if (error > maxError) {
        maxError = error;
        worst = { input, index, analytic: a, numeric: n };
      }
    }
  });
  return { ok: maxError <= tolerance, maxError: Math.max(0, maxError), worst };
}

function analyticGradients(loss: Tensor, leaves: readonly Tensor[]): ArrayLike<number>[] {
  const gradients = needsGradient(loss) ? backward(loss) : undefined;
  return leaves.map((leaf) => (gradients?.has(leaf) ? gradients.get(leaf).data : new Float64Array(leaf.size)));
}

function numericGradient(value: () => number, data: Float32Array, step: number): Float64Array {
  return Float64Array.from(data, (x, i) => {
    const h = step * Math.max(1, Math.abs(x));
    data[i] = x + h;
    const above = value();
    data[i] = x - h;
    const below = value();
    data[i] = x;
    // The distance that was really taken: x + h and x - h are rounded.
    return (above - below) / (x + h - (x - h));
  });
}

/** Fixed weights with magnitudes in [0.5, 1.5) and random signs, in the precision of the output. */
function projection(out: Tensor): Tensor {
  const random = createRandom(0).fork('gradcheck');
  const weights = toDouble(new Tensor(new Float32Array(out.size), out.shape));
  for (let i = 0; i < weights.size; i++) weights.data[i] = (random.uniform() < 0.5 ? -1 : 1) * (0.5 + random.uniform());
  return weights;
}
