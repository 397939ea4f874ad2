import { describe, expect, test } from 'vitest';
import { euclidean } from '../../src/autograd/ops/distances.ts';
import { cloneModule } from '../../src/nn/clone.ts';
import { Linear } from '../../src/nn/dense.ts';
import { BatchNorm2d } from '../../src/nn/normalizations.ts';
import { Sequential } from '../../src/nn/sequential.ts';
import { stateDict } from '../../src/nn/state.ts';
import { SGD } from '../../src/optim/sgd.ts';
import { currentValues, loadSnapshot, type Others, takeSnapshot, valuesOutside } from '../../src/siamese/snapshot.ts';
import { Twin } from '../../src/siamese/twin.ts';
import { ones } from '../../src/tensor/create.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { ShapeError } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { errorOf } from '../errors.ts';

const random = createRandom(1);
const norm = new BatchNorm2d(1);
const twin = new Twin(new Sequential(norm, new Linear(2, 2, { random })), { compare: euclidean });
const head = new Linear(2, 1, { random });
const optimizer = new SGD({ twin, head }, { learningRate: 1 });
const others: Others = { optimizer };
const numbers = (tensors: Iterable<Tensor>) => [...tensors].flatMap(({ data }) => [...data]);
const all = () => {
  const { state, extra } = currentValues(twin, others);
  return [...state.values(), ...extra.values()];
};

describe('the values of a training', () => {
  test('are those of the twin, buffers too, and what the optimizer trains besides', () => {
    const { state, extra } = currentValues(twin, others);
    expect(state.get('encoder.0.running_mean')).toBe(stateDict(norm).get('running_mean'));
    expect(state.get('encoder.1.bias')).toBe(stateDict(twin).get('encoder.1.bias'));
    expect([...extra.keys()]).toEqual(['head.weight', 'head.bias']);
    expect(extra.get('head.bias')).toBe(head.bias);
  });

  test('are put back from a copy, which later steps leave alone', () => {
    const before = numbers(all());
    const snapshot = takeSnapshot(twin, others);
    for (const { data } of all()) data.fill(7);
    expect(numbers([...snapshot.state.values(), ...snapshot.extra.values()])).toEqual(before);
    loadSnapshot(twin, others, snapshot);
    expect(numbers(all())).toEqual(before);
  });

  test('of another head are refused, each in words, before anything is written', () => {
    const before = numbers(all());
    const { state } = takeSnapshot(twin, others);
    for (const t of state.values()) t.data.fill(9);
    const extra = new Map([
      ['head.bias', ones([3])],
      ['tail.bias', ones([1])],
    ]);
    expect(errorOf(ShapeError, () => loadSnapshot(twin, others, { state, extra })).message).toBe(
      "train: the checkpoint's values outside the twin are others than those of modules and optimizer: 'head.weight' [1, 2] is missing; 'head.bias' is [3], not [1]; 'tail.bias' is in neither. Pass the modules, and an optimizer for the modules, that it was made with.",
    );
    expect(numbers(all())).toEqual(before);
  });

  test('outside the twin are those of modules, buffers too, then what the optimizer trains besides, each once', () => {
    const projector = new Sequential(new Linear(2, 2, { random, bias: false }), new BatchNorm2d(1));
    const slow = cloneModule(projector);
    const optimizer = new SGD({ twin, projector, head }, { learningRate: 1 });
    const modules = { online: new Sequential(twin.encoder, projector), projector, slow };
    const outside = valuesOutside(twin, { optimizer, modules });
    const names = ['0.weight', '1.weight', '1.bias', '1.running_mean', '1.running_var'];
    expect([...outside.keys()]).toEqual([
      // Where they are met first; what the twin holds is kept with the twin.
      ...names.map((name) => `online.1.${name}`),
      ...names.map((name) => `slow.${name}`),
      'head.weight',
      'head.bias',
    ]);
    expect(outside.get('slow.1.running_mean')).toBe(stateDict(slow).get('1.running_mean'));
    expect([...valuesOutside(twin, { optimizer: others.optimizer, modules: slow }).keys()]).toEqual([
      ...names,
      'head.weight',
      'head.bias',
    ]);
  });

  test('of two modules under one name are refused', () => {
    const error = errorOf(TypeError, () => valuesOutside(twin, { optimizer, modules: { head: cloneModule(head) } }));
    expect(error.message).toBe(
      "train: 'head.weight' is one tensor in modules and another one in the optimizer. Give both the modules under the same names.",
    );
  });
});
