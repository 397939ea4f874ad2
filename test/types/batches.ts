import {
  ArcFaceLoss,
  arcFaceLoss,
  type Batches,
  batchTripletLoss,
  byolLoss,
  classBatches,
  contrastiveLoss,
  cosineEmbeddingLoss,
  cosineSimilarity,
  createRandom,
  euclidean,
  type IndexPairs,
  type IndexTriplets,
  imageSet,
  infoNceLoss,
  intTensor,
  mineBatchHard,
  mineHardNegatives,
  mineMultiSimilarity,
  mineSemiHard,
  type PairBatch,
  ProxyAnchorLoss,
  pairBatches,
  positivePairs,
  proxyAnchorLoss,
  type SemiHardDefinition,
  simSiamLoss,
  type TripletMining,
  take,
  tensor,
  twoViews,
  vicRegLoss,
  zeros,
} from 'twingrad';

/*
 * Compiled, never run: what follows a `@ts-expect-error` must be refused, and everything else accepted. Miners, losses of
 * batches, of two views and of class weights, and samplers.
 */

const random = createRandom(1);
const x = zeros([2, 3]);
const classes = Int32Array.of(0, 1);

// Ways of mining have names, those of the semi-hard ones are the miner's too.
const minings: readonly TripletMining[] = ['all', 'hard', 'withinMargin', 'nearestFarther', 'nearestOrFarthest'];
for (const mining of minings) batchTripletLoss(x, classes, { mining });
const definition: SemiHardDefinition = 'beyondHardestPositive';
batchTripletLoss(x, classes, { mining: definition, distance: 'manhattan' });
batchTripletLoss(x, classes, { mining: 'randomWithinMargin', random });
// @ts-expect-error five things are called so: which?
batchTripletLoss(x, classes, { mining: 'semiHard' });
// @ts-expect-error five things are called so: which?
batchTripletLoss(x, classes, { mining: 'semihard' });
// @ts-expect-error the loss says it by `mining`
batchTripletLoss(x, classes, { definition });
// @ts-expect-error classes of a batch, not flags of pairs
batchTripletLoss(x, { different: classes });
// @ts-expect-error a float Tensor cannot hold every id
batchTripletLoss(x, tensor([0, 1]));
const mined: IndexTriplets = mineSemiHard(x, classes, { definition });
// @ts-expect-error 'hard' is mineBatchHard
mineSemiHard(x, classes, { definition: 'hard' });
// @ts-expect-error it has to be said which
mineSemiHard(x, classes);
mineBatchHard(x, intTensor(classes, [2]), { distance: 'cosine' });
const { a, b, different }: IndexPairs = mineMultiSimilarity(x, classes, { epsilon: undefined });
contrastiveLoss(euclidean(take(x, a), take(x, b)), { different });
// @ts-expect-error it is of cosines
mineMultiSimilarity(x, classes, { distance: 'euclidean' });
// @ts-expect-error pairs are no triplets
const wrong: IndexTriplets = mineMultiSimilarity(x, classes);
mineHardNegatives(x, classes, { references: x, referenceLabels: classes, k: 2, skip: 1 });

// Losses of pairs that measure by themselves take embeddings.
cosineEmbeddingLoss(x, x, { different: [0, 1] }, { margin: 0.5 });
// @ts-expect-error bare labels: PyTorch's are 1 and -1
cosineEmbeddingLoss(x, x, [1, -1]);
// @ts-expect-error it measures by itself
cosineEmbeddingLoss(cosineSimilarity(x, x), { different: [0, 1] });

// Losses of two views take embeddings; those that are one number for a batch have no reduction.
infoNceLoss(x, x, { scale: 10, symmetric: true, reduction: 'none' });
// @ts-expect-error which row belongs to which is their order
infoNceLoss(x, x, classes);
vicRegLoss(x, x, { invariance: 10 });
// @ts-expect-error it is one number for a batch
vicRegLoss(x, x, { reduction: 'sum' });
simSiamLoss(x, x, x, x, { reduction: 'sum' });
// @ts-expect-error it is below 0
simSiamLoss(x, x, x, x, { reduction: 'meanNonZero' });
// @ts-expect-error predictions and targets of both views
byolLoss(x, x);

// Losses of class weights, as functions and as modules that own the weight.
arcFaceLoss(x, zeros([4, 3]), classes, { scale: 16, margin: 0.2, reduction: 'none' });
// @ts-expect-error the weight comes before the labels
arcFaceLoss(x, classes, zeros([4, 3]));
new ArcFaceLoss(3, 4, { random, scale: 16 }).loss(x, classes, { reduction: 'none' });
// @ts-expect-error weights need a source of random numbers
new ArcFaceLoss(3, 4, { scale: 16 });
// @ts-expect-error the reduction is said at the call
new ArcFaceLoss(3, 4, { random, reduction: 'sum' });
new ProxyAnchorLoss(3, 4, { random }).forward(x);
// @ts-expect-error its two means are over different proxies
proxyAnchorLoss(x, zeros([4, 3]), classes, { reduction: 'sum' });

// Samplers.
const set = imageSet(zeros([2, 3, 3]));
const pairs: Batches<PairBatch> = pairBatches(x, x, { same: [true, false], balanced: true, random });
pairBatches(intTensor(classes, [2]), intTensor(classes, [2]), { distinct: classes, random });
// @ts-expect-error numbers on one side, integers on the other
pairBatches(x, intTensor(classes, [2]), { same: [1, 0] });
// @ts-expect-error bare labels
pairBatches(x, x, [1, 0]);
const { report } = classBatches(set, { classes: 2, samples: 2, random });
const repeated: number = report.repeated;
// @ts-expect-error it draws
classBatches(set, { classes: 2, samples: 2 });
// @ts-expect-error it draws
positivePairs(set, { batchSize: 2 });
twoViews(set, { batchSize: 2, transform: [(view) => view, (view) => view], random });
// @ts-expect-error without a change both views are one
twoViews(set, { batchSize: 2, random });

export { mined, pairs, repeated, wrong };
