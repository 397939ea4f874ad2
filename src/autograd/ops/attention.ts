import { broadcastShapes, checkShape, type Shape, ShapeError, sizeOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { add, mul } from './arithmetic.ts';
import { checkOverScores, type Mask, maskPattern, maskScores } from './attentionMask.ts';
import { expand } from './broadcast.ts';
import { product } from './products.ts';
import { reshape } from './rearrange.ts';
import { clearRows } from './rowMask.ts';
import { softmax } from './softmax.ts';

/** Options of `attention`. */
export interface AttentionOptions {
  /** 1 (true) where a query may attend a key, else 0; broadcasts to `[..., L, S]`. Default: everywhere. */
  readonly mask?: Mask | undefined;
  /** Added to the scores before the softmax; broadcasts to `[..., L, S]`. Default none. */
  readonly bias?: Tensor | undefined;
  /** Whether query l may attend the keys 0 to l alone. Default false. */
  readonly causal?: boolean | undefined;
}

/**
 * Scaled dot-product attention: for each query the mean of the values, weighted by how well their keys fit.
 *
 * Shapes: q `[..., L, E]`, k `[..., S, E]`, v `[..., S, Ev]` -> `[..., L, Ev]`; leading axes broadcast.
 * Formula: `softmax(q k^T / sqrt(E) + bias) v`, the softmax over the keys that a query may attend. A query that may
 * attend none, by its mask or by a bias of -Infinity, gives 0; PyTorch gives NaN there.
 * Gradient: with weights w and `h = g v^T`: of v `w^T g`, of the scores `w (h - sum(w h))`; 0 for a query that may attend
 * none. Nothing comes from or goes to a masked score, nor a key that no query may attend, whatever their numbers are; a
 * NaN in a value that some query may attend reaches the others too, as `0 * NaN`.
 * Cost: `2 L S (E + Ev)` operations and `L S` numbers an item. Source: Vaswani et al. 2017, equation 1.
 * Throws: ShapeError for shapes that do not fit; RangeError for a mask with other numbers than 0 and 1.
 *
 * @example
 * const [q, k, v] = [tensor([[0], [0]]), tensor([[1], [2]]), tensor([[10], [20]])];
 * attention(q, k, v, { causal: true }).toArray() // [[10], [15]]
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}): Tensor {
  return attentionWith(q, k, v, options, (weights) => weights);
}

/** Attention whose weights `[items, L, S]` go through a function, such as dropout, before they meet the values. */
export function attentionWith(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  { mask, bias, causal = false }: AttentionOptions,
  change: (weights: Tensor) => Tensor,
): Tensor {
  const batch = batchOf(q, k, v);
  const [queries, width] = q.shape.slice(-2);
  const [keys, valueWidth] = v.shape.slice(-2);
  const shape = [...batch, queries, keys];
  checkShape('attention', shape);
  checkShape('attention', [...batch, queries, valueWidth]);
  const pattern = maskPattern(mask, causal, shape);
  const unused = pattern?.unused;
  const cleaned = (x: Tensor) => (unused === undefined ? flat(x, batch) : clearRows(flat(x, batch), unused));

  // The queries are fewer numbers than the scores.
  const products = product(mul(flat(q, batch), 1 / Math.sqrt(width)), cleaned(k), false, true);
  const scores = bias === undefined ? products : add(products, flatBias(bias, batch, shape));
  const weights = softmax(pattern === undefined ? scores : maskScores(scores, pattern));
  return reshape(product(change(weights), cleaned(v), false, false), [...batch, queries, valueWidth]);
}

/** The leading axes of the result. */
function batchOf(q: Tensor, k: Tensor, v: Tensor): Shape {
  const shapes = [q.shape, k.shape, v.shape];
  const refuse = (problem: string) =>
    new ShapeError('attention', problem, shapes, 'Use q [..., L, E], k [..., S, E] and v [..., S, Ev].');
  if (shapes.some(({ length }) => length < 2)) throw refuse('q, k and v need at least two axes');
  const [[, width], [keys, keyWidth], [values]] = shapes.map((shape) => shape.slice(-2));
  if (width !== keyWidth) throw refuse(`queries have ${width} numbers, keys ${keyWidth}`);
  if (keys !== values) throw refuse(`there are ${keys} keys and ${values} values`);
  const [first, second, third] = shapes.map((shape) => shape.slice(0, -2));
  return broadcastShapes('attention', broadcastShapes('attention', first, second), third);
}

/** The batch as one axis. */
function flat(x: Tensor, batch: Shape): Tensor {
  const item = x.shape.slice(-2);
  return reshape(expand(x, [...batch, ...item]), [sizeOf(batch), ...item]);
}

/** The bias, so that it broadcasts to flat scores; expanded where it has a batch of its own. */
function flatBias(bias: Tensor, batch: Shape, shape: Shape): Tensor {
  checkOverScores('bias', bias.shape, shape, 'Use [..., L, S].');
  const lead = bias.shape.slice(0, -2);
  if (sizeOf(lead) === 1) return reshape(bias, bias.shape.slice(lead.length));
  return flat(bias, batch);
}
