import {
  asDistance,
  asSimilarity,
  batchContrastiveLoss,
  type ContrastivePreset,
  contrastiveLoss,
  cosineDistance,
  cosineSimilarity,
  type Distance,
  euclidean,
  intTensor,
  marginLoss,
  mul,
  type PairStatistics,
  pairStatistics,
  pairwiseDistances,
  parameter,
  type Similarity,
  sub,
  type TripletStatistics,
  tensor,
  tripletLoss,
  tripletStatistics,
  zeros,
} from 'twingrad';

/*
 * Compiled, never run: what follows a `@ts-expect-error` must be refused, and everything else accepted. A loss of pairs
 * takes distances with labels that say what they mean; a loss of a batch embeddings with classes.
 */

const x = zeros([2, 3]);
const distance: Distance = euclidean(x, x);
const similarity: Similarity = cosineSimilarity(x, x);
const different = [0, 1];
const classes = Int32Array.of(0, 1);

// Every preset takes a Distance alone, whichever kind of distance its source has.
const presets: readonly ContrastivePreset[] = ['plain', 'hadsell2006', 'sentenceTransformers', 'keras', 'caffeLegacy'];
for (const preset of presets) contrastiveLoss(distance, { same: different }, { preset });
contrastiveLoss(cosineDistance(x, x), { same: different }, { preset: 'sentenceTransformers', margin: 0.5 });
contrastiveLoss(distance, { different }, { preset: undefined, margin: undefined, reduction: undefined });
// @ts-expect-error a similarity runs the other way
contrastiveLoss(similarity, { different }, { preset: 'sentenceTransformers' });
// @ts-expect-error a similarity runs the other way, also a declared one
contrastiveLoss(asSimilarity(tensor([1, 2])), { same: different }, { preset: 'keras' });
// @ts-expect-error a plain tensor may be anything
contrastiveLoss(tensor([1, 2]), { different }, { preset: 'hadsell2006' });
// @ts-expect-error arithmetic forgets the kind
contrastiveLoss(sub(1, similarity), { different });
// @ts-expect-error arithmetic forgets the kind
contrastiveLoss(mul(distance, 0.5), { different }, { preset: 'caffeLegacy' });
contrastiveLoss(asDistance(sub(1, similarity), { bound: 2 }), { different });
// @ts-expect-error bare labels: papers and libraries disagree about 1
contrastiveLoss(distance, different, { preset: 'keras' });
// @ts-expect-error bare labels
contrastiveLoss(distance, classes);
// @ts-expect-error both meanings
contrastiveLoss(distance, { different, same: different }, { preset: 'keras' });
// @ts-expect-error unknown preset
contrastiveLoss(distance, { different }, { preset: 'caffe' });
// @ts-expect-error margins of both kinds belong to batchContrastiveLoss
contrastiveLoss(distance, { different }, { positiveMargin: 0.1 });

// Losses of a batch: embeddings and classes.
batchContrastiveLoss(x, classes, { positiveMargin: 0, negativeMargin: 1, distance: 'cosine', normalize: false });
batchContrastiveLoss(x, intTensor(classes, [2]), { reduction: undefined, normalize: undefined });
// @ts-expect-error a float Tensor cannot hold every id
batchContrastiveLoss(x, tensor([0, 1]));
// @ts-expect-error flags of pairs
batchContrastiveLoss(x, { different });
// @ts-expect-error one margin is not two
batchContrastiveLoss(x, classes, { margin: 1 });
// @ts-expect-error unknown distance
batchContrastiveLoss(x, classes, { distance: 'l2' });
marginLoss(x, classes, { margin: 0.2, beta: 1.2 });
marginLoss(x, classes, { beta: parameter(tensor([1.2, 1])) });
// @ts-expect-error numbers are no Tensor
marginLoss(x, classes, { beta: [1.2, 1] });
// @ts-expect-error sampling is not a part of it
marginLoss(x, classes, { sampling: 'distanceWeighted' });

// A triplet loss measures by itself, so it takes embeddings and the name of a distance.
tripletLoss(x, x, x, { distance: 'cosine', soft: true, swap: true, margin: 0.1 });
// @ts-expect-error a distance op is not its name
tripletLoss(x, x, x, { distance: euclidean });

// Statistics take what the losses take.
const ofPairs: PairStatistics = pairStatistics(distance, { different }, { margin: 1, preset: 'keras' });
pairStatistics(x, classes, { negativeMargin: 1, reduction: 'mean' });
// @ts-expect-error distances of pairs have flags, not classes
pairStatistics(distance, different);
// @ts-expect-error distances of all with all are no embeddings
pairStatistics(pairwiseDistances(x, x), classes);
// @ts-expect-error a similarity runs the other way
pairStatistics(similarity, { different });
// @ts-expect-error a plain tensor may be anything
pairStatistics(x, { different });
// @ts-expect-error options of the other loss
pairStatistics(distance, { different }, { negativeMargin: 1 });
const ofTriplets: TripletStatistics = tripletStatistics(x, x, x, { margin: 1, swap: true });
tripletStatistics(x, classes, { mining: 'all', distance: 'euclidean' });
// @ts-expect-error mining is of a batch
tripletStatistics(x, x, x, { mining: 'all' });
// @ts-expect-error a float Tensor cannot hold every id
tripletStatistics(x, tensor([0, 1]));
// @ts-expect-error plain numbers, not to be differentiated
const loss: { readonly node: unknown } = ofPairs;
// @ts-expect-error read only
ofTriplets.active = 0;

export { loss, ofTriplets };
