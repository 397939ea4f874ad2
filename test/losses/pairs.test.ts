import { describe, expect, test } from 'vitest';
import {
  backward,
  batchContrastiveLoss,
  Module,
  marginLoss,
  parameter,
  SGD,
  type Tensor,
  tensor,
  zeros,
} from '../../src/portable.ts';
import { errorOf } from '../errors.ts';

/** Unit vectors at these angles, with these labels: the batch of the golden values. */
const angles = [0, 17, 41, 58, 90, 139].map((degrees) => (degrees * Math.PI) / 180);
const labels = [0, 0, 1, 1, 0, 2];
const golden = tensor(angles.map((angle) => [Math.cos(angle), Math.sin(angle)]));
const ordered = angles.flatMap((_, i) => angles.flatMap((_, j) => (i === j ? [] : [[i, j] as const])));
const chord = (i: number, j: number) => 2 * Math.sin(Math.abs(angles[i] - angles[j]) / 2);
const sum = (values: readonly number[]) => values.reduce((total, v) => total + v, 0);
const mean = (values: readonly number[]) => sum(values) / Math.max(1, values.length);
const ofActive = (values: readonly number[]) => mean(values.filter((v) => v > 0));
const hinge = (v: number) => Math.max(0, v);

describe('batchContrastiveLoss', () => {
  const costs = (isSame: boolean, cost: (d: number) => number) =>
    ordered.filter(([i, j]) => (labels[i] === labels[j]) === isSame).map(([i, j]) => cost(chord(i, j)));
  const positives = costs(true, (d) => hinge(d));
  const negatives = costs(false, (d) => hinge(1 - d));

  test('the golden values: mean of the active, and mean', () => {
    expect([positives.length, negatives.length]).toEqual([8, 22]);
    expect(ofActive(positives) + ofActive(negatives)).toBeCloseTo(1.085014219466, 11);
    expect(mean(positives) + mean(negatives)).toBeCloseTo(0.980926937878, 11);
    expect(batchContrastiveLoss(golden, labels).item()).toBeCloseTo(1.085014219466, 6);
    expect(batchContrastiveLoss(golden, labels, { reduction: 'mean' }).item()).toBeCloseTo(0.980926937878, 6);
  });

  test('the sum is that of all ordered pairs, each of which is in the matrix', () => {
    const each = batchContrastiveLoss(golden, labels, { reduction: 'none' });
    expect(each.shape).toEqual([6, 6]);
    for (const [i, j] of ordered) {
      const d = chord(i, j);
      expect(each.data[6 * i + j]).toBeCloseTo(labels[i] === labels[j] ? d : hinge(1 - d), 6);
    }
    expect(angles.map((_, i) => each.data[7 * i])).toEqual([0, 0, 0, 0, 0, 0]);
    expect(batchContrastiveLoss(golden, labels, { reduction: 'sum' }).item()).toBeCloseTo(
      sum(positives) + sum(negatives),
      5,
    );
  });

  test('the length of a row does not matter, unless it is told to', () => {
    const longer = tensor(
      golden.data.map((v, i) => v * (i < 2 ? 3 : 0.5)),
      [6, 2],
    );
    expect(batchContrastiveLoss(longer, labels).item()).toBeCloseTo(1.085014219466, 6);
    expect(batchContrastiveLoss(golden, labels, { normalize: false }).item()).toBeCloseTo(1.085014219466, 6);
    expect(batchContrastiveLoss(longer, labels, { normalize: false }).item()).toBeGreaterThan(1.2);
  });

  test('gradient by hand: positives pulled beyond their margin, negatives pushed within their own', () => {
    const x = parameter(tensor([[0], [3], [4]]));
    const options = { normalize: false, positiveMargin: 1, negativeMargin: 2, reduction: 'sum' } as const;
    const loss = batchContrastiveLoss(x, [0, 0, 1], options);
    // 2 (3 - 1) + 2 (2 - 1): the negative at 4 is far enough.
    expect(loss.item()).toBe(6);
    expect(backward(loss).get(x).toArray()).toEqual([[-2], [4], [-2]]);
  });

  test.each([
    ['one class', [7, 7, 7, 7, 7, 7], mean(ordered.map(([i, j]) => chord(i, j)))],
    ['each row a class of its own', [0, 1, 2, 3, 4, 5], ofActive(ordered.map(([i, j]) => hinge(1 - chord(i, j))))],
  ])('a batch of one kind of pair, %s, costs what that kind does', (_, classes, expected) => {
    expect(batchContrastiveLoss(golden, classes).item()).toBeCloseTo(expected, 6);
  });

  test('labels above 2^24 stay apart', () => {
    const near = [16_777_216, 16_777_217, 16_777_216];
    const x = tensor([
      [1, 0],
      [1, 0],
      [1, 0],
    ]);
    expect(batchContrastiveLoss(x, near).item()).toBe(1);
    expect(batchContrastiveLoss(x, [1, 1, 1]).item()).toBe(0);
  });
});

