import { describe, expect, test } from 'vitest';
import { concat } from '../../src/autograd/ops/joining.ts';
import { slice } from '../../src/autograd/ops/rearrange.ts';
import { sum } from '../../src/autograd/ops/reductions.ts';
import { scope } from '../../src/autograd/scope.ts';
import { backward } from '../../src/autograd/tape.ts';
import { MultiHeadAttention } from '../../src/nn/attention.ts';
import { gradcheckModule } from '../../src/nn/clone.ts';
import { Embedding } from '../../src/nn/embedding.ts';
import type { Module } from '../../src/nn/module.ts';
import { Sequential } from '../../src/nn/sequential.ts';
import { namedParameters, stateDict } from '../../src/nn/state.ts';
import { TransformerEncoderLayer } from '../../src/nn/transformer.ts';
import { full, ones, tensor, zeros } from '../../src/tensor/create.ts';
import { intTensor } from '../../src/tensor/intTensor.ts';
import { portableKernels, useKernels } from '../../src/tensor/kernels/kernels.ts';
import { createSimdKernels } from '../../src/tensor/kernels/simd/simd.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { type Shape, ShapeError, sizeOf } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { errorOf } from '../errors.ts';

const random = createRandom(15);
let drawn = 0;
const normal = (shape: Shape): Tensor =>
  new Tensor(random.fork(drawn++).fillNormal(new Float32Array(sizeOf(shape)), 0, 1), shape);
const numbers = ({ data }: Tensor) => Array.from(data);
const shapes = (module: Module) => [...stateDict(module)].map(([name, { shape }]) => [name, shape]);
const training = (seed = 3) => ({ training: true, random: createRandom(seed) });

