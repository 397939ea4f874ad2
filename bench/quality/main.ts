import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { InvalidArgumentError } from 'commander';
import { createCommand, runCommand, UserError } from '../../examples/shared/command.ts';
import { describeMachine } from '../machine.ts';
import { drawn } from '../table.ts';
import type { Experiment } from './experiment.ts';
import { kerasTwin } from './kerasTwin.ts';
import { formatQuality, type Recorded, rowsOf, type SeedRun } from './results.ts';
import { simSiam } from './simSiam.ts';
import { triplet } from './triplet.ts';
import { vicReg } from './vicReg.ts';

const EXPERIMENTS: readonly Experiment[] = [triplet, kerasTwin, simSiam, vicReg];
const SEEDS = [7, 1, 2];
const recordsFile = fileURLToPath(new URL('records.json', import.meta.url));
const pageFile = fileURLToPath(new URL('../QUALITY.md', import.meta.url));

interface Options {
  readonly seeds: readonly number[];
}

await runCommand(async () => {
  const names = EXPERIMENTS.map(({ name }) => name).join(', ');
  const command = createCommand('npm run bench:quality --', 'Trains networks whose figures others have published.')
    .argument('[experiments...]', `any of ${names}; all by default`)
    .option('--seeds <list>', 'seeds, with commas between them', seeds, SEEDS)
    .addHelpText(
      'after',
      `\nA run with the seeds ${SEEDS.join(', ')} is recorded in bench/quality/records.json, and bench/QUALITY.md is written anew.`,
    )
    .parse(process.argv.slice(2), { from: 'user' });
  await run(chosen(command.args), command.opts<Options>());
});

async function run(experiments: readonly Experiment[], options: Options): Promise<void> {
  for (const experiment of experiments) {
    console.log(`\n${experiment.name}: ${experiment.about}\n`);
    const runs: SeedRun[] = [];
    for (const seed of options.seeds) runs.push(await runSeed(experiment, seed));
    console.log(`\n${drawn(rowsOf(runs))}\n${experiment.source}.`);
    if (options.seeds.join() === SEEDS.join()) record({ name: experiment.name, machine: describeMachine(), runs });
  }
}

/** Trains and measures, with a line now and then. */
async function runSeed({ name, run: measure }: Experiment, seed: number): Promise<SeedRun> {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  let shown = 0;
  const figures = await measure(seed, (done, line) => {
    if (Math.floor(done * 10) <= shown) return;
    shown = Math.floor(done * 10);
    console.log(`${name}, seed ${seed}: ${shown}0 %, ${line}, ${seconds().toFixed(0)} s`);
  });
  return { seed, seconds: seconds(), figures };
}

/** Puts a result in the place of the one before, and writes the page from all. */
function record(recorded: Recorded): void {
  const known: readonly Recorded[] = JSON.parse(readFileSync(recordsFile, 'utf8'));
  const all = EXPERIMENTS.flatMap(({ name }) =>
    name === recorded.name ? [recorded] : known.filter((other) => other.name === name),
  );
  writeFileSync(recordsFile, `${JSON.stringify(all, undefined, 2)}\n`);
  writeFileSync(pageFile, formatQuality(EXPERIMENTS, all));
}

function chosen(names: readonly string[]): readonly Experiment[] {
  const unknown = names.find((name) => !EXPERIMENTS.some((experiment) => experiment.name === name));
  if (unknown !== undefined) {
    throw new UserError(
      `there is no experiment '${unknown}'. There are ${EXPERIMENTS.map(({ name }) => name).join(', ')}.`,
    );
  }
  return names.length === 0 ? EXPERIMENTS : EXPERIMENTS.filter(({ name }) => names.includes(name));
}

/** Reads an option as whole numbers with commas between them, none too large for `createRandom`. */
function seeds(text: string): readonly number[] {
  const numbers = text.split(',').map(Number);
  if (!/^\d+(,\d+)*$/.test(text) || !numbers.every(Number.isSafeInteger))
    throw new InvalidArgumentError('It must be whole numbers below 2^53, with commas between them.');
  return numbers;
}
