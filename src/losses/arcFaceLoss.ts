import { add, divOrZero, mul, neg, sub } from '../autograd/ops/arithmetic.ts';
import { greater } from '../autograd/ops/comparisons.ts';
import { euclidean } from '../autograd/ops/distances.ts';
import { take } from '../autograd/ops/indexed.ts';
import { square } from '../autograd/ops/pointwise.ts';
import { choose } from '../autograd/ops/selection.ts';
import { checkAboveZero } from '../tensor/check.ts';
import type { Integers } from '../tensor/intTensor.ts';
import { cos, sin } from '../tensor/math.ts';
import type { Tensor } from '../tensor/tensor.ts';
import {
  type Classified,
  type ClassWeightOptions,
  ClassWeights,
  classCosines,
  classified,
  marginSoftmax,
} from './classWeights.ts';
import { type LossOptions, reduce } from './reduction.ts';

/** Options of `arcFaceLoss`. */
export interface ArcFaceLossOptions extends LossOptions {
  /** What cosines are multiplied by, above 0: how sharp the softmax over the classes is. Default 64. */
  readonly scale?: number | undefined;
  /** Angle in radians that is added to that between an embedding and its class, in [0, pi). Default 0.5. */
  readonly margin?: number | undefined;
}

/** Options of `ArcFaceLoss`; the reduction is said at each call of its `loss`. */
export interface ArcFaceModuleOptions extends Omit<ArcFaceLossOptions, 'reduction'>, ClassWeightOptions {}

/**
 * ArcFace, the additive angular margin: cross-entropy of scaled cosines, the angle to the own class being made larger.
 *
 * Shapes: embeddings `[N, D]`, weight `[C, D]`, labels N integers from 0 to C - 1 -> scalar (`[N]` with reduction
 * 'none'). An empty batch gives 0 with a live graph, and so does a single class.
 * Formula: cross-entropy of the logits `s cos(t[c])`, t being the angle to weight c, and `s cos(t + m)` for the own
 * class: `cos(t) cos(m) - sin(t) sin(m)`, without an arc cosine. Where `t + m` is beyond pi, and its cosine would rise
 * again, it is `s (cos(t) - m sin(m))`, as in the authors' program; so the logit falls with t for margins up to 2.33.
 * Gradient: of the directions alone; sin(t) has slope 0 at 0 and pi. A zero row has cosine 0 to all, and gradient 0.
 * Cost: `2 N C D` operations.
 * Source: Deng, Guo, Xue, Zafeiriou 2019, equation 3; the continuation: insightface.
 * Throws: ShapeError for shapes that do not fit; RangeError, with its position, for a label outside 0 .. C - 1, and for
 * a scale or margin out of range.
 *
 * @example arcFaceLoss(tensor([[1, 0]]), tensor([[0.8, 0.6], [0.6, -0.8]]), [0], { scale: 4 }).item() // 1.1316864
 */
export function arcFaceLoss(
  embeddings: Tensor,
  weight: Tensor,
  labels: Integers,
  { scale = 64, margin = 0.5, reduction = 'mean' }: ArcFaceLossOptions = {},
): Tensor {
  const op = 'arcFaceLoss';
  checkSettings(op, scale, margin);
  const batch = classified(op, embeddings, weight, labels);
  const losses = marginSoftmax(batch, scale, (own) => widened(own, batch, margin));
  return reduce(op, losses, reduction);
}

/**
 * `arcFaceLoss` with a weight of its own, which is trained beside the encoder: `new Adam({ twin, arcFace }, ...)`.
 *
 * Shapes: `forward`: `[N, D] -> [N, C]`, the cosines times the scale, without a margin; weight `[C, D]`. Labels are the
 * numbers of its rows: other ids are numbered first, with a Map.
 *
 * @example
 * const ids = [7003, 512, 7003];
 * const rowOf = new Map([...new Set(ids)].map((id, row) => [id, row]));
 * const arcFace = new ArcFaceLoss(4, rowOf.size, { random: createRandom(1) });
 * arcFace.loss(ones([3, 4]), ids.map((id) => rowOf.get(id) ?? -1)).shape // []
 */
export class ArcFaceLoss extends ClassWeights {
  readonly scale: number;
  readonly margin: number;

  constructor(embeddingSize: number, classes: number, { scale = 64, margin = 0.5, ...options }: ArcFaceModuleOptions) {
    super('ArcFaceLoss', embeddingSize, classes, options);
    checkSettings('ArcFaceLoss', scale, margin);
    this.scale = scale;
    this.margin = margin;
  }

  forward(embeddings: Tensor): Tensor {
    return mul(classCosines('ArcFaceLoss', embeddings, this.weight), this.scale);
  }

  loss(embeddings: Tensor, labels: Integers, { reduction }: LossOptions = {}): Tensor {
    const { scale, margin } = this;
    return arcFaceLoss(embeddings, this.weight, labels, { scale, margin, reduction });
  }
}

/** Cosines with the own classes, `[N]`, their angles made larger by the margin. */
function widened(own: Tensor, batch: Classified, margin: number): Tensor {
  const [cosine, sine] = [cos(margin), sin(margin)];
  const inside = sub(mul(own, cosine), mul(sines(batch), sine));
  return choose(greater(own, -cosine), inside, sub(own, margin * sine));
}

/**
 * The sine of the angle of each row to its own class, `[N]`: with `a = |x - w|` and `b = |x + w|` of vectors of equal
 * length, `2 a b / (a^2 + b^2)`. The root of `1 - cos^2` would have lost half of the digits of a small angle, and its
 * slope is infinite at 0. Where x or w is zero the cosine is 0 and this is 1.
 */
function sines({ rows, centers, classes }: Classified): Tensor {
  const own = take(centers, classes);
  const [a, b] = [euclidean(rows, own), euclidean(rows, neg(own))];
  return divOrZero(mul(mul(a, b), 2), add(square(a), square(b)));
}

function checkSettings(op: string, scale: number, margin: number): void {
  checkAboveZero(op, 'scale', scale);
  if (!(margin >= 0 && margin < Math.PI))
    throw new RangeError(`${op}: margin must be an angle in radians, at least 0 and below pi; got ${margin}.`);
}
