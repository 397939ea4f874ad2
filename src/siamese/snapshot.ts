import { Parameter } from '../autograd/parameter.ts';
import { checkStateDict, loadStateDict, type ModuleTree, stateDict } from '../nn/state.ts';
import type { Optimizer } from '../optim/optimizer.ts';
import { formatShape, ShapeError, sameShape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { Measure, Twin } from './twin.ts';

/** Who holds what a training changes besides the twin. */
export interface Others {
  readonly optimizer: Optimizer;
  readonly modules?: ModuleTree | undefined;
}

/** The values that a training changes, but for those that the optimizer keeps for itself. */
export interface Snapshot {
  /** Weights and buffers of the twin. */
  readonly state: ReadonlyMap<string, Tensor>;
  /** Those of the other modules, and what the optimizer trains besides, by its names. */
  readonly extra: ReadonlyMap<string, Tensor>;
}

/** The values as they stand: the tensors are the owners' own, not copies. */
export function currentValues(twin: Twin<Measure>, others: Others): Snapshot {
  return { state: stateDict(twin), extra: valuesOutside(twin, others) };
}

/** A copy of the values, which later steps leave alone. */
export function takeSnapshot(twin: Twin<Measure>, others: Others): Snapshot {
  const { state, extra } = currentValues(twin, others);
  const copy = (tensors: ReadonlyMap<string, Tensor>) =>
    new Map([...tensors].map(([name, t]) => [name, new Tensor(t.data.slice(), t.shape)]));
  return { state: copy(state), extra: copy(extra) };
}

/** Writes the values back. Throws: ShapeError, before anything is written, where names or shapes differ. */
export function loadSnapshot(twin: Twin<Measure>, others: Others, { state, extra }: Snapshot): void {
  checkSnapshot(twin, others, { state, extra });
  loadStateDict(twin, state);
  for (const [name, { data }] of valuesOutside(twin, others)) data.set(extra.get(name)?.data ?? []);
}

/** Throws what `loadSnapshot` would throw, and writes nothing. */
export function checkSnapshot(twin: Twin<Measure>, others: Others, { state, extra }: Snapshot): void {
  checkStateDict(twin, state);
  const own = valuesOutside(twin, others);
  const problems = [...own].flatMap(([name, { shape }]) => {
    const saved = extra.get(name);
    if (saved === undefined) return [`'${name}' ${formatShape(shape)} is missing`];
    return sameShape(saved.shape, shape) ? [] : [`'${name}' is ${formatShape(saved.shape)}, not ${formatShape(shape)}`];
  });
  for (const name of extra.keys()) if (!own.has(name)) problems.push(`'${name}' is in neither`);
  if (problems.length > 0) {
    throw new ShapeError(
      'train',
      `the checkpoint's values outside the twin are others than those of modules and optimizer: ${problems.join('; ')}`,
      [],
      'Pass the modules, and an optimizer for the modules, that it was made with.',
    );
  }
}

/** The buffers of the twin and of the other modules, which forward passes write. */
export function allBuffers(twin: Twin<Measure>, others: Others): readonly Tensor[] {
  const { state, extra } = currentValues(twin, others);
  return [...state.values(), ...extra.values()].filter((t) => !(t instanceof Parameter));
}

/**
 * What a training changes and the twin does not hold: told apart by identity, as names say nothing. First the state of
 * the other modules, then what the optimizer trains besides, by its names.
 *
 * Throws: TypeError where two of these have one name.
 */
export function valuesOutside(twin: Twin<Measure>, { optimizer, modules = {} }: Others): Map<string, Tensor> {
  const held = new Set<Tensor>(stateDict(twin).values());
  const outside = new Map<string, Tensor>();
  for (const [name, t] of [...stateDict(modules), ...optimizer.parameters]) {
    if (held.has(t)) continue;
    if (outside.has(name))
      throw new TypeError(
        `train: '${name}' is one tensor in modules and another one in the optimizer. Give both the modules under the same names.`,
      );
    held.add(t);
    outside.set(name, t);
  }
  return outside;
}
