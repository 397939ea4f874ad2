import * as t from '../src/portable.ts';

/** How a loss is fed and called; `of` gives the loss of a batch. */
interface Task {
  // biome-ignore lint/suspicious/noExplicitAny: each loss has batches of its own kind.
  readonly batches: t.Batches<any>;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly of: (embed: (x: t.Tensor) => t.Tensor, batch: any, context: t.Context) => t.Tensor;
  /** What is trained besides the twin. */
  readonly modules?: Readonly<Record<string, t.Module>>;
}

// biome-ignore lint/suspicious/noExplicitAny: options come from the page.
type Options = any;
export type MakeTask = (set: t.LabelledImages, random: t.Random, options: Options) => Task;

/** Width of the embeddings and number of classes of the page's first program. */
const [WIDTH, CLASSES] = [16, 8];

const pairs =
  (loss: (a: t.Tensor, b: t.Tensor, different: Uint8Array, options: Options) => t.Tensor): MakeTask =>
  (set, random, options) => ({
    batches: t.balancedPairs(set, { batchSize: 32, random }),
    of: (embed, { a, b, different }: t.PairBatch) => loss(embed(a), embed(b), different, options),
  });

const classes =
  (loss: (embeddings: t.Tensor, labels: Int32Array, options: Options) => t.Tensor): MakeTask =>
  (set, random, options) => ({
    batches: t.classBatches(set, { classes: CLASSES, samples: 4, random }),
    of: (embed, { images, labels }: t.ClassBatch) => loss(embed(images), labels, options),
  });

const positives =
  (loss: (a: t.Tensor, b: t.Tensor, options: Options) => t.Tensor): MakeTask =>
  (set, random, options) => ({
    batches: t.positivePairs(set, { batchSize: CLASSES, random }),
    of: (embed, { a, b }: t.PositiveBatch) => loss(embed(a), embed(b), options),
  });

const views = (set: t.LabelledImages, random: t.Random): t.Batches<t.ViewBatch> =>
  t.twoViews(set, { batchSize: 48, random, transform: (x, stream) => t.augment(x, { shift: 1, random: stream }) });

/** A loss of what a head makes of two views. */
const twoViews =
  (loss: (z1: t.Tensor, z2: t.Tensor, options: Options) => t.Tensor): MakeTask =>
  (set, random, options) => {
    const projector = t.projectionHead([WIDTH, 32, 32], { random });
    return {
      batches: views(set, random),
      modules: { projector },
      of: (embed, { a, b }: t.ViewBatch, context) =>
        loss(projector.forward(embed(a), context), projector.forward(embed(b), context), options),
    };
  };

/** A loss of a prediction of each view and of the other's projection. */
const predicted =
  (loss: typeof t.simSiamLoss | typeof t.byolLoss): MakeTask =>
  (set, random) => {
    const projector = t.projectionHead([WIDTH, 32, 16], { lastBatchNorm: true, random });
    const predictor = t.projectionHead([16, 8, 16], { random });
    return {
      batches: views(set, random),
      modules: { projector, predictor },
      of: (embed, { a, b }: t.ViewBatch, context) => {
        const [z1, z2] = [a, b].map((x) => projector.forward(embed(x), context));
        const [p1, p2] = [z1, z2].map((z) => predictor.forward(z, context));
        return loss(p1, p2, z1, z2);
      },
    };
  };

interface ClassLoss extends t.Module {
  loss(embeddings: t.Tensor, labels: Int32Array): t.Tensor;
}

const weights =
  (create: (options: Options) => ClassLoss): MakeTask =>
  (set, random, options) => {
    const weight = create({ ...options, random: random.fork('weight') });
    return {
      batches: t.shuffledBatches(set, { batchSize: 32, random }),
      modules: { weight },
      of: (embed, { images, labels }: t.ClassBatch) => weight.loss(embed(images), labels),
    };
  };

type Mine<F> = (embeddings: t.Tensor, labels: Int32Array, options: Options) => F;

