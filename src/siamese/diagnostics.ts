import { take } from '../autograd/ops/indexed.ts';
import { normalize } from '../autograd/ops/normalize.ts';
import { type Metric, pairwiseDistances } from '../autograd/ops/pairwiseDistances.ts';
import { std } from '../autograd/ops/variance.ts';
import { scope } from '../autograd/scope.ts';
import { noGrad } from '../autograd/tape.ts';
import { classesOf } from '../losses/labelledBatch.ts';
import { boundOf, checkMargin } from '../losses/margin.ts';
import { uniformity } from '../losses/uniformity.ts';
import { firstNonFinite } from '../tensor/check.ts';
import type { Integers } from '../tensor/intTensor.ts';
import { createRandom } from '../tensor/random.ts';
import { ShapeError } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { effectiveRank, eigenvalues, type Symmetric } from './diagnosticsSpectrum.ts';
import { notFiniteWarning, say, warningsOf } from './diagnosticsWarnings.ts';

/** Options of `diagnoseEmbeddings`: what is known besides the embeddings. */
export interface DiagnosisOptions {
  /** A class for each row, for the distances of positives and negatives and the alignment. Default none. */
  readonly labels?: Integers | undefined;
  /** The distance that the loss is of, in which distances and the margin are meant. Default 'euclidean'. */
  readonly distance?: Metric | undefined;
  /** The mean loss, to be compared with the margin. Default none. */
  readonly loss?: number | undefined;
  /** The margin of the loss, a distance above 0: what counts as alike is then a part of it. Default none. */
  readonly margin?: number | undefined;
  /** Share of the pairs or triplets that cost something, as `pairStatistics` and `tripletStatistics` give it. Default none. */
  readonly activeFraction?: number | undefined;
}

/** What `diagnoseEmbeddings` found. */
export interface EmbeddingReport {
  readonly count: number;
  readonly dimensions: number;
  /**
   * Standard deviation along the batch of each dimension of the embeddings scaled to length 1: the mean and the least of
   * them, beside `even`, `1 / sqrt(D)`, what directions drawn evenly have. 0 after a collapse.
   */
  readonly deviation: { readonly mean: number; readonly least: number; readonly even: number };
  /** About how many directions the embeddings use, of D: from 1, all on a line, to D; 0 where all are equal. */
  readonly effectiveRank: number;
  /** Lengths of the embeddings. */
  readonly norm: { readonly least: number; readonly mean: number; readonly largest: number };
  /** Mean distances of two rows: of any two, and with labels of two of one class and of two classes, where there are such. */
  readonly distance: {
    readonly mean: number;
    readonly positive: number | undefined;
    readonly negative: number | undefined;
  };
  /** Mean squared distance on the unit sphere of two rows of one class, from 0 to 4; undefined without such rows. */
  readonly alignment: number | undefined;
  /** `uniformity` with t = 2, from -8 to 0. */
  readonly uniformity: number;
  /** What looks wrong, with the remedy, the gravest first. Empty where nothing does. */
  readonly warnings: readonly string[];
}

/** Most rows whose distances to one another are taken: 125,000 pairs tell a mean to well below a hundredth. */
const MOST_ROWS = 500;

/** Most rows, of more dimensions than that, whose effective rank is taken: its cost grows as their cube. */
const MOST_SPECTRUM = 1000;

/** Deviation below which a dimension is dead, of the root of the mean variance: its share of a distance is 1e-4. */
const DEAD = 0.01;

/**
 * Whether embeddings have collapsed, or are about to: figures of how they are spread, and warnings in plain words with
 * the remedy. For the end of an epoch, on some hundred held-out embeddings or more. Records nothing.
 *
 * Formula: the effective rank is the exponential of the entropy of the singular values of the embeddings less their mean,
 * as shares of their sum. Distances, alignment and uniformity are of at most 500 rows, drawn the same way each time, one
 * from each of 500 stretches of equal length, and so is the effective rank of 1,000 rows where there are more than 1,000
 * rows and dimensions; all else is of all rows. NaN or an infinity leaves all figures NaN and one warning.
 * Cost: `N D m / 2 + 4/3 m^3` operations, m being the least of N, D and 1,000 (half a second for 1,000 rows of 512), and
 * the distances of the 500 rows.
 * Source: Roy and Vetterli 2007 (effective rank); Chen and He 2021, section 4.1 (deviation beside 1 / sqrt(D)); Wang and
 * Isola 2020 (alignment, uniformity); Jing et al. 2022 (dimensional collapse).
 * Throws: ShapeError unless embeddings are [N, D] with at least two rows and a class for each where there are labels;
 * RangeError for an unknown distance, for a margin that is not above 0 or that it cannot reach, and for an active fraction
 * outside [0, 1].
 *
 * @example
 * const report = diagnoseEmbeddings(tensor([[1, 2], [1, 2], [1, 2]]), { loss: 0.5, margin: 0.5 });
 * report.warnings[0] // 'loss equals the margin: all embeddings are alike. Lower the learning rate, or start with batch-all mining.'
 * @example diagnoseEmbeddings(tensor([[1, 0], [-1, 0], [0, 1], [0, -1]])).effectiveRank // 2
 */
