import { take } from '../autograd/ops/indexed.ts';
import { nearestRows } from '../autograd/ops/nearestRows.ts';
import { type Metric, pairwiseDistances } from '../autograd/ops/pairwiseDistances.ts';
import { scope } from '../autograd/scope.ts';
import { noGrad } from '../autograd/tape.ts';
import { checkInteger, firstNonFinite } from '../tensor/check.ts';
import { checkSource } from '../tensor/random.ts';
import { ShapeError } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
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

/** Options of `hardPairs`. */
export interface HardPairsOptions extends SamplerOptions {
  /** `[N, D]`, row i of sample i of the set, from the encoder as it is now. Copied. */
  readonly embeddings: Tensor;
  /** Pairs a batch. */
  readonly batchSize: number;
  /** Pairs an epoch. Default as many as samples. */
  readonly pairs?: number | undefined;
  /**
   * A sample is paired with one of its so many nearest samples of other classes, or farthest of its own, each as
   * likely. With 1 it is always the hardest, often a wrong label or an outlier. Default 5.
   */
  readonly neighbors?: number | undefined;
  /** What near means: the distance that the loss is of. Default 'euclidean'. */
  readonly distance?: Metric | undefined;
}

/**
 * Pairs that the encoder gets wrong: every second of one class that it puts far apart, the others of two classes that
 * it puts close together. The first sample of each goes through all classes equally often, and evenly through their
 * samples.
 *
 * Embeddings age as the encoder learns: embed the set again, and make new pairs, every epoch or few,
 * `hardPairs(set, { embeddings: embedSet(twin, set), batchSize: 64, random: random.fork(round) })`.
 * Begin with `balancedPairs`: before the encoder has learned anything the hardest pairs teach little.
 * `report` counts the first samples only; how often a sample is the second one is for the embeddings to say.
 *
 * Shapes: a and b `[batchSize, ...sample]`; the last batch of an epoch may be smaller. A class with one sample occurs
 * in different pairs only.
 * Cost: an epoch takes the distances of its first samples to the whole set, `pairs * N * D` operations at most, in
 * blocks whose memory does not grow with N; those known from an epoch before are not taken again.
 * Source: Simo-Serra et al. 2015, "Discriminative learning of deep convolutional feature point descriptors", section
 * 3.3 (hard pairs, found anew as training goes on).
 * Throws: RangeError for a set with one class only, where no class has two samples, and, with its row, for an embedding
 * that is not finite; ShapeError unless the embeddings are a matrix with a row for each sample.
 *
 * @example
 * const set = imageSet({ shape: [4, 1, 1], data: new Uint8Array([0, 1, 2, 9]) }, [0, 0, 1, 1], { scale: 1 });
 * const embeddings = tensor([[0], [1], [2], [9]]);
 * const [{ a, b, different }] = hardPairs(set, { embeddings, batchSize: 2, pairs: 2, neighbors: 1, random: createRandom(3) }).epoch(0);
 * [...different, Math.abs(a.data[1] - b.data[1]) <= 7] // [0, 1, true]
 */
export function hardPairs(set: LabelledSet, options: HardPairsOptions): SampledBatches<PairBatch> {
  const {
    batchSize,
    random,
    transform,
    pairs = Math.max(2, set.length),
    neighbors = 5,
    distance = 'euclidean',
  } = options;
  checkSource('hardPairs', random, 'samples');
  checkInteger('hardPairs', 'batchSize', batchSize, 1);
  checkInteger('hardPairs', 'pairs', pairs, 1);
  checkInteger('hardPairs', 'neighbors', neighbors, 1);
  const members = groupByClass('hardPairs', set.labels);
  const large = withTwo('hardPairs', members);
  const search = new HardRows(copyOf(options.embeddings, set.length), set.labels, members, neighbors, distance);
  const plan = (epoch: number) => {
    const stream = random.fork(epoch);
    const alike = new ClassSampler(large, stream.fork('same'));
    const apart = new ClassSampler(members, stream.fork('different'));
    const firsts = Array.from({ length: pairs }, (_, i) => {
      const sampler = i % 2 === 0 ? alike : apart;
      return sampler.nextSample(sampler.nextClass());
    });
    search.findFarthest(firsts.filter((_, i) => i % 2 === 0));
    search.findNearest(firsts.filter((_, i) => i % 2 === 1));
    const choice = stream.fork('second');
    return firsts.map((first, i): readonly [number, number] => {
      const found = (i % 2 === 0 ? search.farthest : search.nearest).get(first) ?? [];
      return [first, found[choice.integer(found.length)]];
    });
  };
  const batches = planned(
    Math.ceil(pairs / batchSize),
    (epoch) => chunks(plan(epoch), batchSize),
    (items, epoch, batch) => assemblePairs(set, items, transform, random.fork(epoch).fork(batch)),
  );
  const same = Math.ceil(pairs / 2);
  const draws = members.map((group) => (group.length > 1 ? same / large.length : 0) + (pairs - same) / members.length);
  return withReport(batches, set.labels, members, draws, [
    singlesWarning(set.labels, members, 'occurs in different pairs only'),
  ]);
}

