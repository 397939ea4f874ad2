import { describe, expect, test } from 'vitest';
import type { Gradients } from '../../src/autograd/gradients.ts';
import { relu } from '../../src/autograd/ops/activations.ts';
import { sub } from '../../src/autograd/ops/arithmetic.ts';
import { square } from '../../src/autograd/ops/pointwise.ts';
import { mean } from '../../src/autograd/ops/reductions.ts';
import { backward } from '../../src/autograd/tape.ts';
import { cloneModule } from '../../src/nn/clone.ts';
import { Linear } from '../../src/nn/dense.ts';
import type { Module } from '../../src/nn/module.ts';
import { Sequential } from '../../src/nn/sequential.ts';
import { namedParameters, stateDict } from '../../src/nn/state.ts';
import { Adam } from '../../src/optim/adam.ts';
import type { Optimizer, OptimizerOptions, OptimizerState } from '../../src/optim/optimizer.ts';
import { SGD } from '../../src/optim/sgd.ts';
import { ones, tensor, zeros } from '../../src/tensor/create.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { ShapeError } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { errorOf } from '../errors.ts';
import { given, Pair } from './given.ts';

const random = createRandom(3);
const normal = (shape: readonly number[], name: string | number): Tensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  return new Tensor(random.fork(name).fillNormal(new Float32Array(size), 0, 1), shape);
};
const makeNetwork = (): Sequential =>
  new Sequential(new Linear(4, 6, { random: createRandom(1) }), relu, new Linear(6, 2, { random: createRandom(2) }));

/** Gradients of a small regression on the batch of one step. */
const gradientsOf = (network: Sequential, step: number): Gradients =>
  backward(mean(square(sub(network.forward(normal([8, 4], step)), normal([8, 2], `target ${step}`)))));

const bits = (module: Module) => [...stateDict(module)].map(([name, { data }]) => [name, [...data]]);
const optimizers: readonly (readonly [string, (m: Module, groups?: OptimizerOptions['groups']) => Optimizer])[] = [
  ['SGD', (m, groups) => new SGD(m, { learningRate: 0.1, weightDecay: 0.01, groups })],
  ['SGD with momentum', (m, groups) => new SGD(m, { learningRate: 0.1, momentum: 0.9, dampening: 0.2, groups })],
  ['SGD with nesterov', (m, groups) => new SGD(m, { learningRate: 0.1, momentum: 0.9, nesterov: true, groups })],
  ['Adam', (m, groups) => new Adam(m, { learningRate: 0.1, weightDecay: 0.01, groups })],
];

