import { add } from '../autograd/ops/arithmetic.ts';
import { dropout } from '../autograd/ops/dropout.ts';
import { gru } from '../autograd/ops/gru.ts';
import { concat } from '../autograd/ops/joining.ts';
import { lstm } from '../autograd/ops/lstm.ts';
import { linear } from '../autograd/ops/products.ts';
import { reshape, slice, transpose } from '../autograd/ops/rearrange.ts';
import { clearRows } from '../autograd/ops/rowMask.ts';
import { type Parameter, parameter } from '../autograd/parameter.ts';
import { type Integers, toIntegers } from '../tensor/intTensor.ts';
import { allocateZeros } from '../tensor/precision.ts';
import type { Random } from '../tensor/random.ts';
import { type Shape, ShapeError, sameShape, sizeOf } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { type Context, inference, Module } from './module.ts';
import { checkRandom, checkSizes } from './weights.ts';

/** Options of GRU and LSTM. */
export interface RecurrentLayerOptions {
  /** Where the first values are drawn from. */
  readonly random: Random;
  /** Layers, each of which reads the states of the one before. Default 1. */
  readonly layers?: number | undefined;
  /** Whether a second set of weights reads the sequence backwards. Default false. */
  readonly bidirectional?: boolean | undefined;
  /** Adds trainable biases. Default true. */
  readonly bias?: boolean | undefined;
  /** Part of the states between layers that is set to 0 in training, in [0, 1). Default 0. */
  readonly dropout?: number | undefined;
  /** What `forward` gives: the state after each step, or the final one. Default 'sequence'. */
  readonly returns?: 'sequence' | 'last' | undefined;
}

/** Where a GRU begins, and how long its sequences are. */
export interface GRUStart {
  /** First states, `[layers * directions, N, hidden]`. Default zeros. */
  readonly hidden?: Tensor | undefined;
  /** Valid steps of each sequence, `[N]`, from 0 to T; what lies beyond does not matter. Default all. */
  readonly lengths?: Integers | undefined;
}

/** Where an LSTM begins, and how long its sequences are. */
export interface LSTMStart extends GRUStart {
  /** First cells, `[layers * directions, N, hidden]`. Default zeros. */
  readonly cell?: Tensor | undefined;
}

/** What a GRU gives. */
export interface GRUResult {
  /** States of the last layer, directions side by side, `[N, T, directions * hidden]`; 0 beyond a sequence's length. */
  readonly output: Tensor;
  /** Final states, layer by layer, in each forward before backward: `[layers * directions, N, hidden]`. */
  readonly hidden: Tensor;
}

/** What an LSTM gives. */
export interface LSTMResult extends GRUResult {
  /** Final cells, as `hidden`. */
  readonly cell: Tensor;
}

/** The weights of one direction of one layer. */
interface Weights {
  readonly toGates: Parameter;
  readonly fromState: Parameter;
  readonly inputBias: Parameter | undefined;
  readonly stateBias: Parameter | undefined;
}

/** One direction of one layer over a sequence `[T, N, inputs]`. */
interface Step {
  readonly x: Tensor;
  readonly weights: Weights;
  /** `[N, hidden]`. */
  readonly hidden: Tensor;
  readonly cell: Tensor;
  readonly reverse: boolean;
  readonly lengths: Int32Array | undefined;
}

/** What GRU and LSTM share. Parameters are named as in PyTorch: `weightIhL0`, `weightHhL0`, `biasIhL0Reverse` ... */
abstract class Recurrent extends Module {
  readonly [name: `weight${string}` | `biasIh${string}` | `biasHh${string}`]: Parameter | undefined;
  readonly inputs: number;
  readonly hidden: number;
  readonly layers: number;
  readonly bidirectional: boolean;
  readonly dropout: number;
  readonly returns: 'sequence' | 'last';

  constructor(name: string, gates: number, inputs: number, hidden: number, options: RecurrentLayerOptions) {
    super();
    const { random, layers = 1, bidirectional = false, bias = true, dropout: p = 0, returns = 'sequence' } = options;
    checkSizes(name, { inputs, hidden, layers });
    checkRandom(name, random);
    if (!(p >= 0 && p < 1)) throw new RangeError(`${name}: dropout must lie in [0, 1); got ${p}.`);
    if (returns !== 'sequence' && returns !== 'last')
      throw new RangeError(`${name}: returns must be 'sequence' or 'last'; got '${String(returns)}'.`);
    this.inputs = inputs;
    this.hidden = hidden;
    this.layers = layers;
    this.bidirectional = bidirectional;
    this.dropout = p;
    this.returns = returns;
    const limit = 1 / Math.sqrt(hidden);
    const drawn = (shape: Shape) =>
      parameter(new Tensor(random.fillUniform(new Float32Array(sizeOf(shape)), -limit, limit), shape));
    for (let layer = 0; layer < layers; layer++) {
      const width = layer === 0 ? inputs : hidden * this.directions;
      for (let direction = 0; direction < this.directions; direction++) {
        const place = placeOf(layer, direction);
        Object.assign(this, {
          [`weightIh${place}`]: drawn([gates * hidden, width]),
          [`weightHh${place}`]: drawn([gates * hidden, hidden]),
          ...(bias && { [`biasIh${place}`]: drawn([gates * hidden]), [`biasHh${place}`]: drawn([gates * hidden]) }),
        });
      }
    }
  }

