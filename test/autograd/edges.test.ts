import { describe, expect, test } from 'vitest';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { mul } from '../../src/autograd/ops/arithmetic.ts';
import { type BatchNormOptions, batchNorm } from '../../src/autograd/ops/batchNorm.ts';
import { conv2d } from '../../src/autograd/ops/conv2d.ts';
import { cosineDistance, cosineSimilarity, euclidean, squaredEuclidean } from '../../src/autograd/ops/distances.ts';
import { groupNorm, instanceNorm } from '../../src/autograd/ops/groupNorm.ts';
import { split } from '../../src/autograd/ops/joining.ts';
import { layerNorm, rmsNorm } from '../../src/autograd/ops/layerNorm.ts';
import { mahalanobis } from '../../src/autograd/ops/mahalanobis.ts';
import { maxPool2d } from '../../src/autograd/ops/maxPool2d.ts';
import { normalize } from '../../src/autograd/ops/normalize.ts';
import { pairwiseDistances } from '../../src/autograd/ops/pairwiseDistances.ts';
import { square } from '../../src/autograd/ops/pointwise.ts';
import { reshape } from '../../src/autograd/ops/rearrange.ts';
import { mean, norm, sum } from '../../src/autograd/ops/reductions.ts';
import { std, variance } from '../../src/autograd/ops/variance.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { backward, pullThrough } from '../../src/autograd/tape.ts';
import { full, ones, tensor, zeros } from '../../src/tensor/create.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { type Shape, ShapeError, sizeOf } from '../../src/tensor/shape.ts';
import { type NestedArray, Tensor } from '../../src/tensor/tensor.ts';
import { errorOf } from '../errors.ts';

/** Values and gradient of `sum(fn(x) * g)`; + 0 turns -0 into 0. */
function at(fn: (x: Tensor) => Tensor, values: NestedArray, g: NestedArray = 1): { y: number[]; gradient: number[] } {
  const x = parameter(tensor(values));
  const y = fn(x);
  const gradient = backward(sum(mul(y, tensor(g)))).get(x);
  return { y: Array.from(y.data), gradient: Array.from(gradient.data, (v) => v + 0) };
}

describe.each([1e-45, 1e-40, 1e-38, 1e-20, 1, 1e20, 1e38].map(Math.fround))('a vector of length %d', (length) => {
  test('norm and euclidean: the gradient is the unit vector', () => {
    expect(at((x) => norm(x), [length, 0]).gradient).toEqual([1, 0]);
    expect(at((x) => norm(x), [0, -length], 3).gradient).toEqual([0, -3]);
    expect(at((x) => euclidean(x, zeros([1, 2])), [[length, 0]]).gradient).toEqual([1, 0]);
    expect(at((x) => pairwiseDistances(x, zeros([1, 2])), [[0, length]], 2).gradient).toEqual([0, 2]);
    expect(at((x) => pairwiseDistances(zeros([1, 2]), x), [[0, length]], 2).gradient).toEqual([0, 2]);
  });

  test('normalize: a unit vector; the gradient is g across it, over the length', () => {
    const { y, gradient } = at(normalize, [[length, 0]], [[5, 2 * length]]);
    expect(y).toEqual([1, 0]);
    expect(gradient).toEqual([0, 2]);
  });

  test('cosine: no gradient along the vector, g across over the length', () => {
    for (const fn of [cosineSimilarity, (a: Tensor, b: Tensor) => cosineDistance(a, b)]) {
      expect(at((x) => fn(x, tensor([[2, 0]])), [[length, 0]]).gradient).toEqual([0, 0]);
    }
    const g = 2 * length;
    expect(at((x) => cosineSimilarity(x, tensor([[0, 3]])), [[length, 0]], g).gradient).toEqual([0, 2]);
    const pairwise = (x: Tensor) => pairwiseDistances(x, tensor([[0, 3]]), { metric: 'cosine' });
    expect(at(pairwise, [[length, 0]], g).gradient).toEqual([0, -2]);
    expect(at((x) => pairwiseDistances(x, x, { metric: 'cosine' }), [[length, 0]]).gradient).toEqual([0, 0]);
  });
});

/** Each with its degree k: fn of s x is s^k fn of x, where an epsilon grows with s. */
const homogeneous: Readonly<
  Record<string, readonly [degree: number, shape: Shape, fn: (x: Tensor, s: number) => Tensor]>
