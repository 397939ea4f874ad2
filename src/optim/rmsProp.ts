import type { ModuleTree } from '../nn/state.ts';
import { atLeastZero, decayRate, Optimizer, type OptimizerOptions, type Slot } from './optimizer.ts';

/** Options of `RMSprop`. */
export interface RMSpropOptions extends OptimizerOptions {
  /** Decay of the running mean of squared gradients, in [0, 1). Default 0.99. */
  readonly alpha?: number | undefined;
  /** Added to the root of that mean. Default 1e-8. */
  readonly epsilon?: number | undefined;
  /** Share of the previous update that is kept, in [0, 1). Default 0. */
  readonly momentum?: number | undefined;
  /** Takes the variance of the gradients in place of their mean square. Default false. */
  readonly centered?: boolean | undefined;
}

/**
 * RMSprop: steps scaled by the running root mean square of the gradient.
 *
 * Formula: `g += weightDecay p; s = alpha s + (1 - alpha) g^2; v = momentum v + g / (sqrt(s) + epsilon);
 * p -= learningRate v`; under `centered`, `m = alpha m + (1 - alpha) g` and `sqrt(max(0, s - m^2))`, as in PyTorch,
 * where a rounding below 0 gives NaN.
 * Source: Tieleman and Hinton 2012, lecture 6.5; centered: Graves 2013, "Generating sequences with recurrent neural
 * networks", section 4.2.
 *
 * @example
 * const layer = new Linear(1, 1, { bias: false, random: createRandom(1), initialize: () => ones([1, 1]) });
 * new RMSprop(layer, { learningRate: 0.25, alpha: 0.75 }).step(backward(sum(layer.forward(ones([1, 1])))));
 * layer.weight.item() // 0.5
 */
export class RMSprop extends Optimizer {
  readonly #alpha: number;
  readonly #epsilon: number;
  readonly #momentum: number;
  readonly #centered: boolean;

  constructor(modules: ModuleTree, options: RMSpropOptions) {
    const { alpha = 0.99, epsilon = 1e-8, momentum = 0, centered = false } = options;
    super(modules, options, ['square', ...(momentum > 0 ? ['momentum'] : []), ...(centered ? ['mean'] : [])]);
    this.#alpha = decayRate('alpha', alpha);
    this.#epsilon = atLeastZero('epsilon', epsilon);
    this.#momentum = decayRate('momentum', momentum);
    this.#centered = centered;
  }

  protected override update({ parameter, learningRate, weightDecay, state }: Slot, g: Float32Array): void {
    const p = parameter.data;
    const s = state[0].data;
    const v = this.#momentum > 0 ? state[1].data : undefined;
    const m = this.#centered ? state[state.length - 1].data : undefined;
    const alpha = this.#alpha;
    const share = 1 - alpha;
    const epsilon = this.#epsilon;
    const momentum = this.#momentum;
    for (let i = 0; i < p.length; i++) {
      const gradient = g[i] + weightDecay * p[i];
      let square = alpha * s[i] + share * gradient * gradient;
      s[i] = square;
      if (m !== undefined) {
        const mean = alpha * m[i] + share * gradient;
        m[i] = mean;
        square = Math.max(0, square - mean * mean);
      }
      let change = gradient / (Math.sqrt(square) + epsilon);
      if (v !== undefined) {
        change += momentum * v[i];
        v[i] = change;
      }
      p[i] -= learningRate * change;
    }
  }
}
