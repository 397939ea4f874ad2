import { afterEach, describe, expect, test, vi } from 'vitest';
import { relu } from '../../src/autograd/ops/activations.ts';
import { batchNorm } from '../../src/autograd/ops/batchNorm.ts';
import { maxPool2d } from '../../src/autograd/ops/maxPool2d.ts';
import { sum } from '../../src/autograd/ops/reductions.ts';
import { Parameter, parameter } from '../../src/autograd/parameter.ts';
import { backward } from '../../src/autograd/tape.ts';
import { ones } from '../../src/tensor/create.ts';
import { type Kernels, portableKernels, useKernels } from '../../src/tensor/kernels/kernels.ts';
import * as portableChannels from '../../src/tensor/kernels/portable/channels.ts';
import * as portablePool from '../../src/tensor/kernels/portable/maxPool2d.ts';
import * as portableRelu from '../../src/tensor/kernels/portable/relu.ts';
import { toDouble } from '../../src/tensor/precision.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { planeChecks } from './conformancePlanes.ts';

/** Kernels that write a mark of their own, so that a result shows who made it. */
function marked() {
  return {
    name: 'marked',
    relu: vi.fn<NonNullable<Kernels['relu']>>((_x, out) => {
      out.fill(101);
    }),
    gate: vi.fn<NonNullable<Kernels['gate']>>((_g, _y, out) => {
      out.fill(102);
    }),
    maxPool2d: vi.fn<NonNullable<Kernels['maxPool2d']>>((_x, out, chosen) => {
      out.fill(103);
      chosen.fill(0);
    }),
    maxPool2dGradient: vi.fn<NonNullable<Kernels['maxPool2dGradient']>>((_g, _chosen, out) => {
      out.fill(104);
    }),
    channelSums: vi.fn<NonNullable<Kernels['channelSums']>>((_x, _g, _centers, totals, products) => {
      totals.fill(105);
      products.fill(106);
    }),
    channelAffine: vi.fn<NonNullable<Kernels['channelAffine']>>((_x, _g, _factors, out) => {
      out.fill(107);
    }),
  };
}

const doubleParameter = (t: Tensor): Parameter => new Parameter(toDouble(t).data, t.shape);
const all = (shape: readonly number[], value: number) => new Float32Array(ones(shape).size).fill(value);

afterEach(() => {
  useKernels(portableKernels);
});

