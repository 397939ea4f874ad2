import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  balancedPairs,
  Conv2d,
  cosineDistance,
  createRandom,
  euclidean,
  evaluateVerification,
  Flatten,
  Linear,
  MaxPool2d,
  normalize,
  type Random,
  relu,
  Sequential,
  scorePairs,
  Twin,
} from 'twingrad';
import { createCommand, runCommand, UserError } from '../../examples/shared/command.ts';
import { describeMachine } from '../machine.ts';
import { type Candidate, candidates, WIDTH } from './candidates.ts';
import { mnist } from './digits.ts';
import { formatTuning, rowsOfPage } from './tuningPage.ts';

const SEEDS = [7, 1, 2];
/** The training images that are learned from; pairs of the others are measured. */
const TRAINING = 55_000;
const PAIRS = 4000;
/** Of a try: enough to tell settings apart, few enough to try many. */
const STEPS = 300;
const pageFile = fileURLToPath(new URL('../TUNING.md', import.meta.url));

await runCommand(async () => {
  const command = createCommand(
    'npm run bench:tuning --',
    'Trains each loss with several settings, and says which is best.',
  )
    .argument('[losses...]', 'names such as supConLoss; all by default')
    .addHelpText('after', '\nThe rows of these losses are put into bench/TUNING.md, in the place of those before.')
    .parse(process.argv.slice(2), { from: 'user' });
  const unknown = command.args.find((name) => !candidates.some((candidate) => candidate.name === name));
  if (unknown !== undefined)
    throw new UserError(`there is no loss '${unknown}'. There are ${candidates.map(({ name }) => name).join(', ')}.`);
  const known = existsSync(pageFile) ? rowsOfPage(readFileSync(pageFile, 'utf8')) : [];
  const rows: string[][] = [];
  for (const candidate of candidates) {
    const wanted = command.args.length === 0 || command.args.includes(candidate.name);
    rows.push(...(wanted ? await tune(candidate) : known.filter(([name]) => name === `\`${candidate.name}\``)));
  }
  writeFileSync(pageFile, formatTuning(rows, { pairs: PAIRS, steps: STEPS, seeds: SEEDS, machine: describeMachine() }));
});

/** A row for each try: how wrong the pairs are called, of each seed and in the mean. */
async function tune(candidate: Candidate): Promise<string[][]> {
  const tried: { readonly options: string; readonly errors: readonly number[]; readonly mean: number }[] = [];
  for (const [index, options] of candidate.tries.entries()) {
    const errors: number[] = [];
    for (const seed of SEEDS) errors.push(await errorOf(candidate, index, createRandom(seed)));
    const mean = errors.reduce((total, error) => total + error, 0) / errors.length;
    tried.push({ options, errors, mean });
    console.log(`${candidate.name}, ${options}: ${errors.map(percent).join(', ')}; mean ${percent(mean)}`);
  }
  const least = Math.min(...tried.map(({ mean }) => mean));
  return tried.map(({ options, errors, mean }) => [
    `\`${candidate.name}\``,
    candidate.data,
    `${mean === least ? '**' : ''}\`${options}\`${mean === least ? '**' : ''}`,
    ...[...errors, mean].map(percent),
  ]);
}

/** The equal error rate of held-out pairs after training with one try. */
async function errorOf(candidate: Candidate, index: number, random: Random): Promise<number> {
  const [training, heldOut] = mnist().training.split(TRAINING);
  const encoder = createEncoder(random.fork('weights'), candidate.ofLengths);
  const twin = new Twin(encoder, { compare: euclidean });
  await candidate.learn(index, { twin, set: training, random, steps: STEPS });
  const pairs = balancedPairs(heldOut, { batchSize: 500, pairs: PAIRS, random: random.fork('pairs') });
  // By direction: of embeddings of length 1 both distances have one order.
  const measured = candidate.ofLengths ? new Twin(encoder, { compare: cosineDistance }) : twin;
  return evaluateVerification(scorePairs(measured, pairs), { threshold: 0 }).eer;
}

/** The quick start's encoder, its embeddings scaled to length 1 unless their lengths are learned too. */
function createEncoder(random: Random, ofLengths = false): Sequential {
  return new Sequential(
    ...[new Conv2d(1, 16, 5, { padding: 2, random }), relu, new MaxPool2d(2)],
    ...[new Conv2d(16, 32, 3, { padding: 1, random }), relu, new MaxPool2d(2)],
    ...[new Flatten(), new Linear(32 * 7 * 7, WIDTH, { random }), ...(ofLengths ? [] : [normalize])],
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
