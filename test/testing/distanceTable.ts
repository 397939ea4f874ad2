import { tuple } from 'fast-check';
import * as t from '../../src/portable.ts';
import { tensors } from '../../src/testing/arbitraries.ts';
import { type DistanceLawOptions, distanceLaws, type RowComparison } from '../../src/testing/distanceLaws.ts';
import { pairs } from '../../src/testing/embeddings.ts';
import { defineLaw, type Law } from '../../src/testing/law.ts';
import { opLaws } from '../../src/testing/opLaws.ts';
import { differ } from '../../src/testing/violations.ts';
import type { distances } from '../autograd/table/distances.ts';
import type { LawSubject } from './subjects.ts';

/*
 * The laws of distances and similarities, run by distances.test.ts and listed in docs/laws.md. Triangle inequality,
 * rotation and translation are asked of all; what they are not true of is an exception, which must break them.
 */

const row = (
  subject: string,
  fn: RowComparison,
  options: DistanceLawOptions,
  except: Readonly<Record<string, string>> = {},
  more: readonly Law[] = [],
): LawSubject => ({
  subject,
  laws: [...distanceLaws(subject, fn, { rotation: true, translation: true, ...options }), ...more],
  except,
});

interface Metric {
  readonly fn: RowComparison;
  readonly options: DistanceLawOptions;
  readonly except?: Readonly<Record<string, string>>;
}

const SQUARED = 'twice as far is 4 times the square, a detour by the middle only 2 times';
const ANGLE = 'cosine distances of small angles grow as their squares do, so a detour by the middle is shorter';
const ORIGIN = 'angles are those seen from the origin';
const AXES = 'it adds or compares differences axis by axis';

/** Those that `pairwiseDistances` knows too. */
const metrics: Readonly<Record<t.Metric, Metric>> = {
  euclidean: { fn: t.euclidean, options: { scaling: 1 } },
  squaredEuclidean: { fn: t.squaredEuclidean, options: { scaling: 2 }, except: { 'triangle inequality': SQUARED } },
  cosine: {
    fn: t.cosineDistance,
    options: { scaling: 0, bounds: [0, 2] },
    except: {
      'triangle inequality': ANGLE,
      translation: ORIGIN,
    },
  },
  manhattan: { fn: t.manhattan, options: { scaling: 1 }, except: { rotation: AXES } },
  chebyshev: { fn: t.chebyshev, options: { scaling: 1 }, except: { rotation: AXES } },
};

const named = (subject: string, { fn, options, except }: Metric): LawSubject => row(subject, fn, options, except);

/** Positive definite, and not symmetric. */
const FORM = t.tensor([
  [2, 0.5, -0.25],
  [0.25, 1.5, 0.5],
  [0.25, -0.25, 1],
]);
/** `F^T F` and 4 on the diagonal: also where F is 0, no direction has length 0. */
const definite = (factor: t.Tensor): t.Tensor =>
  t.add(
    t.matmul(t.transpose(factor), factor),
    t.tensor([
      [4, 0, 0],
      [0, 4, 0],
      [0, 0, 4],
    ]),
  );
const THREE = { rows: [1, 5], dimensions: [3, 3] } as const;

/** Row i of a with row i of b, out of all pairs. */
const diagonal =
  (metric: t.Metric): RowComparison =>
  (a, b) =>
    t.einsum('ii->i', t.pairwiseDistances(a, b, { metric }));

/** All pairs are what the comparison of rows gives for them. */
const agreesWithRows = (subject: string, metric: t.Metric): Law =>
  defineLaw({
    subject,
    name: 'agrees with rows',
    statement: 'each of all pairs is what the comparison of rows gives for it',
    inputs: pairs().map(({ a, b }) => ({ a, b })),
    violation: ({ a, b }) => {
      const [n, m] = [a.shape[0], b.shape[0] - 1];
      const others = t.slice(b, [[0, m]]);
      const all = (first: boolean) => Array.from({ length: n * m }, (_, k) => (first ? Math.floor(k / m) : k % m));
      const expected = metrics[metric].fn(t.take(a, all(true)), t.take(others, all(false)));
      // Both add in double precision, in an order of their own.
      return differ(t.reshape(t.pairwiseDistances(a, others, { metric }), [n * m]), expected, { relative: 1e-6 });
    },
  });

