import * as t from '../../../src/portable.ts';
import { type Case, draws, type Edge, type Read, type Refusal, type Row, range, total } from './row.ts';

const { normal, distinct } = draws('images');

type Both = readonly [number, number];
const two = (p: t.Pair | undefined, otherwise = 0): Both => (p === undefined ? [otherwise, otherwise] : typeof p === 'number' ? [p, p] : p);
const inside = (i: number, n: number): boolean => i >= 0 && i < n;
const windows = (length: number, reach: number, stride: number, pad: number): number => Math.floor((length + 2 * pad - reach) / stride) + 1;
/** Nested lists to a batch of one image of one channel. */
const image = (...rows: readonly (readonly number[])[]): t.Tensor => t.tensor([[rows]]);

interface ConvCase extends t.Conv2dOptions { readonly x: readonly number[]; readonly weight: readonly number[]; readonly bias?: boolean }

function convolution(name: string, { x, weight, bias = false, ...options }: ConvCase): Case {
  const [[sh, sw], [ph, pw], [dh, dw]] = [two(options.stride, 1), two(options.padding), two(options.dilation, 1)];
  const groups = options.groups ?? 1;
  const [n, , h, w] = x;
  const [f, c, kh, kw] = weight;
  return {
    name, shape: [n, f, windows(h, dh * (kh - 1) + 1, sh, ph), windows(w, dw * (kw - 1) + 1, sw, pw)],
    inputs: [normal(x), normal(weight), ...(bias ? [normal([f])] : [])],
    fn: (a, b, d) => t.conv2d(a, b, d, options),
    oracle: ([i, o, y, z], pixels, kernel, offset) => {
      const first = Math.floor(o / (f / groups)) * c;
      const pixel = (ch: number, row: number, column: number) => (inside(row, h) && inside(column, w) ? pixels(i, ch, row, column) : 0);
      return (bias ? offset(o) : 0) + total(c, (ch) => total(kh, (p) => total(kw, (q) => kernel(o, ch, p, q) * pixel(first + ch, y * sh - ph + p * dh, z * sw - pw + q * dw))));
    },
  };
}

interface SignalCase extends t.Conv1dOptions { readonly x: readonly number[]; readonly weight: readonly number[]; readonly bias?: boolean }

function signals(name: string, { x, weight, bias = false, ...options }: SignalCase): Case {
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  const [n, , l] = x;
  const [f, c, k] = weight;
  return {
    name, shape: [n, f, windows(l, dilation * (k - 1) + 1, stride, padding)],
    inputs: [normal(x), normal(weight), ...(bias ? [normal([f])] : [])],
    fn: (a, b, d) => t.conv1d(a, b, d, options),
    oracle: ([i, o, y], signal, kernel, offset) => {
      const first = Math.floor(o / (f / groups)) * c;
      return (bias ? offset(o) : 0) + total(c, (ch) => total(k, (p) => {
        const at = y * stride - padding + p * dilation;
        return inside(at, l) ? kernel(o, ch, p) * signal(i, first + ch, at) : 0;
      }));
    },
  };
}

interface TransposedCase extends t.ConvTranspose2dOptions { readonly x: readonly number[]; readonly weight: readonly number[]; readonly bias?: boolean }

function transposed(name: string, { x, weight, bias = false, ...options }: TransposedCase): Case {
  const [[sh, sw], [ph, pw], [dh, dw]] = [two(options.stride, 1), two(options.padding), two(options.dilation, 1)];
  const [ah, aw] = two(options.outputPadding);
  const groups = options.groups ?? 1;
  const [n, c, h, w] = x;
  const [, f, kh, kw] = weight;
  return {
    name, shape: [n, f * groups, (h - 1) * sh - 2 * ph + dh * (kh - 1) + ah + 1, (w - 1) * sw - 2 * pw + dw * (kw - 1) + aw + 1],
    inputs: [normal(x), normal(weight), ...(bias ? [normal([f * groups])] : [])],
    fn: (a, b, d) => t.convTranspose2d(a, b, d, options),
    // Every pixel adds the kernel, times itself, to the output from its own place on.
    oracle: ([i, o, y, z], pixels, kernel, offset) => {
      const own = c / groups;
      const first = Math.floor(o / f) * own;
      return (bias ? offset(o) : 0) + total(own, (ch) => total(h, (r) => total(w, (s) => total(kh, (p) => total(kw, (q) =>
        r * sh - ph + p * dh === y && s * sw - pw + q * dw === z ? pixels(i, first + ch, r, s) * kernel(first + ch, o % f, p, q) : 0)))));
    },
  };
}

function correlation(name: string, [n, c, h, w]: readonly number[], [kh, kw]: Both): Case {
  return {
    name, shape: [n, 1, h - kh + 1, w - kw + 1], inputs: [normal([n, c, h, w]), normal([n, c, kh, kw])],
    fn: (a, b) => t.crossCorrelation2d(a, b),
    oracle: ([i, , y, z], x, template) => total(c, (ch) => total(kh, (p) => total(kw, (q) => x(i, ch, y + p, z + q) * template(i, ch, p, q)))),
  };
}

function pooling(name: string, x: readonly number[], size: t.Pair, options: t.Pool2dOptions = {}): Case {
  const [[kh, kw], [sh, sw], [ph, pw]] = [two(size), two(options.stride ?? size), two(options.padding)];
  const [n, c, h, w] = x;
  return {
    name, inputs: [distinct(x)], fn: (a) => t.maxPool2d(a, size, options),
    shape: [n, c, windows(h, kh, sh, ph), windows(w, kw, sw, pw)],
    oracle: ([i, ch, y, z], read) => {
      let best = -Infinity;
      for (const p of range(kh)) for (const q of range(kw)) {
        const [row, column] = [y * sh - ph + p, z * sw - pw + q];
        if (inside(row, h) && inside(column, w)) best = Math.max(best, read(i, ch, row, column));
      }
      return best;
    },
  };
}

/** The mean of a window, over `count` or over how many of its pixels exist. */
function meanOf(x: readonly number[], read: Read, [i, ch]: readonly number[], rows: readonly number[], columns: readonly number[], count?: number): number {
  const values = rows.filter((r) => inside(r, x[2])).flatMap((r) => columns.filter((s) => inside(s, x[3])).map((s) => read(i, ch, r, s)));
  return values.reduce((a, b) => a + b, 0) / (count ?? values.length);
}

