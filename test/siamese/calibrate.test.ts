import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CalibrationTarget, calibrateThreshold } from '../../src/siamese/calibrate.ts';
import type { ScoredPairs } from '../../src/siamese/scores.ts';
import { evaluateVerification } from '../../src/siamese/verification.ts';
import { errorOf } from '../errors.ts';
import reference from '../references/verification.json' with { type: 'json' };
import { pairs, scoredPairs } from './scoredPairs.ts';

/** Ratios of counts, rounded differently by the two sides. */
const DIGITS = 12;

/** What each cut accepts, strictest first, index by index: nothing, then everything as alike as each unique score. */
function everyCut({ measure, scores, same }: ScoredPairs) {
  const closer = (a: number, b: number) => (measure === 'distance' ? a < b : a > b);
  const all = [...scores.keys()];
  const count = (label: number, accepted: (score: number) => boolean) =>
    all.filter((i) => same[i] === label && accepted(scores[i])).length;
  const decisions: ((score: number) => boolean)[] = [
    () => false,
    ...[...new Set(scores)]
      .sort((a, b) => (closer(a, b) ? -1 : 1))
      .map((level) => (score: number) => !closer(level, score)),
  ];
  const positives = count(1, () => true);
  const negatives = count(0, () => true);
  return decisions.map((accepted) => {
    const ta = count(1, accepted);
    const fa = count(0, accepted);
    return {
      accepted: ta + fa,
      far: fa / negatives,
      tar: ta / positives,
      accuracy: (ta + negatives - fa) / all.length,
      f1: (2 * ta) / (ta + fa + positives),
    };
  });
}

const perfect = scoredPairs('distance', [1, 2, 10, 20], [1, 1, 0, 0]);

describe('calibrateThreshold against brute force in Python', () => {
  it.each(reference.cases)('$name', ({ measure, scores, same, maximize, maxFalseAcceptRate }) => {
    const scored = scoredPairs(measure, scores, same);
    const chosen = [
      { expected: maximize.accuracy, got: calibrateThreshold(scored, { maximize: 'accuracy' }) },
      { expected: maximize.f1, got: calibrateThreshold(scored, { maximize: 'f1' }) },
    ];
    for (const { expected, got } of chosen) {
      expect(got.threshold).toBe(expected.threshold);
      expect(got.pairs).toBe(scores.length);
      expect(got.accuracy).toBeCloseTo(expected.accuracy, DIGITS);
      expect(got.precision).toBeCloseTo(expected.precision, DIGITS);
      expect(got.recall).toBeCloseTo(expected.recall, DIGITS);
      expect(got.f1).toBeCloseTo(expected.f1, DIGITS);
      expect(got.falseAcceptRate).toBeCloseTo(expected.falseAcceptRate, DIGITS);
      expect(got.falseRejectRate).toBeCloseTo(expected.falseRejectRate, DIGITS);
    }
    for (const { limit, threshold, recall, falseAcceptRate } of maxFalseAcceptRate) {
      const got = calibrateThreshold(scored, { maxFalseAcceptRate: limit });
      expect(got.threshold).toBe(threshold);
      expect(got.recall).toBeCloseTo(recall, DIGITS);
      expect(got.falseAcceptRate).toBeCloseTo(falseAcceptRate, DIGITS);
    }
  });
});

