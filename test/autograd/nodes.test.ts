import { expect, test } from 'vitest';
import { mul } from '../../src/autograd/ops/arithmetic.ts';
import { sum } from '../../src/autograd/ops/reductions.ts';
import { Parameter } from '../../src/autograd/parameter.ts';
import { backward, needsGradient } from '../../src/autograd/tape.ts';
import { isDouble, toDouble } from '../../src/tensor/precision.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { opTable } from './opTable.ts';

/** What nodes are called that are no exported op: the steps that ops are made of, forward or backward. */
const PARTS = `
  accumulate alias centered clearRows conv2dInputGradient conv2dWeightGradient crossCorrelation2dImageGradient
  crossCorrelation2dTemplateGradient cumSumFromEnd gate gatherBlocks geluTanh keepAllowed leak maskScores
  normalDistribution passWithin product ramp readPlaces scatterBlocks smoothAbs smoothSign stopRows swishSlope tamed
  adaptiveAvgPool2dGradient avgPool2dGradient upsample2dGradient writePlaces`
  .trim()
  .split(/\s+/);
const names = new Set([...Object.keys(opTable), ...PARTS]);

/** Everything that `outputs` were computed from, themselves included. */
function graphOf(outputs: readonly Tensor[]): readonly Tensor[] {
  const seen = new Set(outputs);
  for (const x of seen) for (const [source] of x.node?.edges ?? []) seen.add(source);
  return [...seen];
}

const differentiable = Object.entries(opTable).filter(([, { noGradient }]) => noGradient === undefined);
test.each(differentiable)(
  'the graphs of %s, forward and backward, have known names and are double throughout',
  (_, row) => {
    for (const { fn, inputs } of row.cases) {
      const leaves = inputs.map((x) => new Parameter(toDouble(x).data, x.shape));
      const y = fn(...leaves);
      if (!needsGradient(y)) continue;
      const gradients = backward(sum(mul(y, y)), { createGraph: true });
      const found = leaves.filter((leaf) => gradients.has(leaf)).map((leaf) => gradients.get(leaf));
      for (const x of graphOf([y, ...found])) {
        expect(isDouble(x.data), `${x.node?.name ?? 'a leaf'} is double`).toBe(true);
        if (x.node !== undefined) expect(names).toContain(x.node.name);
      }
    }
  },
);