function average(name: string, x: readonly number[], size: t.Pair, options: t.AvgPool2dOptions = {}): Case {
  const [[kh, kw], [sh, sw], [ph, pw]] = [two(size), two(options.stride ?? size), two(options.padding)];
  const count = options.countIncludePad === false ? undefined : kh * kw;
  return {
    name, inputs: [normal(x)], fn: (a) => t.avgPool2d(a, size, options),
    shape: [x[0], x[1], windows(x[2], kh, sh, ph), windows(x[3], kw, sw, pw)],
    oracle: (index, read) => meanOf(x, read, index, range(kh).map((p) => index[2] * sh - ph + p), range(kw).map((q) => index[3] * sw - pw + q), count),
  };
}

function adaptive(name: string, x: readonly number[], size: t.Pair): Case {
  const [h, w] = two(size);
  const share = (i: number, inputs: number, outputs: number) => range(inputs).filter((r) => (r + 1) * outputs > i * inputs && r * outputs < (i + 1) * inputs);
  return {
    name, inputs: [normal(x)], fn: (a) => t.adaptiveAvgPool2d(a, size), shape: [x[0], x[1], h, w],
    oracle: (index, read) => meanOf(x, read, index, share(index[2], x[2], h), share(index[3], x[3], w)),
  };
}

function enlarged(name: string, x: readonly number[], scale: t.Pair | { readonly size: t.Pair }, options: t.Upsample2dOptions = {}): Case {
  const [, , h, w] = x;
  const given = typeof scale === 'object' && 'size' in scale ? two(scale.size) : undefined;
  const factors = typeof scale === 'object' && 'size' in scale ? [two(scale.size)[0] / h, two(scale.size)[1] / w] : two(scale);
  const [oh, ow] = given ?? [Math.floor(h * factors[0] + 1e-9), Math.floor(w * factors[1] + 1e-9)];
  /** How much of the input at `r` the output at `y` holds: a hat around its place, or a box. */
  const share = (y: number, r: number, inputs: number, outputs: number, factor: number): number => {
    if (options.mode !== 'bilinear') return r === Math.floor(y / factor + 1e-9) ? 1 : 0;
    const place = options.alignCorners ? (outputs > 1 ? (y * (inputs - 1)) / (outputs - 1) : 0) : (y + 0.5) / factor - 0.5;
    return Math.max(0, 1 - Math.abs(Math.min(inputs - 1, Math.max(0, place)) - r));
  };
  return {
    name, inputs: [normal(x)], fn: (a) => t.upsample2d(a, scale, options), shape: [x[0], x[1], oh, ow],
    oracle: ([i, ch, y, z], read) => total(h, (r) => total(w, (s) => share(y, r, h, oh, factors[0]) * share(z, s, w, ow, factors[1]) * read(i, ch, r, s))),
  };
}

/** What every op of images does with none. */
const emptyBatch = (fn: (x: t.Tensor) => t.Tensor, shape: readonly number[]): Edge =>
  ({ edge: 'empty', inputs: [t.zeros([0, 2, 4, 4])], fn, value: t.zeros(shape).toArray(), shape, gradients: [[]] });

const shapeError = (call: () => unknown, message: string): Refusal => ({ call, error: t.ShapeError, message });
const rangeError = (call: () => unknown, message: string): Refusal => ({ call, error: RangeError, message });

/** What every op of images refuses of x. */
const notImages = (op: string, fn: (x: t.Tensor) => t.Tensor): Refusal[] => [
  shapeError(() => fn(t.zeros([2, 4, 4])), `${op}: x must be [N, C, H, W]; got [2, 4, 4]. reshape() adds missing axes.`),
  shapeError(() => fn(t.tensor(1)), `${op}: x must be [N, C, H, W]; got []. reshape() adds missing axes.`),
  shapeError(() => fn(t.zeros([2, 1, 0, 4])), `${op}: the image has no pixels; got [2, 1, 0, 4]. Height and width must be at least 1.`),
  shapeError(() => fn(t.zeros([2, 1, 4, 0])), `${op}: the image has no pixels; got [2, 1, 4, 0]. Height and width must be at least 1.`),
];

/** What an option of integers refuses, by name, with its least value. */
const notIntegers = (op: string, fn: (options: Record<string, t.Pair>) => unknown, least: Readonly<Record<string, number>>): Refusal[] =>
  Object.entries(least).flatMap(([name, from]) => [
    rangeError(() => fn({ [name]: from - 1 }), `${op}: ${name} must be an integer of at least ${from}; got ${from - 1}.`),
    rangeError(() => fn({ [name]: 1.5 }), `${op}: ${name} must be an integer of at least ${from}; got 1.5.`),
    ...(name === 'groups' ? [] : [
      rangeError(() => fn({ [name]: [2, Number.NaN] }), `${op}: ${name} must be an integer of at least ${from}; got NaN.`),
      // @ts-expect-error three numbers are no pair.
      rangeError(() => fn({ [name]: [1, 1, 1] }), `${op}: ${name} must be a number, or one for height and one for width; got [1,1,1].`),
    ]),
  ]);

const poolRefusals = (op: string, fn: (x: t.Tensor, size: t.Pair, options?: t.Pool2dOptions) => t.Tensor): Refusal[] => [
  ...notImages(op, (x) => fn(x, 1)),
  ...notIntegers(op, ({ size, ...options }) => fn(t.zeros([1, 1, 4, 4]), size ?? 2, options), { size: 1, stride: 1, padding: 0 }),
  shapeError(() => fn(t.zeros([1, 1, 2, 4]), 3), `${op}: windows of 3 x 3 with padding 0, 0 do not fit; got [1, 1, 2, 4]. Use a smaller size, and padding of at most half of it.`),
  shapeError(() => fn(t.zeros([1, 1, 4, 2]), [2, 3]), `${op}: windows of 2 x 3 with padding 0, 0 do not fit; got [1, 1, 4, 2]. Use a smaller size, and padding of at most half of it.`),
  shapeError(() => fn(t.zeros([1, 1, 4, 4]), [3, 2], { padding: [2, 0] }), `${op}: windows of 3 x 2 with padding 2, 0 do not fit; got [1, 1, 4, 4]. Use a smaller size, and padding of at most half of it.`),
];

const x4 = t.zeros([1, 4, 5, 5]);
const tooMany = (op: string, shape: string): string => `${op}: the shape has more elements than a tensor can hold; got ${shape}. Use smaller lengths: at most 2147483647 elements in all.`;

