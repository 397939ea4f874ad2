import { allocate, allocateZeros } from '../../tensor/precision.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { record } from '../tape.ts';

/** `out[o] = x[positions[o]]`, no position twice: what an op chose of x. */
export function pick(x: Tensor, positions: Int32Array, shape: Shape): Tensor {
  const out = allocate([x], shape);
  const { data } = x;
  for (let o = 0; o < out.length; o++) out[o] = data[positions[o]];
  return record('pick', out, shape, [[x, (g) => place(g, positions, x.shape)]]);
}

/** The transpose of `pick`: g at its positions in zeros. */
function place(g: Tensor, positions: Int32Array, shape: Shape): Tensor {
  const out = allocateZeros([g], shape);
  const { data } = g;
  for (let i = 0; i < data.length; i++) out[positions[i]] = data[i];
  return record('place', out, shape, [[g, (h) => pick(h, positions, g.shape)]]);
}
