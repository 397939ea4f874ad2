import { softplus } from '../autograd/ops/activations.ts';
import { add, mul, sub } from '../autograd/ops/arithmetic.ts';
import { oneHot } from '../autograd/ops/indexed.ts';
import { linear } from '../autograd/ops/products.ts';
import { transpose } from '../autograd/ops/rearrange.ts';
import { quotientOfSum } from '../autograd/ops/reductions.ts';
import { checkAboveZero } from '../tensor/check.ts';
import type { Integers } from '../tensor/intTensor.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type ClassWeightOptions, ClassWeights, classCosines, classified } from './classWeights.ts';
import { maskedLogSumExp } from './maskedLogSumExp.ts';

/** Options of `proxyAnchorLoss`. It has no `reduction`: its two means are over different proxies. */
export interface ProxyAnchorLossOptions {
  /** What cosines are multiplied by, above 0: how much more the hardest embeddings count than others. Default 32. */
  readonly alpha?: number | undefined;
  /** Cosine that embeddings are pulled above by their own proxy, and below its negative by others, in [0, 1]. Default 0.1. */
  readonly margin?: number | undefined;
}

/** Options of `ProxyAnchorLoss`. */
export interface ProxyAnchorModuleOptions extends ProxyAnchorLossOptions, ClassWeightOptions {}

/**
 * Proxy-anchor: each proxy pulls the embeddings of its class and pushes all others, the hardest of them most.
 *
 * Shapes: embeddings `[N, D]`, weight `[C, D]` (a proxy a class), labels N integers from 0 to C - 1 -> scalar. An empty
 * batch gives 0 with a live graph.
 * Formula: `1 / P sum log(1 + sum_own exp(-a (s - m))) + 1 / C sum log(1 + sum_others exp(a (s + m)))` with cosines s:
 * the first sum over the P proxies that have embeddings of their class in the batch, the second over all C.
 * Gradient: of the directions alone. A zero row has cosine 0 to all, and gradient 0.
 * Cost: `2 N C D` operations.
 * Source: Kim, Kim, Cho, Kwak 2020, "Proxy anchor loss for deep metric learning", equation 4.
 * Throws: ShapeError for shapes that do not fit; RangeError, with its position, for a label outside 0 .. C - 1, and for
 * alpha or a margin out of range.
 *
 * @example proxyAnchorLoss(tensor([[1, 0]]), tensor([[1, 0], [0, 1]]), [0], { alpha: 1 }).item() // 0.7133522
 */
export function proxyAnchorLoss(
  embeddings: Tensor,
  weight: Tensor,
  labels: Integers,
  { alpha = 32, margin = 0.1 }: ProxyAnchorLossOptions = {},
): Tensor {
  const op = 'proxyAnchorLoss';
  checkSettings(op, alpha, margin);
  const { rows, centers, classes } = classified(op, embeddings, weight, labels);
  // A proxy a row. Their margins are added last: to a few sums, not to every cosine.
  const cosines = linear(centers, rows);
  const own = transpose(oneHot(classes, weight.shape[0]));
  const [far, near] = [maskedLogSumExp(mul(cosines, -alpha), own), maskedLogSumExp(mul(cosines, alpha), sub(1, own))];
  const [pull, push] = [far, near].map((sums) => softplus(add(sums, alpha * margin)));
  return add(quotientOfSum(pull, Math.max(1, new Set(classes).size)), quotientOfSum(push, weight.shape[0]));
}

/**
 * `proxyAnchorLoss` with proxies of its own, which are trained beside the encoder: `new Adam({ twin, proxies }, ...)`.
 *
 * Shapes: `forward`: `[N, D] -> [N, C]`, the cosines; weight `[C, D]`.
 *
 * @example
 * const proxies = new ProxyAnchorLoss(4, 10, { random: createRandom(1) });
 * proxies.loss(ones([2, 4]), [0, 9]).shape // []
 */
export class ProxyAnchorLoss extends ClassWeights {
  readonly alpha: number;
  readonly margin: number;

  constructor(
    embeddingSize: number,
    classes: number,
    { alpha = 32, margin = 0.1, ...options }: ProxyAnchorModuleOptions,
  ) {
    super('ProxyAnchorLoss', embeddingSize, classes, options);
    checkSettings('ProxyAnchorLoss', alpha, margin);
    this.alpha = alpha;
    this.margin = margin;
  }

  forward(embeddings: Tensor): Tensor {
    return classCosines('ProxyAnchorLoss', embeddings, this.weight);
  }

  loss(embeddings: Tensor, labels: Integers): Tensor {
    const { alpha, margin } = this;
    return proxyAnchorLoss(embeddings, this.weight, labels, { alpha, margin });
  }
}

function checkSettings(op: string, alpha: number, margin: number): void {
  checkAboveZero(op, 'alpha', alpha);
  if (!(margin >= 0 && margin <= 1))
    throw new RangeError(`${op}: margin must lie in [0, 1], as the cosine of like directions does; got ${margin}.`);
}
