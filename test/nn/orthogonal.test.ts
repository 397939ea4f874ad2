import { describe, expect, test } from 'vitest';
import { Linear } from '../../src/nn/dense.ts';
import { orthogonal } from '../../src/nn/orthogonal.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { type Shape, ShapeError } from '../../src/tensor/shape.ts';
import { errorOf } from '../errors.ts';

const random = createRandom(18);

describe.each<readonly [string, Shape]>([
  ['square', [40, 40]],
  ['wide', [20, 60]],
  ['tall', [60, 20]],
  ['a convolution', [16, 8, 3, 3]],
  ['one row', [1, 5]],
  ['one column', [5, 1]],
])('%s', (_name, shape) => {
  test.each([1, -2.5])('rows or columns are orthonormal to 1e-6, times %d', (gain) => {
    const rows = shape[0];
    const { data } = orthogonal(shape, { random, gain });
    const columns = data.length / rows;
    const [count, length] = rows <= columns ? [rows, columns] : [columns, rows];
    const entry = (i: number, j: number) => data[rows <= columns ? i * columns + j : j * columns + i];
    for (let i = 0; i < count; i++) {
      for (let k = 0; k <= i; k++) {
        let dot = 0;
        for (let j = 0; j < length; j++) dot += entry(i, j) * entry(k, j);
        expect(Math.abs(dot / gain ** 2 - (i === k ? 1 : 0))).toBeLessThan(1e-6);
      }
    }
  });
});

test('is the Q of the matrix drawn, with a positive diagonal of R', () => {
  const drawn = createRandom(5).fillNormal(new Float32Array(4), 0, 1);
  const [a, b, c, d] = drawn;
  const { data } = orthogonal([2, 2], { random: createRandom(5) });
  const length = Math.hypot(a, b);
  const lengths = [a / length, b / length];
  // The second row is the normal of the first, on the side of what was drawn.
  const side = Math.sign(-b * c + a * d);
  const expected = [...lengths, -lengths[1] * side, lengths[0] * side];
  expected.forEach((v, i) => {
    expect(data[i]).toBeCloseTo(v, 6);
  });
});

test('has no favorite direction: entries have variance 1 / n and fourth moments of a sphere', () => {
  const n = 8;
  let second = 0;
  let fourth = 0;
  let diagonal = 0;
  for (let i = 0; i < 500; i++) {
    const { data } = orthogonal([n, n], { random });
    for (const v of data) {
      second += v * v;
      fourth += v ** 4;
    }
    diagonal += data[0];
  }
  expect(second / (500 * n)).toBeCloseTo(1, 5);
  // E v^4 = 3 / (n (n + 2)).
  expect(fourth / (500 * n * n) / (3 / (n * (n + 2)))).toBeCloseTo(1, 1);
  // Without the signs of R the first entry would always be negative, or positive.
  expect(Math.abs(diagonal / 500)).toBeLessThan(4 / Math.sqrt(500 * n));
});

test('same seed, same bits; an Initializer of a layer', () => {
  const draw = (seed: number) => orthogonal([3, 5], { random: createRandom(seed) }).data;
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
  expect(new Linear(4, 4, { random, initialize: orthogonal }).weight.shape).toEqual([4, 4]);
});

test('refuses what is no matrix, and a gain that is no number', () => {
  for (const shape of [[], [3], [0, 3], [2, 0]]) {
    expect(errorOf(ShapeError, () => orthogonal(shape, { random })).message).toBe(
      `orthogonal: a weight must be [out, in, ...kernel] without empty axes; got [${shape.join(', ')}]. Use zeros() or full() for biases.`,
    );
  }
  expect(errorOf(RangeError, () => orthogonal([2, 2], { random, gain: Infinity })).message).toBe(
    'orthogonal: gain must be a finite number; got Infinity.',
  );
});
