import { relu } from '../autograd/ops/activations.ts';
import { add, mul, sub } from '../autograd/ops/arithmetic.ts';
import { take } from '../autograd/ops/indexed.ts';
import { reshape } from '../autograd/ops/rearrange.ts';
import { where } from '../autograd/ops/selection.ts';
import { checkAboveZero } from '../tensor/check.ts';
import type { Integers } from '../tensor/intTensor.ts';
import { ShapeError } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { type BatchDistanceOptions, batchDistances } from './batchDistances.ts';
import { type Reduction, reduce } from './reduction.ts';

/** Options of `marginLoss`. */
export interface MarginLossOptions extends BatchDistanceOptions {
  /** How far a distance must lie from the boundary. Default 0.2. */
  readonly margin?: number | undefined;
  /**
   * The boundary: a distance, or a Tensor of one value, or of one for each class (by its label, 0 to C - 1; that of the
   * row which a pair is seen from). A parameter, held by a module of the optimizer, is trained too. Default 1.2.
   */
  readonly beta?: number | Tensor | undefined;
  /** Over all pairs, positives and negatives together; 'none' gives the cost of rows i and j at `[i, j]`. Default 'mean'. */
  readonly reduction?: Reduction | undefined;
}

/**
 * Margin loss of a labelled batch, over all its pairs: positives must be nearer than a boundary, negatives farther, by
 * a margin.
 *
 * Shapes: embeddings `[N, D]`, labels N integers, beta `[]`, `[1]` or `[C]` -> scalar (`[N, N]` with reduction 'none').
 * A pair counts from either of its rows, a row with itself not. A batch without pairs gives 0 with a live graph.
 * Formula: `[m + y (d - beta)]+`, y = 1 for a positive pair, -1 for a negative one, d the Euclidean distance of the rows
 * brought to length 1.
 * Gradient: of d, y where a pair costs something, else 0 (0 at the hinge and between identical rows); of beta, -y.
 * The paper's penalty `nu * beta`, which moves the boundary of its trained beta, is the caller's to add.
 * Cost: `3 N^2 D` operations, `N^2` memory.
 * Source: Wu, Manmatha, Smola, Kraehenbuehl 2017 (Sampling Matters), section 4.2. Their code divides by the number of
 * pairs that cost something, as 'meanNonZero' does, and draws negatives weighted by distance: here all pairs count, once
 * from either row. pytorch-metric-learning counts them as often as they are in a triplet.
 * Throws: ShapeError unless embeddings are `[N, D]` with N labels and beta is one value or `[C]`; RangeError for a label
 * without a beta, and for a margin that is not positive or, with a beta that is a number, out of reach of negatives.
 *
 * @example marginLoss(tensor([[1, 0], [0, 1], [0, 2]]), [0, 0, 1], { beta: 1 }).item() // 0.60473785
 */
export function marginLoss(embeddings: Tensor, labels: Integers, options: MarginLossOptions = {}): Tensor {
  const { margin = 0.2, beta = 1.2, reduction = 'mean', ...measure } = options;
  const { classes, relations, distances, bound, positives, negatives } = batchDistances(
    'marginLoss',
    embeddings,
    labels,
    measure,
  );
  checkAboveZero('marginLoss', 'margin', margin);
  const beyond = sub(distances, typeof beta === 'number' ? checkBeta(beta, margin, bound) : betaOfRows(beta, classes));
  const signs = sub(relations.same, relations.different);
  const isPair = add(relations.same, relations.different);
  const costs = where(isPair, relu(add(mul(signs, beyond), margin)), 0);
  return reduce('marginLoss', costs, reduction, Math.max(1, positives + negatives));
}

/** Only a number is checked: one that is trained goes its own way. */
function checkBeta(beta: number, margin: number, bound: number): number {
  checkAboveZero('marginLoss', 'beta', beta);
  if (beta + margin > bound) {
    throw new RangeError(
      `marginLoss: beta ${beta} and margin ${margin} can never be satisfied by a distance of at most ${bound}. Use a sum below ${bound}.`,
    );
  }
  return beta;
}

/** One value for all rows, or a column of one for each. */
function betaOfRows(beta: Tensor, classes: Int32Array): Tensor {
  if (!(beta instanceof Tensor))
    throw new TypeError('marginLoss: beta must be a number or a Tensor. Use parameter(tensor([1.2])) to train it.');
  if (beta.shape.length > 1 || beta.size === 0)
    throw new ShapeError('marginLoss', 'beta must be one value or [C]', [beta.shape], 'Pass one value for each class.');
  if (beta.size === 1) return beta;
  const row = classes.findIndex((label) => label < 0 || label >= beta.size);
  if (row >= 0) {
    throw new RangeError(
      `marginLoss: labels[${row}] is ${classes[row]}, but beta has ${beta.size} values. Pass one for each class 0 to C - 1, or one for all.`,
    );
  }
  return reshape(take(beta, classes), [classes.length, 1]);
}
