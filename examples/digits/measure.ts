import {
  balancedPairs,
  calibrateThreshold,
  type Distance,
  embedSet,
  evaluateFewShot,
  evaluateVerification,
  type FewShotReport,
  Flatten,
  type LabelledImages,
  type LabelledSet,
  noGrad,
  type PairBatch,
  type Random,
  type ScoredPairs,
  type SyncBatches,
  scorePairs,
  Twin,
  take,
  type VerificationReport,
} from 'twingrad';
import type { Digits } from './data.ts';

/** Episodes of one-shot recognition; the interval shrinks with their root. */
const EPISODES = 1000;
const BATCH = 128;

/** The pairs and images that a twin and its baseline are both measured on. */
export interface Exam {
  /** Held-out images, for the threshold alone. */
  readonly heldOut: LabelledImages;
  readonly calibrationPairs: number;
  readonly images: LabelledImages;
  readonly testPairs: number;
  readonly ways: number;
  readonly random: Random;
}

/** What was measured of one twin. */
export interface Measured {
  readonly scored: ScoredPairs;
  readonly report: VerificationReport;
  readonly oneShot: FewShotReport;
}

/** As many test pairs as test images were asked for, and half as many to calibrate on. */
export function prepareExam({ heldOut, test }: Digits, testImages: number, random: Random): Exam {
  return {
    heldOut,
    calibrationPairs: testImages >> 1,
    images: test,
    testPairs: testImages,
    ways: test.classes.length,
    random,
  };
}

/** The test pairs of an exam: the same ones for images and for their embeddings, as labels alone decide. */
export function testPairs({ testPairs: pairs, random }: Exam, set: LabelledSet): SyncBatches<PairBatch> {
  return balancedPairs(set, { batchSize: BATCH, pairs, random: random.fork('test') });
}

/** Finds the threshold on held-out pairs, then measures on test pairs, once. */
export function measure(twin: Twin<Distance>, exam: Exam): Measured {
  const { heldOut, calibrationPairs: pairs, images, ways, random } = exam;
  // An image is in several pairs: embedded once, it is compared often.
  const compare = new Twin(new Flatten(), { compare: twin.metric });
  const calibration = balancedPairs(embedded(twin, heldOut), {
    batchSize: BATCH,
    pairs,
    random: random.fork('calibration'),
  });
  const { threshold } = calibrateThreshold(scorePairs(compare, calibration), { maximize: 'accuracy' });
  const test = embedded(twin, images);
  const scored = scorePairs(compare, testPairs(exam, test));
  return {
    scored,
    report: evaluateVerification(scored, { threshold }),
    oneShot: evaluateFewShot(compare, test, { ways, episodes: EPISODES, random: random.fork('one-shot') }),
  };
}

/** A set of images as a set of their embeddings. */
function embedded(twin: Twin<Distance>, images: LabelledImages): LabelledSet {
  const { length, labels } = images;
  const embeddings = embedSet(twin, images, { batchSize: BATCH });
  return { length, labels, batch: (indices) => noGrad(() => take(embeddings, Int32Array.from(indices))) };
}
