import { checkShape, type Shape, ShapeError, sizeOf } from './shape.ts';
import { type NestedArray, Tensor } from './tensor.ts';

/**
 * A tensor from nested arrays (copied) or from a Float32Array and a shape (wrapped without copying).
 *
 * Throws: ShapeError where nested arrays are ragged or the shape does not fit; TypeError for other typed arrays.
 *
 * @example tensor([[1, 2], [3, 4]]).shape // [2, 2]
 * @example tensor(new Float32Array([1, 2, 3, 4]), [2, 2]).toArray() // [[1, 2], [3, 4]]
 */
export function tensor(values: NestedArray | Float32Array, shape?: Shape): Tensor {
  if (values instanceof Float32Array) return new Tensor(values, shape ?? [values.length]);
  if (ArrayBuffer.isView(values)) {
    throw new TypeError(
      'tensor: data must be a Float32Array. Convert it with Float32Array.from(values), or use intTensor() for Int32Array.',
    );
  }
  const found = nestedShape(values);
  const data = new Float32Array(sizeOf(found));
  fillNested(values, found, 0, data, 0);
  return new Tensor(data, shape ?? found);
}

/**
 * A tensor of zeros.
 *
 * @example zeros([2, 3]).size // 6
 */
export function zeros(shape: Shape): Tensor {
  return filled('zeros', shape, 0);
}

/**
 * A tensor of ones.
 *
 * @example ones([2]).toArray() // [1, 1]
 */
export function ones(shape: Shape): Tensor {
  return filled('ones', shape, 1);
}

/**
 * A tensor of one value.
 *
 * @example full([2], 0.5).toArray() // [0.5, 0.5]
 */
export function full(shape: Shape, value: number): Tensor {
  return filled('full', shape, value);
}

/**
 * The integers `0 .. n - 1`, at most to 2^24.
 *
 * @example arange(3).toArray() // [0, 1, 2]
 */
export function arange(n: number): Tensor {
  checkShape('arange', [n]);
  if (n > 2 ** 24 + 1)
    throw new RangeError(`arange: float32 holds no integer after 2^24 but even ones; got ${n}. Use an Int32Array.`);
  return new Tensor(
    Float32Array.from({ length: n }, (_, i) => i),
    [n],
  );
}

function filled(op: string, shape: Shape, value: number): Tensor {
  checkShape(op, shape);
  const data = new Float32Array(sizeOf(shape));
  if (!Object.is(value, 0)) data.fill(value);
  return new Tensor(data, shape);
}

function nestedShape(values: NestedArray): number[] {
  const shape: number[] = [];
  let level: NestedArray = values;
  while (typeof level !== 'number') {
    checkNested(level);
    shape.push(level.length);
    if (level.length === 0) break;
    level = level[0];
  }
  return shape;
}

function fillNested(values: NestedArray, shape: Shape, axis: number, data: Float32Array, offset: number): number {
  checkNested(values);
  if (axis === shape.length) {
    if (typeof values !== 'number') throw ragged(shape, 'a list where a number was expected');
    data[offset] = values;
    return offset + 1;
  }
  if (typeof values === 'number' || values.length !== shape[axis]) {
    throw ragged(
      shape,
      typeof values === 'number' ? 'a number where a list was expected' : `a list of ${values.length} on axis ${axis}`,
    );
  }
  let next = offset;
  for (const value of values) next = fillNested(value, shape, axis + 1, data, next);
  return next;
}

function checkNested(values: NestedArray): void {
  if (typeof values !== 'number' && !Array.isArray(values)) {
    throw new TypeError(`tensor: expected numbers or nested arrays of numbers; got ${typeof values}.`);
  }
}

function ragged(shape: Shape, found: string): ShapeError {
  return new ShapeError(
    'tensor',
    `nested arrays are ragged: ${found}`,
    [shape],
    'Make all lists of one level equally long.',
  );
}
