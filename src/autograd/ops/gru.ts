import { active } from '../../tensor/kernels/kernels.ts';
import * as portable from '../../tensor/kernels/portable/gates.ts';
import { giveBack } from '../../tensor/memory.ts';
import { allocate, scratchLike } from '../../tensor/precision.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { fused, isRecording, needsGradient, pullThrough, record } from '../tape.ts';
import { sigmoid, tanh } from './activations.ts';
import { add, mul, sub } from './arithmetic.ts';
import { sumTo } from './broadcast.ts';
import { product } from './products.ts';
import {
  gateOf,
  type RecurrentOptions,
  restAfter,
  splitSteps,
  stackSteps,
  stateProduct,
  stepOf,
  stepOrder,
  weightGradient,
} from './recurrent.ts';

/** The tensors of a `gru`. */
export interface GruInputs {
  /** What the input contributes to the gates r, z and n at each step, `[T, N, 3 H]`. */
  readonly input: Tensor;
  /** From the state to the gates, `[3 H, H]`. */
  readonly weight: Tensor;
  /** Added to what the state contributes, `[3 H]`. */
  readonly bias: Tensor | undefined;
  /** The state before the first step, `[N, H]`. */
  readonly initial: Tensor;
}

/**
 * The states of a gated recurrent unit after each step. Callers have checked the shapes.
 *
 * Shapes: see `GruInputs` -> `[T, N, H]`.
 * Formula: with `s = h weight^T + bias` in three parts, `r = sigmoid(x_r + s_r)`, `z = sigmoid(x_z + s_z)`,
 * `n = tanh(x_n + r s_n)` and `h' = (1 - z) n + z h`, as in PyTorch.
 * Source: Cho et al. 2014, with the bias of the candidate inside the reset gate.
 */
export function gru({ input, weight, bias, initial }: GruInputs, options: RecurrentOptions = {}): Tensor {
  const { reverse = false, lengths } = options;
  const [steps, rows] = input.shape;
  const hidden = weight.shape[1];
  const [size, wide] = [rows * hidden, 3 * rows * hidden];
  const inputs = [input, weight, initial, ...(bias === undefined ? [] : [bias])];
  const order = stepOrder(steps, reverse);
  // Without a pullback to come, one step's memory serves all.
  const keeps = isRecording() && inputs.some(needsGradient);
  const kept = keeps ? steps : 1;
  const out = allocate(inputs, [steps, rows, hidden]);
  const gates = scratchLike(out, kept * wide);
  const candidates = scratchLike(out, kept * size);
  const at = (step: number, state: Float32Array) => ({
    gates: stepOf(gates, keeps ? step : 0, wide),
    candidate: stepOf(candidates, keeps ? step : 0, size),
    state,
  });
  const runGates = active(out).gruGates ?? portable.gruGates;
  let state = initial.data;
  for (const step of order) {
    const parts = at(step, state);
    const next = stepOf(out, step, size);
    stateProduct(state, weight, parts.gates, rows, false);
    runGates(stepOf(input.data, step, wide), bias?.data, parts, next, { rows, hidden, step, lengths });
    state = next;
  }
  if (!keeps) giveBack(gates, candidates);

  /** The gradients of the input and of what the state contributes, and that of the initial state. */
  const sweep = (g: Tensor) => {
    const like = [g, ...inputs];
    const toInput = allocate(like, input.shape);
    const toState = allocate(like, input.shape);
    const carry = allocate(like, initial.shape).fill(0);
    for (let i = steps - 1; i >= 0; i--) {
      const step = order[i];
      const before = i === 0 ? initial.data : stepOf(out, order[i - 1], size);
      const contributed = stepOf(toState, step, wide);
      const spec = { rows, hidden, step, lengths };
      portable.gruGradient(
        stepOf(g.data, step, size),
        at(step, before),
        carry,
        stepOf(toInput, step, wide),
        contributed,
        spec,
      );
      stateProduct(contributed, weight, carry, rows, true);
    }
    return { toInput, toState, carry };
  };
  // The pullbacks of all inputs share one sweep over a gradient.
  const known = new WeakMap<Tensor, ReturnType<typeof sweep>>();
  const sweepOf = (g: Tensor) => {
    const found = known.get(g) ?? sweep(g);
    known.set(g, found);
    return found;
  };
  const composed = (index: number) => (g: Tensor) =>
    pullThrough((x, w, h, b) => composedGru({ input: x, weight: w, bias: b, initial: h }, options), inputs, index, g);
  const toWeight = (g: Tensor) => weightGradient(sweepOf(g).toState, states, initial, weight, reverse);
  const toBias = (of: Tensor) => (g: Tensor) => sumTo(new Tensor(sweepOf(g).toState, input.shape), of.shape);
  const states: Tensor = record(
    'gru',
    out,
    [steps, rows, hidden],
    [
      [input, fused((g) => new Tensor(sweepOf(g).toInput, input.shape), composed(0))],
      [weight, fused(toWeight, composed(1))],
      [initial, fused((g) => new Tensor(sweepOf(g).carry, initial.shape), composed(2))],
      ...(bias === undefined ? [] : [[bias, fused(toBias(bias), composed(3))] as const]),
    ],
  );
  return states;
}

/** The same from ops that have second derivatives. */
function composedGru(
  { input, weight, bias, initial }: GruInputs,
  { reverse = false, lengths }: RecurrentOptions,
): Tensor {
  const hidden = weight.shape[1];
  const inputs = splitSteps(input);
  const states: Tensor[] = [];
  let state = initial;
  for (const step of stepOrder(inputs.length, reverse)) {
    const held = product(state, weight, false, true, bias);
    const [x, s] = [inputs[step], held].map((y) => [0, 1, 2].map((gate) => gateOf(y, gate, hidden)));
    const reset = sigmoid(add(x[0], s[0]));
    const update = sigmoid(add(x[1], s[1]));
    const fresh = tanh(add(x[2], mul(reset, s[2])));
    state = restAfter(lengths, step, add(mul(sub(1, update), fresh), mul(update, state)), state);
    states[step] = state;
  }
  return stackSteps(states, initial);
}
