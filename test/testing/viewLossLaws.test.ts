import { describe, expect, test } from 'vitest';
import * as t from '../../src/portable.ts';
import { brokenLaws, checkLaws } from '../../src/testing/law.ts';
import type { Loss } from '../../src/testing/lossValues.ts';
import { type ViewLossLawOptions, type Views, viewLossLaws } from '../../src/testing/viewLossLaws.ts';
import { lawOptions } from './seed.ts';

const ALWAYS = [
  'never negative',
  'no NaN anywhere',
  'swapped twins',
  'permuted batch',
  'closer positives',
  'closer negatives',
  'gradient step helps',
  'costs where violated',
  'rotation',
  'scaling',
  'gradient agreement',
];

/** SimCLR's loss again, from its formula, with places for mistakes. */
function simClr({ z1, z2 }: Views, { sign = 1, unit = t.normalize, shift = 0 } = {}): t.Tensor {
  const views = unit(t.concat([z1, z2]));
  const [count] = views.shape;
  const self = t.tensor(
    Array.from({ length: count }, (_, i) => Array.from({ length: count }, (_, j) => i === j)).map((row) =>
      row.map(Number),
    ),
  );
  const logits = t.where(self, -Infinity, t.mul(t.linear(views, views), 2 * sign));
  return t.crossEntropy(
    logits,
    Array.from({ length: count }, (_, i) => (i + count / 2 + shift) % count),
  );
}

/** The names of the laws that a loss breaks, whatever LAW_SEED says. */
function broken(loss: Loss<Views>, options: ViewLossLawOptions = { metric: 'cosine' }): string[] {
  return brokenLaws(viewLossLaws('mine', loss, options), { seed: 1, numRuns: 200 }).map(({ law }) => law.name);
}

describe('laws of losses of two views', () => {
  test('are these', () => {
    const names = (options: ViewLossLawOptions) => viewLossLaws('x', simClr, options).map(({ name }) => name);
    expect(names({ metric: 'cosine' })).toEqual(ALWAYS);
    expect(names({ metric: 'cosine', zeroWhereEqual: true }).toSorted()).toEqual(
      [...ALWAYS, 'zero where satisfied'].sort(),
    );
    expect(names({ invariant: [], except: ['swapped twins'] })).toEqual(
      ALWAYS.filter((name) => !['swapped twins', 'rotation', 'scaling'].includes(name)),
    );
  });

  test('hold of one that is right', () => {
    checkLaws(viewLossLaws('right', simClr, { metric: 'cosine' }), lawOptions());
  });

  const unguarded = (x: t.Tensor) => t.div(x, t.sqrt(t.sum(t.square(x), { axis: 1, keepDims: true })));
  const wrong: readonly (readonly [mistake: string, loss: Loss<Views>, breaks: readonly string[]])[] = [
    ['turned sign', (x) => simClr(x, { sign: -1 }), ['closer positives', 'closer negatives', 'gradient step helps']],
    ['the next row for the positive', (x) => simClr(x, { shift: 1 }), ['closer positives', 'closer negatives']],
    ['no normalization', (x) => simClr(x, { unit: (v) => v }), ['scaling']],
    ['an unguarded length', (x) => simClr(x, { unit: unguarded }), ['no NaN anywhere']],
    [
      'a likeness in place of a distance',
      ({ z1, z2 }) => t.mean(t.cosineSimilarity(z1, z2)),
      ['never negative', 'closer positives', 'gradient step helps', 'costs where violated'],
    ],
    [
      'a stopped side',
      ({ z1, z2 }) => t.mean(t.cosineDistance(z1, new t.Tensor(z2.data, z2.shape))),
      ['gradient agreement'],
    ],
    [
      'only the first item',
      ({ z1, z2 }) => t.sum(t.cosineDistance(t.slice(z1, [[0, 1]]), t.slice(z2, [[0, 1]]))),
      ['permuted batch'],
    ],
    [
      'one side longer',
      ({ z1, z2 }) => t.mean(t.mul(t.norm(z1, { axis: 1 }), t.cosineDistance(z1, z2))),
      ['swapped twins', 'scaling'],
    ],
  ];
  test.each(wrong)('find %s', (_, loss, breaks) => {
    expect(broken(loss)).toEqual(expect.arrayContaining([...breaks]));
  });

  test('know where equal views cost nothing', () => {
    const equal: ViewLossLawOptions = { metric: 'cosine', zeroWhereEqual: true };
    expect(broken(({ z1, z2 }) => t.alignment(z1, z2), equal)).toEqual([]);
    expect(broken(simClr, equal)).toEqual(['zero where satisfied']);
    // In a metric of lengths a row of zeros is like any other.
    expect(broken(({ z1, z2 }) => t.mean(t.squaredEuclidean(z1, z2)), { zeroWhereEqual: true })).toEqual([]);
  });

  test('hold in full of a loss that needs two items', () => {
    const needy: Loss<Views> = (views) => {
      if (views.z1.shape[0] < 2) throw new Error('too few');
      return simClr(views);
    };
    expect(broken(needy, { metric: 'cosine', leastItems: 2 })).toEqual([]);
    expect(broken(needy, { metric: 'cosine' })).toContain('no NaN anywhere');
  });

  test('draw no fewer items than a loss needs', () => {
    const counts = new Set<number>();
    const seen: Loss<Views> = ({ z1, z2 }) => {
      counts.add(z1.shape[0]);
      return t.mean(t.add(t.std(z1, { axis: 0 }), t.std(z2, { axis: 0 })));
    };
    expect(broken(seen, { leastItems: 2, invariant: ['translation'] })).not.toContain('no NaN anywhere');
    expect(Math.min(...counts)).toBe(2);
    expect(broken(seen, { invariant: ['translation'] })).toContain('no NaN anywhere');
  });

  test.each([0, 1.5, 3, Number.NaN])('refuse %s items', (leastItems) => {
    // @ts-expect-error: as plain JavaScript may call it.
    expect(() => viewLossLaws('x', simClr, { leastItems })).toThrow(
      new RangeError(
        `viewLossLaws: leastItems must be 1 or 2; got ${leastItems}. Pass 2 for a loss of statistics along the batch.`,
      ),
    );
  });
});
