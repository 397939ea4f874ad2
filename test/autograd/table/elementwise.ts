import * as t from '../../../src/portable.ts';
import { type Case, draws, type Edge, type PyTorchCall, type Read, type Refusal, type Row, unary } from './row.ts';

const { normal, uniform, distinct } = draws('elementwise');

/** Reads an operand at the index of a larger result, by NumPy's rule. */
const spread = (read: Read, shape: readonly number[], index: readonly number[]): number =>
  read(...shape.map((length, axis) => (length === 1 ? 0 : index[index.length - shape.length + axis])));

type Binary = (a: t.Operand, b: t.Operand) => t.Tensor;

const binary = (fn: Binary, oracle: (a: number, b: number) => number, make: (shape: readonly number[]) => t.Tensor = (s) => normal(s, 0.3)): Case[] => [
  ...([
    [[2, 3], [2, 3], [2, 3]], [[2, 3], [3], [2, 3]], [[3], [2, 3], [2, 3]], [[2, 3], [2, 1], [2, 3]], [[2, 1], [2, 3], [2, 3]],
    [[2, 3], [], [2, 3]], [[2, 1], [1, 3], [2, 3]], [[2, 3, 2, 2], [3, 1, 1], [2, 3, 2, 2]], [[1, 3], [3], [1, 3]], [[2, 3, 1], [2, 1, 4], [2, 3, 4]],
    [[0, 3], [3], [0, 3]], [[2, 1, 2], [3, 1], [2, 3, 2]],
  ] as const).map(([a, b, shape]): Case => ({
    name: `[${a}] with [${b}]`, inputs: [make(a), make(b)], fn, shape,
    oracle: (index, x, y) => oracle(spread(x, a, index), spread(y, b, index)),
  })),
  { name: 'number on the right', inputs: [make([2, 2])], fn: (x) => fn(x, 1.5), shape: [2, 2], oracle: (index, x) => oracle(x(...index), 1.5) },
  { name: 'number on the left', inputs: [make([2, 2])], fn: (x) => fn(1.5, x), shape: [2, 2], oracle: (index, x) => oracle(1.5, x(...index)) },
];

/** How a binary op is called on a case of the fixture: two tensors, or a tensor and a number on either side. */
const operands = (fn: Binary): PyTorchCall => ({ a, b, x }, { left, right }) =>
  left !== undefined ? fn(left, x) : right !== undefined ? fn(x, right) : fn(a, b);

const REMEDY = 'Align them at the right; each pair of lengths must be equal or hold a 1. reshape() can insert axes of length 1.';
const mismatched = (op: string, fn: Binary): Refusal[] => [
  { call: () => fn(t.zeros([2, 3]), t.zeros([2])), error: t.ShapeError, message: `${op}: shapes do not broadcast (axis 1: 3 against 2); got [2, 3] and [2]. ${REMEDY}` },
  { call: () => fn(t.zeros([0]), t.zeros([2, 3])), error: t.ShapeError, message: `${op}: shapes do not broadcast (axis 1: 0 against 3); got [0] and [2, 3]. ${REMEDY}` },
];

const empty = (fn: Edge['fn']): Edge => ({ edge: 'empty', inputs: [t.zeros([0, 3])], fn, value: [], shape: [0, 3], gradients: [[]] });
const emptyPair = (fn: Edge['fn']): Edge => ({ edge: 'empty', inputs: [t.zeros([0, 1]), t.zeros([3])], fn, value: [], shape: [0, 3], gradients: [[], [0, 0, 0]] });

/** A comparison: what it says of `a < b`, `a = b` and `a > b`, and of NaN. */
const comparison = (op: string, fn: Binary, torch: readonly [below: number, same: number, above: number], ofNaN: number): Row => {
  const [below, same, above] = torch;
  return {
    cases: binary(fn, (a, b) => (a < b ? below : a > b ? above : same), distinct),
    noGradient: 'it is flat between its jumps',
    edges: [
      { edge: 'tie', inputs: [[1, 2, 3], [2, 2, 2]], fn, value: [below, same, above] },
      { edge: 'NaN', inputs: [[NaN, NaN, 1], [NaN, 1, NaN]], fn, value: [ofNaN, ofNaN, ofNaN] },
      { edge: 'infinity', inputs: [[Infinity, -Infinity, -Infinity, Infinity], [Infinity, Infinity, -Infinity, 3e38]], fn, value: [same, below, same, above] },
      { edge: 'zero', inputs: [[0, -0], [-0, 0]], fn, value: [same, same] },
      { edge: 'denormal', inputs: [[1e-45, 0, -1e-45], [0, 1e-45, 0]], fn, value: [above, below, below] },
      { edge: 'huge', inputs: [[3e38, -3e38]], fn: (x) => fn(x, 3e38), value: [same, below] },
      // A number is rounded as the elements are: 0.1 and the float32 next to it are the same here.
      { edge: 'scalar', inputs: [0.1], fn: (x) => fn(0.1, x), value: same },
      emptyPair(fn),
    ],
    refuses: mismatched(op, fn),
    pytorch: operands(fn),
  };
};

