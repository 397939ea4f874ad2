import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import * as t from '../../src/portable.ts';

/*
 * twingrad against PyTorch. The fixtures are computed in float64 from float32 inputs (see pytorch/common.py), so a
 * difference is the rounding of twingrad's float32: some 1e-7 of the largest number that took part.
 */

export type Numbers = t.NestedArray;
export type Named = Readonly<Record<string, Numbers>>;

/** One call of an op. */
export interface OpCase {
  readonly op: string;
  /** Of the call, as twingrad names them. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly inputs: Named;
  readonly output: Numbers;
  /** The gradient that arrives at the output. */
  readonly g: Numbers;
  readonly gradients: Named;
}

/** One forward pass of a layer. */
export interface LayerCase {
  readonly layer: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly state: Named;
  readonly inputs: Named;
  readonly output: Numbers;
  readonly g: Numbers;
  /** Of inputs and parameters. */
  readonly gradients: Named;
}

/** Who made a fixture. */
interface MadeBy {
  readonly script: string;
  readonly python: string;
  readonly torch: string;
  readonly seed: number;
}

/** The families of fixtures, each written by pytorch/<family>.py. */
export const FAMILIES = [
  'activations', 'batchLosses', 'classLosses', 'distances', 'elementwise', 'images', 'indexing', 'layers', 'losses',
  'normalization', 'optim', 'products', 'reductions', 'sequences', 'shapes', 'transfer', 'twin', 'viewLosses',
] as const;

/** The parts of a family's file; those that it has are named by its reader. */
export function readFixture<Parts>(family: (typeof FAMILIES)[number]): Parts & { readonly madeBy: MadeBy } {
  return JSON.parse(readFileSync(new URL(`./pytorch/${family}.json`, import.meta.url), 'utf8'));
}

/** Largest error allowed: a part of the number, and a part of the largest of its tensor. */
const RELATIVE = 1e-5;
const OF_LARGEST = 2e-6;

/** Compares every element; `floor` is an absolute error that is allowed besides. */
export function expectClose(actual: t.Tensor, reference: Numbers, what: string, floor = 0): void {
  const expected = t.tensor(reference);
  if (expected.size > 0 || actual.size > 0) expect(actual.shape, what).toEqual(expected.shape);
  const largest = expected.data.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  expected.data.forEach((want, i) => {
    const allowed = Math.max(floor, RELATIVE * Math.abs(want) + OF_LARGEST * largest);
    const error = Math.abs(actual.data[i] - want);
    if (!(error <= allowed)) {
      expect.fail(`${what}, element ${i}: ${actual.data[i]}, PyTorch has ${want}; error ${error}, allowed ${allowed}`);
    }
  });
}

/** The gradients of `sum(y * g)` for each leaf, against the reference. */
export function expectGradients(
  y: t.Tensor,
  g: Numbers,
  leaves: Readonly<Record<string, t.Tensor>>,
  reference: Named,
  what: string,
  floor = 0,
): void {
  const gradients = t.backward(t.sum(t.mul(y, t.tensor(g))));
  expect(Object.keys(leaves)).toEqual(Object.keys(reference));
  for (const [name, leaf] of Object.entries(leaves)) {
    const found = gradients.has(leaf) ? gradients.get(leaf) : t.zeros(leaf.shape);
    expectClose(found, reference[name], `${what}: gradient of ${name}`, floor);
  }
}

export const leavesOf = (values: Named): Record<string, t.Parameter> =>
  Object.fromEntries(Object.entries(values).map(([name, v]) => [name, t.parameter(t.tensor(v))]));
