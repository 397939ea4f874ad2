import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as t from '../../src/portable.ts';
import { batchLossLaws } from '../../src/testing/batchLossLaws.ts';
import { type ClassifiedBatch, classLossLaws } from '../../src/testing/classLossLaws.ts';
import {
  type EmbeddingOptions,
  type LabelledBatch,
  labelledBatches,
  type Pairs,
  pairs,
  type Triplets,
} from '../../src/testing/embeddings.ts';
import { brokenLaws, checkLaws, type Law } from '../../src/testing/law.ts';
import type { LossKind } from '../../src/testing/lossKind.ts';
import { lossLaws } from '../../src/testing/lossLaws.ts';
import type { Loss } from '../../src/testing/lossValues.ts';
import { pairLossLaws } from '../../src/testing/pairLossLaws.ts';
import { type Predictions, predictionLossLaws } from '../../src/testing/predictionLossLaws.ts';
import { tripletLossLaws } from '../../src/testing/tripletLossLaws.ts';
import { lossSubjects } from './lossTable.ts';
import { lawOptions } from './seed.ts';

const subjects = Object.values(lossSubjects).flat();

/** Enough that what an exception says is found with any seed. */
const MANY = 10_000;

test.each(subjects.map((row) => [row.subject, row] as const))('%s', (_, { laws, except }) => {
  const excepted = Object.keys(except);
  checkLaws(
    laws.filter(({ name }) => !excepted.includes(name)),
    lawOptions(),
  );
  const broken = brokenLaws(
    laws.filter(({ name }) => excepted.includes(name)),
    lawOptions(MANY),
  );
  expect(broken.map(({ law }) => law.name).sort(), 'an exception that holds after all is none').toEqual(
    excepted.sort(),
  );
});

