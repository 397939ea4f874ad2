import { active, type RowSpec } from '../../tensor/kernels/kernels.ts';
import * as portable from '../../tensor/kernels/portable/softmax.ts';
import { allocate } from '../../tensor/precision.ts';
import { resolveAxis } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { fused, record } from '../tape.ts';
import { mul, sub } from './arithmetic.ts';
import { alongAxis } from './lastAxis.ts';
import { exp } from './pointwise.ts';
import { sum } from './reductions.ts';

/** Options of `softmax` and `logSoftmax`. */
export interface SoftmaxOptions {
  /** The axis whose entries are shares of one whole; negative ones count from the end. Default -1. */
  readonly axis?: number | undefined;
}

/**
 * Shares `exp(x) / sum(exp(x))` along an axis, at least 0 and 1 in sum; finite for logits of any finite size.
 *
 * Shapes: `[...S] -> [...S]`.
 * Formula: `exp(x - m) / sum(exp(x - m))`, m being the largest entry; sums in double precision. An entry of -Infinity
 * (a masked one) gives 0, also where all entries are: PyTorch gives NaN there. NaN or Infinity makes all of its row NaN.
 * Gradient: `y (g - sum(g y))`; 0 where y is 0.
 * Throws: ShapeError for an axis that x lacks.
 *
 * @example softmax(tensor([0, 0, -Infinity])).toArray() // [0.5, 0.5, 0]
 * @example softmax(tensor([[1, 5000], [1, 1]]), { axis: 0 }).toArray() // [[0.5, 1], [0.5, 0]]
 */
export function softmax(x: Tensor, { axis = -1 }: SoftmaxOptions = {}): Tensor {
  return alongAxis(x, resolveAxis('softmax', axis, x.shape), softmaxOfRows);
}

/**
 * The logarithm of `softmax`, without the loss of taking it: exact to the last digits where shares are tiny.
 *
 * Shapes: `[...S] -> [...S]`.
 * Formula: `x - m - log(sum(exp(x - m)))`, m being the largest entry; in double precision, rounded once. An entry of
 * -Infinity stays -Infinity, also where all entries are: PyTorch gives NaN there. NaN or Infinity makes all of its
 * row NaN.
 * Gradient: `g - exp(y) sum(g)`.
 * Throws: ShapeError for an axis that x lacks.
 *
 * @example logSoftmax(tensor([0, 0])).toArray() // [-0.6931472, -0.6931472]
 * @example logSoftmax(tensor([0, -1000])).toArray() // [0, -1000]
 */
export function logSoftmax(x: Tensor, { axis = -1 }: SoftmaxOptions = {}): Tensor {
  return alongAxis(x, resolveAxis('logSoftmax', axis, x.shape), logSoftmaxOfRows);
}

function softmaxOfRows(x: Tensor): Tensor {
  const spec = rowSpec(x);
  const out = allocate([x], x.shape);
  (active(out).softmaxRows ?? portable.softmaxRows)(x.data, out, spec);
  const fast = (g: Tensor): Tensor => {
    const gx = allocate([g, x], x.shape);
    (active(gx).softmaxGradientRows ?? portable.softmaxGradientRows)(out, g.data, gx, spec);
    return new Tensor(gx, x.shape);
  };
  const composed = (g: Tensor) => mul(y, sub(g, sum(mul(g, y), { axis: -1, keepDims: true })));
  const y: Tensor = record('softmax', out, x.shape, [[x, fused(fast, composed)]]);
  return y;
}

function logSoftmaxOfRows(x: Tensor): Tensor {
  const spec = rowSpec(x);
  const out = allocate([x], x.shape);
  (active(out).logSoftmaxRows ?? portable.logSoftmaxRows)(x.data, out, spec);
  const fast = (g: Tensor): Tensor => {
    const gx = allocate([g, x], x.shape);
    (active(gx).logSoftmaxGradientRows ?? portable.logSoftmaxGradientRows)(out, g.data, gx, spec);
    return new Tensor(gx, x.shape);
  };
  const composed = (g: Tensor) => sub(g, mul(exp(y), sum(g, { axis: -1, keepDims: true })));
  const y: Tensor = record('logSoftmax', out, x.shape, [[x, fused(fast, composed)]]);
  return y;
}

/** The rows of the last axis. */
function rowSpec(x: Tensor): RowSpec {
  const width = x.shape[x.shape.length - 1];
  return { rows: width === 0 ? 0 : x.size / width, width };
}
