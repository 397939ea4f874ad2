import * as t from '../../../src/portable.ts';
import { draws, type Row, total } from './row.ts';

const { normal } = draws('shapes');

export const shapes = {
  reshape: { cases: [
    { name: 'explicit', inputs: [normal([2, 6])], fn: (x) => t.reshape(x, [3, 4]), shape: [3, 4], oracle: ([i, j], x) => x(Math.floor((4 * i + j) / 6), (4 * i + j) % 6) },
    { name: 'inferred', inputs: [normal([4])], fn: (x) => t.reshape(x, [-1, 2]), shape: [2, 2], oracle: ([i, j], x) => x(2 * i + j) },
  ], pytorch: 'to do' },
  flatten: { cases: [{ name: 'images', inputs: [normal([2, 2, 3])], fn: t.flatten, shape: [2, 6], oracle: ([n, i], x) => x(n, Math.floor(i / 3), i % 3) }], pytorch: 'to do' },
  transpose: { cases: [
    { name: 'matrix', inputs: [normal([2, 3])], fn: (x) => t.transpose(x), shape: [3, 2], oracle: ([i, j], x) => x(j, i) },
    { name: 'order', inputs: [normal([2, 3, 4])], fn: (x) => t.transpose(x, [1, 2, 0]), shape: [3, 4, 2], oracle: ([i, j, k], x) => x(k, i, j) },
  ], pytorch: 'to do' },
  expand: { cases: [
    { name: 'column', inputs: [normal([2, 1])], fn: (x) => t.expand(x, [3, 2, 4]), shape: [3, 2, 4], oracle: ([, i], x) => x(i, 0) },
    { name: 'scalar', inputs: [normal([])], fn: (x) => t.expand(x, [2, 2]), shape: [2, 2], oracle: (_, x) => x() },
  ], pytorch: 'to do' },
  sumTo: { cases: [{ name: 'to a column', inputs: [normal([3, 2, 4])], fn: (x) => t.sumTo(x, [2, 1]), shape: [2, 1], oracle: ([i], x) => total(3, (n) => total(4, (k) => x(n, i, k))) }], pytorch: 'to do' },
  slice: { cases: [
    { name: 'ranges', inputs: [normal([4, 5])], fn: (x) => t.slice(x, [[1, 3], [-3, 5]]), shape: [2, 3], oracle: ([i, j], x) => x(1 + i, 2 + j) },
    { name: 'steps', inputs: [normal([5, 2])], fn: (x) => t.slice(x, [[0, 5, 2]]), shape: [3, 2], oracle: ([i, j], x) => x(2 * i, j) },
    { name: 'nothing', inputs: [normal([5, 2])], fn: (x) => t.slice(x, [[2, 2]]), shape: [0, 2], oracle: () => 0 },
  ], pytorch: 'to do' },
  concat: { cases: [
    { name: 'rows', inputs: [normal([2, 3]), normal([1, 3])], fn: (a, b) => t.concat([a, b]), shape: [3, 3], oracle: ([i, j], a, b) => (i < 2 ? a(i, j) : b(0, j)) },
    { name: 'axis 1', inputs: [normal([2, 1, 2]), normal([2, 0, 2]), normal([2, 2, 2])], fn: (...xs) => t.concat(xs, { axis: 1 }), shape: [2, 3, 2], oracle: ([i, j, k], a, _, c) => (j < 1 ? a(i, j, k) : c(i, j - 1, k)) },
  ], pytorch: 'to do' },
} satisfies Record<string, Row>;
