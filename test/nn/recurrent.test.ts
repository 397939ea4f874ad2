import { describe, expect, test } from 'vitest';
import { mul } from '../../src/autograd/ops/arithmetic.ts';
import { concat } from '../../src/autograd/ops/joining.ts';
import { reshape, slice } from '../../src/autograd/ops/rearrange.ts';
import { sum } from '../../src/autograd/ops/reductions.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { scope } from '../../src/autograd/scope.ts';
import { backward } from '../../src/autograd/tape.ts';
import { cloneModule, gradcheckModule } from '../../src/nn/clone.ts';
import { GRU, LSTM, type RecurrentLayerOptions } from '../../src/nn/recurrent.ts';
import { Sequential } from '../../src/nn/sequential.ts';
import { namedParameters, stateDict } from '../../src/nn/state.ts';
import { zeros } from '../../src/tensor/create.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { type Shape, ShapeError, sizeOf } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { errorOf } from '../errors.ts';

const random = createRandom(14);
let drawn = 0;
const normal = (shape: Shape): Tensor =>
  new Tensor(random.fork(drawn++).fillNormal(new Float32Array(sizeOf(shape)), 0, 1), shape);
const numbers = ({ data }: Tensor) => Array.from(data);
const all = (result: object): Tensor =>
  concat(Object.values(result).map((x) => reshape(x instanceof Tensor ? x : zeros([0]), [-1])));
const training = () => ({ training: true, random: createRandom(3) });

const kinds = [
  ['GRU', GRU, 3],
  ['LSTM', LSTM, 4],
] as const;

