import type { LabelledImages } from 'twingrad';
import { readTestImages, readTrainingImages } from '../../examples/digits/data.ts';

/** MNIST as it is published: 60,000 images to learn from, 10,000 to be asked about. */
export interface Mnist {
  readonly training: LabelledImages;
  readonly test: LabelledImages;
}

let read: Mnist | undefined;

/** Read once: every experiment and seed takes the same images. */
export function mnist(): Mnist {
  read ??= { training: readTrainingImages(), test: readTestImages() };
  return read;
}