const pairwise = (metric: t.Metric): LawSubject => {
  const subject = `pairwiseDistances, ${metric}`;
  const { options, except } = metrics[metric];
  return row(subject, diagonal(metric), options, except, [agreesWithRows(subject, metric)]);
};

/** A twin that compares what a small network makes of its inputs. */
const twin = new t.Twin(new t.Sequential(new t.Linear(3, 5, { random: t.createRandom(1) }), t.tanh), {
  compare: t.euclidean,
});

/** Heads with weights that are not those of the start. */
const koch = new t.KochHead(3, { random: t.createRandom(2) });
const falling = new t.KochHead(3, { random: t.createRandom(2) });
falling.weight.data.set([-0.5, -1.25, -0.75]);
const mapped = new t.MahalanobisHead(3);
mapped.weight.data.set([1.5, 0.5, -0.25, 0, 1.25, 0.5, 0.75, 0, -1]);
const flat = new t.MahalanobisHead(3, { rank: 2 });
flat.weight.data.set([1.5, 0.5, -0.25, 0, 1.25, 0.5]);
const DIRECTIONS = 'it weighs directions differently';

const marked = (subject: string, fn: (x: t.Tensor) => t.Tensor): LawSubject => ({
  subject,
  laws: opLaws(subject, fn, {
    inputs: tuple(tensors({ shape: [3, 2] })),
    extremes: tuple(tensors({ shape: [3, 2], special: [0, -0, 1e30] })),
    batched: [0],
  }),
});

export const distanceSubjects: Record<
  keyof typeof distances | 'KochHead' | 'MahalanobisHead' | 'Twin',
  readonly LawSubject[]
> = {
  euclidean: [named('euclidean', metrics.euclidean)],
  squaredEuclidean: [named('squaredEuclidean', metrics.squaredEuclidean)],
  cosineDistance: [named('cosineDistance', metrics.cosine)],
  manhattan: [named('manhattan', metrics.manhattan)],
  chebyshev: [named('chebyshev', metrics.chebyshev)],
  mahalanobis: [
    row(
      'mahalanobis',
      (a, b) => t.mahalanobis(a, b, FORM),
      { scaling: 1, embeddings: THREE },
      { rotation: 'its matrix weighs directions differently' },
    ),
    {
      subject: 'mahalanobis, with its matrix',
      laws: opLaws('mahalanobis, with its matrix', (a, b, factor) => t.mahalanobis(a, t.add(b, 7), definite(factor)), {
        inputs: tuple(tensors({ shape: [4, 3] }), tensors({ shape: [4, 3] }), tensors({ shape: [3, 3] })),
        batched: [0, 1],
      }),
    },
  ],
  cosineSimilarity: [
    row(
      'cosineSimilarity',
      t.cosineSimilarity,
      { kind: 'similarity', bounds: [-1, 1], scaling: 0 },
      { translation: ORIGIN },
    ),
  ],
  pairwiseDistances: (['euclidean', 'squaredEuclidean', 'cosine', 'manhattan', 'chebyshev'] as const).map(pairwise),
  asDistance: [marked('asDistance', (x) => t.asDistance(x))],
  asSimilarity: [marked('asSimilarity', t.asSimilarity)],
  KochHead: [
    row(
      'KochHead',
      (a, b) => koch.compare(a, b),
      { kind: 'similarity', embeddings: THREE },
      { rotation: AXES, identity: 'signs are learned: with a weight above 0, what differs there is more alike' },
    ),
    row(
      'KochHead, weights below 0',
      (a, b) => falling.compare(a, b),
      { kind: 'similarity', embeddings: THREE },
      { rotation: AXES },
    ),
  ],
  MahalanobisHead: [
    row('MahalanobisHead', (a, b) => mapped.compare(a, b), { scaling: 1, embeddings: THREE }, { rotation: DIRECTIONS }),
    row(
      'MahalanobisHead, rank 2',
      (a, b) => flat.compare(a, b),
      { scaling: 1, embeddings: THREE },
      { rotation: DIRECTIONS },
    ),
  ],
  Twin: [
    row(
      'Twin',
      (a, b) => twin.compare(a, b),
      { embeddings: THREE },
      {
        rotation: 'its encoder is a network',
        translation: 'its encoder is a network',
      },
    ),
  ],
};
