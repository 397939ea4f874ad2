import { type Conv2dOptions, conv2d, type Pair } from '../autograd/ops/conv2d.ts';
import { type Parameter, parameter } from '../autograd/parameter.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { defaultWeight, initialBias } from './initializers.ts';
import { Module } from './module.ts';
import { checkSizes, initialWeight, type WeightOptions } from './weights.ts';

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
