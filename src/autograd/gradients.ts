import { allocate } from '../tensor/precision.ts';
import { formatShape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/**
 * What `backward` returns: the gradient of each Parameter the loss depends on. Iterates as `[parameter, gradient]`.
 * To be read, not written: two parameters may share one gradient tensor.
 */
export interface Gradients extends Iterable<readonly [Tensor, Tensor]> {
  /** Number of parameters that have a gradient. */
  readonly size: number;
  /** The gradient of `t`, of its shape. Throws a RangeError where the loss does not depend on `t`. */
  get(t: Tensor): Tensor;
  has(t: Tensor): boolean;
}

/** Gradients over a map by identity. */
export class GradientMap implements Gradients {
  readonly #map: ReadonlyMap<Tensor, Tensor>;

  constructor(map: ReadonlyMap<Tensor, Tensor>) {
    this.#map = map;
  }

  get size(): number {
    return this.#map.size;
  }

  get(t: Tensor): Tensor {
    const g = this.#map.get(t);
    if (g === undefined) {
      throw new RangeError(
        `gradients.get: no gradient for a tensor of shape ${formatShape(t.shape)}. The loss does not depend on it, or it is not a Parameter; make it one with parameter(t), or ask gradients.has(t) first.`,
      );
    }
    return g;
  }

  has(t: Tensor): boolean {
    return this.#map.has(t);
  }

  [Symbol.iterator](): Iterator<readonly [Tensor, Tensor]> {
    return this.#map.entries();
  }
}

/**
 * Gradients of `f + g` from those of `f` and of `g`: for accumulating several batches before one optimizer step.
 * A parameter that only one of them has keeps that gradient. The sums are plain numbers: they belong to no graph, also
 * where those of `createGraph` are added.
 *
 * @example
 * const w = parameter(tensor([1, 2]));
 * const once = backward(sum(w));
 * addGradients(once, once).get(w).toArray() // [2, 2]
 */
export function addGradients(a: Gradients, b: Gradients): Gradients {
  const sums = new Map<Tensor, Tensor>(a);
  for (const [parameter, g] of b) {
    const first = sums.get(parameter);
    if (first === undefined) {
      sums.set(parameter, g);
      continue;
    }
    sums.set(parameter, new Tensor(sumData(first, g), first.shape));
  }
  return new GradientMap(sums);
}

/** `a + b` for equal shapes. */
export function sumData(a: Tensor, b: Tensor): Float32Array {
  const out = allocate([a, b], a.shape);
  const x = a.data;
  const y = b.data;
  for (let i = 0; i < out.length; i++) out[i] = x[i] + y[i];
  return out;
}
