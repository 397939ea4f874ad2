import { concat, slice } from '../autograd/ops/rearrange.ts';
import { scope } from '../autograd/scope.ts';
import { noGrad } from '../autograd/tape.ts';
import type { LabelledSet } from '../data/imageSet.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Measure, Twin } from './twin.ts';

/** Rows of one forward pass: large enough to be fast, small enough to stay in the cache. */
const CHUNK = 128;

/** The embeddings `[N, D]` of a whole set, batch by batch. Records nothing. */
export function embedSet(twin: Twin<Measure>, set: LabelledSet): Tensor {
  return inChunks(set.length, (start, end) =>
    twin.embed(set.batch(Array.from({ length: end - start }, (_, i) => start + i))),
  );
}

/** The embeddings `[N, D]` of inputs `[N, ...sample]`, batch by batch. Records nothing. */
export function embedRows(twin: Twin<Measure>, x: Tensor): Tensor {
  return inChunks(x.shape[0], (start, end) => twin.embed(x.shape[0] > CHUNK ? slice(x, [[start, end]]) : x));
}

/** What `embed` makes of all rows; each chunk runs in a scope, so that its activations do not outlive it. */
function inChunks(count: number, embed: (start: number, end: number) => Tensor): Tensor {
  return noGrad(() => {
    const parts: Tensor[] = [];
    // At least once: an empty set has embeddings too, none.
    for (let start = 0; start === 0 || start < count; start += CHUNK)
      parts.push(scope(() => embed(start, Math.min(count, start + CHUNK))));
    return parts.length === 1 ? parts[0] : concat(parts);
  });
}
