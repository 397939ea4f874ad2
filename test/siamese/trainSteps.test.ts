import { describe, expect, it } from 'vitest';
import { backward } from '../../src/autograd/tape.ts';
import type { Batches, PairBatch } from '../../src/data/batches.ts';
import { readSafetensors } from '../../src/io/safetensors.ts';
import { stateDict } from '../../src/nn/state.ts';
import { cosineDecay } from '../../src/optim/schedules.ts';
import { SGD } from '../../src/optim/sgd.ts';
import { type TrainStep, train } from '../../src/siamese/train.ts';
import type { StepInfo, TrainOptions } from '../../src/siamese/trainOptions.ts';
import type { Measure, Twin } from '../../src/siamese/twin.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { barsTraining, barsTwin } from './fixtures/bars.ts';

const weights = (twin: Twin<Measure>): [string, number[]][] =>
  [...stateDict(twin)].map(([name, { data }]) => [name, [...new Uint32Array(data.slice().buffer)]]);

/** All of a training: its steps, a checkpoint of each, the weights after each and at the end. */
async function run(changes: Partial<TrainOptions<PairBatch>> = {}, batches = 5, seed = 1) {
  const twin = barsTwin(seed);
  const options = { ...barsTraining(twin, { epochs: 2, batches }), ...changes };
  const steps: Pick<TrainStep, 'epoch' | 'step' | 'steps' | 'loss' | 'gradientNorm' | 'validation'>[] = [];
  const checkpoints: Uint8Array[] = [];
  const after: [string, number[]][][] = [];
  for await (const { checkpoint, ...step } of train(twin, options)) {
    steps.push(step);
    checkpoints.push(checkpoint());
    after.push(weights(twin));
  }
  return { twin, steps, checkpoints, after, final: weights(twin), options };
}

/** What a training ends with. */
async function rejection(changes: Partial<TrainOptions<PairBatch>>) {
  const twin = barsTwin(1);
  const options = { ...barsTraining(twin, { epochs: 2, batches: 5 }), ...changes };
  let last = weights(twin);
  let error: unknown;
  try {
    for await (const _ of train(twin, options)) last = weights(twin);
  } catch (thrown) {
    error = thrown;
  }
  return { error, last, now: weights(twin), steps: options.optimizer.steps };
}

