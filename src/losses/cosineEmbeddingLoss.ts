import { relu } from '../autograd/ops/activations.ts';
import { add, mul, sub } from '../autograd/ops/arithmetic.ts';
import { cosineDistance, cosineSimilarity } from '../autograd/ops/distances.ts';
import { Tensor } from '../tensor/tensor.ts';
import { differentFlags, type PairLabels } from './flags.ts';
import { type LossOptions, reduce } from './reduction.ts';

/** Options of `cosineEmbeddingLoss`. */
export interface CosineEmbeddingLossOptions extends LossOptions {
  /** Cosine up to which a different pair costs nothing, in [-1, 1]. Default 0. */
  readonly margin?: number | undefined;
}

/**
 * Cosine loss of pairs: turns alike embeddings into one direction, and different ones apart until the margin.
 *
 * Shapes: a, b `[N, D]` -> scalar (`[N]` with reduction 'none'). An empty batch gives 0 with a live graph.
 * Formula: `1 - cos(a, b)` of a same pair, `max(0, cos(a, b) - m)` of a different one; PyTorch's targets 1 and -1.
 * Gradient: that of the cosine, 0 at the margin, and 0 where a row is zero.
 * Throws: ShapeError unless both are [N, D], or for another number of labels; TypeError where the labels do not say
 * either `different` or `same`; RangeError for a label other than 0 or 1, and for a margin outside [-1, 1].
 *
 * @example cosineEmbeddingLoss(tensor([[1, 0], [1, 0]]), tensor([[0, 1], [2, 0]]), { different: [0, 1] }).item() // 1
 */
export function cosineEmbeddingLoss(
  a: Tensor,
  b: Tensor,
  labels: PairLabels,
  { margin = 0, reduction = 'mean' }: CosineEmbeddingLossOptions = {},
): Tensor {
  if (!(margin >= -1 && margin <= 1))
    throw new RangeError(`cosineEmbeddingLoss: margin must lie in [-1, 1], as a cosine does; got ${margin}.`);
  const distance = cosineDistance(a, b);
  const different = new Tensor(differentFlags('cosineEmbeddingLoss', labels, distance.size), distance.shape);
  const alike = mul(sub(1, different), distance);
  // Not from the distance: 1 - cos has lost the digits of a small cosine.
  const apart = mul(different, relu(sub(cosineSimilarity(a, b), margin)));
  return reduce('cosineEmbeddingLoss', add(alike, apart), reduction);
}
