import { div } from '../autograd/ops/arithmetic.ts';
import { concat } from '../autograd/ops/joining.ts';
import { normalize } from '../autograd/ops/normalize.ts';
import { linear } from '../autograd/ops/products.ts';
import { where } from '../autograd/ops/selection.ts';
import { checkAboveZero } from '../tensor/check.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { crossEntropy } from './crossEntropy.ts';
import { NOTHING } from './maskedLogSumExp.ts';
import { type LossOptions, reduce } from './reduction.ts';
import { checkViews, diagonal } from './views.ts';

/** Options of `ntXentLoss`. */
export interface NtXentLossOptions extends LossOptions {
  /** What cosines are divided by: the lower, the more the most alike of the others count. Above 0. Default 0.5. */
  readonly temperature?: number | undefined;
}

/**
 * SimCLR's loss of two views (normalized temperature-scaled cross-entropy): each of the 2N views is to find the other view
 * of its item among the 2N - 1 others. Every row must be of another item: two rows of one are pushed apart.
 *
 * Shapes: z1, z2 `[N, D]` -> scalar (`[2N]` with reduction 'none', the rows of z1 first). An empty batch gives 0 with a
 * live graph; so does one item, which has nothing to be told from.
 * Formula: with `s = cos / temperature` over all views, `log(sum_{k != i} exp(s_ik)) - s_ij`, j the other view of i, the
 * mean over 2N. Equal embeddings give `ln(2N - 1)`. Of labelled rows with one positive each it is the loss that leaves
 * the other positives out of the sum; with more of them the two forms differ, and `supConLoss` is the one for classes.
 * Gradient: of `s_ik` the softmax, less 1 at the positive; 0 at a row of zeros, whose cosines are 0.
 * Cost: `8 N^2 D` operations, `4 N^2` numbers.
 * Source: Chen, Kornblith, Norouzi, Hinton 2020, equation 1.
 * Throws: ShapeError unless both are [N, D]; RangeError for a temperature that is not finite and above 0.
 *
 * @example ntXentLoss(tensor([[1, 0], [0, 1]]), tensor([[1, 0], [0, 1]]), { temperature: 1 }).item() // 0.5514447
 */
export function ntXentLoss(
  z1: Tensor,
  z2: Tensor,
  { temperature = 0.5, reduction = 'mean' }: NtXentLossOptions = {},
): Tensor {
  checkViews('ntXentLoss', 'both views', [z1, z2]);
  checkAboveZero('ntXentLoss', 'temperature', temperature);
  const views = normalize(concat([z1, z2]));
  const [count] = views.shape;
  const others = where(diagonal(count), NOTHING, linear(div(views, temperature), views));
  const partners = Int32Array.from({ length: count }, (_, i) => (i + count / 2) % count);
  return reduce('ntXentLoss', crossEntropy(others, partners, { reduction: 'none' }), reduction);
}
