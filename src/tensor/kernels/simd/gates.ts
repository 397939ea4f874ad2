import type { Kernels, StepSpec } from '../kernels.ts';
import * as portable from '../portable/gates.ts';
import type { GetMachine } from './machine.ts';
import { eachPart, MOST_STAGED, orPortable } from './parts.ts';

/** From this many units on a row is long enough for vectors; asked of a row alone, as the bits differ. */
const LEAST = 4;

/** Numbers a unit that an LSTM reads and writes, when all of it is staged. */
const NUMBERS = 16;

/** The gates of recurrent layers on vectors. */
export function createGates(getMachine: GetMachine): Required<Pick<Kernels, 'lstmGates' | 'gruGates'>> {
  const suits = (hidden: number, rows: number) => rows > 0 && hidden >= LEAST && (NUMBERS + 3) * hidden < MOST_STAGED;
  return {
    lstmGates: orPortable(
      getMachine,
      ([, , , , { hidden, rows }]) => suits(hidden, rows),
      portable.lstmGates,
      ({ workspace, run }, input, { gates, before, cell, shown }, state, next, spec) => {
        eachPart(workspace, spec.rows, [input, gates, before], [gates, cell, shown, next], (_, count, ...addresses) =>
          run.lstmGates(count, spec.hidden, ...addresses),
        );
        rest(spec, [
          [before, cell],
          [state, next],
        ]);
      },
    ),
    gruGates: orPortable(
      getMachine,
      ([, , , , { hidden, rows }]) => suits(hidden, rows),
      portable.gruGates,
      ({ workspace, run }, input, bias, { gates, candidate, state }, next, spec) => {
        const added = workspace.input(bias ?? new Float32Array(3 * spec.hidden));
        eachPart(workspace, spec.rows, [input, gates, state], [gates, candidate, next], (_, count, ...addresses) =>
          run.gruGates(count, spec.hidden, added, ...addresses),
        );
        rest(spec, [[state, next]]);
      },
    ),
  };
}

/** Sequences that are over keep what they had. */
function rest(
  { rows, hidden, step, lengths }: StepSpec,
  pairs: readonly (readonly [from: Float32Array, to: Float32Array])[],
): void {
  if (lengths === undefined) return;
  for (let row = 0; row < rows; row++) {
    if (step < lengths[row]) continue;
    for (const [from, to] of pairs) to.set(from.subarray(row * hidden, (row + 1) * hidden), row * hidden);
  }
}
