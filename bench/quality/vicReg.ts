import { Adam, cosineDecay, createRandom, projectionHead, train, vicRegLoss } from 'twingrad';
import type { Experiment, Figure, Progress } from './experiment.ts';
import { afterTraining, beforeTraining, createTwin, LEARNER, views, WIDTH } from './selfSupervised.ts';

const EPOCHS = 2;
/** Width of the expander's layers. */
const EXPANDED = 256;

/** VICReg without labels. */
export const vicReg: Experiment = {
  name: 'vicreg',
  about: `VICReg on ${LEARNER}, an expander of three layers of ${EXPANDED}; the loss with its defaults; Adam with learning rate 0.001, decayed by cosine over ${EPOCHS} epochs.`,
  source: 'Bardes, Ponce and LeCun 2022; to reach: 95 % by k-NN, and no collapse',
  run: async (seed: number, progress: Progress): Promise<readonly Figure[]> => {
    const random = createRandom(seed);
    const twin = createTwin(random.fork('weights'));
    const before = beforeTraining(twin);
    const expander = projectionHead([WIDTH, EXPANDED, EXPANDED, EXPANDED], { random: random.fork('expander') });
    const batches = views(random.fork('views'));
    for await (const { step, steps, loss } of train(twin, {
      batches,
      loss: ({ a, b }, context) =>
        vicRegLoss(
          expander.forward(twin.embed(a, context), context),
          expander.forward(twin.embed(b, context), context),
        ),
      optimizer: new Adam({ twin, expander }, { learningRate: 1e-3 }),
      schedule: cosineDecay({ steps: EPOCHS * batches.length }),
      modules: { expander },
      epochs: EPOCHS,
      random: random.fork('training'),
    }))
      progress(step / steps, `loss ${loss.toFixed(4)}`);
    return [...afterTraining(twin), ...before];
  },
};
