import { describe, expect, test } from 'vitest';
import { relationsOf } from '../../src/losses/labelledBatch.ts';
import { maskedLogSumExp } from '../../src/losses/maskedLogSumExp.ts';
import {
  Adam,
  add,
  alignment,
  backward,
  barlowTwinsLoss,
  byolLoss,
  concat,
  createRandom,
  diagnoseEmbeddings,
  gradcheck,
  gradgradcheck,
  infoNceLoss,
  Linear,
  linear,
  matmul,
  mul,
  neg,
  noGrad,
  normalize,
  nPairsLoss,
  ntXentLoss,
  Parameter,
  parameter,
  relu,
  Sequential,
  scope,
  simSiamLoss,
  square,
  sub,
  sum,
  supConLoss,
  Tensor,
  tensor,
  transpose,
  uniformity,
  vicRegLoss,
  zeros,
} from '../../src/portable.ts';
import { toDouble } from '../../src/tensor/precision.ts';

const random = createRandom(11);
let drawn = 0;
const normal = (rows: number, width: number): Tensor =>
  new Tensor(random.fork(drawn++).fillNormal(new Float32Array(rows * width), 0, 1), [rows, width]);
const repeated = (row: readonly number[], times: number): Tensor =>
  tensor(Array.from({ length: times }, () => [...row]));
const numbers = (x: Tensor): number[] => Array.from(x.data);

describe('equal embeddings, the collapse, cost what is known in closed form', () => {
  test.each([1, 2, 5, 16])('%i items', (count) => {
    const same = repeated([3, -4, 1], count);
    for (const temperature of [0.05, 0.5, 2])
      expect(ntXentLoss(same, same, { temperature }).item()).toBeCloseTo(Math.log(2 * count - 1), 5);
    expect(infoNceLoss(same, same).item()).toBeCloseTo(Math.log(count), 5);
    expect(infoNceLoss(same, same, { symmetric: true }).item()).toBeCloseTo(Math.log(count), 5);
    expect(nPairsLoss(same, same).item()).toBeCloseTo(Math.log(count), 5);
    expect(nPairsLoss(same, same, { l2: 0.5 }).item()).toBeCloseTo(Math.log(count) + 0.5 * 26, 4);
    expect(simSiamLoss(same, same, same, same).item()).toBe(-1);
    expect(byolLoss(same, same, same, same).item()).toBe(0);
    expect(alignment(same, same).item()).toBe(0);
    expect(uniformity(same).item()).toBe(0);
    if (count < 2) return;
    expect(barlowTwinsLoss(same, same).item()).toBe(3);
    expect(vicRegLoss(same, same).item()).toBeCloseTo(25 * 0.99, 5);
  });

  test('with a gradient of 0: nothing leads out of it', () => {
    for (const loss of [ntXentLoss, infoNceLoss, nPairsLoss, barlowTwinsLoss, vicRegLoss, alignment]) {
      const [z1, z2] = [parameter(repeated([1, 2], 4)), parameter(repeated([1, 2], 4))];
      const gradients = backward(loss(z1, z2));
      for (const z of [z1, z2]) for (const g of numbers(gradients.get(z))) expect(Math.abs(g)).toBeLessThan(1e-6);
    }
  });
});

