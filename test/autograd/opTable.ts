import type * as api from '../../src/portable.ts';
import * as t from '../../src/portable.ts';
import { erf } from '../../src/tensor/erf.ts';

/** Reads a tensor by index, in double precision. */
export type Read = (...index: number[]) => number;

/** One way to call an op: its inputs, and what each element of its output is, index by index. */
export interface Case {
  readonly name: string;
  readonly inputs: readonly t.Tensor[];
  readonly fn: (...inputs: t.Tensor[]) => t.Tensor;
  readonly shape: readonly number[];
  readonly oracle: (index: readonly number[], ...inputs: Read[]) => number;
  /** Why second derivatives are not compared with differences, where they are not. */
  readonly noSecondOrder?: string;
}

/** Exported functions that give a tensor but are no ops: makers of leaves, data preparation, parts of the engine. */
type NotAnOp =
  | 'tensor' | 'zeros' | 'ones' | 'full' | 'arange' | 'parameter' | 'toTensor'
  | 'record' | 'recordAs' | 'pullThrough' | 'noGrad' | 'scope' | 'keep' | 'cloneModule' | 'loadModel'
  | 'kaimingUniform' | 'kaimingNormal' | 'xavierUniform' | 'xavierNormal'
  | 'augment' | 'resize' | 'normalizeImages';

type Api = typeof api;
/** Every op, distance and loss: a missing row in the table below does not compile. */
export type OpName = Exclude<{ [K in keyof Api]: Api[K] extends (...args: never) => t.Tensor ? K : never }[keyof Api], NotAnOp>;

const random = t.createRandom(20).fork('op table');
let drawn = 0;

/** Normal numbers, different in every call, at least `gap` away from 0 and from one another's kinks. */
function normal(shape: readonly number[], gap = 0): t.Tensor {
  const stream = random.fork(drawn++);
  const size = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length: size }, () => {
    for (;;) {
      const value = stream.normal();
      if (Math.abs(value) > gap) return value;
    }
  });
  return t.tensor(data, shape);
}

/** Uniform numbers in [low, high). */
function uniform(shape: readonly number[], low: number, high: number): t.Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return t.tensor(random.fork(drawn++).fillUniform(new Float32Array(size), low, high), shape);
}

/** All elements different by at least 0.01 from one another and from those of the calls before, in random order. */
function distinct(shape: readonly number[]): t.Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  const shift = 0.017 * (drawn % 5);
  const order = random.fork(drawn++).permutation(size);
  return t.tensor(Float32Array.from(order, (rank) => 0.1 * rank - 0.05 * size + shift), shape);
}

const unary = (fn: (x: t.Tensor) => t.Tensor, x: t.Tensor, oracle: (v: number) => number): Case[] => [
  { name: 'elementwise', inputs: [x], fn, shape: x.shape, oracle: (index, read) => oracle(read(...index)) },
  { name: 'scalar', inputs: [t.tensor(0.7)], fn, shape: [], oracle: (_, read) => oracle(read()) },
  { name: 'empty', inputs: [t.zeros([0, 3])], fn, shape: [0, 3], oracle: () => 0 },
];

/** Reads an operand at the index of a larger result, by NumPy's rule. */
const spread = (read: Read, shape: readonly number[], index: readonly number[]): number =>
  read(...shape.map((length, axis) => (length === 1 ? 0 : index[index.length - shape.length + axis])));

