import { Tensor } from '../tensor/tensor.ts';
import { type Context, type Input, inference, type Layer, Module } from './module.ts';

/**
 * Layers one after the other. A layer is a Module or a plain function such as `relu`.
 *
 * Parameters are named by position: `0.weight`, `2.bias`. Throws: TypeError, with its position, for anything else.
 *
 * @example new Sequential(new Flatten(), relu).forward(tensor([[[-1, 2]]])).toArray() // [[0, 2]]
 */
export class Sequential extends Module {
  readonly [index: number]: Layer;

  constructor(...layers: readonly Layer[]) {
    super();
    for (const [i, layer] of layers.entries()) {
      if (layer instanceof Module || typeof layer === 'function') continue;
      throw new TypeError(
        `Sequential: layer ${i} is ${Array.isArray(layer) ? 'an array' : String(layer)}, not a Module or a function. Pass the layers one by one.`,
      );
    }
    Object.assign(this, layers);
  }

  forward(x: Input, context: Context = inference): Tensor {
    let y = x;
    // By position, because a subclass may have properties of its own.
    for (let i = 0; i in this; i++) {
      const layer = this[i];
      y = layer instanceof Module ? layer.forward(y, context) : layer(floats(y));
      // What plain JavaScript may give: a layer that forgot its return.
      if (!(y instanceof Tensor))
        throw new TypeError(`Sequential: layer ${i} returned ${String(y)}, not a Tensor. Let it return its result.`);
    }
    return floats(y);
  }
}

function floats(x: Input): Tensor {
  if (x instanceof Tensor) return x;
  throw new TypeError('Sequential: integers must be turned into numbers first. Begin with an Embedding.');
}
