export { type GradcheckOptions, type GradcheckResult, type GradcheckWorst, gradcheck } from './autograd/gradcheck.ts';
export { addGradients, type Gradients } from './autograd/gradients.ts';
export { asDistance, asSimilarity, Distance, Similarity } from './autograd/measure.ts';
export { gelu, relu, sigmoid, softplus, tanh } from './autograd/ops/activations.ts';
export { add, div, divOrZero, maximum, minimum, mul, neg, sub } from './autograd/ops/arithmetic.ts';
export { expand, type Operand, sumTo } from './autograd/ops/broadcast.ts';
export { type Conv2dOptions, conv2d, type Pair } from './autograd/ops/conv2d.ts';
export { cosineDistance, cosineSimilarity, euclidean, squaredEuclidean } from './autograd/ops/distances.ts';
export { take } from './autograd/ops/indexed.ts';
export { maxPool2d, type Pool2dOptions } from './autograd/ops/maxPool2d.ts';
export {
  type BatchNormOptions,
  batchNorm,
  type DropoutOptions,
  dropout,
  type NormalizeOptions,
  normalize,
} from './autograd/ops/normalization.ts';
export { type Metric, pairwiseDistances } from './autograd/ops/pairwiseDistances.ts';
export { cos, exp, log, sin, sqrt, square } from './autograd/ops/pointwise.ts';
export { linear, matmul } from './autograd/ops/products.ts';
export { concat, flatten, type Range, reshape, slice, transpose } from './autograd/ops/rearrange.ts';
export { mean, norm, type ReductionOptions, sum } from './autograd/ops/reductions.ts';
export { Parameter, parameter } from './autograd/parameter.ts';
export { keep, scope } from './autograd/scope.ts';
export {
  type BackwardOptions,
  backward,
  type Edge,
  fused,
  noGrad,
  pullThrough,
  record,
  recordAs,
} from './autograd/tape.ts';
export type { Batches, SamplerOptions, SkippableBatches, SyncBatches } from './data/batches.ts';
export { type IdxArray, readIdx } from './data/idx.ts';
export {
  type ImageArray,
  type ImageSetOptions,
  imageSet,
  type LabelledImages,
  type LabelledSet,
} from './data/imageSet.ts';
export { type AugmentOptions, augment, type ImageStatistics, normalizeImages, resize } from './data/images.ts';
export {
  type BalancedPairsOptions,
  balancedPairs,
  type ClassBatch,
  type ClassBatchesOptions,
  classBatches,
  type PairBatch,
  type TripletBatch,
  type TripletsOptions,
  triplets,
} from './data/samplers.ts';
export type { Dtype } from './io/dtypes.ts';
export { FormatError } from './io/formatError.ts';
export {
  fromTensor,
  readSafetensors,
  Safetensors,
  type SafetensorsEntry,
  toTensor,
  writeSafetensors,
} from './io/safetensors.ts';
export { type BatchTripletLossOptions, batchTripletLoss } from './losses/batchTripletLoss.ts';
export { type ContrastiveLossOptions, contrastiveLoss } from './losses/contrastiveLoss.ts';
export type { Flags, PairLabels } from './losses/flags.ts';
export { type IndexTriplets, mineBatchHard } from './losses/mining.ts';
export type { Reduction } from './losses/reduction.ts';
export { type TripletLossOptions, tripletLoss } from './losses/tripletLoss.ts';
export { cloneModule, gradcheckModule } from './nn/clone.ts';
export { Conv2d } from './nn/convolutions.ts';
export { Dropout, Flatten, Linear } from './nn/dense.ts';
export {
  type Initializer,
  type KaimingOptions,
  kaimingNormal,
  kaimingUniform,
  xavierNormal,
  xavierUniform,
} from './nn/initializers.ts';
export { type Context, type Input, type Layer, Module } from './nn/module.ts';
export { BatchNorm1d, BatchNorm2d, type BatchNormLayerOptions } from './nn/normalizations.ts';
export { MaxPool2d } from './nn/pooling.ts';
export { Sequential } from './nn/sequential.ts';
export {
  countParameters,
  type LoadStateDictOptions,
  loadStateDict,
  type ModuleTree,
  namedParameters,
  stateDict,
} from './nn/state.ts';
export type { WeightOptions } from './nn/weights.ts';
export { Adam, type AdamOptions } from './optim/adam.ts';
export { clipGradientNorm } from './optim/clip.ts';
export {
  Optimizer,
  type OptimizerOptions,
  type OptimizerState,
  type ParameterGroup,
  type Slot,
} from './optim/optimizer.ts';
export { SGD, type SGDOptions } from './optim/sgd.ts';
export { type CalibrationTarget, calibrateThreshold } from './siamese/calibrate.ts';
export { evaluateFewShot, type FewShotOptions, type FewShotReport } from './siamese/fewShot.ts';
export { Gallery, type Match, type SearchOptions, type Vote } from './siamese/gallery.ts';
export { loadModel, type SaveModelOptions, saveModel } from './siamese/modelFile.ts';
export { scorePairs } from './siamese/scorePairs.ts';
export type { Confusion, ScoredPairs, ThresholdMetrics } from './siamese/scores.ts';
export { type TrainStep, train } from './siamese/train.ts';
export type { TrainOptions, ValidationMetric } from './siamese/trainOptions.ts';
export { type Compare, type EmbedOptions, type Measure, Twin, type TwinOptions } from './siamese/twin.ts';
export { evaluateVerification, type RocPoint, type VerificationReport } from './siamese/verification.ts';
export { arange, full, ones, tensor, zeros } from './tensor/create.ts';
export { type Integers, IntTensor, intTensor } from './tensor/intTensor.ts';
export { createRandom, Random, type RandomState } from './tensor/random.ts';
export { broadcastShapes, type Shape, ShapeError } from './tensor/shape.ts';
export { type NestedArray, type Pullback, Tensor } from './tensor/tensor.ts';
