import { checkInteger } from '../tensor/check.ts';
import { checkSource } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { assemble, groupByClass, planned, type SamplerOptions, withTwo } from './batches.ts';
import { coverClasses, windows } from './classCover.ts';
import type { LabelledSet } from './imageSet.ts';
import { type SampledBatches, singlesWarning, withReport } from './samplingReport.ts';

/** Row i of a and row i of b belong together; the other rows of b are what row i of a does not belong to. */
export interface PositiveBatch {
  readonly a: Tensor;
  readonly b: Tensor;
  /** The class of each pair. */
  readonly labels: Int32Array;
}

/** Options of `positivePairs`. */
export interface PositivePairsOptions extends SamplerOptions {
  /** Pairs a batch, each of another class: at least 2, at most as many as there are classes with two samples. */
  readonly batchSize: number;
  /**
   * Batches an epoch. Default as many as hold every sample of the classes with two samples at least once. With another
   * number an epoch goes on where the one before it stopped.
   */
  readonly batches?: number | undefined;
}

/**
 * Pairs of one class, no class twice in a batch, so that the other pairs of the batch are negatives indeed: what
 * N-pairs and InfoNCE expect.
 *
 * Each epoch holds every sample of a class with two samples or more. To keep the classes of a batch apart, the smaller
 * classes are drawn again beside the largest; `report` says how often. A class with one sample has no pair and is left
 * out.
 *
 * Shapes: a and b `[batchSize, ...sample]`, labels batchSize integers. The two samples of a pair are never the same.
 * Throws: RangeError for a set with one class only, or where fewer than `batchSize` classes have two samples.
 *
 * @example
 * const set = imageSet({ shape: [4, 1, 1], data: new Uint8Array([7, 7, 9, 9]) }, [0, 0, 1, 1], { scale: 1 });
 * const [{ a, b }] = positivePairs(set, { batchSize: 2, random: createRandom(1) }).epoch(0);
 * a.data.every((value, i) => value === b.data[i]) // true
 */
export function positivePairs(set: LabelledSet, options: PositivePairsOptions): SampledBatches<PositiveBatch> {
  const { batchSize, random, transform } = options;
  checkSource('positivePairs', random, 'samples');
  checkInteger('positivePairs', 'batchSize', batchSize, 2);
  const members = groupByClass('positivePairs', set.labels);
  const large = withTwo('positivePairs', members);
  if (large.length < batchSize) {
    throw new RangeError(
      `positivePairs: a batch of ${batchSize} classes from ${large.length} that have two samples. Lower 'batchSize': no class comes twice in a batch.`,
    );
  }
  const cover = coverClasses(large, { classes: batchSize, samples: 2 }, random);
  const length = checkInteger('positivePairs', 'batches', options.batches ?? cover.length, 1);
  const batches = planned(length, windows(cover, length), (items, epoch, batch) => {
    const stream = random.fork(epoch).fork(batch);
    const side = (first: 0 | 1, name: string) =>
      assemble(
        set,
        items.filter((_, i) => i % 2 === first),
        transform,
        stream.fork(name),
      );
    const labels = Int32Array.from({ length: batchSize }, (_, i) => set.labels[items[2 * i]]);
    return { a: side(0, 'a'), b: side(1, 'b'), labels };
  });
  const drawsOf = new Map(large.map((group, c) => [group, (cover.draws[c] * length) / cover.length]));
  const draws = members.map((group) => drawsOf.get(group) ?? 0);
  const warnings = [singlesWarning(set.labels, members, 'is left out')];
  return withReport(batches, set.labels, members, draws, warnings, cover.filledUp ? "Lower 'batchSize'" : undefined);
}
