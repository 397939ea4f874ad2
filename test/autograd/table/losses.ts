import * as t from '../../../src/portable.ts';
import { apart, type Case, cosine, draws, hinge, logistic, type Read, type Row, range, total } from './row.ts';

const { normal, uniform } = draws('losses');
const presets = draws('presets of contrastiveLoss');

const different = [1, 0, 0, 1, 1];
function tripletCases(): Case[] {
  const batch = () => [normal([6, 3]), normal([6, 3]), normal([6, 3])];
  const gap = (distance: (a: Read, b: Read, i: number) => number, margin: number) => (i: number, a: Read, p: Read, n: Read) => distance(a, p, i) - distance(a, n, i) + margin;
  const squared = (a: Read, b: Read, i: number) => apart(a, i, b, i, 3);
  const plain = (a: Read, b: Read, i: number) => Math.sqrt(squared(a, b, i));
  const angle = (a: Read, b: Read, i: number) => 1 - cosine(a, i, b, i, 3);
  return [
    { name: 'default', inputs: batch(), fn: (a, p, n) => t.tripletLoss(a, p, n), shape: [], oracle: (_, a, p, n) => total(6, (i) => hinge(gap(squared, 1)(i, a, p, n))) / 6 },
    { name: 'each', inputs: batch(), fn: (a, p, n) => t.tripletLoss(a, p, n, { margin: 0.5, reduction: 'none' }), shape: [6], oracle: ([i], a, p, n) => hinge(gap(squared, 0.5)(i, a, p, n)) },
    { name: 'euclidean', inputs: batch(), fn: (a, p, n) => t.tripletLoss(a, p, n, { distance: 'euclidean', reduction: 'sum' }), shape: [], oracle: (_, a, p, n) => total(6, (i) => hinge(gap(plain, 1)(i, a, p, n))) },
    { name: 'cosine', inputs: batch(), fn: (a, p, n) => t.tripletLoss(a, p, n, { distance: 'cosine', margin: 0.3 }), shape: [], oracle: (_, a, p, n) => total(6, (i) => hinge(gap(angle, 0.3)(i, a, p, n))) / 6 },
    { name: 'soft', inputs: batch(), fn: (a, p, n) => t.tripletLoss(a, p, n, { soft: true, distance: 'euclidean' }), shape: [], oracle: (_, a, p, n) => total(6, (i) => logistic(gap(plain, 0)(i, a, p, n))) / 6 },
    {
      name: 'swap', inputs: batch(), fn: (a, p, n) => t.tripletLoss(a, p, n, { swap: true, reduction: 'none', margin: 3 }), shape: [6],
      oracle: ([i], a, p, n) => hinge(squared(a, p, i) - Math.min(squared(a, n, i), squared(p, n, i)) + 3),
    },
    {
      name: 'meanNonZero', inputs: batch(), fn: (a, p, n) => t.tripletLoss(a, p, n, { reduction: 'meanNonZero' }), shape: [],
      oracle: (_, a, p, n) => {
        const active = range(6).map((i) => gap(squared, 1)(i, a, p, n)).filter((v) => v > 0);
        return total(active.length, (i) => active[i]) / Math.max(1, active.length);
      },
    },
    { name: 'empty', inputs: [t.zeros([0, 3]), t.zeros([0, 3]), t.zeros([0, 3])], fn: (a, p, n) => t.tripletLoss(a, p, n), shape: [], oracle: () => 0 },
  ];
}

/** Cross-entropy of item i, from logits by class: the formula of the docs. */
function surprise(logit: (c: number) => number, classes: number, y: number, weight: readonly number[] = new Array<number>(classes).fill(1), smoothing = 0): number {
  const lse = Math.log(total(classes, (c) => Math.exp(logit(c))));
  return (1 - smoothing) * weight[y] * (lse - logit(y)) + (smoothing / classes) * total(classes, (c) => weight[c] * (lse - logit(c)));
}
const binary = (x: number, y: number, positive = 1) => (1 - y) * logistic(x) + positive * y * logistic(-x);
const smooth = (d: number, beta: number) => (Math.abs(d) < beta ? (d * d) / (2 * beta) : Math.abs(d) - beta / 2);
const probabilities = (shape: readonly number[]) => uniform(shape, 0.1, 0.9);
const nothing = () => [t.zeros([0, 3]), t.zeros([0, 3])];
const rightAngle = [[[1, 0]], [[0, 2]]];
const ln2 = Math.LN2;
const wrongReduction = (op: string) => `${op}: unknown reduction 'average'. Use 'mean', 'sum', 'none' or 'meanNonZero'.`;
const apartShapes = (op: string) => `${op}: both must have the same shape; got [2] and [2, 1]. Reshape one of them; losses do not broadcast.`;
// biome-ignore lint/suspicious/noExplicitAny: a reduction that plain JavaScript may pass.
const average: any = { reduction: 'average' };
const [two, twoByOne] = [t.zeros([2]), t.zeros([2, 1])];