/** A triplet loss of what a miner finds. */
const minedTriplets = (mine: Mine<t.IndexTriplets>): MakeTask =>
  classes((embeddings, labels, options) => {
    const found = mine(embeddings, labels, options);
    const [anchor, positive, negative] = [found.anchors, found.positives, found.negatives].map((rows) =>
      t.take(embeddings, rows),
    );
    return t.tripletLoss(anchor, positive, negative, { distance: 'euclidean' });
  });

/** A contrastive loss of what a miner finds. */
const minedPairs = (mine: Mine<t.IndexPairs>): MakeTask =>
  classes((embeddings, labels, options) => {
    const { a, b, different } = mine(embeddings, labels, options);
    return t.contrastiveLoss(t.euclidean(t.take(embeddings, a), t.take(embeddings, b)), { different });
  });

/** Every loss and miner of the page's tables. */
export const tasks: Readonly<Record<string, MakeTask>> = {
  contrastiveLoss: pairs((a, b, different, options) => t.contrastiveLoss(t.euclidean(a, b), { different }, options)),
  cosineEmbeddingLoss: pairs((a, b, different, options) => t.cosineEmbeddingLoss(a, b, { different }, options)),
  binaryCrossEntropyWithLogits: (set, random, options) => {
    const head = new t.KochHead(WIDTH, { random });
    return {
      batches: t.balancedPairs(set, { batchSize: 32, random }),
      modules: { head },
      of: (embed, { a, b, different }: t.PairBatch) =>
        t.binaryCrossEntropyWithLogits(
          head.compare(embed(a), embed(b)),
          different.map((d) => 1 - d),
          options,
        ),
    };
  },
  infoNceLoss: positives(t.infoNceLoss),
  nPairsLoss: positives(t.nPairsLoss),
  batchTripletLoss: classes(t.batchTripletLoss),
  supConLoss: classes(t.supConLoss),
  multiSimilarityLoss: classes(t.multiSimilarityLoss),
  circleLoss: classes(t.circleLoss),
  batchContrastiveLoss: classes(t.batchContrastiveLoss),
  marginLoss: classes(t.marginLoss),
  liftedStructureLoss: classes(t.liftedStructureLoss),
  angularLoss: classes(t.angularLoss),
  ncaLoss: classes(t.ncaLoss),
  arcFaceLoss: weights((options) => new t.ArcFaceLoss(WIDTH, CLASSES, options)),
  cosFaceLoss: weights((options) => new t.CosFaceLoss(WIDTH, CLASSES, options)),
  proxyAnchorLoss: weights((options) => new t.ProxyAnchorLoss(WIDTH, CLASSES, options)),
  proxyNcaLoss: weights((options) => new t.ProxyNcaLoss(WIDTH, CLASSES, options)),
  mineBatchHard: minedTriplets(t.mineBatchHard),
  mineSemiHard: minedTriplets((embeddings, labels, options) =>
    t.mineSemiHard(embeddings, labels, { definition: 'withinMargin', ...options }),
  ),
  mineMultiSimilarity: minedPairs(t.mineMultiSimilarity),
  minePairMargin: minedPairs(t.minePairMargin),
  mineHardNegatives: minedPairs((embeddings, labels, options) => {
    const { anchors: a, negatives: b } = t.mineHardNegatives(embeddings, labels, options);
    return { a, b, different: new Uint8Array(a.length).fill(1) };
  }),
  tripletLoss: (set, random, options) => ({
    batches: t.triplets(set, { batchSize: 16, random }),
    of: (embed, { anchor, positive, negative }: t.TripletBatch) =>
      t.tripletLoss(embed(anchor), embed(positive), embed(negative), options),
  }),
  vicRegLoss: twoViews(t.vicRegLoss),
  barlowTwinsLoss: twoViews(t.barlowTwinsLoss),
  ntXentLoss: twoViews(t.ntXentLoss),
  simSiamLoss: predicted(t.simSiamLoss),
  byolLoss: predicted(t.byolLoss),
  'alignment`, `uniformity': twoViews((a, b) =>
    t.add(t.alignment(a, b), t.mul(t.add(t.uniformity(a), t.uniformity(b)), 0.5)),
  ),
};
