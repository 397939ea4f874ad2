import * as t from '../../../src/portable.ts';
import { erf } from '../../../src/tensor/erf.ts';
import { draws, hinge, logistic, type Row, unary } from './row.ts';

const { normal } = draws('activations');

const gelu = (v: number) => 0.5 * v * (1 + erf(v / Math.SQRT2));
const geluTanh = (v: number) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)));

export const activations = {
  relu: { cases: unary(t.relu, normal([4, 5], 0.01), hinge), pytorch: ({ x }) => t.relu(x) },
  sigmoid: { cases: unary(t.sigmoid, normal([2, 3]), (v) => 1 / (1 + Math.exp(-v))), pytorch: ({ x }) => t.sigmoid(x) },
  tanh: { cases: unary(t.tanh, normal([2, 3]), Math.tanh), pytorch: ({ x }) => t.tanh(x) },
  softplus: { cases: unary(t.softplus, normal([2, 3]), logistic), pytorch: ({ x }) => t.softplus(x) },
  gelu: { cases: [
    ...unary(t.gelu, normal([2, 3]), gelu),
    { name: 'tanh', inputs: [normal([5])], fn: (x) => t.gelu(x, { approximate: 'tanh' }), shape: [5], oracle: ([i], x) => geluTanh(x(i)) },
  ], pytorch: ({ x }, options) => t.gelu(x, options) },
} satisfies Record<string, Row>;
