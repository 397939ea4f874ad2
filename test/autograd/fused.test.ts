import { describe, expect, test } from 'vitest';
import { mul } from '../../src/autograd/ops/arithmetic.ts';
import { sum } from '../../src/autograd/ops/reductions.ts';
import { Parameter } from '../../src/autograd/parameter.ts';
import { backward, fused, record } from '../../src/autograd/tape.ts';
import { tensor } from '../../src/tensor/create.ts';
import { toDouble } from '../../src/tensor/precision.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { opTable } from './opTable.ts';
import type { Case } from './table/row.ts';

/*
 * A pullback may have two forms, a fast loop and one composed of ops for second derivatives (`fused`). Differences check
 * the first form, and the slopes of the second; here both must give one gradient.
 */

type Differentiable = Pick<Case, 'fn' | 'inputs'>;

/** The largest difference between the gradients of both forms, relative to the largest gradient. */
function difference({ fn, inputs }: Differentiable): number {
  const leaves = inputs.map(toDouble).map((x) => new Parameter(x.data, x.shape));
  const y = fn(...leaves);
  const weights = toDouble(new Tensor(createRandom(3).fillUniform(new Float32Array(y.size), 0.5, 1.5), y.shape));
  const loss = sum(mul(y, weights));
  if (loss.node === undefined) return 0;
  const fast = backward(loss);
  const composed = backward(loss, { createGraph: true });
  let [largest, worst] = [1e-3, 0];
  for (const leaf of leaves) {
    expect(composed.has(leaf)).toBe(fast.has(leaf));
    if (!fast.has(leaf)) continue;
    const other = composed.get(leaf).data;
    fast.get(leaf).data.forEach((g, i) => {
      largest = Math.max(largest, Math.abs(g));
      worst = Math.max(worst, Number.isNaN(other[i] - g) ? Infinity : Math.abs(other[i] - g));
    });
  }
  return worst / largest;
}

describe('gradients are the same where they are recorded', () => {
  const cases = Object.entries(opTable).flatMap(([name, row]) =>
    row.cases.filter((c) => c.noSecondOrder === undefined).map((c) => [`${name}, ${c.name}`, c] as const),
  );
  test.each(cases)('%s', (_, c) => {
    // In doubles; 1e-7, since some ops keep constants in float32.
    expect(difference(c)).toBeLessThan(1e-7);
  });
});

test('two forms that differ are found', () => {
  const two = (factor: number) => (x: Tensor) =>
    record('two', x.data.slice(), x.shape, [
      [
        x,
        fused(
          (g) => mul(g, 1),
          (g) => mul(g, factor),
        ),
      ],
    ]);
  const inputs = [tensor([1, 2])];
  expect(difference({ fn: two(1), inputs })).toBe(0);
  expect(difference({ fn: two(-1), inputs })).toBeCloseTo(2, 6);
  expect(difference({ fn: two(NaN), inputs })).toBe(Infinity);
});