  forward(x: Tensor, context: Context = inference): Tensor {
    const { sequence, states } = this.pass(x, {}, context);
    return this.returns === 'sequence'
      ? transpose(sequence, [1, 0, 2])
      : concat(states.slice(-this.directions), { axis: 1 });
  }

  /** One direction of one layer: its states `[T, N, hidden]` and its last cell, where it has any. */
  protected abstract step(step: Step): { readonly states: Tensor; readonly cell?: Tensor };

  /** All layers: the last one's states `[T, N, directions * hidden]`, and the final states and cells of each direction. */
  protected pass(
    x: Tensor,
    { hidden, cell, lengths }: LSTMStart,
    context: Context,
  ): { readonly sequence: Tensor; readonly states: readonly Tensor[]; readonly cells: readonly Tensor[] } {
    const op = this.op;
    if (x.shape.length !== 3 || x.shape[2] !== this.inputs)
      throw new ShapeError(op, `x must be [N, T, ${this.inputs}]`, [x.shape], 'Batch first, then steps.');
    const [rows, steps] = x.shape;
    const shape = [this.layers * this.directions, rows, this.hidden];
    const rests = lengths === undefined ? undefined : checkLengths(op, lengths, rows, steps);
    for (const [name, start] of Object.entries({ hidden, cell })) {
      if (start !== undefined && !sameShape(start.shape, shape))
        throw new ShapeError(
          op,
          `${name} must be [layers * directions, N, hidden]`,
          [start.shape, shape],
          'Pass zeros to begin anew.',
        );
    }
    const zero = new Tensor(allocateZeros([x], [rows, this.hidden]), [rows, this.hidden]);
    const startOf = (of: Tensor | undefined, i: number) =>
      of === undefined ? zero : reshape(slice(of, [[i, i + 1]]), [rows, this.hidden]);
    const ended = rests === undefined ? undefined : endedSteps(rests, steps);
    const valid = (y: Tensor) => (ended === undefined ? y : clearRows(y, ended));
    let sequence = valid(transpose(x, [1, 0, 2]));
    const states: Tensor[] = [];
    const cells: Tensor[] = [];
    for (let layer = 0; layer < this.layers; layer++) {
      if (layer > 0) sequence = dropout(sequence, { p: this.dropout, ...context });
      const outputs: Tensor[] = [];
      for (let direction = 0; direction < this.directions; direction++) {
        const reverse = direction === 1;
        const i = states.length;
        const start = { hidden: startOf(hidden, i), cell: startOf(cell, i) };
        const weights = this.parametersOf(placeOf(layer, direction));
        const found = this.step({ x: sequence, weights, ...start, reverse, lengths: rests });
        const last = reverse ? 0 : steps - 1;
        outputs.push(found.states);
        states.push(steps === 0 ? start.hidden : reshape(slice(found.states, [[last, last + 1]]), [rows, this.hidden]));
        cells.push(found.cell ?? start.cell);
      }
      sequence = outputs.length === 1 ? outputs[0] : concat(outputs, { axis: 2 });
    }
    return { sequence: valid(sequence), states, cells };
  }

  /** For messages. */
  protected abstract get op(): string;

  /** How many ways the sequence is read. */
  private get directions(): number {
    return this.bidirectional ? 2 : 1;
  }

  private parametersOf(place: string): Weights {
    const toGates = this[`weightIh${place}`];
    const fromState = this[`weightHh${place}`];
    if (toGates === undefined || fromState === undefined)
      throw new TypeError(`${this.op}: the weights of ${place} are missing. Build the layer with its constructor.`);
    return { toGates, fromState, inputBias: this[`biasIh${place}`], stateBias: this[`biasHh${place}`] };
  }
}

/**
 * Gated recurrent unit: reads a sequence step by step and carries a state of `hidden` numbers.
 *
 * Shapes: `[N, T, inputs] -> [N, T, directions * hidden]`, or `[N, directions * hidden]`, the final state of the last
 * layer, where it returns 'last'; that is the first state where there are no steps. Parameters of layer l, and
 * `...Reverse` of the other direction, with gates in the order r, z, n: `weightIhL<l>` `[3 hidden, inputs]`,
 * `weightHhL<l>` `[3 hidden, hidden]`, `biasIhL<l>` and `biasHhL<l>` `[3 hidden]`, uniform in `±1 / sqrt(hidden)`.
 * Formula: `r = sigmoid(W_r x + b_r + U_r h + c_r)`, z alike, `n = tanh(W_n x + b_n + r (U_n h + c_n))`,
 * `h' = (1 - z) n + z h`. Source: Cho et al. 2014, in PyTorch's form. Throws: TypeError for dropout in training where the
 * context has no `random`.
 *
 * @example new GRU(3, 5, { returns: 'last', random: createRandom(1) }).forward(zeros([2, 7, 3])).shape // [2, 5]
 */
