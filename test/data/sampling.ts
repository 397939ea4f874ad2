import fc from 'fast-check';
import type { PairBatch, SyncBatches } from '../../src/data/batches.ts';
import { imageSet, type LabelledSet } from '../../src/data/imageSet.ts';
import { createRandom } from '../../src/tensor/random.ts';

/** Images of one pixel whose value is the image's index, so that a batch tells which samples it holds. */
export function numbered(labels: readonly number[]): LabelledSet {
  return imageSet({ shape: [labels.length, 1, 1], data: Float32Array.from(labels.keys()) }, labels);
}

/** Labels in which class c, named 10 c, occurs `sizes[c]` times, classes interleaved. */
export function labelsOf(sizes: readonly number[]): number[] {
  const order = createRandom(99).permutation(sizes.reduce((total, size) => total + size, 0));
  const grouped = sizes.flatMap((size, c) => new Array<number>(size).fill(10 * c));
  return [...order].map((i) => grouped[i]);
}

/** Class sizes that pairs and triplets can be drawn from: two classes, one of them with two samples. */
export const sizes = fc
  .array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 6 })
  .filter((list) => list.some((size) => size > 1));
export const seeds = fc.nat(1000);

export function count<T>(items: Iterable<T>): Map<T, number> {
  const counts = new Map<T, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}

/** Largest count minus smallest, over `keys`. */
export function spread<T>(counts: ReadonlyMap<T, number>, keys: readonly T[]): number {
  const values = keys.map((key) => counts.get(key) ?? 0);
  return Math.max(...values) - Math.min(...values);
}

/** All tensors and labels of a batch, as plain lists. */
export function plain(batch: object): unknown {
  return Object.entries(batch).map(([name, value]) => [name, [...('data' in value ? value.data : value)]]);
}

export function plainEpoch<B extends object>(batches: SyncBatches<B>, i: number): unknown[] {
  return Array.from(batches.epoch(i), plain);
}

/** The pairs of an epoch as `[a, b, different]`, sample indices. */
export function pairsOf(batches: SyncBatches<PairBatch>, epoch = 0): number[][] {
  return [...batches.epoch(epoch)].flatMap(({ a, b, different }) =>
    Array.from(different, (flag, i) => [a.data[i], b.data[i], flag]),
  );
}

/** A set that counts the batches it was asked for. */
export function counting(set: LabelledSet): LabelledSet & { readonly asked: number[] } {
  const asked: number[] = [];
  return {
    length: set.length,
    labels: set.labels,
    asked,
    batch(indices) {
      asked.push(indices.length);
      return set.batch(indices);
    },
  };
}
