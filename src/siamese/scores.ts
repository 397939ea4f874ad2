/** What comparing pairs gave, with the truth about each pair; `scorePairs` makes one from a twin. */
export interface ScoredPairs {
  /** Which way the scores run. `distance`: lower is more alike. `similarity`: higher is more alike. */
  readonly measure: 'distance' | 'similarity';
  /** One finite score a pair, in the units of the twin's `compare`. */
  readonly scores: Float32Array;
  /** One label a pair: 1 where both sides are of one class, 0 where they differ. */
  readonly same: Uint8Array;
}

/** How many pairs fall into each of the four outcomes of "call it same or different". */
export interface Confusion {
  /** Same pairs called same. */
  readonly trueAccept: number;
  /** Different pairs called same. */
  readonly falseAccept: number;
  /** Different pairs called different. */
  readonly trueReject: number;
  /** Same pairs called different. */
  readonly falseReject: number;
}

/** What one threshold does on one set of pairs. Rates are fractions, 0 to 1. */
export interface ThresholdMetrics {
  /** A pair is called same when its distance is at most, or its similarity at least, this number. */
  readonly threshold: number;
  /** Number of pairs. */
  readonly pairs: number;
  /** Pairs called right, over all pairs. Plain, so on an imbalanced set the larger kind dominates it. */
  readonly accuracy: number;
  /** `trueAccept / (trueAccept + falseAccept)`; 0 where no pair is called same (`zero_division=0` of scikit-learn). */
  readonly precision: number;
  /** `trueAccept / (trueAccept + falseReject)`, also called true accept rate; equals `1 - falseRejectRate`. */
  readonly recall: number;
  /** Harmonic mean of precision and recall, `2 trueAccept / (2 trueAccept + falseAccept + falseReject)`. */
  readonly f1: number;
  /** Different pairs called same, over all different pairs. */
  readonly falseAcceptRate: number;
  /** Same pairs called different, over all same pairs. */
  readonly falseRejectRate: number;
}

/** Every way to cut a set of pairs in two, from the strictest cut (nothing accepted) to the loosest (everything). */
export interface Sweep {
  /** One threshold a cut, finite, equal to none of the scores. */
  readonly thresholds: Float64Array;
  /** Same pairs accepted at each cut. */
  readonly trueAccepts: Int32Array;
  /** Different pairs accepted at each cut. */
  readonly falseAccepts: Int32Array;
  /** Number of same pairs. */
  readonly same: number;
  /** Number of different pairs. */
  readonly different: number;
}

/** Whether a score calls its pair same: `distance <= threshold`, `similarity >= threshold`. */
export function accepts(measure: ScoredPairs['measure'], score: number, threshold: number): boolean {
  return measure === 'distance' ? score <= threshold : score >= threshold;
}

/**
 * Refuses scored pairs that nothing can be measured on.
 *
 * An infinite score is refused with NaN: no finite threshold could accept an infinite distance, and a network that
 * gives one has overflowed.
 *
 * Throws: TypeError for arrays of another kind; RangeError for an unknown measure, lengths that differ, an empty set,
 * a score that is not finite or a label that is not 0 or 1 (with its index), or a set with only one kind of pair.
 */
export function checkScoredPairs(op: string, { measure, scores, same }: ScoredPairs): void {
  if (measure !== 'distance' && measure !== 'similarity') {
    throw new RangeError(
      `${op}: unknown measure; got ${String(measure)}. Use 'distance' (lower is more alike) or 'similarity' (higher is).`,
    );
  }
  if (!(scores instanceof Float32Array)) {
    throw new TypeError(`${op}: scores must be a Float32Array. Convert them with Float32Array.from(scores).`);
  }
  if (!(same instanceof Uint8Array)) {
    throw new TypeError(`${op}: same must be a Uint8Array of 0 and 1. Convert it with Uint8Array.from(same).`);
  }
  if (scores.length !== same.length) {
    throw new RangeError(
      `${op}: scores and same differ in length; got ${scores.length} and ${same.length}. Pass one label a score.`,
    );
  }
  if (scores.length === 0) {
    throw new RangeError(
      `${op}: no pairs to measure; got an empty set. Score at least one same and one different pair.`,
    );
  }
  let ones = 0;
  for (let i = 0; i < scores.length; i++) {
    if (!Number.isFinite(scores[i])) {
      throw new RangeError(
        `${op}: scores must be finite; got ${scores[i]} at index ${i}. Check that the network's weights and inputs are finite.`,
      );
    }
    if (same[i] > 1) {
      throw new RangeError(
        `${op}: same must hold 0 or 1; got ${same[i]} at index ${i}. Write 1 for a same pair, 0 for a different one.`,
      );
    }
    ones += same[i];
  }
  if (ones === 0 || ones === same.length) {
    const missing = ones === 0 ? 'same' : 'different';
    throw new RangeError(
      `${op}: there is no ${missing} pair; got ${same.length} pairs of one kind. Add ${missing} pairs, or check the labels.`,
    );
  }
}

