import type { IntTensor } from '../tensor/intTensor.ts';
import type { Random } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** What a forward pass needs to know besides its input. */
export interface Context {
  /** Training or inference: dropout and batch normalization differ. */
  readonly training: boolean;
  /** Where dropout draws from; needed in training. */
  readonly random?: Random | undefined;
}

/** What a network takes: numbers, or integers such as the ids of words, which an `Embedding` turns into numbers. */
export type Input = Tensor | IntTensor;

/** The default context. */
export const inference: Context = { training: false };

/**
 * A part of a network: a class with a pure `forward(x, context)`.
 *
 * Own enumerable properties define what it holds: a `Parameter` is trained, a plain Tensor is a buffer (saved, not
 * trained), Modules and arrays are searched. Private fields (`#weight`) are neither found nor cloned. A tensor or module
 * met twice counts once, so weights are shared by sharing the object.
 *
 * @example
 * class Scale extends Module {
 *   readonly weight = parameter(ones([1]));
 *   forward(x: Tensor): Tensor {
 *     return mul(x, this.weight);
 *   }
 * }
 * countParameters(new Scale()) // 1
 */
export abstract class Module {
  /**
   * Maps a batch to a batch; writes nothing on `this` (but for the running statistics of batch normalization). Training,
   * scores and galleries run it inside a `scope`: a tensor that it stores away would be released, and throws when read.
   * A layer declares what it takes: most of them a Tensor.
   */
  abstract forward(x: Input, context?: Context): Tensor;
}

/** A layer without state: any function of a tensor, such as `relu`. */
export type Layer = Module | ((x: Tensor) => Tensor);