const binary = (fn: (a: t.Operand, b: t.Operand) => t.Tensor, oracle: (a: number, b: number) => number, make: (shape: readonly number[]) => t.Tensor = (s) => normal(s, 0.3)): Case[] => [
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

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const total = (n: number, f: (i: number) => number): number => range(n).reduce((s, i) => s + f(i), 0);

interface ConvCase extends t.Conv2dOptions { readonly x: readonly number[]; readonly weight: readonly number[]; readonly bias?: boolean }

function convolution(name: string, { x, weight, bias = false, ...options }: ConvCase): Case {
  const two = (p: t.Pair | undefined, otherwise: number): readonly [number, number] => (p === undefined ? [otherwise, otherwise] : typeof p === 'number' ? [p, p] : p);
  const [sh, sw] = two(options.stride, 1);
  const [ph, pw] = two(options.padding, 0);
  const [dh, dw] = two(options.dilation, 1);
  const groups = options.groups ?? 1;
  const [n, , h, w] = x;
  const [f, c, kh, kw] = weight;
  const shape = [n, f, Math.floor((h + 2 * ph - dh * (kh - 1) - 1) / sh) + 1, Math.floor((w + 2 * pw - dw * (kw - 1) - 1) / sw) + 1];
  return {
    name, shape, inputs: [normal(x), normal(weight), ...(bias ? [normal([f])] : [])],
    fn: (a, b, d) => t.conv2d(a, b, d, options),
    oracle: ([i, o, y, z], image, kernel, offset) => {
      const first = Math.floor(o / (f / groups)) * c;
      const pixel = (ch: number, row: number, column: number) => (row < 0 || row >= h || column < 0 || column >= w ? 0 : image(i, ch, row, column));
      return (bias ? offset(o) : 0) + total(c, (ch) => total(kh, (p) => total(kw, (q) => kernel(o, ch, p, q) * pixel(first + ch, y * sh - ph + p * dh, z * sw - pw + q * dw))));
    },
  };
}

function pooling(name: string, x: readonly number[], size: t.Pair, options: t.Pool2dOptions = {}): Case {
  const two = (p: t.Pair): readonly [number, number] => (typeof p === 'number' ? [p, p] : p);
  const [kh, kw] = two(size);
  const [sh, sw] = two(options.stride ?? size);
  const [ph, pw] = two(options.padding ?? 0);
  const [n, c, h, w] = x;
  return {
    name, inputs: [distinct(x)], fn: (a) => t.maxPool2d(a, size, options),
    shape: [n, c, Math.floor((h + 2 * ph - kh) / sh) + 1, Math.floor((w + 2 * pw - kw) / sw) + 1],
    oracle: ([i, ch, y, z], read) => {
      let best = -Infinity;
      for (const p of range(kh)) for (const q of range(kw)) {
        const [row, column] = [y * sh - ph + p, z * sw - pw + q];
        if (row >= 0 && row < h && column >= 0 && column < w) best = Math.max(best, read(i, ch, row, column));
      }
      return best;
    },
  };
}

const length = (read: Read, row: number, width: number) => Math.sqrt(total(width, (d) => read(row, d) ** 2));
const apart = (a: Read, i: number, b: Read, j: number, width: number) => total(width, (d) => (a(i, d) - b(j, d)) ** 2);
const cosine = (a: Read, i: number, b: Read, j: number, width: number) => total(width, (d) => a(i, d) * b(j, d)) / (length(a, i, width) * length(b, j, width));
const rows = (fn: (a: t.Tensor, b: t.Tensor) => t.Tensor, oracle: (a: Read, b: Read, i: number, j: number) => number): Case[] => [
  { name: 'rows', inputs: [normal([4, 3]), normal([4, 3])], fn, shape: [4], oracle: ([n], a, b) => oracle(a, b, n, n) },
  { name: 'no rows', inputs: [t.zeros([0, 3]), t.zeros([0, 3])], fn, shape: [0], oracle: () => 0 },
];

const hinge = (v: number) => Math.max(0, v);
const logistic = (v: number) => Math.log1p(Math.exp(v));
const different = [1, 0, 0, 1, 1];

function tripletCases(): Case[] {
  const batch = () => [normal([6, 3]), normal([6, 3]), normal([6, 3])];
  const gap = (distance: (a: Read, b: Read, i: number) => number, margin: number) => (i: number, a: Read, p: Read, n: Read) => distance(a, p, i) - distance(a, n, i) + margin;
  const squared = (a: Read, b: Read, i: number) => apart(a, i, b, i, 3);
  const plain = (a: Read, b: Read, i: number) => Math.sqrt(squared(a, b, i));
  const angle = (a: Read, b: Read, i: number) => 1 - cosine(a, i, b, i, 3);
  return [
    { name: 'default', inputs: batch(), fn: (a, p, n) => t.tripletLoss(a, p, n), shape: [], oracle: (_, a, p, n) => total(6, (i) => hinge(gap(squared, 1)(i, a, p, n))) / 6 },
    { name: 'each', inputs: batch(), fn: (a, p, n) => t.tripletLoss(a, p, n, { margin: 0.5, reduction: 'none' }), shape: [6], oracle: ([i], a, p, n) => hinge(gap(squared, 0.5)(i, a, p, n)) },
    { name: 'euclidean', inputs: batch(), fn: (a, p, n) => t.tripletLoss(a, p, n, { distance: 'euclidean', reduction: 'sum' }), shape: [], oracle: (_, a, p, n) => total(6, (i) => hinge(gap(plain, 1)(i, a, p, n))) },
    { name: 'cosine', inputs: batch(), fn: (a, p, n) => t.tripletLoss(a, p, n, { distance: 'cosine', margin: 0.3 }), shape: [], oracle: (_, a, p, n) => total(6, (i) => hinge(gap(angle, 0.3)(i, a, p, n))) / 6 },
    { name: 'soft', inputs: batch(), fn: (a, p, n) => t.tripletLoss(a, p, n, { soft: true, distance: 'euclidean' }), shape: [], oracle: (_, a, p, n) => total(6, (i) => logistic(gap(plain, 0)(i, a, p, n))) / 6 },
    {
      name: 'swap', inputs: batch(), fn: (a, p, n) => t.tripletLoss(a, p, n, { swap: true, reduction: 'none', margin: 3 }), shape: [6],
      oracle: ([i], a, p, n) => hinge(squared(a, p, i) - Math.min(squared(a, n, i), squared(p, n, i)) + 3),
    },
    {
      name: 'meanNonZero', inputs: batch(), fn: (a, p, n) => t.tripletLoss(a, p, n, { reduction: 'meanNonZero' }), shape: [],
      oracle: (_, a, p, n) => {
        const active = range(6).map((i) => gap(squared, 1)(i, a, p, n)).filter((v) => v > 0);
        return total(active.length, (i) => active[i]) / Math.max(1, active.length);
      },
    },
    { name: 'empty', inputs: [t.zeros([0, 3]), t.zeros([0, 3]), t.zeros([0, 3])], fn: (a, p, n) => t.tripletLoss(a, p, n), shape: [], oracle: () => 0 },
  ];
}

function batchHard(read: Read, labels: readonly number[], width: number, distance: (i: number, j: number) => number, margin: number): number {
  const others = (i: number, same: boolean) => range(labels.length).filter((j) => j !== i && (labels[j] === labels[i]) === same).map((j) => distance(i, j));
  const valid = range(labels.length).filter((i) => others(i, true).length > 0 && others(i, false).length > 0);
  return total(valid.length, (v) => hinge(Math.max(...others(valid[v], true)) - Math.min(...others(valid[v], false)) + margin)) / Math.max(1, valid.length) + 0 * width * read(0, 0);
}

const statistics = (read: Read, shape: readonly number[], c: number) => {
  const values = range(shape[0]).flatMap((n) => (shape.length === 2 ? [read(n, c)] : range(shape[2]).flatMap((y) => range(shape[3]).map((z) => read(n, c, y, z)))));
  const mean = values.reduce((s, v) => s + v, 0) / values.length;
  return { mean, variance: values.reduce((s, v) => s + (v - mean) ** 2, 0) / values.length };
};

const gelu = (v: number) => 0.5 * v * (1 + erf(v / Math.SQRT2));
const geluTanh = (v: number) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)));
const dropped = () => t.createRandom(3);
const dropMask = (p: number, size: number) => {
  const stream = dropped();
  return range(size).map(() => (stream.uniform() < p ? 0 : 1 / (1 - p)));
};