/** As float32 holds it; its reciprocal is denormal, where a rounded one would be another number. */
const HUGE = Math.fround(3e38);
/** 0 and 1 for the cases of `where`. */
const mask = t.tensor([[1, 0, 1], [0, 0, 1]]);
const manyFlags = t.greater(normal([5, 7]), 0);

export const elementwise = {
  add: {
    cases: binary(t.add, (a, b) => a + b),
    edges: [
      { edge: 'NaN', inputs: [[NaN, 1], [1, NaN]], fn: t.add, value: [NaN, NaN], gradients: [[1, 1], [1, 1]] },
      { edge: 'infinity', inputs: [[Infinity, Infinity], [1, -Infinity]], fn: t.add, value: [Infinity, NaN], gradients: [[1, 1], [1, 1]] },
      { edge: 'huge', inputs: [[3e38, 3e38], [3e38, -3e38]], fn: t.add, value: [Infinity, 0], gradients: [[1, 1], [1, 1]] },
      { edge: 'denormal', inputs: [1e-45, 1e-45], fn: t.add, value: 2.8e-45, gradients: [1, 1] },
      { edge: 'scalar', inputs: [2], fn: (x) => t.add(3, x), value: 5, gradients: [1] },
      { edge: 'scalar', inputs: [2, [[1, 2]]], fn: t.add, value: [[3, 4]], gradients: [2, [[1, 1]]] },
      emptyPair(t.add),
    ],
    refuses: mismatched('add', t.add),
    pytorch: operands(t.add),
  },
  sub: {
    cases: binary(t.sub, (a, b) => a - b),
    edges: [
      { edge: 'NaN', inputs: [[NaN, 1], [1, NaN]], fn: t.sub, value: [NaN, NaN], gradients: [[1, 1], [-1, -1]] },
      { edge: 'infinity', inputs: [[Infinity, Infinity], [1, Infinity]], fn: t.sub, value: [Infinity, NaN], gradients: [[1, 1], [-1, -1]] },
      { edge: 'huge', inputs: [[3e38, 3e38], [-3e38, 3e38]], fn: t.sub, value: [Infinity, 0], gradients: [[1, 1], [-1, -1]] },
      { edge: 'denormal', inputs: [1e-40, 1e-45], fn: t.sub, value: Math.fround(1e-40) - Math.fround(1e-45), gradients: [1, -1] },
      { edge: 'scalar', inputs: [2], fn: (x) => t.sub(3, x), value: 1, gradients: [-1] },
      emptyPair(t.sub),
    ],
    refuses: mismatched('sub', t.sub),
    pytorch: operands(t.sub),
  },
  mul: {
    cases: binary(t.mul, (a, b) => a * b),
    edges: [
      { edge: 'NaN', inputs: [[NaN, 1], [1, NaN]], fn: t.mul, value: [NaN, NaN], gradients: [[1, NaN], [NaN, 1]] },
      { edge: 'infinity', inputs: [[Infinity, Infinity], [-2, 0]], fn: t.mul, value: [-Infinity, NaN], gradients: [[-2, 0], [Infinity, Infinity]] },
      { edge: 'huge', inputs: [[3e38, 3e38], [2, 0.5]], fn: t.mul, value: [Infinity, 1.5e38], gradients: [[2, 0.5], [3e38, 3e38]] },
      { edge: 'denormal', inputs: [[1e-45, 1e-45], [0.25, 1e38]], fn: t.mul, value: [0, Math.fround(1e-45) * Math.fround(1e38)], gradients: [[0.25, 1e38], [1e-45, 1e-45]] },
      { edge: 'scalar', inputs: [2], fn: (x) => t.mul(3, x), value: 6, gradients: [3] },
      emptyPair(t.mul),
    ],
    refuses: mismatched('mul', t.mul),
    pytorch: operands(t.mul),
  },
  div: {
    cases: binary(t.div, (a, b) => a / b),
    edges: [
      { edge: 'zero', inputs: [[1, -1, 0], [0, 0, 0]], fn: t.div, value: [Infinity, -Infinity, NaN], gradients: [[Infinity, Infinity, Infinity], [-Infinity, Infinity, NaN]] },
      { edge: 'NaN', inputs: [[NaN, 1], [1, NaN]], fn: t.div, value: [NaN, NaN], gradients: [[1, NaN], [NaN, NaN]] },
      { edge: 'infinity', inputs: [[Infinity, 1, Infinity], [2, Infinity, Infinity]], fn: t.div, value: [Infinity, 0, NaN], gradients: [[0.5, 0, 0], [-Infinity, 0, NaN]] },
      { edge: 'huge', inputs: [[3e38, 3e38], [3e38, 0.5]], fn: t.div, value: [1, Infinity], gradients: [[1 / HUGE, 2], [-1 / HUGE, -Infinity]] },
      { edge: 'denormal', inputs: [[1e-40, 1e-45], [1e-40, 2]], fn: t.div, value: [1, 0], gradients: [[Infinity, 0.5], [-Infinity, 0]] },
      { edge: 'scalar', inputs: [2], fn: (x) => t.div(3, x), value: 1.5, gradients: [-0.75] },
      emptyPair(t.div),
    ],
    refuses: mismatched('div', t.div),
    pytorch: operands(t.div),
  },
  divOrZero: {
    cases: [
      ...binary(t.divOrZero, (a, b) => (b === 0 ? 0 : a / b)),
      { name: 'zero divisor', inputs: [t.tensor([1, 2, 0])], fn: (a) => t.divOrZero(a, t.tensor([0, 4, 0])), shape: [3], oracle: ([i], a) => (i === 1 ? a(1) / 4 : 0) },
    ],
    edges: [
      { edge: 'zero', inputs: [[1, 0, NaN, Infinity], [0, -0, 0, 0]], fn: t.divOrZero, value: [0, 0, 0, 0], gradients: [[0, 0, 0, 0], [0, 0, 0, 0]] },
      { edge: 'NaN', inputs: [[NaN, 1], [1, NaN]], fn: t.divOrZero, value: [NaN, NaN], gradients: [[1, NaN], [NaN, NaN]] },
      { edge: 'infinity', inputs: [[Infinity, 1], [2, Infinity]], fn: t.divOrZero, value: [Infinity, 0], gradients: [[0.5, 0], [-Infinity, 0]] },
      { edge: 'huge', inputs: [3e38, 3e38], fn: t.divOrZero, value: 1, gradients: [1 / HUGE, -1 / HUGE] },
      { edge: 'denormal', inputs: [1e-45, 1e-45], fn: t.divOrZero, value: 1, gradients: [Infinity, -Infinity] },
      { edge: 'scalar', inputs: [2], fn: (x) => t.divOrZero(3, x), value: 1.5, gradients: [-0.75] },
      emptyPair(t.divOrZero),
    ],
    refuses: mismatched('divOrZero', t.divOrZero),
    pytorch: 'PyTorch has no division that gives 0 for a divisor of 0.',
  },
  pow: {
    cases: [
      ...binary(t.pow, (a, b) => a ** b, (shape) => uniform(shape, 0.3, 2)),
      ...[-2, -1, 0, 1, 2, 3, 5].map((n): Case => ({
        name: `exponent ${n}, bases of both signs`, inputs: [normal([2, 3], 0.3)], fn: (x) => t.pow(x, n), shape: [2, 3], oracle: (index, x) => x(...index) ** n,
      })),
      { name: 'integers as a tensor, negative bases', inputs: [t.tensor([[-0.7], [-2]])], fn: (x) => t.pow(x, t.tensor([3, 0, -1])), shape: [2, 3], oracle: ([i, j], x) => x(i, 0) ** [3, 0, -1][j] },
      { name: 'exponents of both signs', inputs: [uniform([5], 0.3, 2), normal([5])], fn: t.pow, shape: [5], oracle: ([i], x, y) => x(i) ** y(i) },
      { name: 'base 0', inputs: [t.tensor([2, 3.5])], fn: (y) => t.pow(0, y), shape: [2], oracle: () => 0 },
    ],
    edges: [
      { edge: 'zero', inputs: [[0, 0, 0, 0, 0], [0, 1, 2, 3, 0.5]], fn: t.pow, value: [1, 0, 0, 0, 0], gradients: [[0, 1, 0, 0, Infinity], [0, 0, 0, 0, 0]] },
      { edge: 'zero', inputs: [[0, -0, 0], [-1, -1, -0.5]], fn: t.pow, value: [Infinity, -Infinity, Infinity], gradients: [[-Infinity, -Infinity, -Infinity], [-Infinity, Infinity, -Infinity]] },
      { edge: 'kink', inputs: [[-2, -2, -2, -2], [3, 2, -1, 0]], fn: t.pow, value: [-8, 4, -0.5, 1], gradients: [[12, -4, -0.25, 0], [NaN, NaN, NaN, NaN]] },
      { edge: 'NaN', inputs: [[-8, NaN, NaN, 1, 2], [1 / 3, 0, 1, NaN, NaN]], fn: t.pow, value: [NaN, 1, NaN, 1, NaN], gradients: [[NaN, 0, 1, NaN, NaN], [NaN, NaN, NaN, 0, NaN]] },
      { edge: 'infinity', inputs: [[Infinity, Infinity, -Infinity, -Infinity, 2, 0.5, -1, 1], [2, -1, 3, -2, -Infinity, -Infinity, Infinity, -Infinity]], fn: t.pow,
        value: [Infinity, 0, -Infinity, 0, 0, Infinity, 1, 1], gradients: [[Infinity, 0, Infinity, 0, NaN, -Infinity, Infinity, -Infinity], [Infinity, 0, NaN, NaN, 0, -Infinity, NaN, 0]] },
      { edge: 'huge', inputs: [[1e20, 3e38, 3e38, -3e38]], fn: (x) => t.pow(x, t.tensor([2, 0.5, -1, 1])), value: [Infinity, Math.sqrt(3e38), 1 / HUGE, -3e38], gradients: [[2e20, 0.5 / Math.sqrt(3e38), 0, 1]] },
      { edge: 'denormal', inputs: [[1e-40, 1e-40, 1e-45, 1e-20]], fn: (x) => t.pow(x, t.tensor([0.5, 1, 0, 2])), value: [Math.sqrt(Math.fround(1e-40)), 1e-40, 1, Math.fround(1e-20) ** 2], gradients: [[0.5 / Math.sqrt(Math.fround(1e-40)), 1, 0, 2e-20]] },
      { edge: 'scalar', inputs: [2, 3], fn: t.pow, value: 8, gradients: [12, 8 * Math.LN2] },
      { edge: 'scalar', inputs: [-1], fn: (y) => t.pow(2, y), value: 0.5, gradients: [0.5 * Math.LN2] },
      emptyPair(t.pow),
    ],
    refuses: mismatched('pow', t.pow),
    pytorch: operands(t.pow),
  },
  maximum: {
    cases: binary(t.maximum, Math.max, distinct),
    edges: [
      { edge: 'tie', inputs: [[1, 0, -0, Infinity], [1, -0, 0, Infinity]], fn: t.maximum, value: [1, 0, 0, Infinity], gradients: [[1, 1, 1, 1], [0, 0, 0, 0]] },
      { edge: 'tie', inputs: [[1, 2]], fn: (x) => t.maximum(1.5, x), value: [1.5, 2], gradients: [[0, 1]] },
      { edge: 'NaN', inputs: [[NaN, 1, NaN], [1, NaN, NaN]], fn: t.maximum, value: [NaN, NaN, NaN], gradients: [[1, 0, 1], [0, 1, 0]] },
      { edge: 'infinity', inputs: [[Infinity, -Infinity], [3e38, -3e38]], fn: t.maximum, value: [Infinity, -3e38], gradients: [[1, 0], [0, 1]] },
      // An infinite gradient stays on the side that won.
      { edge: 'infinity', inputs: [[0, -1], [-1, 0]], fn: (a, b) => t.sqrt(t.maximum(a, b)), value: [0, 0], gradients: [[Infinity, 0], [0, Infinity]] },
      { edge: 'denormal', inputs: [[1e-45, -1e-45], [0, 0]], fn: t.maximum, value: [1e-45, 0], gradients: [[1, 0], [0, 1]] },
      { edge: 'scalar', inputs: [2], fn: (x) => t.maximum(x, 3), value: 3, gradients: [0] },
      emptyPair(t.maximum),
    ],
    refuses: mismatched('maximum', t.maximum),
    pytorch: operands(t.maximum),
  },
  minimum: {
    cases: binary(t.minimum, Math.min, distinct),
    edges: [
      { edge: 'tie', inputs: [[1, 0, -0, -Infinity], [1, -0, 0, -Infinity]], fn: t.minimum, value: [1, 0, 0, -Infinity], gradients: [[1, 1, 1, 1], [0, 0, 0, 0]] },
      { edge: 'NaN', inputs: [[NaN, 1, NaN], [1, NaN, NaN]], fn: t.minimum, value: [NaN, NaN, NaN], gradients: [[1, 0, 1], [0, 1, 0]] },
      { edge: 'infinity', inputs: [[Infinity, -Infinity], [3e38, -3e38]], fn: t.minimum, value: [3e38, -Infinity], gradients: [[0, 1], [1, 0]] },
      { edge: 'denormal', inputs: [[1e-45, -1e-45], [0, 0]], fn: t.minimum, value: [0, -1e-45], gradients: [[0, 1], [1, 0]] },
      { edge: 'scalar', inputs: [2], fn: (x) => t.minimum(3, x), value: 2, gradients: [1] },
      emptyPair(t.minimum),
    ],
    refuses: mismatched('minimum', t.minimum),
    pytorch: operands(t.minimum),
  },
  equal: comparison('equal', t.equal, [0, 1, 0], 0),
  notEqual: comparison('notEqual', t.notEqual, [1, 0, 1], 1),
  less: comparison('less', t.less, [1, 0, 0], 0),
  lessEqual: comparison('lessEqual', t.lessEqual, [1, 1, 0], 0),
  greater: comparison('greater', t.greater, [0, 0, 1], 0),
  greaterEqual: comparison('greaterEqual', t.greaterEqual, [0, 1, 1], 0),
  where: {
    cases: [
      { name: 'one shape', inputs: [normal([2, 3]), normal([2, 3])], fn: (a, b) => t.where(mask, a, b), shape: [2, 3], oracle: ([i, j], a, b) => (mask.data[3 * i + j] === 1 ? a(i, j) : b(i, j)) },
      { name: 'many', inputs: [normal([5, 7]), normal([5, 1])], fn: (a, b) => t.where(manyFlags, a, b), shape: [5, 7], oracle: ([i, j], a, b) => (manyFlags.data[7 * i + j] === 1 ? a(i, j) : b(i, 0)) },
      { name: 'many and a number', inputs: [normal([5, 7])], fn: (b) => t.where(manyFlags, -2, b), shape: [5, 7], oracle: ([i, j], b) => (manyFlags.data[7 * i + j] === 1 ? -2 : b(i, j)) },
      { name: 'a row and a column', inputs: [normal([3]), normal([2, 1])], fn: (a, b) => t.where(mask, a, b), shape: [2, 3], oracle: ([i, j], a, b) => (mask.data[3 * i + j] === 1 ? a(j) : b(i, 0)) },
      { name: 'a condition that broadcasts', inputs: [normal([2, 3]), normal([2, 3])], fn: (a, b) => t.where([true, false, true], a, b), shape: [2, 3], oracle: ([i, j], a, b) => (j !== 1 ? a(i, j) : b(i, j)) },
      { name: 'a condition larger than either', inputs: [normal([]), normal([1])], fn: (a, b) => t.where(mask, a, b), shape: [2, 3], oracle: ([i, j], a, b) => (mask.data[3 * i + j] === 1 ? a() : b(0)) },
      { name: 'all three broadcast', inputs: [normal([3, 1]), normal([4])], fn: (a, b) => t.where(t.tensor([[[1]], [[0]]]), a, b), shape: [2, 3, 4], oracle: ([n, i, j], a, b) => (n === 0 ? a(i, 0) : b(j)) },
      { name: 'a number on the right', inputs: [normal([3])], fn: (a) => t.where(new Uint8Array([0, 1, 0]), a, 0.1), shape: [3], oracle: ([i], a) => (i === 1 ? a(1) : 0.1) },
      { name: 'a number on the left', inputs: [normal([3])], fn: (b) => t.where(t.intTensor(new Int32Array([0, 1, 0]), [3]), 0.5, b), shape: [3], oracle: ([i], b) => (i === 1 ? 0.5 : b(i)) },
      { name: 'one tensor on both sides', inputs: [normal([4])], fn: (x) => t.where(t.greater(x, 0), t.mul(x, 3), t.square(x)), shape: [4], oracle: ([i], x) => (x(i) > 0 ? 3 * x(i) : x(i) ** 2) },
    ],
    edges: [
      { edge: 'NaN', inputs: [[1, NaN, NaN], [NaN, 2, NaN]], fn: (a, b) => t.where([1, 0, 1], a, b), value: [1, 2, NaN], gradients: [[1, 0, 1], [0, 1, 0]] },
      { edge: 'infinity', inputs: [[1, Infinity], [-Infinity, 2]], fn: (a, b) => t.where([true, false], a, b), value: [1, 2], gradients: [[1, 0], [0, 1]] },
      // An infinite gradient stays on the side that was chosen.
      { edge: 'infinity', inputs: [[0, 4], [4, 0]], fn: (a, b) => t.sqrt(t.where([1, 0], a, b)), value: [0, 0], gradients: [[Infinity, 0], [0, Infinity]] },
      { edge: 'huge', inputs: [[3e38, 1], [1, -3e38]], fn: (a, b) => t.where([1, 0], a, b), value: [3e38, -3e38], gradients: [[1, 0], [0, 1]] },
      { edge: 'denormal', inputs: [[1e-45, 1], [1, -1e-45]], fn: (a, b) => t.where([1, 0], a, b), value: [1e-45, -1e-45], gradients: [[1, 0], [0, 1]] },
      { edge: 'zero', inputs: [[5, 5], [6, 6]], fn: (a, b) => t.where(new Float32Array([-0, 0]), a, b), value: [6, 6], gradients: [[0, 0], [1, 1]] },
      { edge: 'scalar', inputs: [5, 6], fn: (a, b) => t.where(t.tensor(1), a, b), value: 5, gradients: [1, 0] },
      { edge: 'scalar', inputs: [[1, 0]], fn: (condition) => t.where(condition, 2, 3), value: [2, 3], gradients: [[0, 0]] },
      { edge: 'empty', inputs: [t.zeros([0, 1]), t.zeros([3])], fn: (a, b) => t.where([true, false, true], a, b), value: [], shape: [0, 3], gradients: [[], [0, 0, 0]] },
      { edge: 'empty', inputs: [t.zeros([1]), 2], fn: (a, b) => t.where([], a, b), value: [], gradients: [[0], 0] },
    ],
    refuses: [
      { call: () => t.where(t.tensor([1, 0.5]), 1, 2), error: RangeError, message: 'where: condition[1] is 0.5; expected 0 or 1 (or false or true).' },
      { call: () => t.where([0, 1, NaN], 1, 2), error: RangeError, message: 'where: condition[2] is NaN; expected 0 or 1 (or false or true).' },
      { call: () => t.where(new Int32Array([-1]), 1, 2), error: RangeError, message: 'where: condition[0] is -1; expected 0 or 1 (or false or true).' },
      { call: () => t.where(t.ones([2, 3]), t.zeros([3]), t.zeros([2])), error: t.ShapeError, message: `where: shapes do not broadcast (axis 1: 3 against 2); got [2, 3] and [2]. ${REMEDY}` },
      { call: () => t.where([true, false], t.zeros([3]), 0), error: t.ShapeError, message: `where: shapes do not broadcast (axis 0: 2 against 3); got [2] and [3]. ${REMEDY}` },
    ],
    pytorch: ({ condition, a, b }) => t.where(condition, a, b),
  },
  clamp: {
    cases: [
      { name: 'both bounds', inputs: [t.tensor([[-2, -0.5, 0.2], [0.9, 1.1, 7]])], fn: (x) => t.clamp(x, { min: -1, max: 1 }), shape: [2, 3], oracle: (index, x) => Math.min(1, Math.max(-1, x(...index))) },
      { name: 'min', inputs: [normal([5], 0.01)], fn: (x) => t.clamp(x, { min: 0 }), shape: [5], oracle: ([i], x) => Math.max(0, x(i)) },
      { name: 'max', inputs: [normal([5], 0.01)], fn: (x) => t.clamp(x, { max: 0 }), shape: [5], oracle: ([i], x) => Math.min(0, x(i)) },
      { name: 'no bound in effect', inputs: [normal([3])], fn: (x) => t.clamp(x, { min: -Infinity, max: Infinity }), shape: [3], oracle: ([i], x) => x(i) },
      { name: 'of what has slopes', inputs: [t.tensor([0.5, 2, 3])], fn: (x) => t.clamp(t.square(x), { min: 1, max: 5 }), shape: [3], oracle: ([i], x) => Math.min(5, Math.max(1, x(i) ** 2)) },
    ],
    edges: [
      { edge: 'kink', inputs: [[-1, 1, -1.001, 1.001]], fn: (x) => t.clamp(x, { min: -1, max: 1 }), value: [-1, 1, -1, 1], gradients: [[1, 1, 0, 0]] },
      // Bounds are rounded to float32, as the elements are.
      { edge: 'kink', inputs: [[0.1]], fn: (x) => t.clamp(x, { max: 0.1 }), value: [0.1], gradients: [[1]] },
      { edge: 'kink', inputs: [[0.7]], fn: (x) => t.clamp(x, { min: 0.7 }), value: [0.7], gradients: [[1]] },
      { edge: 'tie', inputs: [[-1, 2, 3]], fn: (x) => t.clamp(x, { min: 2, max: 2 }), value: [2, 2, 2], gradients: [[0, 1, 0]] },
      { edge: 'NaN', inputs: [[NaN]], fn: (x) => t.clamp(x, { min: 0, max: 1 }), value: [NaN], gradients: [[0]] },
      { edge: 'infinity', inputs: [[-Infinity, Infinity]], fn: (x) => t.clamp(x, { min: -1, max: Infinity }), value: [-1, Infinity], gradients: [[0, 1]] },
      { edge: 'huge', inputs: [[-3e38, 3e38]], fn: (x) => t.clamp(x, { max: 1e30 }), value: [-3e38, 1e30], gradients: [[1, 0]] },
      { edge: 'denormal', inputs: [[1e-45, -1e-45]], fn: (x) => t.clamp(x, { min: 0 }), value: [1e-45, 0], gradients: [[1, 0]] },
      { edge: 'scalar', inputs: [4], fn: (x) => t.clamp(x, { max: 3 }), value: 3, gradients: [0] },
      empty((x) => t.clamp(x, { min: 0 })),
    ],
    refuses: [
      { call: () => t.clamp(t.zeros([1]), {}), error: TypeError, message: 'clamp: neither min nor max is given. Pass at least one of them.' },
      { call: () => t.clamp(t.zeros([1]), { min: 2, max: 1 }), error: RangeError, message: 'clamp: min must not be above max; got 2 and 1. Exchange them.' },
      { call: () => t.clamp(t.zeros([1]), { min: NaN }), error: RangeError, message: 'clamp: min must be a number; got NaN. Check how it was computed.' },
      { call: () => t.clamp(t.zeros([1]), { min: 0, max: NaN }), error: RangeError, message: 'clamp: max must be a number; got NaN. Check how it was computed.' },
    ],
    pytorch: ({ x }, options) => t.clamp(x, options),
  },
  neg: {
    cases: unary(t.neg, normal([2, 3]), (v) => -v),
    edges: [
      { edge: 'NaN', inputs: [[NaN]], fn: t.neg, value: [NaN], gradients: [[-1]] },
      { edge: 'infinity', inputs: [[Infinity, -Infinity]], fn: t.neg, value: [-Infinity, Infinity], gradients: [[-1, -1]] },
      { edge: 'huge', inputs: [[3e38, -1e-45, 0]], fn: t.neg, value: [-3e38, 1e-45, -0], gradients: [[-1, -1, -1]] },
      empty(t.neg),
    ],
    pytorch: ({ x }) => t.neg(x),
  },
  abs: {
    cases: unary(t.abs, normal([2, 3], 0.01), Math.abs),
    edges: [
      { edge: 'kink', inputs: [[0, -0]], fn: t.abs, value: [0, 0], gradients: [[0, 0]] },
      { edge: 'NaN', inputs: [[NaN]], fn: t.abs, value: [NaN], gradients: [[NaN]] },
      { edge: 'infinity', inputs: [[Infinity, -Infinity]], fn: t.abs, value: [Infinity, Infinity], gradients: [[1, -1]] },
      { edge: 'huge', inputs: [[3e38, -3e38]], fn: t.abs, value: [3e38, 3e38], gradients: [[1, -1]] },
      { edge: 'denormal', inputs: [[1e-45, -1e-45]], fn: t.abs, value: [1e-45, 1e-45], gradients: [[1, -1]] },
      empty(t.abs),
    ],
    pytorch: ({ x }) => t.abs(x),
  },
  sign: {
    cases: unary(t.sign, normal([2, 3], 0.01), Math.sign),
    edges: [
      { edge: 'kink', inputs: [[0, -0]], fn: t.sign, value: [0, 0], gradients: [[0, 0]] },
      { edge: 'NaN', inputs: [[NaN]], fn: t.sign, value: [NaN], gradients: [[0]] },
      { edge: 'infinity', inputs: [[Infinity, -Infinity]], fn: t.sign, value: [1, -1], gradients: [[0, 0]] },
      // An infinite gradient times 0 would be NaN.
      { edge: 'infinity', inputs: [[0]], fn: (x) => t.sqrt(t.sign(x)), value: [0], gradients: [[0]] },
      { edge: 'denormal', inputs: [[1e-45, -1e-45]], fn: t.sign, value: [1, -1], gradients: [[0, 0]] },
      empty(t.sign),
    ],
    pytorch: ({ x }) => t.sign(x),
  },
  reciprocal: {
    cases: unary(t.reciprocal, normal([2, 3], 0.3), (v) => 1 / v),
    edges: [
      { edge: 'zero', inputs: [[0, -0]], fn: t.reciprocal, value: [Infinity, -Infinity], gradients: [[-Infinity, -Infinity]] },
      { edge: 'NaN', inputs: [[NaN]], fn: t.reciprocal, value: [NaN], gradients: [[NaN]] },
      { edge: 'infinity', inputs: [[Infinity, -Infinity]], fn: t.reciprocal, value: [0, -0], gradients: [[0, 0]] },
      { edge: 'huge', inputs: [[3e38, 2 ** 66]], fn: t.reciprocal, value: [1 / HUGE, 2 ** -66], gradients: [[0, -(2 ** -132)]] },
      { edge: 'denormal', inputs: [[1e-45, 1e-20]], fn: t.reciprocal, value: [Infinity, 1e20], gradients: [[-Infinity, -Infinity]] },
      // From g / x: y^2 is out of range where the product is not.
      { edge: 'huge', inputs: [[2 ** 66]], fn: (x) => t.mul(t.reciprocal(x), 2 ** 100), value: [2 ** 34], gradients: [[-(2 ** -32)]] },
      empty(t.reciprocal),
    ],
    pytorch: ({ x }) => t.reciprocal(x),
  },
  exp: {
    cases: unary(t.exp, normal([2, 3]), Math.exp),
    edges: [
      { edge: 'NaN', inputs: [[NaN]], fn: t.exp, value: [NaN], gradients: [[NaN]] },
      { edge: 'infinity', inputs: [[Infinity, -Infinity]], fn: t.exp, value: [Infinity, 0], gradients: [[Infinity, 0]] },
      { edge: 'huge', inputs: [[3e38, -3e38, 1e4, -1e4, 88.5, -87]], fn: t.exp, value: [Infinity, 0, Infinity, 0, Math.exp(88.5), Math.exp(-87)], gradients: [[Infinity, 0, Infinity, 0, Math.exp(88.5), Math.exp(-87)]] },
      { edge: 'denormal', inputs: [[1e-45, -1e-40, -95]], fn: t.exp, value: [1, 1, Math.fround(Math.exp(-95))], gradients: [[1, 1, Math.fround(Math.exp(-95))]] },
      empty(t.exp),
    ],
    pytorch: ({ x }) => t.exp(x),
  },
  log: {
    cases: unary(t.log, uniform([2, 3], 0.2, 3), Math.log),
    edges: [
      { edge: 'zero', inputs: [[0, -0, -1]], fn: t.log, value: [-Infinity, -Infinity, NaN], gradients: [[Infinity, -Infinity, -1]] },
      { edge: 'NaN', inputs: [[NaN]], fn: t.log, value: [NaN], gradients: [[NaN]] },
      { edge: 'infinity', inputs: [[Infinity, -Infinity]], fn: t.log, value: [Infinity, NaN], gradients: [[0, -0]] },
      { edge: 'huge', inputs: [[3e38]], fn: t.log, value: [Math.log(3e38)], gradients: [[1 / HUGE]] },
      { edge: 'denormal', inputs: [[1e-45, 1e-38]], fn: t.log, value: [Math.log(Math.fround(1e-45)), Math.log(1e-38)], gradients: [[Infinity, 1e38]] },
      empty(t.log),
    ],
    pytorch: ({ x }) => t.log(x),
  },
  sqrt: {
    cases: unary(t.sqrt, uniform([2, 3], 0.2, 3), Math.sqrt),
    edges: [
      { edge: 'zero', inputs: [[0, -1]], fn: t.sqrt, value: [0, NaN], gradients: [[Infinity, NaN]] },
      { edge: 'NaN', inputs: [[NaN]], fn: t.sqrt, value: [NaN], gradients: [[NaN]] },
      { edge: 'infinity', inputs: [[Infinity, -Infinity]], fn: t.sqrt, value: [Infinity, NaN], gradients: [[0, NaN]] },
      { edge: 'huge', inputs: [[3e38]], fn: t.sqrt, value: [Math.sqrt(3e38)], gradients: [[0.5 / Math.sqrt(3e38)]] },
      { edge: 'denormal', inputs: [[1e-40]], fn: t.sqrt, value: [Math.sqrt(Math.fround(1e-40))], gradients: [[0.5 / Math.sqrt(Math.fround(1e-40))]] },
      empty(t.sqrt),
    ],
    pytorch: ({ x }) => t.sqrt(x),
  },
  square: {
    cases: unary(t.square, normal([2, 3]), (v) => v * v),
    edges: [
      { edge: 'NaN', inputs: [[NaN]], fn: t.square, value: [NaN], gradients: [[NaN]] },
      { edge: 'infinity', inputs: [[Infinity, -Infinity]], fn: t.square, value: [Infinity, Infinity], gradients: [[Infinity, -Infinity]] },
      { edge: 'huge', inputs: [[3e38, -1e20, 1e19]], fn: t.square, value: [Infinity, Infinity, 1e38], gradients: [[Infinity, -2e20, 2e19]] },
      { edge: 'denormal', inputs: [[1e-40, 1e-20]], fn: t.square, value: [0, Math.fround(1e-20) ** 2], gradients: [[2 * Math.fround(1e-40), 2e-20]] },
      empty(t.square),
    ],
    pytorch: ({ x }) => t.square(x),
  },
  sin: {
    cases: unary(t.sin, normal([2, 3]), Math.sin),
    edges: [
      { edge: 'NaN', inputs: [[NaN, Infinity, -Infinity]], fn: t.sin, value: [NaN, NaN, NaN], gradients: [[NaN, NaN, NaN]] },
      { edge: 'huge', inputs: [[3e38, 1e10]], fn: t.sin, value: [Math.sin(Math.fround(3e38)), Math.sin(1e10)], gradients: [[Math.cos(Math.fround(3e38)), Math.cos(1e10)]] },
      { edge: 'denormal', inputs: [[1e-45, -1e-40]], fn: t.sin, value: [1e-45, -1e-40], gradients: [[1, 1]] },
      empty(t.sin),
    ],
    pytorch: ({ x }) => t.sin(x),
  },
  cos: {
    cases: unary(t.cos, normal([2, 3]), Math.cos),
    edges: [
      { edge: 'NaN', inputs: [[NaN, Infinity, -Infinity]], fn: t.cos, value: [NaN, NaN, NaN], gradients: [[NaN, NaN, NaN]] },
      { edge: 'huge', inputs: [[3e38, 1e10]], fn: t.cos, value: [Math.cos(Math.fround(3e38)), Math.cos(1e10)], gradients: [[-Math.sin(Math.fround(3e38)), -Math.sin(1e10)]] },
      { edge: 'denormal', inputs: [[1e-45, -1e-40]], fn: t.cos, value: [1, 1], gradients: [[-1e-45, 1e-40]] },
      empty(t.cos),
    ],
    pytorch: ({ x }) => t.cos(x),
  },
} satisfies Record<string, Row>;
