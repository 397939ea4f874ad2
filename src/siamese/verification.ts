import {
  accepts,
  accuracyOf,
  type Confusion,
  checkScoredPairs,
  confusionAt,
  type ScoredPairs,
  type Sweep,
  strictestBest,
  sweepThresholds,
  type ThresholdMetrics,
  thresholdMetrics,
} from './scores.ts';

/** One point of the ROC: what a threshold accepts. Rates are fractions, 0 to 1. */
export interface RocPoint {
  readonly threshold: number;
  /** Different pairs called same, over all different pairs. */
  readonly falseAcceptRate: number;
  /** Same pairs called same, over all same pairs. */
  readonly trueAcceptRate: number;
}

/** How well scores tell same pairs from different ones: at the given threshold, at every threshold, and at the best. */
export interface VerificationReport extends ThresholdMetrics {
  /** The four outcomes at the given threshold, in pairs. */
  readonly confusion: Confusion;
  /** Probability that a random same pair is scored more alike than a random different pair, ties counted half. */
  readonly auc: number;
  /** Equal error rate: the value of false accept and false reject rate where the interpolated ROC makes them equal. */
  readonly eer: number;
  /** The threshold of the ROC point nearest to the equal error rate; interpolated rates belong to no threshold. */
  readonly eerThreshold: number;
  /**
   * The most accurate threshold in hindsight, chosen on these very pairs, and so optimistic: no deployed system knows
   * it. The honest accuracy is the one beside it, at the `threshold` that was calibrated on other pairs.
   */
  readonly best: { readonly threshold: number; readonly accuracy: number };
  /** From accepting nothing to accepting everything, a point for each unique score besides; none is left out. */
  readonly roc: readonly RocPoint[];
}

/**
 * Measures how well scores separate same pairs from different ones.
 *
 * Options: `threshold`, in the units of the scores, from `calibrateThreshold` on pairs that are not in this set;
 * infinities accept everything or nothing. It decides `accuracy`, `precision` (0 where nothing is accepted), `recall`,
 * `f1`, `falseAcceptRate`, `falseRejectRate` and `confusion`. The others look at all thresholds; their candidates are
 * those of `calibrateThreshold`, and equal scores are never separated.
 *
 * Formula: `auc = (#{same more alike than different} + #{ties} / 2) / (same * different)` over all couples of a same
 * and a different pair, counted exactly. `eer` is the false accept rate where the straight line between two
 * neighboring points of the ROC crosses `falseAcceptRate = falseRejectRate`; `eerThreshold` is the one of the two with
 * the smaller `|falseAcceptRate - falseRejectRate|`, the stricter if they are equal. `best` also takes the strictest.
 *
 * Cost: O(n log n) in the number of pairs.
 *
 * Throws: RangeError for a threshold that is not a number, or pairs that cannot be measured: an empty set, lengths that
 * differ, a score that is not finite, a label that is not 0 or 1, only one kind of pair, an unknown measure; TypeError
 * where `scores` is not a Float32Array or `same` not a Uint8Array.
 *
 * @example evaluateVerification({ measure: 'distance', scores: new Float32Array([1, 2, 10, 20]), same: new Uint8Array([1, 1, 0, 0]) }, { threshold: 10 }).accuracy // 0.75
 * @example evaluateVerification({ measure: 'distance', scores: new Float32Array([1, 2, 10, 20]), same: new Uint8Array([1, 1, 0, 0]) }, { threshold: 10 }).best // { threshold: 6, accuracy: 1 }
 * @example evaluateVerification({ measure: 'similarity', scores: new Float32Array([3, 2, 2, 1]), same: new Uint8Array([1, 1, 0, 0]) }, { threshold: 2 }).auc // 0.875
 */
export function evaluateVerification(scored: ScoredPairs, options: { readonly threshold: number }): VerificationReport {
  const { threshold } = options;
  if (typeof threshold !== 'number' || Number.isNaN(threshold)) {
    throw new RangeError(
      `evaluateVerification: threshold must be a number; got ${String(threshold)}. Take it from calibrateThreshold on held-out pairs.`,
    );
  }
  checkScoredPairs('evaluateVerification', scored);
  const confusion = confusionOf(scored, threshold);
  const sweep = sweepThresholds(scored);
  const best = strictestBest(sweep, accuracyOf);
  return {
    ...thresholdMetrics(threshold, confusion),
    confusion,
    auc: areaUnderRoc(sweep),
    ...equalError(sweep),
    best: { threshold: sweep.thresholds[best], accuracy: accuracyOf(confusionAt(sweep, best)) },
    roc: rocPoints(sweep),
  };
}

function confusionOf({ measure, scores, same }: ScoredPairs, threshold: number): Confusion {
  let trueAccept = 0;
  let falseAccept = 0;
  let trueReject = 0;
  let falseReject = 0;
  for (let i = 0; i < scores.length; i++) {
    if (accepts(measure, scores[i], threshold)) {
      if (same[i] === 1) trueAccept++;
      else falseAccept++;
    } else if (same[i] === 1) falseReject++;
    else trueReject++;
  }
  return { trueAccept, falseAccept, trueReject, falseReject };
}

/** Counts couples twice, so that a tie adds the whole number 1 and the sum stays exact. */
function areaUnderRoc({ trueAccepts, falseAccepts, same, different }: Sweep): number {
  let twice = 0;
  for (let cut = 1; cut < trueAccepts.length; cut++) {
    const sameHere = trueAccepts[cut] - trueAccepts[cut - 1];
    twice += sameHere * (different - falseAccepts[cut - 1] + (different - falseAccepts[cut]));
  }
  return twice / (2 * same * different);
}

/** The excess `falseAcceptRate - falseRejectRate`, in whole numbers, climbs strictly from -same * different to its opposite. */
function equalError({ thresholds, trueAccepts, falseAccepts, same, different }: Sweep): {
  eer: number;
  eerThreshold: number;
} {
  const excess = (cut: number): number => falseAccepts[cut] * same - (same - trueAccepts[cut]) * different;
  let cut = 1;
  while (excess(cut) < 0) cut++;
  const before = excess(cut - 1);
  const after = excess(cut);
  const accepted = falseAccepts[cut - 1] + (falseAccepts[cut] - falseAccepts[cut - 1]) * (before / (before - after));
  return { eer: accepted / different, eerThreshold: thresholds[-before <= after ? cut - 1 : cut] };
}

function rocPoints({ thresholds, trueAccepts, falseAccepts, same, different }: Sweep): RocPoint[] {
  return Array.from(thresholds, (threshold, cut) => ({
    threshold,
    falseAcceptRate: falseAccepts[cut] / different,
    trueAcceptRate: trueAccepts[cut] / same,
  }));
}
