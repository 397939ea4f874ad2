import { describe, expect, test } from 'vitest';
import { tensor } from '../../src/tensor/create.ts';
import { type Integers, IntTensor, intTensor, toIntegers, toIntTensor } from '../../src/tensor/intTensor.ts';
import { ShapeError } from '../../src/tensor/shape.ts';
import { errorOf } from '../errors.ts';

/** What plain JavaScript may pass, past the types. */
const untyped = (value: unknown): Integers => value as Integers;
const untypedData = (value: unknown): Int32Array => value as Int32Array;

describe('IntTensor', () => {
  test('wraps its data', () => {
    const data = new Int32Array([1, -2, 3, 4, 5, 6]);
    const x = intTensor(data, [2, 3]);
    expect(x).toBeInstanceOf(IntTensor);
    expect(x.data).toBe(data);
    expect([x.shape, x.size, String(x)]).toEqual([[2, 3], 6, 'IntTensor [2, 3] [[1, -2, 3], [4, 5, 6]]']);
  });

  test('prints every digit, and long axes by their ends', () => {
    expect(
      String(
        intTensor(
          Int32Array.from({ length: 1e6 }, (_, i) => 123456789 + i),
          [1e6],
        ),
      ),
    ).toBe('IntTensor [1000000] [123456789, 123456790, 123456791, ..., 124456786, 124456787, 124456788]');
    expect(String(intTensor(new Int32Array([-7]), []))).toBe('IntTensor [] -7');
    expect(String(intTensor(new Int32Array(0), [0, 2]))).toBe('IntTensor [0, 2] []');
  });

  test('refuses data that does not fill the shape', () => {
    const error = errorOf(ShapeError, () => intTensor(new Int32Array(5), [2, 3]));
    expect(error.message).toBe('intTensor: 5 elements do not fill the shape; got [2, 3]. It holds 6.');
    expect(errorOf(ShapeError, () => intTensor(new Int32Array(2), [-2])).op).toBe('intTensor');
  });

  test.each([[[1, 2]], [new Float32Array(2)], [new Uint32Array(2)]])(
    'refuses data that is no Int32Array: %o',
    (data) => {
      expect(errorOf(TypeError, () => intTensor(untypedData(data), [2])).message).toBe(
        'intTensor: data must be an Int32Array. Convert it with Int32Array.from(values).',
      );
    },
  );
});

describe('toIntegers', () => {
  test('passes an Int32Array on, and converts the others', () => {
    const data = new Int32Array([3, -1]);
    expect(toIntegers('take', 'indices', data)).toBe(data);
    expect(toIntegers('take', 'indices', intTensor(data, [2]))).toBe(data);
    expect(toIntegers('take', 'indices', [3, -1])).toEqual(data);
    expect(toIntegers('take', 'indices', [])).toEqual(new Int32Array(0));
    expect(toIntegers('take', 'indices', new Uint8Array([0, 255]))).toEqual(new Int32Array([0, 255]));
  });

  test('keeps ids that float32 would merge, to both ends of 32 bits', () => {
    const ids = [2 ** 24, 2 ** 24 + 1, 2 ** 31 - 1, -(2 ** 31)];
    expect([...toIntegers('mine', 'labels', ids)]).toEqual(ids);
  });

  test('refuses a float tensor and other arrays', () => {
    for (const values of [
      tensor([1, 2]),
      new Float32Array(2),
      new Float64Array(2),
      new Uint32Array(2),
      '12',
      undefined,
    ]) {
      expect(errorOf(TypeError, () => toIntegers('mine', 'labels', untyped(values))).message).toBe(
        'mine: labels must be an Int32Array, Uint8Array or number[]; a float Tensor cannot hold ids above 2^24 exactly. Use Int32Array.from(...).',
      );
    }
  });

  test.each([
    [[0, 1.5, 2.5], 1, '1.5'],
    [[0.1], 0, '0.1'],
    [[1, 2, 2 ** 31], 2, '2147483648'],
    [[-(2 ** 31) - 1], 0, '-2147483649'],
    [[2 ** 53], 0, '9007199254740992'],
    [[5, Number.NaN], 1, 'NaN'],
    [[Infinity], 0, 'Infinity'],
    [[1, '2'], 1, '2'],
    [[1, true], 1, 'true'],
    [[1, undefined], 1, 'undefined'],
  ])('refuses %j and names the index', (values, index, text) => {
    expect(errorOf(RangeError, () => toIntegers('mine', 'labels', untyped(values))).message).toBe(
      `mine: labels[${index}] is ${text}; expected an integer within 32 bits.`,
    );
  });

  test('refuses an IntTensor that is not 1-D', () => {
    const error = errorOf(ShapeError, () => toIntegers('mine', 'labels', intTensor(new Int32Array(2), [2, 1])));
    expect(error.message).toBe('mine: labels must be 1-D; got [2, 1]. Pass one integer per row.');
    expect(errorOf(ShapeError, () => toIntegers('mine', 'labels', intTensor(new Int32Array(1), []))).message).toBe(
      'mine: labels must be 1-D; got []. Pass one integer per row.',
    );
  });
});

test('toIntTensor keeps a shape, and takes a list as 1-D', () => {
  const x = intTensor(new Int32Array(6), [2, 3]);
  expect(toIntTensor('oneHot', 'indices', x)).toBe(x);
  const list = toIntTensor('oneHot', 'indices', [4, 5]);
  expect([list.shape, list.data]).toEqual([[2], Int32Array.of(4, 5)]);
  expect(() => toIntTensor('oneHot', 'indices', [0.5])).toThrow('oneHot: indices[0] is 0.5');
});
