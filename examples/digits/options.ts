import { type Command, InvalidArgumentError, Option } from 'commander';
import { createCommand, integer } from '../shared/command.ts';

/** Where the demo writes, and compare.ts looks for the model. */
export const DEFAULT_OUT = 'out/digits';

/** The kinds of head. */
export const HEADS = ['dense', 'none'] as const;
export type Head = (typeof HEADS)[number];

/** The losses to train with. */
const LOSSES = ['triplet', 'contrastive'] as const;
type Loss = (typeof LOSSES)[number];

/** What decides the numbers of a run: two runs with equal settings give equal results. */
export interface Settings {
  readonly loss: Loss;
  /** Passes of `pairs` pairs each. */
  readonly epochs: number;
  readonly pairs: number;
  readonly seed: number;
  /** Digits that are left out of the training and measured alone; empty to train on and measure all. */
  readonly unseen: readonly number[];
  /** What follows the convolutions: a dense layer, or nothing. */
  readonly head: Head;
  /** How many of the 10,000 test images are measured. */
  readonly testImages: number;
}

/** Settings, and where and how to run. */
export interface Options {
  readonly settings: Settings;
  readonly out: string;
  readonly resume: boolean;
  /** Steps between two checkpoints. */
  readonly checkpointEvery: number;
}

/** What commander collects. */
interface Raw extends Omit<Settings, 'head' | 'loss'>, Omit<Options, 'settings'> {
  readonly loss?: Loss;
  readonly head?: Head;
}

const EXAMPLES = `
A dense layer learns the trained digits by heart, which is best for these and bad for all others; strokes, which the
convolutions see, are common to all. So the encoder ends with the convolutions when digits are unseen, unless --head
says otherwise. Hardest triplets tell trained digits apart best, pairs of all kinds carry over better to others.

Examples:
  npm run demo                                  train on all ten digits, measure on test images
  npm run demo -- --unseen 7,8,9                train on 0 to 6, measure on 7, 8 and 9
  npm run demo -- --loss contrastive --seed 1   another loss, another seed
  npm run demo -- --resume                      go on after Ctrl-C or a crash`;

/** Reads the command line. Throws: CommanderError with one line for anything wrong. */
export function readOptions(args: readonly string[]): Options {
  const command = build();
  command.parse(args, { from: 'user' });
  const { out, resume, checkpointEvery, ...raw } = command.opts<Raw>();
  const unseen = raw.unseen.length > 0;
  const settings = {
    ...raw,
    loss: raw.loss ?? (unseen ? 'contrastive' : 'triplet'),
    head: raw.head ?? (unseen ? 'none' : 'dense'),
  };
  return { settings, out, resume, checkpointEvery };
}

function build(): Command {
  return createCommand('npm run demo --', 'Trains a twin network on the MNIST digits, measures it and draws a report.')
    .addOption(
      new Option('--loss <name>', 'what to train with (default: triplet, with --unseen contrastive)').choices(LOSSES),
    )
    .option('--epochs <n>', 'passes over the pairs', integer(1, 1000), 1)
    .option('--pairs <n>', 'pairs an epoch; triplets take as many images', integer(1, 10_000_000), 72_000)
    .option('--seed <n>', 'the same seed gives the same numbers', integer(0), 7)
    .option('--unseen <digits>', 'train without these digits and measure on them alone, e.g. 7,8,9', digitList, [])
    .addOption(
      new Option('--head <kind>', 'layer after the convolutions (default: dense, with --unseen none)').choices(HEADS),
    )
    .option(
      '--test-images <n>',
      'measure on the first n test images only, for a quick look',
      integer(200, 10_000),
      10_000,
    )
    .option('--out <folder>', 'where to write', DEFAULT_OUT)
    .option('--checkpoint-every <steps>', 'how often to save the training, so that --resume can go on', integer(1), 100)
    .option('--resume', 'go on from the checkpoint in the folder', false)
    .addHelpText('after', EXAMPLES)
    .allowExcessArguments(false);
}

function digitList(text: string): number[] {
  const digits = text.split(',').map((part) => part.trim());
  if (!digits.every((digit) => /^\d$/.test(digit)))
    throw new InvalidArgumentError('Write digits with commas, as 7,8,9.');
  if (new Set(digits).size !== digits.length) throw new InvalidArgumentError('A digit is named twice.');
  if (digits.length < 2 || digits.length > 8) {
    throw new InvalidArgumentError('Name 2 to 8 digits: different pairs need two classes on either side.');
  }
  return digits.map(Number).toSorted((a, b) => a - b);
}
