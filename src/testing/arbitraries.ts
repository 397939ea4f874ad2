import { type Arbitrary, array, boolean, constantFrom, integer, oneof, tuple } from 'fast-check';
import { broadcastShapes, type Shape, sizeOf } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/** Options of `shapes` and `broadcastableShapes`. */
export interface ShapeOptions {
  /** Default 0: scalars are among them. */
  readonly minRank?: number | undefined;
  /** Default 3, or `minRank` where that is more. */
  readonly maxRank?: number | undefined;
  /** Shortest axis; 0 draws empty tensors too. Default 1. */
  readonly minSide?: number | undefined;
  /** Longest axis. Default 4, or `minSide` where that is more. */
  readonly maxSide?: number | undefined;
}

/**
 * Shapes; smaller ones have fewer and shorter axes.
 *
 * Throws: RangeError where the least is above the most, or a number is no count.
 *
 * @example sample(shapes({ minRank: 2, maxRank: 2, minSide: 3, maxSide: 3 }), 1)[0] // [3, 3]
 */
export function shapes(options: ShapeOptions = {}): Arbitrary<Shape> {
  const { minRank, maxRank, minSide, maxSide } = limitsOf(options);
  return array(integer({ min: minSide, max: maxSide }), { minLength: minRank, maxLength: maxRank });
}

/** Two shapes, and that of what they give together. */
export interface BroadcastableShapes {
  readonly a: Shape;
  readonly b: Shape;
  readonly out: Shape;
}

/**
 * Two shapes that broadcast: axes of length 1 and missing leading axes, on either side.
 *
 * @example sample(broadcastableShapes({ maxRank: 0 }), 1)[0] // { a: [], b: [], out: [] }
 */
export function broadcastableShapes(options: ShapeOptions = {}): Arbitrary<BroadcastableShapes> {
  return shapes(options).chain((shape) => {
    const narrowed = tuple(
      integer({ min: 0, max: shape.length }),
      array(boolean(), { minLength: shape.length, maxLength: shape.length }),
    ).map(([dropped, single]) => shape.map((length, axis) => (single[axis] ? 1 : length)).slice(dropped));
    return tuple(narrowed, narrowed).map(([a, b]) => ({ a, b, out: broadcastShapes('broadcastableShapes', a, b) }));
  });
}

/** Options of the arbitraries of numbers. */
export interface NumberOptions {
  /** Least number. Default -3. */
  readonly min?: number | undefined;
  /** Largest number. Default 3. */
  readonly max?: number | undefined;
  /** Numbers that are mixed in, about one in eight: NaN, infinities, -0, 1e-45 ... Default none. */
  readonly special?: readonly number[] | undefined;
}

/** Options of `tensors`. */
export interface TensorOptions extends NumberOptions {
  /** One shape, or shapes. Default `shapes()`. */
  readonly shape?: Shape | Arbitrary<Shape> | undefined;
}

/**
 * Tensors of numbers on a fine grid, thousands of steps between `min` and `max`: float32 holds each of them, and shrunk
 * ones are short to read. Smaller ones are nearer to 0.
 *
 * @example sample(tensors({ shape: [2], min: 0, max: 0 }), 1)[0].toArray() // [0, 0]
 */
export function tensors({ shape, ...options }: TensorOptions = {}): Arbitrary<Tensor> {
  if (shape === undefined)
    return tuple(shapes(), filling(sizeLimit({}), options)).map(([lengths, data]) => fill(lengths, data));
  const filled = (lengths: Shape): Arbitrary<Tensor> =>
    filling(sizeOf(lengths), options).map((data) => fill(lengths, data));
  return isArbitrary(shape) ? shape.chain(filled) : filled(shape);
}

/**
 * Two tensors that broadcast.
 *
 * @example sample(broadcastablePairs({ maxRank: 0, min: 2, max: 2 }), 1)[0].b.toArray() // 2
 */
export function broadcastablePairs(
  options: ShapeOptions & NumberOptions = {},
): Arbitrary<{ readonly a: Tensor; readonly b: Tensor }> {
  const data = filling(sizeLimit(options), options);
  return tuple(broadcastableShapes(options), data, data).map(([{ a, b }, x, y]) => ({ a: fill(a, x), b: fill(b, y) }));
}

function limitsOf({ minRank = 0, minSide = 1, ...most }: ShapeOptions): Record<keyof ShapeOptions, number> {
  const { maxRank = Math.max(3, minRank), maxSide = Math.max(4, minSide) } = most;
  for (const [what, least, largest] of [
    ['Rank', minRank, maxRank],
    ['Side', minSide, maxSide],
  ] as const)
    checkRange('shapes', `min${what} and max${what}`, [least, largest], 0);
  return { minRank, maxRank, minSide, maxSide };
}

/** Throws: RangeError for what are not two counts, the first not above the second. */
export function checkRange(caller: string, what: string, [least, most]: readonly [number, number], from: number): void {
  if (!(Number.isSafeInteger(least) && Number.isSafeInteger(most) && from <= least && least <= most)) {
    throw new RangeError(
      `${caller}: ${what} must be integers of at least ${from}, the first not above the second; got ${least} and ${most}.`,
    );
  }
}

/** The most elements of shapes. */
function sizeLimit(options: ShapeOptions): number {
  const { maxRank, maxSide } = limitsOf(options);
  return sizeOf(new Array<number>(maxRank).fill(maxSide));
}

/**
 * Numbers for the largest of several shapes, each of which takes the first of them: so shape and numbers shrink one
 * without the other. Where the numbers depended on the shape, a smaller one would come with new numbers.
 */
function filling(size: number, options: NumberOptions): Arbitrary<number[]> {
  return array(numbers(options), { minLength: size, maxLength: size });
}

function fill(shape: Shape, data: readonly number[]): Tensor {
  return new Tensor(Float32Array.from(data.slice(0, sizeOf(shape))), shape);
}

/** Steps between the least and the largest number: few enough for float32, many enough that ties are rare. */
const STEPS = 2 ** 12;

function numbers({ min = -3, max = 3, special = [] }: NumberOptions): Arbitrary<number> {
  if (!(min <= max && Number.isFinite(max - min)))
    throw new RangeError(`tensors: min must not be above max, and both finite; got ${min} and ${max}.`);
  // A power of two, so that k times the step is exact.
  let step = 1;
  while (step * STEPS > max - min && step > 2 ** -126) step /= 2;
  while (2 * step * STEPS <= max - min) step *= 2;
  const grid = integer({ min: Math.ceil(min / step), max: Math.floor(max / step) }).map((k) => k * step);
  const values = min === max ? constantFrom(min) : grid;
  return special.length === 0
    ? values
    : oneof({ weight: 7, arbitrary: values }, { weight: 1, arbitrary: constantFrom(...special) });
}

function isArbitrary(shape: Shape | Arbitrary<Shape>): shape is Arbitrary<Shape> {
  return !Array.isArray(shape);
}
