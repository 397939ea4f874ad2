import { type Arbitrary, array, integer, record, tuple } from 'fast-check';
import { fraction, fromZero } from './draws.ts';
import { type LabelledBatch, labelledBatches } from './embeddings.ts';
import type { Law } from './law.ts';
import type { DirectedMoves, LossKind, LossSetting, Step } from './lossKind.ts';
import { type LossLawOptions, lossLaws } from './lossLaws.ts';
import type { Loss } from './lossValues.ts';
import { oneDistanceShorter } from './oneDistance.ts';
import { beyond } from './pairLossLaws.ts';
import { rowAt, stackRows } from './rows.ts';
import { lines, widths } from './spaces.ts';

/**
 * What a loss of a labelled batch must hold to: `loss` takes `{ embeddings, labels }`, `[N, D]` and N classes, and gives
 * one number.
 *
 * The margin is a distance in the metric, from which rows of different classes cost nothing (or by which they must be
 * farther apart than rows of one class). A batch without a valid pair or triplet is among what is drawn.
 * Throws: RangeError for a margin out of range, and for an exception that is none of the laws.
 *
 * @example
 * const loss = ({ embeddings, labels }) => batchTripletLoss(embeddings, labels, { margin: 1 });
 * checkLaws(batchLossLaws('my loss', loss, { margin: 1, metric: 'squaredEuclidean' })) // undefined
 */
export function batchLossLaws(
  name: string,
  loss: Loss<LabelledBatch>,
  options: LossLawOptions<LabelledBatch> = {},
): Law[] {
  return lossLaws(batchKind, name, loss, options);
}

const batchKind: LossKind<LabelledBatch> = {
  embeddings: ['embeddings'],
  items: ['embeddings', 'labels'],
  inputs: labelledBatches,
  moves: [
    closer('closer positives', 'two rows of one class coming nearer, all else staying, never raises the loss', true),
    closer(
      'closer negatives',
      'two rows of different classes coming nearer, all else staying, never lowers the loss',
      false,
    ),
  ],
  satisfied,
  violated,
  steps,
  words: {
    satisfied: 'where the rows of a class are equal and classes are beyond the margin of one another',
    violated: 'where two equal rows of a class lie at, or within the margin of, a row of another one',
    step: 'a small step against the gradient makes the distance of two rows of a class less that to another class smaller',
  },
};

/** Only one distance changes: a row that moved towards another would change its distance to every row. */
function closer(law: string, statement: string, isSame: boolean): DirectedMoves<LabelledBatch> {
  return {
    law,
    statement,
    never: isSame ? 'rise' : 'fall',
    draw: ({ metric, unit, space }) =>
      tuple(oneDistanceShorter(metric, unit), array(integer({ min: 0, max: 2 }), { minLength: 6, maxLength: 6 })).map(
        ([{ before, after, pair }, drawn]) => {
          const [i, j] = pair;
          const labels = drawn.slice(0, before.length);
          if ((labels[i] === labels[j]) !== isSame) labels[j] = isSame ? labels[i] : (labels[i] + 1) % 3;
          const apart = (rows: typeof before) => Number(space.distance(rows[i], rows[j]).toPrecision(3));
          return {
            before: { embeddings: stackRows(before), labels },
            after: { embeddings: stackRows(after), labels },
            moved: `the distance of rows ${i} and ${j} went from ${apart(before)} to ${apart(after)} and no other one changed`,
          };
        },
      ),
  };
}

function satisfied(setting: LossSetting): Arbitrary<LabelledBatch> | undefined {
  const { margin } = setting;
  if (margin === undefined) return undefined;
  return clustered(setting, beyond(setting, margin), []);
}

/** With a pair of one class, so that there is a triplet, and a row of another class. */
function violated(setting: LossSetting): Arbitrary<LabelledBatch> {
  return clustered(setting, fromZero(0.9 * (setting.margin ?? 0)), [0, 0, 1]);
}

/** Classes whose rows are equal, at steps of one distance along a line. */
function clustered(
  setting: LossSetting,
  distance: Arbitrary<number>,
  first: readonly number[],
): Arbitrary<LabelledBatch> {
  const { metric, unit, space } = setting;
  return record({
    width: widths(metric),
    line: lines(metric, unit),
    apart: distance,
    drawn: array(integer({ min: 0, max: 2 }), { minLength: first.length === 0 ? 1 : 0, maxLength: 4 }),
  }).map(({ width, line, apart, drawn }) => {
    // More than a quarter turn apart, a third class would come round to the first.
    const classes = space.bound < Infinity && apart > 1 ? 2 : 3;
    const labels = [...first, ...drawn.map((label) => label % classes)];
    return { embeddings: stackRows(labels.map((label) => line(width).row(apart, label))), labels };
  });
}

/**
 * Two rows of a class, and one of another as far from the one as from the other but nearer than they are: their
 * triplets, or pairs, all pull and push alike. It is higher above their middle than they are beside it: lower, a push
 * away from it would take the two apart by more, however right the loss.
 */
function steps({ metric, space, unit }: LossSetting): Arbitrary<Step<LabelledBatch>> {
  const scale = space.lengthOf(unit) / 2;
  return record({
    half: fraction(0.2, 0.9),
    height: fraction(1.1, 1.6),
    start: array(integer({ min: -4, max: 4 }), { minLength: 2, maxLength: 2 }),
  }).map(({ half, height, start: [x, y] }) => {
    const rows =
      metric === 'cosine'
        ? [
            [1, half / 2, 0],
            [1, -half / 2, 0],
            [1, 0, (half * height) / 2],
          ]
        : [
            [x + half, y],
            [x - half, y],
            [x, y + half * height],
          ].map((row) => row.map((v) => v * scale));
    return {
      input: { embeddings: stackRows(rows), labels: [0, 0, 1] },
      measure: ({ embeddings }) =>
        space.distance(rowAt(embeddings, 0), rowAt(embeddings, 1)) -
        space.distance(rowAt(embeddings, 0), rowAt(embeddings, 2)),
      wanted: 'smaller',
      what: 'the distance of the rows of class 0 less that of row 0 to class 1',
    };
  });
}
