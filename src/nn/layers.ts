import { type Conv2dOptions, conv2d, type Pair } from '../autograd/ops/conv2d.ts';
import { maxPool2d, type Pool2dOptions } from '../autograd/ops/maxPool2d.ts';
import { batchNorm, checkBatchNorm, dropout } from '../autograd/ops/normalization.ts';
import { linear } from '../autograd/ops/products.ts';
import { flatten } from '../autograd/ops/rearrange.ts';
import { type Parameter, parameter } from '../autograd/parameter.ts';
import { checkInteger } from '../tensor/check.ts';
import { ones, zeros } from '../tensor/create.ts';
import type { Random } from '../tensor/random.ts';
import { type Shape, ShapeError, sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { defaultWeight, type Initializer, initialBias } from './initializers.ts';
import { type Context, inference, type Layer, Module } from './module.ts';

/**
 * Layers one after the other. A layer is a Module or a plain function such as `relu`.
 *
 * Parameters are named by position: `0.weight`, `2.bias`. Throws: TypeError, with its position, for anything else.
 *
 * @example new Sequential(new Flatten(), relu).forward(tensor([[[-1, 2]]])).toArray() // [[0, 2]]
 */
export class Sequential extends Module {
  readonly [index: number]: Layer;

  constructor(...layers: readonly Layer[]) {
    super();
    for (const [i, layer] of layers.entries()) {
      if (layer instanceof Module || typeof layer === 'function') continue;
      throw new TypeError(
        `Sequential: layer ${i} is ${Array.isArray(layer) ? 'an array' : String(layer)}, not a Module or a function. Pass the layers one by one.`,
      );
    }
    Object.assign(this, layers);
  }

  forward(x: Tensor, context: Context = inference): Tensor {
    let y = x;
    // By position, because a subclass may have properties of its own.
    for (let i = 0; i in this; i++) {
      const layer = this[i];
      y = layer instanceof Module ? layer.forward(y, context) : layer(y);
    }
    return y;
  }
}

/** Options of layers with weights. */
export interface WeightOptions {
  /** Where the first values are drawn from. */
  readonly random: Random;
  /** Adds a trainable bias. Default true. */
  readonly bias?: boolean | undefined;
  /** First values of the weight. Default uniform in `±1 / sqrt(fanIn)`, as in PyTorch: small, so that distances start within a margin of 1. */
  readonly initialize?: Initializer | undefined;
}

/**
 * Dense layer `x weight^T + bias`.
 *
 * Shapes: `[..., in] -> [..., out]`; weight `[out, in]`, bias `[out]`.
 *
 * @example new Linear(3, 2, { random: createRandom(1) }).forward(ones([4, 3])).shape // [4, 2]
 */
export class Linear extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;

  constructor(inputs: number, outputs: number, { random, bias = true, initialize = defaultWeight }: WeightOptions) {
    super();
    checkSizes('Linear', { inputs, outputs });
    const shape = [outputs, inputs];
    this.weight = initialWeight('Linear', shape, initialize, random);
    this.bias = bias ? parameter(initialBias(shape, random)) : undefined;
  }

  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }
}

/**
 * 2-D convolution.
 *
 * Shapes: `[N, in, H, W] -> [N, out, outH, outW]`, see `conv2d`; weight `[out, in / groups, kH, kW]`, bias `[out]`.
 *
 * @example new Conv2d(1, 2, 3, { padding: 1, random: createRandom(1) }).forward(zeros([1, 1, 5, 5])).shape // [1, 2, 5, 5]
 */
export class Conv2d extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly groups: number;

  constructor(inputs: number, outputs: number, size: Pair, options: Conv2dOptions & WeightOptions) {
    super();
    const {
      random,
      bias = true,
      initialize = defaultWeight,
      stride = 1,
      padding = 0,
      dilation = 1,
      groups = 1,
    } = options;
    const [height, width] = typeof size === 'number' ? [size, size] : size;
    checkSizes('Conv2d', { inputs, outputs, height, width, groups });
    if (inputs % groups !== 0 || outputs % groups !== 0) {
      throw new RangeError(
        `Conv2d: ${groups} groups do not divide ${inputs} inputs and ${outputs} outputs. Choose a common divisor.`,
      );
    }
    const shape = [outputs, inputs / groups, height, width];
    this.weight = initialWeight('Conv2d', shape, initialize, random);
    this.bias = bias ? parameter(initialBias(shape, random)) : undefined;
    this.stride = stride;
    this.padding = padding;
    this.dilation = dilation;
    this.groups = groups;
  }

  forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, this.bias, this);
  }
}

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
 * All axes but the first joined into one.
 *
 * Shapes: `[N, ...S] -> [N, product of S]`.
 *
 * @example new Flatten().forward(zeros([2, 3, 4])).shape // [2, 12]
 */
export class Flatten extends Module {
  forward(x: Tensor): Tensor {
    return flatten(x);
  }
}

/**
 * Sets elements to 0 with probability p in training; see `dropout`.
 *
 * Shapes: `[...S] -> [...S]`. Throws: TypeError in training where the context has no `random`.
 *
 * @example new Dropout(0.5).forward(tensor([1, 2])).toArray() // [1, 2]
 */
export class Dropout extends Module {
  readonly p: number;

  constructor(p: number) {
    super();
    if (!(p >= 0 && p < 1)) throw new RangeError(`Dropout: p must lie in [0, 1); got ${p}.`);
    this.p = p;
  }

  forward(x: Tensor, context: Context = inference): Tensor {
    return dropout(x, { p: this.p, ...context });
  }
}

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

function initialWeight(layer: string, shape: Shape, initialize: Initializer, random: Random): Parameter {
  const weight = initialize(shape, { random });
  if (!sameShape(weight.shape, shape)) {
    throw new ShapeError(
      layer,
      'initialize returned another shape than it was asked for',
      [weight.shape, shape],
      'Return a tensor of the shape that it is called with.',
    );
  }
  return parameter(weight);
}

function checkSizes(layer: string, sizes: Readonly<Record<string, number>>): void {
  for (const [name, size] of Object.entries(sizes)) checkInteger(layer, name, size, 1);
}
