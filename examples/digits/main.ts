import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Table from 'cli-table3';
import { countParameters, createRandom, euclidean, Flatten, saveModel, Twin } from 'twingrad';
import { writeFileAtomic } from 'twingrad/node';
import { messageOf, runCommand, UserError } from '../shared/command.ts';
import { readCheckpoint, removeCheckpoint, UNTRAINED } from './checkpoint.ts';
import { readDigits } from './data.ts';
import { measure, prepareExam } from './measure.ts';
import { createTwin, modelMetadata } from './network.ts';
import { DEFAULT_OUT, type Options, readOptions } from './options.ts';
import { drawReport } from './report.ts';
import { collect, comparison, type Results, resultRows } from './results.ts';
import { describeTraining, Interrupted, trainDigits } from './training.ts';

/** Exit code of programs that Ctrl-C ended. */
const INTERRUPTED = 130;

await runCommand(async () => {
  const args = process.argv.slice(2);
  const options = readOptions(args);
  try {
    await run(options, args);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    console.log(
      `\n${error.message}. The training is saved; go on with:\n  ${commandOf([...args.filter(isNotResume), '--resume'])}`,
    );
    process.exitCode = INTERRUPTED;
  }
});

/** Trains, measures, writes. */
async function run(options: Options, args: readonly string[]): Promise<void> {
  const { settings, out, resume } = options;
  const saved = resume ? readCheckpoint(out, settings) : UNTRAINED;
  const random = createRandom(settings.seed);
  const digits = readDigits(settings.unseen, settings.testImages);
  const twin = createTwin(settings.head, random.fork('weights'));
  prepareFolder(options);
  console.log(`Seed ${settings.seed}. ${describeTraining(settings)}.`);
  console.log(`Training images: ${digits.training.length} of the digits ${digits.training.classes.join(', ')}.`);

  const trained = await trainDigits(twin, digits.training, options, saved);

  console.log('Measuring on test images ...');
  const exam = prepareExam(digits, settings.testImages, random.fork('exam'));
  const measured = measure(twin, exam);
  const baseline = measure(new Twin(new Flatten(), { compare: euclidean }), exam);
  const results = collect(settings, exam, measured, baseline, {
    steps: trained.losses.length,
    parameters: countParameters(twin),
    seconds: trained.seconds,
    version: readVersion(),
  });
  const report = drawReport({
    ...{ results, trained, twin, measured, baseline, exam },
    training: describeTraining(settings),
    command: commandOf(args.filter(isNotResume)),
    random: random.fork('map'),
  });
  const files = new Map<string, Uint8Array | string>([
    ['model.safetensors', saveModel(twin.withThreshold(results.threshold), { metadata: modelMetadata(settings) })],
    ['results.json', `${JSON.stringify(results, undefined, 2)}\n`],
    ['report.html', report],
  ]);
  for (const [name, content] of files) writeFileAtomic(join(out, name), content);
  removeCheckpoint(out);
  print(results, out, [...files.keys()]);
}

/** Makes the folder, before the training, so that a bad path is told at once. */
function prepareFolder({ out, resume }: Options): void {
  try {
    mkdirSync(out, { recursive: true });
    accessSync(out, constants.W_OK);
  } catch (error) {
    throw new UserError(`cannot write to '${out}': ${messageOf(error)}`);
  }
  if (!resume && removeCheckpoint(out)) {
    console.log(
      `Starting anew: removed the checkpoint of an unfinished training in '${out}' (--resume goes on from one).`,
    );
  }
}

/** The table, and what to do next. */
function print(results: Results, out: string, files: readonly string[]): void {
  const table = new Table({
    head: ['', 'Twin network', 'Raw pixels'],
    colAligns: ['left', 'right', 'right'],
    style: { head: [], border: [] },
  });
  table.push(...resultRows(results));
  console.log(`\n${table.toString()}`);
  console.log(comparison(results));
  console.log(
    `Seed ${results.seed}, ${results.parameters} weights, ${results.steps} steps in ${results.seconds.toFixed(1)} s.`,
  );
  console.log(`\nWritten: ${files.map((name) => join(out, name)).join(', ')}`);
  const model = out === DEFAULT_OUT ? '' : ` --model ${quote(join(out, 'model.safetensors'))}`;
  console.log(
    `Next: open the report, or compare two images:\n  npx tsx examples/digits/compare.ts test:0 test:17${model}`,
  );
}

function readVersion(): string {
  const { version }: { version: string } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  return version;
}

/** The command with these arguments, to paste into a shell. */
function commandOf(args: readonly string[]): string {
  return ['npm run demo', ...(args.length === 0 ? [] : ['--', ...args.map(quote)])].join(' ');
}

function quote(arg: string): string {
  return /^[\w./,:=@-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`;
}

function isNotResume(arg: string): boolean {
  return arg !== '--resume';
}
