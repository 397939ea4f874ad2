import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { asDistance } from '../../src/autograd/measure.ts';
import { add, mul } from '../../src/autograd/ops/arithmetic.ts';
import { cosineDistance, euclidean, squaredEuclidean } from '../../src/autograd/ops/distances.ts';
import { pairwiseDistances } from '../../src/autograd/ops/pairwiseDistances.ts';
import { slice } from '../../src/autograd/ops/rearrange.ts';
import { sum } from '../../src/autograd/ops/reductions.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { backward, noGrad } from '../../src/autograd/tape.ts';
import { batchTripletLoss } from '../../src/losses/batchTripletLoss.ts';
import { contrastiveLoss } from '../../src/losses/contrastiveLoss.ts';
import { mineBatchHard } from '../../src/losses/mineBatchHard.ts';
import { tripletLoss } from '../../src/losses/tripletLoss.ts';
import { full, tensor, zeros } from '../../src/tensor/create.ts';
import { intTensor } from '../../src/tensor/intTensor.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

/** losses.md: unit vectors at these angles, with labels, and values computed in double precision from the formulas. */
const angles = [0, 17, 41, 58, 90, 139].map((degrees) => (degrees * Math.PI) / 180);
const labels = [0, 0, 1, 1, 0, 2];
const golden = tensor(angles.map((a) => [Math.cos(a), Math.sin(a)]));
const pairs = angles.flatMap((_, i) => angles.slice(i + 1).map((_, j) => [i, i + 1 + j] as const));
const rows = (indices: readonly number[]) => tensor(indices.map((i) => [Math.cos(angles[i]), Math.sin(angles[i])]));

describe('golden values', () => {
  test('Hadsell with margin 1 over the 15 pairs is half of ours', () => {
    const distance = euclidean(rows(pairs.map(([i]) => i)), rows(pairs.map(([, j]) => j)));
    const different = pairs.map(([i, j]) => labels[i] !== labels[j]);
    expect(contrastiveLoss(distance, { different }).item() / 2).toBeCloseTo(0.145709927831, 6);
  });

  const triplets = angles
    .flatMap((_, a) => angles.flatMap((_, p) => angles.map((_, n) => [a, p, n] as const)))
    .filter(([a, p, n]) => a !== p && labels[a] === labels[p] && labels[a] !== labels[n]);
  const loss = (options: Parameters<typeof tripletLoss>[3]) =>
    tripletLoss(
      rows(triplets.map(([a]) => a)),
      rows(triplets.map(([, p]) => p)),
      rows(triplets.map(([, , n]) => n)),
      options,
    ).item();

  test.each([
    ['euclidean, mean of the active', { distance: 'euclidean', margin: 0.2, reduction: 'meanNonZero' }, 0.664376587412],
    ['euclidean, mean', { distance: 'euclidean', margin: 0.2 }, 0.306635348036],
    ['squared, mean of the active', { margin: 0.2, reduction: 'meanNonZero' }, 1.154306511724],
    ['squared, mean', { margin: 0.2 }, 0.532756851565],
    ['cosine, mean of the active', { distance: 'cosine', margin: 0.2, reduction: 'meanNonZero' }, 0.632121723887],
    [
      'swap, mean of the active',
      { distance: 'euclidean', margin: 0.2, swap: true, reduction: 'meanNonZero' },
      0.661700968853,
    ],
    ['soft with margin', { distance: 'euclidean', margin: 0.2, soft: true }, 0.765108446817],
    ['soft without margin', { distance: 'euclidean', soft: true }, 0.668045859231],
  ] as const)('triplets: %s', (_, options, expected) => {
    expect(triplets.length).toBe(26);
    expect(loss(options)).toBeCloseTo(expected, 6);
  });

  test('batch-hard over the five valid anchors', () => {
    expect(batchTripletLoss(golden, labels, { distance: 'euclidean', margin: 0.2 }).item()).toBeCloseTo(
      0.606071056617,
      6,
    );
  });
});

