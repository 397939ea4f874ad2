import { softplus } from '../autograd/ops/activations.ts';
import { add, mul, sub } from '../autograd/ops/arithmetic.ts';
import { exp, log } from '../autograd/ops/pointwise.ts';
import { matmul } from '../autograd/ops/products.ts';
import { transpose } from '../autograd/ops/rearrange.ts';
import type { Integers } from '../tensor/intTensor.ts';
import { cos, sin } from '../tensor/math.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { cosinesOf } from './cosines.ts';
import { entriesAt } from './entriesAt.ts';
import { classesOf, relationsOf } from './labelledBatch.ts';
import { type Reduction, reduce } from './reduction.ts';
import { sameClassPairs } from './sameClassPairs.ts';

/** Options of `angularLoss`. */
export interface AngularLossOptions {
  /** The angle at a negative, in degrees, that its triangle with a pair is to stay below; at most 60. Default 40. */
  readonly angle?: number | undefined;
  /** Default 'mean', over the positive pairs. */
  readonly reduction?: Reduction | undefined;
}

/**
 * Angular loss: in the triangle of two rows of one class and one of another, the angle at the latter is to be small.
 *
 * Shapes: embeddings `[N, D]`, labels N integers -> scalar (with reduction 'none' `[P]`, one for each pair of rows (a, p)
 * of one class with a < p, in the order of a and then p). A batch without such a pair, or of one class, gives 0 with a
 * live graph.
 * Formula: `log(1 + sum_n exp(4 tan^2(angle) (x_a + x_p) . x_n - 2 (1 + tan^2(angle)) x_a . x_p))`, n being the rows of
 * other classes, x the embeddings scaled to length 1.
 * Cost: `N^2 D + N^3` operations, `N^2` memory, however many pairs there are: the exponential of a sum is a product, so
 * that one product of matrices sums over the negatives of all pairs.
 * Source: Wang, Zhou, Wen, Liu, Lin 2017, section 3.3. The paper has one pair for each class of a batch; all pairs are
 * as in pytorch-metric-learning, which scales both rows of a pair to length 1 but not the negatives. The paper's angles are from 36 to 55 degrees; from 60 on a triangle
 * whose shortest side joins the pair keeps the bound wherever the negative lies.
 * Throws: ShapeError unless there is a label a row; RangeError for an angle that is not above 0 and at most 60.
 *
 * @example angularLoss(tensor([[1, 0], [1, 0], [0, 1]]), [0, 0, 1], { angle: 45 }).item() // 0.01814993
 */
export function angularLoss(embeddings: Tensor, labels: Integers, options: AngularLossOptions = {}): Tensor {
  const { angle = 40, reduction = 'mean' } = options;
  if (!(angle > 0 && angle <= 60))
    throw new RangeError(`angularLoss: angle must be above 0 and at most 60 degrees; got ${angle}.`);
  const classes = classesOf('angularLoss', embeddings, labels);
  const { first, second } = sameClassPairs(classes);
  const radians = (angle * Math.PI) / 180;
  const tangent = sin(radians) / cos(radians);
  const steepness = 4 * tangent * tangent;
  const cosines = cosinesOf(embeddings);
  // Less than the largest cosine each: no sum overflows, and at 60 degrees the least term is exp(-48), which float32 holds.
  const terms = mul(exp(mul(sub(cosines, 1), steepness)), relationsOf(classes).different);
  const pushes = add(log(entriesAt(matmul(terms, transpose(terms)), first, second)), 2 * steepness);
  const losses = softplus(sub(pushes, mul(entriesAt(cosines, first, second), 2 + steepness / 2)));
  return reduce('angularLoss', losses, reduction);
}
