import { type Arbitrary, array, constantFrom, integer, record } from 'fast-check';
import { Tensor } from '../tensor/tensor.ts';
import { checkRange, tensors } from './arbitraries.ts';
import { toUnit } from './spaces.ts';

/**
 * How rows lie:
 * - `free`: anywhere within 3 of the origin on each axis;
 * - `unit`: on the unit sphere;
 * - `repeated`: free, some equal to others;
 * - `identical`: all equal, as after a collapse;
 * - `zero`: all 0;
 * - `collinear`: on one line through the origin;
 * - `clustered`: within 0.1 of one of two centers;
 * - `tiny`: lengths of about 1e-30, whose squares are 0 in float32;
 * - `far`: lengths of about 1e4.
 */
export type Geometry = 'free' | 'unit' | 'repeated' | 'identical' | 'zero' | 'collinear' | 'clustered' | 'tiny' | 'far';

/** Every geometry, the plainest first, since failures shrink to it. */
export const GEOMETRIES: readonly Geometry[] = [
  'free',
  'unit',
  'repeated',
  'identical',
  'zero',
  'collinear',
  'clustered',
  'tiny',
  'far',
];

const ROWS: readonly [least: number, most: number] = [1, 5];

/** Options of the arbitraries of embeddings. */
export interface EmbeddingOptions {
  /** Least and largest number of rows, of pairs or of triplets. Default [1, 5]. */
  readonly rows?: readonly [least: number, most: number] | undefined;
  /** Least and largest length of a row. Default [1, 4]. */
  readonly dimensions?: readonly [least: number, most: number] | undefined;
  /** One geometry or several to draw from. Default all. */
  readonly geometry?: Geometry | readonly Geometry[] | undefined;
}

/**
 * Embeddings `[N, D]` with a given geometry.
 *
 * Throws: RangeError for numbers of rows or lengths that are no range from 1 on, and for an unknown geometry; so do
 * `pairs`, `triplets` and `labelledBatches`.
 *
 * @example sample(embeddings({ rows: [2, 2], dimensions: [3, 3], geometry: 'zero' }), 1)[0].toArray() // [[0, 0, 0], [0, 0, 0]]
 */
export function embeddings(options: EmbeddingOptions = {}): Arbitrary<Tensor> {
  return together(1, 1, options).map(({ sides: [rows] }) => rows);
}

/** Pairs as rows of two tensors, with their labels. */
export interface Pairs {
  /** `[N, D]`. */
  readonly a: Tensor;
  /** `[N, D]`. */
  readonly b: Tensor;
  /** 1 for a different pair, 0 for a same one. */
  readonly different: readonly number[];
}

/**
 * Pairs of embeddings `[N, D]`, a geometry spanning both sides: 'identical' pairs are at distance 0.
 *
 * @example sample(pairs({ rows: [2, 2], dimensions: [1, 1], geometry: 'zero' }), 1)[0].b.toArray() // [[0], [0]]
 */
export function pairs(options: EmbeddingOptions = {}): Arbitrary<Pairs> {
  return together(2, 2, options).map(({ sides: [a, b], labels }) => ({ a, b, different: labels }));
}

/** Triplets as rows of three tensors `[N, D]`. */
export interface Triplets {
  readonly anchor: Tensor;
  readonly positive: Tensor;
  readonly negative: Tensor;
}

/**
 * Triplets of embeddings `[N, D]`, a geometry spanning all three.
 *
 * @example sample(triplets({ rows: [1, 1], dimensions: [2, 2], geometry: 'zero' }), 1)[0].negative.toArray() // [[0, 0]]
 */
export function triplets(options: EmbeddingOptions = {}): Arbitrary<Triplets> {
  return together(3, 1, options).map(({ sides: [anchor, positive, negative] }) => ({ anchor, positive, negative }));
}

/** Options of `labelledBatches`. */
export interface LabelledBatchOptions extends EmbeddingOptions {
  /** Number of classes that labels are drawn from, at least 1; some may stay without an item. Default 3. */
  readonly classes?: number | undefined;
}

/** Embeddings `[N, D]` with a class each. */
export interface LabelledBatch {
  readonly embeddings: Tensor;
  readonly labels: readonly number[];
}

