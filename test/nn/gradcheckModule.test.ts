import { describe, expect, test, vi } from 'vitest';
import { gelu, relu, sigmoid, softplus, tanh } from '../../src/autograd/ops/activations.ts';
import { add, mul } from '../../src/autograd/ops/arithmetic.ts';
import { square } from '../../src/autograd/ops/pointwise.ts';
import { matmul } from '../../src/autograd/ops/products.ts';
import { transpose } from '../../src/autograd/ops/rearrange.ts';
import { type Edge, record } from '../../src/autograd/tape.ts';
import { MultiHeadAttention } from '../../src/nn/attention.ts';
import { gradcheckModule, gradgradcheckModule } from '../../src/nn/clone.ts';
import { Conv1d, Conv2d, ConvTranspose2d } from '../../src/nn/convolutions.ts';
import { Dropout, Flatten, Linear } from '../../src/nn/dense.ts';
import { Embedding } from '../../src/nn/embedding.ts';
import type { Context, Module } from '../../src/nn/module.ts';
import {
  BatchNorm1d,
  BatchNorm2d,
  GroupNorm,
  InstanceNorm2d,
  LayerNorm,
  RMSNorm,
} from '../../src/nn/normalizations.ts';
import { AdaptiveAvgPool2d, AvgPool2d, MaxPool2d } from '../../src/nn/pooling.ts';
import { GRU, LSTM } from '../../src/nn/recurrent.ts';
import { Sequential } from '../../src/nn/sequential.ts';
import { namedParameters, stateDict } from '../../src/nn/state.ts';
import { TransformerEncoderLayer } from '../../src/nn/transformer.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { intTensor } from '../../src/tensor/intTensor.ts';
import { isDouble } from '../../src/tensor/precision.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { type Shape, sizeOf } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { errorOf } from '../errors.ts';

/** The rule that is made wrong: edge `edge` of every op called `op`, by a factor. Off where undefined. */
const sabotage = vi.hoisted(
  (): { current: { op: string; edge: number; factor: number } | undefined; hits: number } => ({
    current: undefined,
    hits: 0,
  }),
);

vi.mock('../../src/autograd/tape.ts', async (original) => {
  const tape = await original<typeof import('../../src/autograd/tape.ts')>();
  const record: typeof tape.record = (name, data, shape, edges) => {
    const { current } = sabotage;
    // Pullbacks are written with the same ops, which may have fewer inputs.
    if (current === undefined || current.op !== name || current.edge >= edges.length) {
      return tape.record(name, data, shape, edges);
    }
    const [input, pullback] = edges[current.edge];
    sabotage.hits++;
    const wrong: Edge = [input, (g) => scale(pullback(g), current.factor)];
    return tape.record(name, data, shape, edges.with(current.edge, wrong));
  };
  return { ...tape, record };
});

function scale(g: Tensor, factor: number): Tensor {
  const out = g.data.slice();
  for (let i = 0; i < out.length; i++) out[i] *= factor;
  return new Tensor(out, g.shape);
}

const random = createRandom(6);
let drawn = 0;
const normal = (shape: Shape): Tensor =>
  new Tensor(random.fork(drawn++).fillNormal(new Float32Array(sizeOf(shape)), 0, 1), shape);

/** Numbers in random order at least 0.02 apart from one another and from 0: no kink of relu or of a maximum is near. */
function distinct(shape: Shape): Tensor {
  const size = sizeOf(shape);
  return new Tensor(
    Float32Array.from(random.fork(drawn++).permutation(size), (i) => 0.1 * (i - size / 2) + 0.03),
    shape,
  );
}

/** Statistics and an affine map that are not those of the start. */
function used<M extends BatchNorm1d | BatchNorm2d>(layer: M): M {
  for (const t of [layer.weight, layer.bias, layer.runningMean]) t?.data.set(normal(t.shape).data);
  layer.runningVar.data.set(layer.runningVar.data.map((_, i) => 0.5 + i));
  return layer;
}

/** Weights that are not those of the start. */
function trained<M extends Module>(layer: M): M {
  for (const t of namedParameters(layer).values()) t.data.set(normal(t.shape).data);
  return layer;
}

