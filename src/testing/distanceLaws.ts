import { type Arbitrary, array, integer, oneof, record } from 'fast-check';
import { noGrad } from '../autograd/tape.ts';
import { pow } from '../tensor/math.ts';
import { toDouble } from '../tensor/precision.ts';
import { ShapeError, sameShape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { anywhere, sidesOf, smooth } from './distanceInputs.ts';
import { type EmbeddingOptions, type Pairs, pairs, triplets } from './embeddings.ts';
import { defineLaw, type Law } from './law.ts';
import { type OpLawOptions, opLaws } from './opLaws.ts';
import { largest, mapNumbers, mapRows } from './rows.ts';
import { rotate, turns } from './spaces.ts';
import { differ } from './violations.ts';

/** Compares row i of a with row i of b: `[N, D], [N, D] -> [N]`. */
export type RowComparison = (a: Tensor, b: Tensor) => Tensor;

/** Options of `distanceLaws`. */
export interface DistanceLawOptions {
  /** `distance`: lower is more alike. `similarity`: higher is. Default distance. */
  readonly kind?: 'distance' | 'similarity' | undefined;
  /** Whether a detour is never shorter. Default true for a distance; false for one that is no metric. */
  readonly triangle?: boolean | undefined;
  /** Least and largest value, where there are such. Default none. */
  readonly bounds?: readonly [least: number, most: number] | undefined;
  /** Whether turning all rows together changes nothing. Default false. */
  readonly rotation?: boolean | undefined;
  /** Whether moving all rows together changes nothing. Default false. */
  readonly translation?: boolean | undefined;
  /**
   * The power of c by which the value grows where all numbers are c times as large, at least 0: 1 for a norm, 0 for one
   * of directions alone, of which rows of zeros have none. Default: not checked.
   */
  readonly scaling?: number | undefined;
  /** How often it can be differentiated. Default 2. */
  readonly derivatives?: OpLawOptions['derivatives'];
  /** Numbers of rows and their lengths, where the comparison needs certain ones. Default as for `embeddings`. */
  readonly embeddings?: Pick<EmbeddingOptions, 'rows' | 'dimensions'> | undefined;
}

/**
 * What a distance or a similarity of embeddings must hold to, and all that an op must.
 *
 * Sign, identity, symmetry and bounds are checked in float32, as the comparison is used; triangles, rotation, translation
 * and scaling in double precision, so that no rounding excuses a difference.
 * Throws: RangeError for an unknown kind, for bounds in the wrong order, and for a scaling below 0.
 *
 * @example checkLaws(distanceLaws('cosine', cosineDistance, { triangle: false, scaling: 0, bounds: [0, 2] })) // undefined
 */
export function distanceLaws(name: string, comparison: RowComparison, options: DistanceLawOptions = {}): Law[] {
  const { kind = 'distance', triangle = kind === 'distance', bounds, rotation = false, translation = false } = options;
  const { scaling, derivatives, embeddings = {} } = options;
  if (kind !== 'distance' && kind !== 'similarity')
    throw new RangeError(`distanceLaws: unknown kind '${String(kind)}'. Use distance or similarity.`);
  if (bounds && !(bounds[0] <= bounds[1]))
    throw new RangeError(`distanceLaws: bounds must be the least and the largest value; got ${bounds.join(' and ')}.`);
  if (scaling !== undefined && !(scaling >= 0 && scaling < Infinity))
    throw new RangeError(`distanceLaws: scaling must be a power of at least 0; got ${scaling}. A norm has 1.`);
  const fn = oneEachRow(name, comparison);
  const subject: Subject = {
    name,
    values: (a, b) => noGrad(() => fn(a, b)),
    exactly: (a, b) => noGrad(() => fn(toDouble(a), toDouble(b))),
    sides: pairs(embeddings),
  };
  return [
    ...(kind === 'distance'
      ? [neverNegative(subject), zeroToItself(subject, scaling === 0)]
      : [mostAlikeItself(subject)]),
    symmetry(subject),
    ...(triangle ? [triangleInequality(subject, embeddings)] : []),
    ...(bounds === undefined ? [] : [staysWithin(subject, bounds)]),
    ...(rotation ? [rotationLaw(subject)] : []),
    ...(translation ? [translationLaw(subject)] : []),
    ...(scaling === undefined ? [] : [scalingLaw(subject, scaling)]),
    ...opLaws(name, (a, b) => fn(a, b), {
      inputs: sidesOf(smooth(embeddings)),
      extremes: oneof(sidesOf(subject.sides), anywhere(embeddings)),
      batched: [0, 1],
      derivatives,
    }),
  ];
}

/** A comparison that says what is wrong with what it gave: `[N, 1]` would pass for `[N]` here, and broadcast elsewhere. */
function oneEachRow(name: string, fn: RowComparison): RowComparison {
  return (a, b) => {
    const values: unknown = fn(a, b);
    if (!(values instanceof Tensor))
      throw new TypeError(
        `${name}: a comparison must give a Tensor; got ${String(values)}. Return one that is not async.`,
      );
    if (sameShape(values.shape, [a.shape[0]])) return values;
    const problem = `a comparison must give [N], one number for each row, here [${a.shape[0]}]`;
    throw new ShapeError(name, problem, [values.shape], 'Reduce axis 1 alone.');
  };
}

interface Subject {
  readonly name: string;
  readonly values: RowComparison;
  /** In double precision. */
  readonly exactly: RowComparison;
  readonly sides: Arbitrary<Pairs>;
}

/** The rounding of float32, 6e-8, of a few steps, relative to the largest number; also the root of a guard of 1e-12. */
const ROUNDING = 2e-6;

function neverNegative({ name, values, sides }: Subject): Law {
  return defineLaw({
    subject: name,
    name: 'never negative',
    // Nor by rounding: what is below 0 has no root.
    statement: 'no distance is below 0',
    inputs: sides.map(({ a, b }) => ({ a, b })),
    violation: ({ a, b }) => firstRow(values(a, b), (d) => (d >= 0 ? undefined : `the distance is ${d}`)),
  });
}

function zeroToItself({ name, values, sides }: Subject, directions: boolean): Law {
  return defineLaw({
    subject: name,
    name: 'identity',
    statement: 'every row is at distance 0 from itself',
    inputs: sides.map(({ a }) => ({ a })),
    violation: ({ a }) => {
      const slack = ROUNDING * Math.max(1, largest([a]));
      const width = a.shape[1];
      const zero = (row: number) => a.data.subarray(row * width, (row + 1) * width).every((v) => v === 0);
      return firstRow(values(a, a), (d, row) =>
        Math.abs(d) <= slack || (directions && zero(row)) ? undefined : `the distance to itself is ${d}`,
      );
    },
  });
}

function mostAlikeItself({ name, values, sides }: Subject): Law {
  return defineLaw({
    subject: name,
    name: 'identity',
    statement: 'nothing is more alike to a row than the row itself',
    inputs: sides.map(({ a, b }) => ({ a, b })),
    violation: ({ a, b }) => {
      const own = values(a, a).data;
      const slack = ROUNDING * Math.max(1, largest([a, b]));
      return firstRow(values(a, b), (s, i) =>
        s <= own[i] + slack ? undefined : `the similarity is ${s}, and ${own[i]} to itself`,
      );
    },
  });
}

function symmetry({ name, values, sides }: Subject): Law {
  return defineLaw({
    subject: name,
    name: 'symmetry',
    statement: 'exchanging the two sides changes nothing',
    inputs: sides.map(({ a, b }) => ({ a, b })),
    violation: ({ a, b }) => {
      const expected = values(a, b);
      const other = differ(values(b, a), expected, { relative: ROUNDING, absolute: ROUNDING * largest([expected]) });
      return other && `with the sides exchanged it is ${other}`;
    },
  });
}

function triangleInequality({ name, exactly }: Subject, embeddings: EmbeddingOptions): Law {
  return defineLaw({
    subject: name,
    name: 'triangle inequality',
    statement: 'no detour by a third row is shorter than the distance itself',
    inputs: triplets(embeddings).map(({ anchor, positive, negative }) => ({ a: anchor, b: negative, by: positive })),
    violation: ({ a, b, by }) => {
      const [first, second] = [exactly(a, by).data, exactly(by, b).data];
      return firstRow(exactly(a, b), (d, i) => {
        const detour = first[i] + second[i];
        // Ten thousand times the rounding of double precision.
        const slack = 1e-12 * (Math.abs(d) + Math.abs(detour));
        return d <= detour + slack ? undefined : `the distance is ${d}, by a third row ${first[i]} + ${second[i]}`;
      });
    },
  });
}

function staysWithin({ name, values, sides }: Subject, [least, most]: readonly [number, number]): Law {
  return defineLaw({
    subject: name,
    name: 'bounds',
    statement: 'no value leaves the stated bounds',
    inputs: sides.map(({ a, b }) => ({ a, b })),
    violation: ({ a, b }) =>
      firstRow(values(a, b), (v) =>
        v >= least && v <= most ? undefined : `the value is ${v}, with bounds ${least} and ${most}`,
      ),
  });
}

function rotationLaw({ name, exactly, sides }: Subject): Law {
  return defineLaw({
    subject: name,
    name: 'rotation',
    statement: 'turning all rows by one rotation changes nothing',
    inputs: record({ sides, by: turns }).map(({ sides: { a, b }, by }) => ({ a, b, turns: by })),
    violation: ({ a, b, turns: by }) => {
      const turned = (x: Tensor) => mapRows(x, (row) => rotate(row, by));
      const other = sameValues(exactly(turned(a), turned(b)), exactly(a, b), largest([a, b]));
      return other && `turned it is ${other}`;
    },
  });
}

function translationLaw({ name, exactly, sides }: Subject): Law {
  return defineLaw({
    subject: name,
    name: 'translation',
    statement: 'moving all rows by one vector changes nothing',
    inputs: record({ sides, by: array(integer({ min: -32, max: 32 }), { minLength: 4, maxLength: 4 }) }).map(
      ({ sides: { a, b }, by }) => ({ a, b, by: by.slice(0, a.shape[1]).map((k) => k / 8) }),
    ),
    violation: ({ a, b, by }) => {
      const moved = (x: Tensor) => mapRows(x, (row) => row.map((v, i) => v + by[i % by.length]));
      const other = sameValues(exactly(moved(a), moved(b)), exactly(a, b), largest([a, b]) + 10);
      return other && `moved it is ${other}`;
    },
  });
}

function scalingLaw({ name, exactly, sides }: Subject, power: number): Law {
  return defineLaw({
    subject: name,
    name: 'scaling',
    statement: 'where all numbers are c times as large, the value is times the stated power of c',
    inputs: record({ sides, c: integer({ min: 1, max: 64 }).map((k) => k / 16) }).map(({ sides: { a, b }, c }) => ({
      ...{ a, b },
      c,
    })),
    violation: ({ a, b, c }) => {
      const scaled = (x: Tensor) => mapNumbers(x, (v) => v * c);
      const factor = pow(c, power);
      const expected = mapNumbers(exactly(a, b), (v) => v * factor);
      const other = sameValues(exactly(scaled(a), scaled(b)), expected, largest([a, b]));
      return other && `with ${c} times the numbers it is ${other}`;
    },
  });
}

/** Where values differ by more than rounding; `scale` is the largest number that they were computed from. */
function sameValues(actual: Tensor, expected: Tensor, scale = 1): string | undefined {
  // A square root turns an error of e into one of sqrt(e) near 0, a square one into 2 |x| e.
  const most = Math.max(1, scale);
  return differ(actual, expected, { relative: 1e-9, absolute: 1e-8 * most });
}

/** What is wrong with the first row that something is wrong with. */
function firstRow(values: Tensor, wrong: (value: number, row: number) => string | undefined): string | undefined {
  for (let row = 0; row < values.size; row++) {
    const found = wrong(values.data[row], row);
    if (found !== undefined) return `${found}, in row ${row}.`;
  }
  return undefined;
}
