import { afterEach, describe, expect, test } from 'vitest';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { mul } from '../../src/autograd/ops/arithmetic.ts';
import { type GruInputs, gru } from '../../src/autograd/ops/gru.ts';
import { concat } from '../../src/autograd/ops/joining.ts';
import { type LstmInputs, lstm } from '../../src/autograd/ops/lstm.ts';
import { reshape } from '../../src/autograd/ops/rearrange.ts';
import type { RecurrentOptions } from '../../src/autograd/ops/recurrent.ts';
import { sum } from '../../src/autograd/ops/reductions.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { scope } from '../../src/autograd/scope.ts';
import { backward, noGrad } from '../../src/autograd/tape.ts';
import { portableKernels, useKernels } from '../../src/tensor/kernels/kernels.ts';
import { createSimdKernels } from '../../src/tensor/kernels/simd/simd.ts';
import { toDouble } from '../../src/tensor/precision.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { type Shape, sizeOf } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

const random = createRandom(31);
let drawn = 0;
const normal = (shape: Shape): Tensor =>
  new Tensor(random.fork(drawn++).fillNormal(new Float32Array(sizeOf(shape)), 0, 1), shape);
const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
const numbers = ({ data }: Tensor) => Array.from(data);

afterEach(() => {
  useKernels(portableKernels);
});

const [T, N, H] = [4, 3, 2];

interface Kind {
  readonly inputs: readonly Tensor[];
  /** All that the op gives, in one tensor. */
  readonly fn: (options: RecurrentOptions) => (...inputs: Tensor[]) => Tensor;
  /** One sequence, unit by unit: the states after each step, and what else the op gives. */
  readonly oracle: (n: number, order: readonly number[], inputs: readonly Tensor[]) => number[][];
}

const at = ({ data, shape }: Tensor, ...index: number[]) =>
  data[index.reduce((offset, i, axis) => offset * shape[axis] + i, 0)];
const held = (w: Tensor, gate: number, state: readonly number[]) =>
  state.reduce((total, h, j) => total + h * at(w, gate, j), 0);

const kinds: Readonly<Record<string, Kind>> = {
  gru: {
    inputs: [normal([T, N, 3 * H]), normal([3 * H, H]), normal([N, H]), normal([3 * H])],
    fn: (options) => (input, weight, initial, bias: Tensor | undefined) =>
      gru({ input, weight, initial, bias } satisfies GruInputs, options),
    oracle: (n, order, [x, w, initial, bias]) => {
      let state = Array.from({ length: H }, (_, j) => at(initial, n, j));
      const states: number[][] = [];
      for (const t of order) {
        const s = (gate: number) => held(w, gate, state) + at(bias, gate);
        state = state.map((h, j) => {
          const r = sigmoid(at(x, t, n, j) + s(j));
          const z = sigmoid(at(x, t, n, H + j) + s(H + j));
          return (1 - z) * Math.tanh(at(x, t, n, 2 * H + j) + r * s(2 * H + j)) + z * h;
        });
        states[t] = state;
      }
      return states;
    },
  },
  lstm: {
    inputs: [normal([T, N, 4 * H]), normal([4 * H, H]), normal([N, H]), normal([N, H])],
    fn: (options) => (input, weight, initial, initialCell) => {
      const { states, cell } = lstm({ input, weight, initial, initialCell } satisfies LstmInputs, options);
      return concat([states, reshape(cell, [1, ...cell.shape])]);
    },
    oracle: (n, order, [x, w, initial, initialCell]) => {
      let state = Array.from({ length: H }, (_, j) => at(initial, n, j));
      let cell = state.map((_, j) => at(initialCell, n, j));
      const states: number[][] = [];
      for (const t of order) {
        const a = (gate: number) => at(x, t, n, gate) + held(w, gate, state);
        cell = cell.map((c, j) => sigmoid(a(H + j)) * c + sigmoid(a(j)) * Math.tanh(a(2 * H + j)));
        state = cell.map((c, j) => sigmoid(a(3 * H + j)) * Math.tanh(c));
        states[t] = state;
      }
      states[T] = cell;
      return states;
    },
  },
};

const ways: readonly (readonly [string, RecurrentOptions])[] = [
  ['forward', {}],
  ['backward', { reverse: true }],
  ['of different lengths', { lengths: Int32Array.of(4, 0, 3) }],
  ['of different lengths, backward', { reverse: true, lengths: Int32Array.of(1, 4, 0) }],
];
const sets = { portable: portableKernels, simd: createSimdKernels() } as const;