> = {
  norm: [1, [3, 4], (x) => norm(x, { axis: -1 })],
  std: [1, [3, 4], (x) => std(x, { axis: -1 })],
  variance: [2, [3, 4], (x) => variance(x, { axis: -1 })],
  normalize: [0, [3, 4], (x) => normalize(x)],
  'normalize, epsilon': [0, [6, 2], (x, s) => normalize(x, { epsilon: s })],
  squaredEuclidean: [2, [4, 3], (x) => squaredEuclidean(...halves(x))],
  euclidean: [1, [4, 3], (x) => euclidean(...halves(x))],
  cosineSimilarity: [0, [4, 3], (x) => cosineSimilarity(...halves(x))],
  cosineDistance: [0, [4, 3], (x) => cosineDistance(...halves(x))],
  mahalanobis: [
    1,
    [4, 2],
    (x) =>
      mahalanobis(
        ...halves(x),
        tensor([
          [2, 0.5],
          [0.25, 1],
        ]),
      ),
  ],
  'mahalanobis, by a matrix of other size': [
    0.5,
    [4, 2],
    (x, s) =>
      mahalanobis(
        ...halves(x),
        tensor([
          [2 / s, 0.5 / s],
          [0.25 / s, 1 / s],
        ]),
      ),
  ],
  'pairwise euclidean': [1, [4, 3], (x) => pairwiseDistances(...halves(x))],
  'pairwise squaredEuclidean': [2, [4, 3], (x) => pairwiseDistances(...halves(x), { metric: 'squaredEuclidean' })],
  'pairwise cosine': [0, [4, 3], (x) => pairwiseDistances(...halves(x), { metric: 'cosine' })],
  'batchNorm in training': [0, [4, 3], (x) => batchNorm(x, { training: true, epsilon: 0 })],
  layerNorm: [0, [2, 4], (x) => layerNorm(x, { epsilon: 0 })],
  'layerNorm, epsilon': [0, [2, 4], (x, s) => layerNorm(x, { epsilon: s * s })],
  rmsNorm: [0, [2, 4], (x) => rmsNorm(x, { epsilon: 0 })],
  groupNorm: [0, [2, 4, 3], (x) => groupNorm(x, { groups: 2, epsilon: 0 })],
  instanceNorm: [0, [2, 2, 4], (x) => instanceNorm(x, { epsilon: 0 })],
};

const halves = (x: Tensor): [Tensor, Tensor] => {
  const [a, b] = split(x, 2, { axis: 0 });
  return [a, b];
};

describe.each([-75, -50, -31, -29, 29, 31, 50, 75])(
  'at 2^%d, whose squares and their products float32 may not hold',
  (exponent) => {
    const random = createRandom(8);
    const normal = (name: string, shape: Shape, factor: number): Tensor =>
      new Tensor(
        random
          .fork(name)
          .fillNormal(new Float32Array(sizeOf(shape)), 0, 1)
          .map((v) => v * factor),
        shape,
      );
    /** The second derivatives of fn at `scale` x, divided by `scale^(degree - 2)`. */
    const second = ([degree, shape, fn]: (typeof homogeneous)[string], scale: number): number[] => {
      // The gradient of the output is chosen so that what is expected lies within float32, at the root of its place.
      const seed = scale ** ((2 - degree) / 2);
      const x = parameter(normal('x', shape, scale));
      const y = fn(x, scale);
      const first = backward(sum(mul(y, normal('seed', y.shape, seed))), { createGraph: true }).get(x);
      const g = backward(sum(mul(first, normal('direction', shape, 1)))).get(x);
      return Array.from(g.data, (v) => v * seed);
    };

    test.each(Object.entries(homogeneous))('%s has the second derivatives of 1, scaled', (_, row) => {
      const expected = second(row, 1);
      const largest = Math.max(...expected.map(Math.abs));
      expect(largest).toBeGreaterThan(0.1);
      second(row, 2 ** exponent).forEach((v, i) => {
        expect(Math.abs(v - expected[i]), `element ${i}: ${v} for ${expected[i]}`).toBeLessThanOrEqual(1e-4 * largest);
      });
    });
  },
);

test('a constant row has second derivatives of 0, whatever the epsilon', () => {
  for (const epsilon of [0, 1e-36, 1e-24, 1e-5, 1e30]) {
    const x = parameter(
      tensor([
        [0, 0],
        [1, 0],
      ]),
    );
    const slope = backward(sum(mul(rmsNorm(x, { epsilon }), tensor([1, 2]))), { createGraph: true }).get(x);
    expect(Array.from(backward(sum(slope)).get(x).data.subarray(0, 2), Math.abs)).toEqual([0, 0]);
  }
});

test('numbers far below epsilon are divided by its root, also where that is recorded', () => {
  for (const norm of [(x: Tensor) => layerNorm(x), (x: Tensor) => rmsNorm(x, { epsilon: 1e-5 })]) {
    const x = parameter(tensor([[2 ** -75, -(2 ** -75)]]));
    const loss = sum(mul(norm(x), tensor([1, -1])));
    for (const createGraph of [false, true])
      for (const g of backward(loss, { createGraph }).get(x).data)
        expect(Math.abs(g) * Math.sqrt(1e-5)).toBeCloseTo(1, 5);
  }
});

