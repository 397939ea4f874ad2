import { batchNorm, checkBatchNorm } from '../autograd/ops/batchNorm.ts';
import { groupNorm, instanceNorm } from '../autograd/ops/groupNorm.ts';
import { layerNorm, RMS_EPSILON, rmsNorm } from '../autograd/ops/layerNorm.ts';
import { checkEpsilon } from '../autograd/ops/standardize.ts';
import { type Parameter, parameter } from '../autograd/parameter.ts';
import { ones, zeros } from '../tensor/create.ts';
import { formatShape, type Shape, ShapeError, sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Context, inference, Module } from './module.ts';
import { checkSizes } from './weights.ts';

/** Options of BatchNorm1d and BatchNorm2d. */
export interface BatchNormLayerOptions {
  /** Weight of the new batch in the running statistics, in [0, 1]. Default 0.1. */
  readonly momentum?: number | undefined;
  /** Added to the variance, at least 0. Default 1e-5. */
  readonly epsilon?: number | undefined;
  /** Adds a trainable weight and bias for each channel. Default true. */
  readonly affine?: boolean | undefined;
}

/** What BatchNorm1d and BatchNorm2d share. */
abstract class BatchNorm extends Module {
  readonly weight: Parameter | undefined;
  readonly bias: Parameter | undefined;
  readonly runningMean: Tensor;
  readonly runningVar: Tensor;
  readonly momentum: number;
  readonly epsilon: number;

