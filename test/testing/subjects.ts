import { describe, expect, test } from 'vitest';
import { portableKernels, useKernels } from '../../src/tensor/kernels/kernels.ts';
import { createSimdKernels } from '../../src/tensor/kernels/simd/simd.ts';
import { type Law, LawError, type LawFailure } from '../../src/testing/law.ts';
import { lawOptions } from './seed.ts';

/** Laws of one subject, and those among them that do not hold, each with the reason. */
export interface LawSubject {
  readonly subject: string;
  readonly laws: readonly Law[];
  readonly except?: Readonly<Record<string, string>>;
}

/** Laws whose every run takes differences, input by input; they are run in double precision, which has one set of kernels. */
const COSTLY: Readonly<Record<string, number>> = { 'gradient agreement': 8, 'second derivative agreement': 3 };

/** The laws of all subjects as tests, under both sets of kernels. */
export function testSubjects(table: Readonly<Record<string, readonly LawSubject[]>>, runs = 30): void {
  const sets = { portable: portableKernels, simd: createSimdKernels() };
  describe.each(Object.entries(table))('%s', (_, subjects) => {
    test.each(subjects.map((s) => [s.subject, s] as const))('%s', (_subject, { subject, laws, except = {} }) => {
      expect(laws.map((law) => law.name)).toEqual(expect.arrayContaining(Object.keys(except)));
      for (const [set, kernels] of Object.entries(sets)) {
        const previous = useKernels(kernels);
        try {
          const failures = laws.flatMap((law) => {
            const costly = COSTLY[law.name];
            if (costly !== undefined && set === 'simd') return [];
            return law.findFailure(lawOptions(Math.min(runs, costly ?? runs))) ?? [];
          });
          expectBroken(`${subject}, ${set}`, failures, laws.length, set === 'simd' ? omit(except) : except);
        } finally {
          useKernels(previous);
        }
      }
    });
  });
}

/** Without the laws that one set of kernels is enough for. */
function omit(except: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(except).filter(([name]) => COSTLY[name] === undefined));
}

/** Exactly the exceptions are broken: what no longer breaks a law is no exception to it. */
function expectBroken(
  what: string,
  failures: readonly LawFailure[],
  count: number,
  except: Readonly<Record<string, string>>,
): void {
  const others = failures.filter(({ law }) => except[law.name] === undefined);
  if (others.length > 0) throw new LawError(others, count);
  expect(failures.map(({ law }) => law.name).toSorted(), `the exceptions of ${what}`).toEqual(
    Object.keys(except).toSorted(),
  );
}
