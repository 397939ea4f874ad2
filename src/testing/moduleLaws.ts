import { type Arbitrary, oneof } from 'fast-check';
import { Parameter } from '../autograd/parameter.ts';
import { doubleModule, gradcheckModule } from '../nn/clone.ts';
import type { Context, Input, Module } from '../nn/module.ts';
import { namedParameters } from '../nn/state.ts';
import { toDouble } from '../tensor/precision.ts';
import { createRandom } from '../tensor/random.ts';
import { Tensor } from '../tensor/tensor.ts';
import { firstNotFinite, gradientsOf } from './evaluation.ts';
import { defineLaw, type Law } from './law.ts';
import { closeAll } from './precision.ts';
import { otherBits, rowLaws, sameNumbers } from './rowLaws.ts';
import { largest } from './rows.ts';
import { wrongOnBothSides } from './violations.ts';

/** Options of `moduleLaws`. */
export interface ModuleLawOptions {
  /**
   * What the module is called with: batches `[N, ...]`. Away from jumps, and from where it bends within a step of 1e-5, as a norm
   * does at 0; isolated kinks are forgiven.
   */
  readonly input: Arbitrary<Input>;
  /**
   * What 'no NaN anywhere' calls it with: zeros, ties, tiny and huge numbers, as far as it promises. Default `input`, and
   * zeros of its shapes.
   */
  readonly extremes?: Arbitrary<Input> | undefined;
  /**
   * Whether it is run in training, with the same random numbers in each call; then there are no laws about rows, which
   * may share statistics. Default false.
   */
  readonly training?: boolean | undefined;
}

/**
 * What a module must hold to, with the weights that it has: no NaN, gradients of the input and of all parameters that
 * agree with differences, float32 that agrees with double precision, rows that do not see their batch, a forward pass
 * that writes nothing.
 *
 * @example checkLaws(moduleLaws('Flatten', new Flatten(), { input: tensors({ shape: [2, 3, 2] }) })) // undefined
 */
export function moduleLaws(name: string, module: Module, options: ModuleLawOptions): Law[] {
  const { input, extremes = oneof({ weight: 3, arbitrary: input }, input.map(blank)), training = false } = options;
  const run = (m: Module, x: Input): Tensor => m.forward(x, contextOf(training));
  const law = (title: string, statement: string, violation: (x: Input) => string | undefined, of = input) =>
    defineLaw({ subject: name, name: title, statement, inputs: of, violation, show: (x) => ({ input: x }) });
  return [
    law(
      'no NaN anywhere',
      'for a finite input, the result and the gradients of the input and all parameters are finite',
      (x) => firstNotFinite(evaluate(module, x, run)),
      extremes,
    ),
    law(
      'gradient agreement',
      'the gradients of the input and of every parameter are those that finite differences give',
      (x) => wrongGradients(module, x, run),
    ),
    law('precision agreement', 'result and gradients in float32 are those in double precision, but for rounding', (x) =>
      closeAll(
        evaluate(module, x, run),
        evaluate(doubleModule(module), x instanceof Tensor ? toDouble(x) : x, run),
        largest([...(x instanceof Tensor ? [x] : []), ...namedParameters(module).values()]),
      ),
    ),
    ...(training
      ? []
      : rowLaws(
          name,
          ([x]) => run(module, x),
          input.map((x) => [x]),
          [0],
          ([x]) => ({ input: x }),
        )),
    law(
      'purity',
      'called again it gives the same bits, and a forward pass writes nothing on the module or its input',
      (x) => impurity(module, x, run),
    ),
  ];
}

/** An input of zeros; ids stay as they are. */
function blank(x: Input): Input {
  return x instanceof Tensor ? new Tensor(new Float32Array(x.size), x.shape) : x;
}

type Run = (module: Module, x: Input) => Tensor;

function contextOf(training: boolean): Context {
  return { training, random: createRandom(0) };
}

/** The result, and the gradients of the input and all parameters of a weighted sum of it, by name. */
function evaluate(module: Module, x: Input, run: Run): Map<string, Tensor> {
  const leaf = x instanceof Tensor ? new Parameter(x.data, x.shape) : x;
  const y = run(module, leaf);
  const leaves = new Map<string, Tensor>();
  if (leaf instanceof Tensor) leaves.set('the gradient with respect to the input', leaf);
  for (const [path, parameter] of namedParameters(module))
    leaves.set(`the gradient with respect to ${path}`, parameter);
  return new Map([['the value', y], ...gradientsOf(y, leaves)]);
}

function wrongGradients(module: Module, x: Input, run: Run): string | undefined {
  if (x instanceof Tensor) return wrongOnBothSides((xs) => gradcheckModule(module, run, xs), [x]);
  const found = gradcheckModule(module, (m) => run(m, x), []);
  return found.ok ? undefined : found.message;
}

function impurity(module: Module, x: Input, run: Run): string | undefined {
  const everything = () => new Map([...held('the input', x, new Set()), ...held('the module', module, new Set())]);
  const before = everything();
  const first = run(module, x);
  const after = everything();
  for (const path of new Set([...before.keys(), ...after.keys()]))
    if (!sameValue(before.get(path), after.get(path))) return `the forward pass wrote ${path}.`;
  const other = otherBits(run(module, x), first);
  return other && `the result of the second call differs from that of the first, ${other}.`;
}

/** Everything that an object holds, by path: numbers copied, objects themselves, to be compared by identity. */
function* held(path: string, value: unknown, seen: Set<unknown>): Generator<readonly [string, unknown]> {
  if (ArrayBuffer.isView(value)) return yield [path, Array.from(value as Float32Array)];
  if (typeof value !== 'object' || value === null) return yield [path, value];
  yield [path, value];
  if (seen.has(value)) return;
  seen.add(value);
  for (const [key, property] of Object.entries(value)) yield* held(`${path}.${key}`, property, seen);
}

function sameValue(after: unknown, before: unknown): boolean {
  if (Array.isArray(after) && Array.isArray(before) && after !== before) return sameNumbers(after, before);
  return Object.is(after, before);
}
