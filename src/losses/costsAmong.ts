import { relu, softplus } from '../autograd/ops/activations.ts';
import { add, minimum, sub } from '../autograd/ops/arithmetic.ts';
import { take } from '../autograd/ops/indexed.ts';
import { reshape } from '../autograd/ops/rearrange.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { IndexTriplets } from './mining.ts';

/** What a triplet costs, given its distances. */
export interface TripletCostOptions {
  /** 0 for none. */
  readonly margin: number;
  readonly soft: boolean;
  readonly swap: boolean;
}

/** What each triplet of a batch costs, `[T]`, from the distances `[N, N]` of its rows. */
export function costsAmong(
  distances: Tensor,
  { anchors, positives, negatives }: IndexTriplets,
  { margin, soft, swap }: TripletCostOptions,
): Tensor {
  const count = distances.shape[0];
  const flat = reshape(distances, [distances.size]);
  const between = (from: Int32Array, to: Int32Array) =>
    take(
      flat,
      from.map((row, i) => row * count + to[i]),
    );
  const far = between(anchors, negatives);
  const gap = add(sub(between(anchors, positives), swap ? minimum(far, between(positives, negatives)) : far), margin);
  return soft ? softplus(gap) : relu(gap);
}
