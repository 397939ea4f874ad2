import * as t from '../../../src/portable.ts';
import { apart, type Case, cosine, draws, hinge, length, type Read, type Refusal, type Row, range, total } from './row.ts';

const { normal } = draws('viewLosses');

const lse = (values: readonly number[]): number => Math.log(total(values.length, (i) => Math.exp(values[i])));
const mean = (n: number, f: (i: number) => number): number => total(n, f) / n;
const dot = (a: Read, i: number, b: Read, j: number, width: number): number => total(width, (d) => a(i, d) * b(j, d));
/** Cross-entropy of row i of a square matrix, whose right column is `own`. */
const surprise = (logit: (j: number) => number, count: number, own: number): number => lse(range(count).map(logit)) - logit(own);

/** Column d along the batch: what is subtracted from the count is 0 for a biased variance, 1 for an unbiased one. */
const center = (z: Read, d: number, count: number): number => mean(count, (i) => z(i, d));
const covariance = (a: Read, d: number, b: Read, e: number, count: number, correction: number): number =>
  total(count, (i) => (a(i, d) - center(a, d, count)) * (b(i, e) - center(b, e, count))) / (count - correction);

function ntXent(z1: Read, z2: Read, count: number, width: number, temperature: number, i: number): number {
  const side = (k: number) => (k < count ? z1 : z2);
  const likeness = (k: number) => cosine(side(i), i % count, side(k), k % count, width) / temperature;
  return lse(range(2 * count).filter((k) => k !== i).map(likeness)) - likeness((i + count) % (2 * count));
}

function barlowTwins(z1: Read, z2: Read, count: number, width: number, lambda: number): number {
  const deviation = (z: Read, d: number) => Math.sqrt(covariance(z, d, z, d, count, 0) + 1e-5);
  const correlation = (d: number, e: number) => covariance(z1, d, z2, e, count, 0) / (deviation(z1, d) * deviation(z2, e));
  return total(width, (d) => total(width, (e) => (d === e ? (1 - correlation(d, d)) ** 2 : lambda * correlation(d, e) ** 2)));
}

function vicReg(z1: Read, z2: Read, count: number, width: number, [invariance, variance, weight]: readonly number[]): number {
  const lack = (z: Read) => mean(width, (d) => hinge(1 - Math.sqrt(covariance(z, d, z, d, count, 1) + 1e-4)));
  const redundancy = (z: Read) => total(width, (d) => total(width, (e) => (d === e ? 0 : covariance(z, d, z, e, count, 1) ** 2))) / width;
  const apartness = mean(count, (i) => apart(z1, i, z2, i, width)) / width;
  return invariance * apartness + (variance * (lack(z1) + lack(z2))) / 2 + weight * (redundancy(z1) + redundancy(z2));
}

const unitApart = (a: Read, i: number, b: Read, j: number, width: number): number =>
  total(width, (d) => (a(i, d) / length(a, i, width) - b(j, d) / length(b, j, width)) ** 2);

const uniform = (x: Read, count: number, width: number, sharpness: number): number => {
  const pairs = range(count).flatMap((i) => range(i).map((j) => -sharpness * unitApart(x, i, x, j, width)));
  return lse(pairs) - Math.log(pairs.length);
};

/** Projections that a case has besides its inputs: the loss is no function of them to be differentiated. */
const [z1, z2] = [normal([4, 3]), normal([4, 3])];
const reads = (x: t.Tensor): Read => (i, d) => x.data[i * x.shape[1] + d];

/** The slope of a constant dimension, 1 / sqrt(epsilon), times a standardized number of the other view. */
const steepest = (1 / Math.sqrt(1e-5)) * (0.5 / Math.sqrt(0.25 + 1e-5));