/** Distances worked out at a time, which the cache holds. */
const FIRSTS = 256;
const OTHERS = 1024;

/** Finds the hard partners of samples, and remembers them. */
class HardRows {
  /** The farthest samples of a sample's class. */
  readonly farthest = new Map<number, readonly number[]>();
  /** The nearest samples of other classes. */
  readonly nearest = new Map<number, readonly number[]>();
  readonly #embeddings: Tensor;
  readonly #labels: Int32Array;
  readonly #members: ReadonlyMap<number, readonly number[]>;
  readonly #count: number;
  readonly #metric: Metric;

  constructor(
    embeddings: Tensor,
    labels: Int32Array,
    members: readonly (readonly number[])[],
    count: number,
    metric: Metric,
  ) {
    this.#embeddings = embeddings;
    this.#labels = labels;
    this.#members = new Map(members.map((group) => [labels[group[0]], group]));
    this.#count = count;
    this.#metric = metric;
  }

  findNearest(samples: readonly number[]): void {
    const wanted = [...new Set(samples)].filter((sample) => !this.nearest.has(sample));
    if (wanted.length === 0) return;
    const labels = this.#labels;
    const { indices } = nearestRows(
      noGrad(() => take(this.#embeddings, wanted)),
      this.#embeddings,
      {
        k: this.#count,
        metric: this.#metric,
        accept: (query, reference) => labels[wanted[query]] !== labels[reference],
      },
    );
    wanted.forEach((sample, i) => {
      const found = indices.data.subarray(i * this.#count, (i + 1) * this.#count);
      this.nearest.set(
        sample,
        [...found].filter((row) => row >= 0),
      );
    });
  }

  findFarthest(samples: readonly number[]): void {
    const wanted = new Map<number, number[]>();
    for (const sample of new Set(samples)) {
      if (this.farthest.has(sample)) continue;
      const label = this.#labels[sample];
      const others = wanted.get(label);
      if (others === undefined) wanted.set(label, [sample]);
      else others.push(sample);
    }
    for (const [label, all] of wanted) {
      const group = this.#members.get(label) ?? [];
      for (let at = 0; at < all.length; at += FIRSTS) this.#findFarthestOf(all.slice(at, at + FIRSTS), group);
    }
  }

  /** The farthest of `group` for each of some samples in it; of equal distances the one that comes first. */
  #findFarthestOf(samples: readonly number[], group: readonly number[]): void {
    const best = samples.map((): { readonly row: number; readonly distance: number }[] => []);
    for (let at = 0; at < group.length; at += OTHERS) {
      const others = group.slice(at, at + OTHERS);
      scope(() => {
        const { data } = noGrad(() =>
          pairwiseDistances(take(this.#embeddings, samples), take(this.#embeddings, others), { metric: this.#metric }),
        );
        best.forEach((list, i) => {
          others.forEach((row, j) => {
            const distance = data[i * others.length + j];
            if (row === samples[i] || (list.length === this.#count && distance <= list[this.#count - 1].distance))
              return;
            let place = list.length;
            while (place > 0 && list[place - 1].distance < distance) place--;
            list.splice(place, 0, { row, distance });
            if (list.length > this.#count) list.pop();
          });
        });
      });
    }
    samples.forEach((sample, i) => {
      this.farthest.set(
        sample,
        best[i].map(({ row }) => row),
      );
    });
  }
}

/** A copy, as the embeddings are read when an epoch is drawn, when theirs may have been freed or changed. */
function copyOf(embeddings: Tensor, samples: number): Tensor {
  const { shape, data } = embeddings;
  if (shape.length !== 2 || shape[0] !== samples) {
    throw new ShapeError(
      'hardPairs',
      `embeddings must be [N, D] with a row for each of ${samples} samples`,
      [shape],
      'Embed the same set.',
    );
  }
  const bad = firstNonFinite(data);
  if (bad >= 0) {
    throw new RangeError(
      `hardPairs: the embedding of sample ${Math.floor(bad / shape[1])} holds ${data[bad]}. Lower the learning rate, or look at the sample.`,
    );
  }
  return new Tensor(data.slice(), shape);
}
