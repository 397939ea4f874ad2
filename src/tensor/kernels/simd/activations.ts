import type { Kernels } from '../kernels.ts';
import * as portable from '../portable/curves.ts';
import type { GetMachine } from './machine.ts';
import { eachPart, orPortable } from './parts.ts';

type Curve = (x: Float32Array, out: Float32Array) => void;
type Slope = (x: Float32Array, y: Float32Array, g: Float32Array, out: Float32Array) => void;

/** Smooth activations on vectors, however few numbers there are, since the portable kernels have other bits. */
export function createActivations(
  getMachine: GetMachine,
): Required<Pick<Kernels, 'sigmoid' | 'tanh' | 'silu' | 'siluGradient' | 'gelu' | 'geluGradient'>> {
  const suits = ([{ length }]: readonly Float32Array[]) => length > 0;
  const curve = (name: string, otherwise: Curve): Curve =>
    orPortable(getMachine, suits, otherwise, ({ workspace, run }, x, out) =>
      eachPart(workspace, x.length, [x], [out], (_, count, ...addresses) => run[name](count, ...addresses)),
    );
  const slope = (name: string, otherwise: Slope): Slope =>
    orPortable(getMachine, suits, otherwise, ({ workspace, run }, x, _y, g, out) =>
      eachPart(workspace, x.length, [x, g], [out], (_, count, ...addresses) => run[name](count, ...addresses)),
    );
  return {
    sigmoid: curve('sigmoid', portable.sigmoid),
    tanh: curve('tanh', portable.tanh),
    silu: curve('silu', portable.silu),
    siluGradient: slope('siluGradient', portable.siluGradient),
    gelu: curve('gelu', portable.gelu),
    geluGradient: slope('geluGradient', portable.geluGradient),
  };
}
