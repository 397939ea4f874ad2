import { type Arbitrary, array, boolean, integer, oneof, record, tuple } from 'fast-check';
import { fraction, fromZero, mostlyLast, SHARES, sayShare } from './draws.ts';
import { type Triplets, triplets } from './embeddings.ts';
import type { Law } from './law.ts';
import { type DirectedMoves, inputsOf, type LossKind, type LossSetting, type Step } from './lossKind.ts';
import { type LossLawOptions, lossLaws } from './lossLaws.ts';
import type { Loss } from './lossValues.ts';
import { towards } from './pairLossLaws.ts';
import { rowAt, stackRows } from './rows.ts';
import { lines, widths } from './spaces.ts';

/**
 * What a loss of triplets must hold to: `loss` takes `{ anchor, positive, negative }`, embeddings `[N, D]`, and gives
 * one number.
 *
 * The margin is by how much a negative must be farther than the positive, in the metric.
 * Throws: RangeError for a margin out of range, and for an exception that is none of the laws.
 *
 * @example
 * const loss = ({ anchor, positive, negative }) => tripletLoss(anchor, positive, negative, { margin: 1 });
 * checkLaws(tripletLossLaws('my loss', loss, { margin: 1, metric: 'squaredEuclidean' })) // undefined
 */
export function tripletLossLaws(name: string, loss: Loss<Triplets>, options: LossLawOptions<Triplets> = {}): Law[] {
  return lossLaws(tripletKind, name, loss, options);
}

const tripletKind: LossKind<Triplets> = {
  embeddings: ['anchor', 'positive', 'negative'],
  items: ['anchor', 'positive', 'negative'],
  inputs: triplets,
  moves: [
    closer('closer positives', 'moving a positive towards its anchor never raises the loss', 'positive'),
    closer('closer negatives', 'moving a negative towards its anchor never lowers the loss', 'negative'),
  ],
  satisfied,
  violated: (setting) => placed(setting, [costly(setting), ...kept(setting)]),
  steps,
  words: {
    satisfied: 'where every negative is farther than its positive by more than the margin',
    violated: 'where a negative is not farther than its positive by the margin',
    step: 'a small step against the gradient makes the distance of the positive less that of the negative smaller',
  },
};

function closer(law: string, statement: string, name: 'positive' | 'negative'): DirectedMoves<Triplets> {
  return {
    law,
    statement,
    never: name === 'positive' ? 'rise' : 'fall',
    draw: (setting) =>
      tuple(oneof(inputsOf(tripletKind, setting), inLine(setting)), integer({ min: 0, max: 7 }), SHARES).map(
        ([before, drawn, share]) => {
          const row = drawn % before.anchor.shape[0];
          const moved = `row ${row} of ${name} moved ${sayShare(share)} row ${row} of anchor`;
          return { before, after: { ...before, [name]: towards(before[name], before.anchor, row, share) }, moved };
        },
      ),
  };
}

/** Triplets whose positive and negative lie in one direction from the anchor, or in opposite ones. */
function inLine(setting: LossSetting): Arbitrary<Triplets> {
  const { bound } = setting.space;
  const anywhere = fraction(0, bound < Infinity ? bound : 3 * setting.unit);
  return placed(setting, [record({ near: anywhere, far: anywhere })]);
}

/** Distances of one triplet from its anchor. */
interface Placed {
  readonly near: number;
  readonly far: number;
}

/** Triplets that keep the margin, where there is one. */
function kept({ space, margin }: LossSetting): Arbitrary<Placed>[] {
  if (margin === undefined) return [];
  // Half of what a bounded distance leaves beside the margin, so that a negative can be farther.
  const most = Math.min(margin, (space.bound - margin) / 2);
  return [
    tuple(fraction(0, most), fraction(0.05, 1)).map(([near, share]) => {
      const least = near + margin;
      return { near, far: least + share * (Math.min(space.bound, near + 3 * margin) - least) };
    }),
  ];
}

/** Triplets that do not: the negative not even as far as the positive where there is no margin. */
function costly({ margin, unit, space }: LossSetting): Arbitrary<Placed> {
  const least = margin === undefined ? 0.1 : 0;
  return tuple(fraction(least, 2), fromZero(0.9)).map(([at, share]) => {
    const near = at * Math.min(unit, space.bound / 2);
    return { near, far: share * Math.min(space.bound, near + (margin ?? 0)) };
  });
}

function satisfied(setting: LossSetting): Arbitrary<Triplets> | undefined {
  const keeping = kept(setting);
  return keeping.length === 0 ? undefined : placed(setting, keeping);
}

function steps(setting: LossSetting): Arbitrary<Step<Triplets>> {
  const { margin, unit, space } = setting;
  const one = record({ at: fraction(0.2, 1), share: fraction(0.2, 0.9) }).map(({ at, share }) => {
    const near = at * Math.min(unit, space.bound / 2);
    return { near, far: share * Math.min(space.bound, near + (margin ?? 0)) };
  });
  return placed(setting, [one], 1).map((input) => ({
    input,
    measure: ({ anchor, positive, negative }) =>
      space.distance(rowAt(anchor, 0), rowAt(positive, 0)) - space.distance(rowAt(anchor, 0), rowAt(negative, 0)),
    wanted: 'smaller',
    what: 'the distance of the positive less that of the negative',
  }));
}

/** Triplets at drawn distances: the first of the first kind, then up to three others. */
function placed(setting: LossSetting, kinds: readonly Arbitrary<Placed>[], most = 4): Arbitrary<Triplets> {
  const { metric, unit } = setting;
  const triplet = (of: Arbitrary<Placed>) => record({ at: of, line: lines(metric, unit), opposite: boolean() });
  return record({
    width: widths(metric),
    first: triplet(kinds[0]),
    others: array(triplet(mostlyLast(kinds)), { maxLength: most - 1 }),
  }).map(({ width, first, others }) => {
    const all = [first, ...others].map((drawn) => ({ ...drawn, line: drawn.line(width) }));
    return {
      anchor: stackRows(all.map(({ line }) => line.row(0, 0))),
      positive: stackRows(all.map(({ at, line }) => line.row(at.near, 1))),
      negative: stackRows(all.map(({ at, line, opposite }) => line.row(at.far, opposite ? -1 : 1))),
    };
  });
}
