import * as math from '../../math.ts';
import type { GruStep, LstmStep, StepSpec } from '../kernels.ts';

/*
 * The gates of one step of a recurrent layer, for `rows` sequences of `hidden` units. Arrays hold one row a sequence:
 * `hidden` numbers, or as many for each gate, gate after gate, in the order of PyTorch. Sequence n is at rest, its
 * state unchanged, from step `lengths[n]` on.
 */

/** `next = (1 - z) n + z state`, with r, z and n from what the input and the state contribute. */
export function gruGates(
  input: Float32Array,
  bias: Float32Array | undefined,
  { gates, candidate, state }: GruStep,
  next: Float32Array,
  { rows, hidden, step, lengths }: StepSpec,
): void {
  for (let row = 0, o = 0; row < rows; row++) {
    const first = 3 * row * hidden;
    if (lengths !== undefined && step >= lengths[row]) {
      for (let j = 0; j < hidden; j++, o++) next[o] = state[o];
      continue;
    }
    for (let j = 0, r = first, z = r + hidden, n = z + hidden; j < hidden; j++, o++, r++, z++, n++) {
      const held = gates[n] + (bias === undefined ? 0 : bias[2 * hidden + j]);
      const reset = 1 / (1 + math.exp(-(input[r] + gates[r] + (bias === undefined ? 0 : bias[j]))));
      const update = 1 / (1 + math.exp(-(input[z] + gates[z] + (bias === undefined ? 0 : bias[hidden + j]))));
      const fresh = math.tanh(input[n] + reset * held);
      candidate[o] = held;
      gates[r] = reset;
      gates[z] = update;
      gates[n] = fresh;
      next[o] = (1 - update) * fresh + update * state[o];
    }
  }
}

/**
 * The gradients of a step: `carry`, on the way in that of later steps, becomes the part of the state's gradient that
 * goes past the gates; `toInput` and `toState` are those of what the input and the state contribute to the gates.
 */
export function gruGradient(
  g: Float32Array,
  { gates, candidate, state }: GruStep,
  carry: Float32Array,
  toInput: Float32Array,
  toState: Float32Array,
  { rows, hidden, step, lengths }: StepSpec,
): void {
  for (let row = 0, o = 0; row < rows; row++) {
    const first = 3 * row * hidden;
    if (lengths !== undefined && step >= lengths[row]) {
      toInput.fill(0, first, first + 3 * hidden);
      toState.fill(0, first, first + 3 * hidden);
      for (let j = 0; j < hidden; j++, o++) carry[o] += g[o];
      continue;
    }
    for (let j = 0, r = first, z = r + hidden, n = z + hidden; j < hidden; j++, o++, r++, z++, n++) {
      const total = g[o] + carry[o];
      const reset = gates[r];
      const update = gates[z];
      const fresh = gates[n];
      const toFresh = total * (1 - update) * (1 - fresh * fresh);
      const toReset = toFresh * candidate[o] * reset * (1 - reset);
      const toUpdate = total * (state[o] - fresh) * update * (1 - update);
      carry[o] = total * update;
      toInput[r] = toReset;
      toInput[z] = toUpdate;
      toInput[n] = toFresh;
      toState[r] = toReset;
      toState[z] = toUpdate;
      toState[n] = toFresh * reset;
    }
  }
}

/** `cell = f before + i g` and `next = o tanh(cell)`, with the gates from what the input and the state contribute. */
export function lstmGates(
  input: Float32Array,
  { gates, before, cell, shown }: LstmStep,
  state: Float32Array,
  next: Float32Array,
  { rows, hidden, step, lengths }: StepSpec,
): void {
  for (let row = 0, p = 0; row < rows; row++) {
    const first = 4 * row * hidden;
    if (lengths !== undefined && step >= lengths[row]) {
      for (let j = 0; j < hidden; j++, p++) {
        cell[p] = before[p];
        next[p] = state[p];
      }
      continue;
    }
    for (
      let j = 0, i = first, f = i + hidden, g = f + hidden, o = g + hidden;
      j < hidden;
      j++, p++, i++, f++, g++, o++
    ) {
      const enter = 1 / (1 + math.exp(-(input[i] + gates[i])));
      const keep = 1 / (1 + math.exp(-(input[f] + gates[f])));
      const fresh = math.tanh(input[g] + gates[g]);
      const show = 1 / (1 + math.exp(-(input[o] + gates[o])));
      const content = keep * before[p] + enter * fresh;
      const visible = math.tanh(content);
      gates[i] = enter;
      gates[f] = keep;
      gates[g] = fresh;
      gates[o] = show;
      cell[p] = content;
      shown[p] = visible;
      next[p] = show * visible;
    }
  }
}

/**
 * The gradients of a step: of the gates before their activations, `toGates`; `carry` and `cellCarry`, on the way in those
 * of later steps, become the parts of the state's and the cell's gradient that go past the gates.
 */
export function lstmGradient(
  g: Float32Array | undefined,
  { gates, before, shown }: LstmStep,
  carry: Float32Array,
  cellCarry: Float32Array,
  toGates: Float32Array,
  { rows, hidden, step, lengths }: StepSpec,
): void {
  for (let row = 0, p = 0; row < rows; row++) {
    const first = 4 * row * hidden;
    if (lengths !== undefined && step >= lengths[row]) {
      toGates.fill(0, first, first + 4 * hidden);
      if (g === undefined) p += hidden;
      else for (let j = 0; j < hidden; j++, p++) carry[p] += g[p];
      continue;
    }
    for (
      let j = 0, i = first, f = i + hidden, c = f + hidden, o = c + hidden;
      j < hidden;
      j++, p++, i++, f++, c++, o++
    ) {
      const total = g === undefined ? carry[p] : g[p] + carry[p];
      const enter = gates[i];
      const keep = gates[f];
      const fresh = gates[c];
      const show = gates[o];
      const visible = shown[p];
      const toCell = cellCarry[p] + total * show * (1 - visible * visible);
      toGates[i] = toCell * fresh * enter * (1 - enter);
      toGates[f] = toCell * before[p] * keep * (1 - keep);
      toGates[c] = toCell * enter * (1 - fresh * fresh);
      toGates[o] = total * visible * show * (1 - show);
      carry[p] = 0;
      cellCarry[p] = toCell * keep;
    }
  }
}
