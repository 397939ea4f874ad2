import { relu } from '../autograd/ops/activations.ts';
import { add, mul, sub } from '../autograd/ops/arithmetic.ts';
import { checkAtLeastZero } from '../tensor/check.ts';
import { IntTensor } from '../tensor/intTensor.ts';
import { ShapeError } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { checkEqualShapes } from './equalShapes.ts';
import { type LossOptions, reduce } from './reduction.ts';

/** Which of two scores is to be the higher one: 1 for the first, -1 for the second. */
export type Order = Tensor | IntTensor | Int8Array | Int32Array | Float32Array | readonly number[];

/** Options of `marginRankingLoss`. */
export interface MarginRankingLossOptions extends LossOptions {
  /** By how much the one must be higher, at least 0. With 0 all scores equal is a minimum. Default 0. */
  readonly margin?: number | undefined;
}

/**
 * Ranking loss of two scores: the one that `order` names must be the higher one, by a margin.
 *
 * Shapes: a, b `[...S]`, order as many numbers, 1 where a is to be higher and -1 where b is -> scalar (`[...S]` with
 * reduction 'none'). Nothing to compare gives 0 with a live graph.
 * Formula: `max(0, m - order (a - b))`. Gradient: of a `-g order`, of b `g order`; 0 at the margin and beyond.
 * Throws: ShapeError for shapes that differ, or another number of orders; RangeError for an order other than 1 or -1,
 * with its index, and for a margin that is negative or not finite.
 *
 * @example marginRankingLoss(tensor([3, 1]), tensor([2, 5]), [1, 1], { margin: 2 }).item() // 3.5
 */
export function marginRankingLoss(
  a: Tensor,
  b: Tensor,
  order: Order,
  { margin = 0, reduction = 'mean' }: MarginRankingLossOptions = {},
): Tensor {
  checkEqualShapes('marginRankingLoss', a, b);
  checkAtLeastZero('marginRankingLoss', 'margin', margin);
  const signs = new Tensor(readOrder(order, a.size), a.shape);
  return reduce('marginRankingLoss', relu(add(mul(signs, sub(b, a)), margin)), reduction);
}

function readOrder(order: Order, count: number): Float32Array {
  const values: ArrayLike<number> = order instanceof Tensor || order instanceof IntTensor ? order.data : order;
  if (values.length !== count) {
    throw new ShapeError(
      'marginRankingLoss',
      `${count} pairs need ${count} orders`,
      [[count], [values.length]],
      "Pass one entry of 'order' for each pair.",
    );
  }
  return Float32Array.from(values, (value, i) => {
    if (value === 1 || value === -1) return value;
    throw new RangeError(
      `marginRankingLoss: order[${i}] is ${value}; expected 1 (the first is to be higher) or -1 (the second).`,
    );
  });
}
