import { exp, log } from '../tensor/math.ts';

/*
 * How many directions rows of numbers use, from the eigenvalues of a symmetric matrix: brought to three diagonals by
 * reflections, then each eigenvalue found by halving. Slower than the best methods by a small factor, short, and it
 * cannot fail to converge.
 */

/** A symmetric matrix, row by row; only its lower triangle is read. */
export interface Symmetric {
  readonly data: Float64Array;
  readonly size: number;
}

/**
 * The eigenvalues of a symmetric matrix, the least first, to about 1e-15 of the largest one. The matrix is overwritten.
 *
 * Cost: `4/3 n^3` operations.
 * Source: Golub and Van Loan, Matrix Computations, sections 8.3.1 (reflections) and 8.4.1 (halving).
 */
export function eigenvalues(matrix: Symmetric): Float64Array {
  const { diagonal, beside } = threeDiagonals(matrix);
  // Every eigenvalue lies within the sum of the entries of some row (Gershgorin).
  let reach = 0;
  for (let i = 0; i < matrix.size; i++) {
    const row = Math.abs(diagonal[i]) + Math.abs(beside[i]) + (i > 0 ? Math.abs(beside[i - 1]) : 0);
    reach = Math.max(reach, row);
  }
  return Float64Array.from({ length: matrix.size }, (_, k) => {
    let [low, high] = [-reach, reach];
    for (let step = 0; step < HALVINGS; step++) {
      const middle = (low + high) / 2;
      if (countBelow(diagonal, beside, middle) > k) high = middle;
      else low = middle;
    }
    return (low + high) / 2;
  });
}

/** More than a double has digits. */
const HALVINGS = 56;

/**
 * The matrix by Householder reflections: `beside[i]` stands between entries i and i + 1 of the diagonal, and the last one
 * is 0.
 */
function threeDiagonals({ data, size }: Symmetric): { diagonal: Float64Array; beside: Float64Array } {
  const diagonal = new Float64Array(size);
  const beside = new Float64Array(size);
  const v = new Float64Array(size);
  const w = new Float64Array(size);
  for (let k = 0; k < size; k++) {
    diagonal[k] = data[k * size + k];
    if (k + 1 === size) break;
    // v reflects the rest of column k onto its first entry; the sign avoids a difference of like numbers.
    let squares = 0;
    for (let i = k + 1; i < size; i++) {
      v[i] = data[i * size + k];
      squares += v[i] * v[i];
    }
    const length = v[k + 1] > 0 ? -Math.sqrt(squares) : Math.sqrt(squares);
    beside[k] = length;
    if (length === 0) continue;
    v[k + 1] -= length;
    const scale = -1 / (length * v[k + 1]);
    // The rest becomes A - v w^T - w v^T, with w = p - (scale / 2)(p . v) v and p = scale A v.
    w.fill(0, k + 1);
    for (let i = k + 1; i < size; i++) {
      let along = data[i * size + i] * v[i];
      for (let j = k + 1, at = i * size + j; j < i; j++, at++) {
        along += data[at] * v[j];
        w[j] += data[at] * v[i];
      }
      w[i] += along;
    }
    let product = 0;
    for (let i = k + 1; i < size; i++) {
      w[i] *= scale;
      product += w[i] * v[i];
    }
    for (let i = k + 1; i < size; i++) w[i] -= (scale / 2) * product * v[i];
    for (let i = k + 1; i < size; i++) {
      for (let j = k + 1, at = i * size + j; j <= i; j++, at++) data[at] -= v[i] * w[j] + w[i] * v[j];
    }
  }
  return { diagonal, beside };
}

/** How many eigenvalues lie below x: the negative pivots of the matrix less x on its diagonal (Sylvester). */
function countBelow(diagonal: Float64Array, beside: Float64Array, x: number): number {
  let count = 0;
  let pivot = 1;
  for (let i = 0; i < diagonal.length; i++) {
    const above = i === 0 ? 0 : beside[i - 1];
    pivot = diagonal[i] - x - (above === 0 ? 0 : (above * above) / pivot);
    // A pivot of 0 is taken for one next to it, so that the next one is not infinite.
    if (pivot === 0) pivot = -Number.MIN_VALUE * 2 ** 100;
    if (pivot < 0) count++;
  }
  return count;
}

/** What float32 rounds, of the largest singular value: smaller ones are noise. */
const NOISE = 2 ** -24;

/**
 * The exponential of the entropy of the singular values as shares of their sum, from their squares: 1 where one direction
 * has all, n where n have the same. 0 where all are 0.
 *
 * Source: Roy and Vetterli 2007, definition 1.
 */
export function effectiveRank(squares: Float64Array): number {
  const largest = squares.reduce((most, v) => Math.max(most, v), 0);
  const values = squares.map((v) => (v > NOISE * NOISE * largest ? Math.sqrt(v) : 0));
  const total = values.reduce((sum, v) => sum + v, 0);
  if (total === 0) return 0;
  const entropy = values.reduce((sum, v) => (v === 0 ? sum : sum - (v / total) * log(v / total)), 0);
  return exp(entropy);
}
