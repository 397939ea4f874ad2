import type { ModuleTree } from '../nn/state.ts';
import { Adam, type AdamOptions } from './adam.ts';
import type { Slot } from './optimizer.ts';

/** Options of `AdamW`. */
export interface AdamWOptions extends AdamOptions {
  /** Share of the parameter, times the learning rate, that each step takes off it. Default 0.01. */
  readonly weightDecay?: number | undefined;
}

/**
 * Adam with decoupled weight decay: parameters shrink by the same share, however large their gradients.
 *
 * Formula: `p *= 1 - learningRate weightDecay`, then the step of `Adam` without its weight decay; as in PyTorch.
 * Source: Loshchilov and Hutter 2019, "Decoupled weight decay regularization", algorithm 2.
 *
 * @example
 * const layer = new Linear(1, 1, { bias: false, random: createRandom(1), initialize: () => ones([1, 1]) });
 * const optimizer = new AdamW(layer, { learningRate: 0.25, weightDecay: 1 });
 * optimizer.step(backward(sum(layer.forward(ones([1, 1])))));
 * layer.weight.item() // 0.5
 */
export class AdamW extends Adam {
  constructor(modules: ModuleTree, options: AdamWOptions) {
    super(modules, { ...options, weightDecay: options.weightDecay ?? 0.01 });
  }

  protected override update(slot: Slot, g: Float32Array, steps: number): void {
    const p = slot.parameter.data;
    const share = 1 - slot.learningRate * slot.weightDecay;
    if (share !== 1) for (let i = 0; i < p.length; i++) p[i] *= share;
    super.update({ ...slot, weightDecay: 0 }, g, steps);
  }
}
