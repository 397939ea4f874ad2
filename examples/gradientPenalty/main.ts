import { setImmediate as breathe } from 'node:timers/promises';
import Table from 'cli-table3';
import { InvalidArgumentError } from 'commander';
import { readDigits } from '../digits/data.ts';
import { createCommand, integer, runCommand } from '../shared/command.ts';
import { TrainingBar } from '../shared/progress.ts';
import { type Measured, measureTwin, type Settings, type Trained, trainTwin } from './experiment.ts';

/** All of the test images. */
const TEST_IMAGES = 10_000;

/** Exit code of programs that Ctrl-C ended. */
const INTERRUPTED = 130;

/** What is known of one twin. */
interface Column {
  readonly trained: Trained;
  readonly measured: Measured;
}

/** What commander collects. */
interface Options extends Settings {
  readonly penalty: number;
}

const HELP = `
Trains one twin with the contrastive loss alone, and one with the same weights and pairs whose loss also holds the
squared length of its own gradient with respect to the images (double backpropagation). Such a twin changes its mind
less for small changes of the pixels: it is measured with noise, and with a step against the right answer.`;

await runCommand(async () => {
  const command = createCommand(
    'npm run gradient-penalty --',
    'A twin on the digits with and without gradient penalty.',
  )
    .option('--steps <n>', 'steps of either training', integer(1, 100_000), 1000)
    .option('--batch-size <n>', 'pairs a step', integer(1, 10_000), 64)
    .option('--penalty <x>', 'factor of the penalty', amount, 0.3)
    .option('--epsilon <x>', 'size of the step, of pixels in [0, 1]', amount, 0.05)
    .option('--noise <x>', 'standard deviation of the noise', amount, 0.4)
    .option('--pairs <n>', 'test pairs', integer(100, 100_000), 4000)
    .option('--seed <n>', 'the same seed gives the same numbers', integer(0), 7)
    .addHelpText('after', HELP)
    .allowExcessArguments(false)
    .parse(process.argv.slice(2), { from: 'user' });
  await run(command.opts<Options>());
});

async function run({ penalty, ...settings }: Options): Promise<void> {
  const sets = readDigits([], TEST_IMAGES);
  console.log(`Seed ${settings.seed}, ${settings.steps} steps of ${settings.batchSize} pairs, twice.`);
  const columns: Column[] = [];
  for (const factor of [0, penalty]) {
    console.log(factor === 0 ? 'Contrastive loss' : `Contrastive loss with a gradient penalty of ${factor}`);
    const trained = await follow(settings, (afterStep) => trainTwin(sets.training, settings, factor, afterStep));
    columns.push({ trained, measured: measureTwin(trained.twin, sets, settings) });
  }

  const table = new Table({
    head: ['', 'Plain', `Penalty ${penalty}`],
    colAligns: ['left', 'right', 'right'],
    style: { head: [], border: [] },
  });
  const row = (name: string, show: (column: Column) => string) => table.push([name, ...columns.map(show)]);
  row('Pairs called right', ({ measured }) => percent(measured.clean));
  row(`with noise of ${settings.noise}`, ({ measured }) => percent(measured.noisy));
  row(`after a step of ${settings.epsilon} against it`, ({ measured }) => percent(measured.attacked));
  row('Mean gradient of a distance', ({ measured }) => measured.gradientNorm.toFixed(3));
  row('Time a step', ({ trained }) => `${trained.millisecondsPerStep.toFixed(1)} ms`);
  console.log(`\n${table.toString()}`);
}

/** Runs a training with its bar, which Ctrl-C takes down. */
async function follow(
  { steps, batchSize }: Settings,
  train: (afterStep: (step: number, loss: number) => Promise<void>) => Promise<Trained>,
): Promise<Trained> {
  const bar = new TrainingBar('pairs');
  const started = performance.now();
  const interrupt = () => {
    bar.stop();
    process.exit(INTERRUPTED);
  };
  process.once('SIGINT', interrupt);
  bar.start(steps, 0);
  try {
    return await train(async (step, loss) => {
      bar.update(step, { loss, perSecond: (1000 * batchSize * step) / (performance.now() - started) });
      // A signal is heard between two steps.
      await breathe();
    });
  } finally {
    bar.stop();
    process.off('SIGINT', interrupt);
  }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** Reads an option as a number of at least 0. */
function amount(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value < Infinity) return value;
  throw new InvalidArgumentError('It must be a number of at least 0.');
}
