import { take } from '../autograd/ops/indexed.ts';
import { reshape } from '../autograd/ops/rearrange.ts';
import { stopRows } from '../autograd/ops/rowMask.ts';
import { type Parameter, parameter } from '../autograd/parameter.ts';
import { type Integers, type IntTensor, toIntTensor } from '../tensor/intTensor.ts';
import type { Random } from '../tensor/random.ts';
import { coordinatesOf } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { type Input, Module } from './module.ts';
import { checkRandom, checkSizes } from './weights.ts';

/** Options of Embedding. */
export interface EmbeddingOptions {
  /** Where the first values are drawn from. */
  readonly random: Random;
  /** The id of what stands for nothing: its row begins as zeros and gets no gradient. Default none. */
  readonly paddingIndex?: number | undefined;
}

/**
 * A table of vectors, looked up by integer: words, characters, categories.
 *
 * Shapes: integers `[...S] -> [...S, width]`; weight `[count, width]`, normal with variance 1 at first, as in PyTorch.
 * Gradient: g added to the rows it came from, all but the padding's.
 * Throws: RangeError, with its place, for an id outside `0 .. count - 1`; TypeError for a float Tensor.
 *
 * @example new Embedding(10, 4, { random: createRandom(1) }).forward(intTensor(Int32Array.of(1, 5, 9), [1, 3])).shape // [1, 3, 4]
 */
export class Embedding extends Module {
  readonly weight: Parameter;
  readonly paddingIndex: number | undefined;

  constructor(count: number, width: number, { random, paddingIndex }: EmbeddingOptions) {
    super();
    checkSizes('Embedding', { count, width });
    checkRandom('Embedding', random);
    if (paddingIndex !== undefined && !(Number.isInteger(paddingIndex) && paddingIndex >= 0 && paddingIndex < count))
      throw new RangeError(`Embedding: paddingIndex must be an id from 0 to ${count - 1}; got ${paddingIndex}.`);
    const table = random.fillNormal(new Float32Array(count * width), 0, 1);
    if (paddingIndex !== undefined) table.fill(0, paddingIndex * width, (paddingIndex + 1) * width);
    this.weight = parameter(new Tensor(table, [count, width]));
    this.paddingIndex = paddingIndex;
  }

  forward(ids: Input | Integers): Tensor {
    if (ids instanceof Tensor) {
      throw new TypeError(
        'Embedding: ids must be integers; a float Tensor cannot hold ids above 2^24 exactly. Use intTensor(Int32Array.from(values), shape).',
      );
    }
    const index = toIntTensor('Embedding', 'ids', ids);
    const [count, width] = this.weight.shape;
    checkIds(index, count);
    const rows = take(this.weight, index.data);
    const padding = this.paddingIndex;
    const trained =
      padding === undefined
        ? rows
        : stopRows(
            rows,
            Uint8Array.from(index.data, (id) => (id === padding ? 1 : 0)),
          );
    return reshape(trained, [...index.shape, width]);
  }
}

function checkIds({ data, shape }: IntTensor, count: number): void {
  const wrong = data.findIndex((id) => id < 0 || id >= count);
  if (wrong < 0) return;
  throw new RangeError(
    `Embedding: ids[${coordinatesOf(wrong, shape).join(', ')}] is ${data[wrong]}; the table has ${count} rows. Use 0 to ${count - 1}.`,
  );
}