describe('MultiHeadAttention', () => {
  const make = (width = 4, heads = 2, options = {}) =>
    new MultiHeadAttention(width, heads, { random: createRandom(8), ...options });

  test('names, order and first values of its parameters are those of PyTorch', () => {
    const layer = make(60, 3);
    expect(shapes(layer)).toEqual([
      ['in_proj_weight', [180, 60]],
      ['in_proj_bias', [180]],
      ['out_proj.weight', [60, 60]],
      ['out_proj.bias', [60]],
    ]);
    expect(shapes(make(4, 2, { bias: false })).map(([name]) => name)).toEqual(['in_proj_weight', 'out_proj.weight']);
    const largest = ({ data }: Tensor) => data.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    expect(largest(layer.inProjWeight) / Math.sqrt(6 / 240)).toBeCloseTo(1, 2);
    expect(largest(layer.outProj.weight) * Math.sqrt(60)).toBeCloseTo(1, 2);
    expect([...namedParameters(layer)].filter(([name]) => name.endsWith('ias')).flatMap(([, b]) => numbers(b))).toEqual(
      new Array(240).fill(0),
    );
  });

  test('gradients of self-attention, and of attention over a memory', () => {
    const self = gradcheckModule(make(), (m, x) => m.forward(x, training()), [normal([2, 3, 4])]);
    expect(self.ok, JSON.stringify(self)).toBe(true);
    const mask = tensor([[[1, 1, 0]], [[0, 0, 0]]]);
    const cross = gradcheckModule(
      make(4, 1, { bias: false, dropout: 0.3 }),
      (m, q, k, v) => m.attend(q, k, v, { mask }, training()),
      [normal([2, 2, 4]), normal([2, 3, 4]), normal([2, 3, 4])],
    );
    expect(cross.ok, JSON.stringify(cross)).toBe(true);
  });

  test('a mask leaves out padding: what stands there, NaN even, changes nothing', () => {
    const layer = make();
    const x = normal([2, 3, 4]);
    const padded = concat([x, full([2, 5, 4], Number.NaN)], { axis: 1 });
    const mask = tensor([[1, 1, 1, 0, 0, 0, 0, 0]]);
    const y = layer.attend(x, padded, padded, { mask });
    numbers(layer.forward(x)).forEach((v, i) => {
      expect(y.data[i]).toBeCloseTo(v, 6);
    });
    const each = layer.attend(x, padded, padded, {
      mask: tensor([[[1, 1, 1, 0, 0, 0, 0, 0]], [[1, 0, 0, 0, 0, 0, 0, 0]]]),
    });
    expect(numbers(each).every(Number.isFinite)).toBe(true);
    const gradients = backward(sum(each));
    for (const p of [layer.inProjBias, layer.outProj.weight])
      expect(p !== undefined && numbers(gradients.get(p)).every(Number.isFinite)).toBe(true);
  });

  test('masks of all heads, of each item and of each head', () => {
    const layer = make();
    const x = normal([2, 3, 4]);
    const causal = [
      [true, false, false],
      [true, true, false],
      [true, true, true],
    ];
    const one = tensor(causal.map((row) => row.map(Number)));
    const ways = [
      { causal: true },
      { mask: causal },
      { mask: one },
      { mask: tensor([numbersOf(one), numbersOf(one)]) },
      { mask: tensor([[numbersOf(one)]]) },
    ].map((options) => numbers(layer.attend(x, x, x, options)));
    for (const way of ways) expect(way).toEqual(ways[0]);
    const first = layer.attend(x, x, x, { mask: tensor([numbersOf(one), numbersOf(ones([3, 3]))]) });
    expect(numbers(first).slice(0, 12)).toEqual(ways[0].slice(0, 12));
    expect(numbers(first).slice(12)).toEqual(numbers(layer.forward(x)).slice(12));
  });

  test('nothing that comes later reaches a causal output', () => {
    const layer = make();
    const x = normal([1, 4, 4]);
    const y = numbers(layer.attend(x, x, x, { causal: true }));
    x.data.fill(7, 8);
    expect(numbers(layer.attend(x, x, x, { causal: true })).slice(0, 8)).toEqual(y.slice(0, 8));
  });

  test('an item has the same bits alone and in a batch, with both kernel sets', () => {
    const layer = make(32, 4);
    const x = normal([3, 9, 32]);
    try {
      for (const set of [portableKernels, createSimdKernels()]) {
        useKernels(set);
        const all = numbers(layer.forward(x));
        for (let n = 0; n < 3; n++)
          expect(numbers(layer.forward(slice(x, [[n, n + 1]])))).toEqual(all.slice(288 * n, 288 * (n + 1)));
      }
    } finally {
      useKernels(portableKernels);
    }
  });

  test('no positions, no items', () => {
    expect(make().forward(zeros([2, 0, 4])).shape).toEqual([2, 0, 4]);
    expect(make().forward(zeros([0, 3, 4])).shape).toEqual([0, 3, 4]);
    const layer = make();
    const none = layer.attend(zeros([2, 3, 4]), zeros([2, 0, 4]), zeros([2, 0, 4]));
    expect(numbers(none)).toEqual(new Array(24).fill(0));
  });

  test('dropout of weights, in training alone', () => {
    const layer = make(8, 2, { dropout: 0.5 });
    const x = normal([2, 6, 8]);
    expect(numbers(layer.forward(x))).toEqual(numbers(make(8, 2).forward(x)));
    expect(numbers(layer.forward(x, training(1)))).toEqual(numbers(layer.forward(x, training(1))));
    expect(numbers(layer.forward(x, training(1)))).not.toEqual(numbers(layer.forward(x, training(2))));
    expect(errorOf(TypeError, () => layer.forward(x, { training: true })).message).toBe(
      'dropout: training needs a source of random numbers. Pass { training: true, random } as the context.',
    );
  });

  test.each<readonly [string, () => unknown, new (...args: never[]) => Error]>([
    ['heads must be an integer of at least 1; got 0.', () => make(4, 0), RangeError],
    ['3 heads do not divide a width of 4. Choose a divisor.', () => make(4, 3), RangeError],
    ['dropout must lie in [0, 1); got -1.', () => make(4, 2, { dropout: -1 }), RangeError],
    [
      'queries, keys and values must be [N, T, 4]; got [3, 4] and [3, 4] and [3, 4]. Batch first, of one batch size.',
      () => make().forward(zeros([3, 4])),
      ShapeError,
    ],
    [
      'queries, keys and values must be [N, T, 4]; got [2, 3, 4] and [1, 3, 4] and [1, 3, 4]. Batch first, of one batch size.',
      () => make().attend(zeros([2, 3, 4]), zeros([1, 3, 4]), zeros([1, 3, 4])),
      ShapeError,
    ],
  ])('refuses: %s', (message, call, kind) => {
    expect(errorOf(kind, call).message).toBe(`MultiHeadAttention: ${message}`);
  });
});

