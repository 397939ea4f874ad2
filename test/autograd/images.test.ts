import { afterEach, describe, expect, test } from 'vitest';
import { add, mul } from '../../src/autograd/ops/arithmetic.ts';
import { adaptiveAvgPool2d, avgPool2d, globalAvgPool2d } from '../../src/autograd/ops/averagePools.ts';
import { conv1d } from '../../src/autograd/ops/conv1d.ts';
import { conv2d } from '../../src/autograd/ops/conv2d.ts';
import { convTranspose2d } from '../../src/autograd/ops/convTranspose2d.ts';
import { crossCorrelation2d } from '../../src/autograd/ops/crossCorrelation2d.ts';
import { concat } from '../../src/autograd/ops/joining.ts';
import { maxPool2d } from '../../src/autograd/ops/maxPool2d.ts';
import { slice } from '../../src/autograd/ops/rearrange.ts';
import { sum } from '../../src/autograd/ops/reductions.ts';
import { upsample2d } from '../../src/autograd/ops/upsample2d.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { backward } from '../../src/autograd/tape.ts';
import { portableKernels, useKernels } from '../../src/tensor/kernels/kernels.ts';
import { createSimdKernels } from '../../src/tensor/kernels/simd/simd.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { type Shape, sizeOf } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

const random = createRandom(31).fork('images');
let drawn = 0;
const normal = (shape: Shape): Tensor =>
  new Tensor(random.fork(drawn++).fillNormal(new Float32Array(sizeOf(shape)), 0, 1), shape);

const sets = { portable: portableKernels, simd: createSimdKernels() } as const;
afterEach(() => {
  useKernels(portableKernels);
});

describe.each(Object.entries(sets))('%s: an item has the same bits alone and in any batch', (_name, set) => {
  const depthwise = [normal([6, 1, 3, 3]), normal([6])] as const;
  const dense = [normal([6, 9, 3, 3]), normal([9])] as const;
  const signal = normal([7, 6, 5]);
  // biome-ignore format: one line an op.
  const ops: Readonly<Record<string, (x: Tensor) => Tensor>> = {
    conv1d: (x) => conv1d(new Tensor(x.data, [x.shape[0], 6, 99]), signal),
    'conv2d, depthwise': (x) => conv2d(x, ...depthwise, { groups: 6, padding: 1 }),
    'convTranspose2d, depthwise': (x) => convTranspose2d(x, ...depthwise, { groups: 6, stride: 2 }),
    convTranspose2d: (x) => convTranspose2d(x, ...dense, { padding: 1 }),
    maxPool2d: (x) => maxPool2d(x, 3, { stride: 2, padding: 1 }),
    avgPool2d: (x) => avgPool2d(x, 3, { stride: 2, padding: 1 }),
    adaptiveAvgPool2d: (x) => adaptiveAvgPool2d(x, [4, 3]),
    globalAvgPool2d,
    'upsample2d, bilinear': (x) => upsample2d(x, [1.5, 2], { mode: 'bilinear' }),
  };
  const batch = normal([5, 6, 9, 11]);
  const item = (x: Tensor, i: number): Tensor => {
    const size = x.size / x.shape[0];
    return new Tensor(x.data.slice(i * size, (i + 1) * size), x.shape.with(0, 1));
  };

  test.each(Object.entries(ops))('%s', (_op, fn) => {
    useKernels(set);
    const y = fn(batch);
    for (let i = 0; i < 5; i++) expect(fn(item(batch, i))).toEqual(item(y, i));
  });

  // 40 items together are beyond what the SIMD kernels hold of one image.
  test('crossCorrelation2d, whose items have templates of their own, and its gradients', () => {
    useKernels(set);
    const [x, template] = [parameter(normal([40, 64, 22, 22])), parameter(normal([40, 64, 6, 6]))];
    const y = crossCorrelation2d(x, template);
    const gradients = backward(sum(y));
    for (const i of [0, 17, 39]) {
      const [a, b] = [parameter(item(x, i)), parameter(item(template, i))];
      const alone = crossCorrelation2d(a, b);
      expect(new Tensor(alone.data, alone.shape)).toEqual(item(y, i));
      const own = backward(sum(alone));
      expect(own.get(a)).toEqual(item(gradients.get(x), i));
      expect(own.get(b)).toEqual(item(gradients.get(template), i));
    }
  });
});

