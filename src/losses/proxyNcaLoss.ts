import { mul, sub } from '../autograd/ops/arithmetic.ts';
import { oneHot } from '../autograd/ops/indexed.ts';
import { linear } from '../autograd/ops/products.ts';
import { checkAboveZero } from '../tensor/check.ts';
import type { Integers } from '../tensor/intTensor.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type ClassWeightOptions, ClassWeights, classCosines, classified, ownScores } from './classWeights.ts';
import { maskedLogSumExp } from './maskedLogSumExp.ts';
import { checkSigned, reduce, type SignedLossOptions } from './reduction.ts';

/** Options of `proxyNcaLoss`. */
export interface ProxyNcaLossOptions extends SignedLossOptions {
  /** What distances are multiplied by, above 0; one over the temperature. Default 1. */
  readonly scale?: number | undefined;
}

/** Options of `ProxyNcaLoss`; the reduction is said at each call of its `loss`. */
export interface ProxyNcaModuleOptions extends Omit<ProxyNcaLossOptions, 'reduction'>, ClassWeightOptions {}

/**
 * Proxy-NCA: how much nearer an embedding is to the proxies of other classes than to that of its own.
 *
 * Shapes: embeddings `[N, D]`, weight `[C, D]` (a proxy a class), labels N integers from 0 to C - 1 -> scalar (`[N]`
 * with reduction 'none'). An empty batch gives 0 with a live graph.
 * Formula: `-log(exp(-s d[y]) / sum_{c != y} exp(-s d[c]))`, d being squared Euclidean distances of unit vectors,
 * `2 - 2 cos`. As published the own proxy is not in the sum, so that the loss falls below 0 where it is the nearest by
 * far, down to `log(C - 1) - 4 s`; `crossEntropy` of the scores of a `ProxyNcaLoss` has it in the sum (ProxyNCA++, Teh et al.
 * 2020).
 * Gradient: of the directions alone. A zero row is at distance 2 from all, with gradient 0.
 * Cost: `2 N C D` operations.
 * Source: Movshovitz-Attias et al. 2017, "No fuss distance metric learning using proxies", section 3.
 * Throws: ShapeError for shapes that do not fit; RangeError for fewer than two classes, with its position for a label
 * outside 0 .. C - 1, for a scale out of range, and for the reduction 'meanNonZero'.
 *
 * @example proxyNcaLoss(tensor([[2, 0]]), tensor([[1, 0], [0, 1], [0, 3]]), [0]).item() // -1.3068528
 */
export function proxyNcaLoss(
  embeddings: Tensor,
  weight: Tensor,
  labels: Integers,
  { scale = 1, reduction = 'mean' }: ProxyNcaLossOptions = {},
): Tensor {
  const op = 'proxyNcaLoss';
  checkAboveZero(op, 'scale', scale);
  checkSigned(op, reduction);
  const { rows, centers, classes } = classified(op, embeddings, weight, labels);
  checkClasses(op, weight.shape[0]);
  const others = sub(1, oneHot(classes, weight.shape[0]));
  // Minus the distances, but for the 2 of each, which is in numerator and denominator.
  const scores = mul(linear(rows, centers), 2 * scale);
  return reduce(op, sub(maskedLogSumExp(scores, others), ownScores(scores, classes)), reduction);
}

/**
 * `proxyNcaLoss` with proxies of its own, which are trained beside the encoder: `new Adam({ twin, proxies }, ...)`.
 *
 * Shapes: `forward`: `[N, D] -> [N, C]`, minus the scaled squared distances of unit vectors; weight `[C, D]`.
 *
 * @example
 * const proxies = new ProxyNcaLoss(4, 10, { random: createRandom(1) });
 * proxies.loss(ones([2, 4]), [0, 9]).shape // []
 */
export class ProxyNcaLoss extends ClassWeights {
  readonly scale: number;

  constructor(embeddingSize: number, classes: number, { scale = 1, ...options }: ProxyNcaModuleOptions) {
    super('ProxyNcaLoss', embeddingSize, classes, options);
    checkAboveZero('ProxyNcaLoss', 'scale', scale);
    checkClasses('ProxyNcaLoss', classes);
    this.scale = scale;
  }

  forward(embeddings: Tensor): Tensor {
    return mul(sub(classCosines('ProxyNcaLoss', embeddings, this.weight), 1), 2 * this.scale);
  }

  loss(embeddings: Tensor, labels: Integers, { reduction }: SignedLossOptions = {}): Tensor {
    return proxyNcaLoss(embeddings, this.weight, labels, { scale: this.scale, reduction });
  }
}

function checkClasses(op: string, classes: number): void {
  if (classes < 2)
    throw new RangeError(`${op}: a class is told from others, so there must be at least 2 of them; got ${classes}.`);
}
