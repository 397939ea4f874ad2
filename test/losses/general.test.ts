import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import {
  backward,
  binaryCrossEntropyWithLogits,
  cosineEmbeddingLoss,
  createRandom,
  crossEntropy,
  klDivergence,
  l1Loss,
  logSoftmax,
  marginRankingLoss,
  mseLoss,
  mul,
  noGrad,
  parameter,
  smoothL1Loss,
  softmax,
  sum,
  Tensor,
  tensor,
  zeros,
} from '../../src/portable.ts';
import { errorOf } from '../errors.ts';

const seeds = fc.integer({ min: 0, max: 1_000_000 });
const draw = (seed: number, name: string, shape: readonly number[], spread = 1): Tensor =>
  new Tensor(
    createRandom(seed)
      .fork(name)
      .fillNormal(new Float32Array(shape.reduce((x, y) => x * y, 1)), 0, spread),
    shape,
  );
/** The point at `share` of the way from x to y. */
const between = (x: Tensor, y: Tensor, share: number): Tensor =>
  new Tensor(
    x.data.map((v, i) => v + share * (y.data[i] - v)),
    x.shape,
  );
const above = (value: number): number => value + 1e-6 * Math.abs(value) + 1e-7;

describe('moving the prediction nearer never raises', () => {
  property.prop([seeds])('mse, l1 and smooth l1', (seed) => {
    const [a, b] = [draw(seed, 'a', [3, 2]), draw(seed, 'b', [3, 2])];
    for (const loss of [mseLoss, l1Loss, smoothL1Loss]) {
      const at = (share: number) => loss(between(a, b, share), b).item();
      expect(at(0.5)).toBeLessThan(at(0));
      expect(at(0.9)).toBeLessThan(at(0.5));
      expect(at(1)).toBe(0);
      expect(loss(b, a).item()).toBe(loss(a, b).item());
    }
  });

  property.prop([seeds])('cross-entropy: a higher logit of the right class, lower ones of the others', (seed) => {
    const x = draw(seed, 'x', [3, 4], 3);
    const classes = [1, 3, 0];
    const moved = (right: number, wrong: number) =>
      new Tensor(
        x.data.map((v, i) => v + (i % 4 === classes[Math.floor(i / 4)] ? right : wrong)),
        x.shape,
      );
    const loss = crossEntropy(x, classes).item();
    expect(crossEntropy(moved(0.5, 0), classes).item()).toBeLessThan(above(loss));
    expect(crossEntropy(moved(0, -0.5), classes).item()).toBeLessThan(above(loss));
    expect(crossEntropy(moved(-0.5, 0), classes).item()).toBeGreaterThan(loss);
  });

  property.prop([seeds])('binary cross-entropy: the logit toward its target', (seed) => {
    const x = draw(seed, 'x', [6], 3);
    const yes = [true, false, true, true, false, false];
    const moved = (by: number) =>
      new Tensor(
        x.data.map((v, i) => v + (yes[i] ? by : -by)),
        x.shape,
      );
    const loss = (by: number) => binaryCrossEntropyWithLogits(moved(by), yes).item();
    expect(loss(0.5)).toBeLessThan(loss(0));
    expect(loss(-0.5)).toBeGreaterThan(loss(0));
  });

  property.prop([seeds])('Kullback-Leibler: the distribution toward its target, where it is 0', (seed) => {
    const [p, target] = [softmax(draw(seed, 'p', [2, 4])), softmax(draw(seed, 't', [2, 4]))];
    const loss = (share: number) => {
      const mixed = between(p, target, share);
      return klDivergence(new Tensor(mixed.data.map(Math.log), mixed.shape), target).item();
    };
    expect(loss(0.5)).toBeLessThan(above(loss(0)));
    expect(loss(0)).toBeGreaterThan(-1e-6);
    expect(Math.abs(loss(1))).toBeLessThan(1e-6);
  });

  property.prop([seeds])('cosine: a same pair into one direction, a different pair apart', (seed) => {
    const [a, b] = [draw(seed, 'a', [4, 3]), draw(seed, 'b', [4, 3])];
    const moved = between(a, b, 0.3);
    const each = (x: Tensor, flag: number) =>
      cosineEmbeddingLoss(x, b, { same: [flag, flag, flag, flag] }, { reduction: 'none' }).data;
    each(moved, 1).forEach((v, i) => expect(v).toBeLessThanOrEqual(above(each(a, 1)[i])));
    each(moved, 0).forEach((v, i) => expect(above(v)).toBeGreaterThanOrEqual(each(a, 0)[i]));
  });

  property.prop([seeds])('ranking: the score that is to be higher, higher', (seed) => {
    const [a, b] = [draw(seed, 'a', [5]), draw(seed, 'b', [5])];
    const raised = new Tensor(
      a.data.map((v) => v + 0.3),
      a.shape,
    );
    const loss = (x: Tensor, order: number) =>
      marginRankingLoss(x, b, new Array<number>(5).fill(order), { margin: 1 }).item();
    expect(loss(raised, 1)).toBeLessThanOrEqual(loss(a, 1));
    expect(loss(raised, -1)).toBeGreaterThanOrEqual(loss(a, -1));
  });
});

