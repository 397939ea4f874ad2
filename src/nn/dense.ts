import { dropout } from '../autograd/ops/dropout.ts';
import { linear } from '../autograd/ops/products.ts';
import { flatten } from '../autograd/ops/rearrange.ts';
import { type Parameter, parameter } from '../autograd/parameter.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { defaultWeight, initialBias } from './initializers.ts';
import { type Context, inference, Module } from './module.ts';
import { checkSizes, initialWeight, type WeightOptions } from './weights.ts';

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
