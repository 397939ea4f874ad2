import {
  Adam,
  ArcFaceLoss,
  angularLoss,
  augment,
  type Batches,
  balancedPairs,
  barlowTwinsLoss,
  batchContrastiveLoss,
  batchTripletLoss,
  type ClassBatch,
  type Context,
  type ContrastiveLossOptions,
  CosFaceLoss,
  type CosineEmbeddingLossOptions,
  circleLoss,
  classBatches,
  contrastiveLoss,
  cosineEmbeddingLoss,
  type Distance,
  infoNceLoss,
  type LabelledImages,
  liftedStructureLoss,
  type Module,
  marginLoss,
  multiSimilarityLoss,
  ncaLoss,
  nPairsLoss,
  ntXentLoss,
  type PairBatch,
  type PositiveBatch,
  ProxyAnchorLoss,
  ProxyNcaLoss,
  positivePairs,
  projectionHead,
  type Random,
  supConLoss,
  type Tensor,
  type TripletBatch,
  type TripletLossOptions,
  type Twin,
  train,
  tripletLoss,
  triplets,
  twoViews,
  type ViewBatch,
  vicRegLoss,
} from 'twingrad';

/** Images of one step, whatever the loss takes. */
const IMAGES = 96;
/** Length of an embedding, and classes to learn. */
export const WIDTH = 64;
const CLASSES = 10;
const SAMPLES = 9;
/** Width of the head that losses of two views are computed on. */
const HEAD = 128;
const LEARNING_RATE = 1e-3;

/** A loss with the options that are tried, the defaults first. */
export interface Candidate {
  readonly name: string;
  readonly data: 'pairs' | 'positive pairs' | 'triplets' | 'classes' | 'class weights' | 'two views';
  /** What each try passes, as it is written at the call. */
  readonly tries: readonly string[];
  /** The loss learns lengths too, so that embeddings are not to be scaled to length 1. */
  readonly ofLengths?: boolean;
  /** Trains with one of the tries. */
  readonly learn: (index: number, task: Task) => Promise<void>;
}

/** What is trained, on what, and for how long. */
interface Task {
  readonly twin: Twin<Distance>;
  readonly set: LabelledImages;
  readonly random: Random;
  readonly steps: number;
}

/** Trains for a number of steps by the loss of a batch, and what belongs to the loss besides the twin. */
async function follow<B>(
  { twin, random, steps }: Task,
  batches: Batches<B>,
  loss: (batch: B, context: Context) => Tensor,
  module?: Module,
): Promise<void> {
  const modules = module === undefined ? {} : { module };
  const optimizer = new Adam({ twin, ...modules }, { learningRate: LEARNING_RATE });
  const epochs = Math.ceil(steps / batches.length);
  for await (const { step } of train(twin, {
    ...{ batches, loss, optimizer, modules, epochs, random: random.fork('training') },
  }))
    if (step === steps) return;
}

type Feed = Pick<Task, 'set' | 'random'>;

/** Batches of one kind, by how a loss is fed. */
const FEEDS = {
  pairs: ({ set, random }: Feed): Batches<PairBatch> => balancedPairs(set, { batchSize: IMAGES / 2, random }),
  triplets: ({ set, random }: Feed): Batches<TripletBatch> => triplets(set, { batchSize: IMAGES / 3, random }),
  classes: ({ set, random }: Feed): Batches<ClassBatch> =>
    classBatches(set, { classes: CLASSES, samples: SAMPLES, random }),
  positives: ({ set, random }: Feed): Batches<PositiveBatch> => positivePairs(set, { batchSize: CLASSES, random }),
  views: ({ set, random }: Feed): Batches<ViewBatch> =>
    twoViews(set, {
      batchSize: IMAGES / 2,
      random,
      transform: (x, stream) => augment(x, { shift: 3, rotate: 25, scale: [0.6, 1.3], shear: 20, random: stream }),
    }),
} as const;

function feedOf({ set, random }: Task): Feed {
  return { set, random: random.fork('batches') };
}

