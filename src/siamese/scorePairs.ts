import { scope } from '../autograd/scope.ts';
import { noGrad } from '../autograd/tape.ts';
import type { SyncBatches } from '../data/batches.ts';
import { differentFlags } from '../losses/flags.ts';
import type { Input } from '../nn/module.ts';
import type { ScoredPairs } from './scores.ts';
import { finiteScores, type Measure, type Twin } from './twin.ts';

/** Pairs to score: those of `balancedPairs`, or of integers for an encoder that begins with an Embedding. */
export interface InputPairs {
  readonly a: Input;
  readonly b: Input;
  /** 1 where the pair is different, 0 where it is the same. */
  readonly different: Uint8Array;
}

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
  pairs: SyncBatches<InputPairs>,
  { epoch = 0 }: { readonly epoch?: number | undefined } = {},
): ScoredPairs {
  const scores: number[] = [];
  const same: number[] = [];
  let measure: ScoredPairs['measure'] | undefined;
  for (const { a, b, different } of syncEpoch('scorePairs', pairs, epoch)) {
    const result = scope(() => noGrad(() => twin.compare(a, b)));
    measure = result.measure;
    for (const score of finiteScores('scorePairs', result)) scores.push(score);
    for (const flag of differentFlags('scorePairs', { different }, result.size)) same.push(1 - flag);
  }
  if (measure === undefined || scores.length === 0)
    throw new RangeError('scorePairs: there are no pairs. Check the batches that were passed.');
  return { measure, scores: Float32Array.from(scores), same: Uint8Array.from(same) };
}

/**
 * Throws where the pairs of the first epoch cannot be measured: RangeError for none, for pairs of one kind only and for
 * labels that are neither 0 nor 1, ShapeError for another number of labels than pairs, TypeError for asynchronous
 * batches. Goes through the pairs, but runs no network.
 */
export function checkPairs(op: string, pairs: SyncBatches<InputPairs>): void {
  let count = 0;
  let apart = 0;
  for (const { a, different } of syncEpoch(op, pairs, 0)) {
    for (const flag of differentFlags(op, { different }, a.shape[0])) {
      count++;
      apart += flag;
    }
  }
  if (apart > 0 && apart < count) return;
  const found = count === 0 ? 'no pairs' : `${count} pairs, all of them ${apart === 0 ? 'same' : 'different'}`;
  throw new RangeError(`${op}: the validation has ${found}. It needs pairs of both kinds.`);
}

function syncEpoch(op: string, pairs: SyncBatches<InputPairs>, epoch: number): Iterable<InputPairs> {
  const batches = pairs.epoch(epoch);
  if (Symbol.iterator in batches) return batches;
  throw new TypeError(
    `${op}: the batches are asynchronous. Collect them first: the pairs must be at hand without waiting.`,
  );
}