/**
 * Batches of embeddings with labels, one to six unless `rows` says otherwise, among them such without a positive or
 * without a negative.
 *
 * @example sample(labelledBatches({ rows: [2, 2], classes: 1 }), 1)[0].labels // [0, 0]
 */
export function labelledBatches({ classes = 3, ...options }: LabelledBatchOptions = {}): Arbitrary<LabelledBatch> {
  return together(1, classes, { rows: [1, 6], ...options }).map(({ sides: [x], labels }) => ({
    embeddings: x,
    labels,
  }));
}

/** What an item is drawn as: a free row for each side, and where it goes in other geometries. */
interface Item {
  readonly rows: readonly (readonly number[])[];
  /** Which row each side is like, where rows are like others. */
  readonly like: readonly number[];
  /** How far each side lies along a line, in quarters. */
  readonly along: readonly number[];
  readonly label: number;
}

interface Drawn {
  /** One tensor `[N, D]` a side. */
  readonly sides: readonly Tensor[];
  /** N labels. */
  readonly labels: readonly number[];
}

/**
 * Several tensors `[N, D]` of one geometry, with labels. Drawn item by item, so that a failure shrinks to the items that
 * matter, wherever they stood.
 */
function together(sides: number, classes: number, options: EmbeddingOptions): Arbitrary<Drawn> {
  const { rows: [least, most] = ROWS, dimensions = [1, 4], geometry = GEOMETRIES } = options;
  const kinds = typeof geometry === 'string' ? [geometry] : geometry;
  checkRange('embeddings', 'rows', [least, most], 1);
  checkRange('embeddings', 'dimensions', dimensions, 1);
  checkRange('labelledBatches', '1 and classes', [1, classes], 1);
  const unknown = kinds.find((kind) => !GEOMETRIES.includes(kind));
  if (unknown !== undefined || kinds.length === 0)
    throw new RangeError(`embeddings: unknown geometry '${unknown ?? ''}'. Use ${GEOMETRIES.join(', ')}.`);
  const each = <T>(values: Arbitrary<T>): Arbitrary<T[]> => array(values, { minLength: sides, maxLength: sides });
  const item: Arbitrary<Item> = record({
    // As many numbers as the longest row needs, so that lengths and numbers shrink one without the other.
    rows: each(tensors({ shape: [dimensions[1]] }).map(({ data }) => Array.from(data))),
    like: each(integer({ min: 0, max: sides * most - 1 })),
    along: each(integer({ min: -8, max: 8 })),
    label: integer({ min: 0, max: classes - 1 }),
  });
  return record({
    kind: constantFrom(...kinds),
    width: integer({ min: dimensions[0], max: dimensions[1] }),
    items: array(item, { minLength: least, maxLength: most }),
  }).map(({ kind, width, items }) => {
    const row = arrange(kind, items, sides, width);
    const matrix = (side: number) =>
      new Tensor(Float32Array.from(items.flatMap((_, i) => row(i * sides + side))), [items.length, width]);
    return { sides: Array.from({ length: sides }, (_, side) => matrix(side)), labels: items.map(({ label }) => label) };
  });
}

/** The rows of a geometry, from free ones; those of an item stand one after the other. */
function arrange(kind: Geometry, items: readonly Item[], sides: number, width: number): (row: number) => number[] {
  const part = <T>(row: number, of: (item: Item) => readonly T[]): T => of(items[Math.floor(row / sides)])[row % sides];
  const free = (row: number): number[] => part(row, ({ rows }) => rows).slice(0, width);
  const like = (row: number): number => part(row, (item) => item.like);
  switch (kind) {
    case 'free':
      return free;
    case 'unit':
      return (row) => toUnit(free(row));
    case 'repeated':
      return (row) => free(Math.min(row, like(row)));
    case 'identical':
      return () => free(0);
    case 'zero':
      return (row) => free(row).fill(0);
    case 'collinear':
      return (row) => free(0).map((v) => (v * part(row, ({ along }) => along)) / 4);
    case 'clustered': {
      const centers = Math.min(2, sides * items.length);
      return (row) => free(row).map((v, i) => free(like(row) % centers)[i] + v / 32);
    }
    case 'tiny':
      return (row) => free(row).map((v) => v * 2 ** -100);
    case 'far':
      return (row) => free(row).map((v) => v * 2 ** 12);
  }
}
