import { describe, expect, test } from 'vitest';
import * as t from '../../src/portable.ts';
import { type ClassifiedBatch, classLossLaws } from '../../src/testing/classLossLaws.ts';
import { brokenLaws, checkLaws } from '../../src/testing/law.ts';
import type { LossLawOptions } from '../../src/testing/lossLaws.ts';
import type { Loss } from '../../src/testing/lossValues.ts';
import { lawOptions } from './seed.ts';

const ALWAYS = [
  'never negative',
  'no NaN anywhere',
  'permuted batch',
  'closer positives',
  'closer negatives',
  'gradient step helps',
  'costs where violated',
  'rotation',
  'scaling',
  'gradient agreement',
];

/** The softmax over cosines, with places for mistakes. */
function softmax(
  { embeddings, weight, labels }: ClassifiedBatch,
  { sign = 1, shift = 0, unit = t.normalize }: { sign?: number; shift?: number; unit?: (x: t.Tensor) => t.Tensor } = {},
): t.Tensor {
  const scores = t.mul(t.linear(unit(embeddings), unit(weight)), 4 * sign);
  return t.crossEntropy(
    scores,
    labels.map((label) => (label + shift) % weight.shape[0]),
  );
}

/** The names of the laws that a loss breaks, whatever LAW_SEED says. */
function broken(loss: Loss<ClassifiedBatch>, options: LossLawOptions<ClassifiedBatch> = { metric: 'cosine' }) {
  return brokenLaws(classLossLaws('mine', loss, options), { seed: 1, numRuns: 200 }).map(({ law }) => law.name);
}

describe('laws of losses of class weights', () => {
  test('are these', () => {
    const names = (options: LossLawOptions<ClassifiedBatch>) =>
      classLossLaws('x', softmax, options).map(({ name }) => name);
    expect(names({ metric: 'cosine' })).toEqual(ALWAYS);
    expect(names({ invariant: [], except: ['closer negatives'] })).toEqual(
      ALWAYS.filter((name) => !['closer negatives', 'rotation', 'scaling'].includes(name)),
    );
  });

  test('hold of ones that are right', () => {
    checkLaws(classLossLaws('right', softmax, { metric: 'cosine' }), lawOptions());
    const byDistance: Loss<ClassifiedBatch> = ({ embeddings, weight, labels }) =>
      t.crossEntropy(t.neg(t.pairwiseDistances(embeddings, weight, { metric: 'squaredEuclidean' })), labels);
    checkLaws(classLossLaws('distances', byDistance), lawOptions());
  });

  const unguarded = (x: t.Tensor) => t.div(x, t.sqrt(t.sum(t.square(x), { axis: 1, keepDims: true })));
  const wrong: readonly (readonly [mistake: string, loss: Loss<ClassifiedBatch>, breaks: readonly string[]])[] = [
    ['turned sign', (x) => softmax(x, { sign: -1 }), ['closer positives', 'closer negatives', 'gradient step helps']],
    ['the next class', (x) => softmax(x, { shift: 1 }), ['closer positives', 'closer negatives']],
    ['no normalization', (x) => softmax(x, { unit: (v) => v }), ['scaling']],
    ['an unguarded length', (x) => softmax(x, { unit: unguarded }), ['no NaN anywhere']],
    [
      'the cosine alone',
      ({ embeddings, weight, labels }) => t.neg(t.mean(t.cosineSimilarity(embeddings, t.take(weight, [...labels])))),
      ['never negative', 'costs where violated'],
    ],
    [
      'a likeness that ends before the margin',
      ({ embeddings, weight, labels }) =>
        t.mean(t.relu(t.sub(t.cosineDistance(embeddings, t.take(weight, [...labels])), 1.5))),
      ['gradient step helps', 'costs where violated'],
    ],
    [
      'a stopped weight',
      ({ embeddings, weight, labels }) =>
        softmax({ embeddings, weight: new t.Tensor(weight.data, weight.shape), labels }),
      ['gradient agreement'],
    ],
    [
      'only the first item',
      ({ embeddings, weight, labels }) =>
        softmax({ embeddings: t.slice(embeddings, [[0, 1]]), weight, labels: labels.slice(0, 1) }),
      ['permuted batch'],
    ],
  ];
  test.each(wrong)('find %s', (_, loss, breaks) => {
    expect(broken(loss)).toEqual(expect.arrayContaining([...breaks]));
  });

  test('draw two classes or more, each label with a weight', () => {
    const counts = new Set<number>();
    const seen: Loss<ClassifiedBatch> = (batch) => {
      counts.add(batch.weight.shape[0]);
      if (batch.labels.some((label) => label < 0 || label >= batch.weight.shape[0])) throw new Error('no weight');
      return softmax(batch);
    };
    expect(broken(seen)).toEqual([]);
    expect(Math.min(...counts)).toBe(2);
    expect(Math.max(...counts)).toBeGreaterThan(2);
  });
});