describe('hand-worked gradients', () => {
  test('contrastive: 2 D for a same pair, -2 (m - D) within the margin, 0 from it on', () => {
    const d = parameter(tensor([0.5, 0.25, 1, 3]));
    const loss = contrastiveLoss(asDistance(d), { different: [0, 1, 1, 1] }, { margin: 1, reduction: 'sum' });
    expect(loss.item()).toBe(0.25 + 0.5625);
    expect(backward(loss).get(d).toArray()).toEqual([1, -1.5, 0, 0]);
  });

  test('contrastive: a pair whose squared distance leaves float32 costs what its label says', () => {
    const d = parameter(tensor([2e20, 0]));
    const loss = contrastiveLoss(asDistance(d), { different: [1, 0] });
    expect(loss.item()).toBe(0);
    expect(Array.from(backward(loss).get(d).data, (g) => g + 0)).toEqual([0, 0]);
    expect(contrastiveLoss(asDistance(d), { different: [0, 0] }).item()).toBe(Infinity);
    // And the other way round, for a margin whose square leaves float32.
    expect(contrastiveLoss(asDistance(tensor([1])), { different: [0] }, { margin: 1e30 }).item()).toBe(1);
  });

  test('a mean is rounded once', () => {
    const distance = asDistance(full([41], 1));
    const same = new Array<number>(41).fill(1);
    expect(contrastiveLoss(distance, { same }).item()).toBe(1);
    expect(contrastiveLoss(distance, { same }, { reduction: 'meanNonZero' }).item()).toBe(1);
    const large = asDistance(full([2], 1.8e19));
    expect(contrastiveLoss(large, { same: [1, 1] }).item() / 3.24e38).toBeCloseTo(1, 6);
    expect(contrastiveLoss(large, { same: [1, 1] }, { reduction: 'meanNonZero' }).item() / 3.24e38).toBeCloseTo(1, 6);
  });

  test('triplet: 2 (n - p), 2 (p - a), 2 (a - n)', () => {
    const [a, p, n] = [
      [0, 0],
      [1, 0],
      [0, 1.5],
    ].map((row) => parameter(tensor([row])));
    const gradients = backward(tripletLoss(a, p, n, { margin: 2 }));
    // + 0 turns -0 into 0.
    expect([a, p, n].map((x) => Array.from(gradients.get(x).data, (g) => g + 0))).toEqual([
      [-2, 3],
      [2, 0],
      [0, -3],
    ]);
  });

  test('a satisfied triplet has loss and gradient 0', () => {
    const [a, p, n] = [[0], [0.1], [5]].map((row) => parameter(tensor([row])));
    const loss = tripletLoss(a, p, n);
    expect(loss.item()).toBe(0);
    expect(Math.abs(backward(loss).get(n).item())).toBe(0);
  });
});

describe('identical embeddings', () => {
  test.each([
    ['euclidean', euclidean],
    ['squaredEuclidean', squaredEuclidean],
    ['cosine', cosineDistance],
  ] as const)('contrastive over %s: gradient 0, no NaN', (_, distance) => {
    for (const row of [
      [0.3, -0.7, 2],
      [0, 0, 0],
    ]) {
      const a = parameter(tensor([row, row]));
      const b = parameter(tensor([row, row]));
      const gradients = backward(contrastiveLoss(distance(a, b), { different: [0, 1] }));
      expect([...gradients.get(a).data, ...gradients.get(b).data].every((g) => g === 0)).toBe(true);
    }
  });

  test('triplet: loss is the margin, gradient 0', () => {
    for (const distance of ['squaredEuclidean', 'euclidean', 'cosine'] as const) {
      const [a, p, n] = [0, 1, 2].map(() => parameter(tensor([[0.3, -0.7]])));
      const loss = tripletLoss(a, p, n, { margin: 0.5, distance });
      expect(loss.item()).toBe(0.5);
      const gradients = backward(loss);
      expect(
        [a, p, n].flatMap((x) => [...gradients.get(x).data]).every((g) => g === 0),
        distance,
      ).toBe(true);
    }
  });
});

const batch = fc.integer({ min: 0, max: 1_000_000 }).map((seed) => {
  const random = createRandom(seed);
  const normal = () => new Tensor(random.fillNormal(new Float32Array(12), 0, 0.7), [4, 3]);
  return {
    a: normal(),
    b: normal(),
    c: normal(),
    different: Array.from({ length: 4 }, () => random.integer(2)),
    random,
  };
});

