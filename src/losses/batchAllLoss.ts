import { mul } from '../autograd/ops/arithmetic.ts';
import { fused, pullThrough, record } from '../autograd/tape.ts';
import { exp, log } from '../tensor/math.ts';
import { giveBack, takeDoubles } from '../tensor/memory.ts';
import { allocate } from '../tensor/precision.ts';
import { Tensor } from '../tensor/tensor.ts';
import { costsAmong, type TripletCostOptions } from './costsAmong.ts';
import { FoundRows, type IndexTriplets } from './mining.ts';
import { type Reduction, reduce, unknownReduction } from './reduction.ts';

/** Options of `batchAllLoss`. */
export interface BatchAllOptions extends TripletCostOptions {
  readonly reduction: Reduction;
}

/**
 * The triplet loss of all triplets of a batch, from the distances `[N, N]` of its rows: a scalar, and its slopes, the
 * gradient of the distances, found in the same pass. Without `swap` and `soft` no triplet is looked at: the active ones
 * of an anchor and positive are the nearest of the negatives, which are sorted.
 *
 * Throws: RangeError for reduction 'none', and for one that there is not.
 */
export function batchAllLoss(distances: Tensor, classes: Int32Array, options: BatchAllOptions): Tensor {
  const { soft, swap, reduction } = options;
  const slopes = takeDoubles(distances.size).fill(0);
  const sums = (soft || swap ? eachTriplet : sorted)(distances, classes, options, slopes);
  const divisor = divisorOf(reduction, sums);
  const out = allocate([distances], []);
  out[0] = sums.total / divisor;
  const data = allocate([distances], distances.shape);
  for (let i = 0; i < data.length; i++) data[i] = slopes[i] / divisor;
  giveBack(slopes);
  const gradient = new Tensor(data, distances.shape);
  const scaled = (g: Tensor) => mul(gradient, g);
  const composed = (g: Tensor) =>
    pullThrough(
      (d) => reduce('batchTripletLoss', costsAmong(d, allTriplets(classes), options), reduction),
      [distances],
      0,
      g,
    );
  // Without `soft` the slopes do not change with the distances.
  return record('batchTripletLoss', out, [], [[distances, soft ? fused(scaled, composed) : scaled]]);
}

/** What the sum of all losses is divided by; 1 where there are none. */
function divisorOf(reduction: Reduction, { count, active }: Sums): number {
  switch (reduction) {
    case 'sum':
      return 1;
    case 'mean':
      return Math.max(1, count);
    case 'meanNonZero':
      return Math.max(1, active);
    case 'none':
      throw new RangeError(
        "batchTripletLoss: reduction 'none' of mining 'all' would hold a loss for each of up to N^3 triplets. Use 'mean', 'sum' or 'meanNonZero', or another mining.",
      );
    default:
      throw unknownReduction('batchTripletLoss', reduction);
  }
}

/** Of all triplets: their losses in all, how many there are, and how many losses are above 0. */
interface Sums {
  total: number;
  count: number;
  active: number;
}

/** Adds the slopes of the sum of all losses to `slopes`. */
function sorted({ data }: Tensor, classes: Int32Array, { margin }: TripletCostOptions, slopes: Float64Array): Sums {
  const rows = classes.length;
  const sums = { total: 0, count: 0, active: 0 };
  const nears = new Float64Array(rows);
  const fars = new Float64Array(rows);
  const running = new Float64Array(rows + 1);
  for (let anchor = 0, first = 0; anchor < rows; anchor++, first += rows) {
    let positives = 0;
    let negatives = 0;
    for (let i = 0; i < rows; i++) {
      if (classes[i] !== classes[anchor]) fars[negatives++] = data[first + i];
      else if (i !== anchor) nears[positives++] = data[first + i] + margin;
    }
    if (positives === 0 || negatives === 0) continue;
    sums.count += positives * negatives;
    // In place, by value, NaN last.
    const near = nears.subarray(0, positives).sort();
    const far = fars.subarray(0, negatives).sort();
    if (Number.isNaN(near[positives - 1]) || Number.isNaN(far[negatives - 1])) sums.total = NaN;
    for (let i = 0; i < negatives; i++) running[i + 1] = running[i] + far[i];
    for (let i = 0, at = first; i < rows; i++, at++) {
      if (classes[i] !== classes[anchor]) slopes[at] -= positives - countBelow(near, data[at], true);
      else if (i !== anchor) {
        const reach = data[at] + margin;
        const active = countBelow(far, reach, false);
        if (active > 0) sums.total += active * reach - running[active];
        slopes[at] += active;
        sums.active += active;
      }
    }
  }
  return sums;
}

/** How many of the rising values are below a bound, or also at it. */
function countBelow(values: Float64Array, bound: number, orAt: boolean): number {
  let low = 0;
  for (let high = values.length; low < high; ) {
    const middle = (low + high) >> 1;
    if (values[middle] < bound || (orAt && values[middle] === bound)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Below this `log(1 + e)` is taken from its series, whose next term is below 2^-41; above it `1 + e` is exact to 2^-33. */
const FEW = 2 ** -20;

/** Products of numbers up to 2 stay finite from here. */
const LARGE = 2 ** 1000;

/** The same, one triplet at a time. */
function eachTriplet(
  { data }: Tensor,
  classes: Int32Array,
  { margin, soft, swap }: TripletCostOptions,
  slopes: Float64Array,
): Sums {
  const rows = classes.length;
  const sums = { total: 0, count: 0, active: 0 };
  /** Of `1 + exp(-|gap|)`: one logarithm for many. */
  let product = 1;
  for (let anchor = 0; anchor < rows; anchor++) {
    const { positives, negatives } = others(classes, anchor);
    sums.count += positives.length * negatives.length;
    for (const positive of positives) {
      const near = anchor * rows + positive;
      const reach = data[near] + margin;
      for (const negative of negatives) {
        let far = anchor * rows + negative;
        if (swap && data[positive * rows + negative] < data[far]) far = positive * rows + negative;
        const gap = reach - data[far];
        // Not NaN, whose loss is NaN.
        if (!soft && gap <= 0) continue;
        let slope = 1;
        if (!(gap <= 0)) sums.total += gap;
        if (soft) {
          const e = exp(-Math.abs(gap));
          slope = (gap > 0 ? 1 : e) / (1 + e);
          if (e < FEW) sums.total += e - (e * e) / 2;
          else product *= 1 + e;
          if (product > LARGE) {
            sums.total += log(product);
            product = 1;
          }
        }
        if (slope > 0) sums.active++;
        slopes[near] += slope;
        slopes[far] -= slope;
      }
    }
  }
  sums.total += log(product);
  return sums;
}

function allTriplets(classes: Int32Array): IndexTriplets {
  const found = new FoundRows();
  for (let anchor = 0; anchor < classes.length; anchor++) {
    const { positives, negatives } = others(classes, anchor);
    for (const positive of positives) for (const negative of negatives) found.addTriplet(anchor, positive, negative);
  }
  return found.toTriplets();
}

/** The other rows of an anchor's class, and those of other classes. */
function others(
  classes: Int32Array,
  anchor: number,
): { readonly positives: readonly number[]; readonly negatives: readonly number[] } {
  const positives: number[] = [];
  const negatives: number[] = [];
  for (let i = 0; i < classes.length; i++) {
    if (classes[i] !== classes[anchor]) negatives.push(i);
    else if (i !== anchor) positives.push(i);
  }
  return { positives, negatives };
}
