import { type Arbitrary, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as t from '../../src/portable.ts';
import { broadcastablePairs, tensors } from '../../src/testing/arbitraries.ts';
import { type DistanceLawOptions, distanceLaws, type RowComparison } from '../../src/testing/distanceLaws.ts';
import type { TensorFunction } from '../../src/testing/evaluation.ts';
import { brokenLaws, checkLaws, type Law, LawError } from '../../src/testing/law.ts';
import { moduleLaws } from '../../src/testing/moduleLaws.ts';
import { type OpLawOptions, opLaws } from '../../src/testing/opLaws.ts';
import { lawOptions } from './seed.ts';

/* Ops, distances and modules with one mistake each: which laws say so. */

/** The names of the laws that are broken, and the message. */
function broken(laws: readonly Law[]): { readonly names: string[]; readonly message: string } {
  const failures = brokenLaws(laws, lawOptions(100));
  return { names: failures.map(({ law }) => law.name), message: new LawError(failures, laws.length).message };
}

const matrix: Arbitrary<readonly t.Tensor[]> = tuple(tensors({ shape: [3, 2] }));
const operands: Arbitrary<readonly t.Tensor[]> = broadcastablePairs().map(({ a, b }) => [a, b]);
/** An elementwise op from its value and its slope, whose gradient is no op where it is told so. */
const elementwise =
  (value: (v: number) => number, slope: (x: t.Tensor) => t.Tensor): TensorFunction =>
  (x) =>
    t.record('mine', x.data.map(value), x.shape, [[x, (g) => t.mul(g, slope(x))]]);
const calls = { made: 0 };

type OpMistake = readonly [mistake: string, fn: TensorFunction, options: Partial<OpLawOptions>, broken: string[]];

const ops: readonly OpMistake[] = [
  ['none', t.square, {}, []],
  [
    'a gradient 1 % too steep',
    elementwise(
      (v) => v * v,
      (x) => t.mul(x, 2.02),
    ),
    {},
    ['gradient agreement'],
  ],
  [
    'a gradient that is not written with ops',
    elementwise(
      (v) => v * v,
      (x) =>
        new t.Tensor(
          x.data.map((v) => 2 * v),
          x.shape,
        ),
    ),
    {},
    ['second derivative agreement'],
  ],
  [
    'an input that is read outside of ops',
    (x) => t.mul(x, new t.Tensor(x.data.slice(), x.shape)),
    {},
    ['gradient agreement', 'second derivative agreement'],
  ],
  ['the mean of the batch', (x) => t.sub(x, t.mean(x, { axis: 0 })), {}, ['batch invariance']],
  ['a rounding that depends on the batch', (x) => t.add(x, 1e-6 * x.shape[0]), {}, ['batch invariance']],
  ['sums down the rows', (x) => t.cumSum(x, { axis: 0 }), {}, ['batch invariance', 'permuted batch']],
  [
    'a root without a guard',
    (x) => t.sqrt(t.sum(t.square(x), { axis: 1 })),
    { extremes: tuple(tensors({ shape: [3, 2], min: 0, max: 0 })) },
    ['no NaN anywhere'],
  ],
  [
    'exponentials that overflow',
    (x) => t.div(t.exp(x), t.sum(t.exp(x), { axis: 1, keepDims: true })),
    { extremes: tuple(tensors({ shape: [3, 2], special: [1000] })) },
    ['no NaN anywhere'],
  ],
  ['a difference of large numbers', (x) => t.sub(t.add(x, 16384), 16384), {}, ['precision agreement']],
  [
    'an input that is written',
    (x) => {
      const y = t.mul(x, 3);
      if (x.data[0] > 0) x.data[0] = 0;
      return y;
    },
    {},
    ['gradient agreement', 'second derivative agreement', 'precision agreement', 'batch invariance', 'purity'],
  ],
  [
    'another result each time',
    (x) => t.add(x, calls.made++ % 2),
    {},
    [
      'gradient agreement',
      'second derivative agreement',
      'precision agreement',
      'batch invariance',
      'permuted batch',
      'purity',
    ],
  ],
  [
    'a short operand that is not repeated',
    (a, b) => (b.shape.join() === a.shape.join() ? t.mul(a, b) : t.mul(t.mul(a, b), 2)),
    { inputs: operands, batched: [], broadcasts: true },
    ['broadcasting'],
  ],
];

describe.each(ops)('an op with %s', (mistake, fn, options, names) => {
  test(`breaks [${names.join(', ')}]`, () => {
    expect(broken(opLaws(mistake, fn, { inputs: matrix, batched: [0], ...options })).names).toEqual(names);
  });
});

type DistanceMistake = readonly [mistake: string, fn: RowComparison, options: DistanceLawOptions, broken: string[]];

const lengths = (x: t.Tensor): t.Tensor => t.sum(t.square(x), { axis: 1 });
const dot: RowComparison = (a, b) => t.sum(t.mul(a, b), { axis: 1 });

/** The first number of each row 2 % larger. */
const skewed = (x: t.Tensor): t.Tensor => t.mul(x, t.tensor([1.02, 1, 1, 1].slice(0, x.shape[1])));

const distances: readonly DistanceMistake[] = [
  ['nothing wrong', t.euclidean, { rotation: true, translation: true, scaling: 1 }, []],
  ['no guard at equal rows', (a, b) => t.sqrt(lengths(t.sub(a, b))), {}, ['no NaN anywhere']],
  ['a square that is taken for a distance', t.squaredEuclidean, {}, ['triangle inequality']],
  ['a side of its own', (a, b) => t.sum(t.relu(t.sub(a, b)), { axis: 1 }), {}, ['symmetry']],
  ['the wrong sign', (a, b) => t.neg(t.manhattan(a, b)), {}, ['never negative', 'triangle inequality']],
  [
    'a similarity that is taken for a distance',
    t.cosineSimilarity,
    { triangle: false },
    ['never negative', 'identity'],
  ],
  ['a power a little above 1', (a, b) => t.pow(t.euclidean(a, b), 1.1), {}, ['triangle inequality']],
  [
    'one axis that counts a little more',
    (a, b) => t.euclidean(skewed(a), skewed(b)),
    { rotation: true, translation: true, scaling: 1 },
    ['rotation'],
  ],
  [
    'one side a little longer',
    (a, b) => t.euclidean(a, t.mul(b, 1.001)),
    { translation: true },
    ['identity', 'symmetry', 'triangle inequality', 'translation'],
  ],
  ['values below its bounds', t.cosineSimilarity, { kind: 'similarity', bounds: [0, 1] }, ['bounds']],
  ['a small constant', (a, b) => t.add(t.euclidean(a, b), 0.01), {}, ['identity']],
  ['a product that is taken for a similarity', dot, { kind: 'similarity' }, ['identity']],
  ['values out of bounds', t.euclidean, { bounds: [0, 1] }, ['bounds']],
  ['axes that count', t.manhattan, { rotation: true }, ['rotation']],
  ['an origin', t.cosineDistance, { triangle: false, translation: true }, ['identity', 'translation']],
  ['another power', t.squaredEuclidean, { triangle: false, scaling: 1 }, ['scaling']],
  [
    'the mean of the batch',
    (a, b) => t.euclidean(t.sub(a, t.mean(a, { axis: 0 })), t.sub(b, t.mean(b, { axis: 0 }))),
    {},
    ['batch invariance'],
  ],
];

describe.each(distances)('a distance with %s', (mistake, fn, options, names) => {
  test(`breaks [${names.join(', ')}]`, () => {
    expect(broken(distanceLaws(mistake, fn, options)).names).toEqual(names);
  });
});

test('a distance that grows by a broken power of c is right', () => {
  expect(
    broken(distanceLaws('root', (a, b) => t.sqrt(t.euclidean(a, b)), { scaling: 0.5, derivatives: 0 })).names,
  ).toEqual([]);
});

test.each([
  ['one number', (a: t.Tensor, b: t.Tensor) => t.mean(t.euclidean(a, b)), /must give \[N\].*, here \[1\]; got \[\]\./],
  ['a column', (a: t.Tensor, b: t.Tensor) => t.unsqueeze(t.euclidean(a, b), 1), /here \[1\]; got \[1, 1\]\./],
])('a comparison that gives %s is told what it should give', (_, fn, message) => {
  const [{ seen }] = brokenLaws(distanceLaws('mine', fn), lawOptions(1));
  expect(seen).toMatch(message);
});

test.each([
  [{ kind: 'nearness' }, "distanceLaws: unknown kind 'nearness'. Use distance or similarity."],
  [{ bounds: [1, 0] }, 'distanceLaws: bounds must be the least and the largest value; got 1 and 0.'],
  [{ scaling: -1 }, 'distanceLaws: scaling must be a power of at least 0; got -1. A norm has 1.'],
])('options of distances are checked: %#', (options, message) => {
  // @ts-expect-error: as plain JavaScript may pass it.
  expect(() => distanceLaws('mine', t.euclidean, options)).toThrow(new RangeError(message));
});

test.each([
  [{ inputs: tensors() }, 'opLaws: the inputs of mine must be lists of tensors. Draw one input by tuple(tensors()).'],
  [
    { inputs: tuple(tensors({ shape: [] })), batched: [0] },
    'opLaws: input 0 of mine is to hold the batch, but has no axis. Draw it with one.',
  ],
])('inputs of ops are checked: %#', (options, message) => {
  // @ts-expect-error: as plain JavaScript may pass it.
  expect(() => checkLaws(opLaws('mine', t.square, options), lawOptions(1))).toThrow(new TypeError(message));
});

/** A right module: each number times a weight. */
class Scale extends t.Module {
  readonly weight = t.parameter(t.tensor([2.1, -1]));
  forward(x: t.Tensor): t.Tensor {
    return t.mul(x, this.weight);
  }
}

class Counts extends Scale {
  calls = 0;
  override forward(x: t.Tensor): t.Tensor {
    this.calls++;
    return super.forward(x);
  }
}

class Remembers extends Scale {
  last: t.Tensor | undefined = undefined;
  override forward(x: t.Tensor): t.Tensor {
    this.last = super.forward(x);
    return this.last;
  }
}

class Averages extends Scale {
  readonly average = t.zeros([2]);
  override forward(x: t.Tensor): t.Tensor {
    this.average.data.set(t.mean(x, { axis: 0 }).data);
    return super.forward(x);
  }
}

class WritesInput extends Scale {
  override forward(x: t.Tensor): t.Tensor {
    const y = super.forward(x);
    x.data[0] = 0;
    return y;
  }
}

class Detached extends Scale {
  override forward(x: t.Tensor): t.Tensor {
    return t.mul(x, new t.Tensor(this.weight.data.slice(), [2]));
  }
}

class Centers extends Scale {
  override forward(x: t.Tensor): t.Tensor {
    return super.forward(t.sub(x, t.mean(x, { axis: 0 })));
  }
}

class Ranks extends Scale {
  override forward(x: t.Tensor): t.Tensor {
    return t.add(super.forward(x), t.reshape(t.arange(x.shape[0]), [-1, 1]));
  }
}

class Divides extends Scale {
  override forward(x: t.Tensor): t.Tensor {
    return t.div(super.forward(x), t.sum(t.abs(x), { axis: 1, keepDims: true }));
  }
}

class Cancels extends Scale {
  override forward(x: t.Tensor): t.Tensor {
    return t.sub(t.add(super.forward(x), 4096), 4096);
  }
}

const modules: readonly (readonly [mistake: string, module: t.Module, broken: string[]])[] = [
  ['nothing wrong', new Scale(), []],
  ['a counter', new Counts(), ['purity']],
  ['a memory of its last result', new Remembers(), ['purity']],
  ['a buffer that it writes', new Averages(), ['purity']],
  [
    'an input that it writes',
    new WritesInput(),
    ['gradient agreement', 'precision agreement', 'batch invariance', 'purity'],
  ],
  ['a weight that gets no gradient', new Detached(), ['gradient agreement']],
  ['the mean of the batch', new Centers(), ['batch invariance']],
  ['the places of rows in their batch', new Ranks(), ['batch invariance', 'permuted batch']],
  ['a division by 0', new Divides(), ['no NaN anywhere']],
  ['a difference of large numbers', new Cancels(), ['precision agreement']],
];

describe.each(modules)('a module with %s', (mistake, module, names) => {
  test(`breaks [${names.join(', ')}]`, () => {
    expect(broken(moduleLaws(mistake, module, { input: tensors({ shape: [3, 2] }) })).names).toEqual(names);
  });
});

test('every law catches something', () => {
  const caught = (table: readonly (readonly unknown[])[]) => new Set(table.flatMap((row) => row.at(-1) as string[]));
  const all = (laws: readonly Law[]) => new Set(laws.map(({ name }) => name));
  const everything = { rotation: true, translation: true, scaling: 1, bounds: [0, 1] } as const;
  const [ofOps, ofDistances] = [
    all(opLaws('', t.square, { inputs: matrix, batched: [0], broadcasts: true })),
    all(distanceLaws('', t.euclidean, everything)),
  ];
  expect(caught(ops)).toEqual(ofOps);
  expect(new Set([...caught(distances), ...caught(ops)])).toEqual(new Set([...ofDistances, ...ofOps]));
  expect(caught(modules)).toEqual(all(moduleLaws('', new Scale(), { input: tensors({ shape: [3, 2] }) })));
});

test('a failure says the law, what was seen, the input made small, and the seed', () => {
  const { message } = broken(
    opLaws(
      'tilt',
      elementwise(
        (v) => v * v,
        (x) => t.mul(x, 2.02),
      ),
      { inputs: matrix },
    ),
  );
  expect(message).toContain(
    "tilt breaks the law 'gradient agreement': gradients are those that finite differences give.",
  );
  expect(message).toMatch(/the gradient with respect to input 0 at \[\d, \d\] .* is wrong: analytic .*, numeric/);
  expect(message).toMatch(
    / {2}input 0 = tensor\(\[\[.*\]\]\)\nAgain with: \{"law":"gradient agreement","seed":\d+,"path":"[\d:]+"\}/,
  );
});
