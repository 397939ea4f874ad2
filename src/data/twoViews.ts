import { checkInteger } from '../tensor/check.ts';
import { checkSource, type Random } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { assemble, planned, type SyncBatches } from './batches.ts';
import type { LabelledSet } from './imageSet.ts';

/** Makes a view of a batch, a row a sample: `(x, random) => augment(x, { shift: 2, rotate: 15, random })`. */
export type View = (x: Tensor, random: Random) => Tensor;

/** Row i of a and row i of b are views of one sample. */
export interface ViewBatch {
  readonly a: Tensor;
  readonly b: Tensor;
  /** The class of each sample; 0 where the set has none. */
  readonly labels: Int32Array;
}

/** Options of `twoViews`. */
export interface TwoViewsOptions {
  /** Samples a batch, at least 2. */
  readonly batchSize: number;
  /** Makes both views, each with a stream of its own; or two, for methods whose views differ. */
  readonly transform: View | readonly [a: View, b: View];
  /** Where order and views come from; epoch i forks it by number. */
  readonly random: Random;
}

/**
 * Two views of each sample, for what learns without labels: SimCLR, SimSiam, BYOL, Barlow Twins, VICReg.
 *
 * Each sample occurs once an epoch, in random order. Where batchSize does not divide their number, all batches are a
 * little smaller, instead of one that is small: batch statistics need several samples. So none has only one; the price
 * is a batch of 3 where batchSize is 2 and the number odd. Labels are those of the set, for an evaluation;
 * `imageSet(images)` has none.
 *
 * Shapes: a and b `[batchSize or fewer, ...view]`, labels as many integers.
 * Source: Chen et al. 2020, "A simple framework for contrastive learning of visual representations", section 2.1.
 * Throws: RangeError for a set with fewer than 2 samples, and for a view that returns another number of rows; TypeError
 * for a transform that is none.
 *
 * @example
 * const set = imageSet({ shape: [5, 1, 1], data: new Uint8Array(5) });
 * const views = twoViews(set, { batchSize: 4, transform: (x) => x, random: createRandom(1) });
 * Array.from(views.epoch(0), ({ a }) => a.shape[0]) // [2, 3]
 */
export function twoViews(set: LabelledSet, options: TwoViewsOptions): SyncBatches<ViewBatch> {
  const { batchSize, transform, random } = options;
  checkSource('twoViews', random, 'samples');
  checkInteger('twoViews', 'batchSize', batchSize, 2);
  const count = set.length;
  if (count < 2)
    throw new RangeError(
      `twoViews: the set holds ${count === 0 ? 'no sample' : '1 sample'}. Batches need at least two.`,
    );
  const [viewA, viewB] = Array.isArray(transform) ? transform : [transform, transform];
  if (typeof viewA !== 'function' || typeof viewB !== 'function') {
    throw new TypeError(
      'twoViews: transform must be a function of (x, random), or two in a list. Pass e.g. (x, random) => augment(x, { shift: 2, random }).',
    );
  }
  // With one batch for every two samples at most, none has only one.
  const length = Math.min(Math.ceil(count / batchSize), Math.floor(count / 2));
  const plan = (epoch: number) => {
    const order = [...random.fork(epoch).permutation(count)];
    return (batch: number) =>
      order.slice(Math.floor((batch * count) / length), Math.floor(((batch + 1) * count) / length));
  };
  return planned(length, plan, (items, epoch, batch) => {
    const stream = random.fork(epoch).fork(batch);
    return {
      a: assemble(set, items, viewA, stream.fork('a')),
      b: assemble(set, items, viewB, stream.fork('b')),
      labels: Int32Array.from(items, (i) => set.labels[i]),
    };
  });
}
