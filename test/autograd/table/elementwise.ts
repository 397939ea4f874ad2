import * as t from '../../../src/portable.ts';
import { type Case, draws, type Read, type Row, unary } from './row.ts';

const { normal, uniform, distinct } = draws('elementwise');

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

export const elementwise = {
  add: { cases: binary(t.add, (a, b) => a + b), pytorch: 'to do' },
  sub: { cases: binary(t.sub, (a, b) => a - b), pytorch: 'to do' },
  mul: { cases: binary(t.mul, (a, b) => a * b), pytorch: 'to do' },
  div: { cases: binary(t.div, (a, b) => a / b), pytorch: 'to do' },
  divOrZero: { cases: [
    ...binary(t.divOrZero, (a, b) => (b === 0 ? 0 : a / b)),
    { name: 'zero divisor', inputs: [t.tensor([1, 2, 0])], fn: (a) => t.divOrZero(a, t.tensor([0, 4, 0])), shape: [3], oracle: ([i], a) => (i === 1 ? a(1) / 4 : 0) },
  ], pytorch: 'to do' },
  maximum: { cases: binary(t.maximum, Math.max, distinct), pytorch: 'to do' },
  minimum: { cases: binary(t.minimum, Math.min, distinct), pytorch: 'to do' },
  neg: { cases: unary(t.neg, normal([2, 3]), (v) => -v), pytorch: 'to do' },
  exp: { cases: unary(t.exp, normal([2, 3]), Math.exp), pytorch: 'to do' },
  log: { cases: unary(t.log, uniform([2, 3], 0.2, 3), Math.log), pytorch: 'to do' },
  sqrt: { cases: unary(t.sqrt, uniform([2, 3], 0.2, 3), Math.sqrt), pytorch: 'to do' },
  square: { cases: unary(t.square, normal([2, 3]), (v) => v * v), pytorch: 'to do' },
  sin: { cases: unary(t.sin, normal([2, 3]), Math.sin), pytorch: 'to do' },
  cos: { cases: unary(t.cos, normal([2, 3]), Math.cos), pytorch: 'to do' },
} satisfies Record<string, Row>;
