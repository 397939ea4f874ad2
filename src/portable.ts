export { AnomalyError, type AnomalyFacts, type DetectAnomalyOptions, detectAnomaly } from './autograd/anomaly.ts';
export type { GradcheckResult, GradcheckWorst } from './autograd/differences.ts';
export { type GradcheckOptions, gradcheck, gradgradcheck } from './autograd/gradcheck.ts';
export { addGradients, type Gradients } from './autograd/gradients.ts';
export { type Graph, type GraphEdge, type GraphOptions, type GraphVertex, graph } from './autograd/graph.ts';
export { asDistance, asSimilarity, Distance, Similarity } from './autograd/measure.ts';
export { type GeluOptions, gelu, relu, sigmoid, silu, softplus, tanh } from './autograd/ops/activations.ts';
export { add, div, divOrZero, maximum, minimum, mul, neg, sub } from './autograd/ops/arithmetic.ts';
export { type AttentionOptions, attention } from './autograd/ops/attention.ts';
export type { Mask } from './autograd/ops/attentionMask.ts';
export { type AvgPool2dOptions, adaptiveAvgPool2d, avgPool2d, globalAvgPool2d } from './autograd/ops/averagePools.ts';
export { type BatchNormOptions, batchNorm } from './autograd/ops/batchNorm.ts';
export { expand, type Operand, repeat, sumTo } from './autograd/ops/broadcast.ts';
export { chebyshev, manhattan } from './autograd/ops/cityBlock.ts';
export { equal, greater, greaterEqual, less, lessEqual, notEqual } from './autograd/ops/comparisons.ts';
export { type Conv1dOptions, conv1d } from './autograd/ops/conv1d.ts';
export { type Conv2dOptions, conv2d } from './autograd/ops/conv2d.ts';
export { type ConvTranspose2dOptions, convTranspose2d } from './autograd/ops/convTranspose2d.ts';
export { crossCorrelation2d } from './autograd/ops/crossCorrelation2d.ts';
export { cumSum } from './autograd/ops/cumSum.ts';
export { cosineDistance, cosineSimilarity, euclidean, squaredEuclidean } from './autograd/ops/distances.ts';
export { type DropoutOptions, dropout } from './autograd/ops/dropout.ts';
export { einsum } from './autograd/ops/einsum.ts';
export { type ArgOptions, argMax, argMin, max, min } from './autograd/ops/extremes.ts';
export { type GroupNormOptions, groupNorm, type InstanceNormOptions, instanceNorm } from './autograd/ops/groupNorm.ts';
export { gather, type IndexOptions, oneHot, scatterAdd, take } from './autograd/ops/indexed.ts';
export { concat, type JoinOptions, split, stack } from './autograd/ops/joining.ts';
export { type LayerNormOptions, layerNorm, type RmsNormOptions, rmsNorm } from './autograd/ops/layerNorm.ts';
export { logSumExp } from './autograd/ops/logSumExp.ts';
export { mahalanobis } from './autograd/ops/mahalanobis.ts';
export { maxPool2d, type Pool2dOptions } from './autograd/ops/maxPool2d.ts';
export { type NearestRows, type NearestRowsOptions, nearestRows } from './autograd/ops/nearestRows.ts';
export { type NormalizeOptions, normalize } from './autograd/ops/normalize.ts';
export { type Padding, type PadOptions, pad } from './autograd/ops/padding.ts';
export { type Metric, pairwiseDistances } from './autograd/ops/pairwiseDistances.ts';
export { abs, cos, exp, log, reciprocal, sign, sin, sqrt, square } from './autograd/ops/pointwise.ts';
export { pow } from './autograd/ops/power.ts';
export { prod } from './autograd/ops/prod.ts';
export { linear, matmul, outer } from './autograd/ops/products.ts';
export {
  type FlipOptions,
  flatten,
  flip,
  type Range,
  reshape,
  type SqueezeOptions,
  slice,
  squeeze,
  transpose,
  unsqueeze,
} from './autograd/ops/rearrange.ts';
export {
  type EluOptions,
  elu,
  hardSigmoid,
  hardSwish,
  type LeakyReluOptions,
  leakyRelu,
  selu,
} from './autograd/ops/rectifiers.ts';
export type { ReductionOptions } from './autograd/ops/reducedAxes.ts';
export { mean, norm, sum } from './autograd/ops/reductions.ts';
export { type ClampOptions, clamp, where } from './autograd/ops/selection.ts';
export { logSoftmax, type SoftmaxOptions, softmax } from './autograd/ops/softmax.ts';
export { type TopK, type TopKOptions, topK } from './autograd/ops/topK.ts';
export { type Upsample2dOptions, upsample2d } from './autograd/ops/upsample2d.ts';
export { std, type VarianceOptions, variance } from './autograd/ops/variance.ts';
export type { Pair } from './autograd/ops/windows.ts';
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
export { type AugmentOptions, augment } from './data/augment.ts';
export { type BalancedPairsOptions, balancedPairs } from './data/balancedPairs.ts';
export type { Batches, PairBatch, SamplerOptions, SkippableBatches, SyncBatches } from './data/batches.ts';
export { type ClassBatch, type ClassBatchesOptions, classBatches } from './data/classBatches.ts';
export { type HardPairsOptions, hardPairs } from './data/hardPairs.ts';
export { type IdxArray, readIdx } from './data/idx.ts';
export {
  type ImageArray,
  type ImageSetOptions,
  imageSet,
  type LabelledImages,
  type LabelledSet,
} from './data/imageSet.ts';
export { type ImageStatistics, normalizeImages } from './data/normalizeImages.ts';
export { type PairBatchesOptions, type PairReport, pairBatches, type ReportedPairs } from './data/pairBatches.ts';
export { type PositiveBatch, type PositivePairsOptions, positivePairs } from './data/positivePairs.ts';
export { type ResizeOptions, resize } from './data/resize.ts';
export type { ClassDraws, SampledBatches, SamplingReport } from './data/samplingReport.ts';
export { type ShuffledBatchesOptions, shuffledBatches } from './data/shuffledBatches.ts';
export { type TripletBatch, type TripletsOptions, triplets } from './data/triplets.ts';
export { type TwoViewsOptions, twoViews, type View, type ViewBatch } from './data/twoViews.ts';
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
export { type AlignmentOptions, alignment } from './losses/alignment.ts';
export { type AngularLossOptions, angularLoss } from './losses/angularLoss.ts';
export { ArcFaceLoss, type ArcFaceLossOptions, type ArcFaceModuleOptions, arcFaceLoss } from './losses/arcFaceLoss.ts';
export { type BarlowTwinsLossOptions, barlowTwinsLoss } from './losses/barlowTwinsLoss.ts';
export { type BatchContrastiveLossOptions, batchContrastiveLoss } from './losses/batchContrastiveLoss.ts';
export type { BatchDistanceOptions } from './losses/batchDistances.ts';
export { type BatchTripletLossOptions, batchTripletLoss, type TripletMining } from './losses/batchTripletLoss.ts';
export { type BinaryCrossEntropyOptions, binaryCrossEntropyWithLogits } from './losses/binaryCrossEntropy.ts';
export { byolLoss } from './losses/byolLoss.ts';
export { type CircleLossOptions, circleLoss } from './losses/circleLoss.ts';
export type { ClassWeightOptions } from './losses/classWeights.ts';
export { type ContrastiveLossOptions, contrastiveLoss } from './losses/contrastiveLoss.ts';
export type { ContrastivePreset } from './losses/contrastivePresets.ts';
export { CosFaceLoss, type CosFaceLossOptions, type CosFaceModuleOptions, cosFaceLoss } from './losses/cosFaceLoss.ts';
export { type CosineEmbeddingLossOptions, cosineEmbeddingLoss } from './losses/cosineEmbeddingLoss.ts';
export { type CrossEntropyOptions, crossEntropy } from './losses/crossEntropy.ts';
export type { PairLabels } from './losses/flags.ts';
export { type InfoNceLossOptions, infoNceLoss } from './losses/infoNceLoss.ts';
export { type KlDivergenceOptions, klDivergence } from './losses/klDivergence.ts';
export { type LiftedStructureLossOptions, liftedStructureLoss } from './losses/liftedStructureLoss.ts';
export { type MarginLossOptions, marginLoss } from './losses/marginLoss.ts';
export { type MarginRankingLossOptions, marginRankingLoss, type Order } from './losses/marginRankingLoss.ts';
export { mineBatchHard } from './losses/mineBatchHard.ts';
export { type HardNegativeOptions, type IndexNegatives, mineHardNegatives } from './losses/mineHardNegatives.ts';
export { type MultiSimilarityMiningOptions, mineMultiSimilarity } from './losses/mineMultiSimilarity.ts';
export { minePairMargin, type PairMarginOptions } from './losses/minePairMargin.ts';
export { mineSemiHard, type SemiHardDefinition, type SemiHardOptions } from './losses/mineSemiHard.ts';
export type { IndexPairs, IndexTriplets, MiningOptions } from './losses/mining.ts';
export { type MultiSimilarityLossOptions, multiSimilarityLoss } from './losses/multiSimilarityLoss.ts';
export { type NcaLossOptions, ncaLoss } from './losses/ncaLoss.ts';
export { type NPairsLossOptions, nPairsLoss } from './losses/nPairsLoss.ts';
export { type NtXentLossOptions, ntXentLoss } from './losses/ntXentLoss.ts';
export { type PairStatistics, pairStatistics } from './losses/pairStatistics.ts';
export {
  ProxyAnchorLoss,
  type ProxyAnchorLossOptions,
  type ProxyAnchorModuleOptions,
  proxyAnchorLoss,
} from './losses/proxyAnchorLoss.ts';
export {
  ProxyNcaLoss,
  type ProxyNcaLossOptions,
  type ProxyNcaModuleOptions,
  proxyNcaLoss,
} from './losses/proxyNcaLoss.ts';
export type { LossOptions, Reduction, SignedLossOptions } from './losses/reduction.ts';
export { l1Loss, mseLoss, type SmoothL1LossOptions, smoothL1Loss } from './losses/regression.ts';
export { simSiamLoss } from './losses/simSiamLoss.ts';
export { type SupConLossOptions, supConLoss } from './losses/supConLoss.ts';
export { type TripletLossOptions, tripletLoss } from './losses/tripletLoss.ts';
export { type TripletStatistics, tripletStatistics } from './losses/tripletStatistics.ts';
export { type UniformityOptions, uniformity } from './losses/uniformity.ts';
export { type VicRegLossOptions, vicRegLoss } from './losses/vicRegLoss.ts';
export { type AttendOptions, MultiHeadAttention, type MultiHeadAttentionOptions } from './nn/attention.ts';
export { cloneModule, gradcheckModule, gradgradcheckModule } from './nn/clone.ts';
export { Conv1d, Conv2d, ConvTranspose2d } from './nn/convolutions.ts';
export { Dropout, Flatten, Linear } from './nn/dense.ts';
export { emaUpdate } from './nn/emaUpdate.ts';
export { Embedding, type EmbeddingOptions } from './nn/embedding.ts';
export {
  type Initializer,
  type KaimingOptions,
  kaimingNormal,
  kaimingUniform,
  xavierNormal,
  xavierUniform,
} from './nn/initializers.ts';
export { type Context, type Input, type Layer, Module } from './nn/module.ts';
export {
  BatchNorm1d,
  BatchNorm2d,
  type BatchNormLayerOptions,
  GroupNorm,
  type GroupNormLayerOptions,
  InstanceNorm2d,
  type InstanceNormLayerOptions,
  LayerNorm,
  type LayerNormLayerOptions,
  RMSNorm,
  type RMSNormLayerOptions,
} from './nn/normalizations.ts';
export { type OrthogonalOptions, orthogonal } from './nn/orthogonal.ts';
export { AdaptiveAvgPool2d, AvgPool2d, MaxPool2d } from './nn/pooling.ts';
export { type ProjectionHeadOptions, projectionHead } from './nn/projectionHead.ts';
export {
  GRU,
  type GRUResult,
  type GRUStart,
  LSTM,
  type LSTMResult,
  type LSTMStart,
  type RecurrentLayerOptions,
} from './nn/recurrent.ts';
export { Sequential } from './nn/sequential.ts';
export {
  countParameters,
  type LoadStateDictOptions,
  loadStateDict,
  type ModuleTree,
  namedParameters,
  stateDict,
} from './nn/state.ts';
export { summary } from './nn/summary.ts';
export { TransformerEncoderLayer, type TransformerEncoderLayerOptions } from './nn/transformer.ts';
export { type TruncatedNormalOptions, truncatedNormal } from './nn/truncatedNormal.ts';
export type { WeightOptions } from './nn/weights.ts';
export { Adagrad, type AdagradOptions } from './optim/adagrad.ts';
export { Adam, type AdamOptions } from './optim/adam.ts';
export { AdamW, type AdamWOptions } from './optim/adamW.ts';
export { clipGradientNorm } from './optim/clip.ts';
export {
  Optimizer,
  type OptimizerOptions,
  type OptimizerState,
  type ParameterGroup,
  type Slot,
  type StepOptions,
} from './optim/optimizer.ts';
export { RMSprop, type RMSpropOptions } from './optim/rmsProp.ts';
export {
  type CosineDecayOptions,
  cosineDecay,
  type OneCycleOptions,
  oneCycle,
  type Schedule,
  type StepDecayOptions,
  stepDecay,
  type WarmupOptions,
  warmup,
} from './optim/schedules.ts';
export { SGD, type SGDOptions } from './optim/sgd.ts';
export { type CalibrationTarget, calibrateThreshold } from './siamese/calibrate.ts';
export {
  type DiagnosisOptions,
  describeEmbeddings,
  diagnoseEmbeddings,
  type EmbeddingReport,
} from './siamese/diagnostics.ts';
export { type EmbedSetOptions, embedSet } from './siamese/embedSet.ts';
export { evaluateFewShot, type FewShotOptions, type FewShotReport } from './siamese/fewShot.ts';
export { Gallery, type Match, type SearchOptions, type Vote } from './siamese/gallery.ts';
export { KochHead, type KochHeadOptions } from './siamese/kochHead.ts';
export { MahalanobisHead, type MahalanobisHeadOptions } from './siamese/mahalanobisHead.ts';
export { loadModel, type SaveModelOptions, saveModel } from './siamese/modelFile.ts';
export { type InputPairs, scorePairs } from './siamese/scorePairs.ts';
export type { Confusion, ScoredPairs, ThresholdMetrics } from './siamese/scores.ts';
export { type TrainStep, train } from './siamese/train.ts';
export type { StepInfo, TrainOptions, ValidationMetric } from './siamese/trainOptions.ts';
export { type Compare, type EmbedOptions, type Head, type Measure, Twin, type TwinOptions } from './siamese/twin.ts';
export { evaluateVerification, type RocPoint, type VerificationReport } from './siamese/verification.ts';
export { arange, full, ones, tensor, zeros } from './tensor/create.ts';
export type { Flags } from './tensor/flags.ts';
export { type Integers, IntTensor, intTensor } from './tensor/intTensor.ts';
export { allocate } from './tensor/precision.ts';
export { createRandom, Random, type RandomState } from './tensor/random.ts';
export { broadcastShapes, type Shape, ShapeError } from './tensor/shape.ts';
export { type NestedArray, type Pullback, Tensor } from './tensor/tensor.ts';
