import { array, integer, record, tuple } from 'fast-check';
import { toDouble } from '../tensor/precision.ts';
import { Tensor } from '../tensor/tensor.ts';
import { fraction } from './draws.ts';
import { defineLaw, type Inputs, type Law } from './law.ts';
import { changed, embeddingsOf, inputsOf, mapEmbeddings } from './lossKind.ts';
import { type LossSubject, otherValue, ROUNDING } from './lossValues.ts';
import { mapRows, rowAt } from './rows.ts';
import { type Invariance, rotate, turns } from './spaces.ts';

/* The laws of what must not change a loss. */

export function swappedTwins<I extends object>(of: LossSubject<I>): Law[] {
  const { kind, subject, setting } = of;
  if (kind.twins === undefined) return [];
  const [a, b] = kind.twins;
  return [
    defineLaw({
      ...{ subject, name: 'swapped twins', statement: `swapping ${a} and ${b} does not change the loss` },
      inputs: inputsOf(kind, setting),
      violation: (input) => {
        const swapped = changed(input, { [a]: input[b], [b]: input[a] });
        return otherValue(of, input, swapped, { tolerance: ROUNDING, change: `${a} and ${b} were swapped` });
      },
    }),
  ];
}

export function permutedBatch<I extends object>(of: LossSubject<I>): Law {
  const { kind, subject, setting } = of;
  const count = (input: I) => embeddingsOf(kind, input)[0].shape[0];
  return defineLaw({
    subject,
    name: 'permuted batch',
    statement: 'another order of the items of a batch does not change the loss',
    inputs: tuple(inputsOf(kind, setting), RANKS).map(([input, ranks]) => ({
      input,
      order: orderBy(ranks, count(input)),
    })),
    show: ({ input, order }) => ({ ...input, order }),
    violation: ({ input, order }) => {
      const other = kind.items.map((name) => [name, inOrder(name, input[name], order)]);
      const change = `the items were put in the order [${order.join(', ')}]`;
      return otherValue(of, input, changed(input, Object.fromEntries(other)), { tolerance: ROUNDING, change });
    },
  });
}

/** How much a loss that is in double precision may change where it must not, also where part of it is in float32. */
const UNCHANGED = 1e-4;

interface Words {
  readonly statement: string;
  readonly change: string;
}

/** What each change is, in words. */
export const INVARIANCES: Readonly<Record<Invariance, Words>> = {
  rotation: {
    statement: 'rotating all embeddings together does not change the loss',
    change: 'all embeddings were rotated',
  },
  translation: {
    statement: 'moving all embeddings by one vector does not change the loss',
    change: 'all embeddings were moved by one vector',
  },
  scaling: {
    statement: 'making embeddings longer does not change the loss',
    change: 'embeddings were made longer, each by a factor of its own',
  },
};

export function invariance<I extends object>(of: LossSubject<I>, change: Invariance): Law {
  const { kind, subject, setting } = of;
  const words = INVARIANCES[change];
  const drawn = record({
    by: turns,
    shift: array(integer({ min: -6, max: 6 }), { minLength: 4, maxLength: 4 }),
    factors: array(fraction(1, 3), { minLength: 5, maxLength: 5 }),
  });
  const size = setting.space.lengthOf(setting.unit);
  return defineLaw({
    ...{ subject, name: change, statement: words.statement },
    inputs: tuple(inputsOf(kind, setting), drawn),
    show: ([input, { by, shift, factors }]): Inputs => {
      if (change === 'rotation') return { ...input, turns: by };
      if (change === 'translation') return { ...input, shift: shift.map((v) => (v / 2) * size) };
      return { ...input, factors };
    },
    violation: ([input, { by, shift, factors }]) => {
      // In double precision: the change itself would round float32, and a small loss may be the rest of large terms.
      const exact = mapEmbeddings(kind, input, toDouble);
      let rows = 0;
      const after = mapEmbeddings(kind, exact, (x) =>
        mapRows(x, (row) => {
          if (change === 'rotation') return rotate(row, by);
          if (change === 'translation') return row.map((v, i) => v + (shift[i % shift.length] / 2) * size);
          const factor = factors[rows++ % factors.length];
          return row.map((v) => v * factor);
        }),
      );
      return otherValue(of, exact, after, { tolerance: UNCHANGED, change: words.change });
    },
  });
}

/** Orders as ranks of the items, equal ones in their own order: without any, nothing is reordered. */
const RANKS = array(integer({ min: 0, max: 7 }), { minLength: 8, maxLength: 8 });

function orderBy(ranks: readonly number[], count: number): number[] {
  const rank = (i: number) => ranks[i % ranks.length];
  return Array.from({ length: count }, (_, i) => i).sort((i, j) => rank(i) - rank(j) || i - j);
}

/** A property of a batch with its items in another order. */
function inOrder(name: string, value: unknown, order: readonly number[]): unknown {
  if (value instanceof Tensor)
    return new Tensor(Float32Array.from(order.flatMap((i) => Array.from(rowAt(value, i)))), value.shape);
  if (Array.isArray(value)) return order.map((i) => value[i]);
  throw new TypeError(`lossLaws: '${name}' must be a Tensor or an array, with an entry for each item.`);
}