describe('known values', () => {
  const z1 = tensor([
    [1, 0],
    [0, 1],
  ]);

  test('two items at a right angle', () => {
    const e = Math.E;
    expect(ntXentLoss(z1, z1, { temperature: 1 }).item()).toBeCloseTo(Math.log(1 + 2 / e), 6);
    expect(infoNceLoss(z1, z1, { scale: 1 }).item()).toBeCloseTo(Math.log(1 + 1 / e), 6);
    expect(infoNceLoss(z1, z1).item()).toBeCloseTo(Math.log1p(Math.exp(-20)), 12);
    expect(nPairsLoss(z1, z1).item()).toBeCloseTo(Math.log(1 + 1 / e), 6);
    // Each finds the other's: the positives lie at a right angle, and a negative on the spot.
    const crossed = tensor([
      [0, 1],
      [1, 0],
    ]);
    expect(ntXentLoss(z1, crossed, { temperature: 1 }).item()).toBeCloseTo(Math.log(e + 2), 6);
    expect(simSiamLoss(z1, z1, crossed, crossed).item()).toBe(0);
    expect(byolLoss(z1, z1, crossed, crossed).item()).toBe(4);
    expect(alignment(z1, crossed).item()).toBeCloseTo(2, 6);
    expect(alignment(z1, crossed, { alpha: 1 }).item()).toBeCloseTo(Math.SQRT2, 6);
    expect(uniformity(z1, { t: 3 }).item()).toBeCloseTo(-6, 6);
  });

  test("Barlow Twins': alike and uncorrelated costs nothing but the epsilon; opposite, or doubled, what it must", () => {
    const z = tensor([
      [1, 1],
      [1, -1],
      [-1, 1],
      [-1, -1],
    ]);
    const part = 1 / (1 + 1e-5);
    expect(barlowTwinsLoss(z, z).item()).toBeCloseTo(2 * (1 - part) ** 2, 9);
    expect(barlowTwinsLoss(z, neg(z)).item()).toBeCloseTo(2 * (1 + part) ** 2, 5);
    // Both dimensions tell the same: two correlations of 1 off the diagonal.
    const twice = tensor([
      [1, 1],
      [-1, -1],
    ]);
    expect(barlowTwinsLoss(twice, twice, { lambda: 0.25 }).item()).toBeCloseTo(0.5 * part ** 2, 5);
  });

  test("VICReg's three parts, one by one", () => {
    const z = tensor([
      [1, 0],
      [-1, 0],
    ]);
    const only = { invariance: 0, variance: 0, covariance: 0 };
    expect(vicRegLoss(z, add(z, 2), { ...only, invariance: 3 }).item()).toBe(12);
    // Unbiased variances 2 and 0: the first dimension is wide enough, the second lacks 1 - 0.01.
    expect(vicRegLoss(z, z, { ...only, variance: 2 }).item()).toBeCloseTo(0.99, 6);
    const both = tensor([
      [1, 2],
      [-1, -2],
    ]);
    // A covariance of 4 at two places, squared, by 2 dimensions, in two views.
    expect(vicRegLoss(both, both, { ...only, covariance: 0.5 }).item()).toBeCloseTo(16, 5);
    expect(vicRegLoss(z, z, only).item()).toBe(0);
  });

  test("N-pairs' lengths: TensorFlow's 0.25 reg_lambda (mean |a|^2 + mean |p|^2) with reg_lambda = 2 l2", () => {
    const [a, p] = [normal(6, 3), normal(6, 3)];
    const squares = (x: Tensor) => sum(square(x)).item() / 6;
    const gained = nPairsLoss(a, p, { l2: 0.001 }).item() - nPairsLoss(a, p).item();
    expect(gained).toBeCloseTo(0.25 * 0.002 * (squares(a) + squares(p)), 6);
  });
});

describe('golden values of unit vectors at 0, 17, 41, 58, 90, 139 degrees', () => {
  const angles = [0, 17, 41, 58, 90, 139].map((degrees) => (degrees * Math.PI) / 180);
  const embeddings = toDouble(zeros([6, 2]));
  angles.forEach((angle, i) => embeddings.data.set([Math.cos(angle), Math.sin(angle)], 2 * i));

  /** For each ordered positive pair the negatives of its anchor and itself, no other positive: the mean over pairs. */
  function perPositivePair(x: Tensor, labels: Int32Array, temperature: number): number {
    const { same, different, positives } = relationsOf(labels);
    const unit = normalize(x);
    const likeness = mul(matmul(unit, transpose(unit)), 1 / temperature);
    const others = maskedLogSumExp(likeness, different);
    let total = 0;
    for (let i = 0; i < labels.length; i++) {
      for (let j = 0; j < labels.length; j++) {
        const s = likeness.data[i * labels.length + j];
        if (same.data[i * labels.length + j] === 1) total += Math.log(Math.exp(s) + Math.exp(others.data[i])) - s;
      }
    }
    return total / positives.reduce((sum, count) => sum + count, 0);
  }

  test('NT-Xent per positive pair, other positives excluded, t = 0.1', () => {
    expect(perPositivePair(embeddings, Int32Array.of(0, 0, 1, 1, 0, 2), 0.1)).toBeCloseTo(3.790277061532, 11);
  });

  test('with one positive each it is ntXentLoss, and supConLoss too', () => {
    const [z1, z2] = [toDouble(normal(5, 4)), toDouble(normal(5, 4))];
    const labels = Int32Array.of(0, 1, 2, 3, 4, 0, 1, 2, 3, 4);
    for (const temperature of [0.1, 0.5, 2]) {
      const loss = ntXentLoss(z1, z2, { temperature }).item();
      expect(loss).toBeCloseTo(perPositivePair(concat([z1, z2]), labels, temperature), 12);
      expect(loss).toBeCloseTo(supConLoss(concat([z1, z2]), labels, { temperature }).item(), 12);
    }
  });

  test('uniformity and alignment of the pairs of neighbors', () => {
    const chord = (i: number, j: number) => 2 - 2 * Math.cos(angles[i] - angles[j]);
    const pairs = angles.flatMap((_, i) => angles.slice(0, i).map((__, j) => Math.exp(-2 * chord(i, j))));
    expect(uniformity(embeddings).item()).toBeCloseTo(Math.log(pairs.reduce((a, b) => a + b) / 15), 14);
    const [even, odd] = [0, 1].map(
      (side) =>
        new Tensor(
          embeddings.data.filter((_, at) => Math.floor(at / 2) % 2 === side),
          [3, 2],
        ),
    );
    expect(alignment(even, odd).item()).toBeCloseTo((chord(0, 1) + chord(2, 3) + chord(4, 5)) / 3, 14);
  });
});

