/*
 * Arbitraries and laws for fast-check, an optional peer dependency: this is the one entry that needs another package.
 */
export {
  type BroadcastableShapes,
  broadcastablePairs,
  broadcastableShapes,
  type NumberOptions,
  type ShapeOptions,
  shapes,
  type TensorOptions,
  tensors,
} from './arbitraries.ts';
export { batchLossLaws } from './batchLossLaws.ts';
export { type ClassifiedBatch, classLossLaws } from './classLossLaws.ts';
export { type DistanceLawOptions, distanceLaws, type RowComparison } from './distanceLaws.ts';
export {
  type EmbeddingOptions,
  embeddings,
  type Geometry,
  type LabelledBatch,
  type LabelledBatchOptions,
  labelledBatches,
  type Pairs,
  pairs,
  type Triplets,
  triplets,
} from './embeddings.ts';
export type { TensorFunction } from './evaluation.ts';
export {
  brokenLaws,
  type CheckOptions,
  checkLaws,
  defineLaw,
  type Inputs,
  type Law,
  type LawDefinition,
  LawError,
  type LawFailure,
  type LawOptions,
} from './law.ts';
export type { DirectedMoves, LossKind, LossSetting, Move, NameIn, Step } from './lossKind.ts';
export { type LossLawOptions, lossLaws } from './lossLaws.ts';
export type { Loss } from './lossValues.ts';
export { type ModuleLawOptions, moduleLaws } from './moduleLaws.ts';
export { type OpLawOptions, opLaws } from './opLaws.ts';
export { pairLossLaws } from './pairLossLaws.ts';
export { type Predictions, predictionLossLaws, type Targets } from './predictionLossLaws.ts';
export type { Invariance, Space } from './spaces.ts';
export { tripletLossLaws } from './tripletLossLaws.ts';
export { type ViewLossLawOptions, type Views, viewLossLaws } from './viewLossLaws.ts';
export {
  differ,
  notFinite,
  type Tolerance,
  wrongGradients,
  wrongSecondDerivatives,
} from './violations.ts';
