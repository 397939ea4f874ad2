import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as t from '../../src/portable.ts';

/*
 * twingrad against PyTorch. The fixture is computed in float64 from float32 inputs (see pytorch.py), so a difference is
 * the rounding of twingrad's float32: some 1e-7 of the largest number that took part.
 */

type Numbers = t.NestedArray;
type Named = Readonly<Record<string, Numbers>>;

interface OpCase {
  readonly op: string;
  /** Of the call, as twingrad names them. */
  readonly options: Readonly<Record<string, never>>;
  readonly inputs: Named;
  readonly output: Numbers;
  /** The gradient that arrives at the output. */
  readonly g: Numbers;
  readonly gradients: Named;
}

interface BatchNormCase {
  readonly layer: 'BatchNorm1d' | 'BatchNorm2d';
  readonly options: t.BatchNormLayerOptions;
  readonly weight: Numbers;
  readonly bias: Numbers;
  readonly passes: readonly {
    readonly training: boolean;
    readonly x: Numbers;
    readonly output: Numbers;
    readonly g: Numbers;
    readonly gradients: Named;
    readonly runningMean: Numbers;
    readonly runningVar: Numbers;
  }[];
}

interface Fixture {
  readonly madeBy: Readonly<Record<string, string | number>>;
  readonly ops: readonly OpCase[];
  readonly batchNorm: readonly BatchNormCase[];
  readonly trajectories: {
    readonly start: Named;
    readonly gradients: readonly Named[];
    readonly runs: readonly {
      readonly optimizer: 'SGD' | 'Adam';
      readonly options: t.SGDOptions & t.AdamOptions;
      readonly after: readonly Named[];
      /** The same without the bias's first gradients. */
      readonly late: readonly Named[];
    }[];
    /** How many of them. */
    readonly skipped: number;
  };
  readonly clipping: {
    readonly gradients: Named;
    readonly cases: readonly { readonly maxNorm: number; readonly norm: number; readonly clipped: Named }[];
  };
  readonly twin: {
    readonly batches: readonly { readonly a: Numbers; readonly b: Numbers; readonly different: readonly number[] }[];
    readonly learningRate: number;
    readonly margin: number;
    readonly initial: Named;
    readonly losses: readonly number[];
    readonly final: Named;
    readonly embeddings: Numbers;
  };
  readonly stateDict: Readonly<Record<string, readonly number[]>>;
}

const fixture: Fixture = JSON.parse(readFileSync(new URL('./pytorch.json', import.meta.url), 'utf8'));

/** Largest error allowed: a part of the number, and a part of the largest of its tensor. */
const RELATIVE = 1e-5;
const OF_LARGEST = 2e-6;

/**
 * Where gradients need more: `1 - y^2` of a saturated tanh, of which every element of the case is one, is right to
 * 2^-23 of the gradient that arrives, whichever library computes it in float32.
 */
const GRADIENT_FLOORS: Readonly<Record<string, number>> = { tanh: 2 ** -22 };

function expectClose(actual: t.Tensor, reference: Numbers, what: string, floor = 0): void {
  const expected = t.tensor(reference);
  expect(actual.shape, what).toEqual(expected.shape);
  const largest = expected.data.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  expected.data.forEach((want, i) => {
    const allowed = Math.max(floor, RELATIVE * Math.abs(want) + OF_LARGEST * largest);
    const error = Math.abs(actual.data[i] - want);
    if (!(error <= allowed)) {
      expect.fail(`${what}, element ${i}: ${actual.data[i]}, PyTorch has ${want}; error ${error}, allowed ${allowed}`);
    }
  });
}

/** The gradients of `sum(y * g)` for each leaf, against the reference. */
function expectGradients(
  y: t.Tensor,
  g: Numbers,
  leaves: Readonly<Record<string, t.Parameter>>,
  reference: Named,
  what: string,
): void {
  const gradients = t.backward(t.sum(t.mul(y, t.tensor(g))));
  expect(Object.keys(leaves)).toEqual(Object.keys(reference));
  for (const [name, leaf] of Object.entries(leaves)) {
    expectClose(gradients.get(leaf), reference[name], `${what}: gradient of ${name}`, GRADIENT_FLOORS[what]);
  }
}

