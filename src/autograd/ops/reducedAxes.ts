import { resolveAxes, type Shape, ShapeError, sizeOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { reshape, transpose } from './rearrange.ts';

/** Which axes a reduction removes. */
export interface ReductionOptions {
  /** An axis or several, negative ones count from the end. Default: all. */
  readonly axis?: number | readonly number[] | undefined;
  /** Keeps reduced axes with length 1. Default false. */
  readonly keepDims?: boolean | undefined;
}

/** The shapes of a reduction. */
export interface ReducedShapes {
  /** With reduced axes of length 1. */
  readonly kept: Shape;
  /** The one to return. */
  readonly final: Shape;
  /** The numbers that one result is made of. */
  readonly terms: number;
}

export function reducedShapes(op: string, shape: Shape, { axis, keepDims = false }: ReductionOptions): ReducedShapes {
  const reduced = new Set(axis === undefined ? shape.keys() : resolveAxes(op, axis, shape));
  const kept = shape.map((length, i) => (reduced.has(i) ? 1 : length));
  return {
    kept,
    final: keepDims ? kept : shape.filter((_, i) => !reduced.has(i)),
    terms: sizeOf(shape.filter((_, i) => reduced.has(i))),
  };
}

/** What a reduction works on. */
export interface ReducedRows {
  /** x as a matrix: a row for each result, in which the numbers it is made of stand in the order of x. */
  readonly rows: Tensor;
  /** The lengths of that matrix. */
  readonly count: number;
  readonly width: number;
  /** The shape to return. */
  readonly final: Shape;
}

export function reducedRows(op: string, x: Tensor, options: ReductionOptions): ReducedRows {
  const { kept, final, terms: width } = reducedShapes(op, x.shape, options);
  const count = sizeOf(kept);
  const axes = x.shape.map((_, axis) => axis);
  // An axis of length 1 may stand anywhere.
  const isReduced = (axis: number) => kept[axis] !== x.shape[axis];
  const order = [...axes.filter((axis) => !isReduced(axis)), ...axes.filter(isReduced)];
  const long = order.filter((axis) => x.shape[axis] !== 1);
  const sorted = long.every((axis, i) => i === 0 || axis > long[i - 1]);
  return { rows: reshape(sorted ? x : transpose(x, order), [count, width]), count, width, final };
}

/** The same for a reduction that has no value for no numbers; `what` names it. */
export function reducedRowsOfSome(op: string, what: string, x: Tensor, options: ReductionOptions): ReducedRows {
  const reduced = reducedRows(op, x, options);
  if (reduced.width === 0 && reduced.count > 0)
    throw new ShapeError(op, `${what} of no elements is undefined`, [x.shape], 'Check for an empty batch first.');
  return reduced;
}
