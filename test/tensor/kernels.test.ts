import { afterEach, describe, expect, test, vi } from 'vitest';
import { conv2d } from '../../src/autograd/ops/conv2d.ts';
import { linear, matmul } from '../../src/autograd/ops/products.ts';
import { sum } from '../../src/autograd/ops/reductions.ts';
import { Parameter, parameter } from '../../src/autograd/parameter.ts';
import { backward } from '../../src/autograd/tape.ts';
import { ones, tensor } from '../../src/tensor/create.ts';
import { active, type Kernels, portableKernels, useKernels } from '../../src/tensor/kernels/kernels.ts';
import * as portableConv2d from '../../src/tensor/kernels/portable/conv2d.ts';
import * as portableMatmul from '../../src/tensor/kernels/portable/matmul.ts';
import { toDouble } from '../../src/tensor/precision.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { conformance } from './conformance.ts';

describe('portable', () => {
  test.each(conformance(portableKernels).map((check) => [check.name, check] as const))('%s', (_name, check) =>
    check.run(),
  );
});

/** Kernels that write a mark of their own, so that a result shows who made it. */
function marked() {
  return {
    name: 'marked',
    matmul: vi.fn<NonNullable<Kernels['matmul']>>((_a, _b, out) => {
      out.fill(101);
    }),
    conv2d: vi.fn<NonNullable<Kernels['conv2d']>>((_x, _weight, _bias, out) => {
      out.fill(102);
    }),
    conv2dInputGradient: vi.fn<NonNullable<Kernels['conv2dInputGradient']>>((_g, _weight, out) => {
      out.fill(103);
    }),
    conv2dWeightGradient: vi.fn<NonNullable<Kernels['conv2dWeightGradient']>>((_g, _x, out) => {
      out.fill(104);
    }),
  };
}

const doubleParameter = (t: Tensor): Parameter => new Parameter(toDouble(t).data, t.shape);

afterEach(() => {
  useKernels(portableKernels);
});

describe('useKernels', () => {
  test('returns the set used before', () => {
    const [a, b]: Kernels[] = [{ name: 'a' }, { name: 'b' }];
    expect(useKernels(a)).toBe(portableKernels);
    expect(useKernels(b)).toBe(a);
    expect(active()).toBe(b);
    expect(useKernels(portableKernels)).toBe(b);
    expect(active()).toBe(portableKernels);
  });

  test('the portable set is empty: ops import their portable kernels themselves', () => {
    expect(portableKernels).toEqual({ name: 'portable' });
    expect(Object.isFrozen(portableKernels)).toBe(true);
  });

  test('double data always takes the portable kernels', () => {
    const set = marked();
    useKernels(set);
    expect(active(ones([1]).data)).toBe(set);
    expect(active(toDouble(ones([1])).data)).toBe(portableKernels);
  });
});

