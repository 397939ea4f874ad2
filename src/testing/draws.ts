import { type Arbitrary, constantFrom, integer, oneof, tuple } from 'fast-check';

/** Numbers from `least` to `most` in a hundred steps, the least first. */
export function fraction(least: number, most: number): Arbitrary<number> {
  return integer({ min: 0, max: 100 }).map((k) => least + ((most - least) * k) / 100);
}

/** Numbers from 0 to `most`, often 0 itself. */
export function fromZero(most: number): Arbitrary<number> {
  return oneof({ weight: 3, arbitrary: fraction(0, most) }, { weight: 1, arbitrary: constantFrom(0) });
}

/** Mostly of the last kind, but of each: where others keep a margin, one that does not must show by itself. */
export function mostlyLast<T>(kinds: readonly Arbitrary<T>[]): Arbitrary<T> {
  return tuple(integer({ min: 0, max: 3 }), ...kinds).map(
    ([kind, ...drawn]) => drawn[Math.min(kind, kinds.length - 1)],
  );
}

/** How much of its way something moves; all of it often, since that is where most kinks are. */
export const SHARES: Arbitrary<number> = constantFrom(0.5, 0.25, 0.75, 1);

/** How much of the way, in words. */
export function sayShare(share: number): string {
  if (share === 0.5) return 'halfway to';
  return share === 1 ? 'onto' : `${Math.round(100 * share)} % of the way to`;
}
