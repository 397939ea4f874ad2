import * as t from '../../../src/portable.ts';
import { apart, type Case, cosine, draws, length, logistic, type Read, type Row, range, total } from './row.ts';

const { normal } = draws('classLosses');

const [N, C, D] = [5, 4, 3];
const labels = [2, 0, 3, 3, 0];
const batch = (): readonly t.Tensor[] => [normal([N, D]), normal([C, D])];
const all = range(C);

/** -log of the softmax of logits of which the own one is `own` of its cosine. */
function surprise(i: number, x: Read, w: Read, scale: number, own: (cosine: number) => number): number {
  const logits = all.map((c) => cosine(x, i, w, c, D)).map((v, c) => scale * (c === labels[i] ? own(v) : v));
  return Math.log(logits.reduce((sum, v) => sum + Math.exp(v - logits[labels[i]]), 0));
}

/** The definition by the angle; where it would turn back beyond pi, that of insightface. */
const widened = (margin: number) => (v: number) =>
  Math.acos(v) + margin < Math.PI ? Math.cos(Math.acos(v) + margin) : v - margin * Math.sin(margin);
const lowered = (margin: number) => (v: number) => v - margin;

/** As published: the own proxy is not in the sum. Distances are those of unit vectors, from differences. */
function nca(i: number, x: Read, w: Read, scale: number): number {
  const unit = (read: Read): Read => (row, d) => read(row, d) / length(read, row, D);
  const power = (c: number) => Math.exp(-scale * apart(unit(x), i, unit(w), c, D));
  return -Math.log(power(labels[i]) / total(C, (c) => (c === labels[i] ? 0 : power(c))));
}

function anchor(x: Read, w: Read, alpha: number, margin: number): number {
  const present = new Set(labels).size;
  const pull = (c: number) => Math.log(1 + total(N, (i) => (labels[i] === c ? Math.exp(-alpha * (cosine(x, i, w, c, D) - margin)) : 0)));
  const push = (c: number) => Math.log(1 + total(N, (i) => (labels[i] === c ? 0 : Math.exp(alpha * (cosine(x, i, w, c, D) + margin)))));
  return total(C, pull) / present + total(C, push) / C;
}

type ClassLoss = (embeddings: t.Tensor, weight: t.Tensor, labels: readonly number[]) => t.Tensor;
const empty = (loss: ClassLoss): Case => ({ name: 'empty', inputs: [t.zeros([0, 3]), normal([2, 3])], fn: (x, w) => loss(x, w, []), shape: [], oracle: () => 0 });

const [x, w] = [t.zeros([2, 3]), t.zeros([4, 3])];
/** What all of them refuse. */
const refusals = (op: string, loss: ClassLoss): NonNullable<Row['refuses']> => [
  { call: () => loss(x, w, [0]), error: t.ShapeError, message: `${op}: expected embeddings [N, D] and N labels; got [2, 3] and [1]. Pass one label a row.` },
  { call: () => loss(t.zeros([2]), w, [0, 1]), error: t.ShapeError, message: `${op}: expected embeddings [N, D] and N labels; got [2] and [2]. Pass one label a row.` },
  { call: () => loss(x, t.zeros([4, 2]), [0, 1]), error: t.ShapeError, message: `${op}: expected embeddings [N, D] and weight [C, D]; got [2, 3] and [4, 2]. Keep one row a class, as long as an embedding.` },
  { call: () => loss(x, t.zeros([3]), [0, 1]), error: t.ShapeError, message: `${op}: expected embeddings [N, D] and weight [C, D]; got [2, 3] and [3]. Keep one row a class, as long as an embedding.` },
  { call: () => loss(t.zeros([0, 3]), t.zeros([0, 3]), []), error: t.ShapeError, message: `${op}: expected embeddings [N, D] and weight [C, D]; got [0, 3] and [0, 3]. Keep one row a class, as long as an embedding.` },
  { call: () => loss(x, w, [0, 4]), error: RangeError, message: `${op}: labels[1] is 4, but the weight has 4 classes. Number the classes from 0, with a Map from the ids to their numbers.` },
  { call: () => loss(x, w, [-1, 4]), error: RangeError, message: `${op}: labels[0] is -1, but the weight has 4 classes. Number the classes from 0, with a Map from the ids to their numbers.` },
  { call: () => loss(x, w, [0, 16_777_217]), error: RangeError, message: `${op}: labels[1] is 16777217, but the weight has 4 classes. Number the classes from 0, with a Map from the ids to their numbers.` },
  { call: () => loss(x, w, [0, 0.5]), error: RangeError, message: `${op}: labels[1] is 0.5; expected an integer within 32 bits.` },
];
// biome-ignore lint/suspicious/noExplicitAny: a reduction that plain JavaScript may pass.
const average: any = { reduction: 'average' };
const wrongReduction = (op: string) => `${op}: unknown reduction 'average'. Use 'mean', 'sum', 'none' or 'meanNonZero'.`;

