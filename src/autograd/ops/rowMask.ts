import { allocate } from '../../tensor/precision.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { record } from '../tape.ts';

/** Rows of the last axis, with zeros for those that have a 1: what stands there, NaN even, must not matter. */
export function clearRows(x: Tensor, cleared: Uint8Array): Tensor {
  const out = allocate([x], x.shape);
  const width = x.shape[x.shape.length - 1];
  out.set(x.data);
  cleared.forEach((flag, row) => {
    if (flag === 1) out.fill(0, row * width, (row + 1) * width);
  });
  return record('clearRows', out, x.shape, [[x, (g) => clearRows(g, cleared)]]);
}

/** x itself, but no gradient goes through the rows of the last axis that have a 1. */
export function stopRows(x: Tensor, stopped: Uint8Array): Tensor {
  return record('stopRows', x.data, x.shape, [[x, (g) => clearRows(g, stopped)]]);
}
