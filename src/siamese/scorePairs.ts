import { noGrad } from '../autograd/tape.ts';
import type { SyncBatches } from '../data/batches.ts';
import type { PairBatch } from '../data/samplers.ts';
import { differentFlags } from '../losses/flags.ts';
import type { ScoredPairs } from './scores.ts';
import { finiteScores, type Measure, type Twin } from './twin.ts';

/**
 * Compares all pairs of one epoch (the first unless `epoch` says otherwise), for calibration and evaluation. Records
 * nothing.
 *
 * Throws: RangeError where there is no pair, a score is not finite, or a label is neither 0 nor 1; ShapeError where a
 * batch has another number of labels than pairs.
 *
 * @example
 * const pairs = { length: 1, epoch: () => [{ a: tensor([[0], [1]]), b: tensor([[0], [4]]), different: new Uint8Array([0, 1]) }] };
 * scorePairs(new Twin(new Flatten(), { compare: euclidean }), pairs).scores // [0, 3]
 */
export function scorePairs(
  twin: Twin<Measure>,
  pairs: SyncBatches<PairBatch>,
  { epoch = 0 }: { readonly epoch?: number | undefined } = {},
): ScoredPairs {
  const scores: number[] = [];
  const same: number[] = [];
  let measure: ScoredPairs['measure'] | undefined;
  const batches = pairs.epoch(epoch);
  if (!(Symbol.iterator in batches)) {
    throw new TypeError(
      'scorePairs: the batches are asynchronous. Collect them first: the pairs must be at hand without waiting.',
    );
  }
  for (const { a, b, different } of batches) {
    const result = noGrad(() => twin.compare(a, b));
    measure = result.measure;
    for (const score of finiteScores('scorePairs', result)) scores.push(score);
    for (const flag of differentFlags('scorePairs', { different }, result.size)) same.push(1 - flag);
  }
  if (measure === undefined || scores.length === 0)
    throw new RangeError('scorePairs: there are no pairs. Check the batches that were passed.');
  return { measure, scores: Float32Array.from(scores), same: Uint8Array.from(same) };
}
