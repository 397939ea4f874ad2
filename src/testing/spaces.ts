import { type Arbitrary, array, integer, record } from 'fast-check';
import type { Metric } from '../autograd/ops/pairwiseDistances.ts';
import { cos, sin } from '../tensor/math.ts';

/*
 * What laws of losses know of distances: how far rows are apart, in double precision, and where rows lie that are a
 * given distance apart. None of it calls the ops, which are themselves under test.
 */

/** The numbers of a row. */
export type Row = ArrayLike<number>;

/** What may be done to all embeddings without changing a distance; 'scaling' is of each row by a factor of its own. */
export type Invariance = 'rotation' | 'translation' | 'scaling';

/** What laws know of a distance. */
export interface Space {
  readonly distance: (a: Row, b: Row) => number;
  /** The largest distance. */
  readonly bound: number;
  readonly invariances: readonly Invariance[];
  /** How far to go along an axis to be at a distance. */
  readonly lengthOf: (distance: number) => number;
  /** Fewest coordinates in which rows can be at any distance. */
  readonly leastWidth: number;
}

/** Every metric that a margin can be meant in. */
export const SPACES: Readonly<Record<Metric, Space>> = {
  euclidean: differences((d) => Math.sqrt(sumOf(d, (v) => v * v)), ['rotation', 'translation']),
  squaredEuclidean: differences((d) => sumOf(d, (v) => v * v), ['rotation', 'translation'], Math.sqrt),
  manhattan: differences((d) => sumOf(d, Math.abs), ['translation']),
  chebyshev: differences((d) => Math.max(0, ...d.map(Math.abs)), ['translation']),
  cosine: {
    distance: cosineDistance,
    bound: 2,
    invariances: ['rotation', 'scaling'],
    lengthOf: () => 1,
    leastWidth: 2,
  },
};

/** Quarter turns would only swap axes; 0.2 never adds up to one. */
const TURN = 0.2;

/** A turn in the plane of two axes; axes that there are not wrap around. */
export interface Turn {
  readonly axis: number;
  readonly other: number;
  readonly angle: number;
}

/** Rotations as turns one after the other. Simpler ones have fewer turns, none changes nothing. */
export const turns: Arbitrary<readonly Turn[]> = array(
  record({
    axis: integer({ min: 0, max: 3 }),
    other: integer({ min: 0, max: 2 }),
    angle: integer({ min: -15, max: 15 }).map((k) => k * TURN),
  }),
  { maxLength: 3 },
);

/** A row rotated. */
export function rotate(row: Row, by: readonly Turn[]): number[] {
  const out = Array.from(row);
  const width = out.length;
  if (width < 2) return out;
  for (const { axis, other, angle } of by) {
    const i = axis % width;
    const j = (i + 1 + (other % (width - 1))) % width;
    const [x, y] = [out[i], out[j]];
    out[i] = cos(angle) * x - sin(angle) * y;
    out[j] = sin(angle) * x + cos(angle) * y;
  }
  return out;
}

/** A row of length 1; of zeros the first axis. */
export function toUnit(row: readonly number[]): number[] {
  const length = Math.sqrt(sumOf(row, (v) => v * v));
  return row.map((v, i) => (length > 0 ? v / length : i === 0 ? 1 : 0));
}

/** Rows at given distances along one line; for the cosine, along a circle. */
export interface Line {
  /** The row after `steps` steps of `distance` each, back where negative; 0 is where the line begins. */
  readonly row: (distance: number, steps: number) => number[];
}

/** Most numbers in a row that is drawn. */
const WIDEST = 4;

/** Numbers in a row: as many as distances in the metric need, at most `WIDEST`. */
export function widths(metric: Metric): Arbitrary<number> {
  return integer({ min: SPACES[metric].leastWidth, max: WIDEST });
}

/**
 * Lines, for rows of a width that is said later, so that it shrinks on its own. `unit` is about how large the distances
 * are.
 */
export function lines(metric: Metric, unit: number): Arbitrary<(width: number) => Line> {
  const space = SPACES[metric];
  return record({
    by: turns,
    start: array(integer({ min: -8, max: 8 }), { minLength: WIDEST, maxLength: WIDEST }),
    lengths: array(integer({ min: -1, max: 1 }), { minLength: 3, maxLength: 3 }),
  }).map(({ by, start, lengths }) => (width) => {
    if (metric === 'cosine') return { row: (distance, steps) => onCircle({ distance, steps, width, by, lengths }) };
    const origin = start.slice(0, width);
    const zeros = origin.map(() => 0);
    const axis = rotate([1, ...zeros.slice(1)], by);
    const reach = SPACES[metric === 'squaredEuclidean' ? 'euclidean' : metric].distance(axis, zeros);
    return {
      row: (distance, steps) => {
        const along = (steps * space.lengthOf(distance)) / reach;
        return origin.map((v, i) => (v / 4) * space.lengthOf(unit) + along * axis[i]);
      },
    };
  });
}

interface Point {
  readonly distance: number;
  readonly steps: number;
  readonly width: number;
  readonly by: readonly Turn[];
  readonly lengths: readonly number[];
}

/** Steps of one angle each, of rows whose lengths are powers of two. */
function onCircle({ distance, steps, width, by, lengths }: Point): number[] {
  const c = 1 - distance;
  const s = Math.sqrt(Math.max(0, 1 - c * c));
  let [x, y] = [1, 0];
  for (let k = 0; k < Math.abs(steps); k++) [x, y] = [c * x - s * y, s * x + c * y];
  const length = [0.5, 1, 2][lengths[Math.abs(steps) % lengths.length] + 1];
  const flat = Array.from({ length: width }, (_, i) => (i === 0 ? x : i === 1 ? (steps < 0 ? -y : y) : 0));
  return rotate(flat, by).map((v) => v * length);
}

function differences(
  norm: (d: readonly number[]) => number,
  invariances: readonly Invariance[],
  lengthOf: (distance: number) => number = (distance) => distance,
): Space {
  const distance = (a: Row, b: Row) => norm(Array.from(a, (v, i) => v - b[i]));
  return { distance, bound: Infinity, invariances, lengthOf, leastWidth: 1 };
}

function cosineDistance(a: Row, b: Row): number {
  const dot = (x: Row, y: Row) =>
    sumOf(
      Array.from(x, (v, i) => v * y[i]),
      (v) => v,
    );
  const lengths = Math.sqrt(dot(a, a) * dot(b, b));
  return lengths === 0 ? 1 : 1 - dot(a, b) / lengths;
}

function sumOf(row: readonly number[], term: (v: number) => number): number {
  return row.reduce((sum, v) => sum + term(v), 0);
}
