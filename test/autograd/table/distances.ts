import * as t from '../../../src/portable.ts';
import { apart, type Case, cosine, draws, type Read, type Row, unary } from './row.ts';

const { normal } = draws('distances');

const rows = (fn: (a: t.Tensor, b: t.Tensor) => t.Tensor, oracle: (a: Read, b: Read, i: number, j: number) => number): Case[] => [
  { name: 'rows', inputs: [normal([4, 3]), normal([4, 3])], fn, shape: [4], oracle: ([n], a, b) => oracle(a, b, n, n) },
  { name: 'no rows', inputs: [t.zeros([0, 3]), t.zeros([0, 3])], fn, shape: [0], oracle: () => 0 },
];

export const distances = {
  asDistance: { cases: unary((x) => t.asDistance(x), normal([3]), (v) => v), pytorch: 'to do' },
  asSimilarity: { cases: unary(t.asSimilarity, normal([3]), (v) => v), pytorch: 'to do' },
  squaredEuclidean: { cases: rows(t.squaredEuclidean, (a, b, i, j) => apart(a, i, b, j, 3)), pytorch: 'to do' },
  euclidean: { cases: rows(t.euclidean, (a, b, i, j) => Math.sqrt(apart(a, i, b, j, 3))), pytorch: ({ a, b }) => t.euclidean(a, b) },
  cosineSimilarity: { cases: rows(t.cosineSimilarity, (a, b, i, j) => cosine(a, i, b, j, 3)), pytorch: ({ a, b }) => t.cosineSimilarity(a, b) },
  cosineDistance: { cases: rows(t.cosineDistance, (a, b, i, j) => 1 - cosine(a, i, b, j, 3)), pytorch: ({ a, b }) => t.cosineDistance(a, b) },
  pairwiseDistances: { cases: [
    { name: 'euclidean', inputs: [normal([3, 4]), normal([2, 4])], fn: (a, b) => t.pairwiseDistances(a, b), shape: [3, 2], oracle: ([i, j], a, b) => Math.sqrt(apart(a, i, b, j, 4)) },
    { name: 'squaredEuclidean', inputs: [normal([3, 4]), normal([2, 4])], fn: (a, b) => t.pairwiseDistances(a, b, { metric: 'squaredEuclidean' }), shape: [3, 2], oracle: ([i, j], a, b) => apart(a, i, b, j, 4) },
    { name: 'cosine', inputs: [normal([3, 4]), normal([2, 4])], fn: (a, b) => t.pairwiseDistances(a, b, { metric: 'cosine' }), shape: [3, 2], oracle: ([i, j], a, b) => 1 - cosine(a, i, b, j, 4) },
    { name: 'one tensor on both sides', inputs: [normal([3, 4])], fn: (a) => t.pairwiseDistances(a, a, { metric: 'squaredEuclidean' }), shape: [3, 3], oracle: ([i, j], a) => apart(a, i, a, j, 4) },
    { name: 'cosine of one tensor with itself', inputs: [normal([3, 4])], fn: (a) => t.pairwiseDistances(a, a, { metric: 'cosine' }), shape: [3, 3], oracle: ([i, j], a) => 1 - cosine(a, i, a, j, 4) },
  ], pytorch: ({ a, b }) => t.pairwiseDistances(a, b) },
} satisfies Record<string, Row>;
