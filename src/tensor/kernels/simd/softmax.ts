import type { Kernels, RowSpec } from '../kernels.ts';
import * as portable from '../portable/softmax.ts';
import type { GetMachine } from './machine.ts';
import { eachPart, MOST_STAGED, orPortable } from './parts.ts';

/** From this many numbers on a row is long enough for vectors; asked of a row alone, as the bits differ. */
const LEAST = 8;

/** Softmax of rows, and its gradient, on vectors. */
export function createSoftmax(getMachine: GetMachine): Required<Pick<Kernels, 'softmaxRows' | 'softmaxGradientRows'>> {
  const suits = ({ rows, width }: RowSpec) => rows > 0 && width >= LEAST && 3 * width < MOST_STAGED;
  return {
    softmaxRows: orPortable(
      getMachine,
      ([, , spec]) => suits(spec),
      portable.softmaxRows,
      ({ workspace, run }, x, out, { rows, width }) =>
        eachPart(workspace, rows, [x], [out], (_, count, ...addresses) => run.softmaxRows(count, width, ...addresses)),
    ),
    softmaxGradientRows: orPortable(
      getMachine,
      ([, , , spec]) => suits(spec),
      portable.softmaxGradientRows,
      ({ workspace, run }, y, g, out, { rows, width }) =>
        eachPart(workspace, rows, [y, g], [out], (_, count, ...addresses) =>
          run.softmaxGradientRows(count, width, ...addresses),
        ),
    ),
  };
}
