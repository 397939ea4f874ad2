import { describe, expect, test } from 'vitest';
import * as t from '../../src/portable.ts';
import { errorOf } from '../errors.ts';

const random = t.createRandom(1);

/** The lines of the table, cells between two or more spaces. */
function rowsOf(module: t.Module, input: t.Shape | t.Input): string[][] {
  const [table] = t.summary(module, input).split('\n\n');
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/ {2,}/));
}

/** A module and all below it, property by property, with the bits of its tensors. */
function stateOf(value: unknown): unknown {
  if (value instanceof t.Tensor) return [value, new Uint32Array(value.data.buffer.slice(0))];
  if (!(value instanceof t.Module || Array.isArray(value))) return value;
  return Object.entries(Object.getOwnPropertyDescriptors(value)).map(([key, d]) => [
    key,
    d.writable,
    d.enumerable,
    d.configurable,
    stateOf(d.value),
  ]);
}

describe('the table', () => {
  test('of a twin', () => {
    const encoder = new t.Sequential(
      new t.Conv2d(1, 8, 3, { random }),
      new t.BatchNorm2d(8),
      t.relu,
      new t.Flatten(),
      new t.Linear(5408, 64, { random }),
      (x: t.Tensor) => t.normalize(x),
    );
    expect(`\n${t.summary(new t.Twin(encoder, { compare: t.euclidean }), [1, 1, 28, 28])}\n`).toBe(`
layer      class        output          parameters
(root)     Twin         [1, 64]                  -
encoder    Sequential   [1, 64]                  -
encoder.0  Conv2d       [1, 8, 26, 26]          80
encoder.1  BatchNorm2d  [1, 8, 26, 26]          16
encoder.2  relu         [1, 8, 26, 26]           -
encoder.3  Flatten      [1, 5408]                -
encoder.4  Linear       [1, 64]            346,176
encoder.5  function     [1, 64]                  -

parameters  346,272, all trainable
buffers     16, not trained
weights     1,385.2 KB as float32
`);
  });

  test('of integers, and of layers that are called by other methods than forward', () => {
    const model = new t.Sequential(
      new t.Embedding(100, 8, { random }),
      new t.TransformerEncoderLayer(8, 2, { random, feedForward: 16 }),
      new t.GRU(8, 5, { random }),
    );
    expect(rowsOf(model, t.intTensor(new Int32Array(6), [1, 6]))).toEqual([
      ['(root)', 'Sequential', '[1, 6, 5]', '-'],
      ['0', 'Embedding', '[1, 6, 8]', '800'],
      ['1', 'TransformerEncoderLayer', '[1, 6, 8]', '-'],
      ['1.selfAttn', 'MultiHeadAttention', '[1, 6, 8] by attend', '216'],
      ['1.selfAttn.outProj', 'Linear', '[1, 6, 8]', '72'],
      ['1.linear1', 'Linear', '[1, 6, 16]', '144'],
      ['1.linear2', 'Linear', '[1, 6, 8]', '136'],
      ['1.norm1', 'LayerNorm', '[1, 6, 8]', '16'],
      ['1.norm2', 'LayerNorm', '[1, 6, 8]', '16'],
      ['2', 'GRU', '[1, 6, 5]', '225'],
    ]);
    expect(t.summary(model, t.intTensor(new Int32Array(6), [1, 6]))).toContain(
      `parameters  ${t.countParameters(model).toLocaleString('en')},`,
    );
  });

  test('of a module of the caller: arrays, results of several tensors, layers that are not called', () => {
    class Reader extends t.Module {
      readonly layers = [new t.Linear(3, 4, { random }), t.tanh] as const;
      readonly gru = new t.GRU(4, 2, { random });
      readonly unused = new t.Linear(1, 1, { random, bias: false });
      readonly scale = t.parameter(t.ones([2]));
      readonly activation = t.relu;
      forward(x: t.Tensor): t.Tensor {
        const [first, second] = this.layers;
        const { hidden } = this.gru.run(second(first.forward(x)));
        return this.activation(t.mul(t.reshape(hidden, [-1, 2]), this.scale));
      }
    }
    expect(rowsOf(new Reader(), [5, 7, 3])).toEqual([
      ['(root)', 'Reader', '[5, 2]', '2'],
      ['layers.0', 'Linear', '[5, 7, 4]', '16'],
      ['layers.1', 'tanh', '[5, 7, 4]', '-'],
      ['gru', 'GRU', '[5, 7, 2] by run', '48'],
      ['unused', 'Linear', 'not called', '1'],
    ]);
  });

  test('what is shared counts once, where it stands first', () => {
    const layer = new t.Linear(3, 3, { random });
    const tied = Object.assign(new t.Linear(3, 3, { random }), { weight: layer.weight });
    const model = new t.Sequential(layer, t.relu, layer, t.relu, tied);
    expect(rowsOf(model, [2, 3])).toEqual([
      ['(root)', 'Sequential', '[2, 3]', '-'],
      ['0', 'Linear', '[2, 3], 2 calls', '12'],
      ['1', 'relu', '[2, 3]', '-'],
      ['2', '= 0', 'shared'],
      ['3', 'relu', '[2, 3]', '-'],
      ['4', 'Linear', '[2, 3]', '3 + 9 shared'],
    ]);
    expect(t.summary(model, [2, 3])).toContain(
      'parameters  15, all trainable\nbuffers     0, not trained\nweights     60 bytes as',
    );
  });

  test('of several calls the first output is shown, and that of forward before others', () => {
    class Reads extends t.Module {
      forward(x: t.Tensor): t.Tensor {
        return t.reshape(x, [-1]);
      }
      twice(x: t.Tensor): t.Tensor {
        return t.concat([x, x], { axis: 1 });
      }
    }
    class Model extends t.Module {
      readonly reads = new Reads();
      readonly linear = new t.Linear(2, 1, { random });
      forward(x: t.Tensor): t.Tensor {
        this.linear.forward(t.concat([x, x], { axis: 0 }));
        return t.mul(this.linear.forward(x), this.reads.forward(this.reads.twice(x)));
      }
    }
    expect(rowsOf(new Model(), [1, 2]).map((row) => row[2])).toEqual(['[1, 4]', '[4]', '[2, 1], 2 calls']);
  });

  test('layers may look at their own properties as they run', () => {
    class Chain extends t.Module {
      readonly [index: number]: t.Layer;
      forward(x: t.Tensor): t.Tensor {
        return Object.values(this).reduce((y, layer) => layer(y), x);
      }
    }
    const chain = Object.assign(new Chain(), [t.relu, t.neg]);
    expect(rowsOf(chain, [3]).map((row) => row[2])).toEqual(['[3]', '[3]', '[3]']);
    expect(Object.keys(chain)).toEqual(['0', '1']);
  });

  test('a name that begins like a layer is no part of it; sizes from 1,000 bytes are in KB', () => {
    class Model extends t.Module {
      readonly a = new t.Linear(100, 1, { random, bias: false });
      readonly ab = t.parameter(t.ones([149]));
      forward(x: t.Tensor): t.Tensor {
        return this.a.forward(x);
      }
    }
    const model = new Model();
    expect(rowsOf(model, [1, 100]).map((row) => row[3])).toEqual(['149', '100']);
    expect(t.summary(model, [1, 100])).toContain('996 bytes as float32');
    expect(t.summary(Object.assign(model, { b: t.ones([1]) }), [1, 100])).toContain('1.0 KB as float32');
  });

  test('a frozen layer still counts', () => {
    const model = new t.Sequential(Object.freeze(new t.Linear(2, 1, { random })));
    expect(rowsOf(model, [1, 2])[1]).toEqual(['0', 'Linear', 'not seen: frozen', '3']);
    expect(rowsOf(Object.freeze(new t.Sequential(t.relu)), [1, 2])[1]).toEqual(['0', 'relu', 'not seen: frozen', '-']);
  });

  test('runs in inference, and records nothing', () => {
    const seen: unknown[] = [];
    class Look extends t.Module {
      readonly weight = t.parameter(t.ones([1]));
      forward(x: t.Tensor, context?: t.Context): t.Tensor {
        const y = t.mul(x, this.weight);
        seen.push(context?.training ?? false, y.node, [...x.data]);
        return y;
      }
    }
    t.summary(new t.Sequential(new Look(), new t.Dropout(0.5)), [1, 2]);
    expect(seen).toEqual([false, undefined, [0, 0]]);
  });
});