describe('accumulate', () => {
  it('makes a step of so many batches, and of what is left at the end of an epoch', async () => {
    const drawn: number[] = [];
    const base = barsTraining(barsTwin(1), { epochs: 2, batches: 5 }).batches;
    const batches: Batches<PairBatch> = {
      length: 5,
      async *epoch(i) {
        let n = 0;
        for await (const batch of base.epoch(i)) {
          drawn.push(n++);
          yield batch;
        }
      },
    };
    const { steps, options } = await run({ accumulate: 2, batches });
    expect(steps.map(({ epoch, step, steps: all }) => [epoch, step, all])).toEqual([
      [1, 1, 6],
      [1, 2, 6],
      [1, 3, 6],
      [2, 4, 6],
      [2, 5, 6],
      [2, 6, 6],
    ]);
    expect(steps.map(({ validation }) => validation !== undefined)).toEqual([false, false, true, false, false, true]);
    expect(drawn).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
    expect(options.optimizer.steps).toBe(6);
  });

  it('gives the optimizer the mean of the gradients, and yields the mean of the losses', async () => {
    const twin = barsTwin(1);
    const training = barsTraining(twin, { epochs: 1, batches: 5 });
    const optimizer = new SGD(twin, { learningRate: 0.1 });
    const options = { ...training, optimizer, epochs: 1, validate: undefined, clip: undefined, accumulate: 3 };
    // By hand, with one twin for each step: the same weights as the training had before it.
    const expected: { loss: number; moves: Map<string, Float64Array>; left: number }[] = [];
    const current = { before: new Map<string, Float32Array>() };
    const remember = () => {
      current.before = new Map([...stateDict(twin)].map(([name, { data }]) => [name, data.slice()]));
    };
    remember();
    const groups = [3, 2];
    const loss: TrainOptions<PairBatch>['loss'] = (batch, context) => {
      const value = training.loss(batch, context);
      const gradients = backward(value);
      const done = expected.at(-1);
      const now =
        done === undefined || done.left === 0
          ? { loss: 0, moves: new Map<string, Float64Array>(), left: groups[expected.length] }
          : done;
      if (now !== done) expected.push(now);
      const size = groups[expected.length - 1];
      now.left--;
      now.loss += value.item() / size;
      for (const [name, p] of optimizer.parameters) {
        const sum = now.moves.get(name) ?? new Float64Array(p.size);
        now.moves.set(name, sum);
        for (const [i, g] of gradients.get(p).data.entries()) sum[i] += g / size;
      }
      return value;
    };
    let step = 0;
    for await (const { loss: mean } of train(twin, { ...options, loss })) {
      const { loss: wanted, moves } = expected[step++];
      expect(mean).toBeCloseTo(wanted, 12);
      for (const [name, p] of optimizer.parameters) {
        const before = current.before.get(name) ?? new Float32Array();
        const largest = (moves.get(name) ?? new Float64Array()).reduce((m, g) => Math.max(m, Math.abs(g)), 0);
        moves.get(name)?.forEach((g, i) => {
          expect(Math.abs(p.data[i] - (before[i] - 0.1 * g))).toBeLessThan(
            1e-7 * (largest + Math.abs(before[i])) + 1e-12,
          );
        });
      }
      remember();
    }
    expect(step).toBe(2);
  });

  it('of 1 is what it is without, to the bit', async () => {
    const [plain, one] = [await run(), await run({ accumulate: 1 })];
    expect(one.final).toEqual(plain.final);
    expect(one.checkpoints).toEqual(plain.checkpoints);
  });

  it('resumes bit for bit from every step, with a schedule', async () => {
    const changes = { accumulate: 2, schedule: cosineDecay({ steps: 6 }) };
    const whole = await run(changes);
    for (const [i, resume] of whole.checkpoints.entries()) {
      const resumed = await run({ ...changes, resume }, 5, 1000);
      expect(resumed.steps).toEqual(whole.steps.slice(i + 1));
      expect(resumed.final).toEqual(whole.final);
      expect(resumed.checkpoints).toEqual(whole.checkpoints.slice(i + 1));
    }
    expect(readSafetensors(whole.checkpoints[0]).metadata.get('twingrad.accumulate')).toBe('[2]');
  });

  it('refuses a checkpoint of another number, and what is no count', async () => {
    const { checkpoints } = await run({ accumulate: 2 });
    const other = await rejection({ accumulate: 3, resume: checkpoints[2] });
    expect(String(other.error)).toMatch(/RangeError: train: .* with accumulate: 2, this one has accumulate: 3/);
    const fewer = await rejection({ accumulate: 2, epochs: 1, resume: checkpoints[4] });
    expect(String(fewer.error)).toMatch(/has done 5 steps, more than 1 epochs of 5 batches, 2 a step\. Raise epochs/);
    for (const accumulate of [0, -1, 1.5, NaN])
      expect(String((await rejection({ accumulate })).error)).toMatch(
        /RangeError: train: accumulate must be an integer/,
      );
  });

  it('puts back what the batches of an unfinished step wrote, whoever ends it', async () => {
    const base = barsTraining(barsTwin(1), { epochs: 2, batches: 5 });
    const failing: Batches<PairBatch> = {
      length: 5,
      async *epoch(i) {
        let n = 0;
        for await (const batch of base.batches.epoch(i)) {
          if (i === 0 && n++ === 3) throw new Error('disk on fire');
          yield batch;
        }
      },
    };
    const disk = await rejection({ accumulate: 2, batches: failing });
    expect(String(disk.error)).toBe('Error: disk on fire');
    expect([disk.steps, disk.now]).toEqual([1, disk.last]);

    const short = await rejection({ accumulate: 4, batches: { length: 6, epoch: base.batches.epoch } });
    expect(String(short.error)).toMatch(/epoch 1 had 5 batches, but batches\.length is 6/);
    expect([short.steps, short.now]).toEqual([1, short.last]);
  });

  it('finishes the step under way where it is aborted', async () => {
    const controller = new AbortController();
    let calls = 0;
    const twin = barsTwin(1);
    const training = barsTraining(twin, { epochs: 2, batches: 5 });
    const loss: TrainOptions<PairBatch>['loss'] = (batch, context) => {
      if (++calls === 3) controller.abort('stop');
      return training.loss(batch, context);
    };
    let error: unknown;
    try {
      for await (const _ of train(twin, { ...training, loss, accumulate: 2, signal: controller.signal }));
    } catch (thrown) {
      error = thrown;
    }
    expect([error, calls, training.optimizer.steps]).toEqual(['stop', 4, 2]);
  });
});

