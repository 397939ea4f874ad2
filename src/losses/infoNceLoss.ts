import { add, mul } from '../autograd/ops/arithmetic.ts';
import { normalize } from '../autograd/ops/normalize.ts';
import { linear } from '../autograd/ops/products.ts';
import { transpose } from '../autograd/ops/rearrange.ts';
import { checkAboveZero } from '../tensor/check.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { crossEntropy } from './crossEntropy.ts';
import { type LossOptions, reduce } from './reduction.ts';
import { checkViews, ownPlaces } from './views.ts';

/** Options of `infoNceLoss`. */
export interface InfoNceLossOptions extends LossOptions {
  /** What cosines are multiplied by: 1 / temperature, above 0. Default 20. */
  readonly scale?: number | undefined;
  /** Whether each positive is to find its anchor too: the mean of both directions, as in CLIP. Default false. */
  readonly symmetric?: boolean | undefined;
}

/**
 * InfoNCE with the negatives of the batch, also called multiple negatives ranking: each anchor is to find its positive
 * among the positives of all. Every row must be of another item: two rows of one are pushed apart.
 *
 * Shapes: anchor, positive `[N, D]` -> scalar (`[N]` with reduction 'none'). An empty batch gives 0 with a live graph;
 * so does one item, which has nothing to be told from.
 * Formula: with `s_ij = scale * cos(anchor_i, positive_j)`, `log(sum_j exp(s_ij)) - s_ii`. Equal embeddings give `ln N`.
 * Gradient: of `s_ij` the softmax along j, less 1 at i; 0 at a row of zeros, whose cosines are 0.
 * Cost: `2 N^2 D` operations, `N^2` numbers.
 * Source: van den Oord, Li, Vinyals 2018, equation 4; Henderson et al. 2017, section 4 (the negatives of the batch);
 * Radford et al. 2021 (CLIP, both directions).
 * Throws: ShapeError unless both are [N, D]; RangeError for a scale that is not finite and above 0.
 *
 * @example infoNceLoss(tensor([[1, 0], [0, 1]]), tensor([[1, 0], [0, 1]]), { scale: 1 }).item() // 0.3132617
 */
export function infoNceLoss(
  anchor: Tensor,
  positive: Tensor,
  { scale = 20, symmetric = false, reduction = 'mean' }: InfoNceLossOptions = {},
): Tensor {
  checkViews('infoNceLoss', 'anchors and positives', [anchor, positive]);
  checkAboveZero('infoNceLoss', 'scale', scale);
  const logits = linear(mul(normalize(anchor), scale), normalize(positive));
  const own = ownPlaces(anchor.shape[0]);
  const forth = crossEntropy(logits, own, { reduction: 'none' });
  if (!symmetric) return reduce('infoNceLoss', forth, reduction);
  const back = crossEntropy(transpose(logits), own, { reduction: 'none' });
  return reduce('infoNceLoss', mul(add(forth, back), 0.5), reduction);
}
