import { describe, expect, test } from 'vitest';
import * as t from '../../src/portable.ts';
import { errorOf } from '../errors.ts';

type Loss = (embeddings: t.Tensor, labels: t.Integers, options?: { reduction?: t.Reduction }) => t.Tensor;

/** The losses that hold each row, or each pair of a class, against all other rows. */
const ofRows = {
  supConLoss: t.supConLoss,
  multiSimilarityLoss: t.multiSimilarityLoss,
  circleLoss: t.circleLoss,
  ncaLoss: t.ncaLoss,
} satisfies Record<string, Loss>;
const ofPairs = { liftedStructureLoss: t.liftedStructureLoss, angularLoss: t.angularLoss } satisfies Record<
  string,
  Loss
>;
const losses: readonly (readonly [string, Loss])[] = Object.entries({ ...ofRows, ...ofPairs });
const ofCosines = losses.filter(([name]) => !['ncaLoss', 'liftedStructureLoss'].includes(name));

/** losses.md: unit vectors at these angles, with labels. The values are computed in double precision from the formulas. */
const angles = [0, 17, 41, 58, 90, 139].map((degrees) => (degrees * Math.PI) / 180);
const labels = [0, 0, 1, 1, 0, 2];
const golden = t.tensor(angles.map((a) => [Math.cos(a), Math.sin(a)]));

test.each([
  ['supConLoss, t = 0.1', t.supConLoss(golden, labels), 3.420234629275],
  ['multiSimilarityLoss (2, 50, 0.5)', t.multiSimilarityLoss(golden, labels), 0.723705625657],
  ['circleLoss (0.4, 80)', t.circleLoss(golden, labels), 73.306315774927],
  ['liftedStructureLoss, m = 1', t.liftedStructureLoss(golden, labels), 4.06725535206],
  ['ncaLoss, t = 1', t.ncaLoss(golden, labels), 1.109705606381],
  ['angularLoss, 40 degrees', t.angularLoss(golden, labels), 3.2390597623],
  ['angularLoss, 45 degrees', t.angularLoss(golden, labels, { angle: 45 }), 4.668085823798],
])('golden value of %s', (_, loss, expected) => {
  expect(Math.abs(loss.item() / expected - 1)).toBeLessThan(3e-7);
});

describe('closed forms', () => {
  const alike = (count: number) => t.tensor(Array.from({ length: count }, () => [0.6, 0.8]));

  test.each([2, 3, 5, 9])('supConLoss of %i equal rows is ln(B - 1), whatever their classes', (count) => {
    const expected = Math.log(count - 1);
    expect(t.supConLoss(alike(count), new Array<number>(count).fill(7)).item()).toBeCloseTo(expected, 6);
    const other = Array.from({ length: count }, (_, i) => (i < 2 ? 0 : i));
    expect(t.supConLoss(alike(count), other).item()).toBeCloseTo(expected, 6);
  });

  test('ncaLoss of equal rows is the logarithm of the share of the class', () => {
    expect(t.ncaLoss(alike(6), [0, 0, 0, 1, 1, 1]).item()).toBeCloseTo(Math.log(5 / 2), 6);
  });

  test('what is left of a loss that is nearly 0 keeps its digits', () => {
    const apart = t.tensor([
      [1, 0],
      [1, 0],
      [-1, 0],
    ]);
    expect(t.supConLoss(apart, [0, 0, 1]).item() / Math.exp(-20)).toBeCloseTo(1, 5);
    expect(t.ncaLoss(t.tensor([[0], [0], [4]]), [0, 0, 1]).item() / Math.exp(-16)).toBeCloseTo(1, 5);
  });

  test('liftedStructureLoss is 0 from log(2 K) beyond the margin, K negatives at one distance', () => {
    const at = (distance: number) => t.tensor([[0], [0], [distance], [-distance]]);
    const edge = 1.5 + Math.log(4);
    const loss = (distance: number) => t.liftedStructureLoss(at(distance), [0, 0, 1, 2], { margin: 1.5 }).item();
    expect(loss(edge + 0.01)).toBe(0);
    expect(loss(edge - 0.01)).toBeCloseTo(0.01 ** 2 / 2, 6);
  });

  test('angularLoss of one triplet is the angle bound of the paper, squared sides and all', () => {
    // |x_a - x_p|^2 - 4 tan^2 |x_n - c|^2, c the middle of the pair, but for what depends on lengths alone.
    const [a, p, n] = [0.3, 1, 2.2].map((v) => [Math.cos(v), Math.sin(v)]);
    const square = (v: readonly number[]) => v.reduce((sum, x) => sum + x * x, 0);
    const tan2 = Math.tan((50 * Math.PI) / 180) ** 2;
    const sides = square(a.map((v, i) => v - p[i])) - 4 * tan2 * square(n.map((v, i) => v - (a[i] + p[i]) / 2));
    const lengths = 2 - 4 * tan2 * (1 + 1 / 2);
    const loss = t.angularLoss(t.tensor([a, p, n]), [0, 0, 1], { angle: 50 }).item();
    expect(loss).toBeCloseTo(Math.log1p(Math.exp(sides - lengths)), 5);
  });
});