describe('the module is left as it was', () => {
  class Own extends t.Module {
    readonly linear = new t.Linear(2, 2, { random });
    readonly functions = [t.relu];
    forward = (x: t.Tensor): t.Tensor => this.functions[0](this.linear.forward(x));
    inner(): number {
      return 1;
    }
  }

  test.each([
    ['after a pass', [1, 2]],
    ['after an error', [1, 3]],
  ] as const)('%s', (_, shape) => {
    const model = new t.Sequential(new Own(), new t.BatchNorm1d(2), t.sigmoid);
    const before = stateOf(model);
    const forwards = [model.forward, (model[0] as Own).forward];
    if (shape[1] === 2) expect(rowsOf(model, shape)[1]).toEqual(['0', 'Own', '[1, 2]', '-']);
    else expect(() => t.summary(model, shape)).toThrow(RangeError);
    expect(stateOf(model)).toEqual(before);
    expect([model.forward, (model[0] as Own).forward]).toEqual(forwards);
    expect(Object.keys(model)).toEqual(['0', '1', '2']);
    expect(Object.getOwnPropertyNames(model[1])).not.toContain('forward');
    expect(model[2]).toBe(t.sigmoid);
  });
});

describe('errors', () => {
  test('name the innermost layer and the shape that it was given', () => {
    const model = new t.Sequential(
      new t.Flatten(),
      new t.Sequential(new t.Linear(9, 4, { random }), t.relu, new t.Linear(5, 1, { random })),
    );
    const error = errorOf(RangeError, () => t.summary(model, [2, 3, 3]));
    expect(error.message).toBe(
      'summary: layer 1.2 (Linear) was given [2, 4] and failed. linear: the last axis of x does not match weight [out, in]; got [2, 4] and [1, 5]. Flatten x, or check the layer sizes.',
    );
    expect(error.cause).toBeInstanceOf(t.ShapeError);
  });

  test('remind of the batch where the first layer is given the shape itself', () => {
    const model = new t.Sequential(new t.Flatten(), new t.Linear(9, 4, { random }));
    const end = '(The shape that summary is given begins with the batch.)';
    expect(errorOf(RangeError, () => t.summary(model, [3, 3])).message).toMatch(/Linear\) was given \[3, 3\] .*\)$/);
    expect(errorOf(RangeError, () => t.summary(model, [3, 3])).message).toContain(end);
    expect(errorOf(RangeError, () => t.summary(model, t.zeros([3, 3]))).message).not.toContain(end);
    expect(errorOf(RangeError, () => t.summary(model, [2, 3, 1])).message).not.toContain(end);
  });

  test('tell what integers were given, and where no tensor was', () => {
    const table = new t.Sequential(new t.Embedding(3, 2, { random }));
    expect(() => t.summary(table, t.intTensor(Int32Array.of(0, 7), [2, 1]))).toThrow(
      'summary: layer 0 (Embedding) was given [2, 1] and failed. Embedding: ids[1, 0] is 7;',
    );
    class Clock extends t.Module {
      now(): number {
        throw new RangeError('Clock: no time.');
      }
      forward(x: t.Tensor): t.Tensor {
        return x;
      }
    }
    class Timed extends t.Module {
      readonly clock = new Clock();
      forward(x: t.Tensor): t.Tensor {
        return t.mul(x, this.clock.now());
      }
    }
    expect(errorOf(RangeError, () => t.summary(new Timed(), [1])).message).toBe(
      'summary: layer clock (Clock) was given no tensor and failed. Clock: no time.',
    );
  });

  test('a TypeError that is not about integers says nothing of them', () => {
    class Wild extends t.Module {
      readonly dropout = new t.Dropout(0.5);
      forward(x: t.Tensor): t.Tensor {
        return this.dropout.forward(t.neg(t.slice(x, [[0, 1]])), { training: true });
      }
    }
    expect(errorOf(TypeError, () => t.summary(new Wild(), [2, 2])).message).toBe(
      'summary: layer dropout (Dropout) was given [1, 2] and failed. dropout: training needs a source of random numbers. Pass { training: true, random } as the context.',
    );
  });

  test('say how integers are passed', () => {
    const error = errorOf(TypeError, () => t.summary(new t.Sequential(new t.Embedding(9, 2, { random })), [1, 5]));
    expect(error.message).toContain(
      'summary: layer 0 (Embedding) was given [1, 5] and failed. Embedding: ids must be integers;',
    );
    expect(error.message).toContain('pass intTensor(new Int32Array(5), [1, 5]) to summary.)');
  });

  test('of functions, of the module itself, and of arguments', () => {
    const broken = (): never => {
      throw new RangeError('broken: no.');
    };
    expect(() => t.summary(new t.Sequential(t.relu, broken), [2])).toThrow(
      'summary: layer 1 (broken) was given [2] and failed. broken: no.',
    );
    expect(() => t.summary(new t.Linear(2, 1, { random }), [3])).toThrow(
      'summary: Linear was given [3] and failed. linear:',
    );
    // @ts-expect-error: a number is no shape.
    expect(() => t.summary(new t.Flatten(), 3)).toThrow(
      new TypeError(
        'summary: expected the shape of an input, as [1, 1, 28, 28], or an example. The batch comes first.',
      ),
    );
    expect(() => t.summary(new t.Flatten(), [-1, 3])).toThrow(
      'summary: every length must be a non-negative integer; got [-1, 3].',
    );
    // @ts-expect-error: a function is no module.
    expect(() => t.summary(t.relu, [3])).toThrow(TypeError);
  });

  test('a module may catch what a layer throws', () => {
    class Careful extends t.Module {
      readonly wide = new t.Linear(9, 1, { random });
      readonly narrow = new t.Linear(2, 1, { random });
      forward(x: t.Tensor): t.Tensor {
        try {
          return this.wide.forward(x);
        } catch {
          return this.narrow.forward(x);
        }
      }
    }
    expect(rowsOf(new Careful(), [1, 2]).map((row) => row[2])).toEqual(['[1, 1]', 'not called', '[1, 1]']);
  });
});
