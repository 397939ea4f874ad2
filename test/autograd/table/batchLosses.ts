import * as t from '../../../src/portable.ts';
import { apart, type Case, cosine, draws, hinge, logistic, type Read, type Row, range, total } from './row.ts';

const { normal } = draws('batchLosses');

/** Draws of their own, so that the cases of one loss do not depend on those of another. */
const mined = draws('batchLosses, triplets');

type Apart = (i: number, j: number) => number;

/** Whether a triplet counts, from the distances of its batch. */
type Chosen = (a: number, p: number, n: number, d: Apart, labels: readonly number[]) => boolean;

/** The costs of the triplets of a batch, by anchor, positive and negative: of those chosen, all others do not count. */
function tripletCosts(labels: readonly number[], d: Apart, { margin = 0, soft = false, swap = false }, chosen: Chosen = () => true): number[] {
  const rows = range(labels.length);
  return rows.flatMap((a) => rows.filter((p) => p !== a && labels[p] === labels[a]).flatMap((p) => rows.filter((n) => labels[n] !== labels[a] && chosen(a, p, n, d, labels)).map((n) => {
    const gap = d(a, p) - (swap ? Math.min(d(a, n), d(p, n)) : d(a, n)) + margin;
    return soft ? logistic(gap) : hinge(gap);
  })));
}

const meanOf = (costs: readonly number[]): number => costs.reduce((s, c) => s + c, 0) / Math.max(1, costs.length);
const activeOf = (costs: readonly number[]): readonly number[] => costs.filter((c) => c > 0);
const othersOf = (a: number, labels: readonly number[], same: boolean): number[] => range(labels.length).filter((i) => i !== a && (labels[i] === labels[a]) === same);
const isFarthest: Chosen = (a, p, _, d, labels) => d(a, p) === Math.max(...othersOf(a, labels, true).map((i) => d(a, i)));
const isNearest: Chosen = (a, _, n, d, labels) => d(a, n) === Math.min(...othersOf(a, labels, false).map((i) => d(a, i)));
const isNearestFarther: Chosen = (a, p, n, d, labels) => d(a, n) === Math.min(...othersOf(a, labels, false).map((i) => d(a, i)).filter((v) => v > d(a, p)));
const isLast: Chosen = (a, p, n, d, labels) => d(a, p) >= d(a, n) && d(a, n) === Math.max(...othersOf(a, labels, false).map((i) => d(a, i)));

const line = (e: Read): Apart => (i, j) => Math.sqrt(apart(e, i, e, j, 3));
const squaredLine = (e: Read): Apart => (i, j) => apart(e, i, e, j, 3);
const byCosine = (e: Read): Apart => (i, j) => 1 - cosine(e, i, e, j, 3);
const byBlocks = (e: Read): Apart => (i, j) => total(3, (k) => Math.abs(e(i, k) - e(j, k)));
const byLargest = (e: Read): Apart => (i, j) => Math.max(...range(3).map((k) => Math.abs(e(i, k) - e(j, k))));

/** Of eight rows: four of a class, three of another, one alone. */
const eight = [0, 0, 1, 1, 0, 2, 1, 0];

function tripletCase(name: string, options: t.BatchTripletLossOptions, distance: (e: Read) => Apart, chosen?: Chosen): Case {
  const { margin = options.soft ? 0 : 1, soft = false, swap = false, reduction = 'mean' } = options;
  return {
    name, inputs: [mined.normal([8, 3])], shape: [],
    fn: (e) => t.batchTripletLoss(e, eight, options),
    oracle: (_, e) => {
      const costs = tripletCosts(eight, distance(e), { margin, soft, swap }, chosen);
      return reduction === 'sum' ? costs.reduce((s, c) => s + c, 0) : meanOf(reduction === 'meanNonZero' ? activeOf(costs) : costs);
    },
  };
}

const twoByOne = t.zeros([2, 1]);

const relative = draws('batchLosses, all against all').normal;
/** Rows with several positives, with one, and without any. */
const grouped = [0, 0, 1, 1, 0, 2, 1];
const apartClasses = [0, 1, 2, 3];

/** The rows of the class of row i besides itself, and those of the others. */
const mates = (labels: readonly number[], i: number): number[] => range(labels.length).filter((j) => j !== i && labels[j] === labels[i]);
const strangers = (labels: readonly number[], i: number): number[] => range(labels.length).filter((j) => labels[j] !== labels[i]);
const pairsOf = (labels: readonly number[]): (readonly [number, number])[] => range(labels.length).flatMap((i) => mates(labels, i).filter((j) => i < j).map((j) => [i, j] as const));
const sumExp = (values: readonly number[]): number => total(values.length, (v) => Math.exp(values[v]));
const average = (values: readonly number[]): number => total(values.length, (v) => values[v]) / Math.max(1, values.length);
/** The losses of the rows that count. */
const counted = (labels: readonly number[], counts: (i: number) => boolean, loss: (i: number) => number): number[] => range(labels.length).filter(counts).map(loss);

/** The formulas of the docs, row by row and pair by pair, without what keeps them in range. */
function supCon(e: Read, labels: readonly number[], i: number, temperature: number): number {
  const s = (j: number) => cosine(e, i, e, j, 3) / temperature;
  const all = sumExp(range(labels.length).filter((j) => j !== i).map(s));
  return average(mates(labels, i).map((p) => -Math.log(Math.exp(s(p)) / all)));
}
function multiSimilarity(e: Read, labels: readonly number[], i: number, alpha = 2, beta = 50, base = 0.5): number {
  const above = (j: number) => cosine(e, i, e, j, 3) - base;
  return Math.log(1 + sumExp(mates(labels, i).map((p) => -alpha * above(p)))) / alpha + Math.log(1 + sumExp(strangers(labels, i).map((n) => beta * above(n)))) / beta;
}
function circle(e: Read, labels: readonly number[], i: number, m: number, gamma: number): number {
  const s = (j: number) => cosine(e, i, e, j, 3);
  const pull = sumExp(mates(labels, i).map((p) => -gamma * hinge(1 + m - s(p)) * (s(p) - 1 + m)));
  return Math.log(1 + pull * sumExp(strangers(labels, i).map((n) => gamma * hinge(s(n) + m) * (s(n) - m))));
}
/** Circle loss by ops, its weights those of other embeddings. */
const circleAt = (labels: readonly number[], m: number, gamma: number) => (at: t.Tensor) => (e: t.Tensor): t.Tensor => {
  const cosines = (x: t.Tensor) => t.matmul(t.normalize(x), t.transpose(t.normalize(x)));
  const [s, constant] = [cosines(e), t.noGrad(() => cosines(at))];
  const among = (rows: number[][], terms: t.Tensor, i: number) => t.sum(t.exp(t.take(t.take(terms, [i]), rows[i], { axis: 1 })));
  const positives = range(labels.length).map((i) => mates(labels, i));
  const negatives = range(labels.length).map((i) => strangers(labels, i));
  const pull = t.mul(t.mul(t.relu(t.sub(1 + m, constant)), -gamma), t.sub(s, 1 - m));
  const push = t.mul(t.mul(t.relu(t.add(constant, m)), gamma), t.sub(s, m));
  const rows = range(labels.length).filter((i) => positives[i].length > 0 && negatives[i].length > 0);
  return t.mean(t.stack(rows.map((i) => t.log(t.add(1, t.mul(among(positives, pull, i), among(negatives, push, i)))))));
};
function lifted(e: Read, labels: readonly number[], i: number, j: number, m: number): number {
  const d = (a: number, b: number) => Math.sqrt(apart(e, a, e, b, 3));
  const push = sumExp(strangers(labels, i).map((k) => m - d(i, k))) + sumExp(strangers(labels, j).map((l) => m - d(j, l)));
  return hinge(d(i, j) + Math.log(push)) ** 2 / 2;
}
function nca(e: Read, labels: readonly number[], i: number, temperature: number): number {
  const near = (rows: readonly number[]) => sumExp(rows.map((j) => -apart(e, i, e, j, 3) / temperature));
  return -Math.log(near(mates(labels, i)) / near(range(labels.length).filter((j) => j !== i)));
}
function angular(e: Read, labels: readonly number[], a: number, p: number, degrees: number): number {
  const t2 = Math.tan((degrees * Math.PI) / 180) ** 2;
  const s = (i: number, j: number) => cosine(e, i, e, j, 3);
  return Math.log(1 + sumExp(strangers(labels, a).map((n) => 4 * t2 * (s(a, n) + s(p, n)) - 2 * (1 + t2) * s(a, p))));
}

