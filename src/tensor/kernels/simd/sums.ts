import type { Kernels } from '../kernels.ts';
import * as portable from '../portable/sums.ts';
import type { GetMachine } from './machine.ts';

/** Runs whose partial sums are held at once. */
const RUNS = 4096;

/** Below this many numbers a call costs more than the vectors save. */
const LEAST = 128;

/** Sums over what lies in the memory; anything else is summed where it is, by the portable kernel, to the same bits. */
export function createSums(getMachine: GetMachine): NonNullable<Kernels['sums']> {
  return (x, out, spec) => {
    const { outer, kept, inner } = spec;
    const machine = inner < portable.PARTIALS || x.length < LEAST ? undefined : getMachine();
    const address = machine?.workspace.addressOf(x);
    if (machine === undefined || address === undefined) {
      portable.sums(x, out, spec);
      return;
    }
    const { workspace, run } = machine;
    workspace.clear();
    const partials = workspace.take(2 * portable.PARTIALS * Math.min(kept, RUNS));
    const { doubles } = workspace;
    for (let group = 0; group < out.length; group += kept) {
      for (let first = 0; first < kept; first += RUNS) {
        const runs = Math.min(RUNS, kept - first);
        run.sumRuns(address + 4 * inner * (group * outer + first), 4 * inner * kept, outer, runs, inner, partials);
        for (let k = 0, p = partials >> 3; k < runs; k++, p += portable.PARTIALS) out[group + first + k] = doubles[p];
      }
    }
  };
}
