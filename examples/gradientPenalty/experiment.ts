import {
  Adam,
  add,
  backward,
  balancedPairs,
  calibrateThreshold,
  contrastiveLoss,
  createRandom,
  type Distance,
  div,
  type LabelledImages,
  mul,
  noGrad,
  type PairBatch,
  parameter,
  scope,
  scorePairs,
  square,
  sum,
  type Tensor,
  type Twin,
  tensor,
} from 'twingrad';
import { createTwin } from '../digits/network.ts';

const LEARNING_RATE = 2e-3;
/** Embeddings have length 1, so distances end at 2. */
const MARGIN = 1;

/** What decides the numbers of a run: two runs with equal settings give equal results. */
export interface Settings {
  readonly seed: number;
  readonly steps: number;
  /** Pairs a step. */
  readonly batchSize: number;
  /** Test pairs, and held-out pairs to find the threshold with. */
  readonly pairs: number;
  /** How far the signed step moves every pixel, whose values lie in [0, 1]. */
  readonly epsilon: number;
  /** Standard deviation of the noise added to every pixel. */
  readonly noise: number;
}

/** The images that a run needs. */
export interface Sets {
  readonly training: LabelledImages;
  readonly heldOut: LabelledImages;
  readonly test: LabelledImages;
}

/** A trained twin, with what its training took. */
export interface Trained {
  readonly twin: Twin<Distance>;
  readonly millisecondsPerStep: number;
}

/**
 * Trains a twin with the contrastive loss and `penalty` times the squared length of its gradient with respect to the
 * images: double backpropagation, Drucker and LeCun 1992. The same seed gives the same first weights and pairs, whatever
 * the penalty.
 */
export async function trainTwin(
  training: LabelledImages,
  { seed, steps, batchSize }: Settings,
  penalty: number,
  afterStep: (step: number, loss: number) => Promise<void> | void = () => undefined,
): Promise<Trained> {
  const random = createRandom(seed);
  const twin = createTwin('dense', random.fork('weights'));
  const optimizer = new Adam(twin, { learningRate: LEARNING_RATE });
  const batches = balancedPairs(training, { batchSize, pairs: batchSize * steps, random: random.fork('pairs') });
  const started = performance.now();
  let step = 0;
  for (const pairs of batches.epoch(0)) {
    // Recycled memory: everything is computed inside, a number comes out.
    const loss = scope(() => {
      const { plain, total } = penalizedLoss(twin, pairs, penalty);
      optimizer.step(backward(total));
      return plain;
    });
    step++;
    await afterStep(step, loss);
  }
  return { twin, millisecondsPerStep: (performance.now() - started) / steps };
}

/** The mean loss of the pairs, and what is minimized. */
function penalizedLoss(
  twin: Twin<Distance>,
  { a, b, different }: PairBatch,
  penalty: number,
): { readonly plain: number; readonly total: Tensor } {
  // Images are data; as parameters they get gradients.
  const [left, right] = penalty === 0 ? [a, b] : [parameter(a), parameter(b)];
  const distances = twin.compare(left, right, { training: true });
  // The sum: no pair's loss depends on the images of another, so this gradient holds that of every pair.
  const loss = contrastiveLoss(distances, { different }, { margin: MARGIN, reduction: 'sum' });
  const plain = loss.item() / distances.size;
  if (penalty === 0) return { plain, total: div(loss, distances.size) };
  const gradients = backward(loss, { createGraph: true });
  const squares = add(sum(square(gradients.get(left))), sum(square(gradients.get(right))));
  return { plain, total: div(add(loss, mul(squares, penalty)), distances.size) };
}

/** How a twin does on test pairs. */
export interface Measured {
  /** Shares of pairs called right: as they are, with noise, and moved a signed step against the right answer. */
  readonly clean: number;
  readonly noisy: number;
  readonly attacked: number;
  /** Mean length of the gradient of a distance with respect to both images. */
  readonly gradientNorm: number;
}

/** Measures with the threshold that is best for clean held-out pairs. Every twin meets the same pairs and noise. */
export function measureTwin(twin: Twin<Distance>, { heldOut, test }: Sets, settings: Settings): Measured {
  const { seed, pairs, epsilon, noise } = settings;
  const random = createRandom(seed).fork('exam');
  const pairsOf = (set: LabelledImages, name: string) =>
    balancedPairs(set, { batchSize: 100, pairs, random: random.fork(name) });
  const { threshold } = calibrateThreshold(scorePairs(twin, pairsOf(heldOut, 'held out')), { maximize: 'accuracy' });
  const draw = random.fork('noise');
  const totals = { clean: 0, noisy: 0, attacked: 0, gradientNorm: 0 };
  let count = 0;
  for (const { a, b, different } of pairsOf(test, 'test').epoch(0)) {
    const right = (x: Tensor, y: Tensor) =>
      scope(() =>
        noGrad(() => twin.compare(x, y)).data.reduce(
          (n, d, i) => n + Number(d > threshold === (different[i] === 1)),
          0,
        ),
      );
    const [ga, gb] = distanceGradients(twin, a, b);
    const size = ga.size / different.length;
    /** Every pixel a step in the direction that makes the distance worse. */
    const step = (x: Tensor, g: Tensor) =>
      change(x, (v, i) => v + (different[Math.floor(i / size)] === 1 ? -epsilon : epsilon) * Math.sign(g.data[i]));
    const blur = (x: Tensor) => change(x, (v) => v + noise * draw.normal());
    totals.clean += right(a, b);
    totals.noisy += right(blur(a), blur(b));
    totals.attacked += right(step(a, ga), step(b, gb));
    for (let n = 0; n < different.length; n++) {
      let squares = 0;
      for (let i = n * size; i < (n + 1) * size; i++) squares += ga.data[i] ** 2 + gb.data[i] ** 2;
      totals.gradientNorm += Math.sqrt(squares);
    }
    count += different.length;
  }
  const { clean, noisy, attacked, gradientNorm } = totals;
  return { clean: clean / count, noisy: noisy / count, attacked: attacked / count, gradientNorm: gradientNorm / count };
}

/** The gradients of every pair's distance with respect to its images. */
function distanceGradients(twin: Twin<Distance>, a: Tensor, b: Tensor): readonly [Tensor, Tensor] {
  const [left, right] = [parameter(a), parameter(b)];
  return scope(() => {
    const gradients = backward(sum(twin.compare(left, right)));
    return [gradients.get(left), gradients.get(right)] as const;
  });
}

/** An image with every pixel changed, and kept within [0, 1]. */
function change(x: Tensor, to: (value: number, index: number) => number): Tensor {
  return tensor(
    x.data.map((v, i) => Math.min(1, Math.max(0, to(v, i)))),
    x.shape,
  );
}
