import { describe, expect, it } from 'vitest';
import { asDistance } from '../../src/autograd/measure.ts';
import { mul } from '../../src/autograd/ops/arithmetic.ts';
import { euclidean } from '../../src/autograd/ops/distances.ts';
import { sum } from '../../src/autograd/ops/reductions.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { balancedPairs } from '../../src/data/balancedPairs.ts';
import type { Batches, PairBatch, SyncBatches } from '../../src/data/batches.ts';
import { triplets } from '../../src/data/triplets.ts';
import { contrastiveLoss } from '../../src/losses/contrastiveLoss.ts';
import { tripletLoss } from '../../src/losses/tripletLoss.ts';
import { Linear } from '../../src/nn/dense.ts';
import { Sequential } from '../../src/nn/sequential.ts';
import { stateDict } from '../../src/nn/state.ts';
import { Adam } from '../../src/optim/adam.ts';
import { SGD } from '../../src/optim/sgd.ts';
import { scorePairs } from '../../src/siamese/scorePairs.ts';
import { type TrainStep, train } from '../../src/siamese/train.ts';
import type { TrainOptions } from '../../src/siamese/trainOptions.ts';
import { type Measure, Twin } from '../../src/siamese/twin.ts';
import { evaluateVerification } from '../../src/siamese/verification.ts';
import { ones, tensor, zeros } from '../../src/tensor/create.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { errorOf } from '../errors.ts';
import { bars, barsTraining, barsTwin } from './fixtures/bars.ts';

/** A copy of every weight and buffer. */
function weights(twin: Twin<Measure>): [string, Float32Array][] {
  return [...stateDict(twin)].map(([name, { data }]) => [name, data.slice()]);
}

/** All steps of a training, without their checkpoint functions; `each` sees every step as it comes. */
async function stepsOf<B>(
  twin: Twin<Measure>,
  options: TrainOptions<B>,
  each: (step: TrainStep) => void = () => undefined,
): Promise<Omit<TrainStep, 'checkpoint'>[]> {
  const steps: Omit<TrainStep, 'checkpoint'>[] = [];
  for await (const step of train(twin, options)) {
    const { checkpoint: _, ...rest } = step;
    steps.push(rest);
    each(step);
  }
  return steps;
}