describe('ops call the active kernels', () => {
  test('relu and its gradient', () => {
    const set = marked();
    useKernels(set);
    const x = parameter(ones([2, 3]));
    const y = relu(x);
    expect(y.data).toEqual(all([2, 3], 101));
    expect(backward(sum(y)).get(x).data).toEqual(all([2, 3], 102));
    expect(set.gate.mock.calls[0][1]).toBe(y.data);
  });

  test('maxPool2d and its gradient', () => {
    const set = marked();
    useKernels(set);
    const x = parameter(ones([2, 3, 5, 4]));
    const y = maxPool2d(x, [3, 2], { stride: [1, 2], padding: [1, 0] });
    expect(y.data).toEqual(all([2, 3, 5, 2], 103));
    expect(backward(sum(y)).get(x).data).toEqual(all([2, 3, 5, 4], 104));
    const spec = {
      planes: 6,
      height: 5,
      width: 4,
      outHeight: 5,
      outWidth: 2,
      kernelHeight: 3,
      kernelWidth: 2,
      strideHeight: 1,
      strideWidth: 2,
      padHeight: 1,
      padWidth: 0,
    };
    expect(set.maxPool2d.mock.calls[0][3]).toEqual(spec);
    expect(set.maxPool2dGradient.mock.calls[0][3]).toEqual(spec);
  });

  test('batchNorm: one pass for statistics, one for all gradients', () => {
    const set = marked();
    useKernels(set);
    const [x, weight, bias] = [parameter(ones([2, 3, 4])), parameter(ones([3])), parameter(ones([3]))];
    const y = batchNorm(x, { weight, bias, training: true });
    expect(y.data).toEqual(all([2, 3, 4], 107));
    const gradients = backward(sum(y));
    expect(gradients.get(x).data).toEqual(all([2, 3, 4], 107));
    expect(gradients.get(bias).data).toEqual(all([3], 105));
    const spec = { batch: 2, channels: 3, pixels: 4 };
    expect(set.channelSums.mock.calls.map(([data, g, , , , sizes]) => [data, g === undefined, sizes])).toEqual([
      [x.data, true, spec],
      [x.data, false, spec],
    ]);
    expect(set.channelAffine.mock.calls.map((call) => call[4])).toEqual([spec, spec]);
  });

  test('batchNorm in inference adds nothing up', () => {
    const set = marked();
    useKernels(set);
    const x = parameter(ones([2, 3]));
    backward(sum(batchNorm(x, { runningMean: ones([3]), runningVar: ones([3]) })));
    expect(set.channelSums).not.toHaveBeenCalled();
    expect(set.channelAffine).toHaveBeenCalledTimes(2);
  });

  test('never for double data, forward and backward', () => {
    const { name, ...set } = marked();
    useKernels({ name, ...set });
    const x = doubleParameter(ones([2, 1, 2, 2]));
    expect(backward(sum(relu(batchNorm(maxPool2d(x, 2), { training: true })))).get(x).data).toBeInstanceOf(
      Float64Array,
    );
    // One double input is enough.
    const weight = doubleParameter(ones([1]));
    backward(sum(batchNorm(ones([2, 1]), { weight, runningMean: ones([1]), runningVar: ones([1]) })));
    for (const kernel of Object.values(set)) expect(kernel).not.toHaveBeenCalled();
  });
});

