import type { Tensor } from '../../tensor/tensor.ts';
import { transpose } from './rearrange.ts';

/** `fn` along an axis of x, for a function that works on the rows of the last axis: where it is another, the two swap. */
export function alongAxis(x: Tensor, axis: number, fn: (rows: Tensor) => Tensor): Tensor {
  const last = x.shape.length - 1;
  if (axis === last) return fn(x);
  const swapped = x.shape.map((_, i) => (i === axis ? last : i === last ? axis : i));
  return transpose(fn(transpose(x, swapped)), swapped);
}