export class GRU extends Recurrent {
  constructor(inputs: number, hidden: number, options: RecurrentLayerOptions) {
    super('GRU', 3, inputs, hidden, options);
  }

  /**
   * The states after each step and the final ones, from given first states, over sequences of different lengths.
   *
   * @example
   * const layer = new GRU(3, 5, { bidirectional: true, random: createRandom(1) });
   * layer.run(zeros([2, 7, 3]), { lengths: [7, 4] }).hidden.shape // [2, 2, 5]
   */
  run(x: Tensor, start: GRUStart = {}, context: Context = inference): GRUResult {
    const { sequence, states } = this.pass(x, start, context);
    return { output: transpose(sequence, [1, 0, 2]), hidden: together(states) };
  }

  protected override step({ x, weights, hidden, reverse, lengths }: Step): { readonly states: Tensor } {
    const { toGates, fromState, inputBias, stateBias } = weights;
    const input = linear(x, toGates, inputBias);
    return { states: gru({ input, weight: fromState, bias: stateBias, initial: hidden }, { reverse, lengths }) };
  }

  protected override get op(): string {
    return 'GRU';
  }
}

/**
 * Long short-term memory: reads a sequence step by step and carries a state and a cell of `hidden` numbers each.
 *
 * Shapes: as GRU, with four gates in the order i, f, g, o.
 * Formula: `i = sigmoid(W_i x + b_i + U_i h + c_i)`, f and o alike, `g = tanh(W_g x + b_g + U_g h + c_g)`,
 * `c' = f c + i g`, `h' = o tanh(c')`. Source: Hochreiter and Schmidhuber 1997. Throws: as GRU.
 *
 * @example new LSTM(3, 5, { random: createRandom(1) }).forward(zeros([2, 7, 3])).shape // [2, 7, 5]
 */
export class LSTM extends Recurrent {
  constructor(inputs: number, hidden: number, options: RecurrentLayerOptions) {
    super('LSTM', 4, inputs, hidden, options);
  }

  /**
   * The states after each step and the final states and cells, from given first ones, over sequences of different
   * lengths.
   *
   * @example
   * const layer = new LSTM(3, 5, { random: createRandom(1) });
   * const { hidden, cell } = layer.run(zeros([2, 7, 3]));
   * layer.run(zeros([2, 4, 3]), { hidden, cell }).cell.shape // [1, 2, 5]
   */
  run(x: Tensor, start: LSTMStart = {}, context: Context = inference): LSTMResult {
    const { sequence, states, cells } = this.pass(x, start, context);
    return { output: transpose(sequence, [1, 0, 2]), hidden: together(states), cell: together(cells) };
  }

  protected override step({ x, weights, hidden, cell, reverse, lengths }: Step): ReturnType<typeof lstm> {
    const { toGates, fromState, inputBias, stateBias } = weights;
    const bias = inputBias === undefined || stateBias === undefined ? undefined : add(inputBias, stateBias);
    const input = linear(x, toGates, bias);
    return lstm({ input, weight: fromState, initial: hidden, initialCell: cell }, { reverse, lengths });
  }

  protected override get op(): string {
    return 'LSTM';
  }
}

/** What follows `weightIh` and its like in the names of parameters. */
function placeOf(layer: number, direction: number): string {
  return `L${layer}${direction === 1 ? 'Reverse' : ''}`;
}

function checkLengths(op: string, lengths: Integers, rows: number, steps: number): Int32Array {
  const found = toIntegers(op, 'lengths', lengths).slice();
  if (found.length !== rows)
    throw new RangeError(`${op}: there are ${found.length} lengths for ${rows} sequences. Give one a sequence.`);
  found.forEach((length, i) => {
    if (length < 0 || length > steps)
      throw new RangeError(`${op}: lengths[${i}] is ${length}. Use 0 to ${steps}, the number of steps.`);
  });
  return found;
}

/** 1 where a sequence has ended, else 0: `[T, N]`. */
function endedSteps(lengths: Int32Array, steps: number): Uint8Array {
  const ended = new Uint8Array(steps * lengths.length);
  for (let step = 0, i = 0; step < steps; step++) for (const length of lengths) ended[i++] = step < length ? 0 : 1;
  return ended;
}

/** `[count, N, hidden]`. */
function together(parts: readonly Tensor[]): Tensor {
  return concat(parts.map((x) => reshape(x, [1, ...x.shape])));
}
