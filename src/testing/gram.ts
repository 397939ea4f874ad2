import { toUnit } from './spaces.ts';

/*
 * Rows whose distances are as asked for. Which distances there can be is a question of the metric: Euclidean ones come
 * from a matrix of products that is positive definite, city-block ones from a sum of cuts, chessboard ones from anything
 * that keeps the triangle inequality.
 */

/** Rows of numbers. */
export type Matrix = readonly (readonly number[])[];

/**
 * Rows whose products with one another are those of `gram`: its lower triangular factor.
 *
 * Cost: `N^3 / 3`. Source: Cholesky; Golub and Van Loan, Matrix Computations, section 4.2.
 * Throws: RangeError where the matrix is not positive definite: no rows have these products.
 */
export function cholesky(gram: Matrix): number[][] {
  const rows: number[][] = gram.map((row) => row.map(() => 0));
  for (let i = 0; i < gram.length; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = gram[i][j];
      for (let k = 0; k < j; k++) rest -= rows[i][k] * rows[j][k];
      if (i === j && !(rest > 0)) throw new RangeError(`cholesky: no rows have these products; row ${i} is too near.`);
      rows[i][j] = i === j ? Math.sqrt(rest) : rest / rows[j][j];
    }
  }
  return rows;
}

/**
 * Cosines of rows that are in general position: those of `rows`, drawn together by `share` towards right angles. Each of
 * them can be raised by anything below `share`, one at a time, and still be a cosine of rows: the least eigenvalue is at
 * least `share`, and a raise of one entry (and its mirror) lowers it by no more than that.
 */
export function looseCosines(rows: Matrix, share: number): number[][] {
  const units = rows.map(toUnit);
  return units.map((a, i) =>
    units.map((b, j) => (i === j ? 1 : (1 - share) * a.reduce((sum, v, k) => sum + v * b[k], 0))),
  );
}

/** A symmetric matrix with `amount` added to one entry and its mirror. */
export function raised(matrix: Matrix, i: number, j: number, amount: number): number[][] {
  return matrix.map((row, r) => row.map((v, c) => ((r === i && c === j) || (r === j && c === i) ? v + amount : v)));
}
