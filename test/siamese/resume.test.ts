import { describe, expect, it } from 'vitest';
import { balancedPairs } from '../../src/data/balancedPairs.ts';
import type { Batches, PairBatch } from '../../src/data/batches.ts';
import type { LabelledSet } from '../../src/data/imageSet.ts';
import { readSafetensors, writeSafetensors } from '../../src/io/safetensors.ts';
import { contrastiveLoss } from '../../src/losses/contrastiveLoss.ts';
import { Linear } from '../../src/nn/dense.ts';
import type { Module } from '../../src/nn/module.ts';
import { stateDict } from '../../src/nn/state.ts';
import { Adam } from '../../src/optim/adam.ts';
import { train } from '../../src/siamese/train.ts';
import type { TrainOptions } from '../../src/siamese/trainOptions.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { ShapeError } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { bars, barsTraining, barsTwin } from './fixtures/bars.ts';

const SIZES = { epochs: 4, batches: 3 };

function bits(module: Module): [string, number[]][] {
  return [...stateDict(module)].map(([name, { data }]) => [name, [...new Uint32Array(data.slice().buffer)]]);
}

describe('a training with a head beside the twin', () => {
  /** Embeddings go through the head before they are compared; one optimizer trains both. */
  function trainable(seed: number, outputs = 1) {
    const twin = barsTwin(seed);
    const head = new Linear(4, outputs, { random: createRandom(seed).fork('head') });
    const optimizer = new Adam({ twin, head }, { learningRate: 0.01 });
    const loss: TrainOptions<PairBatch>['loss'] = ({ a, b, different }, context) => {
      const side = (x: Tensor) => head.forward(twin.embed(x, context));
      return contrastiveLoss(twin.metric(side(a), side(b)), { different });
    };
    return { twin, head, optimizer, options: { ...barsTraining(twin, SIZES), optimizer, loss } };
  }

  async function run(seed: number, resume?: Uint8Array) {
    const { twin, head, options } = trainable(seed);
    const checkpoints: Uint8Array[] = [];
    const best: [string, number[]][][] = [];
    const losses: number[] = [];
    for await (const step of train(twin, { ...options, resume })) {
      losses.push(step.loss);
      checkpoints.push(step.checkpoint());
      if (step.validation?.best === true) best.splice(0, 1, bits(head));
    }
    return { checkpoints, losses, twin: bits(twin), head: bits(head), best: best[0] };
  }

  it('resumes bit for bit, and both end with the weights of the best epoch', async () => {
    const whole = await run(1);
    expect(whole.head).toEqual(whole.best);
    for (const at of [0, 3, 7, 11]) {
      const resumed = await run(1000, whole.checkpoints[at]);
      expect(resumed.losses).toEqual(whole.losses.slice(at + 1));
      expect([resumed.twin, resumed.head]).toEqual([whole.twin, whole.head]);
    }
    const file = readSafetensors(whole.checkpoints[11]);
    expect([...file.keys()].filter((name) => /extra/.test(name)).sort()).toEqual([
      'best_extra.head.bias',
      'best_extra.head.weight',
      'extra.head.bias',
      'extra.head.weight',
    ]);
  });

  it('refuses a checkpoint without the head, with another one, and with one too many, before anything is written', async () => {
    const { checkpoints } = await run(1);
    const file = readSafetensors(checkpoints[7]);
    const refused = async (resume: Uint8Array, words: RegExp, { twin, head, optimizer, options } = trainable(7)) => {
      const snapshot = () => [bits(twin), bits(head), optimizer.steps];
      const before = snapshot();
      const error = await train(twin, { ...options, resume })
        .next()
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ShapeError);
      expect(String(error)).toMatch(words);
      expect(snapshot()).toEqual(before);
    };
    for (const prefix of ['extra', 'best_extra']) {
      const without = new Map([...file].filter(([name]) => name !== `${prefix}.head.weight`));
      await refused(writeSafetensors(without, file.metadata), /train: .*'head\.weight' \[1, 4\] is missing/);
      const more = new Map(file);
      const entry = file.get('extra.head.bias');
      if (entry !== undefined) more.set(`${prefix}.other.bias`, entry);
      await refused(writeSafetensors(more, file.metadata), /'other\.bias' is in neither/);
    }
    await refused(checkpoints[7], /'head\.weight' is \[1, 4\], not \[2, 4\]/, trainable(7, 2));
  });
});

describe('a resumed epoch', () => {
  /** A set that counts the rows it assembles. */
  function counting(set: LabelledSet): LabelledSet & { rows: number } {
    return {
      length: set.length,
      labels: set.labels,
      rows: 0,
      batch(indices) {
        this.rows += indices.length;
        return set.batch(indices);
      },
    };
  }

  async function lossesAfter(step: number, wrap: (batches: Batches<PairBatch>) => Batches<PairBatch>) {
    const set = counting(bars(12, 1));
    const sampler = balancedPairs(set, { batchSize: 8, pairs: 24, random: createRandom(3) });
    const twin = barsTwin(1);
    const options = { ...barsTraining(twin, SIZES), batches: wrap(sampler), epochs: 1, validate: undefined };
    let resume: Uint8Array | undefined;
    const whole: number[] = [];
    for await (const now of train(twin, options)) {
      whole.push(now.loss);
      if (now.step === step) resume = now.checkpoint();
    }
    set.rows = 0;
    const again = barsTwin(9);
    const losses: number[] = [];
    for await (const { loss } of train(again, { ...options, ...later(again), resume })) losses.push(loss);
    expect(losses).toEqual(whole.slice(step));
    return set.rows;
  }

  function later(twin: ReturnType<typeof barsTwin>) {
    const { optimizer, loss } = barsTraining(twin, SIZES);
    return { optimizer, loss };
  }

  it('does not assemble the batches that it has done: samplers start at any', async () => {
    expect(await lossesAfter(2, (batches) => batches)).toBe(16);
  });

  it('passes over them where the batches are wrapped, and what the wrapper does is kept', async () => {
    const wrapped = (batches: Batches<PairBatch>): Batches<PairBatch> => ({
      ...batches,
      async *epoch(i) {
        for await (const { a, b, different } of batches.epoch(i)) yield { a: b, b: a, different };
      },
    });
    expect(await lossesAfter(2, wrapped)).toBe(48);
  });
});
