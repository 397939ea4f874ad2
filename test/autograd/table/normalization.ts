import * as t from '../../../src/portable.ts';
import { type Case, draws, length, type Read, type Refusal, type Row, range, total } from './row.ts';

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

/** `(v - mean) / sqrt(variance + epsilon)` for v among `values`; over the root mean square where not centered. */
const standard = (v: number, values: readonly number[], epsilon: number, centered = true): number => {
  const mean = centered ? total(values.length, (i) => values[i]) / values.length : 0;
  return (v - mean) / Math.sqrt(total(values.length, (i) => (values[i] - mean) ** 2) / values.length + epsilon);
};

const badEpsilon = (name: string, call: (epsilon: number) => unknown): Refusal[] => [-1, NaN, Infinity].map((epsilon) => ({
  call: () => call(epsilon), error: RangeError, message: `${name}: epsilon must be a finite number of at least 0; got ${epsilon}.`,
}));

const badAxes = (name: string, fn: (x: t.Tensor, options: t.RmsNormOptions) => unknown): Refusal[] => [
  { call: () => fn(t.zeros([2, 3]), { axes: 3 }), error: t.ShapeError, message: `${name}: x has no 3 last axes to normalize; got [2, 3]. Use 1 to 2, or a list of axes.` },
  { call: () => fn(t.zeros([2, 3]), { axes: 0 }), error: t.ShapeError, message: `${name}: x has no 0 last axes to normalize; got [2, 3]. Use 1 to 2, or a list of axes.` },
  { call: () => fn(t.tensor(1), {}), error: t.ShapeError, message: `${name}: x has no 1 last axes to normalize; got []. A scalar has no axes.` },
  { call: () => fn(t.zeros([2, 3]), { axes: [] }), error: t.ShapeError, message: `${name}: the list of axes is empty; got [2, 3]. List the axes to normalize over.` },
  { call: () => fn(t.zeros([2, 3]), { axes: [1, -1] }), error: t.ShapeError, message: `${name}: an axis is listed twice in [1, -1]; got [2, 3]. List each axis once.` },
  { call: () => fn(t.zeros([2, 3]), { axes: [2] }), error: t.ShapeError, message: `${name}: axis 2 is not an axis of the tensor; got [2, 3]. Use -2 to 1.` },
  { call: () => fn(t.zeros([2, 3]), { weight: t.ones([2]) }), error: t.ShapeError, message: `${name}: weight must have the shape [3] of the normalized axes; got [2] and [2, 3]. Use one value for each of their elements.` },
  { call: () => fn(t.zeros([2, 3, 4]), { axes: 2, weight: t.ones([12]) }), error: t.ShapeError, message: `${name}: weight must have the shape [3, 4] of the normalized axes; got [12] and [2, 3, 4]. Use one value for each of their elements.` },
];

const perChannel = (name: string, x: readonly number[], fn: (x: t.Tensor, options: { weight?: t.Tensor; bias?: t.Tensor }) => unknown): Refusal[] => (['weight', 'bias'] as const).flatMap((key) => [[x[1] + 1], [1, x[1]]].map((shape) => ({
  call: () => fn(t.zeros(x), { [key]: t.zeros(shape) }), error: t.ShapeError,
  message: `${name}: ${key} must be [${x[1]}]; got [${shape.join(', ')}] and [${x.join(', ')}]. Use one value a channel.`,
})));

/** The numbers of the group of channel c in item n of an image. */
const groupOf = (x: Read, [n, c]: readonly number[], [, channels, height, width]: readonly number[], groups: number): number[] => {
  const each = channels / groups;
  const first = Math.floor(c / each) * each;
  return range(each).flatMap((k) => range(height).flatMap((h) => range(width).map((w) => x(n, first + k, h, w))));
};

