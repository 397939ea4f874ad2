import { beforeAll, describe, expect, it } from 'vitest';
import { euclidean } from '../../src/autograd/ops/distances.ts';
import type { PairBatch } from '../../src/data/batches.ts';
import { FormatError } from '../../src/io/formatError.ts';
import { readSafetensors, type SafetensorsEntry, writeSafetensors } from '../../src/io/safetensors.ts';
import { Flatten, Linear } from '../../src/nn/dense.ts';
import { Sequential } from '../../src/nn/sequential.ts';
import { stateDict } from '../../src/nn/state.ts';
import { Adam } from '../../src/optim/adam.ts';
import type { Optimizer } from '../../src/optim/optimizer.ts';
import { SGD } from '../../src/optim/sgd.ts';
import { saveModel } from '../../src/siamese/modelFile.ts';
import { type TrainStep, train } from '../../src/siamese/train.ts';
import type { TrainOptions } from '../../src/siamese/trainOptions.ts';
import { type Measure, Twin } from '../../src/siamese/twin.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { ShapeError } from '../../src/tensor/shape.ts';
import { barsTraining, barsTwin } from './fixtures/bars.ts';

/** Dropout, BatchNorm, Adam, clipping, validation; patience ends it before the last epoch. */
const BATCHES = 3;
const SIZES = { epochs: 30, batches: BATCHES, patience: 2 };

function bits(tensors: Iterable<readonly [string, { readonly data: Float32Array }]>): [string, number[]][] {
  return [...tensors].map(([name, { data }]) => [name, [...new Uint32Array(data.slice().buffer)]]);
}

interface Run {
  readonly steps: readonly {
    readonly loss: number;
    readonly validation: TrainStep['validation'];
    readonly step: number;
  }[];
  readonly checkpoints: readonly Uint8Array<ArrayBuffer>[];
  readonly weights: [string, number[]][];
  readonly optimizer: [string, number[]][];
}

/** Runs to the end, as a process of its own would: everything is made anew, with other first weights where it resumes. */
async function run(resume?: Uint8Array, changes: Partial<TrainOptions<PairBatch>> = {}): Promise<Run> {
  const twin = barsTwin(resume === undefined ? 1 : 1000);
  const options = barsTraining(twin, SIZES);
  const steps: Pick<TrainStep, 'loss' | 'validation' | 'step'>[] = [];
  const checkpoints: Uint8Array<ArrayBuffer>[] = [];
  for await (const step of train(twin, { ...options, resume, ...changes })) {
    steps.push({ loss: step.loss, validation: step.validation, step: step.step });
    checkpoints.push(step.checkpoint());
  }
  return { steps, checkpoints, weights: bits(stateDict(twin)), optimizer: bits(options.optimizer.state().tensors) };
}

let whole: Run;
beforeAll(async () => {
  whole = await run();
});

