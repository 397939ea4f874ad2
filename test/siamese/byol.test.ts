import { describe, expect, it } from 'vitest';
import { relu } from '../../src/autograd/ops/activations.ts';
import { add, mul } from '../../src/autograd/ops/arithmetic.ts';
import { cosineDistance } from '../../src/autograd/ops/distances.ts';
import { mean, sum } from '../../src/autograd/ops/reductions.ts';
import { noGrad } from '../../src/autograd/tape.ts';
import { balancedPairs } from '../../src/data/balancedPairs.ts';
import type { PairBatch } from '../../src/data/batches.ts';
import { readSafetensors } from '../../src/io/safetensors.ts';
import { cloneModule } from '../../src/nn/clone.ts';
import { Dropout, Flatten, Linear } from '../../src/nn/dense.ts';
import { emaUpdate } from '../../src/nn/emaUpdate.ts';
import type { Context, Module } from '../../src/nn/module.ts';
import { BatchNorm1d } from '../../src/nn/normalizations.ts';
import { projectionHead } from '../../src/nn/projectionHead.ts';
import { Sequential } from '../../src/nn/sequential.ts';
import { type ModuleTree, stateDict } from '../../src/nn/state.ts';
import { Adam } from '../../src/optim/adam.ts';
import { cosineDecay } from '../../src/optim/schedules.ts';
import { SGD } from '../../src/optim/sgd.ts';
import { train } from '../../src/siamese/train.ts';
import type { TrainOptions } from '../../src/siamese/trainOptions.ts';
import { Twin } from '../../src/siamese/twin.ts';
import { zeros } from '../../src/tensor/create.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { ShapeError } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { bars } from './fixtures/bars.ts';

/* What self-supervised methods train besides the twin, as Grill et al. 2020 (BYOL) and Chen and He 2021 (SimSiam) do. */

const EPOCHS = 2;
const BATCHES = 5;
const STEPS = EPOCHS * BATCHES;

/** A twin with projector and predictor, all of them with batch normalization, and the slow network of BYOL. */
function build(seed: number) {
  const random = createRandom(seed);
  const encoder = new Sequential(
    new Flatten(),
    new Linear(64, 8, { random: random.fork('encoder') }),
    new BatchNorm1d(8),
    relu,
    new Dropout(0.1),
  );
  const twin = new Twin(encoder, { compare: cosineDistance });
  const projector = projectionHead([8, 12, 6], { lastBatchNorm: true, random: random.fork('projector') });
  const predictor = projectionHead([6, 12, 6], { random: random.fork('predictor') });
  const online = new Sequential(encoder, projector);
  const plain = new Linear(8, 8, { random: random.fork('plain') });
  return { twin, projector, predictor, online, target: cloneModule(online), plain };
}

type Networks = ReturnType<typeof build>;

const away = (p: Tensor, z: Tensor) => mean(cosineDistance(p, z));

function byol(networks: Networks): TrainOptions<PairBatch> {
  const { twin, projector, predictor, online, target } = networks;
  const random = createRandom(42);
  const predicted = (x: Tensor, context: Context) => predictor.forward(online.forward(x, context), context);
  return {
    batches: balancedPairs(bars(12, 1), { batchSize: 8, pairs: 8 * BATCHES, random: random.fork('pairs') }),
    loss: ({ a, b }, context) => {
      const [z1, z2] = noGrad(() => [target.forward(a, context), target.forward(b, context)]);
      return add(away(predicted(a, context), z2), away(predicted(b, context), z1));
    },
    optimizer: new Adam({ twin, projector, predictor }, { learningRate: 0.01 }),
    modules: { projector, predictor, target },
    afterStep: ({ step, steps }) => emaUpdate(target, online, 1 - 0.004 * cosineDecay({ steps })(step)),
    epochs: EPOCHS,
    random: random.fork('training'),
    validate: {
      pairs: balancedPairs(bars(6, 2), { batchSize: 16, random: random.fork('validation') }),
      metric: 'auc',
    },
  };
}

const bits = (root: ModuleTree): [string, number[]][] =>
  [...stateDict(root)].map(([name, { data }]) => [name, [...new Uint32Array(data.slice().buffer)]]);

