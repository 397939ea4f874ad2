import { type AttentionOptions, attentionWith } from '../autograd/ops/attention.ts';
import type { Mask } from '../autograd/ops/attentionMask.ts';
import { dropout } from '../autograd/ops/dropout.ts';
import { linear } from '../autograd/ops/products.ts';
import { reshape, slice, transpose } from '../autograd/ops/rearrange.ts';
import { type Parameter, parameter } from '../autograd/parameter.ts';
import { zeros } from '../tensor/create.ts';
import type { Random } from '../tensor/random.ts';
import { ShapeError } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { Linear } from './dense.ts';
import { xavierUniform } from './initializers.ts';
import { type Context, inference, Module } from './module.ts';
import { checkRandom, checkSizes } from './weights.ts';

/** Options of MultiHeadAttention. */
export interface MultiHeadAttentionOptions {
  /** Where the first values are drawn from. */
  readonly random: Random;
  /** Adds trainable biases. Default true. */
  readonly bias?: boolean | undefined;
  /** Part of the attention weights that is set to 0 in training, in [0, 1). Default 0. */
  readonly dropout?: number | undefined;
}

/** Which positions may attend which. */
export interface AttendOptions {
  /**
   * 1 (true) where a position may attend another, else 0; broadcasts to `[L, S]`, `[N, L, S]` or `[N, heads, L, S]`, so
   * that `[N, 1, S]` leaves out the padding of each sequence. Default: everywhere.
   */
  readonly mask?: Mask | undefined;
  /** Whether position l may attend the positions 0 to l alone. Default false. */
  readonly causal?: boolean | undefined;
}

/**
 * Attention of several heads, each over its own part of projected queries, keys and values.
 *
 * Shapes: `[N, T, width] -> [N, T, width]`; parameters as in PyTorch: `inProjWeight` `[3 width, width]` and `inProjBias`
 * for queries, keys and values, in this order, `outProj` a Linear. First values: Xavier uniform, biases of the
 * projections 0; `outProj.weight` uniform in `±1 / sqrt(width)`. Cost: `8 N T width^2 + 4 N T^2 width` operations.
 * Source: Vaswani et al. 2017, section 3.2.2. Throws: TypeError for dropout in training where the context has no `random`.
 *
 * @example new MultiHeadAttention(8, 2, { random: createRandom(1) }).forward(zeros([2, 5, 8])).shape // [2, 5, 8]
 */
export class MultiHeadAttention extends Module {
  readonly inProjWeight: Parameter;
  readonly inProjBias: Parameter | undefined;
  readonly outProj: Linear;
  readonly heads: number;
  readonly dropout: number;

  constructor(width: number, heads: number, { random, bias = true, dropout: p = 0 }: MultiHeadAttentionOptions) {
    super();
    checkSizes('MultiHeadAttention', { width, heads });
    if (width % heads !== 0)
      throw new RangeError(`MultiHeadAttention: ${heads} heads do not divide a width of ${width}. Choose a divisor.`);
    if (!(p >= 0 && p < 1)) throw new RangeError(`MultiHeadAttention: dropout must lie in [0, 1); got ${p}.`);
    checkRandom('MultiHeadAttention', random);
    this.inProjWeight = parameter(xavierUniform([3 * width, width], { random }));
    this.inProjBias = bias ? parameter(zeros([3 * width])) : undefined;
    this.outProj = new Linear(width, width, { random, bias });
    this.outProj.bias?.data.fill(0);
    this.heads = heads;
    this.dropout = p;
  }

  /** Self-attention: queries, keys and values are x. */
  forward(x: Tensor, context: Context = inference): Tensor {
    return this.attend(x, x, x, {}, context);
  }

  /**
   * Attention of queries `[N, L, width]` over keys and values `[N, S, width]`.
   *
   * @example
   * const layer = new MultiHeadAttention(8, 2, { random: createRandom(1) });
   * const [x, memory] = [zeros([2, 3, 8]), zeros([2, 5, 8])];
   * layer.attend(x, memory, memory, { mask: tensor([[[1, 1, 1, 1, 1]], [[1, 1, 0, 0, 0]]]) }).shape // [2, 3, 8]
   */
  attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    { mask, causal }: AttendOptions = {},
    context: Context = inference,
  ): Tensor {
    const width = this.inProjWeight.shape[1];
    const shapes = [query.shape, key.shape, value.shape];
    if (shapes.some((shape) => shape.length !== 3 || shape[2] !== width || shape[0] !== shapes[0][0])) {
      throw new ShapeError(
        'MultiHeadAttention',
        `queries, keys and values must be [N, T, ${width}]`,
        shapes,
        'Batch first, of one batch size.',
      );
    }
    const [q, k, v] = [query, key, value].map((x, i) => this.headsOf(x, i));
    const options: AttentionOptions = { mask: perHead(mask), causal };
    const drop = (weights: Tensor) => dropout(weights, { p: this.dropout, ...context });
    const mixed = attentionWith(q, k, v, options, drop);
    return this.outProj.forward(reshape(transpose(mixed, [0, 2, 1, 3]), query.shape));
  }

  /** Projection `index` of x, by heads: `[N, heads, T, width / heads]`. */
  private headsOf(x: Tensor, index: number): Tensor {
    const [batch, steps, width] = x.shape;
    const part = [[index * width, (index + 1) * width]] as const;
    const bias = this.inProjBias === undefined ? undefined : slice(this.inProjBias, part);
    const projected = linear(x, slice(this.inProjWeight, part), bias);
    return transpose(reshape(projected, [batch, steps, this.heads, width / this.heads]), [0, 2, 1, 3]);
  }
}

/** A mask of three axes is one of all heads. */
function perHead(mask: Mask | undefined): Mask | undefined {
  if (!(mask instanceof Tensor) || mask.shape.length !== 3) return mask;
  const [batch, ...rest] = mask.shape;
  return reshape(mask, [batch, 1, ...rest]);
}
