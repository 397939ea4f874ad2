import {
  accuracyOf,
  checkScoredPairs,
  confusionAt,
  f1Of,
  type ScoredPairs,
  strictestBest,
  sweepThresholds,
  type ThresholdMetrics,
  thresholdMetrics,
} from './scores.ts';

/** What a threshold is chosen for; one of the two. */
export type CalibrationTarget =
  | {
      /** `accuracy`: most pairs called right. `f1`: highest F1 of calling pairs same, for sets with few same pairs. */
      readonly maximize: 'accuracy' | 'f1';
      readonly maxFalseAcceptRate?: undefined;
    }
  | {
      /** The largest share of different pairs that may be called same, 0 to 1; the true accept rate is maximized. */
      readonly maxFalseAcceptRate: number;
      readonly maximize?: undefined;
    };

/**
 * Chooses the threshold that serves a target best on scored pairs, and reports what it does on them.
 *
 * Threshold in the units of the scores, rates as fractions 0 to 1. Candidates are the midpoints between neighboring
 * unique scores plus one threshold that accepts nothing and one that accepts everything, all finite; equal scores are
 * never separated. Where several candidates serve the target equally, the strictest is taken: the one that accepts
 * fewest pairs. With `maxFalseAcceptRate` that can be the one that accepts nothing, whose rate is 0.
 *
 * The threshold is a double between two float32 scores: rounding it to float32 can move it onto one of them. The
 * returned metrics are optimistic, as the threshold was chosen on the same pairs; measure it on others with
 * `evaluateVerification`.
 *
 * Cost: O(n log n) in the number of pairs.
 *
 * Throws: RangeError for a target that is not one of the two, a limit outside 0 to 1, or pairs that cannot be measured:
 * an empty set, lengths that differ, a score that is not finite, a label that is not 0 or 1, only one kind of pair, an
 * unknown measure; TypeError where `scores` is not a Float32Array or `same` not a Uint8Array.
 *
 * @example calibrateThreshold({ measure: 'distance', scores: new Float32Array([1, 2, 10, 20]), same: new Uint8Array([1, 1, 0, 0]) }, { maximize: 'accuracy' }).threshold // 6
 * @example calibrateThreshold({ measure: 'similarity', scores: new Float32Array([0.75, 0.5, 0.25]), same: new Uint8Array([1, 0, 1]) }, { maxFalseAcceptRate: 0 }).recall // 0.5
 */
export function calibrateThreshold(scored: ScoredPairs, target: CalibrationTarget): ThresholdMetrics {
  checkTarget(target);
  checkScoredPairs('calibrateThreshold', scored);
  const sweep = sweepThresholds(scored);
  const limit = target.maxFalseAcceptRate;
  const cut = strictestBest(sweep, (confusion) => {
    if (limit === undefined) return target.maximize === 'f1' ? f1Of(confusion) : accuracyOf(confusion);
    return confusion.falseAccept / sweep.different <= limit ? confusion.trueAccept : -1;
  });
  return thresholdMetrics(sweep.thresholds[cut], confusionAt(sweep, cut));
}

function checkTarget({ maximize, maxFalseAcceptRate: limit }: CalibrationTarget): void {
  if ((maximize === undefined) === (limit === undefined)) {
    const got = limit === undefined ? 'neither' : 'both';
    throw new RangeError(
      `calibrateThreshold: the target must be either maximize or maxFalseAcceptRate; got ${got}. Pass one of them.`,
    );
  }
  if (limit === undefined) {
    if (maximize === 'accuracy' || maximize === 'f1') return;
    throw new RangeError(
      `calibrateThreshold: maximize is not a known target; got ${String(maximize)}. Use 'accuracy' or 'f1'.`,
    );
  }
  if (typeof limit !== 'number' || !(limit >= 0 && limit <= 1)) {
    throw new RangeError(
      `calibrateThreshold: maxFalseAcceptRate must be a number from 0 to 1; got ${String(limit)}. Write 1 % as 0.01.`,
    );
  }
}
