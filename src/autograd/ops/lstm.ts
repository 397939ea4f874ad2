import { active } from '../../tensor/kernels/kernels.ts';
import * as portable from '../../tensor/kernels/portable/gates.ts';
import { giveBack } from '../../tensor/memory.ts';
import { allocate, scratchLike } from '../../tensor/precision.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { type Edge, fused, isRecording, needsGradient, pullThrough, record } from '../tape.ts';
import { sigmoid, tanh } from './activations.ts';
import { add, mul } from './arithmetic.ts';
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

/** The tensors of an `lstm`. */
export interface LstmInputs {
  /** What the input contributes to the gates i, f, g and o at each step, all biases included, `[T, N, 4 H]`. */
  readonly input: Tensor;
  /** From the state to the gates, `[4 H, H]`. */
  readonly weight: Tensor;
  /** The state and the cell before the first step, `[N, H]`. */
  readonly initial: Tensor;
  readonly initialCell: Tensor;
}

/** What an `lstm` gives. */
export interface LstmStates {
  /** The state after each step, `[T, N, H]`. */
  readonly states: Tensor;
  /** The cell after the last step taken, `[N, H]`. */
  readonly cell: Tensor;
}

/**
 * A long short-term memory: its state after each step, and its last cell. Callers have checked the shapes.
 *
 * Shapes: see `LstmInputs` and `LstmStates`.
 * Formula: with `a = x + h weight^T` in four parts, `i, f, o = sigmoid(a_i, a_f, a_o)`, `g = tanh(a_g)`,
 * `c' = f c + i g` and `h' = o tanh(c')`, as in PyTorch.
 * Gradient: linear in those of states and cell, so each has its own sweep; a cell that is not used costs none.
 * Source: Hochreiter and Schmidhuber 1997, with the forget gate of Gers, Schmidhuber and Cummins 2000.
 */
export function lstm({ input, weight, initial, initialCell }: LstmInputs, options: RecurrentOptions = {}): LstmStates {
  const { reverse = false, lengths } = options;
  const [steps, rows] = input.shape;
  const hidden = weight.shape[1];
  const [size, wide] = [rows * hidden, 4 * rows * hidden];
  const inputs = [input, weight, initial, initialCell];
  const order = stepOrder(steps, reverse);
  // Without a pullback to come, the memory of two steps serves all: a cell and the one before it.
  const keeps = isRecording() && inputs.some(needsGradient);
  const out = allocate(inputs, [steps, rows, hidden]);
  const gates = scratchLike(out, (keeps ? steps : 1) * wide);
  const shown = scratchLike(out, (keeps ? steps : 1) * size);
  const cells = scratchLike(out, (keeps ? steps : 2) * size);
  const cellOf = (i: number) => (i < 0 ? initialCell.data : stepOf(cells, keeps ? order[i] : i % 2, size));
  const at = (i: number) => ({
    gates: stepOf(gates, keeps ? order[i] : 0, wide),
    shown: stepOf(shown, keeps ? order[i] : 0, size),
    before: cellOf(i - 1),
    cell: cellOf(i),
  });
  const runGates = active(out).lstmGates ?? portable.lstmGates;
  let state = initial.data;
  for (const [i, step] of order.entries()) {
    const parts = at(i);
    const next = stepOf(out, step, size);
    stateProduct(state, weight, parts.gates, rows, false);
    runGates(stepOf(input.data, step, wide), parts, state, next, { rows, hidden, step, lengths });
    state = next;
  }
  const last = allocate(inputs, initialCell.shape);
  last.set(cellOf(steps - 1));
  if (!keeps) giveBack(gates, shown, cells);

  /** The gradients of the gates before their activations, and of the initial state and cell. */
  const sweep = (g: Tensor | undefined, cellGradient: Tensor | undefined) => {
    const like = [...inputs, ...(g === undefined ? [] : [g]), ...(cellGradient === undefined ? [] : [cellGradient])];
    const toGates = allocate(like, input.shape);
    const carry = allocate(like, initial.shape).fill(0);
    const cellCarry = allocate(like, initial.shape).fill(0);
    if (cellGradient !== undefined) cellCarry.set(cellGradient.data);
    for (let i = steps - 1; i >= 0; i--) {
      const step = order[i];
      const found = stepOf(toGates, step, wide);
      const arriving = g === undefined ? undefined : stepOf(g.data, step, size);
      portable.lstmGradient(arriving, at(i), carry, cellCarry, found, { rows, hidden, step, lengths });
      stateProduct(found, weight, carry, rows, true);
    }
    return { toGates, carry, cellCarry };
  };
  const edges = (run: (g: Tensor) => ReturnType<typeof sweep>, pick: (found: LstmStates) => Tensor): Edge[] => {
    // The pullbacks of all inputs share one sweep over a gradient.
    const known = new WeakMap<Tensor, ReturnType<typeof sweep>>();
    const sweepOf = (g: Tensor) => {
      const found = known.get(g) ?? run(g);
      known.set(g, found);
      return found;
    };
    const again = (x: Tensor, w: Tensor, h: Tensor, c: Tensor) =>
      pick(composedLstm({ input: x, weight: w, initial: h, initialCell: c }, options));
    const composed = (index: number) => (g: Tensor) => pullThrough(again, inputs, index, g);
    return [
      [input, fused((g) => new Tensor(sweepOf(g).toGates, input.shape), composed(0))],
      [weight, fused((g) => weightGradient(sweepOf(g).toGates, plain, initial, weight, reverse), composed(1))],
      [initial, fused((g) => new Tensor(sweepOf(g).carry, initial.shape), composed(2))],
      [initialCell, fused((g) => new Tensor(sweepOf(g).cellCarry, initial.shape), composed(3))],
    ];
  };
  const shape = [steps, rows, hidden];
  const plain = new Tensor(out, shape);
  return {
    states: record(
      'lstm',
      out,
      shape,
      edges(
        (g) => sweep(g, undefined),
        ({ states }) => states,
      ),
    ),
    cell: record(
      'lstmCell',
      last,
      initialCell.shape,
      edges(
        (g) => sweep(undefined, g),
        ({ cell }) => cell,
      ),
    ),
  };
}

/** The same from ops that have second derivatives. */
function composedLstm(
  { input, weight, initial, initialCell }: LstmInputs,
  { reverse = false, lengths }: RecurrentOptions,
): LstmStates {
  const hidden = weight.shape[1];
  const inputs = splitSteps(input);
  const states: Tensor[] = [];
  let state = initial;
  let cell = initialCell;
  for (const step of stepOrder(inputs.length, reverse)) {
    const sums = add(inputs[step], product(state, weight, false, true));
    const [enter, keep, fresh, show] = [0, 1, 2, 3].map((gate) => gateOf(sums, gate, hidden));
    const next = add(mul(sigmoid(keep), cell), mul(sigmoid(enter), tanh(fresh)));
    state = restAfter(lengths, step, mul(sigmoid(show), tanh(next)), state);
    cell = restAfter(lengths, step, next, cell);
    states[step] = state;
  }
  return { states: stackSteps(states, initial), cell };
}
