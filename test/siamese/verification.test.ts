import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ScoredPairs } from '../../src/siamese/scores.ts';
import { evaluateVerification } from '../../src/siamese/verification.ts';
import { errorOf } from '../errors.ts';
import reference from '../references/verification.json' with { type: 'json' };
import { pairs, scoredPairs } from './scoredPairs.ts';

/** Sums of at most 45 terms and a root to 1e-14, against exact counts divided once. */
const DIGITS = 12;

/** The definitions, index by index, with `more` the one place that knows the direction. */
function definition({ measure, scores, same }: ScoredPairs, threshold: number) {
  const more = (a: number, b: number) => (measure === 'distance' ? a < b : a > b);
  const all = [...scores.keys()];
  const positives = all.filter((i) => same[i] === 1);
  const negatives = all.filter((i) => same[i] === 0);
  const rates = (accepted: (score: number) => boolean) => ({
    far: negatives.filter((i) => accepted(scores[i])).length / negatives.length,
    tar: positives.filter((i) => accepted(scores[i])).length / positives.length,
    right: all.filter((i) => accepted(scores[i]) === (same[i] === 1)).length / all.length,
  });
  let wins = 0;
  for (const p of positives)
    for (const n of negatives) wins += more(scores[p], scores[n]) ? 1 : scores[p] === scores[n] ? 0.5 : 0;
  const levels = [...new Set(scores)].sort((a, b) => (more(a, b) ? -1 : 1));
  const cuts = [rates(() => false), ...levels.map((level) => rates((score) => !more(level, score)))];
  return {
    ...rates((score) => score === threshold || more(score, threshold)),
    auc: wins / (positives.length * negatives.length),
    cuts,
    best: Math.max(...cuts.map(({ right }) => right)),
  };
}

/** FAR where the polyline meets FAR = FRR, by halving the position along it. */
function equalErrorByBisection(cuts: readonly { far: number; tar: number }[]): number {
  const between = (u: number, key: 'far' | 'tar') => {
    const i = Math.min(Math.floor(u), cuts.length - 2);
    return cuts[i][key] + (u - i) * (cuts[i + 1][key] - cuts[i][key]);
  };
  let low = 0;
  let high = cuts.length - 1;
  for (let step = 0; step < 100; step++) {
    const u = (low + high) / 2;
    if (between(u, 'far') < 1 - between(u, 'tar')) low = u;
    else high = u;
  }
  return between(high, 'far');
}

const perfect = scoredPairs('distance', [1, 2, 10, 20], [1, 1, 0, 0]);

describe('evaluateVerification against scikit-learn and SciPy', () => {
  it.each(reference.cases)('$name', ({ measure, scores, same, auc, eer, roc, at, maximize }) => {
    const scored = scoredPairs(measure, scores, same);
    for (const expected of at) {
      const report = evaluateVerification(scored, { threshold: expected.threshold });
      expect(report.threshold).toBe(expected.threshold);
      expect(report.pairs).toBe(scores.length);
      expect(report.confusion).toEqual(expected.confusion);
      expect(report.accuracy).toBeCloseTo(expected.accuracy, DIGITS);
      expect(report.precision).toBeCloseTo(expected.precision, DIGITS);
      expect(report.recall).toBeCloseTo(expected.recall, DIGITS);
      expect(report.f1).toBeCloseTo(expected.f1, DIGITS);
      expect(report.falseAcceptRate).toBeCloseTo(expected.falseAcceptRate, DIGITS);
      expect(report.falseRejectRate).toBeCloseTo(expected.falseRejectRate, DIGITS);
      expect(report.auc).toBeCloseTo(auc, DIGITS);
      expect(report.eer).toBeCloseTo(eer, DIGITS);
      expect(report.best.threshold).toBe(maximize.accuracy.threshold);
      expect(report.best.accuracy).toBeCloseTo(maximize.accuracy.accuracy, DIGITS);
      expect(report.roc.map((point) => point.threshold)).toEqual(roc.thresholds);
      report.roc.forEach((point, i) => {
        expect(point.falseAcceptRate).toBeCloseTo(roc.falseAcceptRates[i], DIGITS);
        expect(point.trueAcceptRate).toBeCloseTo(roc.trueAcceptRates[i], DIGITS);
      });
    }
  });
});

