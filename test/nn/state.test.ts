import { describe, expect, test } from 'vitest';
import { relu } from '../../src/autograd/ops/activations.ts';
import { mul } from '../../src/autograd/ops/arithmetic.ts';
import { type Parameter, parameter } from '../../src/autograd/parameter.ts';
import { Conv2d } from '../../src/nn/convolutions.ts';
import { Flatten, Linear } from '../../src/nn/dense.ts';
import { Module } from '../../src/nn/module.ts';
import { BatchNorm1d } from '../../src/nn/normalizations.ts';
import { MaxPool2d } from '../../src/nn/pooling.ts';
import { Sequential } from '../../src/nn/sequential.ts';
import {
  checkStateDict,
  countParameters,
  describeModule,
  loadStateDict,
  namedParameters,
  stateDict,
} from '../../src/nn/state.ts';
import { full, ones, tensor, zeros } from '../../src/tensor/create.ts';
import { intTensor } from '../../src/tensor/intTensor.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { ShapeError } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { errorOf } from '../errors.ts';

const random = createRandom(1);
const names = (found: ReadonlyMap<string, unknown>): string[] => [...found.keys()];

/** A module that holds what it is given. */
class Holder extends Module {
  readonly [name: string]: unknown;

  constructor(properties: Readonly<Record<string, unknown>>) {
    super();
    Object.assign(this, properties);
  }

  override forward(x: Tensor): Tensor {
    return x;
  }
}

const p = (size = 1): Parameter => parameter(zeros([size]));

describe('namedParameters', () => {
  test('lists parameters by path, in the order of properties, through modules and arrays', () => {
    const root = new Holder({
      second: p(),
      layers: [new Linear(2, 3, { random }), relu, new Linear(3, 1, { random, bias: false })],
      nested: new Holder({ deep: new Holder({ scale: p() }), list: [[p()], p()] }),
      first: p(),
    });
    expect(names(namedParameters(root))).toEqual([
      'second',
      'layers.0.weight',
      'layers.0.bias',
      'layers.2.weight',
      'nested.deep.scale',
      'nested.list.0.0',
      'nested.list.1',
      'first',
    ]);
    expect(namedParameters(root).get('second')).toBe(root.second);
  });

  test('leaves out buffers and everything that is not searched', () => {
    const root = new Holder({
      buffer: ones([2]),
      weight: p(),
      count: 3,
      name: 'x',
      nothing: undefined,
      none: null,
      act: relu,
      plain: { hidden: p() },
      map: new Map([['hidden', p()]]),
      integers: intTensor(new Int32Array(1), [1]),
    });
    Object.defineProperty(root, 'notEnumerable', { value: p(), enumerable: false });
    expect(names(namedParameters(root))).toEqual(['weight']);
    expect(names(stateDict(root))).toEqual(['buffer', 'weight']);
  });

  test('counts a shared parameter, module or array once, under its first name', () => {
    const shared = p(5);
    const layer = new Linear(2, 2, { random });
    const list = [p()];
    const root = new Holder({
      a: new Holder({ w: shared }),
      b: new Holder({ w: shared }),
      x: layer,
      y: [layer],
      l: list,
      m: list,
    });
    expect(names(namedParameters(root))).toEqual(['a.w', 'x.weight', 'x.bias', 'l.0']);
    expect(countParameters(root)).toBe(5 + 6 + 1);
  });

  test('takes several modules under names of their own', () => {
    const encoder = new Linear(2, 1, { random });
    const modules = { encoder, head: new Linear(1, 1, { random, bias: false }), again: encoder };
    expect(names(namedParameters(modules))).toEqual(['encoder.weight', 'encoder.bias', 'head.weight']);
    expect(countParameters(modules)).toBe(4);
  });

  test('ends where modules refer to one another, and names the root by no path', () => {
    const child: { parent?: Module } & Holder = new Holder({ w: p() });
    const root = new Holder({ child, w: p() });
    Object.assign(child, { parent: root });
    expect(names(namedParameters(root))).toEqual(['child.w', 'w']);
  });
});

describe('stateDict', () => {
  test('names parameters and buffers in snake_case, and holds the tensors themselves', () => {
    const norm = new BatchNorm1d(2);
    const root = new Holder({ myEncoder: new Sequential(new Flatten(), norm), outScale2D: p() });
    const state = stateDict(root);
    expect(names(state)).toEqual([
      'my_encoder.1.weight',
      'my_encoder.1.bias',
      'my_encoder.1.running_mean',
      'my_encoder.1.running_var',
      'out_scale2_d',
    ]);
    expect(state.get('my_encoder.1.running_mean')).toBe(norm.runningMean);
  });

  test('refuses two properties with one name', () => {
    const root = new Holder({ running_mean: zeros([1]), runningMean: zeros([1]) });
    expect(errorOf(TypeError, () => stateDict(root)).message).toBe(
      "stateDict: two tensors would be named 'running_mean' in a file. Rename the property runningMean.",
    );
    // Parameters are named as they are written, so they do not collide.
    expect(namedParameters(new Holder({ a_b: p(), aB: p() })).size).toBe(2);
  });
});

