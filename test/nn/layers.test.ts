import { describe, expect, test } from 'vitest';
import { relu } from '../../src/autograd/ops/activations.ts';
import { mul } from '../../src/autograd/ops/arithmetic.ts';
import { conv2d } from '../../src/autograd/ops/conv2d.ts';
import { dropout } from '../../src/autograd/ops/dropout.ts';
import { maxPool2d } from '../../src/autograd/ops/maxPool2d.ts';
import { linear } from '../../src/autograd/ops/products.ts';
import { reshape } from '../../src/autograd/ops/rearrange.ts';
import { sum } from '../../src/autograd/ops/reductions.ts';
import { Parameter, parameter } from '../../src/autograd/parameter.ts';
import { backward } from '../../src/autograd/tape.ts';
import { MultiHeadAttention } from '../../src/nn/attention.ts';
import { cloneModule } from '../../src/nn/clone.ts';
import { Conv2d } from '../../src/nn/convolutions.ts';
import { Dropout, Flatten, Linear } from '../../src/nn/dense.ts';
import { Embedding } from '../../src/nn/embedding.ts';
import { xavierUniform } from '../../src/nn/initializers.ts';
import { type Context, Module } from '../../src/nn/module.ts';
import { BatchNorm1d, BatchNorm2d } from '../../src/nn/normalizations.ts';
import { MaxPool2d } from '../../src/nn/pooling.ts';
import { GRU } from '../../src/nn/recurrent.ts';
import { Sequential } from '../../src/nn/sequential.ts';
import { stateDict } from '../../src/nn/state.ts';
import type { WeightOptions } from '../../src/nn/weights.ts';
import { full, ones, tensor, zeros } from '../../src/tensor/create.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { type Shape, ShapeError, sizeOf } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { errorOf } from '../errors.ts';

const random = createRandom(8);
const normal = (shape: Shape, name: string | number = 0): Tensor =>
  new Tensor(random.fork(name).fillNormal(new Float32Array(sizeOf(shape)), 0, 1), shape);
const training = { training: true };

describe('Linear', () => {
  test('is linear() of its weight and bias', () => {
    const layer = new Linear(3, 2, { random });
    const x = normal([4, 3]);
    expect(layer.forward(x).data).toEqual(linear(x, layer.weight, layer.bias).data);
    expect([layer.weight.shape, layer.bias?.shape]).toEqual([[2, 3], [2]]);
    expect(layer.forward(normal([2, 5, 3])).shape).toEqual([2, 5, 2]);
    expect(layer.forward(zeros([0, 3])).shape).toEqual([0, 2]);
  });

  test('without bias has none', () => {
    const layer = new Linear(2, 1, { random, bias: false, initialize: () => tensor([[2, 3]]) });
    expect(layer.bias).toBeUndefined();
    expect([...stateDict(layer).keys()]).toEqual(['weight']);
    expect(layer.forward(tensor([[1, 10]])).toArray()).toEqual([[32]]);
  });

  test('starts within 1 / sqrt(inputs), as in PyTorch, the same for the same seed', () => {
    const [a, b] = [createRandom(3), createRandom(3)].map((r) => new Linear(100, 50, { random: r }));
    expect(b.weight.data).toEqual(a.weight.data);
    expect(b.bias?.data).toEqual(a.bias?.data);
    for (const t of [a.weight, a.bias]) {
      const largest = Math.max(...(t?.data ?? []).map(Math.abs));
      expect(largest).toBeLessThanOrEqual(0.1);
      expect(largest).toBeGreaterThan(0.08);
    }
    expect(a.weight.data.slice(0, 50)).not.toEqual(a.bias?.data);
  });

  test('copies what an initializer made', () => {
    const made = ones([1, 2]);
    const layer = new Linear(2, 1, { random, initialize: () => made });
    expect(layer.weight).toBeInstanceOf(Parameter);
    made.data.fill(9);
    expect(layer.weight.toArray()).toEqual([[1, 1]]);
    const xavier = new Linear(4, 2, { random: createRandom(5), initialize: xavierUniform });
    expect(xavier.weight.data).toEqual(xavierUniform([2, 4], { random: createRandom(5) }).data);
  });

  test('refuses an initializer that returns another shape', () => {
    const error = errorOf(ShapeError, () => new Linear(2, 3, { random, bias: false, initialize: () => ones([2, 3]) }));
    expect(error.message).toMatch(
      /^Linear: initialize returned another shape than it was asked for; got \[2, 3\] and \[3, 2\]\. /,
    );
  });

  test.each([
    [0, 1, 'inputs must be an integer of at least 1; got 0.'],
    [2, -1, 'outputs must be an integer of at least 1; got -1.'],
    [1.5, 1, 'inputs must be an integer of at least 1; got 1.5.'],
    [1, Number.NaN, 'outputs must be an integer of at least 1; got NaN.'],
  ])('refuses sizes %d, %d', (inputs, outputs, message) => {
    expect(() => new Linear(inputs, outputs, { random })).toThrow(new RangeError(`Linear: ${message}`));
  });

  test('refuses an input of another width', () => {
    expect(errorOf(ShapeError, () => new Linear(3, 2, { random }).forward(ones([4, 2]))).op).toBe('linear');
  });
});