const alike = [[1, 0], [1, 0], [1, 0], [1, 0]];
const still = [[0, 0], [0, 0], [0, 0], [0, 0]];
const wrongLabels = (op: string): string => `${op}: expected embeddings [N, D] and N labels; got [2, 1] and [1]. Pass one label a row.`;
const wrongReduction = (op: string): string => `${op}: unknown reduction 'average'. Use 'mean', 'sum', 'none' or 'meanNonZero'.`;
const above0 = (op: string, option: string, got: string): string => `${op}: ${option} must be a finite number above 0; got ${got}.`;
// biome-ignore lint/suspicious/noExplicitAny: a reduction that types refuse.
const byAverage = { reduction: 'average' as any };

/** The sum of what each ordered pair of different rows costs, by whether they are of one class, and how many do. */
function pairSums(labels: readonly number[], cost: (i: number, j: number, same: boolean) => number) {
  const of = (same: boolean) => {
    const costs = range(labels.length).flatMap((i) => range(labels.length).filter((j) => j !== i && (labels[j] === labels[i]) === same).map((j) => cost(i, j, same)));
    return { sum: total(costs.length, (n) => costs[n]), count: Math.max(1, costs.length), active: Math.max(1, costs.filter((v) => v > 0).length) };
  };
  return { same: of(true), other: of(false) };
}
const unit = (e: Read, i: number, j: number, width: number): number => Math.sqrt(2 * (1 - cosine(e, i, e, j, width)));
const six = [0, 0, 1, 1, 0, 2];
const linear = (e: Read, positive: number, negative: number) => pairSums(six, (i, j, same) => hinge(same ? unit(e, i, j, 3) - positive : negative - unit(e, i, j, 3)));
const byBeta = (margin: number, beta: (label: number) => number, distance: (i: number, j: number) => number) => {
  const { same, other } = pairSums(six, (i, j, isSame) => hinge(margin + (isSame ? 1 : -1) * (distance(i, j) - beta(six[i]))));
  return (same.sum + other.sum) / (same.count + other.count);
};
// biome-ignore lint/suspicious/noExplicitAny: a reduction that plain JavaScript may pass.
const averageOfPairs: any = { reduction: 'average' };

