import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reshape } from '../../src/autograd/ops/rearrange.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { intTensor } from '../../src/tensor/intTensor.ts';
import { ShapeError } from '../../src/tensor/shape.ts';
import { type NestedArray, Tensor } from '../../src/tensor/tensor.ts';
import { errorOf } from '../errors.ts';

const of = (shape: readonly number[]): Tensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  return new Tensor(
    Float32Array.from({ length: size }, (_, i) => i),
    shape,
  );
};

describe('Tensor', () => {
  test('wraps its data and is a leaf', () => {
    const data = new Float32Array([1, 2, 3, 4]);
    const x = new Tensor(data, [2, 2]);
    expect(x.data).toBe(data);
    expect([x.size, x.shape, x.node]).toEqual([4, [2, 2], undefined]);
    data[3] = 9;
    expect(x.toArray()).toEqual([
      [1, 2],
      [3, 9],
    ]);
  });

  test('refuses data that does not fill the shape', () => {
    const error = errorOf(ShapeError, () => new Tensor(new Float32Array(5), [2, 3]));
    expect(error.message).toBe('tensor: 5 elements do not fill the shape; got [2, 3]. It holds 6.');
    expect(() => new Tensor(new Float32Array(0), [])).toThrow(
      'tensor: 0 elements do not fill the shape; got []. It holds 1.',
    );
    expect(() => new Tensor(new Float32Array(2), [-2, -1])).toThrow('non-negative integer');
  });
});

test('the shape is copied: changing the caller’s array changes no tensor', () => {
  const shape = [2, 3];
  const made = [of(shape), zeros(shape), tensor(new Float32Array(6), shape), reshape(of([6]), shape)];
  const integers = intTensor(new Int32Array(6), shape);
  shape[0] = 5;
  shape.push(7);
  for (const x of [...made, integers]) expect(x.shape).toEqual([2, 3]);
});

describe('item', () => {
  test.each([[[]], [[1]], [[1, 1, 1]]])('reads the one element of shape %j', (shape) => {
    expect(new Tensor(new Float32Array([2.5]), shape).item()).toBe(2.5);
  });

  test.each([[[0]], [[2]], [[1, 2]]])('refuses shape %j', (shape) => {
    const error = errorOf(ShapeError, () => of(shape).item());
    expect(error.message).toBe(
      `item: the tensor does not hold exactly one element; got [${shape.join(', ')}]. Reduce it first, e.g. with mean() or sum().`,
    );
  });
});

describe('toArray', () => {
  test.each<[shape: number[], nested: NestedArray]>([
    [[], 0],
    [[1], [0]],
    [[3], [0, 1, 2]],
    [
      [2, 1, 2],
      [[[0, 1]], [[2, 3]]],
    ],
    [[0], []],
    [
      [2, 0],
      [[], []],
    ],
    [[0, 2], []],
    [
      [2, 0, 3],
      [[], []],
    ],
    [[1, 2, 0], [[[], []]]],
  ])('%j', (shape, nested) => {
    expect(of(shape).toArray()).toEqual(nested);
  });

  test('is a copy', () => {
    const x = of([2, 2]);
    const nested = x.toArray();
    if (typeof nested === 'number') throw new Error('a matrix is nested');
    Object.assign(nested, [
      [7, 7],
      [7, 7],
    ]);
    expect(x.data).toEqual(new Float32Array([0, 1, 2, 3]));
  });

  test('is what tensor() reads back, to the bit, for shapes without empty axes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }).chain((shape) => {
          const size = shape.reduce((a, b) => a * b, 1);
          return fc.record({ shape: fc.constant(shape), data: fc.float32Array({ minLength: size, maxLength: size }) });
        }),
        ({ shape, data }) => {
          const back = tensor(new Tensor(data, shape).toArray());
          expect(back.shape).toEqual(shape);
          expect(back.data).toEqual(data);
        },
      ),
    );
  });
});

describe('toString', () => {
  test.each<[shape: number[], text: string]>([
    [[], 'Tensor [] 0'],
    [[2], 'Tensor [2] [0, 1]'],
    [[2, 3], 'Tensor [2, 3] [[0, 1, 2], [3, 4, 5]]'],
    [[0], 'Tensor [0] []'],
    [[2, 0], 'Tensor [2, 0] [[], []]'],
    [[8], 'Tensor [8] [0, 1, 2, 3, 4, 5, 6, 7]'],
    [[9], 'Tensor [9] [0, 1, 2, ..., 6, 7, 8]'],
    [[1, 10], 'Tensor [1, 10] [[0, 1, 2, ..., 7, 8, 9]]'],
    [[10, 1], 'Tensor [10, 1] [[0], [1], [2], ..., [7], [8], [9]]'],
    [
      [9, 9],
      `Tensor [9, 9] [${[0, 1, 2].map((r) => `[${9 * r}, ${9 * r + 1}, ${9 * r + 2}, ..., ${9 * r + 6}, ${9 * r + 7}, ${9 * r + 8}]`).join(', ')}, ..., ${[6, 7, 8].map((r) => `[${9 * r}, ${9 * r + 1}, ${9 * r + 2}, ..., ${9 * r + 6}, ${9 * r + 7}, ${9 * r + 8}]`).join(', ')}]`,
    ],
  ])('%j', (shape, text) => {
    expect(String(of(shape))).toBe(text);
  });

  test('shows six digits, and what is not finite', () => {
    const x = new Tensor(new Float32Array([0.1, 1 / 3, -123456789, 1e-30, Number.NaN, -Infinity]), [6]);
    expect(x.toString()).toBe('Tensor [6] [0.1, 0.333333, -123457000, 1e-30, NaN, -Infinity]');
  });
});
