import {
  Adam,
  AdamW,
  type Batches,
  balancedPairs,
  batchTripletLoss,
  classBatches,
  contrastiveLoss,
  cosineDecay,
  cosineDistance,
  cosineSimilarity,
  createRandom,
  crossEntropy,
  type Distance,
  euclidean,
  evaluateVerification,
  imageSet,
  Linear,
  loadModel,
  type Schedule,
  type Similarity,
  scorePairs,
  type Tensor,
  Twin,
  train,
  tripletLoss,
  triplets,
  warmup,
} from 'twingrad';

/*
 * Compiled, never run. What the batches hold is what the loss receives, and what a twin compares by is what its
 * comparison gives.
 */

const random = createRandom(1);
const set = imageSet({ shape: [4, 1, 1], data: new Uint8Array(4) }, [0, 0, 1, 1]);
const twin = new Twin(new Linear(2, 1, { random }), { compare: euclidean });
const alike = new Twin(new Linear(2, 1, { random }), { compare: cosineSimilarity });
const optimizer = new Adam(twin, { learningRate: 1e-3 });
const shared = { optimizer, epochs: 1, random };
const pairs = balancedPairs(set, { batchSize: 2, random });

train(twin, {
  ...shared,
  batches: pairs,
  loss: ({ a, b, different }, context) => contrastiveLoss(twin.compare(a, b, context), { different }),
  validate: { pairs, metric: 'auc' },
  patience: undefined,
  clip: undefined,
  schedule: undefined,
  accumulate: undefined,
  afterStep: undefined,
  signal: undefined,
  resume: undefined,
});
const seen: number[] = [];
const schedule: Schedule = warmup({ steps: 10, from: undefined, next: cosineDecay({ steps: 90 }) });
train(twin, {
  ...shared,
  optimizer: new AdamW(twin, { learningRate: 1e-3, weightDecay: 0.05 }),
  batches: classBatches(set, { classes: 2, samples: 2, random }),
  loss: ({ images, labels }, context) => crossEntropy(twin.embed(images, context), labels),
  schedule: (step) => 0.5 * schedule(step),
  accumulate: 4,
  afterStep: ({ epoch, step, steps, loss }) => seen.push(epoch + step / steps, loss),
});
// @ts-expect-error a schedule gives a factor
train(twin, { ...shared, batches: pairs, loss: ({ a }) => a, schedule: () => 'less' });
// @ts-expect-error classes are integers
crossEntropy(set.batch([0]), set.batch([0]));
train(twin, {
  ...shared,
  batches: triplets(set, { batchSize: 2, random }),
  loss: ({ anchor, positive, negative }, context) =>
    tripletLoss(twin.embed(anchor, context), twin.embed(positive, context), twin.embed(negative, context)),
});
train(twin, {
  ...shared,
  batches: classBatches(set, { classes: 2, samples: 2, random }),
  loss: ({ images, labels }, context) => batchTripletLoss(twin.embed(images, context), labels),
});

// Batches of one's own, also asynchronous ones.
interface Heard {
  readonly left: Tensor;
  readonly right: Tensor;
  readonly same: readonly boolean[];
}
declare const heard: Batches<Heard>;
train(twin, {
  ...shared,
  batches: heard,
  loss: ({ left, right, same }, context) => contrastiveLoss(twin.compare(left, right, context), { same }),
});
train(twin, {
  ...shared,
  batches: pairs,
  // @ts-expect-error pairs have no anchor
  loss: ({ anchor }) => anchor,
});
train(twin, {
  ...shared,
  batches: pairs,
  // @ts-expect-error a loss is a tensor
  loss: () => 1,
});
train(alike, {
  ...shared,
  batches: pairs,
  // @ts-expect-error this twin gives similarities
  loss: ({ a, b, different }) => contrastiveLoss(alike.compare(a, b), { different }),
});
// @ts-expect-error unknown option
train(twin, { ...shared, batches: pairs, loss: ({ a }) => a, epoch: 3 });
// @ts-expect-error unknown metric
train(twin, { ...shared, batches: pairs, loss: ({ a }) => a, validate: { pairs, metric: 'loss' } });
// @ts-expect-error validation needs pairs at hand
train(twin, { ...shared, batches: heard, loss: ({ left }) => left, validate: { pairs: heard, metric: 'auc' } });

const d: Distance = twin.compare(set.batch([0]), set.batch([1]));
const s: Similarity = alike.compare(set.batch([0]), set.batch([1]));
// @ts-expect-error the other kind
const wrong: Distance = alike.compare(set.batch([0]), set.batch([1]));
const again: Twin<Distance> = loadModel(new Uint8Array(0), twin.withThreshold(0.5));
// @ts-expect-error a twin of distances is no twin of similarities
const other: Twin<Similarity> = new Twin(new Linear(2, 1, { random }), { compare: cosineDistance });
const accuracy: number = evaluateVerification(scorePairs(twin, pairs), { threshold: 0.5 }).accuracy;
// @ts-expect-error the threshold is set by withThreshold
twin.threshold = 1;

export { accuracy, again, d, other, s, wrong };
