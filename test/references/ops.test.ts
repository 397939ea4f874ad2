import { afterEach, describe, expect, test } from 'vitest';
import { backward, parameter, sum, tensor } from '../../src/portable.ts';
import { portableKernels, useKernels } from '../../src/tensor/kernels/kernels.ts';
import { createSimdKernels } from '../../src/tensor/kernels/simd/simd.ts';
import { families, opTable } from '../autograd/opTable.ts';
import type { Row } from '../autograd/table/row.ts';
import { expectClose, expectGradients, FAMILIES, leavesOf, type OpCase, readFixture } from './fixture.ts';

/**
 * Where gradients need more: `1 - y^2` of a saturated tanh, of which every element of the case is one, is right to
 * 2^-23 of the gradient that arrives, whichever library computes it in float32.
 */
const GRADIENT_FLOORS: Readonly<Record<string, number>> = { tanh: 2 ** -22 };

const table: Readonly<Record<string, Row>> = opTable;
const sets = { portable: portableKernels, simd: createSimdKernels() } as const;
afterEach(() => {
  useKernels(portableKernels);
});

test.each(FAMILIES)('the fixture %s says who made it', (family) => {
  const { madeBy } = readFixture(family);
  expect(madeBy.script).toBe(`test/references/pytorch/${family}.py`);
  expect(madeBy.torch).toMatch(/^\d+\.\d+/);
});

describe.each(Object.entries(families))('%s', (family, rows: Readonly<Record<string, Row>>) => {
  const { ops } = readFixture<{ readonly ops: readonly OpCase[] }>(family as keyof typeof families);

  test('every op is compared with PyTorch, or says why not', () => {
    const compared = new Set(ops.map(({ op }) => op));
    const callable = Object.entries(rows).filter(([, { pytorch }]) => typeof pytorch === 'function');
    expect(new Set(callable.map(([name]) => name))).toEqual(compared);
  });

  test.runIf(ops.length > 0).each(ops.map((c) => [c.op, JSON.stringify(c.options), c] as const))('%s %s', (name, _options, c) => {
    const { pytorch, noGradient } = table[name];
    if (typeof pytorch !== 'function') return expect.fail(`the row of ${name} says: ${pytorch}`);
    for (const [set, kernels] of Object.entries(sets)) {
      useKernels(kernels);
      const leaves = leavesOf(c.inputs);
      const y = pytorch(leaves, c.options);
      expectClose(y, c.output, `${name}, ${set}`);
      if (noGradient === undefined) expectGradients(y, c.g, leaves, c.gradients, `${name}, ${set}`, GRADIENT_FLOORS[name]);
    }
  });
});

test('the comparison bites: a gradient wrong by a part in 10,000 is found', () => {
  const x = parameter(tensor([1, 2]));
  expect(() => expectGradients(sum(x), 1, { x }, { x: [1, 1.0001] }, 'sum')).toThrow('PyTorch has 1.000');
  expect(() => expectClose(backward(sum(x)).get(x), [1, 1.0001], 'sum')).toThrow('PyTorch has 1.000');
});