describe.each(kinds)('%s', (name, Kind, gates) => {
  const make = (options: Partial<RecurrentLayerOptions> = {}, inputs = 3, hidden = 2) =>
    new Kind(inputs, hidden, { random: createRandom(8), ...options });

  test('names, order and shapes of its parameters are those of PyTorch', () => {
    const own = [...stateDict(make({ layers: 2, bidirectional: true }))].map(([key, { shape }]) => [key, shape]);
    const g = gates * 2;
    const of = (place: string, width: number) => [
      [`weight_ih_${place}`, [g, width]],
      [`weight_hh_${place}`, [g, 2]],
      [`bias_ih_${place}`, [g]],
      [`bias_hh_${place}`, [g]],
    ];
    expect(own).toEqual([...of('l0', 3), ...of('l0_reverse', 3), ...of('l1', 4), ...of('l1_reverse', 4)]);
    expect([...namedParameters(make({ bias: false })).keys()]).toEqual(['weightIhL0', 'weightHhL0']);
  });

  test('first values are uniform within 1 / sqrt(hidden), all of them different', () => {
    const layer = make({ bidirectional: true }, 30, 25);
    const drawnValues = [...namedParameters(layer).values()].flatMap(numbers);
    const largest = drawnValues.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    expect(largest).toBeLessThanOrEqual(Math.fround(0.2));
    expect(largest).toBeGreaterThan(0.2 * (1 - 10 / drawnValues.length));
    const variance = drawnValues.reduce((total, v) => total + v * v, 0) / drawnValues.length;
    expect(Math.abs(variance / (0.04 / 3) - 1)).toBeLessThan(4 * Math.sqrt(0.8 / drawnValues.length));
    expect(new Set(drawnValues).size).toBeGreaterThan(0.99 * drawnValues.length);
  });

  test.each<readonly [string, Partial<RecurrentLayerOptions>]>([
    ['alone', {}],
    ['without bias', { bias: false, returns: 'last' }],
    ['two layers, both ways', { layers: 2, bidirectional: true }],
    ['two layers, both ways, the last state', { layers: 2, bidirectional: true, returns: 'last' }],
    ['with dropout in training', { layers: 2, dropout: 0.4 }],
  ])('gradients: %s', (_name, options) => {
    const result = gradcheckModule(make(options), (m, x) => m.forward(x, training()), [normal([2, 3, 3])]);
    expect(result.ok, JSON.stringify(result)).toBe(true);
  });

  test('gradients of everything that run gives, for first states and sequences of different lengths', () => {
    const layer = make({ layers: 2, bidirectional: true });
    const states = [normal([4, 3, 2]), normal([4, 3, 2])].slice(0, gates - 2);
    const run = (m: GRU | LSTM, x: Tensor, hidden: Tensor, cell?: Tensor) =>
      all(m.run(x, { hidden, ...(cell && { cell }), lengths: [3, 0, 2] }));
    const result = gradcheckModule(layer, (m, x, hidden, cell) => run(m, x, hidden, cell), [
      normal([3, 3, 3]),
      ...states,
    ]);
    expect(result.ok, JSON.stringify(result)).toBe(true);
  });

  test('the array of lengths may be used again before the gradient is taken', () => {
    const layer = make({});
    const x = parameter(normal([2, 3, 3]));
    const gradient = (lengths: Int32Array, next: number) => {
      const loss = sum(all(layer.run(x, { lengths })));
      lengths.fill(next);
      return numbers(backward(loss).get(x));
    };
    expect(gradient(Int32Array.of(1, 2), 3)).toEqual(gradient(Int32Array.of(1, 2), 1));
  });

  test('a sequence gives the same bits alone as in a padded batch, whatever the padding holds', () => {
    const layer = make({ layers: 2, bidirectional: true });
    const x = normal([3, 4, 3]);
    const lengths = [2, 4, 3];
    x.data.fill(Number.NaN, 6, 12);
    x.data.fill(1e30, 33, 36);
    const batch = layer.run(x, { lengths });
    for (const [, g] of backward(sum(all(batch)))) expect(numbers(g).every(Number.isFinite)).toBe(true);
    lengths.forEach((length, n) => {
      const alone = layer.run(
        slice(x, [
          [n, n + 1],
          [0, length],
        ]),
      );
      expect(
        numbers(
          slice(batch.output, [
            [n, n + 1],
            [0, length],
          ]),
        ),
      ).toEqual(numbers(alone.output));
      expect(
        numbers(
          slice(batch.output, [
            [n, n + 1],
            [length, 4],
          ]),
        ),
      ).toEqual(new Array((4 - length) * 4).fill(0));
      for (const [key, whole] of Object.entries(batch)) {
        if (key === 'output') continue;
        const own = new Map(Object.entries(alone)).get(key);
        expect(
          numbers(
            slice(whole, [
              [0, 4],
              [n, n + 1],
            ]),
          ),
          key,
        ).toEqual(own === undefined ? [] : numbers(own));
      }
    });
  });

  test('goes on where it stopped', () => {
    const layer = make({ layers: 2 });
    const x = normal([2, 5, 3]);
    const whole = layer.run(x);
    const { output: _, ...state } = layer.run(
      slice(x, [
        [0, 2],
        [0, 2],
      ]),
    );
    const rest = layer.run(
      slice(x, [
        [0, 2],
        [2, 5],
      ]),
      state,
    );
    expect(numbers(rest.output)).toEqual(
      numbers(
        slice(whole.output, [
          [0, 2],
          [2, 5],
        ]),
      ),
    );
    expect(numbers(rest.hidden)).toEqual(numbers(whole.hidden));
  });

  test('the last state is that of the last layer, forward before backward', () => {
    const x = normal([2, 4, 3]);
    const last = make({ layers: 2, bidirectional: true, returns: 'last' }).forward(x);
    const { output, hidden } = make({ layers: 2, bidirectional: true }).run(x);
    expect(last.shape).toEqual([2, 4]);
    for (let n = 0; n < 2; n++) {
      const row = Array.from(last.data.subarray(4 * n, 4 * n + 4));
      const forward = slice(output, [
        [n, n + 1],
        [3, 4],
        [0, 2],
      ]);
      const backward = slice(output, [
        [n, n + 1],
        [0, 1],
        [2, 4],
      ]);
      expect(row).toEqual([...forward.data, ...backward.data]);
      const finals = [2, 3].map((i) =>
        slice(hidden, [
          [i, i + 1],
          [n, n + 1],
        ]),
      );
      expect(row).toEqual(finals.flatMap(numbers));
    }
  });

  test('no steps and no sequences', () => {
    const hidden = normal([1, 2, 2]);
    const none = make().run(zeros([2, 0, 3]), { hidden });
    expect([none.output.shape, numbers(none.hidden)]).toEqual([[2, 0, 2], numbers(hidden)]);
    expect(
      make({ returns: 'last' })
        .forward(zeros([2, 0, 3]))
        .toArray(),
    ).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(make({ bidirectional: true }).forward(zeros([0, 4, 3])).shape).toEqual([0, 4, 4]);
    const layer = make();
    const gradients = backward(sum(layer.forward(zeros([2, 0, 3]))));
    for (const p of namedParameters(layer).values()) expect(numbers(gradients.get(p))).toEqual(numbers(zeros(p.shape)));
  });

  test('dropout falls between layers, in training, by its random alone', () => {
    const layer = make({ layers: 2, dropout: 0.5 }, 3, 40);
    const x = normal([2, 3, 3]);
    const draw = (seed: number) => numbers(layer.forward(x, { training: true, random: createRandom(seed) }));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(numbers(layer.forward(x))).toEqual(numbers(make({ layers: 2 }, 3, 40).forward(x)));
    const single = make({ dropout: 0.5 });
    expect(numbers(single.forward(x, training()))).toEqual(numbers(single.forward(x)));
    expect(errorOf(TypeError, () => layer.forward(x, { training: true })).message).toBe(
      'dropout: training needs a source of random numbers. Pass { training: true, random } as the context.',
    );
  });

  test('learns in a scope inside a Sequential, and is cloned', () => {
    const model = new Sequential(make({ returns: 'last' }, 3, 5));
    const x = normal([4, 6, 3]);
    const copy = cloneModule(model);
    const loss = (m: Sequential) => sum(mul(m.forward(x), m.forward(x)));
    const outside = [...backward(loss(copy))].map(([, g]) => numbers(g));
    expect([...scope(() => backward(loss(model)))].map(([, g]) => numbers(g))).toEqual(outside);
  });

  test('memory grows with the steps, not with their square', () => {
    const layer = make({ layers: 1 }, 2, 2);
    // All that a step of training holds, in numbers.
    const held = (steps: number) => {
      let size = 0;
      const x = parameter(zeros([1, steps, 2]));
      const seen = new Set<Tensor>();
      const visit = (t: Tensor) => {
        if (seen.has(t)) return;
        seen.add(t);
        size += t.size;
        for (const [source] of t.node?.edges ?? []) visit(source);
      };
      visit(sum(layer.forward(x)));
      return { size, nodes: seen.size };
    };
    expect(held(200).nodes).toBe(held(2).nodes);
    expect(held(200).size).toBeLessThan(101 * held(2).size);
  });

  test.each<readonly [string, () => unknown, new (...args: never[]) => Error]>([
    ['inputs must be an integer of at least 1; got 0.', () => make({}, 0), RangeError],
    ['layers must be an integer of at least 1; got 1.5.', () => make({ layers: 1.5 }), RangeError],
    ['dropout must lie in [0, 1); got 1.', () => make({ dropout: 1 }), RangeError],
    ["returns must be 'sequence' or 'last'; got 'first'.", () => make(JSON.parse('{"returns":"first"}')), RangeError],
    ['x must be [N, T, 3]; got [2, 3]. Batch first, then steps.', () => make().forward(zeros([2, 3])), ShapeError],
    [
      'x must be [N, T, 3]; got [2, 4, 2]. Batch first, then steps.',
      () => make().forward(zeros([2, 4, 2])),
      ShapeError,
    ],
    [
      'hidden must be [layers * directions, N, hidden]; got [2, 2] and [1, 2, 2]. Pass zeros to begin anew.',
      () => make().run(zeros([2, 4, 3]), { hidden: zeros([2, 2]) }),
      ShapeError,
    ],
    [
      'there are 1 lengths for 2 sequences. Give one a sequence.',
      () => make().run(zeros([2, 4, 3]), { lengths: [4] }),
      RangeError,
    ],
    [
      'lengths[1] is 5. Use 0 to 4, the number of steps.',
      () => make().run(zeros([2, 4, 3]), { lengths: [4, 5] }),
      RangeError,
    ],
    [
      'lengths[0] is -1. Use 0 to 4, the number of steps.',
      () => make().run(zeros([2, 4, 3]), { lengths: [-1, 5] }),
      RangeError,
    ],
  ])('refuses: %s', (message, call, kind) => {
    expect(errorOf(kind, call).message).toBe(`${name}: ${message}`);
  });
});