describe('Conv2d', () => {
  test('is conv2d() with its options', () => {
    const options = { stride: [2, 1], padding: [1, 2], dilation: [1, 2], groups: 2 } as const;
    const layer = new Conv2d(4, 6, [3, 2], { ...options, random });
    const x = normal([2, 4, 7, 5]);
    expect(layer.weight.shape).toEqual([6, 2, 3, 2]);
    expect(layer.bias?.shape).toEqual([6]);
    expect(layer.forward(x).data).toEqual(conv2d(x, layer.weight, layer.bias, options).data);
    expect(layer.forward(x).shape).toEqual([2, 6, 4, 7]);
  });

  test('by default: square, stride 1, no padding, with bias', () => {
    const layer = new Conv2d(1, 1, 2, {
      random,
      initialize: () =>
        tensor([
          [
            [
              [1, 2],
              [3, 4],
            ],
          ],
        ]),
    });
    layer.bias?.data.fill(0.5);
    expect(
      layer
        .forward(
          tensor([
            [
              [
                [1, 0, 0],
                [0, 1, 0],
              ],
            ],
          ]),
        )
        .toArray(),
    ).toEqual([[[[5.5, 3.5]]]]);
    expect(new Conv2d(1, 1, 2, { random, bias: false }).bias).toBeUndefined();
  });

  test('starts within 1 / sqrt(inputs / groups * kernel)', () => {
    const layer = new Conv2d(8, 64, [5, 5], { random, groups: 2 });
    for (const t of [layer.weight, layer.bias]) {
      const largest = Math.max(...(t?.data ?? []).map(Math.abs));
      expect(largest).toBeLessThanOrEqual(0.1);
      expect(largest).toBeGreaterThan(0.09);
    }
  });

  test.each<[string, () => unknown, string]>([
    ['a kernel of 0', () => new Conv2d(1, 1, 0, { random }), 'Conv2d: height must be an integer of at least 1; got 0.'],
    [
      'half a kernel',
      () => new Conv2d(1, 1, [3, 1.5], { random }),
      'Conv2d: width must be an integer of at least 1; got 1.5.',
    ],
    ['no inputs', () => new Conv2d(0, 1, 3, { random }), 'Conv2d: inputs must be an integer of at least 1; got 0.'],
    [
      'no groups',
      () => new Conv2d(1, 1, 3, { random, groups: 0 }),
      'Conv2d: groups must be an integer of at least 1; got 0.',
    ],
    [
      'groups that do not divide the inputs',
      () => new Conv2d(3, 4, 3, { random, groups: 2 }),
      'Conv2d: 2 groups do not divide 3 inputs and 4 outputs. Choose a common divisor.',
    ],
    [
      'groups that do not divide the outputs',
      () => new Conv2d(4, 3, 3, { random, groups: 2 }),
      'Conv2d: 2 groups do not divide 4 inputs and 3 outputs. Choose a common divisor.',
    ],
    [
      'a stride of 0',
      () => new Conv2d(1, 1, 1, { random, stride: 0 }).forward(ones([1, 1, 2, 2])),
      'conv2d: stride must be an integer of at least 1; got 0.',
    ],
    [
      'negative padding',
      () => new Conv2d(1, 1, 1, { random, padding: [0, -1] }).forward(ones([1, 1, 2, 2])),
      'conv2d: padding must be an integer of at least 0; got -1.',
    ],
    [
      'dilation of 0',
      () => new Conv2d(1, 1, 1, { random, dilation: 0 }).forward(ones([1, 1, 2, 2])),
      'conv2d: dilation must be an integer of at least 1; got 0.',
    ],
  ])('refuses %s', (_name, fn, message) => {
    expect(errorOf(RangeError, fn).message).toBe(message);
  });

  test('refuses other channels, and images smaller than the kernel', () => {
    const layer = new Conv2d(2, 1, 3, { random });
    for (const [shape, remedy] of [
      [[1, 1, 5, 5], 'weight.shape[1] must be C / groups, and F a multiple of groups.'],
      [[1, 2, 2, 5], 'Use a smaller kernel or dilation, or more padding.'],
      [[2, 5, 5], 'reshape() adds missing axes.'],
    ] as const)
      expect(errorOf(ShapeError, () => layer.forward(ones(shape))).message).toContain(`. ${remedy}`);
  });
});

