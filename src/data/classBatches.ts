import { checkInteger } from '../tensor/check.ts';
import { checkSource } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { assemble, groupByClass, planned, type SamplerOptions } from './batches.ts';
import { coverClasses, windows } from './classCover.ts';
import type { LabelledSet } from './imageSet.ts';
import { namedClasses, type SampledBatches, withReport } from './samplingReport.ts';

/** A labelled batch, for losses that compare all rows with all. */
export interface ClassBatch {
  readonly images: Tensor;
  readonly labels: Int32Array;
}

/** Options of `classBatches`. */
export interface ClassBatchesOptions extends SamplerOptions {
  /** Classes a batch (P), at least 2. */
  readonly classes: number;
  /** Samples of each class (K): at least 2 for losses that need two of a class. */
  readonly samples: number;
  /**
   * Batches an epoch. Default as many as hold every sample at least once. With another number an epoch goes on where
   * the one before it stopped: all samples have occurred after so many epochs as make up the default.
   */
  readonly batches?: number | undefined;
}

/**
 * Batches of P classes with K samples each, in which every sample occurs each epoch: what batch mining needs.
 *
 * A class of n samples comes in ceil(n / K) groups, the last one filled up with samples drawn again. No batch holds a
 * class twice, so an epoch has at least as many batches as the largest class has groups, and the other classes, the
 * smallest first, are drawn again beside it. A class with fewer than K samples repeats them in a batch, which is as
 * good as none unless `transform` makes them differ. What is repeated, and how often, is in `report`.
 *
 * Shapes: images `[P K, ...sample]`, labels P K integers, class by class. No sample occurs twice in a batch where its
 * class has K.
 * Cost: planning takes time and memory linear in what the batches draw that hold every sample once, which are planned at
 * once.
 * Throws: RangeError where the set has fewer than P classes, or one only.
 *
 * @example
 * const set = imageSet({ shape: [5, 1, 1], data: new Uint8Array(5) }, [0, 0, 0, 1, 1]);
 * const batches = classBatches(set, { classes: 2, samples: 2, random: createRandom(1) });
 * [batches.length, batches.report.drawn, batches.report.repeated] // [2, 8, 3]
 */
export function classBatches(set: LabelledSet, options: ClassBatchesOptions): SampledBatches<ClassBatch> {
  const { classes, samples, random, transform } = options;
  checkSource('classBatches', random, 'samples');
  checkInteger('classBatches', 'classes', classes, 2);
  checkInteger('classBatches', 'samples', samples, 1);
  const members = groupByClass('classBatches', set.labels);
  if (members.length < classes)
    throw new RangeError(
      `classBatches: a batch of ${classes} classes from a set of ${members.length}. Lower 'classes'.`,
    );
  const cover = coverClasses(members, { classes, samples }, random);
  const length = checkInteger('classBatches', 'batches', options.batches ?? cover.length, 1);
  const batches = planned(length, windows(cover, length), (items, epoch, batch) => ({
    images: assemble(set, items, transform, random.fork(epoch).fork(batch)),
    labels: Int32Array.from(items, (i) => set.labels[i]),
  }));
  const small = members.filter((group) => group.length < samples);
  const draws = cover.draws.map((count) => (count * length) / cover.length);
  const warnings = [
    small.length === 0
      ? undefined
      : `${namedClasses(set.labels, small)} ${small.length === 1 ? 'has' : 'have'} fewer than ${samples} samples, so batches hold some of them more than once. Lower 'samples', gather more, filter them out, or pass a 'transform' that makes copies differ.`,
  ];
  return withReport(batches, set.labels, members, draws, warnings, cover.filledUp ? "Lower 'classes'" : undefined);
}