describe('how they are related', () => {
  const [z1, z2, p1, p2] = Array.from({ length: 4 }, () => normal(6, 5));

  test('BYOL is 4 + 4 SimSiam, item by item', () => {
    const simSiam = simSiamLoss(p1, p2, z1, z2, { reduction: 'none' });
    numbers(byolLoss(p1, p2, z1, z2, { reduction: 'none' })).forEach((value, i) =>
      expect(value).toBeCloseTo(4 + 4 * simSiam.data[i], 5),
    );
  });

  test('predictions meet the projection of the other view', () => {
    expect(simSiamLoss(z2, z1, z1, z2).item()).toBeCloseTo(-1, 6);
    expect(byolLoss(z2, z1, z1, z2).item()).toBeCloseTo(0, 5);
    expect(byolLoss(z1, z2, z1, z2).item()).toBeGreaterThan(0.5);
  });

  test('symmetric InfoNCE is the mean of both directions', () => {
    const [forth, back] = [infoNceLoss(z1, z2), infoNceLoss(z2, z1)].map((loss) => loss.item());
    expect(infoNceLoss(z1, z2, { symmetric: true }).item()).toBeCloseTo((forth + back) / 2, 5);
    expect(Math.abs(forth - back)).toBeGreaterThan(1e-3);
  });

  test('N-pairs of vectors of one length is InfoNCE', () => {
    const [a, b] = [mul(normalize(z1), 2), mul(normalize(z2), 2)];
    expect(nPairsLoss(a, b).item()).toBeCloseTo(infoNceLoss(z1, z2, { scale: 4 }).item(), 5);
  });

  type Reduced = (options: { reduction: 'mean' | 'sum' | 'none' }) => Tensor;
  test.each<[string, Reduced, number]>([
    ['ntXentLoss', (o) => ntXentLoss(z1, z2, o), 12],
    ['infoNceLoss', (o) => infoNceLoss(z1, z2, o), 6],
    ['nPairsLoss', (o) => nPairsLoss(z1, z2, o), 6],
    ['simSiamLoss', (o) => simSiamLoss(p1, p2, z1, z2, o), 6],
    ['byolLoss', (o) => byolLoss(p1, p2, z1, z2, o), 6],
    ['alignment', (o) => alignment(z1, z2, o), 6],
  ])('the reductions of %s', (_, loss, count) => {
    const items = loss({ reduction: 'none' });
    expect(items.shape).toEqual([count]);
    const total = numbers(items).reduce((a, b) => a + b, 0);
    expect(loss({ reduction: 'sum' }).item()).toBeCloseTo(total, 4);
    expect(loss({ reduction: 'mean' }).item()).toBeCloseTo(total / count, 5);
  });
});

