import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  balancedPairs,
  Conv2d,
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
import { markdown } from '../table.ts';
import { type Candidate, candidates, WIDTH } from './candidates.ts';
import { mnist } from './digits.ts';

const SEEDS = [7, 1, 2];
/** The training images that are learned from; pairs of the others are measured. */
const TRAINING = 55_000;
const PAIRS = 4000;
const pageFile = fileURLToPath(new URL('../TUNING.md', import.meta.url));

await runCommand(async () => {
  const command = createCommand(
    'npm run bench:tuning --',
    'Trains each loss with several settings, and says which is best.',
  )
    .argument('[losses...]', 'names such as supConLoss; all by default, which writes bench/TUNING.md')
    .parse(process.argv.slice(2), { from: 'user' });
  const unknown = command.args.find((name) => !candidates.some((candidate) => candidate.name === name));
  if (unknown !== undefined)
    throw new UserError(`there is no loss '${unknown}'. There are ${candidates.map(({ name }) => name).join(', ')}.`);
  const rows: string[][] = [];
  for (const candidate of candidates) {
    if (command.args.length > 0 && !command.args.includes(candidate.name)) continue;
    rows.push(...(await tune(candidate)));
  }
  if (command.args.length === 0) writeFileSync(pageFile, page(rows));
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
  const twin = new Twin(createEncoder(random.fork('weights')), { compare: euclidean });
  await candidate.learn(index, twin, training, random);
  const pairs = balancedPairs(heldOut, { batchSize: 500, pairs: PAIRS, random: random.fork('pairs') });
  return evaluateVerification(scorePairs(twin, pairs), { threshold: 0 }).eer;
}

/** The quick start's encoder, its embeddings scaled to length 1. */
function createEncoder(random: Random): Sequential {
  return new Sequential(
    ...[new Conv2d(1, 16, 5, { padding: 2, random }), relu, new MaxPool2d(2)],
    ...[new Conv2d(16, 32, 3, { padding: 1, random }), relu, new MaxPool2d(2)],
    ...[new Flatten(), new Linear(32 * 7 * 7, WIDTH, { random }), normalize],
  );
}

function page(rows: string[][]): string {
  const head = ['loss', 'data', 'options', ...SEEDS.map((seed) => `seed ${seed}`), 'mean'];
  return `# Tuning

Written by \`npm run bench:tuning\`: the equal error rate of ${PAIRS} held-out MNIST pairs (half of them same) after 300 steps with each setting, the quick start's encoder with embeddings of length 1, Adam with learning rate 0.001, about 96 images a step (positive pairs: 10 pairs, one a digit). The best of each loss is bold. It ranks settings on this data, not losses: some see labels, some none, and none has been trained to its end.

${markdown([head, ...rows])}

${describeMachine()}.
`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
