import { beforeAll } from 'vitest';

/** What Stryker shares with the code that it has changed. */
interface Shared {
  /** After so many runs of the changed place in one file of tests the place throws, and the mutant has timed out. */
  hitLimit?: number | undefined;
}

/** Stryker's limit is so many times the runs in all tests without a mutant. */
const THEIRS = 100;
/** Enough for a file alone, and a loop in a kernel that never ends is stopped within seconds. */
const OURS = 3;

beforeAll(() => {
  const { __stryker__: shared }: { readonly __stryker__?: Shared } = Object(globalThis);
  if (shared?.hitLimit !== undefined) shared.hitLimit = Math.max(10_000, (shared.hitLimit / THEIRS) * OURS);
});
