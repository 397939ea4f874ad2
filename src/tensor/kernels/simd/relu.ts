import type { Kernels } from '../kernels.ts';
import * as portable from '../portable/relu.ts';
import type { GetMachine } from './machine.ts';
import { eachPart, orPortable } from './parts.ts';

/** Below this many numbers the call costs more than it saves. */
const LEAST = 256;

/** Relu and its gate on vectors. The portable kernels have the same bits. */
export function createRelu(getMachine: GetMachine): Required<Pick<Kernels, 'relu' | 'gate'>> {
  const suits = ([x]: readonly Float32Array[]) => x.length >= LEAST;
  return {
    relu: orPortable(getMachine, suits, portable.relu, ({ workspace, run }, x, out) =>
      eachPart(workspace, x.length, [x], [out], (_, count, ...addresses) => run.relu(count, ...addresses)),
    ),
    gate: orPortable(getMachine, suits, portable.gate, ({ workspace, run }, g, y, out) =>
      eachPart(workspace, g.length, [g, y], [out], (_, count, ...addresses) => run.gate(count, ...addresses)),
    ),
  };
}
