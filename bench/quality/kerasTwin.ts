import {
  type Batches,
  contrastiveLoss,
  countParameters,
  createRandom,
  type Distance,
  Dropout,
  euclidean,
  evaluateVerification,
  Flatten,
  type LabelledImages,
  Linear,
  type PairBatch,
  type Random,
  RMSprop,
  relu,
  Sequential,
  type SyncBatches,
  scorePairs,
  Twin,
  train,
  xavierUniform,
} from 'twingrad';
import { mnist } from './digits.ts';
import type { Experiment, Figure, Progress } from './experiment.ts';

const BATCH = 128;
const EPOCHS = 20;
/** Distance up to which the example calls a pair same: half its margin. */
const THRESHOLD = 0.5;

/** Two images by their numbers, and whether they are of one class. */
type IndexPair = readonly [a: number, b: number, different: 0 | 1];

/**
 * The pairs of the example: image i and i + 1 of each class, and image i with one of another class drawn at random, as
 * many a class as the smallest class has, less one.
 */
export function createPairs(set: Pick<LabelledImages, 'labels' | 'classes'>, random: Random): IndexPair[] {
  const classes = set.classes.map((c) => Array.from(set.labels.keys()).filter((i) => set.labels[i] === c));
  const count = Math.min(...classes.map((members) => members.length)) - 1;
  return classes.flatMap((members, c) =>
    Array.from({ length: count }, (_, i): readonly IndexPair[] => {
      const other = classes[(c + 1 + random.integer(classes.length - 1)) % classes.length];
      return [
        [members[i], members[i + 1], 0],
        [members[i], other[i], 1],
      ];
    }).flat(),
  );
}

/** Fixed pairs, shuffled each epoch where there is a `random`. */
function batchesOf(set: LabelledImages, pairs: readonly IndexPair[], random?: Random): SyncBatches<PairBatch> {
  const length = Math.ceil(pairs.length / BATCH);
  return {
    length,
    *epoch(i) {
      const order = random?.fork(i).permutation(pairs.length) ?? Int32Array.from(pairs.keys());
      for (let batch = 0; batch < length; batch++) {
        const chosen = Array.from(order.slice(batch * BATCH, (batch + 1) * BATCH), (p) => pairs[p]);
        yield {
          a: set.batch(chosen.map(([a]) => a)),
          b: set.batch(chosen.map(([, b]) => b)),
          different: Uint8Array.from(chosen, ([, , different]) => different),
        };
      }
    },
  };
}

function createTwin(random: Random): Twin<Distance> {
  const dense = (inputs: number) => {
    // Keras's first values, where PyTorch's are those of this library.
    const layer = new Linear(inputs, 128, { random, initialize: xavierUniform });
    layer.bias?.data.fill(0);
    return [layer, relu];
  };
  return new Twin(
    new Sequential(new Flatten(), ...dense(784), new Dropout(0.1), ...dense(128), new Dropout(0.1), ...dense(128)),
    { compare: euclidean },
  );
}

/** Keras's example of a Siamese multilayer perceptron on MNIST. */
export const kerasTwin: Experiment = {
  name: 'keras',
  about:
    "Three dense layers of 128 with relu, dropout 0.1 between them (133,504 parameters), first values as Keras's (Xavier uniform, biases 0); contrastive loss with the preset 'keras', margin 1, about 108,000 fixed pairs made as the example makes them, batches of 128, RMSprop with learning rate 0.001, 20 epochs. A test pair is called same where its distance is below 0.5, the example's fixed threshold.",
  source: "Keras's example mnist_siamese: 97.2 % of the test pairs after 20 epochs",
  run: async (seed: number, progress: Progress): Promise<readonly Figure[]> => {
    const random = createRandom(seed);
    const { training, test } = mnist();
    const twin = createTwin(random.fork('weights'));
    if (countParameters(twin) !== 133_504) throw new Error(`the network has ${countParameters(twin)} parameters`);
    const batches: Batches<PairBatch> = batchesOf(
      training,
      createPairs(training, random.fork('training pairs')),
      random.fork('order'),
    );
    for await (const { step, steps, loss } of train(twin, {
      batches,
      loss: ({ a, b, different }, context) =>
        contrastiveLoss(twin.compare(a, b, context), { different }, { preset: 'keras' }),
      // Keras's constants, where they differ from PyTorch's.
      optimizer: new RMSprop(twin, { learningRate: 0.001, alpha: 0.9, epsilon: 1e-7 }),
      epochs: EPOCHS,
      random: random.fork('training'),
    }))
      progress(step / steps, `loss ${loss.toFixed(4)}`);
    const scored = scorePairs(twin, batchesOf(test, createPairs(test, random.fork('test pairs'))));
    const { accuracy, best } = evaluateVerification(scored, { threshold: THRESHOLD });
    return [
      { name: 'pair accuracy at 0.5', value: accuracy, least: 0.972 },
      { name: 'at the best threshold', value: best.accuracy },
    ];
  },
};
