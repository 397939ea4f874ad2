import type { GradcheckResult } from '../autograd/differences.ts';
import { checkLeaves, checkLeavesTwice, doubleLeaves, type GradcheckOptions } from '../autograd/gradcheck.ts';
import { Parameter } from '../autograd/parameter.ts';
import { toDouble } from '../tensor/precision.ts';
import { Tensor } from '../tensor/tensor.ts';
import { Module } from './module.ts';
import { namedParameters } from './state.ts';

/**
 * A copy of a module with parameters and buffers of its own; what is shared within the original is shared within the
 * copy. State belongs in ordinary properties: private fields (`#scale`) are not copied, and a method of the copy that
 * reads one throws a TypeError.
 *
 * @example
 * const original = new Linear(1, 1, { random: createRandom(1) });
 * const copy = cloneModule(original);
 * copy.weight.data[0] = 5;
 * original.weight.item() === 5 // false
 */
export function cloneModule<M extends Module>(module: M): M {
  return copy(module, (t) => new Tensor(t.data.slice(), t.shape), new Map());
}

/**
 * `gradcheck` of everything trainable in a module and of its inputs, on a copy in double precision; as in `cloneModule`,
 * private fields (`#scale`) are not copied. In the result a parameter is called by its path, as in `namedParameters`.
 *
 * Cost and Throws: as `gradcheck`.
 *
 * @example gradcheckModule(new Linear(2, 1, { random: createRandom(1) }), (m, x) => m.forward(x), [ones([1, 2])]).ok // true
 */
export function gradcheckModule<M extends Module>(
  module: M,
  fn: (module: M, ...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  options: GradcheckOptions = {},
): GradcheckResult {
  return checkModule('gradcheckModule', checkLeaves, module, fn, inputs, options);
}

/**
 * `gradgradcheck` of everything trainable in a module and of its inputs; else as `gradcheckModule`.
 *
 * Cost and Throws: as `gradgradcheck`.
 *
 * @example gradgradcheckModule(new Linear(2, 1, { random: createRandom(1) }), (m, x) => m.forward(x), [ones([1, 2])]).ok // true
 */
export function gradgradcheckModule<M extends Module>(
  module: M,
  fn: (module: M, ...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  options: GradcheckOptions = {},
): GradcheckResult {
  return checkModule('gradgradcheckModule', checkLeavesTwice, module, fn, inputs, options);
}

function checkModule<M extends Module>(
  caller: string,
  check: typeof checkLeaves,
  module: M,
  fn: (module: M, ...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  options: GradcheckOptions,
): GradcheckResult {
  const double = doubleModule(module);
  const leaves = doubleLeaves(caller, inputs);
  return check(caller, () => fn(double, ...leaves.values()), new Map([...leaves, ...namedParameters(double)]), options);
}

/** A copy in double precision, as `cloneModule` copies. */
export function doubleModule<M extends Module>(module: M): M {
  return copy(module, toDouble, new Map());
}

function copy<T>(value: T, convert: (t: Tensor) => Tensor, copies: Map<unknown, unknown>): T {
  if (!(value instanceof Tensor || value instanceof Module || Array.isArray(value))) return value;
  const known = copies.get(value);
  if (known !== undefined) return known as T;
  const made: unknown =
    value instanceof Tensor
      ? copyTensor(value, convert)
      : Array.isArray(value)
        ? []
        : Object.create(Object.getPrototypeOf(value));
  copies.set(value, made);
  if (!(value instanceof Tensor)) {
    for (const [key, property] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
      if ('value' in property) property.value = copy(property.value, convert, copies);
      Object.defineProperty(made, key, property);
    }
  }
  return made as T;
}

function copyTensor(t: Tensor, convert: (t: Tensor) => Tensor): Tensor {
  const made = convert(t);
  return t instanceof Parameter ? new Parameter(made.data, made.shape) : made;
}
