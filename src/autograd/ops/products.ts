import { active } from '../../tensor/kernels/kernels.ts';
import * as portable from '../../tensor/kernels/portable/matmul.ts';
import { allocate } from '../../tensor/precision.ts';
import { broadcastShapes, checkShape, ShapeError, sizeOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { record } from '../tape.ts';
import { expand, sumTo } from './broadcast.ts';
import { reshape } from './rearrange.ts';

/**
 * Matrix product. Vectors and batches as in NumPy: a 1-D operand is a row on the left, a column on the right, and its
 * axis is dropped from the result; leading axes are a batch and broadcast.
 *
 * Shapes: `[..., M, K], [..., K, N] -> [..., M, N]`.
 * Gradient: `g b^T` and `a^T g`. Cost: `2 M K N` operations an item.
 *
 * @example matmul(tensor([[1, 2], [3, 4]]), tensor([[5], [6]])).toArray() // [[17], [39]]
 * @example matmul(tensor([1, 2]), tensor([3, 4])).item() // 11
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  if (a.shape.length === 0 || b.shape.length === 0) {
    throw new ShapeError(
      'matmul',
      'a scalar has no axis to multiply along',
      [a.shape, b.shape],
      'Use mul() for scalars.',
    );
  }
  const left = a.shape.length === 1 ? reshape(a, [1, ...a.shape]) : a;
  const right = b.shape.length === 1 ? reshape(b, [...b.shape, 1]) : b;
  const [m, k] = left.shape.slice(-2);
  const [rows, n] = right.shape.slice(-2);
  if (k !== rows) {
    throw new ShapeError(
      'matmul',
      `inner lengths differ (${k} against ${rows})`,
      [a.shape, b.shape],
      'Use [..., M, K] and [..., K, N]; transpose() swaps axes.',
    );
  }
  if (a.shape.length === 2 && b.shape.length === 2) {
    checkShape('matmul', [m, n]);
    return product(a, b, false, false);
  }
  const batch = broadcastShapes('matmul', left.shape.slice(0, -2), right.shape.slice(0, -2));
  const count = sizeOf(batch);
  const final = [...batch, ...(a.shape.length === 1 ? [] : [m]), ...(b.shape.length === 1 ? [] : [n])];
  checkShape('matmul', final);
  if (right.shape.length === 2) {
    // One matrix on the right: the batch is only more rows.
    return reshape(product(reshape(left, [count * m, k]), right, false, false), final);
  }
  const items = (x: Tensor, height: number, width: number) =>
    reshape(expand(x, [...batch, height, width]), [count, height, width]);
  return reshape(product(items(left, m, k), items(right, k, n), false, false), final);
}

/**
 * All products of an entry of one vector with an entry of another.
 *
 * Shapes: `[M], [N] -> [M, N]`. Gradient: `g b` and `g^T a`. Cost: `M N` operations.
 *
 * @example outer(tensor([1, 2]), tensor([3, 4])).toArray() // [[3, 4], [6, 8]]
 */
export function outer(a: Tensor, b: Tensor): Tensor {
  if (a.shape.length !== 1 || b.shape.length !== 1)
    throw new ShapeError(
      'outer',
      'both operands must be vectors',
      [a.shape, b.shape],
      'Use reshape(x, [-1]), or einsum().',
    );
  checkShape('outer', [a.size, b.size]);
  return product(reshape(a, [a.size, 1]), reshape(b, [1, b.size]), false, false);
}

/**
 * Dense layer `x weight^T + bias`.
 *
 * Shapes: x `[..., in]`, weight `[out, in]`, bias `[out]` -> `[..., out]`.
 * Gradient: `g weight`, `g^T x`, and g summed over rows.
 *
 * @example linear(tensor([[1, 2]]), tensor([[1, 0], [1, 1], [0, 2]]), tensor([0, 0, 1])).toArray() // [[1, 3, 5]]
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const width = x.shape.at(-1);
  if (weight.shape.length !== 2 || width !== weight.shape[1]) {
    throw new ShapeError(
      'linear',
      'the last axis of x does not match weight [out, in]',
      [x.shape, weight.shape],
      'Flatten x, or check the layer sizes.',
    );
  }
  const out = weight.shape[0];
  if (bias !== undefined && (bias.shape.length !== 1 || bias.shape[0] !== out)) {
    throw new ShapeError('linear', `bias must be [${out}]`, [bias.shape, weight.shape], 'Use one bias an output.');
  }
  const shape = [...x.shape.slice(0, -1), out];
  checkShape('linear', shape);
  const rows = reshape(x, [sizeOf(x.shape.slice(0, -1)), width]);
  return reshape(product(rows, weight, false, true, bias), shape);
}

/**
 * `op(a) op(b) + bias` for 2-D operands, or item by item for 3-D ones; op transposes the last two axes where asked.
 * Its gradients are products again, so no transpose is ever written out. The shapes must fit: callers have checked them.
 */
export function product(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean, bias?: Tensor): Tensor {
  const rank = a.shape.length;
  const [aRows, aColumns] = [a.shape[rank - 2], a.shape[rank - 1]];
  const m = transposeA ? aColumns : aRows;
  const k = transposeA ? aRows : aColumns;
  const n = b.shape[transposeB ? rank - 2 : rank - 1];
  const shape = rank === 2 ? [m, n] : [a.shape[0], m, n];
  const inputs = bias === undefined ? [a, b] : [a, b, bias];
  const out = allocate(inputs, shape);
  if (bias !== undefined) for (let row = 0; row < m; row++) out.set(bias.data, row * n);
  const spec = { m, n, k, transposeA, transposeB, accumulate: bias !== undefined };
  const run = active(out).matmul ?? portable.matmul;
  if (rank === 2) run(a.data, b.data, out, spec);
  else {
    const item = (data: Float32Array, i: number, size: number) => data.subarray(i * size, (i + 1) * size);
    for (let i = 0; i < a.shape[0]; i++) run(item(a.data, i, m * k), item(b.data, i, k * n), item(out, i, m * n), spec);
  }
  return record('product', out, shape, [
    [a, (g) => (transposeA ? product(b, g, transposeB, true) : product(g, b, false, !transposeB))],
    [b, (g) => (transposeB ? product(g, a, true, transposeA) : product(a, g, !transposeA, false))],
    ...(bias === undefined ? [] : [[bias, (g: Tensor) => sumTo(g, bias.shape)] as const]),
  ]);
}