describe.each(optimizers)('%s', (_name, make) => {
  test('one step lowers the loss it was computed from', () => {
    const network = makeNetwork();
    const loss = () => mean(square(sub(network.forward(normal([8, 4], 0)), normal([8, 2], 'target 0'))));
    const before = loss();
    const gradients = backward(before);
    const optimizer = make(network, [{ match: '', learningRate: 1e-3 }]);
    optimizer.step(gradients);
    expect(loss().item()).toBeLessThan(before.item());
  });

  test('goes on from a saved state to the bit', () => {
    const whole = makeNetwork();
    const optimizer = make(whole);
    const interrupted = cloneModule(whole);
    const first = make(interrupted);
    for (let step = 0; step < 12; step++) optimizer.step(gradientsOf(whole, step));
    for (let step = 0; step < 5; step++) first.step(gradientsOf(interrupted, step));

    const resumed = cloneModule(interrupted);
    const second = make(resumed);
    second.loadState(first.state());
    expect(second.steps).toBe(5);
    for (let step = 5; step < 12; step++) second.step(gradientsOf(resumed, step));
    expect(bits(resumed)).toEqual(bits(whole));
    expect(second.steps).toBe(12);
    const tensors = ({ tensors: found }: OptimizerState) => [...found].map(([name, { data }]) => [name, data]);
    expect(tensors(second.state())).toEqual(tensors(optimizer.state()));
    // The state was copied: the first optimizer's is still that of step 5.
    const again = make(cloneModule(interrupted));
    again.loadState(first.state());
    expect(again.steps).toBe(5);
    expect(first.steps).toBe(5);
  });

  test('a learning rate of 0 freezes to the bit, whatever the rest', () => {
    const network = makeNetwork();
    const before = new Map([...stateDict(network)].map(([name, { data }]) => [name, data.slice()]));
    const optimizer = make(network, [{ match: '0.', learningRate: 0, weightDecay: 5 }]);
    for (let step = 0; step < 3; step++) optimizer.step(gradientsOf(network, step));
    for (const [name, { data }] of stateDict(network)) {
      if (name.startsWith('0.')) expect(data).toEqual(before.get(name));
      else expect(data).not.toEqual(before.get(name));
    }
  });

  test('a gradient that is not finite does not reach a frozen parameter or its state', () => {
    const pair = new Pair([1, 2], [3]);
    const optimizer = make(pair, [{ match: 'weight', learningRate: 0 }]);
    optimizer.step(given([pair.weight, [Number.NaN, Infinity]], [pair.bias, [1]]));
    expect(pair.weight.toArray()).toEqual([1, 2]);
    for (const [name, t] of optimizer.state().tensors)
      if (name.endsWith('weight')) expect(new Set(t.data)).toEqual(new Set([0]));
  });

  test('leaves parameters without a gradient as they are', () => {
    const pair = new Pair([1, 2], [3]);
    const optimizer = make(pair);
    optimizer.step(given([pair.bias, [1]]));
    optimizer.step(given([pair.bias, [1]]));
    expect(pair.weight.toArray()).toEqual([1, 2]);
    expect(pair.bias.item()).toBeLessThan(3);
  });

  test('a wrong step writes nothing', () => {
    const network = makeNetwork();
    const optimizer = make(network);
    optimizer.step(gradientsOf(network, 0));
    const before = bits(network);
    const state = [...optimizer.state().tensors].map(([name, { data }]) => [name, data.slice()]);

    const other = makeNetwork();
    expect(errorOf(RangeError, () => optimizer.step(gradientsOf(other, 1))).message).toBe(
      'optimizer.step: no gradient belongs to a parameter of this optimizer. ' +
        'Was it made for the module that the loss was computed with?',
    );
    const right = gradientsOf(network, 1);
    const last = [...namedParameters(network).values()].at(-1);
    const wrong: Gradients = {
      size: right.size,
      has: (t) => right.has(t),
      get: (t) => (t === last ? zeros([3]) : right.get(t)),
      [Symbol.iterator]: () => right[Symbol.iterator](),
    };
    const error = errorOf(ShapeError, () => optimizer.step(wrong));
    expect(error.message).toBe(
      "optimizer.step: the gradient of '2.bias' has another shape; got [3] and [2]. Pass what backward() returned.",
    );
    expect(bits(network)).toEqual(before);
    expect([...optimizer.state().tensors].map(([name, { data }]) => [name, data])).toEqual(state);
    expect(optimizer.steps).toBe(1);
  });

  test('leaves the gradients as they are', () => {
    const network = makeNetwork();
    const gradients = gradientsOf(network, 0);
    const before = [...gradients].map(([, { data }]) => data.slice());
    make(network).step(gradients);
    expect([...gradients].map(([, { data }]) => data)).toEqual(before);
  });
});