describe('normalize with epsilon', () => {
  test('divides by the length or epsilon, whichever is larger, as PyTorch does', () => {
    const options = { epsilon: 0.5 };
    expect(
      normalize(
        tensor([
          [3, 4],
          [0.15, 0.2],
          [0, 0],
        ]),
        options,
      ).toArray(),
    ).toEqual(
      tensor([
        [0.6, 0.8],
        [0.3, 0.4],
        [0, 0],
      ]).toArray(),
    );
    const { gradient } = at(
      (x) => normalize(x, options),
      [
        [0, 2],
        [0.25, 0],
        [0, 0],
      ],
      [
        [1, 1],
        [1, 1],
        [1, 1],
      ],
    );
    expect(gradient).toEqual([0.5, 0, 2, 2, 2, 2]);
  });

  test('by default is exact: however short a vector is, and 0 with gradient 0 where it is 0', () => {
    expect(normalize(tensor([[1e-30, 0]])).toArray()).toEqual([[1, 0]]);
    expect(at(normalize, [[0, 0]], [[1, 2]])).toEqual({ y: [0, 0], gradient: [0, 0] });
  });

  test('has second derivatives on both sides of epsilon', () => {
    const x = tensor([
      [3, 4],
      [0.15, 0.2],
    ]);
    const slopes = (leaf: Tensor) =>
      backward(sum(square(sum(mul(normalize(leaf, { epsilon: 0.5 }), tensor([1, 3])), { axis: -1 }))), {
        createGraph: true,
      }).get(leaf);
    expect(gradcheck(slopes, [x], { tolerance: 1e-5 }).ok).toBe(true);
  });

  test.each([-1, Number.NaN, Infinity])('refuses %d', (epsilon) => {
    expect(errorOf(RangeError, () => normalize(ones([1, 2]), { epsilon })).message).toBe(
      `normalize: epsilon must be a finite number of at least 0; got ${epsilon}.`,
    );
  });
});

describe('mean', () => {
  test('is rounded once: ones have mean 1, however many, and large numbers do not overflow', () => {
    for (let n = 1; n <= 100; n++) expect(mean(ones([n])).item()).toBe(1);
    expect(mean(full([2], 3e38)).item()).toBe(Math.fround(3e38));
    expect(mean(full([2, 41], 0.1), { axis: -1 }).toArray()).toEqual([Math.fround(0.1), Math.fround(0.1)]);
  });

  test('has gradient g / count, rounded once', () => {
    expect(at((x) => mean(x), [1, 2, 3], 5).gradient).toEqual(new Array(3).fill(Math.fround(5 / 3)));
    expect(
      at(
        (x) => mean(x, { axis: 0 }),
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
        [3, 6],
      ).gradient,
    ).toEqual([1, 2, 1, 2, 1, 2]);
  });
});

describe('batchNorm', () => {
  const x = () =>
    tensor([
      [5, 1],
      [5, 3],
    ]);

  test('where variance + epsilon is 0, gives the bias, with gradient 0', () => {
    const all = (options: BatchNormOptions) => {
      const leaf = parameter(x());
      const [weight, bias] = [parameter(tensor([2, 3])), parameter(tensor([7, 8]))];
      const y = batchNorm(leaf, { weight, bias, epsilon: 0, ...options });
      const gradients = backward(
        sum(
          mul(
            y,
            tensor([
              [1, 1],
              [2, 2],
            ]),
          ),
        ),
      );
      const composed = backward(
        sum(
          mul(
            y,
            tensor([
              [1, 1],
              [2, 2],
            ]),
          ),
        ),
        { createGraph: true },
      );
      for (const t of [leaf, weight, bias]) {
        composed.get(t).data.forEach((v, i) => expect(v).toBeCloseTo(gradients.get(t).data[i], 5));
      }
      return { y: y.toArray(), x: gradients.get(leaf).toArray(), weight: gradients.get(weight).toArray() };
    };
    const training = all({ training: true });
    expect(training).toMatchObject({
      y: [
        [7, 5],
        [7, 11],
      ],
      weight: [0, 1],
    });
    expect([...tensor(training.x).data].map((v) => v + 0)).toEqual([0, 0, 0, 0]);
    const fixed = all({ runningMean: tensor([4, 1]), runningVar: tensor([0, 4]) });
    expect(fixed).toMatchObject({
      y: [
        [7, 8],
        [7, 11],
      ],
      x: [
        [0, 1.5],
        [0, 3],
      ],
      weight: [0, 2],
    });
  });

  test.each<[BatchNormOptions, string]>([
    [{ momentum: -0.1 }, 'momentum must lie in [0, 1]; got -0.1.'],
    [{ momentum: 1.5 }, 'momentum must lie in [0, 1]; got 1.5.'],
    [{ momentum: Number.NaN }, 'momentum must lie in [0, 1]; got NaN.'],
    [{ epsilon: -1e-9 }, 'epsilon must be a finite number of at least 0; got -1e-9.'],
    [{ epsilon: Infinity }, 'epsilon must be a finite number of at least 0; got Infinity.'],
  ])('refuses %j and writes no statistics', (options, message) => {
    const runningMean = zeros([2]);
    const call = () => batchNorm(x(), { training: true, runningMean, ...options });
    expect(errorOf(RangeError, call).message).toBe(`batchNorm: ${message}`);
    expect(runningMean.toArray()).toEqual([0, 0]);
  });
});

