import { allocate } from '../../tensor/precision.ts';
import type { Random } from '../../tensor/random.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { mul } from './arithmetic.ts';

/** Random words drawn at a time, so that they stay in the cache. */
const WORDS = 4096;

/** Options of `dropout`. */
export interface DropoutOptions {
  /** Probability of dropping an element, in `[0, 1)`. */
  readonly p: number;
  /** Default false: x itself is returned. */
  readonly training?: boolean | undefined;
  /** Where the choice comes from; needed in training. */
  readonly random?: Random | undefined;
}

/**
 * Sets elements to 0 with probability p and scales the others by `1 / (1 - p)`, in training; otherwise x itself.
 *
 * Shapes: `[...S] -> [...S]`. Gradient: g at kept elements, scaled alike.
 * Source: Srivastava et al. 2014. Throws: TypeError in training without `random`.
 *
 * @example dropout(tensor([1, 2]), { p: 0.5 }).toArray() // [1, 2]
 */
export function dropout(x: Tensor, { p, training = false, random }: DropoutOptions): Tensor {
  if (!(p >= 0 && p < 1)) throw new RangeError(`dropout: p must lie in [0, 1); got ${p}.`);
  if (!training || p === 0) return x;
  if (random === undefined) {
    throw new TypeError(
      'dropout: training needs a source of random numbers. Pass { training: true, random } as the context.',
    );
  }
  const mask = allocate([x], x.shape);
  const scale = 1 / (1 - p);
  const words = new Uint32Array(Math.min(WORDS, mask.length));
  for (let start = 0; start < mask.length; start += WORDS) {
    const few = random.fillWords(words.subarray(0, mask.length - start));
    // A word over 2^32 is a uniform number of [0, 1). Multiplied, as a branch would be guessed wrong p times.
    for (let i = 0; i < few.length; i++) mask[start + i] = scale * Number(few[i] >= p * 2 ** 32);
  }
  return mul(x, new Tensor(mask, x.shape));
}
