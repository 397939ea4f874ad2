import { type Arbitrary, array, boolean, integer, record, tuple } from 'fast-check';
import { fraction, fromZero, mostlyLast, SHARES, sayShare } from './draws.ts';
import { type Pairs, pairs } from './embeddings.ts';
import type { Law } from './law.ts';
import { type DirectedMoves, inputsOf, type LossKind, type LossSetting, type Step } from './lossKind.ts';
import { type LossLawOptions, lossLaws } from './lossLaws.ts';
import type { Loss } from './lossValues.ts';
import { rowAt, stackRows, withRow } from './rows.ts';
import { lines, widths } from './spaces.ts';

/**
 * What a loss of pairs must hold to: `loss` takes `{ a, b, different }`, embeddings `[N, D]` and N flags, 1 for a
 * different pair, and gives one number.
 *
 * The margin is a distance in the metric. Of a cosine distance it is 1 less the cosine that a different pair may have.
 * Throws: RangeError for a margin out of range, and for an exception that is none of the laws.
 *
 * @example
 * const laws = pairLossLaws('my loss', ({ a, b, different }) => contrastiveLoss(euclidean(a, b), { different }), { margin: 1 });
 * checkLaws(laws) // undefined
 * @example brokenLaws(pairLossLaws('my loss', ({ a, b }) => neg(mean(euclidean(a, b)))))[0].law.name // 'never negative'
 */
export function pairLossLaws(name: string, loss: Loss<Pairs>, options: LossLawOptions<Pairs> = {}): Law[] {
  return lossLaws(pairKind, name, loss, options);
}

const pairKind: LossKind<Pairs> = {
  embeddings: ['a', 'b'],
  items: ['a', 'b', 'different'],
  twins: ['a', 'b'],
  inputs: pairs,
  moves: [
    closer('closer positives', 'moving one of a same pair towards the other never raises the loss', 0),
    closer('closer negatives', 'moving one of a different pair towards the other never lowers the loss', 1),
  ],
  satisfied,
  violated,
  steps,
  words: {
    satisfied: 'where same pairs are equal and different ones are beyond the margin',
    violated: 'where a same pair is apart or a different one is equal or within the margin',
    step: 'a small step against the gradient brings a same pair nearer, and a different one within the margin farther apart',
  },
};

/** Moves of one row, of a pair that is made to have the label. */
function closer(law: string, statement: string, label: 0 | 1): DirectedMoves<Pairs> {
  return {
    law,
    statement,
    never: label === 0 ? 'rise' : 'fall',
    draw: (setting) =>
      tuple(inputsOf(pairKind, setting), integer({ min: 0, max: 7 }), boolean(), SHARES).map(
        ([{ a, b, different }, drawn, moveA, share]) => {
          const row = drawn % different.length;
          const before = { a, b, different: different.map((flag, i) => (i === row ? label : flag)) };
          const [name, still, other] = moveA ? (['a', b, 'b'] as const) : (['b', a, 'a'] as const);
          const moved = `row ${row} of ${name} moved ${sayShare(share)} row ${row} of ${other}`;
          return { before, after: { ...before, [name]: towards(before[name], still, row, share) }, moved };
        },
      ),
  };
}

/** A tensor of which one row went part of the way to another one. */
export function towards(x: Pairs['a'], goal: Pairs['a'], row: number, share: number): Pairs['a'] {
  const [from, to] = [rowAt(x, row), rowAt(goal, row)];
  return withRow(
    x,
    row,
    Array.from(from, (v, i) => (share === 1 ? to[i] : v + share * (to[i] - v))),
  );
}

/** Distances beyond the margin, up to three times as far. */
export function beyond({ space }: LossSetting, margin: number): Arbitrary<number> {
  const most = Math.min(space.bound, 3 * margin);
  return fraction(margin + 0.05 * (most - margin), most);
}

function satisfied(setting: LossSetting): Arbitrary<Pairs> | undefined {
  const { margin } = setting;
  if (margin === undefined) return undefined;
  return placed(setting, [
    tuple(integer({ min: 0, max: 1 }), beyond(setting, margin)).map(([different, far]) => ({
      different,
      distance: different === 1 ? far : 0,
    })),
  ]);
}

/** The first pair is one that must cost; the others may be too, or be satisfied where there is a margin. */
function violated(setting: LossSetting): Arbitrary<Pairs> {
  const { margin, unit } = setting;
  const costly = record({ different: integer({ min: 0, max: 1 }), share: fromZero(1) }).map(({ different, share }) => ({
    different,
    distance: different === 1 ? 0.9 * share * (margin ?? 0) : (0.1 + 0.9 * share) * unit,
  }));
  if (margin === undefined) return placed(setting, [costly]);
  const kept = beyond(setting, margin).map((distance) => ({ different: 1, distance }));
  return placed(setting, [costly, kept]);
}

function steps(setting: LossSetting): Arbitrary<Step<Pairs>> {
  const { margin, unit, space } = setting;
  const one = record({
    different: integer({ min: 0, max: margin === undefined ? 0 : 1 }),
    share: fraction(0.1, 0.9),
  }).map(({ different, share }) => ({ different, distance: share * unit }));
  return placed(setting, [one], 1).map((input) => {
    const isDifferent = input.different[0] === 1;
    return {
      input,
      measure: ({ a, b }) => space.distance(rowAt(a, 0), rowAt(b, 0)),
      wanted: isDifferent ? 'larger' : 'smaller',
      what: isDifferent ? 'the distance of a different pair' : 'the distance of a same pair',
    };
  });
}

interface Placed {
  readonly different: number;
  readonly distance: number;
}

/** Pairs at drawn distances: the first of the first kind, then up to three others. */
function placed(setting: LossSetting, kinds: readonly Arbitrary<Placed>[], most = 4): Arbitrary<Pairs> {
  const { metric, unit } = setting;
  const pair = (of: Arbitrary<Placed>) => record({ at: of, line: lines(metric, unit), back: boolean() });
  return record({
    width: widths(metric),
    first: pair(kinds[0]),
    others: array(pair(mostlyLast(kinds)), { maxLength: most - 1 }),
  }).map(({ width, first, others }) => {
    const all = [first, ...others];
    const side = (isB: boolean) =>
      stackRows(all.map(({ at, line, back }) => line(width).row(at.distance, isB ? (back ? -1 : 1) : 0)));
    // A pair at distance 0 is to be equal to the bit, also where the line has lengths that differ.
    const b = side(true);
    const a = all.reduce((x, { at }, i) => (at.distance === 0 ? withRow(x, i, rowAt(b, i)) : x), side(false));
    return { a, b, different: all.map(({ at }) => at.different) };
  });
}
