import type { Gradients } from '../autograd/gradients.ts';
import type { Parameter } from '../autograd/parameter.ts';
import { type ModuleTree, namedParameters } from '../nn/state.ts';
import { checkAtLeastZero } from '../tensor/check.ts';
import { ShapeError, sameShape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/** Settings for the parameters whose name matches; the first group that matches counts. */
export interface ParameterGroup {
  /** Part of the name (`'encoder.0'`), or a pattern. Names are property paths, as in `namedParameters`. */
  readonly match: string | RegExp;
  /** Replaces the optimizer's learning rate; 0 freezes the parameters. */
  readonly learningRate?: number | undefined;
  /** Replaces the optimizer's weight decay. */
  readonly weightDecay?: number | undefined;
}

/** Options of every optimizer. */
export interface OptimizerOptions {
  /** Step size. */
  readonly learningRate: number;
  /** Times the parameter, added to its gradient (L2 penalty); `AdamW` shrinks the parameter instead. Default 0. */
  readonly weightDecay?: number | undefined;
  readonly groups?: readonly ParameterGroup[] | undefined;
}

/** One parameter with its settings and the optimizer's tensors for it. */
export interface Slot {
  readonly name: string;
  readonly parameter: Parameter;
  /** Of this step: the learning rate of its group times the factor of the schedule. */
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Running values, such as momentum, of the parameter's shape. */
  readonly state: readonly Tensor[];
  /** How often the parameter was updated, in one element; exact to 2^24, where it stays. */
  readonly count: Tensor;
}

/** Options of `Optimizer.step`. */
export interface StepOptions {
  /** Times the learning rate of every group, in this step alone: what a schedule gives. Default 1. */
  readonly learningRateFactor?: number | undefined;
}

/** What an optimizer remembers between steps. */
export interface OptimizerState {
  /** Calls of `step`. */
  readonly steps: number;
  /** By name: the running values of each parameter, and `step.<name>`, how often it was updated. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/**
 * What optimizers share: parameters by name, groups, state by name. A subclass names the tensors it keeps a parameter
 * (`step` is taken by the count of updates) and writes one update.
 *
 * @example
 * class SignDescent extends Optimizer {
 *   constructor(modules: ModuleTree, options: OptimizerOptions) {
 *     super(modules, options, []);
 *   }
 *
 *   protected override update({ parameter, learningRate }: Slot, g: Float32Array): void {
 *     for (let i = 0; i < g.length; i++) parameter.data[i] -= learningRate * Math.sign(g[i]);
 *   }
 * }
 * const layer = new Linear(1, 1, { bias: false, random: createRandom(1), initialize: () => ones([1, 1]) });
 * new SignDescent(layer, { learningRate: 0.25 }).step(backward(sum(layer.forward(ones([1, 1])))));
 * layer.weight.item() // 0.75
 */
export abstract class Optimizer {
  /** What it updates, by name (property paths, as in `namedParameters`). */
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly #slots: readonly Slot[];
  readonly #stateNames: readonly string[];
  #steps = 0;

  constructor(
    modules: ModuleTree,
    { learningRate, weightDecay = 0, groups = [] }: OptimizerOptions,
    stateNames: readonly string[],
  ) {
    const parameters = [...namedParameters(modules)];
    if (parameters.length === 0)
      throw new TypeError('optimizer: the module has no parameters. Pass the module whose layers are to be trained.');
    for (const { match } of groups) {
      if (!parameters.some(([name]) => matches(name, match))) {
        throw new RangeError(
          `optimizer: no parameter matches the group ${match}. Names are ${parameters.map(([name]) => name).join(', ')}.`,
        );
      }
    }
    this.parameters = new Map(parameters);
    this.#stateNames = stateNames;
    this.#slots = parameters.map(([name, parameter]) => {
      const group = groups.find(({ match }) => matches(name, match));
      return {
        name,
        parameter,
        learningRate: atLeastZero('learningRate', group?.learningRate ?? learningRate),
        weightDecay: atLeastZero('weightDecay', group?.weightDecay ?? weightDecay),
        state: stateNames.map(() => new Tensor(new Float32Array(parameter.size), parameter.shape)),
        count: new Tensor(new Float32Array(1), []),
      };
    });
  }

  /** Number of steps taken, whichever parameters they updated. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * Updates, in place, every parameter that has a gradient. At a `learningRateFactor` of 0 parameters stay and running
   * values go on, as in PyTorch; a learning rate of 0 freezes both.
   *
   * Throws: ShapeError for a gradient of another shape; RangeError where no gradient belongs to a parameter of this
   * optimizer, and for a factor that is negative or not finite. Nothing is written then.
   */
  step(gradients: Gradients, { learningRateFactor = 1 }: StepOptions = {}): void {
    atLeastZero('learningRateFactor', learningRateFactor, 'optimizer.step');
    const live = this.#slots.filter(({ parameter }) => gradients.has(parameter));
    if (live.length === 0) {
      throw new RangeError(
        'optimizer.step: no gradient belongs to a parameter of this optimizer. Was it made for the module that the loss was computed with?',
      );
    }
    for (const { name, parameter } of live) {
      const { shape } = gradients.get(parameter);
      if (!sameShape(shape, parameter.shape)) {
        throw new ShapeError(
          'optimizer.step',
          `the gradient of '${name}' has another shape`,
          [shape, parameter.shape],
          'Pass what backward() returned.',
        );
      }
    }
    this.#steps++;
    for (const slot of live) {
      if (slot.learningRate === 0) continue;
      slot.count.data[0]++;
      const scaled = { ...slot, learningRate: slot.learningRate * learningRateFactor };
      this.update(scaled, gradients.get(slot.parameter).data, slot.count.data[0]);
    }
  }

  /**
   * Applies the update rule to one parameter; `steps` counts its own updates from 1, as in PyTorch. `g` is valid during
   * the call alone, since `train` recycles its memory: what is needed later is copied into `slot.state`.
   */
  protected abstract update(slot: Slot, g: Float32Array, steps: number): void;

  /**
   * Everything that a resumed training needs: the tensors by name (`momentum.encoder.0.weight`, `step.encoder.0.weight`)
   * and the number of steps. The tensors are the optimizer's own, not copies.
   */
  state(): OptimizerState {
    return { steps: this.#steps, tensors: new Map(this.#named()) };
  }

  /** Copies a state from `state()`. Throws: ShapeError, before anything is written, where names or shapes differ. */
  loadState(state: OptimizerState): void {
    this.checkState(state);
    for (const [name, t] of this.#named()) t.data.set(state.tensors.get(name)?.data ?? []);
    this.#steps = state.steps;
  }

  /** Throws what `loadState` would throw, and writes nothing. */
  checkState({ steps, tensors }: OptimizerState): void {
    const own = new Map(this.#named());
    const wrong = [...own]
      .filter(([name, t]) => !sameShape(tensors.get(name)?.shape ?? [-1], t.shape))
      .map(([name]) => `'${name}'`);
    const unknown = [...tensors.keys()].filter((name) => !own.has(name)).map((name) => `'${name}'`);
    if (wrong.length + unknown.length > 0 || !Number.isSafeInteger(steps) || steps < 0) {
      const problems = [
        ...(wrong.length > 0 ? [`missing or of another shape: ${wrong.join(', ')}`] : []),
        ...(unknown.length > 0 ? [`unknown: ${unknown.join(', ')}`] : []),
      ];
      throw new ShapeError(
        'optimizer.loadState',
        `the state is of another optimizer or module (${problems.join('; ') || `steps: ${steps}`})`,
        [],
        'Make the optimizer as it was when the state was saved.',
      );
    }
  }

  *#named(): Generator<[string, Tensor]> {
    for (const { name, state, count } of this.#slots) {
      for (const [i, t] of state.entries()) yield [`${this.#stateNames[i]}.${name}`, t];
      yield [`step.${name}`, count];
    }
  }
}

/** A number option that must be finite and not negative. */
export function atLeastZero(name: string, value: number, op = 'optimizer'): number {
  return checkAtLeastZero(op, name, value);
}

/** A decay rate, in [0, 1). */
export function decayRate(name: string, value: number): number {
  if (!(value >= 0 && value < 1)) throw new RangeError(`optimizer: ${name} must lie in [0, 1); got ${value}.`);
  return value;
}

function matches(name: string, match: string | RegExp): boolean {
  return typeof match === 'string' ? name.includes(match) : name.search(match) >= 0;
}
