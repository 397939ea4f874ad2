import { checkInteger } from '../../tensor/check.ts';
import { type Integers, IntTensor, toIntegers, toIntTensor } from '../../tensor/intTensor.ts';
import { giveBack, takeDoubles, takeIntegers } from '../../tensor/memory.ts';
import { allocate, allocateZeros } from '../../tensor/precision.ts';
import {
  checkShape,
  coordinatesOf,
  resolveAxis,
  type Shape,
  ShapeError,
  sameShape,
  sizeOf,
  stridesOf,
} from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { record } from '../tape.ts';
import { slice } from './rearrange.ts';

/** Along which axis an index counts. */
export interface IndexOptions {
  /** Negative ones count from the end. Default 0. */
  readonly axis?: number | undefined;
}

/**
 * Entries of one axis by index, in the order of `indices`; an index may occur several times.
 *
 * Shapes: x `[...A, L, ...B]`, `indices` [K] -> `[...A, K, ...B]`; default axis 0, the rows.
 * Gradient: g added to the entries it came from.
 * Throws: RangeError for an index outside `0 .. L - 1`.
 *
 * @example take(tensor([[1, 2], [3, 4]]), [1, 1, 0]).toArray() // [[3, 4], [3, 4], [1, 2]]
 */
export function take(x: Tensor, indices: Integers, { axis = 0 }: IndexOptions = {}): Tensor {
  const along = resolveAxis('take', axis, x.shape);
  const length = x.shape[along];
  const index = toIntegers('take', 'indices', indices);
  const shape = x.shape.with(along, index.length);
  checkShape('take', shape);
  for (let i = 0; i < index.length; i++) {
    if (index[i] < 0 || index[i] >= length) throw outside('take', `indices[${i}]`, index[i], x.shape, along);
  }
  const inner = sizeOf(x.shape.slice(along + 1));
  const outer = sizeOf(x.shape.slice(0, along));
  const positions = takeIntegers(outer * index.length);
  for (let o = 0, p = 0; o < outer; o++) for (const value of index) positions[p++] = o * length + value;
  return gatherBlocks(x, positions, shape, inner);
}

/**
 * One entry of x for each of `index`, which counts along one axis; on the others an entry keeps its place.
 *
 * Shapes: x `[...A, L, ...B]`, `index` of the same rank, its other axes at most as long -> the shape of `index`.
 * Formula: `y[i, j, k] = x[i, index[i, j, k], k]` for axis 1 of three.
 * Gradient: g added to the entries it came from.
 * Throws: RangeError for an index outside `0 .. L - 1`; TypeError for an index that is no IntTensor.
 *
 * @example gather(tensor([[1, 2], [3, 4]]), intTensor(Int32Array.of(1, 0), [2, 1]), { axis: 1 }).toArray() // [[2], [3]]
 */
export function gather(x: Tensor, index: IntTensor, { axis = 0 }: IndexOptions = {}): Tensor {
  return gatherBlocks(x, positionsOf('gather', x.shape, index, axis), index.shape, 1);
}

/**
 * x with the entries of `source` added where `index` says, which counts along one axis; the transpose of `gather`.
 * Sums are taken in double precision.
 *
 * Shapes: x `[...S]`; `index` and `source` of the same rank, `index` at most as long as x on the other axes, and as
 * `source` on all; what `source` has beyond is left out -> `[...S]`.
 * Formula: `y[i, index[i, j, k], k] += source[i, j, k]` for axis 1 of three.
 * Gradient: g for x, `gather(g, index)` for `source`.
 * Throws: RangeError for an index outside the axis; TypeError for an index that is no IntTensor.
 *
 * @example scatterAdd(zeros([3]), intTensor(Int32Array.of(2, 0, 2), [3]), tensor([1, 2, 3])).toArray() // [2, 0, 4]
 */
export function scatterAdd(x: Tensor, index: IntTensor, source: Tensor, { axis = 0 }: IndexOptions = {}): Tensor {
  const positions = positionsOf('scatterAdd', x.shape, index, axis);
  if (source.shape.length !== index.shape.length || index.shape.some((length, i) => length > source.shape[i])) {
    throw new ShapeError(
      'scatterAdd',
      'source has no entry for every index',
      [index.shape, source.shape],
      'Each axis of source must be at least as long as that of index.',
    );
  }
  const added = sameShape(source.shape, index.shape)
    ? source
    : slice(
        source,
        index.shape.map((length) => [0, length]),
      );
  const sums = takeDoubles(x.size);
  sums.set(x.data);
  for (let i = 0; i < positions.length; i++) sums[positions[i]] += added.data[i];
  const out = allocate([x, source], x.shape);
  out.set(sums);
  giveBack(sums);
  return record('scatterAdd', out, x.shape, [
    [x, (g) => g],
    [added, (g) => gatherBlocks(g, positions, index.shape, 1)],
  ]);
}