describe('groups', () => {
  const makePair = () => ({ encoder: new Pair([1], [1]), head: new Pair([1], [1]) });
  const step = (groups: OptimizerOptions['groups'], options: Partial<OptimizerOptions> = {}) => {
    const { encoder, head } = makePair();
    const optimizer = new SGD({ encoder, head }, { learningRate: 0.5, groups, ...options });
    const all = [encoder.weight, encoder.bias, head.weight, head.bias];
    optimizer.step(given(...all.map((p) => [p, [1]] as const)));
    return all.map((p) => p.item());
  };

  test('match a part of the name', () => {
    expect(step([{ match: 'encoder', learningRate: 0.25 }])).toEqual([0.75, 0.75, 0.5, 0.5]);
    expect(step([{ match: 'bias', learningRate: 0 }])).toEqual([0.5, 1, 0.5, 1]);
    expect(step([{ match: 'head.weight', learningRate: 1 }])).toEqual([0.5, 0.5, 0, 0.5]);
    // A text is no pattern: its dot is a dot.
    expect(() => step([{ match: 'head.', learningRate: 1 }])).not.toThrow();
    expect(errorOf(RangeError, () => step([{ match: 'hea..', learningRate: 1 }])).message).toBe(
      'optimizer: no parameter matches the group hea... Names are encoder.weight, encoder.bias, head.weight, head.bias.',
    );
  });

  test('match a pattern, also one with the flag g, which remembers where it was', () => {
    expect(step([{ match: /^head\./, learningRate: 0.25 }])).toEqual([0.5, 0.5, 0.75, 0.75]);
    expect(step([{ match: /weight$/g, learningRate: 0.25 }])).toEqual([0.75, 0.5, 0.75, 0.5]);
  });

  test('the first that matches counts, whole: what it does not set is the optimizer’s', () => {
    const groups = [
      { match: 'encoder.bias', weightDecay: 1 },
      { match: 'encoder', learningRate: 0 },
      { match: /./, learningRate: 0.25 },
    ];
    // The bias: g = 1 + 1 * 1, at the optimizer's rate of 0.5.
    expect(step(groups)).toEqual([1, 0, 0.75, 0.75]);
  });

  test('replace the weight decay', () => {
    expect(step([{ match: 'bias', weightDecay: 0 }], { weightDecay: 1 })).toEqual([0, 0.5, 0, 0.5]);
  });

  test('that match nothing are refused, with the names there are', () => {
    for (const match of ['decoder', /^bias/]) {
      const error = errorOf(RangeError, () => step([{ match: 'head' }, { match, learningRate: 1 }]));
      expect(error.message).toBe(
        `optimizer: no parameter matches the group ${match}. Names are encoder.weight, encoder.bias, head.weight, head.bias.`,
      );
    }
  });

  test.each<[OptimizerOptions, string]>([
    [{ learningRate: -1 }, 'learningRate must be a finite number of at least 0; got -1.'],
    [{ learningRate: Number.NaN }, 'learningRate must be a finite number of at least 0; got NaN.'],
    [{ learningRate: Infinity }, 'learningRate must be a finite number of at least 0; got Infinity.'],
    [{ learningRate: 1, weightDecay: -1 }, 'weightDecay must be a finite number of at least 0; got -1.'],
    [
      { learningRate: 1, groups: [{ match: 'bias', learningRate: Number.NaN }] },
      'learningRate must be a finite number of at least 0; got NaN.',
    ],
    [
      { learningRate: 1, groups: [{ match: 'bias', weightDecay: -2 }] },
      'weightDecay must be a finite number of at least 0; got -2.',
    ],
  ])('refuses %j', (options, message) => {
    for (const make of [SGD, Adam]) {
      expect(() => new make(new Pair([1], [1]), options)).toThrow(new RangeError(`optimizer: ${message}`));
    }
  });
});

test('shows the parameters it updates, by name', () => {
  const { encoder, head } = { encoder: new Pair([1], [1]), head: new Pair([1], [1]) };
  const { parameters } = new SGD({ encoder, head, again: encoder }, { learningRate: 0.5 });
  expect([...parameters]).toEqual([
    ['encoder.weight', encoder.weight],
    ['encoder.bias', encoder.bias],
    ['head.weight', head.weight],
    ['head.bias', head.bias],
  ]);
  expect(parameters.get('head.bias')).toBe(head.bias);
});

test('a parameter that is shared is stepped once', () => {
  const encoder = new Pair([1], [1]);
  const optimizer = new SGD({ left: encoder, right: encoder }, { learningRate: 0.5 });
  optimizer.step(given([encoder.weight, [1]]));
  expect(encoder.weight.item()).toBe(0.5);
});

