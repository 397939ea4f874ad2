import * as t from '../../../src/portable.ts';
import { draws, type Refusal, type Row, total } from './row.ts';

const { normal } = draws('indexing');
const { ShapeError } = t;
const [nan, inf] = [Number.NaN, Infinity];

/** Nested lists as an IntTensor. */
const ints = (values: t.NestedArray): t.IntTensor => {
  const { data, shape } = t.tensor(values);
  return t.intTensor(Int32Array.from(data), shape);
};
/** What plain JavaScript may pass, past the types. */
const untyped = (value: unknown): t.IntTensor => value as t.IntTensor;

const x23 = t.zeros([2, 3]);
const rows = [[2, 0, 2], [1, 1, 0]];
const index23 = ints(rows);
const vector = ints([2, 0, 2, 2]);

/** Refusals that gather and scatterAdd share, called with an axis and an index on [2, 3]. */
const refusals = (op: string, call: (axis: number, index: t.IntTensor, x?: t.Tensor) => unknown): Refusal[] => [
  ...[2, -3, 0.5].map((axis): Refusal => ({
    call: () => call(axis, index23),
    error: ShapeError,
    message: `${op}: axis ${axis} is not an axis of the tensor; got [2, 3]. Use -2 to 1.`,
  })),
  { call: () => call(0, ints(0), t.tensor(1)), error: ShapeError, message: `${op}: axis 0 is not an axis of the tensor; got []. A scalar has no axes.` },
  ...[[0, 1], [[[0]]], [[0, 0], [0, 0], [0, 0]]].map((index): Refusal => ({
    call: () => call(1, ints(index)),
    error: ShapeError,
    message: `${op}: index does not fit x along axis 1; got [2, 3] and [${ints(index).shape.join(', ')}]. It needs as many axes, each but that one at most as long as that of x.`,
  })),
  { call: () => call(0, ints([[0, 0, 0, 0]])), error: ShapeError, message: `${op}: index does not fit x along axis 0; got [2, 3] and [1, 4]. It needs as many axes, each but that one at most as long as that of x.` },
  { call: () => call(1, ints([[0, 1], [2, 3]])), error: RangeError, message: `${op}: index[1, 1] is 3, outside axis 1 of length 3. Use 0 to 2.` },
  { call: () => call(0, ints([[0, -1]])), error: RangeError, message: `${op}: index[0, 1] is -1, outside axis 0 of length 2. Use 0 to 1.` },
  { call: () => call(0, ints([[0]]), t.zeros([0, 1])), error: RangeError, message: `${op}: index[0, 0] is 0, outside axis 0 of length 0. An empty axis has no entries.` },
  ...[t.zeros([2, 3]), [[0, 1]], Int32Array.of(0)].map((index): Refusal => ({
    call: () => call(1, untyped(index)),
    error: TypeError,
    message: `${op}: index must be an IntTensor. Make one with intTensor(Int32Array.from(values), shape).`,
  })),
];