/**
 * A row of zeros for each index, with a 1 in the place of that class.
 *
 * Shapes: `[...S] -> [...S, classes]`. No gradient.
 * Throws: RangeError for an index outside `0 .. classes - 1`.
 *
 * @example oneHot([0, 2], 3).toArray() // [[1, 0, 0], [0, 0, 1]]
 */
export function oneHot(indices: Integers, classes: number): Tensor {
  checkInteger('oneHot', 'classes', classes, 1);
  const { data, shape: from } = toIntTensor('oneHot', 'indices', indices);
  const shape = [...from, classes];
  checkShape('oneHot', shape);
  const out = allocateZeros([], shape);
  for (let i = 0; i < data.length; i++) {
    if (data[i] < 0 || data[i] >= classes) {
      throw new RangeError(
        `oneHot: indices[${coordinatesOf(i, from).join(', ')}] is ${data[i]}, outside the ${classes} classes. Use 0 to ${classes - 1}, or more classes.`,
      );
    }
    out[i * classes + data[i]] = 1;
  }
  return new Tensor(out, shape);
}

/** For each index the position in x of the entry that it names. */
function positionsOf(op: string, shape: Shape, index: IntTensor, axis: number): Int32Array {
  if (!(index instanceof IntTensor))
    throw new TypeError(`${op}: index must be an IntTensor. Make one with intTensor(Int32Array.from(values), shape).`);
  const along = resolveAxis(op, axis, shape);
  if (index.shape.length !== shape.length || index.shape.some((length, i) => i !== along && length > shape[i])) {
    throw new ShapeError(
      op,
      `index does not fit x along axis ${along}`,
      [shape, index.shape],
      'It needs as many axes, each but that one at most as long as that of x.',
    );
  }
  const steps = stridesOf(shape);
  const step = steps[along];
  steps[along] = 0;
  const counts = new Array<number>(shape.length).fill(0);
  const positions = takeIntegers(index.size);
  for (let i = 0, base = 0; i < positions.length; i++) {
    const value = index.data[i];
    if (value < 0 || value >= shape[along])
      throw outside(op, `index[${coordinatesOf(i, index.shape).join(', ')}]`, value, shape, along);
    positions[i] = base + value * step;
    for (let a = shape.length - 1; a >= 0; a--) {
      base += steps[a];
      if (++counts[a] < index.shape[a]) break;
      base -= steps[a] * counts[a];
      counts[a] = 0;
    }
  }
  return positions;
}

function outside(op: string, what: string, value: number, shape: Shape, along: number): RangeError {
  const length = shape[along];
  const remedy = length === 0 ? 'An empty axis has no entries.' : `Use 0 to ${length - 1}.`;
  return new RangeError(`${op}: ${what} is ${value}, outside axis ${along} of length ${length}. ${remedy}`);
}

/** Blocks of `inner` elements by position, recorded under the name of the op that found the positions. */
export function gatherBlocks(
  x: Tensor,
  positions: Int32Array,
  shape: Shape,
  inner: number,
  name = 'gatherBlocks',
): Tensor {
  const out = allocate([x], shape);
  const { data } = x;
  for (let p = 0, o = 0; p < positions.length; p++) {
    for (let s = positions[p] * inner, end = s + inner; s < end; s++, o++) out[o] = data[s];
  }
  return record(name, out, shape, [[x, (g) => scatterBlocks(g, positions, x.shape, inner)]]);
}

/** The transpose of `gatherBlocks`: blocks added to their positions in zeros, in order. */
export function scatterBlocks(x: Tensor, positions: Int32Array, shape: Shape, inner: number): Tensor {
  const out = allocateZeros([x], shape);
  const { data } = x;
  for (let p = 0, i = 0; p < positions.length; p++) {
    for (let o = positions[p] * inner, end = o + inner; o < end; o++, i++) out[o] += data[i];
  }
  return record('scatterBlocks', out, shape, [[x, (g) => gatherBlocks(g, positions, x.shape, inner)]]);
}
