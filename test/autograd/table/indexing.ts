import * as t from '../../../src/portable.ts';
import { draws, type Row } from './row.ts';

const { normal } = draws('indexing');

export const indexing = {
  take: { cases: [
    { name: 'rows', inputs: [normal([3, 2])], fn: (x) => t.take(x, [2, 0, 2]), shape: [3, 2], oracle: ([i, j], x) => x([2, 0, 2][i], j) },
    { name: 'last axis', inputs: [normal([2, 3])], fn: (x) => t.take(x, [1], { axis: -1 }), shape: [2, 1], oracle: ([i], x) => x(i, 1) },
    { name: 'none', inputs: [normal([3, 2])], fn: (x) => t.take(x, []), shape: [0, 2], oracle: () => 0 },
  ], pytorch: 'to do' },
} satisfies Record<string, Row>;