describe('marginLoss', () => {
  const oracle = (margin: number, beta: (label: number) => number) =>
    ordered.map(([i, j]) => hinge(margin + (labels[i] === labels[j] ? 1 : -1) * (chord(i, j) - beta(labels[i]))));

  test('the mean over all ordered pairs, and over the active ones', () => {
    expect(marginLoss(golden, labels).item()).toBeCloseTo(mean(oracle(0.2, () => 1.2)), 6);
    expect(marginLoss(golden, labels, { margin: 0.5, beta: 0.7 }).item()).toBeCloseTo(mean(oracle(0.5, () => 0.7)), 6);
    expect(marginLoss(golden, labels, { beta: 0.7, reduction: 'meanNonZero' }).item()).toBeCloseTo(
      ofActive(oracle(0.2, () => 0.7)),
      6,
    );
    const betas = [0.5, 1.1, 1.6];
    expect(marginLoss(golden, labels, { beta: tensor(betas) }).item()).toBeCloseTo(
      mean(oracle(0.2, (label) => betas[label])),
      6,
    );
  });

  test('the gradient of beta is the number of active negatives less that of active positives, over all pairs', () => {
    const beta = parameter(tensor([0.6]));
    const active = (isSame: boolean) =>
      ordered.filter(
        ([i, j]) => (labels[i] === labels[j]) === isSame && 0.2 + (isSame ? 1 : -1) * (chord(i, j) - 0.6) > 0,
      ).length;
    const gradient = backward(marginLoss(golden, labels, { beta })).get(beta);
    expect([active(true), active(false)]).toEqual([4, 8]);
    expect(gradient.item()).toBeCloseTo((8 - 4) / 30, 6);
  });

  test('the gradient of a beta for each class comes from the pairs seen from its rows', () => {
    const beta = parameter(tensor([1, 1, 1, 1]));
    const gradient = backward(marginLoss(golden, labels, { beta, margin: 0.5, reduction: 'sum' })).get(beta);
    const slope = (i: number, j: number) => {
      const y = labels[i] === labels[j] ? 1 : -1;
      return 0.5 + y * (chord(i, j) - 1) > 0 ? -y : 0;
    };
    const expected = [0, 1, 2, 3].map((label) =>
      sum(ordered.filter(([i]) => labels[i] === label).map(([i, j]) => slope(i, j))),
    );
    expect(gradient.toArray()).toEqual(expected);
    expect(expected[3]).toBe(0);
  });

  test('a pair is measured by the beta of the row it is seen from', () => {
    const x = tensor([[0], [2]]);
    const each = marginLoss(x, [0, 1], { beta: tensor([2, 5]), margin: 1, normalize: false, reduction: 'none' });
    expect(each.toArray()).toEqual([
      [0, 1],
      [4, 0],
    ]);
  });

  test('training finds a boundary between the kinds: the optimizer holds beta beside the embeddings', () => {
    // Both kinds of distance are given; only beta moves.
    class Boundary extends Module {
      readonly beta = parameter(tensor([0.1]));
      forward(x: Tensor): Tensor {
        return x;
      }
    }
    const model = new Boundary();
    const optimizer = new SGD(model, { learningRate: 0.05 });
    const x = tensor([[0], [1], [5], [6]]);
    const classes = [0, 0, 1, 1];
    const loss = () => marginLoss(x, classes, { beta: model.beta, margin: 0.5, normalize: false });
    for (let step = 0; step < 200 && loss().item() > 0; step++) optimizer.step(backward(loss()));
    expect(loss().item()).toBe(0);
    expect(model.beta.item()).toBeGreaterThan(1.5 - 1e-6);
    expect(model.beta.item()).toBeLessThan(3.5);
  });
});