/** Everything there is, after each step and at the end. */
async function run(seed: number, changes: Partial<TrainOptions<PairBatch>> = {}, training = byol) {
  const networks = build(seed);
  const { twin, projector, predictor, target } = networks;
  const everything = () => bits({ twin, projector, predictor, target });
  const losses: number[] = [];
  const after: [string, number[]][][] = [];
  const checkpoints: Uint8Array[] = [];
  let bestEpoch: [string, number[]][] = [];
  for await (const step of train(twin, { ...training(networks), ...changes })) {
    losses.push(step.loss);
    after.push(everything());
    checkpoints.push(step.checkpoint());
    if (step.validation?.best === true) bestEpoch = everything();
  }
  return { losses, after, checkpoints, final: everything(), bestEpoch };
}

describe('BYOL, interrupted and resumed,', () => {
  it('equals the uninterrupted training bit for bit: predictor, projector, slow network, statistics', async () => {
    const whole = await run(1);
    expect(whole.losses.length).toBe(STEPS);
    expect(whole.final).toEqual(whole.bestEpoch);
    for (const at of [0, 1, 4, 5, 8, 9]) {
      const resumed = await run(1000 + at, { resume: whole.checkpoints[at] });
      expect(resumed.losses).toEqual(whole.losses.slice(at + 1));
      expect(resumed.after).toEqual(whole.after.slice(at + 1));
      expect(resumed.final).toEqual(whole.final);
      resumed.checkpoints.forEach((bytes, i) => expect(bytes).toEqual(whole.checkpoints[at + 1 + i]));
    }
  });

  it('moves the slow network by the schedule: 0.996 at first, 1 at the end', async () => {
    const networks = build(1);
    const { twin, target, online } = networks;
    const of = (module: Module) => stateDict(module).get('1.0.weight')?.data ?? zeros([]).data;
    let before = of(target).slice();
    for await (const { step, steps } of train(twin, { ...byol(networks), validate: undefined })) {
      expect(steps).toBe(STEPS);
      const momentum = 1 - (0.004 * (1 + Math.cos((Math.PI * step) / STEPS))) / 2;
      const now = of(target);
      now.forEach((w, i) => expect(w).toBeCloseTo(momentum * before[i] + (1 - momentum) * of(online)[i], 6));
      if (step === STEPS) expect(now).toEqual(before);
      else expect(now).not.toEqual(before);
      before = now.slice();
    }
  });

  it('keeps all of it in a checkpoint, by its names', async () => {
    const { checkpoints } = await run(1);
    const names = [...readSafetensors(checkpoints[STEPS - 1]).keys()];
    const of = (prefix: string) => names.filter((name) => name.startsWith(prefix)).map((n) => n.slice(prefix.length));
    const { projector, predictor, target } = build(1);
    const expected = [...stateDict({ projector, predictor, target }).keys()].sort();
    expect(of('extra.').sort()).toEqual(expected);
    expect(of('best_extra.').sort()).toEqual(expected);
    expect(expected).toContain('target.1.1.running_mean');
  });
});

/** SimSiam: the same without a slow network. */
function simSiam(networks: Networks): TrainOptions<PairBatch> {
  const { twin, projector, predictor, online } = networks;
  return {
    ...byol(networks),
    loss: ({ a, b }, context) => {
      const [z1, z2] = [a, b].map((x) => online.forward(x, context));
      const [s1, s2] = noGrad(() => [add(z1, 0), add(z2, 0)]);
      const [p1, p2] = [z1, z2].map((z) => predictor.forward(z, context));
      return add(away(p1, s2), away(p2, s1));
    },
    optimizer: new SGD({ twin, projector, predictor }, { learningRate: 0.05, momentum: 0.9 }),
    modules: { projector, predictor },
    afterStep: undefined,
    validate: undefined,
  };
}

it('SimSiam, interrupted and resumed, equals the uninterrupted training bit for bit', async () => {
  const whole = await run(1, {}, simSiam);
  const trained = (state: [string, number[]][]) => state.filter(([name]) => !name.startsWith('target'));
  for (const at of [0, 4, 7]) {
    const resumed = await run(9, { resume: whole.checkpoints[at] }, simSiam);
    expect(resumed.losses).toEqual(whole.losses.slice(at + 1));
    expect(trained(resumed.final)).toEqual(trained(whole.final));
  }
});

