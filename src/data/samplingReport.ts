import type { SyncBatches } from './batches.ts';

/** A class, and how often an epoch draws each of its samples. */
export interface ClassDraws {
  readonly label: number;
  /** Samples of the class. */
  readonly count: number;
  /** Draws of each of its samples an epoch, on average. */
  readonly draws: number;
}

/**
 * How unequal the classes of a set are, and what a sampler makes of it. Known from the sizes of the classes, before
 * anything is drawn.
 */
export interface SamplingReport {
  readonly samples: number;
  readonly classes: number;
  /** The class with the fewest samples, of several the one with the lowest label. */
  readonly smallest: ClassDraws;
  /** The class with the most samples, of several the one with the lowest label. */
  readonly largest: ClassDraws;
  /** Samples that an epoch draws, each as often as it is drawn. */
  readonly drawn: number;
  /** At least so many draws take a sample that the epoch has drawn already: a class has fewer samples than draws. */
  readonly repeated: number;
  /** At least so many samples an epoch does not draw: a class has more samples than draws. */
  readonly missed: number;
  /** In words, each with what to do; empty where there is nothing to say. */
  readonly warnings: readonly string[];
}

/** Batches drawn from a set, with what is to be known about its classes. */
export interface SampledBatches<B> extends SyncBatches<B> {
  readonly report: SamplingReport;
}

/** From here on a report warns of what differs by so much: a rule of thumb, not a measured limit. */
export const UNEQUAL = 10;

/** Labels that a warning names, so that a set of thousands of classes does not fill a screen. */
const NAMED = 5;

/**
 * Batches with the report of a sampler: `members` as from `groupByClass`, and for each class how many draws of its
 * samples an epoch makes on average. `remedy` is what helps against unequal draws besides another set.
 */
export function withReport<B>(
  batches: SyncBatches<B>,
  labels: Int32Array,
  members: readonly (readonly number[])[],
  draws: readonly number[],
  warnings: readonly (string | undefined)[] = [],
  remedy?: string,
): SampledBatches<B> {
  const classes = members.map((group, c) => ({
    label: labels[group[0]],
    count: group.length,
    draws: draws[c] / group.length,
  }));
  const smallest = classes.reduce((best, one) => (one.count < best.count ? one : best));
  const largest = classes.reduce((best, one) => (one.count > best.count ? one : best));
  const total = (of: (count: number, drawn: number) => number) =>
    Math.round(members.reduce((sum, group, c) => sum + of(group.length, draws[c]), 0));
  const report: SamplingReport = {
    samples: total((count) => count),
    classes: members.length,
    smallest,
    largest,
    drawn: total((_, drawn) => drawn),
    repeated: total((count, drawn) => Math.max(0, drawn - count)),
    missed: total((count, drawn) => Math.max(0, count - drawn)),
    warnings: [unequalWarning(smallest, largest, remedy), ...warnings].filter((warning) => warning !== undefined),
  };
  return { ...batches, report };
}

function unequalWarning(smallest: ClassDraws, largest: ClassDraws, remedy?: string): string | undefined {
  if (smallest.draws < UNEQUAL * largest.draws) return undefined;
  return `class ${smallest.label} has ${samplesOf(smallest.count)}, class ${largest.label} has ${samplesOf(largest.count)}: an epoch draws each sample of class ${smallest.label} ${times(smallest.draws)} and each of class ${largest.label} ${times(largest.draws)}. ${remedy === undefined ? '' : `${remedy}. `}Gather more samples of the small classes, or keep fewer of the large ones.`;
}

/** The warning of classes with one sample; undefined where there are none. `only` says what becomes of each. */
export function singlesWarning(
  labels: Int32Array,
  members: readonly (readonly number[])[],
  only: string,
): string | undefined {
  const singles = members.filter((group) => group.length === 1);
  if (singles.length === 0) return undefined;
  const [verb, them] =
    singles.length === 1 ? ['has one sample only', 'the class'] : ['have one sample each', 'the classes'];
  return `${namedClasses(labels, singles)} ${verb}, which ${only}. Gather another sample, or filter ${them} out.`;
}

/** `class 3`, or `12 classes (1, 2, 3, 4, 5, ...)`. */
export function namedClasses(labels: Int32Array, members: readonly (readonly number[])[]): string {
  const names = members.slice(0, NAMED).map((group) => labels[group[0]]);
  if (names.length === 1) return `class ${names[0]}`;
  return `${members.length} classes (${names.join(', ')}${members.length > NAMED ? ', ...' : ''})`;
}

function samplesOf(count: number): string {
  return count === 1 ? '1 sample' : `${count} samples`;
}

/** `about 2000 times`: two digits are enough to see what happens. */
export function times(draws: number): string {
  const rounded = Number(draws.toPrecision(2));
  return rounded === 1 ? 'about once' : `about ${rounded} times`;
}
