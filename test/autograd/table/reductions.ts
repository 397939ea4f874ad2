import * as t from '../../../src/portable.ts';
import { draws, length, type Row, total } from './row.ts';

const { normal } = draws('reductions');

export const reductions = {
  sum: { cases: [
    { name: 'all', inputs: [normal([2, 3])], fn: (x) => t.sum(x), shape: [], oracle: (_, x) => total(2, (i) => total(3, (j) => x(i, j))) },
    { name: 'axis 0', inputs: [normal([2, 3])], fn: (x) => t.sum(x, { axis: 0 }), shape: [3], oracle: ([j], x) => total(2, (i) => x(i, j)) },
    { name: 'axes, kept', inputs: [normal([2, 3, 4])], fn: (x) => t.sum(x, { axis: [0, -1], keepDims: true }), shape: [1, 3, 1], oracle: ([, j], x) => total(2, (i) => total(4, (k) => x(i, j, k))) },
    { name: 'no axes', inputs: [normal([2])], fn: (x) => t.sum(x, { axis: [] }), shape: [2], oracle: ([i], x) => x(i) },
    { name: 'nothing', inputs: [t.zeros([0])], fn: (x) => t.sum(x), shape: [], oracle: () => 0 },
    { name: 'scalar', inputs: [t.tensor(2)], fn: (x) => t.sum(x), shape: [], oracle: (_, x) => x() },
  ], pytorch: 'to do' },
  mean: { cases: [
    { name: 'all', inputs: [normal([2, 3])], fn: (x) => t.mean(x), shape: [], oracle: (_, x) => total(2, (i) => total(3, (j) => x(i, j))) / 6 },
    { name: 'axis', inputs: [normal([2, 3])], fn: (x) => t.mean(x, { axis: -1, keepDims: true }), shape: [2, 1], oracle: ([i], x) => total(3, (j) => x(i, j)) / 3 },
  ], pytorch: 'to do' },
  norm: { cases: [
    { name: 'all', inputs: [normal([2, 3])], fn: (x) => t.norm(x), shape: [], oracle: (_, x) => Math.sqrt(total(2, (i) => total(3, (j) => x(i, j) ** 2))) },
    { name: 'axis 0', inputs: [normal([2, 3])], fn: (x) => t.norm(x, { axis: 0 }), shape: [3], oracle: ([j], x) => Math.sqrt(total(2, (i) => x(i, j) ** 2)) },
    { name: 'last axis', inputs: [normal([2, 3])], fn: (x) => t.norm(x, { axis: -1, keepDims: true }), shape: [2, 1], oracle: ([i], x) => length(x, i, 3) },
  ], pytorch: 'to do' },
} satisfies Record<string, Row>;
