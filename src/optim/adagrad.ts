import type { ModuleTree } from '../nn/state.ts';
import { atLeastZero, Optimizer, type OptimizerOptions, type Slot } from './optimizer.ts';

/** Options of `Adagrad`. */
export interface AdagradOptions extends OptimizerOptions {
  /** The learning rate of a parameter's update t, counted from 1, is divided by `1 + (t - 1) learningRateDecay`. Default 0. */
  readonly learningRateDecay?: number | undefined;
  /** Where the sum of squared gradients begins. Default 0. */
  readonly initialAccumulator?: number | undefined;
  /** Added to the root of that sum. Default 1e-10. */
  readonly epsilon?: number | undefined;
}

/**
 * Adagrad: steps scaled by all gradients so far, so that rare features keep a large learning rate.
 *
 * Formula: `g += weightDecay p; s += g^2 (s = initialAccumulator at first);
 * p -= learningRate / (1 + (t - 1) learningRateDecay) g / (sqrt(s) + epsilon)`; as in PyTorch, t counted a parameter.
 * Source: Duchi, Hazan, Singer 2011.
 *
 * @example
 * const layer = new Linear(1, 1, { bias: false, random: createRandom(1), initialize: () => ones([1, 1]) });
 * new Adagrad(layer, { learningRate: 0.5 }).step(backward(sum(layer.forward(ones([1, 1])))));
 * layer.weight.item() // 0.5
 */
export class Adagrad extends Optimizer {
  readonly #learningRateDecay: number;
  readonly #initial: number;
  readonly #epsilon: number;

  constructor(modules: ModuleTree, options: AdagradOptions) {
    const { learningRateDecay = 0, initialAccumulator = 0, epsilon = 1e-10 } = options;
    super(modules, options, ['sum']);
    this.#learningRateDecay = atLeastZero('learningRateDecay', learningRateDecay);
    this.#initial = atLeastZero('initialAccumulator', initialAccumulator);
    this.#epsilon = atLeastZero('epsilon', epsilon);
  }

  protected override update(
    { parameter, learningRate, weightDecay, state }: Slot,
    g: Float32Array,
    steps: number,
  ): void {
    const p = parameter.data;
    const s = state[0].data;
    const epsilon = this.#epsilon;
    const rate = learningRate / (1 + (steps - 1) * this.#learningRateDecay);
    if (steps === 1) s.fill(this.#initial);
    for (let i = 0; i < p.length; i++) {
      const gradient = g[i] + weightDecay * p[i];
      const squares = s[i] + gradient * gradient;
      s[i] = squares;
      p[i] -= (rate * gradient) / (Math.sqrt(squares) + epsilon);
    }
  }
}