test('the gradient of circleLoss has the weights as factors, not as functions', () => {
  const [m, gamma] = [0.3, 2];
  const cosines = { positive: 0.6, negative: 0.28 };
  // Row 0 lies along x, its positive and its negative on either side of it; only row 0 costs anything.
  const rows = t.parameter(
    t.tensor([
      [1, 0],
      [0.6, 0.8],
      [0.28, -0.96],
    ]),
  );
  const loss = t.sum(
    t.mul(t.circleLoss(rows, [0, 0, 1], { margin: m, gamma, reduction: 'none' }), t.tensor([1, 0, 0])),
  );
  const gap =
    -gamma * (1 + m - cosines.positive) * (cosines.positive - 1 + m) +
    gamma * (cosines.negative + m) * (cosines.negative - m);
  const z = 1 / (1 + Math.exp(-gap));
  // The paper's: Z gamma (s_p - 1 - m) and Z gamma (s_n + m), across row 0.
  const across = z * gamma * ((cosines.positive - 1 - m) * 0.8 + (cosines.negative + m) * -0.96);
  const [x, y] = t.backward(loss).get(rows).data;
  expect(x).toBeCloseTo(0, 6);
  expect(y).toBeCloseTo(across, 5);
});

describe.each(losses)('%s', (name, loss) => {
  const isOfRows = Object.hasOwn(ofRows, name);
  const random = t.createRandom(3).fork(name);
  const normal = (rows: number, width = 4) =>
    t.tensor(random.fillNormal(new Float32Array(rows * width), 0, 1), [rows, width]);
  const gradientOf = (x: t.Tensor, classes: readonly number[]) => {
    const leaf = t.parameter(x);
    const value = loss(leaf, classes);
    return { value: value.item(), gradient: t.backward(value).get(leaf).data };
  };

  test('a batch without a positive, or without a negative, has a live graph', () => {
    const x = normal(4);
    for (const classes of [
      [0, 1, 2, 3],
      [5, 5, 5, 5],
    ]) {
      const { value, gradient } = gradientOf(x, classes);
      expect(value).toBeGreaterThanOrEqual(0);
      expect(gradient.every(Number.isFinite)).toBe(true);
      const costs = name === 'multiSimilarityLoss' || (name === 'supConLoss' && classes[0] === 5);
      expect(value > 0).toBe(costs);
      expect(gradient.some((g) => g !== 0)).toBe(costs);
    }
  });

  test('an empty batch and a single row cost nothing', () => {
    for (const reduction of ['mean', 'sum', 'meanNonZero'] as const) {
      expect(loss(t.zeros([0, 3]), [], { reduction }).item()).toBe(0);
      expect(loss(t.ones([1, 3]), [4], { reduction }).item()).toBe(0);
    }
    expect(loss(t.zeros([0, 3]), [], { reduction: 'none' }).shape).toEqual([0]);
    const empty = t.parameter(t.zeros([0, 3]));
    expect(t.backward(loss(empty, [])).get(empty).shape).toEqual([0, 3]);
  });

  test('reductions: one loss an item, and their sum and means', () => {
    const x = normal(7);
    const classes = [0, 0, 1, 1, 0, 2, 1];
    const each = loss(x, classes, { reduction: 'none' });
    // 6 pairs; 7 rows, of which row 5 has no positive.
    expect(each.shape).toEqual([isOfRows ? 7 : 6]);
    const count = isOfRows && name !== 'multiSimilarityLoss' ? 6 : each.size;
    if (count < each.size) expect(each.data[5]).toBe(0);
    const sum = each.data.reduce((a, b) => a + b, 0);
    expect(loss(x, classes, { reduction: 'sum' }).item() / sum).toBeCloseTo(1, 5);
    expect(loss(x, classes).item() / (sum / count)).toBeCloseTo(1, 5);
    const active = each.data.filter((v) => v > 0).length;
    expect(loss(x, classes, { reduction: 'meanNonZero' }).item() / (sum / active)).toBeCloseTo(1, 5);
  });

  test('labels above 2^24 stay apart, and may be typed arrays', () => {
    const x = normal(4);
    const small = loss(x, [0, 0, 1, 1]).item();
    expect(loss(x, [16777216, 16777216, 16777217, 16777217]).item()).toBe(small);
    expect(loss(x, Int32Array.of(-5, -5, 2147483647, 2147483647)).item()).toBe(small);
    expect(loss(x, t.intTensor(Int32Array.of(0, 0, 1, 1), [4])).item()).toBe(small);
  });

  test('refuses what is no label', () => {
    // @ts-expect-error: a float Tensor as labels, which types refuse.
    expect(errorOf(TypeError, () => loss(normal(2), t.tensor([0, 1]))).message).toBe(
      `${name}: labels must be an Int32Array, Uint8Array or number[]; a float Tensor cannot hold ids above 2^24 exactly. Use Int32Array.from(...).`,
    );
    expect(errorOf(RangeError, () => loss(normal(2), [0, 0.5])).message).toBe(
      `${name}: labels[1] is 0.5; expected an integer within 32 bits.`,
    );
  });

  test('repeated rows, zero rows and rows of one direction: finite', () => {
    const batches = [
      [
        [1, 2],
        [1, 2],
        [1, 2],
        [1, 2],
      ],
      [
        [0, 0],
        [0, 0],
        [0, 0],
        [0, 0],
      ],
      [
        [0, 0],
        [1, 2],
        [0, 0],
        [-1, -2],
      ],
      [
        [1, 2],
        [2, 4],
        [-1, -2],
        [-4, -8],
      ],
    ];
    for (const rows of batches) {
      const { value, gradient } = gradientOf(t.tensor(rows), [0, 0, 1, 1]);
      expect(value).toBeGreaterThan(0);
      expect(gradient.every(Number.isFinite)).toBe(true);
    }
  });

  test('embeddings of 1e18 and of 1e-30 give no NaN', () => {
    for (const scale of [1e18, 1e-30]) {
      const { value, gradient } = gradientOf(t.mul(normal(8), scale), [0, 0, 1, 1, 2, 2, 0, 1]);
      expect(Number.isFinite(value)).toBe(true);
      expect(gradient.every(Number.isFinite)).toBe(true);
    }
  });

  test('a NaN embedding gives NaN', () => {
    const x = normal(4);
    x.data[5] = Number.NaN;
    expect(loss(x, [0, 0, 1, 1]).item()).toBeNaN();
  });

  test('descent puts the classes apart', () => {
    const classes = [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2];
    const x = t.parameter(normal(12, 3));
    const before = loss(x, classes).item();
    for (let step = 0; step < 150; step++) {
      const g = t.backward(loss(x, classes)).get(x);
      const length = t.norm(g).item();
      if (length > 0) x.data.set(x.data.map((v, i) => v - (0.2 * g.data[i]) / length));
    }
    expect(loss(x, classes).item()).toBeLessThan(before);
    const metric = ofCosines.some(([other]) => other === name) ? 'cosine' : 'euclidean';
    const distances = t.pairwiseDistances(x, x, { metric }).toArray() as number[][];
    for (const [i, row] of distances.entries()) {
      const others = (same: boolean) => row.filter((_, j) => j !== i && (classes[i] === classes[j]) === same);
      // One neighbor of its class is enough for it, so a class may come to lie in several places.
      const own = name === 'ncaLoss' ? Math.min(...others(true)) : Math.max(...others(true));
      expect(own).toBeLessThan(Math.min(...others(false)));
    }
  });
});

