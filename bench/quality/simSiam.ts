import { Adam, cosineDecay, createRandom, projectionHead, simSiamLoss, train } from 'twingrad';
import type { Experiment, Figure, Progress } from './experiment.ts';
import { afterTraining, beforeTraining, createTwin, LEARNER, views, WIDTH } from './selfSupervised.ts';

const EPOCHS = 4;
/** Widths of the projector's layers and of the predictor's middle. */
const PROJECTED = 256;
const BOTTLENECK = 64;

/** SimSiam without labels. */
export const simSiam: Experiment = {
  name: 'simsiam',
  about: `SimSiam on ${LEARNER}, a projector of ${PROJECTED}, ${PROJECTED} with batch normalization to the last, a predictor of ${BOTTLENECK}, ${PROJECTED}; Adam with learning rate 0.001 (the paper has SGD, which came to 97.3 % in 3 epochs), decayed by cosine over ${EPOCHS} epochs.`,
  source: 'Chen and He 2021; to reach: 95 % by k-NN, and no collapse',
  run: async (seed: number, progress: Progress): Promise<readonly Figure[]> => {
    const random = createRandom(seed);
    const twin = createTwin(random.fork('weights'));
    const before = beforeTraining(twin);
    const projector = projectionHead([WIDTH, PROJECTED, PROJECTED], {
      lastBatchNorm: true,
      random: random.fork('projector'),
    });
    const predictor = projectionHead([PROJECTED, BOTTLENECK, PROJECTED], { random: random.fork('predictor') });
    const batches = views(random.fork('views'));
    for await (const { step, steps, loss } of train(twin, {
      batches,
      loss: ({ a, b }, context) => {
        const z1 = projector.forward(twin.embed(a, context), context);
        const z2 = projector.forward(twin.embed(b, context), context);
        return simSiamLoss(predictor.forward(z1, context), predictor.forward(z2, context), z1, z2);
      },
      optimizer: new Adam({ twin, projector, predictor }, { learningRate: 1e-3 }),
      schedule: cosineDecay({ steps: EPOCHS * batches.length }),
      modules: { projector, predictor },
      epochs: EPOCHS,
      random: random.fork('training'),
    }))
      progress(step / steps, `loss ${loss.toFixed(4)}`);
    return [...afterTraining(twin), ...before];
  },
};
