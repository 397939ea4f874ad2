import { checkInteger } from '../tensor/check.ts';
import type { IntTensor } from '../tensor/intTensor.ts';
import type { Random } from '../tensor/random.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { LabelledSet } from './imageSet.ts';

/** Batches that can be gone through again: epoch i is the same whenever and however often it is asked for. */
export interface Batches<B> {
  /** Number of batches an epoch. */
  readonly length: number;
  /** The batches of epoch i, counted from 0. */
  epoch(i: number): Iterable<B> | AsyncIterable<B>;
}

/** Batches that are at hand without waiting: what the samplers of this library return. */
export interface SyncBatches<B> extends Batches<B> {
  epoch(i: number): Iterable<B>;
}

/**
 * The batches of one epoch, which may start at any of them without making those before: what a resumed training asks
 * for. It hangs on the batches that `epoch(i)` returns, so that whoever wraps them loses it and stays correct.
 */
export interface SkippableBatches<B> extends Iterable<B> {
  /** The same batches from number `batch` on, counted from 0. */
  startingAt(batch: number): Iterable<B>;
}

/** Whether the batches of an epoch may start at any of them. */
export function isSkippable<B>(batches: Iterable<B> | AsyncIterable<B>): batches is SkippableBatches<B> {
  return 'startingAt' in batches && typeof batches.startingAt === 'function';
}

/** Options that all samplers share. */
export interface SamplerOptions {
  /** Where the choice comes from; epoch i forks it by number. */
  readonly random: Random;
  /** Changes each assembled tensor, e.g. `(x, random) => augment(x, { shift: 2, random })`. */
  readonly transform?: ((x: Tensor, random: Random) => Tensor) | undefined;
}

/** Row i of a is compared with row i of b. */
export interface PairBatch<X extends Tensor | IntTensor = Tensor> {
  readonly a: X;
  readonly b: X;
  /** 1 where the classes differ, 0 where they are the same. */
  readonly different: Uint8Array;
}

/** Assembles a batch of a set and transforms it with a stream of its own. */
export function assemble(
  set: LabelledSet,
  indices: ArrayLike<number>,
  transform: SamplerOptions['transform'],
  random: Random,
): Tensor {
  return transformed(set.batch(indices), indices.length, transform, random);
}

/** What `transform` makes of a batch, with a stream of its own. Throws: RangeError for another number of rows. */
export function transformed<X extends { readonly shape: Shape }>(
  x: X,
  count: number,
  transform: ((x: X, random: Random) => X) | undefined,
  random: Random,
): X {
  return transform === undefined ? x : sameRows(transform(x, random.fork('transform')), count);
}

/** What a `transform` returned. Throws: RangeError for another number of rows. */
export function sameRows<X extends { readonly shape: Shape }>(changed: X, count: number): X {
  if (changed.shape[0] === count) return changed;
  throw new RangeError(
    `transform: it returned ${changed.shape[0]} rows for ${count} samples. Return one row a sample, in their order.`,
  );
}

/** Assembles pairs of sample indices; each side is transformed with a stream of its own. */
export function assemblePairs(
  set: LabelledSet,
  pairs: readonly (readonly [a: number, b: number])[],
  transform: SamplerOptions['transform'],
  random: Random,
): PairBatch {
  const side = (i: 0 | 1, name: string) =>
    assemble(
      set,
      pairs.map((pair) => pair[i]),
      transform,
      random.fork(name),
    );
  const different = Uint8Array.from(pairs, ([a, b]) => (set.labels[a] === set.labels[b] ? 0 : 1));
  return { a: side(0, 'a'), b: side(1, 'b'), different };
}

/** Sample indices class by class, classes ascending. Throws: RangeError where there are fewer than two classes. */
export function groupByClass(op: string, labels: Int32Array): readonly (readonly number[])[] {
  const groups = groupByLabel(labels);
  if (groups.length < 2) {
    throw new RangeError(
      `${op}: the set holds ${labels.length} samples of ${groups.length === 1 ? 'one class only' : 'no class'}. Different samples need at least two classes.`,
    );
  }
  return groups;
}

/** Indices label by label, labels ascending. */
export function groupByLabel(labels: Int32Array): readonly (readonly number[])[] {
  const groups = new Map<number, number[]>();
  labels.forEach((label, i) => {
    const group = groups.get(label);
    if (group === undefined) groups.set(label, [i]);
    else group.push(i);
  });
  return [...groups].sort(([a], [b]) => a - b).map(([, group]) => group);
}

/** The classes with two samples at least. Throws: RangeError where there is none, so that nothing is alike. */
export function withTwo(op: string, members: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const large = members.filter((group) => group.length > 1);
  if (large.length === 0)
    throw new RangeError(`${op}: no class has two samples. Samples that are alike need a class with at least two.`);
  return large;
}

/**
 * Batches from a function that plans epoch i, giving the items of each of its batches, and one that assembles them.
 * Both must be functions of their arguments alone.
 */
export function planned<P, B>(
  length: number,
  plan: (epoch: number) => (batch: number) => readonly P[],
  make: (items: readonly P[], epoch: number, batch: number) => B,
): SyncBatches<B> {
  return {
    length,
    epoch(i: number): SkippableBatches<B> {
      checkInteger('epoch', 'the number of the epoch', i, 0);
      function* startingAt(first: number): Generator<B> {
        const itemsOf = plan(i);
        for (let batch = first; batch < length; batch++) yield make(itemsOf(batch), i, batch);
      }
      return { startingAt, [Symbol.iterator]: () => startingAt(0) };
    },
  };
}

/** The items of batch after batch of one size, the last with what remains. */
export function chunks<P>(items: readonly P[], batchSize: number): (batch: number) => readonly P[] {
  return (batch) => items.slice(batch * batchSize, (batch + 1) * batchSize);
}