/** What a training rejects with. */
function rejection<B>(
  twin: Twin<Measure>,
  options: TrainOptions<B>,
  each?: (step: TrainStep) => void,
): Promise<unknown> {
  return stepsOf(twin, options, each).then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** The smallest training: one weight, on pairs of numbers. */
function tiny(batches: Batches<PairBatch> = constant(3), learningRate = 0.1) {
  const twin = new Twin(new Sequential(new Linear(1, 1, { random: createRandom(1), initialize: () => ones([1, 1]) })), {
    compare: euclidean,
  });
  const options: TrainOptions<PairBatch> = {
    batches,
    loss: ({ a, b, different }, context) => contrastiveLoss(twin.compare(a, b, context), { different }),
    optimizer: new SGD(twin, { learningRate }),
    epochs: 2,
    random: createRandom(1),
  };
  return { twin, options };
}

/** `length` equal batches: a same pair at distance 2 and a different one at 0.5. */
function constant(length: number, a = [0, 0]): SyncBatches<PairBatch> {
  const batch = { a: tensor([[a[0]], [a[1]]]), b: tensor([[2], [0.5]]), different: Uint8Array.of(0, 1) };
  return { length, epoch: () => new Array<PairBatch>(length).fill(batch) };
}

/**
 * Validation pairs that the twin gets all right (`true`) or all wrong, as told for each time they are asked for; the
 * first time `train` only reads the labels.
 */
function scripted(outcomes: readonly boolean[]): SyncBatches<PairBatch> {
  let asked = -1;
  return {
    length: 1,
    epoch: () => {
      const good = outcomes[asked++];
      return [
        { a: tensor([[0], [0]]), b: tensor([[0], [3]]), different: good ? Uint8Array.of(0, 1) : Uint8Array.of(1, 0) },
      ];
    },
  };
}

describe('train learns', () => {
  it('bars: the loss falls and pairs never seen are told apart', async () => {
    const twin = barsTwin(1, 24);
    const unseen = balancedPairs(bars(20, 77), { batchSize: 40, random: createRandom(5) });
    const auc = () => evaluateVerification(scorePairs(twin, unseen), { threshold: 0 }).auc;
    const before = auc();
    const steps = await stepsOf(twin, barsTraining(twin, { epochs: 6, batches: 12 }));
    const mean = (part: readonly { readonly loss: number }[]) =>
      part.reduce((total, { loss }) => total + loss, 0) / part.length;
    expect(mean(steps.slice(-12))).toBeLessThan(0.5 * mean(steps.slice(0, 12)));
    expect(auc()).toBeGreaterThan(0.95);
    expect(auc()).toBeGreaterThan(before + 0.1);
  });

  it('bars from triplets as well', async () => {
    const twin = barsTwin(1);
    const unseen = balancedPairs(bars(20, 77), { batchSize: 40, random: createRandom(5) });
    await stepsOf(twin, {
      batches: triplets(bars(12, 1), { batchSize: 8, triplets: 96, random: createRandom(2) }),
      loss: ({ anchor, positive, negative }, context) =>
        tripletLoss(twin.embed(anchor, context), twin.embed(positive, context), twin.embed(negative, context)),
      optimizer: new Adam(twin, { learningRate: 0.01 }),
      epochs: 5,
      random: createRandom(3),
    });
    expect(evaluateVerification(scorePairs(twin, unseen), { threshold: 0 }).auc).toBeGreaterThan(0.9);
  });

  it('one weight as worked out by hand', async () => {
    // Distances 2 w and w / 2: loss ((2 w)^2 + (1 - w / 2)^2) / 2, gradient 4 w - (1 - w / 2) / 2, from w = 1.
    const { twin, options } = tiny(constant(2));
    const steps = await stepsOf(twin, { ...options, epochs: 1 });
    expect(steps[0].loss).toBeCloseTo((4 + 0.25) / 2, 6);
    const w = 1 - 0.1 * 3.75;
    expect(steps[1].loss).toBeCloseTo(((2 * w) ** 2 + (1 - w / 2) ** 2) / 2, 6);
    expect(stateDict(twin).get('encoder.0.weight')?.item()).toBeCloseTo(w - 0.1 * (4 * w - (1 - w / 2) / 2), 6);
  });
});

describe('train yields', () => {
  it('every step with its counters', async () => {
    const { twin, options } = tiny(constant(3));
    const steps = await stepsOf(twin, options);
    expect(steps.map(({ epoch, step, steps }) => [epoch, step, steps])).toEqual([
      [1, 1, 6],
      [1, 2, 6],
      [1, 3, 6],
      [2, 4, 6],
      [2, 5, 6],
      [2, 6, 6],
    ]);
    for (const { loss, gradientNorm, validation } of steps)
      expect([typeof loss, gradientNorm, validation]).toEqual(['number', undefined, undefined]);
    expect(options.optimizer.steps).toBe(6);
  });

  it('after the step: weights and loss belong together', async () => {
    const { twin, options } = tiny();
    const seen: number[] = [];
    await stepsOf(twin, options, () => seen.push(stateDict(twin).get('encoder.0.weight')?.item() ?? NaN));
    expect(new Set(seen).size).toBe(6);
    expect(seen[0]).toBeCloseTo(1 - 0.1 * 3.75, 6);
  });

  it('the norm of the gradients before clipping, and clips them', async () => {
    const { twin, options } = tiny();
    const [first] = await stepsOf(twin, { ...options, epochs: 1, clip: { maxNorm: 0.5 } });
    // The bias moves both embeddings alike, so its gradient is 0.
    expect(first.gradientNorm).toBeCloseTo(3.75, 5);
    const clipped = tiny(constant(1));
    await stepsOf(clipped.twin, { ...clipped.options, epochs: 1, clip: { maxNorm: 0.5 } });
    expect(stateDict(clipped.twin).get('encoder.0.weight')?.item()).toBeCloseTo(1 - 0.1 * 0.5, 6);
    const loose = tiny(constant(1));
    await stepsOf(loose.twin, { ...loose.options, epochs: 1, clip: { maxNorm: 5 } });
    expect(stateDict(loose.twin).get('encoder.0.weight')?.item()).toBeCloseTo(1 - 0.1 * 3.75, 6);
  });

  it('to the event loop: timers fire during the training', async () => {
    const { twin, options } = tiny(constant(50));
    let fired = 0;
    let firedBeforeEnd = 0;
    const timer = setInterval(() => fired++, 0);
    try {
      await stepsOf(twin, options, ({ step }) => {
        if (step === 99) firedBeforeEnd = fired;
      });
    } finally {
      clearInterval(timer);
    }
    expect(firedBeforeEnd).toBeGreaterThan(5);
  });
});

describe('train is a function of its seed', () => {
  const run = async (seed: number) => {
    const twin = barsTwin(1);
    const options = { ...barsTraining(twin, { epochs: 2, batches: 5 }), random: createRandom(seed) };
    const steps = await stepsOf(twin, options);
    return { steps, weights: weights(twin) };
  };

  it('the same seed gives the same bits twice, another seed others', async () => {
    const [first, again, other] = [await run(1), await run(1), await run(2)];
    expect(again).toEqual(first);
    expect(other.weights).not.toEqual(first.weights);
  });

  it('drops out anew at every step and in every epoch', async () => {
    const draws: number[] = [];
    const { twin, options } = tiny(constant(5));
    const loss: typeof options.loss = (batch, context) => {
      expect(context.training).toBe(true);
      draws.push(context.random?.word() ?? NaN);
      return options.loss(batch, context);
    };
    await stepsOf(twin, { ...options, epochs: 4, loss });
    expect(new Set(draws).size).toBe(20);
    // Samplers fork what they are given by epoch and batch: passing the same source must not give the same words.
    const random = createRandom(1);
    for (let epoch = 0; epoch < 4; epoch++)
      for (let batch = 0; batch <= 5; batch++) expect(draws).not.toContain(random.fork(epoch).fork(batch).word());
    const again = tiny(constant(5));
    const first = draws.splice(0);
    await stepsOf(again.twin, {
      ...again.options,
      epochs: 4,
      loss: (batch, context) => {
        draws.push(context.random?.word() ?? NaN);
        return again.options.loss(batch, context);
      },
    });
    expect(draws).toEqual(first);
  });
});

describe('validation', () => {
  /** Trains through scripted validations; the weights after each epoch, and at the end. */
  async function validated(
    outcomes: readonly boolean[],
    extra: Partial<TrainOptions<PairBatch>> & { metric?: 'accuracy' | 'auc' | 'eer' } = {},
  ) {
    const { metric = 'auc', ...more } = extra;
    const { twin, options } = tiny(constant(3), 0.01);
    const after: [string, Float32Array][][] = [];
    const steps = await stepsOf(
      twin,
      { ...options, epochs: outcomes.length, validate: { pairs: scripted(outcomes), metric }, ...more },
      ({ step }) => {
        if (step % 3 === 0) after.push(weights(twin));
      },
    );
    return { after, steps, final: weights(twin) };
  }

  it('comes after the last step of an epoch, with its score and whether it is the best', async () => {
    const { steps } = await validated([false, true, true]);
    expect(steps.map(({ validation }) => validation)).toEqual([
      undefined,
      undefined,
      { score: 0, best: true },
      undefined,
      undefined,
      { score: 1, best: true },
      // As good as the best is not better.
      undefined,
      undefined,
      { score: 1, best: false },
    ]);
  });

  it('leaves the twin with the weights of the best epoch, not of the last', async () => {
    const { after, final } = await validated([false, true, false, false]);
    expect(after).toHaveLength(4);
    expect(final).toEqual(after[1]);
    expect(final).not.toEqual(after[3]);
  });

  it.each([
    ['auc', 0, 1],
    // The best threshold of reversed pairs calls one of two right.
    ['accuracy', 0.5, 1],
    ['eer', 1, 0],
  ] as const)('by %s, lower being better for eer alone', async (metric, bad, good) => {
    const { after, final, steps } = await validated([false, true, true, false], { metric });
    expect(steps.flatMap(({ validation }) => (validation ? [validation] : []))).toEqual([
      { score: bad, best: true },
      { score: good, best: true },
      // As good as the best is not better: the first one stays.
      { score: good, best: false },
      { score: bad, best: false },
    ]);
    expect(final).toEqual(after[1]);
  });

  it('stops after `patience` epochs without a better one', async () => {
    const epochs = async (outcomes: boolean[], patience: number) =>
      (await validated(outcomes, { patience })).after.length;
    expect(await epochs([true, false, false, false, false], 1)).toBe(2);
    expect(await epochs([true, false, false, false, false], 3)).toBe(4);
    expect(await epochs([false, false, true, false, false, false], 2)).toBe(5);
    expect(await epochs([false, true, false, true, false, false, false], 2)).toBe(4);
    expect(await epochs([true, false, false], 9)).toBe(3);
    const { after, final } = await validated([false, true, false, false, false], { patience: 2 });
    expect([after.length, final]).toEqual([4, after[1]]);
  });

  it('scores in inference, recording nothing, and does not change the course of the training', async () => {
    const run = async (validate: boolean) => {
      const twin = barsTwin(1);
      const { validate: pairs, ...options } = barsTraining(twin, { epochs: 2, batches: 4 });
      return (await stepsOf(twin, validate ? { ...options, validate: pairs } : options)).map(({ loss }) => loss);
    };
    expect(await run(true)).toEqual(await run(false));
  });

  it('refuses an unknown metric, and patience without it, before the first step', async () => {
    const { twin, options } = tiny();
    // @ts-expect-error: an unknown metric
    expect(String(await rejection(twin, { ...options, validate: { pairs: scripted([]), metric: 'f1' } }))).toMatch(
      /RangeError: train: .*'f1'.*accuracy/,
    );
    expect(String(await rejection(twin, { ...options, patience: 2 }))).toMatch(
      /RangeError: train: patience needs validate/,
    );
    expect(options.optimizer.steps).toBe(0);
  });
});

describe('a training that is ended early', () => {
  it('by an abort throws the reason after the step under way, and keeps that step', async () => {
    for (const at of [1, 2, 4, 6]) {
      const { twin, options } = tiny();
      const controller = new AbortController();
      const reason = new Error('enough');
      let kept: unknown;
      const error = await rejection(twin, { ...options, signal: controller.signal }, ({ step }) => {
        if (step !== at) return;
        kept = weights(twin);
        controller.abort(reason);
      });
      expect(error).toBe(reason);
      expect(options.optimizer.steps).toBe(at);
      expect(weights(twin)).toEqual(kept);
    }
  });

  it('by an abort in the middle of a step finishes the step', async () => {
    const { twin, options } = tiny();
    const controller = new AbortController();
    const error = await rejection(twin, {
      ...options,
      signal: controller.signal,
      loss: (batch, context) => {
        if (options.optimizer.steps === 2) controller.abort('stop');
        return options.loss(batch, context);
      },
    });
    expect(error).toBe('stop');
    expect(options.optimizer.steps).toBe(3);
    const { twin: other, options: same } = tiny();
    await rejection(other, { ...same, epochs: 1 });
    expect(weights(twin)).toEqual(weights(other));
  });

  it('by an abort from a timer', async () => {
    const { twin, options } = tiny(constant(1_000_000));
    const error = await rejection(twin, { ...options, signal: AbortSignal.timeout(20) });
    expect(error).toMatchObject({ name: 'TimeoutError' });
    expect(options.optimizer.steps).toBeLessThan(1_000_000);
  });

  it('before it begins does nothing', async () => {
    const { twin, options } = tiny();
    const before = weights(twin);
    expect(await rejection(twin, { ...options, signal: AbortSignal.abort('no') })).toBe('no');
    expect([weights(twin), options.optimizer.steps]).toEqual([before, 0]);
  });

  it('by breaking out of the loop keeps the weights of the last step, not of the best epoch', async () => {
    const { twin, options } = tiny();
    let kept: unknown;
    for await (const { step } of train(twin, {
      ...options,
      epochs: 3,
      validate: { pairs: scripted([true, false, false]), metric: 'auc' },
    })) {
      kept = weights(twin);
      if (step === 5) break;
    }
    expect(options.optimizer.steps).toBe(5);
    expect(weights(twin)).toEqual(kept);
  });

  it('by breaking out lets the batches clean up', async () => {
    let closed = false;
    const { twin, options } = tiny({
      length: 3,
      *epoch(i: number) {
        try {
          yield* constant(3).epoch(i);
        } finally {
          closed = true;
        }
      },
    });
    for await (const _ of train(twin, options)) break;
    expect(closed).toBe(true);
  });
});

describe('train refuses', () => {
  it('NaN in the data, naming the step, and leaves weights, buffers and optimizer as they were', async () => {
    const twin = barsTwin(1);
    const options = barsTraining(twin, { epochs: 2, batches: 4 });
    let before: unknown;
    const broken: SyncBatches<PairBatch> = {
      length: 4,
      *epoch(i) {
        for (const [n, batch] of [...(options.batches.epoch(i) as Iterable<PairBatch>)].entries()) {
          if (i === 1 && n === 2) batch.a.data[100] = NaN;
          yield batch;
        }
      },
    };
    const error = await rejection(twin, { ...options, batches: broken }, () => {
      before = [weights(twin), [...options.optimizer.state().tensors].map(([name, { data }]) => [name, data.slice()])];
    });
    expect(error).toBeInstanceOf(RangeError);
    expect(String(error)).toMatch(/train: the loss is NaN at step 7; the weights are those of step 6/);
    expect(options.optimizer.steps).toBe(6);
    expect([weights(twin), [...options.optimizer.state().tensors].map(([name, { data }]) => [name, data])]).toEqual(
      before,
    );
  });

  it('a gradient that is not finite, naming parameter and step', async () => {
    const { twin, options } = tiny();
    // The value is 0, its slope overflows.
    const bias = stateDict(twin).get('encoder.0.bias') ?? zeros([]);
    bias.data.fill(0);
    const before = weights(twin);
    const loss = () => sum(mul(mul(bias, 1e30), 1e30));
    const error = await rejection(twin, { ...options, loss });
    expect(error).toBeInstanceOf(RangeError);
    expect(String(error)).toMatch(
      /the gradient of 'encoder\.0\.bias' holds Infinity at step 1; the weights are those of step 0/,
    );
    expect(weights(twin)).toEqual(before);
  });

  it('a gradient that is not finite of a parameter outside the twin, too', async () => {
    const { twin, options } = tiny();
    const proxy = parameter(tensor([0]));
    class Owner extends Linear {
      readonly proxy = proxy;
    }
    const optimizer = new SGD({ twin, head: new Owner(1, 1, { random: createRandom(1) }) }, { learningRate: 0.1 });
    const error = await rejection(twin, { ...options, optimizer, loss: () => sum(mul(mul(proxy, 1e30), 1e30)) });
    expect(String(error)).toMatch(
      /RangeError: train: the gradient of a parameter outside the twin holds Infinity at step 1/,
    );
    expect(proxy.item()).toBe(0);
  });

  it('a loss that is no single number', async () => {
    const { twin, options } = tiny();
    const before = weights(twin);
    const several = await rejection(twin, {
      ...options,
      loss: ({ a, b, different }) => contrastiveLoss(twin.compare(a, b), { different }, { reduction: 'none' }),
    });
    expect(several).toBeInstanceOf(TypeError);
    expect(String(several)).toMatch(
      /train: the loss must be a Tensor with one value; got Tensor.*Reduce it with mean\(\)/s,
    );
    // @ts-expect-error: a number is no Tensor
    const plain = await rejection(twin, { ...options, loss: () => 3 });
    expect(plain).toBeInstanceOf(TypeError);
    expect(String(plain)).toMatch(/one value; got number/);
    const constantLoss = await rejection(twin, { ...options, loss: () => asDistance(tensor([1])) });
    expect(constantLoss).toBeInstanceOf(TypeError);
    expect(String(constantLoss)).toMatch(/depends on no Parameter/);
    expect(weights(twin)).toEqual(before);
  });

  it('what the loss throws, with the buffers as they were', async () => {
    const twin = barsTwin(1);
    const before = weights(twin);
    const options = barsTraining(twin, { epochs: 1, batches: 2 });
    const error = await rejection(twin, {
      ...options,
      loss: (batch, context) => {
        options.loss(batch, context);
        throw new Error('mine');
      },
    });
    expect(String(error)).toBe('Error: mine');
    expect(weights(twin)).toEqual(before);
  });

  it('an optimizer of another module', async () => {
    const { twin, options } = tiny();
    let drawn = 0;
    const batches = {
      length: 3,
      epoch: (i: number) => {
        drawn++;
        return constant(3).epoch(i);
      },
    };
    const error = await rejection(twin, { ...options, batches, optimizer: tiny().options.optimizer });
    expect(String(error)).toMatch(/RangeError: train: the optimizer holds no parameter of the twin.*new Adam\(twin/);
    expect(drawn).toBe(0);
  });

  it('loss and optimizer of another twin, and a loss of another twin, which would train nothing', async () => {
    const [{ twin }, other] = [tiny(), tiny()];
    const both = [weights(twin), weights(other.twin)];
    expect(String(await rejection(twin, other.options))).toMatch(/the optimizer holds no parameter of the twin/);
    const optimizer = new SGD({ twin, other: other.twin }, { learningRate: 0.1 });
    const error = await rejection(twin, { ...other.options, optimizer });
    expect(error).toBeInstanceOf(RangeError);
    expect(String(error)).toMatch(/train: no gradient belongs to the twin at step 1; the weights are those of step 0/);
    expect([weights(twin), weights(other.twin)]).toEqual(both);
  });

  it('validation pairs that cannot be measured, before the first step and without running the network', async () => {
    const pair = (flags: number[]) => ({
      a: zeros([flags.length, 1]),
      b: ones([flags.length, 1]),
      different: Uint8Array.from(flags),
    });
    const cases: [PairBatch[], RegExp][] = [
      [[], /RangeError: train: the validation has no pairs/],
      [[pair([])], /RangeError: train: the validation has no pairs/],
      [[pair([0, 0]), pair([0])], /RangeError: train: the validation has 3 pairs, all of them same/],
      [[pair([1])], /RangeError: train: the validation has 1 pairs, all of them different/],
      [[pair([0, 1]), pair([2])], /RangeError: train: different\[0\] is 2/],
      [[{ ...pair([0, 1]), different: Uint8Array.of(1) }], /ShapeError: train: 2 pairs need 2 labels/],
    ];
    for (const [epoch, words] of cases) {
      const { twin, options } = tiny();
      const pairs = { length: epoch.length, epoch: () => epoch };
      const error = await rejection(twin, { ...options, validate: { pairs, metric: 'auc' } });
      expect(String(error)).toMatch(words);
      expect(options.optimizer.steps).toBe(0);
    }
    const { twin, options } = tiny();
    const later = {
      length: 1,
      async *epoch() {
        yield await Promise.resolve(pair([0, 1]));
      },
    };
    // @ts-expect-error: batches that one must wait for
    const error = await rejection(twin, { ...options, validate: { pairs: later, metric: 'auc' } });
    expect(String(error)).toMatch(/TypeError: train: the batches are asynchronous/);
    expect(options.optimizer.steps).toBe(0);
  });

  it('fewer batches than batches.length says, once the epoch is over', async () => {
    const { twin, options } = tiny({ length: 4, epoch: () => constant(3).epoch(0) });
    const error = await rejection(twin, options);
    expect(error).toBeInstanceOf(RangeError);
    expect(String(error)).toMatch(/train: epoch 1 had 3 batches, but batches\.length is 4/);
    expect(options.optimizer.steps).toBe(3);
  });

  it('more batches than batches.length says, before it trains on them', async () => {
    const { twin, options } = tiny({
      length: 3,
      *epoch() {
        for (;;) yield* constant(1).epoch(0);
      },
    });
    const error = await rejection(twin, options);
    expect(error).toBeInstanceOf(RangeError);
    expect(String(error)).toMatch(/train: epoch 1 has more than 3 batches, but batches\.length is 3/);
    expect(options.optimizer.steps).toBe(3);
  });

  it('a seed in place of a source of random numbers, and none', async () => {
    const { twin, options } = tiny();
    for (const random of [7, undefined]) {
      // @ts-expect-error: what plain JavaScript may pass
      const error = await rejection(twin, { ...options, random });
      expect(String(error)).toBe(
        'TypeError: train: the options need random, from which the masks of dropout are drawn. Pass { random: createRandom(seed) }.',
      );
    }
  });

  it('numbers that are not counts, and no batches at all', async () => {
    const { twin, options } = tiny();
    for (const epochs of [0, -1, 1.5, NaN])
      expect(String(await rejection(twin, { ...options, epochs }))).toMatch(/RangeError: train: epochs must be/);
    for (const length of [0, -1, 1.5, NaN]) {
      expect(String(await rejection(twin, { ...options, batches: { length, epoch: () => [] } }))).toMatch(
        /RangeError: train: batches\.length must be/,
      );
    }
    const validate = { pairs: scripted([true]), metric: 'auc' } as const;
    for (const patience of [0, -1, 1.5, NaN])
      expect(String(await rejection(twin, { ...options, validate, patience }))).toMatch(
        /RangeError: train: patience must be/,
      );
    const never = {
      length: 1,
      epoch: (): Iterable<PairBatch> => {
        throw new Error('drawn');
      },
    };
    for (const maxNorm of [0, -1, NaN]) {
      expect(String(await rejection(twin, { ...options, batches: never, clip: { maxNorm } }))).toMatch(
        /RangeError: train: clip\.maxNorm must be above 0/,
      );
    }
    expect(options.optimizer.steps).toBe(0);
  });

  it('a checkpoint of a step that is over', async () => {
    const { twin, options } = tiny();
    const steps: TrainStep[] = [];
    for await (const step of train(twin, options)) {
      steps.push(step);
      expect(step.checkpoint().length).toBeGreaterThan(0);
      if (steps.length > 1) {
        const past = steps[steps.length - 2];
        expect(errorOf(RangeError, () => past.checkpoint()).message).toContain(
          'is over, and the twin has gone on. Call checkpoint() before asking for the next step.',
        );
        expect(() => past.checkpoint()).toThrow(`checkpoint: step ${past.step} is over`);
      }
    }
    // Nothing has changed since the last step: no validation, so no best weights.
    expect(steps[5].checkpoint().length).toBeGreaterThan(0);
  });

  it('a checkpoint of the last step once the twin holds the best weights instead', async () => {
    const { twin, options } = tiny();
    const steps: TrainStep[] = [];
    for await (const step of train(twin, { ...options, validate: { pairs: scripted([true, false]), metric: 'auc' } }))
      steps.push(step);
    expect(errorOf(RangeError, () => steps[5].checkpoint()).message).toBe(
      'checkpoint: step 6 is over, and the twin has gone on. Call checkpoint() before asking for the next step.',
    );
    expect(() => steps[5].checkpoint()).toThrow(/checkpoint: step 6 is over/);
  });
});

describe('batches', () => {
  it('may be asynchronous, with the same result', async () => {
    const twin = barsTwin(1);
    const options = barsTraining(twin, { epochs: 2, batches: 3 });
    const steps = await stepsOf(twin, options);
    const other = barsTwin(1);
    const same = barsTraining(other, { epochs: 2, batches: 3 });
    const later: Batches<PairBatch> = {
      length: 3,
      async *epoch(i) {
        for await (const batch of same.batches.epoch(i)) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          yield batch;
        }
      },
    };
    expect(await stepsOf(other, { ...same, batches: later })).toEqual(steps);
    expect(weights(other)).toEqual(weights(twin));
  });

  it('without rows give loss 0 and leave the weights alone', async () => {
    const empty = { a: zeros([0, 1]), b: zeros([0, 1]), different: new Uint8Array(0) };
    const { twin, options } = tiny({ length: 2, epoch: () => [empty, empty] });
    const before = weights(twin);
    const steps = await stepsOf(twin, options);
    expect(steps.map(({ loss }) => loss)).toEqual([0, 0, 0, 0]);
    expect(weights(twin)).toEqual(before);
  });

  it('that fail end the training with their error', async () => {
    const { twin, options } = tiny({
      length: 3,
      *epoch(i: number) {
        yield* constant(1).epoch(i);
        throw new Error('disk on fire');
      },
    });
    expect(String(await rejection(twin, options))).toBe('Error: disk on fire');
    expect(options.optimizer.steps).toBe(1);
  });
});
