import { describe, expect, test } from 'vitest';
import {
  asDistance,
  backward,
  type ContrastiveLossOptions,
  type ContrastivePreset,
  contrastiveLoss,
  cosineDistance,
  euclidean,
  noGrad,
  parameter,
  squaredEuclidean,
  tensor,
} from '../../src/portable.ts';
import { errorOf } from '../errors.ts';

/** Unit vectors at these angles: the batch of the golden values. */
const angles = [0, 17, 41, 58, 90, 139].map((degrees) => (degrees * Math.PI) / 180);
const classes = [0, 0, 1, 1, 0, 2];
const pairs = angles.flatMap((_, i) => angles.slice(i + 1).map((_, j) => [i, i + 1 + j] as const));
const rows = (side: 0 | 1) => tensor(pairs.map((pair) => [Math.cos(angles[pair[side]]), Math.sin(angles[pair[side]])]));
const [a, b] = [rows(0), rows(1)];
const different = pairs.map(([i, j]) => (classes[i] === classes[j] ? 0 : 1));
const same = different.map((y) => 1 - y);

const apart = pairs.map(([i, j]) => Math.abs(angles[i] - angles[j]));
const l2 = apart.map((angle) => 2 * Math.sin(angle / 2));
const angular = apart.map((angle) => 1 - Math.cos(angle));
const hinge = (v: number) => Math.max(0, v);
const sum = (cost: (i: number) => number) => pairs.reduce((total, _, i) => total + cost(i), 0);

/*
 * Each source's own sentence, with the label as the source has it, in double precision.
 */

/** Equation 4: Y = 1 is a different pair; the loss of a data set is the sum. */
const hadsell = (margin: number) =>
  sum((i) => {
    const Y = different[i];
    return (1 - Y) * 0.5 * l2[i] ** 2 + Y * 0.5 * hinge(margin - l2[i]) ** 2;
  });
/** `0.5 * (labels * distances^2 + (1 - labels) * relu(margin - distances)^2)`, label 1 is a similar pair. */
const sentenceTransformers = (margin: number, d: readonly number[]) =>
  sum((i) => {
    const label = same[i];
    return 0.5 * (label * d[i] ** 2 + (1 - label) * hinge(margin - d[i]) ** 2);
  }) / pairs.length;
/** `mean(y_true * square(y_pred) + (1 - y_true) * square(max(margin - y_pred, 0)))`, y_true 1 is a same pair. */
const keras = (margin: number) =>
  sum((i) => {
    const yTrue = same[i];
    const yPred = Math.sqrt(Math.max(l2[i] ** 2, 1e-7));
    return yTrue * yPred ** 2 + (1 - yTrue) * hinge(margin - yPred) ** 2;
  }) / pairs.length;
/** `loss += dist_sq` of similar pairs, `max(margin - dist_sq, 0)` of others; then `loss / num / 2`. */
const caffe = (margin: number) => {
  let loss = 0;
  for (const [i, d] of l2.entries()) loss += same[i] === 1 ? d * d : Math.max(margin - d * d, 0);
  return loss / pairs.length / 2;
};

const value = (options: ContrastiveLossOptions, distance = euclidean(a, b)) =>
  contrastiveLoss(distance, { different }, options).item();