const leavesOf = (values: Named): Record<string, t.Parameter> =>
  Object.fromEntries(Object.entries(values).map(([name, v]) => [name, t.parameter(t.tensor(v))]));

/** How each op of the fixture is called here; inputs come by PyTorch's names. */
const calls: Readonly<Record<string, (x: Record<string, t.Tensor>, options: OpCase['options']) => t.Tensor>> = {
  conv2d: ({ x, weight, bias }, options) => t.conv2d(x, weight, bias, options),
  maxPool2d: ({ x }, { size, ...options }) => t.maxPool2d(x, size, options),
  linear: ({ x, weight, bias }) => t.linear(x, weight, bias),
  relu: ({ x }) => t.relu(x),
  sigmoid: ({ x }) => t.sigmoid(x),
  tanh: ({ x }) => t.tanh(x),
  softplus: ({ x }) => t.softplus(x),
  gelu: ({ x }, options) => t.gelu(x, options),
  batchNorm: ({ x, weight, bias }, options) => t.batchNorm(x, { weight, bias, ...options }),
  euclidean: ({ a, b }) => t.euclidean(a, b),
  cosineSimilarity: ({ a, b }) => t.cosineSimilarity(a, b),
  cosineDistance: ({ a, b }) => t.cosineDistance(a, b),
  pairwiseDistances: ({ a, b }) => t.pairwiseDistances(a, b),
  normalize: ({ x }) => t.normalize(x),
  contrastiveLoss: ({ a, b }, { different, margin }) =>
    t.contrastiveLoss(t.euclidean(a, b), { different }, { margin }),
  tripletLoss: ({ a, p, n }, options) => t.tripletLoss(a, p, n, options),
};

test('the fixture says who made it', () => {
  expect(fixture.madeBy.script).toBe('test/references/pytorch.py');
  expect(fixture.madeBy.torch).toMatch(/^\d+\.\d+/);
  expect(new Set(fixture.ops.map(({ op }) => op))).toEqual(new Set(Object.keys(calls)));
});

describe('ops', () => {
  test.each(fixture.ops.map((c) => [c.op, JSON.stringify(c.options), c] as const))('%s %s', (name, _options, c) => {
    const leaves = leavesOf(c.inputs);
    const y = calls[name](leaves, c.options);
    expectClose(y, c.output, name);
    expectGradients(y, c.g, leaves, c.gradients, name);
  });
});

describe('batch normalization: two training passes, then inference', () => {
  test.each(fixture.batchNorm.map((c, i) => [`${c.layer}, ${i}`, c] as const))('%s', (_name, c) => {
    const weight = t.tensor(c.weight);
    const layer = new t[c.layer](weight.size, c.options);
    const affine = new Map([['weight', weight], ['bias', t.tensor(c.bias)]]);
    t.loadStateDict(layer, affine, { partial: true });
    c.passes.forEach(({ training, x, output, g, gradients, runningMean, runningVar }, i) => {
      const input = t.parameter(t.tensor(x));
      const y = layer.forward(input, { training });
      expectClose(y, output, `pass ${i}`);
      const leaves = { x: input, weight: layer.weight, bias: layer.bias };
      expectGradients(y, g, leaves, gradients, `pass ${i}`);
      expectClose(layer.runningMean, runningMean, `running mean after pass ${i}`);
      expectClose(layer.runningVar, runningVar, `running variance after pass ${i}`);
    });
  });
});

/** A module with the parameters of the optimizer cases. */
class Pair extends t.Module {
  readonly weight: t.Parameter;
  readonly bias: t.Parameter;

  constructor({ weight, bias }: Named) {
    super();
    this.weight = t.parameter(t.tensor(weight));
    this.bias = t.parameter(t.tensor(bias));
  }

  forward(x: t.Tensor): t.Tensor {
    return t.linear(x, this.weight, this.bias);
  }
}

/** Gradients that are given, not computed: those of `sum(parameter * g)`. */
const given = (pair: Pair, g: Named): t.Gradients =>
  t.backward(t.add(t.sum(t.mul(pair.weight, t.tensor(g.weight))), t.sum(t.mul(pair.bias, t.tensor(g.bias)))));

