import { describe, expect, test } from 'vitest';
import { euclidean } from '../../src/autograd/ops/distances.ts';
import { Linear } from '../../src/nn/dense.ts';
import { BatchNorm2d } from '../../src/nn/normalizations.ts';
import { Sequential } from '../../src/nn/sequential.ts';
import { stateDict } from '../../src/nn/state.ts';
import { SGD } from '../../src/optim/sgd.ts';
import { currentValues, loadSnapshot, takeSnapshot } from '../../src/siamese/snapshot.ts';
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
const numbers = (tensors: Iterable<Tensor>) => [...tensors].flatMap(({ data }) => [...data]);
const all = () => {
  const { state, extra } = currentValues(twin, optimizer);
  return [...state.values(), ...extra.values()];
};

describe('the values of a training', () => {
  test('are those of the twin, buffers too, and what the optimizer trains besides', () => {
    const { state, extra } = currentValues(twin, optimizer);
    expect(state.get('encoder.0.running_mean')).toBe(stateDict(norm).get('running_mean'));
    expect(state.get('encoder.1.bias')).toBe(stateDict(twin).get('encoder.1.bias'));
    expect([...extra.keys()]).toEqual(['head.weight', 'head.bias']);
    expect(extra.get('head.bias')).toBe(head.bias);
  });

  test('are put back from a copy, which later steps leave alone', () => {
    const before = numbers(all());
    const snapshot = takeSnapshot(twin, optimizer);
    for (const { data } of all()) data.fill(7);
    expect(numbers([...snapshot.state.values(), ...snapshot.extra.values()])).toEqual(before);
    loadSnapshot(twin, optimizer, snapshot);
    expect(numbers(all())).toEqual(before);
  });

  test('of another head are refused, each in words, before anything is written', () => {
    const before = numbers(all());
    const { state } = takeSnapshot(twin, optimizer);
    for (const t of state.values()) t.data.fill(9);
    const extra = new Map([
      ['head.bias', ones([3])],
      ['tail.bias', ones([1])],
    ]);
    expect(errorOf(ShapeError, () => loadSnapshot(twin, optimizer, { state, extra })).message).toBe(
      "train: the checkpoint's parameters outside the twin are others than the optimizer's: 'head.weight' [1, 2] is missing; 'head.bias' is [3], not [1]; 'tail.bias' is not in the optimizer. Make the optimizer for the modules that it was made for.",
    );
    expect(numbers(all())).toEqual(before);
  });
});
