import { active, type SumSpec } from '../../tensor/kernels/kernels.ts';
import * as portable from '../../tensor/kernels/portable/sums.ts';
import { giveBack, takeDoubles } from '../../tensor/memory.ts';
import { type Shape, sizeOf, stridesOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { readStrided } from './strided.ts';

/**
 * The sums of x over the axes along which `shape` would be broadcast to `x.shape`, in double precision: scratch, to be
 * given back.
 */
export function sumAxes(x: Tensor, shape: Shape): Float64Array {
  const { data, spec } = arrange(x, shape);
  const out = takeDoubles(spec.groups * spec.kept);
  (active(data).sums ?? portable.sums)(data, out, spec);
  if (data !== x.data) giveBack(data);
  return out;
}

/** The same of squares; no training spends time on them, so they have no kernel of their own. */
export function squareSumAxes(x: Tensor, shape: Shape): Float64Array {
  const { data, spec } = arrange(x, shape);
  const out = takeDoubles(spec.groups * spec.kept);
  portable.squareSums(data, out, spec);
  if (data !== x.data) giveBack(data);
  return out;
}

/**
 * The four axes that the axes of x join to; where they do not, x is copied with the summed axes last. A kept axis of
 * length 1 cannot be told from a summed one: what lies around it joins, so the order of summation is that of x's shape.
 */
function arrange(x: Tensor, shape: Shape): { readonly data: Float32Array; readonly spec: SumSpec } {
  const lead = x.shape.length - shape.length;
  const isSummed = (axis: number) => axis < lead || shape[axis - lead] === 1;
  // Innermost first; those with even numbers are summed.
  const runs = [1];
  for (let axis = x.shape.length - 1; axis >= 0; axis--) {
    if (x.shape[axis] === 1) continue;
    if (isSummed(axis) !== (runs.length % 2 === 1)) runs.push(1);
    runs[runs.length - 1] *= x.shape[axis];
  }
  const [inner, kept = 1, outer = 1, groups = 1, ...rest] = runs;
  if (rest.length === 0) return { data: x.data, spec: { groups, outer, kept, inner } };
  const axes = x.shape.map((_, axis) => axis);
  const order = [...axes.filter((axis) => !isSummed(axis)), ...axes.filter(isSummed)];
  const strides = stridesOf(x.shape);
  const lengths = order.map((axis) => x.shape[axis]);
  const steps = order.map((axis) => strides[axis]);
  const size = sizeOf(shape);
  return {
    data: readStrided(x, lengths, 0, steps),
    spec: { groups: 1, outer: 1, kept: size, inner: size === 0 ? 0 : x.size / size },
  };
}
