import type { ModuleTree } from '../nn/state.ts';
import { atLeastZero, decayRate, Optimizer, type OptimizerOptions, type Slot } from './optimizer.ts';

/** Options of `SGD`. */
export interface SGDOptions extends OptimizerOptions {
  /** Share of the previous update that is kept, in [0, 1). Default 0. */
  readonly momentum?: number | undefined;
  /** Takes the gradient off the momentum that is added. Default 0. */
  readonly dampening?: number | undefined;
  /** Looks ahead along the momentum; needs momentum and no dampening. Default false. */
  readonly nesterov?: boolean | undefined;
}

/**
 * Stochastic gradient descent.
 *
 * Formula: `g += weightDecay p; v = momentum v + (1 - dampening) g (v = g at a parameter's first update); p -= learningRate v`, with
 * `g + momentum v` instead of v under `nesterov`; as in PyTorch.
 * Source: Sutskever, Martens, Dahl, Hinton 2013.
 *
 * @example
 * const layer = new Linear(1, 1, { bias: false, random: createRandom(1), initialize: () => ones([1, 1]) });
 * new SGD(layer, { learningRate: 0.5 }).step(backward(sum(layer.forward(ones([1, 1])))));
 * layer.weight.item() // 0.5
 */
export class SGD extends Optimizer {
  readonly #momentum: number;
  readonly #dampening: number;
  readonly #nesterov: boolean;

  constructor(modules: ModuleTree, options: SGDOptions) {
    const { momentum = 0, dampening = 0, nesterov = false } = options;
    super(modules, options, momentum > 0 ? ['momentum'] : []);
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw new RangeError(
        `SGD: nesterov needs momentum above 0 and no dampening; got momentum ${momentum} and dampening ${dampening}.`,
      );
    }
    this.#momentum = decayRate('momentum', momentum);
    this.#dampening = atLeastZero('dampening', dampening);
    this.#nesterov = nesterov;
  }

  protected override update(
    { parameter, learningRate, weightDecay, state }: Slot,
    g: Float32Array,
    steps: number,
  ): void {
    const p = parameter.data;
    if (state.length === 0) {
      for (let i = 0; i < p.length; i++) p[i] -= learningRate * (g[i] + weightDecay * p[i]);
      return;
    }
    const v = state[0].data;
    const [keep, share] = steps === 1 ? [0, 1] : [this.#momentum, 1 - this.#dampening];
    const ahead = this.#momentum;
    const nesterov = this.#nesterov;
    for (let i = 0; i < p.length; i++) {
      const gradient = g[i] + weightDecay * p[i];
      v[i] = keep * v[i] + share * gradient;
      p[i] -= learningRate * (nesterov ? gradient + ahead * v[i] : v[i]);
    }
  }
}
