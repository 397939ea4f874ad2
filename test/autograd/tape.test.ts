import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { addGradients } from '../../src/autograd/gradients.ts';
import { asDistance, Distance, Similarity } from '../../src/autograd/measure.ts';
import { relu } from '../../src/autograd/ops/activations.ts';
import { add, mul, sub } from '../../src/autograd/ops/arithmetic.ts';
import { cosineDistance, cosineSimilarity, euclidean, squaredEuclidean } from '../../src/autograd/ops/distances.ts';
import { maxPool2d } from '../../src/autograd/ops/maxPool2d.ts';
import { normalize } from '../../src/autograd/ops/normalize.ts';
import { exp, sqrt, square } from '../../src/autograd/ops/pointwise.ts';
import { norm, sum } from '../../src/autograd/ops/reductions.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { backward, isRecording, noGrad, record } from '../../src/autograd/tape.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { ShapeError } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { errorOf } from '../errors.ts';

const thrown = (fn: () => unknown): unknown => {
  try {
    fn();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('backward', () => {
  test('gives hand-worked gradients through a graph with shared parts', () => {
    const x = parameter(tensor([1, 2]));
    const w = parameter(tensor([3, 4]));
    const h = mul(x, w);
    const gradients = backward(sum(add(square(h), h)));
    // d/dx (x^2 w^2 + x w) = 2 x w^2 + w
    expect(gradients.get(x).toArray()).toEqual([2 * 9 + 3, 2 * 2 * 16 + 4]);
    expect(gradients.get(w).toArray()).toEqual([2 * 3 + 1, 2 * 4 * 4 + 2]);
    expect(gradients.size).toBe(2);
  });

  test('visits each op once, however many paths lead to it', () => {
    let calls = 0;
    const x = parameter(tensor([1]));
    const counted = record(
      'counted',
      new Float32Array([1]),
      [1],
      [
        [
          x,
          (g) => {
            calls++;
            return g;
          },
        ],
      ],
    );
    let y: Tensor = counted;
    for (let i = 0; i < 20; i++) y = add(y, y);
    expect(backward(y).get(x).item()).toBe(2 ** 20);
    expect(calls).toBe(1);
  });

  test('a chain of 100,000 ops does not overflow the stack', () => {
    const x = parameter(tensor([1]));
    let y: Tensor = x;
    for (let i = 0; i < 100_000; i++) y = add(y, 1);
    expect(y.item()).toBe(100_001);
    expect(backward(y).get(x).item()).toBe(1);
  });

  test('may be called again on the same graph', () => {
    const x = parameter(tensor([3]));
    const loss = sum(square(x));
    expect(backward(loss).get(x).item()).toBe(6);
    expect(backward(loss).get(x).item()).toBe(6);
  });

  test('of a parameter alone is 1', () => {
    const x = parameter(tensor([5]));
    expect(backward(x).get(x).item()).toBe(1);
  });

  test('records nothing by itself, and everything under createGraph', () => {
    const x = parameter(tensor([2]));
    expect(backward(sum(exp(x))).get(x).node).toBeUndefined();
    const first = backward(sum(mul(square(x), x)), { createGraph: true }).get(x);
    expect(first.item()).toBe(12);
    const second = backward(sum(first), { createGraph: true }).get(x);
    expect(second.item()).toBe(12);
    expect(backward(sum(second)).get(x).item()).toBe(6);
  });

  test('refuses a loss of several values, and one that depends on nothing', () => {
    const x = parameter(tensor([1, 2]));
    const error = thrown(() => backward(square(x)));
    expect(error).toBeInstanceOf(ShapeError);
    expect(error).toMatchObject({
      op: 'backward',
      shapes: [[2]],
      message: 'backward: the loss must hold one value; got [2]. Reduce it with mean() or sum().',
    });
    expect(() => backward(sum(tensor([1])))).toThrow(/depends on no Parameter/);
    expect(errorOf(TypeError, () => backward(noGrad(() => sum(x)))).message).toBe(
      'backward: the loss depends on no Parameter. Make the tensors to differentiate with parameter(t), and compute the loss outside noGrad.',
    );
  });

  test('names the op whose pullback gives a gradient of another shape', () => {
    const x = parameter(tensor([1, 2]));
    const y = record('broken', x.data, [2], [[x, (g) => sum(g)]]);
    expect(() => backward(sum(y))).toThrow(/pullback of broken .* got \[\] and \[2\].*record\('broken'/);
  });
});

describe('gradients', () => {
  test('are returned, never stored; a missing one is refused in words', () => {
    const x = parameter(tensor([1]));
    const other = parameter(tensor([[1, 2]]));
    const gradients = backward(sum(x));
    expect(gradients.has(other)).toBe(false);
    expect(() => gradients.get(other)).toThrow(/no gradient for a tensor of shape \[1, 2\].*parameter\(t\)/);
    expect([...gradients].map(([p, g]) => [p === x, g.item()])).toEqual([[true, 1]]);
  });

  test('add up, keeping those that only one side has', () => {
    const x = parameter(tensor([1]));
    const y = parameter(tensor([1]));
    const a = backward(sum(mul(x, 2)));
    const b = backward(sum(add(mul(x, 3), y)));
    const total = addGradients(a, b);
    expect([total.get(x).item(), total.get(y).item()]).toEqual([5, 1]);
    expect([a.get(x).item(), b.get(x).item()]).toEqual([2, 3]);
  });
});

describe('noGrad', () => {
  test('stops recording inside, also when nested, and starts it again after an exception', () => {
    const x = parameter(tensor([1]));
    expect(noGrad(() => [isRecording(), noGrad(() => isRecording()), mul(x, 2).node])).toEqual([
      false,
      false,
      undefined,
    ]);
    expect(() =>
      noGrad(() => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(isRecording()).toBe(true);
    expect(mul(x, 2).node?.name).toBe('mul');
  });

  test('refuses a promise', () => {
    expect(() => noGrad(async () => 1)).toThrow(/noGrad: the function returned a promise.*synchronous/);
    expect(isRecording()).toBe(true);
  });
});

test('ops on constants hold no graph', () => {
  expect(mul(tensor([1]), tensor([2])).node).toBeUndefined();
  const x = parameter(tensor([1]));
  expect(mul(x, tensor([2])).node?.edges.length).toBe(1);
});

test('a graph is dropped with its loss', async () => {
  const x = parameter(zeros([1000]));
  setFlagsFromString('--expose-gc');
  const gc: () => void = runInNewContext('gc');
  const held = (() => {
    const middle = mul(x, 2);
    sum(middle);
    return new WeakRef(middle);
  })();
  // A WeakRef keeps its target until the task ends.
  await new Promise((resolve) => setTimeout(resolve, 0));
  gc();
  expect(held.deref()).toBeUndefined();
});

describe('measures', () => {
  test('say which way they run; arithmetic gives a plain tensor', () => {
    const [a, b] = [tensor([[1, 0]]), tensor([[0, 2]])];
    expect(euclidean(a, b).measure).toBe('distance');
    expect(squaredEuclidean(a, b)).toBeInstanceOf(Distance);
    expect([cosineDistance(a, b).bound, euclidean(a, b).bound]).toEqual([2, Infinity]);
    expect(cosineSimilarity(a, b)).toBeInstanceOf(Similarity);
    expect(add(euclidean(a, b), 1)).not.toBeInstanceOf(Distance);
    expect(asDistance(tensor([1]), { bound: 3 }).bound).toBe(3);
  });

  test('refuse shapes that have no rows to compare', () => {
    expect(() => euclidean(tensor([1, 2]), tensor([1, 2]))).toThrow(
      /euclidean: both must be \[N, D\]; got \[2\] and \[2\]/,
    );
    expect(errorOf(ShapeError, () => cosineDistance(zeros([2, 3]), zeros([3, 3]))).message).toBe(
      'cosineDistance: both must be [N, D]; got [2, 3] and [3, 3]. Row i is compared with row i; pairwiseDistances() compares all with all.',
    );
  });
});

describe('at kinks and edges', () => {
  const gradientAt = (fn: (x: Tensor) => Tensor, values: readonly number[]) => {
    const x = parameter(tensor(values));
    return Array.from(backward(sum(fn(x))).get(x).data);
  };

  test('relu has gradient 0 at 0, keeps NaN, and takes infinities', () => {
    expect(gradientAt(relu, [-1, 0, 1])).toEqual([0, 0, 1]);
    expect(relu(tensor([Number.NaN, Infinity, -Infinity, -0, 3.4e38])).toArray()).toEqual([
      Number.NaN,
      Infinity,
      0,
      0,
      Math.fround(3.4e38),
    ]);
  });

  test('norm, distances and normalize have gradient 0 where the length is 0', () => {
    expect(gradientAt((x) => norm(x), [0, 0])).toEqual([0, 0]);
    expect(normalize(zeros([1, 2])).toArray()).toEqual([[0, 0]]);
    const x = parameter(zeros([2, 3]));
    for (const distance of [euclidean, squaredEuclidean, cosineDistance, cosineSimilarity]) {
      const gradients = backward(sum(distance(x, zeros([2, 3]))));
      expect(
        gradients.get(x).data.every((v) => v === 0),
        distance.name,
      ).toBe(true);
    }
    const y = parameter(zeros([1, 3]));
    expect(
      backward(sum(normalize(y)))
        .get(y)
        .data.every((v) => v === 0),
    ).toBe(true);
  });

  test('lengths neither overflow nor underflow in float32', () => {
    expect(norm(tensor([1e30, 1e30])).item() / 1e30).toBeCloseTo(Math.SQRT2, 6);
    expect(norm(tensor([3e-30, 4e-30])).item() / 1e-30).toBeCloseTo(5, 6);
  });

  test('identical rows have cosine distance exactly 0', () => {
    const rows = tensor([
      [0.1, 0.7, -1.3],
      [1e-20, 2e-20, 0],
      [1e19, 3, 1e18],
    ]);
    expect(cosineDistance(rows, rows).toArray()).toEqual([0, 0, 0]);
    expect(euclidean(rows, rows).toArray()).toEqual([0, 0, 0]);
  });

  test('max pooling gives the gradient of a tie to the first entry, and passes NaN on', () => {
    const x = parameter(
      tensor([
        [
          [
            [2, 2],
            [1, 2],
          ],
        ],
      ]),
    );
    expect(
      backward(sum(maxPool2d(x, 2)))
        .get(x)
        .toArray(),
    ).toEqual([
      [
        [
          [1, 0],
          [0, 0],
        ],
      ],
    ]);
    expect(
      maxPool2d(
        tensor([
          [
            [
              [1, Number.NaN],
              [3, 2],
            ],
          ],
        ]),
        2,
      ).item(),
    ).toBeNaN();
  });

  test('sqrt says Infinity at 0 where norm says 0', () => {
    expect(gradientAt(sqrt, [0])).toEqual([Infinity]);
  });

  test('a difference of equal tensors through sub is exactly 0', () => {
    const x = parameter(tensor([0.1, 0.3]));
    expect(
      backward(sum(square(sub(x, x))))
        .get(x)
        .toArray(),
    ).toEqual([0, 0]);
  });
});
