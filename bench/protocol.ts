import type { ArraySpecs } from './arrays.ts';
import type { Kind } from './benchmarks.ts';

/** What the driver asks a worker, one JSON object a line: time so many samples of so many runs each. */
export interface Request {
  readonly id: string;
  readonly kind: Kind;
  readonly arrays: ArraySpecs;
  readonly samples: number;
  readonly repetitions: number;
}

/**
 * What it answers. The checksum is that of the second run, so that a training step has used its gradients; a worker gets
 * its first two runs of a benchmark one by one.
 */
export interface Timing {
  /** Median of the samples, for one run. */
  readonly ms: number;
  /** `null` before the second run. */
  readonly checksum: number | null;
  /** Bytes of array buffers made by one run: the most of the samples, since a collection hides some. */
  readonly made: number;
  /** Bytes of array buffers that the process held after the last sample. */
  readonly held: number;
}

/** What a worker says first: versions, or why it cannot work at all. */
export type Hello = { readonly version: string } | { readonly absent: string };

export type Answer = Timing | { readonly cannot: string };

/** What a library of another kind says; not worth a line of explanation. */
export const NO_SUCH_OPERATION = 'has no such operation';
