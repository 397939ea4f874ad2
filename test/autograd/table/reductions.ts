import * as t from '../../../src/portable.ts';
import { draws, length, type Row, range, total } from './row.ts';

const { normal, distinct } = draws('reductions');

/** 1, 2, 3, 1, 2, ...: the gradient of a sum of shares is 0, that of their weighted sum is not. */
const weigh = (y: t.Tensor) => t.mul(y, t.tensor(Float32Array.from({ length: y.size }, (_, i) => (i % 3) + 1), y.shape));
const weight = (position: number) => (position % 3) + 1;
const floats = ({ data, shape }: t.IntTensor) => t.tensor(Float32Array.from(data), shape);
const JUMPS = 'an index changes in jumps';
/** Where the largest of some numbers is, or with sign -1 the smallest. */
const at = (width: number, x: (i: number) => number, sign = 1) => range(width).reduce((best, i) => (sign * x(i) > sign * x(best) ? i : best), 0);
const times = (width: number, x: (i: number) => number) => range(width).reduce((p, i) => p * x(i), 1);
const varies = (width: number, x: (i: number) => number, correction = 1) => {
  const mean = total(width, x) / width;
  return total(width, (i) => (x(i) - mean) ** 2) / (width - correction);
};
/** The element that comes in place `rank` of all, from the largest. */
const ranked = (width: number, x: (i: number) => number, rank: number, sign = 1) => range(width).sort((i, j) => sign * (x(j) - x(i)))[rank];
const powers = (width: number, x: (i: number) => number) => total(width, (i) => Math.exp(x(i)));