export const images = {
  conv1d: { cases: [
    signals('plain', { x: [2, 2, 6], weight: [3, 2, 3], bias: true }),
    signals('strided, dilated, padded', { x: [1, 2, 9], weight: [2, 2, 3], stride: 2, padding: 3, dilation: 2 }),
    signals('grouped', { x: [2, 4, 5], weight: [6, 2, 2], groups: 2, padding: 1, bias: true }),
    signals('depthwise', { x: [1, 3, 7], weight: [3, 1, 3], groups: 3, padding: 1 }),
    signals('many channels', { x: [1, 10, 4], weight: [5, 10, 2] }),
    signals('empty batch', { x: [0, 2, 5], weight: [3, 2, 3], bias: true }),
  ], edges: [
    { edge: 'window', inputs: [[[[1, 2, 3, 4, 5]]], [[[1, 10]]]], fn: (x, w) => t.conv1d(x, w, undefined, { stride: 3 }), value: [[[21, 54]]], gradients: [[1, 10, 0, 1, 10], [5, 7]] },
    { edge: 'window', inputs: [[[[1, 2]]], [[[1, 10, 100]]]], fn: (x, w) => t.conv1d(x, w, undefined, { padding: 2 }), value: [[[100, 210, 21, 2]]], gradients: [[111, 111], [3, 3, 3]] },
    { edge: 'NaN', inputs: [[[[Number.NaN, 1, 2]]], [[[1, 2]]]], fn: (x, w) => t.conv1d(x, w), value: [[[Number.NaN, 5]]], gradients: [[1, 3, 2], [Number.NaN, 3]] },
    { edge: 'infinity', inputs: [[[[Infinity, 1, 2]]], [[[1, 2]]]], fn: (x, w) => t.conv1d(x, w), value: [[[Infinity, 5]]], gradients: [[1, 3, 2], [Infinity, 3]] },
    { edge: 'denormal', inputs: [[[[1e-45, 1e-40]]], [[[1, 1]]]], fn: (x, w) => t.conv1d(x, w), value: [[[1e-45 + 1e-40]]], gradients: [[1, 1], [1e-45, 1e-40]] },
    { edge: 'huge', inputs: [[[[3e38, 1]]], [[[1]]]], fn: (x, w) => t.conv1d(x, w), value: [[[3e38, 1]]], gradients: [[1, 1], [3e38]] },
    { edge: 'empty', inputs: [t.zeros([0, 1, 3]), [[[1, 2]]]], fn: (x, w) => t.conv1d(x, w), value: [], shape: [0, 1, 2], gradients: [[], [0, 0]] },
  ], refuses: [
    shapeError(() => t.conv1d(x4, t.zeros([1, 4, 3])), 'conv1d: x must be [N, C, L] and weight [F, C / groups, k]; got [1, 4, 5, 5] and [1, 4, 3]. reshape() adds missing axes.'),
    shapeError(() => t.conv1d(t.zeros([4, 5]), t.zeros([1, 4, 3])), 'conv1d: x must be [N, C, L] and weight [F, C / groups, k]; got [4, 5] and [1, 4, 3]. reshape() adds missing axes.'),
    shapeError(() => t.conv1d(t.zeros([1, 4, 0]), t.zeros([1, 4, 3])), 'conv1d: the signal is empty; got [1, 4, 0]. Its length must be at least 1.'),
    shapeError(() => t.conv1d(t.zeros([1, 4, 5]), t.zeros([1, 3, 3])), 'conv1d: 4 channels and 1 filters do not fit weight [F, C / groups, ...] with 1 groups; got [1, 4, 5] and [1, 3, 3]. weight.shape[1] must be C / groups, and F a multiple of groups.'),
    shapeError(() => t.conv1d(t.zeros([1, 4, 5]), t.zeros([2, 4, 3]), t.zeros([3])), 'conv1d: bias must be [2]; got [3] and [2, 4, 3]. Use one bias a filter.'),
    shapeError(() => t.conv1d(t.zeros([1, 4, 5]), t.zeros([2, 4, 3]), undefined, { dilation: 3 }), 'conv1d: the kernel does not fit into the padded input; got [1, 4, 5] and [2, 4, 3]. Use a smaller kernel or dilation, or more padding.'),
    rangeError(() => t.conv1d(t.zeros([1, 4, 5]), t.zeros([2, 4, 3]), undefined, { stride: 0 }), 'conv1d: stride must be an integer of at least 1; got 0.'),
    rangeError(() => t.conv1d(t.zeros([1, 4, 5]), t.zeros([2, 4, 3]), undefined, { padding: -1 }), 'conv1d: padding must be an integer of at least 0; got -1.'),
    rangeError(() => t.conv1d(t.zeros([1, 4, 5]), t.zeros([2, 4, 3]), undefined, { dilation: 1.5 }), 'conv1d: dilation must be an integer of at least 1; got 1.5.'),
    rangeError(() => t.conv1d(t.zeros([1, 4, 5]), t.zeros([2, 4, 3]), undefined, { groups: 0 }), 'conv1d: groups must be an integer of at least 1; got 0.'),
  ], pytorch: ({ x, weight, bias }, options) => t.conv1d(x, weight, bias, options) },
  conv2d: { cases: [
    convolution('plain', { x: [2, 2, 5, 4], weight: [3, 2, 3, 2], bias: true }),
    convolution('padded', { x: [1, 2, 4, 4], weight: [2, 2, 3, 3], padding: 1 }),
    convolution('strided, asymmetric', { x: [2, 1, 7, 6], weight: [2, 1, 3, 2], stride: [2, 3], padding: [2, 1], bias: true }),
    convolution('dilated', { x: [1, 2, 6, 7], weight: [2, 2, 2, 3], dilation: [3, 2], padding: [0, 2] }),
    convolution('grouped', { x: [2, 4, 4, 4], weight: [6, 2, 3, 3], groups: 2, padding: 1, bias: true }),
    convolution('depthwise', { x: [1, 3, 4, 5], weight: [3, 1, 3, 3], groups: 3, padding: 1, stride: 2 }),
    convolution('two filters a channel', { x: [2, 2, 5, 4], weight: [4, 1, 2, 3], groups: 2, dilation: [2, 1], bias: true }),
    convolution('pointwise', { x: [2, 3, 3, 3], weight: [2, 3, 1, 1], bias: true }),
    convolution('stride above kernel', { x: [1, 1, 7, 7], weight: [1, 1, 2, 2], stride: 3 }),
    convolution('padding above kernel', { x: [1, 1, 2, 2], weight: [1, 1, 1, 1], padding: 3, stride: 2 }),
    convolution('kernel above stride and image', { x: [1, 1, 2, 3], weight: [1, 1, 5, 4], padding: [2, 1], stride: 1 }),
    convolution('kernel as large as the image', { x: [2, 2, 3, 3], weight: [2, 2, 3, 3], bias: true }),
    convolution('many channels, strided, dilated', { x: [1, 9, 4, 3], weight: [4, 9, 2, 2], stride: [1, 2], padding: 1, dilation: [2, 1], bias: true }),
    convolution('groups of many channels', { x: [1, 18, 2, 3], weight: [8, 9, 2, 2], groups: 2, padding: [0, 1] }),
    convolution('empty batch', { x: [0, 2, 5, 4], weight: [3, 2, 3, 2], bias: true }),
  ], edges: [
    { edge: 'window', inputs: [image([1, 2, 3, 4, 5]), [[[[1]]]]], fn: (x, w) => t.conv2d(x, w, undefined, { stride: [1, 3] }), value: [[[[1, 4]]]], gradients: [[1, 0, 0, 1, 0], [5]] },
    { edge: 'window', inputs: [image([1, 2], [3, 4]), image([1, 10], [100, 1000])], fn: (x, w) => t.conv2d(x, w, undefined, { padding: 1, stride: 2 }), value: [[[[1000, 200], [30, 4]]]], gradients: [[1000, 100, 10, 1], [4, 3, 2, 1]] },
    { edge: 'window', inputs: [image([1, 2, 3]), image([1], [10], [100])], fn: (x, w) => t.conv2d(x, w, undefined, { padding: [1, 0] }), value: [[[[10, 20, 30]]]], gradients: [[10, 10, 10], [0, 6, 0]] },
    { edge: 'window', inputs: [image([2]), [[[[3]]]]], fn: (x, w) => t.conv2d(x, w, undefined, { padding: [0, 2] }), value: [[[[0, 0, 6, 0, 0]]]], gradients: [[3], [2]] },
    { edge: 'NaN', inputs: [image([1, Number.NaN, 3, 4]), image([1, 2])], fn: (x, w) => t.conv2d(x, w), value: [[[[Number.NaN, Number.NaN, 11]]]], gradients: [[1, 3, 3, 2], [Number.NaN, Number.NaN]] },
    { edge: 'infinity', inputs: [image([Infinity, 1, 2, -Infinity]), image([1, 2])], fn: (x, w) => t.conv2d(x, w), value: [[[[Infinity, 5, -Infinity]]]], gradients: [[1, 3, 3, 2], [Infinity, -Infinity]] },
    { edge: 'huge', inputs: [t.tensor([[[[3e38]], [[3e38]]]]), t.tensor([[[[0.5]], [[0.5]]]]), [1]], fn: (x, w, b) => t.conv2d(x, w, b), value: [[[[3e38]]]], gradients: [[0.5, 0.5], [3e38, 3e38], [1]] },
    { edge: 'denormal', inputs: [image([1e-45, 1e-40]), image([1, 1])], fn: (x, w) => t.conv2d(x, w), value: [[[[1e-45 + 1e-40]]]], gradients: [[1, 1], [1e-45, 1e-40]] },
    { edge: 'empty', inputs: [t.zeros([0, 1, 3, 3]), image([1, 2], [3, 4]), [5]], fn: (x, w, b) => t.conv2d(x, w, b), value: [], shape: [0, 1, 2, 2], gradients: [[], [0, 0, 0, 0], [0]] },
    { edge: 'empty', inputs: [t.zeros([1, 0, 2, 2]), t.zeros([1, 0, 2, 2]), [5]], fn: (x, w, b) => t.conv2d(x, w, b), value: [[[[5]]]], gradients: [[], [], [1]] },
  ], refuses: [
    shapeError(() => t.conv2d(t.zeros([4, 5, 5]), t.zeros([2, 4, 3, 3])), 'conv2d: x must be [N, C, H, W] and weight [F, C / groups, kH, kW]; got [4, 5, 5] and [2, 4, 3, 3]. reshape() adds missing axes.'),
    shapeError(() => t.conv2d(x4, t.zeros([2, 4, 3])), 'conv2d: x must be [N, C, H, W] and weight [F, C / groups, kH, kW]; got [1, 4, 5, 5] and [2, 4, 3]. reshape() adds missing axes.'),
    shapeError(() => t.conv2d(t.zeros([1, 4, 0, 5]), t.zeros([2, 4, 3, 3])), 'conv2d: the image has no pixels; got [1, 4, 0, 5]. Height and width must be at least 1.'),
    shapeError(() => t.conv2d(x4, t.zeros([2, 3, 3, 3])), 'conv2d: 4 channels and 2 filters do not fit weight [F, C / groups, ...] with 1 groups; got [1, 4, 5, 5] and [2, 3, 3, 3]. weight.shape[1] must be C / groups, and F a multiple of groups.'),
    shapeError(() => t.conv2d(x4, t.zeros([3, 2, 3, 3]), undefined, { groups: 2 }), 'conv2d: 4 channels and 3 filters do not fit weight [F, C / groups, ...] with 2 groups; got [1, 4, 5, 5] and [3, 2, 3, 3]. weight.shape[1] must be C / groups, and F a multiple of groups.'),
    shapeError(() => t.conv2d(x4, t.zeros([2, 4, 3, 3]), t.zeros([3])), 'conv2d: bias must be [2]; got [3] and [2, 4, 3, 3]. Use one bias a filter.'),
    shapeError(() => t.conv2d(x4, t.zeros([2, 4, 3, 3]), t.zeros([2, 1, 1])), 'conv2d: bias must be [2]; got [2, 1, 1] and [2, 4, 3, 3]. Use one bias a filter.'),
    shapeError(() => t.conv2d(x4, t.zeros([2, 4, 6, 3])), 'conv2d: the kernel does not fit into the padded input; got [1, 4, 5, 5] and [2, 4, 6, 3]. Use a smaller kernel or dilation, or more padding.'),
    shapeError(() => t.conv2d(x4, t.zeros([2, 4, 3, 0])), 'conv2d: the kernel does not fit into the padded input; got [1, 4, 5, 5] and [2, 4, 3, 0]. Use a smaller kernel or dilation, or more padding.'),
    shapeError(() => t.conv2d(x4, t.zeros([2, 4, 1, 1]), undefined, { padding: 2 ** 20 }), tooMany('conv2d', '[1, 2, 2097157, 2097157]')),
    ...notIntegers('conv2d', (options) => t.conv2d(x4, t.zeros([2, 4, 2, 2]), undefined, { ...options } as t.Conv2dOptions), { stride: 1, padding: 0, dilation: 1, groups: 1 }),
  ], pytorch: ({ x, weight, bias }, options) => t.conv2d(x, weight, bias, options) },
  convTranspose2d: { cases: [
    transposed('plain', { x: [2, 2, 3, 4], weight: [2, 3, 3, 2], bias: true }),
    transposed('strided, asymmetric', { x: [2, 1, 3, 2], weight: [1, 2, 3, 2], stride: [2, 3], padding: [2, 1], outputPadding: [1, 2], bias: true }),
    transposed('dilated', { x: [1, 2, 3, 3], weight: [2, 2, 2, 3], dilation: [3, 2], padding: [0, 2] }),
    transposed('grouped', { x: [1, 4, 3, 3], weight: [4, 3, 2, 2], groups: 2, stride: 2, bias: true }),
    transposed('depthwise', { x: [1, 3, 2, 3], weight: [3, 1, 3, 3], groups: 3, stride: 2, padding: 1, outputPadding: 1 }),
    transposed('gaps between kernels', { x: [1, 1, 2, 3], weight: [1, 1, 2, 1], stride: 3 }),
    transposed('output padding below the dilation', { x: [1, 1, 3, 2], weight: [1, 1, 2, 2], dilation: 3, outputPadding: 2 }),
    transposed('many channels', { x: [1, 5, 2, 3], weight: [5, 9, 2, 2], stride: [2, 1], padding: [0, 1], bias: true }),
    transposed('empty batch', { x: [0, 2, 2, 3], weight: [2, 1, 3, 2], bias: true }),
  ], edges: [
    { edge: 'window', inputs: [image([1, 2]), image([1, 10])], fn: (x, w) => t.convTranspose2d(x, w, undefined, { stride: 3, outputPadding: [0, 2] }), value: [[[[1, 10, 0, 2, 20, 0, 0]]]], gradients: [[11, 11], [3, 3]] },
    { edge: 'window', inputs: [image([1, 2, 3]), image([1, 10, 100])], fn: (x, w) => t.convTranspose2d(x, w, undefined, { padding: [0, 2] }), value: [[[[123]]]], gradients: [[100, 10, 1], [3, 2, 1]] },
    { edge: 'NaN', inputs: [image([1, Number.NaN]), image([1, 2]), [1]], fn: (x, w, b) => t.convTranspose2d(x, w, b, { stride: [1, 2] }), value: [[[[2, 3, Number.NaN, Number.NaN]]]], gradients: [[3, 3], [Number.NaN, Number.NaN], [4]] },
    { edge: 'infinity', inputs: [image([Infinity, 1]), image([1, -2]), [1]], fn: (x, w, b) => t.convTranspose2d(x, w, b, { stride: [1, 2] }), value: [[[[Infinity, -Infinity, 2, -1]]]], gradients: [[-1, -1], [Infinity, Infinity], [4]] },
    { edge: 'huge', inputs: [image([3e38]), image([1, 0.5])], fn: (x, w) => t.convTranspose2d(x, w), value: [[[[3e38, 1.5e38]]]], gradients: [[1.5], [3e38, 3e38]] },
    { edge: 'denormal', inputs: [image([1e-45]), image([1, 3])], fn: (x, w) => t.convTranspose2d(x, w), value: [[[[1e-45, 3 * 2 ** -149]]]], gradients: [[4], [1e-45, 1e-45]] },
    { edge: 'empty', inputs: [t.zeros([0, 1, 2, 2]), image([1, 2]), [5]], fn: (x, w, b) => t.convTranspose2d(x, w, b), value: [], shape: [0, 1, 2, 3], gradients: [[], [0, 0], [0]] },
  ], refuses: [
    shapeError(() => t.convTranspose2d(t.zeros([4, 5, 5]), t.zeros([4, 2, 3, 3])), 'convTranspose2d: x must be [N, C, H, W] and weight [C, F / groups, kH, kW]; got [4, 5, 5] and [4, 2, 3, 3]. reshape() adds missing axes.'),
    shapeError(() => t.convTranspose2d(t.zeros([1, 4, 5, 0]), t.zeros([4, 2, 3, 3])), 'convTranspose2d: the image has no pixels; got [1, 4, 5, 0]. Height and width must be at least 1.'),
    shapeError(() => t.convTranspose2d(x4, t.zeros([2, 4, 3, 3])), 'convTranspose2d: 4 channels do not fit weight [C, F / groups, kH, kW] with 1 groups; got [1, 4, 5, 5] and [2, 4, 3, 3]. weight.shape[0] must be C, a multiple of groups.'),
    shapeError(() => t.convTranspose2d(x4, t.zeros([4, 1, 3, 3]), undefined, { groups: 3 }), 'convTranspose2d: 4 channels do not fit weight [C, F / groups, kH, kW] with 3 groups; got [1, 4, 5, 5] and [4, 1, 3, 3]. weight.shape[0] must be C, a multiple of groups.'),
    shapeError(() => t.convTranspose2d(x4, t.zeros([4, 1, 3, 3]), t.zeros([1]), { groups: 2 }), 'convTranspose2d: bias must be [2]; got [1] and [4, 1, 3, 3]. Use one bias a filter.'),
    shapeError(() => t.convTranspose2d(x4, t.zeros([4, 1, 1, 3]), undefined, { padding: [3, 0] }), 'convTranspose2d: the output would be -1 x 7; got [1, 4, 5, 5] and [4, 1, 1, 3]. Use less padding, or a larger kernel or stride.'),
    shapeError(() => t.convTranspose2d(x4, t.zeros([4, 1, 0, 3])), 'convTranspose2d: the output would be 4 x 7; got [1, 4, 5, 5] and [4, 1, 0, 3]. Use less padding, or a larger kernel or stride.'),
    shapeError(() => t.convTranspose2d(x4, t.zeros([4, 1, 1, 1]), undefined, { stride: 2 ** 20 }), tooMany('convTranspose2d', '[1, 1, 4194305, 4194305]')),
    rangeError(() => t.convTranspose2d(x4, t.zeros([4, 1, 3, 3]), undefined, { stride: [2, 3], outputPadding: [1, 3] }), 'convTranspose2d: outputPadding must be less than the stride or the dilation; got 1, 3 with stride 2, 3 and dilation 1, 1. pad() adds more.'),
    ...notIntegers('convTranspose2d', (options) => t.convTranspose2d(x4, t.zeros([4, 2, 2, 2]), undefined, { ...options } as t.ConvTranspose2dOptions), { stride: 1, padding: 0, dilation: 1, outputPadding: 0, groups: 1 }),
  ], pytorch: ({ x, weight, bias }, options) => t.convTranspose2d(x, weight, bias, options) },
  crossCorrelation2d: { cases: [
    correlation('several channels', [2, 3, 5, 4], [2, 3]),
    correlation('one item', [1, 2, 4, 4], [3, 3]),
    correlation('as large as the image', [3, 2, 2, 3], [2, 3]),
    correlation('one pixel', [2, 2, 3, 2], [1, 1]),
    correlation('empty batch', [0, 2, 4, 4], [2, 2]),
  ], edges: [
    { edge: 'window', inputs: [t.tensor([[[[1, 2, 3]]], [[[4, 5, 6]]]]), t.tensor([[[[1, 10]]], [[[2, 0]]]])], fn: (x, k) => t.crossCorrelation2d(x, k), value: [[[[21, 32]]], [[[8, 10]]]], gradients: [[1, 11, 10, 2, 2, 0], [3, 5, 9, 11]] },
    // Items stay apart.
    { edge: 'NaN', inputs: [t.tensor([[[[Number.NaN, 2]]], [[[4, 5]]]]), t.tensor([[[[1]]], [[[2]]]])], fn: (x, k) => t.crossCorrelation2d(x, k), value: [[[[Number.NaN, 2]]], [[[8, 10]]]], gradients: [[1, 1, 2, 2], [Number.NaN, 9]] },
    { edge: 'infinity', inputs: [t.tensor([[[[Infinity, 2]]], [[[4, 5]]]]), t.tensor([[[[-1]]], [[[2]]]])], fn: (x, k) => t.crossCorrelation2d(x, k), value: [[[[-Infinity, -2]]], [[[8, 10]]]], gradients: [[-1, -1, 2, 2], [Infinity, 9]] },
    { edge: 'empty', inputs: [t.zeros([0, 2, 4, 4]), t.zeros([0, 2, 3, 2])], fn: (x, k) => t.crossCorrelation2d(x, k), value: [], shape: [0, 1, 2, 3], gradients: [[], []] },
    { edge: 'empty', inputs: [t.zeros([1, 0, 2, 2]), t.zeros([1, 0, 2, 1])], fn: (x, k) => t.crossCorrelation2d(x, k), value: [[[[0, 0]]]], gradients: [[], []] },
  ], refuses: [
    shapeError(() => t.crossCorrelation2d(x4, t.zeros([4, 2, 2])), 'crossCorrelation2d: x must be [N, C, H, W] and template [N, C, h, w]; got [1, 4, 5, 5] and [4, 2, 2]. Each item needs a template of its own; expand() repeats one.'),
    shapeError(() => t.crossCorrelation2d(t.zeros([2, 4, 5, 5]), t.zeros([1, 4, 2, 2])), 'crossCorrelation2d: x must be [N, C, H, W] and template [N, C, h, w]; got [2, 4, 5, 5] and [1, 4, 2, 2]. Each item needs a template of its own; expand() repeats one.'),
    shapeError(() => t.crossCorrelation2d(x4, t.zeros([1, 3, 2, 2])), 'crossCorrelation2d: x and template have different channels; got [1, 4, 5, 5] and [1, 3, 2, 2]. Use one encoder.'),
    shapeError(() => t.crossCorrelation2d(t.zeros([1, 4, 0, 5]), t.zeros([1, 4, 2, 2])), 'crossCorrelation2d: the image has no pixels; got [1, 4, 0, 5]. Height and width must be at least 1.'),
    shapeError(() => t.crossCorrelation2d(x4, t.zeros([1, 4, 6, 2])), 'crossCorrelation2d: the template does not fit into x; got [1, 4, 5, 5] and [1, 4, 6, 2]. Its height and width must be at least 1 and at most those of x.'),
    shapeError(() => t.crossCorrelation2d(x4, t.zeros([1, 4, 2, 0])), 'crossCorrelation2d: the template does not fit into x; got [1, 4, 5, 5] and [1, 4, 2, 0]. Its height and width must be at least 1 and at most those of x.'),
  ], pytorch: ({ x, template }) => t.crossCorrelation2d(x, template) },
  maxPool2d: { cases: [
    pooling('halving', [2, 2, 4, 6], 2),
    pooling('ragged', [1, 2, 5, 5], 2),
    pooling('overlapping, padded', [1, 1, 5, 6], [3, 2], { stride: [2, 1], padding: [1, 1] }),
    pooling('gaps', [1, 1, 7, 7], 2, { stride: 3 }),
    pooling('as large as the image', [2, 1, 3, 4], [3, 4]),
    pooling('one pixel', [1, 1, 3, 4], 1, { stride: [2, 1] }),
    pooling('empty batch', [0, 2, 4, 4], 2),
  ], edges: [
    { edge: 'tie', inputs: [image([1, 1, 0, 2], [1, 1, 2, 2])], fn: (x) => t.maxPool2d(x, 2), value: [[[[1, 2]]]], gradients: [[1, 0, 0, 1, 0, 0, 0, 0]] },
    { edge: 'tie', inputs: [image([0, 3, 3], [3, 3, 0])], fn: (x) => t.maxPool2d(x, 2, { stride: 1 }), value: [[[[3, 3]]]], gradients: [[0, 2, 0, 0, 0, 0]] },
    { edge: 'tie', inputs: [image([-0, 0], [0, -0])], fn: (x) => t.maxPool2d(x, 2), value: [[[[0]]]], gradients: [[1, 0, 0, 0]] },
    { edge: 'tie', inputs: [image([-Infinity, -Infinity], [-Infinity, -Infinity])], fn: (x) => t.maxPool2d(x, 2), value: [[[[-Infinity]]]], gradients: [[1, 0, 0, 0]] },
    // Nothing of the padding is chosen, however small the entries are.
    { edge: 'window', inputs: [image([-1, -2], [-3, -4])], fn: (x) => t.maxPool2d(x, 2, { padding: 1 }), value: [[[[-1, -2], [-3, -4]]]], gradients: [[1, 1, 1, 1]] },
    { edge: 'window', inputs: [image([1, 2, 3, 4, 5, 6, 7])], fn: (x) => t.maxPool2d(x, [1, 2], { stride: [1, 3] }), value: [[[[2, 5]]]], gradients: [[0, 1, 0, 0, 1, 0, 0]] },
    { edge: 'window', inputs: [image([1, 5, 2, 3, 4])], fn: (x) => t.maxPool2d(x, [1, 3], { stride: 1 }), value: [[[[5, 5, 4]]]], gradients: [[0, 2, 0, 0, 1]] },
    { edge: 'NaN', inputs: [image([1, Number.NaN, 3, 4], [9, 2, 8, 5])], fn: (x) => t.maxPool2d(x, 2), value: [[[[Number.NaN, 8]]]], gradients: [[0, 1, 0, 0, 0, 0, 1, 0]] },
    { edge: 'NaN', inputs: [image([Number.NaN, 7], [Number.NaN, Infinity])], fn: (x) => t.maxPool2d(x, 2), value: [[[[Number.NaN]]]], gradients: [[0, 0, 1, 0]] },
    { edge: 'infinity', inputs: [image([1, Infinity, -Infinity, 4], [Infinity, 2, -Infinity, 3e38])], fn: (x) => t.maxPool2d(x, 2), value: [[[[Infinity, 3e38]]]], gradients: [[0, 1, 0, 0, 0, 0, 0, 1]] },
    { edge: 'huge', inputs: [image([3e38, 3.1e38, 3e38], [3e38, 3e38, 3e38])], fn: (x) => t.maxPool2d(x, [2, 3]), value: [[[[3.1e38]]]], gradients: [[0, 1, 0, 0, 0, 0]] },
    { edge: 'denormal', inputs: [image([0, 1e-45], [-1e-45, 0])], fn: (x) => t.maxPool2d(x, 2), value: [[[[1e-45]]]], gradients: [[0, 1, 0, 0]] },
    emptyBatch((x) => t.maxPool2d(x, 2), [0, 2, 2, 2]),
  ], refuses: poolRefusals('maxPool2d', t.maxPool2d), pytorch: ({ x }, { size, ...options }) => t.maxPool2d(x, size, options) },
  avgPool2d: { cases: [
    average('halving', [2, 2, 4, 6], 2),
    average('ragged', [1, 2, 5, 5], 2),
    average('overlapping, padded', [1, 1, 5, 6], [3, 2], { stride: [2, 1], padding: [1, 1] }),
    average('overlapping, padding not counted', [1, 2, 5, 6], [3, 4], { stride: [2, 1], padding: [1, 2], countIncludePad: false }),
    average('gaps', [1, 1, 7, 7], 2, { stride: 3 }),
    average('as large as the image', [2, 1, 3, 4], [3, 4]),
    average('empty batch', [0, 2, 4, 4], 2),
  ], edges: [
    { edge: 'window', inputs: [image([4, 8])], fn: (x) => t.avgPool2d(x, 2, { padding: 1 }), value: [[[[1, 2]]]], gradients: [[0.25, 0.25]] },
    { edge: 'window', inputs: [image([4, 8])], fn: (x) => t.avgPool2d(x, 2, { padding: 1, countIncludePad: false }), value: [[[[4, 8]]]], gradients: [[1, 1]] },
    { edge: 'window', inputs: [image([1, 2, 3, 4, 5, 6, 7])], fn: (x) => t.avgPool2d(x, [1, 2], { stride: [1, 3] }), value: [[[[1.5, 4.5]]]], gradients: [[0.5, 0.5, 0, 0.5, 0.5, 0, 0]] },
    { edge: 'NaN', inputs: [image([1, Number.NaN, 3, 5])], fn: (x) => t.avgPool2d(x, [1, 2]), value: [[[[Number.NaN, 4]]]], gradients: [[0.5, 0.5, 0.5, 0.5]] },
    { edge: 'infinity', inputs: [image([1, Infinity, 3, -Infinity, Infinity, -Infinity])], fn: (x) => t.avgPool2d(x, [1, 2]), value: [[[[Infinity, -Infinity, Number.NaN]]]], gradients: [[0.5, 0.5, 0.5, 0.5, 0.5, 0.5]] },
    // The sum is beyond float32, the mean is not.
    { edge: 'huge', inputs: [image([3e38, 3e38], [3e38, 3e38])], fn: (x) => t.avgPool2d(x, 2), value: [[[[3e38]]]], gradients: [[0.25, 0.25, 0.25, 0.25]] },
    { edge: 'denormal', inputs: [image([2 ** -149, 3 * 2 ** -149])], fn: (x) => t.avgPool2d(x, [1, 2]), value: [[[[2 ** -148]]]], gradients: [[0.5, 0.5]] },
    emptyBatch((x) => t.avgPool2d(x, 2), [0, 2, 2, 2]),
  ], refuses: poolRefusals('avgPool2d', t.avgPool2d), pytorch: ({ x }, { size, ...options }) => t.avgPool2d(x, size, options) },
  adaptiveAvgPool2d: { cases: [
    adaptive('even', [2, 2, 4, 6], [2, 3]),
    adaptive('overlapping', [1, 2, 5, 7], [3, 4]),
    adaptive('one window', [2, 2, 3, 4], 1),
    adaptive('more windows than pixels', [1, 1, 2, 3], [5, 4]),
    adaptive('empty batch', [0, 2, 4, 4], 2),
  ], edges: [
    { edge: 'window', inputs: [image([1, 2, 6])], fn: (x) => t.adaptiveAvgPool2d(x, [1, 2]), value: [[[[1.5, 4]]]], gradients: [[0.5, 1, 0.5]] },
    { edge: 'window', inputs: [image([1, 2])], fn: (x) => t.adaptiveAvgPool2d(x, [1, 3]), value: [[[[1, 1.5, 2]]]], gradients: [[1.5, 1.5]] },
    { edge: 'NaN', inputs: [image([1, Number.NaN, 3, 5])], fn: (x) => t.adaptiveAvgPool2d(x, [1, 2]), value: [[[[Number.NaN, 4]]]], gradients: [[0.5, 0.5, 0.5, 0.5]] },
    { edge: 'infinity', inputs: [image([1, Infinity, 3, 5])], fn: (x) => t.adaptiveAvgPool2d(x, [1, 2]), value: [[[[Infinity, 4]]]], gradients: [[0.5, 0.5, 0.5, 0.5]] },
    { edge: 'huge', inputs: [image([3e38, 3e38], [3e38, 3e38])], fn: (x) => t.adaptiveAvgPool2d(x, 1), value: [[[[3e38]]]], gradients: [[0.25, 0.25, 0.25, 0.25]] },
    emptyBatch((x) => t.adaptiveAvgPool2d(x, [1, 3]), [0, 2, 1, 3]),
  ], refuses: [
    ...notImages('adaptiveAvgPool2d', (x) => t.adaptiveAvgPool2d(x, 1)),
    ...notIntegers('adaptiveAvgPool2d', ({ size }) => t.adaptiveAvgPool2d(x4, size), { size: 1 }),
    shapeError(() => t.adaptiveAvgPool2d(x4, 2 ** 20), tooMany('adaptiveAvgPool2d', '[1, 4, 1048576, 1048576]')),
  ], pytorch: ({ x }, { size }) => t.adaptiveAvgPool2d(x, size) },
  globalAvgPool2d: { cases: [
    { name: 'of each channel', inputs: [normal([2, 3, 3, 4])], fn: t.globalAvgPool2d, shape: [2, 3, 1, 1], oracle: ([i, c], x) => total(3, (y) => total(4, (z) => x(i, c, y, z))) / 12 },
    { name: 'empty batch', inputs: [t.zeros([0, 3, 2, 2])], fn: t.globalAvgPool2d, shape: [0, 3, 1, 1], oracle: () => 0 },
  ], edges: [
    { edge: 'NaN', inputs: [t.tensor([[[[1, Number.NaN]], [[3, 5]]]])], fn: t.globalAvgPool2d, value: [[[[Number.NaN]], [[4]]]], gradients: [[0.5, 0.5, 0.5, 0.5]] },
    { edge: 'infinity', inputs: [t.tensor([[[[1, Infinity]], [[Infinity, -Infinity]]]])], fn: t.globalAvgPool2d, value: [[[[Infinity]], [[Number.NaN]]]], gradients: [[0.5, 0.5, 0.5, 0.5]] },
    { edge: 'huge', inputs: [image([3e38, 3e38], [3e38, 3e38])], fn: t.globalAvgPool2d, value: [[[[3e38]]]], gradients: [[0.25, 0.25, 0.25, 0.25]] },
    emptyBatch(t.globalAvgPool2d, [0, 2, 1, 1]),
  ], refuses: notImages('globalAvgPool2d', t.globalAvgPool2d), pytorch: ({ x }) => t.globalAvgPool2d(x) },
  upsample2d: { cases: [
    enlarged('doubled', [2, 2, 2, 3], 2),
    enlarged('by two factors', [1, 2, 2, 3], [3, 1]),
    enlarged('by a fraction', [1, 1, 4, 3], [1.5, 2.5]),
    enlarged('shrunk', [1, 2, 5, 6], 0.5),
    enlarged('to a size', [1, 2, 3, 5], { size: [4, 8] }),
    enlarged('bilinear', [2, 2, 2, 3], 2, { mode: 'bilinear' }),
    enlarged('bilinear, by a fraction', [1, 1, 4, 3], [1.5, 2.5], { mode: 'bilinear' }),
    enlarged('bilinear, to a size', [1, 2, 3, 5], { size: [7, 4] }, { mode: 'bilinear', alignCorners: false }),
    enlarged('bilinear, shrunk', [1, 1, 7, 6], { size: [2, 3] }, { mode: 'bilinear' }),
    enlarged('aligned corners', [1, 2, 3, 2], [2, 3], { mode: 'bilinear', alignCorners: true }),
    enlarged('aligned corners, to a size', [1, 1, 4, 3], { size: [3, 1] }, { mode: 'bilinear', alignCorners: true }),
    enlarged('empty batch', [0, 2, 2, 2], 2, { mode: 'bilinear' }),
  ], edges: [
    { edge: 'window', inputs: [image([1, 2])], fn: (x) => t.upsample2d(x, { size: [1, 3] }), value: [[[[1, 1, 2]]]], gradients: [[2, 1]] },
    { edge: 'window', inputs: [image([5])], fn: (x) => t.upsample2d(x, [2, 3], { mode: 'bilinear' }), value: [[[[5, 5, 5], [5, 5, 5]]]], gradients: [[6]] },
    { edge: 'window', inputs: [image([1, 2, 3])], fn: (x) => t.upsample2d(x, { size: 1 }, { mode: 'bilinear', alignCorners: true }), value: [[[[1]]]], gradients: [[1, 0, 0]] },
    { edge: 'window', inputs: [image([0, 4])], fn: (x) => t.upsample2d(x, [1, 2], { mode: 'bilinear' }), value: [[[[0, 1, 3, 4]]]], gradients: [[2, 2]] },
    { edge: 'NaN', inputs: [image([Number.NaN, 0, 4])], fn: (x) => t.upsample2d(x, [1, 2], { mode: 'bilinear' }), value: [[[[Number.NaN, Number.NaN, Number.NaN, 1, 3, 4]]]], gradients: [[2, 2, 2]] },
    // A pixel of weight 0 takes no part.
    { edge: 'infinity', inputs: [image([1, Infinity, 4])], fn: (x) => t.upsample2d(x, { size: [1, 5] }, { mode: 'bilinear', alignCorners: true }), value: [[[[1, Infinity, Infinity, Infinity, 4]]]], gradients: [[1.5, 2, 1.5]] },
    { edge: 'huge', inputs: [image([3e38, 3e38])], fn: (x) => t.upsample2d(x, 2, { mode: 'bilinear' }), value: [[[[3e38, 3e38, 3e38, 3e38], [3e38, 3e38, 3e38, 3e38]]]], gradients: [[4, 4]] },
    { edge: 'denormal', inputs: [image([1e-45, 0])], fn: (x) => t.upsample2d(x, [1, 2]), value: [[[[1e-45, 1e-45, 0, 0]]]], gradients: [[2, 2]] },
    emptyBatch((x) => t.upsample2d(x, [1, 2]), [0, 2, 4, 8]),
  ], refuses: [
    ...notImages('upsample2d', (x) => t.upsample2d(x, 2)),
    ...notIntegers('upsample2d', ({ size }) => t.upsample2d(x4, { size }), { size: 1 }),
    shapeError(() => t.upsample2d(x4, [1, 0.1]), 'upsample2d: no pixels would be left; got [1, 4, 5, 5]. Use a larger scale.'),
    shapeError(() => t.upsample2d(x4, 2 ** 20), tooMany('upsample2d', '[1, 4, 5242880, 5242880]')),
    ...[0, -1, Number.NaN, Infinity].map((scale) => rangeError(() => t.upsample2d(x4, [2, scale]), `upsample2d: scale must be a number above 0; got ${scale}. 2 doubles height and width.`)),
    // @ts-expect-error one number is no pair.
    rangeError(() => t.upsample2d(x4, [2]), 'upsample2d: scale must be a number, or one for height and one for width; got [2].'),
    // @ts-expect-error an unknown mode.
    rangeError(() => t.upsample2d(x4, 2, { mode: 'bicubic' }), "upsample2d: unknown mode 'bicubic'. Use 'nearest' or 'bilinear'."),
    { call: () => t.upsample2d(x4, 2, { alignCorners: true }), error: TypeError, message: "upsample2d: alignCorners belongs to mode 'bilinear'; got mode 'nearest'. Leave it out." },
  ], pytorch: ({ x }, { scale, size, ...options }) => t.upsample2d(x, scale ?? { size }, options) },
} satisfies Record<string, Row>;
