import { assert, constantFrom, property, sample } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chebyshev, manhattan } from '../../src/autograd/ops/cityBlock.ts';
import { cosineDistance, euclidean, squaredEuclidean } from '../../src/autograd/ops/distances.ts';
import type { Metric } from '../../src/autograd/ops/pairwiseDistances.ts';
import { cholesky, looseCosines, type Matrix, raised } from '../../src/testing/gram.ts';
import { oneDistanceShorter } from '../../src/testing/oneDistance.ts';
import { stackRows } from '../../src/testing/rows.ts';
import { lines, rotate, SPACES, turns, widths } from '../../src/testing/spaces.ts';
import { lawOptions } from './seed.ts';

const ops = { euclidean, squaredEuclidean, cosine: cosineDistance, manhattan, chebyshev } as const;
/** As in the tests of laws. */
const options = { seed: lawOptions().seed ?? 1, numRuns: 50 };
const metrics = Object.keys(ops) as Metric[];
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, v, i) => sum + v * b[i], 0);
const products = (rows: Matrix): number[][] => rows.map((a) => rows.map((b) => dot(a, b)));

describe('rows with given products', () => {
  test('cholesky of a worked matrix', () => {
    expect(
      cholesky([
        [4, 2, -2],
        [2, 10, 2],
        [-2, 2, 6],
      ]),
    ).toEqual([
      [2, 0, 0],
      [1, 3, 0],
      [-1, 1, 2],
    ]);
  });

  test('cholesky refuses products that no rows have', () => {
    expect(() =>
      cholesky([
        [1, 2],
        [2, 1],
      ]),
    ).toThrow(new RangeError('cholesky: no rows have these products; row 1 is too near.'));
  });

  test('loose cosines have ones on the diagonal, and rows of zeros count as the first axis', () => {
    expect(
      looseCosines(
        [
          [0, 0],
          [3, 0],
          [0, 2],
          [1, 1],
        ],
        0.5,
      ),
    ).toEqual([
      [1, 0.5, 0, expect.closeTo(Math.SQRT1_2 / 2, 12)],
      [0.5, 1, 0, expect.closeTo(Math.SQRT1_2 / 2, 12)],
      [0, 0, 1, expect.closeTo(Math.SQRT1_2 / 2, 12)],
      [
        expect.closeTo(Math.SQRT1_2 / 2, 12),
        expect.closeTo(Math.SQRT1_2 / 2, 12),
        expect.closeTo(Math.SQRT1_2 / 2, 12),
        1,
      ],
    ]);
  });

  test('even equal rows leave room for one cosine to rise, by less than the share', () => {
    const cosines = looseCosines(
      [
        [1, 2],
        [1, 2],
        [1, 2],
      ],
      0.3,
    );
    const after = raised(cosines, 0, 2, 0.29);
    expect(products(cholesky(after)).flat()).toEqual(after.flat().map((v) => expect.closeTo(v, 12)));
    expect(after.flat().map((v, i) => v - cosines.flat()[i])).toEqual(
      [0, 0, 0.29, 0, 0, 0, 0.29, 0, 0].map((v) => expect.closeTo(v, 12)),
    );
    expect(() => cholesky(raised(cosines, 0, 2, 0.31))).toThrow(RangeError);
  });
});

describe.each(metrics)('%s', (metric) => {
  const space = SPACES[metric];

  test('the distance is that of the op', () => {
    assert(
      property(oneDistanceShorter(metric, 1), ({ before }) => {
        const [a, b] = [stackRows(before), stackRows(before.slice(1).concat(before.slice(0, 1)))];
        const found = Array.from(ops[metric](a, b).data);
        const width = a.shape[1];
        expect(found).toEqual(
          found.map((_, i) =>
            expect.closeTo(
              space.distance(a.data.subarray(i * width, (i + 1) * width), b.data.subarray(i * width, (i + 1) * width)),
              5,
            ),
          ),
        );
      }),
      options,
    );
  });

  test('one distance becomes shorter, and no other one changes', () => {
    assert(
      property(
        constantFrom(0.01, 1, 30).chain((unit) =>
          oneDistanceShorter(metric, unit).map((moved) => ({ ...moved, unit })),
        ),
        ({ before, after, pair, unit }) => {
          const size = Math.min(unit, space.bound);
          for (let i = 0; i < before.length; i++) {
            for (let j = 0; j < i; j++) {
              const [from, to] = [before, after].map((rows) => space.distance(rows[i], rows[j]));
              if (i === pair[1] && j === pair[0]) expect(to).toBeLessThan(from - 1e-3 * size);
              else expect(Math.abs(to - from)).toBeLessThan(1e-12 * size);
            }
          }
        },
      ),
      options,
    );
  });

  test('rows along a line are as far apart as asked for', () => {
    assert(
      property(
        lines(metric, 0.5),
        widths(metric),
        constantFrom(0.01, 0.3, 1),
        constantFrom(1, -1),
        (line, width, distance, back) => {
          const { row } = line(width);
          expect(row(distance, 0).length).toBe(width);
          expect(space.distance(row(distance, 0), row(distance, back))).toBeCloseTo(distance, 9);
          expect(space.distance(row(distance, 1), row(distance, 2))).toBeCloseTo(distance, 9);
          expect(space.distance(row(distance, 0), row(distance, 2))).toBeGreaterThan(1.4 * distance);
        },
      ),
      options,
    );
  });

  test('the largest distance is reached', () => {
    if (space.bound === Infinity) return;
    const { row } = sample(lines(metric, 1), { seed: 1, numRuns: 1 })[0](2);
    expect(space.distance(row(space.bound, 0), row(space.bound, 1))).toBeCloseTo(space.bound, 9);
  });
});

test('rotations keep lengths and angles, and turn', () => {
  assert(
    property(turns, (by) => {
      const [a, b] = [rotate([1, 2, -3], by), rotate([0, 4, 1], by)];
      expect([dot(a, a), dot(b, b), dot(a, b)]).toEqual([14, 17, 5].map((v) => expect.closeTo(v, 9)));
    }),
    options,
  );
  expect(rotate([1, 0], [{ axis: 0, other: 0, angle: Math.PI / 2 }])).toEqual([
    expect.closeTo(0, 12),
    expect.closeTo(1, 12),
  ]);
  expect(rotate([1], [{ axis: 0, other: 0, angle: 1 }])).toEqual([1]);
});
