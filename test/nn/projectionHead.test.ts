import { describe, expect, test } from 'vitest';
import { relu } from '../../src/autograd/ops/activations.ts';
import { square } from '../../src/autograd/ops/pointwise.ts';
import { linear } from '../../src/autograd/ops/products.ts';
import { gradcheckModule, gradgradcheckModule } from '../../src/nn/clone.ts';
import { Linear } from '../../src/nn/dense.ts';
import { BatchNorm1d } from '../../src/nn/normalizations.ts';
import { type ProjectionHeadOptions, projectionHead } from '../../src/nn/projectionHead.ts';
import { stateDict } from '../../src/nn/state.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { errorOf } from '../errors.ts';

const random = createRandom(4);
const input = (rows: number, columns: number): Tensor =>
  new Tensor(random.fork('x').fillNormal(new Float32Array(rows * columns), 0, 1), [rows, columns]);

/** The layers in words. */
function layers(widths: readonly number[], options: Omit<ProjectionHeadOptions, 'random'> = {}): string[] {
  return Object.values(projectionHead(widths, { ...options, random })).map((layer) => {
    if (layer instanceof Linear) {
      const [outputs, inputs] = layer.weight.shape;
      return `${inputs} to ${outputs}${layer.bias === undefined ? ', no bias' : ''}`;
    }
    return layer instanceof BatchNorm1d ? `norm of ${layer.runningMean.size}` : layer === relu ? 'relu' : 'other';
  });
}

describe('projectionHead', () => {
  test('is made of the layers of each method', () => {
    // SimCLR.
    expect(layers([8, 8, 4], { batchNorm: false })).toEqual(['8 to 8', 'relu', '8 to 4']);
    // SimSiam's projector, and its predictor, which is BYOL's too.
    expect(layers([8, 16, 16, 6], { lastBatchNorm: true })).toEqual([
      ...['8 to 16, no bias', 'norm of 16', 'relu', '16 to 16, no bias', 'norm of 16', 'relu'],
      ...['16 to 6, no bias', 'norm of 6'],
    ]);
    expect(layers([8, 2, 8])).toEqual(['8 to 2, no bias', 'norm of 2', 'relu', '2 to 8']);
    // Barlow Twins and VICReg.
    expect(layers([8, 16, 16, 12])).toEqual([
      ...['8 to 16, no bias', 'norm of 16', 'relu', '16 to 16, no bias', 'norm of 16', 'relu'],
      '16 to 12',
    ]);
    expect(layers([8, 3])).toEqual(['8 to 3']);
    expect(layers([8, 4, 3], { batchNorm: false, lastBatchNorm: true })).toEqual([
      ...['8 to 4', 'relu', '4 to 3, no bias', 'norm of 3'],
    ]);
  });

  test('has the names of nn.Sequential in files', () => {
    const head = projectionHead([4, 6, 2], { lastBatchNorm: true, random });
    const ofNorm = (at: number) => ['weight', 'bias', 'running_mean', 'running_var'].map((name) => `${at}.${name}`);
    expect([...stateDict(head).keys()]).toEqual(['0.weight', ...ofNorm(1), '3.weight', ...ofNorm(4)]);
    expect([...stateDict(projectionHead([4, 6, 2], { batchNorm: false, random })).keys()]).toEqual([
      ...['0.weight', '0.bias', '2.weight', '2.bias'],
    ]);
  });

  test('computes what its layers do, the same for the same seed', () => {
    const [head, again] = [7, 7].map((seed) =>
      projectionHead([3, 5, 2], { batchNorm: false, random: createRandom(seed) }),
    );
    const x = input(4, 3);
    const [first, last] = [head[0], head[2]];
    if (!(first instanceof Linear && last instanceof Linear)) throw new Error('the layers are Linear, relu, Linear');
    const expected = linear(relu(linear(x, first.weight, first.bias)), last.weight, last.bias);
    expect(head.forward(x).data).toEqual(expected.data);
    expect(again.forward(x).data).toEqual(expected.data);
    expect(first.weight.data.subarray(0, 6)).not.toEqual(last.weight.data.subarray(0, 6));
  });

  test('normalizes in training: each output has mean 0 and variance 1 over the batch', () => {
    const head = projectionHead([3, 8, 2], { lastBatchNorm: true, random });
    const y = head.forward(input(64, 3), { training: true }).data;
    for (const k of [0, 1]) {
      const column = y.filter((_, i) => i % 2 === k);
      const mean = column.reduce((total, v) => total + v, 0) / 64;
      expect(mean).toBeCloseTo(0, 5);
      expect(column.reduce((total, v) => total + (v - mean) ** 2, 0) / 64).toBeCloseTo(1, 2);
    }
    expect(
      stateDict(head)
        .get('1.running_mean')
        ?.data.some((m) => m !== 0),
    ).toBe(true);
  });

  test('has right gradients, twice, in training and in inference', () => {
    for (const training of [true, false]) {
      for (const check of [gradcheckModule, gradgradcheckModule]) {
        const head = projectionHead([3, 4, 2], { lastBatchNorm: training, random });
        const result = check(head, (m, x) => square(m.forward(x, { training })), [input(5, 3)]);
        expect(result.ok, result.message).toBe(true);
      }
    }
  });

  test('refuses widths that are none', () => {
    for (const widths of [[], [8]])
      expect(errorOf(RangeError, () => projectionHead(widths, { random })).message).toBe(
        `projectionHead: widths must name input and output at least; got [${widths.join(', ')}]. Pass e.g. [64, 128, 32].`,
      );
    expect(errorOf(RangeError, () => projectionHead([8, 0, 4], { random })).message).toBe(
      'projectionHead: widths[1] must be an integer of at least 1; got 0.',
    );
    // @ts-expect-error: weights need a source of random numbers
    expect(errorOf(TypeError, () => projectionHead([8, 4], {})).message).toMatch(/^Linear: the options need random/);
  });
});
