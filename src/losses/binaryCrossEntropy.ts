import { softplus } from '../autograd/ops/activations.ts';
import { add, mul, neg, sub } from '../autograd/ops/arithmetic.ts';
import { expand } from '../autograd/ops/broadcast.ts';
import { noGrad } from '../autograd/tape.ts';
import type { Flags } from '../tensor/flags.ts';
import { broadcastShapes, ShapeError, sameShape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { checkEqualShapes } from './equalShapes.ts';
import { readFlags } from './flags.ts';
import { type LossOptions, reduce } from './reduction.ts';

/** Options of `binaryCrossEntropyWithLogits`. */
export interface BinaryCrossEntropyOptions extends LossOptions {
  /** Times the loss of each element; a number, or what broadcasts to the logits. A constant. Default 1. */
  readonly weight?: Tensor | number | undefined;
  /** Times the loss of a target of 1: above 1 for recall, below for precision. As `weight`. Default 1. */
  readonly posWeight?: Tensor | number | undefined;
}

/**
 * Cross-entropy of yes-or-no logits and targets; finite for every finite logit, and so is its gradient.
 *
 * Shapes: logits `[...S]`, targets `[...S]` in [0, 1], or for logits `[N]` also N flags -> scalar (`[...S]` with
 * reduction 'none'). Nothing to compare gives 0 with a live graph. The mean is over all elements, whatever their weight.
 * Formula: `weight ((1 - y) softplus(x) + posWeight y softplus(-x))`, softplus(-x) being `-log(sigmoid(x))`.
 * Gradient: of the logits `g weight ((1 - y) sigmoid(x) - posWeight y sigmoid(-x))`; targets have one too.
 * Throws: ShapeError for shapes that do not fit; RangeError for a target outside [0, 1], with its index, and for a
 * weight that is negative or not finite.
 *
 * @example binaryCrossEntropyWithLogits(tensor([0, -1000]), tensor([1, 0])).item() // 0.3465736
 * @example binaryCrossEntropyWithLogits(tensor([2, 5]), [true, true], { reduction: 'none' }).toArray() // [0.126928, 0.006715348]
 */
export function binaryCrossEntropyWithLogits(
  logits: Tensor,
  targets: Flags,
  { weight, posWeight, reduction = 'mean' }: BinaryCrossEntropyOptions = {},
): Tensor {
  const op = 'binaryCrossEntropyWithLogits';
  const y = readTargets(op, logits, targets);
  const no = mul(sub(1, y), softplus(logits));
  const yes = mul(y, softplus(neg(logits)));
  const weighted = posWeight === undefined ? yes : mul(yes, readWeight(op, 'posWeight', posWeight, logits));
  const losses = add(no, weighted);
  return reduce(op, weight === undefined ? losses : mul(losses, readWeight(op, 'weight', weight, logits)), reduction);
}

function readTargets(op: string, logits: Tensor, targets: Flags): Tensor {
  if (!(targets instanceof Tensor)) {
    if (logits.shape.length !== 1)
      throw new ShapeError(op, 'flags need logits [N]', [logits.shape], 'Pass the targets as a Tensor of that shape.');
    return new Tensor(readFlags(op, 'targets', targets, logits.size, 'logits'), logits.shape);
  }
  checkEqualShapes(op, logits, targets);
  targets.data.forEach((y, i) => {
    if (!(y >= 0 && y <= 1)) throw new RangeError(`${op}: targets[${i}] is ${y}; expected 0 to 1.`);
  });
  return targets;
}

/** A weight for each logit, which no gradient flows into. */
function readWeight(op: string, name: string, weight: Tensor | number, logits: Tensor): Tensor | number {
  const values = typeof weight === 'number' ? [weight] : weight.data;
  for (const value of values) {
    if (!(value >= 0 && value < Infinity))
      throw new RangeError(`${op}: ${name} holds ${value}; expected finite numbers of at least 0.`);
  }
  if (typeof weight === 'number') return weight;
  if (!sameShape(broadcastShapes(op, logits.shape, weight.shape), logits.shape)) {
    throw new ShapeError(
      op,
      `${name} has more elements than the logits`,
      [weight.shape, logits.shape],
      'Pass what broadcasts to their shape.',
    );
  }
  return noGrad(() => expand(new Tensor(weight.data, weight.shape), logits.shape));
}