/** A loss over batches of one kind. */
function candidate<B, O extends object>(
  name: string,
  data: Candidate['data'],
  feed: (of: Feed) => Batches<B>,
  loss: (twin: Twin<Distance>, batch: B, context: Context, options: O) => Tensor,
  tries: readonly O[],
): Candidate {
  return {
    name,
    data,
    tries: tries.map(written),
    learn: (index, task) =>
      follow(task, feed(feedOf(task)), (batch, context) => loss(task.twin, batch, context, tries[index])),
  };
}

type BatchLoss<O> = (embeddings: Tensor, labels: Int32Array, options: O) => Tensor;

/** A loss of labelled batches. */
function ofClasses<O extends object>(name: string, loss: BatchLoss<O>, tries: readonly O[]): Candidate {
  return candidate(
    name,
    'classes',
    FEEDS.classes,
    (twin, { images, labels }, context, options: O) => loss(twin.embed(images, context), labels, options),
    tries,
  );
}

type ViewLoss<O> = (z1: Tensor, z2: Tensor, options: O) => Tensor;

/** A loss of embeddings of the same classes. */
function ofPositives<O extends object>(name: string, loss: ViewLoss<O>, tries: readonly O[]): Candidate {
  return candidate(
    name,
    'positive pairs',
    FEEDS.positives,
    (twin, { a, b }, context, options: O) => loss(twin.embed(a, context), twin.embed(b, context), options),
    tries,
  );
}

/** A loss of what a head, which the measured pairs do not pass, makes of two views of the same images. */
function ofViews<O extends object>(name: string, loss: ViewLoss<O>, tries: readonly O[]): Candidate {
  return {
    name,
    data: 'two views',
    tries: tries.map(written),
    learn: (index, task) => {
      const { twin, random } = task;
      const head = projectionHead([WIDTH, HEAD, HEAD], { random: random.fork('head') });
      const lossOf = ({ a, b }: ViewBatch, context: Context) => {
        const [z1, z2] = [a, b].map((x) => head.forward(twin.embed(x, context), context));
        return loss(z1, z2, tries[index]);
      };
      return follow(task, FEEDS.views(feedOf(task)), lossOf, head);
    },
  };
}

interface LossModule extends Module {
  loss(embeddings: Tensor, labels: Int32Array): Tensor;
}

/** A loss that owns a weight a class. */
function ofWeights<O extends object>(
  name: string,
  create: (options: O & { readonly random: Random }) => LossModule,
  tries: readonly O[],
): Candidate {
  return {
    name,
    data: 'class weights',
    tries: tries.map(written),
    learn: (index, task) => {
      const { twin, random } = task;
      const module = create({ ...tries[index], random: random.fork('class weights') });
      const loss = ({ images, labels }: ClassBatch, context: Context) =>
        module.loss(twin.embed(images, context), labels);
      return follow(task, FEEDS.classes(feedOf(task)), loss, module);
    },
  };
}

const PLAIN = { distance: 'euclidean' } as const;