/**
 * All cuts of a checked set. Equal scores stay on one side, so `u` unique scores make `u + 1` cuts.
 *
 * Formula: the thresholds are the midpoints of neighboring unique scores, in double (a float32 could round onto a
 * score), and one beyond each end: `2 max(highest, 0) + 1` and `2 min(lowest, 0) - 1`. Both are finite, so that they
 * survive JSON, and for distances the one that rejects all is -1, which no later distance passes either.
 * Cost: O(n log n).
 */
export function sweepThresholds({ measure, scores, same }: ScoredPairs): Sweep {
  // As distances, lower is more alike for both measures; the sign is undone when a threshold is stored.
  const sign = measure === 'distance' ? 1 : -1;
  const alike = sortedDistances(scores, same, 1, sign);
  const unlike = sortedDistances(scores, same, 0, sign);
  const levels = new Float64Array(scores.length);
  const trueAccepts = new Int32Array(scores.length + 1);
  const falseAccepts = new Int32Array(scores.length + 1);
  let unique = 0;
  let i = 0;
  let j = 0;
  while (i < alike.length || j < unlike.length) {
    const level = Math.min(i < alike.length ? alike[i] : Infinity, j < unlike.length ? unlike[j] : Infinity);
    while (i < alike.length && alike[i] === level) i++;
    while (j < unlike.length && unlike[j] === level) j++;
    levels[unique++] = level;
    trueAccepts[unique] = i;
    falseAccepts[unique] = j;
  }
  const thresholds = new Float64Array(unique + 1);
  for (let cut = 0; cut <= unique; cut++) {
    let distance = 2 * Math.min(levels[0], 0) - 1;
    if (cut === unique) distance = 2 * Math.max(levels[unique - 1], 0) + 1;
    else if (cut > 0) distance = (levels[cut - 1] + levels[cut]) / 2;
    // Adding 0 turns the -0 of a mirrored zero into 0.
    thresholds[cut] = sign * distance + 0;
  }
  return {
    thresholds,
    trueAccepts: trueAccepts.subarray(0, unique + 1),
    falseAccepts: falseAccepts.subarray(0, unique + 1),
    same: alike.length,
    different: unlike.length,
  };
}

/** The cut with the highest value. Between equal values the strictest wins: the one that accepts fewest pairs. */
export function strictestBest(sweep: Sweep, value: (confusion: Confusion) => number): number {
  let best = 0;
  let highest = -Infinity;
  for (let cut = 0; cut < sweep.thresholds.length; cut++) {
    const candidate = value(confusionAt(sweep, cut));
    if (candidate > highest) {
      highest = candidate;
      best = cut;
    }
  }
  return best;
}

/** The four outcomes at a cut of a sweep. */
export function confusionAt({ trueAccepts, falseAccepts, same, different }: Sweep, cut: number): Confusion {
  const trueAccept = trueAccepts[cut];
  const falseAccept = falseAccepts[cut];
  return { trueAccept, falseAccept, trueReject: different - falseAccept, falseReject: same - trueAccept };
}

/** The rates that follow from the four outcomes; at least one pair is the same and one different. */
export function thresholdMetrics(threshold: number, confusion: Confusion): ThresholdMetrics {
  const { trueAccept, falseAccept, trueReject, falseReject } = confusion;
  const accepted = trueAccept + falseAccept;
  return {
    threshold,
    pairs: accepted + trueReject + falseReject,
    accuracy: accuracyOf(confusion),
    precision: accepted === 0 ? 0 : trueAccept / accepted,
    recall: trueAccept / (trueAccept + falseReject),
    f1: f1Of(confusion),
    falseAcceptRate: falseAccept / (falseAccept + trueReject),
    falseRejectRate: falseReject / (trueAccept + falseReject),
  };
}

/** Pairs called right, over all pairs. */
export function accuracyOf({ trueAccept, falseAccept, trueReject, falseReject }: Confusion): number {
  return (trueAccept + trueReject) / (trueAccept + falseAccept + trueReject + falseReject);
}

/** F1 from counts, one division: equal ratios give equal bits, so ties are found. */
export function f1Of({ trueAccept, falseAccept, falseReject }: Confusion): number {
  return (2 * trueAccept) / (2 * trueAccept + falseAccept + falseReject);
}

function sortedDistances(scores: Float32Array, same: Uint8Array, label: number, sign: number): Float32Array {
  const out = new Float32Array(scores.length);
  let length = 0;
  for (let i = 0; i < scores.length; i++) if (same[i] === label) out[length++] = sign * scores[i];
  return out.subarray(0, length).sort();
}