describe('loadStateDict', () => {
  const make = () => new Sequential(new Linear(2, 2, { random }), new BatchNorm1d(2));
  const filled = (value: number): Map<string, Tensor> =>
    new Map([...stateDict(make())].map(([name, { shape }]) => [name, full(shape, value)]));
  const bits = (module: Module) => [...stateDict(module)].map(([name, { data }]) => [name, [...data]]);

  test('copies every value and keeps the tensors', () => {
    const module = make();
    const before = [...stateDict(module).values()];
    const source = filled(7);
    loadStateDict(module, source);
    expect([...stateDict(module).values()]).toEqual(
      [...source.values()].map(({ data }) => expect.objectContaining({ data })),
    );
    expect([...stateDict(module).values()].every((t, i) => t === before[i])).toBe(true);
    source.get('0.weight')?.data.fill(1);
    expect([...(stateDict(module).get('0.weight')?.data ?? [])]).toEqual([7, 7, 7, 7]);
  });

  test('makes another module equal to the bit, in any order of names', () => {
    const [a, b] = [make(), make()];
    loadStateDict(b, new Map([...stateDict(a)].reverse()));
    expect(bits(b)).toEqual(bits(a));
    loadStateDict(a, stateDict(a));
    expect(bits(b)).toEqual(bits(a));
  });

  test('lists every mismatch in one error, and writes nothing', () => {
    const module = make();
    const before = bits(module);
    const state = filled(7);
    state.delete('0.bias');
    state.delete('1.running_var');
    state.set('0.weight', zeros([2, 3]));
    state.set('1.weight', zeros([2, 1]));
    state.set('extra', zeros([1]));
    state.set('1.num_batches_tracked', zeros([]));
    for (const load of [loadStateDict, checkStateDict]) {
      const error = errorOf(ShapeError, () => load(module, state));
      expect(error.message).toBe(
        "loadStateDict: the state does not fit the module: '0.weight' is [2, 3] but the module has [2, 2]; " +
          "'0.bias' [2] is missing; '1.weight' is [2, 1] but the module has [2]; '1.running_var' [2] is missing; " +
          "'extra' is not in the module; " +
          'got [2, 3] and [2, 2] and [2, 1] and [2]. ' +
          'Build the module as it was saved; { partial: true } ignores missing and unknown names.',
      );
    }
    expect(bits(module)).toEqual(before);
  });

  test('partial loads what both have, and still refuses another shape, writing nothing', () => {
    const module = make();
    const before = new Map(bits(module).map(([name, values]) => [name, values]));
    const state = new Map([
      ['1.bias', full([2], 3)],
      ['unknown', ones([9])],
    ]);
    loadStateDict(module, state, { partial: true });
    const after = new Map(bits(module).map(([name, values]) => [name, values]));
    for (const [name, values] of after) expect(values).toEqual(name === '1.bias' ? [3, 3] : before.get(name));

    const wrong = new Map([
      ['1.bias', full([2], 4)],
      ['0.weight', zeros([4])],
    ]);
    const error = errorOf(ShapeError, () => loadStateDict(module, wrong, { partial: true }));
    expect(error.message).toContain("the module: '0.weight' is [4] but the module has [2, 2]; got [4] and [2, 2].");
    expect(stateDict(module).get('1.bias')?.toArray()).toEqual([3, 3]);
  });

  test('checkStateDict writes nothing where all is well', () => {
    const module = make();
    const before = bits(module);
    checkStateDict(module, filled(7));
    expect(bits(module)).toEqual(before);
  });

  test('equal numbers of elements are not equal shapes', () => {
    const module = new Linear(2, 3, { random, bias: false });
    expect(errorOf(ShapeError, () => loadStateDict(module, new Map([['weight', zeros([2, 3])]]))).message).toBe(
      "loadStateDict: the state does not fit the module: 'weight' is [2, 3] but the module has [3, 2]; got [2, 3] and [3, 2]. Build the module as it was saved; { partial: true } ignores missing and unknown names.",
    );
  });
});

describe('describeModule', () => {
  test('says what a module is made of, without class names', () => {
    const model = new Sequential(
      new Conv2d(1, 2, 3, { random, padding: [1, 2] }),
      relu,
      new MaxPool2d(2),
      new BatchNorm1d(2),
    );
    expect([...describeModule(model)]).toEqual([
      ['0', 'module'],
      ['0.weight', '[2, 1, 3, 3]'],
      ['0.bias', '[2]'],
      ['0.stride', '1'],
      ['0.padding.0', '1'],
      ['0.padding.1', '2'],
      ['0.dilation', '1'],
      ['0.groups', '1'],
      ['1', 'relu(x0)'],
      ['2', 'module'],
      ['2.size', '2'],
      ['2.stride', '2'],
      ['2.padding', '0'],
      ['3', 'module'],
      ['3.weight', '[2]'],
      ['3.bias', '[2]'],
      ['3.runningMean', '[2]'],
      ['3.runningVar', '[2]'],
      ['3.momentum', '0.1'],
      ['3.epsilon', '0.00001'],
    ]);
  });
});

test('a module of one’s own trains and saves by its properties alone', () => {
  class Scale extends Module {
    readonly weight = parameter(ones([1]));
    override forward(x: Tensor): Tensor {
      return mul(x, this.weight);
    }
  }
  const scale = new Scale();
  loadStateDict(scale, new Map([['weight', tensor([3])]]));
  expect(scale.forward(tensor([2])).toArray()).toEqual([6]);
});
