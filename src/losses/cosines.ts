import { normalize } from '../autograd/ops/normalize.ts';
import { matmul } from '../autograd/ops/products.ts';
import { transpose } from '../autograd/ops/rearrange.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** The cosine of every row to every row, `[N, D] -> [N, N]`; of a zero row 0, also to itself. */
export function cosinesOf(embeddings: Tensor): Tensor {
  const rows = normalize(embeddings);
  return matmul(rows, transpose(rows));
}