test('meanNonZero is of the losses above 0, of none that rounding or no distribution takes below; NaN stays', () => {
  const logProbabilities = parameter(tensor([[0], [0], [0]]));
  const loss = (targets: number[]) =>
    klDivergence(logProbabilities, new Tensor(Float32Array.from(targets), [3, 1]), { reduction: 'meanNonZero' });
  const [few, none] = [loss([0.5, 2, 1]), loss([0.5, 0.5, 1])];
  expect(few.item()).toBeCloseTo(2 * Math.log(2), 6);
  expect(backward(few).get(logProbabilities)?.toArray()).toEqual([[-0], [-2], [-0]]);
  expect(none.item()).toBe(0);
  expect(loss([0.5, Number.NaN, 2]).item()).toBeNaN();
});

describe('by hand', () => {
  test('differences of 1 and 4', () => {
    const [a, b] = [tensor([1, 6]), tensor([2, 2])];
    expect(mseLoss(a, b).item()).toBe(8.5);
    expect(l1Loss(a, b).item()).toBe(2.5);
    expect(smoothL1Loss(a, b, { beta: 2, reduction: 'none' }).toArray()).toEqual([0.25, 3]);
    expect(mseLoss(a, b, { reduction: 'meanNonZero' }).item()).toBe(8.5);
    expect(mseLoss(a, tensor([1, 2]), { reduction: 'meanNonZero' }).item()).toBe(16);
  });

  test('binary cross-entropy: the values of losses.md', () => {
    const each = binaryCrossEntropyWithLogits(tensor([2, -100]), [1, 1], { reduction: 'none' });
    expect(each.data[0]).toBeCloseTo(0.126928011043, 7);
    expect(each.data[1]).toBe(100);
    expect(binaryCrossEntropyWithLogits(tensor([-100]), [1], { posWeight: 3, weight: 0.5 }).item()).toBe(150);
  });

  test('cross-entropy of even logits is the logarithm of their number, smoothed or not', () => {
    for (const labelSmoothing of [0, 0.3, 1])
      expect(crossEntropy(zeros([2, 5]), [0, 4], { labelSmoothing }).item()).toBeCloseTo(Math.log(5), 6);
  });

  test('ranking and cosine', () => {
    expect(marginRankingLoss(tensor([3]), tensor([1]), [-1], { margin: 0.5 }).item()).toBe(2.5);
    expect(marginRankingLoss(tensor([3]), tensor([1]), [1], { margin: 0.5 }).item()).toBe(0);
    const [a, b] = [tensor([[3, 4]]), tensor([[5, 0]])];
    expect(cosineEmbeddingLoss(a, b, { same: [1] }).item()).toBeCloseTo(0.4, 6);
    expect(cosineEmbeddingLoss(a, b, { same: [0] }, { margin: 0.5 }).item()).toBeCloseTo(0.1, 6);
  });
});

