import { checkInteger } from '../tensor/check.ts';
import { checkSource } from '../tensor/random.ts';
import {
  assemblePairs,
  chunks,
  groupByClass,
  type PairBatch,
  planned,
  type SamplerOptions,
  withTwo,
} from './batches.ts';
import { ClassSampler } from './classSampler.ts';
import type { LabelledSet } from './imageSet.ts';
import { type SampledBatches, singlesWarning, withReport } from './samplingReport.ts';

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
 * in different pairs only. Indices are drawn, samples are not copied before a batch is made. `report` says how often
 * the samples of small and of large classes are drawn.
 * Throws: RangeError for a set with one class only, or where no class has two samples.
 *
 * @example
 * const set = imageSet({ shape: [4, 1, 1], data: new Uint8Array(4) }, [0, 0, 1, 1]);
 * const [batch] = balancedPairs(set, { batchSize: 4, pairs: 4, random: createRandom(1) }).epoch(0);
 * batch.different // [0, 1, 0, 1]
 */
export function balancedPairs(set: LabelledSet, options: BalancedPairsOptions): SampledBatches<PairBatch> {
  const { batchSize, random, transform, pairs = Math.max(2, set.length) } = options;
  checkSource('balancedPairs', random, 'samples');
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
  const batches = planned(
    Math.ceil(pairs / batchSize),
    (epoch) => chunks(plan(epoch), batchSize),
    (items, epoch, batch) => assemblePairs(set, items, transform, random.fork(epoch).fork(batch)),
  );
  const same = Math.ceil(pairs / 2);
  const draws = members.map(
    (group) => (group.length > 1 ? (2 * same) / large.length : 0) + (2 * (pairs - same)) / members.length,
  );
  return withReport(batches, set.labels, members, draws, [
    singlesWarning(set.labels, members, 'occurs in different pairs only'),
  ]);
}
