import { afterEach, describe, expect, test } from 'vitest';
import * as t from '../../src/portable.ts';
import { portableKernels, useKernels } from '../../src/tensor/kernels/kernels.ts';
import { createSimdKernels } from '../../src/tensor/kernels/simd/simd.ts';
import { type LayerName, layerTable } from '../nn/layerTable.ts';
import { expectClose, expectGradients, FAMILIES, type LayerCase, leavesOf, type Named, type Numbers, readFixture } from './fixture.ts';

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
  readonly batchNorm: readonly BatchNormCase[];
  readonly stateDict: {
    readonly layers: readonly { readonly layer: LayerName; readonly options: Readonly<Record<string, unknown>> }[];
    readonly state: Readonly<Record<string, readonly number[]>>;
  };
}

const fixture = readFixture<Fixture>('layers');
const cases = FAMILIES.flatMap((family) => readFixture<{ readonly layers?: readonly LayerCase[] }>(family).layers ?? []);
const sets = { portable: portableKernels, simd: createSimdKernels() } as const;
afterEach(() => {
  useKernels(portableKernels);
});

test('every layer with a state or a loop of its own is compared with PyTorch, or says why not', () => {
  const callable = Object.entries(layerTable).filter(([, { pytorch }]) => pytorch === undefined);
  expect(new Set(callable.map(([name]) => name))).toEqual(new Set(cases.map(({ layer }) => layer)));
});

describe('output and all gradients', () => {
  test.each(cases.map((c) => [c.layer, JSON.stringify(c.options), c] as const))('%s %s', (name, _options, c) => {
    for (const [set, kernels] of Object.entries(sets)) {
      useKernels(kernels);
      const { make, call } = layerTable[name as LayerName];
      const layer = make(c.options);
      expect([...t.stateDict(layer).keys()]).toEqual(Object.keys(c.state));
      t.loadStateDict(layer, new Map(Object.entries(c.state).map(([key, v]) => [key, t.tensor(v)])));
      // Inputs without a gradient are indices.
      const inputs = leavesOf(c.inputs);
      const y = call === undefined ? layer.forward(inputs.x) : call(layer, inputs);
      expectClose(y, c.output, `${name}, ${set}`);
      const state = [...t.stateDict(layer)].filter(([, value]) => value instanceof t.Parameter);
      const known = Object.entries(inputs).filter(([key]) => key in c.gradients);
      expectGradients(y, c.g, Object.fromEntries([...known, ...state]), c.gradients, `${name}, ${set}`);
    }
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
      const leaves = { x: input, ...Object.fromEntries(t.namedParameters(layer)) };
      expectGradients(y, g, leaves, gradients, `pass ${i}`);
      expectClose(layer.runningMean, runningMean, `running mean after pass ${i}`);
      expectClose(layer.runningVar, runningVar, `running variance after pass ${i}`);
    });
  });
});

test('every layer in one model: the same names, order and shapes, but for the counts of batches', () => {
  const { layers, state } = fixture.stateDict;
  expect(layers.map(({ layer }) => layer).sort()).toEqual(Object.keys(layerTable).sort());
  const model = new t.Sequential(...layers.map(({ layer, options }) => layerTable[layer].make(options)));
  const theirs = Object.entries(state).filter(([name]) => !name.endsWith('num_batches_tracked'));
  expect(Object.keys(state).length - theirs.length).toBe(2);
  expect([...t.stateDict(model)].map(([name, { shape }]) => [name, shape])).toEqual(theirs);
});