interface LayerCase {
  readonly module: Module;
  readonly input: Tensor;
  readonly context?: () => Context;
  /** The op whose rules are made wrong, and how many inputs it has that need a gradient. */
  readonly op: string;
  readonly edges: number;
}

const inTraining = (): Context => ({ training: true, random: createRandom(9) });

const layers: Readonly<Record<string, LayerCase>> = {
  Linear: { module: new Linear(4, 3, { random }), input: normal([5, 4]), op: 'product', edges: 3 },
  'Linear without bias, on a sequence': {
    module: new Linear(4, 3, { random, bias: false }),
    input: normal([2, 3, 4]),
    op: 'product',
    edges: 2,
  },
  Conv2d: { module: new Conv2d(2, 3, 3, { random, padding: 1 }), input: normal([2, 2, 4, 5]), op: 'conv2d', edges: 3 },
  'Conv2d with every option': {
    module: new Conv2d(4, 2, [3, 2], {
      random,
      bias: false,
      stride: [2, 1],
      padding: [1, 2],
      dilation: [1, 2],
      groups: 2,
    }),
    input: normal([2, 4, 5, 4]),
    op: 'conv2d',
    edges: 2,
  },
  Conv1d: {
    module: new Conv1d(4, 2, 3, { random, stride: 2, padding: 1, dilation: 2, groups: 2 }),
    input: normal([2, 4, 7]),
    op: 'conv2d',
    edges: 3,
  },
  ConvTranspose2d: {
    module: new ConvTranspose2d(2, 3, 2, { random }),
    input: normal([2, 2, 2, 3]),
    op: 'convTranspose2d',
    edges: 3,
  },
  'ConvTranspose2d with every option': {
    module: new ConvTranspose2d(4, 2, [3, 2], {
      random,
      bias: false,
      stride: [2, 1],
      padding: [1, 0],
      outputPadding: [1, 1],
      dilation: [1, 2],
      groups: 2,
    }),
    input: normal([1, 4, 3, 2]),
    op: 'convTranspose2d',
    edges: 2,
  },
  'AvgPool2d, overlapping, padding not counted': {
    module: new AvgPool2d([3, 2], { stride: [2, 1], padding: [1, 1], countIncludePad: false }),
    input: normal([1, 2, 5, 4]),
    op: 'avgPool2d',
    edges: 1,
  },
  AdaptiveAvgPool2d: {
    module: new AdaptiveAvgPool2d([2, 3]),
    input: normal([1, 2, 5, 4]),
    op: 'adaptiveAvgPool2d',
    edges: 1,
  },
  MaxPool2d: { module: new MaxPool2d(2), input: distinct([2, 2, 4, 5]), op: 'maxPool2d', edges: 1 },
  'MaxPool2d, overlapping and padded': {
    module: new MaxPool2d([3, 2], { stride: [2, 1], padding: [1, 1] }),
    input: distinct([1, 2, 5, 4]),
    op: 'maxPool2d',
    edges: 1,
  },
  Flatten: { module: new Flatten(), input: normal([2, 3, 2]), op: 'reshape', edges: 1 },
  'Dropout in training': { module: new Dropout(0.4), input: normal([4, 5]), context: inTraining, op: 'mul', edges: 1 },
  'BatchNorm1d in training': {
    module: used(new BatchNorm1d(3)),
    input: normal([6, 3]),
    context: inTraining,
    op: 'batchNorm',
    edges: 3,
  },
  'BatchNorm1d of sequences in training': {
    module: used(new BatchNorm1d(2, { epsilon: 0.1 })),
    input: normal([3, 2, 4]),
    context: inTraining,
    op: 'batchNorm',
    edges: 3,
  },
  'BatchNorm2d in training': {
    module: used(new BatchNorm2d(2)),
    input: normal([3, 2, 2, 3]),
    context: inTraining,
    op: 'batchNorm',
    edges: 3,
  },
  'BatchNorm2d in inference': {
    module: used(new BatchNorm2d(2)),
    input: normal([3, 2, 2, 3]),
    op: 'batchNorm',
    edges: 3,
  },
  'BatchNorm1d without weights in training': {
    module: new BatchNorm1d(3, { affine: false }),
    input: normal([6, 3]),
    context: inTraining,
    op: 'batchNorm',
    edges: 1,
  },
  LayerNorm: { module: trained(new LayerNorm([2, 3])), input: normal([4, 2, 3]), op: 'layerNorm', edges: 3 },
  'LayerNorm without bias': {
    module: trained(new LayerNorm(5, { bias: false })),
    input: normal([4, 5]),
    op: 'layerNorm',
    edges: 2,
  },
  RMSNorm: { module: trained(new RMSNorm(5)), input: normal([4, 5]), op: 'rmsNorm', edges: 2 },
  GroupNorm: { module: trained(new GroupNorm(2, 4)), input: normal([2, 4, 2, 3]), op: 'groupNorm', edges: 3 },
  'InstanceNorm2d with weights': {
    module: trained(new InstanceNorm2d(2, { affine: true })),
    input: normal([2, 2, 2, 3]),
    op: 'instanceNorm',
    edges: 3,
  },
  InstanceNorm2d: { module: new InstanceNorm2d(2), input: normal([2, 2, 2, 3]), op: 'instanceNorm', edges: 1 },
  'Sequential with relu': {
    module: new Sequential(new Linear(3, 4, { random }), relu, new Linear(4, 2, { random })),
    input: distinct([4, 3]),
    op: 'relu',
    edges: 1,
  },
  'Sequential with smooth functions': {
    module: new Sequential(tanh, new Linear(3, 4, { random }), sigmoid, (x) => gelu(x), softplus),
    input: normal([4, 3]),
    op: 'tanh',
    edges: 1,
  },
  'a whole encoder in training': {
    module: new Sequential(
      new Conv2d(1, 2, 3, { random, padding: 1 }),
      used(new BatchNorm2d(2)),
      tanh,
      new MaxPool2d(2),
      new Flatten(),
      new Dropout(0.2),
      new Linear(8, 3, { random }),
    ),
    input: distinct([3, 1, 4, 4]),
    context: inTraining,
    op: 'conv2d',
    edges: 2,
  },
};

