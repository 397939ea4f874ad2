import { allocate } from '../../tensor/precision.ts';
import { resolveAxis } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { record } from '../tape.ts';
import { alongAxis } from './lastAxis.ts';

/**
 * Running sums along an axis, each with its own element; carried in double precision.
 *
 * Shapes: `[...S] -> [...S]`. Gradient: the running sums of g from the end.
 * Throws: ShapeError for an axis that x lacks.
 *
 * @example cumSum(tensor([1, 2, 3])).toArray() // [1, 3, 6]
 * @example cumSum(tensor([[1, 2], [3, 4]]), { axis: 0 }).toArray() // [[1, 2], [4, 6]]
 */
export function cumSum(
  x: Tensor,
  {
    axis = -1,
  }: {
    /** Negative ones count from the end. Default -1. */
    readonly axis?: number | undefined;
  } = {},
): Tensor {
  return alongAxis(x, resolveAxis('cumSum', axis, x.shape), sumsFromStart);
}

function sumsFromStart(x: Tensor): Tensor {
  const width = x.shape[x.shape.length - 1];
  const out = allocate([x], x.shape);
  const { data } = x;
  for (let i = 0; i < data.length; ) {
    let sum = 0;
    for (const end = i + width; i < end; i++) out[i] = sum += data[i];
  }
  return record('cumSum', out, x.shape, [[x, sumsFromEnd]]);
}

function sumsFromEnd(x: Tensor): Tensor {
  const width = x.shape[x.shape.length - 1];
  const out = allocate([x], x.shape);
  const { data } = x;
  for (let i = data.length - 1; i >= 0; ) {
    let sum = 0;
    for (const end = i - width; i > end; i--) out[i] = sum += data[i];
  }
  return record('cumSumFromEnd', out, x.shape, [[x, sumsFromStart]]);
}