describe('schedule', () => {
  it('is asked once a step, for the steps done, and multiplies the learning rate', async () => {
    const asked: number[] = [];
    const schedule = (step: number): number => {
      asked.push(step);
      return step < 4 ? 1 : 0;
    };
    const { after } = await run({ schedule, validate: undefined });
    expect(asked).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const encoder = (i: number) => after[i].filter(([name]) => /weight|bias/.test(name));
    expect(encoder(3)).not.toEqual(encoder(2));
    expect(encoder(4)).toEqual(encoder(3));
    expect(after[0]).toEqual((await run({ validate: undefined })).after[0]);
  });

  it('that gives no factor is refused, with the weights of the last step', async () => {
    for (const bad of [NaN, -1, Infinity]) {
      const { error, now, last, steps } = await rejection({ schedule: (step) => (step === 2 ? bad : 1) });
      expect(String(error)).toMatch(/RangeError: optimizer\.step: learningRateFactor must be a finite number/);
      expect([steps, now]).toEqual([2, last]);
    }
    // @ts-expect-error: nothing is no factor
    expect(String((await rejection({ schedule: () => undefined })).error)).toMatch(/learningRateFactor .* got NaN/);
  });
});

describe('afterStep', () => {
  it('comes after the optimizer has written, before the step is yielded, with what it yields', async () => {
    const told: StepInfo[] = [];
    const twin = barsTwin(1);
    const options = barsTraining(twin, { epochs: 1, batches: 4 });
    const yielded: StepInfo[] = [];
    const afterStep = (info: StepInfo): void => {
      expect(options.optimizer.steps).toBe(info.step);
      told.push(info);
      stateDict(twin).get('encoder.1.bias')?.data.fill(0.5);
    };
    for await (const { epoch, step, steps, loss } of train(twin, { ...options, epochs: 2, afterStep })) {
      yielded.push({ epoch, step, steps, loss });
      expect(told).toEqual(yielded);
      expect(new Set(stateDict(twin).get('encoder.1.bias')?.data)).toEqual(new Set([0.5]));
    }
    expect(told.length).toBe(8);
  });

  it('that throws ends the training after that step', async () => {
    let now: unknown;
    const twin = barsTwin(1);
    const options = barsTraining(twin, { epochs: 1, batches: 4 });
    const afterStep = ({ step }: StepInfo): void => {
      now = weights(twin);
      if (step === 2) throw new Error('mine');
    };
    await expect(
      (async () => {
        for await (const _ of train(twin, { ...options, afterStep }));
      })(),
    ).rejects.toThrow('mine');
    expect([options.optimizer.steps, weights(twin)]).toEqual([2, now]);
  });

  it('that returns a promise is refused, also one that rejects', async () => {
    for (const afterStep of [async () => undefined, () => Promise.reject(new Error('unseen'))]) {
      const { error, steps } = await rejection({ afterStep });
      expect(String(error)).toMatch(/TypeError: train: afterStep returned a promise\. It must be synchronous/);
      expect(steps).toBe(1);
    }
  });
});

it('dropout draws by batch: accumulating changes no draw', async () => {
  const draws = async (accumulate: number) => {
    const found: (number | undefined)[] = [];
    const twin = barsTwin(1);
    const training = barsTraining(twin, { epochs: 1, batches: 5 });
    const loss: TrainOptions<PairBatch>['loss'] = (batch, context) => {
      found.push(context.random?.word());
      return training.loss(batch, context);
    };
    const random = createRandom(3);
    for await (const _ of train(twin, { ...training, loss, random, accumulate }));
    return found;
  };
  expect(await draws(3)).toEqual(await draws(1));
});