describe('evaluateVerification equals its definitions', () => {
  it('at the threshold, over all thresholds, and at the best', () => {
    fc.assert(
      fc.property(pairs, fc.nat(24), (scored, pick) => {
        // A score of the set itself: the comparison includes equality.
        const threshold = scored.scores[pick % scored.scores.length];
        const expected = definition(scored, threshold);
        const report = evaluateVerification(scored, { threshold });
        expect(report.accuracy).toBe(expected.right);
        expect(report.falseAcceptRate).toBe(expected.far);
        expect(report.recall).toBe(expected.tar);
        expect(report.falseRejectRate).toBeCloseTo(1 - expected.tar, DIGITS);
        expect(report.auc).toBe(expected.auc);
        expect(report.eer).toBeCloseTo(equalErrorByBisection(expected.cuts), DIGITS);
        expect(report.best.accuracy).toBe(expected.best);
        expect(report.roc.map((point) => [point.falseAcceptRate, point.trueAcceptRate])).toEqual(
          expected.cuts.map(({ far, tar }) => [far, tar]),
        );
        const { trueAccept, falseAccept } = report.confusion;
        expect(report.precision).toBe(trueAccept + falseAccept === 0 ? 0 : trueAccept / (trueAccept + falseAccept));
        const { precision, recall } = report;
        expect(report.f1).toBeCloseTo(
          precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall),
          DIGITS,
        );
      }),
    );
  });

  it('every threshold it names gives the rates it names, is finite and touches no score', () => {
    fc.assert(
      fc.property(pairs, (scored) => {
        const { roc, best, eerThreshold } = evaluateVerification(scored, { threshold: 0 });
        for (const { threshold, falseAcceptRate, trueAcceptRate } of roc) {
          expect(Number.isFinite(threshold)).toBe(true);
          expect(scored.scores).not.toContain(threshold);
          const { far, tar } = definition(scored, threshold);
          expect([falseAcceptRate, trueAcceptRate]).toEqual([far, tar]);
        }
        expect(definition(scored, best.threshold).right).toBe(best.accuracy);
        const gap = (threshold: number) => {
          const { far, tar } = definition(scored, threshold);
          return Math.abs(far - (1 - tar));
        };
        expect(gap(eerThreshold)).toBeCloseTo(Math.min(...roc.map(({ threshold }) => gap(threshold))), DIGITS);
      }),
    );
  });
});