describe('MaxPool2d', () => {
  test('is maxPool2d() with its options; the stride is the size unless given', () => {
    const x = normal([2, 3, 7, 6]);
    expect(new MaxPool2d(2).forward(x)).toEqual(maxPool2d(x, 2));
    expect(new MaxPool2d(2).forward(x).shape).toEqual([2, 3, 3, 3]);
    const layer = new MaxPool2d([3, 2], { stride: [2, 1], padding: [1, 0] });
    expect(layer.forward(x)).toEqual(maxPool2d(x, [3, 2], { stride: [2, 1], padding: [1, 0] }));
    expect(layer.forward(x).shape).toEqual([2, 3, 4, 5]);
    expect(new MaxPool2d(3, { stride: undefined, padding: undefined }).forward(x).shape).toEqual([2, 3, 2, 2]);
  });

  test.each([
    [0, {}, 'size must be an integer of at least 1; got 0.'],
    [2, { stride: 0 }, 'stride must be an integer of at least 1; got 0.'],
    [2, { padding: -1 }, 'padding must be an integer of at least 0; got -1.'],
    [3, { padding: 2 }, 'Use a smaller size, and padding of at most half of it.'],
    [9, {}, 'Use a smaller size, and padding of at most half of it.'],
  ])('refuses size %j with %j', (size, options, remedy) => {
    expect(errorOf(RangeError, () => new MaxPool2d(size, options).forward(ones([1, 1, 6, 6]))).message).toContain(
      remedy,
    );
  });
});

describe('Flatten', () => {
  test('joins all axes but the first', () => {
    const x = normal([2, 3, 2, 2]);
    expect(new Flatten().forward(x)).toEqual(reshape(x, [2, 12]));
    expect(new Flatten().forward(zeros([0, 3, 2])).shape).toEqual([0, 6]);
    expect(new Flatten().forward(tensor([1, 2])).shape).toEqual([2, 1]);
  });
});

describe('Dropout', () => {
  const x = ones([1000]);

  test('is the identity in inference, also without random', () => {
    const layer = new Dropout(0.5);
    expect(layer.forward(x)).toBe(x);
    expect(layer.forward(x, { training: false })).toBe(x);
    expect(layer.forward(x, { training: false, random })).toBe(x);
  });

  test('needs random in training', () => {
    expect(errorOf(TypeError, () => new Dropout(0.5).forward(x, training)).message).toBe(
      'dropout: training needs a source of random numbers. Pass { training: true, random } as the context.',
    );
  });

  test('drops p of the elements and scales the others, so that the mean stays', () => {
    const y = new Dropout(0.2).forward(x, { training: true, random: createRandom(1) });
    const dropped = y.data.filter((v) => v === 0).length;
    // Of 1000 draws with p = 0.2 the deviation is 12.6.
    expect(Math.abs(dropped - 200)).toBeLessThan(40);
    expect(new Set(y.data)).toEqual(new Set([0, Math.fround(1 / 0.8)]));
    expect(y).toEqual(dropout(x, { p: 0.2, training: true, random: createRandom(1) }));
  });

  test('the same random gives the same choice, and the gradient passes where the value did', () => {
    const leaf = parameter(x);
    const y = new Dropout(0.4).forward(leaf, { training: true, random: createRandom(2) });
    expect(backward(sum(y)).get(leaf).data).toEqual(y.data);
    expect(new Dropout(0.4).forward(x, { training: true, random: createRandom(2) }).data).toEqual(y.data);
    expect(new Dropout(0.4).forward(x, { training: true, random: createRandom(3) }).data).not.toEqual(y.data);
  });

  test.each([-0.1, 1, 1.5, Number.NaN])('refuses p = %d', (p) => {
    expect(() => new Dropout(p)).toThrow(new RangeError(`Dropout: p must lie in [0, 1); got ${p}.`));
  });

  test('p = 0 drops nothing', () => {
    expect(new Dropout(0).forward(x, { training: true, random })).toBe(x);
  });
});

