import { afterEach, describe, expect, test } from 'vitest';
import { argMax, max, min } from '../../src/autograd/ops/extremes.ts';
import { logSumExp } from '../../src/autograd/ops/logSumExp.ts';
import { prod } from '../../src/autograd/ops/prod.ts';
import { topK } from '../../src/autograd/ops/topK.ts';
import { std, variance } from '../../src/autograd/ops/variance.ts';
import { scope } from '../../src/autograd/scope.ts';
import { portableKernels, useKernels } from '../../src/tensor/kernels/kernels.ts';
import { createSimdKernels } from '../../src/tensor/kernels/simd/simd.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { type Shape, sizeOf } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

const random = createRandom(82).fork('reductions');
const normal = (shape: Shape): Tensor =>
  new Tensor(random.fork(shape.join()).fillNormal(new Float32Array(sizeOf(shape)), 0, 1), shape);
/** Whole numbers from 0 to 4, so that most are equal to another. */
const tied = (shape: Shape): Tensor => {
  const data = random.fork(`tied ${shape.join()}`).fillUniform(new Float32Array(sizeOf(shape)), 0, 5);
  return new Tensor(data.map(Math.floor), shape);
};

afterEach(() => {
  useKernels(portableKernels);
});

describe('over every subset of the axes', () => {
  const shape = [2, 3, 1, 4, 3];
  const x = normal(shape);
  const subsets = Array.from({ length: 32 }, (_, bits) => shape.map((_, a) => a).filter((a) => (bits >> a) & 1));

  test.each(subsets.map((axis) => [axis] as const))('%j', (axis) => {
    const kept = shape.filter((_, a) => !axis.includes(a));
    const groups = Array.from({ length: sizeOf(kept) }, (): number[] => []);
    x.data.forEach((v, i) => {
      let [rest, o, step] = [i, 0, 1];
      for (let a = shape.length - 1; a >= 0; a--) {
        const at = rest % shape[a];
        rest = (rest - at) / shape[a];
        if (axis.includes(a)) continue;
        o += at * step;
        step *= shape[a];
      }
      groups[o].push(v);
    });
    const near = (y: Tensor, value: (group: readonly number[]) => number) => {
      expect(y.shape).toEqual(kept);
      y.data.forEach((v, o) => {
        const exact = value(groups[o]);
        expect(Math.abs(v - exact)).toBeLessThanOrEqual(1e-6 * Math.abs(exact) + 1e-30);
      });
    };
    const spread = (group: readonly number[]) => {
      const mean = group.reduce((s, v) => s + v, 0) / group.length;
      return group.reduce((s, v) => s + (v - mean) ** 2, 0) / group.length;
    };
    near(max(x, { axis }), (group) => Math.max(...group));
    near(min(x, { axis: axis.toReversed() }), (group) => Math.min(...group));
    near(prod(x, { axis: axis.map((a) => a - shape.length) }), (group) => group.reduce((p, v) => p * v, 1));
    near(variance(x, { axis, correction: 0 }), spread);
    near(std(x, { axis, correction: 0 }), (group) => Math.sqrt(spread(group)));
    near(logSumExp(x, { axis }), (group) => Math.log(group.reduce((s, v) => s + Math.exp(v), 0)));
    expect(max(x, { axis, keepDims: true }).shape).toEqual(shape.map((length, a) => (axis.includes(a) ? 1 : length)));
  });
});

describe('topK is the beginning of a stable sort', () => {
  test.each([
    [[40], 0],
    [[3, 17], 1],
    [[17, 3], 0],
    [[2, 11, 3], 1],
  ] as const)('%j along axis %d', (shape, axis) => {
    const x = tied(shape);
    const length = shape[axis] as number;
    const inner = sizeOf(shape.slice(axis + 1));
    for (const largest of [true, false]) {
      for (let k = 0; k <= length; k++) {
        const { values, indices } = topK(x, k, { axis, largest });
        expect(values.shape).toEqual(x.shape.with(axis, k));
        expect(indices.shape).toEqual(values.shape);
        for (let o = 0; o < values.size; o++) {
          const start = Math.floor(o / inner / k) * length * inner + (o % inner);
          const row = Array.from({ length }, (_, i) => x.data[start + i * inner]);
          const order = row.map((_, i) => i).sort((i, j) => (largest ? row[j] - row[i] : row[i] - row[j]));
          const rank = Math.floor(o / inner) % k;
          expect([indices.data[o], values.data[o]]).toEqual([order[rank], row[order[rank]]]);
        }
      }
    }
  });
});

test('indices outlive the scope that they were found in', () => {
  useKernels(createSimdKernels({ megabytes: 16 }));
  const x = tied([50, 30]);
  const found = () => [argMax(x, { axis: 1 }), topK(x, 20).indices] as const;
  const inside = scope(found);
  scope(() => Array.from({ length: 50 }, () => max(x, { axis: [] })));
  for (const [i, indices] of found().entries()) expect(inside[i].data).toEqual(indices.data);
});

test.each([
  ['variance', variance],
  ['std', std],
  ['prod', prod],
  ['logSumExp', logSumExp],
] as const)('%s of a row has the same bits in any batch', (_name, op) => {
  const x = normal([9, 41]);
  const whole = op(x, { axis: 1 }).data;
  for (let i = 0; i < 9; i++) {
    const alone = op(new Tensor(x.data.slice(41 * i, 41 * i + 41), [1, 41]), { axis: 1 });
    expect(alone.data[0]).toBe(whole[i]);
  }
});