describe('each preset is equal to its source on the golden batch', () => {
  test('hadsell2006: the sum, whose mean is the golden value', () => {
    expect(hadsell(1) / 15).toBeCloseTo(0.145709927831, 11);
    expect(value({ preset: 'hadsell2006' })).toBeCloseTo(hadsell(1), 5);
    expect(value({ preset: 'hadsell2006', reduction: 'mean' })).toBeCloseTo(0.145709927831, 6);
    expect(value({ preset: 'hadsell2006', margin: 1.3 })).toBeCloseTo(hadsell(1.3), 5);
  });

  test('plain: twice its mean', () => {
    expect(value({})).toBeCloseTo(2 * 0.145709927831, 6);
    expect(value({ preset: 'plain' })).toBe(value({}));
    expect(value({ preset: undefined, margin: undefined, reduction: undefined })).toBe(
      value({ margin: 1, reduction: 'mean' }),
    );
  });

  test('sentenceTransformers: margin 0.5 of a cosine distance', () => {
    const distance = cosineDistance(a, b);
    expect(value({ preset: 'sentenceTransformers' }, distance)).toBeCloseTo(sentenceTransformers(0.5, angular), 6);
    // Its distance_metric may be Euclidean too.
    expect(value({ preset: 'sentenceTransformers', margin: 0.8 })).toBeCloseTo(sentenceTransformers(0.8, l2), 6);
    expect(value({ preset: 'sentenceTransformers', reduction: 'sum' }, distance)).toBeCloseTo(
      15 * sentenceTransformers(0.5, angular),
      5,
    );
  });

  test('keras: margin 1, mean', () => {
    expect(value({ preset: 'keras' })).toBeCloseTo(keras(1), 6);
    expect(value({ preset: 'keras', margin: 0.4 })).toBeCloseTo(keras(0.4), 6);
    expect(keras(1)).not.toBeCloseTo(hadsell(1) / 15, 2);
  });

  test('caffeLegacy: margin 1, half of the mean', () => {
    expect(value({ preset: 'caffeLegacy' })).toBeCloseTo(caffe(1), 6);
    expect(value({ preset: 'caffeLegacy', margin: 3 })).toBeCloseTo(caffe(3), 6);
    expect(value({ preset: 'caffeLegacy', reduction: 'sum' })).toBeCloseTo(15 * caffe(1), 5);
  });

  test('whichever way the label is said', () => {
    for (const preset of ['plain', 'hadsell2006', 'sentenceTransformers', 'keras', 'caffeLegacy'] as const) {
      const said = (labels: Parameters<typeof contrastiveLoss>[1]) =>
        contrastiveLoss(euclidean(a, b), labels, { preset }).item();
      expect(said({ same })).toBe(said({ different }));
    }
  });
});

describe('gradients by hand', () => {
  const slopes = (preset: ContrastivePreset, distances: readonly number[], margin: number) => {
    const d = parameter(tensor(distances));
    const labels = { different: distances.map((_, i) => (i === 0 ? 0 : 1)) };
    const gradient = backward(contrastiveLoss(asDistance(d), labels, { preset, margin, reduction: 'sum' })).get(d);
    return Array.from(gradient.data, (g) => g + 0);
  };

  test('hadsell2006 and sentenceTransformers: D, and -(m - D) within the margin', () => {
    for (const preset of ['hadsell2006', 'sentenceTransformers'] as const)
      expect(slopes(preset, [0.5, 0.25, 1, 3], 1)).toEqual([0.5, -0.75, 0, 0]);
  });

  test('keras: none below the root of 1e-7, of either kind', () => {
    expect(slopes('keras', [0.5, 0.25, 1, 3], 1)).toEqual([1, -1.5, 0, 0]);
    expect(slopes('keras', [3e-4, 3e-4], 1)).toEqual([0, 0]);
    const [pull, push] = slopes('keras', [3.3e-4, 3.3e-4], 1);
    expect(pull).toBeCloseTo(6.6e-4, 8);
    expect(push).toBeCloseTo(-2 * (1 - 3.3e-4), 6);
  });

  test('caffeLegacy: D, and -D where its square is within the margin', () => {
    expect(slopes('caffeLegacy', [0.5, 0.25, 1, 1.5, 2, 3], 4)).toEqual([0.5, -0.25, -1, -1.5, 0, 0]);
  });

  test('a step against the gradient parts a different pair, and joins a same one, with every preset', () => {
    for (const preset of ['plain', 'hadsell2006', 'sentenceTransformers', 'keras', 'caffeLegacy'] as const) {
      const x = parameter(
        tensor([
          [1, 0],
          [1, 0],
        ]),
      );
      const y = tensor([
        [0.9, 0.1],
        [0.9, 0.1],
      ]);
      const g = backward(contrastiveLoss(euclidean(x, y), { different: [0, 1] }, { preset })).get(x);
      const before = euclidean(x, y).data;
      const after = noGrad(() =>
        euclidean(
          tensor(
            x.data.map((v, i) => v - 0.01 * g.data[i]),
            [2, 2],
          ),
          y,
        ),
      ).data;
      expect(after[0]).toBeLessThan(before[0]);
      expect(after[1]).toBeGreaterThan(before[1]);
    }
  });

  test('identical embeddings: no gradient and no NaN, with every preset', () => {
    for (const preset of ['plain', 'hadsell2006', 'sentenceTransformers', 'keras', 'caffeLegacy'] as const) {
      const x = parameter(
        tensor([
          [0.3, -2],
          [0, 0],
        ]),
      );
      const loss = contrastiveLoss(
        euclidean(
          x,
          tensor([
            [0.3, -2],
            [0, 0],
          ]),
        ),
        { different: [0, 1] },
        { preset },
      );
      expect(loss.item()).toBeGreaterThan(0);
      expect(Array.from(backward(loss).get(x).data, Math.abs)).toEqual([0, 0, 0, 0]);
    }
  });
});

