import { Tensor } from '../tensor/tensor.ts';
import { recordAs } from './tape.ts';

/** Lower means more alike. Made by the distance ops and by `asDistance`; arithmetic on it gives a plain Tensor. */
export class Distance extends Tensor {
  readonly measure = 'distance';
  /** The largest value it can take: 2 for a cosine distance, Infinity where there is none. */
  readonly bound: number;

  constructor(data: Float32Array, shape: readonly number[], bound: number) {
    super(data, shape);
    this.bound = bound;
  }
}

/** Higher means more alike. Made by the similarity ops and by `asSimilarity`; arithmetic on it gives a plain Tensor. */
export class Similarity extends Tensor {
  readonly measure = 'similarity';
}

/**
 * Declares that `x` holds distances, so that losses accept it.
 *
 * Shapes: `[...S] -> [...S]`, same data. `bound` is the largest possible value, default Infinity.
 *
 * @example asDistance(tensor([1, 2])).measure // 'distance'
 */
export function asDistance(x: Tensor, { bound = Infinity }: { readonly bound?: number | undefined } = {}): Distance {
  return recordAs(new Distance(x.data, x.shape, bound), 'asDistance', [[x, (g) => g]]);
}

/**
 * Declares that `x` holds similarities, so that losses accept it.
 *
 * Shapes: `[...S] -> [...S]`, same data.
 *
 * @example asSimilarity(tensor([0.5])).measure // 'similarity'
 */
export function asSimilarity(x: Tensor): Similarity {
  return recordAs(new Similarity(x.data, x.shape), 'asSimilarity', [[x, (g) => g]]);
}
