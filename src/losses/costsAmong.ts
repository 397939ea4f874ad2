import { relu, softplus } from '../autograd/ops/activations.ts';
import { add, minimum, sub } from '../autograd/ops/arithmetic.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { entriesAt } from './entriesAt.ts';
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
  const far = entriesAt(distances, anchors, negatives);
  const least = swap ? minimum(far, entriesAt(distances, positives, negatives)) : far;
  const gap = add(sub(entriesAt(distances, anchors, positives), least), margin);
  return soft ? softplus(gap) : relu(gap);
}
