import type { Pair } from '../autograd/ops/conv2d.ts';
import { maxPool2d, type Pool2dOptions } from '../autograd/ops/maxPool2d.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module } from './module.ts';

/**
 * Largest entry of each window.
 *
 * Shapes: `[N, C, H, W] -> [N, C, outH, outW]`, see `maxPool2d`.
 *
 * @example new MaxPool2d(2).forward(zeros([1, 3, 8, 8])).shape // [1, 3, 4, 4]
 */
export class MaxPool2d extends Module {
  readonly size: Pair;
  readonly stride: Pair;
  readonly padding: Pair;

  constructor(size: Pair, { stride = size, padding = 0 }: Pool2dOptions = {}) {
    super();
    this.size = size;
    this.stride = stride;
    this.padding = padding;
  }

  forward(x: Tensor): Tensor {
    return maxPool2d(x, this.size, this);
  }
}
