import * as t from '../../../src/portable.ts';
import { type Case, draws, length, type Read, type Row, range } from './row.ts';

const { normal } = draws('normalization');

const statistics = (read: Read, shape: readonly number[], c: number) => {
  const values = range(shape[0]).flatMap((n) => (shape.length === 2 ? [read(n, c)] : range(shape[2]).flatMap((y) => range(shape[3]).map((z) => read(n, c, y, z)))));
  const mean = values.reduce((s, v) => s + v, 0) / values.length;
  return { mean, variance: values.reduce((s, v) => s + (v - mean) ** 2, 0) / values.length };
};

const dropped = () => t.createRandom(3);
const dropMask = (p: number, size: number) => {
  const stream = dropped();
  return range(size).map(() => (stream.uniform() < p ? 0 : 1 / (1 - p)));
};

export const normalization = {
  batchNorm: { cases: [
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
  ], pytorch: ({ x, weight, bias }, options) => t.batchNorm(x, { weight, bias, ...options }) },
  dropout: { cases: [
    { name: 'training', inputs: [normal([20])], fn: (x) => t.dropout(x, { p: 0.3, training: true, random: dropped() }), shape: [20], oracle: ([i], x) => x(i) * dropMask(0.3, 20)[i] },
    { name: 'inference', inputs: [normal([4])], fn: (x) => t.dropout(x, { p: 0.3 }), shape: [4], oracle: ([i], x) => x(i) },
  ], pytorch: 'to do' },
  normalize: { cases: [
    { name: 'rows', inputs: [normal([3, 4])], fn: (x) => t.normalize(x), shape: [3, 4], oracle: ([i, j], x) => x(i, j) / length(x, i, 4) },
    { name: 'axis 0', inputs: [normal([2, 3])], fn: (x) => t.normalize(x, { axis: 0 }), shape: [2, 3], oracle: ([i, j], x) => x(i, j) / Math.hypot(x(0, j), x(1, j)) },
  ], pytorch: ({ x }) => t.normalize(x) },
} satisfies Record<string, Row>;
