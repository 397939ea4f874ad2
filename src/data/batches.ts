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
  return transform === undefined ? x : transform(x, random.fork('transform'));
}

/** The numbers `0 .. count - 1` in random order, again and again in a new order. */
class Cycle {
  readonly #count: number;
  readonly #random: Random;
  #order: Int32Array;
  #next = 0;

  constructor(count: number, random: Random) {
    this.#count = count;
    this.#random = random;
    this.#order = random.permutation(count);
  }

  next(): number {
    if (this.#next === this.#count) {
      this.#order = this.#random.permutation(this.#count);
      this.#next = 0;
    }
    return this.#order[this.#next++];
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

  /** The next class for which `accept` holds; each class comes up equally often. */
  nextClass(accept: (c: number) => boolean): number {
    for (;;) {
      const c = this.#classes.next();
      if (accept(c)) return c;
    }
  }

  /** The next sample of class c, other than `not`. */
  nextSample(c: number, not = -1): number {
    for (;;) {
      const sample = this.#members[c][this.#streams[c].next()];
      if (sample !== not) return sample;
    }
  }

  /** Number of samples of class c. */
  sizeOf(c: number): number {
    return this.#members[c].length;
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

/** Throws: RangeError where no class has two samples, so that nothing is alike. */
export function checkAlike(op: string, members: readonly (readonly number[])[]): void {
  if (members.every((group) => group.length < 2)) {
    throw new RangeError(`${op}: no class has two samples. Samples that are alike need a class with at least two.`);
  }
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
    *epoch(i: number): Generator<B> {
      checkInteger('epoch', 'the number of the epoch', i, 0);
      const items = plan(i);
      for (let batch = 0; batch < length; batch++)
        yield make(items.slice(batch * batchSize, (batch + 1) * batchSize), i, batch);
    },
  };
}
