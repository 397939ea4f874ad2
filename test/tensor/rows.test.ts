import { afterEach, describe, expect, test, vi } from 'vitest';
import { expand } from '../../src/autograd/ops/broadcast.ts';
import { euclidean, squaredEuclidean } from '../../src/autograd/ops/distances.ts';
import { pairwiseDistances } from '../../src/autograd/ops/pairwiseDistances.ts';
import { slice } from '../../src/autograd/ops/rearrange.ts';
import { mean, norm, sum } from '../../src/autograd/ops/reductions.ts';
import { Parameter, parameter } from '../../src/autograd/parameter.ts';
import { scope } from '../../src/autograd/scope.ts';
import { backward } from '../../src/autograd/tape.ts';
import { tensor } from '../../src/tensor/create.ts';
import { type Kernels, portableKernels, useKernels } from '../../src/tensor/kernels/kernels.ts';
import * as portableDistances from '../../src/tensor/kernels/portable/distances.ts';
import * as portableSums from '../../src/tensor/kernels/portable/sums.ts';
import { createSimdKernels } from '../../src/tensor/kernels/simd/simd.ts';
import { toDouble } from '../../src/tensor/precision.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { type Shape, sizeOf } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { rowChecks } from './conformanceRows.ts';

const random = createRandom(79).fork('rows');
const normal = (shape: Shape): Tensor =>
  new Tensor(random.fork(shape.join()).fillNormal(new Float32Array(sizeOf(shape)), 0, 1), shape);

afterEach(() => {
  useKernels(portableKernels);
});

describe('reductions, over every subset of the axes', () => {
  const shape = [2, 3, 2, 4, 3];
  const x = normal(shape);
  const subsets = Array.from({ length: 32 }, (_, bits) => shape.map((_, a) => a).filter((a) => (bits >> a) & 1));

  test.each(subsets.map((axis) => [axis] as const))('%j', (axis) => {
    const kept = shape.filter((_, a) => !axis.includes(a));
    const [sums, squares] = [new Float64Array(sizeOf(kept)), new Float64Array(sizeOf(kept))];
    x.data.forEach((v, i) => {
      let [rest, o, step] = [i, 0, 1];
      for (let a = shape.length - 1; a >= 0; a--) {
        const at = rest % shape[a];
        rest = (rest - at) / shape[a];
        if (axis.includes(a)) continue;
        o += at * step;
        step *= shape[a];
      }
      sums[o] += v;
      squares[o] += v * v;
    });
    const terms = x.size / sizeOf(kept);
    expect(sum(x, { axis }).shape).toEqual(kept);
    const near = (y: Tensor, value: (o: number) => number) =>
      y.data.forEach((v, o) => {
        expect(Math.abs(v - value(o))).toBeLessThan(1e-6 * (1 + Math.abs(value(o))));
      });
    near(sum(x, { axis }), (o) => sums[o]);
    near(mean(x, { axis }), (o) => sums[o] / terms);
    near(norm(x, { axis }), (o) => Math.sqrt(squares[o]));
    // In double precision nothing is rounded.
    expect(Math.abs(sum(toDouble(x), { axis }).data[0] - sums[0])).toBeLessThan(1e-13);
  });
});

test('slice and expand, joining axes, and the gradient of a slice', () => {
  const x = parameter(normal([3, 4, 5, 40]));
  for (const ranges of [
    [[1, 3]],
    [
      [0, 3],
      [1, 3],
    ],
    [
      [0, 3, 2],
      [0, 4],
      [0, 5],
      [0, 40],
    ],
    [
      [2, 3],
      [0, 4],
      [1, 5, 2],
      [3, 38],
    ],
    [
      [0, 3],
      [3, 4],
      [0, 5],
      [1, 40, 3],
    ],
    [[0, 0]],
  ] as const) {
    const places = ([0, 1, 2, 3] as const).map((a) => {
      const [start, stop, step = 1] = (ranges as readonly (readonly [number, number, number?])[])[a] ?? [0, x.shape[a]];
      return Array.from({ length: Math.ceil((stop - start) / step) }, (_, i) => start + i * step);
    });
    const taken = places.reduce((all, own, a) => all.flatMap((i) => own.map((j) => i * x.shape[a] + j)), [0]);
    const y = slice(x, ranges);
    expect([...y.data]).toEqual(taken.map((i) => x.data[i]));
    const g = backward(sum(y)).get(x).data;
    expect([...g]).toEqual([...g].map((_, i) => (taken.includes(i) ? 1 : 0)));
  }
  for (const small of [[2, 1, 1], [1, 3, 1], [1, 1, 50], [2, 3, 1], [1, 3, 50], [2, 1, 50], [50], [1]]) {
    const t = normal(small);
    const [a, b, c] = [1, 1, 1, ...small].slice(-3).map((length) => Number(length > 1));
    const full = expand(t, [2, 3, 50]);
    const [rows, columns] = [3 ** b, 50 ** c];
    full.data.forEach((v, o) => {
      const [i, j, k] = [Math.floor(o / 150), Math.floor(o / 50) % 3, o % 50];
      expect(v).toBe(t.data[(a * i * rows + b * j) * columns + c * k]);
    });
  }
});

