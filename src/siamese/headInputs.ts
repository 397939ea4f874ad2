import { checkRows } from '../autograd/ops/distances.ts';
import { ShapeError } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Throws a ShapeError, which names the head and the widths, unless both are `[N, width]`. */
export function checkHeadInputs(head: string, width: number, a: Tensor, b: Tensor): void {
  checkRows(head, a, b);
  if (a.shape[1] === width) return;
  throw new ShapeError(
    head,
    `the head compares embeddings of width ${width}, these have ${a.shape[1]}`,
    [a.shape, b.shape],
    'Make head and encoder for one width of embeddings.',
  );
}