describe('modules', () => {
  /** What a training throws, and what there was before its last step. */
  async function rejection(networks: Networks, changes: Partial<TrainOptions<PairBatch>>) {
    const { twin, projector, predictor, target } = networks;
    const everything = () => bits({ twin, projector, predictor, target });
    let last = everything();
    let error: unknown;
    try {
      for await (const _ of train(twin, { ...byol(networks), ...changes })) last = everything();
    } catch (thrown) {
      error = thrown;
    }
    return { error, last, now: everything() };
  }

  it('have their statistics put back where a step is aborted', async () => {
    const networks = build(1);
    const { loss } = byol(networks);
    let calls = 0;
    const failing: typeof loss = (batch, context) => {
      const value = loss(batch, context);
      return ++calls === 4 ? mul(value, NaN) : value;
    };
    const { error, last, now } = await rejection(networks, { loss: failing });
    expect(String(error)).toMatch(/RangeError: train: the loss is NaN at step 4; the weights are those of step 3/);
    expect(now).toEqual(last);
  });

  it('are named where a gradient of theirs is not finite', async () => {
    const networks = build(1);
    const loss = () => sum(mul(mul(stateDict(networks.predictor).get('3.bias') ?? zeros([]), 1e30), 1e30));
    stateDict(networks.predictor).get('3.bias')?.data.fill(0);
    expect(String((await rejection(networks, { loss })).error)).toMatch(
      /train: the gradient of 'predictor\.3\.bias' holds Infinity at step 1/,
    );
  });

  it('must be modules, and have names of their own, which is known before the first step', async () => {
    const networks = build(1);
    const message = async (modules: unknown) => {
      const epoch = () => {
        throw new Error('a batch was drawn');
      };
      const batches = { length: BATCHES, epoch };
      const { error, last, now } = await rejection(networks, { batches, modules: modules as ModuleTree });
      expect(error).toBeInstanceOf(TypeError);
      expect(now).toEqual(last);
      return (error as Error).message;
    };
    expect(await message({ target: undefined })).toBe(
      'train: modules.target is of type undefined, not a Module. Pass { name: module }.',
    );
    expect(await message({ target: relu })).toBe(
      'train: modules.target is of type function, not a Module. Pass { name: module }.',
    );
    expect(await message({ predictor: cloneModule(networks.predictor) })).toBe(
      "train: 'predictor.0.weight' is one tensor in modules and another one in the optimizer. Give both the modules under the same names.",
    );
  });

  it('that a checkpoint does not hold, or holds and are not named now, are refused before anything is written', async () => {
    const named = (await run(1)).checkpoints[2];
    const twinAlone = (await run(1, { modules: undefined })).checkpoints[2];
    const refused = async (resume: Uint8Array, changes: Partial<TrainOptions<PairBatch>> = {}) => {
      const { error, last, now } = await rejection(build(2), { ...changes, resume });
      expect(error).toBeInstanceOf(ShapeError);
      expect(now).toEqual(last);
      return (error as Error).message;
    };
    expect(await refused(twinAlone)).toMatch(
      /^train: the checkpoint's values outside the twin are others than those of modules and optimizer: 'projector\.1\.running_mean' \[12\] is missing; .*'target\.1\.4\.running_var' \[6\] is missing\. Pass the modules, and an optimizer for the modules, that it was made with\.$/,
    );
    expect(await refused(named, { modules: undefined })).toMatch(
      /optimizer: '\S+' is in neither; .*'target\.0\.1\.weight' is in neither.*\. Pass the modules/,
    );
  });

  it('without buffers, whose parameters the optimizer trains, go on from a checkpoint made before they were named', async () => {
    const plain = (networks: Networks): TrainOptions<PairBatch> => {
      const { twin } = networks;
      const predictor = networks.plain;
      return {
        ...byol(networks),
        loss: ({ a, b }, context) => away(predictor.forward(twin.embed(a, context)), twin.embed(b, context)),
        optimizer: new Adam({ twin, predictor }, { learningRate: 0.01 }),
        afterStep: undefined,
        modules: undefined,
      };
    };
    const naming = (networks: Networks) => ({ ...plain(networks), modules: { predictor: networks.plain } });
    const whole = await run(1, {}, plain);
    const resumed = await run(2, { resume: whole.checkpoints[5] }, naming);
    expect(resumed.losses).toEqual(whole.losses.slice(6));
    expect((await run(1, {}, naming)).checkpoints).toEqual(whole.checkpoints);
  });
});