describe('ops call the active kernels', () => {
  const set = () => ({
    name: 'marked',
    sums: vi.fn<NonNullable<Kernels['sums']>>((_x, out) => {
      out.fill(101);
    }),
    pairDistances: vi.fn<NonNullable<Kernels['pairDistances']>>((_a, _b, out) => {
      out.fill(102);
    }),
    pullDifferences: vi.fn<NonNullable<Kernels['pullDifferences']>>((_slopes, _x, _y, out) => {
      out.fill(103);
    }),
  });

  test('with the sizes of their data', () => {
    const kernels = set();
    useKernels(kernels);
    expect(sum(normal([2, 3, 4, 5]), { axis: [0, 2, 3] }).toArray()).toEqual([101, 101, 101]);
    expect(kernels.sums.mock.calls[0][2]).toEqual({ groups: 1, outer: 2, kept: 3, inner: 20 });
    const [a, b] = [parameter(normal([2, 4])), parameter(normal([3, 4]))];
    const distances = pairwiseDistances(a, b, { metric: 'squaredEuclidean' });
    expect(distances.data).toEqual(new Float32Array(6).fill(102));
    const gradients = backward(sum(distances));
    for (const p of [a, b]) expect(gradients.get(p).data).toEqual(new Float32Array(p.size).fill(103));
    expect(kernels.pairDistances.mock.calls[0][3]).toEqual({ rows: 2, columns: 3, width: 4, root: false });
    expect(kernels.pullDifferences.mock.calls[1][4]).toEqual({ rows: 3, columns: 2, width: 4, root: false });
  });

  test('never for double data', () => {
    const kernels = set();
    useKernels(kernels);
    const a = new Parameter(toDouble(tensor([[0, 2]])).data, [1, 2]);
    expect([...backward(sum(pairwiseDistances(a, tensor([[0, 0]])))).get(a).data]).toEqual([0, 1]);
    for (const kernel of [kernels.sums, kernels.pairDistances, kernels.pullDifferences])
      expect(kernel).not.toHaveBeenCalled();
  });
});

test('distances of all pairs are those of pairs, with every set, and in a scope', () => {
  const [a, b] = [normal([24, 33]), normal([17, 33])];
  const run = (): Tensor[] => {
    const x = parameter(a);
    const both = [pairwiseDistances(x, b), pairwiseDistances(x, b, { metric: 'squaredEuclidean' })];
    return [...both, sum(x), mean(x, { axis: 1 }), backward(sum(both[0])).get(x)];
  };
  const results = [run(), scope(run)];
  useKernels(createSimdKernels({ megabytes: 16 }));
  results.push(run(), scope(run));
  for (const result of results) expect(result.map(({ data }) => data)).toEqual(results[0].map(({ data }) => data));
  const [roots, squares] = results[0];
  for (let n = 0; n < 24; n++) {
    const row = expand(new Tensor(a.data.slice(n * 33, (n + 1) * 33), [1, 33]), [17, 33]);
    expect(roots.data.slice(n * 17, (n + 1) * 17)).toEqual(euclidean(row, b).data);
    expect(squares.data.slice(n * 17, (n + 1) * 17)).toEqual(squaredEuclidean(row, b).data);
  }
});

describe('the suite finds a set of kernels that', () => {
  const sets: Readonly<Record<string, Omit<Kernels, 'name'>>> = {
    'leaves out the last number of a run': {
      sums: (x, out, spec) => {
        const short = x.filter((_, i) => i % spec.inner < spec.inner - 1);
        portableSums.sums(short, out, { ...spec, inner: Math.max(0, spec.inner - 1) });
      },
    },
    'sums in single precision': {
      sums: (x, out, spec) => {
        portableSums.sums(x, out, spec);
        out.set(Float32Array.from(out));
      },
    },
    'adds in another order where there is one sum': {
      sums: (x, out, spec) => portableSums.sums(out.length === 1 ? x.toReversed() : x, out, spec),
    },
    'takes distances from products': {
      pairDistances: (a, b, out, { rows, columns, width, root }) => {
        const dot = (x: Float32Array, i: number, y: Float32Array, j: number) => {
          let sum = 0;
          for (let d = 0; d < width; d++) sum += x[i * width + d] * y[j * width + d];
          return sum;
        };
        for (let n = 0, o = 0; n < rows; n++) {
          for (let m = 0; m < columns; m++, o++) {
            const square = Math.max(0, dot(a, n, a, n) + dot(b, m, b, m) - 2 * dot(a, n, b, m));
            out[o] = root ? Math.sqrt(square) : square;
          }
        }
      },
    },
    'rounds differences to single precision': {
      pairDistances: (a, b, out, { columns, width, root }) => {
        for (let o = 0; o < out.length; o++) {
          let sum = 0;
          for (let d = 0; d < width; d++)
            sum += Math.fround(a[Math.floor(o / columns) * width + d] - b[(o % columns) * width + d]) ** 2;
          out[o] = root ? Math.sqrt(sum) : sum;
        }
      },
    },
    'leaves what lies above the diagonal': {
      pairDistances: (a, b, out, spec) => {
        const before = out.slice();
        portableDistances.pairDistances(a, b, out, spec);
        if (a === b) for (let n = 0; n < spec.rows - 1; n++) out[n * spec.rows + n + 1] = before[n * spec.rows + n + 1];
      },
    },
    'writes past its distances': {
      pairDistances: (a, b, out, spec) => {
        portableDistances.pairDistances(a, b, out, spec);
        new Float32Array(out.buffer, out.byteOffset, out.length + 1)[out.length] = 0;
      },
    },
    'rounds slopes to single precision': {
      pullDifferences: (slopes, x, y, out, spec) =>
        portableDistances.pullDifferences(Float64Array.from(slopes, Math.fround), x, y, out, spec),
    },
    'has the sign of differences wrong': {
      pullDifferences: (slopes, x, y, out, spec) =>
        portableDistances.pullDifferences(
          slopes.map((v) => -v),
          x,
          y,
          out,
          spec,
        ),
    },
  };

  test.each(Object.entries(sets))('%s', (name, set) => {
    const [kind] = Object.keys(set);
    const checks = rowChecks({ name, ...set }).filter((check) => check.name.startsWith(kind));
    expect(() => {
      for (const { run } of checks) run();
    }).toThrow();
  });
});
