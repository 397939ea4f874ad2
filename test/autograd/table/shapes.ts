import * as t from '../../../src/portable.ts';
import { draws, type Refusal, type Row, total } from './row.ts';

const { normal } = draws('shapes');
const { ShapeError } = t;
const [nan, inf] = [Number.NaN, Infinity];
const tooLarge = (op: string, shape: string): string =>
  `${op}: the shape has more elements than a tensor can hold; got ${shape}. Use smaller lengths: at most 2147483647 elements in all.`;
const noLength = (op: string, shape: string): string =>
  `${op}: every length must be a non-negative integer; got ${shape}. Check how the shape was computed.`;
const noFill = (got: string): string => `reshape: 6 elements do not fill the new shape; got [2, 3] and ${got}. Both must hold equally many elements.`;
const noBroadcast = (op: string, small: string, large: string): string =>
  `${op}: the smaller shape does not broadcast to the larger; got ${small} and ${large}. Align them at the right; each length of the smaller must be equal or 1.`;

/** Refusals of an axis, and of an axis given twice where several may be, by an op called on [2, 3]. */
const axes = (op: string, call: (axis: number) => unknown, list?: (axes: number[]) => unknown): Refusal[] => [
  ...[2, -3, 0.5, nan].map((axis): Refusal => ({
    call: () => call(axis),
    error: ShapeError,
    message: `${op}: axis ${axis} is not an axis of the tensor; got [2, 3]. Use -2 to 1.`,
  })),
  ...(list === undefined ? [] : [{ call: () => list([1, -1]), error: ShapeError, message: `${op}: an axis is listed twice in [1, -1]; got [2, 3]. List each axis once.` }]),
];

const x23 = t.zeros([2, 3]);
const scalar = t.tensor(7);