export const opTable: Record<OpName, readonly Case[]> = {
  add: binary(t.add, (a, b) => a + b),
  sub: binary(t.sub, (a, b) => a - b),
  mul: binary(t.mul, (a, b) => a * b),
  div: binary(t.div, (a, b) => a / b),
  divOrZero: [
    ...binary(t.divOrZero, (a, b) => (b === 0 ? 0 : a / b)),
    { name: 'zero divisor', inputs: [t.tensor([1, 2, 0])], fn: (a) => t.divOrZero(a, t.tensor([0, 4, 0])), shape: [3], oracle: ([i], a) => (i === 1 ? a(1) / 4 : 0) },
  ],
  maximum: binary(t.maximum, Math.max, distinct),
  minimum: binary(t.minimum, Math.min, distinct),
  neg: unary(t.neg, normal([2, 3]), (v) => -v),
  exp: unary(t.exp, normal([2, 3]), Math.exp),
  log: unary(t.log, uniform([2, 3], 0.2, 3), Math.log),
  sqrt: unary(t.sqrt, uniform([2, 3], 0.2, 3), Math.sqrt),
  square: unary(t.square, normal([2, 3]), (v) => v * v),
  sin: unary(t.sin, normal([2, 3]), Math.sin),
  cos: unary(t.cos, normal([2, 3]), Math.cos),
  relu: unary(t.relu, normal([4, 5], 0.01), hinge),
  sigmoid: unary(t.sigmoid, normal([2, 3]), (v) => 1 / (1 + Math.exp(-v))),
  tanh: unary(t.tanh, normal([2, 3]), Math.tanh),
  softplus: unary(t.softplus, normal([2, 3]), logistic),
  gelu: [
    ...unary(t.gelu, normal([2, 3]), gelu),
    { name: 'tanh', inputs: [normal([5])], fn: (x) => t.gelu(x, { approximate: 'tanh' }), shape: [5], oracle: ([i], x) => geluTanh(x(i)) },
  ],
  sum: [
    { name: 'all', inputs: [normal([2, 3])], fn: (x) => t.sum(x), shape: [], oracle: (_, x) => total(2, (i) => total(3, (j) => x(i, j))) },
    { name: 'axis 0', inputs: [normal([2, 3])], fn: (x) => t.sum(x, { axis: 0 }), shape: [3], oracle: ([j], x) => total(2, (i) => x(i, j)) },
    { name: 'axes, kept', inputs: [normal([2, 3, 4])], fn: (x) => t.sum(x, { axis: [0, -1], keepDims: true }), shape: [1, 3, 1], oracle: ([, j], x) => total(2, (i) => total(4, (k) => x(i, j, k))) },
    { name: 'no axes', inputs: [normal([2])], fn: (x) => t.sum(x, { axis: [] }), shape: [2], oracle: ([i], x) => x(i) },
    { name: 'nothing', inputs: [t.zeros([0])], fn: (x) => t.sum(x), shape: [], oracle: () => 0 },
    { name: 'scalar', inputs: [t.tensor(2)], fn: (x) => t.sum(x), shape: [], oracle: (_, x) => x() },
  ],
  mean: [
    { name: 'all', inputs: [normal([2, 3])], fn: (x) => t.mean(x), shape: [], oracle: (_, x) => total(2, (i) => total(3, (j) => x(i, j))) / 6 },
    { name: 'axis', inputs: [normal([2, 3])], fn: (x) => t.mean(x, { axis: -1, keepDims: true }), shape: [2, 1], oracle: ([i], x) => total(3, (j) => x(i, j)) / 3 },
  ],
  norm: [
    { name: 'all', inputs: [normal([2, 3])], fn: (x) => t.norm(x), shape: [], oracle: (_, x) => Math.sqrt(total(2, (i) => total(3, (j) => x(i, j) ** 2))) },
    { name: 'axis 0', inputs: [normal([2, 3])], fn: (x) => t.norm(x, { axis: 0 }), shape: [3], oracle: ([j], x) => Math.sqrt(total(2, (i) => x(i, j) ** 2)) },
    { name: 'last axis', inputs: [normal([2, 3])], fn: (x) => t.norm(x, { axis: -1, keepDims: true }), shape: [2, 1], oracle: ([i], x) => length(x, i, 3) },
  ],
  reshape: [
    { name: 'explicit', inputs: [normal([2, 6])], fn: (x) => t.reshape(x, [3, 4]), shape: [3, 4], oracle: ([i, j], x) => x(Math.floor((4 * i + j) / 6), (4 * i + j) % 6) },
    { name: 'inferred', inputs: [normal([4])], fn: (x) => t.reshape(x, [-1, 2]), shape: [2, 2], oracle: ([i, j], x) => x(2 * i + j) },
  ],
  flatten: [{ name: 'images', inputs: [normal([2, 2, 3])], fn: t.flatten, shape: [2, 6], oracle: ([n, i], x) => x(n, Math.floor(i / 3), i % 3) }],
  transpose: [
    { name: 'matrix', inputs: [normal([2, 3])], fn: (x) => t.transpose(x), shape: [3, 2], oracle: ([i, j], x) => x(j, i) },
    { name: 'order', inputs: [normal([2, 3, 4])], fn: (x) => t.transpose(x, [1, 2, 0]), shape: [3, 4, 2], oracle: ([i, j, k], x) => x(k, i, j) },
  ],
  expand: [
    { name: 'column', inputs: [normal([2, 1])], fn: (x) => t.expand(x, [3, 2, 4]), shape: [3, 2, 4], oracle: ([, i], x) => x(i, 0) },
    { name: 'scalar', inputs: [normal([])], fn: (x) => t.expand(x, [2, 2]), shape: [2, 2], oracle: (_, x) => x() },
  ],
  sumTo: [{ name: 'to a column', inputs: [normal([3, 2, 4])], fn: (x) => t.sumTo(x, [2, 1]), shape: [2, 1], oracle: ([i], x) => total(3, (n) => total(4, (k) => x(n, i, k))) }],
  slice: [
    { name: 'ranges', inputs: [normal([4, 5])], fn: (x) => t.slice(x, [[1, 3], [-3, 5]]), shape: [2, 3], oracle: ([i, j], x) => x(1 + i, 2 + j) },
    { name: 'steps', inputs: [normal([5, 2])], fn: (x) => t.slice(x, [[0, 5, 2]]), shape: [3, 2], oracle: ([i, j], x) => x(2 * i, j) },
    { name: 'nothing', inputs: [normal([5, 2])], fn: (x) => t.slice(x, [[2, 2]]), shape: [0, 2], oracle: () => 0 },
  ],
  concat: [
    { name: 'rows', inputs: [normal([2, 3]), normal([1, 3])], fn: (a, b) => t.concat([a, b]), shape: [3, 3], oracle: ([i, j], a, b) => (i < 2 ? a(i, j) : b(0, j)) },
    { name: 'axis 1', inputs: [normal([2, 1, 2]), normal([2, 0, 2]), normal([2, 2, 2])], fn: (...xs) => t.concat(xs, { axis: 1 }), shape: [2, 3, 2], oracle: ([i, j, k], a, _, c) => (j < 1 ? a(i, j, k) : c(i, j - 1, k)) },
  ],
  take: [
    { name: 'rows', inputs: [normal([3, 2])], fn: (x) => t.take(x, [2, 0, 2]), shape: [3, 2], oracle: ([i, j], x) => x([2, 0, 2][i], j) },
    { name: 'last axis', inputs: [normal([2, 3])], fn: (x) => t.take(x, [1], { axis: -1 }), shape: [2, 1], oracle: ([i], x) => x(i, 1) },
    { name: 'none', inputs: [normal([3, 2])], fn: (x) => t.take(x, []), shape: [0, 2], oracle: () => 0 },
  ],
  matmul: [
    { name: 'small', inputs: [normal([2, 3]), normal([3, 4])], fn: t.matmul, shape: [2, 4], oracle: ([i, j], a, b) => total(3, (k) => a(i, k) * b(k, j)) },
    { name: 'packed, ragged', inputs: [normal([18, 17]), normal([17, 19])], fn: t.matmul, shape: [18, 19], oracle: ([i, j], a, b) => total(17, (k) => a(i, k) * b(k, j)), noSecondOrder: 'covered by the small case' },
    { name: 'vectors', inputs: [normal([3]), normal([3])], fn: t.matmul, shape: [], oracle: (_, a, b) => total(3, (k) => a(k) * b(k)) },
    { name: 'matrix and vector', inputs: [normal([2, 3]), normal([3])], fn: t.matmul, shape: [2], oracle: ([i], a, b) => total(3, (k) => a(i, k) * b(k)) },
    { name: 'vector and batch', inputs: [normal([3]), normal([2, 3, 4])], fn: t.matmul, shape: [2, 4], oracle: ([n, j], a, b) => total(3, (k) => a(k) * b(n, k, j)) },
    { name: 'batch and matrix', inputs: [normal([2, 2, 3]), normal([3, 4])], fn: t.matmul, shape: [2, 2, 4], oracle: ([n, i, j], a, b) => total(3, (k) => a(n, i, k) * b(k, j)) },
    { name: 'broadcast batches', inputs: [normal([2, 1, 2, 3]), normal([3, 3, 2])], fn: t.matmul, shape: [2, 3, 2, 2], oracle: ([n, m, i, j], a, b) => total(3, (k) => a(n, 0, i, k) * b(m, k, j)) },
    { name: 'nothing to add', inputs: [t.zeros([2, 0]), t.zeros([0, 3])], fn: t.matmul, shape: [2, 3], oracle: () => 0 },
  ],
  linear: [
    { name: 'with bias', inputs: [normal([5, 3]), normal([4, 3]), normal([4])], fn: (x, w, b) => t.linear(x, w, b), shape: [5, 4], oracle: ([n, o], x, w, b) => b(o) + total(3, (i) => x(n, i) * w(o, i)) },
    { name: 'without, on a sequence', inputs: [normal([2, 3, 3]), normal([2, 3])], fn: (x, w) => t.linear(x, w), shape: [2, 3, 2], oracle: ([n, s, o], x, w) => total(3, (i) => x(n, s, i) * w(o, i)) },
    { name: 'a vector', inputs: [normal([3]), normal([2, 3])], fn: (x, w) => t.linear(x, w), shape: [2], oracle: ([o], x, w) => total(3, (i) => x(i) * w(o, i)) },
    { name: 'empty batch', inputs: [t.zeros([0, 3]), normal([2, 3]), normal([2])], fn: (x, w, b) => t.linear(x, w, b), shape: [0, 2], oracle: () => 0 },
  ],
  conv2d: [
    convolution('plain', { x: [2, 2, 5, 4], weight: [3, 2, 3, 2], bias: true }),
    convolution('padded', { x: [1, 2, 4, 4], weight: [2, 2, 3, 3], padding: 1 }),
    convolution('strided, asymmetric', { x: [2, 1, 7, 6], weight: [2, 1, 3, 2], stride: [2, 3], padding: [2, 1], bias: true }),
    convolution('dilated', { x: [1, 2, 6, 7], weight: [2, 2, 2, 3], dilation: [3, 2], padding: [0, 2] }),
    convolution('grouped', { x: [2, 4, 4, 4], weight: [6, 2, 3, 3], groups: 2, padding: 1, bias: true }),
    convolution('depthwise', { x: [1, 3, 4, 5], weight: [3, 1, 3, 3], groups: 3, padding: 1, stride: 2 }),
    convolution('pointwise', { x: [2, 3, 3, 3], weight: [2, 3, 1, 1], bias: true }),
    convolution('stride above kernel', { x: [1, 1, 7, 7], weight: [1, 1, 2, 2], stride: 3 }),
    convolution('padding above kernel', { x: [1, 1, 2, 2], weight: [1, 1, 1, 1], padding: 3, stride: 2 }),
    convolution('kernel as large as the image', { x: [2, 2, 3, 3], weight: [2, 2, 3, 3], bias: true }),
    convolution('empty batch', { x: [0, 2, 5, 4], weight: [3, 2, 3, 2], bias: true }),
  ],
  maxPool2d: [
    pooling('halving', [2, 2, 4, 6], 2),
    pooling('ragged', [1, 2, 5, 5], 2),
    pooling('overlapping, padded', [1, 1, 5, 6], [3, 2], { stride: [2, 1], padding: [1, 1] }),
    pooling('gaps', [1, 1, 7, 7], 2, { stride: 3 }),
  ],
  batchNorm: [
    ...([[5, 3], [3, 2, 2, 3]] as const).flatMap((shape): Case[] => [
      {
        name: `training [${shape}]`, inputs: [normal(shape), normal([shape[1]]), normal([shape[1]])], shape,
        fn: (x, weight, bias) => t.batchNorm(x, { weight, bias, training: true, epsilon: 1e-3 }),
        oracle: (index, x, weight, bias) => {
          const { mean, variance } = statistics(x, shape, index[1]);
          return ((x(...index) - mean) / Math.sqrt(variance + 1e-3)) * weight(index[1]) + bias(index[1]);
        },
      },
      {
        name: `inference [${shape}]`, inputs: [normal(shape), normal([shape[1]]), normal([shape[1]])], shape,
        fn: (x, weight, bias) => t.batchNorm(x, { weight, bias, runningMean: t.tensor([0.1, 0.2, 0.3].slice(0, shape[1])), runningVar: t.tensor([1, 2, 3].slice(0, shape[1])) }),
        oracle: (index, x, weight, bias) => ((x(...index) - Math.fround(0.1 * (index[1] + 1) === 0.30000000000000004 ? 0.3 : 0.1 * (index[1] + 1))) / Math.sqrt(index[1] + 1 + 1e-5)) * weight(index[1]) + bias(index[1]),
      },
    ]),
    { name: 'no affine', inputs: [normal([4, 2])], fn: (x) => t.batchNorm(x, { training: true }), shape: [4, 2], oracle: ([n, c], x) => (x(n, c) - statistics(x, [4, 2], c).mean) / Math.sqrt(statistics(x, [4, 2], c).variance + 1e-5) },
    { name: 'bias only', inputs: [normal([4, 2]), normal([2])], fn: (x, bias) => t.batchNorm(x, { bias, training: true }), shape: [4, 2], oracle: ([n, c], x, b) => (x(n, c) - statistics(x, [4, 2], c).mean) / Math.sqrt(statistics(x, [4, 2], c).variance + 1e-5) + b(c) },
  ],
  dropout: [
    { name: 'training', inputs: [normal([20])], fn: (x) => t.dropout(x, { p: 0.3, training: true, random: dropped() }), shape: [20], oracle: ([i], x) => x(i) * dropMask(0.3, 20)[i] },
    { name: 'inference', inputs: [normal([4])], fn: (x) => t.dropout(x, { p: 0.3 }), shape: [4], oracle: ([i], x) => x(i) },
  ],
  normalize: [
    { name: 'rows', inputs: [normal([3, 4])], fn: (x) => t.normalize(x), shape: [3, 4], oracle: ([i, j], x) => x(i, j) / length(x, i, 4) },
    { name: 'axis 0', inputs: [normal([2, 3])], fn: (x) => t.normalize(x, { axis: 0 }), shape: [2, 3], oracle: ([i, j], x) => x(i, j) / Math.hypot(x(0, j), x(1, j)) },
  ],
  asDistance: unary((x) => t.asDistance(x), normal([3]), (v) => v),
  asSimilarity: unary(t.asSimilarity, normal([3]), (v) => v),
  squaredEuclidean: rows(t.squaredEuclidean, (a, b, i, j) => apart(a, i, b, j, 3)),
  euclidean: rows(t.euclidean, (a, b, i, j) => Math.sqrt(apart(a, i, b, j, 3))),
  cosineSimilarity: rows(t.cosineSimilarity, (a, b, i, j) => cosine(a, i, b, j, 3)),
  cosineDistance: rows(t.cosineDistance, (a, b, i, j) => 1 - cosine(a, i, b, j, 3)),
  pairwiseDistances: [
    { name: 'euclidean', inputs: [normal([3, 4]), normal([2, 4])], fn: (a, b) => t.pairwiseDistances(a, b), shape: [3, 2], oracle: ([i, j], a, b) => Math.sqrt(apart(a, i, b, j, 4)) },
    { name: 'squaredEuclidean', inputs: [normal([3, 4]), normal([2, 4])], fn: (a, b) => t.pairwiseDistances(a, b, { metric: 'squaredEuclidean' }), shape: [3, 2], oracle: ([i, j], a, b) => apart(a, i, b, j, 4) },
    { name: 'cosine', inputs: [normal([3, 4]), normal([2, 4])], fn: (a, b) => t.pairwiseDistances(a, b, { metric: 'cosine' }), shape: [3, 2], oracle: ([i, j], a, b) => 1 - cosine(a, i, b, j, 4) },
    { name: 'one tensor on both sides', inputs: [normal([3, 4])], fn: (a) => t.pairwiseDistances(a, a, { metric: 'squaredEuclidean' }), shape: [3, 3], oracle: ([i, j], a) => apart(a, i, a, j, 4) },
    { name: 'cosine of one tensor with itself', inputs: [normal([3, 4])], fn: (a) => t.pairwiseDistances(a, a, { metric: 'cosine' }), shape: [3, 3], oracle: ([i, j], a) => 1 - cosine(a, i, a, j, 4) },
  ],
  contrastiveLoss: [
    {
      name: 'different', inputs: [uniform([5], 0.1, 0.9)], fn: (d) => t.contrastiveLoss(t.asDistance(d), { different }), shape: [],
      oracle: (_, d) => total(5, (i) => (1 - different[i]) * d(i) ** 2 + different[i] * hinge(1 - d(i)) ** 2) / 5,
    },
    {
      name: 'same, each, beyond the margin', inputs: [uniform([5], 0.1, 1.9)], fn: (d) => t.contrastiveLoss(t.asDistance(d), { same: different }, { margin: 0.7, reduction: 'none' }), shape: [5],
      oracle: ([i], d) => different[i] * d(i) ** 2 + (1 - different[i]) * hinge(0.7 - d(i)) ** 2,
    },
    { name: 'empty', inputs: [t.zeros([0])], fn: (d) => t.contrastiveLoss(t.asDistance(d), { different: [] }), shape: [], oracle: () => 0 },
  ],
  tripletLoss: tripletCases(),
  batchTripletLoss: [
    { name: 'hard', inputs: [normal([7, 3])], fn: (e) => t.batchTripletLoss(e, [0, 0, 1, 1, 0, 2, 1], { margin: 0.5 }), shape: [], oracle: (_, e) => batchHard(e, [0, 0, 1, 1, 0, 2, 1], 3, (i, j) => apart(e, i, e, j, 3), 0.5) },
    { name: 'euclidean', inputs: [normal([6, 3])], fn: (e) => t.batchTripletLoss(e, [0, 0, 1, 1, 0, 1], { distance: 'euclidean' }), shape: [], oracle: (_, e) => batchHard(e, [0, 0, 1, 1, 0, 1], 3, (i, j) => Math.sqrt(apart(e, i, e, j, 3)), 1) },
    { name: 'no triplet', inputs: [normal([3, 2])], fn: (e) => t.batchTripletLoss(e, [0, 0, 0]), shape: [], oracle: () => 0 },
  ],
};
