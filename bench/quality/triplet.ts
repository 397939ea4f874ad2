import {
  Adam,
  batchTripletLoss,
  type Context,
  Conv2d,
  cosineDistance,
  createRandom,
  dropout,
  Flatten,
  Linear,
  Module,
  maxPool2d,
  mul,
  normalizeImages,
  ones,
  type Random,
  relu,
  Sequential,
  shuffledBatches,
  type Tensor,
  Twin,
  train,
} from 'twingrad';
import { mnist } from './digits.ts';
import type { Experiment, Figure, Progress } from './experiment.ts';
import { neighborAccuracy, unitEmbeddings } from './neighbors.ts';

/** Mean and standard deviation of MNIST's pixels. */
const STATISTICS = { mean: 0.1307, std: 0.3081 };
const BATCH = 256;
const MARGIN = 0.2;

/** Drops whole channels of an image, as PyTorch's Dropout2d. */
class ChannelDropout extends Module {
  readonly p = 0.25;

  forward(x: Tensor, { training, random }: Context): Tensor {
    if (!training) return x;
    const [images, channels] = x.shape;
    return mul(x, dropout(ones([images, channels, 1, 1]), { p: this.p, training, random }));
  }
}

function createEncoder(random: Random): Sequential {
  return new Sequential(
    ...[new Conv2d(1, 32, 3, { random }), relu, new Conv2d(32, 64, 3, { random }), relu],
    ...[(x: Tensor) => maxPool2d(x, 2), new ChannelDropout(), new Flatten(), new Linear(9216, 128, { random })],
  );
}

/** pytorch-metric-learning's example of the triplet loss on MNIST. */
export const triplet: Experiment = {
  name: 'triplet',
  about:
    'Two convolutions of 3x3 (32 and 64 channels), pooling, dropout of channels (0.25), 128 numbers; cosine triplet loss with margin 0.2, the mean over what is not 0, of all semi-hard triplets of shuffled batches of 256; Adam with learning rate 0.01, one epoch of the 60,000 training images. precision@1: the nearest training image by cosine is of the class of the test image.',
  source: "pytorch-metric-learning's MNIST example with TripletMarginLoss: precision@1 0.9808 after one epoch",
  run: async (seed: number, progress: Progress): Promise<readonly Figure[]> => {
    const random = createRandom(seed);
    const { training, test } = mnist();
    const twin = new Twin(createEncoder(random.fork('weights')), { compare: cosineDistance });
    const prepare = (x: Tensor) => normalizeImages(x, STATISTICS);
    for await (const { step, steps, loss } of train(twin, {
      batches: shuffledBatches(training, { batchSize: BATCH, random: random.fork('batches'), transform: prepare }),
      loss: ({ images, labels }, context) =>
        batchTripletLoss(twin.embed(images, context), labels, {
          ...{ mining: 'withinMargin', distance: 'cosine', margin: MARGIN, reduction: 'meanNonZero' },
        }),
      optimizer: new Adam(twin, { learningRate: 0.01 }),
      epochs: 1,
      random: random.fork('training'),
    }))
      progress(step / steps, `loss ${loss.toFixed(4)}`);
    const queries = { embeddings: unitEmbeddings(twin, test, prepare), labels: test.labels };
    const references = { embeddings: unitEmbeddings(twin, training, prepare), labels: training.labels };
    return [{ name: 'precision@1', value: neighborAccuracy(queries, references, 1), least: 0.9808 }];
  },
};
