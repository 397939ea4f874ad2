import { array, constantFrom, integer, record, tuple } from 'fast-check';
import { Tensor } from '../../src/tensor/tensor.ts';
import { pairs } from '../../src/testing/embeddings.ts';
import type { LossKind } from '../../src/testing/lossKind.ts';

/** Two scores an item, and which is to be the higher one: 1 for a, -1 for b. */
export interface Ranking {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly order: readonly number[];
}

/** A kind of losses outside the library: what a loss of rankings takes, and how its laws draw and move it. */
export const rankingKind: LossKind<Ranking> = {
  embeddings: ['a', 'b'],
  items: ['a', 'b', 'order'],
  inputs: (options) =>
    pairs({ ...options, dimensions: [1, 1] }).map(({ a, b, different }) => ({
      a: new Tensor(a.data, [a.size]),
      b: new Tensor(b.data, [b.size]),
      order: different.map((flag) => 1 - 2 * flag),
    })),
  moves: [
    {
      law: 'better order',
      statement: 'raising the score that is to be the higher one never raises the loss',
      never: 'rise',
      draw: ({ unit }) =>
        tuple(rankings(-3 * unit, 3 * unit), integer({ min: 0, max: 7 })).map(([before, drawn]) => {
          const row = drawn % before.order.length;
          const name = before.order[row] === 1 ? 'a' : 'b';
          const data = before[name].data.map((v, i) => (i === row ? v + unit : v));
          return {
            before,
            after: { ...before, [name]: new Tensor(data, before[name].shape) },
            moved: `score ${row} of ${name} rose by ${unit}`,
          };
        }),
    },
  ],
  satisfied: ({ margin }) => (margin === undefined ? undefined : rankings(1.1 * margin, 3 * margin)),
  violated: ({ unit, margin }) => rankings(-3 * unit, 0.9 * (margin ?? 0)),
  steps: ({ unit, margin }) =>
    rankings(-3 * unit, 0.9 * (margin ?? 0), 1).map((input) => ({
      input,
      measure: ({ a, b, order }) => order[0] * (a.data[0] - b.data[0]),
      wanted: 'larger',
      what: 'how much higher the score is that is to be the higher one',
    })),
  words: {
    satisfied: 'where the score that is to be the higher one is so by more than the margin',
    violated: 'where the score that is to be the higher one is not so by the margin',
    step: 'a small step against the gradient raises the score that is to be the higher one above the other',
  },
};

/** Scores of which the one that is to be the higher one is so by `least` to `most`. */
function rankings(least: number, most: number, rows = 4) {
  const item = record({
    lead: integer({ min: 0, max: 16 }),
    score: integer({ min: -4, max: 4 }),
    order: constantFrom(1, -1),
  });
  return array(item, { minLength: 1, maxLength: rows }).map((items): Ranking => {
    const scores = (name: 'a' | 'b') =>
      items.map(({ lead, score, order }) => {
        const isHigher = (order === 1) === (name === 'a');
        return score / 4 + (isHigher ? least + ((most - least) * lead) / 16 : 0);
      });
    return {
      a: new Tensor(Float32Array.from(scores('a')), [items.length]),
      b: new Tensor(Float32Array.from(scores('b')), [items.length]),
      order: items.map(({ order }) => order),
    };
  });
}
