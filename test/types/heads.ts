import {
  type Batches,
  type BatchNorm1d,
  binaryCrossEntropyWithLogits,
  contrastiveLoss,
  createRandom,
  type Distance,
  emaUpdate,
  euclidean,
  Flatten,
  type Head,
  KochHead,
  Linear,
  loadModel,
  MahalanobisHead,
  Module,
  manhattan,
  projectionHead,
  type Sequential,
  SGD,
  type Similarity,
  type Tensor,
  Twin,
  train,
  zeros,
} from 'twingrad';

/* Compiled, never run. A head says whether it gives distances or similarities, and losses take the one that they are for. */

const random = createRandom(1);
const x = zeros([2, 4]);
const koch = new Twin(new Linear(4, 3, { random }), { compare: new KochHead(3, { random }) });
const learned = new Twin(new Linear(4, 3, { random }), { compare: new MahalanobisHead(3, { rank: undefined }) });
new Twin(new Flatten(), { compare: manhattan });

const logits: Similarity = koch.compare(x, x);
binaryCrossEntropyWithLogits(koch.compare(x, x), [true, false]);
// @ts-expect-error similarities are no distances
contrastiveLoss(koch.compare(x, x), { different: [0, 1] });
// @ts-expect-error similarities are no distances, by the metric either
contrastiveLoss(koch.metric(x, x), { different: [0, 1] });
contrastiveLoss(learned.compare(x, x), { different: [0, 1] });
const distances: Distance = learned.withThreshold(1).metric(x, x);
// @ts-expect-error a twin of similarities is no twin of distances
const wrong: Twin<Distance> = koch;
const either: Twin = koch;
const again: Twin<Similarity> = loadModel(new Uint8Array(0), koch);
const ofEmbeddings: Twin<Similarity> = new Twin(new Flatten(), { compare: koch.head });

class Own extends Module implements Head<Distance> {
  forward(a: Tensor): Tensor {
    return a;
  }
  compare(a: Tensor, b: Tensor): Distance {
    return euclidean(this.forward(a), this.forward(b));
  }
}
contrastiveLoss(new Twin(new Flatten(), { compare: new Own() }).compare(x, x), { same: [true, false] });
// @ts-expect-error a layer compares nothing
new Twin(new Flatten(), { compare: new Linear(4, 1, { random }) });
// @ts-expect-error a head is a module, not its class
new Twin(new Flatten(), { compare: KochHead });
// @ts-expect-error weights need a source of random numbers
new KochHead(3);
// @ts-expect-error it begins as the identity: nothing is drawn
new MahalanobisHead(3, { random });

const projector: Sequential = projectionHead([4, 8, 2], { random, batchNorm: undefined, lastBatchNorm: true });
// @ts-expect-error weights need a source of random numbers
projectionHead([4, 8]);
// @ts-expect-error unknown option
projectionHead([4, 8], { random, bias: false });
const target: Module = projector;
declare const norm: BatchNorm1d;
declare const batches: Batches<Tensor>;
const shared = {
  batches,
  loss: () => zeros([]),
  optimizer: new SGD({ koch, projector }, { learningRate: 0.1 }),
  epochs: 1,
  random,
};
train(koch, { ...shared, modules: { projector, target, norm }, afterStep: () => emaUpdate(target, projector, 0.99) });
train(koch, { ...shared, modules: projector });
train(koch, { ...shared, modules: undefined });
// @ts-expect-error modules have names
train(koch, { ...shared, modules: [projector] });
// @ts-expect-error a tensor is no module
train(koch, { ...shared, modules: { target: x } });

export { again, distances, either, logits, ofEmbeddings, wrong };
