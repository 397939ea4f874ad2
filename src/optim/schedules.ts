import { checkAboveZero, checkInteger } from '../tensor/check.ts';
import { cos, pow } from '../tensor/math.ts';
import { atLeastZero } from './optimizer.ts';

/**
 * What the learning rate of every group is multiplied by, as a function of the optimizer's steps done, counted from 0:
 * for `train({ schedule })`, or `optimizer.step(gradients, { learningRateFactor: schedule(optimizer.steps) })`. It
 * remembers nothing, so a resumed training goes on with the step alone; any function of this kind will do.
 */
export type Schedule = (step: number) => number;

/** Options of `stepDecay`. */
export interface StepDecayOptions {
  /** Steps between two decays. */
  readonly every: number;
  /** What each decay multiplies by. Default 0.1. */
  readonly factor?: number | undefined;
}

/**
 * A learning rate that drops by a factor every so many steps.
 *
 * Formula: `factor^floor(step / every)`; PyTorch's StepLR.
 * Throws: RangeError for an interval that is no count, or a factor that is negative or not finite.
 *
 * @example [0, 9, 10, 25].map(stepDecay({ every: 10, factor: 0.5 })) // [1, 1, 0.5, 0.25]
 */
export function stepDecay({ every, factor = 0.1 }: StepDecayOptions): Schedule {
  checkInteger('stepDecay', 'every', every, 1);
  atLeastZero('factor', factor, 'stepDecay');
  return (step) => pow(factor, Math.floor(step / every));
}

/** Options of `cosineDecay`. */
export interface CosineDecayOptions {
  /** Steps from the full learning rate to the least. */
  readonly steps: number;
  /** The factor at the end and from there on. Default 0. */
  readonly minimum?: number | undefined;
}

/**
 * A learning rate that falls along half a cosine wave, and then stays.
 *
 * Formula: `minimum + (1 - minimum) (1 + cos(pi step / steps)) / 2`; PyTorch's CosineAnnealingLR up to `steps`, from
 * where that rises again.
 * Source: Loshchilov and Hutter 2017, "SGDR", equation 5, one cycle.
 * Throws: RangeError for a number of steps that is no count, or a minimum that is negative or not finite.
 *
 * @example [0, 5, 10, 11].map(cosineDecay({ steps: 10 })) // [1, 0.5, 0, 0]
 */
export function cosineDecay({ steps, minimum = 0 }: CosineDecayOptions): Schedule {
  checkInteger('cosineDecay', 'steps', steps, 1);
  atLeastZero('minimum', minimum, 'cosineDecay');
  return (step) => anneal(1, minimum, Math.min(1, step / steps));
}

/** Options of `warmup`. */
export interface WarmupOptions {
  /** Steps until the full learning rate. */
  readonly steps: number;
  /** The factor of step 0. Default 0, with which that step moves nothing. */
  readonly from?: number | undefined;
  /** What follows; its steps are counted from the end of the warm-up. Default: the full learning rate. */
  readonly next?: Schedule | undefined;
}

/**
 * A learning rate that rises in a straight line, before another schedule.
 *
 * Formula: `from + (1 - from) step / steps` below `steps`, `next(step - steps)` after; PyTorch's LinearLR, in a
 * SequentialLR with what follows.
 * Throws: RangeError for a number of steps that is no count, or a `from` that is negative or not finite.
 *
 * @example [0, 1, 4, 6, 8].map(warmup({ steps: 4, next: cosineDecay({ steps: 4 }) })) // [0, 0.25, 1, 0.5, 0]
 */
export function warmup({ steps, from = 0, next = () => 1 }: WarmupOptions): Schedule {
  checkInteger('warmup', 'steps', steps, 1);
  atLeastZero('from', from, 'warmup');
  return (step) => (step < steps ? from + (1 - from) * (step / steps) : next(step - steps));
}

/** Options of `oneCycle`, named as PyTorch's. */
export interface OneCycleOptions {
  /** Steps of the whole cycle, those of the training. */
  readonly steps: number;
  /** Share of the steps in which the learning rate rises, in [0, 1]. Default 0.3. */
  readonly pctStart?: number | undefined;
  /** The first factor is `1 / divFactor`. Default 25. */
  readonly divFactor?: number | undefined;
  /** The last factor is the first divided by this. Default 1e4. */
  readonly finalDivFactor?: number | undefined;
}

/**
 * One cycle: the learning rate rises along half a cosine wave to the full one, the optimizer's own, then falls to next
 * to nothing, and stays there.
 *
 * Formula: `1 / divFactor` at step 0, 1 at step `pctStart steps - 1`, `1 / (divFactor finalDivFactor)` at step
 * `steps - 1`; PyTorch's OneCycleLR with cosine annealing. The momentum is left as it is, which PyTorch cycles too
 * unless told `cycle_momentum=False`.
 * Source: Smith and Topin 2018, "Super-convergence".
 * Throws: RangeError for a number of steps that is no count, a share outside [0, 1], or divisors that are not above 0.
 *
 * @example [0, 4, 9, 20].map(oneCycle({ steps: 10, pctStart: 0.5, divFactor: 4, finalDivFactor: 2 })) // [0.25, 1, 0.125, 0.125]
 */
export function oneCycle({ steps, pctStart = 0.3, divFactor = 25, finalDivFactor = 1e4 }: OneCycleOptions): Schedule {
  checkInteger('oneCycle', 'steps', steps, 1);
  if (!(pctStart >= 0 && pctStart <= 1))
    throw new RangeError(`oneCycle: pctStart must lie in [0, 1]; got ${pctStart}.`);
  checkAboveZero('oneCycle', 'divFactor', divFactor);
  checkAboveZero('oneCycle', 'finalDivFactor', finalDivFactor);
  const peak = pctStart * steps - 1;
  const last = steps - 1;
  const start = 1 / divFactor;
  return (step) => {
    const now = Math.min(step, last);
    // A rise that would end at step 0 or before has no length, and a fall none where the rise ends with the cycle.
    if (now <= peak) return peak > 0 ? anneal(start, 1, now / peak) : 1;
    return anneal(1, start / finalDivFactor, (now - peak) / (last - peak));
  };
}

/** From `start` at 0 to `end` at 1 along half a cosine wave. */
function anneal(start: number, end: number, progress: number): number {
  return end + (start - end) * (0.5 * (1 + cos(Math.PI * progress)));
}
