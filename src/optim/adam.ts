import type { ModuleTree } from '../nn/state.ts';
import { pow } from '../tensor/math.ts';
import { atLeastZero, decayRate, Optimizer, type OptimizerOptions, type Slot } from './optimizer.ts';

/** Options of `Adam`. */
export interface AdamOptions extends OptimizerOptions {
  /** Decay of the running mean of gradients and of their squares. Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number] | undefined;
  /** Added to the root of the second moment. Default 1e-8. */
  readonly epsilon?: number | undefined;
}

/**
 * Adam: steps scaled by running moments of the gradient.
 *
 * Formula: `g += weightDecay p; m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;
 * p -= learningRate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)`.
 * t counts the updates of each parameter, as in PyTorch: one that gets its first gradient late starts at 1.
 * Source: Kingma and Ba 2015, algorithm 1.
 *
 * @example
 * const layer = new Linear(1, 1, { bias: false, random: createRandom(1), initialize: () => ones([1, 1]) });
 * new Adam(layer, { learningRate: 0.5 }).step(backward(sum(layer.forward(ones([1, 1])))));
 * layer.weight.item() // 0.5
 */
export class Adam extends Optimizer {
  readonly #beta1: number;
  readonly #beta2: number;
  readonly #epsilon: number;

  constructor(modules: ModuleTree, options: AdamOptions) {
    super(modules, options, ['moment1', 'moment2']);
    const [beta1, beta2] = options.betas ?? [0.9, 0.999];
    this.#beta1 = decayRate('betas[0]', beta1);
    this.#beta2 = decayRate('betas[1]', beta2);
    this.#epsilon = atLeastZero('epsilon', options.epsilon ?? 1e-8);
  }

  protected override update(
    { parameter, learningRate, weightDecay, state }: Slot,
    g: Float32Array,
    steps: number,
  ): void {
    const p = parameter.data;
    const m = state[0].data;
    const v = state[1].data;
    const beta1 = this.#beta1;
    const beta2 = this.#beta2;
    const share1 = 1 - beta1;
    const share2 = 1 - beta2;
    const epsilon = this.#epsilon;
    const rate = learningRate / (1 - pow(beta1, steps));
    const correction = 1 / Math.sqrt(1 - pow(beta2, steps));
    for (let i = 0; i < p.length; i++) {
      const before = p[i];
      const gradient = g[i] + weightDecay * before;
      // The unrounded moments go on: to read back what was stored costs a fifth of the time.
      const first = beta1 * m[i] + share1 * gradient;
      const second = beta2 * v[i] + share2 * gradient * gradient;
      m[i] = first;
      v[i] = second;
      p[i] = before - (rate * first) / (Math.sqrt(second) * correction + epsilon);
    }
  }
}