/** Losses of a labelled batch. */
export const batchLosses = {
  batchTripletLoss: { cases: [
    tripletCase('hard', { margin: 0.5 }, squaredLine, (...x) => isFarthest(...x) && isNearest(...x)),
    tripletCase('euclidean', { distance: 'euclidean', mining: 'hard' }, line, (...x) => isFarthest(...x) && isNearest(...x)),
    tripletCase('all', { mining: 'all' }, squaredLine),
    tripletCase('all, the active', { mining: 'all', distance: 'euclidean', margin: 0.3, reduction: 'meanNonZero' }, line),
    tripletCase('all, their sum', { mining: 'all', distance: 'cosine', margin: 0.4, reduction: 'sum' }, byCosine),
    tripletCase('all, swapped', { mining: 'all', distance: 'manhattan', swap: true }, byBlocks),
    tripletCase('all, swapped, the active', { mining: 'all', distance: 'cosine', margin: 0.2, swap: true, reduction: 'meanNonZero' }, byCosine),
    tripletCase('all, soft', { mining: 'all', distance: 'euclidean', soft: true }, line),
    tripletCase('all, soft, with a margin', { mining: 'all', distance: 'chebyshev', soft: true, margin: 0.6, reduction: 'sum' }, byLargest),
    tripletCase('all, soft, swapped, the active', { mining: 'all', distance: 'cosine', soft: true, swap: true, reduction: 'meanNonZero' }, byCosine),
    tripletCase('within the margin', { mining: 'withinMargin' }, squaredLine, (a, p, n, d) => d(a, n) > d(a, p) && d(a, n) - d(a, p) <= 1),
    tripletCase('within the margin, soft, swapped', { mining: 'withinMargin', distance: 'manhattan', margin: 1.5, soft: true, swap: true }, byBlocks, (a, p, n, d) => d(a, n) > d(a, p) && d(a, n) - d(a, p) <= 1.5),
    tripletCase('nearest farther', { mining: 'nearestFarther', distance: 'euclidean' }, line, isNearestFarther),
    tripletCase('nearest farther or farthest', { mining: 'nearestOrFarthest', distance: 'cosine', margin: 0.5, reduction: 'meanNonZero' }, byCosine, (...x) => isNearestFarther(...x) || isLast(...x)),
    tripletCase('beyond the hardest positive', { mining: 'beyondHardestPositive', margin: 2 }, squaredLine, (...x) => isFarthest(...x) && isNearestFarther(...x)),
    { name: 'random within the margin, where there is one', inputs: [t.tensor([[0], [1], [2.5], [7]])], fn: (e) => t.batchTripletLoss(e, [0, 0, 1, 2], { mining: 'randomWithinMargin', distance: 'euclidean', margin: 2, random: t.createRandom(1) }), shape: [], oracle: (_, e) => meanOf([0, 1].map((a) => hinge(2 + 1 - Math.abs(e(2, 0) - e(a, 0))))) },
    { name: 'one loss a triplet', inputs: [t.tensor([[0], [1], [3], [7]])], fn: (e) => t.batchTripletLoss(e, [0, 0, 1, 1], { mining: 'withinMargin', margin: 50, reduction: 'none' }), shape: [6], oracle: ([i], e) => tripletCosts([0, 0, 1, 1], (j, k) => apart(e, j, e, k, 1), { margin: 50 }, (a, p, n, d) => d(a, n) > d(a, p))[i] },
    { name: 'no triplet', inputs: [mined.normal([3, 2])], fn: (e) => t.batchTripletLoss(e, [0, 0, 0]), shape: [], oracle: () => 0 },
    { name: 'no triplet among all', inputs: [mined.normal([3, 2])], fn: (e) => t.batchTripletLoss(e, [0, 1, 2], { mining: 'all' }), shape: [], oracle: () => 0 },
    { name: 'no triplet among all, soft', inputs: [mined.normal([3, 2])], fn: (e) => t.batchTripletLoss(e, [0, 0, 0], { mining: 'all', soft: true }), shape: [], oracle: () => 0 },
    { name: 'no semi-hard triplet', inputs: [mined.normal([3, 2])], fn: (e) => t.batchTripletLoss(e, [0, 1, 2], { mining: 'nearestFarther' }), shape: [], oracle: () => 0 },
  ], edges: [
    { edge: 'empty', inputs: [t.zeros([0, 2])], fn: (e) => t.batchTripletLoss(e, []), value: 0 },
    { edge: 'empty', inputs: [t.zeros([0, 2])], fn: (e) => t.batchTripletLoss(e, [], { mining: 'all', reduction: 'meanNonZero' }), value: 0 },
    { edge: 'empty', inputs: [t.zeros([0, 2])], fn: (e) => t.batchTripletLoss(e, [], { mining: 'withinMargin' }), value: 0 },
    { edge: 'tie', inputs: [[[0], [0], [0]]], fn: (e) => t.batchTripletLoss(e, [0, 0, 1]), value: 1, gradients: [[[0], [0], [0]]] },
    { edge: 'tie', inputs: [[[0], [0], [0]]], fn: (e) => t.batchTripletLoss(e, [0, 0, 1], { mining: 'all', margin: 0.25 }), value: 0.25, gradients: [[[0], [0], [0]]] },
    { edge: 'tie', inputs: [[[0], [0], [0]]], fn: (e) => t.batchTripletLoss(e, [0, 0, 1], { mining: 'all', soft: true }), value: Math.LN2, gradients: [[[0], [0], [0]]] },
    // A negative as far from the positive as from the anchor pushes off each from its own side.
    { edge: 'tie', inputs: [[[0, 1], [0, -1], [2, 0]]], fn: (e) => t.batchTripletLoss(e, [0, 0, 1], { mining: 'all', distance: 'euclidean', swap: true }), value: 3 - Math.sqrt(5), gradients: [[[Math.sqrt(0.2), 1 - Math.sqrt(0.05)], [Math.sqrt(0.2), Math.sqrt(0.05) - 1], [-2 * Math.sqrt(0.2), 0]]] },
    // The triplet from row 0 is at the margin.
    { edge: 'kink', inputs: [[[0], [1], [2]]], fn: (e) => t.batchTripletLoss(e, [0, 0, 1], { mining: 'all', distance: 'euclidean' }), value: 0.5, gradients: [[[-0.5], [1], [-0.5]]] },
    { edge: 'kink', inputs: [[[0], [1], [2]]], fn: (e) => t.batchTripletLoss(e, [0, 0, 1], { mining: 'all', distance: 'euclidean', reduction: 'meanNonZero' }), value: 1, gradients: [[[-1], [2], [-1]]] },
    { edge: 'kink', inputs: [[[0], [1], [2]]], fn: (e) => t.batchTripletLoss(e, [0, 0, 1], { mining: 'all', distance: 'euclidean', swap: true, margin: 0.5, reduction: 'sum' }), value: 1, gradients: [[[-2], [4], [-2]]] },
    { edge: 'huge', inputs: [[[0], [1e4], [2e4]]], fn: (e) => t.batchTripletLoss(e, [0, 0, 1], { mining: 'all', distance: 'euclidean', soft: true }), value: Math.LN2 / 2, gradients: [[[-0.25], [0.5], [-0.25]]] },
    { edge: 'huge', inputs: [[[0], [3e4], [4e4]]], fn: (e) => t.batchTripletLoss(e, [0, 0, 1], { mining: 'all', distance: 'euclidean', soft: true }), value: 1e4, gradients: [[[-0.5], [1], [-0.5]]] },
    { edge: 'infinity', inputs: [[[0], [3e30], [1]]], fn: (e) => t.batchTripletLoss(e, [0, 0, 1], { mining: 'all' }), value: Infinity },
    { edge: 'NaN', inputs: [[[0], [NaN], [1]]], fn: (e) => t.batchTripletLoss(e, [0, 0, 1], { mining: 'all' }), value: NaN },
    { edge: 'NaN', inputs: [[[0], [1], [NaN]]], fn: (e) => t.batchTripletLoss(e, [0, 0, 1], { mining: 'all', reduction: 'meanNonZero' }), value: NaN },
    { edge: 'NaN', inputs: [[[0], [1], [NaN]]], fn: (e) => t.batchTripletLoss(e, [0, 0, 1], { mining: 'all', swap: true }), value: NaN },
    { edge: 'NaN', inputs: [[[0], [1], [NaN]]], fn: (e) => t.batchTripletLoss(e, [0, 0, 1], { mining: 'all', soft: true }), value: NaN },
  ], refuses: [
    { call: () => t.batchTripletLoss(twoByOne, [0, 1], { mining: 'semiHard' as never }), error: RangeError, message: "batchTripletLoss: unknown mining 'semiHard'. Use 'all', 'hard', 'withinMargin', 'nearestFarther', 'nearestOrFarthest', 'beyondHardestPositive' or 'randomWithinMargin'." },
    { call: () => t.batchTripletLoss(twoByOne, [0]), error: t.ShapeError, message: 'batchTripletLoss: expected embeddings [N, D] and N labels; got [2, 1] and [1]. Pass one label a row.' },
    { call: () => t.batchTripletLoss(twoByOne, [0], { mining: 'all' }), error: t.ShapeError, message: 'batchTripletLoss: expected embeddings [N, D] and N labels; got [2, 1] and [1]. Pass one label a row.' },
    { call: () => t.batchTripletLoss(t.tensor([[NaN], [0]]), [0, 1]), error: RangeError, message: 'batchTripletLoss: the distance of rows 0 and 0 is NaN. Check the inputs, or lower the learning rate.' },
    { call: () => t.batchTripletLoss(t.tensor([[0], [NaN]]), [0, 1], { mining: 'nearestFarther' }), error: RangeError, message: 'batchTripletLoss: the distance of rows 0 and 1 is NaN. Check the inputs, or lower the learning rate.' },
    { call: () => t.batchTripletLoss(twoByOne, [0, 1], { mining: 'all', reduction: 'none' }), error: RangeError, message: "batchTripletLoss: reduction 'none' of mining 'all' would hold a loss for each of up to N^3 triplets. Use 'mean', 'sum' or 'meanNonZero', or another mining." },
    { call: () => t.batchTripletLoss(twoByOne, [0, 1], { mining: 'all', reduction: 'average' as never }), error: RangeError, message: "batchTripletLoss: unknown reduction 'average'. Use 'mean', 'sum', 'none' or 'meanNonZero'." },
    { call: () => t.batchTripletLoss(twoByOne, [0, 1], { mining: 'nearestFarther', reduction: 'average' as never }), error: RangeError, message: "batchTripletLoss: unknown reduction 'average'. Use 'mean', 'sum', 'none' or 'meanNonZero'." },
    { call: () => t.batchTripletLoss(twoByOne, [0, 1], { mining: 'all', margin: 0 }), error: RangeError, message: 'batchTripletLoss: margin must be a finite number above 0; got 0.' },
    { call: () => t.batchTripletLoss(twoByOne, [0, 1], { distance: 'cosine', margin: 2.5 }), error: RangeError, message: 'batchTripletLoss: a margin of 2.5 can never be satisfied by a distance of at most 2. Use a margin below 2.' },
    { call: () => t.batchTripletLoss(twoByOne, [0, 1], { mining: 'withinMargin', soft: true }), error: RangeError, message: "batchTripletLoss: mining 'withinMargin' needs a margin, and a soft loss has none unless it is given. Pass { margin }." },
    { call: () => t.batchTripletLoss(twoByOne, [0, 1], { mining: 'randomWithinMargin' }), error: TypeError, message: "batchTripletLoss: 'randomWithinMargin' needs a source of random numbers. Pass { random: createRandom(seed) }." },
    { call: () => t.batchTripletLoss(twoByOne, [0, 1], { mining: 'all', distance: 'hamming' as never }), error: RangeError, message: "batchTripletLoss: unknown distance 'hamming'. Use 'euclidean', 'squaredEuclidean', 'cosine', 'manhattan' or 'chebyshev'." },
  ], pytorch: ({ e }, { labels, ...options }) => t.batchTripletLoss(e, labels, options) },
  batchContrastiveLoss: { cases: [
    { name: 'default', inputs: [normal([6, 3])], fn: (e) => t.batchContrastiveLoss(e, six), shape: [], oracle: (_, e) => { const { same, other } = linear(e, 0, 1); return same.sum / same.active + other.sum / other.active; } },
    { name: 'mean, margins', inputs: [normal([6, 3])], fn: (e) => t.batchContrastiveLoss(e, six, { positiveMargin: 0.4, negativeMargin: 1.3, reduction: 'mean' }), shape: [], oracle: (_, e) => { const { same, other } = linear(e, 0.4, 1.3); return same.sum / same.count + other.sum / other.count; } },
    { name: 'sum', inputs: [normal([6, 3])], fn: (e) => t.batchContrastiveLoss(e, six, { negativeMargin: 1.6, reduction: 'sum' }), shape: [], oracle: (_, e) => { const { same, other } = linear(e, 0, 1.6); return same.sum + other.sum; } },
    {
      name: 'each, not normalized', inputs: [normal([6, 3])], fn: (e) => t.batchContrastiveLoss(e, six, { distance: 'squaredEuclidean', normalize: false, positiveMargin: 0.5, negativeMargin: 6, reduction: 'none' }), shape: [6, 6],
      oracle: ([i, j], e) => (i === j ? 0 : hinge(six[i] === six[j] ? apart(e, i, e, j, 3) - 0.5 : 6 - apart(e, i, e, j, 3))),
    },
    { name: 'one class', inputs: [normal([3, 2])], fn: (e) => t.batchContrastiveLoss(e, [4, 4, 4], { distance: 'cosine', reduction: 'mean' }), shape: [], oracle: (_, e) => total(3, (i) => total(3, (j) => (i === j ? 0 : 1 - cosine(e, i, e, j, 2)))) / 6 },
    { name: 'no pair', inputs: [normal([1, 2])], fn: (e) => t.batchContrastiveLoss(e, [0]), shape: [], oracle: () => 0 },
  ], edges: [
    { edge: 'empty', inputs: [t.zeros([0, 2])], fn: (e) => t.batchContrastiveLoss(e, []), value: 0 },
    { edge: 'tie', inputs: [[[3, 4], [3, 4], [3, 4]]], fn: (e) => t.batchContrastiveLoss(e, [0, 0, 1]), value: 1, gradients: [[[0, 0], [0, 0], [0, 0]]] },
    { edge: 'zero', inputs: [[[0, 0], [0, 0], [2, 0]]], fn: (e) => t.batchContrastiveLoss(e, [0, 0, 1], { negativeMargin: 1.5 }), value: 0.5, gradients: [[[0, 0], [0, 0], [0, 0]]] },
    { edge: 'kink', inputs: [[[0], [2], [5]]], fn: (e) => t.batchContrastiveLoss(e, [0, 0, 1], { normalize: false, positiveMargin: 2, negativeMargin: 3 }), value: 0, gradients: [[[0], [0], [0]]] },
    { edge: 'NaN', inputs: [[[NaN, 1], [1, 0], [0, 1]]], fn: (e) => t.batchContrastiveLoss(e, [0, 1, 1]), value: NaN },
  ], refuses: [
    { call: () => t.batchContrastiveLoss(twoByOne, [0]), error: t.ShapeError, message: 'batchContrastiveLoss: expected embeddings [N, D] and N labels; got [2, 1] and [1]. Pass one label a row.' },
    { call: () => t.batchContrastiveLoss(twoByOne, [0, 1], { positiveMargin: -1 }), error: RangeError, message: 'batchContrastiveLoss: positiveMargin must be a finite number of at least 0; got -1.' },
    { call: () => t.batchContrastiveLoss(twoByOne, [0, 1], { negativeMargin: 0 }), error: RangeError, message: 'batchContrastiveLoss: negativeMargin must be a finite number above 0; got 0.' },
    { call: () => t.batchContrastiveLoss(twoByOne, [0, 1], { negativeMargin: 2.5 }), error: RangeError, message: 'batchContrastiveLoss: a negativeMargin of 2.5 can never be satisfied by a distance of at most 2. Use a negativeMargin below 2.' },
    { call: () => t.batchContrastiveLoss(twoByOne, [0, 1], { negativeMargin: 2.5, distance: 'cosine', normalize: false }), error: RangeError, message: 'batchContrastiveLoss: a negativeMargin of 2.5 can never be satisfied by a distance of at most 2. Use a negativeMargin below 2.' },
    { call: () => t.batchContrastiveLoss(twoByOne, [0, 1], { negativeMargin: 5, distance: 'squaredEuclidean' }), error: RangeError, message: 'batchContrastiveLoss: a negativeMargin of 5 can never be satisfied by a distance of at most 4. Use a negativeMargin below 4.' },
    { call: () => t.batchContrastiveLoss(t.zeros([2, 4]), [0, 1], { negativeMargin: 4.5, distance: 'manhattan' }), error: RangeError, message: 'batchContrastiveLoss: a negativeMargin of 4.5 can never be satisfied by a distance of at most 4. Use a negativeMargin below 4.' },
    { call: () => t.batchContrastiveLoss(twoByOne, [0, 1], averageOfPairs), error: RangeError, message: "batchContrastiveLoss: unknown reduction 'average'. Use 'mean', 'sum', 'none' or 'meanNonZero'." },
  ], pytorch: ({ e }, { labels, ...options }) => t.batchContrastiveLoss(e, labels, options) },
  marginLoss: { cases: [
    { name: 'default', inputs: [normal([6, 3])], fn: (e) => t.marginLoss(e, six), shape: [], oracle: (_, e) => byBeta(0.2, () => 1.2, (i, j) => unit(e, i, j, 3)) },
    { name: 'a beta that is trained', inputs: [normal([6, 3]), t.tensor([0.9])], fn: (e, beta) => t.marginLoss(e, six, { margin: 0.3, beta }), shape: [], oracle: (_, e, beta) => byBeta(0.3, () => beta(0), (i, j) => unit(e, i, j, 3)) },
    { name: 'a beta without axes', inputs: [normal([6, 3]), t.tensor(1.1)], fn: (e, beta) => t.marginLoss(e, six, { beta, distance: 'cosine' }), shape: [], oracle: (_, e, beta) => byBeta(0.2, () => beta(), (i, j) => 1 - cosine(e, i, e, j, 3)) },
    {
      name: 'a beta for each class, not normalized', inputs: [normal([6, 3]), t.tensor([1.5, 2.5, 0.7, 9])], fn: (e, beta) => t.marginLoss(e, six, { beta, margin: 0.5, normalize: false }), shape: [],
      oracle: (_, e, beta) => byBeta(0.5, (label) => beta(label), (i, j) => Math.sqrt(apart(e, i, e, j, 3))),
    },
    {
      name: 'each', inputs: [normal([6, 3])], fn: (e) => t.marginLoss(e, six, { beta: 1, margin: 0.4, reduction: 'none' }), shape: [6, 6],
      oracle: ([i, j], e) => (i === j ? 0 : hinge(0.4 + (six[i] === six[j] ? 1 : -1) * (unit(e, i, j, 3) - 1))),
    },
    {
      name: 'meanNonZero', inputs: [normal([6, 3])], fn: (e) => t.marginLoss(e, six, { beta: 0.8, reduction: 'meanNonZero' }), shape: [],
      oracle: (_, e) => { const { same, other } = pairSums(six, (i, j, isSame) => hinge(0.2 + (isSame ? 1 : -1) * (unit(e, i, j, 3) - 0.8))); return (same.sum + other.sum) / (same.active + other.active); },
    },
    { name: 'no pair', inputs: [normal([1, 2])], fn: (e) => t.marginLoss(e, [0]), shape: [], oracle: () => 0 },
  ], edges: [
    { edge: 'empty', inputs: [t.zeros([0, 2]), [1, 2]], fn: (e, beta) => t.marginLoss(e, [], { beta }), value: 0, gradients: [undefined, [0, 0]] },
    { edge: 'tie', inputs: [[[3, 4], [3, 4], [3, 4]], [1]], fn: (e, beta) => t.marginLoss(e, [0, 0, 1], { beta, margin: 0.5 }), value: 1, gradients: [[[0, 0], [0, 0], [0, 0]], [2 / 3]] },
    { edge: 'kink', inputs: [[[0], [1], [4]], [2]], fn: (e, beta) => t.marginLoss(e, [0, 0, 1], { beta, margin: 1, normalize: false }), value: 0, gradients: [[[0], [0], [0]], [0]] },
    { edge: 'NaN', inputs: [[[NaN, 1], [1, 0], [0, 1]]], fn: (e) => t.marginLoss(e, [0, 1, 1]), value: NaN },
  ], refuses: [
    { call: () => t.marginLoss(twoByOne, [0]), error: t.ShapeError, message: 'marginLoss: expected embeddings [N, D] and N labels; got [2, 1] and [1]. Pass one label a row.' },
    { call: () => t.marginLoss(twoByOne, [0, 1], { margin: 0 }), error: RangeError, message: 'marginLoss: margin must be a finite number above 0; got 0.' },
    { call: () => t.marginLoss(twoByOne, [0, 1], { beta: NaN }), error: RangeError, message: 'marginLoss: beta must be a finite number above 0; got NaN.' },
    { call: () => t.marginLoss(twoByOne, [0, 1], { beta: 1.9 }), error: RangeError, message: 'marginLoss: beta 1.9 and margin 0.2 can never be satisfied by a distance of at most 2. Use a sum below 2.' },
    { call: () => t.marginLoss(twoByOne, [0, 1], { beta: t.zeros([1, 2]) }), error: t.ShapeError, message: 'marginLoss: beta must be one value or [C]; got [1, 2]. Pass one value for each class.' },
    { call: () => t.marginLoss(twoByOne, [0, 1], { beta: t.zeros([0]) }), error: t.ShapeError, message: 'marginLoss: beta must be one value or [C]; got [0]. Pass one value for each class.' },
    { call: () => t.marginLoss(twoByOne, [1, 2], { beta: t.ones([2]) }), error: RangeError, message: 'marginLoss: labels[1] is 2, but beta has 2 values. Pass one for each class 0 to C - 1, or one for all.' },
    { call: () => t.marginLoss(twoByOne, [-1, 2], { beta: t.ones([3]) }), error: RangeError, message: 'marginLoss: labels[0] is -1, but beta has 3 values. Pass one for each class 0 to C - 1, or one for all.' },
    // biome-ignore lint/suspicious/noExplicitAny: an array, which types refuse.
    { call: () => t.marginLoss(twoByOne, [0, 1], { beta: [1, 2] as any }), error: TypeError, message: 'marginLoss: beta must be a number or a Tensor. Use parameter(tensor([1.2])) to train it.' },
    { call: () => t.marginLoss(twoByOne, [0, 1], averageOfPairs), error: RangeError, message: "marginLoss: unknown reduction 'average'. Use 'mean', 'sum', 'none' or 'meanNonZero'." },
  ], pytorch: ({ e, beta }, { labels, ...options }) => t.marginLoss(e, labels, { ...options, ...(beta === undefined ? {} : { beta }) }) },
  supConLoss: { cases: [
    { name: 'mean', inputs: [relative([7, 3])], fn: (e) => t.supConLoss(e, grouped), shape: [], oracle: (_, e) => average(counted(grouped, (i) => mates(grouped, i).length > 0, (i) => supCon(e, grouped, i, 0.1))) },
    { name: 'each', inputs: [relative([7, 3])], fn: (e) => t.supConLoss(e, grouped, { temperature: 0.5, reduction: 'none' }), shape: [7], oracle: ([i], e) => (i === 5 ? 0 : supCon(e, grouped, i, 0.5)) },
    { name: 'sum of one class', inputs: [relative([4, 3])], fn: (e) => t.supConLoss(e, [3, 3, 3, 3], { temperature: 1, reduction: 'sum' }), shape: [], oracle: (_, e) => total(4, (i) => supCon(e, [3, 3, 3, 3], i, 1)) },
    { name: 'no positive', inputs: [relative([4, 3])], fn: (e) => t.supConLoss(e, apartClasses), shape: [], oracle: () => 0 },
  ], edges: [
    { edge: 'empty', inputs: [t.zeros([0, 2])], fn: (e) => t.supConLoss(e, []), value: 0 },
    { edge: 'scalar', inputs: [[[1, 2]]], fn: (e) => t.supConLoss(e, [4], { reduction: 'none' }), value: [0], gradients: [[[0, 0]]] },
    { edge: 'tie', inputs: [alike], fn: (e) => t.supConLoss(e, [0, 0, 1, 1]), value: Math.log(3), gradients: [still] },
    { edge: 'zero', inputs: [still], fn: (e) => t.supConLoss(e, [0, 0, 1, 1]), value: Math.log(3), gradients: [still] },
    { edge: 'huge', inputs: [[[1e38, 0], [1e38, 0], [0, 1e38]]], fn: (e) => t.supConLoss(e, [0, 0, 1], { reduction: 'none' }), value: [Math.log1p(Math.exp(-10)), Math.log1p(Math.exp(-10)), 0] },
    { edge: 'huge', inputs: [[[1, 0], [1, 0], [0, 1]]], fn: (e) => t.supConLoss(e, [0, 1, 0], { temperature: 1e-3 }), value: (1000 + Math.log(2)) / 2, gradients: [[[0, -750], [0, 250], [-500, 0]]] },
    { edge: 'denormal', inputs: [[[1, 0], [1, 0], [0, 1]]], fn: (e) => t.supConLoss(e, [0, 0, 1], { temperature: 1e-45 }), value: 0, gradients: [[[0, 0], [0, 0], [0, 0]]] },
    { edge: 'NaN', inputs: [[[NaN, 0], [1, 0], [0, 1]]], fn: (e) => t.supConLoss(e, [0, 0, 1]), value: NaN },
  ], refuses: [
    { call: () => t.supConLoss(twoByOne, [0]), error: t.ShapeError, message: wrongLabels('supConLoss') },
    { call: () => t.supConLoss(twoByOne, [0, 0], byAverage), error: RangeError, message: wrongReduction('supConLoss') },
    { call: () => t.supConLoss(twoByOne, [0, 0], { temperature: 0 }), error: RangeError, message: above0('supConLoss', 'temperature', '0') },
    { call: () => t.supConLoss(twoByOne, [0, 0], { temperature: -1 }), error: RangeError, message: above0('supConLoss', 'temperature', '-1') },
    { call: () => t.supConLoss(twoByOne, [0, 0], { temperature: NaN }), error: RangeError, message: above0('supConLoss', 'temperature', 'NaN') },
    { call: () => t.supConLoss(twoByOne, [0, 0], { temperature: Infinity }), error: RangeError, message: above0('supConLoss', 'temperature', 'Infinity') },
    { call: () => t.supConLoss(t.zeros([2]), [0, 0]), error: t.ShapeError, message: 'supConLoss: expected embeddings [N, D] and N labels; got [2] and [2]. Pass one label a row.' },
  ], pytorch: ({ e }, { labels, ...options }) => t.supConLoss(e, labels, options) },
  multiSimilarityLoss: { cases: [
    { name: 'mean', inputs: [relative([7, 3])], fn: (e) => t.multiSimilarityLoss(e, grouped), shape: [], oracle: (_, e) => average(counted(grouped, () => true, (i) => multiSimilarity(e, grouped, i))) },
    { name: 'each', inputs: [relative([7, 3])], fn: (e) => t.multiSimilarityLoss(e, grouped, { alpha: 3, beta: 10, base: -0.2, reduction: 'none' }), shape: [7], oracle: ([i], e) => multiSimilarity(e, grouped, i, 3, 10, -0.2) },
    { name: 'one class', inputs: [relative([4, 3])], fn: (e) => t.multiSimilarityLoss(e, [3, 3, 3, 3], { reduction: 'sum' }), shape: [], oracle: (_, e) => total(4, (i) => multiSimilarity(e, [3, 3, 3, 3], i)) },
    { name: 'no positive', inputs: [relative([4, 3])], fn: (e) => t.multiSimilarityLoss(e, apartClasses, { beta: 5 }), shape: [], oracle: (_, e) => average(counted(apartClasses, () => true, (i) => multiSimilarity(e, apartClasses, i, 2, 5))) },
  ], edges: [
    { edge: 'empty', inputs: [t.zeros([0, 2])], fn: (e) => t.multiSimilarityLoss(e, []), value: 0 },
    { edge: 'scalar', inputs: [[[1, 2]]], fn: (e) => t.multiSimilarityLoss(e, [4], { reduction: 'none' }), value: [0], gradients: [[[0, 0]]] },
    { edge: 'tie', inputs: [alike], fn: (e) => t.multiSimilarityLoss(e, [0, 0, 1, 1]), value: Math.log1p(Math.exp(-1)) / 2 + Math.log1p(2 * Math.exp(25)) / 50, gradients: [still] },
    { edge: 'zero', inputs: [still], fn: (e) => t.multiSimilarityLoss(e, [0, 0, 1, 1]), value: Math.log1p(Math.exp(1)) / 2 + Math.log1p(2 * Math.exp(-25)) / 50, gradients: [still] },
    { edge: 'huge', inputs: [[[1e38, 0], [1e38, 0]]], fn: (e) => t.multiSimilarityLoss(e, [0, 1], { beta: 1e30, base: 0 }), value: 1 },
    { edge: 'NaN', inputs: [[[NaN, 0], [1, 0]]], fn: (e) => t.multiSimilarityLoss(e, [0, 0]), value: NaN },
  ], refuses: [
    { call: () => t.multiSimilarityLoss(twoByOne, [0]), error: t.ShapeError, message: wrongLabels('multiSimilarityLoss') },
    { call: () => t.multiSimilarityLoss(twoByOne, [0, 0], byAverage), error: RangeError, message: wrongReduction('multiSimilarityLoss') },
    { call: () => t.multiSimilarityLoss(twoByOne, [0, 0], { alpha: 0 }), error: RangeError, message: above0('multiSimilarityLoss', 'alpha', '0') },
    { call: () => t.multiSimilarityLoss(twoByOne, [0, 0], { beta: Infinity }), error: RangeError, message: above0('multiSimilarityLoss', 'beta', 'Infinity') },
    { call: () => t.multiSimilarityLoss(twoByOne, [0, 0], { base: 1.5 }), error: RangeError, message: 'multiSimilarityLoss: base must lie in [-1, 1], as a cosine does; got 1.5.' },
    { call: () => t.multiSimilarityLoss(twoByOne, [0, 0], { base: -1.5 }), error: RangeError, message: 'multiSimilarityLoss: base must lie in [-1, 1], as a cosine does; got -1.5.' },
    { call: () => t.multiSimilarityLoss(twoByOne, [0, 0], { base: NaN }), error: RangeError, message: 'multiSimilarityLoss: base must lie in [-1, 1], as a cosine does; got NaN.' },
  ], pytorch: ({ e }, { labels, ...options }) => t.multiSimilarityLoss(e, labels, options) },
  circleLoss: { cases: [
    { name: 'mean', inputs: [relative([7, 3])], fn: (e) => t.circleLoss(e, grouped), shape: [], oracle: (_, e) => average(counted(grouped, (i) => i !== 5, (i) => circle(e, grouped, i, 0.4, 80))), withConstantsAt: circleAt(grouped, 0.4, 80) },
    { name: 'margin below 0', inputs: [relative([7, 3])], fn: (e) => t.circleLoss(e, grouped, { margin: -0.1, gamma: 3 }), shape: [], oracle: (_, e) => average(counted(grouped, (i) => i !== 5, (i) => circle(e, grouped, i, -0.1, 3))), withConstantsAt: circleAt(grouped, -0.1, 3) },
    { name: 'sum', inputs: [relative([5, 3])], fn: (e) => t.circleLoss(e, [0, 1, 1, 0, 1], { gamma: 10, reduction: 'sum' }), shape: [], oracle: (_, e) => total(5, (i) => circle(e, [0, 1, 1, 0, 1], i, 0.4, 10)), withConstantsAt: (at) => (e) => t.mul(5, circleAt([0, 1, 1, 0, 1], 0.4, 10)(at)(e)) },
    { name: 'one class, each', inputs: [relative([4, 3])], fn: (e) => t.circleLoss(e, [3, 3, 3, 3], { reduction: 'none' }), shape: [4], oracle: () => 0 },
    { name: 'no positive', inputs: [relative([4, 3])], fn: (e) => t.circleLoss(e, apartClasses), shape: [], oracle: () => 0 },
  ], edges: [
    { edge: 'empty', inputs: [t.zeros([0, 2])], fn: (e) => t.circleLoss(e, []), value: 0 },
    { edge: 'scalar', inputs: [[[1, 2]]], fn: (e) => t.circleLoss(e, [4], { reduction: 'none' }), value: [0], gradients: [[[0, 0]]] },
    { edge: 'tie', inputs: [alike], fn: (e) => t.circleLoss(e, [0, 0, 1, 1]), value: 80 * (0.84 - 0.16) + Math.log(2), gradients: [still] },
    { edge: 'zero', inputs: [still], fn: (e) => t.circleLoss(e, [0, 0, 1, 1]), value: 80 * (0.84 - 0.16) + Math.log(2), gradients: [still] },
    { edge: 'kink', inputs: [[[1, 0], [1, 0], [-3, 4]]], fn: (e) => t.circleLoss(e, [0, 0, 1], { margin: 0.6, gamma: 1, reduction: 'none' }), value: [Math.log1p(Math.exp(-0.36)), Math.log1p(Math.exp(-0.36)), 0] },
    { edge: 'huge', inputs: [[[1e38, 0], [0, 1e38], [1e38, 0]]], fn: (e) => t.circleLoss(e, [0, 0, 1], { gamma: 1e30, reduction: 'none' }), value: [1.68e30, 6.8e29, 0] },
    { edge: 'NaN', inputs: [[[NaN, 0], [1, 0], [0, 1]]], fn: (e) => t.circleLoss(e, [0, 0, 1]), value: NaN },
  ], refuses: [
    { call: () => t.circleLoss(twoByOne, [0]), error: t.ShapeError, message: wrongLabels('circleLoss') },
    { call: () => t.circleLoss(twoByOne, [0, 0], byAverage), error: RangeError, message: wrongReduction('circleLoss') },
    { call: () => t.circleLoss(twoByOne, [0, 0], { margin: 1 }), error: RangeError, message: 'circleLoss: margin must lie between -1 and 1; got 1.' },
    { call: () => t.circleLoss(twoByOne, [0, 0], { margin: -1 }), error: RangeError, message: 'circleLoss: margin must lie between -1 and 1; got -1.' },
    { call: () => t.circleLoss(twoByOne, [0, 0], { margin: NaN }), error: RangeError, message: 'circleLoss: margin must lie between -1 and 1; got NaN.' },
    { call: () => t.circleLoss(twoByOne, [0, 0], { gamma: 0 }), error: RangeError, message: above0('circleLoss', 'gamma', '0') },
  ], pytorch: ({ e }, { labels, ...options }) => t.circleLoss(e, labels, options) },
  liftedStructureLoss: { cases: [
    { name: 'mean', inputs: [relative([7, 3])], fn: (e) => t.liftedStructureLoss(e, grouped), shape: [], oracle: (_, e) => average(pairsOf(grouped).map(([i, j]) => lifted(e, grouped, i, j, 1))) },
    { name: 'each', inputs: [relative([7, 3])], fn: (e) => t.liftedStructureLoss(e, grouped, { margin: 0.3, reduction: 'none' }), shape: [6], oracle: ([pair], e) => { const [i, j] = pairsOf(grouped)[pair]; return lifted(e, grouped, i, j, 0.3); } },
    { name: 'one class', inputs: [relative([4, 3])], fn: (e) => t.liftedStructureLoss(e, [3, 3, 3, 3]), shape: [], oracle: () => 0 },
    { name: 'no positive', inputs: [relative([4, 3])], fn: (e) => t.liftedStructureLoss(e, apartClasses, { reduction: 'sum' }), shape: [], oracle: () => 0 },
  ], edges: [
    { edge: 'empty', inputs: [t.zeros([0, 2])], fn: (e) => t.liftedStructureLoss(e, []), value: 0 },
    { edge: 'empty', inputs: [[[1], [2]]], fn: (e) => t.liftedStructureLoss(e, [3, 3], { reduction: 'none' }), value: [], gradients: [[[0], [0]]] },
    { edge: 'tie', inputs: [alike], fn: (e) => t.liftedStructureLoss(e, [0, 0, 1, 1]), value: (1 + Math.log(4)) ** 2 / 2, gradients: [still] },
    { edge: 'zero', inputs: [[[0], [0], [10]]], fn: (e) => t.liftedStructureLoss(e, [0, 0, 1]), value: 0, gradients: [[[0], [0], [0]]] },
    { edge: 'kink', inputs: [[[0], [1], [2]]], fn: (e) => t.liftedStructureLoss(e, [0, 0, 1], { margin: 1 }), value: (1 + Math.log(1 + Math.exp(-1))) ** 2 / 2 },
    { edge: 'huge', inputs: [[[0], [1e18], [0]]], fn: (e) => t.liftedStructureLoss(e, [0, 0, 1]), value: 5e35, gradients: [[[-1e18], [1e18], [0]]] },
    { edge: 'huge', inputs: [[[0], [0], [1e38]]], fn: (e) => t.liftedStructureLoss(e, [0, 0, 1]), value: 0, gradients: [[[0], [0], [0]]] },
    { edge: 'NaN', inputs: [[[NaN], [1], [2]]], fn: (e) => t.liftedStructureLoss(e, [0, 0, 1]), value: NaN },
  ], refuses: [
    { call: () => t.liftedStructureLoss(twoByOne, [0]), error: t.ShapeError, message: wrongLabels('liftedStructureLoss') },
    { call: () => t.liftedStructureLoss(twoByOne, [0, 0], byAverage), error: RangeError, message: wrongReduction('liftedStructureLoss') },
    { call: () => t.liftedStructureLoss(twoByOne, [0, 0], { margin: 0 }), error: RangeError, message: above0('liftedStructureLoss', 'margin', '0') },
    { call: () => t.liftedStructureLoss(twoByOne, [0, 0], { margin: Infinity }), error: RangeError, message: above0('liftedStructureLoss', 'margin', 'Infinity') },
  ], pytorch: ({ e }, { labels, ...options }) => t.liftedStructureLoss(e, labels, options) },
  ncaLoss: { cases: [
    { name: 'mean', inputs: [relative([7, 3])], fn: (e) => t.ncaLoss(e, grouped), shape: [], oracle: (_, e) => average(counted(grouped, (i) => i !== 5, (i) => nca(e, grouped, i, 1))) },
    { name: 'each', inputs: [relative([7, 3])], fn: (e) => t.ncaLoss(e, grouped, { temperature: 4, reduction: 'none' }), shape: [7], oracle: ([i], e) => (i === 5 ? 0 : nca(e, grouped, i, 4)) },
    { name: 'one class', inputs: [relative([4, 3])], fn: (e) => t.ncaLoss(e, [3, 3, 3, 3]), shape: [], oracle: () => 0 },
    { name: 'no positive', inputs: [relative([4, 3])], fn: (e) => t.ncaLoss(e, apartClasses, { reduction: 'sum' }), shape: [], oracle: () => 0 },
  ], edges: [
    { edge: 'empty', inputs: [t.zeros([0, 2])], fn: (e) => t.ncaLoss(e, []), value: 0 },
    { edge: 'scalar', inputs: [[[1, 2]]], fn: (e) => t.ncaLoss(e, [4], { reduction: 'none' }), value: [0], gradients: [[[0, 0]]] },
    { edge: 'tie', inputs: [alike], fn: (e) => t.ncaLoss(e, [0, 0, 1, 1]), value: Math.log(3), gradients: [still] },
    { edge: 'huge', inputs: [[[0], [1e18], [0]]], fn: (e) => t.ncaLoss(e, [0, 0, 1]), value: (1e36 + Math.log(2)) / 2, gradients: [[[-1.5e18], [1e18], [5e17]]] },
    { edge: 'huge', inputs: [[[0], [1e18], [0]]], fn: (e) => t.ncaLoss(e, [0, 0, 1], { temperature: 1e-3, reduction: 'none' }), value: [Infinity, Math.log(2), 0] },
    { edge: 'huge', inputs: [[[0], [20], [0]]], fn: (e) => t.ncaLoss(e, [0, 0, 1], { reduction: 'none' }), value: [400, Math.log(2), 0], gradients: [[[-60], [40], [20]]] },
    { edge: 'NaN', inputs: [[[NaN], [1], [2]]], fn: (e) => t.ncaLoss(e, [0, 0, 1]), value: NaN },
  ], refuses: [
    { call: () => t.ncaLoss(twoByOne, [0]), error: t.ShapeError, message: wrongLabels('ncaLoss') },
    { call: () => t.ncaLoss(twoByOne, [0, 0], byAverage), error: RangeError, message: wrongReduction('ncaLoss') },
    { call: () => t.ncaLoss(twoByOne, [0, 0], { temperature: 0 }), error: RangeError, message: above0('ncaLoss', 'temperature', '0') },
    { call: () => t.ncaLoss(twoByOne, [0, 0], { temperature: NaN }), error: RangeError, message: above0('ncaLoss', 'temperature', 'NaN') },
  ], pytorch: ({ e }, { labels, ...options }) => t.ncaLoss(e, labels, options) },
  angularLoss: { cases: [
    { name: 'mean', inputs: [relative([7, 3])], fn: (e) => t.angularLoss(e, grouped), shape: [], oracle: (_, e) => average(pairsOf(grouped).map(([a, p]) => angular(e, grouped, a, p, 40))) },
    { name: 'each', inputs: [relative([7, 3])], fn: (e) => t.angularLoss(e, grouped, { angle: 55, reduction: 'none' }), shape: [6], oracle: ([pair], e) => { const [a, p] = pairsOf(grouped)[pair]; return angular(e, grouped, a, p, 55); } },
    { name: 'one class', inputs: [relative([4, 3])], fn: (e) => t.angularLoss(e, [3, 3, 3, 3]), shape: [], oracle: () => 0 },
    { name: 'no positive', inputs: [relative([4, 3])], fn: (e) => t.angularLoss(e, apartClasses, { reduction: 'sum' }), shape: [], oracle: () => 0 },
  ], edges: [
    { edge: 'empty', inputs: [t.zeros([0, 2])], fn: (e) => t.angularLoss(e, []), value: 0 },
    { edge: 'empty', inputs: [[[1], [2]]], fn: (e) => t.angularLoss(e, [3, 3], { reduction: 'none' }), value: [], gradients: [[[0], [0]]] },
    { edge: 'tie', inputs: [alike], fn: (e) => t.angularLoss(e, [0, 0, 1, 1], { angle: 45 }), value: Math.log1p(2 * Math.exp(4)), gradients: [still] },
    { edge: 'zero', inputs: [still], fn: (e) => t.angularLoss(e, [0, 0, 1, 1]), value: Math.log(3), gradients: [still] },
    { edge: 'huge', inputs: [[[1e38, 0], [1e38, 0], [-1e38, 0]]], fn: (e) => t.angularLoss(e, [0, 0, 1], { angle: 60 }), value: Math.exp(-32), gradients: [[[0, 0], [0, 0], [0, 0]]] },
    { edge: 'NaN', inputs: [[[NaN, 0], [1, 0], [0, 1]]], fn: (e) => t.angularLoss(e, [0, 0, 1]), value: NaN },
  ], refuses: [
    { call: () => t.angularLoss(twoByOne, [0]), error: t.ShapeError, message: wrongLabels('angularLoss') },
    { call: () => t.angularLoss(twoByOne, [0, 0], byAverage), error: RangeError, message: wrongReduction('angularLoss') },
    { call: () => t.angularLoss(twoByOne, [0, 0], { angle: 0 }), error: RangeError, message: 'angularLoss: angle must be above 0 and at most 60 degrees; got 0.' },
    { call: () => t.angularLoss(twoByOne, [0, 0], { angle: 61 }), error: RangeError, message: 'angularLoss: angle must be above 0 and at most 60 degrees; got 61.' },
    { call: () => t.angularLoss(twoByOne, [0, 0], { angle: NaN }), error: RangeError, message: 'angularLoss: angle must be above 0 and at most 60 degrees; got NaN.' },
  ], pytorch: ({ e }, { labels, ...options }) => t.angularLoss(e, labels, options) },
} satisfies Record<string, Row>;
