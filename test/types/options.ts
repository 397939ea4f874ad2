import {
  Adam,
  BatchNorm2d,
  backward,
  batchNorm,
  batchTripletLoss,
  Conv2d,
  calibrateThreshold,
  contrastiveLoss,
  conv2d,
  createRandom,
  Dropout,
  euclidean,
  evaluateVerification,
  Flatten,
  Gallery,
  gradcheck,
  imageSet,
  kaimingUniform,
  Linear,
  MaxPool2d,
  pairwiseDistances,
  type ScoredPairs,
  SGD,
  sum,
  Twin,
  tensor,
  tripletLoss,
  zeros,
} from 'twingrad';

/*
 * Compiled, never run. An option that is undefined counts as absent, so that callers can pass on what they have;
 * an unknown option, or one of the wrong kind, is refused.
 */

const x = zeros([2, 3]);
const random = createRandom(1);
const twin = new Twin(new Linear(3, 2, { random }), { compare: euclidean });
const distance = euclidean(x, x);
const set = imageSet({ shape: [1, 2, 2], data: new Uint8Array(4) }, [0], { scale: undefined });
const scored: ScoredPairs = { measure: 'distance', scores: new Float32Array([1]), same: new Uint8Array([1]) };

sum(x, { axis: undefined, keepDims: undefined });
conv2d(x, x, undefined, { stride: undefined, padding: [1, 0], dilation: undefined, groups: undefined });
batchNorm(x, { weight: undefined, training: undefined, momentum: undefined });
contrastiveLoss(distance, { different: [0, 1] }, { margin: undefined, reduction: undefined });
tripletLoss(x, x, x, { margin: undefined, distance: undefined, swap: undefined, soft: undefined });
batchTripletLoss(x, [0, 1], { mining: undefined });
backward(x, { createGraph: undefined });
gradcheck((y) => y, [x], { step: undefined, tolerance: undefined });
new Linear(3, 2, { random, bias: undefined, initialize: undefined });
new Conv2d(1, 2, [3, 3], { random, stride: undefined, initialize: kaimingUniform });
new MaxPool2d(2, { stride: undefined });
new BatchNorm2d(3, { momentum: undefined });
new Adam(twin, { learningRate: 1e-3, betas: undefined, weightDecay: undefined, groups: undefined });
new SGD(
  { encoder: twin.encoder },
  { learningRate: 1e-3, groups: [{ match: /bias/, weightDecay: 0, learningRate: undefined }] },
);
twin.embed(x, { batchSize: undefined, training: undefined, random: undefined });
calibrateThreshold(scored, { maximize: 'f1', maxFalseAcceptRate: undefined });
new Gallery<number>(twin).vote(x, { k: undefined });

// @ts-expect-error unknown option
sum(x, { axes: [0] });
// @ts-expect-error unknown option
contrastiveLoss(distance, { different: [0, 1] }, { marign: 2 });
// @ts-expect-error unknown reduction
contrastiveLoss(distance, { different: [0, 1] }, { reduction: 'average' });
// @ts-expect-error unknown distance
tripletLoss(x, x, x, { distance: 'hamming' });
// @ts-expect-error unknown metric
pairwiseDistances(x, x, { metric: 'l2' });
// @ts-expect-error options are a bag, not positions
new Conv2d(1, 2, 3, 1, 1);
// @ts-expect-error weights need a source of random numbers
new Linear(3, 2, {});
// @ts-expect-error weights need a source of random numbers
new Linear(3, 2);
// @ts-expect-error unknown option
new Adam(twin, { learningRate: 1e-3, lr: 1e-3 });
// @ts-expect-error the step size is not optional
new Adam(twin, {});
// @ts-expect-error a seed is not a source
new Linear(3, 2, { random: 7 });
// @ts-expect-error an encoder is a module; put functions into a Sequential
new Twin((y) => y, { compare: euclidean });
// @ts-expect-error a comparison gives a Distance or a Similarity
new Twin(new Flatten(), { compare: (a) => sum(a) });
// @ts-expect-error one target of the two
calibrateThreshold(scored, { maximize: 'accuracy', maxFalseAcceptRate: 0.1 });
// @ts-expect-error a threshold is not optional: choose it on other pairs
evaluateVerification(scored);
// @ts-expect-error labels are integers, not a float tensor
batchTripletLoss(x, tensor([0, 1]));
// @ts-expect-error data is float32
tensor(new Float64Array(2), [2]);
// @ts-expect-error labels of a gallery are texts or numbers
new Gallery<boolean>(twin);
// @ts-expect-error labels of this gallery are numbers
new Gallery<number>(twin).add(x, ['ann', 'bob']);
// @ts-expect-error p is a number, not a bag
new Dropout({ p: 0.5 });
// @ts-expect-error read only
set.labels = new Int32Array(1);
