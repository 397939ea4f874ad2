import type { Arbitrary } from 'fast-check';
import { expand } from '../autograd/ops/broadcast.ts';
import { broadcastShapes, type Shape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { evaluate, type TensorFunction } from './evaluation.ts';
import { defineLaw, type Inputs, type Law } from './law.ts';
import { otherInDouble } from './precision.ts';
import { otherBits, rowLaws, sameNumbers } from './rowLaws.ts';
import { notFinite, wrongGradients, wrongSecondDerivatives } from './violations.ts';

/** Options of `opLaws`. */
export interface OpLawOptions {
  /**
   * What the op is called with, as a list: `tuple(tensors())` for one input. Away from jumps, and from where it bends within a step of 1e-5, as a norm
   * does at 0; isolated kinks are forgiven.
   */
  readonly inputs: Arbitrary<readonly Tensor[]>;
  /** What 'no NaN anywhere' calls it with: zeros, ties, tiny and huge numbers, as far as the op promises. Default `inputs`. */
  readonly extremes?: Arbitrary<readonly Tensor[]> | undefined;
  /**
   * The inputs, by position, that hold the batch on their first axis, as the output does: row i of the output is of their
   * rows i. Default none, and no law about rows.
   */
  readonly batched?: readonly number[] | undefined;
  /** How often it can be differentiated. Default 2. */
  readonly derivatives?: 0 | 1 | 2 | undefined;
  /** Whether it broadcasts its inputs to one shape. Default false. */
  readonly broadcasts?: boolean | undefined;
}

/**
 * What an op must hold to: no NaN, gradients and second derivatives that agree with differences, float32 that agrees
 * with double precision, rows that do not see their batch, nothing written.
 * Throws, when run: TypeError where what is drawn is no list of tensors, or has no batch where it should.
 *
 * @example checkLaws(opLaws('square', square, { inputs: tuple(tensors()) })) // undefined
 */
export function opLaws(name: string, fn: TensorFunction, options: OpLawOptions): Law[] {
  const { batched = [], derivatives = 2, broadcasts = false } = options;
  const inputs = options.inputs.map((xs) => checkedInputs(name, xs, batched));
  const extremes = options.extremes ?? inputs;
  const law = (
    title: string,
    statement: string,
    violation: (xs: readonly Tensor[]) => string | undefined,
    of = inputs,
  ) => defineLaw({ subject: name, name: title, statement, inputs: of, violation, show: byPosition });
  return [
    law(
      'no NaN anywhere',
      'for finite inputs, the result and the gradients of all inputs are finite',
      (xs) => notFinite(fn, xs),
      extremes,
    ),
    ...(derivatives >= 1
      ? [law('gradient agreement', 'gradients are those that finite differences give', (xs) => wrongGradients(fn, xs))]
      : []),
    ...(derivatives >= 2
      ? [
          law(
            'second derivative agreement',
            'the gradients of the gradients are those that finite differences give',
            (xs) => wrongSecondDerivatives(fn, xs),
          ),
        ]
      : []),
    law(
      'precision agreement',
      'result and gradients in float32 are those in double precision, but for rounding',
      (xs) => otherInDouble(fn, xs, derivatives > 0),
    ),
    ...(batched.length > 0 ? rowLaws(name, (xs) => fn(...xs), inputs, batched, byPosition) : []),
    law('purity', 'called again it gives the same bits, and neither it nor its gradient writes its inputs', (xs) =>
      impurity(fn, xs),
    ),
    ...(broadcasts
      ? [
          law('broadcasting', 'it gives the same bits as with inputs that were expanded to one shape first', (xs) =>
            otherExpanded(fn, xs),
          ),
        ]
      : []),
  ];
}

/** Throws: TypeError where what was drawn is no list of tensors, or a batch is said to be where there is none. */
function checkedInputs(name: string, xs: unknown, batched: readonly number[]): readonly Tensor[] {
  if (!isTensors(xs))
    throw new TypeError(`opLaws: the inputs of ${name} must be lists of tensors. Draw one input by tuple(tensors()).`);
  const without = batched.find((i) => xs[i] === undefined || xs[i].shape.length === 0);
  if (without !== undefined)
    throw new TypeError(`opLaws: input ${without} of ${name} is to hold the batch, but has no axis. Draw it with one.`);
  return xs;
}

function isTensors(xs: unknown): xs is readonly Tensor[] {
  return Array.isArray(xs) && xs.every((x) => x instanceof Tensor);
}

/** Inputs as a failure shows them. */
function byPosition(inputs: readonly Tensor[]): Inputs {
  return Object.fromEntries(inputs.map((x, i) => [`input ${i}`, x]));
}

function impurity(fn: TensorFunction, inputs: readonly Tensor[]): string | undefined {
  const before = inputs.map((x) => x.data.slice());
  const first = evaluate(fn, inputs, true);
  const written = inputs.findIndex((x, i) => !sameNumbers(x.data, before[i]));
  if (written >= 0)
    return `input ${written} was written: ${new Tensor(before[written], inputs[written].shape)} before.`;
  for (const [what, again] of evaluate(fn, inputs, true)) {
    const expected = first.get(what);
    const other = expected && otherBits(again, expected);
    if (other !== undefined) return `${what} of the second call differs from that of the first, ${other}.`;
  }
  return undefined;
}

function otherExpanded(fn: TensorFunction, inputs: readonly Tensor[]): string | undefined {
  const shape = inputs.reduce<Shape>((all, x) => broadcastShapes('broadcasting', all, x.shape), []);
  const other = otherBits(fn(...inputs), fn(...inputs.map((x) => expand(x, shape))));
  return other && `the result differs from that with expanded inputs, ${other}.`;
}
