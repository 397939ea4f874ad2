import { concat } from '../autograd/ops/joining.ts';
import { slice } from '../autograd/ops/rearrange.ts';
import type { Input } from '../nn/module.ts';
import { IntTensor } from '../tensor/intTensor.ts';
import { sameShape, sizeOf } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/** Inputs of one kind and shape, one batch after the other; undefined where they cannot be one batch. */
export function joinInputs(a: Input, b: Input): Input | undefined {
  if (!sameShape(a.shape, b.shape)) return undefined;
  if (a instanceof Tensor && b instanceof Tensor) return concat([a, b]);
  if (!(a instanceof IntTensor && b instanceof IntTensor)) return undefined;
  const data = new Int32Array(a.size + b.size);
  data.set(a.data);
  data.set(b.data, a.size);
  return new IntTensor(data, [2 * a.shape[0], ...a.shape.slice(1)]);
}

/** The inputs `start` to `end - 1` of a batch. */
export function someInputs(x: Input, start: number, end: number): Input {
  if (x instanceof Tensor) return slice(x, [[start, end]]);
  const [, ...sample] = x.shape;
  const size = sizeOf(sample);
  return new IntTensor(x.data.subarray(start * size, end * size), [end - start, ...sample]);
}
