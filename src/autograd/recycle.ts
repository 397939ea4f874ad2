import { openMemory, type ScopeMemory } from '../tensor/memory.ts';
import { listedTensors, Tensor } from '../tensor/tensor.ts';
import { isReleased, releaseAfterPullback } from './released.ts';

/*
 * A first-order backward pass inside a scope hands out again the memory of gradients that no one awaits any more. The
 * unit of time is the visit of one recorded op: what its pullbacks made is released when the last of them has returned,
 * so that they may share intermediates, but for the memory of the gradients that they contributed; that of the visited
 * gradient too, unless a pending one lies in the same memory (a pullback may return g itself, or a reshape of it).
 * Memory that was handed out before the pass began is never released by it.
 */

/** An array that a gradient lies in. */
interface Use {
  /** How many pending or returned gradients do. */
  count: number;
  /** Every tensor over the array, so that none outlives it. */
  holders: Tensor[];
}

/** The recycling of one backward pass; undefined outside a scope. */
export function createRecycler(): Recycler | undefined {
  const memory = openMemory();
  const tensors = listedTensors();
  return memory === undefined || tensors === undefined ? undefined : new Recycler(memory, tensors);
}

/** Follows the arrays of one backward pass: `begin`, the pullbacks with `sum` and `pend`, and `end` for every visit. */
export class Recycler {
  readonly #memory: ScopeMemory;
  /** All tensors of the scope. */
  readonly #tensors: Tensor[];
  readonly #uses = new Map<ArrayBufferView, Use>();
  /** Of this visit: gradients that became pending, and gradients that are no longer. */
  #pending: Tensor[] = [];
  #done: Tensor[] = [];
  #arraysBefore = 0;
  #tensorsBefore = 0;

  constructor(memory: ScopeMemory, tensors: Tensor[]) {
    this.#memory = memory;
    this.#tensors = tensors;
  }

  /** The visit of an op begins, whose gradient is no longer pending. */
  begin(g: Tensor): void {
    this.#pending = [];
    this.#done = [g];
    this.#arraysBefore = this.#memory.mark;
    this.#tensorsBefore = this.#tensors.length;
  }

  /** A contribution is the first of its tensor, or a sum in the place of `before`. */
  pend(g: Tensor, before?: Tensor): Tensor {
    this.#pending.push(g);
    if (before !== undefined) this.#done.push(before);
    return g;
  }

  /** Adds to a pending sum where it lies; undefined where its memory is not that sum's alone. */
  addInPlace(sum: Tensor, contribution: Tensor): Tensor | undefined {
    const { data } = sum;
    const use = this.#uses.get(data);
    if (use?.count !== 1 || this.#pending.some((g) => g.data === data)) return undefined;
    const y = contribution.data;
    for (let i = 0; i < data.length; i++) data[i] += y[i];
    // A pullback may have kept the former sum: it must not read the new one.
    for (const holder of use.holders) if (holder.data === data) releaseAfterPullback(holder);
    use.holders = [];
    return new Tensor(data, sum.shape);
  }

  /** The visit is over: what no pending gradient lies in is released. */
  end(): void {
    const made = this.#memory.takenSince(this.#arraysBefore);
    for (const array of made) this.#uses.set(array, { count: 0, holders: [] });
    for (const { data } of this.#done) this.#count(data, -1);
    const known = this.#pending.map(({ data }) => this.#count(data, 1));
    const born = this.#tensors.splice(this.#tensorsBefore).filter((x) => !isReleased(x));
    for (const x of born) this.#uses.get(x.data)?.holders.push(x);
    const strange = (x: Tensor) => !this.#uses.has(x.data) && this.#memory.holdsPart(x.data);
    // A part of an array, which only a raw subarray makes, hides whose it is: nothing known so far is released then.
    if (this.#pending.some((x, i) => !known[i] && this.#memory.mayHoldPart(x.data)) || born.some(strange))
      this.#uses.clear();
    for (const { data } of this.#done) this.#release(data);
    for (const array of made) {
      this.#release(array);
      if (this.#memory.has(array)) this.#memory.putBack(array);
    }
    for (const x of born) if (!isReleased(x)) this.#tensors.push(x);
  }

  #count(data: ArrayBufferView, by: number): boolean {
    const use = this.#uses.get(data);
    if (use !== undefined) use.count += by;
    return use !== undefined;
  }

  #release(array: ArrayBufferView): void {
    const use = this.#uses.get(array);
    if (use === undefined || use.count > 0) return;
    this.#uses.delete(array);
    for (const holder of use.holders) if (holder.data === array) releaseAfterPullback(holder);
    this.#memory.free(array);
  }
}