const check = ({ module, input, context }: LayerCase) =>
  gradcheckModule(module, (m, x) => m.forward(x, context?.()), [input]);

describe.each(Object.entries(layers))('%s', (_name, row) => {
  test('has second derivatives within 1e-5, and changes nothing', () => {
    const { module, input, context } = row;
    const before = [...stateDict(module).values(), input].map(({ data }) => data.slice());
    const result = gradgradcheckModule(module, (m, x) => m.forward(x, context?.()), [input]);
    expect(result.ok, result.message).toBe(true);
    expect([...stateDict(module).values(), input].map(({ data }) => data)).toEqual(before);
  });

  test('passes at 1e-6, for every parameter and the input, and changes nothing', () => {
    const before = [...stateDict(row.module).values(), row.input].map(({ data }) => data.slice());
    const result = check(row);
    expect(result.maxError, JSON.stringify(result)).toBeLessThanOrEqual(1e-6);
    expect(result.ok).toBe(true);
    expect([...stateDict(row.module).values(), row.input].map(({ data }) => data)).toEqual(before);
  });

  test.each(Array.from({ length: row.edges }, (_, edge) => edge))(
    `fails when rule %d of '${row.op}' is wrong by a thousandth`,
    (edge) => {
      try {
        Object.assign(sabotage, { current: { op: row.op, edge, factor: 1.001 }, hits: 0 });
        const result = check(row);
        expect(sabotage.hits).toBeGreaterThan(0);
        expect(result.ok).toBe(false);
        expect(result.maxError).toBeGreaterThan(5e-4);
      } finally {
        sabotage.current = undefined;
      }
    },
  );
});