describe('reductions of a preset', () => {
  test('an empty batch gives 0 with a live graph', () => {
    for (const preset of ['hadsell2006', 'sentenceTransformers', 'keras', 'caffeLegacy'] as const) {
      const d = parameter(tensor([]));
      const loss = contrastiveLoss(asDistance(d), { same: [] }, { preset });
      expect(loss.item()).toBe(0);
      expect(backward(loss).get(d).shape).toEqual([0]);
    }
  });

  test("'none' and 'meanNonZero'", () => {
    const d = asDistance(tensor([0.5, 0.25, 3]));
    const labels = { different: [0, 1, 1] };
    expect(contrastiveLoss(d, labels, { preset: 'hadsell2006', reduction: 'none' }).toArray()).toEqual([
      0.125, 0.28125, 0,
    ]);
    expect(contrastiveLoss(d, labels, { preset: 'caffeLegacy', reduction: 'none' }).toArray()).toEqual([
      0.125, 0.46875, 0,
    ]);
    expect(contrastiveLoss(d, labels, { preset: 'caffeLegacy', reduction: 'meanNonZero' }).item()).toBe(0.296875);
  });

  test('batches of one kind alone', () => {
    const d = asDistance(tensor([0.5, 2]));
    expect(contrastiveLoss(d, { same: [1, 1] }, { preset: 'hadsell2006' }).item()).toBe(2.125);
    expect(contrastiveLoss(d, { same: [0, 0] }, { preset: 'hadsell2006' }).item()).toBe(0.125);
  });
});

describe('margins', () => {
  test('a cosine distance cannot reach more than 2, nor its square more than 4', () => {
    const distance = cosineDistance(a, b);
    expect(value({ margin: 2 }, distance)).toBeGreaterThan(0);
    expect(value({ preset: 'caffeLegacy', margin: 4 }, distance)).toBeGreaterThan(0);
    expect(errorOf(RangeError, () => value({ preset: 'sentenceTransformers', margin: 2.5 }, distance)).message).toBe(
      'contrastiveLoss: a margin of 2.5 can never be satisfied by a distance of at most 2. Use a margin below 2.',
    );
    expect(errorOf(RangeError, () => value({ preset: 'caffeLegacy', margin: 4.5 }, distance)).message).toBe(
      'contrastiveLoss: a margin of 4.5 can never be satisfied by a squared distance of at most 4. Use a margin below 4.',
    );
  });

  test('a squared distance, which the docs warn of, is squared again: no type can tell', () => {
    expect(value({}, squaredEuclidean(a, b))).not.toBeCloseTo(value({}), 2);
  });

  test('a NaN distance makes the loss NaN', () => {
    for (const preset of ['plain', 'hadsell2006', 'sentenceTransformers', 'keras', 'caffeLegacy'] as const)
      for (const labels of [{ same: [1, 1] }, { same: [0, 0] }])
        expect(contrastiveLoss(asDistance(tensor([Number.NaN, 1])), labels, { preset }).item()).toBeNaN();
  });
});
