import { expect, test } from 'vitest';
import { cloneModule } from '../../src/nn/clone.ts';
import { Linear } from '../../src/nn/dense.ts';
import { emaUpdate } from '../../src/nn/emaUpdate.ts';
import { BatchNorm1d } from '../../src/nn/normalizations.ts';
import { Sequential } from '../../src/nn/sequential.ts';
import { stateDict } from '../../src/nn/state.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { ShapeError } from '../../src/tensor/shape.ts';
import { errorOf } from '../errors.ts';

const random = createRandom(17);
const make = () => new Sequential(new Linear(3, 2, { random }), new BatchNorm1d(2));
const values = (module: Sequential) => [...stateDict(module)].map(([name, { data }]) => [name, Array.from(data)]);

test('parameters move by the part given, buffers are copied, the source stays', () => {
  const [target, source] = [make(), make()];
  stateDict(source).get('1.running_mean')?.data.set([3, 4]);
  stateDict(source).get('1.weight')?.data.set([5, 9]);
  const [before, given] = [new Map(stateDict(cloneModule(target))), values(source)];
  emaUpdate(target, source, 0.75);
  for (const [name, t] of stateDict(target)) {
    const [old, other] = [before.get(name)?.data ?? [], stateDict(source).get(name)?.data ?? []];
    const expected = name.includes('running')
      ? Float32Array.from(other)
      : Float32Array.from(other, (v, i) => 0.75 * old[i] + 0.25 * v);
    expect(t.data, name).toEqual(expected);
  }
  expect(values(source)).toEqual(given);
});

test('momentum 1 keeps the parameters, 0 takes those of the source, and a module is its own average', () => {
  const [target, source] = [make(), make()];
  stateDict(target).get('0.bias')?.data.set([1e30, -1e30]);
  const before = values(target);
  emaUpdate(target, source, 1);
  expect(values(target)).toEqual(before);
  emaUpdate(target, target, 0.3);
  expect(values(target)).toEqual(before);
  emaUpdate(target, source, 0);
  expect(values(target)).toEqual(values(source));
});

test('refuses modules that differ, in one message, before anything is written', () => {
  const target = make();
  const before = values(target);
  const other = new Sequential(
    new Linear(3, 4, { random, bias: false }),
    new BatchNorm1d(2),
    new Linear(1, 1, { random, bias: false }),
  );
  expect(errorOf(ShapeError, () => emaUpdate(target, other, 0.5)).message).toBe(
    "emaUpdate: the modules differ: '0.weight' is [2, 3] in the target, [4, 3] in the source; the source has no '0.bias'; the target has no '2.weight'; got [2, 3] and [4, 3]. Make one with cloneModule.",
  );
  for (const momentum of [-0.1, 1.1, Number.NaN])
    expect(errorOf(RangeError, () => emaUpdate(target, make(), momentum)).message).toBe(
      `emaUpdate: momentum must lie in [0, 1]; got ${momentum}.`,
    );
  expect(values(target)).toEqual(before);
});
