import * as t from '../../../src/portable.ts';
import { type Case, draws, type Refusal, type Row, range, total } from './row.ts';

const { normal } = draws('products');
const { ShapeError } = t;
const [nan, inf, tiny] = [Number.NaN, Infinity, Math.fround(1e-40)];
const tooLarge = (op: string, shape: string): string =>
  `${op}: the shape has more elements than a tensor can hold; got ${shape}. Use smaller lengths: at most 2147483647 elements in all.`;
/** What plain JavaScript may pass, past the types. */
const untyped = (value: unknown): string => value as string;
const x23 = t.zeros([2, 3]);

interface Attended { readonly lead: readonly number[]; readonly queries: number; readonly keys: number; readonly mask?: t.Mask; readonly causal?: boolean; readonly bias?: readonly number[]; readonly may?: (item: readonly number[], l: number, s: number) => boolean }

/** The mean of values, weighted by the softmax of scores; 0 where all of them are -Infinity. */
function weighted(count: number, score: (s: number) => number, value: (s: number) => number): number {
  const parts = range(count).map((s) => Math.exp(score(s)));
  const whole = parts.reduce((a, b) => a + b, 0);
  return whole === 0 ? 0 : total(count, (s) => parts[s] * value(s)) / whole;
}

function attended(name: string, { lead, queries, keys, bias, may = () => true, ...options }: Attended): Case {
  const index = (shape: readonly number[], at: readonly number[]): number[] => shape.map((n, i) => (n === 1 ? 0 : at[at.length - shape.length + i]));
  return {
    name, shape: [...lead, queries, 2], inputs: [normal([...lead, queries, 3]), normal([...lead, keys, 3]), normal([...lead, keys, 2]), ...(bias === undefined ? [] : [normal(bias)])],
    fn: (q, k, v, b) => t.attention(q, k, v, { ...options, bias: b }),
    oracle: (at, q, k, v, b) => {
      const [item, l, j] = [at.slice(0, -2), at[at.length - 2], at[at.length - 1]];
      const score = (s: number) => (may(item, l, s) ? total(3, (e) => q(...item, l, e) * k(...item, s, e)) / Math.sqrt(3) + (bias === undefined ? 0 : b(...index(bias, [...item, l, s]))) : -Infinity);
      return weighted(keys, score, (s) => v(...item, s, j));
    },
  };
}

