import { checkInteger } from '../../tensor/check.ts';
import { giveBack, takeDoubles } from '../../tensor/memory.ts';
import { allocate } from '../../tensor/precision.ts';
import { ShapeError } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { fused, record } from '../tape.ts';
import { divOrZero, mul } from './arithmetic.ts';
import { reshape } from './rearrange.ts';
import { type ReductionOptions, reducedRows } from './reducedAxes.ts';

/** Options of `variance` and `std`. */
export interface VarianceOptions extends ReductionOptions {
  /**
   * What is subtracted from the number of elements to divide by: an integer of at least 0. 1 for the variance of a
   * population estimated from a sample, 0 for that of the elements themselves. Default 1.
   */
  readonly correction?: number | undefined;
}

/**
 * The mean squared deviation from the mean; exactly 0 of equal elements.
 *
 * Shapes: `[...S]` -> S without the reduced axes.
 * Formula: `sum((x - mean)^2) / (L - correction)` of L elements; mean first, both in double precision, rounded once.
 * Gradient: `2 g (x - mean) / (L - correction)`.
 * Throws: ShapeError for fewer than `correction + 1` elements, where PyTorch gives NaN; RangeError for a correction
 * that is no integer of at least 0.
 *
 * @example variance(tensor([1, 2, 3])).item() // 1
 * @example variance(tensor([[1, 3], [2, 2]]), { axis: 1, correction: 0 }).toArray() // [1, 0]
 */
export function variance(x: Tensor, options: VarianceOptions = {}): Tensor {
  return spread('variance', 'the variance', x, options, false);
}

/**
 * Standard deviation, the square root of `variance`; exactly 0 of equal elements. Squares are summed in double precision,
 * so nothing overflows or underflows.
 *
 * Shapes: `[...S]` -> S without the reduced axes.
 * Formula: `sqrt(sum((x - mean)^2) / (L - correction))` of L elements.
 * Gradient: `g (x - mean) / ((L - correction) y)`, and 0 where y is 0 (a subgradient of the kink).
 * Throws: ShapeError for fewer than `correction + 1` elements, where PyTorch gives NaN; RangeError for a correction
 * that is no integer of at least 0.
 *
 * @example std(tensor([[1, 3], [2, 2]]), { axis: 1, correction: 0 }).toArray() // [1, 0]
 */
export function std(x: Tensor, options: VarianceOptions = {}): Tensor {
  return spread('std', 'the standard deviation', x, options, true);
}

function spread(op: string, what: string, x: Tensor, options: VarianceOptions, root: boolean): Tensor {
  const correction = checkInteger(op, 'correction', options.correction ?? 1, 0);
  const { rows, count, width, final } = reducedRows(op, x, options);
  const freedom = width - correction;
  if (freedom < 1 && count > 0) {
    throw new ShapeError(
      op,
      `${what} of fewer than ${correction + 1} elements is undefined with correction ${correction}`,
      [x.shape],
      'Reduce more elements, or use a smaller correction.',
    );
  }
  const out = allocate([x], [count]);
  const means = rowMeans(rows);
  // What a deviation is multiplied by for its gradient, in double precision: 1 / y overflows where y is below 1e-38.
  const slopes = takeDoubles(count);
  const { data } = rows;
  for (let r = 0, i = 0; r < count; r++) {
    let squares = 0;
    for (const end = i + width; i < end; i++) {
      const deviation = data[i] - means[r];
      squares += deviation * deviation;
    }
    const value = root ? Math.sqrt(squares / freedom) : squares / freedom;
    out[r] = value;
    slopes[r] = root ? (value === 0 ? 0 : 1 / (freedom * value)) : 2 / freedom;
  }
  const fast = (g: Tensor): Tensor => {
    const gx = allocate([g, x], rows.shape);
    for (let r = 0, i = 0; r < count; r++) {
      const slope = slopes[r];
      for (const end = i + width; i < end; i++) gx[i] = (data[i] - means[r]) * slope * g.data[r];
    }
    return new Tensor(gx, rows.shape);
  };
  const column = (t: Tensor) => reshape(t, [count, 1]);
  const composed = (g: Tensor): Tensor => {
    const deviations = centered(rows);
    return root
      ? mul(mul(divOrZero(deviations, column(y)), 1 / freedom), column(g))
      : mul(mul(deviations, 2 / freedom), column(g));
  };
  const y: Tensor = record(op, out, [count], [[rows, fused(fast, composed)]]);
  return reshape(y, final);
}

/** The means of rows, from differences to the first element: that of equal elements is exact. */
function rowMeans(rows: Tensor): Float64Array {
  const [count, width] = rows.shape;
  const means = takeDoubles(count);
  const { data } = rows;
  for (let r = 0, i = 0; r < count; r++) {
    const first = data[i];
    let sum = 0;
    for (const end = i + width; i < end; i++) sum += data[i] - first;
    means[r] = first + sum / width;
  }
  return means;
}

/** Rows less their means; linear, and its own transpose. */
function centered(rows: Tensor): Tensor {
  const width = rows.shape[1];
  const out = allocate([rows], rows.shape);
  const means = rowMeans(rows);
  const { data } = rows;
  for (let i = 0; i < out.length; i++) out[i] = data[i] - means[Math.floor(i / width)];
  giveBack(means);
  return record('centered', out, rows.shape, [[rows, (g) => centered(g)]]);
}
