import * as t from '../../../src/portable.ts';
import { draws, type Row, total } from './row.ts';

const { normal } = draws('products');

export const products = {
  matmul: { cases: [
    { name: 'small', inputs: [normal([2, 3]), normal([3, 4])], fn: t.matmul, shape: [2, 4], oracle: ([i, j], a, b) => total(3, (k) => a(i, k) * b(k, j)) },
    { name: 'packed, ragged', inputs: [normal([18, 17]), normal([17, 19])], fn: t.matmul, shape: [18, 19], oracle: ([i, j], a, b) => total(17, (k) => a(i, k) * b(k, j)), noSecondOrder: 'covered by the small case' },
    { name: 'vectors', inputs: [normal([3]), normal([3])], fn: t.matmul, shape: [], oracle: (_, a, b) => total(3, (k) => a(k) * b(k)) },
    { name: 'matrix and vector', inputs: [normal([2, 3]), normal([3])], fn: t.matmul, shape: [2], oracle: ([i], a, b) => total(3, (k) => a(i, k) * b(k)) },
    { name: 'vector and batch', inputs: [normal([3]), normal([2, 3, 4])], fn: t.matmul, shape: [2, 4], oracle: ([n, j], a, b) => total(3, (k) => a(k) * b(n, k, j)) },
    { name: 'batch and matrix', inputs: [normal([2, 2, 3]), normal([3, 4])], fn: t.matmul, shape: [2, 2, 4], oracle: ([n, i, j], a, b) => total(3, (k) => a(n, i, k) * b(k, j)) },
    { name: 'broadcast batches', inputs: [normal([2, 1, 2, 3]), normal([3, 3, 2])], fn: t.matmul, shape: [2, 3, 2, 2], oracle: ([n, m, i, j], a, b) => total(3, (k) => a(n, 0, i, k) * b(m, k, j)) },
    { name: 'nothing to add', inputs: [t.zeros([2, 0]), t.zeros([0, 3])], fn: t.matmul, shape: [2, 3], oracle: () => 0 },
  ], pytorch: 'to do' },
  linear: { cases: [
    { name: 'with bias', inputs: [normal([5, 3]), normal([4, 3]), normal([4])], fn: (x, w, b) => t.linear(x, w, b), shape: [5, 4], oracle: ([n, o], x, w, b) => b(o) + total(3, (i) => x(n, i) * w(o, i)) },
    { name: 'without, on a sequence', inputs: [normal([2, 3, 3]), normal([2, 3])], fn: (x, w) => t.linear(x, w), shape: [2, 3, 2], oracle: ([n, s, o], x, w) => total(3, (i) => x(n, s, i) * w(o, i)) },
    { name: 'a vector', inputs: [normal([3]), normal([2, 3])], fn: (x, w) => t.linear(x, w), shape: [2], oracle: ([o], x, w) => total(3, (i) => x(i) * w(o, i)) },
    { name: 'empty batch', inputs: [t.zeros([0, 3]), normal([2, 3]), normal([2])], fn: (x, w, b) => t.linear(x, w, b), shape: [0, 2], oracle: () => 0 },
  ], pytorch: ({ x, weight, bias }) => t.linear(x, weight, bias) },
} satisfies Record<string, Row>;