describe('laws', () => {
  const close = (a: Tensor, b: Tensor): void => {
    expect(a.shape).toEqual(b.shape);
    a.data.forEach((v, i) => {
      expect(Math.abs(v - b.data[i])).toBeLessThanOrEqual(1e-5 * (1 + Math.abs(v)));
    });
  };

  test('convTranspose2d is the transpose of conv2d: <conv2d(x), y> = <x, convTranspose2d(y)>', () => {
    const options = { stride: [2, 1], padding: [1, 0], dilation: [1, 2], groups: 2 } as const;
    const [x, weight] = [normal([2, 4, 6, 5]), normal([6, 2, 3, 2])];
    const forward = conv2d(x, weight, undefined, options);
    const y = normal(forward.shape);
    const back = convTranspose2d(y, weight, undefined, { ...options, outputPadding: [1, 0] });
    expect(sum(mul(forward, y)).item()).toBeCloseTo(sum(mul(x, back)).item(), 3);
  });

  test('a depthwise convolution is one of each channel alone', () => {
    const [x, weight] = [normal([2, 3, 5, 6]), normal([3, 1, 3, 3])];
    const options = { padding: 1, stride: [1, 2] } as const;
    const channels = [0, 1, 2].map((c) =>
      conv2d(
        slice(x, [
          [0, 2],
          [c, c + 1],
        ]),
        slice(weight, [[c, c + 1]]),
        undefined,
        options,
      ),
    );
    close(conv2d(x, weight, undefined, { ...options, groups: 3 }), concat(channels, { axis: 1 }));
  });

  test('crossCorrelation2d finds where a template was cut out', () => {
    const x = normal([2, 32, 8, 9]);
    const template = slice(x, [
      [0, 2],
      [0, 32],
      [2, 5],
      [4, 7],
    ]);
    const scores = crossCorrelation2d(x, template);
    for (const i of [0, 1]) {
      const own = Array.from(scores.data.slice(i * 42, (i + 1) * 42));
      expect(own.indexOf(Math.max(...own))).toBe(2 * 7 + 4);
    }
  });

  test('means of means: pooling by 2, twice, is pooling by 4; and one window is the mean of the channel', () => {
    const x = normal([2, 3, 8, 8]);
    close(avgPool2d(avgPool2d(x, 2), 2), avgPool2d(x, 4));
    close(adaptiveAvgPool2d(x, 4), avgPool2d(x, 2));
    close(adaptiveAvgPool2d(x, 1), globalAvgPool2d(x));
  });

  test('upsample2d and then averages give the image back; a plane stays a plane between its outer pixels', () => {
    const x = normal([2, 3, 4, 5]);
    close(avgPool2d(upsample2d(x, [2, 3]), [2, 3]), x);
    const row = (n: number, step: number, from: number) =>
      new Tensor(
        Float32Array.from({ length: n }, (_, i) => from + i * step),
        [1, 1, 1, n],
      );
    close(upsample2d(row(4, 1, 0), { size: [1, 7] }, { mode: 'bilinear', alignCorners: true }), row(7, 0.5, 0));
    close(
      slice(upsample2d(row(4, 1, 0), [1, 2], { mode: 'bilinear' }), [
        [0, 1],
        [0, 1],
        [0, 1],
        [1, 7],
      ]),
      row(6, 0.5, 0.25),
    );
  });

  test('ops are linear in x: gradients do not depend on it', () => {
    const [x, h] = [parameter(normal([1, 2, 5, 6])), normal([1, 2, 5, 6])];
    for (const fn of [
      (a: Tensor) => avgPool2d(a, [2, 3], { stride: 1, padding: [1, 0] }),
      (a: Tensor) => adaptiveAvgPool2d(a, [2, 4]),
      (a: Tensor) => upsample2d(a, { size: [7, 4] }, { mode: 'bilinear' }),
    ]) {
      close(add(fn(x), fn(h)), fn(add(x, h)));
      const y = fn(x);
      const g = normal(y.shape);
      const gradient = backward(sum(mul(y, g))).get(x);
      expect(sum(mul(fn(h), g)).item()).toBeCloseTo(sum(mul(h, gradient)).item(), 4);
    }
  });
});
