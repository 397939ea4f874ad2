import { gelu, relu } from '../autograd/ops/activations.ts';
import { add } from '../autograd/ops/arithmetic.ts';
import { dropout } from '../autograd/ops/dropout.ts';
import type { Random } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type AttendOptions, MultiHeadAttention } from './attention.ts';
import { Linear } from './dense.ts';
import { type Context, inference, Module } from './module.ts';
import { LayerNorm } from './normalizations.ts';

/** Options of TransformerEncoderLayer. */
export interface TransformerEncoderLayerOptions {
  /** Where the first values are drawn from. */
  readonly random: Random;
  /** Units of the feed-forward part, PyTorch's `dim_feedforward`. Default 2048, as there; 4 times the width is usual. */
  readonly feedForward?: number | undefined;
  /** Part that is set to 0 in training, of attention weights, of both branches and between the dense layers. Default 0.1. */
  readonly dropout?: number | undefined;
  /** Between the dense layers. Default 'relu'. */
  readonly activation?: 'relu' | 'gelu' | undefined;
  /** Whether each branch normalizes its input, instead of the sum after it. Default false. */
  readonly normFirst?: boolean | undefined;
  /** Of the layer normalizations. Default 1e-5. */
  readonly epsilon?: number | undefined;
}

/**
 * One layer of a transformer's encoder: self-attention, then two dense layers, each added to what it was given.
 *
 * Shapes: `[N, T, width] -> [N, T, width]`; parameters named as in PyTorch: `selfAttn`, `linear1`, `linear2`, `norm1`,
 * `norm2`. Formula: `y = norm1(x + attention(x))` and `norm2(y + linear2(activation(linear1(y))))`; with `normFirst`
 * `y = x + attention(norm1(x))` and `y + linear2(activation(linear1(norm2(y))))`.
 * Source: Vaswani et al. 2017, section 3.1; Xiong et al. 2020 for `normFirst`.
 * Throws: TypeError in training where the context has no `random`, unless dropout is 0.
 *
 * @example
 * const layer = new TransformerEncoderLayer(8, 2, { feedForward: 16, random: createRandom(1) });
 * layer.forward(zeros([2, 5, 8])).shape // [2, 5, 8]
 */
export class TransformerEncoderLayer extends Module {
  readonly selfAttn: MultiHeadAttention;
  readonly linear1: Linear;
  readonly linear2: Linear;
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly dropout: number;
  readonly activation: 'relu' | 'gelu';
  readonly normFirst: boolean;

  constructor(width: number, heads: number, options: TransformerEncoderLayerOptions) {
    super();
    const { random, feedForward = 2048, dropout: p = 0.1, activation = 'relu', normFirst = false, epsilon } = options;
    if (activation !== 'relu' && activation !== 'gelu')
      throw new RangeError(
        `TransformerEncoderLayer: activation must be 'relu' or 'gelu'; got '${String(activation)}'.`,
      );
    this.selfAttn = new MultiHeadAttention(width, heads, { dropout: p, random });
    this.linear1 = new Linear(width, feedForward, { random });
    this.linear2 = new Linear(feedForward, width, { random });
    this.norm1 = new LayerNorm(width, { epsilon });
    this.norm2 = new LayerNorm(width, { epsilon });
    this.dropout = p;
    this.activation = activation;
    this.normFirst = normFirst;
  }

  forward(x: Tensor, context: Context = inference): Tensor {
    return this.encode(x, {}, context);
  }

  /**
   * `forward` where positions may not attend all others: padding, or what comes later.
   *
   * @example
   * const layer = new TransformerEncoderLayer(8, 2, { feedForward: 16, random: createRandom(1) });
   * layer.encode(zeros([2, 5, 8]), { causal: true }).shape // [2, 5, 8]
   */
  encode(x: Tensor, options: AttendOptions = {}, context: Context = inference): Tensor {
    const drop = (y: Tensor) => dropout(y, { p: this.dropout, ...context });
    const attended = (y: Tensor) => drop(this.selfAttn.attend(y, y, y, options, context));
    const activate = this.activation === 'relu' ? relu : gelu;
    const fed = (y: Tensor) => drop(this.linear2.forward(drop(activate(this.linear1.forward(y)))));
    if (this.normFirst) {
      const y = add(x, attended(this.norm1.forward(x)));
      return add(y, fed(this.norm2.forward(y)));
    }
    const y = this.norm1.forward(add(x, attended(x)));
    return this.norm2.forward(add(y, fed(y)));
  }
}
