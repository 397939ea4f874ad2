import {
  Conv2d,
  createRandom,
  type Distance,
  euclidean,
  Flatten,
  Linear,
  loadModel,
  MaxPool2d,
  normalize,
  type Random,
  readSafetensors,
  relu,
  Sequential,
  Twin,
} from 'twingrad';
import { HEADS, type Head, type Settings } from './options.ts';

/** Metadata of the model file by which the encoder is built again. */
const HEAD = 'digits.head';

/**
 * A twin for images `[N, 1, 28, 28]`, by Euclidean distance. The encoder is that of the README's quick start, and its
 * embeddings, 64 numbers with a dense head and 1,568 without, are scaled to length 1: distances lie in [0, 2] whatever
 * the first weights, and a threshold found on some digits keeps its meaning on others.
 */
export function createTwin(head: Head, random: Random): Twin<Distance> {
  const encoder = new Sequential(
    ...[new Conv2d(1, 16, 5, { padding: 2, random }), relu, new MaxPool2d(2)],
    ...[new Conv2d(16, 32, 3, { padding: 1, random }), relu, new MaxPool2d(2)],
    new Flatten(),
    ...(head === 'dense' ? [new Linear(32 * 7 * 7, 64, { random })] : []),
    normalize,
  );
  return new Twin(encoder, { compare: euclidean });
}

/** What the model file says besides the weights. */
export function modelMetadata({ head, seed, unseen }: Settings): Record<string, string> {
  return { [HEAD]: head, 'digits.seed': String(seed), 'digits.unseen': unseen.join(',') };
}

/** The twin of a model file that the demo wrote. Throws: FormatError, TypeError, ShapeError for other files. */
export function restoreTwin(bytes: Uint8Array): Twin<Distance> {
  const saved = readSafetensors(bytes).metadata.get(HEAD);
  const head = HEADS.find((kind) => kind === saved);
  if (head === undefined) throw new TypeError(`its metadata has no known '${HEAD}'`);
  return loadModel(bytes, createTwin(head, createRandom(0)));
}