/** Makes the gradient of a sum differ from 0, which it is without a weight. */
const RAMP = t.arange(33);
const FLAT = [[1e4, 1e4, 1e4]];
const ROOT = Math.sqrt(1.5);

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
  ], edges: [
    { edge: 'zero', inputs: [[[5, 1], [5, 3]], [2, 3], [7, 8]], fn: (x, weight, bias) => t.batchNorm(x, { weight, bias, training: true, epsilon: 0 }), value: [[7, 5], [7, 11]], gradients: [[[0, 0], [0, 0]], [0, 0], [2, 2]] },
    { edge: 'huge', inputs: [[[3e38, -3e38], [3e38, 3e38]], [1, 1], [1, 0]], fn: (x, weight, bias) => t.batchNorm(x, { weight, bias, training: true }), value: [[1, -1], [1, 1]], gradients: [[[0, 0], [0, 0]], [0, 0], [2, 2]] },
    { edge: 'denormal', inputs: [[[1e-40], [-1e-40]]], fn: (x) => t.batchNorm(x, { training: true, epsilon: 0 }), value: [[1], [-1]] },
    { edge: 'NaN', inputs: [[[NaN, 1], [0, 3]]], fn: (x) => t.batchNorm(x, { training: true, epsilon: 0 }), value: [[NaN, -1], [NaN, 1]], gradients: [[[NaN, 0], [NaN, 0]]] },
    { edge: 'infinity', inputs: [[[Infinity, 1], [0, 3]]], fn: (x) => t.batchNorm(x, { training: true, epsilon: 0 }), value: [[NaN, -1], [NaN, 1]] },
    { edge: 'infinity', inputs: [[[Infinity, 1]]], fn: (x) => t.batchNorm(x, { runningMean: t.zeros([2]), runningVar: t.ones([2]), epsilon: 0 }), value: [[Infinity, 1]], gradients: [[[1, 1]]] },
    { edge: 'empty', inputs: [t.zeros([0, 2])], fn: (x) => t.batchNorm(x, { runningMean: t.zeros([2]), runningVar: t.ones([2]) }), value: t.zeros([0, 2]).toArray(), shape: [0, 2] },
  ], refuses: [
    { call: () => t.batchNorm(t.zeros([3]), { training: true }), error: t.ShapeError, message: 'batchNorm: x must be [N, C, ...]; got [3]. The second axis holds the channels.' },
    { call: () => t.batchNorm(t.zeros([1, 3]), { training: true }), error: t.ShapeError, message: 'batchNorm: training needs more than one value a channel; got [1, 3]. Use a larger batch, or inference.' },
    { call: () => t.batchNorm(t.zeros([2, 3]), {}), error: TypeError, message: 'batchNorm: inference needs runningMean and runningVar. Pass them, or training: true.' },
    { call: () => t.batchNorm(t.zeros([2, 3]), { training: true, runningMean: t.zeros([2]) }), error: t.ShapeError, message: 'batchNorm: runningMean must be [3]; got [2] and [2, 3]. Use one value a channel.' },
    { call: () => t.batchNorm(t.zeros([2, 3]), { training: true, momentum: 2 }), error: RangeError, message: 'batchNorm: momentum must lie in [0, 1]; got 2.' },
    ...perChannel('batchNorm', [2, 3], (x, options) => t.batchNorm(x, { training: true, ...options })),
    ...badEpsilon('batchNorm', (epsilon) => t.batchNorm(t.zeros([2, 3]), { training: true, epsilon })),
  ], pytorch: ({ x, weight, bias, runningMean, runningVar }, options) => t.batchNorm(x, { weight, bias, runningMean, runningVar, ...options }) },
  layerNorm: { cases: [
    {
      name: 'rows', inputs: [normal([4, 5]), normal([5]), normal([5])], fn: (x, weight, bias) => t.layerNorm(x, { weight, bias }), shape: [4, 5],
      oracle: ([n, j], x, w, b) => standard(x(n, j), range(5).map((i) => x(n, i)), 1e-5) * w(j) + b(j),
    },
    {
      name: 'two axes', inputs: [normal([3, 2, 4]), normal([2, 4]), normal([2, 4])], fn: (x, weight, bias) => t.layerNorm(x, { axes: 2, weight, bias, epsilon: 0.1 }), shape: [3, 2, 4],
      oracle: ([n, i, j], x, w, b) => standard(x(n, i, j), range(2).flatMap((k) => range(4).map((l) => x(n, k, l))), 0.1) * w(i, j) + b(i, j),
    },
    {
      name: 'axes 2 and 0', inputs: [normal([3, 2, 4]), normal([3, 4]), normal([3, 4])], fn: (x, weight, bias) => t.layerNorm(x, { axes: [-1, 0], weight, bias, epsilon: 0 }), shape: [3, 2, 4],
      oracle: ([n, i, j], x, w, b) => standard(x(n, i, j), range(3).flatMap((k) => range(4).map((l) => x(k, i, l))), 0) * w(n, j) + b(n, j),
    },
    { name: 'no affine, long rows', inputs: [normal([2, 33])], fn: (x) => t.mul(t.layerNorm(x), RAMP), shape: [2, 33], oracle: ([n, j], x) => j * standard(x(n, j), range(33).map((i) => x(n, i)), 1e-5) },
    { name: 'bias only', inputs: [normal([2, 3]), normal([3])], fn: (x, bias) => t.layerNorm(x, { bias }), shape: [2, 3], oracle: ([n, j], x, b) => standard(x(n, j), range(3).map((i) => x(n, i)), 1e-5) + b(j) },
    { name: 'weight only', inputs: [normal([2, 3]), normal([3])], fn: (x, weight) => t.layerNorm(x, { weight }), shape: [2, 3], oracle: ([n, j], x, w) => standard(x(n, j), range(3).map((i) => x(n, i)), 1e-5) * w(j) },
    { name: 'no rows', inputs: [t.zeros([0, 3]), normal([3])], fn: (x, weight) => t.layerNorm(x, { weight }), shape: [0, 3], oracle: () => 0 },
  ], edges: [
    { edge: 'zero', inputs: [[[5, 5], [1, 3]], [2, 3], [7, 8]], fn: (x, weight, bias) => t.layerNorm(x, { weight, bias, epsilon: 0 }), value: [[7, 8], [5, 11]], gradients: [[[0, 0], [0, 0]], [-1, 1], [2, 2]] },
    { edge: 'zero', inputs: [FLAT, [1, 1, 1], [1e-12, 0, 1]], fn: (x, weight, bias) => t.layerNorm(x, { weight, bias }), value: [[1e-12, 0, 1]], gradients: [[[0, 0, 0]], [0, 0, 0], [1, 1, 1]] },
    // float32 holds these to 1e-3: the numbers that it holds are standardized exactly.
    { edge: 'huge', inputs: [[[10000, 10000.0009765625, 9999.9990234375]]], fn: (x) => t.layerNorm(x, { epsilon: 0 }), value: [[0, ROOT, -ROOT]] },
    { edge: 'huge', inputs: [[[3e38, -3e38], [3e38, 3e38]]], fn: (x) => t.layerNorm(x, { bias: t.tensor([0, 1]) }), value: [[1, 0], [0, 1]], gradients: [[[0, 0], [0, 0]]] },
    { edge: 'denormal', inputs: [[[1e-40, -1e-40]]], fn: (x) => t.layerNorm(x, { epsilon: 0 }), value: [[1, -1]], gradients: [[[0, 0]]] },
    { edge: 'denormal', inputs: [[[1e-40, -1e-40]]], fn: (x) => t.layerNorm(x), value: [[Math.fround(1e-40) / Math.sqrt(1e-5), -Math.fround(1e-40) / Math.sqrt(1e-5)]] },
    { edge: 'NaN', inputs: [[[NaN, 1], [1, 3]]], fn: (x) => t.layerNorm(x, { epsilon: 0 }), value: [[NaN, NaN], [-1, 1]], gradients: [[[NaN, NaN], [0, 0]]] },
    { edge: 'infinity', inputs: [[[1, Infinity], [-Infinity, 1]]], fn: (x) => t.layerNorm(x), value: [[NaN, NaN], [NaN, NaN]] },
    { edge: 'scalar', inputs: [[[5], [3]]], fn: (x) => t.layerNorm(x), value: [[0], [0]], gradients: [[[0], [0]]] },
    { edge: 'empty', inputs: [t.zeros([2, 0]), t.zeros([0])], fn: (x, weight) => t.layerNorm(x, { weight }), value: [[], []], shape: [2, 0], gradients: [[[], []], []] },
    { edge: 'empty', inputs: [t.zeros([0, 2]), [1, 1], [0, 0]], fn: (x, weight, bias) => t.layerNorm(x, { weight, bias }), value: t.zeros([0, 2]).toArray(), shape: [0, 2], gradients: [undefined, [0, 0], [0, 0]] },
  ], refuses: [
    ...badAxes('layerNorm', t.layerNorm),
    { call: () => t.layerNorm(t.zeros([2, 3]), { bias: t.ones([1, 3]) }), error: t.ShapeError, message: 'layerNorm: bias must have the shape [3] of the normalized axes; got [1, 3] and [2, 3]. Use one value for each of their elements.' },
    ...badEpsilon('layerNorm', (epsilon) => t.layerNorm(t.zeros([2, 3]), { epsilon })),
  ], pytorch: ({ x, weight, bias }, options) => t.layerNorm(x, { weight, bias, ...options }) },
  rmsNorm: { cases: [
    { name: 'rows', inputs: [normal([4, 5]), normal([5])], fn: (x, weight) => t.rmsNorm(x, { weight }), shape: [4, 5], oracle: ([n, j], x, w) => standard(x(n, j), range(5).map((i) => x(n, i)), 2 ** -23, false) * w(j) },
    { name: 'two axes', inputs: [normal([3, 2, 4]), normal([2, 4])], fn: (x, weight) => t.rmsNorm(x, { axes: 2, weight, epsilon: 0.1 }), shape: [3, 2, 4], oracle: ([n, i, j], x, w) => standard(x(n, i, j), range(2).flatMap((k) => range(4).map((l) => x(n, k, l))), 0.1, false) * w(i, j) },
    { name: 'axis 0', inputs: [normal([3, 4]), normal([3])], fn: (x, weight) => t.rmsNorm(x, { axes: [0], weight }), shape: [3, 4], oracle: ([n, j], x, w) => standard(x(n, j), range(3).map((i) => x(i, j)), 2 ** -23, false) * w(n) },
    { name: 'no weight, long rows', inputs: [normal([2, 33])], fn: (x) => t.rmsNorm(x, { epsilon: 1e-3 }), shape: [2, 33], oracle: ([n, j], x) => standard(x(n, j), range(33).map((i) => x(n, i)), 1e-3, false) },
    { name: 'no rows', inputs: [t.zeros([0, 3])], fn: (x) => t.rmsNorm(x), shape: [0, 3], oracle: () => 0 },
  ], edges: [
    { edge: 'zero', inputs: [[[0, 0], [1, 7]], [1, 2]], fn: (x, weight) => t.rmsNorm(x, { weight, epsilon: 0 }), value: [[0, 0], [0.2, 2.8]], gradients: [undefined, [0.2, 1.4]] },
    { edge: 'zero', inputs: [[[0, 0]]], fn: (x) => t.rmsNorm(x, { epsilon: 0 }), value: [[0, 0]], gradients: [[[0, 0]]] },
    { edge: 'zero', inputs: [[[0, 0]]], fn: (x) => t.rmsNorm(x, { epsilon: 0.25 }), value: [[0, 0]], gradients: [[[2, 2]]] },
    { edge: 'huge', inputs: [[[3e38, -3e38]]], fn: (x) => t.rmsNorm(x), value: [[1, -1]], gradients: [undefined] },
    { edge: 'denormal', inputs: [[[1e-45, 1e-45]]], fn: (x) => t.rmsNorm(x, { epsilon: 0 }), value: [[1, 1]], gradients: [[[0, 0]]] },
    { edge: 'NaN', inputs: [[[NaN, 1], [5, 5]]], fn: (x) => t.rmsNorm(x, { epsilon: 0 }), value: [[NaN, NaN], [1, 1]], gradients: [[[NaN, NaN], [0, 0]]] },
    { edge: 'infinity', inputs: [[[Infinity, 1]]], fn: (x) => t.rmsNorm(x), value: [[NaN, 0]] },
    { edge: 'scalar', inputs: [[5, 3]], fn: (x) => t.rmsNorm(t.reshape(x, [2, 1]), { epsilon: 0 }), value: [[1], [1]], gradients: [[0, 0]] },
    { edge: 'empty', inputs: [t.zeros([2, 0])], fn: (x) => t.rmsNorm(x), value: [[], []], shape: [2, 0] },
  ], refuses: [
    ...badAxes('rmsNorm', t.rmsNorm),
    ...badEpsilon('rmsNorm', (epsilon) => t.rmsNorm(t.zeros([2, 3]), { epsilon })),
  ], pytorch: ({ x, weight }, options) => t.rmsNorm(x, { weight, ...options }) },
  groupNorm: { cases: [
    ...([1, 2, 4] as const).map((groups): Case => ({
      name: `${groups} groups`, inputs: [normal([2, 4, 2, 3]), normal([4]), normal([4])], fn: (x, weight, bias) => t.groupNorm(x, { groups, weight, bias }), shape: [2, 4, 2, 3],
      oracle: (at, x, w, b) => standard(x(...at), groupOf(x, at, [2, 4, 2, 3], groups), 1e-5) * w(at[1]) + b(at[1]),
    })),
    { name: 'features', inputs: [normal([3, 6]), normal([6])], fn: (x, weight) => t.groupNorm(x, { groups: 2, weight, epsilon: 0 }), shape: [3, 6], oracle: ([n, c], x, w) => standard(x(n, c), range(3).map((k) => x(n, 3 * Math.floor(c / 3) + k)), 0) * w(c) },
    { name: 'bias only', inputs: [normal([2, 2, 1, 17]), normal([2])], fn: (x, bias) => t.groupNorm(x, { groups: 1, bias }), shape: [2, 2, 1, 17], oracle: (at, x, b) => standard(x(...at), groupOf(x, at, [2, 2, 1, 17], 1), 1e-5) + b(at[1]) },
    { name: 'no affine', inputs: [normal([2, 4, 1, 2])], fn: (x) => t.groupNorm(x, { groups: 2, epsilon: 0.1 }), shape: [2, 4, 1, 2], oracle: (at, x) => standard(x(...at), groupOf(x, at, [2, 4, 1, 2], 2), 0.1) },
    { name: 'no items', inputs: [t.zeros([0, 2, 3]), normal([2])], fn: (x, weight) => t.groupNorm(x, { groups: 2, weight }), shape: [0, 2, 3], oracle: () => 0 },
  ], edges: [
    { edge: 'zero', inputs: [[[5, 5, 1, 3]], [1, 2, 3, 4], [5, 6, 7, 8]], fn: (x, weight, bias) => t.groupNorm(x, { groups: 2, weight, bias, epsilon: 0 }), value: [[5, 6, 4, 12]], gradients: [[[0, 0, 0, 0]], [0, 0, -1, 1], [1, 1, 1, 1]] },
    { edge: 'zero', inputs: [[[3e38, 3e38, 1e4, 1e4]], [1, 1, 1, 1], [1, 2, 1e-12, 0]], fn: (x, weight, bias) => t.groupNorm(x, { groups: 2, weight, bias }), value: [[1, 2, 1e-12, 0]], gradients: [[[0, 0, 0, 0]], undefined, undefined] },
    { edge: 'huge', inputs: [[[10000, 10000.0009765625, 9999.9990234375]]], fn: (x) => t.groupNorm(x, { groups: 1, epsilon: 0 }), value: [[0, ROOT, -ROOT]] },
    { edge: 'huge', inputs: [[[3e38, -3e38]]], fn: (x) => t.groupNorm(x, { groups: 1 }), value: [[1, -1]], gradients: [[[0, 0]]] },
    { edge: 'denormal', inputs: [[[1e-40, -1e-40]]], fn: (x) => t.groupNorm(x, { groups: 1, epsilon: 0 }), value: [[1, -1]] },
    { edge: 'NaN', inputs: [[[NaN, 1, 1, 3]]], fn: (x) => t.groupNorm(x, { groups: 2, epsilon: 0 }), value: [[NaN, NaN, -1, 1]], gradients: [[[NaN, NaN, 0, 0]]] },
    { edge: 'infinity', inputs: [[[1, Infinity, 1, 3]]], fn: (x) => t.groupNorm(x, { groups: 2, epsilon: 0 }), value: [[NaN, NaN, -1, 1]] },
    { edge: 'empty', inputs: [t.zeros([1, 2, 0]), [1, 1], [0, 0]], fn: (x, weight, bias) => t.groupNorm(x, { groups: 2, weight, bias }), value: [[[], []]], shape: [1, 2, 0], gradients: [undefined, [0, 0], [0, 0]] },
    { edge: 'empty', inputs: [t.zeros([0, 2]), [1, 1], [0, 0]], fn: (x, weight, bias) => t.groupNorm(x, { groups: 2, weight, bias }), value: t.zeros([0, 2]).toArray(), shape: [0, 2], gradients: [undefined, [0, 0], [0, 0]] },
  ], refuses: [
    { call: () => t.groupNorm(t.zeros([3]), { groups: 1 }), error: t.ShapeError, message: 'groupNorm: x must be [N, C, ...]; got [3]. The second axis holds the channels.' },
    { call: () => t.groupNorm(t.zeros([2, 3]), { groups: 2 }), error: RangeError, message: 'groupNorm: 2 groups do not divide 3 channels. Choose a divisor.' },
    { call: () => t.groupNorm(t.zeros([2, 3]), { groups: 0 }), error: RangeError, message: 'groupNorm: groups must be an integer of at least 1; got 0.' },
    ...perChannel('groupNorm', [2, 4], (x, options) => t.groupNorm(x, { groups: 2, ...options })),
    ...badEpsilon('groupNorm', (epsilon) => t.groupNorm(t.zeros([2, 3]), { groups: 1, epsilon })),
  ], pytorch: ({ x, weight, bias }, options) => t.groupNorm(x, { weight, bias, ...options }) },
  instanceNorm: { cases: [
    { name: 'images', inputs: [normal([2, 3, 2, 3]), normal([3]), normal([3])], fn: (x, weight, bias) => t.instanceNorm(x, { weight, bias }), shape: [2, 3, 2, 3], oracle: (at, x, w, b) => standard(x(...at), groupOf(x, at, [2, 3, 2, 3], 3), 1e-5) * w(at[1]) + b(at[1]) },
    { name: 'sequences, no affine', inputs: [normal([2, 2, 18])], fn: (x) => t.mul(t.instanceNorm(x, { epsilon: 0.1 }), t.slice(RAMP, [[0, 18]])), shape: [2, 2, 18], oracle: ([n, c, i], x) => i * standard(x(n, c, i), range(18).map((k) => x(n, c, k)), 0.1) },
  ], edges: [
    { edge: 'zero', inputs: [[[[5, 5], [1, 3]]], [1, 2], [5, 6]], fn: (x, weight, bias) => t.instanceNorm(x, { weight, bias, epsilon: 0 }), value: [[[5, 5], [4, 8]]], gradients: [[[[0, 0], [0, 0]]], [0, 0], [2, 2]] },
    { edge: 'huge', inputs: [[[[3e38, -3e38], [1e4, 1e4]]], [1, 1], [0, 1e-12]], fn: (x, weight, bias) => t.instanceNorm(x, { weight, bias }), value: [[[1, -1], [1e-12, 1e-12]]], gradients: [[[[0, 0], [0, 0]]], undefined, undefined] },
    { edge: 'denormal', inputs: [[[[1e-40, -1e-40]]]], fn: (x) => t.instanceNorm(x, { epsilon: 0 }), value: [[[1, -1]]] },
    { edge: 'NaN', inputs: [[[[NaN, 1], [1, 3]]]], fn: (x) => t.instanceNorm(x, { epsilon: 0 }), value: [[[NaN, NaN], [-1, 1]]], gradients: [[[[NaN, NaN], [0, 0]]]] },
    { edge: 'infinity', inputs: [[[[Infinity, 1], [1, 3]]]], fn: (x) => t.instanceNorm(x, { epsilon: 0 }), value: [[[NaN, NaN], [-1, 1]]] },
    { edge: 'empty', inputs: [t.zeros([0, 2, 3])], fn: (x) => t.instanceNorm(x), value: t.zeros([0, 2, 3]).toArray(), shape: [0, 2, 3] },
    { edge: 'empty', inputs: [t.zeros([1, 0, 3])], fn: (x) => t.instanceNorm(x), value: [[]], shape: [1, 0, 3] },
  ], refuses: [
    { call: () => t.instanceNorm(t.zeros([2, 3])), error: t.ShapeError, message: 'instanceNorm: x must be [N, C, ...]; got [2, 3]. Axes of pixels follow the channels.' },
    { call: () => t.instanceNorm(t.zeros([2, 3, 1, 1])), error: t.ShapeError, message: 'instanceNorm: a single pixel has no variance; got [2, 3, 1, 1]. Use larger images, or layerNorm over the channels.' },
    ...perChannel('instanceNorm', [2, 3, 4], t.instanceNorm),
    ...badEpsilon('instanceNorm', (epsilon) => t.instanceNorm(t.zeros([2, 3, 4]), { epsilon })),
  ], pytorch: ({ x, weight, bias }, options) => t.instanceNorm(x, { weight, bias, ...options }) },
  dropout: { cases: [
    { name: 'training', inputs: [normal([20])], fn: (x) => t.dropout(x, { p: 0.3, training: true, random: dropped() }), shape: [20], oracle: ([i], x) => x(i) * dropMask(0.3, 20)[i] },
    { name: 'inference', inputs: [normal([4])], fn: (x) => t.dropout(x, { p: 0.3 }), shape: [4], oracle: ([i], x) => x(i) },
    { name: 'p = 0', inputs: [normal([4])], fn: (x) => t.dropout(x, { p: 0, training: true, random: dropped() }), shape: [4], oracle: ([i], x) => x(i) },
  ], edges: [
    { edge: 'NaN', inputs: [[NaN, NaN, 1]], fn: (x) => t.dropout(x, { p: 0.5, training: true, random: dropped() }), value: [NaN, NaN, 1].map((v, i) => v * dropMask(0.5, 3)[i]), gradients: [dropMask(0.5, 3)] },
    { edge: 'infinity', inputs: [[Infinity, -Infinity, Infinity]], fn: (x) => t.dropout(x, { p: 0.5, training: true, random: dropped() }), value: [Infinity, -Infinity, Infinity].map((v, i) => v * dropMask(0.5, 3)[i]), gradients: [dropMask(0.5, 3)] },
    { edge: 'scalar', inputs: [3], fn: (x) => t.dropout(x, { p: 0.5, training: true, random: dropped() }), value: 3 * dropMask(0.5, 1)[0] },
    { edge: 'empty', inputs: [t.zeros([0, 2])], fn: (x) => t.dropout(x, { p: 0.5, training: true, random: dropped() }), value: t.zeros([0, 2]).toArray(), shape: [0, 2] },
  ], refuses: [
    ...[-0.1, 1, NaN].map((p): Refusal => ({ call: () => t.dropout(t.zeros([2]), { p }), error: RangeError, message: `dropout: p must lie in [0, 1); got ${p}.` })),
    { call: () => t.dropout(t.zeros([2]), { p: 0.5, training: true }), error: TypeError, message: 'dropout: training needs a source of random numbers. Pass { training: true, random } as the context.' },
  ], pytorch: 'its mask comes from a random stream of its own' },
  normalize: { cases: [
    { name: 'rows', inputs: [normal([3, 4])], fn: (x) => t.normalize(x), shape: [3, 4], oracle: ([i, j], x) => x(i, j) / length(x, i, 4) },
    { name: 'axis 0', inputs: [normal([2, 3])], fn: (x) => t.normalize(x, { axis: 0 }), shape: [2, 3], oracle: ([i, j], x) => x(i, j) / Math.hypot(x(0, j), x(1, j)) },
    { name: 'an axis between', inputs: [normal([2, 3, 2])], fn: (x) => t.normalize(x, { axis: 1 }), shape: [2, 3, 2], oracle: ([i, j, k], x) => x(i, j, k) / Math.hypot(...range(3).map((l) => x(i, l, k))) },
    { name: 'shorter than epsilon', inputs: [normal([3, 4])], fn: (x) => t.normalize(x, { epsilon: 20 }), shape: [3, 4], oracle: ([i, j], x) => x(i, j) / 20 },
    { name: 'no rows', inputs: [t.zeros([0, 3])], fn: (x) => t.normalize(x), shape: [0, 3], oracle: () => 0 },
  ], edges: [
    { edge: 'zero', inputs: [[[0, 0], [3, 4]]], fn: (x) => t.normalize(x), value: [[0, 0], [0.6, 0.8]], gradients: [[[0, 0], [(1 - 0.6 * 1.4) / 5, (1 - 0.8 * 1.4) / 5]]] },
    { edge: 'zero', inputs: [[[0, 0]]], fn: (x) => t.normalize(x, { epsilon: 0.5 }), value: [[0, 0]], gradients: [[[2, 2]]] },
    // At epsilon the length counts, as the first of a maximum at a tie.
    { edge: 'kink', inputs: [[[5, 0]]], fn: (x) => t.normalize(x, { epsilon: 5 }), value: [[1, 0]], gradients: [[[0, 0.2]]] },
    { edge: 'huge', inputs: [[[3e38, 3e38], [-3e38, 0]]], fn: (x) => t.normalize(x), value: [[Math.SQRT1_2, Math.SQRT1_2], [-1, 0]], gradients: [undefined] },
    { edge: 'denormal', inputs: [[[2 ** -149, 2 ** -149], [3 * 2 ** -149, 4 * 2 ** -149]]], fn: (x) => t.normalize(x), value: [[Math.SQRT1_2, Math.SQRT1_2], [0.6, 0.8]] },
    { edge: 'NaN', inputs: [[[NaN, 1], [3, 4]]], fn: (x) => t.normalize(x), value: [[NaN, NaN], [0.6, 0.8]], gradients: [[[NaN, NaN], [(1 - 0.6 * 1.4) / 5, (1 - 0.8 * 1.4) / 5]]] },
    { edge: 'infinity', inputs: [[[Infinity, 1]]], fn: (x) => t.normalize(x), value: [[NaN, 0]] },
    { edge: 'empty', inputs: [t.zeros([2, 0])], fn: (x) => t.normalize(x), value: [[], []], shape: [2, 0] },
  ], refuses: [
    { call: () => t.normalize(t.tensor(1)), error: t.ShapeError, message: 'normalize: axis -1 is not an axis of the tensor; got []. A scalar has no axes.' },
    { call: () => t.normalize(t.zeros([2]), { axis: 1 }), error: t.ShapeError, message: 'normalize: axis 1 is not an axis of the tensor; got [2]. Use -1 to 0.' },
    ...badEpsilon('normalize', (epsilon) => t.normalize(t.zeros([2]), { epsilon })),
  ], pytorch: ({ x }, options) => t.normalize(x, options) },
} satisfies Record<string, Row>;
