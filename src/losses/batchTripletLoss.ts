import { take } from '../autograd/ops/indexed.ts';
import { pairwiseDistances } from '../autograd/ops/pairwiseDistances.ts';
import type { Integers } from '../tensor/intTensor.ts';
import type { Random } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { batchAllLoss } from './batchAllLoss.ts';
import { costsAmong } from './costsAmong.ts';
import { classesOf } from './labelledBatch.ts';
import { batchOf, type IndexTriplets, mineBatchHard } from './mining.ts';
import { mineSemiHard, type SemiHardDefinition, semiHardTriplets } from './miningSemiHard.ts';
import { reduce } from './reduction.ts';
import { type TripletLossOptions, tripletLoss, tripletMargin } from './tripletLoss.ts';

/**
 * Which triplets of a batch count: all; 'hard', each anchor with its farthest positive and nearest negative
 * (`mineBatchHard`); or those of a definition of semi-hard (`mineSemiHard`).
 */
export type TripletMining = 'all' | 'hard' | SemiHardDefinition;

/** Options of `batchTripletLoss`. */
export interface BatchTripletLossOptions extends TripletLossOptions {
  /** Default 'hard'. */
  readonly mining?: TripletMining | undefined;
  /** Draws the negatives of mining 'randomWithinMargin', which needs it. */
  readonly random?: Random | undefined;
}

/**
 * Triplet loss of a labelled batch, over all of its triplets or over some mined from it, by the same distance and margin.
 *
 * Shapes: embeddings `[N, D]`, labels N integers -> scalar (one loss a triplet with reduction 'none'). A batch without a
 * valid triplet gives 0 with a live graph.
 * Formula and options: as `tripletLoss`; which triplets count is a constant to the gradient.
 * Cost: `N^2 D` operations and `N^2` memory for distances. Mining 'all' takes `N^2 log N` operations more and no memory;
 * with `swap` or `soft` an operation a triplet, of the order of `N^3`, and with `soft` and createGraph also memory for
 * each. Mining 'hard' and 'beyondHardestPositive' take `N D` memory, other ones some for each triplet they find.
 * Source: Hermans, Beyer, Leibe 2017, equations 5 ('hard') and 7 ('all').
 * Throws: as `tripletLoss` and the miners do; RangeError for an unknown mining, for 'all' with reduction 'none', and
 * within a margin where a soft loss has none. Mining 'all' does not refuse NaN embeddings: the loss is NaN.
 *
 * @example batchTripletLoss(tensor([[0], [1], [2]]), [0, 0, 1], { margin: 1 }).item() // 0.5
 * @example batchTripletLoss(tensor([[0], [1], [3]]), [0, 0, 1], { mining: 'all', distance: 'euclidean', margin: 2 }).item() // 0.5
 */
export function batchTripletLoss(embeddings: Tensor, labels: Integers, options: BatchTripletLossOptions = {}): Tensor {
  const { mining = 'hard', random, ...loss } = options;
  const margin = tripletMargin('batchTripletLoss', loss);
  const { distance = 'squaredEuclidean', reduction = 'mean', soft = false, swap = false } = loss;
  switch (mining) {
    case 'hard':
      return lossOfRows(embeddings, mineBatchHard(embeddings, labels, { distance }), loss);
    case 'beyondHardestPositive':
      return lossOfRows(embeddings, mineSemiHard(embeddings, labels, { definition: mining, distance }), loss);
    case 'all':
    case 'withinMargin':
    case 'nearestFarther':
    case 'nearestOrFarthest':
    case 'randomWithinMargin':
      break;
    default:
      throw new RangeError(
        `batchTripletLoss: unknown mining '${String(mining)}'. Use 'all', 'hard', 'withinMargin', 'nearestFarther', 'nearestOrFarthest', 'beyondHardestPositive' or 'randomWithinMargin'.`,
      );
  }
  // These may find many times as many triplets as there are rows: not their rows are taken, but their distances.
  const classes = classesOf('batchTripletLoss', embeddings, labels);
  const distances = pairwiseDistances(embeddings, embeddings, { metric: distance });
  if (mining === 'all') return batchAllLoss(distances, classes, { margin, soft, swap, reduction });
  if (margin === 0 && (mining === 'withinMargin' || mining === 'randomWithinMargin')) {
    throw new RangeError(
      `batchTripletLoss: mining '${mining}' needs a margin, and a soft loss has none unless it is given. Pass { margin }.`,
    );
  }
  const batch = batchOf('batchTripletLoss', distances, classes);
  const triplets = semiHardTriplets('batchTripletLoss', batch, { definition: mining, margin, random });
  return reduce('batchTripletLoss', costsAmong(distances, triplets, { margin, soft, swap }), reduction);
}

/** Of a few triplets. */
function lossOfRows(embeddings: Tensor, triplets: IndexTriplets, options: TripletLossOptions): Tensor {
  const [anchor, positive, negative] = [triplets.anchors, triplets.positives, triplets.negatives].map((rows) =>
    take(embeddings, rows),
  );
  return tripletLoss(anchor, positive, negative, options);
}
