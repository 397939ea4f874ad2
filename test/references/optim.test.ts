import { describe, expect, test } from 'vitest';
import * as t from '../../src/portable.ts';
import { expectClose, type Named, readFixture } from './fixture.ts';

interface Fixture {
  readonly trajectories: {
    readonly start: Named;
    readonly gradients: readonly Named[];
    readonly runs: readonly {
      readonly optimizer: 'SGD' | 'Adam' | 'AdamW' | 'RMSprop' | 'Adagrad';
      readonly options: t.SGDOptions & t.AdamOptions & t.RMSpropOptions & t.AdagradOptions;
      readonly after: readonly Named[];
      /** The same without the bias's first gradients. */
      readonly late: readonly Named[];
    }[];
    /** How many of them. */
    readonly skipped: number;
  };
  readonly schedules: readonly {
    readonly schedule: 'stepDecay' | 'cosineDecay' | 'warmup' | 'oneCycle';
    readonly options: { readonly every: number; readonly steps: number; readonly next?: t.CosineDecayOptions };
    /** Of the steps from 0 on. */
    readonly factors: readonly number[];
  }[];
  readonly clipping: {
    readonly gradients: Named;
    readonly cases: readonly { readonly maxNorm: number; readonly norm: number; readonly clipped: Named }[];
  };
}

const fixture = readFixture<Fixture>('optim');

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

const schedules = fixture.schedules.map((s) => [s.schedule, JSON.stringify(s.options), s] as const);
test.each(schedules)('%s %s', (name, _options, { options, factors }) => {
  const next = options.next && t.cosineDecay(options.next);
  const factor = t[name]({ ...options, next });
  factors.forEach((expected, step) => {
    expect(Math.abs(factor(step) - expected), `step ${step}: ${factor(step)} for ${expected}`).toBeLessThanOrEqual(1e-8 * expected + 1e-16);
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
