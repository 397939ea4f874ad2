import { type Shape, stridesOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { mul } from './arithmetic.ts';
import { readPlaces } from './places.ts';
import { matmul } from './products.ts';
import { reshape, transpose } from './rearrange.ts';
import { sum } from './reductions.ts';
import { resolveSubscripts, type Subscripts } from './subscripts.ts';

/**
 * Einstein's summation: products of tensors whose axes have letters, summed over the letters that the result lacks.
 *
 * `'ij,jk->ik'` is a matrix product, `'ii->i'` a diagonal, `'ij->'` a sum. Without `->` the result has the letters that
 * occur once, in alphabetical order, capitals first. `...` stands for any further axes of a term, which broadcast; the
 * result has them first where it has no arrow, and sums over them where its term lacks them. Spaces do not matter.
 *
 * Shapes: axes of one letter have equal lengths, or 1, which is repeated; so in the result.
 * Gradient: that of the products and sums it is made of.
 * Cost: operands are multiplied from left to right, two at a time, as batches of matrices: `2 M K N` operations an item,
 * where K is the product of the lengths summed, M and N are those of one operand alone.
 * Throws: RangeError for an equation that cannot be read; ShapeError where it does not fit the operands.
 *
 * @example einsum('ij,jk->ik', tensor([[1, 2], [3, 4]]), tensor([[5], [6]])).toArray() // [[17], [39]]
 * @example einsum('ii', tensor([[1, 2], [3, 4]])).item() // 5
 */
export function einsum(equation: string, ...xs: readonly Tensor[]): Tensor {
  const subscripts = resolveSubscripts(
    equation,
    xs.map((x) => x.shape),
  );
  const [first, ...rest] = xs.map((x, i) => labelled(x, subscripts.terms[i], subscripts.lengths));
  let left = first;
  for (const [i, right] of rest.entries()) {
    const later = new Set([...subscripts.output, ...rest.slice(i + 1).flatMap(({ labels }) => labels)]);
    left = contract(left, right, later);
  }
  return arrange(keepOnly(left, new Set(subscripts.output)), subscripts.output);
}

/** A tensor whose axes have labels, all different. */
interface Labelled {
  readonly x: Tensor;
  readonly labels: readonly string[];
}

/**
 * One axis a label: the diagonal of those that occur twice, none for an axis of length 1 that others have longer, since
 * multiplying repeats it anyway.
 */
function labelled(x: Tensor, term: readonly string[], lengths: Subscripts['lengths']): Labelled {
  const strides = stridesOf(x.shape);
  const steps = new Map<string, number>();
  for (const [axis, label] of term.entries()) {
    if (x.shape[axis] === lengths.get(label)) steps.set(label, (steps.get(label) ?? 0) + strides[axis]);
  }
  const labels = [...steps.keys()];
  const shape = labels.map((label) => lengths.get(label) ?? 1);
  const isDiagonal = term.length > new Set(term).size;
  return { x: isDiagonal ? readPlaces(x, shape, 0, [...steps.values()]) : reshape(x, shape), labels };
}

/** The product of two operands, summed over the labels that nothing later has. */
function contract(left: Labelled, right: Labelled, later: ReadonlySet<string>): Labelled {
  const a = keepOnly(left, new Set([...later, ...right.labels]));
  const b = keepOnly(right, new Set([...later, ...left.labels]));
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const batch = shared.filter((label) => later.has(label));
  const summed = shared.filter((label) => !later.has(label));
  const rows = a.labels.filter((label) => !shared.includes(label));
  const columns = b.labels.filter((label) => !shared.includes(label));
  const lengths = new Map([...a.labels.entries()].map(([axis, label]) => [label, a.x.shape[axis]]));
  for (const [axis, label] of b.labels.entries()) lengths.set(label, b.x.shape[axis]);
  const shapeOf = (labels: readonly string[]) => labels.map((label) => lengths.get(label) ?? 1);
  const sizeOf = (labels: readonly string[]) => shapeOf(labels).reduce((product, length) => product * length, 1);

  const labels = [...batch, ...rows, ...columns];
  const items = batch.length === 0 ? [] : [sizeOf(batch)];
  const [m, k, n] = [rows, summed, columns].map(sizeOf);
  const leftRows = reshape(arrange(a, [...batch, ...rows, ...summed]), [...items, m, k]);
  const rightAs = (...shape: Shape) => reshape(arrange(b, [...batch, ...summed, ...columns]), [...items, ...shape]);
  // matmul is a call an item: too much where that is a number, or a row with a row.
  const x =
    summed.length === 0
      ? mul(leftRows, rightAs(1, n))
      : batch.length > 0 && m === 1 && n === 1
        ? sum(mul(leftRows, rightAs(1, k)), { axis: -1 })
        : matmul(leftRows, rightAs(k, n));
  return { x: reshape(x, shapeOf(labels)), labels };
}

/** The sum over all other labels. */
function keepOnly({ x, labels }: Labelled, wanted: ReadonlySet<string>): Labelled {
  const axis = labels.flatMap((label, i) => (wanted.has(label) ? [] : [i]));
  return axis.length === 0 ? { x, labels } : { x: sum(x, { axis }), labels: labels.filter((l) => wanted.has(l)) };
}

/** The axes in the order of `labels`, all of them. */
function arrange({ x, labels }: Labelled, order: readonly string[]): Tensor {
  const axes = order.map((label) => labels.indexOf(label));
  return axes.every((axis, i) => axis === i) ? x : transpose(x, axes);
}
