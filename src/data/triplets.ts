import { checkInteger } from '../tensor/check.ts';
import { checkSource } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { assemble, chunks, groupByClass, planned, type SamplerOptions, withTwo } from './batches.ts';
import { ClassSampler } from './classSampler.ts';
import type { LabelledSet } from './imageSet.ts';
import { type SampledBatches, singlesWarning, withReport } from './samplingReport.ts';

/** Row i of each belongs to triplet i. */
export interface TripletBatch {
  readonly anchor: Tensor;
  /** Of the anchor's class, another sample. */
  readonly positive: Tensor;
  /** Of another class. */
  readonly negative: Tensor;
}

/** Options of `triplets`. */
export interface TripletsOptions extends SamplerOptions {
  /** Triplets a batch. */
  readonly batchSize: number;
  /** Triplets an epoch. Default a third of the samples, so that an epoch draws each about once. */
  readonly triplets?: number | undefined;
}

/**
 * Random triplets, with all classes drawn equally often: anchors from those with two samples, negatives from all that
 * the anchors leave. `report` says how often the samples of small and of large classes are drawn.
 *
 * Shapes: anchor, positive, negative `[batchSize, ...sample]`; the last batch of an epoch may be smaller.
 * Throws: RangeError for a set with one class only, or where no class has two samples.
 *
 * @example
 * const set = imageSet({ shape: [4, 1, 1], data: new Uint8Array([1, 1, 9, 9]) }, [0, 0, 1, 1], { scale: 1 });
 * const [{ anchor, positive }] = triplets(set, { batchSize: 1, triplets: 1, random: createRandom(1) }).epoch(0);
 * anchor.item() === positive.item() // true
 */
export function triplets(set: LabelledSet, options: TripletsOptions): SampledBatches<TripletBatch> {
  const { batchSize, random, transform, triplets: total = Math.max(1, Math.floor(set.length / 3)) } = options;
  checkSource('triplets', random, 'samples');
  checkInteger('triplets', 'batchSize', batchSize, 1);
  checkInteger('triplets', 'triplets', total, 1);
  const members = groupByClass('triplets', set.labels);
  const large = withTwo('triplets', members);
  const plan = (epoch: number) => {
    const alike = new ClassSampler(large, random.fork(epoch).fork('same'));
    const apart = new ClassSampler(members, random.fork(epoch).fork('different'));
    return Array.from({ length: total }, (): readonly [number, number, number] => {
      const c = alike.nextClass();
      const anchor = alike.nextSample(c);
      const positive = alike.nextSample(c, (sample) => sample !== anchor);
      return [anchor, positive, apart.nextSample(apart.nextClass((d) => members[d] !== large[c]))];
    });
  };
  const make = (items: readonly (readonly [number, number, number])[], epoch: number, batch: number) => {
    const stream = random.fork(epoch).fork(batch);
    const part = (i: 0 | 1 | 2, name: string) =>
      assemble(
        set,
        items.map((triplet) => triplet[i]),
        transform,
        stream.fork(name),
      );
    return { anchor: part(0, 'anchor'), positive: part(1, 'positive'), negative: part(2, 'negative') };
  };
  const batches = planned(Math.ceil(total / batchSize), (epoch) => chunks(plan(epoch), batchSize), make);
  const draws = members.map((group) => (group.length > 1 ? (2 * total) / large.length : 0) + total / members.length);
  return withReport(batches, set.labels, members, draws, [
    singlesWarning(set.labels, members, 'occurs as negative only'),
  ]);
}