export const indexing = {
  take: { cases: [
    { name: 'rows', inputs: [normal([3, 2])], fn: (x) => t.take(x, [2, 0, 2]), shape: [3, 2], oracle: ([i, j], x) => x([2, 0, 2][i], j) },
    { name: 'last axis', inputs: [normal([2, 3])], fn: (x) => t.take(x, [1], { axis: -1 }), shape: [2, 1], oracle: ([i], x) => x(i, 1) },
    { name: 'middle axis', inputs: [normal([2, 3, 2])], fn: (x) => t.take(x, vector, { axis: 1 }), shape: [2, 4, 2], oracle: ([i, j, k], x) => x(i, [2, 0, 2, 2][j], k) },
    { name: 'none', inputs: [normal([3, 2])], fn: (x) => t.take(x, []), shape: [0, 2], oracle: () => 0 },
  ], edges: [
    { edge: 'empty', inputs: [[1, 2]], fn: (x) => t.take(x, []), value: [], gradients: [[0, 0]] },
    { edge: 'empty', inputs: [t.zeros([2, 0])], fn: (x) => t.take(x, [1, 1, 0]), value: [[], [], []], gradients: [[]] },
    { edge: 'NaN', inputs: [[nan, 1, inf]], fn: (x) => t.take(x, [2, 0, 2]), value: [inf, nan, inf], gradients: [[1, 0, 2]] },
    { edge: 'denormal', inputs: [[1e-45, 1e-40]], fn: (x) => t.take(x, [1, 0]), value: [1e-40, 1e-45], gradients: [[1, 1]] },
  ], refuses: [
    ...[2, -3, 0.5].map((axis): Refusal => ({
      call: () => t.take(x23, [0], { axis }),
      error: ShapeError,
      message: `take: axis ${axis} is not an axis of the tensor; got [2, 3]. Use -2 to 1.`,
    })),
    { call: () => t.take(t.tensor(1), [0]), error: ShapeError, message: 'take: axis 0 is not an axis of the tensor; got []. A scalar has no axes.' },
    { call: () => t.take(x23, [0, 2]), error: RangeError, message: 'take: indices[1] is 2, outside axis 0 of length 2. Use 0 to 1.' },
    { call: () => t.take(x23, [-1], { axis: 1 }), error: RangeError, message: 'take: indices[0] is -1, outside axis 1 of length 3. Use 0 to 2.' },
    { call: () => t.take(t.zeros([0]), [0]), error: RangeError, message: 'take: indices[0] is 0, outside axis 0 of length 0. An empty axis has no entries.' },
    { call: () => t.take(x23, [0, 0.5]), error: RangeError, message: 'take: indices[1] is 0.5; expected an integer within 32 bits.' },
    { call: () => t.take(x23, [nan]), error: RangeError, message: 'take: indices[0] is NaN; expected an integer within 32 bits.' },
    { call: () => t.take(x23, ints([[0]])), error: ShapeError, message: 'take: indices must be 1-D; got [1, 1]. Pass one integer per row.' },
    { call: () => t.take(x23, untyped(t.zeros([1]))), error: TypeError, message: 'take: indices must be an Int32Array, Uint8Array or number[]; a float Tensor cannot hold ids above 2^24 exactly. Use Int32Array.from(...).' },
    { call: () => t.take(t.zeros([1, 2 ** 16]), new Int32Array(2 ** 15)), error: ShapeError, message: 'take: the shape has more elements than a tensor can hold; got [32768, 65536]. Use smaller lengths: at most 2147483647 elements in all.' },
  ], pytorch: ({ x }, { indices, ...options }) => t.take(x, indices, options) },
  gather: { cases: [
    { name: 'along rows', inputs: [normal([2, 3])], fn: (x) => t.gather(x, index23, { axis: 1 }), shape: [2, 3], oracle: ([i, j], x) => x(i, rows[i][j]) },
    { name: 'along columns, by default', inputs: [normal([3, 4])], fn: (x) => t.gather(x, index23), shape: [2, 3], oracle: ([i, j], x) => x(rows[i][j], j) },
    { name: 'longer than the axis', inputs: [normal([3])], fn: (x) => t.gather(x, vector), shape: [4], oracle: ([i], x) => x([2, 0, 2, 2][i]) },
    { name: 'a part of the middle', inputs: [normal([2, 3, 2])], fn: (x) => t.gather(x, ints([[[2], [0]]]), { axis: -2 }), shape: [1, 2, 1], oracle: ([, j], x) => x(0, [2, 0][j], 0) },
    { name: 'none', inputs: [normal([2, 3])], fn: (x) => t.gather(x, ints([[], []]), { axis: 1 }), shape: [2, 0], oracle: () => 0 },
  ], edges: [
    { edge: 'empty', inputs: [[1, 2]], fn: (x) => t.gather(x, ints([])), value: [], gradients: [[0, 0]] },
    { edge: 'NaN', inputs: [[nan, 1, inf]], fn: (x) => t.gather(x, vector), value: [inf, nan, inf, inf], gradients: [[1, 0, 3]] },
    { edge: 'denormal', inputs: [[1e-45, 1e-40]], fn: (x) => t.gather(x, ints([1, 0])), value: [1e-40, 1e-45], gradients: [[1, 1]] },
  ], refuses: refusals('gather', (axis, index, x = x23) => t.gather(x, index, { axis })),
  pytorch: ({ x }, { index, ...options }) => t.gather(x, ints(index), options) },
  scatterAdd: { cases: [
    { name: 'along rows', inputs: [normal([2, 3]), normal([2, 3])], fn: (x, s) => t.scatterAdd(x, index23, s, { axis: 1 }), shape: [2, 3], oracle: ([i, j], x, s) => x(i, j) + total(3, (k) => (rows[i][k] === j ? s(i, k) : 0)) },
    { name: 'along columns, of a larger source', inputs: [normal([3, 4]), normal([3, 3])], fn: (x, s) => t.scatterAdd(x, index23, s), shape: [3, 4], oracle: ([i, j], x, s) => x(i, j) + (j < 3 ? total(2, (k) => (rows[k][j] === i ? s(k, j) : 0)) : 0) },
    { name: 'longer than the axis', inputs: [normal([3]), normal([4])], fn: (x, s) => t.scatterAdd(x, vector, s), shape: [3], oracle: ([i], x, s) => x(i) + total(4, (k) => ([2, 0, 2, 2][k] === i ? s(k) : 0)) },
    { name: 'none', inputs: [normal([2]), normal([3])], fn: (x, s) => t.scatterAdd(x, ints([]), s), shape: [2], oracle: ([i], x) => x(i) },
  ], edges: [
    { edge: 'empty', inputs: [[], []], fn: (x, s) => t.scatterAdd(x, ints([]), s), value: [], gradients: [[], []] },
    { edge: 'huge', inputs: [[0, 0], [3e38, 3e38, -3e38]], fn: (x, s) => t.scatterAdd(x, ints([0, 0, 0]), s), value: [3e38, 0], gradients: [[1, 1], [1, 1, 1]] },
    { edge: 'NaN', inputs: [[0, 1, 2], [nan, inf, 5]], fn: (x, s) => t.scatterAdd(x, ints([0, 2]), s), value: [nan, 1, inf], gradients: [[1, 1, 1], [1, 1, 0]] },
    { edge: 'denormal', inputs: [[1e-45], [1e-45]], fn: (x, s) => t.scatterAdd(x, ints([0]), s), value: [2.8e-45], gradients: [[1], [1]] },
  ], refuses: [
    ...refusals('scatterAdd', (axis, index, x = x23) => t.scatterAdd(x, index, t.zeros([2, 3]), { axis })),
    ...[[3, 2], [1, 3], [6], [2, 3, 1]].map((shape): Refusal => ({
      call: () => t.scatterAdd(x23, index23, t.zeros(shape), { axis: 1 }),
      error: ShapeError,
      message: `scatterAdd: source has no entry for every index; got [2, 3] and [${shape.join(', ')}]. Each axis of source must be at least as long as that of index.`,
    })),
  ], pytorch: ({ x, source }, { index, ...options }) => t.scatterAdd(x, ints(index), source, options) },
  oneHot: { cases: [
    { name: 'a list', inputs: [], fn: () => t.oneHot([2, 0], 3), shape: [2, 3], oracle: ([i, c]) => Number(c === [2, 0][i]) },
    { name: 'bytes', inputs: [], fn: () => t.oneHot(Uint8Array.of(1), 2), shape: [1, 2], oracle: ([, c]) => c },
    { name: 'of two axes', inputs: [], fn: () => t.oneHot(index23, 4), shape: [2, 3, 4], oracle: ([i, j, c]) => Number(c === rows[i][j]) },
    { name: 'one number', inputs: [], fn: () => t.oneHot(ints(1), 2), shape: [2], oracle: ([c]) => c },
  ], edges: [
    { edge: 'empty', inputs: [], fn: () => t.oneHot([], 3), value: [], shape: [0, 3] },
    { edge: 'scalar', inputs: [], fn: () => t.oneHot([0, 0], 1), value: [[1], [1]] },
  ], refuses: [
    ...[0, -1, 1.5, nan].map((classes): Refusal => ({
      call: () => t.oneHot([0], classes),
      error: RangeError,
      message: `oneHot: classes must be an integer of at least 1; got ${classes}.`,
    })),
    { call: () => t.oneHot([0, 3], 3), error: RangeError, message: 'oneHot: indices[1] is 3, outside the 3 classes. Use 0 to 2, or more classes.' },
    { call: () => t.oneHot([-1], 3), error: RangeError, message: 'oneHot: indices[0] is -1, outside the 3 classes. Use 0 to 2, or more classes.' },
    { call: () => t.oneHot(index23, 2), error: RangeError, message: 'oneHot: indices[0, 0] is 2, outside the 2 classes. Use 0 to 1, or more classes.' },
    { call: () => t.oneHot([0.5], 3), error: RangeError, message: 'oneHot: indices[0] is 0.5; expected an integer within 32 bits.' },
    { call: () => t.oneHot(untyped(t.zeros([2])), 3), error: TypeError, message: 'oneHot: indices must be an Int32Array, Uint8Array or number[]; a float Tensor cannot hold ids above 2^24 exactly. Use Int32Array.from(...).' },
    { call: () => t.oneHot(new Int32Array(2 ** 16), 2 ** 15), error: ShapeError, message: 'oneHot: the shape has more elements than a tensor can hold; got [65536, 32768]. Use smaller lengths: at most 2147483647 elements in all.' },
  ], noGradient: 'indices are integers', pytorch: (_, { indices, classes }) => t.oneHot(ints(indices), classes) },
} satisfies Record<string, Row>;