describe('evaluateVerification obeys', () => {
  it('mirroring: similarity = -distance', () => {
    fc.assert(
      fc.property(pairs, fc.float({ noNaN: true }), (scored, threshold) => {
        const mirrored = scoredPairs(
          scored.measure === 'distance' ? 'similarity' : 'distance',
          [...scored.scores].map((s) => -s),
          [...scored.same],
        );
        const { threshold: _, eerThreshold, best, roc, ...rest } = evaluateVerification(scored, { threshold });
        const other = evaluateVerification(mirrored, { threshold: -threshold });
        expect(other).toMatchObject(rest);
        // Adding 0 turns -0 into 0, which is what thresholds hold.
        expect(other.eerThreshold).toBe(-eerThreshold + 0);
        expect(other.best).toEqual({ ...best, threshold: -best.threshold + 0 });
        expect(other.roc).toEqual(roc.map((point) => ({ ...point, threshold: -point.threshold + 0 })));
      }),
    );
  });

  it('permutation: the order of the pairs is nothing', () => {
    fc.assert(
      fc.property(
        pairs.chain((scored) =>
          fc.tuple(
            fc.constant(scored),
            fc.shuffledSubarray([...scored.scores.keys()], { minLength: scored.scores.length }),
          ),
        ),
        ([scored, order]) => {
          const shuffled = scoredPairs(
            scored.measure,
            order.map((i) => scored.scores[i]),
            order.map((i) => scored.same[i]),
          );
          expect(evaluateVerification(shuffled, { threshold: 0.5 })).toEqual(
            evaluateVerification(scored, { threshold: 0.5 }),
          );
        },
      ),
    );
  });

  it('monotone transformation: auc and eer see ranks alone', () => {
    fc.assert(
      fc.property(pairs, (scored) => {
        // The rank, cubed: exact in float32 and far from linear.
        const levels = [...new Set(scored.scores)].sort((a, b) => a - b);
        const ranks = scoredPairs(
          scored.measure,
          [...scored.scores].map((s) => (levels.indexOf(s) - 5) ** 3),
          [...scored.same],
        );
        const before = evaluateVerification(scored, { threshold: 0 });
        const after = evaluateVerification(ranks, { threshold: 0 });
        expect([after.auc, after.eer, after.best.accuracy]).toEqual([before.auc, before.eer, before.best.accuracy]);
      }),
    );
  });

  it('inversion: turning the measure round turns auc round', () => {
    fc.assert(
      fc.property(pairs, (scored) => {
        const turned: ScoredPairs = { ...scored, measure: scored.measure === 'distance' ? 'similarity' : 'distance' };
        const { auc, eer } = evaluateVerification(scored, { threshold: 0 });
        const other = evaluateVerification(turned, { threshold: 0 });
        expect(auc + other.auc).toBeCloseTo(1, DIGITS);
        expect(eer + other.eer).toBeCloseTo(1, DIGITS);
      }),
    );
  });

  it('its inputs: it writes nothing into them', () => {
    const scored = scoredPairs('similarity', [3, 1, 2], [1, 0, 1]);
    evaluateVerification(scored, { threshold: 2 });
    expect([[...scored.scores], [...scored.same]]).toEqual([
      [3, 1, 2],
      [1, 0, 1],
    ]);
  });
});

describe('evaluateVerification points the right way', () => {
  it('perfect separation: everything 1, errors 0, threshold 6', () => {
    expect(evaluateVerification(perfect, { threshold: 6 })).toEqual({
      pairs: 4,
      threshold: 6,
      accuracy: 1,
      precision: 1,
      recall: 1,
      f1: 1,
      falseAcceptRate: 0,
      falseRejectRate: 0,
      auc: 1,
      eer: 0,
      eerThreshold: 6,
      best: { threshold: 6, accuracy: 1 },
      roc: [
        { threshold: -1, falseAcceptRate: 0, trueAcceptRate: 0 },
        { threshold: 1.5, falseAcceptRate: 0, trueAcceptRate: 0.5 },
        { threshold: 6, falseAcceptRate: 0, trueAcceptRate: 1 },
        { threshold: 15, falseAcceptRate: 0.5, trueAcceptRate: 1 },
        { threshold: 41, falseAcceptRate: 1, trueAcceptRate: 1 },
      ],
      confusion: { trueAccept: 2, falseAccept: 0, trueReject: 2, falseReject: 0 },
    });
  });

  it('inverted scores: auc 0, eer 1', () => {
    const inverted = evaluateVerification({ ...perfect, measure: 'similarity' }, { threshold: 6 });
    expect(inverted).toMatchObject({ auc: 0, eer: 1, accuracy: 0, precision: 0, recall: 0, f1: 0 });
    expect(inverted).toMatchObject({ falseAcceptRate: 1, falseRejectRate: 1, best: { accuracy: 0.5, threshold: 41 } });
  });

  it('moving a same pair closer, or a different pair farther, never lowers auc nor raises eer', () => {
    fc.assert(
      fc.property(pairs, fc.nat(24), fc.integer({ min: 1, max: 5 }), (scored, pick, by) => {
        const i = pick % scored.scores.length;
        const scores = scored.scores.slice();
        scores[i] += (scored.measure === 'distance' ? -1 : 1) * (scored.same[i] === 1 ? 1 : -1) * by;
        fc.pre(Number.isFinite(scores[i]));
        const before = evaluateVerification(scored, { threshold: 0 });
        const after = evaluateVerification({ ...scored, scores }, { threshold: 0 });
        expect(after.auc).toBeGreaterThanOrEqual(before.auc);
        expect(after.eer).toBeLessThanOrEqual(before.eer + 1e-12);
        expect(after.accuracy).toBeGreaterThanOrEqual(before.accuracy);
        expect(after.best.accuracy).toBeGreaterThanOrEqual(before.best.accuracy);
      }),
    );
  });

  it('one score for all pairs: auc and eer are one half, and no cut parts them', () => {
    const flat = evaluateVerification(scoredPairs('distance', [0, -0, 0], [1, 0, 0]), { threshold: -0 });
    expect(flat).toMatchObject({
      auc: 0.5,
      eer: 0.5,
      // Both ends are equally far from equal errors; the stricter is taken.
      eerThreshold: -1,
      accuracy: 1 / 3,
      falseAcceptRate: 1,
      best: { accuracy: 2 / 3, threshold: -1 },
    });
    expect(flat.roc).toHaveLength(2);
  });

  it('infinite thresholds accept nothing or everything', () => {
    expect(evaluateVerification(perfect, { threshold: -Infinity })).toMatchObject({
      precision: 0,
      recall: 0,
      f1: 0,
      falseAcceptRate: 0,
    });
    expect(evaluateVerification(perfect, { threshold: Infinity })).toMatchObject({
      precision: 0.5,
      recall: 1,
      falseAcceptRate: 1,
    });
  });

  it('counts couples of pairs beyond 32 bits', () => {
    const half = 70_000;
    const same = Uint8Array.from({ length: 2 * half }, (_, i) => (i < half ? 1 : 0));
    const scores = Float32Array.from(same, (label, i) => (label === 1 ? i : i - half + 0.5));
    // Same pair i is closer than the different pairs i, i + 1, ...: half (half + 1) / 2 couples.
    expect(evaluateVerification({ measure: 'distance', scores, same }, { threshold: 1 }).auc).toBe(
      (half + 1) / (2 * half),
    );
  });
});

