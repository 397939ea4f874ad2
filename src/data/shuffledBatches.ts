import { checkInteger } from '../tensor/check.ts';
import { checkSource } from '../tensor/random.ts';
import { assemble, chunks, planned, type SamplerOptions, type SyncBatches } from './batches.ts';
import type { ClassBatch } from './classBatches.ts';
import type { LabelledSet } from './imageSet.ts';

/** Options of `shuffledBatches`. */
export interface ShuffledBatchesOptions extends SamplerOptions {
  /** Samples a batch. */
  readonly batchSize: number;
  /**
   * Leaves out the last batch of an epoch where it would be smaller: of one sample, BatchNorm1d learns nothing, and
   * throws. Default false.
   */
  readonly dropLast?: boolean | undefined;
}

/**
 * The samples of a set in random order, each once an epoch, whatever their classes: for losses with class weights, and
 * where batches are so large that each class occurs by itself.
 *
 * Shapes: images `[batchSize, ...sample]`, labels batchSize integers; the last batch of an epoch may be smaller.
 * Throws: RangeError for an empty set, and where `dropLast` leaves no batch.
 *
 * @example
 * const set = imageSet({ shape: [4, 1, 1], data: new Uint8Array(4) }, [0, 0, 1, 1]);
 * shuffledBatches(set, { batchSize: 3, random: createRandom(1) }).length // 2
 */
export function shuffledBatches(set: LabelledSet, options: ShuffledBatchesOptions): SyncBatches<ClassBatch> {
  const { batchSize, random, transform, dropLast = false } = options;
  checkSource('shuffledBatches', random, 'samples');
  checkInteger('shuffledBatches', 'batchSize', batchSize, 1);
  const total = dropLast ? set.length - (set.length % batchSize) : set.length;
  if (set.length === 0) throw new RangeError('shuffledBatches: the set is empty. Add samples.');
  if (total === 0) {
    throw new RangeError(
      `shuffledBatches: ${set.length} samples make no batch of ${batchSize}. Lower 'batchSize', or leave out 'dropLast'.`,
    );
  }
  const plan = (epoch: number) => chunks([...random.fork(epoch).permutation(set.length).subarray(0, total)], batchSize);
  return planned(Math.ceil(total / batchSize), plan, (items, epoch, batch) => ({
    images: assemble(set, items, transform, random.fork(epoch).fork(batch)),
    labels: Int32Array.from(items, (i) => set.labels[i]),
  }));
}
