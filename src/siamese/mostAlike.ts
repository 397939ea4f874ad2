import { expand } from '../autograd/ops/broadcast.ts';
import { scope } from '../autograd/scope.ts';
import { Tensor } from '../tensor/tensor.ts';
import { finiteScores, type Measure, type Twin } from './twin.ts';

/** Rows compared at a time: their temporary tensors stay in the cache. */
const BLOCK = 256;

/** A row and its score. */
interface Scored {
  readonly index: number;
  readonly score: number;
}

/**
 * The k rows of `entries` most alike to the one row of `query`, most alike first, ties by index. Call it in
 * `noGrad`.
 *
 * Cost: `N * D` operations and O(N log k) comparisons; memory of `BLOCK + k` rows.
 */
export function mostAlike(twin: Twin<Measure>, query: Tensor, entries: Tensor, k: number): readonly Scored[] {
  const [count, width] = entries.shape;
  const rows = Math.min(count, BLOCK);
  const repeated = expand(query, [rows, width]);
  let best: Scored[] = [];
  let sign = 1;
  const cut = () => {
    best = best.sort((x, y) => sign * (x.score - y.score) || x.index - y.index).slice(0, k);
  };
  /** What a score must lie below to be among the best so far; ties are lost, as indices ascend. */
  let limit = Infinity;
  for (let start = 0; start < count; start += rows) {
    const end = Math.min(count, start + rows);
    const block = rowsOf(entries, start, end);
    const result = scope(() => twin.metric(end - start === rows ? repeated : rowsOf(repeated, 0, end - start), block));
    const scores = finiteScores('search', result, start);
    sign = result.measure === 'distance' ? 1 : -1;
    for (let i = 0; i < scores.length; i++) {
      if (sign * scores[i] >= limit) continue;
      best.push({ index: start + i, score: scores[i] });
      // Sorted when twice as many have come as are kept, so that each costs O(log k).
      if (best.length < 2 * k) continue;
      cut();
      limit = sign * best[k - 1].score;
    }
  }
  cut();
  return best;
}

/** A view of some rows, not a copy. */
function rowsOf(x: Tensor, start: number, end: number): Tensor {
  const width = x.shape[1];
  return new Tensor(x.data.subarray(start * width, end * width), [end - start, width]);
}
