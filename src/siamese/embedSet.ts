import { concat } from '../autograd/ops/joining.ts';
import { noGrad } from '../autograd/tape.ts';
import { sameRows } from '../data/batches.ts';
import type { LabelledSet } from '../data/imageSet.ts';
import type { Input } from '../nn/module.ts';
import { checkInteger } from '../tensor/check.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Measure, Twin } from './twin.ts';

/** Rows of one forward pass: large enough to be fast, small enough to stay in the cache. */
const CHUNK = 128;

/** Options of `embedSet`. */
export interface EmbedSetOptions {
  /** Largest number of samples in one forward pass. Default 128. */
  readonly batchSize?: number | undefined;
  /** Prepares each batch as those of the training were, without chance: `(x) => resize(x, [28, 28])`. Default none. */
  readonly transform?: ((x: Tensor) => Tensor) | undefined;
}

/**
 * The embeddings of a whole set, batch by batch, in inference: what `hardPairs`, `mineHardNegatives` and
 * `diagnoseEmbeddings` look at, with `set.labels` for their classes. Records nothing.
 *
 * Shapes: a set of N samples -> `[N, D]`, row i of sample i.
 * Cost: a forward pass of each sample; memory of one batch, besides the embeddings twice.
 * Throws: RangeError for a `transform` that returns another number of rows.
 *
 * @example
 * const set = imageSet({ shape: [2, 1, 2], data: new Uint8Array([1, 2, 3, 4]) }, [0, 1], { scale: 1 });
 * embedSet(new Twin(new Flatten(), { compare: euclidean }), set).toArray() // [[1, 2], [3, 4]]
 */
export function embedSet(twin: Twin<Measure>, set: LabelledSet, options: EmbedSetOptions = {}): Tensor {
  const { batchSize = CHUNK, transform = (x) => x } = options;
  checkInteger('embedSet', 'batchSize', batchSize, 1);
  return noGrad(() => {
    const parts: Tensor[] = [];
    // At least once: an empty set has embeddings too, none.
    for (let start = 0; start === 0 || start < set.length; start += batchSize) {
      const indices = Array.from({ length: Math.min(batchSize, set.length - start) }, (_, i) => start + i);
      parts.push(twin.embed(sameRows(transform(set.batch(indices)), indices.length)));
    }
    return parts.length === 1 ? parts[0] : concat(parts);
  });
}

/** The embeddings `[N, D]` of inputs `[N, ...sample]`, batch by batch. Records nothing. */
export function embedRows(twin: Twin<Measure>, x: Input): Tensor {
  return noGrad(() => twin.embed(x, { batchSize: CHUNK }));
}