const nothing = () => [t.zeros([0, 3]), t.zeros([0, 3])];
const [ones, two, oneRow] = [[[1, 1], [1, 1]], t.zeros([2]), t.zeros([1, 3])];
const zeros2 = [[0, 0], [0, 0]];
const [a, b] = [t.zeros([2, 3]), t.zeros([3, 3])];
// biome-ignore lint/suspicious/noExplicitAny: a reduction that plain JavaScript may pass.
const average: any = { reduction: 'average' };
type Views = (a: t.Tensor, b: t.Tensor) => unknown;
const remedy = 'Row i of each must be of the same item.';
/** What every loss of two tensors refuses. */
const shapes = (op: string, names: string, fn: Views): Refusal[] => [
  { call: () => fn(a, b), error: t.ShapeError, message: `${op}: ${names} must all be [N, D]; got [2, 3] and [3, 3]. ${remedy}` },
  { call: () => fn(two, two), error: t.ShapeError, message: `${op}: ${names} must all be [N, D]; got [2] and [2]. ${remedy}` },
];
const reduction = (op: string, fn: () => unknown): Refusal => ({ call: fn, error: RangeError, message: `${op}: unknown reduction 'average'. Use 'mean', 'sum', 'none' or 'meanNonZero'.` });
const outOf = (message: string, fn: () => unknown): Refusal => ({ call: fn, error: RangeError, message });
const few = (op: string, fn: Views): Refusal[] => [0, 1].map((count) => ({
  call: () => fn(t.zeros([count, 3]), t.zeros([count, 3])), error: t.ShapeError,
  message: `${op}: statistics along the batch need at least 2 items; got [${count}, 3]. Use a larger batch, and drop a last one that is too small.`,
}));
const finite = (what: string, least: string, got: string): string => `${what} must be a finite number ${least}; got ${got}.`;
const empty = (fn: (a: t.Tensor, b: t.Tensor) => t.Tensor): Case => ({ name: 'empty', inputs: nothing(), fn, shape: [], oracle: () => 0 });

