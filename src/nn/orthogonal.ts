import type { Random } from '../tensor/random.ts';
import { type Shape, ShapeError, sizeOf } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/** Options of `orthogonal`. */
export interface OrthogonalOptions {
  readonly random: Random;
  /** Length of the rows or columns. Default 1. */
  readonly gain?: number | undefined;
}

/**
 * A random matrix whose rows, or columns where there are more rows, are orthogonal to one another and of length `gain`:
 * keeps lengths through many layers, and through the steps of recurrent ones.
 *
 * Shapes: weight `[out, in, ...kernel]`, taken as a matrix `[out, in * kernel]`. Uniform over all such matrices.
 * Formula: the Q of a QR decomposition of a normal matrix, with R positive on its diagonal.
 * Cost: `4 * larger * smaller^2` operations. Source: Saxe, McClelland, Ganguli 2014; Mezzadri 2007 for the signs.
 *
 * @example
 * const w = orthogonal([2, 2], { random: createRandom(1) });
 * Math.abs(w.data[0] * w.data[2] + w.data[1] * w.data[3]) < 1e-6 // true
 */
export function orthogonal(shape: Shape, { random, gain = 1 }: OrthogonalOptions): Tensor {
  if (shape.length < 2 || sizeOf(shape) === 0) {
    throw new ShapeError(
      'orthogonal',
      'a weight must be [out, in, ...kernel] without empty axes',
      [shape],
      'Use zeros() or full() for biases.',
    );
  }
  if (!Number.isFinite(gain)) throw new RangeError(`orthogonal: gain must be a finite number; got ${gain}.`);
  const [rows] = shape;
  const columns = sizeOf(shape) / rows;
  const drawn = random.fillNormal(new Float32Array(rows * columns), 0, 1);
  const wide = rows <= columns;
  // Vectors to orthogonalize: rows, or columns where there are fewer of them.
  const [vectorStep, entryStep] = wide ? [columns, 1] : [1, columns];
  const [count, length] = wide ? [rows, columns] : [columns, rows];
  const vectors = Array.from({ length: count }, (_, i) =>
    Float64Array.from({ length }, (__, j) => drawn[i * vectorStep + j * entryStep]),
  );
  vectors.forEach((vector, i) => {
    // Twice: what the first pass leaves of the others is a rounding error of the vector before it (Kahan, Parlett 1980).
    for (let pass = 0; pass < 2; pass++) {
      for (const other of vectors.slice(0, i)) addScaled(vector, other, -dot(vector, other));
    }
    const scale = 1 / Math.sqrt(dot(vector, vector));
    for (let j = 0; j < length; j++) vector[j] *= scale;
  });
  const out = new Float32Array(rows * columns);
  vectors.forEach((vector, i) => {
    for (let j = 0; j < length; j++) out[i * vectorStep + j * entryStep] = gain * vector[j];
  });
  return new Tensor(out, shape);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function addScaled(a: Float64Array, b: Float64Array, factor: number): void {
  for (let i = 0; i < a.length; i++) a[i] += factor * b[i];
}