describe('ops call the active kernels', () => {
  test('matmul and its gradients', () => {
    const set = marked();
    useKernels(set);
    const [a, b] = [parameter(ones([2, 3])), parameter(ones([3, 4]))];
    const y = matmul(a, b);
    expect(y.data).toEqual(new Float32Array(8).fill(101));
    expect(set.matmul.mock.calls).toEqual([
      [a.data, b.data, y.data, { m: 2, n: 4, k: 3, transposeA: false, transposeB: false, accumulate: false }],
    ]);
    const gradients = backward(sum(y));
    expect(set.matmul).toHaveBeenCalledTimes(3);
    for (const p of [a, b]) expect(gradients.get(p).data).toEqual(new Float32Array(p.size).fill(101));
  });

  test('linear, accumulating onto the bias', () => {
    const set = marked();
    useKernels(set);
    let before: Float32Array | undefined;
    set.matmul.mockImplementation((_a, _b, out) => {
      before = out.slice();
      out.fill(101);
    });
    const y = linear(ones([2, 3]), ones([2, 3]), tensor([5, 6]));
    expect(y.data).toEqual(new Float32Array(4).fill(101));
    expect(before).toEqual(new Float32Array([5, 6, 5, 6]));
    expect(set.matmul.mock.calls[0][3]).toEqual({
      m: 2,
      n: 2,
      k: 3,
      transposeA: false,
      transposeB: true,
      accumulate: true,
    });
  });

  test('conv2d and its gradients', () => {
    const set = marked();
    useKernels(set);
    const [x, weight, bias] = [parameter(ones([2, 2, 5, 4])), parameter(ones([4, 1, 3, 2])), parameter(ones([4]))];
    const y = conv2d(x, weight, bias, { stride: [2, 1], padding: [1, 0], dilation: [1, 2], groups: 2 });
    expect(y.data).toEqual(new Float32Array(y.size).fill(102));
    const spec = {
      batch: 2,
      channels: 2,
      height: 5,
      width: 4,
      filters: 4,
      kernelHeight: 3,
      kernelWidth: 2,
      outHeight: 3,
      outWidth: 2,
      strideHeight: 2,
      strideWidth: 1,
      padHeight: 1,
      padWidth: 0,
      dilationHeight: 1,
      dilationWidth: 2,
      groups: 2,
    };
    expect(set.conv2d.mock.calls).toEqual([[x.data, weight.data, bias.data, y.data, spec]]);
    const gradients = backward(sum(y));
    expect(gradients.get(x).data).toEqual(new Float32Array(x.size).fill(103));
    expect(gradients.get(weight).data).toEqual(new Float32Array(weight.size).fill(104));
    expect(gradients.get(bias).data).toEqual(new Float32Array(4).fill(12));
    expect(set.conv2dInputGradient.mock.calls[0][3]).toEqual(spec);
    expect(set.conv2dWeightGradient.mock.calls[0][3]).toEqual(spec);
    expect(set.matmul).not.toHaveBeenCalled();
  });

  test('never for double data, forward and backward', () => {
    const set = marked();
    useKernels(set);
    const [x, weight] = [doubleParameter(ones([1, 1, 3, 3])), doubleParameter(ones([1, 1, 2, 2]))];
    const y = conv2d(x, weight);
    expect([...y.data]).toEqual([4, 4, 4, 4]);
    expect([...backward(sum(y)).get(x).data]).toEqual([1, 2, 1, 2, 4, 2, 1, 2, 1]);
    const [a, b] = [doubleParameter(ones([2, 2])), doubleParameter(ones([2, 2]))];
    expect([...backward(sum(matmul(a, linear(b, ones([2, 2]))))).get(a).data]).toEqual([4, 4, 4, 4]);
    // One double operand is enough.
    expect([...matmul(ones([1, 2]), b).data]).toEqual([2, 2]);
    for (const kernel of [set.matmul, set.conv2d, set.conv2dInputGradient, set.conv2dWeightGradient]) {
      expect(kernel).not.toHaveBeenCalled();
    }
  });

  test('a set that lacks a kernel gets the portable one', () => {
    useKernels({ name: 'only products', matmul: marked().matmul });
    expect(matmul(ones([1, 2]), ones([2, 1])).item()).toBe(101);
    expect(conv2d(ones([1, 1, 2, 2]), ones([1, 1, 2, 2])).item()).toBe(4);
    useKernels({ name: 'only convolutions', conv2d: marked().conv2d });
    expect(matmul(ones([1, 2]), ones([2, 1])).item()).toBe(2);
    expect(conv2d(ones([1, 1, 2, 2]), ones([1, 1, 2, 2])).item()).toBe(102);
  });
});