export function diagnoseEmbeddings(embeddings: Tensor, options: DiagnosisOptions = {}): EmbeddingReport {
  const { labels, distance: metric = 'euclidean', loss, margin, activeFraction } = options;
  const [count, dimensions] = embeddings.shape;
  if (embeddings.shape.length !== 2 || count < 2 || dimensions < 1) {
    throw new ShapeError(
      'diagnoseEmbeddings',
      'embeddings must be [N, D], at least two rows',
      [embeddings.shape],
      'Pass the embeddings of a held-out set, or of a large batch.',
    );
  }
  const bound = boundOf('diagnoseEmbeddings', metric);
  if (margin !== undefined) checkMargin('diagnoseEmbeddings', margin, bound);
  if (activeFraction !== undefined && !(activeFraction >= 0 && activeFraction <= 1))
    throw new RangeError(`diagnoseEmbeddings: activeFraction must lie in [0, 1]; got ${activeFraction}.`);
  const classes = labels === undefined ? undefined : classesOf('diagnoseEmbeddings', embeddings, labels);
  const bad = firstNonFinite(embeddings.data);
  if (bad >= 0) return unknown(embeddings, notFiniteWarning(Math.floor(bad / dimensions), embeddings.data[bad]));

  const norm = lengthsOf(embeddings);
  const { variances, spread, rank } = scope(() => noGrad(() => spreadOf(embeddings)));
  const usual = Math.sqrt(variances.reduce((sum, v) => sum + v, 0) / dimensions);
  const pairs = scope(() => noGrad(() => pairFigures(embeddings, classes, metric)));
  const deviations = noGrad(() => std(normalize(embeddings), { axis: 0, correction: 0 })).data;
  const { distance, ...onSphere } = pairs;
  return {
    count,
    dimensions,
    deviation: {
      mean: meanOf(deviations),
      least: deviations.reduce((a, b) => Math.min(a, b)),
      even: 1 / Math.sqrt(dimensions),
    },
    effectiveRank: rank,
    norm,
    distance,
    ...onSphere,
    warnings: warningsOf({
      count,
      dimensions,
      spread,
      dead: variances.filter((v) => Math.sqrt(v) < DEAD * usual).length,
      effectiveRank: rank,
      classes: classes === undefined ? undefined : new Set(classes).size,
      meanNorm: norm.mean,
      metric,
      meanDistance: distance.mean,
      positiveDistance: distance.positive,
      negativeDistance: distance.negative,
      loss,
      margin,
      activeFraction,
    }),
  };
}

/**
 * A report in a few lines of text: what to print at the end of an epoch.
 *
 * @example describeEmbeddings(diagnoseEmbeddings(tensor([[1, 0], [-1, 0], [0, 1], [0, -1]]))).split('\n')[1] // 'deviation 0.707 of 0.707, least 0.707; effective rank 2 of 2'
 */
export function describeEmbeddings(report: EmbeddingReport): string {
  const { count, dimensions, deviation, effectiveRank: rank, norm, distance, alignment, uniformity: even } = report;
  const sayIf = (value: number | undefined) => (value === undefined ? 'none' : say(value));
  return [
    `${count} embeddings of ${dimensions} dimensions, lengths ${say(norm.least)} to ${say(norm.largest)}`,
    `deviation ${say(deviation.mean)} of ${say(deviation.even)}, least ${say(deviation.least)}; effective rank ${say(rank)} of ${dimensions}`,
    `mean distance ${say(distance.mean)}, positives ${sayIf(distance.positive)}, negatives ${sayIf(distance.negative)}; alignment ${sayIf(alignment)}, uniformity ${say(even)}`,
    ...report.warnings.map((warning) => `warning: ${warning}`),
  ].join('\n');
}

/** Nothing is known of numbers that are none. */
function unknown({ shape: [count, dimensions] }: Tensor, warning: string): EmbeddingReport {
  return {
    count,
    dimensions,
    deviation: { mean: NaN, least: NaN, even: 1 / Math.sqrt(dimensions) },
    effectiveRank: NaN,
    norm: { least: NaN, mean: NaN, largest: NaN },
    distance: { mean: NaN, positive: undefined, negative: undefined },
    alignment: undefined,
    uniformity: NaN,
    warnings: [warning],
  };
}

