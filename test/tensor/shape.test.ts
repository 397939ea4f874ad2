import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  broadcastShapes,
  checkShape,
  formatShape,
  resolveAxes,
  resolveAxis,
  type Shape,
  ShapeError,
  sameShape,
  sizeOf,
} from '../../src/tensor/shape.ts';
import { errorOf } from '../errors.ts';

const shapes = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 });

/** The broadcast of two shapes, or undefined where there is none. */
function tryBroadcast(a: Shape, b: Shape): Shape | undefined {
  try {
    return broadcastShapes('op', a, b);
  } catch (error) {
    expect(error).toBeInstanceOf(ShapeError);
    return undefined;
  }
}

/** All index vectors of a shape, last axis fastest. */
function indices(shape: Shape): number[][] {
  return shape.reduce<number[][]>(
    (all, length) => all.flatMap((index) => Array.from({ length }, (_, i) => [...index, i])),
    [[]],
  );
}

/** Where an operand is read for an index of the result: the last axes, and 0 on axes of length 1. */
const readAt = (operand: Shape, index: readonly number[]): number[] =>
  operand.map((length, axis) => (length === 1 ? 0 : index[index.length - operand.length + axis]));

describe('broadcastShapes', () => {
  test.each<[a: Shape, b: Shape, out: Shape]>([
    [[], [], []],
    [[2, 3], [], [2, 3]],
    [[2, 1], [3], [2, 3]],
    [
      [8, 1, 6, 1],
      [7, 1, 5],
      [8, 7, 6, 5],
    ],
    [[256, 256, 3], [3], [256, 256, 3]],
    [[1, 1], [1], [1, 1]],
    [[0], [1], [0]],
    [[0], [], [0]],
    [
      [3, 0],
      [3, 1],
      [3, 0],
    ],
  ])('[%s] with [%s] is [%s]', (a, b, out) => {
    expect(broadcastShapes('add', a, b)).toEqual(out);
    expect(broadcastShapes('add', b, a)).toEqual(out);
  });

  test.each<[a: Shape, b: Shape, axis: number, m: number, n: number]>([
    [[3], [4], 0, 3, 4],
    [[2, 1], [8, 4, 3], 1, 2, 4],
    [[2, 3], [2], 1, 3, 2],
    [[0], [2], 0, 0, 2],
  ])('[%s] with [%s] throws and names axis %d', (a, b, axis, m, n) => {
    const error = errorOf(ShapeError, () => broadcastShapes('mul', a, b));
    expect(error.message).toBe(
      `mul: shapes do not broadcast (axis ${axis}: ${m} against ${n}); got ${formatShape(a)} and ${formatShape(b)}. ` +
        'Align them at the right; each pair of lengths must be equal or hold a 1. reshape() can insert axes of length 1.',
    );
    expect(error.op).toBe('mul');
    expect(error.shapes).toEqual([a, b]);
  });

  test('is the one shape that both operands fill when read by index, else there is none', () => {
    fc.assert(
      fc.property(shapes, shapes, (a, b) => {
        // Every shape of the larger rank, each length taken from one of the operands.
        const rank = Math.max(a.length, b.length);
        const padded = (shape: Shape): number[] => [...new Array<number>(rank - shape.length).fill(1), ...shape];
        const [m, n] = [padded(a), padded(b)];
        const fits = (shape: Shape, out: Shape): boolean => shape.every((l, i) => l === out[i] || l === 1);
        const candidates = indices(new Array<number>(rank).fill(2))
          .map((choice) => choice.map((side, axis) => (side === 0 ? m : n)[axis]))
          .filter((out) => fits(m, out) && fits(n, out));
        const out = tryBroadcast(a, b);
        expect(out ?? 'none').toEqual(candidates[0] ?? 'none');
        if (out === undefined) return;
        for (const operand of [a, b]) {
          const read = new Set(indices(out).map((index) => readAt(operand, index).join()));
          const own = new Set(indices(operand).map((index) => index.join()));
          // Nothing is read outside an operand, and nothing of it is left out unless the result is empty.
          for (const index of read) expect(own).toContain(index);
          expect(read.size).toBe(sizeOf(out) === 0 ? 0 : own.size);
        }
      }),
    );
  });

  test('refuses operands that fit where their broadcast does not', () => {
    expect(errorOf(ShapeError, () => broadcastShapes('add', [2 ** 16, 1], [2 ** 15])).message).toBe(
      'add: the shape has more elements than a tensor can hold; got [65536, 32768]. Use smaller lengths: at most 2147483647 elements in all.',
    );
  });

  test('is commutative, associative and idempotent, with the scalar as its unit', () => {
    fc.assert(
      fc.property(shapes, shapes, shapes, (a, b, c) => {
        expect(tryBroadcast(a, b)).toEqual(tryBroadcast(b, a));
        expect(broadcastShapes('op', a, a)).toEqual(a);
        expect(broadcastShapes('op', a, [])).toEqual(a);
        const [left, right] = [tryBroadcast(a, b), tryBroadcast(b, c)];
        expect(left && tryBroadcast(left, c)).toEqual(right && tryBroadcast(a, right));
      }),
    );
  });
});