/** x + step * (y - x), row by row, for the rows that are chosen. */
const toward = (x: Tensor, y: Tensor, step: number, chosen: (row: number) => boolean): Tensor =>
  new Tensor(
    x.data.map((v, i) => (chosen(Math.floor(i / 3)) ? v + step * (y.data[i] - v) : v)),
    x.shape,
  );

describe('directions', () => {
  property.prop([batch])(
    'contrastive: nearer same pairs and farther different ones never cost more',
    ({ a, b, different }) => {
      const loss = (x: Tensor) => contrastiveLoss(euclidean(x, b), { different }).item();
      expect(loss(toward(a, b, 0.1, (i) => different[i] === 0))).toBeLessThanOrEqual(loss(a) + 1e-7);
      expect(loss(toward(a, b, -0.1, (i) => different[i] === 1))).toBeLessThanOrEqual(loss(a) + 1e-7);
    },
  );

  property.prop([batch])(
    'contrastive: a gradient step brings each same pair nearer and each active different pair apart',
    ({ a, b, different }) => {
      const x = parameter(a);
      const before = euclidean(x, b);
      const g = backward(contrastiveLoss(before, { different }, { margin: 2 })).get(x);
      const after = euclidean(
        noGrad(() => add(x, mul(g, -0.01))),
        b,
      );
      different.forEach((flag, i) => {
        if (flag === 0) expect(after.data[i]).toBeLessThan(before.data[i]);
        else if (before.data[i] < 2) expect(after.data[i]).toBeGreaterThan(before.data[i]);
        else expect(after.data[i]).toBe(before.data[i]);
      });
    },
  );

  property.prop([batch])(
    'contrastive: swapping the twins and the meaning of the label changes nothing',
    ({ a, b, different }) => {
      const value = contrastiveLoss(euclidean(a, b), { different }).item();
      expect(contrastiveLoss(euclidean(b, a), { different }).item()).toBe(value);
      expect(contrastiveLoss(euclidean(a, b), { same: different.map((y) => 1 - y) }).item()).toBe(value);
      expect(contrastiveLoss(euclidean(a, b), { different: different.map((y) => y === 1) }).item()).toBe(value);
      expect(contrastiveLoss(euclidean(a, b), { different: tensor(different) }).item()).toBe(value);
      expect(contrastiveLoss(euclidean(a, b), { different: intTensor(Int32Array.from(different), [4]) }).item()).toBe(
        value,
      );
    },
  );

  property.prop([batch, fc.constantFrom('squaredEuclidean', 'euclidean', 'cosine')])(
    'triplet: a gradient step brings the positive nearer than the negative',
    ({ a, b, c }, distance) => {
      const [x, p, n] = [parameter(a), parameter(b), parameter(c)];
      const each = () => tripletLoss(x, p, n, { distance, margin: 1, reduction: 'none' });
      const before = each();
      const gradients = backward(sum(before));
      // A cosine bends within the length of its row: the shorter the rows of a triplet, the shorter the step.
      const squares = (t: Tensor, row: number) => t.data.slice(3 * row, 3 * row + 3).reduce((s, v) => s + v * v, 0);
      const steps = [0, 1, 2, 3].map((row) => 1e-3 * Math.min(1, ...[x, p, n].map((t) => squares(t, row))));
      for (const t of [x, p, n])
        for (let i = 0; i < t.size; i++) t.data[i] -= steps[Math.floor(i / 3)] * gradients.get(t).data[i];
      const after = each();
      before.data.forEach((v, i) => expect(after.data[i]).toBeLessThanOrEqual(v + 1e-6));
      expect(before.data.some((v, i) => v > 0 && after.data[i] < v) || before.data.every((v) => v === 0)).toBe(true);
    },
  );

  property.prop([batch])('losses do not mind the order of the batch, nor a rotation', ({ a, b, c, different }) => {
    const order = [2, 0, 3, 1];
    const permute = (x: Tensor) =>
      new Tensor(Float32Array.from(order.flatMap((row) => [...x.data.subarray(3 * row, 3 * row + 3)])), x.shape);
    const rotate = (x: Tensor) =>
      new Tensor(
        x.data.map((v, i) =>
          i % 3 === 0 ? 0.6 * v - 0.8 * x.data[i + 1] : i % 3 === 1 ? 0.8 * x.data[i - 1] + 0.6 * v : v,
        ),
        x.shape,
      );
    const pair = (f: (x: Tensor) => Tensor, y: readonly number[]) =>
      contrastiveLoss(euclidean(f(a), f(b)), { different: y }).item();
    const triple = (f: (x: Tensor) => Tensor) => tripletLoss(f(a), f(b), f(c)).item();
    expect(
      pair(
        permute,
        order.map((i) => different[i]),
      ),
    ).toBeCloseTo(
      pair((x) => x, different),
      5,
    );
    expect(pair(rotate, different)).toBeCloseTo(
      pair((x) => x, different),
      5,
    );
    expect(triple(permute)).toBeCloseTo(
      triple((x) => x),
      4,
    );
    expect(triple(rotate)).toBeCloseTo(
      triple((x) => x),
      4,
    );
  });
});