export const shapes = {
  reshape: { cases: [
    { name: 'explicit', inputs: [normal([2, 6])], fn: (x) => t.reshape(x, [3, 4]), shape: [3, 4], oracle: ([i, j], x) => x(Math.floor((4 * i + j) / 6), (4 * i + j) % 6) },
    { name: 'inferred', inputs: [normal([4])], fn: (x) => t.reshape(x, [-1, 2]), shape: [2, 2], oracle: ([i, j], x) => x(2 * i + j) },
  ], edges: [
    { edge: 'scalar', inputs: [scalar], fn: (x) => t.reshape(x, [1, 1]), value: [[7]], gradients: [1] },
    { edge: 'scalar', inputs: [[[7]]], fn: (x) => t.reshape(x, []), value: 7, gradients: [[[1]]] },
    { edge: 'scalar', inputs: [scalar], fn: (x) => t.reshape(x, [-1]), value: [7], gradients: [1] },
    { edge: 'empty', inputs: [t.zeros([0, 3])], fn: (x) => t.reshape(x, [2, 0]), value: [], shape: [2, 0], gradients: [[]] },
    { edge: 'empty', inputs: [t.zeros([0, 3])], fn: (x) => t.reshape(x, [-1, 3]), value: [], shape: [0, 3] },
    { edge: 'NaN', inputs: [[nan, inf, -inf, 1e-45]], fn: (x) => t.reshape(x, [2, 2]), value: [[nan, inf], [-inf, 1e-45]], gradients: [[1, 1, 1, 1]] },
  ], refuses: [
    { call: () => t.reshape(x23, [4]), error: ShapeError, message: noFill('[4]') },
    { call: () => t.reshape(x23, []), error: ShapeError, message: noFill('[]') },
    { call: () => t.reshape(x23, [4, -1]), error: ShapeError, message: noFill('[4, -1]') },
    { call: () => t.reshape(x23, [0, 3]), error: ShapeError, message: noFill('[0, 3]') },
    { call: () => t.reshape(x23, [-2, -3]), error: ShapeError, message: noFill('[-2, -3]') },
    { call: () => t.reshape(x23, [1.5, 4]), error: ShapeError, message: noFill('[1.5, 4]') },
    { call: () => t.reshape(x23, [2 ** 40, 2 ** 40]), error: ShapeError, message: noFill('[1099511627776, 1099511627776]') },
    { call: () => t.reshape(x23, [-1, -1]), error: ShapeError, message: 'reshape: only one length may be -1; got [2, 3] and [-1, -1]. Write out the others.' },
    { call: () => t.reshape(t.zeros([0]), [0, -1]), error: ShapeError, message: 'reshape: beside a length 0, -1 could be any; got [0] and [0, -1]. Write it out.' },
    { call: () => t.reshape(t.zeros([0]), [-1, 0]), error: ShapeError, message: 'reshape: beside a length 0, -1 could be any; got [0] and [-1, 0]. Write it out.' },
  ], pytorch: ({ x }, { shape }) => t.reshape(x, shape) },
  flatten: { cases: [
    { name: 'images', inputs: [normal([2, 2, 3])], fn: t.flatten, shape: [2, 6], oracle: ([n, i], x) => x(n, Math.floor(i / 3), i % 3) },
    { name: 'numbers', inputs: [normal([2])], fn: t.flatten, shape: [2, 1], oracle: ([n], x) => x(n) },
  ], edges: [
    { edge: 'empty', inputs: [t.zeros([0, 2, 3])], fn: t.flatten, value: [], shape: [0, 6], gradients: [[]] },
    { edge: 'empty', inputs: [t.zeros([2, 0, 3])], fn: t.flatten, value: [[], []], gradients: [[]] },
    { edge: 'NaN', inputs: [[[[nan], [inf]]]], fn: t.flatten, value: [[nan, inf]], gradients: [[1, 1]] },
  ], refuses: [
    { call: () => t.flatten(scalar), error: ShapeError, message: 'flatten: a scalar has no batch axis; got []. Use reshape(x, [1]).' },
  ], pytorch: ({ x }) => t.flatten(x) },
  squeeze: { cases: [
    { name: 'all', inputs: [normal([1, 2, 1, 3])], fn: (x) => t.squeeze(x), shape: [2, 3], oracle: ([i, j], x) => x(0, i, 0, j) },
    { name: 'one axis', inputs: [normal([1, 2, 1])], fn: (x) => t.squeeze(x, { axis: -1 }), shape: [1, 2], oracle: ([, i], x) => x(0, i, 0) },
    { name: 'a list, with one that stays', inputs: [normal([1, 2, 1, 1])], fn: (x) => t.squeeze(x, { axis: [0, 1, -1] }), shape: [2, 1], oracle: ([i], x) => x(0, i, 0, 0) },
    { name: 'none', inputs: [normal([1, 2])], fn: (x) => t.squeeze(x, { axis: [] }), shape: [1, 2], oracle: ([, i], x) => x(0, i) },
  ], edges: [
    { edge: 'scalar', inputs: [scalar], fn: (x) => t.squeeze(x), value: 7, gradients: [1] },
    { edge: 'scalar', inputs: [[[7]]], fn: (x) => t.squeeze(x), value: 7, gradients: [[[1]]] },
    { edge: 'empty', inputs: [t.zeros([1, 0])], fn: (x) => t.squeeze(x), value: [], gradients: [[[]]] },
    { edge: 'NaN', inputs: [[[nan, inf]]], fn: (x) => t.squeeze(x), value: [nan, inf], gradients: [[[1, 1]]] },
  ], refuses: [
    ...axes('squeeze', (axis) => t.squeeze(x23, { axis }), (axis) => t.squeeze(x23, { axis })),
    { call: () => t.squeeze(scalar, { axis: 0 }), error: ShapeError, message: 'squeeze: axis 0 is not an axis of the tensor; got []. A scalar has no axes.' },
  ], pytorch: ({ x }, options) => t.squeeze(x, options) },
  unsqueeze: { cases: [
    { name: 'inside', inputs: [normal([2, 3])], fn: (x) => t.unsqueeze(x, 1), shape: [2, 1, 3], oracle: ([i, , j], x) => x(i, j) },
    { name: 'from the end', inputs: [normal([2, 3])], fn: (x) => t.unsqueeze(x, -1), shape: [2, 3, 1], oracle: ([i, j], x) => x(i, j) },
    { name: 'a list counts in the result', inputs: [normal([2, 3])], fn: (x) => t.unsqueeze(x, [-2, 0]), shape: [1, 2, 1, 3], oracle: ([, i, , j], x) => x(i, j) },
    { name: 'none', inputs: [normal([2])], fn: (x) => t.unsqueeze(x, []), shape: [2], oracle: ([i], x) => x(i) },
  ], edges: [
    { edge: 'scalar', inputs: [scalar], fn: (x) => t.unsqueeze(x, 0), value: [7], gradients: [1] },
    { edge: 'empty', inputs: [[]], fn: (x) => t.unsqueeze(x, 0), value: [[]], gradients: [[]] },
    { edge: 'NaN', inputs: [[nan, inf]], fn: (x) => t.unsqueeze(x, 1), value: [[nan], [inf]], gradients: [[1, 1]] },
  ], refuses: [
    ...[3, -4, 0.5, nan].map((axis): Refusal => ({
      call: () => t.unsqueeze(x23, axis),
      error: ShapeError,
      message: `unsqueeze: [${axis}] are not different axes of the result, which has 3; got [2, 3]. Use -3 to 2, each once.`,
    })),
    { call: () => t.unsqueeze(x23, [0, -4]), error: ShapeError, message: 'unsqueeze: [0, -4] are not different axes of the result, which has 4; got [2, 3]. Use -4 to 3, each once.' },
  ], pytorch: ({ x }, { axis }) => t.unsqueeze(x, axis) },
  transpose: { cases: [
    { name: 'matrix', inputs: [normal([2, 3])], fn: (x) => t.transpose(x), shape: [3, 2], oracle: ([i, j], x) => x(j, i) },
    { name: 'order', inputs: [normal([2, 3, 4])], fn: (x) => t.transpose(x, [1, 2, 0]), shape: [3, 4, 2], oracle: ([i, j, k], x) => x(k, i, j) },
    { name: 'from the end', inputs: [normal([2, 3, 2])], fn: (x) => t.transpose(x, [0, -1, 1]), shape: [2, 2, 3], oracle: ([i, j, k], x) => x(i, k, j) },
  ], edges: [
    { edge: 'scalar', inputs: [scalar], fn: (x) => t.transpose(x), value: 7, gradients: [1] },
    { edge: 'empty', inputs: [t.zeros([2, 0])], fn: (x) => t.transpose(x), value: [], shape: [0, 2], gradients: [[]] },
    { edge: 'NaN', inputs: [[[nan, inf], [1e-45, -inf]]], fn: (x) => t.transpose(x), value: [[nan, 1e-45], [inf, -inf]], gradients: [[[1, 1], [1, 1]]] },
  ], refuses: [
    ...axes('transpose', (axis) => t.transpose(x23, [0, axis])),
    ...[[0], [0, 1, 0], [0, 0], [0, -2]].map((order): Refusal => ({
      call: () => t.transpose(x23, order),
      error: ShapeError,
      message: `transpose: [${order.map((a) => (a < 0 ? a + 2 : a)).join(', ')}] is not an order of the axes; got [2, 3]. List every axis once.`,
    })),
  ], pytorch: ({ x }, { axes: order }) => t.transpose(x, order) },
  flip: { cases: [
    { name: 'all', inputs: [normal([2, 3])], fn: (x) => t.flip(x), shape: [2, 3], oracle: ([i, j], x) => x(1 - i, 2 - j) },
    { name: 'rows', inputs: [normal([3, 2])], fn: (x) => t.flip(x, { axis: 0 }), shape: [3, 2], oracle: ([i, j], x) => x(2 - i, j) },
    { name: 'outer and inner', inputs: [normal([2, 2, 3])], fn: (x) => t.flip(x, { axis: [-1, 0] }), shape: [2, 2, 3], oracle: ([i, j, k], x) => x(1 - i, j, 2 - k) },
    { name: 'long rows', inputs: [normal([2, 50])], fn: (x) => t.flip(x, { axis: 1 }), shape: [2, 50], oracle: ([i, j], x) => x(i, 49 - j) },
    { name: 'none', inputs: [normal([2])], fn: (x) => t.flip(x, { axis: [] }), shape: [2], oracle: ([i], x) => x(i) },
  ], edges: [
    { edge: 'scalar', inputs: [scalar], fn: (x) => t.flip(x), value: 7, gradients: [1] },
    { edge: 'empty', inputs: [t.zeros([2, 0])], fn: (x) => t.flip(x), value: [[], []], gradients: [[]] },
    { edge: 'NaN', inputs: [[nan, inf, 1e-45]], fn: (x) => t.flip(x), value: [1e-45, inf, nan], gradients: [[1, 1, 1]] },
  ], refuses: axes('flip', (axis) => t.flip(x23, { axis }), (axis) => t.flip(x23, { axis })),
  pytorch: ({ x }, options) => t.flip(x, options) },
  expand: { cases: [
    { name: 'column', inputs: [normal([2, 1])], fn: (x) => t.expand(x, [3, 2, 4]), shape: [3, 2, 4], oracle: ([, i], x) => x(i, 0) },
    { name: 'scalar', inputs: [normal([])], fn: (x) => t.expand(x, [2, 2]), shape: [2, 2], oracle: (_, x) => x() },
  ], edges: [
    { edge: 'empty', inputs: [[5]], fn: (x) => t.expand(x, [2, 0]), value: [[], []], gradients: [[0]] },
    { edge: 'empty', inputs: [t.zeros([0, 1])], fn: (x) => t.expand(x, [0, 3]), value: [], shape: [0, 3], gradients: [[]] },
    { edge: 'NaN', inputs: [[[nan], [-inf]]], fn: (x) => t.expand(x, [2, 2]), value: [[nan, nan], [-inf, -inf]], gradients: [[[2], [2]]] },
    { edge: 'denormal', inputs: [1e-45], fn: (x) => t.expand(x, [3]), value: [1e-45, 1e-45, 1e-45], gradients: [3] },
  ], refuses: [
    { call: () => t.expand(x23, [2, 4]), error: ShapeError, message: noBroadcast('expand', '[2, 3]', '[2, 4]') },
    { call: () => t.expand(x23, [3]), error: ShapeError, message: noBroadcast('expand', '[2, 3]', '[3]') },
    { call: () => t.expand(t.zeros([1]), []), error: ShapeError, message: noBroadcast('expand', '[1]', '[]') },
    { call: () => t.expand(t.zeros([1]), [-1]), error: ShapeError, message: noLength('expand', '[-1]') },
    { call: () => t.expand(t.zeros([1]), [2.5]), error: ShapeError, message: noLength('expand', '[2.5]') },
    { call: () => t.expand(t.zeros([1]), [2 ** 30, 2 ** 30]), error: ShapeError, message: tooLarge('expand', '[1073741824, 1073741824]') },
    { call: () => t.expand(t.zeros([1]), [2 ** 31]), error: ShapeError, message: tooLarge('expand', '[2147483648]') },
  ], pytorch: ({ x }, { shape }) => t.expand(x, shape) },
  sumTo: { cases: [
    { name: 'to a column', inputs: [normal([3, 2, 4])], fn: (x) => t.sumTo(x, [2, 1]), shape: [2, 1], oracle: ([i], x) => total(3, (n) => total(4, (k) => x(n, i, k))) },
    { name: 'to a scalar', inputs: [normal([3, 2])], fn: (x) => t.sumTo(x, []), shape: [], oracle: (_, x) => total(3, (i) => total(2, (j) => x(i, j))) },
  ], edges: [
    { edge: 'empty', inputs: [t.zeros([0, 2])], fn: (x) => t.sumTo(x, [1, 2]), value: [[0, 0]], gradients: [[]] },
    { edge: 'NaN', inputs: [[[nan, 1, inf], [0, 2, -inf]]], fn: (x) => t.sumTo(x, [3]), value: [nan, 3, nan], gradients: [[[1, 1, 1], [1, 1, 1]]] },
    { edge: 'huge', inputs: [[3e38, 3e38, -3e38]], fn: (x) => t.sumTo(x, []), value: 3e38, gradients: [[1, 1, 1]] },
    { edge: 'denormal', inputs: [[1e-45, 1e-45]], fn: (x) => t.sumTo(x, [1]), value: [2.8e-45], gradients: [[1, 1]] },
  ], refuses: [
    { call: () => t.sumTo(x23, [2]), error: ShapeError, message: noBroadcast('sumTo', '[2]', '[2, 3]') },
    { call: () => t.sumTo(x23, [1, 2, 3]), error: ShapeError, message: noBroadcast('sumTo', '[1, 2, 3]', '[2, 3]') },
    { call: () => t.sumTo(scalar, [1]), error: ShapeError, message: noBroadcast('sumTo', '[1]', '[]') },
    { call: () => t.sumTo(x23, [-1]), error: ShapeError, message: noBroadcast('sumTo', '[-1]', '[2, 3]') },
  ], pytorch: ({ x }, { shape }) => t.sumTo(x, shape) },
  repeat: { cases: [
    { name: 'tiles', inputs: [normal([2, 3])], fn: (x) => t.repeat(x, [3, 2]), shape: [6, 6], oracle: ([i, j], x) => x(i % 2, j % 3) },
    { name: 'leading axes', inputs: [normal([2])], fn: (x) => t.repeat(x, [2, 3, 2]), shape: [2, 3, 4], oracle: ([, , i], x) => x(i % 2) },
    { name: 'once', inputs: [normal([2, 2])], fn: (x) => t.repeat(x, [1, 1]), shape: [2, 2], oracle: ([i, j], x) => x(i, j) },
  ], edges: [
    { edge: 'scalar', inputs: [scalar], fn: (x) => t.repeat(x, []), value: 7, gradients: [1] },
    { edge: 'scalar', inputs: [scalar], fn: (x) => t.repeat(x, [2]), value: [7, 7], gradients: [2] },
    { edge: 'empty', inputs: [[1, 2]], fn: (x) => t.repeat(x, [2, 0]), value: [[], []], gradients: [[0, 0]] },
    { edge: 'empty', inputs: [[]], fn: (x) => t.repeat(x, [3]), value: [], gradients: [[]] },
    { edge: 'NaN', inputs: [[nan, inf]], fn: (x) => t.repeat(x, [2]), value: [nan, inf, nan, inf], gradients: [[2, 2]] },
  ], refuses: [
    { call: () => t.repeat(x23, [2]), error: ShapeError, message: 'repeat: 1 counts for 2 axes; got [2, 3]. Give one count an axis, 1 for those that stay.' },
    { call: () => t.repeat(x23, [1, -1]), error: RangeError, message: 'repeat: times[1] must be an integer of at least 0; got -1.' },
    { call: () => t.repeat(x23, [1.5, 1]), error: RangeError, message: 'repeat: times[0] must be an integer of at least 0; got 1.5.' },
    { call: () => t.repeat(x23, [nan, 1]), error: RangeError, message: 'repeat: times[0] must be an integer of at least 0; got NaN.' },
    { call: () => t.repeat(x23, [2 ** 30, 1]), error: ShapeError, message: tooLarge('repeat', '[2147483648, 3]') },
    { call: () => t.repeat(x23, [2 ** 30, 2 ** 30, 1, 1]), error: ShapeError, message: tooLarge('repeat', '[1073741824, 1073741824, 2, 3]') },
  ], pytorch: ({ x }, { times }) => t.repeat(x, times) },
  slice: { cases: [
    { name: 'ranges', inputs: [normal([4, 5])], fn: (x) => t.slice(x, [[1, 3], [-3, 5]]), shape: [2, 3], oracle: ([i, j], x) => x(1 + i, 2 + j) },
    { name: 'steps', inputs: [normal([5, 2])], fn: (x) => t.slice(x, [[0, 5, 2]]), shape: [3, 2], oracle: ([i, j], x) => x(2 * i, j) },
    { name: 'steps that end early', inputs: [normal([2, 8])], fn: (x) => t.slice(x, [[0, 2], [1, -1, 4]]), shape: [2, 2], oracle: ([i, j], x) => x(i, 1 + 4 * j) },
    { name: 'nothing', inputs: [normal([5, 2])], fn: (x) => t.slice(x, [[2, 2]]), shape: [0, 2], oracle: () => 0 },
  ], edges: [
    { edge: 'scalar', inputs: [scalar], fn: (x) => t.slice(x, []), value: 7, gradients: [1] },
    { edge: 'empty', inputs: [[1, 2]], fn: (x) => t.slice(x, [[2, 2]]), value: [], gradients: [[0, 0]] },
    { edge: 'empty', inputs: [[]], fn: (x) => t.slice(x, [[0, 0]]), value: [], gradients: [[]] },
    { edge: 'NaN', inputs: [[1, nan, inf]], fn: (x) => t.slice(x, [[1, 3]]), value: [nan, inf], gradients: [[0, 1, 1]] },
  ], refuses: [
    { call: () => t.slice(x23, [[0, 2], [0, 3], [0, 1]]), error: ShapeError, message: 'slice: 3 ranges for 2 axes; got [2, 3]. Give at most one range an axis.' },
    ...([[0, 4], [-4, 3], [2, 1], [0, 2.5], [nan, 3], [0, 3, 0], [0, 3, -1], [0, 3, 1.5]] as const).map((range): Refusal => ({
      call: () => t.slice(x23, [[0, 2], range]),
      error: RangeError,
      message: `slice: [${[...range, 1].slice(0, 3).join(', ')}] is not a range of axis 1, which has length 3. Use 0 <= start <= stop <= 3 and a step of 1 or more.`,
    })),
  ], pytorch: ({ x }, { ranges }) => t.slice(x, ranges) },
  split: { cases: [
    { name: 'a ragged last', inputs: [normal([5, 2])], fn: (x) => t.split(x, 2)[2], shape: [1, 2], oracle: ([, j], x) => x(4, j) },
    { name: 'several', inputs: [normal([2, 5])], fn: (x) => { const [a, b] = t.split(x, 2, { axis: -1 }); return t.mul(a, b); }, shape: [2, 2], oracle: ([i, j], x) => x(i, j) * x(i, 2 + j) },
    { name: 'a list', inputs: [normal([2, 3, 2])], fn: (x) => t.split(x, [1, 0, 2], { axis: 1 })[2], shape: [2, 2, 2], oracle: ([i, j, k], x) => x(i, 1 + j, k) },
    { name: 'an empty part', inputs: [normal([3])], fn: (x) => t.split(x, [1, 0, 2])[1], shape: [0], oracle: () => 0 },
    { name: 'longer than the axis', inputs: [normal([3])], fn: (x) => t.split(x, 7)[0], shape: [3], oracle: ([i], x) => x(i) },
  ], edges: [
    { edge: 'empty', inputs: [t.zeros([2, 0])], fn: (x) => { const parts = t.split(x, 3, { axis: 1 }); return t.concat(parts); }, value: [[], []], gradients: [[]] },
    { edge: 'NaN', inputs: [[nan, 1, inf]], fn: (x) => t.split(x, [1, 2])[1], value: [1, inf], gradients: [[0, 1, 1]] },
  ], refuses: [
    ...axes('split', (axis) => t.split(x23, 1, { axis })),
    { call: () => t.split(scalar, 1), error: ShapeError, message: 'split: axis 0 is not an axis of the tensor; got []. A scalar has no axes.' },
    { call: () => t.split(x23, 0), error: RangeError, message: 'split: size must be an integer of at least 1; got 0.' },
    { call: () => t.split(x23, 1.5), error: RangeError, message: 'split: size must be an integer of at least 1; got 1.5.' },
    { call: () => t.split(x23, [1, 1, 2], { axis: 1 }), error: ShapeError, message: 'split: sizes add up to 4, axis 1 has length 3; got [2, 3]. Mend the sizes, or pass one number for parts of equal length.' },
    { call: () => t.split(x23, []), error: ShapeError, message: 'split: sizes add up to 0, axis 0 has length 2; got [2, 3]. Mend the sizes, or pass one number for parts of equal length.' },
    { call: () => t.split(x23, [3, -1]), error: RangeError, message: 'split: sizes[1] must be an integer of at least 0; got -1.' },
    { call: () => t.split(x23, [0.5, 1.5]), error: RangeError, message: 'split: sizes[0] must be an integer of at least 0; got 0.5.' },
  ], pytorch: ({ x }, { sizes, axis, part }) => t.split(x, sizes, { axis })[part] },
  concat: { cases: [
    { name: 'rows', inputs: [normal([2, 3]), normal([1, 3])], fn: (a, b) => t.concat([a, b]), shape: [3, 3], oracle: ([i, j], a, b) => (i < 2 ? a(i, j) : b(0, j)) },
    { name: 'axis 1', inputs: [normal([2, 1, 2]), normal([2, 0, 2]), normal([2, 2, 2])], fn: (...xs) => t.concat(xs, { axis: 1 }), shape: [2, 3, 2], oracle: ([i, j, k], a, _, c) => (j < 1 ? a(i, j, k) : c(i, j - 1, k)) },
    { name: 'long rows', inputs: [normal([2, 40]), normal([2, 3])], fn: (a, b) => t.concat([b, a, b], { axis: 1 }), shape: [2, 46], oracle: ([i, j], a, b) => (j < 3 ? b(i, j) : j < 43 ? a(i, j - 3) : b(i, j - 43)) },
    { name: 'one tensor twice', inputs: [normal([2, 1])], fn: (x) => t.concat([x, x], { axis: -1 }), shape: [2, 2], oracle: ([i], x) => x(i, 0) },
  ], edges: [
    { edge: 'empty', inputs: [[], []], fn: (...xs) => t.concat(xs), value: [], gradients: [[], []] },
    { edge: 'empty', inputs: [t.zeros([2, 0]), t.zeros([1, 0])], fn: (...xs) => t.concat(xs), value: [[], [], []], gradients: [[], []] },
    { edge: 'NaN', inputs: [[nan], [inf, 1e-45]], fn: (...xs) => t.concat(xs), value: [nan, inf, 1e-45], gradients: [[1], [1, 1]] },
  ], refuses: [
    ...axes('concat', (axis) => t.concat([x23, x23], { axis })),
    { call: () => t.concat([]), error: RangeError, message: 'concat: the list of tensors is empty. Pass at least one tensor.' },
    { call: () => t.concat([scalar, scalar]), error: ShapeError, message: 'concat: axis 0 is not an axis of the tensor; got []. A scalar has no axes.' },
    { call: () => t.concat([x23, t.zeros([2, 2])]), error: ShapeError, message: 'concat: lengths differ on an axis other than 0; got [2, 3] and [2, 2]. Only the joined axis may differ.' },
    { call: () => t.concat([x23, t.zeros([3])]), error: ShapeError, message: 'concat: lengths differ on an axis other than 0; got [2, 3] and [3]. Only the joined axis may differ.' },
    { call: () => t.concat(new Array<t.Tensor>(2048).fill(t.zeros([2 ** 20]))), error: ShapeError, message: tooLarge('concat', '[2147483648]') },
  ], pytorch: ({ a, b, c }, options) => t.concat([a, b, c], options) },
  stack: { cases: [
    { name: 'rows', inputs: [normal([2]), normal([2]), normal([2])], fn: (...xs) => t.stack(xs), shape: [3, 2], oracle: ([n, i], ...xs) => xs[n](i) },
    { name: 'axis 1', inputs: [normal([2, 3]), normal([2, 3])], fn: (...xs) => t.stack(xs, { axis: 1 }), shape: [2, 2, 3], oracle: ([i, n, j], ...xs) => xs[n](i, j) },
    { name: 'last axis', inputs: [normal([2, 3]), normal([2, 3])], fn: (...xs) => t.stack(xs, { axis: -1 }), shape: [2, 3, 2], oracle: ([i, j, n], ...xs) => xs[n](i, j) },
  ], edges: [
    { edge: 'scalar', inputs: [1, 2], fn: (...xs) => t.stack(xs), value: [1, 2], gradients: [1, 1] },
    { edge: 'empty', inputs: [[], []], fn: (...xs) => t.stack(xs), value: [[], []], gradients: [[], []] },
    { edge: 'NaN', inputs: [[nan], [-inf]], fn: (...xs) => t.stack(xs), value: [[nan], [-inf]], gradients: [[1], [1]] },
  ], refuses: [
    { call: () => t.stack([]), error: RangeError, message: 'stack: the list of tensors is empty. Pass at least one tensor.' },
    { call: () => t.stack([x23, t.zeros([3, 2])]), error: ShapeError, message: 'stack: the shapes differ; got [2, 3] and [3, 2]. Use concat() for tensors that differ along the joined axis.' },
    { call: () => t.stack([scalar, t.zeros([1])]), error: ShapeError, message: 'stack: the shapes differ; got [] and [1]. Use concat() for tensors that differ along the joined axis.' },
    ...[3, -4, 0.5].map((axis): Refusal => ({
      call: () => t.stack([x23, x23], { axis }),
      error: ShapeError,
      message: `stack: [${axis}] are not different axes of the result, which has 3; got [2, 3]. Use -3 to 2, each once.`,
    })),
    { call: () => t.stack(new Array<t.Tensor>(2048).fill(t.zeros([2 ** 20]))), error: ShapeError, message: tooLarge('stack', '[2048, 1048576]') },
  ], pytorch: ({ a, b }, options) => t.stack([a, b], options) },
  pad: { cases: [
    { name: 'both axes', inputs: [normal([2, 3])], fn: (x) => t.pad(x, [[1, 0], [2, 1]]), shape: [3, 6], oracle: ([i, j], x) => (i >= 1 && j >= 2 && j < 5 ? x(i - 1, j - 2) : 0) },
    { name: 'a value', inputs: [normal([3])], fn: (x) => t.pad(x, [[1, 2]], { value: -2.5 }), shape: [6], oracle: ([i], x) => (i >= 1 && i < 4 ? x(i - 1) : -2.5) },
    { name: 'the first axis alone', inputs: [normal([2, 2])], fn: (x) => t.pad(x, [[0, 1]], { value: 1 }), shape: [3, 2], oracle: ([i, j], x) => (i < 2 ? x(i, j) : 1) },
    { name: 'none', inputs: [normal([2, 2])], fn: (x) => t.pad(x, []), shape: [2, 2], oracle: ([i, j], x) => x(i, j) },
    { name: 'long rows', inputs: [normal([2, 40])], fn: (x) => t.pad(x, [[0, 0], [1, 1]]), shape: [2, 42], oracle: ([i, j], x) => (j >= 1 && j < 41 ? x(i, j - 1) : 0) },
  ], edges: [
    { edge: 'scalar', inputs: [scalar], fn: (x) => t.pad(x, []), value: 7, gradients: [1] },
    { edge: 'empty', inputs: [[]], fn: (x) => t.pad(x, [[1, 1]], { value: 3 }), value: [3, 3], gradients: [[]] },
    { edge: 'NaN', inputs: [[nan]], fn: (x) => t.pad(x, [[0, 1]]), value: [nan, 0], gradients: [[1]] },
    { edge: 'NaN', inputs: [[1]], fn: (x) => t.pad(x, [[0, 1]], { value: nan }), value: [1, nan], gradients: [[1]] },
    { edge: 'infinity', inputs: [[1]], fn: (x) => t.pad(x, [[1, 0]], { value: -inf }), value: [-inf, 1], gradients: [[1]] },
  ], refuses: [
    { call: () => t.pad(x23, [[0, 0], [0, 0], [1, 1]]), error: ShapeError, message: 'pad: 3 pairs for 2 axes; got [2, 3]. Give at most one pair an axis, the first axis first.' },
    ...[[-1, 0], [0, 0.5], [0, nan]].map((pair): Refusal => ({
      call: () => t.pad(x23, [[0, 0], [pair[0], pair[1]]]),
      error: RangeError,
      message: `pad: the padding of axis 1 is [${pair.join(', ')}]; expected [before, after], two integers of at least 0. slice() removes entries.`,
    })),
    { call: () => t.pad(x23, [[2 ** 31, 0]]), error: ShapeError, message: tooLarge('pad', '[2147483650, 3]') },
    { call: () => t.pad(x23, [[2 ** 52, 2 ** 52], [2 ** 52, 0]]), error: ShapeError, message: tooLarge('pad', '[9007199254740994, 4503599627370499]') },
  ], pytorch: ({ x }, { padding, ...options }) => t.pad(x, padding, options) },
} satisfies Record<string, Row>;
