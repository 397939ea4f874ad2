import { asDistance, type Distance } from '../autograd/measure.ts';
import { sub } from '../autograd/ops/arithmetic.ts';
import { linear } from '../autograd/ops/products.ts';
import { norm } from '../autograd/ops/reductions.ts';
import { type Parameter, parameter } from '../autograd/parameter.ts';
import { Module } from '../nn/module.ts';
import { checkSizes } from '../nn/weights.ts';
import { zeros } from '../tensor/create.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkHeadInputs } from './headInputs.ts';
import type { Head } from './twin.ts';

/** Options of `MahalanobisHead`. */
export interface MahalanobisHeadOptions {
  /** Dimensions that the distance looks at, 1 to `embeddingSize`. Default `embeddingSize`. */
  readonly rank?: number | undefined;
}

/**
 * A learned Mahalanobis distance: the Euclidean distance after a linear map L, which begins as the identity, so that the
 * head begins as `euclidean` (of the first `rank` coordinates).
 *
 * Shapes: `compare` maps embeddings `[N, D], [N, D] -> [N]`, `forward` applies the map, `[N, D] -> [N, rank]`; weight,
 * which is L, `[rank, D]`.
 * Formula: `|L (a - b)|`, which is `mahalanobis(a, b, M)` with `M = L^T L`, so that M stays positive semidefinite.
 * Gradient: 0 where `L (a - b)` is 0, as between identical rows, never NaN.
 * Cost: `N D rank` operations.
 * Source: Weinberger and Saul 2009, "Distance metric learning for large margin nearest neighbor classification",
 * section 2.1.
 * Throws: RangeError for a rank that is no integer from 1 to the size of the embeddings, as rows beyond would begin, and
 * stay, 0; ShapeError for embeddings of another width.
 *
 * @example new MahalanobisHead(2).compare(tensor([[0, 0]]), tensor([[3, 4]])).toArray() // [5]
 * @example new MahalanobisHead(2, { rank: 1 }).compare(tensor([[0, 0]]), tensor([[3, 4]])).toArray() // [3]
 */
export class MahalanobisHead extends Module implements Head<Distance> {
  readonly weight: Parameter;

  constructor(embeddingSize: number, { rank = embeddingSize }: MahalanobisHeadOptions = {}) {
    super();
    checkSizes('MahalanobisHead', { embeddingSize });
    if (!(Number.isInteger(rank) && rank >= 1 && rank <= embeddingSize)) {
      throw new RangeError(
        `MahalanobisHead: rank must be an integer from 1 to ${embeddingSize}, the size of the embeddings; got ${rank}. A higher one adds nothing.`,
      );
    }
    const identity = zeros([rank, embeddingSize]);
    for (let i = 0; i < rank; i++) identity.data[i * embeddingSize + i] = 1;
    this.weight = parameter(identity);
  }

  forward(x: Tensor): Tensor {
    return linear(x, this.weight);
  }

  compare(a: Tensor, b: Tensor): Distance {
    checkHeadInputs('MahalanobisHead', this.weight.shape[1], a, b);
    // The difference first: mapped one by one, rows that are nearly alike would lose digits.
    return asDistance(norm(this.forward(sub(a, b)), { axis: 1 }));
  }
}
