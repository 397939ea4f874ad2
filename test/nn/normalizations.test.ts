import { describe, expect, test } from 'vitest';
import { BatchNorm1d, GroupNorm, InstanceNorm2d, LayerNorm, RMSNorm } from '../../src/nn/normalizations.ts';
import { stateDict } from '../../src/nn/state.ts';
import { ones, tensor, zeros } from '../../src/tensor/create.ts';

const names = (layer: Parameters<typeof stateDict>[0]) => [...stateDict(layer).keys()];

test('the state is named as in PyTorch; affine false leaves weights out', () => {
  expect(names(new LayerNorm(3))).toEqual(['weight', 'bias']);
  expect(names(new LayerNorm(3, { bias: false }))).toEqual(['weight']);
  expect(names(new LayerNorm(3, { affine: false }))).toEqual([]);
  expect(names(new RMSNorm(3))).toEqual(['weight']);
  expect(names(new RMSNorm(3, { affine: false }))).toEqual([]);
  expect(names(new GroupNorm(1, 3))).toEqual(['weight', 'bias']);
  expect(names(new GroupNorm(1, 3, { affine: false }))).toEqual([]);
  expect(names(new InstanceNorm2d(3))).toEqual([]);
  expect(names(new InstanceNorm2d(3, { affine: true }))).toEqual(['weight', 'bias']);
  expect(names(new BatchNorm1d(3, { affine: false })).slice(0, 2)).toEqual(['running_mean', 'running_var']);
});

test('training changes nothing', () => {
  const x = tensor([[1, 3]]);
  for (const layer of [new LayerNorm(2, { epsilon: 0 }), new GroupNorm(1, 2, { epsilon: 0 })])
    expect(layer.forward(x).toArray()).toEqual([[-1, 1]]);
  expect([new LayerNorm(1).epsilon, new RMSNorm(1).epsilon]).toEqual([1e-5, Math.fround(1.1920929e-7)]);
});

describe('refuses', () => {
  test.each<[() => unknown, string]>([
    [() => new LayerNorm(0), 'LayerNorm: length must be an integer of at least 1; got 0.'],
    [() => new LayerNorm([]), 'LayerNorm: there are no axes to normalize; got []. List the lengths of the last axes.'],
    [() => new LayerNorm(3, { epsilon: -1 }), 'LayerNorm: epsilon must be a finite number of at least 0; got -1.'],
    [
      () => new LayerNorm([2, 3]).forward(ones([3, 2])),
      'LayerNorm: x must end in [2, 3]; got [3, 2]. Check the layer before.',
    ],
    [
      () => new LayerNorm([2, 3]).forward(ones([3])),
      'LayerNorm: x must end in [2, 3]; got [3]. Check the layer before.',
    ],
    [() => new RMSNorm(3).forward(zeros([2, 4])), 'RMSNorm: x must end in [3]; got [2, 4]. Check the layer before.'],
    [() => new GroupNorm(2, 3), 'GroupNorm: 2 groups do not divide 3 channels. Choose a divisor.'],
    [
      () => new GroupNorm(2, 4, { affine: false }).forward(ones([1, 6])),
      'GroupNorm: x must be [N, 4, ...]; got [1, 6]. Check the layer before.',
    ],
    [() => new InstanceNorm2d(0), 'InstanceNorm2d: channels must be an integer of at least 1; got 0.'],
    [
      () => new InstanceNorm2d(2).forward(ones([1, 3, 2, 2])),
      'InstanceNorm2d: x must be [N, 2, H, W]; got [1, 3, 2, 2]. Check the layer before.',
    ],
  ])('%s', (call, message) => {
    expect(call).toThrow(message);
  });
});
