import { giveBack, takeDoubles } from '../../tensor/memory.ts';
import { allocate } from '../../tensor/precision.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { fused, pullThrough, record } from '../tape.ts';
import { mul } from './arithmetic.ts';
import { concat } from './joining.ts';
import { reshape, slice } from './rearrange.ts';
import { type ReductionOptions, reducedRows } from './reducedAxes.ts';

/**
 * Product, taken in double precision with an exponent of its own, so that nothing overflows or underflows on the way;
 * 1 of nothing.
 *
 * Shapes: `[...S]` -> S without the reduced axes.
 * Gradient: `g` times the product of all others, from products of those before and those behind: nothing is divided, so
 * it is right where one element is 0 (the product of the others) or several are (0). Under `createGraph` it is taken from
 * products of pairs in single precision, which may overflow on the way.
 * Throws: ShapeError for an axis that x lacks or that is listed twice.
 *
 * @example prod(tensor([[1, 2], [3, 4]])).item() // 24
 * @example prod(tensor([[1, 2], [3, 4]]), { axis: 0 }).toArray() // [3, 8]
 */
export function prod(x: Tensor, options: ReductionOptions = {}): Tensor {
  const { rows, count, width, final } = reducedRows('prod', x, options);
  const { data } = rows;
  const out = allocate([x], [count]);
  const { before, exponents } = products(width);
  for (let r = 0; r < count; r++) {
    const last = multiplyRow(data, r * width, width, before, exponents);
    out[r] = scaled(before[last], exponents[last]);
  }
  giveBack(before, exponents);
  const fast = (g: Tensor): Tensor => othersProducts(rows, g);
  const composed = (g: Tensor) => (rows.size === 0 ? fast(g) : pullThrough(productOfPairs, [rows], 0, g));
  return reshape(record('prod', out, [count], [[rows, fused(fast, composed)]]), final);
}

/** `g` times the product of the other elements of each row. */
function othersProducts(rows: Tensor, g: Tensor): Tensor {
  const { data } = rows;
  const [count, width] = rows.shape;
  const out = allocate([rows, g], rows.shape);
  const { before, exponents } = products(width);
  for (let r = 0; r < count; r++) {
    const start = r * width;
    multiplyRow(data, start, width, before, exponents);
    let behind = 1;
    let exponent = 0;
    for (let j = width - 1; j >= 0; j--) {
      out[start + j] = g.data[r] * scaled(before[j] * behind, exponents[j] + exponent);
      behind *= data[start + j];
      const shift = shiftOf(behind);
      behind *= POWERS[1 + shift];
      exponent -= shift;
    }
  }
  giveBack(before, exponents);
  return new Tensor(out, rows.shape);
}

/** Scratch for the products of what stands before each element of a row, as `before * STEP^exponent`, and of all. */
function products(width: number): { readonly before: Float64Array; readonly exponents: Float64Array } {
  return { before: takeDoubles(width + 1), exponents: takeDoubles(width + 1) };
}

/** Fills that scratch; returns the place of the product of all. */
function multiplyRow(
  data: Float32Array,
  start: number,
  width: number,
  before: Float64Array,
  exponents: Float64Array,
): number {
  before[0] = 1;
  exponents[0] = 0;
  for (let j = 0; j < width; j++) {
    const product = before[j] * data[start + j];
    const shift = shiftOf(product);
    before[j + 1] = product * POWERS[1 + shift];
    exponents[j + 1] = exponents[j] - shift;
  }
  return width;
}

/** By which power of STEP a product comes back between 1 / STEP and STEP; a float32 is less than STEP. */
function shiftOf(product: number): -1 | 0 | 1 {
  const size = Math.abs(product);
  return size > STEP ? -1 : size < 1 / STEP && size > 0 ? 1 : 0;
}

/** `product * STEP^exponent`; more than five steps lead beyond float32 either way. */
function scaled(product: number, exponent: number): number {
  let value = product;
  for (let e = Math.min(exponent, 5); e > 0; e--) value *= STEP;
  for (let e = Math.max(exponent, -5); e < 0; e++) value /= STEP;
  return value;
}

/** 2^256: two products between 1 / STEP and STEP, and one with a float32, are far from the ends of double precision. */
const STEP = 1.157920892373162e77;
const POWERS = [1 / STEP, 1, STEP] as const;

/** The same from products of pairs, which have derivatives of every order; `[R, L] -> [R]`. */
function productOfPairs(rows: Tensor): Tensor {
  const count = rows.shape[0];
  let y = rows;
  for (let width = rows.shape[1]; width > 1; width = y.shape[1]) {
    const half = Math.floor(width / 2);
    const columns = (from: number, to: number) =>
      slice(y, [
        [0, count],
        [from, to],
      ]);
    const pairs = mul(columns(0, half), columns(half, 2 * half));
    y = width === 2 * half ? pairs : concat([pairs, columns(2 * half, width)], { axis: 1 });
  }
  return reshape(y, [count]);
}
