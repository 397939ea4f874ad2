import { isDouble } from '../tensor/precision.ts';
import { coordinatesOf, formatShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { backward, needsGradient } from './tape.ts';

/** Where analytic and numeric gradient differ most. */
export interface GradcheckWorst {
  /** Which of the inputs; the parameters of a module, and the gradient of the output, come after them. */
  readonly input: number;
  /** What messages call it: `input 1`, the path of a parameter such as `0.weight`, or `the output gradient`. */
  readonly name: string;
  /** Flat index of the element within it. */
  readonly index: number;
  /** The index of the element along each axis. */
  readonly coordinates: readonly number[];
  readonly analytic: number;
  readonly numeric: number;
}

/** What a check of gradients found. */
export interface GradcheckResult {
  readonly ok: boolean;
  /** Largest relative error; Infinity where a gradient is not finite. */
  readonly maxError: number;
  readonly worst: GradcheckWorst;
  /** The same in a sentence, with the tolerance, and what is likely to be wrong where the check failed. */
  readonly message: string;
}

/** What is compared: derivatives of `analytic` by the tape, and of `numeric`, the same scalar, by differences. */
export interface Comparison {
  readonly caller: string;
  /** What the derivatives are called. */
  readonly quantity: string;
  readonly leaves: ReadonlyMap<string, Tensor>;
  readonly step: number;
  readonly tolerance: number;
  readonly analytic: () => Tensor;
  readonly numeric: () => Tensor;
  /** The scalar whose pullbacks are checked. */
  readonly differentiated: () => Tensor;
}

/** Derivatives of both kinds for every leaf, and where they differ most. */
export function compareWithDifferences(comparison: Comparison): GradcheckResult {
  const { leaves, tolerance } = comparison;
  const analytic = analyticGradients(comparison.analytic(), leaves);
  const numeric = [...leaves.values()].map((x) =>
    Float64Array.from(x.data, (_, i) => {
      const { below, above, width } = around(comparison, x.data, i);
      return (above - below) / width;
    }),
  );
  // One that is not finite must not hide which it is by making all errors NaN.
  const largest = numeric.reduce(
    (most, g) => g.filter(Number.isFinite).reduce((m, v) => Math.max(m, Math.abs(v)), most),
    1,
  );
  let maxError = -1;
  let worst: GradcheckWorst = { input: 0, name: 'input 0', index: 0, coordinates: [], analytic: 0, numeric: 0 };
  [...leaves].forEach(([name, leaf], input) => {
    for (let index = 0; index < leaf.size; index++) {
      const a = analytic[input][index];
      const n = numeric[input][index];
      const relative = Math.abs(a - n) / Math.max(Math.abs(a), Math.abs(n), 1e-3 * largest);
      const error = Number.isFinite(relative) ? relative : Infinity;
      if (error > maxError) {
        maxError = error;
        worst = { input, name, index, coordinates: coordinatesOf(index, leaf.shape), analytic: a, numeric: n };
      }
    }
  });
  const ok = maxError <= tolerance;
  return { ok, maxError, worst, message: messageOf(comparison, maxError, worst, largest) };
}

function analyticGradients(loss: Tensor, leaves: ReadonlyMap<string, Tensor>): ArrayLike<number>[] {
  const gradients = needsGradient(loss) ? backward(loss) : undefined;
  return [...leaves.values()].map((leaf) =>
    gradients?.has(leaf) ? gradients.get(leaf).data : new Float64Array(leaf.size),
  );
}

/** The values a step below and above a number, and how far apart those two are. */
function around(
  { numeric, step }: Comparison,
  data: Float32Array,
  i: number,
): { readonly below: number; readonly above: number; readonly width: number } {
  const x = data[i];
  const h = step * Math.max(1, Math.abs(x));
  data[i] = x + h;
  const above = numeric().data[0];
  data[i] = x - h;
  const below = numeric().data[0];
  data[i] = x;
  // The distance that was really taken: x + h and x - h are rounded.
  return { below, above, width: x + h - (x - h) };
}

function messageOf(comparison: Comparison, error: number, worst: GradcheckWorst, largest: number): string {
  const { caller, quantity, leaves, tolerance } = comparison;
  const { name, index, coordinates, analytic, numeric } = worst;
  const place = `${name} at ${formatShape(coordinates)} (flat index ${index})`;
  const values = `analytic ${shorten(analytic)}, numeric ${shorten(numeric)}`;
  const errors = `relative error ${shorten(error)}, tolerance ${tolerance}`;
  if (error > tolerance)
    return `${caller}: the ${quantity} with respect to ${place} is wrong: ${values}, ${errors}.${adviceOn(comparison, worst, largest)}`;
  const count = [...leaves.values()].reduce((total, { size }) => total + size, 0);
  return `${caller}: ${count} derivatives agree with differences; they differ most with respect to ${place}: ${values}, ${errors}.`;
}

/** What commonly makes a derivative wrong, where that can be seen. */
function adviceOn(comparison: Comparison, worst: GradcheckWorst, largest: number): string {
  const { quantity, differentiated } = comparison;
  const { analytic, numeric } = worst;
  if (!Number.isFinite(numeric))
    return ' fn is not finite within a step of the input. Keep the input away from the end of what fn is defined for.';
  const [left, right] = slopesAt(comparison, worst);
  // Those of a smooth function differ by a step times its curvature.
  if (Math.abs(right - left) > 1e-2 * largest)
    return ` Its slopes to either side are ${shorten(left)} and ${shorten(right)}: the input lies at a kink or a jump. Move it away by more than the step.`;
  const op = singlePrecisionPullback(differentiated());
  if (op !== undefined)
    return ` The pullback of '${op}' computes in single precision: take its memory from allocate([g], shape).`;
  if (analytic !== 0) return '';
  return quantity === 'gradient'
    ? ' An analytic 0 is what an input gets that is not listed in record, or was read outside of ops.'
    : ' An analytic 0 is what a pullback gives that is not written with ops; fused takes one that is beside a fast one.';
}

/** The differences to either side. */
function slopesAt(comparison: Comparison, { input, index }: GradcheckWorst): readonly [number, number] {
  const { data } = [...comparison.leaves.values()][input];
  const { below, above, width } = around(comparison, data, index);
  const here = comparison.numeric().data[0];
  return [(here - below) / (width / 2), (above - here) / (width / 2)];
}

/** The first op, in the order of the backward pass, whose pullback gives float32 data. */
function singlePrecisionPullback(loss: Tensor): string | undefined {
  let found: string | undefined;
  const seen = new Set([loss]);
  for (const tensor of seen) {
    const { node } = tensor;
    if (node === undefined) continue;
    const edges = node.edges.map(([input, pullback]) => {
      seen.add(input);
      const watched = (g: Tensor): Tensor => {
        const result = pullback(g);
        if (!isDouble(result.data)) found ??= node.name;
        return result;
      };
      return [input, watched] as const;
    });
    tensor.node = { ...node, edges };
  }
  if (loss.node !== undefined) backward(loss);
  return found;
}

/** Six digits. */
function shorten(value: number): string {
  return String(Number(value.toPrecision(6)));
}
