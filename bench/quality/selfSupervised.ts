import {
  augment,
  BatchNorm2d,
  Conv2d,
  cosineDistance,
  diagnoseEmbeddings,
  Flatten,
  Linear,
  MaxPool2d,
  type Random,
  relu,
  Sequential,
  type SyncBatches,
  type Tensor,
  Twin,
  twoViews,
  type ViewBatch,
} from 'twingrad';
import { mnist } from './digits.ts';
import type { Figure } from './experiment.ts';
import { neighborAccuracy, unitEmbeddings } from './neighbors.ts';

/** Length of an embedding. */
export const WIDTH = 128;
const BATCH = 256;
/** Training images that vote on a test image. */
const NEIGHBORS = 5;

/** What both experiments train, in words. */
export const LEARNER = `three convolutions of 3x3 (16, 32, 64 channels, batch normalization, relu, pooling) and a dense layer of ${WIDTH}, two views of each of the 60,000 training images (moved by up to 3 pixels, turned by 25 degrees, scaled by 0.6 to 1.3, sheared by 20 degrees), batches of ${BATCH}; labels only vote at the end, the ${NEIGHBORS} nearest training images on each test image`;

/** What both experiments train: three convolutions with batch normalization. */
export function createTwin(random: Random): Twin {
  const block = (inputs: number, outputs: number) => [
    new Conv2d(inputs, outputs, 3, { padding: 1, bias: false, random }),
    new BatchNorm2d(outputs),
    relu,
  ];
  const encoder = new Sequential(
    ...[...block(1, 16), new MaxPool2d(2), ...block(16, 32), new MaxPool2d(2), ...block(32, 64), new MaxPool2d(2)],
    ...[new Flatten(), new Linear(64 * 3 * 3, WIDTH, { random })],
  );
  return new Twin(encoder, { compare: cosineDistance });
}

/** Two views of each training image, its label not read: turned, scaled, sheared, shifted. */
export function views(random: Random): SyncBatches<ViewBatch> {
  return twoViews(mnist().training, { batchSize: BATCH, random, transform: view });
}

const view = (x: Tensor, random: Random): Tensor =>
  augment(x, { shift: 3, rotate: 25, scale: [0.6, 1.3], shear: 20, random });

/** Share of the test images that the embeddings of their nearest training images name rightly, and the former. */
function judged(twin: Twin): { readonly accuracy: number; readonly queries: Tensor } {
  const { training, test } = mnist();
  const queries = unitEmbeddings(twin, test);
  const accuracy = neighborAccuracy(
    { embeddings: queries, labels: test.labels },
    { embeddings: unitEmbeddings(twin, training), labels: training.labels },
    NEIGHBORS,
  );
  return { accuracy, queries };
}

/** The same of pixels, worked out once. */
let ofPixels: number | undefined;

/** What embeddings are worth that never saw a label, and pixels as they are: what training without labels must beat. */
export function beforeTraining(twin: Twin): readonly Figure[] {
  ofPixels ??= judged(new Twin(new Flatten(), { compare: cosineDistance })).accuracy;
  return [
    { name: `${NEIGHBORS}-NN accuracy before training`, value: judged(twin).accuracy },
    { name: `${NEIGHBORS}-NN accuracy of the pixels`, value: ofPixels },
  ];
}

/** What the embeddings are worth afterwards, and whether they collapsed. */
export function afterTraining(twin: Twin): readonly Figure[] {
  const { accuracy, queries } = judged(twin);
  const report = diagnoseEmbeddings(queries);
  return [
    { name: `${NEIGHBORS}-NN accuracy`, value: accuracy, least: 0.95 },
    { name: `deviation, of ${(1 / Math.sqrt(WIDTH)).toFixed(4)} at most`, value: report.deviation.mean },
    { name: `effective rank, of ${WIDTH}`, value: report.effectiveRank },
    { name: 'warnings about the embeddings', value: report.warnings.length, most: 0 },
  ];
}