describe('the suite finds a set of kernels that', () => {
  const { matmul: product } = portableMatmul;
  const { conv2d: convolve, conv2dInputGradient, conv2dWeightGradient } = portableConv2d;
  const sets: Readonly<Record<string, Omit<Kernels, 'name'>>> = {
    'leaves out the last sum': {
      matmul: (a, b, out, spec) => product(a, b, out, { ...spec, k: Math.max(0, spec.k - 1) }),
    },
    'forgets to accumulate': { matmul: (a, b, out, spec) => product(a, b, out, { ...spec, accumulate: false }) },
    'adds to what was there': { matmul: (a, b, out, spec) => product(a, b, out, { ...spec, accumulate: true }) },
    'transposes the wrong operand': {
      matmul: (a, b, out, spec) =>
        product(a, b, out, { ...spec, transposeA: spec.transposeB, transposeB: spec.transposeA }),
    },
    'writes past its output': {
      matmul: (a, b, out, spec) => {
        product(a, b, out, spec);
        new Float32Array(out.buffer, out.byteOffset, out.length + 1)[out.length] = 0;
      },
    },
    'uses an input as scratch': {
      matmul: (a, b, out, spec) => {
        product(a, b, out, spec);
        if (spec.m === 9) a.fill(0);
      },
    },
    'does not write an empty sum': {
      matmul: (a, b, out, spec) => {
        if (spec.k > 0) product(a, b, out, spec);
      },
    },
    'is off by a few units in the last place': {
      matmul: (a, b, out, spec) => {
        product(a, b, out, spec);
        if (spec.k === 3 && !spec.accumulate)
          out.forEach((v, i) => {
            out[i] = v * (1 + 2 ** -20);
          });
      },
    },
    'makes 0 of 0 times Infinity': {
      matmul: (a, b, out, spec) => {
        product(
          a,
          b.map((v) => (Number.isFinite(v) ? v : 3e38)),
          out,
          spec,
        );
      },
    },
    'sums a single row in another order': {
      matmul: (a, b, out, spec) => {
        const { m, n, k, transposeA, transposeB } = spec;
        if (m > 1 || transposeA || transposeB) return product(a, b, out, spec);
        const rows = Array.from({ length: k }, (_, d) => b.slice(d * n, (d + 1) * n)).reverse();
        const single = rows.reduce(
          (sums, row, d) => sums.map((v, j) => v + row[j] * a[k - 1 - d]),
          new Float32Array(n),
        );
        out.forEach((v, j) => {
          out[j] = spec.accumulate ? v + single[j] : single[j];
        });
      },
    },
    'forgets the bias': { conv2d: (x, weight, _bias, out, spec) => convolve(x, weight, undefined, out, spec) },
    'shifts the padding': {
      conv2d: (x, weight, bias, out, spec) =>
        convolve(x, weight, bias, out, { ...spec, padWidth: Math.max(0, spec.padWidth - 1) }),
    },
    'swaps the strides': {
      conv2d: (x, weight, bias, out, spec) =>
        convolve(x, weight, bias, out, { ...spec, strideHeight: spec.strideWidth, strideWidth: spec.strideHeight }),
    },
    'ignores dilation in the gradient of the input': {
      conv2dInputGradient: (g, weight, out, spec) =>
        conv2dInputGradient(g, weight, out, { ...spec, dilationHeight: 1, dilationWidth: 1 }),
    },
    'leaves the first image out of the gradient of the weight': {
      conv2dWeightGradient: (g, x, out, spec) => {
        const [map, image] = [g.length / spec.batch, x.length / spec.batch];
        conv2dWeightGradient(g.subarray(map), x.subarray(image), out, { ...spec, batch: Math.max(0, spec.batch - 1) });
      },
    },
    'leaks one image into the next': {
      conv2d: (x, weight, bias, out, spec) => {
        convolve(x, weight, bias, out, spec);
        const map = out.length / spec.batch;
        for (let i = map; i < out.length; i++) out[i] += 1e-7 * out[i - map];
      },
    },
  };

  test.each(Object.entries(sets))('%s', (name, set) => {
    const kind = set.matmul === undefined ? 'conv2d' : 'matmul';
    const checks = conformance({ name, ...set }).filter((check) => check.name.startsWith(kind));
    expect(() => {
      for (const { run } of checks) run();
    }).toThrow();
  });
});
