import type { Random } from '../tensor/random.ts';

/** The numbers `0 .. count - 1` in random order, again and again in a new order. */
export class Cycle {
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
