import { Parameter, parameter } from '../autograd/parameter.ts';
import { ones } from '../tensor/create.ts';
import { formatShape, type Shape, ShapeError, sameShape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { Module } from './module.ts';
import { graphSignature } from './signature.ts';

/** A module, or several under names of their own. */
export type ModuleTree = Module | Readonly<Record<string, Module>>;

/**
 * The trainable tensors of a module by property path, in the order of its properties; one used twice is listed once.
 *
 * @example [...namedParameters(new Linear(2, 3, { random: createRandom(1) })).keys()] // ['weight', 'bias']
 */
export function namedParameters(root: ModuleTree): Map<string, Parameter> {
  const found = new Map<string, Parameter>();
  for (const [path, value] of properties(root)) if (value instanceof Parameter) found.set(path, value);
  return found;
}

/**
 * Number of trainable numbers.
 *
 * @example countParameters(new Linear(2, 3, { random: createRandom(1) })) // 9
 */
export function countParameters(root: ModuleTree): number {
  let count = 0;
  for (const parameter of namedParameters(root).values()) count += parameter.size;
  return count;
}

/**
 * Parameters and buffers by the names that files use: property paths in snake_case (`0.running_mean`), as in PyTorch.
 * The tensors are the module's own, not copies.
 *
 * Throws: TypeError where two properties have the same name in snake_case.
 *
 * @example [...stateDict(new BatchNorm1d(4)).keys()] // ['weight', 'bias', 'running_mean', 'running_var']
 */
export function stateDict(root: ModuleTree): Map<string, Tensor> {
  const state = new Map<string, Tensor>();
  for (const [path, value] of properties(root)) {
    if (!(value instanceof Tensor)) continue;
    const name = fileName(path);
    if (state.has(name))
      throw new TypeError(`stateDict: two tensors would be named '${name}' in a file. Rename the property ${path}.`);
    state.set(name, value);
  }
  return state;
}

/** Options of `loadStateDict`. */
export interface LoadStateDictOptions {
  /** Loads the names that both sides have and ignores the others; shapes must still agree. Default false. */
  readonly partial?: boolean | undefined;
}

/**
 * Copies values into a module's parameters and buffers. All names and shapes are checked before anything is written;
 * `num_batches_tracked`, which PyTorch saves with a BatchNorm, is passed over.
 *
 * Throws: ShapeError that lists every missing name, unknown name and differing shape.
 *
 * @example
 * const target = new Linear(1, 1, { random: createRandom(1) });
 * loadStateDict(target, new Map([['weight', ones([1, 1])], ['bias', zeros([1])]]));
 * target.weight.item() // 1
 */
export function loadStateDict(
  root: ModuleTree,
  state: ReadonlyMap<string, Tensor>,
  options: LoadStateDictOptions = {},
): void {
  checkStateDict(root, state, options);
  for (const [name, target] of stateDict(root)) {
    const source = state.get(name);
    if (source !== undefined) target.data.set(source.data);
  }
}

/** Throws what `loadStateDict` would throw, and writes nothing. */
export function checkStateDict(
  root: ModuleTree,
  state: ReadonlyMap<string, Tensor>,
  { partial = false }: LoadStateDictOptions = {},
): void {
  const own = stateDict(root);
  const problems: string[] = [];
  const shapes: Shape[] = [];
  for (const [name, target] of own) {
    const source = state.get(name);
    if (source === undefined) {
      if (!partial) problems.push(`'${name}' ${formatShape(target.shape)} is missing`);
    } else if (!sameShape(source.shape, target.shape)) {
      problems.push(`'${name}' is ${formatShape(source.shape)} but the module has ${formatShape(target.shape)}`);
      shapes.push(source.shape, target.shape);
    }
  }
  for (const name of state.keys())
    if (!partial && !own.has(name) && !isBatchCount(name)) problems.push(`'${name}' is not in the module`);
  if (problems.length > 0) {
    throw new ShapeError(
      'loadStateDict',
      `the state does not fit the module: ${problems.join('; ')}`,
      shapes,
      'Build the module as it was saved; { partial: true } ignores missing and unknown names.',
    );
  }
}

/**
 * What a module is made of, a line a property: shapes of tensors, numbers and texts, and for a function the ops that it
 * records (`relu(x0)`), or `function` where it does not take a `[1, 1, 1, 1]` tensor. Functions among layers are pure, so
 * calling them is harmless; constants in them do not show. Class names are left out, because minifiers change them.
 */
export function describeModule(root: ModuleTree): Map<string, string> {
  const lines = new Map<string, string>();
  for (const [path, value] of properties(root)) {
    if (value instanceof Tensor) lines.set(path, formatShape(value.shape));
    else if (isFunction(value)) lines.set(path, graphSignature(value, [parameter(ones([1, 1, 1, 1]))]) ?? 'function');
    else if (value instanceof Module) lines.set(path, 'module');
    else lines.set(path, String(value));
  }
  return lines;
}

function isFunction(value: unknown): value is (x: Tensor) => unknown {
  return typeof value === 'function';
}

/** PyTorch counts the batches of a BatchNorm for a mode (`momentum=None`) that there is none of here. */
function isBatchCount(name: string): boolean {
  return /(^|\.)num_batches_tracked$/.test(name);
}

/** `runningMean` -> `running_mean`, path by path. */
function fileName(path: string): string {
  return path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Told of objects that are met again, with the path at which they are. */
export type Again = (path: string, value: object) => void;

/** Every tensor, module, function and primitive below a root, with its path; objects met twice are passed over. */
export function* properties(
  root: object,
  again: Again = () => undefined,
  path = '',
  seen: Set<unknown> = new Set([root]),
): Generator<readonly [path: string, value: unknown, holder: object, key: string]> {
  for (const [key, value] of Object.entries(root)) {
    const name = path === '' ? key : `${path}.${key}`;
    const container = value instanceof Module || Array.isArray(value);
    if (value === undefined || (typeof value === 'object' && !container && !(value instanceof Tensor))) continue;
    if (typeof value === 'object') {
      if (seen.has(value)) {
        again(name, value);
        continue;
      }
      seen.add(value);
    }
    if (!Array.isArray(value)) yield [name, value, root, key];
    if (container) yield* properties(value, again, name, seen);
  }
}