/** Losses in the order of docs/choosing.md. */
export const candidates: readonly Candidate[] = [
  candidate<PairBatch, ContrastiveLossOptions>(
    'contrastiveLoss',
    'pairs',
    FEEDS.pairs,
    (twin, { a, b, different }, context, options) =>
      contrastiveLoss(twin.compare(a, b, context), { different }, options),
    [{}, { margin: 0.5 }, { margin: 0.7 }, { margin: 1.4 }],
  ),
  candidate<PairBatch, CosineEmbeddingLossOptions>(
    'cosineEmbeddingLoss',
    'pairs',
    FEEDS.pairs,
    (twin, { a, b, different }, context, options) =>
      cosineEmbeddingLoss(twin.embed(a, context), twin.embed(b, context), { different }, options),
    [{}, { margin: 0.2 }, { margin: 0.4 }, { margin: 0.6 }],
  ),
  ofPositives('infoNceLoss', infoNceLoss, [
    {},
    { scale: 5 },
    { scale: 10 },
    { symmetric: true },
    { scale: 10, symmetric: true },
  ]),
  { ...ofPositives('nPairsLoss', nPairsLoss, [{}, { l2: 0.02 }, { l2: 0.1 }]), ofLengths: true },
  ofClasses('batchTripletLoss', batchTripletLoss, [
    {},
    { ...PLAIN, margin: 0.5 },
    { ...PLAIN, margin: 0.3 },
    { ...PLAIN, soft: true },
    { ...PLAIN, margin: 0.5, mining: 'nearestFarther' },
    { ...PLAIN, margin: 0.3, mining: 'withinMargin', reduction: 'meanNonZero' },
    { ...PLAIN, margin: 0.3, mining: 'all', reduction: 'meanNonZero' },
  ]),
  ofClasses('supConLoss', supConLoss, [{}, { temperature: 0.05 }, { temperature: 0.2 }, { temperature: 0.5 }]),
  ofClasses('multiSimilarityLoss', multiSimilarityLoss, [{}, { beta: 20 }, { alpha: 5 }, { base: 0.7 }, { base: 0.3 }]),
  ofClasses('circleLoss', circleLoss, [{}, { margin: 0.25 }, { gamma: 32 }, { margin: 0.25, gamma: 32 }]),
  ofClasses('batchContrastiveLoss', batchContrastiveLoss, [
    {},
    { negativeMargin: 0.7 },
    { negativeMargin: 0.5 },
    { positiveMargin: 0.2 },
    { positiveMargin: 0.2, negativeMargin: 0.7 },
  ]),
  ofClasses('marginLoss', marginLoss, [{}, { beta: 0.9 }, { beta: 0.7 }, { margin: 0.1 }, { beta: 0.9, margin: 0.4 }]),
  ofClasses('liftedStructureLoss', liftedStructureLoss, [{}, { margin: 0.5 }, { margin: 2 }]),
  ofClasses('angularLoss', angularLoss, [{}, { angle: 36 }, { angle: 45 }]),
  ofClasses('ncaLoss', ncaLoss, [{}, { temperature: 0.1 }, { temperature: 0.3 }]),
  ofWeights('arcFaceLoss', (options) => new ArcFaceLoss(WIDTH, CLASSES, options), [
    {},
    { scale: 16 },
    { scale: 32, margin: 0.3 },
    { scale: 16, margin: 0.3 },
  ]),
  ofWeights('cosFaceLoss', (options) => new CosFaceLoss(WIDTH, CLASSES, options), [
    {},
    { scale: 16 },
    { scale: 32, margin: 0.2 },
    { scale: 16, margin: 0.2 },
  ]),
  ofWeights('proxyAnchorLoss', (options) => new ProxyAnchorLoss(WIDTH, CLASSES, options), [
    {},
    { alpha: 16 },
    { margin: 0.3 },
    { alpha: 16, margin: 0.3 },
  ]),
  ofWeights('proxyNcaLoss', (options) => new ProxyNcaLoss(WIDTH, CLASSES, options), [{}, { scale: 3 }, { scale: 8 }]),
  candidate<TripletBatch, TripletLossOptions>(
    'tripletLoss',
    'triplets',
    FEEDS.triplets,
    (twin, { anchor, positive, negative }, context, options) =>
      tripletLoss(twin.embed(anchor, context), twin.embed(positive, context), twin.embed(negative, context), options),
    [{}, { margin: 0.5 }, { ...PLAIN, margin: 0.3 }, { ...PLAIN, margin: 0.6 }, { margin: 0.5, swap: true }],
  ),
  ofViews('vicRegLoss', vicRegLoss, [{}, { covariance: 4 }, { invariance: 10, variance: 10 }]),
  ofViews('barlowTwinsLoss', barlowTwinsLoss, [{}, { lambda: 0.02 }, { lambda: 0.05 }]),
  ofViews('ntXentLoss', ntXentLoss, [{}, { temperature: 0.1 }, { temperature: 0.2 }]),
];

/** Options as they are written at the call. */
function written(options: object): string {
  const entries = Object.entries(options).map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? `'${value}'` : value}`,
  );
  return entries.length === 0 ? 'defaults' : `{ ${entries.join(', ')} }`;
}