describe('batch-hard mining', () => {
  property.prop([
    fc.integer({ min: 0, max: 100_000 }),
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 4 }),
    fc.constantFrom('euclidean', 'squaredEuclidean', 'cosine'),
  ])('equals a naive double loop', (seed, count, classes, distance) => {
    const random = createRandom(seed);
    // Few different values, so that ties occur.
    const x = new Tensor(
      Float32Array.from({ length: count * 2 }, () => random.integer(3) + 1),
      [count, 2],
    );
    const y = Array.from({ length: count }, () => random.integer(classes));
    const d = pairwiseDistances(x, x, { metric: distance });
    const at = (i: number, j: number) => d.data[i * count + j];
    const all = Array.from({ length: count }, (_, i) => i);
    const expected = all.flatMap((a) => {
      const positives = all.filter((i) => i !== a && y[i] === y[a]);
      const negatives = all.filter((i) => y[i] !== y[a]);
      if (positives.length === 0 || negatives.length === 0) return [];
      const far = Math.max(...positives.map((i) => at(a, i)));
      const near = Math.min(...negatives.map((i) => at(a, i)));
      return [[a, positives.find((i) => at(a, i) === far), negatives.find((i) => at(a, i) === near)]];
    });
    const { anchors, positives, negatives } = mineBatchHard(x, y, { distance });
    expect([...anchors].map((a, i) => [a, positives[i], negatives[i]])).toEqual(expected);
  });

  test('one class only: no triplet, loss 0 with a live graph', () => {
    const x = parameter(golden);
    const loss = batchTripletLoss(x, [1, 1, 1, 1, 1, 1]);
    expect(loss.item()).toBe(0);
    expect(
      backward(loss)
        .get(x)
        .data.every((g) => g === 0),
    ).toBe(true);
    expect(mineBatchHard(x, new Int32Array(6)).anchors.length).toBe(0);
  });

  test('labels keep ids above 2^24 apart', () => {
    expect(mineBatchHard(tensor([[0], [1], [2]]), [16_777_216, 16_777_217, 16_777_216]).anchors).toEqual(
      Int32Array.of(0, 2),
    );
  });

  test.each([
    [
      'a float tensor as labels',
      () => batchTripletLoss(golden, tensor(labels) as never),
      TypeError,
      /float Tensor cannot hold ids above 2\^24/,
    ],
    [
      'labels of another number',
      () => batchTripletLoss(golden, [1, 2]),
      RangeError,
      /expected embeddings \[N, D\] and N labels; got \[6, 2\] and \[2\]/,
    ],
    ['a fractional label', () => mineBatchHard(golden, [0, 0.5, 1, 1, 1, 1]), RangeError, /labels\[1\] is 0\.5/],
    [
      'a NaN embedding',
      () => mineBatchHard(tensor([[0], [Number.NaN]]), [0, 0]),
      RangeError,
      /distance of rows 0 and 1 is NaN/,
    ],
    [
      'unknown mining',
      () => batchTripletLoss(golden, labels, { mining: 'soft' as never }),
      RangeError,
      /unknown mining 'soft'/,
    ],
  ] as const)('refuses %s', (_, fn, kind, message) => {
    expect(fn).toThrow(kind);
    expect(fn).toThrow(message);
  });
});

