import { asSimilarity, type Similarity } from '../autograd/measure.ts';
import { sub } from '../autograd/ops/arithmetic.ts';
import { abs } from '../autograd/ops/pointwise.ts';
import { linear } from '../autograd/ops/products.ts';
import { reshape } from '../autograd/ops/rearrange.ts';
import { type Parameter, parameter } from '../autograd/parameter.ts';
import { Module } from '../nn/module.ts';
import { checkRandom, checkSizes } from '../nn/weights.ts';
import { tensor } from '../tensor/create.ts';
import type { Random } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkHeadInputs } from './headInputs.ts';
import type { Head } from './twin.ts';

/** Options of `KochHead`. */
export interface KochHeadOptions {
  /** Where the first values are drawn from. */
  readonly random: Random;
}

/**
 * A learned weighted L1 comparison: the logit of the probability that two inputs are the same, a Similarity. Threshold 0
 * is probability 0.5; train with `binaryCrossEntropyWithLogits(twin.compare(a, b, context), different.map((d) => 1 - d))`.
 *
 * Shapes: `compare` maps embeddings `[N, D], [N, D] -> [N]`, `forward` maps `|a - b|`, `[N, D] -> [N]`; weight `[1, D]`,
 * bias `[1]`, as in PyTorch's `nn.Linear(D, 1)`.
 * Formula: `sum_j weight_j |a_j - b_j| + bias`; the probability is its sigmoid. Weights begin normal with deviation 0.2,
 * the bias with mean 0.5 and deviation 0.01, as published: signs are random, and the encoder adapts to them.
 * Gradient: of coordinates of a `g weight_j sign(a_j - b_j)`, so 0 where they are equal, and of b its negative.
 * Source: Koch, Zemel, Salakhutdinov 2015, "Siamese neural networks for one-shot image recognition", sections 3.1 and 3.2.
 * Throws: ShapeError for embeddings of another width.
 *
 * @example
 * const random = createRandom(1);
 * const twin = new Twin(new Linear(4, 3, { random }), { compare: new KochHead(3, { random }) });
 * const probability = sigmoid(twin.compare(ones([2, 4]), zeros([2, 4])));
 * probability.shape // [2]
 */
export class KochHead extends Module implements Head<Similarity> {
  readonly weight: Parameter;
  readonly bias: Parameter;

  constructor(embeddingSize: number, { random }: KochHeadOptions) {
    super();
    checkSizes('KochHead', { embeddingSize });
    checkRandom('KochHead', random);
    this.weight = parameter(tensor(random.fillNormal(new Float32Array(embeddingSize), 0, 0.2), [1, embeddingSize]));
    this.bias = parameter(tensor(random.fillNormal(new Float32Array(1), 0.5, 0.01), [1]));
  }

  forward(x: Tensor): Tensor {
    return reshape(linear(x, this.weight, this.bias), [x.shape[0]]);
  }

  compare(a: Tensor, b: Tensor): Similarity {
    checkHeadInputs('KochHead', this.weight.shape[1], a, b);
    return asSimilarity(this.forward(abs(sub(a, b))));
  }
}