describe('a training resumed from its checkpoint', () => {
  it('has something to resume: patience ends it, after the best epoch but before the last', () => {
    const epochs = whole.steps.length / BATCHES;
    const best = whole.steps.findLastIndex(({ validation }) => validation?.best === true);
    expect(Number.isInteger(epochs)).toBe(true);
    expect(epochs).toBeGreaterThan(3);
    expect(epochs).toBeLessThan(SIZES.epochs);
    expect((best + 1) / BATCHES).toBe(epochs - SIZES.patience);
  });

  it('equals the uninterrupted one bit for bit, from every step', async () => {
    for (const [i, checkpoint] of whole.checkpoints.entries()) {
      const resumed = await run(checkpoint);
      expect(resumed.steps).toEqual(whole.steps.slice(i + 1));
      expect(resumed.weights).toEqual(whole.weights);
      expect(resumed.optimizer).toEqual(whole.optimizer);
      // Later checkpoints are the same bytes: nothing is forgotten between two interruptions.
      resumed.checkpoints.forEach((bytes, k) => {
        expect(bytes.every((byte, at) => byte === whole.checkpoints[i + 1 + k][at])).toBe(true);
      });
    }
  }, 30_000);

  it('also where every step is a process of its own', async () => {
    let checkpoint: Uint8Array | undefined;
    const losses: number[] = [];
    for (let process = 0; process < 8; process++) {
      const twin = barsTwin(process === 0 ? 1 : 1000 + process);
      for await (const step of train(twin, { ...barsTraining(twin, SIZES), resume: checkpoint })) {
        losses.push(step.loss);
        checkpoint = step.checkpoint();
        break;
      }
    }
    expect(losses).toEqual(whole.steps.slice(0, 8).map(({ loss }) => loss));
  });

  it('needs no more than the bytes: a copy in a larger, unaligned buffer will do', async () => {
    const bytes = whole.checkpoints[4];
    const larger = new Uint8Array(bytes.length + 8);
    larger.set(bytes, 3);
    expect((await run(larger.subarray(3, 3 + bytes.length))).weights).toEqual(whole.weights);
  });

  it('knows the best score so far to the last bit, and its epoch', () => {
    let best: [score: number, epoch: number] | undefined;
    for (const [i, { validation }] of whole.steps.entries()) {
      if (validation?.best === true) best = [validation.score, (i + 1) / BATCHES];
      const text = readSafetensors(whole.checkpoints[i]).metadata.get('twingrad.best');
      expect(text === undefined ? undefined : JSON.parse(text)).toEqual(best);
    }
    // Scores that float32 would round are among them.
    expect(
      whole.steps.some(
        ({ validation }) => validation?.best === true && validation.score !== Math.fround(validation.score),
      ),
    ).toBe(true);
  });

  it('from its last checkpoint only takes the best weights', async () => {
    const resumed = await run(whole.checkpoints.at(-1));
    expect(resumed.steps).toEqual([]);
    expect(resumed.weights).toEqual(whole.weights);
  });

  it('may go on for more epochs than it was meant to', async () => {
    const short = barsTwin(1);
    let last: Uint8Array | undefined;
    for await (const step of train(short, barsTraining(short, { ...SIZES, epochs: 2 }))) last = step.checkpoint();
    expect((await run(last)).weights).toEqual(whole.weights);
  });

  it('holds the state before the best weights are taken: a file of raw, named tensors', () => {
    const last = whole.checkpoints.at(-1) ?? new Uint8Array();
    const file = readSafetensors(last);
    const groups = [...file.keys()].map((name) => name.split('.')[0]);
    expect(new Set(groups)).toEqual(new Set(['model', 'optimizer', 'best']));
    expect(file.has('model.encoder.1.weight')).toBe(true);
    expect(file.has('best.encoder.2.running_var')).toBe(true);
    expect(file.has('optimizer.moment1.encoder.1.weight')).toBe(true);
    expect(file.get('best.encoder.1.weight')?.bytes).not.toEqual(file.get('model.encoder.1.weight')?.bytes);
  });
});

