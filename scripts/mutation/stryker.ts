import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { join } from 'node:path';
import type { MutantResult } from '@stryker-mutator/api/core';
import { Stryker } from '@stryker-mutator/core';
import { placeOnly } from './instrument.ts';
import type { Outcome, Status } from './results.ts';
import { keyOf, type Mutant } from './sample.ts';

/** What is mutated. */
export const FOLDERS: readonly string[] = ['src/autograd', 'src/losses', 'src/siamese', 'src/tensor/kernels/portable'];

const HERE = 'scripts/mutation';

/** Picks the mutants to run out of all. */
export type Choose = (all: readonly Mutant[]) => readonly Mutant[];

/**
 * Runs tests against the mutants that `choose` picks, in `concurrency` processes, and tells each outcome once.
 *
 * Two passes: code that runs while a file loads cannot be switched there, so Stryker would run all tests in new processes
 * for a mutant of it, a fourth of them, even where tests run it too. The first pass switches only while a test runs, and
 * runs the tests that reach the mutant; the second takes, with all tests, what only loading reaches.
 */
export async function runMutants(
  root: string,
  concurrency: number,
  choose: Choose,
  onOutcome: (outcome: Outcome) => void,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const again = new Set<string>();
  const settle = (mutant: Mutant, result: MutantResult) => {
    const outcome = { mutant, status: statusOf(result) };
    outcomes.push(outcome);
    onOutcome(outcome);
  };
  await runOnce(root, { concurrency, ignoreStatic: true }, choose, (mutant, result) => {
    if (result.status === 'Ignored') again.add(keyOf(mutant));
    else settle(mutant, result);
  });
  if (again.size > 0) {
    const rest: Choose = (all) => all.filter((mutant) => again.has(keyOf(mutant)));
    await runOnce(root, { concurrency, ignoreStatic: false }, rest, settle);
  }
  return outcomes;
}

async function runOnce(
  root: string,
  options: { readonly concurrency: number; readonly ignoreStatic: boolean },
  choose: Choose,
  onResult: (mutant: Mutant, result: MutantResult) => void,
): Promise<void> {
  const chosen = new Map<string, Mutant>();
  placeOnly((all) => {
    const taken = new Set(choose(all));
    for (const mutant of all) if (taken.has(mutant)) chosen.set(mutant.id, mutant);
    return new Set(chosen.keys());
  }, root);
  const receive = (message: unknown) => {
    const result = message as MutantResult;
    const mutant = chosen.get(result.id);
    if (mutant === undefined) throw new Error(`mutation: Stryker ran mutant ${result.id}, which was not chosen.`);
    onResult(mutant, result);
  };
  subscribe('mutation', receive);
  try {
    await new Stryker({
      ...options,
      mutate: FOLDERS.map((folder) => `${folder}/**/*.ts`),
      testRunner: 'vitest',
      vitest: { configFile: `${HERE}/vitest.config.ts`, related: false },
      plugins: ['@stryker-mutator/vitest-runner', join(root, HERE, 'reporter.mjs')],
      reporters: ['channel'],
      coverageAnalysis: 'perTest',
      dryRunTimeoutMinutes: 20,
      // Generous, for a machine that has other work too: what loops for ever is mostly stopped by hits.ts.
      timeoutMS: 10_000,
      timeoutFactor: 4,
      tempDirName: 'out/stryker',
      ignorePatterns: ['dist', 'out'],
      cleanTempDir: 'always',
      disableTypeChecks: false,
      // Stryker rewrites this file by an interface that TypeScript 7 does not have; here nothing in it needs that.
      tsconfigFile: 'none',
      warnings: false,
      allowConsoleColors: false,
    }).runMutationTest();
  } finally {
    unsubscribe('mutation', receive);
  }
}

function statusOf({ status, statusReason }: MutantResult): Status {
  switch (status) {
    // A run that ended with an error outside of the tests, such as a module that does not load, was noticed.
    case 'RuntimeError':
      return 'Killed';
    case 'Killed':
    case 'Timeout':
    case 'Survived':
    case 'NoCoverage':
      return status;
    default:
      throw new Error(`mutation: a mutant ended as ${status}. ${statusReason ?? ''}`);
  }
}
