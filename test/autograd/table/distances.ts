import * as t from '../../../src/portable.ts';
import { apart, type Case, cosine, draws, type Edge, type Read, type Refusal, type Row, range, total, unary } from './row.ts';

const { normal } = draws('distances');

const rows = (fn: (a: t.Tensor, b: t.Tensor) => t.Tensor, oracle: (a: Read, b: Read, i: number, j: number) => number): Case[] => [
  { name: 'rows', inputs: [normal([4, 3]), normal([4, 3])], fn, shape: [4], oracle: ([n], a, b) => oracle(a, b, n, n) },
  { name: 'no rows', inputs: [t.zeros([0, 3]), t.zeros([0, 3])], fn, shape: [0], oracle: () => 0 },
];

const HUGE = Math.fround(3e38);

/** A matrix that is positive definite and not symmetric. */
const form = t.tensor([[2, 0.5, -0.25], [0.25, 1.5, 0.5], [0.25, -0.25, 1]]);
const quadratic = (a: Read, b: Read, m: Read, n: number, width: number): number =>
  total(width, (i) => total(width, (j) => (a(n, i) - b(n, i)) * m(i, j) * (a(n, j) - b(n, j))));

const absolute = (a: Read, i: number, b: Read, j: number, width: number): number[] => range(width).map((d) => Math.abs(a(i, d) - b(j, d)));
const cityBlock = (...at: Parameters<typeof absolute>): number => absolute(...at).reduce((s, v) => s + v, 0);
const chessboard = (...at: Parameters<typeof absolute>): number => Math.max(...absolute(...at));

const wrongRows = (name: string, fn: (a: t.Tensor, b: t.Tensor) => unknown): Refusal[] => ([[[2, 3], [2, 4]], [[3], [3]], [[1, 3], [2, 3]]] as const).map(([a, b]) => ({
  call: () => fn(t.zeros(a), t.zeros(b)),
  error: t.ShapeError,
  message: `${name}: both must be [N, D]; got [${a.join(', ')}] and [${b.join(', ')}]. Row i is compared with row i; pairwiseDistances() compares all with all.`,
}));

const pairs = (metric: t.Metric): { readonly fn: Edge['fn'] } => ({ fn: (a, b) => t.pairwiseDistances(a, b, { metric }) });

