import type { Kernels, Pool2dSpec } from '../kernels.ts';
import * as portable from '../portable/maxPool2d.ts';
import type { GetMachine } from './machine.ts';
import { eachPart, MOST_STAGED, orPortable } from './parts.ts';
import { WINDOWS } from './pooling.ts';

/** Max pooling on vectors, of windows of 2 x 2 side by side. The portable kernels have the same bits. */
export function createMaxPool2d(getMachine: GetMachine): Required<Pick<Kernels, 'maxPool2d' | 'maxPool2dGradient'>> {
  const suits = (spec: Pool2dSpec) =>
    portable.isHalving(spec) && spec.outWidth >= WINDOWS && 2 * spec.height * spec.width < MOST_STAGED;
  return {
    maxPool2d: orPortable(
      getMachine,
      ([, , , spec]) => suits(spec),
      portable.maxPool2d,
      ({ workspace, run }, x, out, chosen, { planes, height, width }) =>
        eachPart(workspace, planes, [x], [out, floatsOf(chosen)], (first, count, ...addresses) =>
          run.maxPool(first * height * width, count, height, width, ...addresses),
        ),
    ),
    maxPool2dGradient: orPortable(
      getMachine,
      ([, , , spec]) => suits(spec),
      (g: Float32Array, chosen: Int32Array, out: Float32Array, _spec: Pool2dSpec) =>
        portable.maxPool2dGradient(g, chosen, out),
      ({ workspace, run }, g, chosen, out, { planes, height, width }) =>
        eachPart(workspace, planes, [g, floatsOf(chosen)], [out], (first, count, from, positions, to) =>
          run.maxPoolGradient(first * height * width, count, height, width, to, from, positions),
        ),
    ),
  };
}

/** The same bits as floats, which copying leaves as they are. */
function floatsOf(integers: Int32Array): Float32Array {
  return new Float32Array(integers.buffer, integers.byteOffset, integers.length);
}
