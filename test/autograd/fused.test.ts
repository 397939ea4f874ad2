import { describe, expect, test } from 'vitest';
import { mul } from '../../src/autograd/ops/arithmetic.ts';
import { sum } from '../../src/autograd/ops/reductions.ts';
import { Parameter, parameter } from '../../src/autograd/parameter.ts';
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
    row.cases.map((c) => [`${name}, ${c.name}`, c] as const),
  );
  test.each(cases)('%s', (_, c) => {
    // In doubles; 1e-7, since some ops keep constants in float32.
    expect(difference(c)).toBeLessThan(1e-7);
  });
});

/** Where the composed form gives another gradient, and why. */
const apart: Readonly<Record<string, string>> = {
  'prod, huge': 'products of pairs leave float32, as its comment says',
  'mahalanobis, denormal': 'half of the least number is 0',
  'normalize, denormal': 'a slope of 1e45 is beyond float32, and so are those below',
  'batchNorm, denormal': 'a slope of 1e40',
  'layerNorm, denormal': 'a slope of 1e40',
  'groupNorm, denormal': 'a slope of 1e40',
  'instanceNorm, denormal': 'a slope of 1e40',
  'barlowTwinsLoss, huge': 'a gradient of 1e-58, of which one form leaves a rounding of 1e-33',
};

describe('at the edges of a domain too, NaN and infinities where the others are', () => {
  const edges = Object.entries(opTable).flatMap(([name, row]) =>
    (row.edges ?? [])
      .map((e, i) => [`${name}, ${e.edge} ${i}`, e] as const)
      .filter(([, { edge }]) => !(`${name}, ${edge}` in apart)),
  );
  test('there are many', () => expect(edges.length).toBeGreaterThan(500));

  test.each(edges)('%s', (_, { fn, inputs }) => {
    const leaves = inputs.map((x) => parameter(x instanceof Tensor ? x : tensor(x)));
    const loss = sum(fn(...leaves));
    if (loss.node === undefined) return;
    const [fast, composed] = [backward(loss), backward(loss, { createGraph: true })];
    for (const [i, leaf] of leaves.entries()) {
      if (!fast.has(leaf)) continue;
      const [a, b] = [fast.get(leaf).data, composed.get(leaf).data];
      const largest = a.reduce((m, v) => (Number.isFinite(v) ? Math.max(m, Math.abs(v)) : m), 0);
      // Where the exact gradient is 0, one form may have the rounding of what cancels.
      const rounding = largest === 0 || largest > 1e-20 ? 1e-7 : 0;
      a.forEach((v, j) => {
        const close = Math.abs(v - b[j]) <= 4e-6 * Math.abs(v) + 1e-6 * largest + rounding;
        const same = Object.is(v, b[j]) || v === b[j] || close;
        expect(same, `gradient ${i}, element ${j}: ${b[j]} for ${v}`).toBe(true);
      });
    }
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