describe('the stopped gradient of SimSiam and BYOL', () => {
  const [x1, x2] = [normal(6, 3), normal(6, 3)];
  const losses = [
    ['simSiamLoss', simSiamLoss, 1],
    ['byolLoss', byolLoss, 4],
  ] as const;

  test.each(losses)('of %s: none to the projections, whatever they come from', (_, loss) => {
    const [p1, p2, z1, z2] = Array.from({ length: 4 }, () => parameter(normal(4, 3)));
    for (const createGraph of [false, true]) {
      const gradients = backward(loss(p1, p2, z1, mul(z2, 2)), { createGraph });
      expect([p1, p2, z1, z2].map((x) => gradients.has(x))).toEqual([true, true, false, false]);
    }
    const [c1, c2] = [normal(4, 3), normal(4, 3)];
    expect(loss(c1, c2, p1, p2).node).toBeUndefined();
  });

  test.each(losses)('of %s through an encoder is that with the projections computed apart', (_, loss) => {
    const [w, h] = [parameter(normal(4, 3)), parameter(normal(4, 4))];
    const [z1, z2] = [linear(x1, w), linear(x2, w)];
    const shared = backward(loss(linear(z1, h), linear(z2, h), z1, z2));
    const [c1, c2] = noGrad(() => [linear(x1, w), linear(x2, w)]);
    const apart = backward(loss(linear(linear(x1, w), h), linear(linear(x2, w), h), c1, c2));
    for (const x of [w, h]) expect(numbers(shared.get(x))).toEqual(numbers(apart.get(x)));
    expect(Math.max(...numbers(shared.get(w)).map(Math.abs))).toBeGreaterThan(1e-3);
  });

  test.each(losses)('of %s lasts in a scope', (_, loss) => {
    const w = parameter(normal(3, 3));
    const of = () => {
      const [z1, z2] = [linear(x1, w), linear(x2, w)];
      return backward(loss(relu(z1), relu(z2), z1, z2)).get(w);
    };
    expect(numbers(scope(of))).toEqual(numbers(of()));
  });

  test.each(losses)('of %s: first and second derivatives of the predictions', (_, loss) => {
    const [z1, z2] = [toDouble(normal(4, 3)), toDouble(normal(4, 3))];
    const fn = (p1: Tensor, p2: Tensor) => loss(p1, p2, z1, z2);
    expect(gradcheck(fn, [normal(4, 3), normal(4, 3)]).ok).toBe(true);
    expect(gradgradcheck(fn, [normal(4, 3), normal(4, 3)]).ok).toBe(true);
  });
});

describe('learning from two views of three groups', () => {
  /** Two views of points: what they share is in the first two numbers, the third is noise. */
  const views = (step: number): readonly [Tensor, Tensor] => {
    const stream = createRandom(5).fork(step);
    const [one, other] = [[], []] as [number[][], number[][]];
    for (let i = 0; i < 24; i++) {
      const [u, v] = [stream.normal(), stream.normal()];
      for (const view of [one, other])
        view.push([u + 0.1 * stream.normal(), v + 0.1 * stream.normal(), stream.normal()]);
    }
    return [tensor(one), tensor(other)];
  };

  function trained(loss: (z1: Tensor, z2: Tensor) => Tensor) {
    const weights = createRandom(1);
    const encoder = new Sequential(
      new Linear(3, 16, { random: weights.fork(0) }),
      relu,
      new Linear(16, 4, { random: weights.fork(1) }),
    );
    const optimizer = new Adam(encoder, { learningRate: 0.02 });
    const of = (step: number) => views(step).map((x) => encoder.forward(x));
    for (let step = 0; step < 150; step++) {
      optimizer.step(
        scope(() => {
          const [z1, z2] = of(step);
          return backward(loss(z1, z2));
        }),
      );
    }
    const [z1, z2] = of(1000);
    return { report: diagnoseEmbeddings(z1), alignment: alignment(z1, z2).item() };
  }

  test.each<[string, (z1: Tensor, z2: Tensor) => Tensor]>([
    ['ntXentLoss', ntXentLoss],
    ['infoNceLoss', infoNceLoss],
    ['nPairsLoss', (z1, z2) => nPairsLoss(z1, z2, { l2: 0.01 })],
    ['barlowTwinsLoss', barlowTwinsLoss],
    ['vicRegLoss', vicRegLoss],
    ['alignment and uniformity', (z1, z2) => add(alignment(z1, z2), uniformity(z1))],
  ])('%s brings views together and keeps items apart', (_, loss) => {
    const { report, alignment: apart } = trained(loss);
    expect(report.warnings).toEqual([]);
    expect(report.deviation.mean).toBeGreaterThan(0.5 * report.deviation.even);
    // Of items, two lie at a squared distance of about 2.
    expect(apart).toBeLessThan(0.4);
  });

  test('VICReg without its variance and covariance collapses', () => {
    const { report } = trained((z1, z2) => vicRegLoss(z1, z2, { variance: 0, covariance: 0 }));
    expect(report.warnings[0]).toMatch(/^embeddings are all nearly alike \(collapse\)/);
  });
});

test('parameters are no constants: a projection that is one gets no gradient either', () => {
  const z = new Parameter(Float32Array.of(1, 2), [1, 2]);
  expect(simSiamLoss(z, z, z, z).item()).toBe(-1);
  expect(numbers(backward(simSiamLoss(z, sub(z, 1), z, z)).get(z)).every(Number.isFinite)).toBe(true);
});
