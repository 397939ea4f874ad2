import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { record } from '../tape.ts';
import { readStrided, writeStrided } from './strided.ts';

/** The elements of x that a walk with strides meets, each at most once: a part, a diagonal, an axis reversed. */
export function readPlaces(x: Tensor, shape: Shape, start: number, strides: readonly number[]): Tensor {
  return record('readPlaces', readStrided(x, shape, start, strides), shape, [
    [x, (g) => writePlaces(g, x.shape, start, strides)],
  ]);
}

/** The transpose of `readPlaces`: x where the walk goes, and `elsewhere` at the other places of `shape`. */
export function writePlaces(x: Tensor, shape: Shape, start: number, strides: readonly number[], elsewhere = 0): Tensor {
  return record('writePlaces', writeStrided(x, shape, start, strides, elsewhere), shape, [
    [x, (g) => readPlaces(g, x.shape, start, strides)],
  ]);
}
