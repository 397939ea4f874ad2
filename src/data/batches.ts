import { checkInteger } from '../tensor/check.ts';
import type { Random } from '../tensor/random.ts';
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

/** Assembles a batch of a set and transforms it with a stream of its own. */
export function assemble(
  set: LabelledSet,
  indices: ArrayLike<number>,
  transform: SamplerOptions['transform'],
  random: Random,
): Tensor {
  const x = set.batch(indices);
  if (transform === undefined) return x;
  const changed = transform(x, random.fork('transform'));
  if (changed.shape[0] !== indices.length) {
    throw new RangeError(
      `transform: it returned ${changed.shape[0]} rows for ${indices.length} samples. Return one row a sample, in their order.`,
    );
  }
  return changed;
}

/** The numbers `0 .. count - 1` in random order, again and again in a new order. */
class Cycle {
  readonly #count: number;
  readonly #random: Random;
  #order: Int32Array;
  #next = 0;
  /** How often each number was refused: those come up before any other, so that all are drawn equally often. */
  readonly #owed = new Map<number, number>();

  constructor(count: number, random: Random) {
    this.#count = count;
    this.#random = random;
    this.#order = random.permutation(count);
  }

  /** The next number for which `accept` holds; there must be one. */
  next(accept: (i: number) => boolean): number {
    for (const [i, times] of this.#owed) {
      if (!accept(i)) continue;
      if (times > 1) this.#owed.set(i, times - 1);
      else this.#owed.delete(i);
      return i;
    }
    for (;;) {
      if (this.#next === this.#count) {
        this.#order = this.#random.permutation(this.#count);
        this.#next = 0;
      }
      const i = this.#order[this.#next++];
      if (accept(i)) return i;
      this.#owed.set(i, (this.#owed.get(i) ?? 0) + 1);
    }
  }
}

/** Draws samples of a set class by class, so that classes count alike and the samples of a class are used evenly. */
export class ClassSampler {
  readonly #members: readonly (readonly number[])[];
  readonly #streams: readonly Cycle[];
  readonly #classes: Cycle;

  /** `members` as from `groupByClass`. */
  constructor(members: readonly (readonly number[])[], random: Random) {
    this.#members = members;
    this.#streams = members.map((indices, i) => new Cycle(indices.length, random.fork(i)));
    this.#classes = new Cycle(members.length, random.fork('classes'));
  }

  /** The next class for which `accept` holds; a class that is refused comes up again as soon as it is accepted. */
  nextClass(accept: (c: number) => boolean = () => true): number {
    return this.#classes.next(accept);
  }

  /** The next sample of class c for which `accept` holds. */
  nextSample(c: number, accept: (sample: number) => boolean = () => true): number {
    const members = this.#members[c];
    return members[this.#streams[c].next((i) => accept(members[i]))];
  }
}

/** Sample indices class by class, classes ascending. Throws: RangeError where there are fewer than two classes. */
export function groupByClass(op: string, labels: Int32Array): readonly (readonly number[])[] {
  const groups = new Map<number, number[]>();
  labels.forEach((label, i) => {
    const group = groups.get(label);
    if (group === undefined) groups.set(label, [i]);
    else group.push(i);
  });
  if (groups.size < 2) {
    throw new RangeError(
      `${op}: the set holds ${labels.length} samples of ${groups.size === 1 ? 'one class only' : 'no class'}. Different samples need at least two classes.`,
    );
  }
  return [...groups].sort(([a], [b]) => a - b).map(([, group]) => group);
}

/** The classes with two samples at least. Throws: RangeError where there is none, so that nothing is alike. */
export function withTwo(op: string, members: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const large = members.filter((group) => group.length > 1);
  if (large.length === 0)
    throw new RangeError(`${op}: no class has two samples. Samples that are alike need a class with at least two.`);
  return large;
}

/** Batches from a function that plans epoch i as a list of items, and one that assembles a part of it. */
export function planned<P, B>(
  total: number,
  batchSize: number,
  plan: (epoch: number) => readonly P[],
  make: (items: readonly P[], epoch: number, batch: number) => B,
): SyncBatches<B> {
  const length = Math.ceil(total / batchSize);
  return {
    length,
    epoch(i: number): SkippableBatches<B> {
      checkInteger('epoch', 'the number of the epoch', i, 0);
      function* startingAt(first: number): Generator<B> {
        const items = plan(i);
        for (let batch = first; batch < length; batch++)
          yield make(items.slice(batch * batchSize, (batch + 1) * batchSize), i, batch);
      }
      return { startingAt, [Symbol.iterator]: () => startingAt(0) };
    },
  };
}
