import { mul, sub } from '../autograd/ops/arithmetic.ts';
import { checkAboveZero } from '../tensor/check.ts';
import type { Integers } from '../tensor/intTensor.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type ClassWeightOptions, ClassWeights, classCosines, classified, marginSoftmax } from './classWeights.ts';
import { type LossOptions, reduce } from './reduction.ts';

/** Options of `cosFaceLoss`. */
export interface CosFaceLossOptions extends LossOptions {
  /** What cosines are multiplied by, above 0: how sharp the softmax over the classes is. Default 64. */
  readonly scale?: number | undefined;
  /** What is taken off the cosine of an embedding with its class, in [0, 2]. Default 0.35. */
  readonly margin?: number | undefined;
}

/** Options of `CosFaceLoss`; the reduction is said at each call of its `loss`. */
export interface CosFaceModuleOptions extends Omit<CosFaceLossOptions, 'reduction'>, ClassWeightOptions {}

/**
 * CosFace, the large margin cosine loss: cross-entropy of scaled cosines, that with the own class being made smaller.
 *
 * Shapes: embeddings `[N, D]`, weight `[C, D]`, labels N integers from 0 to C - 1 -> scalar (`[N]` with reduction
 * 'none'). An empty batch gives 0 with a live graph, and so does a single class.
 * Formula: cross-entropy of the logits `s cos(t[c])`, t being the angle to weight c, and `s (cos(t) - m)` for the own
 * class.
 * Gradient: of the directions alone. A zero row has cosine 0 to all, and gradient 0.
 * Cost: `2 N C D` operations.
 * Source: Wang et al. 2018, "CosFace", equation 4.
 * Throws: ShapeError for shapes that do not fit; RangeError, with its position, for a label outside 0 .. C - 1, and for
 * a scale or margin out of range.
 *
 * @example cosFaceLoss(tensor([[1, 0]]), tensor([[0.8, 0.6], [0.6, -0.8]]), [0], { scale: 4 }).item() // 1.0374879
 */
export function cosFaceLoss(
  embeddings: Tensor,
  weight: Tensor,
  labels: Integers,
  { scale = 64, margin = 0.35, reduction = 'mean' }: CosFaceLossOptions = {},
): Tensor {
  const op = 'cosFaceLoss';
  checkSettings(op, scale, margin);
  const batch = classified(op, embeddings, weight, labels);
  const losses = marginSoftmax(batch, scale, (own) => sub(own, margin));
  return reduce(op, losses, reduction);
}

/**
 * `cosFaceLoss` with a weight of its own, which is trained beside the encoder: `new Adam({ twin, cosFace }, ...)`.
 *
 * Shapes: `forward`: `[N, D] -> [N, C]`, the cosines times the scale, without a margin; weight `[C, D]`.
 *
 * @example
 * const cosFace = new CosFaceLoss(4, 10, { random: createRandom(1) });
 * cosFace.loss(ones([2, 4]), [0, 9]).shape // []
 */
export class CosFaceLoss extends ClassWeights {
  readonly scale: number;
  readonly margin: number;

  constructor(embeddingSize: number, classes: number, { scale = 64, margin = 0.35, ...options }: CosFaceModuleOptions) {
    super('CosFaceLoss', embeddingSize, classes, options);
    checkSettings('CosFaceLoss', scale, margin);
    this.scale = scale;
    this.margin = margin;
  }

  forward(embeddings: Tensor): Tensor {
    return mul(classCosines('CosFaceLoss', embeddings, this.weight), this.scale);
  }

  loss(embeddings: Tensor, labels: Integers, { reduction }: LossOptions = {}): Tensor {
    const { scale, margin } = this;
    return cosFaceLoss(embeddings, this.weight, labels, { scale, margin, reduction });
  }
}

function checkSettings(op: string, scale: number, margin: number): void {
  checkAboveZero(op, 'scale', scale);
  if (!(margin >= 0 && margin <= 2))
    throw new RangeError(`${op}: margin must lie in [0, 2], as a difference of cosines does; got ${margin}.`);
}
