import { type Arbitrary, array, integer, sample, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as t from '../../src/portable.ts';
import { tensors } from '../../src/testing/arbitraries.ts';
import { smooth } from '../../src/testing/distanceInputs.ts';
import { type DistanceLawOptions, distanceLaws, type RowComparison } from '../../src/testing/distanceLaws.ts';
import { embeddings, labelledBatches } from '../../src/testing/embeddings.ts';
import { evaluate, type TensorFunction } from '../../src/testing/evaluation.ts';
import { cholesky } from '../../src/testing/gram.ts';
import { brokenLaws, defineLaw, type Law } from '../../src/testing/law.ts';
import { moduleLaws } from '../../src/testing/moduleLaws.ts';
import { oneDistanceShorter } from '../../src/testing/oneDistance.ts';
import { type OpLawOptions, opLaws } from '../../src/testing/opLaws.ts';
import { type Predictions, predictionLossLaws } from '../../src/testing/predictionLossLaws.ts';
import { lines, rotate, SPACES } from '../../src/testing/spaces.ts';
import { differ, wrongGradients } from '../../src/testing/violations.ts';

/* Mistakes that only just break a law, and options that must matter: where a law grows blunt, it fails here. */

/** The names of the broken laws, whatever LAW_SEED says. */
function broken(laws: readonly Law[], only?: string): string[] {
  const chosen = only === undefined ? laws : laws.filter(({ name }) => name === only);
  expect(chosen.length).toBeGreaterThan(0);
  return brokenLaws(chosen, { seed: 1, numRuns: 100 }).map(({ law }) => law.name);
}

const matrix: Arbitrary<readonly t.Tensor[]> = tuple(tensors({ shape: [3, 2] }));
/** An op from its value and what its gradient makes of the one that comes in. */
const op =
  (value: (v: number) => number, gradient: (g: t.Tensor, x: t.Tensor) => t.Tensor): TensorFunction =>
  (x) =>
    t.record('mine', x.data.map(value), x.shape, [[x, (g) => gradient(g, x)]]);
/** 1 for the given row of a batch of several, 0 for all others, as a column. */
const mark = (x: t.Tensor, row: number): t.Tensor =>
  t.tensor(Array.from({ length: x.shape[0] }, (_, i) => [x.shape[0] > 1 && i === row ? 1 : 0]));
/** The second column, which does not depend on the first number, and that one written. */
const writesWhatItIgnores = (x: t.Tensor): t.Tensor => {
  const y = t.slice(x, [
    [0, x.shape[0]],
    [1, 2],
  ]);
  x.data[0] = 7;
  return y;
};

const ops: readonly (readonly [mistake: string, fn: TensorFunction, options: Partial<OpLawOptions>, law: string])[] = [
  ['a gradient that cancels', op(Number, (g) => t.sub(t.add(g, 16384), 16384)), {}, 'precision agreement'],
  [
    'a gradient that writes the input',
    op(
      (v) => v * v,
      (g, x) => {
        const slope = t.mul(g, t.mul(x, 2));
        x.data[0] = 7;
        return slope;
      },
    ),
    {},
    'purity',
  ],
  ['a write that the result does not show', writesWhatItIgnores, {}, 'purity'],
  ['a first row of its own', (x) => t.add(x, mark(x, 0)), {}, 'batch invariance'],
  ['a last row of its own', (x) => t.add(x, mark(x, x.shape[0] - 1)), {}, 'batch invariance'],
  ['another sign of 0', (x) => (x.shape[0] === 1 ? t.neg(t.mul(x, 0)) : t.mul(x, 0)), {}, 'batch invariance'],
  ['an infinite value', t.exp, { extremes: tuple(tensors({ shape: [2], special: [1000] })) }, 'no NaN anywhere'],
];

test.each(ops)('an op with %s', (mistake, fn, options, law) => {
  expect(broken(opLaws(mistake, fn, { inputs: matrix, batched: [0], ...options }), law)).toEqual([law]);
});

test('the gradient that is looked at is of a sum with unequal weights: that of a softmax is else 0', () => {
  const found = evaluate((x) => t.softmax(x, { axis: 0 }), [t.zeros([4])], true);
  const gradient = found.get('the gradient with respect to input 0');
  expect(Math.max(...Array.from(gradient?.data ?? [], Math.abs))).toBeGreaterThan(0.1);
});

const distances: readonly (readonly [string, RowComparison, DistanceLawOptions, law: string])[] = [
  ['a value a little below 0', (a, b) => t.sub(t.manhattan(a, b), 1e-6), {}, 'never negative'],
  ['a power next to 1', (a, b) => t.pow(t.manhattan(a, b), 1 + 1e-10), {}, 'triangle inequality'],
  [
    'a cosine a little above 1',
    (a, b) => t.mul(t.cosineSimilarity(a, b), 1.001),
    { kind: 'similarity', bounds: [-2, 1] },
    'bounds',
  ],
  [
    'a cosine a little below -1',
    (a, b) => t.mul(t.cosineSimilarity(a, b), 1.001),
    { kind: 'similarity', bounds: [-1, 2] },
    'bounds',
  ],
  [
    'an axis that counts next to nothing more',
    (a, b) => {
      const skew = t.tensor([1 + 2 ** -21, 1, 1, 1].slice(0, a.shape[1]));
      return t.euclidean(t.mul(a, skew), t.mul(b, skew));
    },
    { rotation: true },
    'rotation',
  ],
  ['a constant, of directions', (a, b) => t.add(t.cosineDistance(a, b), 0.01), { scaling: 0 }, 'identity'],
  ['a fourth power', (a, b) => t.square(t.squaredEuclidean(a, b)), {}, 'no NaN anywhere'],
];

test.each(distances)('a distance with %s', (mistake, fn, options, law) => {
  expect(broken(distanceLaws(mistake, fn, { derivatives: 1, ...options }), law)).toEqual([law]);
});

test('rows of distances are apart, and away from the origin, where differences are taken', () => {
  const { distance } = SPACES.euclidean;
  for (const { a, b } of sample(smooth({ dimensions: [1, 2] }), { seed: 1, numRuns: 300 })) {
    const [width, origin] = [a.shape[1], new Float32Array(a.shape[1])];
    for (let i = 0; i < a.size; i += width) {
      const [x, y] = [a, b].map(({ data }) => data.subarray(i, i + width));
      expect(Math.min(distance(x, y), distance(x, origin), distance(y, origin))).toBeGreaterThanOrEqual(1 / 8);
    }
  }
});

describe('modules', () => {
  class Divides extends t.Module {
    forward(x: t.Tensor): t.Tensor {
      return t.div(x, t.sum(t.abs(x), { axis: 1, keepDims: true }));
    }
  }
  class Ignores extends t.Module {
    forward(x: t.Tensor): t.Tensor {
      return writesWhatItIgnores(x);
    }
  }
  class Words extends t.Module {
    readonly words = new t.Embedding(3, 2, { random: t.createRandom(1) });
    forward(x: t.IntTensor): t.Tensor {
      return this.words.forward(x);
    }
  }
  class CancelsWords extends Words {
    override forward(x: t.IntTensor): t.Tensor {
      return t.sub(t.add(super.forward(x), 16384), 16384);
    }
  }
  class DetachedWords extends Words {
    readonly scale = t.parameter(t.tensor([2, 3]));
    override forward(x: t.IntTensor): t.Tensor {
      return t.mul(super.forward(x), new t.Tensor(this.scale.data.slice(), [2]));
    }
  }
  const ids = array(integer({ min: 0, max: 2 }), { minLength: 3, maxLength: 3 }).map((drawn) =>
    t.intTensor(Int32Array.from(drawn), [3]),
  );

  test('are called with the extremes that are asked for, and no others', () => {
    const of = (extremes: ReturnType<typeof tensors>) =>
      moduleLaws('divides', new Divides(), { input: tensors({ shape: [3, 2], min: 1 }), extremes });
    expect(broken(of(tensors({ shape: [3, 2], min: 1 })), 'no NaN anywhere')).toEqual([]);
    expect(broken(of(tensors({ shape: [3, 2], min: 0, max: 0 })), 'no NaN anywhere')).toEqual(['no NaN anywhere']);
  });

  test('must not write an input that the result does not show', () => {
    expect(broken(moduleLaws('ignores', new Ignores(), { input: tensors({ shape: [3, 2] }) }))).toEqual(['purity']);
  });

  test('of ids are checked in double precision, and by differences', () => {
    expect(broken(moduleLaws('words', new Words(), { input: ids }))).toEqual([]);
    expect(broken(moduleLaws('cancels', new CancelsWords(), { input: ids }))).toEqual(['precision agreement']);
    expect(broken(moduleLaws('detached', new DetachedWords(), { input: ids }))).toEqual(['gradient agreement']);
  });
});

describe('gradients beside an input', () => {
  const x = t.tensor([0]);
  const slope = (of: (v: number) => number) =>
    op(
      (v) => v * v + Math.abs(v),
      (g, { data, shape }) => t.mul(g, new t.Tensor(data.map(of), shape)),
    );
  const right = (v: number) => 2 * v + Math.sign(v);

  test.each([
    ['left', 1],
    ['right', -1],
  ])('at a kink they need be right on one side, the %s one', (_, wrong) => {
    expect(
      wrongGradients(
        slope((v) => right(v) + (v * wrong >= 0 ? 0.5 : 0)),
        [x],
      ),
    ).toBeUndefined();
  });

  test('wrong ones near an input are not excused by right ones far from it', () => {
    expect(
      wrongGradients(
        slope((v) => right(v) + (Math.abs(v) < 0.5 ? 0.5 : 0)),
        [x],
      ),
    ).toMatch(/is wrong/);
  });

  test('a norm that bends within a step is right', () => {
    const norm = (v: t.Tensor) => t.sqrt(t.sum(t.square(v)));
    expect(wrongGradients(norm, [t.tensor([1e-6, 2e-6])])).toBeUndefined();
  });
});

describe('differ', () => {
  test.each([
    [[Number.NaN], [1], 'NaN for 1 at [0]'],
    [[1], [Number.NaN], '1 for NaN at [0]'],
    [[Infinity, 9], [1, 1], 'Infinity for 1 at [0]'],
    [[Number.NaN, Infinity, -Infinity], [Number.NaN, Infinity, -Infinity], undefined],
    [[1.5, 5, 2], [1, 1, 1], '5 for 1 at [1]'],
  ])('%j and %j', (actual, expected, words) => {
    expect(differ(t.tensor(actual), t.tensor(expected), { relative: 0.1, absolute: 0.1 })).toBe(words);
  });

  test('tells shapes of one size apart', () => {
    expect(differ(t.ones([2]), t.ones([1, 2]))).toBe('the shape [2] for [1, 2]');
  });
});

describe('places', () => {
  test('a row of zeros is at cosine distance 1, as for the op', () => {
    expect(SPACES.cosine.distance([0, 0], [3, 4])).toBe(1);
    expect(t.cosineDistance(t.zeros([1, 2]), t.tensor([[3, 4]])).item()).toBe(1);
  });

  test('a turn is of any two axes', () => {
    const turned = [0, 1].map((other) => rotate([1, 0, 0], [{ axis: 0, other, angle: Math.PI / 2 }]));
    expect(turned.map((row) => row.map(Math.round))).toEqual([
      [0, 1, 0],
      [0, 0, 1],
    ]);
  });

  test('rows on a circle have lengths of their own', () => {
    const found = sample(lines('cosine', 1), { seed: 1, numRuns: 100 }).map((line) => {
      const { row } = line(2);
      return [0, 1, 2].map((step) => Math.hypot(...row(0.5, step)).toFixed(3)).join();
    });
    for (const lengths of ['0.500,1.000,2.000', '2.000,0.500,1.000', '1.000,1.000,1.000'])
      expect(found).toContain(lengths);
  });

  test('any two of six rows may be those that come nearer', () => {
    const found = sample(oneDistanceShorter('euclidean', 1), { seed: 1, numRuns: 1000 }).map(({ pair }) => pair.join());
    expect(new Set(found).size).toBe(15);
  });

  test('equal rows have products, but no factor with room', () => {
    expect(() =>
      cholesky([
        [1, 1],
        [1, 1],
      ]),
    ).toThrow(new RangeError('cholesky: no rows have these products; row 1 is too near.'));
  });
});

describe('losses of predictions', () => {
  const names = (options: Parameters<typeof predictionLossLaws>[3]) =>
    predictionLossLaws('x', 'values', ({ predictions }) => t.mean(predictions), options).map(({ name }) => name);

  test('are held to the changes that are stated, and not to exceptions', () => {
    expect(names({}).filter((name) => name === 'translation')).toEqual([]);
    expect(names({ invariant: ['translation'] })).toContain('translation');
    expect(names({})).toContain('never negative');
    expect(names({ except: ['never negative'] })).not.toContain('never negative');
  });

  test('meet distributions with zeros', () => {
    const loss = ({ predictions, targets }: Predictions<t.Tensor>) =>
      t.mean(t.mul(targets, t.sub(t.log(targets), t.logSoftmax(predictions, { axis: 1 }))));
    expect(broken(predictionLossLaws('x', 'distributions', loss), 'no NaN anywhere')).toEqual(['no NaN anywhere']);
  });

  test('move any row', () => {
    const loss = ({ predictions: x, targets }: Predictions<t.Tensor>) =>
      t.mean(t.mul(t.sub(1, t.mul(2, mark(x, x.shape[0] - 1))), t.square(t.sub(x, targets))));
    expect(broken(predictionLossLaws('x', 'values', loss), 'closer predictions')).toEqual(['closer predictions']);
  });
});

describe('embeddings', () => {
  const drawn = { seed: 1, numRuns: 300 };
  const most = (x: t.Tensor): number => Math.max(...Array.from(x.data, Math.abs));

  test('far ones have lengths of about 1e4, no more', () => {
    const all = sample(embeddings({ geometry: 'far' }), drawn).map(most);
    expect(Math.max(...all)).toBeGreaterThan(1e4);
    expect(Math.max(...all)).toBeLessThan(2e4);
  });

  test('clustered ones have two centers', () => {
    const spread = sample(embeddings({ geometry: 'clustered', rows: [5, 5], dimensions: [1, 1] }), drawn).map(
      ({ data }) => Math.max(...data) - Math.min(...data),
    );
    expect(spread.filter((s) => s > 1).length).toBeGreaterThan(50);
    expect(spread.filter((s) => s < 0.2).length).toBeGreaterThan(5);
  });

  test('labelled batches have one to six rows, or as many as asked for', () => {
    const counts = (options: Parameters<typeof labelledBatches>[0]) =>
      new Set(sample(labelledBatches(options), drawn).map(({ labels }) => labels.length));
    expect(counts({})).toEqual(new Set([1, 2, 3, 4, 5, 6]));
    expect(counts({ rows: [2, 3] })).toEqual(new Set([2, 3]));
  });
});

test('what is thrown and is no error is told too', () => {
  const law = defineLaw({
    ...{ subject: 'x', name: 'calm', statement: 'nothing is thrown' },
    inputs: tensors().map((x) => ({ x })),
    violation: () => {
      AbortSignal.abort('a word').throwIfAborted();
      return undefined;
    },
  });
  expect(brokenLaws([law], { seed: 1, numRuns: 1 })[0].seen).toBe('it threw a word');
});