  constructor(channels: number, { momentum = 0.1, epsilon = 1e-5, affine = true }: BatchNormLayerOptions = {}) {
    super();
    checkSizes('BatchNorm', { channels });
    checkBatchNorm({ momentum, epsilon });
    this.weight = affine ? parameter(ones([channels])) : undefined;
    this.bias = affine ? parameter(zeros([channels])) : undefined;
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

/** Options of LayerNorm. */
export interface LayerNormLayerOptions {
  /** Added to the variance, at least 0. Default 1e-5. */
  readonly epsilon?: number | undefined;
  /** Adds a trainable weight, and a bias, for each element: PyTorch's `elementwise_affine`. Default true. */
  readonly affine?: boolean | undefined;
  /** Whether there is a bias besides the weight. Default true. */
  readonly bias?: boolean | undefined;
}

/**
 * Layer normalization of the last axes; see `layerNorm`.
 *
 * Shapes: `[...S, ...shape] -> [...S, ...shape]`; a number stands for one axis. Throws: ShapeError unless x ends in `shape`.
 *
 * @example new LayerNorm(2, { epsilon: 0 }).forward(tensor([[1, 3]])).toArray() // [[-1, 1]]
 */
export class LayerNorm extends Module {
  readonly shape: Shape;
  readonly epsilon: number;
  readonly weight: Parameter | undefined;
  readonly bias: Parameter | undefined;

  constructor(
    shape: number | readonly number[],
    { epsilon = 1e-5, affine = true, bias = true }: LayerNormLayerOptions = {},
  ) {
    super();
    this.shape = lastAxes('LayerNorm', shape);
    checkEpsilon('LayerNorm', epsilon);
    this.epsilon = epsilon;
    this.weight = affine ? parameter(ones(this.shape)) : undefined;
    this.bias = affine && bias ? parameter(zeros(this.shape)) : undefined;
  }

  forward(x: Tensor): Tensor {
    const { shape, epsilon, weight, bias } = this;
    checkEnds('LayerNorm', x, shape);
    return layerNorm(x, { axes: shape.length, epsilon, weight, bias });
  }
}

/** Options of RMSNorm. */
export interface RMSNormLayerOptions {
  /** Added to the mean square, at least 0. Default 2^-23, as in PyTorch. */
  readonly epsilon?: number | undefined;
  /** Adds a trainable weight for each element: PyTorch's `elementwise_affine`. Default true. */
  readonly affine?: boolean | undefined;
}

/**
 * Root mean square normalization of the last axes; see `rmsNorm`.
 *
 * Shapes: `[...S, ...shape] -> [...S, ...shape]`; a number stands for one axis. Throws: ShapeError unless x ends in `shape`.
 *
 * @example new RMSNorm(2, { epsilon: 0 }).forward(tensor([[1, 7]])).toArray() // [[0.2, 1.4]]
 */
export class RMSNorm extends Module {
  readonly shape: Shape;
  readonly epsilon: number;
  readonly weight: Parameter | undefined;

  constructor(shape: number | readonly number[], { epsilon = RMS_EPSILON, affine = true }: RMSNormLayerOptions = {}) {
    super();
    this.shape = lastAxes('RMSNorm', shape);
    checkEpsilon('RMSNorm', epsilon);
    this.epsilon = epsilon;
    this.weight = affine ? parameter(ones(this.shape)) : undefined;
  }

  forward(x: Tensor): Tensor {
    const { shape, epsilon, weight } = this;
    checkEnds('RMSNorm', x, shape);
    return rmsNorm(x, { axes: shape.length, epsilon, weight });
  }
}

/** Options of GroupNorm. */
export interface GroupNormLayerOptions {
  /** Added to the variance, at least 0. Default 1e-5. */
  readonly epsilon?: number | undefined;
  /** Adds a trainable weight and bias for each channel. Default true. */
  readonly affine?: boolean | undefined;
}

/**
 * Group normalization; see `groupNorm`.
 *
 * Shapes: `[N, C, ...] -> [N, C, ...]`. Throws: RangeError unless `groups` divides `channels`.
 *
 * @example new GroupNorm(2, 4, { epsilon: 0 }).forward(tensor([[1, 3, 5, 5]])).toArray() // [[-1, 1, 0, 0]]
 */
export class GroupNorm extends Module {
  readonly groups: number;
  readonly channels: number;
  readonly epsilon: number;
  readonly weight: Parameter | undefined;
  readonly bias: Parameter | undefined;

  constructor(groups: number, channels: number, { epsilon = 1e-5, affine = true }: GroupNormLayerOptions = {}) {
    super();
    checkSizes('GroupNorm', { groups, channels });
    if (channels % groups !== 0)
      throw new RangeError(`GroupNorm: ${groups} groups do not divide ${channels} channels. Choose a divisor.`);
    checkEpsilon('GroupNorm', epsilon);
    this.groups = groups;
    this.channels = channels;
    this.epsilon = epsilon;
    this.weight = affine ? parameter(ones([channels])) : undefined;
    this.bias = affine ? parameter(zeros([channels])) : undefined;
  }

  forward(x: Tensor): Tensor {
    const { groups, channels, epsilon, weight, bias } = this;
    if (x.shape[1] !== channels)
      throw new ShapeError('GroupNorm', `x must be [N, ${channels}, ...]`, [x.shape], 'Check the layer before.');
    return groupNorm(x, { groups, epsilon, weight, bias });
  }
}

/** Options of InstanceNorm2d. */
export interface InstanceNormLayerOptions {
  /** Added to the variance, at least 0. Default 1e-5. */
  readonly epsilon?: number | undefined;
  /** Adds a trainable weight and bias for each channel. Default false, as in PyTorch. */
  readonly affine?: boolean | undefined;
}

/**
 * Instance normalization of images; see `instanceNorm`. It keeps no running statistics.
 *
 * Shapes: `[N, C, H, W] -> [N, C, H, W]`, of more than one pixel.
 *
 * @example new InstanceNorm2d(1, { epsilon: 0 }).forward(tensor([[[[1, 3]]]])).toArray() // [[[[-1, 1]]]]
 */
export class InstanceNorm2d extends Module {
  readonly channels: number;
  readonly epsilon: number;
  readonly weight: Parameter | undefined;
  readonly bias: Parameter | undefined;

  constructor(channels: number, { epsilon = 1e-5, affine = false }: InstanceNormLayerOptions = {}) {
    super();
    checkSizes('InstanceNorm2d', { channels });
    checkEpsilon('InstanceNorm2d', epsilon);
    this.channels = channels;
    this.epsilon = epsilon;
    this.weight = affine ? parameter(ones([channels])) : undefined;
    this.bias = affine ? parameter(zeros([channels])) : undefined;
  }

  forward(x: Tensor): Tensor {
    const { channels, epsilon, weight, bias } = this;
    if (x.shape.length !== 4 || x.shape[1] !== channels)
      throw new ShapeError('InstanceNorm2d', `x must be [N, ${channels}, H, W]`, [x.shape], 'Check the layer before.');
    return instanceNorm(x, { epsilon, weight, bias });
  }
}

/** The axes that a layer normalizes, as a shape. */
function lastAxes(layer: string, shape: number | readonly number[]): Shape {
  const lengths = typeof shape === 'number' ? [shape] : [...shape];
  if (lengths.length === 0)
    throw new ShapeError(layer, 'there are no axes to normalize', [lengths], 'List the lengths of the last axes.');
  for (const length of lengths) checkSizes(layer, { length });
  return lengths;
}

/** Throws a ShapeError unless the shape of x ends in `shape`. */
function checkEnds(layer: string, x: Tensor, shape: Shape): void {
  if (!sameShape(x.shape.slice(-shape.length), shape))
    throw new ShapeError(layer, `x must end in ${formatShape(shape)}`, [x.shape], 'Check the layer before.');
}