describe('calibrateThreshold', () => {
  it('separates 1, 2 from 10, 20 at 6', () => {
    const metrics = {
      threshold: 6,
      accuracy: 1,
      f1: 1,
      precision: 1,
      recall: 1,
      falseAcceptRate: 0,
      falseRejectRate: 0,
      pairs: 4,
    };
    expect(calibrateThreshold(perfect, { maximize: 'accuracy' })).toEqual(metrics);
    expect(calibrateThreshold(perfect, { maximize: 'f1' })).toEqual(metrics);
    // The same true accept rate is had at 15 within the limit; 6 accepts fewer.
    expect(calibrateThreshold(perfect, { maxFalseAcceptRate: 0.5 })).toEqual(metrics);
    const mirrored = scoredPairs('similarity', [-1, -2, -10, -20], [1, 1, 0, 0]);
    expect(calibrateThreshold(mirrored, { maximize: 'accuracy' })).toEqual({ ...metrics, threshold: -6 });
  });

  it('takes the strictest of equally good thresholds', () => {
    // Accepting 1 pair or 3 pairs gets 3 of 4 right.
    expect(
      calibrateThreshold(scoredPairs('distance', [1, 2, 3, 4], [1, 0, 1, 0]), { maximize: 'accuracy' }).threshold,
    ).toBe(1.5);
    expect(
      calibrateThreshold(scoredPairs('similarity', [4, 3, 2, 1], [1, 0, 1, 0]), { maximize: 'accuracy' }).threshold,
    ).toBe(3.5);
  });

  it('never cuts between ties', () => {
    const tied = scoredPairs('distance', [1, 1, 1, 2], [1, 1, 0, 0]);
    expect(calibrateThreshold(tied, { maxFalseAcceptRate: 0 })).toMatchObject({
      threshold: -1,
      recall: 0,
      precision: 0,
    });
    expect(calibrateThreshold(tied, { maximize: 'accuracy' })).toMatchObject({ threshold: 1.5, falseAcceptRate: 0.5 });
  });

  it('gives a finite threshold strictly between neighboring float32 numbers', () => {
    const next = 1 + 2 ** -23;
    const { threshold } = calibrateThreshold(scoredPairs('distance', [1, next], [1, 0]), { maximize: 'accuracy' });
    expect(threshold).toBe(1 + 2 ** -24);
    expect([1 <= threshold, next <= threshold]).toEqual([true, false]);
  });

  it('accuracy is plain: on 1 same and 9 different pairs rejecting all gets 90 %, and f1 chooses otherwise', () => {
    const few = scoredPairs('distance', [2, 1, 1, 3, 3, 3, 3, 3, 3, 3], [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(calibrateThreshold(few, { maximize: 'accuracy' })).toMatchObject({ threshold: -1, accuracy: 0.9, f1: 0 });
    expect(calibrateThreshold(few, { maximize: 'f1' })).toMatchObject({ threshold: 2.5, accuracy: 0.8, f1: 0.5 });
  });

  it('maximizes accuracy and f1 over every cut, and the strictest wins', () => {
    fc.assert(
      fc.property(pairs, fc.constantFrom<('accuracy' | 'f1')[]>('accuracy', 'f1'), (scored, maximize) => {
        const cuts = everyCut(scored);
        const highest = Math.max(...cuts.map((cut) => cut[maximize]));
        const got = calibrateThreshold(scored, { maximize });
        expect(got[maximize]).toBe(highest);
        const { trueAccept, falseAccept } = evaluateVerification(scored, got).confusion;
        expect(trueAccept + falseAccept).toBe(cuts.find((cut) => cut[maximize] === highest)?.accepted);
      }),
    );
  });

  it('respects a false accept limit, and no admissible cut has a higher true accept rate', () => {
    const limits = fc.oneof(fc.constantFrom(0, 0.1, 0.25, 1 / 3, 0.5, 1), fc.double({ min: 0, max: 1, noNaN: true }));
    fc.assert(
      fc.property(pairs, limits, (scored, limit) => {
        const got = calibrateThreshold(scored, { maxFalseAcceptRate: limit });
        expect(got.falseAcceptRate).toBeLessThanOrEqual(limit);
        const admissible = everyCut(scored).filter(({ far }) => far <= limit);
        const highest = Math.max(...admissible.map(({ tar }) => tar));
        expect(got.recall).toBe(highest);
        expect(got.falseAcceptRate).toBe(
          Math.min(...admissible.filter(({ tar }) => tar === highest).map(({ far }) => far)),
        );
      }),
    );
  });

  it('reports what evaluateVerification measures at its threshold on the same pairs', () => {
    fc.assert(
      fc.property(pairs, (scored) => {
        const got = calibrateThreshold(scored, { maximize: 'accuracy' });
        const report = evaluateVerification(scored, got);
        expect(report).toMatchObject(got);
        expect(report.best).toEqual({ threshold: got.threshold, accuracy: got.accuracy });
        expect(Number.isFinite(got.threshold)).toBe(true);
        expect(scored.scores).not.toContain(got.threshold);
      }),
    );
  });

  it('mirrors: similarity = -distance gives the opposite threshold', () => {
    const targets = fc.constantFrom<CalibrationTarget[]>(
      { maximize: 'accuracy' },
      { maximize: 'f1' },
      { maxFalseAcceptRate: 0.2 },
    );
    fc.assert(
      fc.property(pairs, targets, (scored, target) => {
        const mirrored = scoredPairs(
          scored.measure === 'distance' ? 'similarity' : 'distance',
          [...scored.scores].map((s) => -s),
          [...scored.same],
        );
        const got = calibrateThreshold(scored, target);
        // Adding 0 turns -0 into 0, which is what thresholds hold.
        expect(calibrateThreshold(mirrored, target)).toEqual({ ...got, threshold: -got.threshold + 0 });
      }),
    );
  });
});

describe('calibrateThreshold refuses', () => {
  it.each([-0.01, 1.01, NaN, Infinity])('a false accept limit of %s', (limit) => {
    expect(errorOf(RangeError, () => calibrateThreshold(perfect, { maxFalseAcceptRate: limit })).message).toContain(
      'calibrateThreshold: maxFalseAcceptRate must be a number from 0 to 1; got',
    );
    expect(() => calibrateThreshold(perfect, { maxFalseAcceptRate: limit })).toThrow(`from 0 to 1; got ${limit}`);
  });

  it('a target that is none, two or unknown', () => {
    // @ts-expect-error: no target
    expect(() => calibrateThreshold(perfect, {})).toThrow(/either maximize or maxFalseAcceptRate; got neither/);
    // @ts-expect-error: two targets
    expect(() => calibrateThreshold(perfect, { maximize: 'f1', maxFalseAcceptRate: 0 })).toThrow(/got both/);
    // @ts-expect-error: an unknown target
    expect(() => calibrateThreshold(perfect, { maximize: 'recall' })).toThrow(
      /maximize is not a known target; got recall.*'accuracy' or 'f1'/,
    );
    // @ts-expect-error: a limit of another kind
    expect(() => calibrateThreshold(perfect, { maxFalseAcceptRate: '0.1' })).toThrow(
      /must be a number from 0 to 1; got 0.1/,
    );
  });

  it('pairs it cannot measure, under its own name', () => {
    const onlySame = { ...perfect, same: new Uint8Array([1, 1, 1, 1]) };
    expect(() => calibrateThreshold(onlySame, { maximize: 'accuracy' })).toThrow(
      /^calibrateThreshold: there is no different pair/,
    );
    const overflowed = { ...perfect, scores: new Float32Array([1, 2, 10, NaN]) };
    expect(() => calibrateThreshold(overflowed, { maximize: 'f1' })).toThrow(/^calibrateThreshold: .*NaN at index 3/);
  });
});
