import { ShapeError, sameShape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/* What losses of two views of each item share. */

/**
 * Throws a ShapeError unless all are matrices `[N, D]` of one shape, of at least `least` rows; `names` says what they
 * are.
 */
export function checkViews(op: string, names: string, views: readonly Tensor[], least = 0): void {
  const [{ shape }] = views;
  const shapes = views.map((view) => view.shape);
  if (shape.length !== 2 || !shapes.every((other) => sameShape(other, shape)))
    throw new ShapeError(op, `${names} must all be [N, D]`, shapes, 'Row i of each must be of the same item.');
  if (shape[0] < least) {
    throw new ShapeError(
      op,
      `statistics along the batch need at least ${least} items`,
      [shape],
      'Use a larger batch, and drop a last one that is too small.',
    );
  }
}

/** The numbers of a tensor as a constant, which no gradient flows into. */
export function constantOf(x: Tensor): Tensor {
  return new Tensor(x.data, x.shape);
}

/** 1 on the diagonal of a square matrix and 0 elsewhere: a mask, which no gradient flows into. */
export function diagonal(size: number): Tensor {
  const data = new Float32Array(size * size);
  for (let i = 0; i < size; i++) data[i * size + i] = 1;
  return new Tensor(data, [size, size]);
}

/** 0, 1, ...: where each row of a matrix of all items with all finds the other view of its own item. */
export function ownPlaces(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => i);
}
