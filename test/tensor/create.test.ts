import { describe, expect, test } from 'vitest';
import { arange, full, ones, tensor, zeros } from '../../src/tensor/create.ts';
import { type Shape, ShapeError } from '../../src/tensor/shape.ts';
import type { NestedArray } from '../../src/tensor/tensor.ts';
import { errorOf } from '../errors.ts';

/** What plain JavaScript may pass, past the types. */
const untyped = (value: unknown): NestedArray => value as NestedArray;

describe('tensor of a Float32Array', () => {
  test('wraps it without copying', () => {
    const data = new Float32Array([1, 2, 3, 4]);
    expect(tensor(data, [2, 2]).data).toBe(data);
    expect(tensor(data).data).toBe(data);
    expect(tensor(data).shape).toEqual([4]);
    const part = data.subarray(1, 3);
    expect(tensor(part).data).toBe(part);
  });

  test('refuses a shape it does not fill', () => {
    expect(() => tensor(new Float32Array(4), [3])).toThrow(
      'tensor: 4 elements do not fill the shape; got [3]. It holds 3.',
    );
  });

  test.each([new Float64Array(2), new Int32Array(2), new Uint8Array(2), new DataView(new ArrayBuffer(8))])(
    'refuses $constructor.name, and says how to convert',
    (data) => {
      const error = errorOf(TypeError, () => tensor(untyped(data)));
      expect(error.message).toMatch(
        /^tensor: data must be a Float32Array\. Convert it with Float32Array\.from\(values\)/,
      );
    },
  );
});

describe('tensor of nested arrays', () => {
  test.each<[values: NestedArray, shape: Shape, data: number[]]>([
    [5, [], [5]],
    [[], [0], []],
    [[1.5, -0.1], [2], [1.5, -0.1]],
    [
      [[1], [2], [3]],
      [3, 1],
      [1, 2, 3],
    ],
    [
      [[[1, 2]], [[3, 4]]],
      [2, 1, 2],
      [1, 2, 3, 4],
    ],
    [[[], []], [2, 0], []],
    [[[[]]], [1, 1, 0], []],
    [[Number.NaN, -0, Infinity], [3], [Number.NaN, -0, Infinity]],
  ])('%j has shape %j', (values, shape, data) => {
    const x = tensor(values);
    expect(x.shape).toEqual(shape);
    expect(x.data).toEqual(new Float32Array(data));
  });

  test('copies, and takes a shape of its own', () => {
    const values = [1, 2, 3, 4];
    const x = tensor(values, [2, 2]);
    values[0] = 9;
    expect(x.toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(tensor(7, [1, 1]).toArray()).toEqual([[7]]);
    expect(() => tensor([1, 2, 3], [2])).toThrow('3 elements do not fill the shape');
  });

  test.each<[values: NestedArray, found: string, shape: Shape]>([
    [[[1, 2], [3]], 'a list of 1 on axis 1', [2, 2]],
    [[[1], [2, 3]], 'a list of 2 on axis 1', [2, 1]],
    [[[], [1]], 'a list of 1 on axis 1', [2, 0]],
    [[1, [2]], 'a list where a number was expected', [2]],
    [[[1], 2], 'a number where a list was expected', [2, 1]],
    [
      [
        [
          [1, 2],
          [3, 4],
        ],
        [[5, 6]],
      ],
      'a list of 1 on axis 1',
      [2, 2, 2],
    ],
  ])('refuses %j as ragged', (values, found, shape) => {
    const error = errorOf(ShapeError, () => tensor(values));
    expect(error.message).toBe(
      `tensor: nested arrays are ragged: ${found}; got [${shape.join(', ')}]. Make all lists of one level equally long.`,
    );
  });

  test.each([
    ['text', 'string'],
    [undefined, 'undefined'],
    [[['a']], 'string'],
    [true, 'boolean'],
    [[{}], 'object'],
  ])('refuses %j', (values, kind) => {
    expect(errorOf(TypeError, () => tensor(untyped(values))).message).toBe(
      `tensor: expected numbers or nested arrays of numbers; got ${kind}.`,
    );
  });

  test.each([[[1, 'a']], [[1, null]], [[1, undefined]], [[[1], null]], [[[1, 2], 'ab']]])(
    'refuses %j, whose first entry is a number and another is not',
    (values) => {
      expect(errorOf(TypeError, () => tensor(untyped(values))).message).toContain(
        'tensor: expected numbers or nested arrays of numbers; got',
      );
    },
  );
});

describe('zeros, ones, full, arange', () => {
  test('fill every element', () => {
    expect(zeros([2, 2]).data).toEqual(new Float32Array(4));
    expect(ones([3]).data).toEqual(new Float32Array([1, 1, 1]));
    expect(full([2], 0.1).data).toEqual(new Float32Array([0.1, 0.1]));
    expect(full([], Number.NaN).item()).toBeNaN();
    expect(full([1], -0).item()).toBe(-0);
    expect(arange(4).data).toEqual(new Float32Array([0, 1, 2, 3]));
    expect([zeros([0, 3]).shape, ones([]).shape, arange(0).shape]).toEqual([[0, 3], [], [0]]);
  });

  test('share no memory', () => {
    const [a, b] = [zeros([1]), zeros([1])];
    a.data[0] = 1;
    expect(b.item()).toBe(0);
  });

  test.each<[name: string, make: () => unknown]>([
    ['zeros', () => zeros([2 ** 30, 2 ** 30])],
    ['ones', () => ones([2 ** 30, 2 ** 30])],
    ['full', () => full([2 ** 30, 2 ** 30], 0.5)],
  ])('%s refuses what no array holds', (name, make) => {
    expect(errorOf(ShapeError, make).message).toBe(
      `${name}: the shape has more elements than a tensor can hold; got [1073741824, 1073741824]. Use smaller lengths: at most 2147483647 elements in all.`,
    );
  });

  test('arange ends where float32 would merge integers', () => {
    expect(arange(2 ** 24 + 1).data.at(-1)).toBe(2 ** 24);
    expect(errorOf(RangeError, () => arange(2 ** 24 + 2)).message).toBe(
      'arange: float32 holds no integer after 2^24 but even ones; got 16777218. Use an Int32Array.',
    );
    expect(errorOf(ShapeError, () => arange(2 ** 31)).op).toBe('arange');
  });

  test.each([
    ['zeros', () => zeros([-1])],
    ['ones', () => ones([1.5])],
    ['full', () => full([2, -3], 1)],
    ['arange', () => arange(-1)],
    ['arange', () => arange(2.5)],
  ])('%s names itself where the shape is wrong', (name, make) => {
    expect(errorOf(ShapeError, make).op).toBe(name);
  });
});
