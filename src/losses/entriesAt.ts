import { take } from '../autograd/ops/indexed.ts';
import { reshape } from '../autograd/ops/rearrange.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** The entries of a square matrix at (rows[i], columns[i]), `[N, N] -> [P]`. */
export function entriesAt(matrix: Tensor, rows: Int32Array, columns: Int32Array): Tensor {
  const [count] = matrix.shape;
  return take(
    reshape(matrix, [matrix.size]),
    rows.map((row, i) => row * count + columns[i]),
  );
}
