import * as t from '../../../src/portable.ts';
import { apart, type Case, cosine, draws, hinge, logistic, type Read, type Row, range, total } from './row.ts';

const { normal, uniform } = draws('losses');

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

function batchHard(read: Read, labels: readonly number[], width: number, distance: (i: number, j: number) => number, margin: number): number {
  const others = (i: number, same: boolean) => range(labels.length).filter((j) => j !== i && (labels[j] === labels[i]) === same).map((j) => distance(i, j));
  const valid = range(labels.length).filter((i) => others(i, true).length > 0 && others(i, false).length > 0);
  return total(valid.length, (v) => hinge(Math.max(...others(valid[v], true)) - Math.min(...others(valid[v], false)) + margin)) / Math.max(1, valid.length) + 0 * width * read(0, 0);
}

export const losses = {
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
  ], pytorch: ({ a, b }, { different, margin }) => t.contrastiveLoss(t.euclidean(a, b), { different }, { margin }) },
  tripletLoss: { cases: tripletCases(), pytorch: ({ a, p, n }, options) => t.tripletLoss(a, p, n, options) },
  batchTripletLoss: { cases: [
    { name: 'hard', inputs: [normal([7, 3])], fn: (e) => t.batchTripletLoss(e, [0, 0, 1, 1, 0, 2, 1], { margin: 0.5 }), shape: [], oracle: (_, e) => batchHard(e, [0, 0, 1, 1, 0, 2, 1], 3, (i, j) => apart(e, i, e, j, 3), 0.5) },
    { name: 'euclidean', inputs: [normal([6, 3])], fn: (e) => t.batchTripletLoss(e, [0, 0, 1, 1, 0, 1], { distance: 'euclidean' }), shape: [], oracle: (_, e) => batchHard(e, [0, 0, 1, 1, 0, 1], 3, (i, j) => Math.sqrt(apart(e, i, e, j, 3)), 1) },
    { name: 'no triplet', inputs: [normal([3, 2])], fn: (e) => t.batchTripletLoss(e, [0, 0, 0]), shape: [], oracle: () => 0 },
  ], pytorch: 'to do' },
} satisfies Record<string, Row>;
