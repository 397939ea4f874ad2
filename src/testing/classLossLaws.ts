import { type Arbitrary, array, integer, record, tuple } from 'fast-check';
import { slice } from '../autograd/ops/rearrange.ts';
import { cos, sin } from '../tensor/math.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { fraction } from './draws.ts';
import { type EmbeddingOptions, labelledBatches } from './embeddings.ts';
import type { Matrix } from './gram.ts';
import type { Law } from './law.ts';
import type { DirectedMoves, LossKind, LossSetting, Step } from './lossKind.ts';
import { type LossLawOptions, lossLaws } from './lossLaws.ts';
import type { Loss } from './lossValues.ts';
import { oneDistanceShorter } from './oneDistance.ts';
import { rowAt, stackRows } from './rows.ts';

/** Embeddings with a class each, and a weight for each class. */
export interface ClassifiedBatch {
  /** `[N, D]`. */
  readonly embeddings: Tensor;
  /** `[C, D]`, two classes at least. */
  readonly weight: Tensor;
  /** N numbers from 0 to C - 1. */
  readonly labels: readonly number[];
}

/**
 * What a loss of class weights must hold to: `loss` takes `{ embeddings, weight, labels }`, `[N, D]`, `[C, D]` and N
 * classes from 0 to C - 1, and gives one number. `metric` is what it compares an embedding with a weight by.
 *
 * Nothing is known to cost nothing: leave the margin out.
 * Throws: RangeError for a margin out of range, and for an exception that is none of the laws.
 *
 * @example
 * const loss = ({ embeddings, weight, labels }) => cosFaceLoss(embeddings, weight, labels, { scale: 8 });
 * checkLaws(classLossLaws('my loss', loss, { metric: 'cosine' })) // undefined
 */
export function classLossLaws(
  name: string,
  loss: Loss<ClassifiedBatch>,
  options: LossLawOptions<ClassifiedBatch> = {},
): Law[] {
  return lossLaws(classKind, name, loss, options);
}

const classKind: LossKind<ClassifiedBatch> = {
  embeddings: ['embeddings', 'weight'],
  items: ['embeddings', 'labels'],
  inputs,
  moves: [
    closer(
      'closer positives',
      'an embedding coming nearer to the weight of its class, all other distances staying, never raises the loss',
      true,
    ),
    closer(
      'closer negatives',
      'an embedding coming nearer to the weight of another class, all other distances staying, never lowers the loss',
      false,
    ),
  ],
  violated,
  steps,
  words: {
    satisfied: 'where nothing is left to do',
    violated: 'where embeddings are farther from the weight of their class than from any other',
    step: 'a small step against the gradient makes the distance to the weight of the class less that to another one smaller',
  },
};

/** Rows of one geometry, the first of them weights: an embedding may be equal to a weight. */
function inputs(options: EmbeddingOptions): Arbitrary<ClassifiedBatch> {
  return tuple(labelledBatches({ ...options, rows: [3, 8] }), integer({ min: 2, max: 3 })).map(
    ([{ embeddings: all, labels }, drawn]) => {
      const classes = Math.min(drawn, labels.length - 1);
      return {
        embeddings: slice(all, [[classes, labels.length]]),
        weight: slice(all, [[0, classes]]),
        labels: labels.slice(classes).map((label) => label % classes),
      };
    },
  );
}

/** Only one distance changes: an embedding that moved would change its distance to the weight of every class. */
function closer(law: string, statement: string, isOwn: boolean): DirectedMoves<ClassifiedBatch> {
  return {
    law,
    statement,
    never: isOwn ? 'rise' : 'fall',
    draw: ({ metric, unit, space }) =>
      tuple(
        oneDistanceShorter(metric, unit).filter(({ before }) => before.length > 2),
        array(integer({ min: 0, max: 2 }), { minLength: 6, maxLength: 6 }),
      ).map(([{ before, after, pair }, drawn]) => {
        // The first of the two is an embedding, the second a weight, and there is another weight.
        const rest = before.map((_, row) => row).filter((row) => !pair.includes(row));
        const weights = [pair[1], ...rest.filter((_, k) => k === 0 || drawn[k] === 0)];
        const rows = [pair[0], ...rest.filter((_, k) => k > 0 && drawn[k] > 0)];
        const labels = rows.map((_, k) => (k === 0 ? (isOwn ? 0 : 1) : (drawn[k] + k) % weights.length));
        const batch = (all: Matrix): ClassifiedBatch => ({
          embeddings: stackRows(rows.map((row) => all[row])),
          weight: stackRows(weights.map((row) => all[row])),
          labels,
        });
        const apart = (all: Matrix) => Number(space.distance(all[pair[0]], all[pair[1]]).toPrecision(3));
        const moved = `the distance of row 0 to the weight of class 0 went from ${apart(before)} to ${apart(after)} and no other one changed`;
        return { before: batch(before), after: batch(after), moved };
      }),
  };
}

/** Every embedding has the class whose weight is farthest, at least the first one not by a tie. */
function violated({ space }: LossSetting): Arbitrary<ClassifiedBatch> {
  return inputs({ geometry: 'free', dimensions: [space.leastWidth, 4] })
    .map(({ embeddings, weight }) => {
      const distances = Array.from({ length: embeddings.shape[0] }, (_, i) =>
        Array.from({ length: weight.shape[0] }, (_, c) => space.distance(rowAt(embeddings, i), rowAt(weight, c))),
      );
      const labels = distances.map((row) => row.indexOf(Math.max(...row)));
      const gap = Math.max(...distances[0]) - Math.min(...distances[0]);
      return { batch: { embeddings, weight, labels }, gap };
    })
    .filter(({ gap }) => gap > 0.05)
    .map(({ batch }) => batch);
}

/**
 * An embedding and two weights, of which neither is more than twice as steep to move along as the other: were one of
 * them next to the embedding, or behind it on a circle, a step for the other's sake could undo its own.
 */
function steps({ metric, space, unit }: LossSetting): Arbitrary<Step<ClassifiedBatch>> {
  return record({ own: fraction(0.6, 1), other: fraction(1, 0.6), turn: fraction(0, 3) }).map(
    ({ own, other, turn }) => {
      const place = (share: number, angle: number): number[] => {
        if (metric !== 'cosine') {
          const length = space.lengthOf(unit) * share;
          return [length * cos(angle), length * sin(angle), 0];
        }
        // Angles from 0.8 to 2.3, whose sines are 0.7 and more.
        const away = 0.8 + (share - 0.6) * 3.75;
        return [cos(away), sin(away) * cos(angle), sin(away) * sin(angle)];
      };
      return {
        input: {
          embeddings: stackRows([metric === 'cosine' ? [1, 0, 0] : [0, 0, 0]]),
          weight: stackRows([place(own, 0), place(other, turn)]),
          labels: [0],
        },
        measure: ({ embeddings, weight }) =>
          space.distance(rowAt(embeddings, 0), rowAt(weight, 0)) -
          space.distance(rowAt(embeddings, 0), rowAt(weight, 1)),
        wanted: 'smaller',
        what: 'the distance of the embedding to the weight of its class less that to the other',
      };
    },
  );
}
