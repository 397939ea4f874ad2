import * as math from '../../tensor/math.ts';
import { allocate } from '../../tensor/precision.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { record } from '../tape.ts';
import { mul } from './arithmetic.ts';
import { reshape } from './rearrange.ts';
import { type ReductionOptions, reducedRows } from './reducedAxes.ts';
import { softmax } from './softmax.ts';

/**
 * `log(sum(exp(x)))`, a smooth maximum; finite for every finite input. -Infinity of nothing, and of nothing but
 * -Infinity; Infinity where an entry is.
 *
 * Shapes: `[...S]` -> S without the reduced axes.
 * Formula: `m + log(sum(exp(x - m)))`, m being the largest entry; in double precision, rounded once.
 * Gradient: `g softmax(x)`; 0 to entries of -Infinity, also where all are; entries of Infinity share it alone, equally.
 * Throws: ShapeError for an axis that x lacks or that is listed twice.
 *
 * @example logSumExp(tensor([0, 0])).item() // 0.6931472
 * @example logSumExp(tensor([[1e4, 1e4], [-Infinity, 3]]), { axis: 1 }).toArray() // [10000.693, 3]
 */
export function logSumExp(x: Tensor, options: ReductionOptions = {}): Tensor {
  const { rows, count, width, final } = reducedRows('logSumExp', x, options);
  const out = allocate([x], [count]);
  const { data } = rows;
  for (let r = 0, start = 0; r < count; r++, start += width) {
    const end = start + width;
    let largest = -Infinity;
    for (let i = start; i < end; i++) if (data[i] > largest) largest = data[i];
    let sum = 0;
    // The largest one counts 1 also where it is infinite, and would be subtracted from itself; NaN is equal to nothing.
    for (let i = start; i < end; i++) sum += data[i] === largest ? 1 : math.exp(data[i] - largest);
    out[r] = largest + math.log(sum);
  }
  const y = record('logSumExp', out, [count], [[rows, (g) => mul(reshape(g, [count, 1]), softmax(tamed(rows, out)))]]);
  return reshape(y, final);
}

/** Rows whose softmax is the gradient also where their result is Infinity: what matters there is which entries are. */
function tamed(rows: Tensor, results: Float32Array): Tensor {
  if (!results.includes(Infinity)) return rows;
  const width = rows.shape[1];
  const isInfinite = (i: number) => results[Math.floor(i / width)] === Infinity;
  const data = rows.data.map((v, i) => (isInfinite(i) ? (v === Infinity ? 0 : -Infinity) : v));
  const passes = new Tensor(
    rows.data.map((_, i) => (isInfinite(i) ? 0 : 1)),
    rows.shape,
  );
  return record('tamed', data, rows.shape, [[rows, (g) => mul(g, passes)]]);
}