describe('ten optimizer steps', () => {
  const { start, gradients, runs, skipped } = fixture.trajectories;
  const rows = runs.map((run) => [run.optimizer, JSON.stringify(run.options), run] as const);
  test.each(rows)('%s %s', (name, _options, run) => {
    const pair = new Pair(start);
    const optimizer = new t[name](pair, run.options);
    run.after.forEach((expected, step) => {
      optimizer.step(given(pair, gradients[step]));
      expectClose(pair.weight, expected.weight, `weight after step ${step + 1}`);
      expectClose(pair.bias, expected.bias, `bias after step ${step + 1}`);
    });
    expect(optimizer.steps).toBe(10);
  });

  test.each(rows)('%s %s, of which the bias misses the first', (name, _options, run) => {
    const pair = new Pair(start);
    const optimizer = new t[name](pair, run.options);
    run.late.forEach((expected, step) => {
      const g = gradients[step];
      optimizer.step(
        step < skipped ? t.backward(t.sum(t.mul(pair.weight, t.tensor(g.weight)))) : given(pair, g),
      );
      expectClose(pair.weight, expected.weight, `weight after step ${step + 1}`);
      expectClose(pair.bias, expected.bias, `bias after step ${step + 1}`);
    });
  });
});

describe('clipping', () => {
  const { gradients, cases } = fixture.clipping;
  test.each(cases.map((c) => [c.maxNorm, c] as const))('to %d', (maxNorm, { norm, clipped }) => {
    const pair = new Pair(gradients);
    const result = t.clipGradientNorm(given(pair, gradients), { maxNorm });
    expect(Math.abs(result.norm - norm)).toBeLessThan(1e-7 * norm);
    // PyTorch divides by norm + 1e-6: a relative difference of 4e-8 here.
    expectClose(result.gradients.get(pair.weight), clipped.weight, 'weight');
    expectClose(result.gradients.get(pair.bias), clipped.bias, 'bias');
  });
});

test('a twin network trained for five steps: losses, weights, statistics, embeddings', () => {
  const { batches, learningRate, margin, initial, losses, final, embeddings } = fixture.twin;
  const random = t.createRandom(0);
  const encoder = new t.Sequential(
    new t.Conv2d(2, 3, 3, { padding: 1, random }),
    t.relu,
    new t.MaxPool2d(2),
    new t.BatchNorm2d(3),
    new t.Conv2d(3, 4, 3, { random }),
    t.relu,
    new t.Flatten(),
    new t.Linear(16, 5, { random }),
  );
  t.loadStateDict(encoder, new Map(Object.entries(initial).map(([name, v]) => [name, t.tensor(v)])));
  const twin = new t.Twin(encoder, { compare: t.euclidean });
  const optimizer = new t.Adam(twin, { learningRate });
  losses.forEach((expected, step) => {
    const { a, b, different } = batches[step % batches.length];
    const distance = twin.compare(t.tensor(a), t.tensor(b), { training: true });
    const loss = t.contrastiveLoss(distance, { different }, { margin });
    expectClose(loss, expected, `loss of step ${step + 1}`);
    optimizer.step(t.backward(loss));
  });
  for (const [name, value] of t.stateDict(encoder)) expectClose(value, final[name], name);
  expectClose(twin.embed(t.tensor(batches[0].a)), embeddings, 'embeddings');
});

test('state dict: the same names, order and shapes, but for the count of batches', () => {
  const random = t.createRandom(0);
  const model = new t.Sequential(
    new t.Conv2d(1, 2, 3, { random }),
    t.relu,
    new t.MaxPool2d(2),
    new t.BatchNorm2d(2),
    new t.Flatten(),
    new t.Linear(18, 4, { random }),
    new t.BatchNorm1d(4),
  );
  const theirs = Object.entries(fixture.stateDict).filter(([name]) => !name.endsWith('num_batches_tracked'));
  expect(Object.keys(fixture.stateDict).length - theirs.length).toBe(2);
  expect([...t.stateDict(model)].map(([name, { shape }]) => [name, shape])).toEqual(theirs);
});
