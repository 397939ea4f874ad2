import type { Parameter } from '../autograd/parameter.ts';
import { checkStateDict, loadStateDict, namedParameters, stateDict } from '../nn/state.ts';
import type { Optimizer } from '../optim/optimizer.ts';
import { formatShape, ShapeError, sameShape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { Measure, Twin } from './twin.ts';

/** The values that a training changes, but for those that the optimizer keeps for itself. */
export interface Snapshot {
  /** Weights and buffers of the twin. */
  readonly state: ReadonlyMap<string, Tensor>;
  /** The parameters that the optimizer trains besides, by its names, such as those of a head beside the twin. */
  readonly extra: ReadonlyMap<string, Tensor>;
}

/** The values as they stand: the tensors are the owners' own, not copies. */
export function currentValues(twin: Twin<Measure>, optimizer: Optimizer): Snapshot {
  return { state: stateDict(twin), extra: extraParameters(twin, optimizer) };
}

/** A copy of the values, which later steps leave alone. */
export function takeSnapshot(twin: Twin<Measure>, optimizer: Optimizer): Snapshot {
  const { state, extra } = currentValues(twin, optimizer);
  const copy = (tensors: ReadonlyMap<string, Tensor>) =>
    new Map([...tensors].map(([name, t]) => [name, new Tensor(t.data.slice(), t.shape)]));
  return { state: copy(state), extra: copy(extra) };
}

/** Writes the values back. Throws: ShapeError, before anything is written, where names or shapes differ. */
export function loadSnapshot(twin: Twin<Measure>, optimizer: Optimizer, { state, extra }: Snapshot): void {
  checkSnapshot(twin, optimizer, { state, extra });
  loadStateDict(twin, state);
  for (const [name, { data }] of extraParameters(twin, optimizer)) data.set(extra.get(name)?.data ?? []);
}

/** Throws what `loadSnapshot` would throw, and writes nothing. */
export function checkSnapshot(twin: Twin<Measure>, optimizer: Optimizer, { state, extra }: Snapshot): void {
  checkStateDict(twin, state);
  const own = extraParameters(twin, optimizer);
  const problems = [...own].flatMap(([name, { shape }]) => {
    const saved = extra.get(name);
    if (saved === undefined) return [`'${name}' ${formatShape(shape)} is missing`];
    return sameShape(saved.shape, shape) ? [] : [`'${name}' is ${formatShape(saved.shape)}, not ${formatShape(shape)}`];
  });
  for (const name of extra.keys()) if (!own.has(name)) problems.push(`'${name}' is not in the optimizer`);
  if (problems.length > 0) {
    throw new ShapeError(
      'train',
      `the checkpoint's parameters outside the twin are others than the optimizer's: ${problems.join('; ')}`,
      [],
      'Make the optimizer for the modules that it was made for.',
    );
  }
}

/** What the optimizer trains and the twin does not hold: told apart by identity, as names say nothing. */
function extraParameters(twin: Twin<Measure>, optimizer: Optimizer): Map<string, Parameter> {
  const own = new Set(namedParameters(twin).values());
  return new Map([...optimizer.parameters].filter(([, parameter]) => !own.has(parameter)));
}
