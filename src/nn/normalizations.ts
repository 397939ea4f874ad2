import { batchNorm, checkBatchNorm } from '../autograd/ops/normalization.ts';
import { type Parameter, parameter } from '../autograd/parameter.ts';
import { ones, zeros } from '../tensor/create.ts';
import { ShapeError } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Context, inference, Module } from './module.ts';
import { checkSizes } from './weights.ts';

/** Options of BatchNorm1d and BatchNorm2d. */
export interface BatchNormLayerOptions {
  /** Weight of the new batch in the running statistics, in [0, 1]. Default 0.1. */
  readonly momentum?: number | undefined;
  /** Added to the variance, at least 0. Default 1e-5. */
  readonly epsilon?: number | undefined;
}

/** What BatchNorm1d and BatchNorm2d share. */
abstract class BatchNorm extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly runningMean: Tensor;
  readonly runningVar: Tensor;
  readonly momentum: number;
  readonly epsilon: number;

  constructor(channels: number, { momentum = 0.1, epsilon = 1e-5 }: BatchNormLayerOptions = {}) {
    super();
    checkSizes('BatchNorm', { channels });
    checkBatchNorm({ momentum, epsilon });
    this.weight = parameter(ones([channels]));
    this.bias = parameter(zeros([channels]));
    this.runningMean = zeros([channels]);
    this.runningVar = ones([channels]);
    this.momentum = momentum;
    this.epsilon = epsilon;
  }

  forward(x: Tensor, { training }: Context = inference): Tensor {
    const { weight, bias, runningMean, runningVar, momentum, epsilon } = this;
    return batchNorm(x, { weight, bias, runningMean, runningVar, momentum, epsilon, training });
  }
}

/**
 * Batch normalization of features; see `batchNorm`. Training updates `runningMean` and `runningVar` in place.
 *
 * Shapes: `[N, C]` or `[N, C, L]` -> the same.
 *
 * @example new BatchNorm1d(3, { epsilon: 0 }).forward(ones([2, 3])).toArray() // [[1, 1, 1], [1, 1, 1]]
 */
export class BatchNorm1d extends BatchNorm {
  override forward(x: Tensor, context: Context = inference): Tensor {
    if (x.shape.length !== 2 && x.shape.length !== 3) {
      throw new ShapeError('BatchNorm1d', 'x must be [N, C] or [N, C, L]', [x.shape], 'Use BatchNorm2d for images.');
    }
    return super.forward(x, context);
  }
}

/**
 * Batch normalization of images, channel by channel; see `batchNorm`. Training updates `runningMean` and `runningVar`
 * in place.
 *
 * Shapes: `[N, C, H, W]` -> the same.
 *
 * @example new BatchNorm2d(3).forward(zeros([2, 3, 4, 4])).shape // [2, 3, 4, 4]
 */
export class BatchNorm2d extends BatchNorm {
  override forward(x: Tensor, context: Context = inference): Tensor {
    if (x.shape.length !== 4)
      throw new ShapeError('BatchNorm2d', 'x must be [N, C, H, W]', [x.shape], 'Use BatchNorm1d for features.');
    return super.forward(x, context);
  }
}
