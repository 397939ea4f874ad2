import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import { Command, InvalidArgumentError } from 'commander';
import { cellsOf, formatPage, withoutEquivalent } from './page.ts';
import { type Accepted, lineOf, type Outcome, percent, scoresOf, staleOf, survivorsOf } from './results.ts';
import { keyOf, type Mutant, sampleOf } from './sample.ts';
import { FOLDERS, runMutants } from './stryker.ts';

interface Options {
  readonly seed: number;
  readonly count: number;
  readonly concurrency: number;
  readonly only?: readonly string[];
}

/** Percent of the sample that the tests have to notice. */
const LEAST = 85;

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = fileURLToPath(new URL('../../docs/mutation.md', import.meta.url));
const reasons = fileURLToPath(new URL('accepted.json', import.meta.url));

process.chdir(root);
process.exitCode = await main(readOptions());

async function main({ seed, count, concurrency, only }: Options): Promise<number> {
  let all = 0;
  let wanted = 0;
  let done = 0;
  const choose = (mutants: readonly Mutant[]) => {
    all = mutants.length;
    const chosen = only === undefined ? sampleOf(mutants, seed, count) : named(mutants, only, seed, count);
    wanted = chosen.length;
    console.log(`${wanted} of ${all} mutants, seed ${seed}`);
    return chosen;
  };
  const started = performance.now();
  const outcomes = await runMutants(root, concurrency, choose, ({ mutant, status }) => {
    done += 1;
    if (status !== 'Killed') console.log(`${status}  ${lineOf(mutant)}`);
    if (done % 20 === 0) console.log(`${done} of ${wanted}, ${Math.round((performance.now() - started) / 1000)} s`);
  });
  return report(outcomes, all, seed, only === undefined);
}

/** Prints what came out, writes the page after a whole sample, and gives the exit code. */
function report(outcomes: readonly Outcome[], all: number, seed: number, whole: boolean): number {
  const accepted: Accepted = JSON.parse(readFileSync(reasons, 'utf8'));
  const scores = scoresOf(outcomes, FOLDERS);
  const [head, ...rows] = cellsOf(scores);
  const drawn = new Table({ head, style: { head: [], border: [], compact: true } });
  drawn.push(...rows);
  console.log(`\n${drawn.toString()}`);
  for (const mutant of survivorsOf(outcomes))
    console.log(`${lineOf(mutant)}  ${accepted[keyOf(mutant)]?.reason ?? 'NO REASON'}`);
  const unexplained = survivorsOf(outcomes).filter((mutant) => accepted[keyOf(mutant)] === undefined);
  if (!whole) return unexplained.length > 0 ? 1 : 0;

  writeFileSync(page, formatPage({ seed, all, outcomes, scores }, accepted));
  const plain = percent(scores[scores.length - 1]);
  console.log(`score ${plain.toFixed(1)} %, without equivalents ${withoutEquivalent(outcomes, accepted).toFixed(1)} %`);
  for (const key of staleOf(outcomes, accepted)) console.log(`stale reason in accepted.json: ${key}`);
  if (unexplained.length > 0) console.log(`${unexplained.length} survivors without a reason in accepted.json`);
  if (plain < LEAST) console.log(`the score is under ${LEAST} %`);
  return unexplained.length > 0 || plain < LEAST ? 1 : 0;
}

/** Mutants by key, from anywhere, and those of the sample in a file or folder. */
function named(mutants: readonly Mutant[], only: readonly string[], seed: number, count: number): readonly Mutant[] {
  const sampled = new Set(sampleOf(mutants, seed, count));
  return mutants.filter(
    (mutant) =>
      only.includes(keyOf(mutant)) || (sampled.has(mutant) && only.some((name) => mutant.file.startsWith(name))),
  );
}

function readOptions(): Options {
  return new Command('mutation')
    .description('Breaks the code in one place at a time, and says which breaks no test notices.')
    .option('--seed <n>', 'seed of the sample', atLeast(0), 1)
    .option('--count <n>', 'mutants in the sample', atLeast(1), 400)
    .option('--concurrency <n>', 'processes that run tests', atLeast(1), 2)
    .option('--only <names...>', 'keys of mutants, or files and folders of the sample; writes no page')
    .parse()
    .opts<Options>();
}

function atLeast(least: number): (text: string) => number {
  return (text) => {
    const n = Number(text);
    if (Number.isSafeInteger(n) && n >= least) return n;
    throw new InvalidArgumentError(`It is not a whole number from ${least}.`);
  };
}