const [turn, sine] = [Math.cos(0.5), Math.sin(0.5)];
const share = (gap: number): number => 1 / (1 + Math.exp(gap));
/** The embedding [1, 0], one weight along it, one across. */
const along = [[[1, 0]], [[1, 0], [0, 1]]];
const against = [[[1, 0]], [[-1, 0], [0, 1]]];
const zeroRow = [[[0, 0]], [[1, 0], [0, 1]]];
const zeroWeight = [[[1, 0]], [[0, 0], [0, 1]]];
const still = [[[0, 0]], [[0, 0], [0, 0]]];
/** The gradients where only the weight across pulls. */
const across = (p: number): number[][][] => [[[0, p]], [[0, 0], [p, 0]]];
const plain = { scale: 1 };
const nothing = [t.zeros([0, 2]), [[1, 0], [0, 1]]];
const ofNothing = [t.zeros([0, 2]).toArray(), [[0, 0], [0, 0]]];

/** Losses of class weights. */
export const classLosses = {
  arcFaceLoss: { cases: [
    { name: 'mean', inputs: batch(), fn: (x, w) => t.arcFaceLoss(x, w, labels), shape: [], oracle: (_, x, w) => total(N, (i) => surprise(i, x, w, 64, widened(0.5))) / N },
    { name: 'each, beyond pi', inputs: batch(), fn: (x, w) => t.arcFaceLoss(x, w, labels, { scale: 3, margin: 2, reduction: 'none' }), shape: [N], oracle: ([i], x, w) => surprise(i, x, w, 3, widened(2)) },
    { name: 'sum, no margin', inputs: batch(), fn: (x, w) => t.arcFaceLoss(x, w, labels, { scale: 2, margin: 0, reduction: 'sum' }), shape: [], oracle: (_, x, w) => total(N, (i) => surprise(i, x, w, 2, widened(0))) },
    empty(t.arcFaceLoss),
  ], edges: [
    { edge: 'kink', inputs: along, fn: (x, w) => t.arcFaceLoss(x, w, [0], plain), value: logistic(-turn), gradients: across(share(turn)) },
    { edge: 'kink', inputs: against, fn: (x, w) => t.arcFaceLoss(x, w, [0], plain), value: logistic(1 + 0.5 * sine), gradients: across(share(-1 - 0.5 * sine)) },
    { edge: 'zero', inputs: zeroRow, fn: (x, w) => t.arcFaceLoss(x, w, [0], plain), value: logistic(sine), gradients: still },
    { edge: 'zero', inputs: zeroWeight, fn: (x, w) => t.arcFaceLoss(x, w, [0], plain), value: logistic(sine), gradients: across(share(-sine)) },
    { edge: 'zero', inputs: [[[0, 0]], [[0, 0]]], fn: (x, w) => t.arcFaceLoss(x, w, [0]), value: 0, gradients: [[[0, 0]], [[0, 0]]] },
    { edge: 'tie', inputs: [[[1, 2]], [[3, 4]]], fn: (x, w) => t.arcFaceLoss(x, w, [0]), value: 0, gradients: [[[0, 0]], [[0, 0]]] },
    { edge: 'empty', inputs: nothing, fn: (x, w) => t.arcFaceLoss(x, w, []), value: 0, gradients: ofNothing },
    { edge: 'huge', inputs: [[[1e30, 0]], along[1]], fn: (x, w) => t.arcFaceLoss(x, w, [1], { scale: 1, margin: 0 }), value: logistic(1), gradients: [[[0, -share(-1) * 1e-30]], [[0, 0], [-share(-1), 0]]] },
    { edge: 'huge', inputs: along, fn: (x, w) => t.arcFaceLoss(x, w, [1], { scale: 1e30 }), value: 1.4794256e30 },
    { edge: 'NaN', inputs: [[[NaN, 0]], along[1]], fn: (x, w) => t.arcFaceLoss(x, w, [0]), value: NaN },
    { edge: 'NaN', inputs: [[[1, 0]], [[1, 0], [NaN, 1]]], fn: (x, w) => t.arcFaceLoss(x, w, [0]), value: NaN },
  ], refuses: [
    ...refusals('arcFaceLoss', t.arcFaceLoss),
    { call: () => t.arcFaceLoss(x, w, [0, 1], { scale: 0 }), error: RangeError, message: 'arcFaceLoss: scale must be a finite number above 0; got 0.' },
    { call: () => t.arcFaceLoss(x, w, [0, 1], { margin: -0.1 }), error: RangeError, message: 'arcFaceLoss: margin must be an angle in radians, at least 0 and below pi; got -0.1.' },
    { call: () => t.arcFaceLoss(x, w, [0, 1], { margin: 28.6 }), error: RangeError, message: 'arcFaceLoss: margin must be an angle in radians, at least 0 and below pi; got 28.6.' },
    { call: () => t.arcFaceLoss(x, w, [0, 1], average), error: RangeError, message: wrongReduction('arcFaceLoss') },
  ], pytorch: ({ embeddings, weight }, { labels, ...options }) => t.arcFaceLoss(embeddings, weight, labels, options) },
  cosFaceLoss: { cases: [
    { name: 'mean', inputs: batch(), fn: (x, w) => t.cosFaceLoss(x, w, labels), shape: [], oracle: (_, x, w) => total(N, (i) => surprise(i, x, w, 64, lowered(0.35))) / N },
    { name: 'each', inputs: batch(), fn: (x, w) => t.cosFaceLoss(x, w, labels, { scale: 3, margin: 0.1, reduction: 'none' }), shape: [N], oracle: ([i], x, w) => surprise(i, x, w, 3, lowered(0.1)) },
    empty(t.cosFaceLoss),
  ], edges: [
    { edge: 'kink', inputs: along, fn: (x, w) => t.cosFaceLoss(x, w, [0], plain), value: logistic(-0.65), gradients: across(share(0.65)) },
    { edge: 'kink', inputs: against, fn: (x, w) => t.cosFaceLoss(x, w, [0], plain), value: logistic(1.35), gradients: across(share(-1.35)) },
    { edge: 'zero', inputs: zeroRow, fn: (x, w) => t.cosFaceLoss(x, w, [0], plain), value: logistic(0.35), gradients: still },
    { edge: 'zero', inputs: zeroWeight, fn: (x, w) => t.cosFaceLoss(x, w, [0], plain), value: logistic(0.35), gradients: across(share(-0.35)) },
    { edge: 'tie', inputs: [[[1, 2]], [[3, 4]]], fn: (x, w) => t.cosFaceLoss(x, w, [0]), value: 0, gradients: [[[0, 0]], [[0, 0]]] },
    { edge: 'empty', inputs: nothing, fn: (x, w) => t.cosFaceLoss(x, w, []), value: 0, gradients: ofNothing },
    { edge: 'huge', inputs: along, fn: (x, w) => t.cosFaceLoss(x, w, [1], { scale: 1e30 }), value: 1.35e30 },
    { edge: 'NaN', inputs: [[[NaN, 0]], along[1]], fn: (x, w) => t.cosFaceLoss(x, w, [0]), value: NaN },
  ], refuses: [
    ...refusals('cosFaceLoss', t.cosFaceLoss),
    { call: () => t.cosFaceLoss(x, w, [0, 1], { scale: -1 }), error: RangeError, message: 'cosFaceLoss: scale must be a finite number above 0; got -1.' },
    { call: () => t.cosFaceLoss(x, w, [0, 1], { margin: -0.1 }), error: RangeError, message: 'cosFaceLoss: margin must lie in [0, 2], as a difference of cosines does; got -0.1.' },
    { call: () => t.cosFaceLoss(x, w, [0, 1], { margin: 2.1 }), error: RangeError, message: 'cosFaceLoss: margin must lie in [0, 2], as a difference of cosines does; got 2.1.' },
    { call: () => t.cosFaceLoss(x, w, [0, 1], average), error: RangeError, message: wrongReduction('cosFaceLoss') },
  ], pytorch: ({ embeddings, weight }, { labels, ...options }) => t.cosFaceLoss(embeddings, weight, labels, options) },
  proxyNcaLoss: { cases: [
    { name: 'mean', inputs: batch(), fn: (x, w) => t.proxyNcaLoss(x, w, labels), shape: [], oracle: (_, x, w) => total(N, (i) => nca(i, x, w, 1)) / N },
    { name: 'each', inputs: batch(), fn: (x, w) => t.proxyNcaLoss(x, w, labels, { scale: 5, reduction: 'none' }), shape: [N], oracle: ([i], x, w) => nca(i, x, w, 5) },
    empty(t.proxyNcaLoss),
  ], edges: [
    { edge: 'kink', inputs: along, fn: (x, w) => t.proxyNcaLoss(x, w, [0]), value: -2, gradients: across(2) },
    { edge: 'kink', inputs: against, fn: (x, w) => t.proxyNcaLoss(x, w, [0]), value: 2, gradients: across(2) },
    { edge: 'zero', inputs: zeroRow, fn: (x, w) => t.proxyNcaLoss(x, w, [0]), value: 0, gradients: still },
    { edge: 'zero', inputs: zeroWeight, fn: (x, w) => t.proxyNcaLoss(x, w, [0]), value: 0, gradients: across(2) },
    { edge: 'empty', inputs: nothing, fn: (x, w) => t.proxyNcaLoss(x, w, []), value: 0, gradients: ofNothing },
    { edge: 'huge', inputs: along, fn: (x, w) => t.proxyNcaLoss(x, w, [1], { scale: 1e30 }), value: 2e30 },
    { edge: 'NaN', inputs: [[[NaN, 0]], along[1]], fn: (x, w) => t.proxyNcaLoss(x, w, [0]), value: NaN },
  ], refuses: [
    ...refusals('proxyNcaLoss', t.proxyNcaLoss),
    { call: () => t.proxyNcaLoss(x, t.zeros([1, 3]), [0, 0]), error: RangeError, message: 'proxyNcaLoss: a class is told from others, so there must be at least 2 of them; got 1.' },
    { call: () => t.proxyNcaLoss(x, w, [0, 1], { scale: Infinity }), error: RangeError, message: 'proxyNcaLoss: scale must be a finite number above 0; got Infinity.' },
    // @ts-expect-error: as plain JavaScript may pass it.
    { call: () => t.proxyNcaLoss(x, w, [0, 1], { reduction: 'meanNonZero' }), error: RangeError, message: "proxyNcaLoss: the reduction 'meanNonZero' is for losses of at least 0; this one may fall below. Use 'mean', 'sum' or 'none'." },
    { call: () => t.proxyNcaLoss(x, w, [0, 1], average), error: RangeError, message: wrongReduction('proxyNcaLoss') },
  ], pytorch: ({ embeddings, weight }, { labels, ...options }) => t.proxyNcaLoss(embeddings, weight, labels, options) },
  proxyAnchorLoss: { cases: [
    { name: 'default', inputs: batch(), fn: (x, w) => t.proxyAnchorLoss(x, w, labels), shape: [], oracle: (_, x, w) => anchor(x, w, 32, 0.1) },
    { name: 'soft', inputs: batch(), fn: (x, w) => t.proxyAnchorLoss(x, w, labels, { alpha: 2, margin: 0.3 }), shape: [], oracle: (_, x, w) => anchor(x, w, 2, 0.3) },
    empty(t.proxyAnchorLoss),
  ], edges: [
    // The proxy of class 1 has no embedding of its own: it only pushes.
    { edge: 'kink', inputs: along, fn: (x, w) => t.proxyAnchorLoss(x, w, [0], { alpha: 1 }), value: logistic(-0.9) + logistic(0.1) / 2, gradients: across(share(-0.1) / 2) },
    { edge: 'kink', inputs: against, fn: (x, w) => t.proxyAnchorLoss(x, w, [0], { alpha: 1 }), value: logistic(1.1) + logistic(0.1) / 2, gradients: across(share(-0.1) / 2) },
    { edge: 'zero', inputs: zeroRow, fn: (x, w) => t.proxyAnchorLoss(x, w, [0], { alpha: 1 }), value: logistic(0.1) * 1.5, gradients: still },
    { edge: 'zero', inputs: zeroWeight, fn: (x, w) => t.proxyAnchorLoss(x, w, [0], { alpha: 1 }), value: logistic(0.1) * 1.5, gradients: across(share(-0.1) / 2) },
    // One class pulls and has nothing to push.
    { edge: 'masked', inputs: [[[1, 0]], [[0, 1]]], fn: (x, w) => t.proxyAnchorLoss(x, w, [0], { alpha: 1 }), value: logistic(0.1), gradients: [[[0, -share(-0.1)]], [[-share(-0.1), 0]]] },
    { edge: 'empty', inputs: nothing, fn: (x, w) => t.proxyAnchorLoss(x, w, []), value: 0, gradients: ofNothing },
    { edge: 'huge', inputs: along, fn: (x, w) => t.proxyAnchorLoss(x, w, [1], { alpha: 1e30 }), value: 0.1e30 + 1.1e30 / 2 },
    { edge: 'NaN', inputs: [[[NaN, 0]], along[1]], fn: (x, w) => t.proxyAnchorLoss(x, w, [0]), value: NaN },
  ], refuses: [
    ...refusals('proxyAnchorLoss', t.proxyAnchorLoss),
    { call: () => t.proxyAnchorLoss(x, w, [0, 1], { alpha: 0 }), error: RangeError, message: 'proxyAnchorLoss: alpha must be a finite number above 0; got 0.' },
    { call: () => t.proxyAnchorLoss(x, w, [0, 1], { margin: -0.1 }), error: RangeError, message: 'proxyAnchorLoss: margin must lie in [0, 1], as the cosine of like directions does; got -0.1.' },
    { call: () => t.proxyAnchorLoss(x, w, [0, 1], { margin: 1.1 }), error: RangeError, message: 'proxyAnchorLoss: margin must lie in [0, 1], as the cosine of like directions does; got 1.1.' },
  ], pytorch: ({ embeddings, weight }, { labels, ...options }) => t.proxyAnchorLoss(embeddings, weight, labels, options) },
} satisfies Record<string, Row>;