test('every loss is among them', () => {
  const entry = readFileSync(new URL('../../src/portable.ts', import.meta.url), 'utf8');
  const exported = Array.from(entry.matchAll(/export \{([^}]*)\} from '\.\/losses\//g), ([, names]) => names.split(','))
    .flat()
    .map((name) => name.trim())
    .filter((name) => /^(?!type |mine)[a-z]/.test(name) && !name.endsWith('Statistics'));
  expect(Object.keys(lossSubjects).sort()).toEqual(exported.sort());
});

describe('the laws of a loss', () => {
  const names = (laws: readonly { readonly name: string }[]) => laws.map(({ name }) => name);
  const pair = ({ a, b, different }: Pairs) => t.contrastiveLoss(t.euclidean(a, b), { different });
  const withMargin = () => pair;

  test('of pairs', () => {
    const always = [
      'never negative',
      'no NaN anywhere',
      'swapped twins',
      'permuted batch',
      'closer positives',
      'closer negatives',
      'gradient step helps',
      'costs where violated',
      'rotation',
      'translation',
      'gradient agreement',
    ];
    expect(names(pairLossLaws('x', pair)).sort()).toEqual(always.toSorted());
    expect(names(pairLossLaws('x', pair, { margin: 1 })).sort()).toEqual([...always, 'zero where satisfied'].sort());
    expect(names(pairLossLaws('x', pair, { margin: 1, withMargin })).sort()).toEqual(
      [...always, 'zero where satisfied', 'larger margin'].sort(),
    );
  });

  test('follow from the metric which changes do not matter, unless told', () => {
    const changes = ['rotation', 'translation', 'scaling'];
    const found = (options: Parameters<typeof pairLossLaws>[2]) =>
      names(pairLossLaws('x', pair, options)).filter((name) => changes.includes(name));
    expect(found({ metric: 'squaredEuclidean' })).toEqual(['rotation', 'translation']);
    expect(found({ metric: 'manhattan' })).toEqual(['translation']);
    expect(found({ metric: 'chebyshev' })).toEqual(['translation']);
    expect(found({ metric: 'cosine' })).toEqual(['rotation', 'scaling']);
    expect(found({ metric: 'cosine', invariant: ['translation'] })).toEqual(['translation']);
  });

  test('of triplets and of batches: no twins', () => {
    const triplet = (x: Triplets) => t.tripletLoss(x.anchor, x.positive, x.negative);
    const batch = (x: LabelledBatch) => t.batchTripletLoss(x.embeddings, x.labels);
    const expected = names(pairLossLaws('x', pair, { margin: 1 })).filter((name) => name !== 'swapped twins');
    expect(names(tripletLossLaws('x', triplet, { margin: 1 }))).toEqual(expected);
    expect(names(batchLossLaws('x', batch, { margin: 1 }))).toEqual(expected);
  });

  test('of class weights: of a batch, but that nothing is known to cost nothing', () => {
    const loss = ({ embeddings, weight, labels }: ClassifiedBatch) =>
      t.cosFaceLoss(embeddings, weight, labels, { scale: 8 });
    const cosine = { metric: 'cosine' } as const;
    expect(names(classLossLaws('x', loss, cosine))).toEqual(
      names(batchLossLaws('x', (x: LabelledBatch) => t.batchTripletLoss(x.embeddings, x.labels), cosine)),
    );
    const broken = (wrong: Loss<ClassifiedBatch>) => brokenNames(classLossLaws('x', wrong, cosine));
    expect(broken(loss)).toEqual([]);
    const wrongWay = ['closer negatives', 'closer positives', 'gradient step helps'];
    expect(
      broken(({ labels, ...x }) => loss({ ...x, labels: labels.map((y) => (y + 1) % x.weight.shape[0]) })),
    ).toEqual(wrongWay);
    expect(broken(({ weight, ...x }) => loss({ ...x, weight: new t.Tensor(weight.data, weight.shape) }))).toEqual([
      'gradient agreement',
    ]);
    expect(broken((x) => t.mul(loss(x), t.mean(t.norm(x.weight, { axis: 1 }))))).toContain('scaling');
    expect(broken((x) => t.sub(loss(x), 6))).toContain('costs where violated');
  });

  test('of predictions', () => {
    const always = [
      'never negative',
      'no NaN anywhere',
      'permuted batch',
      'closer predictions',
      'gradient step helps',
      'costs where violated',
      'gradient agreement',
    ];
    const loss = ({ predictions }: Predictions<unknown>) => t.mean(t.square(predictions));
    for (const targets of ['classes', 'flags', 'distributions'] as const)
      expect(names(predictionLossLaws('x', targets, loss))).toEqual(always);
    expect(names(predictionLossLaws('x', 'values', loss)).sort()).toEqual(
      [...always, 'swapped twins', 'zero where satisfied'].sort(),
    );
  });

  test('but those that it is not meant to hold to', () => {
    const all = names(pairLossLaws('x', pair));
    expect(names(pairLossLaws('x', pair, { except: ['rotation', 'closer positives'] }))).toEqual(
      all.filter((name) => name !== 'rotation' && name !== 'closer positives'),
    );
    expect(() => pairLossLaws('my loss', pair, { except: ['closer positive'] })).toThrow(
      /^lossLaws: 'closer positive' is no law of my loss\. The laws are 'never negative', .*'gradient agreement'\.$/,
    );
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuse the margin %s', (margin) => {
    expect(() => pairLossLaws('x', pair, { margin })).toThrow(
      new RangeError(
        `lossLaws: margin must be a distance above 0 that euclidean reaches; got ${margin}. Pass the distance from which a different pair costs nothing.`,
      ),
    );
  });

  test('refuse unknown changes and targets', () => {
    // @ts-expect-error: as plain JavaScript may pass it.
    expect(() => pairLossLaws('x', pair, { invariant: ['mirror'] })).toThrow(
      new RangeError("lossLaws: unknown change 'mirror'. Use rotation, translation, scaling."),
    );
    // @ts-expect-error: as plain JavaScript may pass it.
    expect(() => predictionLossLaws('x', 'labels', pair)).toThrow(
      new RangeError("predictionLossLaws: unknown targets 'labels'. Use values, classes, flags, distributions."),
    );
  });

  test.each([
    ['a distance for each pair', ({ a, b }: Pairs) => t.euclidean(a, b), /a loss must be one number; got \[2\]\./],
    // @ts-expect-error: as plain JavaScript may write it.
    ['a promise', (async (x: Pairs) => pair(x)) as Loss<Pairs>, /must give a Tensor; got \[object Promise\]\./],
  ])('say of %s what it should be', (_, loss, message) => {
    const failures = brokenLaws(pairLossLaws('mine', loss), lawOptions(5));
    expect(failures.filter(({ seen }) => message.test(seen)).length).toBeGreaterThan(5);
  });

  test('refuse an unknown metric', () => {
    // @ts-expect-error: as plain JavaScript may pass it.
    expect(() => pairLossLaws('x', pair, { metric: 'dot' })).toThrow(
      new RangeError("lossLaws: unknown metric 'dot'. Use euclidean, squaredEuclidean, manhattan, chebyshev, cosine."),
    );
  });

  test('refuse a margin that a cosine distance never has', () => {
    expect(() => pairLossLaws('x', pair, { margin: 2.1, metric: 'cosine' })).toThrow('that cosine reaches; got 2.1');
    expect(pairLossLaws('x', pair, { margin: 2, metric: 'cosine' }).length).toBeGreaterThan(0);
  });

  test('find wrong losses of predictions', () => {
    const broken = (loss: (x: Predictions<t.Tensor>) => t.Tensor) =>
      brokenLaws(predictionLossLaws('x', 'values', loss), { seed: 1 })
        .map(({ law }) => law.name)
        .sort();
    const off = ({ predictions, targets }: Predictions<t.Tensor>) => t.sub(predictions, targets);
    expect(broken((x) => t.mean(t.square(off(x))))).toEqual([]);
    expect(broken((x) => t.neg(t.mean(t.square(off(x)))))).toEqual([
      'closer predictions',
      'costs where violated',
      'gradient step helps',
      'never negative',
    ]);
    expect(broken((x) => t.mean(off(x)))).toEqual([
      'closer predictions',
      'costs where violated',
      'gradient step helps',
      'never negative',
      'swapped twins',
      'zero where satisfied',
    ]);
    expect(broken((x) => t.square(t.mean(off(x))))).toEqual(['closer predictions', 'costs where violated']);
    expect(broken((x) => t.sqrt(t.mean(t.square(off(x)))))).toEqual(['no NaN anywhere']);
    const swapped = ({ predictions, targets }: Predictions<readonly number[]>) =>
      t.binaryCrossEntropyWithLogits(
        predictions,
        targets.map((y) => 1 - y),
      );
    expect(
      brokenLaws(predictionLossLaws('x', 'flags', swapped), { seed: 1 })
        .map(({ law }) => law.name)
        .sort(),
    ).toEqual(['closer predictions', 'gradient step helps']);
  });
});

describe('a kind of your own', () => {
  test('a student, and the teacher that it is to be like', () => {
    interface Distilled {
      readonly student: t.Tensor;
      readonly teacher: t.Tensor;
    }
    const kind: LossKind<Distilled> = {
      embeddings: ['student', 'teacher'],
      items: ['student', 'teacher'],
      twins: ['student', 'teacher'],
      inputs: (options) => pairs(options).map(({ a, b }) => ({ student: a, teacher: b })),
    };
    const loss = ({ student, teacher }: Distilled) => t.mean(t.cosineDistance(student, teacher));
    const laws = lossLaws(kind, 'distillation', loss, { metric: 'cosine' });
    expect(laws.map(({ name }) => name)).toEqual([
      'never negative',
      'no NaN anywhere',
      'swapped twins',
      'permuted batch',
      'rotation',
      'scaling',
      'gradient agreement',
    ]);
    checkLaws(laws, lawOptions());
    const oneSided = ({ student, teacher }: Distilled) =>
      t.mean(t.mul(t.norm(student, { axis: 1 }), t.cosineDistance(student, teacher)));
    expect(brokenNames(lossLaws(kind, 'one-sided', oneSided, { metric: 'cosine' }))).toEqual([
      'scaling',
      'swapped twins',
    ]);
  });

  test('a weight for each class, which is no item of the batch', () => {
    interface Classified {
      readonly embeddings: t.Tensor;
      readonly weight: t.Tensor;
      readonly labels: readonly number[];
    }
    const kind: LossKind<Classified> = {
      embeddings: ['embeddings', 'weight'],
      items: ['embeddings', 'labels'],
      inputs: (options) =>
        labelledBatches({ ...options, rows: [4, 7] }).map(({ embeddings, labels }) => ({
          weight: t.slice(embeddings, [[0, 3]]),
          embeddings: t.slice(embeddings, [[3, embeddings.shape[0]]]),
          labels: labels.slice(3),
        })),
    };
    const loss = ({ embeddings, weight, labels }: Classified) => t.crossEntropy(t.linear(embeddings, weight), labels);
    checkLaws(lossLaws(kind, 'classes', loss, { invariant: ['rotation'] }), lawOptions());
    expect(brokenNames(lossLaws(kind, 'classes', loss, { metric: 'cosine' }))).toEqual(['scaling']);
  });

  test('must hold its embeddings in tensors, and its items in lists', () => {
    const inputs = (options: EmbeddingOptions) =>
      pairs(options).map(({ a, different }) => ({ a, different, count: 1 }));
    const loss = ({ a }: { readonly a: t.Tensor }) => t.mean(t.square(a));
    const seen = (kind: LossKind<{ a: t.Tensor; different: readonly number[]; count: number }>) =>
      brokenLaws(lossLaws(kind, 'x', loss, { invariant: [] }), { seed: 1 }).at(-1)?.seen;
    expect(seen({ embeddings: ['a'], items: ['a', 'count'], inputs })).toBe(
      "it threw TypeError: lossLaws: 'count' must be a Tensor or an array, with an entry for each item.",
    );
    expect(() => seen({ embeddings: ['different'], items: ['a'], inputs })).toThrow(
      /^lossLaws: 'different' must be a Tensor; got [\d,]+\. List it under 'items' only\.$/,
    );
  });
});

/** What breaks whatever LAW_SEED says. */
function brokenNames(laws: readonly Law[]): string[] {
  return brokenLaws(laws, { seed: 1 })
    .map(({ law }) => law.name)
    .sort();
}

describe('losses that users write, and that are right', () => {
  const { add, mul, sub, relu, square } = t;
  const matrix = (labels: readonly number[], holds: (a: number, b: number) => boolean) =>
    t.tensor(labels.map((a) => labels.map((b) => (holds(a, b) ? 1 : 0))));
  const signs = (flags: readonly number[]) => t.tensor(flags.map((flag) => 2 * flag - 1));

  // Its negatives push ten times as hard as its positives pull.
  test.each(['euclidean', 'squaredEuclidean', 'cosine', 'manhattan', 'chebyshev'] as const)(
    'contrastive over all pairs of a batch, %s',
    (metric) => {
      const loss = ({ embeddings: x, labels }: LabelledBatch) => {
        const d = t.pairwiseDistances(x, x, { metric });
        const positives = mul(
          matrix(labels, (a, b) => a === b),
          d,
        );
        return t.mean(
          add(
            positives,
            mul(
              mul(
                10,
                matrix(labels, (a, b) => a !== b),
              ),
              square(relu(sub(1, d))),
            ),
          ),
        );
      };
      checkLaws(batchLossLaws('all pairs', loss, { metric, margin: 1 }), lawOptions());
    },
  );

  test('hinges of flags and of classes, which cost nothing where the margin is kept', () => {
    const ofFlags = ({ predictions, targets }: Predictions<readonly number[]>) =>
      t.mean(relu(sub(1, mul(predictions, signs(targets)))));
    checkLaws(predictionLossLaws('hinge', 'flags', ofFlags), lawOptions());
    const ofClasses = ({ predictions, targets }: Predictions<readonly number[]>) => {
      const [n, classes] = predictions.shape;
      const right = t.oneHot(t.intTensor(Int32Array.from(targets), [n]), classes);
      const score = t.sum(mul(predictions, right), { axis: 1, keepDims: true });
      return t.mean(mul(sub(1, right), relu(add(1, sub(predictions, score)))));
    };
    checkLaws(predictionLossLaws('margin', 'classes', ofClasses), lawOptions());
  });
});