export const distances = {
  asDistance: {
    cases: unary((x) => t.asDistance(x), normal([3]), (v) => v),
    edges: [
      { edge: 'NaN', inputs: [[NaN, 1]], fn: (x) => t.asDistance(x), value: [NaN, 1], gradients: [[1, 1]] },
      { edge: 'infinity', inputs: [[Infinity, -1]], fn: (x) => t.asDistance(x, { bound: 2 }), value: [Infinity, -1], gradients: [[1, 1]] },
    ],
    pytorch: 'PyTorch has no tensors that know their direction',
  },
  asSimilarity: {
    cases: unary(t.asSimilarity, normal([3]), (v) => v),
    edges: [{ edge: 'NaN', inputs: [[NaN, 1]], fn: t.asSimilarity, value: [NaN, 1], gradients: [[1, 1]] }],
    pytorch: 'PyTorch has no tensors that know their direction',
  },
  squaredEuclidean: {
    cases: rows(t.squaredEuclidean, (a, b, i, j) => apart(a, i, b, j, 3)),
    edges: [
      { edge: 'zero', inputs: [[[1, 2]], [[1, 2]]], fn: t.squaredEuclidean, value: [0], gradients: [[[0, 0]], [[0, 0]]] },
      { edge: 'NaN', inputs: [[[NaN, 0], [0, 1]], [[0, 0], [0, 0]]], fn: t.squaredEuclidean, value: [NaN, 1], gradients: [[[NaN, 0], [0, 2]], [[NaN, 0], [0, -2]]] },
      { edge: 'infinity', inputs: [[[Infinity, 0]], [[0, 0]]], fn: t.squaredEuclidean, value: [Infinity], gradients: [[[Infinity, 0]], undefined] },
      { edge: 'huge', inputs: [[[1e19, 1e19, 1e19]], [[0, 0, 0]]], fn: t.squaredEuclidean, value: [3e38], gradients: [[[2e19, 2e19, 2e19]], [[-2e19, -2e19, -2e19]]] },
      { edge: 'huge', inputs: [[[1e18, -1e18]], [[-1e18, 1e18]]], fn: t.squaredEuclidean, value: [8e36], gradients: [[[4e18, -4e18]], [[-4e18, 4e18]]] },
      { edge: 'denormal', inputs: [[[1e-45, 0]], [[0, 0]]], fn: t.squaredEuclidean, value: [0], gradients: [[[2 * 2 ** -149, 0]], undefined] },
      { edge: 'empty', inputs: [t.zeros([2, 0]), t.zeros([2, 0])], fn: t.squaredEuclidean, value: [0, 0] },
    ],
    refuses: wrongRows('squaredEuclidean', t.squaredEuclidean),
    pytorch: ({ a, b }) => t.squaredEuclidean(a, b),
  },
  euclidean: {
    cases: rows(t.euclidean, (a, b, i, j) => Math.sqrt(apart(a, i, b, j, 3))),
    edges: [
      { edge: 'zero', inputs: [[[1, 2], [0, 0]], [[1, 2], [3, 4]]], fn: t.euclidean, value: [0, 5], gradients: [[[0, 0], [-0.6, -0.8]], [[0, 0], [0.6, 0.8]]] },
      { edge: 'NaN', inputs: [[[NaN, 0], [0, 1]], [[0, 0], [0, 0]]], fn: t.euclidean, value: [NaN, 1], gradients: [[[NaN, NaN], [0, 1]], undefined] },
      { edge: 'infinity', inputs: [[[Infinity, 0]], [[0, 0]]], fn: t.euclidean, value: [Infinity], gradients: [[[NaN, 0]], undefined] },
      { edge: 'huge', inputs: [[[3e19, 4e19], [3e37, 4e37], [1e38, 0]], [[0, 0], [0, 0], [0, 0]]], fn: t.euclidean, value: [5e19, 5e37, 1e38], gradients: [[[0.6, 0.8], [0.6, 0.8], [1, 0]], [[-0.6, -0.8], [-0.6, -0.8], [-1, 0]]] },
      { edge: 'denormal', inputs: [[[1e-45, 0], [3 * 2 ** -149, 4 * 2 ** -149]], [[0, 0], [0, 0]]], fn: t.euclidean, value: [1e-45, 5 * 2 ** -149], gradients: [[[1, 0], [0.6, 0.8]], [[-1, 0], [-0.6, -0.8]]] },
      { edge: 'denormal', inputs: [[[2 ** -149, 2 ** -149]], [[0, 0]]], fn: t.euclidean, value: [2 ** -149], gradients: [[[Math.SQRT1_2, Math.SQRT1_2]], undefined] },
      { edge: 'empty', inputs: [t.zeros([2, 0]), t.zeros([2, 0])], fn: t.euclidean, value: [0, 0] },
    ],
    refuses: wrongRows('euclidean', t.euclidean),
    pytorch: ({ a, b }) => t.euclidean(a, b),
  },
  manhattan: {
    cases: rows(t.manhattan, (a, b, i, j) => cityBlock(a, i, b, j, 3)),
    edges: [
      { edge: 'kink', inputs: [[[1, 2, 3]], [[1, 3, 2]]], fn: t.manhattan, value: [2], gradients: [[[0, -1, 1]], [[0, 1, -1]]] },
      { edge: 'zero', inputs: [[[1, 2]], [[1, 2]]], fn: t.manhattan, value: [0], gradients: [[[0, 0]], [[0, 0]]] },
      { edge: 'NaN', inputs: [[[NaN, 0], [0, 1]], [[0, 1], [0, 0]]], fn: t.manhattan, value: [NaN, 1], gradients: [[[NaN, -1], [0, 1]], undefined] },
      { edge: 'infinity', inputs: [[[Infinity, 0]], [[0, 1]]], fn: t.manhattan, value: [Infinity], gradients: [[[1, -1]], [[-1, 1]]] },
      { edge: 'infinity', inputs: [[[Infinity, 0]], [[Infinity, 1]]], fn: t.manhattan, value: [NaN], gradients: [[[NaN, -1]], [[NaN, 1]]] },
      { edge: 'huge', inputs: [[[1e38, -1e38]], [[0, 1e38]]], fn: t.manhattan, value: [3e38], gradients: [[[1, -1]], [[-1, 1]]] },
      { edge: 'denormal', inputs: [[[1e-45, 0]], [[0, 1e-45]]], fn: t.manhattan, value: [2 * 2 ** -149], gradients: [[[1, -1]], [[-1, 1]]] },
      { edge: 'empty', inputs: [t.zeros([2, 0]), t.zeros([2, 0])], fn: t.manhattan, value: [0, 0] },
    ],
    refuses: wrongRows('manhattan', t.manhattan),
    pytorch: ({ a, b }) => t.manhattan(a, b),
  },
  chebyshev: {
    cases: rows(t.chebyshev, (a, b, i, j) => chessboard(a, i, b, j, 3)),
    edges: [
      { edge: 'tie', inputs: [[[1, 2, 3]], [[1, 3, 2]]], fn: t.chebyshev, value: [1], gradients: [[[0, -1, 0]], [[0, 1, 0]]] },
      { edge: 'zero', inputs: [[[1, 2], [0, 0]], [[1, 2], [0, 3]]], fn: t.chebyshev, value: [0, 3], gradients: [[[0, 0], [0, -1]], [[0, 0], [0, 1]]] },
      { edge: 'NaN', inputs: [[[5, NaN], [0, 1]], [[0, 1], [0, 0]]], fn: t.chebyshev, value: [NaN, 1], gradients: [[[0, NaN], [0, 1]], undefined] },
      { edge: 'infinity', inputs: [[[1, -Infinity]], [[0, 1]]], fn: t.chebyshev, value: [Infinity], gradients: [[[0, -1]], [[0, 1]]] },
      { edge: 'huge', inputs: [[[1e38, -1e38]], [[0, 2e38]]], fn: t.chebyshev, value: [3e38], gradients: [[[0, -1]], [[0, 1]]] },
      { edge: 'denormal', inputs: [[[1e-45, 0]], [[0, 0]]], fn: t.chebyshev, value: [1e-45], gradients: [[[1, 0]], [[-1, 0]]] },
      { edge: 'empty', inputs: [t.zeros([2, 0]), t.zeros([2, 0])], fn: t.chebyshev, value: [0, 0] },
    ],
    refuses: wrongRows('chebyshev', t.chebyshev),
    pytorch: ({ a, b }) => t.chebyshev(a, b),
  },
  cosineSimilarity: {
    cases: rows(t.cosineSimilarity, (a, b, i, j) => cosine(a, i, b, j, 3)),
    edges: [
      { edge: 'zero', inputs: [[[0, 0], [1, 2]], [[1, 2], [0, 0]]], fn: t.cosineSimilarity, value: [0, 0], gradients: [[[0, 0], [0, 0]], [[0, 0], [0, 0]]] },
      { edge: 'kink', inputs: [[[3, 4], [3, 4]], [[3, 4], [-6, -8]]], fn: t.cosineSimilarity, value: [1, -1], gradients: [[[0, 0], [0, 0]], [[0, 0], [0, 0]]] },
      { edge: 'NaN', inputs: [[[NaN, 1], [1, 0]], [[1, 1], [0, 1]]], fn: t.cosineSimilarity, value: [NaN, 0], gradients: [[[NaN, NaN], [0, 1]], undefined] },
      { edge: 'infinity', inputs: [[[Infinity, 1]], [[1, 1]]], fn: t.cosineSimilarity, value: [NaN] },
      { edge: 'huge', inputs: [[[3e38, 3e38]], [[3e38, 0]]], fn: t.cosineSimilarity, value: [Math.SQRT1_2], gradients: [[[0.5 / (HUGE * Math.SQRT2), -0.5 / (HUGE * Math.SQRT2)]], undefined] },
      { edge: 'denormal', inputs: [[[1e-45, 1e-45]], [[1e-45, 0]]], fn: t.cosineSimilarity, value: [Math.SQRT1_2] },
      { edge: 'empty', inputs: [t.zeros([2, 0]), t.zeros([2, 0])], fn: t.cosineSimilarity, value: [0, 0] },
    ],
    refuses: wrongRows('cosineSimilarity', t.cosineSimilarity),
    pytorch: ({ a, b }) => t.cosineSimilarity(a, b),
  },
  cosineDistance: {
    cases: rows(t.cosineDistance, (a, b, i, j) => 1 - cosine(a, i, b, j, 3)),
    edges: [
      { edge: 'zero', inputs: [[[0, 0], [1, 2]], [[1, 2], [0, 0]]], fn: t.cosineDistance, value: [1, 1], gradients: [[[0, 0], [0, 0]], [[0, 0], [0, 0]]] },
      { edge: 'kink', inputs: [[[3, 4], [3, 4]], [[3, 4], [-6, -8]]], fn: t.cosineDistance, value: [0, 2], gradients: [[[0, 0], [0, 0]], [[0, 0], [0, 0]]] },
      { edge: 'NaN', inputs: [[[NaN, 1], [1, 0]], [[1, 1], [0, 1]]], fn: t.cosineDistance, value: [NaN, 1], gradients: [[[NaN, NaN], [0, -1]], undefined] },
      { edge: 'huge', inputs: [[[3e38, 3e38]], [[-3e38, 0]]], fn: t.cosineDistance, value: [1 + Math.SQRT1_2] },
      { edge: 'denormal', inputs: [[[1e-45, 0]], [[0, 1e-45]]], fn: t.cosineDistance, value: [1] },
      { edge: 'empty', inputs: [t.zeros([2, 0]), t.zeros([2, 0])], fn: t.cosineDistance, value: [1, 1] },
    ],
    refuses: wrongRows('cosineDistance', t.cosineDistance),
    pytorch: ({ a, b }) => t.cosineDistance(a, b),
  },
  mahalanobis: {
    cases: [
      { name: 'rows', inputs: [normal([4, 3]), normal([4, 3]), form], fn: t.mahalanobis, shape: [4], oracle: ([n], a, b, m) => Math.sqrt(quadratic(a, b, m, n, 3)) },
      { name: 'the matrix as rows too', inputs: [normal([3, 3]), t.tensor([[2, 0, 1], [0, 3, 0], [1, 0, 4]])], fn: (a, m) => t.mahalanobis(a, m, m), shape: [3], oracle: ([n], a, m) => Math.sqrt(quadratic(a, m, m, n, 3)) },
      { name: 'no rows', inputs: [t.zeros([0, 2]), t.zeros([0, 2]), t.ones([2, 2])], fn: t.mahalanobis, shape: [0], oracle: () => 0 },
    ],
    edges: [
      { edge: 'zero', inputs: [[[1, 2], [3, 4]], [[1, 2], [0, 0]], [[1, 0], [0, 1]]], fn: t.mahalanobis, value: [0, 5], gradients: [[[0, 0], [0.6, 0.8]], [[0, 0], [-0.6, -0.8]], [[0.9, 1.2], [1.2, 1.6]]] },
      // Semidefinite: this difference has no length.
      { edge: 'kink', inputs: [[[1, -1]], [[0, 0]], [[1, 1], [1, 1]]], fn: t.mahalanobis, value: [0], gradients: [[[0, 0]], [[0, 0]], [[0, 0], [0, 0]]] },
      { edge: 'NaN', inputs: [[[NaN, 1], [3, 4]], [[0, 0], [0, 0]], [[1, 0], [0, 1]]], fn: t.mahalanobis, value: [NaN, 5], gradients: [[[NaN, NaN], [0.6, 0.8]], undefined, [[NaN, NaN], [NaN, NaN]]] },
      { edge: 'infinity', inputs: [[[Infinity]], [[0]], [[1]]], fn: t.mahalanobis, value: [Infinity] },
      { edge: 'huge', inputs: [[[3e37, 4e37]], [[0, 0]], [[1, 0], [0, 1]]], fn: t.mahalanobis, value: [5e37], gradients: [[[0.6, 0.8]], [[-0.6, -0.8]], [[9e36, 1.2e37], [1.2e37, 1.6e37]]] },
      { edge: 'denormal', inputs: [[[1e-45]], [[0]], [[1]]], fn: t.mahalanobis, value: [1e-45], gradients: [[[1]], [[-1]], undefined] },
      { edge: 'empty', inputs: [t.zeros([2, 0]), t.zeros([2, 0]), t.zeros([0, 0])], fn: t.mahalanobis, value: [0, 0] },
    ],
    refuses: [
      ...wrongRows('mahalanobis', (a, b) => t.mahalanobis(a, b, t.ones([3, 3]))),
      { call: () => t.mahalanobis(t.zeros([2, 3]), t.zeros([2, 3]), t.zeros([3, 2])), error: t.ShapeError, message: 'mahalanobis: the matrix must be [3, 3]; got [2, 3] and [3, 2]. Use one row and one column for each coordinate.' },
      { call: () => t.mahalanobis(t.zeros([2, 3]), t.zeros([2, 3]), t.zeros([9])), error: t.ShapeError, message: 'mahalanobis: the matrix must be [3, 3]; got [2, 3] and [9]. Use one row and one column for each coordinate.' },
      { call: () => t.mahalanobis(t.tensor([[1, 0], [1, 2]]), t.zeros([2, 2]), t.tensor([[1, 0], [0, -1]])), error: RangeError, message: 'mahalanobis: the squared distance of row 1 is -3, so the matrix is not positive semidefinite. Use A^T A of any matrix A, or the inverse of a covariance.' },
    ],
    pytorch: ({ a, b, matrix }) => t.mahalanobis(a, b, matrix),
  },
  pairwiseDistances: {
    cases: [
      { name: 'euclidean', inputs: [normal([3, 4]), normal([2, 4])], fn: (a, b) => t.pairwiseDistances(a, b), shape: [3, 2], oracle: ([i, j], a, b) => Math.sqrt(apart(a, i, b, j, 4)) },
      { name: 'squaredEuclidean', inputs: [normal([3, 4]), normal([2, 4])], fn: (a, b) => t.pairwiseDistances(a, b, { metric: 'squaredEuclidean' }), shape: [3, 2], oracle: ([i, j], a, b) => apart(a, i, b, j, 4) },
      { name: 'cosine', inputs: [normal([3, 4]), normal([2, 4])], fn: (a, b) => t.pairwiseDistances(a, b, { metric: 'cosine' }), shape: [3, 2], oracle: ([i, j], a, b) => 1 - cosine(a, i, b, j, 4) },
      { name: 'manhattan', inputs: [normal([3, 4]), normal([7, 4])], fn: (a, b) => t.pairwiseDistances(a, b, { metric: 'manhattan' }), shape: [3, 7], oracle: ([i, j], a, b) => cityBlock(a, i, b, j, 4) },
      { name: 'chebyshev', inputs: [normal([3, 4]), normal([7, 4])], fn: (a, b) => t.pairwiseDistances(a, b, { metric: 'chebyshev' }), shape: [3, 7], oracle: ([i, j], a, b) => chessboard(a, i, b, j, 4) },
      { name: 'one tensor on both sides', inputs: [normal([3, 4])], fn: (a) => t.pairwiseDistances(a, a, { metric: 'squaredEuclidean' }), shape: [3, 3], oracle: ([i, j], a) => apart(a, i, a, j, 4) },
      { name: 'cosine of one tensor with itself', inputs: [normal([3, 4])], fn: (a) => t.pairwiseDistances(a, a, { metric: 'cosine' }), shape: [3, 3], oracle: ([i, j], a) => 1 - cosine(a, i, a, j, 4) },
      ...(['manhattan', 'chebyshev'] as const).map((metric): Case => ({
        name: `${metric} of one tensor with itself`, inputs: [normal([6, 4])], shape: [6, 6],
        fn: (a) => t.pairwiseDistances(a, a, { metric }),
        oracle: ([i, j], a) => (metric === 'manhattan' ? cityBlock : chessboard)(a, i, a, j, 4),
      })),
    ],
    edges: [
      { edge: 'zero', inputs: [[[1, 2]], [[1, 2], [1, 4]]], ...pairs('euclidean'), value: [[0, 2]], gradients: [[[0, -1]], [[0, 0], [0, 1]]] },
      { edge: 'zero', inputs: [[[1, 2]], [[1, 2], [1, 4]]], ...pairs('squaredEuclidean'), value: [[0, 4]], gradients: [[[0, -4]], [[0, 0], [0, 4]]] },
      { edge: 'kink', inputs: [[[1, 2]], [[1, 2], [0, 2]]], ...pairs('manhattan'), value: [[0, 1]], gradients: [[[1, 0]], [[0, 0], [-1, 0]]] },
      { edge: 'tie', inputs: [[[1, 2]], [[1, 2], [0, 3], [3, 0]]], ...pairs('chebyshev'), value: [[0, 1, 2]], gradients: [[[0, 0]], [[0, 0], [-1, 0], [1, 0]]] },
      { edge: 'NaN', inputs: [[[NaN, 0]], [[1, 0]]], ...pairs('manhattan'), value: [[NaN]], gradients: [[[NaN, 0]], [[NaN, 0]]] },
      { edge: 'NaN', inputs: [[[9, NaN]], [[1, 0]]], ...pairs('chebyshev'), value: [[NaN]], gradients: [[[0, NaN]], [[0, NaN]]] },
      { edge: 'NaN', inputs: [[[NaN, 0]], [[1, 0]]], ...pairs('euclidean'), value: [[NaN]], gradients: [[[NaN, NaN]], undefined] },
      { edge: 'infinity', inputs: [[[Infinity, 0]], [[1, 1]]], ...pairs('manhattan'), value: [[Infinity]], gradients: [[[1, -1]], [[-1, 1]]] },
      { edge: 'infinity', inputs: [[[Infinity, 0]], [[1, 1]]], ...pairs('chebyshev'), value: [[Infinity]], gradients: [[[1, 0]], [[-1, 0]]] },
      { edge: 'huge', inputs: [[[3e37, 4e37]], [[0, 0]]], ...pairs('euclidean'), value: [[5e37]], gradients: [[[0.6, 0.8]], [[-0.6, -0.8]]] },
      { edge: 'huge', inputs: [[[1e19, 1e19, 1e19]], [[0, 0, 0]]], ...pairs('squaredEuclidean'), value: [[3e38]], gradients: [[[2e19, 2e19, 2e19]], [[-2e19, -2e19, -2e19]]] },
      { edge: 'huge', inputs: [[[1e38, -1e38]], [[0, 1e38]]], ...pairs('manhattan'), value: [[3e38]], gradients: [[[1, -1]], [[-1, 1]]] },
      { edge: 'denormal', inputs: [[[1e-45, 0]], [[0, 0]]], ...pairs('euclidean'), value: [[1e-45]], gradients: [[[1, 0]], [[-1, 0]]] },
      { edge: 'empty', inputs: [t.zeros([0, 3]), t.zeros([2, 3])], ...pairs('manhattan'), value: t.zeros([0, 2]).toArray(), shape: [0, 2], gradients: [undefined, [[0, 0, 0], [0, 0, 0]]] },
      { edge: 'empty', inputs: [t.zeros([1, 0]), t.zeros([2, 0])], ...pairs('chebyshev'), value: [[0, 0]] },
      { edge: 'empty', inputs: [t.zeros([1, 0]), t.zeros([2, 0])], ...pairs('cosine'), value: [[1, 1]] },
    ],
    refuses: [
      { call: () => t.pairwiseDistances(t.zeros([2, 3]), t.zeros([2, 4])), error: t.ShapeError, message: 'pairwiseDistances: expected [N, D] and [M, D]; got [2, 3] and [2, 4]. Embed both with one encoder.' },
      { call: () => t.pairwiseDistances(t.zeros([2 ** 16, 0]), t.zeros([2 ** 15, 0])), error: t.ShapeError, message: 'pairwiseDistances: the shape has more elements than a tensor can hold; got [65536, 32768]. Use smaller lengths: at most 2147483647 elements in all.' },
      { call: () => t.pairwiseDistances(t.zeros([3]), t.zeros([1, 3])), error: t.ShapeError, message: 'pairwiseDistances: expected [N, D] and [M, D]; got [3] and [1, 3]. Embed both with one encoder.' },
      { call: () => t.pairwiseDistances(t.zeros([1, 3]), t.zeros([1, 3]), { metric: 'hamming' as never }), error: RangeError, message: "pairwiseDistances: unknown metric 'hamming'. Use 'euclidean', 'squaredEuclidean', 'cosine', 'manhattan' or 'chebyshev'." },
    ],
    pytorch: ({ a, b }, options) => t.pairwiseDistances(a, b, options),
  },
} satisfies Record<string, Row>;