function lengthsOf({ data, shape: [count, width] }: Tensor): EmbeddingReport['norm'] {
  const lengths = Float64Array.from({ length: count }, (_, i) => {
    let squares = 0;
    for (let d = i * width; d < (i + 1) * width; d++) squares += data[d] * data[d];
    return Math.sqrt(squares);
  });
  const [least, largest] = [Math.min, Math.max].map((pick) => lengths.reduce((a, b) => pick(a, b)));
  return { least, mean: meanOf(lengths), largest };
}

/** Variances of the dimensions, their sum as a share of the mean squared length, and the effective rank. */
function spreadOf(x: Tensor): { readonly variances: Float64Array; readonly spread: number; readonly rank: number } {
  const [count, width] = x.shape;
  const { rows, means } = centered(x);
  const variances = new Float64Array(width);
  for (let i = 0; i < rows.length; i++) variances[i % width] += (rows[i] * rows[i]) / count;
  const spread = variances.reduce((sum, v) => sum + v, 0);
  const whole = spread + means.reduce((sum, v) => sum + v * v, 0);
  const rank =
    Math.min(count, width) > MOST_SPECTRUM
      ? rankOf(centered(take(x, sample(count, MOST_SPECTRUM))).rows, MOST_SPECTRUM, width)
      : rankOf(rows, count, width);
  return { variances, spread: whole === 0 ? 0 : spread / whole, rank };
}

/** The rows less their mean, and the mean. */
function centered({ data, shape: [count, width] }: Tensor): {
  readonly rows: Float64Array;
  readonly means: Float64Array;
} {
  const means = new Float64Array(width);
  for (let i = 0; i < data.length; i++) means[i % width] += data[i] / count;
  return { rows: Float64Array.from(data, (v, i) => v - means[i % width]), means };
}

function rankOf(rows: Float64Array, count: number, width: number): number {
  // Products of rows and products of columns have the same eigenvalues above 0; the smaller matrix is the cheaper one.
  const products = count < width ? gram(rows, count, width, width, 1) : gram(rows, width, count, 1, width);
  return effectiveRank(eigenvalues(products));
}

/** The products of `size` vectors of `length` numbers, which begin `begin` apart and whose numbers are `step` apart. */
function gram(rows: Float64Array, size: number, length: number, begin: number, step: number): Symmetric {
  const data = new Float64Array(size * size);
  for (let n = 0; n < length; n++) {
    for (let i = 0; i < size; i++) {
      const v = rows[i * begin + n * step];
      for (let j = 0; j <= i; j++) data[i * size + j] += v * rows[j * begin + n * step];
    }
  }
  return { data, size };
}

type PairFigures = Pick<EmbeddingReport, 'distance' | 'alignment' | 'uniformity'>;

/** Means over all pairs of rows, of a sample where there are many. */
function pairFigures(embeddings: Tensor, classes: Int32Array | undefined, metric: Metric): PairFigures {
  const chosen = sample(embeddings.shape[0], MOST_ROWS);
  const count = chosen.length;
  const rows = take(embeddings, chosen);
  const unit = normalize(rows);
  const apart = pairwiseDistances(rows, rows, { metric }).data;
  const onSphere =
    classes === undefined ? undefined : pairwiseDistances(unit, unit, { metric: 'squaredEuclidean' }).data;
  let [positives, negatives, near, far, aligned] = [0, 0, 0, 0, 0];
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < i; j++) {
      const at = i * count + j;
      if (classes !== undefined && onSphere !== undefined && classes[chosen[i]] === classes[chosen[j]]) {
        positives++;
        near += apart[at];
        aligned += onSphere[at];
      } else {
        negatives++;
        far += apart[at];
      }
    }
  }
  const share = (sum: number, pairs: number) => (classes === undefined || pairs === 0 ? undefined : sum / pairs);
  return {
    distance: {
      mean: (near + far) / (positives + negatives),
      positive: share(near, positives),
      negative: share(far, negatives),
    },
    alignment: share(aligned, positives),
    uniformity: uniformity(rows).item(),
  };
}

/** At even steps alone all could be of one class, where labels repeat as 0, 1, 2, 0, 1, 2. */
function sample(all: number, most: number): Int32Array {
  if (all <= most) return Int32Array.from({ length: all }, (_, i) => i);
  const random = createRandom(0);
  const begin = (i: number) => Math.floor((i * all) / most);
  return Int32Array.from({ length: most }, (_, i) => begin(i) + random.integer(begin(i + 1) - begin(i)));
}

function meanOf(values: Float32Array | Float64Array): number {
  let sum = 0;
  for (const v of values) sum += v;
  return sum / values.length;
}