export const reductions = {
  sum: { cases: [
    { name: 'all', inputs: [normal([2, 3])], fn: (x) => t.sum(x), shape: [], oracle: (_, x) => total(2, (i) => total(3, (j) => x(i, j))) },
    { name: 'axis 0', inputs: [normal([2, 3])], fn: (x) => t.sum(x, { axis: 0 }), shape: [3], oracle: ([j], x) => total(2, (i) => x(i, j)) },
    { name: 'axes, kept', inputs: [normal([2, 3, 4])], fn: (x) => t.sum(x, { axis: [0, -1], keepDims: true }), shape: [1, 3, 1], oracle: ([, j], x) => total(2, (i) => total(4, (k) => x(i, j, k))) },
    { name: 'no axes', inputs: [normal([2])], fn: (x) => t.sum(x, { axis: [] }), shape: [2], oracle: ([i], x) => x(i) },
    { name: 'nothing', inputs: [t.zeros([0])], fn: (x) => t.sum(x), shape: [], oracle: () => 0 },
    { name: 'scalar', inputs: [t.tensor(2)], fn: (x) => t.sum(x), shape: [], oracle: (_, x) => x() },
  ], edges: [
    { edge: 'huge', inputs: [[3e38, 3e38, -3e38]], fn: (x) => t.sum(x), value: 3e38, gradients: [[1, 1, 1]] },
    { edge: 'denormal', inputs: [[1e-45, 1e-45, 1e-40]], fn: (x) => t.sum(x), value: 1e-40 + 2 * 2 ** -149, gradients: [[1, 1, 1]] },
    { edge: 'infinity', inputs: [[[Infinity, 1], [Infinity, -Infinity]]], fn: (x) => t.sum(x, { axis: 1 }), value: [Infinity, NaN], gradients: [[[1, 1], [1, 1]]] },
    { edge: 'NaN', inputs: [[[NaN, 1], [2, 3]]], fn: (x) => t.sum(x, { axis: 1 }), value: [NaN, 5], gradients: [[[1, 1], [1, 1]]] },
    { edge: 'empty', inputs: [t.zeros([2, 0])], fn: (x) => t.sum(x, { axis: 1 }), value: [0, 0], gradients: [[]] },
    { edge: 'empty', inputs: [t.zeros([2, 0])], fn: (x) => t.sum(x, { axis: 0 }), value: [], shape: [0], gradients: [[]] },
    { edge: 'scalar', inputs: [7], fn: (x) => t.sum(x, { keepDims: true }), value: 7, gradients: [1] },
  ], refuses: [
    { call: () => t.sum(t.zeros([2, 3]), { axis: 2 }), error: t.ShapeError, message: 'sum: axis 2 is not an axis of the tensor; got [2, 3]. Use -2 to 1.' },
    { call: () => t.sum(t.zeros([2, 3]), { axis: [0, 1.5] }), error: t.ShapeError, message: 'sum: axis 1.5 is not an axis of the tensor; got [2, 3]. Use -2 to 1.' },
    { call: () => t.sum(t.zeros([2, 3]), { axis: [0, -2] }), error: t.ShapeError, message: 'sum: an axis is listed twice in [0, -2]; got [2, 3]. List each axis once.' },
    { call: () => t.sum(t.tensor(1), { axis: 0 }), error: t.ShapeError, message: 'sum: axis 0 is not an axis of the tensor; got []. A scalar has no axes.' },
  ], pytorch: ({ x }, options) => t.sum(x, options) },
  mean: { cases: [
    { name: 'all', inputs: [normal([2, 3])], fn: (x) => t.mean(x), shape: [], oracle: (_, x) => total(2, (i) => total(3, (j) => x(i, j))) / 6 },
    { name: 'axis', inputs: [normal([2, 3])], fn: (x) => t.mean(x, { axis: -1, keepDims: true }), shape: [2, 1], oracle: ([i], x) => total(3, (j) => x(i, j)) / 3 },
    { name: 'outer axes', inputs: [normal([2, 3, 2])], fn: (x) => t.mean(x, { axis: [0, 2] }), shape: [3], oracle: ([j], x) => total(2, (i) => total(2, (k) => x(i, j, k))) / 4 },
  ], edges: [
    { edge: 'tie', inputs: [[0.1, 0.1, 0.1]], fn: (x) => t.mean(x), value: 0.1, gradients: [[1 / 3, 1 / 3, 1 / 3]] },
    { edge: 'huge', inputs: [[3e38, 3e38]], fn: (x) => t.mean(x), value: 3e38, gradients: [[0.5, 0.5]] },
    { edge: 'denormal', inputs: [[1e-45, 3e-45, 1e-40, 1e-40]], fn: (x) => t.mean(x), value: 5e-41 + 2 ** -149, gradients: [[0.25, 0.25, 0.25, 0.25]] },
    { edge: 'infinity', inputs: [[[Infinity, 1], [Infinity, -Infinity]]], fn: (x) => t.mean(x, { axis: 1 }), value: [Infinity, NaN], gradients: [[[0.5, 0.5], [0.5, 0.5]]] },
    { edge: 'NaN', inputs: [[[NaN, 1], [2, 3]]], fn: (x) => t.mean(x, { axis: 1 }), value: [NaN, 2.5], gradients: [[[0.5, 0.5], [0.5, 0.5]]] },
    { edge: 'empty', inputs: [t.zeros([2, 0])], fn: (x) => t.mean(x, { axis: 0 }), value: [], shape: [0], gradients: [[]] },
    { edge: 'scalar', inputs: [7], fn: (x) => t.mean(x), value: 7, gradients: [1] },
  ], refuses: [
    { call: () => t.mean(t.zeros([2, 0]), { axis: 1 }), error: t.ShapeError, message: 'mean: the mean of no elements is undefined; got [2, 0]. Check for an empty batch first.' },
    { call: () => t.mean(t.zeros([2, 3]), { axis: -3 }), error: t.ShapeError, message: 'mean: axis -3 is not an axis of the tensor; got [2, 3]. Use -2 to 1.' },
  ], pytorch: ({ x }, options) => t.mean(x, options) },
  norm: { cases: [
    { name: 'all', inputs: [normal([2, 3])], fn: (x) => t.norm(x), shape: [], oracle: (_, x) => Math.sqrt(total(2, (i) => total(3, (j) => x(i, j) ** 2))) },
    { name: 'axis 0', inputs: [normal([2, 3])], fn: (x) => t.norm(x, { axis: 0 }), shape: [3], oracle: ([j], x) => Math.sqrt(total(2, (i) => x(i, j) ** 2)) },
    { name: 'last axis', inputs: [normal([2, 3])], fn: (x) => t.norm(x, { axis: -1, keepDims: true }), shape: [2, 1], oracle: ([i], x) => length(x, i, 3) },
  ], edges: [
    { edge: 'zero', inputs: [[[0, 0], [3, 4]]], fn: (x) => t.norm(x, { axis: 1 }), value: [0, 5], gradients: [[[0, 0], [0.6, 0.8]]] },
    { edge: 'huge', inputs: [[1e38, -1e38]], fn: (x) => t.norm(x), value: 1.4142135e38, gradients: [[Math.SQRT1_2, -Math.SQRT1_2]] },
    { edge: 'denormal', inputs: [[3 * 2 ** -149, 4 * 2 ** -149]], fn: (x) => t.norm(x), value: 5 * 2 ** -149, gradients: [[0.6, 0.8]] },
    { edge: 'infinity', inputs: [[Infinity, 1]], fn: (x) => t.norm(x), value: Infinity, gradients: [[NaN, 0]] },
    { edge: 'NaN', inputs: [[[NaN, 1], [3, 4]]], fn: (x) => t.norm(x, { axis: 1 }), value: [NaN, 5], gradients: [[[NaN, NaN], [0.6, 0.8]]] },
    { edge: 'empty', inputs: [t.zeros([2, 0])], fn: (x) => t.norm(x, { axis: 1 }), value: [0, 0], gradients: [[]] },
    { edge: 'kink', inputs: [-2], fn: (x) => t.norm(x), value: 2, gradients: [-1] },
  ], refuses: [
    { call: () => t.norm(t.zeros([2, 3]), { axis: 2 }), error: t.ShapeError, message: 'norm: axis 2 is not an axis of the tensor; got [2, 3]. Use -2 to 1.' },
  ], pytorch: ({ x }, options) => t.norm(x, options) },
  max: { cases: [
    { name: 'all', inputs: [distinct([2, 3])], fn: (x) => t.max(x), shape: [], oracle: (_, x) => Math.max(...[0, 1].flatMap((i) => [x(i, 0), x(i, 1), x(i, 2)])) },
    { name: 'axis 0', inputs: [distinct([3, 2])], fn: (x) => t.max(x, { axis: 0 }), shape: [2], oracle: ([j], x) => Math.max(x(0, j), x(1, j), x(2, j)) },
    { name: 'outer axes, kept', inputs: [distinct([2, 3, 2])], fn: (x) => t.max(x, { axis: [0, -1], keepDims: true }), shape: [1, 3, 1], oracle: ([, j], x) => Math.max(x(0, j, 0), x(0, j, 1), x(1, j, 0), x(1, j, 1)) },
    { name: 'no axes', inputs: [distinct([3])], fn: (x) => t.max(x, { axis: [] }), shape: [3], oracle: ([i], x) => x(i) },
    { name: 'no rows', inputs: [t.zeros([0, 3])], fn: (x) => t.max(x, { axis: 1 }), shape: [0], oracle: () => 0 },
  ], edges: [
    { edge: 'tie', inputs: [[[1, 5, 5], [5, 2, 5]]], fn: (x) => t.max(x), value: 5, gradients: [[[0, 1, 0], [0, 0, 0]]] },
    { edge: 'tie', inputs: [[[1, 5], [1, 4]]], fn: (x) => t.max(x, { axis: 0 }), value: [1, 5], gradients: [[[1, 1], [0, 0]]] },
    // The axes 0 and 2 in reading order: the 5 at [0, 0, 1] comes before that at [1, 0, 0].
    { edge: 'tie', inputs: [[[[1, 5]], [[5, 5]]]], fn: (x) => t.max(x, { axis: [2, 0] }), value: [5], gradients: [[[[0, 1]], [[0, 0]]]] },
    { edge: 'NaN', inputs: [[[9, NaN, NaN], [1, 2, 3], [NaN, Infinity, 0]]], fn: (x) => t.max(x, { axis: 1 }), value: [NaN, 3, NaN], gradients: [[[0, 1, 0], [0, 0, 1], [1, 0, 0]]] },
    { edge: 'infinity', inputs: [[[-Infinity, -Infinity], [3, Infinity]]], fn: (x) => t.max(x, { axis: 1 }), value: [-Infinity, Infinity], gradients: [[[1, 0], [0, 1]]] },
    { edge: 'huge', inputs: [[-3e38, -3.1e38]], fn: (x) => t.max(x), value: -3e38, gradients: [[1, 0]] },
    { edge: 'denormal', inputs: [[0, 1e-45]], fn: (x) => t.max(x), value: 1e-45, gradients: [[0, 1]] },
    { edge: 'scalar', inputs: [7], fn: (x) => t.max(x), value: 7, gradients: [1] },
    { edge: 'empty', inputs: [t.zeros([2, 0])], fn: (x) => t.max(x, { axis: 0 }), value: [], shape: [0], gradients: [[]] },
  ], refuses: [
    { call: () => t.max(t.zeros([0])), error: t.ShapeError, message: 'max: the maximum of no elements is undefined; got [0]. Check for an empty batch first.' },
    { call: () => t.max(t.zeros([2, 0]), { axis: 1 }), error: t.ShapeError, message: 'max: the maximum of no elements is undefined; got [2, 0]. Check for an empty batch first.' },
    { call: () => t.max(t.zeros([2, 3]), { axis: 2 }), error: t.ShapeError, message: 'max: axis 2 is not an axis of the tensor; got [2, 3]. Use -2 to 1.' },
    { call: () => t.max(t.zeros([2, 3]), { axis: [0, 0] }), error: t.ShapeError, message: 'max: an axis is listed twice in [0, 0]; got [2, 3]. List each axis once.' },
  ], pytorch: ({ x }, options) => t.max(x, options) },
  min: { cases: [
    { name: 'all', inputs: [distinct([2, 3])], fn: (x) => t.min(x), shape: [], oracle: (_, x) => Math.min(...[0, 1].flatMap((i) => [x(i, 0), x(i, 1), x(i, 2)])) },
    { name: 'last axis, kept', inputs: [distinct([3, 2])], fn: (x) => t.min(x, { axis: -1, keepDims: true }), shape: [3, 1], oracle: ([i], x) => Math.min(x(i, 0), x(i, 1)) },
    { name: 'middle axis', inputs: [distinct([2, 3, 2])], fn: (x) => t.min(x, { axis: 1 }), shape: [2, 2], oracle: ([i, k], x) => Math.min(x(i, 0, k), x(i, 1, k), x(i, 2, k)) },
  ], edges: [
    { edge: 'tie', inputs: [[[7, 5, 5], [5, 9, 5]]], fn: (x) => t.min(x), value: 5, gradients: [[[0, 1, 0], [0, 0, 0]]] },
    { edge: 'NaN', inputs: [[[9, NaN, NaN], [3, 2, 1], [NaN, -Infinity, 0]]], fn: (x) => t.min(x, { axis: 1 }), value: [NaN, 1, NaN], gradients: [[[0, 1, 0], [0, 0, 1], [1, 0, 0]]] },
    { edge: 'infinity', inputs: [[[Infinity, Infinity], [3, -Infinity]]], fn: (x) => t.min(x, { axis: 1 }), value: [Infinity, -Infinity], gradients: [[[1, 0], [0, 1]]] },
    { edge: 'huge', inputs: [[-3e38, -3.1e38]], fn: (x) => t.min(x), value: -3.1e38, gradients: [[0, 1]] },
    { edge: 'denormal', inputs: [[0, -1e-45]], fn: (x) => t.min(x), value: -1e-45, gradients: [[0, 1]] },
    { edge: 'scalar', inputs: [7], fn: (x) => t.min(x), value: 7, gradients: [1] },
    { edge: 'empty', inputs: [t.zeros([2, 0])], fn: (x) => t.min(x, { axis: 0 }), value: [], shape: [0], gradients: [[]] },
  ], refuses: [
    { call: () => t.min(t.zeros([3, 0])), error: t.ShapeError, message: 'min: the minimum of no elements is undefined; got [3, 0]. Check for an empty batch first.' },
    { call: () => t.min(t.tensor(1), { axis: 0 }), error: t.ShapeError, message: 'min: axis 0 is not an axis of the tensor; got []. A scalar has no axes.' },
  ], pytorch: ({ x }, options) => t.min(x, options) },
  argMax: { cases: [
    { name: 'all', inputs: [distinct([2, 3])], fn: (x) => floats(t.argMax(x)), shape: [], oracle: (_, x) => at(6, (i) => x(Math.floor(i / 3), i % 3)) },
    { name: 'axis 0', inputs: [distinct([3, 2])], fn: (x) => floats(t.argMax(x, { axis: 0 })), shape: [2], oracle: ([j], x) => at(3, (i) => x(i, j)) },
    { name: 'middle axis, kept', inputs: [distinct([2, 3, 2])], fn: (x) => floats(t.argMax(x, { axis: -2, keepDims: true })), shape: [2, 1, 2], oracle: ([i, , k], x) => at(3, (j) => x(i, j, k)) },
  ], edges: [
    { edge: 'tie', inputs: [[[1, 5, 5], [5, 2, 5]]], fn: (x) => floats(t.argMax(x)), value: 1 },
    { edge: 'tie', inputs: [[[1, 5, 5], [5, 2, 5]]], fn: (x) => floats(t.argMax(x, { axis: 1 })), value: [1, 0] },
    { edge: 'NaN', inputs: [[[9, NaN, NaN], [NaN, Infinity, 0]]], fn: (x) => floats(t.argMax(x, { axis: 1 })), value: [1, 0] },
    { edge: 'infinity', inputs: [[[-Infinity, -Infinity], [3, Infinity]]], fn: (x) => floats(t.argMax(x, { axis: 1 })), value: [0, 1] },
    { edge: 'denormal', inputs: [[0, 1e-45]], fn: (x) => floats(t.argMax(x)), value: 1 },
    { edge: 'scalar', inputs: [7], fn: (x) => floats(t.argMax(x)), value: 0 },
    { edge: 'empty', inputs: [t.zeros([2, 0])], fn: (x) => floats(t.argMax(x, { axis: 0 })), value: [], shape: [0] },
  ], refuses: [
    { call: () => t.argMax(t.zeros([0])), error: t.ShapeError, message: 'argMax: the maximum of no elements is undefined; got [0]. Check for an empty batch first.' },
    { call: () => t.argMax(t.zeros([2, 3]), { axis: 2 }), error: t.ShapeError, message: 'argMax: axis 2 is not an axis of the tensor; got [2, 3]. Use -2 to 1.' },
  ], pytorch: ({ x }, options) => floats(t.argMax(x, options)), noGradient: JUMPS },
  argMin: { cases: [
    { name: 'all, kept', inputs: [distinct([2, 3])], fn: (x) => floats(t.argMin(x, { keepDims: true })), shape: [1, 1], oracle: (_, x) => at(6, (i) => x(Math.floor(i / 3), i % 3), -1) },
    { name: 'last axis', inputs: [distinct([2, 3])], fn: (x) => floats(t.argMin(x, { axis: 1 })), shape: [2], oracle: ([i], x) => at(3, (j) => x(i, j), -1) },
  ], edges: [
    { edge: 'tie', inputs: [[[7, 5, 5], [5, 9, 5]]], fn: (x) => floats(t.argMin(x, { axis: 1 })), value: [1, 0] },
    { edge: 'NaN', inputs: [[[-9, NaN, NaN], [NaN, -Infinity, 0]]], fn: (x) => floats(t.argMin(x, { axis: 1 })), value: [1, 0] },
    { edge: 'infinity', inputs: [[[Infinity, Infinity], [3, -Infinity]]], fn: (x) => floats(t.argMin(x, { axis: 1 })), value: [0, 1] },
    { edge: 'scalar', inputs: [7], fn: (x) => floats(t.argMin(x)), value: 0 },
    { edge: 'empty', inputs: [t.zeros([2, 0])], fn: (x) => floats(t.argMin(x, { axis: 0 })), value: [], shape: [0] },
  ], refuses: [
    { call: () => t.argMin(t.zeros([2, 0]), { axis: 1 }), error: t.ShapeError, message: 'argMin: the minimum of no elements is undefined; got [2, 0]. Check for an empty batch first.' },
    { call: () => t.argMin(t.tensor(1), { axis: -1 }), error: t.ShapeError, message: 'argMin: axis -1 is not an axis of the tensor; got []. A scalar has no axes.' },
  ], pytorch: ({ x }, options) => floats(t.argMin(x, options)), noGradient: JUMPS },
  topK: { cases: [
    { name: 'values', inputs: [distinct([2, 5])], fn: (x) => t.topK(x, 3).values, shape: [2, 3], oracle: ([i, r], x) => x(i, ranked(5, (j) => x(i, j), r)) },
    { name: 'values, smallest, middle axis', inputs: [distinct([2, 4, 3])], fn: (x) => t.topK(x, 2, { axis: 1, largest: false }).values, shape: [2, 2, 3], oracle: ([i, r, k], x) => x(i, ranked(4, (j) => x(i, j, k), r, -1), k) },
    { name: 'values, all of them, axis 0', inputs: [distinct([4, 2])], fn: (x) => t.topK(x, 4, { axis: 0 }).values, shape: [4, 2], oracle: ([r, j], x) => x(ranked(4, (i) => x(i, j), r), j) },
    { name: 'indices', inputs: [distinct([2, 4, 3])], fn: (x) => t.add(floats(t.topK(x, 3, { axis: -2 }).indices), t.mul(t.sum(x), 0)), shape: [2, 3, 3], oracle: ([i, r, k], x) => ranked(4, (j) => x(i, j, k), r) },
    { name: 'none', inputs: [distinct([2, 3])], fn: (x) => t.topK(x, 0).values, shape: [2, 0], oracle: () => 0 },
  ], edges: [
    { edge: 'tie', inputs: [[3, 5, 5, 1, 5]], fn: (x) => t.topK(x, 2).values, value: [5, 5], gradients: [[0, 1, 1, 0, 0]] },
    { edge: 'tie', inputs: [[3, 5, 5, 1, 5]], fn: (x) => floats(t.topK(x, 5).indices), value: [1, 2, 4, 0, 3] },
    { edge: 'tie', inputs: [[1, 5, 1, 1, 0]], fn: (x) => floats(t.topK(x, 3, { largest: false }).indices), value: [4, 0, 2] },
    { edge: 'NaN', inputs: [[1, NaN, Infinity, NaN]], fn: (x) => t.topK(x, 3).values, value: [NaN, NaN, Infinity], gradients: [[0, 1, 1, 1]] },
    { edge: 'NaN', inputs: [[NaN, 1, Infinity, -Infinity]], fn: (x) => floats(t.topK(x, 4, { largest: false }).indices), value: [3, 1, 2, 0] },
    { edge: 'denormal', inputs: [[0, 1e-45, -1e-45]], fn: (x) => t.topK(x, 1).values, value: [1e-45], gradients: [[0, 1, 0]] },
    { edge: 'empty', inputs: [t.zeros([0, 3])], fn: (x) => t.topK(x, 2).values, value: [], shape: [0, 2], gradients: [[]] },
    { edge: 'empty', inputs: [t.zeros([2, 0])], fn: (x) => t.topK(x, 0).values, value: [], shape: [2, 0], gradients: [[]] },
  ], refuses: [
    { call: () => t.topK(t.zeros([2, 3]), 4), error: RangeError, message: 'topK: k is 4, but axis 1 has length 3. Use at most 3.' },
    { call: () => t.topK(t.zeros([2, 3]), -1), error: RangeError, message: 'topK: k must be an integer of at least 0; got -1.' },
    { call: () => t.topK(t.zeros([2, 3]), 1.5), error: RangeError, message: 'topK: k must be an integer of at least 0; got 1.5.' },
    { call: () => t.topK(t.tensor(1), 1), error: t.ShapeError, message: 'topK: axis -1 is not an axis of the tensor; got []. A scalar has no axes.' },
  ], pytorch: ({ x }, { k, of, ...options }) => (of === 'values' ? t.topK(x, k, options).values : t.add(floats(t.topK(x, k, options).indices), t.mul(t.sum(x), 0))) },
  prod: { cases: [
    { name: 'all', inputs: [normal([2, 3])], fn: (x) => t.prod(x), shape: [], oracle: (_, x) => times(2, (i) => times(3, (j) => x(i, j))) },
    { name: 'axis 0', inputs: [normal([3, 2])], fn: (x) => t.prod(x, { axis: 0 }), shape: [2], oracle: ([j], x) => times(3, (i) => x(i, j)) },
    { name: 'outer axes, kept', inputs: [normal([2, 3, 2])], fn: (x) => t.prod(x, { axis: [0, -1], keepDims: true }), shape: [1, 3, 1], oracle: ([, j], x) => times(2, (i) => times(2, (k) => x(i, j, k))) },
    { name: 'seven numbers', inputs: [normal([2, 7])], fn: (x) => t.prod(x, { axis: 1 }), shape: [2], oracle: ([i], x) => times(7, (j) => x(i, j)) },
    { name: 'zeros', inputs: [t.tensor([[0, 2, 3], [0, 0, 5], [0, 0, 0]])], fn: (x) => t.prod(x, { axis: 1 }), shape: [3], oracle: ([i], x) => times(3, (j) => x(i, j)) },
    { name: 'nothing', inputs: [t.zeros([2, 0])], fn: (x) => t.prod(x, { axis: 1 }), shape: [2], oracle: () => 1 },
    { name: 'scalar', inputs: [t.tensor(2)], fn: (x) => t.prod(x), shape: [], oracle: (_, x) => x() },
  ], edges: [
    { edge: 'zero', inputs: [[[0, 2, 3], [4, 0, 0]]], fn: (x) => t.prod(x, { axis: 1 }), value: [0, 0], gradients: [[[6, 0, 0], [0, 0, 0]]] },
    { edge: 'huge', inputs: [[3e38, 3e38, 1e-38, 1e-38]], fn: (x) => t.prod(x), value: 9, gradients: [[3e-38, 3e-38, 9e38, 9e38]] },
    { edge: 'huge', inputs: [[...Array<number>(20).fill(2 ** 120), ...Array<number>(20).fill(2 ** -120)]], fn: (x) => t.prod(x), value: 1, gradients: [[...Array<number>(20).fill(2 ** -120), ...Array<number>(20).fill(2 ** 120)]] },
    { edge: 'huge', inputs: [[...Array<number>(20).fill(-3e38), 0]], fn: (x) => t.prod(x), value: 0, gradients: [[...Array<number>(20).fill(0), Infinity]] },
    { edge: 'denormal', inputs: [[...Array<number>(11).fill(2 ** -100), ...Array<number>(11).fill(2 ** 100), 1e-45]], fn: (x) => t.prod(x), value: 1e-45, gradients: [[...Array<number>(11).fill(2 ** -49), ...Array<number>(11).fill(0), 1]] },
    { edge: 'infinity', inputs: [[[Infinity, 2], [Infinity, 0]]], fn: (x) => t.prod(x, { axis: 1 }), value: [Infinity, NaN], gradients: [[[2, Infinity], [0, Infinity]]] },
    { edge: 'NaN', inputs: [[[NaN, 2], [3, 2]]], fn: (x) => t.prod(x, { axis: 1 }), value: [NaN, 6], gradients: [[[2, NaN], [2, 3]]] },
    { edge: 'empty', inputs: [t.zeros([0])], fn: (x) => t.prod(x), value: 1, gradients: [[]] },
  ], refuses: [
    { call: () => t.prod(t.zeros([2, 3]), { axis: 2 }), error: t.ShapeError, message: 'prod: axis 2 is not an axis of the tensor; got [2, 3]. Use -2 to 1.' },
    { call: () => t.prod(t.zeros([2, 3]), { axis: [1, 1] }), error: t.ShapeError, message: 'prod: an axis is listed twice in [1, 1]; got [2, 3]. List each axis once.' },
  ], pytorch: ({ x }, options) => t.prod(x, options) },
  variance: { cases: [
    { name: 'all', inputs: [normal([2, 3])], fn: (x) => t.variance(x), shape: [], oracle: (_, x) => varies(6, (i) => x(Math.floor(i / 3), i % 3)) },
    { name: 'axis 0, uncorrected', inputs: [normal([3, 2])], fn: (x) => t.variance(x, { axis: 0, correction: 0 }), shape: [2], oracle: ([j], x) => varies(3, (i) => x(i, j), 0) },
    { name: 'outer axes, kept', inputs: [normal([2, 3, 2])], fn: (x) => t.variance(x, { axis: [0, -1], keepDims: true, correction: 2 }), shape: [1, 3, 1], oracle: ([, j], x) => varies(4, (i) => x(i >> 1, j, i & 1), 2) },
    { name: 'no rows', inputs: [t.zeros([0, 3])], fn: (x) => t.variance(x, { axis: 1 }), shape: [0], oracle: () => 0 },
  ], edges: [
    { edge: 'tie', inputs: [[0.1, 0.1, 0.1]], fn: (x) => t.variance(x), value: 0, gradients: [[0, 0, 0]] },
    { edge: 'huge', inputs: [[16777216, 16777218]], fn: (x) => t.variance(x), value: 2, gradients: [[-2, 2]] },
    { edge: 'huge', inputs: [[3e38, -3e38]], fn: (x) => t.variance(x, { correction: 0 }), value: Infinity, gradients: [[3e38, -3e38]] },
    { edge: 'denormal', inputs: [[0, 4e-40]], fn: (x) => t.variance(x, { correction: 0 }), value: 0, gradients: [[-2e-40, 2e-40]] },
    { edge: 'infinity', inputs: [[[Infinity, 1], [1, 3]]], fn: (x) => t.variance(x, { axis: 1 }), value: [NaN, 2], gradients: [[[NaN, NaN], [-2, 2]]] },
    { edge: 'NaN', inputs: [[[1, NaN], [1, 3]]], fn: (x) => t.variance(x, { axis: 1 }), value: [NaN, 2], gradients: [[[NaN, NaN], [-2, 2]]] },
    { edge: 'scalar', inputs: [7], fn: (x) => t.variance(x, { correction: 0 }), value: 0, gradients: [0] },
    { edge: 'empty', inputs: [t.zeros([1, 0])], fn: (x) => t.variance(x, { axis: 0 }), value: [], shape: [0], gradients: [[]] },
  ], refuses: [
    { call: () => t.variance(t.tensor(1)), error: t.ShapeError, message: 'variance: the variance of fewer than 2 elements is undefined with correction 1; got []. Reduce more elements, or use a smaller correction.' },
    { call: () => t.variance(t.zeros([3, 0]), { axis: 1, correction: 0 }), error: t.ShapeError, message: 'variance: the variance of fewer than 1 elements is undefined with correction 0; got [3, 0]. Reduce more elements, or use a smaller correction.' },
    { call: () => t.variance(t.zeros([3]), { correction: -1 }), error: RangeError, message: 'variance: correction must be an integer of at least 0; got -1.' },
    { call: () => t.variance(t.zeros([3]), { correction: NaN }), error: RangeError, message: 'variance: correction must be an integer of at least 0; got NaN.' },
    { call: () => t.variance(t.zeros([3]), { axis: 1 }), error: t.ShapeError, message: 'variance: axis 1 is not an axis of the tensor; got [3]. Use -1 to 0.' },
  ], pytorch: ({ x }, options) => t.variance(x, options) },
  std: { cases: [
    { name: 'all', inputs: [normal([2, 3])], fn: (x) => t.std(x), shape: [], oracle: (_, x) => Math.sqrt(varies(6, (i) => x(Math.floor(i / 3), i % 3))) },
    { name: 'axis 0, uncorrected', inputs: [normal([3, 2])], fn: (x) => t.std(x, { axis: 0, correction: 0 }), shape: [2], oracle: ([j], x) => Math.sqrt(varies(3, (i) => x(i, j), 0)) },
    { name: 'outer axes, kept', inputs: [normal([2, 3, 2])], fn: (x) => t.std(x, { axis: [0, -1], keepDims: true }), shape: [1, 3, 1], oracle: ([, j], x) => Math.sqrt(varies(4, (i) => x(i >> 1, j, i & 1))) },
  ], edges: [
    { edge: 'kink', inputs: [[[0.1, 0.1, 0.1], [1, 2, 3]]], fn: (x) => t.std(x, { axis: 1 }), value: [0, 1], gradients: [[[0, 0, 0], [-0.5, 0, 0.5]]] },
    { edge: 'huge', inputs: [[3e38, -3e38]], fn: (x) => t.std(x, { correction: 0 }), value: 3e38, gradients: [[0.5, -0.5]] },
    { edge: 'denormal', inputs: [[0, 4 * 2 ** -149]], fn: (x) => t.std(x, { correction: 0 }), value: 2 * 2 ** -149, gradients: [[-0.5, 0.5]] },
    { edge: 'infinity', inputs: [[[-Infinity, 1], [1, 3]]], fn: (x) => t.std(x, { axis: 1, correction: 0 }), value: [NaN, 1], gradients: [[[NaN, NaN], [-0.5, 0.5]]] },
    { edge: 'NaN', inputs: [[[1, NaN], [1, 3]]], fn: (x) => t.std(x, { axis: 1, correction: 0 }), value: [NaN, 1], gradients: [[[NaN, NaN], [-0.5, 0.5]]] },
    { edge: 'scalar', inputs: [7], fn: (x) => t.std(x, { correction: 0 }), value: 0, gradients: [0] },
    { edge: 'empty', inputs: [t.zeros([0, 3])], fn: (x) => t.std(x, { axis: 1 }), value: [], shape: [0], gradients: [[]] },
  ], refuses: [
    { call: () => t.std(t.zeros([1, 3]), { axis: 0 }), error: t.ShapeError, message: 'std: the standard deviation of fewer than 2 elements is undefined with correction 1; got [1, 3]. Reduce more elements, or use a smaller correction.' },
    { call: () => t.std(t.zeros([3]), { correction: 0.5 }), error: RangeError, message: 'std: correction must be an integer of at least 0; got 0.5.' },
  ], pytorch: ({ x }, options) => t.std(x, options) },
  cumSum: { cases: [
    { name: 'last axis', inputs: [normal([2, 4])], fn: (x) => t.cumSum(x), shape: [2, 4], oracle: ([i, j], x) => total(j + 1, (k) => x(i, k)) },
    { name: 'axis 0', inputs: [normal([4, 2])], fn: (x) => t.cumSum(x, { axis: 0 }), shape: [4, 2], oracle: ([i, j], x) => total(i + 1, (k) => x(k, j)) },
    { name: 'middle axis', inputs: [normal([2, 3, 2])], fn: (x) => t.cumSum(x, { axis: -2 }), shape: [2, 3, 2], oracle: ([i, j, k], x) => total(j + 1, (l) => x(i, l, k)) },
    { name: 'no rows', inputs: [t.zeros([0, 3])], fn: (x) => t.cumSum(x), shape: [0, 3], oracle: () => 0 },
  ], edges: [
    // 16777217 is no float32, but its sum with 1 is one.
    { edge: 'huge', inputs: [[16777216, 1, 1]], fn: (x) => t.cumSum(x), value: [16777216, 16777216, 16777218], gradients: [[3, 2, 1]] },
    { edge: 'huge', inputs: [[3e38, 3e38, -3e38]], fn: (x) => t.cumSum(x), value: [3e38, Infinity, 3e38], gradients: [[3, 2, 1]] },
    { edge: 'denormal', inputs: [[1e-45, 1e-45]], fn: (x) => t.cumSum(x), value: [2 ** -149, 2 ** -148], gradients: [[2, 1]] },
    { edge: 'infinity', inputs: [[[1, Infinity, -Infinity], [1, 2, 3]]], fn: (x) => t.cumSum(x), value: [[1, Infinity, NaN], [1, 3, 6]], gradients: [[[3, 2, 1], [3, 2, 1]]] },
    { edge: 'NaN', inputs: [[[1, NaN, 2], [1, 2, 3]]], fn: (x) => t.cumSum(x), value: [[1, NaN, NaN], [1, 3, 6]], gradients: [[[3, 2, 1], [3, 2, 1]]] },
    { edge: 'empty', inputs: [t.zeros([2, 0])], fn: (x) => t.cumSum(x), value: [], shape: [2, 0], gradients: [[]] },
  ], refuses: [
    { call: () => t.cumSum(t.tensor(1)), error: t.ShapeError, message: 'cumSum: axis -1 is not an axis of the tensor; got []. A scalar has no axes.' },
    { call: () => t.cumSum(t.zeros([2, 3]), { axis: 2 }), error: t.ShapeError, message: 'cumSum: axis 2 is not an axis of the tensor; got [2, 3]. Use -2 to 1.' },
  ], pytorch: ({ x }, options) => t.cumSum(x, options) },
  softmax: { cases: [
    { name: 'last axis', inputs: [normal([2, 3])], fn: (x) => weigh(t.softmax(x)), shape: [2, 3], oracle: ([i, j], x) => weight(3 * i + j) * Math.exp(x(i, j)) / powers(3, (k) => x(i, k)) },
    { name: 'first axis', inputs: [normal([4, 2])], fn: (x) => weigh(t.softmax(x, { axis: 0 })), shape: [4, 2], oracle: ([i, j], x) => weight(2 * i + j) * Math.exp(x(i, j)) / powers(4, (k) => x(k, j)) },
    { name: 'middle axis', inputs: [normal([2, 3, 2])], fn: (x) => weigh(t.softmax(x, { axis: -2 })), shape: [2, 3, 2], oracle: ([i, j, k], x) => weight(6 * i + 2 * j + k) * Math.exp(x(i, j, k)) / powers(3, (l) => x(i, l, k)) },
    { name: 'one number a row', inputs: [normal([2, 1])], fn: (x) => t.softmax(x), shape: [2, 1], oracle: () => 1 },
    { name: 'no rows', inputs: [t.zeros([0, 3])], fn: (x) => t.softmax(x), shape: [0, 3], oracle: () => 0 },
    { name: 'empty rows', inputs: [t.zeros([3, 0])], fn: (x) => t.softmax(x), shape: [3, 0], oracle: () => 0 },
  ], edges: [
    { edge: 'huge', inputs: [[1e4, 1e4, -1e4]], fn: (x) => t.mul(t.softmax(x), t.tensor([1, 3, 5])), value: [0.5, 1.5, 0], gradients: [[-0.5, 0.5, 0]] },
    { edge: 'huge', inputs: [[[3e38, -3e38], [3e38, 3e38]]], fn: (x) => t.mul(t.softmax(x), t.tensor([2, 4])), value: [[2, 0], [1, 2]], gradients: [[[0, 0], [-0.5, 0.5]]] },
    { edge: 'masked', inputs: [[[-Infinity, 0, 0], [-Infinity, -Infinity, 7]]], fn: (x) => t.mul(t.softmax(x), t.tensor([9, 1, 3])), value: [[0, 0.5, 1.5], [0, 0, 3]], gradients: [[[0, -0.5, 0.5], [0, 0, 0]]] },
    { edge: 'masked', inputs: [[[-Infinity, -Infinity], [5, 5]]], fn: (x) => t.mul(t.softmax(x), t.tensor([1, 3])), value: [[0, 0], [0.5, 1.5]], gradients: [[[0, 0], [-0.5, 0.5]]] },
    { edge: 'infinity', inputs: [[[Infinity, 0], [0, 0]]], fn: (x) => t.softmax(x), value: [[NaN, NaN], [0.5, 0.5]], gradients: [[[NaN, NaN], [0, 0]]] },
    { edge: 'NaN', inputs: [[[NaN, -Infinity], [NaN, 3], [0, 0]]], fn: (x) => t.softmax(x), value: [[NaN, NaN], [NaN, NaN], [0.5, 0.5]], gradients: [[[NaN, NaN], [NaN, NaN], [0, 0]]] },
    { edge: 'denormal', inputs: [[1e-45, -1e-40]], fn: (x) => t.mul(t.softmax(x), t.tensor([1, 3])), value: [0.5, 1.5], gradients: [[-0.5, 0.5]] },
    // exp(-100) is a denormal, of which float32 holds two digits.
    { edge: 'denormal', inputs: [[0, -100]], fn: (x) => t.softmax(x), value: [1, 3.783506e-44] },
    { edge: 'tie', inputs: [[2, 2, 2, 2]], fn: (x) => t.mul(t.softmax(x), t.tensor([4, 0, 0, 0])), value: [1, 0, 0, 0], gradients: [[0.75, -0.25, -0.25, -0.25]] },
    { edge: 'empty', inputs: [t.zeros([2, 0])], fn: (x) => t.softmax(x, { axis: 0 }), value: [], shape: [2, 0], gradients: [[]] },
  ], refuses: [
    { call: () => t.softmax(t.tensor(1)), error: t.ShapeError, message: 'softmax: axis -1 is not an axis of the tensor; got []. A scalar has no axes.' },
    { call: () => t.softmax(t.zeros([2, 3]), { axis: 2 }), error: t.ShapeError, message: 'softmax: axis 2 is not an axis of the tensor; got [2, 3]. Use -2 to 1.' },
    { call: () => t.softmax(t.zeros([2, 3]), { axis: 0.5 }), error: t.ShapeError, message: 'softmax: axis 0.5 is not an axis of the tensor; got [2, 3]. Use -2 to 1.' },
  ], pytorch: ({ x }, options) => t.softmax(x, options) },
  logSoftmax: { cases: [
    { name: 'last axis', inputs: [normal([2, 3])], fn: (x) => t.logSoftmax(x), shape: [2, 3], oracle: ([i, j], x) => x(i, j) - Math.log(powers(3, (k) => x(i, k))) },
    { name: 'first axis', inputs: [normal([4, 2])], fn: (x) => t.logSoftmax(x, { axis: -2 }), shape: [4, 2], oracle: ([i, j], x) => x(i, j) - Math.log(powers(4, (k) => x(k, j))) },
    { name: 'middle axis', inputs: [normal([2, 3, 2])], fn: (x) => t.logSoftmax(x, { axis: 1 }), shape: [2, 3, 2], oracle: ([i, j, k], x) => x(i, j, k) - Math.log(powers(3, (l) => x(i, l, k))) },
    { name: 'no rows', inputs: [t.zeros([0, 3])], fn: (x) => t.logSoftmax(x), shape: [0, 3], oracle: () => 0 },
  ], edges: [
    { edge: 'huge', inputs: [[1e4, 1e4, -1e4]], fn: (x) => t.logSoftmax(x), value: [-Math.LN2, -Math.LN2, -20000.693], gradients: [[-0.5, -0.5, 1]] },
    { edge: 'huge', inputs: [[3e38, 3e38]], fn: (x) => t.mul(t.logSoftmax(x), t.tensor([1, 0])), value: [-Math.LN2, 0], gradients: [[0.5, -0.5]] },
    // The difference of 6e38 is beyond float32; the gradient is not.
    { edge: 'huge', inputs: [[3e38, -3e38]], fn: (x) => t.logSoftmax(x), value: [0, -Infinity], gradients: [[-1, 1]] },
    // A share of exp(-200) is 0 in float32; its logarithm is not.
    { edge: 'huge', inputs: [[0, -200]], fn: (x) => t.logSoftmax(x), value: [0, -200], gradients: [[-1, 1]] },
    { edge: 'masked', inputs: [[-Infinity, 0, 0]], fn: (x) => t.slice(t.logSoftmax(x), [[1, 2]]), value: [-Math.LN2], gradients: [[0, 0.5, -0.5]] },
    { edge: 'masked', inputs: [[[-Infinity, -Infinity], [5, 4]]], fn: (x) => t.logSoftmax(x), value: [[-Infinity, -Infinity], [-0.3132617, -1.3132617]], gradients: [[[1, 1], [-0.46211716, 0.46211716]]] },
    { edge: 'infinity', inputs: [[[Infinity, 0], [0, 0]]], fn: (x) => t.logSoftmax(x), value: [[NaN, NaN], [-Math.LN2, -Math.LN2]] },
    { edge: 'NaN', inputs: [[[NaN, -Infinity], [5, 4]]], fn: (x) => t.logSoftmax(x), value: [[NaN, NaN], [-0.3132617, -1.3132617]], gradients: [[[NaN, NaN], [-0.46211716, 0.46211716]]] },
    { edge: 'denormal', inputs: [[1e-45, -1e-40]], fn: (x) => t.mul(t.logSoftmax(x), t.tensor([1, 0])), value: [-Math.LN2, 0], gradients: [[0.5, -0.5]] },
    { edge: 'huge', inputs: [[0, -15]], fn: (x) => t.logSoftmax(x), value: [-3.0590226e-7, -15], gradients: [[-0.9999994, 0.9999994]] },
    { edge: 'empty', inputs: [t.zeros([2, 0])], fn: (x) => t.logSoftmax(x), value: [], shape: [2, 0], gradients: [[]] },
  ], refuses: [
    { call: () => t.logSoftmax(t.tensor(1), { axis: 0 }), error: t.ShapeError, message: 'logSoftmax: axis 0 is not an axis of the tensor; got []. A scalar has no axes.' },
    { call: () => t.logSoftmax(t.zeros([2, 3]), { axis: -3 }), error: t.ShapeError, message: 'logSoftmax: axis -3 is not an axis of the tensor; got [2, 3]. Use -2 to 1.' },
  ], pytorch: ({ x }, options) => t.logSoftmax(x, options) },
  logSumExp: { cases: [
    { name: 'all', inputs: [normal([2, 3])], fn: (x) => t.logSumExp(x), shape: [], oracle: (_, x) => Math.log(total(2, (i) => powers(3, (j) => x(i, j)))) },
    { name: 'axis 0', inputs: [normal([3, 2])], fn: (x) => t.logSumExp(x, { axis: 0 }), shape: [2], oracle: ([j], x) => Math.log(powers(3, (i) => x(i, j))) },
    { name: 'outer axes, kept', inputs: [normal([2, 3, 2])], fn: (x) => t.logSumExp(x, { axis: [-1, 0], keepDims: true }), shape: [1, 3, 1], oracle: ([, j], x) => Math.log(total(2, (i) => powers(2, (k) => x(i, j, k)))) },
    { name: 'no axes', inputs: [normal([3])], fn: (x) => t.logSumExp(x, { axis: [] }), shape: [3], oracle: ([i], x) => x(i) },
    { name: 'no rows', inputs: [t.zeros([0, 3])], fn: (x) => t.logSumExp(x, { axis: 1 }), shape: [0], oracle: () => 0 },
  ], edges: [
    { edge: 'huge', inputs: [[3e38, -3e38]], fn: (x) => t.logSumExp(x), value: 3e38, gradients: [[1, 0]] },
    { edge: 'huge', inputs: [[-3e38, -3e38]], fn: (x) => t.logSumExp(x), value: -3e38, gradients: [[0.5, 0.5]] },
    { edge: 'huge', inputs: [[1e4, 1e4, 0]], fn: (x) => t.logSumExp(x), value: 10000.693, gradients: [[0.5, 0.5, 0]] },
    { edge: 'masked', inputs: [[[-Infinity, 2], [-Infinity, -Infinity]]], fn: (x) => t.logSumExp(x, { axis: -1 }), value: [2, -Infinity], gradients: [[[0, 1], [0, 0]]] },
    { edge: 'infinity', inputs: [[[Infinity, 2], [0, 0]]], fn: (x) => t.logSumExp(x, { axis: 1 }), value: [Infinity, Math.LN2], gradients: [[[1, 0], [0.5, 0.5]]] },
    { edge: 'infinity', inputs: [[Infinity, -Infinity, Infinity]], fn: (x) => t.logSumExp(x), value: Infinity, gradients: [[0.5, 0, 0.5]] },
    { edge: 'NaN', inputs: [[[NaN, Infinity], [-Infinity, NaN], [0, 0]]], fn: (x) => t.logSumExp(x, { axis: 1 }), value: [NaN, NaN, Math.LN2], gradients: [[[NaN, NaN], [NaN, NaN], [0.5, 0.5]]] },
    { edge: 'empty', inputs: [t.zeros([2, 0])], fn: (x) => t.logSumExp(x, { axis: 1 }), value: [-Infinity, -Infinity], gradients: [[]] },
    { edge: 'scalar', inputs: [-7], fn: (x) => t.logSumExp(x), value: -7, gradients: [1] },
    { edge: 'denormal', inputs: [[1e-45]], fn: (x) => t.logSumExp(x), value: 1e-45, gradients: [[1]] },
    { edge: 'tie', inputs: [[2, 2, 2, 2]], fn: (x) => t.logSumExp(x), value: 2 + 2 * Math.LN2, gradients: [[0.25, 0.25, 0.25, 0.25]] },
  ], refuses: [
    { call: () => t.logSumExp(t.zeros([2, 3]), { axis: 2 }), error: t.ShapeError, message: 'logSumExp: axis 2 is not an axis of the tensor; got [2, 3]. Use -2 to 1.' },
    { call: () => t.logSumExp(t.zeros([2, 3]), { axis: [1, -1] }), error: t.ShapeError, message: 'logSumExp: an axis is listed twice in [1, -1]; got [2, 3]. List each axis once.' },
  ], pytorch: ({ x }, options) => t.logSumExp(x, options) },
} satisfies Record<string, Row>;
