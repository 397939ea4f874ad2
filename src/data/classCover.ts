import type { Random } from '../tensor/random.ts';
import { Cycle } from './classSampler.ts';

/** Batches of P classes with K samples each that hold every sample. */
export interface ClassCover {
  /** Batches that one pass through all samples takes. */
  readonly length: number;
  /** For each class how many draws of its samples one pass makes, on average. */
  readonly draws: readonly number[];
  /** Whether the largest class makes it that long, so that with fewer classes a batch the smallest come less often. */
  readonly filledUp: boolean;
  /** The sample indices of each batch of pass i, class by class. */
  pass(i: number): readonly (readonly number[])[];
}

/**
 * Plans batches of `classes` distinct classes with `samples` each, such that every sample occurs.
 *
 * A class of n samples makes ceil(n / K) groups, the last filled up with samples drawn again; as a batch holds a class
 * once, there are as many batches as the largest class has groups, or more. The places that are left go to the classes
 * with the fewest groups, so that classes come as near to one another as covering all allows. A class with fewer than K
 * samples repeats them, all equally often.
 */
export function coverClasses(
  members: readonly (readonly number[])[],
  { classes, samples }: { readonly classes: number; readonly samples: number },
  random: Random,
): ClassCover {
  const needed = members.map((group) => Math.ceil(group.length / samples));
  const total = needed.reduce((sum, count) => sum + count, 0);
  const length = needed.reduce((most, count) => Math.max(most, count), Math.ceil(total / classes));
  const level = fillLevel(needed, classes * length - total, length);
  const filled = needed.map((count) => Math.max(count, level));
  const left = classes * length - filled.reduce((sum, count) => sum + count, 0);
  /** Those that take one group more than others in some passes: what is left does not suffice for all of them. */
  const lowest = [...filled.keys()].filter((c) => filled[c] === level);
  const share = left === 0 ? 0 : left / lowest.length;
  return {
    length,
    filledUp: classes > 2 && length > Math.ceil(total / classes),
    draws: filled.map((count) => samples * (count === level ? count + share : count)),
    pass(i) {
      const stream = random.fork('pass').fork(i);
      const counts = [...filled];
      for (const at of stream.fork('left').permutation(lowest.length).subarray(0, left)) counts[lowest[at]]++;
      const cycles = members.map((group, c) => new Cycle(group.length, stream.fork(c)));
      return schedule(counts, classes, length, stream.fork('classes')).map((chosen) =>
        chosen.flatMap((c) => drawGroup(cycles[c], members[c], samples)),
      );
    },
  };
}

/** The highest level that all counts can be raised to with `spare` more, at most `most`. */
function fillLevel(counts: readonly number[], spare: number, most: number): number {
  const missing = (level: number) => counts.reduce((sum, count) => sum + Math.max(0, level - count), 0);
  let low = 0;
  let high = most;
  while (low < high) {
    const level = Math.ceil((low + high) / 2);
    if (missing(level) <= spare) low = level;
    else high = level - 1;
  }
  return low;
}

/**
 * Distributes groups over batches, each of which takes `size` distinct classes, in random order. `counts` are at most
 * `length` each and `size * length` together, which is what makes it possible: a class with as many groups left as
 * there are batches goes into each of them.
 */
function schedule(counts: readonly number[], size: number, length: number, random: Random): number[][] {
  const queue = [...counts.keys()].flatMap((c) => new Array<number>(counts[c]).fill(c));
  const order = random.permutation(queue.length);
  const left = [...counts];
  const byLeft = new Map<number, Set<number>>();
  const enter = (c: number) => {
    const others = byLeft.get(left[c]);
    if (others === undefined) byLeft.set(left[c], new Set([c]));
    else others.add(c);
  };
  for (const c of counts.keys()) enter(c);
  /** Classes that came up while they were in the batch, and how often: they come first in the next. */
  const waiting = new Map<number, number>();
  let next = 0;
  return Array.from({ length }, (_, batch) => {
    const chosen = new Set<number>();
    const choose = (c: number) => {
      byLeft.get(left[c])?.delete(c);
      left[c]--;
      enter(c);
      chosen.add(c);
    };
    for (const c of [...(byLeft.get(length - batch) ?? [])]) choose(c);
    for (const [c, count] of waiting) {
      if (chosen.size === size) break;
      if (chosen.has(c)) continue;
      if (count > 1) waiting.set(c, count - 1);
      else waiting.delete(c);
      if (left[c] > 0) choose(c);
    }
    while (chosen.size < size) {
      const c = queue[order[next++]];
      if (chosen.has(c)) waiting.set(c, (waiting.get(c) ?? 0) + 1);
      else if (left[c] > 0) choose(c);
    }
    return [...chosen];
  });
}

/** Samples of one class, distinct as long as the class has others. */
function drawGroup(cycle: Cycle, group: readonly number[], count: number): number[] {
  const drawn: number[] = [];
  const seen = new Set<number>();
  while (drawn.length < count) {
    if (seen.size === group.length) seen.clear();
    const i = cycle.next((j) => !seen.has(j));
    seen.add(i);
    drawn.push(group[i]);
  }
  return drawn;
}

/**
 * Batches that one epoch takes of passes that follow one another: `batches` of them, so that epochs go on where the
 * last one stopped. A pass is planned when it is reached, and kept for the epochs that it spans.
 */
export function windows(cover: ClassCover, batches: number): (epoch: number) => (batch: number) => readonly number[] {
  let last: Planned | undefined;
  return (epoch) => {
    // Besides the last one, so that two epochs that are read in turn do not plan anew for each batch.
    let own: Planned | undefined;
    return (batch) => {
      const at = epoch * batches + batch;
      const pass = Math.floor(at / cover.length);
      if (last?.pass !== pass) last = own?.pass === pass ? own : { pass, batches: cover.pass(pass) };
      own = last;
      return own.batches[at % cover.length];
    };
  };
}

/** A pass as it was planned. */
interface Planned {
  readonly pass: number;
  readonly batches: readonly (readonly number[])[];
}