export const losses = {
  mseLoss: { cases: [
    { name: 'mean', inputs: [normal([3, 4]), normal([3, 4])], fn: (a, b) => t.mseLoss(a, b), shape: [], oracle: (_, a, b) => total(3, (i) => total(4, (j) => (a(i, j) - b(i, j)) ** 2)) / 12 },
    { name: 'each', inputs: [normal([5]), normal([5])], fn: (a, b) => t.mseLoss(a, b, { reduction: 'none' }), shape: [5], oracle: ([i], a, b) => (a(i) - b(i)) ** 2 },
    { name: 'empty', inputs: nothing(), fn: (a, b) => t.mseLoss(a, b), shape: [], oracle: () => 0 },
  ], edges: [
    { edge: 'zero', inputs: [[1, 2], [1, 2]], fn: (a, b) => t.mseLoss(a, b), value: 0, gradients: [[0, 0], [0, 0]] },
    { edge: 'scalar', inputs: [3, 1], fn: (a, b) => t.mseLoss(a, b), value: 4, gradients: [4, -4] },
    { edge: 'huge', inputs: [[1e18, 0], [0, 0]], fn: (a, b) => t.mseLoss(a, b), value: 5e35, gradients: [[1e18, 0], [-1e18, 0]] },
    { edge: 'NaN', inputs: [[NaN, 1], [0, 0]], fn: (a, b) => t.mseLoss(a, b), value: NaN },
  ], refuses: [
    { call: () => t.mseLoss(two, twoByOne), error: t.ShapeError, message: apartShapes('mseLoss') },
    { call: () => t.mseLoss(two, two, average), error: RangeError, message: wrongReduction('mseLoss') },
  ], pytorch: ({ a, b }, options) => t.mseLoss(a, b, options) },
  l1Loss: { cases: [
    { name: 'mean', inputs: [normal([3, 4]), normal([3, 4])], fn: (a, b) => t.l1Loss(a, b), shape: [], oracle: (_, a, b) => total(3, (i) => total(4, (j) => Math.abs(a(i, j) - b(i, j)))) / 12 },
    { name: 'sum', inputs: [normal([5]), normal([5])], fn: (a, b) => t.l1Loss(a, b, { reduction: 'sum' }), shape: [], oracle: (_, a, b) => total(5, (i) => Math.abs(a(i) - b(i))) },
    { name: 'empty', inputs: nothing(), fn: (a, b) => t.l1Loss(a, b), shape: [], oracle: () => 0 },
  ], edges: [
    { edge: 'kink', inputs: [[1, 3], [1, 1]], fn: (a, b) => t.l1Loss(a, b), value: 1, gradients: [[0, 0.5], [0, -0.5]] },
    { edge: 'huge', inputs: [[3e38, 0], [0, 0]], fn: (a, b) => t.l1Loss(a, b), value: 1.5e38, gradients: [[0.5, 0], [-0.5, 0]] },
    { edge: 'NaN', inputs: [[NaN, 1], [0, 0]], fn: (a, b) => t.l1Loss(a, b), value: NaN },
  ], refuses: [
    { call: () => t.l1Loss(two, twoByOne), error: t.ShapeError, message: apartShapes('l1Loss') },
    { call: () => t.l1Loss(two, two, average), error: RangeError, message: wrongReduction('l1Loss') },
  ], pytorch: ({ a, b }, options) => t.l1Loss(a, b, options) },
  smoothL1Loss: { cases: [
    { name: 'mean', inputs: [normal([3, 4]), normal([3, 4])], fn: (a, b) => t.smoothL1Loss(a, b), shape: [], oracle: (_, a, b) => total(3, (i) => total(4, (j) => smooth(a(i, j) - b(i, j), 1))) / 12 },
    { name: 'narrow, each', inputs: [normal([6]), normal([6])], fn: (a, b) => t.smoothL1Loss(a, b, { beta: 0.3, reduction: 'none' }), shape: [6], oracle: ([i], a, b) => smooth(a(i) - b(i), 0.3) },
    { name: 'empty', inputs: nothing(), fn: (a, b) => t.smoothL1Loss(a, b), shape: [], oracle: () => 0 },
  ], edges: [
    { edge: 'kink', inputs: [[1, 3], [1, 1]], fn: (a, b) => t.smoothL1Loss(a, b, { beta: 0 }), value: 1, gradients: [[0, 0.5], [0, -0.5]] },
    { edge: 'tie', inputs: [[2, -2], [0, 0]], fn: (a, b) => t.smoothL1Loss(a, b, { beta: 2, reduction: 'none' }), value: [1, 1], gradients: [[1, -1], [-1, 1]] },
    { edge: 'huge', inputs: [[3e38, 0], [0, 0]], fn: (a, b) => t.smoothL1Loss(a, b), value: 1.5e38, gradients: [[0.5, 0], [-0.5, 0]] },
    { edge: 'infinity', inputs: [[Infinity], [0]], fn: (a, b) => t.smoothL1Loss(a, b), value: Infinity, gradients: [[1], [-1]] },
    { edge: 'NaN', inputs: [[NaN], [0]], fn: (a, b) => t.smoothL1Loss(a, b), value: NaN, gradients: [[NaN], [NaN]] },
  ], refuses: [
    { call: () => t.smoothL1Loss(two, twoByOne), error: t.ShapeError, message: apartShapes('smoothL1Loss') },
    { call: () => t.smoothL1Loss(two, two, { beta: -1 }), error: RangeError, message: 'smoothL1Loss: beta must be a finite number of at least 0; got -1.' },
  ], pytorch: ({ a, b }, options) => t.smoothL1Loss(a, b, options) },
  crossEntropy: { cases: [
    { name: 'mean', inputs: [normal([4, 3])], fn: (x) => t.crossEntropy(x, [2, 0, 0, 1]), shape: [], oracle: (_, x) => total(4, (i) => surprise((c) => x(i, c), 3, [2, 0, 0, 1][i])) / 4 },
    {
      name: 'smoothed, weighted, one ignored', inputs: [normal([4, 3])], fn: (x) => t.crossEntropy(x, [2, 0, -100, 1], { labelSmoothing: 0.2, weight: [1, 0.5, 2] }), shape: [],
      oracle: (_, x) => total(4, (i) => (i === 2 ? 0 : surprise((c) => x(i, c), 3, [2, 0, 0, 1][i], [1, 0.5, 2], 0.2))) / 3.5,
    },
    {
      name: 'positions, each', inputs: [normal([2, 3, 2])], shape: [2, 2],
      fn: (x) => t.crossEntropy(x, t.intTensor(Int32Array.of(1, 2, 0, 1), [2, 2]), { reduction: 'none', labelSmoothing: 0.1 }),
      oracle: ([i, s], x) => surprise((c) => x(i, c, s), 3, [[1, 2], [0, 1]][i][s], undefined, 0.1),
    },
    { name: 'empty', inputs: [t.zeros([0, 3])], fn: (x) => t.crossEntropy(x, []), shape: [], oracle: () => 0 },
  ], edges: [
    { edge: 'huge', inputs: [[[1e38, -1e38], [1e38, 1e38]]], fn: (x) => t.crossEntropy(x, [1, 0], { reduction: 'none' }), value: [2e38, ln2], gradients: [[[1, -1], [-0.5, 0.5]]] },
    { edge: 'masked', inputs: [[[0, 0, -Infinity]]], fn: (x) => t.crossEntropy(x, [0]), value: ln2, gradients: [[[-0.5, 0.5, 0]]] },
    { edge: 'masked', inputs: [[[5, 7], [1, 2]]], fn: (x) => t.crossEntropy(x, [-100, -100]), value: 0, gradients: [[[0, 0], [0, 0]]] },
    { edge: 'masked', inputs: [[[0, 0], [1, 2]]], fn: (x) => t.crossEntropy(x, [1, 0], { ignoreIndex: 0 }), value: ln2, gradients: [[[0.5, -0.5], [0, 0]]] },
    { edge: 'masked', inputs: [[[-Infinity, -Infinity], [0, 0]]], fn: (x) => t.crossEntropy(x, [1, 0]), value: NaN, gradients: [[[NaN, NaN], [-0.25, 0.25]]] },
    { edge: 'masked', inputs: [[[-Infinity, -Infinity], [0, 0]]], fn: (x) => t.crossEntropy(x, [-100, 0]), value: ln2, gradients: [[[0, 0], [-0.5, 0.5]]] },
    { edge: 'zero', inputs: [[[0, 1]]], fn: (x) => t.crossEntropy(x, [0], { weight: [0, 1] }), value: 0, gradients: [[[0, 0]]] },
    { edge: 'NaN', inputs: [[[NaN, 1], [0, 0]]], fn: (x) => t.crossEntropy(x, [0, 0], { reduction: 'none' }), value: [NaN, ln2] },
  ], refuses: [
    { call: () => t.crossEntropy(two, [0]), error: t.ShapeError, message: 'crossEntropy: logits must be [N, C] or [N, C, ...]; got [2]. Pass one row of logits for each class index.' },
    { call: () => t.crossEntropy(t.zeros([2, 3]), [0]), error: t.ShapeError, message: 'crossEntropy: logits of this shape need classes [2]; got [2, 3] and [1]. Pass one class a row.' },
    { call: () => t.crossEntropy(t.zeros([2, 3, 2]), [0, 1]), error: t.ShapeError, message: 'crossEntropy: logits of this shape need classes [2, 2]; got [2, 3, 2] and [2]. Pass an IntTensor with one class a position.' },
    { call: () => t.crossEntropy(t.zeros([2, 3]), [0, 3]), error: RangeError, message: 'crossEntropy: classes[1] is 3, outside the 3 classes of the logits. Use 0 to 2, or ignoreIndex (-100).' },
    {
      call: () => t.crossEntropy(t.zeros([2, 3, 2]), t.intTensor(Int32Array.of(0, 0, 0, -1), [2, 2])), error: RangeError,
      message: 'crossEntropy: classes[1, 1] is -1, outside the 3 classes of the logits. Use 0 to 2, or ignoreIndex (-100).',
    },
    { call: () => t.crossEntropy(t.zeros([2, 3]), [0, 1], { labelSmoothing: 2 }), error: RangeError, message: 'crossEntropy: labelSmoothing must lie in [0, 1]; got 2.' },
    { call: () => t.crossEntropy(t.zeros([2, 3]), [0, 1], { ignoreIndex: 0.5 }), error: RangeError, message: 'crossEntropy: ignoreIndex must be an integer; got 0.5.' },
    { call: () => t.crossEntropy(t.zeros([2, 3]), [0, 1], { weight: [1, 2] }), error: t.ShapeError, message: 'crossEntropy: 3 classes need 3 weights; got [3] and [2]. Pass one weight a class.' },
    { call: () => t.crossEntropy(t.zeros([2, 3]), [0, 1], { weight: [1, -2, 0] }), error: RangeError, message: 'crossEntropy: weight[1] is -2; expected a finite number of at least 0.' },
  ], pytorch: ({ x }, { classes, shape, ...options }) => t.crossEntropy(x, t.intTensor(Int32Array.from(classes), shape), options) },
  binaryCrossEntropyWithLogits: { cases: [
    { name: 'mean', inputs: [normal([3, 2]), probabilities([3, 2])], fn: (a, b) => t.binaryCrossEntropyWithLogits(a, b), shape: [], oracle: (_, x, y) => total(3, (i) => total(2, (j) => binary(x(i, j), y(i, j)))) / 6 },
    {
      name: 'weighted, each', inputs: [normal([3, 2]), probabilities([3, 2])], shape: [3, 2],
      fn: (x, y) => t.binaryCrossEntropyWithLogits(x, y, { weight: t.tensor([[1], [2], [0.5]]), posWeight: t.tensor([3, 0.25]), reduction: 'none' }),
      oracle: ([i, j], x, y) => [1, 2, 0.5][i] * binary(x(i, j), y(i, j), [3, 0.25][j]),
    },
    { name: 'flags', inputs: [normal([3])], fn: (x) => t.binaryCrossEntropyWithLogits(x, [true, false, true], { posWeight: 2 }), shape: [], oracle: (_, x) => total(3, (i) => binary(x(i), i === 1 ? 0 : 1, 2)) / 3 },
    { name: 'empty', inputs: nothing(), fn: (a, b) => t.binaryCrossEntropyWithLogits(a, b), shape: [], oracle: () => 0 },
  ], edges: [
    { edge: 'huge', inputs: [[1e38, 1e38, -1e38, -1e38]], fn: (x) => t.binaryCrossEntropyWithLogits(x, [0, 1, 0, 1], { reduction: 'none' }), value: [1e38, 0, 0, 1e38], gradients: [[1, 0, 0, -1]] },
    { edge: 'zero', inputs: [[0, 0], [0, 1]], fn: (a, b) => t.binaryCrossEntropyWithLogits(a, b), value: ln2, gradients: [[0.25, -0.25], [0, 0]] },
    { edge: 'scalar', inputs: [0, 0.5], fn: (a, b) => t.binaryCrossEntropyWithLogits(a, b), value: ln2, gradients: [0, 0] },
    { edge: 'NaN', inputs: [[NaN], [1]], fn: (a, b) => t.binaryCrossEntropyWithLogits(a, b), value: NaN },
  ], refuses: [
    { call: () => t.binaryCrossEntropyWithLogits(two, twoByOne), error: t.ShapeError, message: apartShapes('binaryCrossEntropyWithLogits') },
    { call: () => t.binaryCrossEntropyWithLogits(twoByOne, [0, 1]), error: t.ShapeError, message: 'binaryCrossEntropyWithLogits: flags need logits [N]; got [2, 1]. Pass the targets as a Tensor of that shape.' },
    { call: () => t.binaryCrossEntropyWithLogits(two, [0]), error: t.ShapeError, message: "binaryCrossEntropyWithLogits: 2 logits need 2 labels; got [2] and [1]. Pass one entry of 'targets' for each of the logits." },
    { call: () => t.binaryCrossEntropyWithLogits(two, t.tensor([0, 1.5])), error: RangeError, message: 'binaryCrossEntropyWithLogits: targets[1] is 1.5; expected 0 to 1.' },
    { call: () => t.binaryCrossEntropyWithLogits(two, two, { posWeight: -1 }), error: RangeError, message: 'binaryCrossEntropyWithLogits: posWeight holds -1; expected finite numbers of at least 0.' },
    { call: () => t.binaryCrossEntropyWithLogits(two, two, { weight: t.ones([3, 2]) }), error: t.ShapeError, message: 'binaryCrossEntropyWithLogits: weight has more elements than the logits; got [3, 2] and [2]. Pass what broadcasts to their shape.' },
  ], pytorch: ({ x, y }, { weight, posWeight, reduction }) => t.binaryCrossEntropyWithLogits(x, y, { weight: weight && t.tensor(weight), posWeight: posWeight && t.tensor(posWeight), reduction }) },
  klDivergence: { cases: [
    { name: 'mean', inputs: [normal([3, 4]), probabilities([3, 4])], fn: (a, b) => t.klDivergence(a, b), shape: [], oracle: (_, x, y) => total(3, (i) => total(4, (j) => y(i, j) * (Math.log(y(i, j)) - x(i, j)))) / 3 },
    { name: 'logarithms, each', inputs: [normal([2, 2, 3]), normal([2, 2, 3])], fn: (x, y) => t.klDivergence(x, y, { logTarget: true, reduction: 'none' }), shape: [2, 2], oracle: ([i, k], x, y) => total(3, (j) => Math.exp(y(i, k, j)) * (y(i, k, j) - x(i, k, j))) },
    { name: 'empty', inputs: nothing(), fn: (a, b) => t.klDivergence(a, b), shape: [], oracle: () => 0 },
  ], edges: [
    { edge: 'masked', inputs: [[[-ln2, -Infinity, -ln2]], [[1, 0, 0]]], fn: (a, b) => t.klDivergence(a, b), value: ln2, gradients: [[[-1, 0, 0]], [[ln2 + 1, 0, 0]]] },
    { edge: 'masked', inputs: [[[-ln2, -Infinity]], [[0, -Infinity]]], fn: (x, y) => t.klDivergence(x, y, { logTarget: true }), value: ln2, gradients: [[[-1, 0]], [[ln2 + 1, 0]]] },
    { edge: 'infinity', inputs: [[[-Infinity]], [[1]]], fn: (a, b) => t.klDivergence(a, b), value: Infinity, gradients: [[[-1]], undefined] },
    { edge: 'huge', inputs: [[[-1e38]], [[1]]], fn: (a, b) => t.klDivergence(a, b), value: 1e38, gradients: [[[-1]], [[1e38]]] },
    { edge: 'NaN', inputs: [[[NaN, -1]], [[0.5, 0.5]]], fn: (a, b) => t.klDivergence(a, b), value: NaN },
  ], refuses: [
    { call: () => t.klDivergence(two, twoByOne), error: t.ShapeError, message: apartShapes('klDivergence') },
    { call: () => t.klDivergence(t.zeros([]), t.zeros([])), error: t.ShapeError, message: 'klDivergence: distributions lie along the last axis; got []. Pass [C], or [N, C].' },
    { call: () => t.klDivergence(two, t.tensor([0.5, -0.5])), error: RangeError, message: 'klDivergence: target[1] is -0.5; expected a probability. For logarithms pass { logTarget: true }.' },
  ], pytorch: ({ x, y }, options) => t.klDivergence(x, y, options) },
  cosineEmbeddingLoss: { cases: [
    { name: 'different', inputs: [normal([5, 3]), normal([5, 3])], fn: (a, b) => t.cosineEmbeddingLoss(a, b, { different }), shape: [], oracle: (_, a, b) => total(5, (i) => (different[i] === 1 ? hinge(cosine(a, i, b, i, 3)) : 1 - cosine(a, i, b, i, 3))) / 5 },
    {
      name: 'same, margin, each', inputs: [normal([5, 3]), normal([5, 3])], fn: (a, b) => t.cosineEmbeddingLoss(a, b, { same: different }, { margin: -0.4, reduction: 'none' }), shape: [5],
      oracle: ([i], a, b) => (different[i] === 0 ? hinge(cosine(a, i, b, i, 3) + 0.4) : 1 - cosine(a, i, b, i, 3)),
    },
    { name: 'empty', inputs: nothing(), fn: (a, b) => t.cosineEmbeddingLoss(a, b, { same: [] }), shape: [], oracle: () => 0 },
  ], edges: [
    { edge: 'kink', inputs: rightAngle, fn: (a, b) => t.cosineEmbeddingLoss(a, b, { different: [1] }), value: 0, gradients: [[[0, 0]], [[0, 0]]] },
    { edge: 'zero', inputs: [[[0, 0]], [[0, 2]]], fn: (a, b) => t.cosineEmbeddingLoss(a, b, { different: [0] }), value: 1, gradients: [[[0, 0]], [[0, 0]]] },
    { edge: 'tie', inputs: [[[3, 4]], [[3, 4]]], fn: (a, b) => t.cosineEmbeddingLoss(a, b, { same: [1] }), value: 0 },
    { edge: 'huge', inputs: [[[1e38, 0]], [[1e38, 0]]], fn: (a, b) => t.cosineEmbeddingLoss(a, b, { different: [1] }), value: 1, gradients: [[[0, 0]], [[0, 0]]] },
    { edge: 'NaN', inputs: [[[NaN, 0]], [[1, 0]]], fn: (a, b) => t.cosineEmbeddingLoss(a, b, { same: [1] }), value: NaN },
  ], refuses: [
    { call: () => t.cosineEmbeddingLoss(twoByOne, twoByOne, { same: [1, 1] }, { margin: 2 }), error: RangeError, message: 'cosineEmbeddingLoss: margin must lie in [-1, 1], as a cosine does; got 2.' },
    { call: () => t.cosineEmbeddingLoss(twoByOne, twoByOne, { same: [1, 2] }), error: RangeError, message: 'cosineEmbeddingLoss: same[1] is 2; expected 0 or 1 (or false or true).' },
    { call: () => t.cosineEmbeddingLoss(twoByOne, twoByOne, { same: [1] }), error: t.ShapeError, message: "cosineEmbeddingLoss: 2 pairs need 2 labels; got [2] and [1]. Pass one entry of 'same' for each of the pairs." },
    // biome-ignore lint/suspicious/noExplicitAny: labels without a meaning, which types refuse.
    { call: () => t.cosineEmbeddingLoss(twoByOne, twoByOne, {} as any), error: TypeError, message: 'cosineEmbeddingLoss: say what the labels mean, as { different: y } or { same: y }.' },
  ], pytorch: ({ a, b }, { same, ...options }) => t.cosineEmbeddingLoss(a, b, { same }, options) },
  marginRankingLoss: { cases: [
    { name: 'mean', inputs: [normal([4]), normal([4])], fn: (a, b) => t.marginRankingLoss(a, b, [1, -1, 1, -1]), shape: [], oracle: (_, a, b) => total(4, (i) => hinge((i % 2 === 0 ? -1 : 1) * (a(i) - b(i)))) / 4 },
    { name: 'margin, each', inputs: [normal([4]), normal([4])], fn: (a, b) => t.marginRankingLoss(a, b, t.tensor([1, 1, -1, -1]), { margin: 0.7, reduction: 'none' }), shape: [4], oracle: ([i], a, b) => hinge(0.7 - (i < 2 ? 1 : -1) * (a(i) - b(i))) },
    { name: 'empty', inputs: nothing(), fn: (a, b) => t.marginRankingLoss(a, b, []), shape: [], oracle: () => 0 },
  ], edges: [
    { edge: 'kink', inputs: [[1, 3], [1, 1]], fn: (a, b) => t.marginRankingLoss(a, b, [1, 1], { margin: 0 }), value: 0, gradients: [[0, 0], [0, 0]] },
    { edge: 'tie', inputs: [[1], [1]], fn: (a, b) => t.marginRankingLoss(a, b, [-1], { margin: 1 }), value: 1, gradients: [[1], [-1]] },
    { edge: 'huge', inputs: [[3e38], [0]], fn: (a, b) => t.marginRankingLoss(a, b, [-1]), value: 3e38, gradients: [[1], [-1]] },
    { edge: 'NaN', inputs: [[NaN], [0]], fn: (a, b) => t.marginRankingLoss(a, b, [1]), value: NaN },
  ], refuses: [
    { call: () => t.marginRankingLoss(two, twoByOne, [1, 1]), error: t.ShapeError, message: apartShapes('marginRankingLoss') },
    { call: () => t.marginRankingLoss(two, two, [1]), error: t.ShapeError, message: "marginRankingLoss: 2 pairs need 2 orders; got [2] and [1]. Pass one entry of 'order' for each pair." },
    { call: () => t.marginRankingLoss(two, two, [1, 0]), error: RangeError, message: 'marginRankingLoss: order[1] is 0; expected 1 (the first is to be higher) or -1 (the second).' },
    { call: () => t.marginRankingLoss(two, two, [1, 1], { margin: -1 }), error: RangeError, message: 'marginRankingLoss: margin must be a finite number of at least 0; got -1.' },
  ], pytorch: ({ a, b }, { order, ...options }) => t.marginRankingLoss(a, b, order, options) },
  contrastiveLoss: { cases: [
    {
      name: 'different', inputs: [uniform([5], 0.1, 0.9)], fn: (d) => t.contrastiveLoss(t.asDistance(d), { different }), shape: [],
      oracle: (_, d) => total(5, (i) => (1 - different[i]) * d(i) ** 2 + different[i] * hinge(1 - d(i)) ** 2) / 5,
    },
    {
      name: 'same, each, beyond the margin', inputs: [uniform([5], 0.1, 1.9)], fn: (d) => t.contrastiveLoss(t.asDistance(d), { same: different }, { margin: 0.7, reduction: 'none' }), shape: [5],
      oracle: ([i], d) => different[i] * d(i) ** 2 + (1 - different[i]) * hinge(0.7 - d(i)) ** 2,
    },
    { name: 'empty', inputs: [t.zeros([0])], fn: (d) => t.contrastiveLoss(t.asDistance(d), { different: [] }), shape: [], oracle: () => 0 },
    {
      name: 'hadsell2006', inputs: [presets.uniform([5], 0.1, 1.4)], fn: (d) => t.contrastiveLoss(t.asDistance(d), { different }, { preset: 'hadsell2006' }), shape: [],
      oracle: (_, d) => total(5, (i) => ((1 - different[i]) * d(i) ** 2) / 2 + (different[i] * hinge(1 - d(i)) ** 2) / 2),
    },
    {
      name: 'sentenceTransformers', inputs: [presets.uniform([5], 0.1, 0.9)], fn: (d) => t.contrastiveLoss(t.asDistance(d, { bound: 2 }), { different }, { preset: 'sentenceTransformers' }), shape: [],
      oracle: (_, d) => total(5, (i) => 0.5 * ((1 - different[i]) * d(i) ** 2 + different[i] * hinge(0.5 - d(i)) ** 2)) / 5,
    },
    {
      name: 'keras, some below the least distance', inputs: [t.tensor([1e-4, 2e-4, 0.3, 0.6, 1.2])], fn: (d) => t.contrastiveLoss(t.asDistance(d), { different }, { preset: 'keras', margin: 0.8, reduction: 'none' }), shape: [5],
      oracle: ([i], d) => {
        const held = Math.sqrt(Math.max(d(i) ** 2, 1e-7));
        return (1 - different[i]) * held ** 2 + different[i] * hinge(0.8 - held) ** 2;
      },
    },
    {
      name: 'caffeLegacy', inputs: [presets.uniform([5], 0.1, 1.9)], fn: (d) => t.contrastiveLoss(t.asDistance(d), { different }, { preset: 'caffeLegacy', margin: 1.5 }), shape: [],
      oracle: (_, d) => total(5, (i) => (1 - different[i]) * d(i) ** 2 + different[i] * hinge(1.5 - d(i) ** 2)) / (2 * 5),
    },
  ], edges: [
    { edge: 'kink', inputs: [[1, 0]], fn: (d) => t.contrastiveLoss(t.asDistance(d), { different: [1, 0] }), value: 0, gradients: [[0, 0]] },
    { edge: 'zero', inputs: [[[1, 2]], [[1, 2]]], fn: (a, b) => t.contrastiveLoss(t.euclidean(a, b), { different: [1] }), value: 1, gradients: [[[0, 0]], [[0, 0]]] },
    { edge: 'huge', inputs: [[1e18, 1e38]], fn: (d) => t.contrastiveLoss(t.asDistance(d), { different: [0, 1] }), value: 5e35, gradients: [[1e18, 0]] },
    { edge: 'NaN', inputs: [[NaN]], fn: (d) => t.contrastiveLoss(t.asDistance(d), { different: [0] }), value: NaN },
    { edge: 'zero', inputs: [[0, 0]], fn: (d) => t.contrastiveLoss(t.asDistance(d), { different: [0, 1] }, { preset: 'keras', reduction: 'none' }), value: [1e-7, (1 - Math.sqrt(1e-7)) ** 2], gradients: [[0, 0]] },
    { edge: 'zero', inputs: [[0, 0]], fn: (d) => t.contrastiveLoss(t.asDistance(d), { different: [0, 1] }, { preset: 'caffeLegacy', reduction: 'none' }), value: [0, 0.5], gradients: [[0, 0]] },
    { edge: 'kink', inputs: [[2]], fn: (d) => t.contrastiveLoss(t.asDistance(d), { different: [1] }, { preset: 'caffeLegacy', margin: 4 }), value: 0, gradients: [[0]] },
    { edge: 'huge', inputs: [[1e18, 1e38]], fn: (d) => t.contrastiveLoss(t.asDistance(d), { different: [0, 1] }, { preset: 'caffeLegacy', reduction: 'sum' }), value: 5e35, gradients: [[1e18, 0]] },
  ], refuses: [
    // biome-ignore lint/suspicious/noExplicitAny: a Tensor that is no Distance, which types refuse.
    { call: () => t.contrastiveLoss(two as any, { same: [1, 1] }), error: TypeError, message: 'contrastiveLoss: the first argument must be a Distance. Use a distance op such as euclidean(a, b), or asDistance(x).' },
    { call: () => t.contrastiveLoss(t.asDistance(twoByOne), { same: [1, 1] }), error: t.ShapeError, message: 'contrastiveLoss: distances must be [N]; got [2, 1]. Pass one distance a pair.' },
    { call: () => t.contrastiveLoss(t.asDistance(two), { same: [1, 3] }), error: RangeError, message: 'contrastiveLoss: same[1] is 3; expected 0 or 1 (or false or true).' },
    { call: () => t.contrastiveLoss(t.asDistance(two), { same: [1, 1] }, { margin: 0 }), error: RangeError, message: 'contrastiveLoss: margin must be a finite number above 0; got 0.' },
    { call: () => t.contrastiveLoss(t.asDistance(two, { bound: 2 }), { same: [1, 1] }, { margin: 3 }), error: RangeError, message: 'contrastiveLoss: a margin of 3 can never be satisfied by a distance of at most 2. Use a margin below 2.' },
    { call: () => t.contrastiveLoss(t.asDistance(two, { bound: 2 }), { same: [1, 1] }, { preset: 'caffeLegacy', margin: 5 }), error: RangeError, message: 'contrastiveLoss: a margin of 5 can never be satisfied by a squared distance of at most 4. Use a margin below 4.' },
    // biome-ignore lint/suspicious/noExplicitAny: a preset that types refuse.
    { call: () => t.contrastiveLoss(t.asDistance(two), { same: [1, 1] }, { preset: 'toString' as any }), error: RangeError, message: "contrastiveLoss: unknown preset 'toString'. Use 'plain', 'hadsell2006', 'sentenceTransformers', 'keras' or 'caffeLegacy'." },
    { call: () => t.contrastiveLoss(t.asDistance(two), { same: [1, 1] }, average), error: RangeError, message: wrongReduction('contrastiveLoss') },
  ], pytorch: ({ a, b }, { different, same, cosine: angular, ...options }) => t.contrastiveLoss(angular ? t.cosineDistance(a, b) : t.euclidean(a, b), same === undefined ? { different } : { same }, options) },
  tripletLoss: { cases: tripletCases(), edges: [
    { edge: 'kink', inputs: [[[0]], [[0]], [[1]]], fn: (a, p, n) => t.tripletLoss(a, p, n), value: 0, gradients: [[[0]], [[0]], [[0]]] },
    { edge: 'tie', inputs: [[[3, 4]], [[3, 4]], [[3, 4]]], fn: (a, p, n) => t.tripletLoss(a, p, n, { distance: 'euclidean' }), value: 1, gradients: [[[0, 0]], [[0, 0]], [[0, 0]]] },
    { edge: 'huge', inputs: [[[0]], [[1e18]], [[0]]], fn: (a, p, n) => t.tripletLoss(a, p, n), value: 1e36, gradients: [[[-2e18]], [[2e18]], [[0]]] },
    { edge: 'huge', inputs: [[[0]], [[1e38]], [[0]]], fn: (a, p, n) => t.tripletLoss(a, p, n, { soft: true, distance: 'euclidean' }), value: 1e38, gradients: [[[-1]], [[1]], [[0]]] },
    { edge: 'huge', inputs: [[[0]], [[0]], [[1e38]]], fn: (a, p, n) => t.tripletLoss(a, p, n, { soft: true, distance: 'euclidean' }), value: 0, gradients: [[[0]], [[0]], [[0]]] },
    { edge: 'NaN', inputs: [[[NaN]], [[0]], [[1]]], fn: (a, p, n) => t.tripletLoss(a, p, n), value: NaN },
  ], refuses: [
    { call: () => t.tripletLoss(twoByOne, twoByOne, twoByOne, { margin: -1 }), error: RangeError, message: 'tripletLoss: margin must be a finite number above 0; got -1.' },
    { call: () => t.tripletLoss(twoByOne, twoByOne, twoByOne, { margin: 3, distance: 'cosine' }), error: RangeError, message: 'tripletLoss: a margin of 3 can never be satisfied by a distance of at most 2. Use a margin below 2.' },
    { call: () => t.tripletLoss(twoByOne, twoByOne, twoByOne, average), error: RangeError, message: wrongReduction('tripletLoss') },
  ], pytorch: ({ a, p, n }, options) => t.tripletLoss(a, p, n, options) },
} satisfies Record<string, Row>;