/** Losses of two views. */
export const viewLosses = {
  ntXentLoss: { cases: [
    { name: 'mean', inputs: [normal([4, 3]), normal([4, 3])], fn: (x, y) => t.ntXentLoss(x, y), shape: [], oracle: (_, x, y) => mean(8, (i) => ntXent(x, y, 4, 3, 0.5, i)) },
    { name: 'each view', inputs: [normal([3, 4]), normal([3, 4])], fn: (x, y) => t.ntXentLoss(x, y, { temperature: 2, reduction: 'none' }), shape: [6], oracle: ([i], x, y) => ntXent(x, y, 3, 4, 2, i) },
    { name: 'one item', inputs: [normal([1, 3]), normal([1, 3])], fn: (x, y) => t.ntXentLoss(x, y), shape: [], oracle: () => 0 },
    empty((x, y) => t.ntXentLoss(x, y)),
  ], edges: [
    { edge: 'tie', inputs: [ones, ones], fn: (x, y) => t.ntXentLoss(x, y), value: Math.log(3), gradients: [zeros2, zeros2] },
    { edge: 'zero', inputs: [zeros2, zeros2], fn: (x, y) => t.ntXentLoss(x, y), value: Math.log(3), gradients: [zeros2, zeros2] },
    { edge: 'huge', inputs: [[[1e30, 0], [0, 1e-30]], [[1e30, 0], [0, 1e-30]]], fn: (x, y) => t.ntXentLoss(x, y, { temperature: 1e-3 }), value: 0 },
    { edge: 'huge', inputs: [[[1, 0], [-1, 0]], [[-1, 0], [1, 0]]], fn: (x, y) => t.ntXentLoss(x, y, { temperature: 1 / 1024 }), value: 2048 },
    // The view itself counts nothing, however unlike the only other one is.
    { edge: 'masked', inputs: [[[1, 0]], [[-1, 0]]], fn: (x, y) => t.ntXentLoss(x, y, { temperature: 2 ** -40 }), value: 0, gradients: [[[0, 0]], [[0, 0]]] },
    { edge: 'NaN', inputs: [[[NaN, 1], [0, 1]], [[1, 0], [0, 1]]], fn: (x, y) => t.ntXentLoss(x, y), value: NaN },
  ], refuses: [
    ...shapes('ntXentLoss', 'both views', (x, y) => t.ntXentLoss(x, y)),
    ...[0, -0.5, NaN, Infinity].map((temperature) => outOf(finite('ntXentLoss: temperature', 'above 0', String(temperature)), () => t.ntXentLoss(a, a, { temperature }))),
    reduction('ntXentLoss', () => t.ntXentLoss(a, a, average)),
  ], pytorch: ({ z1, z2 }, options) => t.ntXentLoss(z1, z2, options) },
  infoNceLoss: { cases: [
    { name: 'mean', inputs: [normal([4, 3]), normal([4, 3])], fn: (x, y) => t.infoNceLoss(x, y, { scale: 3 }), shape: [], oracle: (_, x, y) => mean(4, (i) => surprise((j) => 3 * cosine(x, i, y, j, 3), 4, i)) },
    {
      name: 'symmetric, each', inputs: [normal([4, 3]), normal([4, 3])], fn: (x, y) => t.infoNceLoss(x, y, { scale: 2, symmetric: true, reduction: 'none' }), shape: [4],
      oracle: ([i], x, y) => (surprise((j) => 2 * cosine(x, i, y, j, 3), 4, i) + surprise((j) => 2 * cosine(y, i, x, j, 3), 4, i)) / 2,
    },
    { name: 'default scale', inputs: [normal([3, 6]), normal([3, 6])], fn: (x, y) => t.infoNceLoss(x, y), shape: [], oracle: (_, x, y) => mean(3, (i) => surprise((j) => 20 * cosine(x, i, y, j, 6), 3, i)) },
    { name: 'one item', inputs: [normal([1, 3]), normal([1, 3])], fn: (x, y) => t.infoNceLoss(x, y, { symmetric: true }), shape: [], oracle: () => 0 },
    empty((x, y) => t.infoNceLoss(x, y, { symmetric: true })),
  ], edges: [
    { edge: 'tie', inputs: [ones, ones], fn: (x, y) => t.infoNceLoss(x, y), value: Math.LN2, gradients: [zeros2, zeros2] },
    { edge: 'zero', inputs: [zeros2, zeros2], fn: (x, y) => t.infoNceLoss(x, y, { symmetric: true }), value: Math.LN2, gradients: [zeros2, zeros2] },
    { edge: 'huge', inputs: [[[1, 0], [-1, 0]], [[-1, 0], [1, 0]]], fn: (x, y) => t.infoNceLoss(x, y, { scale: 1e6 }), value: 2e6 },
    { edge: 'NaN', inputs: [[[NaN, 1], [0, 1]], [[1, 0], [0, 1]]], fn: (x, y) => t.infoNceLoss(x, y), value: NaN },
  ], refuses: [
    ...shapes('infoNceLoss', 'anchors and positives', (x, y) => t.infoNceLoss(x, y)),
    ...[0, -1, NaN, Infinity].map((scale) => outOf(finite('infoNceLoss: scale', 'above 0', String(scale)), () => t.infoNceLoss(a, a, { scale }))),
    reduction('infoNceLoss', () => t.infoNceLoss(a, a, average)),
  ], pytorch: ({ a, p }, options) => t.infoNceLoss(a, p, options) },
  nPairsLoss: { cases: [
    { name: 'mean', inputs: [normal([4, 3]), normal([4, 3])], fn: (x, y) => t.nPairsLoss(x, y), shape: [], oracle: (_, x, y) => mean(4, (i) => surprise((j) => dot(x, i, y, j, 3), 4, i)) },
    {
      name: 'lengths, each', inputs: [normal([4, 3]), normal([4, 3])], fn: (x, y) => t.nPairsLoss(x, y, { l2: 0.3, reduction: 'none' }), shape: [4],
      oracle: ([i], x, y) => surprise((j) => dot(x, i, y, j, 3), 4, i) + 0.15 * (dot(x, i, x, i, 3) + dot(y, i, y, i, 3)),
    },
    { name: 'one item', inputs: [normal([1, 3]), normal([1, 3])], fn: (x, y) => t.nPairsLoss(x, y), shape: [], oracle: () => 0 },
    empty((x, y) => t.nPairsLoss(x, y, { l2: 1 })),
  ], edges: [
    { edge: 'zero', inputs: [zeros2, zeros2], fn: (x, y) => t.nPairsLoss(x, y, { l2: 1 }), value: Math.LN2, gradients: [zeros2, zeros2] },
    { edge: 'tie', inputs: [ones, ones], fn: (x, y) => t.nPairsLoss(x, y), value: Math.LN2, gradients: [zeros2, zeros2] },
    { edge: 'huge', inputs: [[[1e15, 0], [-1e15, 0]], [[-1e15, 0], [1e15, 0]]], fn: (x, y) => t.nPairsLoss(x, y), value: 2e30 },
    { edge: 'NaN', inputs: [[[NaN, 1], [0, 1]], [[1, 0], [0, 1]]], fn: (x, y) => t.nPairsLoss(x, y), value: NaN },
  ], refuses: [
    ...shapes('nPairsLoss', 'anchors and positives', (x, y) => t.nPairsLoss(x, y)),
    ...[-1, NaN, Infinity].map((l2) => outOf(finite('nPairsLoss: l2', 'of at least 0', String(l2)), () => t.nPairsLoss(a, a, { l2 }))),
    reduction('nPairsLoss', () => t.nPairsLoss(a, a, average)),
  ], pytorch: ({ a, p }, options) => t.nPairsLoss(a, p, options) },
  barlowTwinsLoss: { cases: [
    { name: 'default', inputs: [normal([6, 3]), normal([6, 3])], fn: (x, y) => t.barlowTwinsLoss(x, y), shape: [], oracle: (_, x, y) => barlowTwins(x, y, 6, 3, 0.005) },
    { name: 'lambda', inputs: [normal([5, 4]), normal([5, 4])], fn: (x, y) => t.barlowTwinsLoss(x, y, { lambda: 0.7 }), shape: [], oracle: (_, x, y) => barlowTwins(x, y, 5, 4, 0.7) },
  ], edges: [
    // Two dimensions that are constant; the first is so in one view alone, which the other one brings to life.
    { edge: 'zero', inputs: [[[7, 3], [7, 3]], [[0, 3], [1, 3]]], fn: (x, y) => t.barlowTwinsLoss(x, y), value: 2, gradients: [[[steepest, 0], [-steepest, 0]], zeros2] },
    { edge: 'tie', inputs: [ones, ones], fn: (x, y) => t.barlowTwinsLoss(x, y), value: 2, gradients: [zeros2, zeros2] },
    { edge: 'huge', inputs: [[[1e18], [-1e18]], [[-1e18], [1e18]]], fn: (x, y) => t.barlowTwinsLoss(x, y), value: 4 },
    { edge: 'NaN', inputs: [[[NaN], [1]], [[0], [1]]], fn: (x, y) => t.barlowTwinsLoss(x, y), value: NaN },
  ], refuses: [
    ...shapes('barlowTwinsLoss', 'both views', (x, y) => t.barlowTwinsLoss(x, y)),
    ...few('barlowTwinsLoss', (x, y) => t.barlowTwinsLoss(x, y)),
    ...[-1, NaN, Infinity].map((lambda) => outOf(finite('barlowTwinsLoss: lambda', 'of at least 0', String(lambda)), () => t.barlowTwinsLoss(a, a, { lambda }))),
  ], pytorch: ({ z1, z2 }, options) => t.barlowTwinsLoss(z1, z2, options) },
  vicRegLoss: { cases: [
    { name: 'default', inputs: [normal([6, 3]), normal([6, 3])], fn: (x, y) => t.vicRegLoss(x, y), shape: [], oracle: (_, x, y) => vicReg(x, y, 6, 3, [25, 25, 1]) },
    {
      name: 'weights', inputs: [normal([5, 4]), normal([5, 4])], fn: (x, y) => t.vicRegLoss(x, y, { invariance: 2, variance: 7, covariance: 0.3 }), shape: [],
      oracle: (_, x, y) => vicReg(x, y, 5, 4, [2, 7, 0.3]),
    },
    { name: 'one dimension', inputs: [normal([4, 1]), normal([4, 1])], fn: (x, y) => t.vicRegLoss(x, y), shape: [], oracle: (_, x, y) => vicReg(x, y, 4, 1, [25, 25, 1]) },
  ], edges: [
    { edge: 'tie', inputs: [ones, ones], fn: (x, y) => t.vicRegLoss(x, y), value: 24.75, gradients: [zeros2, zeros2] },
    { edge: 'zero', inputs: [zeros2, zeros2], fn: (x, y) => t.vicRegLoss(x, y, { variance: 4 }), value: 3.96, gradients: [zeros2, zeros2] },
    { edge: 'huge', inputs: [[[1e9, 0], [-1e9, 0]], [[1e9, 0], [-1e9, 0]]], fn: (x, y) => t.vicRegLoss(x, y, { variance: 0 }), value: 0 },
    { edge: 'NaN', inputs: [[[NaN], [1]], [[0], [1]]], fn: (x, y) => t.vicRegLoss(x, y), value: NaN },
  ], refuses: [
    ...shapes('vicRegLoss', 'both views', (x, y) => t.vicRegLoss(x, y)),
    ...few('vicRegLoss', (x, y) => t.vicRegLoss(x, y)),
    ...(['invariance', 'variance', 'covariance'] as const).map((name) => outOf(finite(`vicRegLoss: ${name}`, 'of at least 0', '-1'), () => t.vicRegLoss(a, a, { [name]: -1 }))),
  ], pytorch: ({ z1, z2 }, { shrink = 1, ...options }) => t.vicRegLoss(t.div(z1, shrink), t.div(z2, shrink), options) },
  simSiamLoss: { cases: [
    { name: 'mean', inputs: [normal([4, 3]), normal([4, 3])], fn: (p, q) => t.simSiamLoss(p, q, z1, z2), shape: [], oracle: (_, p, q) => -mean(4, (i) => cosine(p, i, reads(z2), i, 3) + cosine(q, i, reads(z1), i, 3)) / 2 },
    { name: 'each', inputs: [normal([4, 3]), normal([4, 3])], fn: (p, q) => t.simSiamLoss(p, q, z1, z2, { reduction: 'none' }), shape: [4], oracle: ([i], p, q) => -(cosine(p, i, reads(z2), i, 3) + cosine(q, i, reads(z1), i, 3)) / 2 },
    empty((p, q) => t.simSiamLoss(p, q, p, q)),
  ], edges: [
    { edge: 'tie', inputs: [ones, ones, ones, ones], fn: (p, q, z, w) => t.simSiamLoss(p, q, z, w), value: -1, gradients: [zeros2, zeros2, zeros2, zeros2] },
    // The projections get no gradient, though the value depends on them.
    { edge: 'kink', inputs: [[[1, 0]], [[1, 0]], [[0, 2]], [[0, 4]]], fn: (p, q, z, w) => t.simSiamLoss(p, q, z, w), value: 0, gradients: [[[0, -0.5]], [[0, -0.5]], [[0, 0]], [[0, 0]]] },
    { edge: 'zero', inputs: [zeros2, zeros2, ones, ones], fn: (p, q, z, w) => t.simSiamLoss(p, q, z, w), value: 0, gradients: [zeros2, zeros2, zeros2, zeros2] },
    { edge: 'huge', inputs: [[[1e30, 1e-30]], [[1e-30, 0]], [[1e30, 0]], [[1e30, 0]]], fn: (p, q, z, w) => t.simSiamLoss(p, q, z, w), value: -1 },
    { edge: 'NaN', inputs: [[[NaN, 1]], [[0, 1]], [[0, 1]], [[0, 1]]], fn: (p, q, z, w) => t.simSiamLoss(p, q, z, w), value: NaN },
  ], refuses: [
    { call: () => t.simSiamLoss(a, a, a, b), error: t.ShapeError, message: `simSiamLoss: predictions and projections must all be [N, D]; got [2, 3] and [2, 3] and [2, 3] and [3, 3]. ${remedy}` },
    reduction('simSiamLoss', () => t.simSiamLoss(a, a, a, a, average)),
    // @ts-expect-error: as plain JavaScript may pass it.
    outOf("simSiamLoss: the reduction 'meanNonZero' is for losses of at least 0; this one may fall below. Use 'mean', 'sum' or 'none'.", () => t.simSiamLoss(a, a, a, a, { reduction: 'meanNonZero' })),
  ], pytorch: ({ p1, p2, z1, z2 }, options) => t.simSiamLoss(p1, p2, z1, z2, options) },
  byolLoss: { cases: [
    { name: 'mean', inputs: [normal([4, 3]), normal([4, 3])], fn: (p, q) => t.byolLoss(p, q, z1, z2), shape: [], oracle: (_, p, q) => mean(4, (i) => unitApart(p, i, reads(z2), i, 3) + unitApart(q, i, reads(z1), i, 3)) },
    { name: 'each', inputs: [normal([4, 3]), normal([4, 3])], fn: (p, q) => t.byolLoss(p, q, z1, z2, { reduction: 'none' }), shape: [4], oracle: ([i], p, q) => unitApart(p, i, reads(z2), i, 3) + unitApart(q, i, reads(z1), i, 3) },
    empty((p, q) => t.byolLoss(p, q, p, q)),
  ], edges: [
    { edge: 'tie', inputs: [ones, ones, ones, ones], fn: (p, q, z, w) => t.byolLoss(p, q, z, w), value: 0, gradients: [zeros2, zeros2, zeros2, zeros2] },
    { edge: 'kink', inputs: [[[1, 0]], [[1, 0]], [[0, 2]], [[0, 4]]], fn: (p, q, z, w) => t.byolLoss(p, q, z, w), value: 4, gradients: [[[0, -2]], [[0, -2]], [[0, 0]], [[0, 0]]] },
    { edge: 'zero', inputs: [zeros2, zeros2, ones, ones], fn: (p, q, z, w) => t.byolLoss(p, q, z, w), value: 4, gradients: [zeros2, zeros2, zeros2, zeros2] },
    { edge: 'NaN', inputs: [[[NaN, 1]], [[0, 1]], [[0, 1]], [[0, 1]]], fn: (p, q, z, w) => t.byolLoss(p, q, z, w), value: NaN },
  ], refuses: [
    { call: () => t.byolLoss(a, a, b, a), error: t.ShapeError, message: `byolLoss: predictions and targets must all be [N, D]; got [2, 3] and [2, 3] and [3, 3] and [2, 3]. ${remedy}` },
    reduction('byolLoss', () => t.byolLoss(a, a, a, a, average)),
  ], pytorch: ({ p1, p2, z1, z2 }, options) => t.byolLoss(p1, p2, z1, z2, options) },
  alignment: { cases: [
    { name: 'square', inputs: [normal([5, 3]), normal([5, 3])], fn: (x, y) => t.alignment(x, y), shape: [], oracle: (_, x, y) => mean(5, (i) => unitApart(x, i, y, i, 3)) },
    { name: 'cube, each', inputs: [normal([5, 3]), normal([5, 3])], fn: (x, y) => t.alignment(x, y, { alpha: 3, reduction: 'none' }), shape: [5], oracle: ([i], x, y) => unitApart(x, i, y, i, 3) ** 1.5 },
    empty((x, y) => t.alignment(x, y)),
  ], edges: [
    { edge: 'tie', inputs: [ones, ones], fn: (x, y) => t.alignment(x, y, { alpha: 1 }), value: 0, gradients: [zeros2, zeros2] },
    { edge: 'zero', inputs: [zeros2, ones], fn: (x, y) => t.alignment(x, y), value: 1 },
    { edge: 'huge', inputs: [[[1e30, 0]], [[-1e-30, 0]]], fn: (x, y) => t.alignment(x, y), value: 4 },
    { edge: 'NaN', inputs: [[[NaN, 1]], [[0, 1]]], fn: (x, y) => t.alignment(x, y), value: NaN },
  ], refuses: [
    ...shapes('alignment', 'both views', (x, y) => t.alignment(x, y)),
    ...[0.5, NaN, Infinity].map((alpha) => outOf(finite('alignment: alpha', 'of at least 1', String(alpha)), () => t.alignment(a, a, { alpha }))),
    reduction('alignment', () => t.alignment(a, a, average)),
  ], pytorch: ({ a, b }, options) => t.alignment(a, b, options) },
  uniformity: { cases: [
    { name: 'default', inputs: [normal([6, 3])], fn: (x) => t.uniformity(x), shape: [], oracle: (_, x) => uniform(x, 6, 3, 2) },
    { name: 'sharp', inputs: [normal([5, 4])], fn: (x) => t.uniformity(x, { t: 9 }), shape: [], oracle: (_, x) => uniform(x, 5, 4, 9) },
    { name: 'one row', inputs: [normal([1, 3])], fn: (x) => t.uniformity(x), shape: [], oracle: () => 0 },
    { name: 'empty', inputs: [t.zeros([0, 3])], fn: (x) => t.uniformity(x), shape: [], oracle: () => 0 },
  ], edges: [
    { edge: 'tie', inputs: [[[3, 1], [3, 1], [3, 1]]], fn: (x) => t.uniformity(x), value: 0, gradients: [[[0, 0], [0, 0], [0, 0]]] },
    { edge: 'zero', inputs: [zeros2], fn: (x) => t.uniformity(x), value: 0, gradients: [zeros2] },
    { edge: 'huge', inputs: [[[1, 0], [-1, 0]]], fn: (x) => t.uniformity(x, { t: 1e6 }), value: -4e6 },
    { edge: 'NaN', inputs: [[[NaN, 1], [0, 1]]], fn: (x) => t.uniformity(x), value: NaN },
  ], refuses: [
    { call: () => t.uniformity(two), error: t.ShapeError, message: 'uniformity: embeddings must be [N, D]; got [2]. Pass one row an item.' },
    ...[0, -2, NaN, Infinity].map((sharpness) => outOf(finite('uniformity: t', 'above 0', String(sharpness)), () => t.uniformity(oneRow, { t: sharpness }))),
  ], pytorch: ({ x }, options) => t.uniformity(x, options) },
} satisfies Record<string, Row>;
