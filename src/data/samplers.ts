import { checkInteger } from '../tensor/check.ts';
import type { Tensor } from '../tensor/tensor.ts';
import {
  assemble,
  ClassSampler,
  groupByClass,
  planned,
  type SamplerOptions,
  type SyncBatches,
  withTwo,
} from './batches.ts';
import type { LabelledSet } from './imageSet.ts';

/** Row i of a is compared with row i of b. */
export interface PairBatch {
  readonly a: Tensor;
  readonly b: Tensor;
  /** 1 where the classes differ, 0 where they are the same. */
  readonly different: Uint8Array;
}

/** Options of `balancedPairs`. */
export interface BalancedPairsOptions extends SamplerOptions {
  /** Pairs a batch. */
  readonly batchSize: number;
  /** Pairs an epoch. Default as many as samples, so that an epoch draws each about twice. */
  readonly pairs?: number | undefined;
}

/**
 * Pairs of which every second is of one class, with all classes drawn equally often.
 *
 * Shapes: a and b `[batchSize, ...sample]`; the last batch of an epoch may be smaller. A class with one sample occurs
 * in different pairs only. Indices are drawn, samples are not copied before a batch is made.
 * Throws: RangeError for a set with one class only, or where no class has two samples.
 *
 * @example
 * const set = imageSet({ shape: [4, 1, 1], data: new Uint8Array(4) }, [0, 0, 1, 1]);
 * const [batch] = balancedPairs(set, { batchSize: 4, pairs: 4, random: createRandom(1) }).epoch(0);
 * batch.different // [0, 1, 0, 1]
 */
export function balancedPairs(set: LabelledSet, options: BalancedPairsOptions): SyncBatches<PairBatch> {
  const { batchSize, random, transform, pairs = Math.max(2, set.length) } = options;
  checkInteger('balancedPairs', 'batchSize', batchSize, 1);
  checkInteger('balancedPairs', 'pairs', pairs, 1);
  const members = groupByClass('balancedPairs', set.labels);
  const large = withTwo('balancedPairs', members);
  const plan = (epoch: number) => {
    const alike = new ClassSampler(large, random.fork(epoch).fork('same'));
    const apart = new ClassSampler(members, random.fork(epoch).fork('different'));
    return Array.from({ length: pairs }, (_, i): readonly [number, number] => {
      if (i % 2 === 0) {
        const c = alike.nextClass();
        const first = alike.nextSample(c);
        return [first, alike.nextSample(c, (sample) => sample !== first)];
      }
      const c = apart.nextClass();
      return [apart.nextSample(c), apart.nextSample(apart.nextClass((d) => d !== c))];
    });
  };
  return planned(pairs, batchSize, plan, (items, epoch, batch) => {
    const stream = random.fork(epoch).fork(batch);
    const side = (i: 0 | 1, name: string) =>
      assemble(
        set,
        items.map((pair) => pair[i]),
        transform,
        stream.fork(name),
      );
    const different = Uint8Array.from(items, ([a, b]) => (set.labels[a] === set.labels[b] ? 0 : 1));
    return { a: side(0, 'a'), b: side(1, 'b'), different };
  });
}

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
 * the anchors leave.
 *
 * Shapes: anchor, positive, negative `[batchSize, ...sample]`; the last batch of an epoch may be smaller.
 * Throws: RangeError for a set with one class only, or where no class has two samples.
 *
 * @example
 * const set = imageSet({ shape: [4, 1, 1], data: new Uint8Array([1, 1, 9, 9]) }, [0, 0, 1, 1], { scale: 1 });
 * const [{ anchor, positive }] = triplets(set, { batchSize: 1, triplets: 1, random: createRandom(1) }).epoch(0);
 * anchor.item() === positive.item() // true
 */
export function triplets(set: LabelledSet, options: TripletsOptions): SyncBatches<TripletBatch> {
  const { batchSize, random, transform, triplets: total = Math.max(1, Math.floor(set.length / 3)) } = options;
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
  return planned(total, batchSize, plan, (items, epoch, batch) => {
    const stream = random.fork(epoch).fork(batch);
    const part = (i: 0 | 1 | 2, name: string) =>
      assemble(
        set,
        items.map((triplet) => triplet[i]),
        transform,
        stream.fork(name),
      );
    return { anchor: part(0, 'anchor'), positive: part(1, 'positive'), negative: part(2, 'negative') };
  });
}

/** A labelled batch, for losses that compare all rows with all. */
export interface ClassBatch {
  readonly images: Tensor;
  readonly labels: Int32Array;
}

/** Options of `classBatches`. */
export interface ClassBatchesOptions extends SamplerOptions {
  /** Classes a batch (P), at least 2. */
  readonly classes: number;
  /** Samples of each class (K). */
  readonly samples: number;
  /** Batches an epoch. Default as many as draw each sample about once. */
  readonly batches?: number | undefined;
}

/**
 * Batches of P classes with K samples each, classes drawn equally often: what batch mining needs.
 *
 * Shapes: images `[P K, ...sample]`, labels P K integers, class by class.
 * Throws: RangeError where the set has fewer than P classes, or a class fewer than K samples.
 *
 * @example
 * const set = imageSet({ shape: [4, 1, 1], data: new Uint8Array(4) }, [0, 0, 1, 1]);
 * classBatches(set, { classes: 2, samples: 2, random: createRandom(1) }).length // 1
 */
export function classBatches(set: LabelledSet, options: ClassBatchesOptions): SyncBatches<ClassBatch> {
  const { classes, samples, random, transform } = options;
  checkInteger('classBatches', 'classes', classes, 2);
  checkInteger('classBatches', 'samples', samples, 1);
  const size = classes * samples;
  const batches = checkInteger(
    'classBatches',
    'batches',
    options.batches ?? Math.max(1, Math.floor(set.length / size)),
    1,
  );
  const members = groupByClass('classBatches', set.labels);
  if (members.length < classes)
    throw new RangeError(
      `classBatches: a batch of ${classes} classes from a set of ${members.length}. Lower 'classes'.`,
    );
  const small = members.find((group) => group.length < samples);
  if (small !== undefined) {
    throw new RangeError(
      `classBatches: class ${set.labels[small[0]]} has ${small.length} samples, fewer than ${samples}. Lower 'samples', or filter the class out.`,
    );
  }
  const plan = (epoch: number) => {
    const sampler = new ClassSampler(members, random.fork(epoch));
    const drawn: number[] = [];
    for (let batch = 0; batch < batches; batch++) {
      const chosen = new Set<number>();
      while (chosen.size < classes) chosen.add(sampler.nextClass((c) => !chosen.has(c)));
      for (const c of chosen) {
        const group = new Set<number>();
        while (group.size < samples) group.add(sampler.nextSample(c, (sample) => !group.has(sample)));
        drawn.push(...group);
      }
    }
    return drawn;
  };
  return planned(batches * size, size, plan, (items, epoch, batch) => ({
    images: assemble(set, items, transform, random.fork(epoch).fork(batch)),
    labels: Int32Array.from(items, (i) => set.labels[i]),
  }));
}
