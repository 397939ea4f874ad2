import { checkFlags, type Flags, toFlags } from '../../tensor/flags.ts';
import { IntTensor } from '../../tensor/intTensor.ts';
import { allocate, isDouble } from '../../tensor/precision.ts';
import { SMALL } from '../../tensor/reserve.ts';
import { broadcastShapes, type Shape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { record } from '../tape.ts';
import { expand, type Operand, scalar, sumTo } from './broadcast.ts';

/**
 * `a` where the condition is 1 (or true), `b` where it is 0.
 *
 * Shapes: NumPy broadcasting of all three.
 * Gradient: `g` to the side that was chosen and 0 to the other, whatever stands there: NaN and infinities do not leak.
 * None to the condition. Each is summed over repeated axes.
 * Throws: RangeError, with its index, for a condition that is neither 0 nor 1; ShapeError for shapes that do not
 * broadcast.
 *
 * @example where([true, false], tensor([1, 2]), 0).toArray() // [1, 0]
 * @example where(greater(tensor([-1, 4]), 0), tensor([5, 6]), tensor([7, 8])).toArray() // [7, 6]
 */
export function where(condition: Flags, a: Operand, b: Operand): Tensor {
  const mask = readCondition(condition);
  return choose(mask, a, b);
}

/** `where` for a mask that is known to hold 0 and 1. */
export function choose(mask: Tensor, left: Operand, right: Operand): Tensor {
  const a = typeof left === 'number' ? scalar(left, typeof right === 'number' ? mask : right) : left;
  const b = typeof right === 'number' ? scalar(right, a) : right;
  const shape = broadcastShapes('where', broadcastShapes('where', mask.shape, a.shape), b.shape);
  const flags = expand(mask, shape);
  const [x, xStep] = spread(a, shape);
  const [y, yStep] = spread(b, shape);
  const out = allocate([a, b], shape);
  select(flags.data, x.data, xStep, y.data, yStep, out);
  return record('where', out, shape, [
    [x, (g) => sumTo(choose(flags, g, 0), x.shape)],
    [y, (g) => sumTo(choose(flags, 0, g), y.shape)],
  ]);
}

/** `out[o] = flags[o] === 0 ? zeros[o * zeroStep] : ones[o * oneStep]`. */
function select(
  flags: Float32Array,
  ones: Float32Array,
  oneStep: number,
  zeros: Float32Array,
  zeroStep: number,
  out: Float32Array,
): void {
  if (out.length <= SMALL || [out, flags, ones, zeros].some(isDouble)) {
    for (let o = 0, i = 0, j = 0; o < out.length; o++, i += oneStep, j += zeroStep) {
      out[o] = flags[o] === 0 ? zeros[j] : ones[i];
    }
    return;
  }
  // By bits, all ones where the flag is neither 0 nor -0: no branch that random flags would mispredict.
  const [to, chosen, first, second] = [out, flags, ones, zeros].map(integersOf);
  for (let o = 0, i = 0, j = 0; o < to.length; o++, i += oneStep, j += zeroStep) {
    const all = -(chosen[o] & 0x7fffffff) >> 31;
    to[o] = (first[i] & all) | (second[j] & ~all);
  }
}

function integersOf(x: Float32Array): Int32Array {
  return new Int32Array(x.buffer, x.byteOffset, x.length);
}

/** An operand as a loop over `shape` reads it, with its step: one number again and again, or as many as there are. */
function spread(x: Tensor, shape: Shape): readonly [x: Tensor, step: number] {
  return x.size === 1 ? [x, 0] : [expand(x, shape), 1];
}

function readCondition(condition: Flags): Tensor {
  if (condition instanceof Tensor) {
    // One that does not change is not copied.
    checkFlags('where', 'condition', condition);
    return condition;
  }
  const flags = toFlags('where', 'condition', condition);
  return new Tensor(flags, condition instanceof IntTensor ? condition.shape : [flags.length]);
}

/** Bounds of `clamp`; at least one is needed. */
export interface ClampOptions {
  /** Least value. Default: none. */
  readonly min?: number | undefined;
  /** Largest value, not below `min`. Default: none. */
  readonly max?: number | undefined;
}

/**
 * Every element moved into `[min, max]`; NaN stays NaN.
 *
 * Shapes: `[...S] -> [...S]`. The bounds are rounded to float32, as the elements are.
 * Gradient: `g` where min <= x <= max, else 0 (`g` at both kinks, 0 where x is NaN), as in PyTorch.
 * Throws: TypeError where neither bound is given; RangeError for a bound that is NaN, and for min above max (of which
 * PyTorch makes max everywhere).
 *
 * @example clamp(tensor([-5, 0.5, 5]), { min: 0, max: 1 }).toArray() // [0, 0.5, 1]
 */
export function clamp(x: Tensor, { min, max }: ClampOptions): Tensor {
  if (min === undefined && max === undefined)
    throw new TypeError('clamp: neither min nor max is given. Pass at least one of them.');
  const least = readBound('min', min ?? -Infinity, x);
  const most = readBound('max', max ?? Infinity, x);
  if (least > most) throw new RangeError(`clamp: min must not be above max; got ${min} and ${max}. Exchange them.`);
  const out = allocate([x], x.shape);
  const { data } = x;
  // Both keep NaN.
  for (let i = 0; i < out.length; i++) out[i] = Math.min(Math.max(data[i], least), most);
  return record('clamp', out, x.shape, [[x, (g) => passWithin(g, x, least, most)]]);
}

/** `g` where x lies within the bounds, else 0. Linear in g, and flat in x. */
function passWithin(g: Tensor, x: Tensor, least: number, most: number): Tensor {
  const out = allocate([g, x], g.shape);
  const from = g.data;
  const { data } = x;
  for (let i = 0; i < out.length; i++) out[i] = data[i] >= least && data[i] <= most ? from[i] : 0;
  return record('passWithin', out, g.shape, [[g, (h) => passWithin(h, x, least, most)]]);
}

function readBound(name: string, bound: number, x: Tensor): number {
  if (Number.isNaN(bound)) throw new RangeError(`clamp: ${name} must be a number; got NaN. Check how it was computed.`);
  return isDouble(x.data) ? bound : Math.fround(bound);
}
