import { type AvgPool2dOptions, adaptiveAvgPool2d, avgPool2d } from '../autograd/ops/averagePools.ts';
import { maxPool2d, type Pool2dOptions } from '../autograd/ops/maxPool2d.ts';
import type { Pair } from '../autograd/ops/windows.ts';
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

/**
 * Mean of each window.
 *
 * Shapes: `[N, C, H, W] -> [N, C, outH, outW]`, see `avgPool2d`.
 *
 * @example new AvgPool2d(2).forward(ones([1, 3, 8, 8])).shape // [1, 3, 4, 4]
 */
export class AvgPool2d extends Module {
  readonly size: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly countIncludePad: boolean;

  constructor(size: Pair, { stride = size, padding = 0, countIncludePad = true }: AvgPool2dOptions = {}) {
    super();
    this.size = size;
    this.stride = stride;
    this.padding = padding;
    this.countIncludePad = countIncludePad;
  }

  forward(x: Tensor): Tensor {
    return avgPool2d(x, this.size, this);
  }
}

/**
 * Means of a fixed number of windows, whatever the size of the image; 1 gives the mean of each channel.
 *
 * Shapes: `[N, C, H, W] -> [N, C, h, w]` for a size `[h, w]`, see `adaptiveAvgPool2d`.
 *
 * @example new AdaptiveAvgPool2d([2, 3]).forward(ones([1, 3, 7, 5])).shape // [1, 3, 2, 3]
 */
export class AdaptiveAvgPool2d extends Module {
  readonly size: Pair;

  constructor(size: Pair) {
    super();
    this.size = size;
  }

  forward(x: Tensor): Tensor {
    return adaptiveAvgPool2d(x, this.size);
  }
}