describe('BatchNorm', () => {
  test('starts as the identity of inference, up to epsilon', () => {
    const layer = new BatchNorm1d(2, { epsilon: 0 });
    expect([...stateDict(layer)].map(([name, t]) => [name, t.toArray()])).toEqual([
      ['weight', [1, 1]],
      ['bias', [0, 0]],
      ['running_mean', [0, 0]],
      ['running_var', [1, 1]],
    ]);
    expect(layer.weight).toBeInstanceOf(Parameter);
    expect(layer.runningMean).not.toBeInstanceOf(Parameter);
    expect(layer.forward(tensor([[3, -4]])).toArray()).toEqual([[3, -4]]);
    expect([layer.momentum, new BatchNorm2d(1).epsilon]).toEqual([0.1, 1e-5]);
  });

  test('in training normalizes by the batch, and moves the running statistics to the bit', () => {
    const layer = new BatchNorm1d(2, { epsilon: 0, momentum: 0.25 });
    // Means 2 and 20; biased variances 1 and 100, unbiased 2 and 200.
    const x = tensor([
      [1, 10],
      [3, 30],
    ]);
    expect(layer.forward(x, training).toArray()).toEqual([
      [-1, -1],
      [1, 1],
    ]);
    expect(layer.runningMean.toArray()).toEqual([0.5, 5]);
    expect(layer.runningVar.toArray()).toEqual([1.25, 50.75]);
    layer.forward(x, training);
    expect(layer.runningMean.toArray()).toEqual([0.875, 8.75]);
    expect(layer.runningVar.toArray()).toEqual([1.4375, 88.0625]);
  });

  test('in inference normalizes by the running statistics and writes nothing', () => {
    const layer = new BatchNorm1d(2, { epsilon: 0.25 });
    layer.runningMean.data.set([1, -1]);
    layer.runningVar.data.set([3.75, 0]);
    layer.weight?.data.set([3, 0.5]);
    layer.bias?.data.set([10, 20]);
    for (const context of [undefined, { training: false }]) {
      expect(layer.forward(tensor([[5, 0]]), context).toArray()).toEqual([[16, 21]]);
    }
    expect([layer.runningMean.toArray(), layer.runningVar.toArray()]).toEqual([
      [1, -1],
      [3.75, 0],
    ]);
  });

  test('of images takes each channel over batch and pixels', () => {
    const layer = new BatchNorm2d(2, { epsilon: 0, momentum: 1 });
    const x = tensor([
      [[[1, 1]], [[0, 8]]],
      [[[3, 3]], [[0, 8]]],
    ]);
    expect(layer.forward(x, training).toArray()).toEqual([
      [[[-1, -1]], [[-1, 1]]],
      [[[1, 1]], [[-1, 1]]],
    ]);
    expect(layer.runningMean.toArray()).toEqual([2, 4]);
    expect(layer.runningVar.data).toEqual(new Float32Array([4 / 3, 64 / 3]));
    // BatchNorm1d of [N, C, L] is the same over L.
    const flat = new BatchNorm1d(2, { epsilon: 0 });
    expect(flat.forward(reshape(x, [2, 2, 2]), training).data).toEqual(layer.forward(x, training).data);
  });

  test('momentum 0 keeps the statistics', () => {
    const layer = new BatchNorm1d(1, { momentum: 0 });
    layer.forward(tensor([[1], [5]]), training);
    expect([layer.runningMean.item(), layer.runningVar.item()]).toEqual([0, 1]);
  });

  test('one value a channel has no variance: training throws and writes nothing, inference works', () => {
    const layer = new BatchNorm1d(2);
    expect(errorOf(ShapeError, () => layer.forward(ones([1, 2]), training)).message).toContain(
      'training needs more than one value a channel',
    );
    expect(errorOf(ShapeError, () => layer.forward(zeros([0, 2]), training)).message).toBe(
      'batchNorm: training needs more than one value a channel; got [0, 2]. Use a larger batch, or inference.',
    );
    expect([layer.runningMean.toArray(), layer.runningVar.toArray()]).toEqual([
      [0, 0],
      [1, 1],
    ]);
    expect(layer.forward(ones([1, 2])).shape).toEqual([1, 2]);
    expect(new BatchNorm2d(2).forward(ones([1, 2, 1, 2]), training).shape).toEqual([1, 2, 1, 2]);
  });

  test('refuses shapes of the other kind and another number of channels', () => {
    for (const shape of [[2], [2, 2, 2, 2]]) {
      expect(errorOf(ShapeError, () => new BatchNorm1d(2).forward(ones(shape))).op).toBe('BatchNorm1d');
    }
    for (const shape of [
      [2, 2],
      [2, 2, 2],
    ]) {
      expect(errorOf(ShapeError, () => new BatchNorm2d(2).forward(ones(shape))).op).toBe('BatchNorm2d');
    }
    expect(errorOf(ShapeError, () => new BatchNorm1d(2).forward(ones([4, 3]), training)).message).toBe(
      'batchNorm: weight must be [3]; got [2] and [4, 3]. Use one value a channel.',
    );
  });

  test.each<[string, () => unknown]>([
    ['channels', () => new BatchNorm1d(0)],
    ['channels', () => new BatchNorm2d(1.5)],
    ['momentum', () => new BatchNorm1d(1, { momentum: -0.1 })],
    ['momentum', () => new BatchNorm1d(1, { momentum: 1.1 })],
    ['momentum', () => new BatchNorm2d(1, { momentum: Number.NaN })],
    ['epsilon', () => new BatchNorm1d(1, { epsilon: -1 })],
    ['epsilon', () => new BatchNorm2d(1, { epsilon: Number.NaN })],
    ['epsilon', () => new BatchNorm2d(1, { epsilon: Infinity })],
  ])('refuses a wrong %s', (name, make) => {
    expect(errorOf(RangeError, make).message).toMatch(new RegExp(`^[Bb]atchNorm: ${name} must .*; got .*\\.$`));
  });
});

