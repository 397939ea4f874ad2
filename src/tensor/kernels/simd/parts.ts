import type { GetMachine, Machine } from './machine.ts';
import { WORKSPACE_BYTES, type Workspace } from './workspace.ts';

/** Numbers that are staged at once: what a first- or second-level cache keeps until it is used. */
const STAGED = 16_384;

/** The most numbers of one item that may have to be staged. */
export const MOST_STAGED: number = WORKSPACE_BYTES / 8;

/** A kernel that runs on the machine, with an empty workspace, where the arguments suit it, else the portable one. */
export function orPortable<A extends readonly unknown[]>(
  getMachine: GetMachine,
  suits: (given: A) => boolean,
  portable: (...given: A) => void,
  run: (machine: Machine, ...given: A) => void,
): (...given: A) => void {
  return (...given) => {
    const machine = suits(given) ? getMachine() : undefined;
    machine?.workspace.clear();
    if (machine === undefined) portable(...given);
    else run(machine, ...given);
  };
}

/**
 * Runs a kernel on all items where every array lies in the memory, else on as many at a time as are staged together; an
 * array holds as many numbers of each item. `run` gets the number of the first, how many, and the addresses.
 */
export function eachPart(
  workspace: Workspace,
  items: number,
  inputs: readonly Float32Array[],
  outputs: readonly Float32Array[],
  run: (first: number, count: number, ...addresses: number[]) => void,
): void {
  let staged = 0;
  for (const data of [...inputs, ...outputs])
    if (workspace.addressOf(data) === undefined) staged += data.length / items;
  const most = staged === 0 ? items : Math.max(1, Math.floor(STAGED / staged));
  const { top } = workspace;
  for (let first = 0; first < items; first += most) {
    workspace.top = top;
    const count = Math.min(most, items - first);
    const numbers = (data: Float32Array, count: number) => (data.length / items) * count;
    const sources = inputs.map((data) => workspace.part(data, numbers(data, first), numbers(data, count)));
    const targets = outputs.map((data) => data.subarray(numbers(data, first), numbers(data, first + count)));
    const addresses = targets.map((data) => workspace.output(data));
    run(first, count, ...sources, ...addresses);
    targets.forEach((data, i) => {
      workspace.finish(data, addresses[i]);
    });
  }
}