test.each(ofCosines)('%s does not depend on the lengths of embeddings', (_, loss) => {
  const longer = t.mul(golden, t.tensor([[1e18], [2], [1e-30], [0.3], [7], [1e30]]));
  expect(loss(longer, labels).item() / loss(golden, labels).item()).toBeCloseTo(1, 5);
});

describe('a temperature of 1e-3 or so', () => {
  test('supConLoss: finite, and its gradient', () => {
    const x = t.parameter(golden);
    const loss = t.supConLoss(x, labels, { temperature: 1e-3 });
    expect(loss.item()).toBeCloseTo(302.396, 2);
    expect(t.backward(loss).get(x).data.every(Number.isFinite)).toBe(true);
  });

  test('ncaLoss: a row whose probability underflows keeps its loss and its gradient', () => {
    const x = t.parameter(t.tensor([[0], [1], [0]]));
    const loss = t.ncaLoss(x, [0, 0, 1], { temperature: 2 ** -10, reduction: 'none' });
    expect(loss.toArray()).toEqual([1024, Math.fround(Math.LN2), 0]);
    expect(t.backward(t.sum(loss)).get(x).toArray()).toEqual([[-3072], [2048], [1024]]);
  });

  test('ncaLoss of embeddings of 1e18: beyond float32 it is huge, never NaN', () => {
    const x = t.parameter(t.mul(golden, 1e18));
    const loss = t.ncaLoss(x, labels, { temperature: 1e-3 });
    expect(loss.item()).toBeGreaterThan(3e37);
    expect(t.backward(loss).get(x).data.some(Number.isNaN)).toBe(false);
  });
});

test('multiSimilarityLoss takes exponents that overflow', () => {
  const x = t.parameter(golden);
  const loss = t.multiSimilarityLoss(x, labels, { alpha: 1e4, beta: 1e4 });
  expect(Number.isFinite(loss.item())).toBe(true);
  expect(t.backward(loss).get(x).data.every(Number.isFinite)).toBe(true);
});

test.each([-1, 1])('multiSimilarityLoss takes a base of %s, where cosines end', (base) => {
  // A pair at a cosine of 1 and one at -1, from either side.
  const x = t.tensor([
    [1, 0],
    [1, 0],
    [-1, 0],
  ]);
  const pull = Math.log(1 + Math.exp(-2 * (1 - base))) / 2;
  const push = (count: number) => Math.log(1 + count * Math.exp(50 * (-1 - base))) / 50;
  const expected = (2 * (pull + push(1)) + push(2)) / 3;
  expect(t.multiSimilarityLoss(x, [0, 0, 1], { base }).item()).toBeCloseTo(expected, 6);
});