describe('Sequential', () => {
  test('applies modules and functions in order', () => {
    const double = (x: Tensor): Tensor => linear(x, full([1, 1], 2));
    const add1 = new Linear(1, 1, { random, initialize: () => ones([1, 1]) });
    add1.bias?.data.fill(1);
    const x = tensor([[-3], [1]]);
    expect(new Sequential(double, add1, relu).forward(x).toArray()).toEqual([[0], [3]]);
    expect(new Sequential(add1, double, relu).forward(x).toArray()).toEqual([[0], [4]]);
    expect(new Sequential().forward(x)).toBe(x);
  });

  test('a subclass may have properties of its own', () => {
    class Named extends Sequential {
      readonly label = 'embedder';
      readonly scale = parameter(ones([1]));

      override forward(x: Tensor, context?: Context): Tensor {
        return mul(super.forward(x, context), this.scale);
      }
    }
    const model = new Named(relu, new Linear(1, 1, { random, bias: false, initialize: () => full([1, 1], 3) }));
    expect(model.forward(tensor([[2], [-1]])).toArray()).toEqual([[6], [0]]);
    expect(
      cloneModule(model)
        .forward(tensor([[2], [-1]]))
        .toArray(),
    ).toEqual([[6], [0]]);
    expect([...stateDict(model).keys()]).toEqual(['1.weight', 'scale']);
  });

  test.each<[unknown, number, string]>([
    [[undefined], 0, 'undefined'],
    [[relu, null], 1, 'null'],
    [[relu, relu, 'relu'], 2, 'relu'],
    [[[relu, relu]], 0, 'an array'],
  ])('refuses %j, with the position', (layers, position, what) => {
    const make = (): unknown => Reflect.construct(Sequential, Array.isArray(layers) ? layers : []);
    expect(errorOf(TypeError, make).message).toBe(
      `Sequential: layer ${position} is ${what}, not a Module or a function. Pass the layers one by one.`,
    );
  });

  test('names the layer that returns no tensor', () => {
    // As plain JavaScript allows, where a function forgets its return.
    const forgetful = Reflect.construct(Sequential, [relu, () => undefined, relu]);
    expect(errorOf(TypeError, () => forgetful.forward(ones([1, 2]))).message).toBe(
      'Sequential: layer 1 returned undefined, not a Tensor. Let it return its result.',
    );
  });

  test('keeps the order of more than ten layers', () => {
    const trail: number[] = [];
    const layers = Array.from({ length: 12 }, (_, i) => (x: Tensor) => {
      trail.push(i);
      return x;
    });
    new Sequential(...layers).forward(ones([1]));
    expect(trail).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  test('names parameters by position, functions counted, and reads layers by index', () => {
    const head = new Linear(4, 1, { random });
    const model = new Sequential(new Conv2d(1, 1, 2, { random }), relu, new Flatten(), new Sequential(head));
    expect([...stateDict(model).keys()]).toEqual(['0.weight', '0.bias', '3.0.weight', '3.0.bias']);
    expect(model[1]).toBe(relu);
    expect(stateDict(model).get('3.0.weight')).toBe(head.weight);
  });

  test('hands the context on, to the innermost layer', () => {
    const seen: (Context | undefined)[] = [];
    class Spy extends Module {
      override forward(x: Tensor, context?: Context): Tensor {
        seen.push(context);
        return x;
      }
    }
    const model = new Sequential(new Spy(), new Sequential(new Spy()));
    const context = { training: true, random };
    model.forward(ones([1]), context);
    model.forward(ones([1]));
    expect(seen).toEqual([context, context, { training: false }, { training: false }]);
    expect(seen[1]).toBe(context);
  });
});

test('row i of an inference has the same bits alone, in any batch and at any position', () => {
  const encoder = new Sequential(
    new Conv2d(1, 6, 5, { padding: 2, random }),
    relu,
    new MaxPool2d(2),
    new BatchNorm2d(6),
    new Conv2d(6, 8, 3, { random }),
    relu,
    new Dropout(0.5),
    new Flatten(),
    new Linear(128, 20, { random }),
    new BatchNorm1d(20),
    relu,
    new Linear(20, 3, { random }),
  );
  for (let i = 0; i < 3; i++) encoder.forward(normal([8, 1, 12, 12], i), { training: true, random });
  const count = 37;
  const images = Array.from({ length: count }, (_, i) => normal([1, 1, 12, 12], `image ${i}`));
  const embed = (chosen: readonly number[]) => {
    const data = new Float32Array(chosen.length * 144);
    chosen.forEach((n, i) => {
      data.set(images[n].data, i * 144);
    });
    const y = encoder.forward(new Tensor(data, [chosen.length, 1, 12, 12]));
    return chosen.map((_, i) => y.data.slice(i * 3, (i + 1) * 3));
  };
  const alone = images.map((_, n) => embed([n])[0]);
  expect(new Set(alone.map(String)).size).toBe(count);
  const order = [...random.fork('order').permutation(count)];
  for (const chosen of [order, order.toReversed(), order.slice(0, 5), [3, 3], [0, 36]]) {
    expect(embed(chosen)).toEqual(chosen.map((n) => alone[n]));
  }
});

describe('layers with weights', () => {
  // What plain JavaScript may forget: the types do not.
  const without = {} as WeightOptions;

  test.each([
    ['Linear', () => new Linear(2, 1, without)],
    ['Conv2d', () => new Conv2d(2, 1, 3, without)],
    ['Embedding', () => new Embedding(2, 1, without)],
    ['MultiHeadAttention', () => new MultiHeadAttention(2, 1, without)],
    ['GRU', () => new GRU(2, 1, without)],
  ])('%s says that it needs random', (name, make) => {
    expect(errorOf(TypeError, make).message).toBe(
      `${name}: the options need random, from which first values are drawn. Pass { random: createRandom(seed) }.`,
    );
  });
});
