import { take } from '../autograd/ops/indexed.ts';
import { pairwiseDistances } from '../autograd/ops/pairwiseDistances.ts';
import { noGrad } from '../autograd/tape.ts';
import type { Integers } from '../tensor/intTensor.ts';
import type { Random } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { batchAllLoss } from './batchAllLoss.ts';
import { costsAmong } from './costsAmong.ts';
import { classesOf } from './labelledBatch.ts';
import { hardTriplets } from './mineBatchHard.ts';
import { type SemiHardDefinition, semiHardTriplets } from './mineSemiHard.ts';
import { batchOf, type IndexTriplets } from './mining.ts';
import { reduce } from './reduction.ts';
import { type TripletLossOptions, tripletCosts, tripletMargin } from './tripletLoss.ts';

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
 * Cost: `N^2 D` operations and `N^2` memory for distances. Mining 'all' takes `N^2 log N` operations more, with `swap` or
 * `soft` one a triplet, of the order of `N^3`, and `N^2` memory, with `soft` and createGraph some for each triplet. Mining
 * 'hard' and 'beyondHardestPositive' take `N D` memory, other ones some for each triplet they find.
 * Source: Hermans, Beyer, Leibe 2017, equations 5 ('hard') and 7 ('all').
 * Throws: what `tripletLoss` and the miners throw; RangeError for an unknown mining, for 'all' with reduction 'none', and
 * within a margin where a soft loss has none. Mining 'all' does not refuse NaN embeddings: the loss is NaN.
 *
 * @example batchTripletLoss(tensor([[0], [1], [2]]), [0, 0, 1], { margin: 1 }).item() // 0.5
 * @example batchTripletLoss(tensor([[0], [1], [3]]), [0, 0, 1], { mining: 'all', distance: 'euclidean', margin: 2 }).item() // 0.5
 */
export function batchTripletLoss(embeddings: Tensor, labels: Integers, options: BatchTripletLossOptions = {}): Tensor {
  const { distance = 'squaredEuclidean', reduction = 'mean', soft = false, swap = false } = options;
  const { mining, margin, random } = miningOf('batchTripletLoss', options);
  const classes = classesOf('batchTripletLoss', embeddings, labels);
  const measure = () => pairwiseDistances(embeddings, embeddings, { metric: distance });
  if (mining === 'all') return batchAllLoss(measure(), classes, { margin, soft, swap, reduction });
  // At most one triplet an anchor: its rows are taken. Others may be many times as many as rows: their distances are.
  const isFew = mining === 'hard' || mining === 'beyondHardestPositive';
  const distances = isFew ? noGrad(measure) : measure();
  const triplets = minedTriplets('batchTripletLoss', distances, classes, { mining, margin, random });
  const costs = isFew
    ? costsOfRows(embeddings, triplets, options)
    : costsAmong(distances, triplets, { margin, soft, swap });
  return reduce('batchTripletLoss', costs, reduction);
}

function costsOfRows(embeddings: Tensor, triplets: IndexTriplets, options: TripletLossOptions): Tensor {
  const [anchor, positive, negative] = [triplets.anchors, triplets.positives, triplets.negatives].map((rows) =>
    take(embeddings, rows),
  );
  return tripletCosts('batchTripletLoss', anchor, positive, negative, options).costs;
}

/** Which triplets count, and what that takes. */
interface Mining<M extends TripletMining = TripletMining> {
  readonly mining: M;
  readonly margin: number;
  readonly random: Random | undefined;
}

const MININGS: readonly TripletMining[] = [
  'all',
  'hard',
  'withinMargin',
  'nearestFarther',
  'nearestOrFarthest',
  'beyondHardestPositive',
  'randomWithinMargin',
];

/** That of the options. Throws: RangeError for an unknown mining or distance, and for a margin out of range, or missing. */
export function miningOf(op: string, options: BatchTripletLossOptions): Mining {
  const { mining = 'hard', random } = options;
  if (!MININGS.includes(mining)) {
    throw new RangeError(
      `${op}: unknown mining '${String(mining)}'. Use 'all', 'hard', 'withinMargin', 'nearestFarther', 'nearestOrFarthest', 'beyondHardestPositive' or 'randomWithinMargin'.`,
    );
  }
  const margin = tripletMargin(op, options);
  if (margin === 0 && (mining === 'withinMargin' || mining === 'randomWithinMargin')) {
    throw new RangeError(
      `${op}: mining '${mining}' needs a margin, and a soft loss has none unless it is given. Pass { margin }.`,
    );
  }
  return { mining, margin, random };
}

/** The triplets that a mining finds, by the distances `[N, N]`. Throws what its miner throws, in the name of `op`. */
export function minedTriplets(
  op: string,
  distances: Tensor,
  classes: Int32Array,
  { mining, margin, random }: Mining<Exclude<TripletMining, 'all'>>,
): IndexTriplets {
  const batch = batchOf(op, distances, classes);
  if (mining === 'hard') return hardTriplets(batch);
  return semiHardTriplets(op, batch, { definition: mining, margin, random });
}