describe('evaluateVerification refuses', () => {
  const bad = (over: object) => () => evaluateVerification({ ...perfect, ...over }, { threshold: 6 });

  it.each<[string, object, typeof RangeError, RegExp]>([
    [
      'no pairs',
      { scores: new Float32Array(0), same: new Uint8Array(0) },
      RangeError,
      /empty set.*Score at least one same and one different/,
    ],
    ['lengths that differ', { same: new Uint8Array([1, 0]) }, RangeError, /differ in length; got 4 and 2/],
    ['a NaN score', { scores: new Float32Array([1, 2, NaN, 3]) }, RangeError, /finite; got NaN at index 2/],
    [
      'an infinite score',
      { scores: new Float32Array([1, Infinity, 2, 3]) },
      RangeError,
      /finite; got Infinity at index 1/,
    ],
    ['a label that is not 0 or 1', { same: new Uint8Array([1, 0, 0, 2]) }, RangeError, /0 or 1; got 2 at index 3/],
    ['only different pairs', { same: new Uint8Array(4) }, RangeError, /no same pair.*Add same pairs/],
    ['only same pairs', { same: new Uint8Array(4).fill(1) }, RangeError, /no different pair.*Add different pairs/],
    ['an unknown measure', { measure: 'cosine' }, RangeError, /unknown measure; got cosine.*'distance'.*'similarity'/],
    ['scores of another kind', { scores: [1, 2, 10, 20] }, TypeError, /scores must be a Float32Array/],
    ['labels of another kind', { same: [true, true, false, false] }, TypeError, /same must be a Uint8Array/],
  ])('%s', (_, over, kind, message) => {
    expect(bad(over)).toThrow(kind);
    expect(bad(over)).toThrow(message);
    expect(bad(over)).toThrow(/^evaluateVerification: /);
  });

  it('a threshold that is not a number', () => {
    expect(errorOf(RangeError, () => evaluateVerification(perfect, { threshold: NaN })).message).toBe(
      'evaluateVerification: threshold must be a number; got NaN. Take it from calibrateThreshold on held-out pairs.',
    );
    expect(() => evaluateVerification(perfect, { threshold: NaN })).toThrow(
      /threshold must be a number; got NaN.*calibrateThreshold/,
    );
    // @ts-expect-error: the threshold of a twin that was never calibrated
    expect(() => evaluateVerification(perfect, { threshold: undefined })).toThrow(/must be a number; got undefined/);
  });
});