test.each([
  [0, 3],
  [3, 0],
])('an image of %d x %d pixels is refused, also with padding', (height, width) => {
  const image = zeros([1, 1, height, width]);
  for (const [op, call] of [
    ['maxPool2d', () => maxPool2d(image, 2, { padding: 1 })],
    ['conv2d', () => conv2d(image, ones([1, 1, 1, 1]), undefined, { padding: 1 })],
  ] as const) {
    expect(errorOf(ShapeError, call).message).toBe(
      `${op}: the image has no pixels; got [1, 1, ${height}, ${width}]. Height and width must be at least 1.`,
    );
  }
});

describe('reshape', () => {
  test('leaves one length to be worked out, not two', () => {
    expect(errorOf(ShapeError, () => reshape(ones([4]), [-1, -1])).message).toBe(
      'reshape: only one length may be -1; got [4] and [-1, -1]. Write out the others.',
    );
    expect(errorOf(ShapeError, () => reshape(ones([4]), [-2, -2])).op).toBe('reshape');
  });
});

describe('pullThrough', () => {
  test('gives the gradient of an input that needs none', () => {
    expect(pullThrough(square, [tensor([3])], 0, tensor([1])).toArray()).toEqual([6]);
    expect(pullThrough((x, y) => mul(x, y), [tensor([3]), tensor([5])], 1, tensor([2])).toArray()).toEqual([6]);
    expect(pullThrough((_, y) => square(y), [tensor([3]), tensor([5])], 0, tensor([2])).toArray()).toEqual([0]);
  });
});

describe('pairwise cosine', () => {
  const random = createRandom(5);
  const normal = (rows: number, width: number) =>
    new Tensor(random.fork(`${rows} ${width}`).fillNormal(new Float32Array(rows * width), 0, 1), [rows, width]);

  test('has the bits of cosineDistance, row by row', () => {
    const [a, b] = [normal(7, 33), normal(5, 33)];
    const all = pairwiseDistances(a, b, { metric: 'cosine' });
    for (let i = 0; i < 7; i++) {
      for (let j = 0; j < 5; j++) {
        const row = (x: Tensor, n: number) => new Tensor(x.data.slice(33 * n, 33 * n + 33), [1, 33]);
        expect(all.data[5 * i + j]).toBe(cosineDistance(row(a, i), row(b, j)).item());
      }
    }
  });

  test('holds nothing of the size of all pairs of rows, neither for its gradient nor for the next', () => {
    const [a, b] = [parameter(normal(6, 7)), parameter(normal(5, 7))];
    const gradients = backward(sum(pairwiseDistances(a, b, { metric: 'cosine' })), { createGraph: true });
    const waiting = [gradients.get(a), gradients.get(b)];
    const seen = new Set(waiting);
    for (let t = waiting.pop(); t !== undefined; t = waiting.pop()) {
      expect(t.size).toBeLessThanOrEqual(6 * 7);
      for (const [input] of t.node?.edges ?? []) {
        if (!seen.has(input)) waiting.push(input);
        seen.add(input);
      }
    }
    expect(seen.size).toBeGreaterThan(10);
  });

  test('has gradient 0 at rows of zeros', () => {
    const a = parameter(
      tensor([
        [0, 0],
        [1, 2],
      ]),
    );
    const b = parameter(
      tensor([
        [3, 1],
        [0, 0],
      ]),
    );
    const gradients = backward(sum(pairwiseDistances(a, b, { metric: 'cosine' })));
    const [atA, atB] = [gradients.get(a).data, gradients.get(b).data];
    expect([...atA.subarray(0, 2), ...atB.subarray(2)].map((v) => v + 0)).toEqual([0, 0, 0, 0]);
    expect([...atA, ...atB].every(Number.isFinite)).toBe(true);
  });
});
