import * as math from '../../tensor/math.ts';
import { allocate } from '../../tensor/precision.ts';
import type { Shape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { fused, record } from '../tape.ts';
import { mul, sub } from './arithmetic.ts';
import { broadcast, expand, type Operand, sumTo } from './broadcast.ts';
import { log } from './pointwise.ts';
import { choose } from './selection.ts';

/**
 * `a` to the power `b`, elementwise.
 *
 * As in C and PyTorch `x^0` and `1^x` are 1, for NaN and infinities too; a negative base gives NaN unless its exponent
 * is an integer.
 *
 * Shapes: NumPy broadcasting.
 * Gradient: of the base `g b a^(b - 1)`, and 0 where b is 0; of the exponent `g a^b log(a)`, 0 where a is 0 and b >= 0
 * or a is Infinity and b < 0, NaN where a is negative. Both in double precision, and summed over repeated axes.
 * Throws: ShapeError for shapes that do not broadcast.
 *
 * @example pow(tensor([1, 2, -3]), 2).toArray() // [1, 4, 9]
 * @example pow(2, tensor([-1, 0.5, 10])).toArray() // [0.5, 1.4142135, 1024]
 */
export function pow(left: Operand, right: Operand): Tensor {
  const { a, b, x, y, shape, rows, columns, aRow, aColumn, bRow, bColumn } = broadcast('pow', left, right);
  const out = allocate([a, b], shape);
  for (let row = 0, o = 0; row < rows; row++) {
    for (let i = row * aRow, j = row * bRow, end = o + columns; o < end; o++, i += aColumn, j += bColumn)
      out[o] = power(x[i], y[j]);
  }
  const baseGradient = (g: Tensor): Tensor => {
    const ga = allocate([g, a, b], shape);
    const from = g.data;
    for (let row = 0, o = 0; row < rows; row++) {
      for (let i = row * aRow, j = row * bRow, end = o + columns; o < end; o++, i += aColumn, j += bColumn)
        ga[o] = y[j] === 0 ? 0 : from[o] * y[j] * power(x[i], y[j] - 1);
    }
    return sumTo(new Tensor(ga, shape), a.shape);
  };
  const exponentGradient = (g: Tensor): Tensor => {
    const gb = allocate([g, a, b], shape);
    const from = g.data;
    for (let row = 0, o = 0; row < rows; row++) {
      for (let i = row * aRow, j = row * bRow, end = o + columns; o < end; o++, i += aColumn, j += bColumn)
        gb[o] = isFlat(x[i], y[j]) ? 0 : from[o] * power(x[i], y[j]) * math.log(x[i]);
    }
    return sumTo(new Tensor(gb, shape), b.shape);
  };
  return record('pow', out, shape, [
    [a, fused(baseGradient, (g) => sumTo(composedBaseGradient(g, a, b), a.shape))],
    [b, fused(exponentGradient, (g) => sumTo(composedExponentGradient(g, a, b), b.shape))],
  ]);
}

/** `b a^(b - 1) g`. Where that is 0 times infinity the base is replaced first, so that no derivative of it is NaN. */
function composedBaseGradient(g: Tensor, a: Tensor, b: Tensor): Tensor {
  const flat = maskOf(a, b, g.shape, (x, y) => y === 0 && !Number.isFinite(Math.fround(1 / x)));
  return choose(flat, 0, mul(g, mul(b, pow(choose(flat, 1, a), sub(b, 1)))));
}

function composedExponentGradient(g: Tensor, a: Tensor, b: Tensor): Tensor {
  const flat = maskOf(a, b, g.shape, isFlat);
  const base = choose(flat, 1, a);
  return choose(flat, 0, mul(g, mul(pow(base, b), log(base))));
}

function maskOf(a: Tensor, b: Tensor, shape: Shape, is: (x: number, y: number) => boolean): Tensor {
  const bases = expand(a, shape).data;
  const exponents = expand(b, shape).data;
  const data = allocate([], shape);
  for (let i = 0; i < data.length; i++) data[i] = is(bases[i], exponents[i]) ? 1 : 0;
  return new Tensor(data, shape);
}

/** Whether `x^y log(x)` is 0 as a limit, or by choice where `0^0` jumps, though its factors say NaN. */
function isFlat(x: number, y: number): boolean {
  return (x === 0 && y >= 0) || (x === Infinity && y < 0);
}

/** C's power; small integers are worth a product, which is as exact. */
function power(x: number, y: number): number {
  if (y === 2) return x * x;
  if (y === 1) return x;
  if (y === 3) return x * x * x;
  // Where ECMAScript says NaN and C says 1.
  if (x === 1 || (x === -1 && (y === Infinity || y === -Infinity))) return 1;
  return math.pow(x, y);
}