describe.each([
  ['batchContrastiveLoss', batchContrastiveLoss],
  ['marginLoss', marginLoss],
] as const)('%s of bad input', (name, loss) => {
  test.each([
    ['no rows', zeros([0, 3]), []],
    ['one row', tensor([[1, 2]]), [0]],
  ])('%s: 0 with a live graph', (_, embeddings, classes) => {
    const x = parameter(embeddings);
    for (const reduction of ['mean', 'sum', 'meanNonZero'] as const) {
      const value = loss(x, classes, { reduction });
      expect(value.item()).toBe(0);
      expect(Array.from(backward(value).get(x).data, Math.abs)).toEqual(Array.from(embeddings.data, () => 0));
    }
  });

  test('duplicates and zero rows: finite, with gradient 0 between them', () => {
    for (const row of [
      [0.3, -2],
      [0, 0],
    ]) {
      const x = parameter(tensor([row, row, row]));
      const value = loss(x, [0, 0, 1]);
      expect(Number.isFinite(value.item())).toBe(true);
      expect(value.item()).toBeGreaterThan(0);
      expect(Array.from(backward(value).get(x).data, Math.abs)).toEqual([0, 0, 0, 0, 0, 0]);
    }
  });

  test('a NaN embedding makes the loss NaN, unless no pair has it', () => {
    const x = tensor([
      [1, 0],
      [Number.NaN, 1],
      [0, 1],
    ]);
    expect(loss(x, [0, 0, 1]).item()).toBeNaN();
    expect(loss(x, [0, 1, 2]).item()).toBeNaN();
    expect(loss(tensor([[Number.NaN]]), [0]).item()).toBe(0);
  });

  test('embeddings and labels that do not fit', () => {
    const message = (shape: string, count: number) =>
      `${name}: expected embeddings [N, D] and N labels; got ${shape} and [${count}]. Pass one label a row.`;
    expect(errorOf(RangeError, () => loss(golden, [0, 1])).message).toBe(message('[6, 2]', 2));
    expect(errorOf(RangeError, () => loss(zeros([2]), [0, 1])).message).toBe(message('[2]', 2));
    // @ts-expect-error: labels are integers
    expect(errorOf(TypeError, () => loss(golden, tensor(labels))).message).toMatch(
      /labels must be an Int32Array, Uint8Array or number\[\]; a float Tensor/,
    );
  });

  test('an unknown distance', () => {
    // @ts-expect-error: unknown distance
    expect(errorOf(RangeError, () => loss(golden, labels, { distance: 'l2' })).message).toBe(
      `${name}: unknown distance 'l2'. Use 'euclidean', 'squaredEuclidean', 'cosine', 'manhattan' or 'chebyshev'.`,
    );
  });
});

describe('margins out of reach', () => {
  const reach = (width: number) => {
    const x = zeros([2, width]);
    return [
      () => batchContrastiveLoss(x, [0, 1], { distance: 'manhattan', negativeMargin: 2 * Math.sqrt(width) }),
      () => batchContrastiveLoss(x, [0, 1], { distance: 'manhattan', negativeMargin: 2 * Math.sqrt(width) + 0.01 }),
    ] as const;
  };
  test('between unit vectors: 2, squared 4, city blocks 2 sqrt(D)', () => {
    for (const width of [1, 4, 9]) {
      const [within, beyond] = reach(width);
      expect(Number.isFinite(within().item())).toBe(true);
      expect(beyond).toThrow(RangeError);
    }
    for (const [distance, bound] of [
      ['euclidean', 2],
      ['chebyshev', 2],
      ['cosine', 2],
      ['squaredEuclidean', 4],
    ] as const) {
      const of = (negativeMargin: number) => () => batchContrastiveLoss(golden, labels, { distance, negativeMargin });
      expect(Number.isFinite(of(bound)().item())).toBe(true);
      expect(of(bound + 0.01)).toThrow(RangeError);
      const boundary = (beta: number) => () => marginLoss(golden, labels, { distance, beta, margin: 0.5 });
      expect(Number.isFinite(boundary(bound - 0.5)().item())).toBe(true);
      expect(boundary(bound - 0.49)).toThrow(RangeError);
    }
  });

  test('without normalize only a cosine distance has an end', () => {
    expect(batchContrastiveLoss(golden, labels, { normalize: false, negativeMargin: 50 }).item()).toBeGreaterThan(40);
    expect(marginLoss(golden, labels, { normalize: false, beta: 50 }).item()).toBeGreaterThan(30);
    expect(() => marginLoss(golden, labels, { normalize: false, distance: 'cosine', beta: 3 })).toThrow(RangeError);
  });
});
