import { type Arbitrary, boolean, constantFrom, integer, record, tuple } from 'fast-check';
import type { Tensor } from '../tensor/tensor.ts';
import { fraction } from './draws.ts';
import { pairs } from './embeddings.ts';
import type { Law } from './law.ts';
import type { DirectedMoves, LossKind, LossSetting, Step } from './lossKind.ts';
import { type LossLawOptions, lossLaws } from './lossLaws.ts';
import type { Loss } from './lossValues.ts';
import { oneDistanceShorter } from './oneDistance.ts';
import { rowAt, stackRows } from './rows.ts';
import { lines, widths } from './spaces.ts';

/** Two views of each item, as rows of two tensors. */
export interface Views {
  /** `[N, D]`. */
  readonly z1: Tensor;
  /** `[N, D]`. */
  readonly z2: Tensor;
}

/** Options of `viewLossLaws`. */
export interface ViewLossLawOptions extends Pick<LossLawOptions<Views>, 'metric' | 'invariant' | 'except'> {
  /** Fewest items of a batch, 1 or 2: 2 for a loss of statistics along the batch. Default 1. */
  readonly leastItems?: 1 | 2 | undefined;
  /** Whether the loss is 0 where both views of each item are equal, wherever items lie. Default false. */
  readonly zeroWhereEqual?: boolean | undefined;
}

/**
 * What a loss of two views of each item must hold to: `loss` takes `{ z1, z2 }`, embeddings `[N, D]` of which row i of
 * both is of item i, and gives one number. Every other row is one that it may push away.
 *
 * Throws: RangeError for a metric or a change that there is not, for fewest items that are neither 1 nor 2, and for
 * an exception that is none of the laws.
 *
 * @example checkLaws(viewLossLaws('my loss', ({ z1, z2 }) => ntXentLoss(z1, z2), { metric: 'cosine' })) // undefined
 * @example
 * const laws = viewLossLaws('my loss', ({ z1, z2 }) => mean(cosineSimilarity(z1, z2)), { metric: 'cosine' });
 * brokenLaws(laws).map(({ law }) => law.name).includes('closer positives') // true
 */
export function viewLossLaws(
  name: string,
  loss: Loss<Views>,
  { leastItems = 1, zeroWhereEqual = false, ...options }: ViewLossLawOptions = {},
): Law[] {
  // Moves, steps and crossed views are of two items.
  if (leastItems !== 1 && leastItems !== 2) {
    throw new RangeError(
      `viewLossLaws: leastItems must be 1 or 2; got ${String(leastItems)}. Pass 2 for a loss of statistics along the batch.`,
    );
  }
  return lossLaws(kindOf(leastItems, zeroWhereEqual), name, loss, options);
}

function kindOf(leastItems: number, zeroWhereEqual: boolean): LossKind<Views> {
  const inputs: LossKind<Views>['inputs'] = (options) =>
    pairs({ rows: [leastItems, 5], ...options }).map(({ a, b }) => ({ z1: a, z2: b }));
  return {
    embeddings: ['z1', 'z2'],
    items: ['z1', 'z2'],
    twins: ['z1', 'z2'],
    inputs,
    moves: [
      closer('closer positives', 'the views of an item coming nearer, all else staying, never raises the loss', true),
      closer('closer negatives', 'views of two items coming nearer, all else staying, never lowers the loss', false),
    ],
    // On the sphere for directions, which a row of zeros has not.
    satisfied: ({ metric }) =>
      zeroWhereEqual
        ? inputs({ geometry: metric === 'cosine' ? 'unit' : 'free' }).map(({ z1 }) => ({ z1, z2: z1 }))
        : undefined,
    violated: crossed,
    steps,
    words: {
      satisfied: 'where both views of each item are equal',
      violated: 'where each view of an item lies at the other view of another item',
      step: 'a small step against the gradient makes the distance of the views of an item less that to another item smaller',
    },
  };
}

/** Only one distance changes: a row that moved towards another would change its distance to every row. */
function closer(law: string, statement: string, isSame: boolean): DirectedMoves<Views> {
  return {
    law,
    statement,
    never: isSame ? 'rise' : 'fall',
    draw: ({ metric, unit, space }) =>
      tuple(oneDistanceShorter(metric, unit), boolean())
        .filter(([{ before }]) => before.length >= 4)
        .map(
          ([
            {
              before,
              after,
              pair: [i, j],
            },
            across,
          ]) => {
            const others = before.map((_, row) => row).filter((row) => row !== i && row !== j);
            // The two rows are the views of item 0, or views of items 0 and 1: either both first ones, or not.
            const [first, second] = isSame
              ? [
                  [i, ...others.slice(0, 1)],
                  [j, ...others.slice(1, 2)],
                ]
              : across
                ? [
                    [i, others[0]],
                    [others[1], j],
                  ]
                : [[i, j], others.slice(0, 2)];
            for (const row of others.slice(2, -1)) first.push(row);
            for (const row of others.slice(3)) second.push(row);
            const views = (rows: typeof before): Views => ({
              z1: stackRows(first.map((row) => rows[row])),
              z2: stackRows(second.map((row) => rows[row])),
            });
            const apart = (rows: typeof before) => Number(space.distance(rows[i], rows[j]).toPrecision(3));
            const which = isSame
              ? 'both views of item 0'
              : across
                ? 'row 0 of z1 and row 1 of z2'
                : 'rows 0 and 1 of z1';
            return {
              before: views(before),
              after: views(after),
              moved: `the distance of ${which} went from ${apart(before)} to ${apart(after)} and no other one changed`,
            };
          },
        ),
  };
}

/** Two items, the first views of which lie where the second views of the other one do; once or twice. */
function crossed({ metric, unit }: LossSetting): Arbitrary<Views> {
  return record({
    width: widths(metric),
    line: lines(metric, unit),
    apart: fraction(1, 0.1),
    times: integer({ min: 1, max: 2 }),
  }).map(({ width, line, apart, times }) => {
    const [here, there] = [0, 1].map((step) => line(width).row(apart * unit, step));
    const repeated = (rows: readonly (readonly number[])[]) => Array.from({ length: times }, () => rows).flat();
    return { z1: stackRows(repeated([here, there])), z2: stackRows(repeated([there, here])) };
  });
}

/** The views of an item, and another item both of whose views are as far from the one as from the other. */
function steps({ metric, space, unit }: LossSetting): Arbitrary<Step<Views>> {
  const scale = space.lengthOf(unit) / 2;
  return record({
    half: fraction(0.2, 0.9),
    height: fraction(1.1, 1.6),
    x: integer({ min: -4, max: 4 }),
    y: integer({ min: -4, max: 4 }),
    side: constantFrom(1, -1),
  }).map(({ half, height, x, y, side }) => {
    const [one, other, third] =
      metric === 'cosine'
        ? [
            [1, (side * half) / 2, 0],
            [1, (-side * half) / 2, 0],
            [1, 0, (half * height) / 2],
          ]
        : [
            [x + side * half, y],
            [x - side * half, y],
            [x, y + half * height],
          ].map((row) => row.map((v) => v * scale));
    return {
      input: { z1: stackRows([one, third]), z2: stackRows([other, third]) },
      measure: ({ z1, z2 }) => space.distance(rowAt(z1, 0), rowAt(z2, 0)) - space.distance(rowAt(z1, 0), rowAt(z2, 1)),
      wanted: 'smaller',
      what: 'the distance of the views of item 0 less that to item 1',
    };
  });
}
