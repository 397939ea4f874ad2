import { concat } from '../autograd/ops/joining.ts';
import { noGrad } from '../autograd/tape.ts';
import type { LabelledSet } from '../data/imageSet.ts';
import type { Input } from '../nn/module.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Measure, Twin } from './twin.ts';

/** Rows of one forward pass: large enough to be fast, small enough to stay in the cache. */
const CHUNK = 128;

/** The embeddings `[N, D]` of a whole set, batch by batch. Records nothing. */
export function embedSet(twin: Twin<Measure>, set: LabelledSet): Tensor {
  return noGrad(() => {
    const parts: Tensor[] = [];
    // At least once: an empty set has embeddings too, none.
    for (let start = 0; start === 0 || start < set.length; start += CHUNK) {
      const indices = Array.from({ length: Math.min(CHUNK, set.length - start) }, (_, i) => start + i);
      parts.push(twin.embed(set.batch(indices)));
    }
    return parts.length === 1 ? parts[0] : concat(parts);
  });
}

/** The embeddings `[N, D]` of inputs `[N, ...sample]`, batch by batch. Records nothing. */
export function embedRows(twin: Twin<Measure>, x: Input): Tensor {
  return noGrad(() => twin.embed(x, { batchSize: CHUNK }));
}