describe('the suite finds a set of kernels that', () => {
  const { relu: rectify, gate } = portableRelu;
  const { maxPool2d: pool, maxPool2dGradient } = portablePool;
  const { channelSums, channelAffine } = portableChannels;
  /** Runs a kernel, then changes its output where it holds something. */
  const spoilt = (out: Float32Array, spoil: () => void): void => {
    if (out.length > 0) spoil();
  };
  const sets: Readonly<Record<string, Omit<Kernels, 'name'>>> = {
    'makes 0 of NaN': {
      relu: (x, out) => {
        for (let i = 0; i < out.length; i++) out[i] = x[i] > 0 ? x[i] : 0;
      },
    },
    'keeps -0': {
      relu: (x, out) => {
        for (let i = 0; i < out.length; i++) out[i] = x[i] < 0 ? 0 : x[i];
      },
    },
    'leaves out a number at the end of a vector': {
      relu: (x, out) => rectify(x, out.length % 4 === 1 ? out.subarray(1) : out),
    },
    'writes whole vectors': {
      relu: (x, out) => {
        rectify(x, out);
        if (out.length % 4 === 3) new Float32Array(out.buffer, out.byteOffset, out.length + 1)[out.length] = 0;
      },
    },
    'works in place': {
      relu: (x, out) => {
        rectify(x, out);
        x.set(out);
      },
    },
    'closes the gate at NaN': {
      gate: (g, y, out) => {
        for (let i = 0; i < out.length; i++) out[i] = y[i] > 0 ? g[i] : 0;
      },
    },
    'multiplies by the gate': {
      gate: (g, y, out) => {
        for (let i = 0; i < out.length; i++) out[i] = g[i] * (y[i] === 0 ? 0 : 1);
      },
    },
    'gates by the wrong operand': { gate: (g, y, out) => gate(y, g, out) },
    'chooses the last at a tie': {
      maxPool2d: (x, out, chosen, spec) => {
        pool(x.slice().reverse(), out, chosen, { ...spec });
        out.reverse();
        chosen.reverse().forEach((position, o) => {
          chosen[o] = x.length - 1 - position;
        });
      },
    },
    'loses NaN': {
      maxPool2d: (x, out, chosen, spec) =>
        pool(
          x.map((v) => (Number.isNaN(v) ? -Infinity : v)),
          out,
          chosen,
          spec,
        ),
    },
    'counts positions plane by plane': {
      maxPool2d: (x, out, chosen, spec) => {
        pool(x, out, chosen, spec);
        chosen.forEach((position, o) => {
          chosen[o] = position % (spec.height * spec.width);
        });
      },
    },
    'takes an odd row for an even one': {
      maxPool2d: (x, out, chosen, spec) =>
        pool(x, out, chosen, { ...spec, height: spec.height - (spec.planes > 1 ? spec.height % 2 : 0) }),
    },
    'ignores padding': {
      maxPool2d: (x, out, chosen, spec) => pool(x, out, chosen, { ...spec, padHeight: 0, padWidth: 0 }),
    },
    'leaves the last column of an odd image as it was': {
      maxPool2dGradient: (g, chosen, out, spec) => {
        const before = out.slice();
        maxPool2dGradient(g, chosen, out);
        if (spec.width % 2 === 1)
          spoilt(out, () => {
            out[spec.width - 1] = before[spec.width - 1];
          });
      },
    },
    'keeps one of overlapping windows': {
      maxPool2dGradient: (g, chosen, out) => {
        out.fill(0);
        chosen.forEach((position, o) => {
          out[position] = g[o];
        });
      },
    },
    'forgets the pixels past the last vector': {
      channelSums: (x, g, centers, totals, products, spec) => {
        if (spec.pixels % 8 !== 1) return channelSums(x, g, centers, totals, products, spec);
        const cut = (data: Float32Array) => data.map((v, i) => (i % spec.pixels === spec.pixels - 1 ? 0 : v));
        channelSums(cut(x), g === undefined ? undefined : cut(g), centers, totals, products, spec);
      },
    },
    'adds up in single precision': {
      channelSums: (x, g, centers, totals, products, spec) => {
        channelSums(x, g, centers, totals, products, spec);
        totals.set(totals.map(Math.fround));
      },
    },
    'adds to what was there': {
      channelSums: (x, g, centers, totals, products, spec) => {
        const before = totals.slice();
        channelSums(x, g, centers, totals, products, spec);
        totals.set(totals.map((v, c) => v + before[c]));
      },
    },
    'takes the wrong channel of a later image': {
      channelAffine: (x, g, factors, out, spec) => {
        channelAffine(x, g, factors, out, spec);
        const image = spec.channels * spec.pixels;
        const turned = Float64Array.from([...factors.subarray(3), ...factors.subarray(0, 3)]);
        if (spec.batch < 2) return;
        channelAffine(x.subarray(image), g?.subarray(image), turned, out.subarray(image), {
          ...spec,
          batch: spec.batch - 1,
        });
      },
    },
    'rounds in between': {
      channelAffine: (x, g, factors, out, { channels, pixels }) => {
        for (let i = 0; i < out.length; i++) {
          const c = Math.floor(i / pixels) % channels;
          const scaled = Math.fround(x[i] * factors[3 * c]);
          out[i] = scaled + factors[3 * c + 1] + (g === undefined ? 0 : g[i] * factors[3 * c + 2]);
        }
      },
    },
    'forgets the slope': {
      channelAffine: (x, _g, factors, out, spec) => channelAffine(x, undefined, factors, out, spec),
    },
    'leaks one image into the next': {
      channelAffine: (x, g, factors, out, spec) => {
        channelAffine(x, g, factors, out, spec);
        if (spec.batch > 1) out[out.length - 1] *= 1 + 2 ** -24;
      },
    },
  };

  test.each(Object.entries(sets))('%s', (name, set) => {
    const checks = planeChecks({ name, ...set }).filter((check) => check.name.startsWith(Object.keys(set)[0]));
    expect(() => {
      for (const { run } of checks) run();
    }).toThrow();
  });
});