/** Resuming rejects with a typed error in these words, and twin and optimizer keep every bit. */
async function expectRefused(
  resume: Uint8Array,
  kind: new (...args: never[]) => Error,
  words: RegExp,
  { twin = barsTwin(7), changes = {} }: { twin?: Twin<Measure>; changes?: Partial<TrainOptions<PairBatch>> } = {},
): Promise<void> {
  const options = {
    ...barsTraining(barsTwin(7), SIZES),
    optimizer: new Adam(twin, { learningRate: 0.01 }),
    ...changes,
  };
  const snapshot = () => [bits(stateDict(twin)), bits(options.optimizer.state().tensors), options.optimizer.steps];
  const before = snapshot();
  let error: unknown;
  try {
    for await (const _ of train(twin, { ...options, resume })) break;
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(kind);
  expect(String(error)).toMatch(words);
  expect(String(error)).toMatch(/^\w+: (train|readSafetensors|loadStateDict|optimizer\.loadState): /);
  expect(snapshot()).toEqual(before);
}

describe('resume refuses, before anything is written,', () => {
  const checkpoint = () => whole.checkpoints[7];

  /** The file with its metadata or its entries changed. */
  function tampered(
    metadata: Readonly<Record<string, string | undefined>>,
    entries: (entries: Map<string, SafetensorsEntry>) => void = () => undefined,
  ): Uint8Array {
    const file = readSafetensors(checkpoint());
    const changed = new Map(file);
    entries(changed);
    const pairs = Object.entries({ ...Object.fromEntries(file.metadata), ...metadata });
    return writeSafetensors(
      changed,
      new Map(pairs.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]))),
    );
  }

  it('another seed', () =>
    expectRefused(checkpoint(), RangeError, /train: the checkpoint is of a training with another random seed/, {
      changes: { random: createRandom(43).fork('training') },
    }));

  it('another number of batches an epoch', () =>
    expectRefused(checkpoint(), RangeError, /with 3 batches an epoch, this one has 5/, {
      changes: { batches: barsTraining(barsTwin(1), { ...SIZES, batches: 5 }).batches },
    }));

  it('another module: other shapes, fewer layers', async () => {
    await expectRefused(checkpoint(), ShapeError, /'encoder\.1\.weight' is \[12, 64\] but the module has \[16, 64\]/, {
      twin: barsTwin(7, 16),
    });
    const plain = new Twin(new Sequential(new Flatten(), new Linear(64, 12, { random: createRandom(1) })), {
      compare: euclidean,
    });
    await expectRefused(checkpoint(), ShapeError, /'encoder\.2\.running_mean' is not in the module/, { twin: plain });
  });

  it('another optimizer', async () => {
    for (const make of [
      (twin: Twin<Measure>): Optimizer => new SGD(twin, { learningRate: 0.1 }),
      (twin: Twin<Measure>): Optimizer => new SGD(twin, { learningRate: 0.1, momentum: 0.9 }),
    ]) {
      const twin = barsTwin(7);
      await expectRefused(
        checkpoint(),
        ShapeError,
        /optimizer\.loadState: the state is of another optimizer or module.*unknown: 'moment1\.encoder/,
        { twin, changes: { optimizer: make(twin) } },
      );
    }
  });

  it('what is no checkpoint', async () => {
    await expectRefused(new Uint8Array(0), FormatError, /fewer than the 8/);
    await expectRefused(new TextEncoder().encode('{"step": 7}'), FormatError, /header length/);
    await expectRefused(saveModel(barsTwin(1)), FormatError, /hold no 'twingrad\.checkpoint'/);
    await expectRefused(tampered({ 'twingrad.checkpoint': '2' }), FormatError, /version '2', this library reads 1/);
  });

  it('a file cut off anywhere, or with bytes left over', async () => {
    const bytes = checkpoint();
    const header = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const cuts = [1, 7, 8, 9, 100, header - 1, header, header + 1, header + 4, bytes.length - 4, bytes.length - 1];
    for (let cut = 200; cut < bytes.length; cut += 701) cuts.push(cut);
    const kept = barsTwin(7);
    for (const cut of cuts) await expectRefused(bytes.subarray(0, cut), FormatError, /\w/, { twin: kept });
    await expectRefused(Uint8Array.from([...bytes, 0, 0, 0, 0]), FormatError, /belong to no tensor/);
  });

  it('damaged numbers', async () => {
    const [step, batches, key0, key1, counter, taken] = JSON.parse(
      readSafetensors(checkpoint()).metadata.get('twingrad.training') ?? '[]',
    );
    expect([step, batches, taken]).toEqual([8, BATCHES, 8]);
    const texts = [
      undefined,
      '',
      'null',
      '{}',
      '[1,2]',
      '[1,2,3,4,5,"6"]',
      JSON.stringify([-step, batches, key0, key1, counter, taken]),
      JSON.stringify([step + 0.5, batches, key0, key1, counter, taken]),
      JSON.stringify([step, batches, key0, key1, counter, -1]),
      JSON.stringify([step, batches, key0, key1, counter, taken, 0]),
      `[1e999,${batches},${key0},${key1},${counter},${taken}]`,
    ];
    for (const text of texts)
      await expectRefused(
        tampered({ 'twingrad.training': text }),
        FormatError,
        /train: the checkpoint's metadata .* is not a list of 6/,
      );
    await expectRefused(
      tampered({ 'twingrad.training': JSON.stringify([step, batches, key0 + 1, key1, counter, taken]) }),
      RangeError,
      /another random seed/,
    );
    for (const text of [undefined, '', '[0.5]', '[null,1]', '[1e999,1]', '[0.5,0]', '[0.5,1.5]', '[0.5,3]']) {
      await expectRefused(
        tampered({ 'twingrad.best': text }),
        FormatError,
        /train: the checkpoint's metadata .* is not a list of 2/,
      );
    }
  });

  it('a number of batches a step that is none', async () => {
    for (const text of ['', 'null', '[]', '[0]', '[-1]', '[1.5]', '["2"]', '[1,2]', '[1e999]']) {
      await expectRefused(
        tampered({ 'twingrad.accumulate': text }),
        FormatError,
        /train: the checkpoint's metadata '.*' is not a list of 1 fitting numbers\. The file is damaged/,
      );
    }
    await expectRefused(
      tampered({ 'twingrad.accumulate': '[2]' }),
      RangeError,
      /with accumulate: 2, this one has .*: 1/,
    );
  });

  it('best weights without their score, in the twin and beside it', async () => {
    // As many of the one as of the other, or only one kind.
    for (const names of [['best.a', 'best_extra.a'], ['best.a'], ['best_extra.a']]) {
      const bytes = tampered({ 'twingrad.best': undefined }, (entries) => {
        for (const name of entries.keys()) if (name.startsWith('best')) entries.delete(name);
        for (const name of names) entries.set(name, { dtype: 'F32', shape: [1], bytes: new Uint8Array(4) });
      });
      await expectRefused(bytes, FormatError, /train: the checkpoint's metadata 'undefined' is not a list of 2/);
    }
  });

  it('another metric, and validation where there was none', async () => {
    const validate = { ...barsTraining(barsTwin(1), SIZES).validate, metric: 'eer' } as const;
    if (validate.pairs === undefined) throw new Error('bars are validated');
    const { pairs } = validate;
    await expectRefused(checkpoint(), RangeError, /with validation by 'auc', this one has validation by 'eer'/, {
      changes: { validate: { pairs, metric: 'eer' } },
    });
    await expectRefused(checkpoint(), RangeError, /with validation by 'auc', this one has no validation/, {
      changes: { validate: undefined, patience: undefined },
    });
    const twin = barsTwin(1);
    let plain = new Uint8Array();
    for await (const step of train(twin, { ...barsTraining(twin, SIZES), validate: undefined, patience: undefined })) {
      plain = step.checkpoint();
      break;
    }
    await expectRefused(plain, RangeError, /with no validation, this one has validation by 'auc'/);
  });

  it('fewer epochs than it has done', async () => {
    await expectRefused(checkpoint(), RangeError, /has done 8 steps, more than 2 epochs of 3 batches\. Raise epochs/, {
      changes: { epochs: 2 },
    });
  });

  it('tensors that are not float32, naming them', async () => {
    for (const name of ['model.encoder.1.bias', 'best.encoder.1.bias', 'optimizer.moment1.encoder.1.bias']) {
      const changed = tampered({}, (entries) => {
        const { shape = [] } = entries.get(name) ?? {};
        entries.set(name, { dtype: 'F16', shape, bytes: new Uint8Array(2 * shape[0]) });
      });
      await expectRefused(changed, FormatError, new RegExp(`train: the tensor '${name}' is F16, .* F32 only`));
    }
  });

  it('missing, unknown and reshaped tensors in each of its parts', async () => {
    for (const part of ['model', 'best', 'optimizer.moment2']) {
      const name = `${part}.encoder.1.weight`;
      await expectRefused(
        tampered({}, (entries) => entries.delete(name)),
        ShapeError,
        /encoder\.1\.weight/,
      );
      const renamed = tampered({}, (entries) => {
        const entry = entries.get(name);
        if (entry !== undefined) entries.set(`${part}.encoder.9.weight`, entry);
      });
      await expectRefused(renamed, ShapeError, /encoder\.9\.weight/);
      const turned = tampered({}, (entries) => {
        const entry = entries.get(name);
        if (entry !== undefined) entries.set(name, { ...entry, shape: [...entry.shape].reverse() });
      });
      await expectRefused(turned, ShapeError, /encoder\.1\.weight/);
    }
  });
});
