import {
  Adam,
  BatchNorm2d,
  balancedPairs,
  Conv2d,
  contrastiveLoss,
  createRandom,
  type Distance,
  euclidean,
  Flatten,
  imageSet,
  type LabelledImages,
  Linear,
  loadModel,
  MaxPool2d,
  mean,
  type Random,
  readSafetensors,
  relu,
  Sequential,
  saveModel,
  Twin,
  train,
} from 'twingrad';
import { createSimdKernels, simdBytes, useKernels } from 'twingrad/kernels';

/*
 * A whole small use of the library, the same on every runtime: no node:, no DOM, no clock. It is bundled with either
 * entry; see smoke.test.ts. What it finds is plain data, and told apart to the bit.
 */

/** What one training came to. */
export interface Report {
  /** The kernels that the model file says made it. */
  readonly kernels: string;
  /** The loss of each step. */
  readonly losses: readonly number[];
  /** FNV-1a of the model file, and so of every bit of weights and buffers. */
  readonly file: string;
  /** FNV-1a of the embeddings of all images. */
  readonly embeddings: string;
  /** Whether every image has the same embedding alone as in the batch, bit by bit. */
  readonly aloneAsInBatch: boolean;
  /** Whether the saved and loaded model embeds as the trained one, bit by bit, and saves to the same file. */
  readonly loadedAsSaved: boolean;
  /** Mean distance of pairs of one class, and of two, by the loaded model. */
  readonly same: number;
  readonly different: number;
}

/** Everything that one runtime has to say. */
export interface Smoke {
  /** By the kernels that the bundled entry installs. */
  readonly installed: Report;
  /** By SIMD kernels from a module compiled elsewhere; undefined where nothing may be compiled. */
  readonly precompiled: Report | undefined;
}

/** Compiled while the file is evaluated, as workerd allows it only there. */
const precompiled = compile();

const SIDE = 14;
const CLASSES = 3;
const PER_CLASS = 8;

export async function smoke(module: WebAssembly.Module | undefined = precompiled): Promise<Smoke> {
  const installed = await report();
  if (module === undefined) return { installed, precompiled: undefined };
  const previous = useKernels(createSimdKernels({ module }));
  try {
    return { installed, precompiled: await report() };
  } finally {
    useKernels(previous);
  }
}

/** Trains, saves, loads and embeds with the active kernels. */
export async function report(): Promise<Report> {
  const random = createRandom(7);
  const images = bars(random.fork('images'));
  const twin = createTwin(random.fork('weights'));
  const losses: number[] = [];
  for await (const { loss } of train(twin, {
    batches: balancedPairs(images, { batchSize: 12, pairs: 60, random: random.fork('pairs') }),
    loss: ({ a, b, different }, context) => contrastiveLoss(twin.compare(a, b, context), { different }, { margin: 1 }),
    optimizer: new Adam(twin, { learningRate: 1e-2, epsilon: 1e-2 }),
    epochs: 2,
    random: random.fork('training'),
  })) {
    losses.push(loss);
  }

  const bytes = saveModel(twin);
  const loaded = loadModel(bytes, createTwin(createRandom(0)));
  const all = Array.from(images.labels.keys());
  const { data, shape } = twin.embed(images.batch(all));
  const alone = all.flatMap((i) => [...twin.embed(images.batch([i])).data]);
  return {
    kernels: readSafetensors(bytes).metadata.get('twingrad.kernels') ?? 'unnamed',
    losses,
    file: fnv1a(bytes),
    embeddings: fnv1a(bytesOf(data)),
    aloneAsInBatch: shape[0] === all.length && equalBits(Float32Array.from(alone), data),
    loadedAsSaved: equalBits(loaded.embed(images.batch(all)).data, data) && fnv1a(saveModel(loaded)) === fnv1a(bytes),
    same: meanDistance(loaded, images, CLASSES),
    different: meanDistance(loaded, images, 1),
  };
}

/** 3x3 convolutions of one channel, of many, and with a stride, on sides that no vector width divides. */
function createTwin(random: Random): Twin<Distance> {
  const encoder = new Sequential(
    // No bias before the batch norm: its gradient is pure rounding, which Adam would make as large as any other.
    new Conv2d(1, 8, 3, { padding: 1, bias: false, random: random.fork('first') }),
    new BatchNorm2d(8),
    relu,
    new MaxPool2d(2),
    new Conv2d(8, 12, 3, { padding: 1, random: random.fork('second') }),
    relu,
    new Conv2d(12, 12, 3, { padding: 1, stride: 2, random: random.fork('third') }),
    relu,
    new Flatten(),
    new Linear(12 * 4 * 4, 5, { random: random.fork('last') }),
  );
  return new Twin(encoder, { compare: euclidean });
}

/** Noisy images, classes in turn: a bar that lies, that stands, or on the diagonal. */
function bars(random: Random): LabelledImages {
  const labels = Array.from({ length: CLASSES * PER_CLASS }, (_, i) => i % CLASSES);
  const data = new Uint8Array(labels.length * SIDE * SIDE);
  labels.forEach((label, i) => {
    const place = 2 + random.integer(SIDE - 4);
    for (let p = 0; p < SIDE * SIDE; p++) {
      const [row, column] = [Math.floor(p / SIDE), p % SIDE];
      const across = [row - place, column - place, row - column][label];
      data[i * SIDE * SIDE + p] = (Math.abs(across) < 2 ? 180 : 0) + random.integer(60);
    }
  });
  return imageSet({ shape: [labels.length, SIDE, SIDE], data }, labels);
}

/** Of image i to image i + apart, as the classes take turns. */
function meanDistance(twin: Twin<Distance>, images: LabelledImages, apart: number): number {
  const first = Array.from({ length: images.length - apart }, (_, i) => i);
  const distances = twin.compare(images.batch(first), images.batch(first.map((i) => i + apart)));
  return mean(distances).item();
}

function compile(): WebAssembly.Module | undefined {
  try {
    return new WebAssembly.Module(simdBytes());
  } catch {
    return undefined;
  }
}

function equalBits(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function fnv1a(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
