import { afterEach, describe, expect, test, vi } from 'vitest';
import { slice } from '../../src/autograd/ops/rearrange.ts';
import { sum } from '../../src/autograd/ops/reductions.ts';
import { logSoftmax, softmax } from '../../src/autograd/ops/softmax.ts';
import { Parameter, parameter } from '../../src/autograd/parameter.ts';
import { backward } from '../../src/autograd/tape.ts';
import { type Kernels, portableKernels, useKernels } from '../../src/tensor/kernels/kernels.ts';
import * as portable from '../../src/tensor/kernels/portable/softmax.ts';
import { toDouble } from '../../src/tensor/precision.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { type Shape, sizeOf } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { softmaxChecks } from './conformanceSoftmax.ts';
import { expectSameBits } from './everywhere.ts';

const random = createRandom(81).fork('softmax');
const normal = (shape: Shape): Tensor =>
  new Tensor(random.fork(shape.join()).fillNormal(new Float32Array(sizeOf(shape)), 0, 3), shape);

afterEach(() => {
  useKernels(portableKernels);
});

describe('ops call the active kernels', () => {
  const set = () => {
    const mark = (value: number) =>
      vi.fn<NonNullable<Kernels['softmaxRows']>>((_x, out) => {
        out.fill(value);
      });
    const pull = (value: number) =>
      vi.fn<NonNullable<Kernels['softmaxGradientRows']>>((_y, _g, out) => {
        out.fill(value);
      });
    return {
      name: 'marked',
      softmaxRows: mark(101),
      logSoftmaxRows: mark(102),
      softmaxGradientRows: pull(103),
      logSoftmaxGradientRows: pull(104),
    };
  };

  test('with the rows of their data', () => {
    const kernels = set();
    useKernels(kernels);
    const x = parameter(normal([2, 3, 5]));
    const [y, z] = [softmax(x), logSoftmax(x, { axis: 1 })];
    expect(y.data).toEqual(new Float32Array(30).fill(101));
    expect(z.data).toEqual(new Float32Array(30).fill(102));
    expect(kernels.softmaxRows.mock.calls[0][2]).toEqual({ rows: 6, width: 5 });
    expect(kernels.logSoftmaxRows.mock.calls[0][2]).toEqual({ rows: 10, width: 3 });
    expect(backward(sum(y)).get(x).data).toEqual(new Float32Array(30).fill(103));
    expect(backward(sum(z)).get(x).data).toEqual(new Float32Array(30).fill(104));
    expect(kernels.softmaxGradientRows.mock.calls[0].slice(0, 2)).toEqual([y.data, new Float32Array(30).fill(1)]);
    expect(kernels.logSoftmaxGradientRows.mock.calls[0][3]).toEqual({ rows: 10, width: 3 });
  });

  test('never for double data', () => {
    const kernels = set();
    useKernels(kernels);
    const x = new Parameter(toDouble(normal([2, 3])).data, [2, 3]);
    backward(sum(softmax(x)));
    backward(sum(logSoftmax(x)));
    for (const kernel of [
      kernels.softmaxRows,
      kernels.logSoftmaxRows,
      kernels.softmaxGradientRows,
      kernels.logSoftmaxGradientRows,
    ])
      expect(kernel).not.toHaveBeenCalled();
  });
});

test.each([softmax, logSoftmax])('row i of %o has the same bits in any batch, and along any axis', (op) => {
  const x = normal([13, 37]);
  const whole = op(x).data;
  const columns = op(new Tensor(x.data, [13, 37, 1]), { axis: 1 }).data;
  expectSameBits(columns, whole, 'along axis 1');
  for (let i = 0; i < 13; i++) {
    expectSameBits(op(slice(x, [[i, i + 1]])).data, whole.slice(37 * i, 37 * (i + 1)), `row ${i}`);
  }
});

describe('the suite finds a set of kernels that', () => {
  const { softmaxRows, softmaxGradientRows, logSoftmaxRows, logSoftmaxGradientRows } = portable;
  const sets: Readonly<Record<string, Omit<Kernels, 'name'>>> = {
    'subtracts no largest entry': {
      softmaxRows: (x, out, { width }) => {
        for (let start = 0; start < x.length; start += width) {
          const sum = x.subarray(start, start + width).reduce((s, v) => s + Math.exp(v), 0);
          for (let i = start; i < start + width; i++) out[i] = x[i] === -Infinity ? 0 : Math.exp(x[i]) / (sum || 1);
        }
      },
    },
    'has NaN where all entries are masked': {
      softmaxRows: (x, out, spec) => {
        softmaxRows(x, out, spec);
        for (let r = 0; r < spec.rows; r++) {
          const row = x.subarray(r * spec.width, (r + 1) * spec.width);
          if (row.every((v) => v === -Infinity)) out.fill(NaN, r * spec.width, (r + 1) * spec.width);
        }
      },
    },
    'takes NaN beside masked entries for one': {
      softmaxRows: (x, out, spec) =>
        softmaxRows(
          x.map((v) => (Number.isNaN(v) ? -Infinity : v)),
          out,
          spec,
        ),
    },
    'sums a single row in another order': {
      softmaxRows: (x, out, spec) => {
        softmaxRows(x, out, spec);
        if (spec.rows === 1 && spec.width === 33) out[0] = Math.fround(out[0] * (1 + 2 ** -23));
      },
    },
    'writes past its shares': {
      softmaxRows: (x, out, spec) => {
        softmaxRows(x, out, spec);
        new Float32Array(out.buffer, out.byteOffset, out.length + 1)[out.length] = 0;
      },
    },
    'takes the logarithm of a share': {
      logSoftmaxRows: (x, out, spec) => {
        softmaxRows(x, out, spec);
        for (let i = 0; i < out.length; i++) out[i] = Math.log(out[i]);
      },
    },
    'adds the logarithm to the largest entry first': {
      logSoftmaxRows: (x, out, spec) => {
        logSoftmaxRows(x, out, spec);
        for (let i = 0; i < out.length; i++) out[i] = out[i] === -Infinity ? out[i] : Math.fround(1e4 + out[i]) - 1e4;
      },
    },
    'leaves out the sum': {
      softmaxGradientRows: (y, g, out) => {
        for (let i = 0; i < out.length; i++) out[i] = y[i] * g[i];
      },
    },
    'sums over all rows': {
      softmaxGradientRows: (y, g, out) => softmaxGradientRows(y, g, out, { rows: 1, width: y.length }),
    },
    'has the sign of the sum wrong': {
      logSoftmaxGradientRows: (y, g, out) => {
        const sum = g.reduce((s, v) => s + v, 0);
        for (let i = 0; i < out.length; i++) out[i] = g[i] + Math.exp(y[i]) * sum;
      },
    },
    'rounds the power': {
      logSoftmaxGradientRows: (y, g, out, spec) =>
        logSoftmaxGradientRows(
          y.map((v) => Math.round(64 * v) / 64),
          g,
          out,
          spec,
        ),
    },
  };

  test.each(Object.entries(sets))('%s', (name, set) => {
    const [kind] = Object.keys(set);
    const checks = softmaxChecks({ name, ...set }).filter((check) => check.name.startsWith(kind));
    expect(checks.length).toBeGreaterThan(2);
    expect(() => {
      for (const { run } of checks) run();
    }).toThrow();
  });
});
