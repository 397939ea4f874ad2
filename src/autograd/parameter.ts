import type { Shape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/** A trainable leaf: ops on it are recorded, `backward` returns its gradient, optimizers write into it. */
export class Parameter extends Tensor {
  readonly trainable = true;

  /** Wraps `data` without copying; `parameter(t)` copies. */
  constructor(data: Float32Array, shape: Shape) {
    super(data, shape);
  }
}

/**
 * A trainable leaf with a copy of `t`'s values.
 *
 * @example backward(sum(square(parameter(tensor([3]))))).has(tensor([3])) // false
 */
export function parameter(t: Tensor): Parameter {
  return new Parameter(t.data.slice(), t.shape);
}