describe.each(Object.entries(kinds))('%s', (_kind, { inputs, fn, oracle }) => {
  describe.each(ways)('%s', (_way, options) => {
    test('gives what the definition gives, in both precisions and with both kernel sets', () => {
      const y = fn(options)(...inputs.map(toDouble));
      for (let n = 0; n < N; n++) {
        const length = options.lengths?.[n] ?? T;
        const steps = Array.from({ length }, (_, i) => (options.reverse === true ? length - 1 - i : i));
        const states = oracle(n, steps, inputs);
        for (const t of [...steps, ...(states.length > T ? [T] : [])])
          states[t].forEach((want, j) => {
            expect(at(y, t, n, j)).toBeCloseTo(want, 13);
          });
        // At rest: the state does not change.
        for (let t = length; t < T; t++) {
          const before = (j: number) =>
            options.reverse === true || t === 0 ? at(inputs[2], n, j) : at(y, t - 1, n, j);
          for (let j = 0; j < H; j++) expect(at(y, t, n, j)).toBe(before(j));
        }
      }
      for (const set of Object.values(sets)) {
        useKernels(set);
        const single = noGrad(() => fn(options)(...inputs));
        expect(numbers(fn(options)(...inputs.map(parameter)))).toEqual(numbers(single));
        single.data.forEach((v, i) => {
          expect(v).toBeCloseTo(y.data[i], 5);
        });
      }
    });

    test('first and second derivatives agree with differences', () => {
      const first = gradcheck(fn(options), inputs);
      expect(first.ok, JSON.stringify(first)).toBe(true);
      const weights = toDouble(normal(fn(options)(...inputs).shape));
      const slopes = (...xs: Tensor[]) => {
        const gradients = backward(sum(mul(fn(options)(...xs), weights)), { createGraph: true });
        return concat(xs.map((x) => reshape(gradients.get(x), [x.size])));
      };
      // What the fast pullbacks give is what the composed ones give.
      const leaves = inputs.map((x) => parameter(toDouble(x)));
      const fast = backward(sum(mul(fn(options)(...leaves), weights)));
      const slow = numbers(slopes(...leaves));
      for (const [i, v] of leaves.flatMap((leaf) => numbers(fast.get(leaf))).entries())
        expect(v).toBeCloseTo(slow[i], 12);
      const second = gradcheck(slopes, inputs, { tolerance: 1e-5 });
      expect(second.ok, JSON.stringify(second)).toBe(true);
    });
  });

  test('gives a scope the same gradients, bit by bit, with both kernel sets', () => {
    const leaves = inputs.map((x) => parameter(x));
    for (const set of Object.values(sets)) {
      useKernels(set);
      const step = () => {
        const found = backward(sum(mul(fn({ lengths: Int32Array.of(4, 2, 3) })(...leaves), 0.5)));
        return leaves.map((leaf) => found.get(leaf));
      };
      const outside = step().map(numbers);
      // Twice: the second finds memory that the first has left.
      for (let i = 0; i < 2; i++) expect(scope(step).map(numbers)).toEqual(outside);
    }
  });

  test.each([
    ['no steps', 0, N],
    ['no sequences', T, 0],
  ])('%s: gradients that are 0, or pass through', (_name, steps, rows) => {
    const [x, weight, initial, last] = inputs;
    const own = [
      new Tensor(new Float32Array(steps * rows * x.shape[2]), [steps, rows, x.shape[2]]),
      weight,
      ...[initial, last].map((s) => (s.shape.length === 1 ? s : new Tensor(s.data.slice(0, rows * H), [rows, H]))),
    ].map((s) => parameter(s));
    const y = fn({})(...own);
    const gradients = backward(sum(y));
    expect(numbers(gradients.get(own[1]))).toEqual(new Array(weight.size).fill(0));
    expect(gradients.get(own[0]).shape).toEqual([steps, rows, x.shape[2]]);
    const passes = _kind === 'lstm' && rows > 0 ? 1 : 0;
    expect(new Set(numbers(gradients.get(own[3])))).toEqual(own[3].size === 0 ? new Set() : new Set([passes]));
    backward(sum(y), { createGraph: true });
  });

  test('a sequence has the same bits alone and in a batch', () => {
    for (const set of Object.values(sets)) {
      useKernels(set);
      const all = fn({})(...inputs);
      const [x, weight, initial, last] = inputs;
      for (let n = 0; n < N; n++) {
        const width = x.shape[2];
        const alone = new Tensor(
          Float32Array.from({ length: T * width }, (_, i) => at(x, Math.floor(i / width), n, i % width)),
          [T, 1, width],
        );
        const part = (s: Tensor) => (s.shape.length === 1 ? s : new Tensor(s.data.slice(n * H, (n + 1) * H), [1, H]));
        const y = fn({})(alone, weight, part(initial), part(last));
        for (let t = 0; t < all.shape[0]; t++)
          for (let j = 0; j < H; j++) expect(at(y, t, 0, j)).toBe(at(all, t, n, j));
      }
    }
  });
});