test('a module without parameters is refused', () => {
  for (const make of [SGD, Adam]) {
    expect(() => new make(new Sequential(relu), { learningRate: 1 })).toThrow(
      new TypeError('optimizer: the module has no parameters. Pass the module whose layers are to be trained.'),
    );
  }
});

describe('loadState', () => {
  const make = () => new Adam(new Pair([1, 2], [3]), { learningRate: 1 });
  const stateOf = (optimizer: Optimizer): Map<string, Tensor> => new Map(optimizer.state().tensors);

  test('copies, so the source may change', () => {
    const optimizer = make();
    const tensors = new Map([...stateOf(optimizer)].map(([name, { shape }]) => [name, ones(shape)]));
    optimizer.loadState({ steps: 7, tensors });
    for (const t of tensors.values()) t.data.fill(9);
    expect(optimizer.steps).toBe(7);
    for (const t of stateOf(optimizer).values()) expect(new Set(t.data)).toEqual(new Set([1]));
  });

  test('state() hands out the tensors themselves', () => {
    const optimizer = make();
    expect(optimizer.state().tensors.get('moment1.weight')).toBe(optimizer.state().tensors.get('moment1.weight'));
  });

  test.each<[string, (tensors: Map<string, Tensor>) => unknown, number, string]>([
    ['a missing tensor', (m) => m.delete('moment2.bias'), 1, "missing or of another shape: 'moment2.bias'"],
    [
      'another shape',
      (m) => m.set('moment1.weight', zeros([2, 1])),
      1,
      "missing or of another shape: 'moment1.weight'",
    ],
    ['an unknown name', (m) => m.set('momentum.weight', zeros([2])), 1, "unknown: 'momentum.weight'"],
    [
      'all of them',
      (m) => m.set('x', tensor([1])) && m.delete('moment1.bias') && m.set('moment2.weight', zeros([1])),
      1,
      "missing or of another shape: 'moment2.weight', 'moment1.bias'; unknown: 'x'",
    ],
    ['half a step', () => undefined, 0.5, 'steps: 0.5'],
    ['negative steps', () => undefined, -1, 'steps: -1'],
    ['no number of steps', () => undefined, Number.NaN, 'steps: NaN'],
  ])('refuses %s, and writes nothing', (_name, change, steps, problem) => {
    const optimizer = make();
    const before = [...stateOf(optimizer)].map(([name, { data }]) => [name, data.slice()]);
    const tensors = new Map([...stateOf(optimizer)].map(([name, { shape }]) => [name, ones(shape)]));
    change(tensors);
    for (const load of [
      () => optimizer.checkState({ steps, tensors }),
      () => optimizer.loadState({ steps, tensors }),
    ]) {
      expect(errorOf(ShapeError, load).message).toBe(
        `optimizer.loadState: the state is of another optimizer or module (${problem}). ` +
          'Make the optimizer as it was when the state was saved.',
      );
    }
    expect([...stateOf(optimizer)].map(([name, { data }]) => [name, data])).toEqual(before);
    expect(optimizer.steps).toBe(0);
  });

  test('another optimizer’s state is refused', () => {
    const sgd = new SGD(new Pair([1, 2], [3]), { learningRate: 1, momentum: 0.5 });
    expect(errorOf(ShapeError, () => make().loadState(sgd.state())).message).toBe(
      "optimizer.loadState: the state is of another optimizer or module (missing or of another shape: 'moment1.weight', 'moment2.weight', 'moment1.bias', 'moment2.bias'; unknown: 'momentum.weight', 'momentum.bias'). Make the optimizer as it was when the state was saved.",
    );
    expect(errorOf(ShapeError, () => sgd.loadState(make().state())).message).toBe(
      "optimizer.loadState: the state is of another optimizer or module (missing or of another shape: 'momentum.weight', 'momentum.bias'; unknown: 'moment1.weight', 'moment2.weight', 'moment1.bias', 'moment2.bias'). Make the optimizer as it was when the state was saved.",
    );
  });
});
