import {
  Adam,
  balancedPairs,
  batchTripletLoss,
  classBatches,
  contrastiveLoss,
  createRandom,
  type Distance,
  type LabelledImages,
  type TrainOptions,
  type TrainStep,
  type Twin,
  train,
} from 'twingrad';
import { TrainingBar } from '../shared/progress.ts';
import { type Saved, type Trained, writeCheckpoint } from './checkpoint.ts';
import type { Options, Settings } from './options.ts';

/** Pairs a step. */
const BATCH = 64;
/** Images of each class a step of triplets. With many more, the hardest of them pull all embeddings into one point. */
const SAMPLES = 4;
const LEARNING_RATE = { contrastive: 2e-3, triplet: 1e-3 };
/** Embeddings have length 1, so distances end at 2. */
const MARGIN = { contrastive: 1, triplet: 0.5 };

/** A training that was interrupted; everything needed to go on is in the checkpoint. */
export class Interrupted extends Error {}

/** A line with what is trained how, for the report. */
export function describeTraining({ loss }: Settings): string {
  const how =
    loss === 'contrastive'
      ? `${BATCH} pairs a step`
      : `the hardest triplets among ${SAMPLES} images of each digit a step`;
  return `${loss} loss, margin ${MARGIN[loss]}, ${how}, Adam with learning rate ${LEARNING_RATE[loss]}`;
}

/** Trains the twin in place, from `saved` on. Throws: Interrupted after Ctrl-C, with the training saved. */
export function trainDigits(
  twin: Twin<Distance>,
  set: LabelledImages,
  options: Options,
  saved: Saved,
): Promise<Trained> {
  const { settings } = options;
  const { loss, pairs, seed } = settings;
  const random = createRandom(seed);
  const batches = random.fork('batches');
  const margin = MARGIN[loss];
  if (loss === 'contrastive') {
    return follow(twin, options, saved, BATCH, {
      batches: balancedPairs(set, { batchSize: BATCH, pairs, random: batches }),
      loss: ({ a, b, different }, context) => contrastiveLoss(twin.compare(a, b, context), { different }, { margin }),
    });
  }
  const classes = set.classes.length;
  const size = classes * SAMPLES;
  // As many images as the pairs have.
  const steps = Math.max(1, Math.round((2 * pairs) / size));
  return follow(twin, options, saved, size, {
    batches: classBatches(set, { classes, samples: SAMPLES, batches: steps, random: batches }),
    loss: ({ images, labels }, context) =>
      batchTripletLoss(twin.embed(images, context), labels, { distance: 'euclidean', margin }),
  });
}

/** Runs the steps with a bar, checkpoints and Ctrl-C. */
async function follow<B>(
  twin: Twin<Distance>,
  { settings, out, checkpointEvery }: Options,
  saved: Saved,
  itemsPerStep: number,
  task: Pick<TrainOptions<B>, 'batches' | 'loss'>,
): Promise<Trained> {
  const losses = [...saved.losses];
  const started = performance.now();
  const seconds = () => saved.seconds + (performance.now() - started) / 1000;
  const save = (step: TrainStep) => writeCheckpoint(out, settings, step.checkpoint(), { losses, seconds: seconds() });
  const stop = new AbortController();
  const abort = () => stop.abort();
  const bar = new TrainingBar(settings.loss === 'contrastive' ? 'pairs' : 'images');
  process.once('SIGINT', abort).once('SIGTERM', abort);
  bar.start(settings.epochs * task.batches.length, losses.length);
  let last: TrainStep | undefined;
  try {
    const steps = train(twin, {
      ...task,
      optimizer: new Adam(twin, { learningRate: LEARNING_RATE[settings.loss] }),
      epochs: settings.epochs,
      random: createRandom(settings.seed).fork('training'),
      signal: stop.signal,
      resume: saved.bytes,
    });
    for await (const step of steps) {
      last = step;
      losses.push(step.loss);
      const done = losses.length - saved.losses.length;
      bar.update(step.step, {
        loss: smooth(losses),
        perSecond: (1000 * itemsPerStep * done) / (performance.now() - started),
      });
      if (step.step % checkpointEvery === 0 || step.step === step.steps) save(step);
    }
    return { losses, seconds: seconds() };
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    if (last !== undefined) save(last);
    throw new Interrupted(`stopped after step ${losses.length}`);
  } finally {
    bar.stop();
    process.off('SIGINT', abort).off('SIGTERM', abort);
  }
}

/** Mean of the last steps: the loss of one step jumps. */
function smooth(losses: readonly number[]): number {
  const latest = losses.slice(-25);
  return latest.reduce((total, loss) => total + loss, 0) / latest.length;
}
