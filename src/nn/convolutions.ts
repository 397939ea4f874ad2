import { type Conv1dOptions, conv1d } from '../autograd/ops/conv1d.ts';
import { type Conv2dOptions, conv2d } from '../autograd/ops/conv2d.ts';
import { type ConvTranspose2dOptions, convTranspose2d } from '../autograd/ops/convTranspose2d.ts';
import { bothOf, type Pair } from '../autograd/ops/windows.ts';
import { type Parameter, parameter } from '../autograd/parameter.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { defaultWeight, initialBias } from './initializers.ts';
import { Module } from './module.ts';
import { checkSizes, initialWeight, type WeightOptions } from './weights.ts';

/**
 * 1-D convolution of signals.
 *
 * Shapes: `[N, in, L] -> [N, out, outL]`, see `conv1d`; weight `[out, in / groups, k]`, bias `[out]`.
 *
 * @example new Conv1d(1, 2, 3, { padding: 1, random: createRandom(1) }).forward(zeros([1, 1, 5])).shape // [1, 2, 5]
 */
export class Conv1d extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
  readonly groups: number;

  constructor(inputs: number, outputs: number, size: number, options: Conv1dOptions & WeightOptions) {
    super();
    const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
    checkSizes('Conv1d', { inputs, outputs, size, groups });
    checkGroups('Conv1d', inputs, outputs, groups);
    const { weight, bias } = firstValues('Conv1d', [outputs, inputs / groups, size], outputs, options);
    this.weight = weight;
    this.bias = bias;
    this.stride = stride;
    this.padding = padding;
    this.dilation = dilation;
    this.groups = groups;
  }

  forward(x: Tensor): Tensor {
    return conv1d(x, this.weight, this.bias, this);
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
    const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
    const [height, width] = bothOf('Conv2d', 'size', size);
    checkSizes('Conv2d', { inputs, outputs, height, width, groups });
    checkGroups('Conv2d', inputs, outputs, groups);
    const { weight, bias } = firstValues('Conv2d', [outputs, inputs / groups, height, width], outputs, options);
    this.weight = weight;
    this.bias = bias;
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
 * Transposed 2-D convolution, which with a stride enlarges images.
 *
 * Shapes: `[N, in, H, W] -> [N, out, outH, outW]`, see `convTranspose2d`; weight `[in, out / groups, kH, kW]`, bias
 * `[out]`. The fanIn of their first values is `out / groups * kH * kW`, as in PyTorch.
 *
 * @example new ConvTranspose2d(1, 2, 2, { stride: 2, random: createRandom(1) }).forward(zeros([1, 1, 5, 5])).shape // [1, 2, 10, 10]
 */
export class ConvTranspose2d extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly outputPadding: Pair;
  readonly dilation: Pair;
  readonly groups: number;

  constructor(inputs: number, outputs: number, size: Pair, options: ConvTranspose2dOptions & WeightOptions) {
    super();
    const { stride = 1, padding = 0, outputPadding = 0, dilation = 1, groups = 1 } = options;
    const [height, width] = bothOf('ConvTranspose2d', 'size', size);
    checkSizes('ConvTranspose2d', { inputs, outputs, height, width, groups });
    checkGroups('ConvTranspose2d', inputs, outputs, groups);
    const shape = [inputs, outputs / groups, height, width];
    const { weight, bias } = firstValues('ConvTranspose2d', shape, outputs, options);
    this.weight = weight;
    this.bias = bias;
    this.stride = stride;
    this.padding = padding;
    this.outputPadding = outputPadding;
    this.dilation = dilation;
    this.groups = groups;
  }

  forward(x: Tensor): Tensor {
    return convTranspose2d(x, this.weight, this.bias, this);
  }
}

function checkGroups(layer: string, inputs: number, outputs: number, groups: number): void {
  if (inputs % groups !== 0 || outputs % groups !== 0) {
    throw new RangeError(
      `${layer}: ${groups} groups do not divide ${inputs} inputs and ${outputs} outputs. Choose a common divisor.`,
    );
  }
}

/** The weight, and the bias of as many outputs, with the weight's fanIn. */
function firstValues(
  layer: string,
  shape: readonly number[],
  outputs: number,
  { random, bias = true, initialize = defaultWeight }: WeightOptions,
): { readonly weight: Parameter; readonly bias: Parameter | undefined } {
  const weight = initialWeight(layer, shape, initialize, random);
  return { weight, bias: bias ? parameter(initialBias(shape.with(0, outputs), random)) : undefined };
}