function numbersOf(x: Tensor): number[][] {
  return Array.from({ length: x.shape[0] }, (_, i) =>
    Array.from(x.data.subarray(i * x.shape[1], (i + 1) * x.shape[1])),
  );
}

describe('TransformerEncoderLayer', () => {
  const make = (options = {}) =>
    new TransformerEncoderLayer(4, 2, { random: createRandom(8), feedForward: 6, ...options });

  test('names, order and shapes of its parameters are those of PyTorch; 2048 units by default', () => {
    expect(shapes(new TransformerEncoderLayer(4, 2, { random }))).toEqual([
      ['self_attn.in_proj_weight', [12, 4]],
      ['self_attn.in_proj_bias', [12]],
      ['self_attn.out_proj.weight', [4, 4]],
      ['self_attn.out_proj.bias', [4]],
      ['linear1.weight', [2048, 4]],
      ['linear1.bias', [2048]],
      ['linear2.weight', [4, 2048]],
      ['linear2.bias', [4]],
      ['norm1.weight', [4]],
      ['norm1.bias', [4]],
      ['norm2.weight', [4]],
      ['norm2.bias', [4]],
    ]);
  });

  test.each([
    ['in inference', { activation: 'gelu' }, undefined],
    ['in training', { activation: 'gelu' }, training],
    ['normalizing first', { activation: 'gelu', normFirst: true, dropout: 0.3 }, training],
  ] as const)('gradients %s', (_name, options, context) => {
    const result = gradcheckModule(
      make(options),
      (m, x) => m.encode(x, { mask: tensor([[[1, 1, 1]], [[1, 0, 0]]]) }, context?.()),
      [normal([2, 3, 4])],
    );
    expect(result.ok, JSON.stringify(result)).toBe(true);
  });

  test('normalizes after each sum, or before each branch', () => {
    const x = normal([2, 3, 4]);
    const after = make().forward(x);
    for (let row = 0; row < 6; row++) {
      const values = numbers(after).slice(4 * row, 4 * row + 4);
      expect(values.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 5);
      expect(values.reduce((a, b) => a + b * b, 0) / 4).toBeCloseTo(1, 3);
    }
    const layer = make({ normFirst: true });
    layer.selfAttn.outProj.weight.data.fill(0);
    layer.linear2.weight.data.fill(0);
    layer.linear2.bias?.data.fill(0);
    expect(numbers(layer.forward(x))).toEqual(numbers(x));
  });

  test('works in a Sequential after an Embedding, and in a scope', () => {
    const model = new Sequential(new Embedding(9, 4, { random }), make(), make({ normFirst: true }));
    const ids = intTensor(Int32Array.of(1, 2, 3, 8, 0, 8), [2, 3]);
    const step = () => [...backward(sum(model.forward(ids, training())))].map(([, g]) => g);
    expect(scope(step).map(numbers)).toEqual(step().map(numbers));
  });

  test('drops by default, by its random alone', () => {
    const x = normal([2, 3, 4]);
    expect(numbers(make().forward(x))).toEqual(numbers(make({ dropout: 0 }).forward(x, { training: true })));
    expect(numbers(make().forward(x, training(1)))).toEqual(numbers(make().forward(x, training(1))));
    expect(numbers(make().forward(x, training(1)))).not.toEqual(numbers(make().forward(x, training(2))));
    expect(errorOf(TypeError, () => make().forward(x, { training: true })).message).toBe(
      'dropout: training needs a source of random numbers. Pass { training: true, random } as the context.',
    );
  });

  test('nothing that comes later reaches a causal output', () => {
    const x = normal([1, 4, 4]);
    const y = numbers(make().encode(x, { causal: true }));
    x.data.fill(7, 8);
    expect(numbers(make().encode(x, { causal: true })).slice(0, 8)).toEqual(y.slice(0, 8));
  });

  test('refuses another activation', () => {
    expect(errorOf(RangeError, () => make({ activation: 'tanh' })).message).toBe(
      "TransformerEncoderLayer: activation must be 'relu' or 'gelu'; got 'tanh'.",
    );
    expect(errorOf(RangeError, () => make({ feedForward: 0 })).message).toBe(
      'Linear: outputs must be an integer of at least 1; got 0.',
    );
  });
});