export const products = {
  matmul: { cases: [
    { name: 'small', inputs: [normal([2, 3]), normal([3, 4])], fn: t.matmul, shape: [2, 4], oracle: ([i, j], a, b) => total(3, (k) => a(i, k) * b(k, j)) },
    { name: 'packed, ragged', inputs: [normal([18, 17]), normal([17, 19])], fn: t.matmul, shape: [18, 19], oracle: ([i, j], a, b) => total(17, (k) => a(i, k) * b(k, j)) },
    { name: 'vectors', inputs: [normal([3]), normal([3])], fn: t.matmul, shape: [], oracle: (_, a, b) => total(3, (k) => a(k) * b(k)) },
    { name: 'matrix and vector', inputs: [normal([2, 3]), normal([3])], fn: t.matmul, shape: [2], oracle: ([i], a, b) => total(3, (k) => a(i, k) * b(k)) },
    { name: 'vector and batch', inputs: [normal([3]), normal([2, 3, 4])], fn: t.matmul, shape: [2, 4], oracle: ([n, j], a, b) => total(3, (k) => a(k) * b(n, k, j)) },
    { name: 'batch and matrix', inputs: [normal([2, 2, 3]), normal([3, 4])], fn: t.matmul, shape: [2, 2, 4], oracle: ([n, i, j], a, b) => total(3, (k) => a(n, i, k) * b(k, j)) },
    { name: 'broadcast batches', inputs: [normal([2, 1, 2, 3]), normal([3, 3, 2])], fn: t.matmul, shape: [2, 3, 2, 2], oracle: ([n, m, i, j], a, b) => total(3, (k) => a(n, 0, i, k) * b(m, k, j)) },
    { name: 'nothing to add', inputs: [t.zeros([2, 0]), t.zeros([0, 3])], fn: t.matmul, shape: [2, 3], oracle: () => 0 },
  ], edges: [
    { edge: 'empty', inputs: [t.zeros([0, 3]), t.ones([3, 2])], fn: t.matmul, value: [], shape: [0, 2], gradients: [[], [[0, 0], [0, 0], [0, 0]]] },
    { edge: 'empty', inputs: [t.zeros([2, 0]), t.zeros([0, 1])], fn: t.matmul, value: [[0], [0]], gradients: [[[], []], []] },
    { edge: 'empty', inputs: [[], []], fn: t.matmul, value: 0, gradients: [[], []] },
    { edge: 'empty', inputs: [t.zeros([0, 2, 3]), t.ones([3, 2])], fn: t.matmul, value: [], shape: [0, 2, 2], gradients: [[], [[0, 0], [0, 0], [0, 0]]] },
    { edge: 'NaN', inputs: [[[nan, 1], [2, 3]], [[0, 1], [2, 3]]], fn: t.matmul, value: [[nan, nan], [6, 11]], gradients: [[[1, 5], [1, 5]], [[nan, nan], [4, 4]]] },
    { edge: 'infinity', inputs: [[[inf, 1]], [[0], [1]]], fn: t.matmul, value: [[nan]], gradients: [[[0, 1]], [[inf], [1]]] },
    { edge: 'infinity', inputs: [[[inf, 1]], [[2], [1]]], fn: t.matmul, value: [[inf]], gradients: [[[2, 1]], [[inf], [1]]] },
    { edge: 'huge', inputs: [[[2 ** 127, -(2 ** 126)]], [[1], [2]]], fn: t.matmul, value: [[0]], gradients: [[[1, 2]], [[2 ** 127], [-(2 ** 126)]]] },
    { edge: 'denormal', inputs: [[[tiny]], [[2]]], fn: t.matmul, value: [[2 * tiny]], gradients: [[[2]], [[tiny]]] },
  ], refuses: [
    { call: () => t.matmul(t.zeros([2, 3]), t.zeros([2, 3])), error: ShapeError, message: 'matmul: inner lengths differ (3 against 2); got [2, 3] and [2, 3]. Use [..., M, K] and [..., K, N]; transpose() swaps axes.' },
    { call: () => t.matmul(t.zeros([3]), t.zeros([2])), error: ShapeError, message: 'matmul: inner lengths differ (3 against 2); got [3] and [2]. Use [..., M, K] and [..., K, N]; transpose() swaps axes.' },
    { call: () => t.matmul(t.zeros([2, 1]), t.zeros([3])), error: ShapeError, message: 'matmul: inner lengths differ (1 against 3); got [2, 1] and [3]. Use [..., M, K] and [..., K, N]; transpose() swaps axes.' },
    { call: () => t.matmul(t.tensor(1), t.zeros([2])), error: ShapeError, message: 'matmul: a scalar has no axis to multiply along; got [] and [2]. Use mul() for scalars.' },
    { call: () => t.matmul(t.zeros([2]), t.tensor(1)), error: ShapeError, message: 'matmul: a scalar has no axis to multiply along; got [2] and []. Use mul() for scalars.' },
    { call: () => t.matmul(t.zeros([2, 1, 3]), t.zeros([3, 3, 1])), error: ShapeError, message: 'matmul: shapes do not broadcast (axis 0: 2 against 3); got [2] and [3]. Align them at the right; each pair of lengths must be equal or hold a 1. reshape() can insert axes of length 1.' },
    { call: () => t.matmul(t.zeros([2 ** 16, 1]), t.zeros([1, 2 ** 15])), error: ShapeError, message: tooLarge('matmul', '[65536, 32768]') },
    { call: () => t.matmul(t.zeros([2, 2 ** 15, 1]), t.zeros([2, 1, 2 ** 15])), error: ShapeError, message: tooLarge('matmul', '[2, 32768, 32768]') },
    { call: () => t.matmul(t.zeros([2 ** 16, 1, 1, 1]), t.zeros([2 ** 15, 1, 1])), error: ShapeError, message: tooLarge('matmul', '[65536, 32768]') },
  ], pytorch: ({ a, b }) => t.matmul(a, b) },
  outer: { cases: [
    { name: 'vectors', inputs: [normal([3]), normal([2])], fn: t.outer, shape: [3, 2], oracle: ([i, j], a, b) => a(i) * b(j) },
    { name: 'of one with itself', inputs: [normal([3])], fn: (x) => t.outer(x, x), shape: [3, 3], oracle: ([i, j], x) => x(i) * x(j) },
  ], edges: [
    { edge: 'empty', inputs: [[], [1, 2]], fn: t.outer, value: [], shape: [0, 2], gradients: [[], [0, 0]] },
    { edge: 'NaN', inputs: [[nan, 1], [2, 0]], fn: t.outer, value: [[nan, nan], [2, 0]], gradients: [[2, 2], [nan, nan]] },
    { edge: 'infinity', inputs: [[inf], [2, 0]], fn: t.outer, value: [[inf, nan]], gradients: [[2], [inf, inf]] },
    { edge: 'denormal', inputs: [[tiny], [2]], fn: t.outer, value: [[2 * tiny]], gradients: [[2], [tiny]] },
  ], refuses: [
    ...[[t.zeros([2, 1]), t.zeros([2])], [t.zeros([2]), t.tensor(1)]].map(([a, b]): Refusal => ({
      call: () => t.outer(a, b),
      error: ShapeError,
      message: `outer: both operands must be vectors; got [${a.shape.join(', ')}] and [${b.shape.join(', ')}]. Use reshape(x, [-1]), or einsum().`,
    })),
    { call: () => t.outer(t.zeros([2 ** 16]), t.zeros([2 ** 16])), error: ShapeError, message: tooLarge('outer', '[65536, 65536]') },
  ], pytorch: ({ a, b }) => t.outer(a, b) },
  einsum: { cases: [
    { name: 'matrix product', inputs: [normal([2, 3]), normal([3, 4])], fn: (a, b) => t.einsum('ij,jk->ik', a, b), shape: [2, 4], oracle: ([i, k], a, b) => total(3, (j) => a(i, j) * b(j, k)) },
    { name: 'without an arrow, letters in order', inputs: [normal([2, 3]), normal([4, 3])], fn: (a, b) => t.einsum('zj,bj', a, b), shape: [4, 2], oracle: ([b, z], x, y) => total(3, (j) => x(z, j) * y(b, j)) },
    { name: 'capitals first', inputs: [normal([2, 3])], fn: (x) => t.einsum('aB', x), shape: [3, 2], oracle: ([i, j], x) => x(j, i) },
    { name: 'batch, transposed', inputs: [normal([2, 2, 3]), normal([2, 4, 3])], fn: (a, b) => t.einsum(' b i d , b j d -> b j i ', a, b), shape: [2, 4, 2], oracle: ([n, j, i], a, b) => total(3, (d) => a(n, i, d) * b(n, j, d)) },
    { name: 'two letters summed', inputs: [normal([2, 3, 2]), normal([2, 2, 3])], fn: (a, b) => t.einsum('ijk,lkj->il', a, b), shape: [2, 2], oracle: ([i, l], a, b) => total(3, (j) => total(2, (k) => a(i, j, k) * b(l, k, j))) },
    { name: 'no letter summed', inputs: [normal([2, 3]), normal([3, 2])], fn: (a, b) => t.einsum('ij,jk->kji', a, b), shape: [2, 3, 2], oracle: ([k, j, i], a, b) => a(i, j) * b(j, k) },
    { name: 'elementwise', inputs: [normal([2, 3]), normal([2, 3])], fn: (a, b) => t.einsum('ij,ij->ij', a, b), shape: [2, 3], oracle: ([i, j], a, b) => a(i, j) * b(i, j) },
    { name: 'rows with rows', inputs: [normal([2, 3]), normal([2, 3])], fn: (a, b) => t.einsum('ij,ij->i', a, b), shape: [2], oracle: ([i], a, b) => total(3, (j) => a(i, j) * b(i, j)) },
    { name: 'rows with rows, and axes of length 1', inputs: [normal([2, 1, 3]), normal([1, 2, 3])], fn: (a, b) => t.einsum('iaj,bij->iab', a, b), shape: [2, 1, 1], oracle: ([i], a, b) => total(3, (j) => a(i, 0, j) * b(0, i, j)) },
    { name: 'a matrix with each of a batch', inputs: [normal([2, 3]), normal([2, 3, 2])], fn: (a, b) => t.einsum('nj,njk->nk', a, b), shape: [2, 2], oracle: ([n, k], a, b) => total(3, (j) => a(n, j) * b(n, j, k)) },
    { name: 'vectors', inputs: [normal([3]), normal([3])], fn: (a, b) => t.einsum('i,i', a, b), shape: [], oracle: (_, a, b) => total(3, (i) => a(i) * b(i)) },
    { name: 'letters of one operand summed', inputs: [normal([2, 3]), normal([2, 2])], fn: (a, b) => t.einsum('ij,kl->k', a, b), shape: [2], oracle: ([k], a, b) => total(2, (i) => total(3, (j) => a(i, j))) * total(2, (l) => b(k, l)) },
    { name: 'one operand: sum and order', inputs: [normal([2, 3, 4])], fn: (x) => t.einsum('ijk->ki', x), shape: [4, 2], oracle: ([k, i], x) => total(3, (j) => x(i, j, k)) },
    { name: 'trace', inputs: [normal([3, 3])], fn: (x) => t.einsum('ii', x), shape: [], oracle: (_, x) => total(3, (i) => x(i, i)) },
    { name: 'diagonal', inputs: [normal([2, 3, 2])], fn: (x) => t.einsum('iji->ji', x), shape: [3, 2], oracle: ([j, i], x) => x(i, j, i) },
    { name: 'diagonal of a product', inputs: [normal([3, 3, 3]), normal([3])], fn: (a, b) => t.einsum('iii,i->i', a, b), shape: [3], oracle: ([i], a, b) => a(i, i, i) * b(i) },
    { name: 'three operands', inputs: [normal([2, 3]), normal([2, 3, 2]), normal([2, 2])], fn: (a, b, c) => t.einsum('bn,anm,bm->ba', a, b, c), shape: [2, 2], oracle: ([b, a], x, y, z) => total(3, (n) => total(2, (m) => x(b, n) * y(a, n, m) * z(b, m))) },
    { name: 'one tensor three times', inputs: [normal([2, 2])], fn: (x) => t.einsum('ij,jk,kl->il', x, x, x), shape: [2, 2], oracle: ([i, l], x) => total(2, (j) => total(2, (k) => x(i, j) * x(j, k) * x(k, l))) },
    { name: 'scalars', inputs: [normal([]), normal([2]), normal([])], fn: (a, b, c) => t.einsum(',i,->i', a, b, c), shape: [2], oracle: ([i], a, b, c) => a() * b(i) * c() },
    { name: 'a scalar alone', inputs: [normal([])], fn: (x) => t.einsum('->', x), shape: [], oracle: (_, x) => x() },
    { name: 'ellipsis', inputs: [normal([2, 2, 3]), normal([2, 3, 2])], fn: (a, b) => t.einsum('...ij,...jk->...ik', a, b), shape: [2, 2, 2], oracle: ([n, i, k], a, b) => total(3, (j) => a(n, i, j) * b(n, j, k)) },
    { name: 'ellipses broadcast', inputs: [normal([2, 1, 2, 3]), normal([2, 3, 2])], fn: (a, b) => t.einsum('...ij,...jk', a, b), shape: [2, 2, 2, 2], oracle: ([n, m, i, k], a, b) => total(3, (j) => a(n, 0, i, j) * b(m, j, k)) },
    { name: 'an ellipsis is summed where the result lacks it', inputs: [normal([2, 3, 2])], fn: (x) => t.einsum('...i->i', x), shape: [2], oracle: ([i], x) => total(2, (n) => total(3, (m) => x(n, m, i))) },
    { name: 'an ellipsis in the middle of the result', inputs: [normal([2, 3]), normal([2])], fn: (x, y) => t.einsum('...i,j->i...j', x, y), shape: [3, 2, 2], oracle: ([i, n, j], x, y) => x(n, i) * y(j) },
    { name: 'an ellipsis of no axes', inputs: [normal([2])], fn: (x) => t.einsum('...i->...i', x), shape: [2], oracle: ([i], x) => x(i) },
    { name: 'length 1 is repeated', inputs: [normal([2, 1]), normal([3, 2])], fn: (a, b) => t.einsum('ij,jk->ijk', a, b), shape: [2, 3, 2], oracle: ([i, j, k], a, b) => a(i, 0) * b(j, k) },
    { name: 'length 1 is repeated and summed', inputs: [normal([2, 1]), normal([3]), normal([1])], fn: (a, b, c) => t.einsum('ij,j,j->i', a, b, c), shape: [2], oracle: ([i], a, b, c) => total(3, (j) => a(i, 0) * b(j) * c(0)) },
    { name: 'a diagonal of length 1 is repeated', inputs: [normal([1, 1]), normal([3])], fn: (a, b) => t.einsum('ii,i->i', a, b), shape: [3], oracle: ([i], a, b) => a(0, 0) * b(i) },
  ], edges: [
    { edge: 'empty', inputs: [t.zeros([2, 0]), t.zeros([0, 2])], fn: (a, b) => t.einsum('ij,jk->ik', a, b), value: [[0, 0], [0, 0]], gradients: [[[], []], []] },
    { edge: 'empty', inputs: [t.zeros([0, 2]), [1, 2]], fn: (a, b) => t.einsum('ij,j->ij', a, b), value: [], shape: [0, 2], gradients: [[], [0, 0]] },
    { edge: 'empty', inputs: [t.zeros([0, 0])], fn: (x) => t.einsum('ii', x), value: 0, gradients: [[]] },
    { edge: 'empty', inputs: [[1], []], fn: (a, b) => t.einsum('i,i->i', a, b), value: [], gradients: [[0], []] },
    { edge: 'NaN', inputs: [[[nan, 2], [3, 4]]], fn: (x) => t.einsum('ii->i', x), value: [nan, 4], gradients: [[[1, 0], [0, 1]]] },
    { edge: 'NaN', inputs: [[nan, 1], [0, 1]], fn: (a, b) => t.einsum('i,i->i', a, b), value: [nan, 1], gradients: [[0, 1], [nan, 1]] },
    { edge: 'infinity', inputs: [[inf, 1], [2, 3]], fn: (a, b) => t.einsum('i,i', a, b), value: inf, gradients: [[2, 3], [inf, 1]] },
    { edge: 'huge', inputs: [[3e38, 3e38, -3e38]], fn: (x) => t.einsum('i->', x), value: 3e38, gradients: [[1, 1, 1]] },
    { edge: 'denormal', inputs: [[tiny], [2]], fn: (a, b) => t.einsum('i,j->ij', a, b), value: [[2 * tiny]], gradients: [[2], [tiny]] },
  ], refuses: [
    { call: () => t.einsum(''), error: RangeError, message: 'einsum: cannot read "": it has 1 term, there are 0 operands. Write one term an operand, with commas between them.' },
    { call: () => t.einsum('ij,jk', x23), error: RangeError, message: 'einsum: cannot read "ij,jk": it has 2 terms, there is 1 operand. Write one term an operand, with commas between them.' },
    { call: () => t.einsum('ij', x23, x23), error: RangeError, message: 'einsum: cannot read "ij": it has 1 term, there are 2 operands. Write one term an operand, with commas between them.' },
    { call: () => t.einsum('ij->i->', x23), error: RangeError, message: 'einsum: cannot read "ij->i->": it has more than one arrow. Write one -> before the result.' },
    ...[['i1', '"1"'], ['i-j', '"-"'], ['i\n', '"\\n"'], ['i..', '"."'], ['i....', '"."'], ['ij>i', '">"'], ['ij->i,j', '","'], ['ij->1', '"1"']].map(([equation, symbol]): Refusal => ({
      call: () => t.einsum(equation, x23),
      error: RangeError,
      message: `einsum: cannot read "${equation}": ${symbol} is not a letter. Use a-z and A-Z, commas, -> and one ... a term.`,
    })),
    { call: () => t.einsum('...i...', x23), error: RangeError, message: 'einsum: cannot read "...i...": the term ...i... has two ellipses. Write ... once a term.' },
    { call: () => t.einsum('ij->......', x23), error: RangeError, message: 'einsum: cannot read "ij->......": the term ...... has two ellipses. Write ... once a term.' },
    { call: () => t.einsum('ij->ii', x23), error: RangeError, message: 'einsum: cannot read "ij->ii": the result has i twice. Write each letter of the result once.' },
    { call: () => t.einsum('ij->ik', x23), error: RangeError, message: 'einsum: cannot read "ij->ik": the result has k, no operand has it. Use letters of the operands.' },
    { call: () => t.einsum('i', x23), error: ShapeError, message: 'einsum: the term "i" has 1 letter for 2 axes; got [2, 3]. Write one letter an axis; ... stands for any others.' },
    { call: () => t.einsum('ijk', x23), error: ShapeError, message: 'einsum: the term "ijk" has 3 letters for 2 axes; got [2, 3]. Write one letter an axis; ... stands for any others.' },
    { call: () => t.einsum('...ijk', x23), error: ShapeError, message: 'einsum: the term "...ijk" has 3 letters for 2 axes; got [2, 3]. Write one letter an axis; ... stands for any others.' },
    { call: () => t.einsum('i', t.tensor(1)), error: ShapeError, message: 'einsum: the term "i" has 1 letter for 0 axes; got []. Write one letter an axis; ... stands for any others.' },
    { call: () => t.einsum('ij,ij', x23, t.zeros([2, 2])), error: ShapeError, message: 'einsum: axes of j have lengths 3 and 2; got [2, 3] and [2, 2]. They must be equal, or 1.' },
    { call: () => t.einsum('i...,j...', x23, t.zeros([1, 2])), error: ShapeError, message: 'einsum: axes of ... have lengths 3 and 2; got [2, 3] and [1, 2]. They must be equal, or 1.' },
    { call: () => t.einsum('ii', x23), error: ShapeError, message: 'einsum: axes of i have lengths 2 and 3; got [2, 3]. Within one operand they must be equal.' },
    { call: () => t.einsum('ii', t.zeros([1, 3])), error: ShapeError, message: 'einsum: axes of i have lengths 1 and 3; got [1, 3]. Within one operand they must be equal.' },
    { call: () => t.einsum(untyped(x23), x23), error: TypeError, message: "einsum: the equation must be a string. Pass it first, e.g. einsum('ij,jk->ik', a, b)." },
    { call: () => t.einsum('i,j', t.zeros([2 ** 16]), t.zeros([2 ** 16])), error: ShapeError, message: tooLarge('mul', '[65536, 65536]') },
  ], pytorch: ({ ...inputs }, { equation }) => t.einsum(equation, ...Object.values(inputs)) },
  linear: { cases: [
    { name: 'with bias', inputs: [normal([5, 3]), normal([4, 3]), normal([4])], fn: (x, w, b) => t.linear(x, w, b), shape: [5, 4], oracle: ([n, o], x, w, b) => b(o) + total(3, (i) => x(n, i) * w(o, i)) },
    { name: 'without, on a sequence', inputs: [normal([2, 3, 3]), normal([2, 3])], fn: (x, w) => t.linear(x, w), shape: [2, 3, 2], oracle: ([n, s, o], x, w) => total(3, (i) => x(n, s, i) * w(o, i)) },
    { name: 'a vector', inputs: [normal([3]), normal([2, 3])], fn: (x, w) => t.linear(x, w), shape: [2], oracle: ([o], x, w) => total(3, (i) => x(i) * w(o, i)) },
    { name: 'empty batch', inputs: [t.zeros([0, 3]), normal([2, 3]), normal([2])], fn: (x, w, b) => t.linear(x, w, b), shape: [0, 2], oracle: () => 0 },
  ], edges: [
    { edge: 'empty', inputs: [t.zeros([0, 2]), [[1, 2]], [3]], fn: (x, w, b) => t.linear(x, w, b), value: [], shape: [0, 1], gradients: [[], [[0, 0]], [0]] },
    { edge: 'empty', inputs: [t.zeros([2, 0]), t.zeros([1, 0]), [3]], fn: (x, w, b) => t.linear(x, w, b), value: [[3], [3]], gradients: [[[], []], [[]], [2]] },
    { edge: 'NaN', inputs: [[[nan, 1], [2, 3]], [[0, 1]], [1]], fn: (x, w, b) => t.linear(x, w, b), value: [[nan], [4]], gradients: [[[0, 1], [0, 1]], [[nan, 4]], [2]] },
    { edge: 'infinity', inputs: [[[1, 2]], [[inf, 1]], [1]], fn: (x, w, b) => t.linear(x, w, b), value: [[inf]], gradients: [[[inf, 1]], [[1, 2]], [1]] },
    { edge: 'denormal', inputs: [[[tiny]], [[2]], [tiny]], fn: (x, w, b) => t.linear(x, w, b), value: [[3 * tiny]], gradients: [[[2]], [[tiny]], [1]] },
  ], refuses: [
    ...[[t.zeros([2, 4]), t.zeros([2, 3])], [t.tensor(1), t.zeros([2, 3])], [x23, t.zeros([3])], [x23, t.zeros([1, 2, 3])]].map(([x, weight]): Refusal => ({
      call: () => t.linear(x, weight),
      error: ShapeError,
      message: `linear: the last axis of x does not match weight [out, in]; got [${x.shape.join(', ')}] and [${weight.shape.join(', ')}]. Flatten x, or check the layer sizes.`,
    })),
    ...[[3], [1, 2], []].map((shape): Refusal => ({
      call: () => t.linear(x23, t.zeros([2, 3]), t.zeros(shape)),
      error: ShapeError,
      message: `linear: bias must be [2]; got [${shape.join(', ')}] and [2, 3]. Use one bias an output.`,
    })),
    { call: () => t.linear(t.zeros([2 ** 16, 1]), t.zeros([2 ** 15, 1])), error: ShapeError, message: tooLarge('linear', '[65536, 32768]') },
  ], pytorch: ({ x, weight, bias }) => t.linear(x, weight, bias) },
  attention: { cases: [
    attended('a batch, more keys than queries', { lead: [2], queries: 2, keys: 3 }),
    attended('by heads, without the padding of each item', { lead: [2, 2], queries: 2, keys: 3, mask: t.tensor([[[[1, 1, 1]]], [[[1, 0, 0]]]]), may: ([n], _, s) => n === 0 || s === 0 }),
    attended('causal, with keys that no query may attend', { lead: [], queries: 2, keys: 4, causal: true, may: (_, l, s) => s <= l }),
    attended('causal and masked: the first query may attend nothing', { lead: [2], queries: 3, keys: 3, causal: true, mask: [[false, true, true], [true, true, true], [false, false, true]], may: (_, l, s) => s <= l && !(s === 0 && l !== 1) && !(s === 1 && l === 2) }),
    attended('with a bias of all items', { lead: [2], queries: 2, keys: 3, bias: [2, 3] }),
    attended('with a bias of each head', { lead: [2, 3], queries: 2, keys: 2, bias: [3, 1, 2] }),
    { name: 'shared keys and values', inputs: [normal([2, 1, 2, 3]), normal([2, 2, 3]), normal([2, 2])], fn: (q, k, v) => t.attention(q, k, v), shape: [2, 2, 2, 2],
      oracle: ([n, m, l, j], q, k, v) => weighted(2, (s) => total(3, (e) => q(n, 0, l, e) * k(m, s, e)) / Math.sqrt(3), (s) => v(s, j)) },
    { name: 'no keys', inputs: [normal([2, 2, 3]), t.zeros([2, 0, 3]), t.zeros([2, 0, 2])], fn: (q, k, v) => t.attention(q, k, v, { causal: true }), shape: [2, 2, 2], oracle: () => 0 },
    { name: 'empty batch', inputs: [t.zeros([0, 2, 3]), t.zeros([0, 4, 3]), t.zeros([0, 4, 2])], fn: (q, k, v) => t.attention(q, k, v, { mask: t.ones([2, 4]) }), shape: [0, 2, 2], oracle: () => 0 },
  ], edges: [
    { edge: 'masked', inputs: [[[1, 0], [0, 1]], [[1, 2], [3, 4]], [[5], [7]]], fn: (q, k, v) => t.attention(q, k, v, { mask: [[false, false], [false, true]] }), value: [[0], [7]], gradients: [[[0, 0], [0, 0]], [[0, 0], [0, 0]], [[0], [1]]] },
    { edge: 'masked', inputs: [[[1], [1]], [[1], [nan]], [[5], [nan]]], fn: (q, k, v) => t.attention(q, k, v, { mask: t.tensor([1, 0]) }), value: [[5], [5]], gradients: [[[0], [0]], [[0], [0]], [[2], [0]]] },
    { edge: 'masked', inputs: [[[1]], [[1], [inf]], [[5], [-inf]]], fn: (q, k, v) => t.attention(q, k, v, { causal: true }), value: [[5]], gradients: [[[0]], [[0], [0]], [[1], [0]]] },
    { edge: 'masked', inputs: [[[1], [1]], [[1], [1]], [[5], [7]], [[-inf, -inf], [-inf, 0]]], fn: (q, k, v, bias) => t.attention(q, k, v, { bias }), value: [[0], [7]], gradients: [[[0], [0]], [[0], [0]], [[0], [1]], [[0, 0], [0, 0]]] },
    { edge: 'masked', inputs: [[[1]], [[1], [1]], [[5], [7]], [[nan, 0]]], fn: (q, k, v, bias) => t.attention(q, k, v, { bias, mask: [[false, true]] }), value: [[7]], gradients: [[[0]], [[0], [0]], [[0], [1]], [[0, 0]]] },
    { edge: 'huge', inputs: [[[1e4]], [[1e4], [-1e4]], [[5], [7]]], fn: (q, k, v) => t.attention(q, k, v), value: [[5]], gradients: [[[0]], [[0], [0]], [[1], [0]]] },
    { edge: 'denormal', inputs: [[[1e-40]], [[1e-40], [0]], [[5], [7]]], fn: (q, k, v) => t.attention(q, k, v), value: [[6]], gradients: [undefined, undefined, [[0.5], [0.5]]] },
    { edge: 'zero', inputs: [t.zeros([1, 0]), t.zeros([2, 0]), [[5], [7]]], fn: (q, k, v) => t.attention(q, k, v), value: [[6]], gradients: [[[]], [[], []], [[0.5], [0.5]]] },
    { edge: 'empty', inputs: [t.zeros([0, 1]), [[1]], [[2]]], fn: (q, k, v) => t.attention(q, k, v, { causal: true }), value: [], shape: [0, 1], gradients: [[], [[0]], [[0]]] },
    { edge: 'NaN', inputs: [[[nan], [1]], [[1], [1]], [[5], [7]]], fn: (q, k, v) => t.attention(q, k, v), value: [[nan], [6]] },
  ], refuses: [
    ...([
      [[3], [2, 3], [2, 2], 'q, k and v need at least two axes', '[3] and [2, 3] and [2, 2]'],
      [[2, 3], [2, 4], [2, 2], 'queries have 3 numbers, keys 4', '[2, 3] and [2, 4] and [2, 2]'],
      [[2, 3], [4, 3], [3, 3], 'there are 4 keys and 3 values', '[2, 3] and [4, 3] and [3, 3]'],
    ] as const).map(([q, k, v, problem, shapes]): Refusal => ({
      call: () => t.attention(t.zeros(q), t.zeros(k), t.zeros(v)),
      error: ShapeError,
      message: `attention: ${problem}; got ${shapes}. Use q [..., L, E], k [..., S, E] and v [..., S, Ev].`,
    })),
    { call: () => t.attention(t.zeros([2, 2, 1]), t.zeros([3, 2, 1]), t.zeros([2, 1])), error: ShapeError, message: 'attention: shapes do not broadcast (axis 0: 2 against 3); got [2] and [3]. Align them at the right; each pair of lengths must be equal or hold a 1. reshape() can insert axes of length 1.' },
    { call: () => t.attention(x23, x23, x23, { mask: t.ones([2, 3]) }), error: ShapeError, message: 'attention: mask does not broadcast to the scores; got [2, 3] and [2, 2]. Use [..., L, S], with 1 where a query may attend a key.' },
    { call: () => t.attention(x23, x23, x23, { mask: t.ones([1, 2, 2]) }), error: ShapeError, message: 'attention: mask does not broadcast to the scores; got [1, 2, 2] and [2, 2]. Use [..., L, S], with 1 where a query may attend a key.' },
    { call: () => t.attention(x23, x23, x23, { mask: t.tensor([[1, 1], [0, -Infinity]]) }), error: RangeError, message: 'attention: element 3 of mask is -Infinity. Use 1 where a query may attend a key, else 0; numbers to add belong in bias.' },
    { call: () => t.attention(x23, x23, x23, { mask: JSON.parse('[1, 1]') }), error: TypeError, message: 'attention: mask must be a Tensor of 0 and 1, or boolean[][]. Use 1 where a query may attend a key.' },
    { call: () => t.attention(x23, x23, x23, { bias: t.ones([3]) }), error: ShapeError, message: 'attention: bias does not broadcast to the scores; got [3] and [2, 2]. Use [..., L, S].' },
    { call: () => t.attention(t.zeros([2 ** 27, 0]), t.zeros([2 ** 27, 0]), t.zeros([2 ** 27, 0])), error: ShapeError, message: tooLarge('attention', '[134217728, 134217728]') },
  ], pytorch: ({ q, k, v, bias }, { mask, causal }) => t.attention(q, k, v, { bias, causal, mask: mask === undefined ? undefined : t.tensor(mask) }) },
} satisfies Record<string, Row>;