describe('ShapeError', () => {
  test.each<[shapes: Shape[], got: string]>([
    [[], ''],
    [[[]], '; got []'],
    [[[2, 3]], '; got [2, 3]'],
    [[[2, 3], [4]], '; got [2, 3] and [4]'],
    [[[1], [2], [3, 4]], '; got [1] and [2] and [3, 4]'],
  ])('says op, problem, shapes and remedy: %j', (given, got) => {
    const error = new ShapeError('matmul', 'inner lengths differ', given, 'Transpose one.');
    expect(error.message).toBe(`matmul: inner lengths differ${got}. Transpose one.`);
    expect([error.op, error.shapes, error.name]).toEqual(['matmul', given, 'ShapeError']);
    expect(error).toBeInstanceOf(RangeError);
    expect(String(error)).toBe(`ShapeError: ${error.message}`);
  });
});

describe('checkShape', () => {
  test.each([[[]], [[0]], [[2, 0, 3]], [[1, 2, 3]], [[2 ** 31 - 1]], [[2 ** 30, 2 ** 30, 0]]])(
    'accepts %j',
    (shape) => {
      expect(() => checkShape('op', shape)).not.toThrow();
    },
  );

  test.each([[[-1]], [[2, -3]], [[1.5]], [[2, 0.1]], [[Number.NaN]], [[3, Infinity]], [[0, -1]]])(
    'refuses %j',
    (shape) => {
      const error = errorOf(ShapeError, () => checkShape('zeros', shape));
      expect(error.message).toBe(
        `zeros: every length must be a non-negative integer; got ${formatShape(shape)}. Check how the shape was computed.`,
      );
      expect(error.shapes).toEqual([shape]);
    },
  );

  test.each([[[2 ** 31]], [[2 ** 16, 2 ** 15]], [[2 ** 53]], [[1e200, 1e200]], [[1e200, 1e200, 0]]])(
    'refuses %j, which no array holds',
    (shape) => {
      expect(errorOf(ShapeError, () => checkShape('zeros', shape)).message).toBe(
        `zeros: the shape has more elements than a tensor can hold; got ${formatShape(shape)}. Use smaller lengths: at most 2147483647 elements in all.`,
      );
    },
  );
});

describe('resolveAxis', () => {
  test('counts negative axes from the end', () => {
    const shape = [5, 6, 7];
    expect([-3, -2, -1, 0, 1, 2].map((axis) => resolveAxis('sum', axis, shape))).toEqual([0, 1, 2, 0, 1, 2]);
  });

  test.each([
    [3, 'Use -3 to 2.'],
    [-4, 'Use -3 to 2.'],
    [0.5, 'Use -3 to 2.'],
    [Number.NaN, 'Use -3 to 2.'],
  ])('refuses axis %d of three', (axis, remedy) => {
    expect(() => resolveAxis('sum', axis, [5, 6, 7])).toThrow(
      new ShapeError('sum', `axis ${axis} is not an axis of the tensor`, [[5, 6, 7]], remedy),
    );
  });

  test('a scalar has no axes', () => {
    for (const axis of [0, -1]) expect(() => resolveAxis('sum', axis, [])).toThrow('A scalar has no axes.');
  });
});

describe('resolveAxes', () => {
  test('takes one axis or several', () => {
    expect(resolveAxes('flip', -1, [5, 6, 7])).toEqual([2]);
    expect(resolveAxes('flip', [2, -3], [5, 6, 7])).toEqual([2, 0]);
    expect(resolveAxes('flip', [], [])).toEqual([]);
  });

  test('refuses one that is none, and one given twice', () => {
    expect(() => resolveAxes('flip', [0, 3], [5, 6, 7])).toThrow('flip: axis 3 is not an axis of the tensor');
    expect(errorOf(ShapeError, () => resolveAxes('flip', [0, -3], [5, 6, 7])).message).toBe(
      'flip: an axis is listed twice in [0, -3]; got [5, 6, 7]. List each axis once.',
    );
  });
});

test('sizeOf, sameShape and formatShape', () => {
  expect([[], [0], [4], [2, 3, 4], [2, 0, 4]].map(sizeOf)).toEqual([1, 0, 4, 24, 0]);
  expect([[], [4], [2, 3]].map(formatShape)).toEqual(['[]', '[4]', '[2, 3]']);
  expect(sameShape([2, 3], [2, 3])).toBe(true);
  for (const other of [[], [2], [3, 2], [2, 3, 1], [1, 2, 3]]) expect(sameShape([2, 3], other)).toBe(false);
});
