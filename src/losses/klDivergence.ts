import { add, mul, neg, sub } from '../autograd/ops/arithmetic.ts';
import { exp, log } from '../autograd/ops/pointwise.ts';
import { reshape } from '../autograd/ops/rearrange.ts';
import { choose } from '../autograd/ops/selection.ts';
import { record } from '../autograd/tape.ts';
import * as math from '../tensor/math.ts';
import { allocate } from '../tensor/precision.ts';
import { ShapeError } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { checkEqualShapes } from './equalShapes.ts';
import { type LossOptions, reduce } from './reduction.ts';

/** Options of `klDivergence`. */
export interface KlDivergenceOptions extends LossOptions {
  /** Whether the target holds logarithms too. Default false. */
  readonly logTarget?: boolean | undefined;
}

/**
 * Kullback-Leibler divergence of a distribution from a target, row by row: the bits (in nats) lost by coding one as the
 * other.
 *
 * Shapes: logProbabilities, target `[...S, C]`, each row of C a distribution -> scalar (`[...S]` with reduction 'none').
 * The mean is over the rows, which for [N, C] is PyTorch's 'batchmean'; its 'mean' over all elements is no divergence.
 * Formula: `sum_c t (log(t) - x)`, in double precision; where `t` is 0 that term is 0, whatever x. Rows are not made to
 * sum to 1.
 * Gradient: of logProbabilities `-g t`; of the target `g (log(t) - x + 1)` (`g t (log(t) - x + 1)` of its logarithm),
 * and 0 where t is 0.
 * Throws: ShapeError for shapes that differ or have no axis; RangeError, with its index, for a target below 0.
 *
 * @example klDivergence(log(tensor([[0.5, 0.5]])), tensor([[1, 0]])).item() // 0.6931472
 */
export function klDivergence(
  logProbabilities: Tensor,
  target: Tensor,
  { logTarget = false, reduction = 'mean' }: KlDivergenceOptions = {},
): Tensor {
  checkEqualShapes('klDivergence', logProbabilities, target);
  const { shape } = target;
  if (shape.length === 0) {
    throw new ShapeError('klDivergence', 'distributions lie along the last axis', [shape], 'Pass [C], or [N, C].');
  }
  const rows = shape.slice(0, -1);
  const width = shape[shape.length - 1];
  const out = allocate([logProbabilities, target], rows);
  const x = logProbabilities.data;
  const t = target.data;
  for (let row = 0, i = 0; row < out.length; row++) {
    let divergence = 0;
    for (const end = i + width; i < end; i++) {
      if (!logTarget && t[i] < 0) {
        throw new RangeError(
          `klDivergence: target[${i}] is ${t[i]}; expected a probability. For logarithms pass { logTarget: true }.`,
        );
      }
      const share = logTarget ? math.exp(t[i]) : t[i];
      if (share !== 0) divergence += share * ((logTarget ? t[i] : math.log(t[i])) - x[i]);
    }
    out[row] = divergence;
  }
  const column = (g: Tensor) => reshape(g, [...rows, 1]);
  const losses = record('klDivergence', out, rows, [
    [logProbabilities, (g) => neg(mul(column(g), logTarget ? exp(target) : target))],
    [target, (g) => targetGradient(column(g), logProbabilities, target, logTarget)],
  ]);
  return reduce('klDivergence', losses, reduction);
}

/** Where the target is 0 both are replaced first, so that no derivative is 0 times infinity. */
function targetGradient(g: Tensor, logProbabilities: Tensor, target: Tensor, logTarget: boolean): Tensor {
  const live = allocate([target], target.shape);
  const t = target.data;
  for (let i = 0; i < live.length; i++) live[i] = (logTarget ? math.exp(t[i]) : t[i]) === 0 ? 0 : 1;
  const mask = new Tensor(live, target.shape);
  const safe = choose(mask, target, logTarget ? 0 : 1);
  const gap = add(sub(logTarget ? safe : log(safe), choose(mask, logProbabilities, 0)), 1);
  return choose(mask, mul(g, logTarget ? mul(exp(safe), gap) : gap), 0);
}
