import { ShapeError, sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Throws a ShapeError unless both have one shape: a loss never broadcasts, since that hides a missing axis. */
export function checkEqualShapes(op: string, a: Tensor, b: Tensor): void {
  if (!sameShape(a.shape, b.shape))
    throw new ShapeError(
      op,
      'both must have the same shape',
      [a.shape, b.shape],
      'Reshape one of them; losses do not broadcast.',
    );
}