describe('second derivatives within 1e-5, of layers whose first ones are checked in their own files', () => {
  const second = <M extends Module>(module: M, fn: (m: M, ...inputs: Tensor[]) => Tensor, shapes: readonly Shape[]) => {
    const { ok, message } = gradgradcheckModule(module, fn, shapes.map(normal));
    expect(ok, message).toBe(true);
  };

  test.each([GRU, LSTM])('%o, two layers, both ways, with dropout', (Layer) => {
    second(
      new Layer(2, 2, { layers: 2, bidirectional: true, dropout: 0.4, random }),
      (m, x) => m.forward(x, inTraining()),
      [[2, 3, 2]],
    );
  });

  test.each([GRU, LSTM])('%o, sequences of different lengths', (Layer) => {
    second(new Layer(2, 2, { random }), (m, x) => m.run(x, { lengths: [3, 1] }).output, [[2, 3, 2]]);
  });

  test('MultiHeadAttention over a memory, causal and masked', () => {
    second(new MultiHeadAttention(4, 2, { random }), (m, x) => m.forward(x, inTraining()), [[2, 3, 4]]);
    const mask = tensor([[[1, 1, 0]], [[0, 0, 0]]]);
    second(
      new MultiHeadAttention(4, 1, { bias: false, dropout: 0.3, random }),
      (m, q, k) => m.attend(q, k, k, { mask }, inTraining()),
      [
        [2, 2, 4],
        [2, 3, 4],
      ],
    );
  });

  test('TransformerEncoderLayer', () => {
    second(
      new TransformerEncoderLayer(4, 2, { feedForward: 5, activation: 'gelu', random }),
      (m, x) => m.encode(x, { causal: true }, inTraining()),
      [[2, 3, 4]],
    );
  });

  test('Embedding, an item twice', () => {
    second(new Embedding(4, 2, { random }), (m) => square(m.forward(intTensor(Int32Array.of(3, 1, 3), [3]))), []);
  });
});

test('every layer with parameters is checked in every parameter', () => {
  for (const { module, input, op, edges } of Object.values(layers)) {
    if (module instanceof Sequential) continue;
    expect(edges, op).toBe(namedParameters(module).size + (input.size > 0 ? 1 : 0));
  }
});

test('a parameter whose gradient is cut off is found, by its place after the inputs', () => {
  const module = new Linear(2, 1, { random });
  // The values of the bias reach the output, its gradient does not.
  const detached = (m: Linear, x: Tensor): Tensor =>
    add(matmul(x, transpose(m.weight)), m.bias === undefined ? 0 : new Tensor(m.bias.data, m.bias.shape));
  const result = gradcheckModule(module, detached, [normal([3, 2])]);
  expect([result.ok, result.worst.input, result.worst.name, result.worst.analytic]).toEqual([false, 2, 'bias', 0]);
  expect(result.message).toMatch(
    /^gradcheckModule: the gradient with respect to bias at \[0\] \(flat index 0\) is wrong: analytic 0, numeric -?\d/,
  );
});

test('a second derivative that is cut off is found, by the name of the parameter', () => {
  const module = new Sequential(new Linear(2, 2, { random }), tanh);
  // What the layer gives, and a gradient whose slopes are data.
  const frozen = (m: Sequential, x: Tensor): Tensor => {
    const y = m.forward(x);
    const [weight] = namedParameters(m).values();
    const slopes = new Tensor(
      weight.data.map((v) => 3 * v * v),
      weight.shape,
    );
    const cubes = record(
      'cubes',
      weight.data.map((v) => v * v * v),
      weight.shape,
      [[weight, (g) => mul(g, slopes)]],
    );
    return add(y, cubes);
  };
  const x = normal([2, 2]);
  expect(gradcheckModule(module, frozen, [x]).ok).toBe(true);
  const { ok, worst, message } = gradgradcheckModule(module, frozen, [x]);
  expect([ok, worst.name]).toEqual([false, '0.weight']);
  expect(message).toMatch(/^gradgradcheckModule: the second derivative with respect to 0\.weight at \[\d, \d\]/);
});

test('a weight that is not finite is refused by its name', () => {
  const module = new Linear(2, 1, { random });
  module.weight.data[1] = Number.NaN;
  expect(errorOf(RangeError, () => gradcheckModule(module, (m, x) => m.forward(x), [normal([1, 2])])).message).toBe(
    'gradcheckModule: weight is NaN at [0, 1], where there is no difference to take. Pass finite inputs.',
  );
});

test('runs on a copy in double precision, inputs and buffers too', () => {
  const module = used(new BatchNorm1d(2));
  const seen: boolean[] = [];
  gradcheckModule(
    module,
    (m, x) => {
      seen.push(...[x, ...stateDict(m).values()].map(({ data }) => isDouble(data)));
      expect(m).not.toBe(module);
      return mul(m.forward(x), 1);
    },
    [zeros([1, 2])],
  );
  expect(seen.length).toBeGreaterThan(0);
  expect(new Set(seen)).toEqual(new Set([true]));
});