describe('cross-entropy', () => {
  test('is the negative logSoftmax of the class, with and without a graph to the same bits', () => {
    const x = draw(3, 'x', [4, 5], 4);
    const classes = [0, 4, 2, 2];
    const each = crossEntropy(x, classes, { reduction: 'none' });
    const logs = logSoftmax(x);
    each.data.forEach((v, i) => expect(v).toBeCloseTo(-logs.data[5 * i + classes[i]], 5));
    expect(crossEntropy(parameter(x), classes, { reduction: 'none' }).data).toEqual(each.data);
    expect(noGrad(() => crossEntropy(parameter(x), classes, { reduction: 'none' })).node).toBe(undefined);
  });

  test('keeps the gradient of a class that is almost certain', () => {
    const x = parameter(tensor([[20, 0]]));
    const g = backward(crossEntropy(x, [0])).get(x).data;
    expect(g[0] / -Math.exp(-20)).toBeCloseTo(1, 5);
  });

  test('an ignored item has the gradient 0 whatever it holds, recorded or not', () => {
    const x = parameter(
      tensor([
        [NaN, 1, 2],
        [0, 0, Infinity],
        [0, 0, 0],
      ]),
    );
    for (const createGraph of [false, true]) {
      const g = backward(crossEntropy(x, [-100, -100, 1], { labelSmoothing: 0.25 }), { createGraph }).get(x);
      const [first, second, third] = [0, 3, 6].map((start) => Array.from(g.data.subarray(start, start + 3)));
      expect([...first, ...second]).toEqual([0, 0, 0, 0, 0, 0]);
      for (const [c, want] of [0.25, -0.5, 0.25].entries()) expect(third[c]).toBeCloseTo(want, 6);
    }
  });

  test('an ignored item of -Infinity alone has second derivatives of 0, also by the gradient of its loss', () => {
    const x = parameter(
      tensor([
        [-Infinity, -Infinity],
        [0, 1],
      ]),
    );
    const share = parameter(tensor([1, 1]));
    const loss = sum(mul(crossEntropy(x, [-100, 0], { reduction: 'none' }), share));
    const slope = backward(loss, { createGraph: true }).get(x);
    const second = backward(
      sum(
        mul(
          slope,
          tensor([
            [1, 2],
            [1, 2],
          ]),
        ),
      ),
    );
    expect([...second.get(x).data.subarray(0, 2), second.get(share).data[0]].map(Math.abs)).toEqual([0, 0, 0]);
    expect(second.get(share).data[1]).toBeCloseTo(1 / (1 + Math.exp(-1)), 6);
  });

  test('an ignored item leaves the others alone, also where its index counts to one of them', () => {
    const x = parameter(draw(2, 'many', [40, 5]));
    const classes = Array.from({ length: 40 }, (_, i) => (i % 3 === 2 ? -100 : i % 5));
    for (const options of [{}, { labelSmoothing: 0.1 }, { weight: [1, 2, 3, 4, 5] }]) {
      const loss = crossEntropy(x, classes, options);
      const [fast, composed] = [false, true].map((createGraph) => backward(loss, { createGraph }).get(x).data);
      fast.forEach((v, i) => expect(Math.abs(composed[i] - v)).toBeLessThan(1e-7));
      const kept = classes.flatMap((y, i) => (y < 0 ? [] : [i]));
      const rest = new Tensor(Float32Array.from(kept.flatMap((i) => [...x.data.slice(5 * i, 5 * i + 5)])), [
        kept.length,
        5,
      ]);
      const alone = crossEntropy(
        rest,
        kept.map((i) => classes[i]),
        options,
      );
      expect(loss.item()).toBeCloseTo(alone.item(), 6);
    }
  });

  test('the array of classes may be used again before the gradient is taken', () => {
    const x = parameter(draw(1, 'again', [2, 3]));
    for (const createGraph of [false, true]) {
      const gradient = (classes: Int32Array) => {
        const loss = crossEntropy(x, classes);
        classes.fill(2);
        return backward(loss, { createGraph }).get(x).data;
      };
      // The own class, and so the only negative slope, is 0 in both rows.
      const g = gradient(Int32Array.of(0, 0));
      expect(Array.from(g, Math.sign)).toEqual([-1, 1, 1, -1, 1, 1]);
    }
  });

  test('refuses a float Tensor of classes', () => {
    // @ts-expect-error: classes are integers
    const { message } = errorOf(TypeError, () => crossEntropy(zeros([2, 3]), zeros([2])));
    expect(message).toMatch(/^crossEntropy: classes must be an Int32Array, Uint8Array or number\[\]; a float Tensor/);
  });
});

test.each([
  ['mseLoss', (x: Tensor) => mseLoss(x, zeros([0, 2]))],
  ['l1Loss', (x: Tensor) => l1Loss(x, zeros([0, 2]))],
  ['smoothL1Loss', (x: Tensor) => smoothL1Loss(x, zeros([0, 2]))],
  ['crossEntropy', (x: Tensor) => crossEntropy(x, [])],
  ['binaryCrossEntropyWithLogits', (x: Tensor) => binaryCrossEntropyWithLogits(x, zeros([0, 2]))],
  ['klDivergence', (x: Tensor) => klDivergence(x, zeros([0, 2]))],
  ['cosineEmbeddingLoss', (x: Tensor) => cosineEmbeddingLoss(x, zeros([0, 2]), { same: [] })],
  ['marginRankingLoss', (x: Tensor) => marginRankingLoss(x, zeros([0, 2]), [])],
] as const)('%s of an empty batch is 0 with a live graph', (_, loss) => {
  const x = parameter(zeros([0, 2]));
  const value = loss(x);
  expect(value.item()).toBe(0);
  expect(backward(value).get(x).shape).toEqual([0, 2]);
});
