import { describe, expect, test } from 'vitest';
import { Tensor } from '../../src/tensor/tensor.ts';
import { batchLossLaws } from '../../src/testing/batchLossLaws.ts';
import { brokenLaws, checkLaws, type Law, LawError } from '../../src/testing/law.ts';
import type { LossLawOptions } from '../../src/testing/lossLaws.ts';
import type { Loss } from '../../src/testing/lossValues.ts';
import { pairLossLaws } from '../../src/testing/pairLossLaws.ts';
import { tripletLossLaws } from '../../src/testing/tripletLossLaws.ts';
import { rightBatch, wrongBatches } from './wrong/batches.ts';
import { rightPairs, wrongPairs } from './wrong/pairs.ts';
import { rightTriplets, wrongTriplets } from './wrong/triplets.ts';
import type { Wrong } from './wrong/wrong.ts';

/** Whatever LAW_SEED says: a mistake must not be found by luck, and shrunk inputs are looked at. */
const seeded = { seed: 1, numRuns: 50 };

interface Kind<I> {
  readonly lawsOf: (name: string, loss: Loss<I>, options: LossLawOptions<I>) => Law[];
  readonly right: Loss<I>;
  readonly wrong: readonly Wrong<I>[];
  /** Largest number of rows, and of numbers in a row, of a shrunk input. */
  readonly most: readonly [rows: number, width: number];
}

/** The mistakes that everybody makes, by their place in each list. */
const FAMILIAR = 4;

function hold<I>(name: string, { lawsOf, right, wrong, most }: Kind<I>): void {
  describe(name, () => {
    test('one that is right holds to all laws', () => {
      checkLaws(lawsOf('a right loss', right, { margin: 1 }), seeded);
    });

    test.each(wrong.map((row, i) => [row.mistake, row, i] as const))(
      '%s',
      (_, { mistake, loss, options, breaks }, i) => {
        const broken = brokenLaws(lawsOf(mistake, loss, { margin: 1, ...options }), seeded);
        const names = broken.map(({ law }) => law.name).sort();
        expect(names).toEqual(expect.arrayContaining([...breaks]));
        if (i < FAMILIAR) {
          expect(names).toEqual(breaks);
          const shapes = broken.flatMap(({ inputs = {} }) =>
            Object.values(inputs).flatMap((value) => (value instanceof Tensor ? [value.shape] : [])),
          );
          expect(shapes.length).toBeGreaterThan(0);
          expect(shapes.filter(([rows, width]) => rows > most[0] || width > most[1])).toEqual([]);
        }
      },
    );
  });
}

hold('losses of pairs', { lawsOf: pairLossLaws, right: rightPairs, wrong: wrongPairs, most: [2, 2] });
hold('losses of triplets', { lawsOf: tripletLossLaws, right: rightTriplets, wrong: wrongTriplets, most: [2, 2] });
hold('losses of batches', { lawsOf: batchLossLaws, right: rightBatch, wrong: wrongBatches, most: [4, 4] });

test('a failure says the law, what was seen, and the smallest input', () => {
  const [, unguarded] = wrongPairs;
  const check = () => checkLaws(pairLossLaws('my loss', unguarded.loss, { margin: 1 }), seeded);
  expect(check).toThrow(LawError);
  expect(check).toThrow(
    /^1 of 12 laws does not hold\.\n\nmy loss breaks the law 'no NaN anywhere': the loss and its gradients are finite, .*\nSeen: the gradient with respect to a is NaN at \[\d, 0\].*\nInputs \(made smaller \d+ times\):\n {2}a = .*\n {2}b = .*\n {2}different = .*\nAgain with: \{"law":"no NaN anywhere","seed":1,"path":"[\d:]+"\}$/,
  );
});

test('a failure of direction says both losses and the move', () => {
  const [inverted] = wrongPairs;
  const laws = pairLossLaws('my loss', inverted.loss, { margin: 1 }).filter(({ name }) => name === 'closer positives');
  const [{ seen }] = brokenLaws(laws, seeded);
  expect(seen).toMatch(
    /^the loss rose from -[\d.]+ to -?[\d.]+ when row 0 of [ab] moved (halfway to|onto|\d+ % of the way to) row 0 of [ab]\.$/,
  );
});
