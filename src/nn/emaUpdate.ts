import { Parameter } from '../autograd/parameter.ts';
import { formatShape, type Shape, ShapeError, sameShape } from '../tensor/shape.ts';
import { type ModuleTree, stateDict } from './state.ts';

/**
 * Moves the parameters of `target` toward those of `source`: an exponential moving average, for weight averaging and
 * for the slow network of BYOL. Buffers are copied. All names and shapes are checked before anything is written.
 *
 * Formula: `target = momentum * target + (1 - momentum) * source`, in double precision, rounded once.
 * Source: Tarvainen and Valpola 2017 (mean teacher). Throws: ShapeError that lists every name and shape that differs;
 * RangeError for a momentum outside [0, 1].
 *
 * @example
 * const online = new Linear(1, 1, { random: createRandom(1) });
 * const slow = cloneModule(online);
 * online.weight.data[0] = slow.weight.data[0] + 1;
 * emaUpdate(slow, online, 0.75);
 * Math.abs(online.weight.item() - slow.weight.item() - 0.75) < 1e-6 // true
 */
export function emaUpdate(target: ModuleTree, source: ModuleTree, momentum: number): void {
  if (!(momentum >= 0 && momentum <= 1))
    throw new RangeError(`emaUpdate: momentum must lie in [0, 1]; got ${momentum}.`);
  const own = stateDict(target);
  const other = stateDict(source);
  const problems: string[] = [];
  const shapes: Shape[] = [];
  for (const [name, t] of own) {
    const s = other.get(name);
    if (s === undefined) problems.push(`the source has no '${name}'`);
    else if (!sameShape(s.shape, t.shape)) {
      problems.push(`'${name}' is ${formatShape(t.shape)} in the target, ${formatShape(s.shape)} in the source`);
      shapes.push(t.shape, s.shape);
    }
  }
  for (const name of other.keys()) if (!own.has(name)) problems.push(`the target has no '${name}'`);
  if (problems.length > 0)
    throw new ShapeError(
      'emaUpdate',
      `the modules differ: ${problems.join('; ')}`,
      shapes,
      'Make one with cloneModule.',
    );
  for (const [name, t] of own) {
    const from = other.get(name)?.data ?? t.data;
    if (t instanceof Parameter) {
      const { data } = t;
      for (let i = 0; i < data.length; i++) data[i] = momentum * data[i] + (1 - momentum) * from[i];
    } else t.data.set(from);
  }
}