describe('bad input', () => {
  const distance = asDistance(tensor([0.5, 0.5]));
  const [a, b] = [zeros([2, 3]), zeros([2, 3])];
  test.each([
    [
      'a label other than 0 and 1',
      () => contrastiveLoss(distance, { different: [0, 2] }),
      RangeError,
      /different\[1\] is 2; expected 0 or 1/,
    ],
    [
      'a label of -1, as cosine embedding losses use',
      () => contrastiveLoss(distance, { same: [1, -1] }),
      RangeError,
      /same\[1\] is -1/,
    ],
    [
      'a NaN label',
      () => contrastiveLoss(distance, { different: tensor([Number.NaN, 1]) }),
      RangeError,
      /different\[0\] is NaN/,
    ],
    [
      'too few labels',
      () => contrastiveLoss(distance, { different: [0] }),
      RangeError,
      /2 pairs need 2 labels; got \[2\] and \[1\]/,
    ],
    [
      'labels without their meaning',
      () => contrastiveLoss(distance, {} as never),
      TypeError,
      /\{ different: y \} or \{ same: y \}/,
    ],
    [
      'both meanings',
      () => contrastiveLoss(distance, { different: [0, 1], same: [0, 1] } as never),
      TypeError,
      /contrastiveLoss: both 'different' and 'same' are given\. Pass one of them\./,
    ],
    [
      'no labels',
      () => contrastiveLoss(distance, undefined as never),
      TypeError,
      /contrastiveLoss: say what the labels mean/,
    ],
    [
      'bare labels',
      () => contrastiveLoss(distance, new Uint8Array([0, 1]) as never),
      TypeError,
      /contrastiveLoss: say what the labels mean/,
    ],
    [
      'a distance named like a property of every object',
      () => tripletLoss(a, b, b, { distance: 'constructor' as never }),
      RangeError,
      /tripletLoss: unknown distance 'constructor'/,
    ],
    [
      'a plain tensor',
      () => contrastiveLoss(tensor([1, 2]) as never, { different: [0, 1] }),
      TypeError,
      /must be a Distance.*asDistance/,
    ],
    [
      'distances of rank 2',
      () => contrastiveLoss(asDistance(zeros([2, 2])), { different: [0, 1, 0, 1] }),
      RangeError,
      /distances must be \[N\]; got \[2, 2\]/,
    ],
    [
      'a margin of 0',
      () => contrastiveLoss(distance, { different: [0, 1] }, { margin: 0 }),
      RangeError,
      /margin must be a finite number above 0; got 0/,
    ],
    [
      'a NaN margin',
      () => tripletLoss(a, b, b, { margin: Number.NaN }),
      RangeError,
      /margin must be a finite number above 0; got NaN/,
    ],
    [
      'a cosine margin above 2',
      () => contrastiveLoss(cosineDistance(a, b), { different: [0, 1] }, { margin: 2.5 }),
      RangeError,
      /margin of 2\.5 can never be satisfied by a distance of at most 2/,
    ],
    [
      'a cosine triplet margin above 2',
      () => tripletLoss(a, b, b, { distance: 'cosine', margin: 3 }),
      RangeError,
      /can never be satisfied/,
    ],
    [
      'an unknown distance',
      () => tripletLoss(a, b, b, { distance: 'hamming' as never }),
      RangeError,
      /unknown distance 'hamming'/,
    ],
    [
      'an unknown reduction',
      () => tripletLoss(a, b, b, { reduction: 'max' as never }),
      RangeError,
      /unknown reduction 'max'/,
    ],
    [
      'shapes that differ',
      () => tripletLoss(a, b, zeros([1, 3])),
      RangeError,
      /both must be \[N, D\]; got \[2, 3\] and \[1, 3\]/,
    ],
  ] as const)('refuses %s', (_, fn, kind, message) => {
    expect(fn).toThrow(kind);
    expect(fn).toThrow(message);
  });

  test('an empty batch gives 0 with a live graph', () => {
    const x = parameter(zeros([0, 3]));
    for (const loss of [
      contrastiveLoss(euclidean(x, zeros([0, 3])), { different: [] }),
      tripletLoss(x, x, x),
      batchTripletLoss(x, []),
    ]) {
      expect(loss.item()).toBe(0);
      expect(backward(loss).get(x).shape).toEqual([0, 3]);
    }
    expect(slice(x, [[0, 0]]).size).toBe(0);
  });
});
