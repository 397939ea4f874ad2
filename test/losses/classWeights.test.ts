import { describe, expect, test } from 'vitest';
import * as t from '../../src/portable.ts';
import { toDouble } from '../../src/tensor/precision.ts';
import { errorOf } from '../errors.ts';
import { bars, barsTwin } from '../siamese/fixtures/bars.ts';

const random = t.createRandom(3);
const double = (rows: readonly (readonly number[])[]): t.Tensor => {
  const x = toDouble(t.zeros([rows.length, rows[0].length]));
  x.data.set(rows.flat());
  return x;
};
const at = (angle: number): number[] => [Math.cos(angle), Math.sin(angle), 0];
/** The gradient of a loss with respect to its embeddings. */
function slopes(x: t.Tensor, loss: (x: t.Tensor) => t.Tensor): number[] {
  const leaf = new t.Parameter(x.data.slice(), x.shape);
  return Array.from(t.backward(loss(leaf)).get(leaf).data);
}

describe('arcFaceLoss', () => {
  /** Weights at cosine 0.8 and 0.3 of the embedding. */
  const known = double([0.8, 0.3].map((cosine) => [cosine, Math.sqrt(1 - cosine * cosine)]));

  test('has the logits and the loss computed from its formula in double precision', () => {
    const logits = [64 * Math.cos(Math.acos(0.8) + 0.5), 64 * 0.3];
    expect(logits[0]).toBeCloseTo(26.522286486, 9);
    expect(logits[1]).toBeCloseTo(19.2, 12);
    const loss = t.arcFaceLoss(double([[1, 0]]), known, [0]).item();
    expect(loss).toBeCloseTo(6.604317828e-4, 13);
    expect(loss).toBeCloseTo(Math.log1p(Math.exp(logits[1] - logits[0])), 15);
    const single = (x: t.Tensor) => new t.Tensor(Float32Array.from(x.data), x.shape);
    expect(t.arcFaceLoss(t.tensor([[1, 0]]), single(known), [0]).item()).toBeCloseTo(6.604317828e-4, 7);
  });

  /** The logit of the own class at an angle, with another weight across, where the loss is log(1 + exp(-logit)). */
  const logit = (angle: number, margin: number): number => {
    const weight = double([at(0), [0, 0, 1]]);
    const loss = t.arcFaceLoss(double([at(angle)]), weight, [0], { scale: 1, margin }).item();
    return -Math.log(Math.expm1(loss));
  };
  const angles = Array.from({ length: 201 }, (_, k) => (Math.PI * k) / 200);

  test.each([0, 0.5, 1.2, 2.33])('is cos(t + %s) up to pi, then falls on as the cosine less m sin m', (margin) => {
    const logits = angles.map((angle) => logit(angle, margin));
    angles.forEach((angle, k) => {
      const beyond = Math.cos(angle) - margin * Math.sin(margin);
      expect(logits[k], `at ${angle}`).toBeCloseTo(
        angle + margin < Math.PI ? Math.cos(angle + margin) : margin === 0 ? Math.cos(angle) : beyond,
        9,
      );
      if (k > 0) expect(logits[k], `at ${angle}`).toBeLessThan(logits[k - 1]);
    });
  });

  test('rises where the continuation begins for margins above 2.33', () => {
    const logits = angles.map((angle) => logit(angle, 2.4));
    expect(logits.some((value, k) => k > 0 && value > logits[k - 1])).toBe(true);
  });

  test('keeps the digits of the slope at small angles and next to pi, where the root of 1 - cos^2 has none', () => {
    for (const angle of [1e-2, 1e-3, 1e-4, 1e-5]) {
      for (const offset of [0, Math.PI]) {
        const options = { scale: 1, margin: offset === 0 ? 0.5 : 0 };
        const x = t.tensor([at(angle + offset)]);
        const weight = t.tensor([
          [1, 0, 0],
          [0, 0, 1],
        ]);
        const found = slopes(x, (e) => t.arcFaceLoss(e, weight, [0], options));
        const exact = slopes(toDouble(x), (e) => t.arcFaceLoss(e, toDouble(weight), [0], options));
        const size = Math.max(...exact.map(Math.abs));
        found.forEach((value, i) => {
          expect(Math.abs(value - exact[i]), `${angle + offset}`).toBeLessThan(2e-6 * Math.max(1, size));
        });
      }
    }
  });

  test('turns an embedding towards its class however near it is', () => {
    const [along, across] = slopes(t.tensor([at(1e-4)]), (e) =>
      t.arcFaceLoss(e, t.tensor([at(0), [0, 0, 1]]), [0], { scale: 1 }),
    );
    const p = 1 / (1 + Math.exp(Math.cos(0.5001)));
    expect(along).toBeCloseTo(0, 4);
    expect(across).toBeCloseTo(p * Math.sin(0.5001), 5);
  });
});

test('cosFaceLoss takes the margin off the cosine of the own class', () => {
  const weight = t.tensor([
    [2, 0],
    [0, 5],
  ]);
  const losses = t.cosFaceLoss(
    t.tensor([
      [3, 0],
      [0, 1],
      [1, 1],
    ]),
    weight,
    [0, 0, 1],
    { scale: 4, reduction: 'none' },
  );
  const gaps = [-0.65, 1.35, 0.35];
  gaps.forEach((gap, i) => {
    expect(losses.data[i]).toBeCloseTo(Math.log1p(Math.exp(4 * gap)), 6);
  });
});

describe('proxyNcaLoss', () => {
  const x = t.tensor(random.fork('x').fillNormal(new Float32Array(15), 0, 1), [5, 3]);
  const labels = [0, 2, 1, 1, 0];

  test('leaves the own proxy out of the sum: below 0 where the own one is nearest by far', () => {
    const proxies = t.tensor([
      [1, 0],
      [0, 1],
      [-1, 0],
    ]);
    const own = t.proxyNcaLoss(t.tensor([[1, 0]]), proxies, [0]).item();
    expect(own).toBeCloseTo(Math.log(Math.exp(-2) + Math.exp(-4)), 6);
    expect(own).toBeLessThan(-1.8);
    const least = t.tensor([
      [1, 0],
      [-1, 0],
      [-3, 0],
    ]);
    expect(t.proxyNcaLoss(t.tensor([[1, 0]]), least, [0], { scale: 2 }).item()).toBeCloseTo(Math.log(2) - 8, 5);
  });

  test('with it in the sum it is the cross-entropy of the scores, log(1 + e^loss)', () => {
    const proxies = new t.ProxyNcaLoss(3, 4, { random, scale: 3 });
    const published = proxies.loss(x, labels, { reduction: 'none' });
    const withOwn = t.crossEntropy(proxies.forward(x), labels, { reduction: 'none' });
    t.softplus(published).data.forEach((value, i) => {
      expect(withOwn.data[i]).toBeCloseTo(value, 5);
    });
  });
});

describe('proxyAnchorLoss', () => {
  const axes = t.tensor([
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ]);
  const soft = (v: number) => Math.log1p(Math.exp(v));

  test('divides the pull by the proxies with embeddings in the batch, the push by all', () => {
    const one = t.proxyAnchorLoss(t.slice(axes, [[0, 1]]), axes, [0], { alpha: 1 }).item();
    expect(one).toBeCloseTo(soft(-0.9) + (2 * soft(0.1)) / 3, 6);
    const two = t.proxyAnchorLoss(t.slice(axes, [[0, 2]]), axes, [0, 1], { alpha: 1 }).item();
    const others = Math.log(1 + 2 * Math.exp(0.1));
    expect(two).toBeCloseTo((2 * soft(-0.9)) / 2 + (2 * soft(0.1) + others) / 3, 6);
  });

  test('the least alike of a class is pulled most', () => {
    const x = double([at(0.3), at(0.9), at(0.6)]);
    const g = slopes(x, (e) => t.proxyAnchorLoss(e, double([at(0), [0, 0, 1]]), [0, 0, 0], { alpha: 8 }));
    // In the plane of the class; the other proxy pushes all across it alike.
    const pulls = [0, 1, 2].map((i) => Math.hypot(g[3 * i], g[3 * i + 1]));
    expect(pulls[1]).toBeGreaterThan(2 * pulls[2]);
    expect(pulls[2]).toBeGreaterThan(2 * pulls[0]);
  });
});

test('the ends of the ranges of margins', () => {
  const [x, weight] = [
    t.tensor([[1, 0]]),
    t.tensor([
      [1, 0],
      [0, 1],
    ]),
  ];
  const end = (gap: number) => Math.log1p(Math.exp(gap));
  expect(t.cosFaceLoss(x, weight, [0], { scale: 1, margin: 0 }).item()).toBeCloseTo(end(-1), 6);
  expect(t.cosFaceLoss(x, weight, [0], { scale: 1, margin: 2 }).item()).toBeCloseTo(end(1), 6);
  expect(t.arcFaceLoss(x, weight, [0], { scale: 1, margin: 0 }).item()).toBeCloseTo(end(-1), 6);
  for (const margin of [0, 1]) {
    const loss = t.proxyAnchorLoss(x, weight, [0], { alpha: 1, margin }).item();
    expect(loss).toBeCloseTo(end(margin - 1) + end(margin) / 2, 6);
  }
});

test('ids that are no numbers of classes are mapped to them', () => {
  const ids = [70_000_001, -5, 70_000_002, 70_000_001];
  const numbers = new Map([...new Set(ids)].map((id, c) => [id, c]));
  const labels = ids.map((id) => numbers.get(id) ?? -1);
  const arcFace = new t.ArcFaceLoss(3, numbers.size, { random });
  expect(labels).toEqual([0, 1, 2, 0]);
  expect(arcFace.loss(t.ones([4, 3]), labels).item()).toBeGreaterThan(0);
  expect(errorOf(RangeError, () => arcFace.loss(t.ones([4, 3]), ids)).message).toBe(
    'arcFaceLoss: labels[0] is 70000001, but the weight has 3 classes. Number the classes from 0, with a Map from the ids to their numbers.',
  );
});

interface ClassModule extends t.Module {
  readonly weight: t.Parameter;
  forward(x: t.Tensor): t.Tensor;
  loss(x: t.Tensor, labels: t.Integers, options?: t.LossOptions): t.Tensor;
}
interface Kind {
  /** With settings that are not the defaults. */
  readonly make: (size: number, classes: number, options: t.ClassWeightOptions) => ClassModule;
  /** The function with the same settings. */
  readonly loss: (x: t.Tensor, weight: t.Tensor, labels: readonly number[]) => t.Tensor;
  /** The scores by cosine. */
  readonly score: (cosine: number) => number;
  /** The loss of the module and of the function where no settings are given. */
  readonly defaults: (x: t.Tensor, labels: readonly number[]) => readonly [t.Tensor, t.Tensor];
  readonly wrong: readonly (readonly [call: () => unknown, message: string])[];
}
const wide = { random, margin: 4 };
const kinds: Record<string, Kind> = {
  ArcFaceLoss: {
    make: (size, classes, options) => new t.ArcFaceLoss(size, classes, { ...options, scale: 12, margin: 0.3 }),
    loss: (x, weight, labels) => t.arcFaceLoss(x, weight, labels, { scale: 12, margin: 0.3 }),
    score: (cosine) => 12 * cosine,
    defaults: (x, labels) => {
      const module = new t.ArcFaceLoss(4, 3, { random });
      return [module.loss(x, labels), t.arcFaceLoss(x, module.weight, labels)];
    },
    wrong: [
      [() => new t.ArcFaceLoss(2, 2, { random, scale: 0 }), 'scale must be a finite number above 0; got 0.'],
      [() => new t.ArcFaceLoss(2, 2, wide), 'margin must be an angle in radians, at least 0 and below pi; got 4.'],
    ],
  },
  CosFaceLoss: {
    make: (size, classes, options) => new t.CosFaceLoss(size, classes, { ...options, scale: 12, margin: 0.2 }),
    loss: (x, weight, labels) => t.cosFaceLoss(x, weight, labels, { scale: 12, margin: 0.2 }),
    score: (cosine) => 12 * cosine,
    defaults: (x, labels) => {
      const module = new t.CosFaceLoss(4, 3, { random });
      return [module.loss(x, labels), t.cosFaceLoss(x, module.weight, labels)];
    },
    wrong: [
      [() => new t.CosFaceLoss(2, 2, { random, scale: NaN }), 'scale must be a finite number above 0; got NaN.'],
      [() => new t.CosFaceLoss(2, 2, wide), 'margin must lie in [0, 2], as a difference of cosines does; got 4.'],
    ],
  },
  ProxyNcaLoss: {
    make: (size, classes, options) => new t.ProxyNcaLoss(size, classes, { ...options, scale: 6 }),
    loss: (x, weight, labels) => t.proxyNcaLoss(x, weight, labels, { scale: 6 }),
    score: (cosine) => -6 * (2 - 2 * cosine),
    defaults: (x, labels) => {
      const module = new t.ProxyNcaLoss(4, 3, { random });
      return [module.loss(x, labels), t.proxyNcaLoss(x, module.weight, labels)];
    },
    wrong: [
      [() => new t.ProxyNcaLoss(2, 2, { random, scale: -2 }), 'scale must be a finite number above 0; got -2.'],
      [
        () => new t.ProxyNcaLoss(2, 1, { random }),
        'a class is told from others, so there must be at least 2 of them; got 1.',
      ],
    ],
  },
  ProxyAnchorLoss: {
    make: (size, classes, options) => new t.ProxyAnchorLoss(size, classes, { ...options, alpha: 10, margin: 0.2 }),
    loss: (x, weight, labels) => t.proxyAnchorLoss(x, weight, labels, { alpha: 10, margin: 0.2 }),
    score: (cosine) => cosine,
    defaults: (x, labels) => {
      const module = new t.ProxyAnchorLoss(4, 3, { random });
      return [module.loss(x, labels), t.proxyAnchorLoss(x, module.weight, labels)];
    },
    wrong: [
      [() => new t.ProxyAnchorLoss(2, 2, { random, alpha: 0 }), 'alpha must be a finite number above 0; got 0.'],
      [
        () => new t.ProxyAnchorLoss(2, 2, wide),
        'margin must lie in [0, 1], as the cosine of like directions does; got 4.',
      ],
    ],
  },
};

describe.each(Object.entries(kinds))('%s', (name, { make, loss, score, wrong, defaults }) => {
  const x = t.tensor(random.fork('rows').fillNormal(new Float32Array(20), 0, 1), [5, 4]);
  const labels = [0, 2, 1, 1, 2];

  test('is the function with its weight and its settings', () => {
    const module = make(4, 3, { random });
    const value = module.loss(x, labels);
    expect(value.shape).toEqual([]);
    expect(value.data).toEqual(loss(x, module.weight, labels).data);
    const [byDefault, plain] = defaults(x, labels);
    expect(byDefault.data).toEqual(plain.data);
    expect(byDefault.item(), 'the settings above are not the defaults').not.toBeCloseTo(value.item(), 3);
  });

  test('reads the labels before it returns: the array may be used again', () => {
    const module = make(4, 3, { random });
    const given = Int32Array.from(labels);
    const value = module.loss(x, given);
    given.fill(0);
    const kept = t.backward(value).get(module.weight);
    expect(kept.data).toEqual(t.backward(module.loss(x, labels)).get(module.weight).data);
  });

  test('scores by the direction, without a margin', () => {
    const weight = t.tensor([
      [1, 0],
      [0, 2],
      [-3, 0],
    ]);
    const module = make(2, 3, { random, initialize: () => weight });
    const rows = t.tensor([
      [3, 4],
      [0, 0],
    ]);
    const scores = module.forward(rows);
    expect(scores.shape).toEqual([2, 3]);
    [0.6, 0.8, -0.6, 0, 0, 0].forEach((cosine, i) => {
      expect(scores.data[i]).toBeCloseTo(score(cosine), 5);
    });
    expect(errorOf(t.ShapeError, () => module.forward(t.ones([2, 3]))).message).toBe(
      `${name}: expected embeddings [N, D] and weight [C, D]; got [2, 3] and [3, 2]. Keep one row a class, as long as an embedding.`,
    );
  });

  test('begins with a weight that is normal as of xavierNormal, the same for the same seed', () => {
    const { weight } = make(60, 40, { random: t.createRandom(1) });
    expect(weight.shape).toEqual([40, 60]);
    expect(weight.data).toEqual(t.xavierNormal([40, 60], { random: t.createRandom(1) }).data);
    expect(t.std(t.reshape(weight, [-1])).item()).toBeCloseTo(Math.sqrt(2 / 100), 2);
  });

  test('is a module: its weight is found, saved, loaded and copied', () => {
    const module = make(4, 3, { random });
    expect([...t.stateDict(module).keys()]).toEqual(['weight']);
    expect([...t.namedParameters(module).values()]).toEqual([module.weight]);
    const copy = t.cloneModule(module);
    const other = make(4, 3, { random: t.createRandom(99) });
    expect(other.weight.data).not.toEqual(module.weight.data);
    t.loadStateDict(other, t.stateDict(module));
    for (const same of [copy, other]) {
      expect(same.loss(x, labels).data).toEqual(module.loss(x, labels).data);
      expect(same.forward(x).data).toEqual(module.forward(x).data);
    }
    copy.weight.data.fill(1);
    expect(module.weight.data).toEqual(other.weight.data);
    const checked = t.gradcheckModule(module, (m, rows) => m.loss(rows, labels), [x]);
    expect(checked.ok).toBe(true);
    expect([...t.namedParameters(module).keys()]).toEqual(['weight']);
  });

  test('refuses what it cannot be made with', () => {
    for (const [call, message] of wrong) expect(errorOf(RangeError, call).message).toBe(`${name}: ${message}`);
    expect(errorOf(RangeError, () => make(0, 3, { random })).message).toBe(
      `${name}: embeddingSize must be an integer of at least 1; got 0.`,
    );
    expect(errorOf(RangeError, () => make(3, 2.5, { random })).message).toBe(
      `${name}: classes must be an integer of at least 1; got 2.5.`,
    );
    // @ts-expect-error: as plain JavaScript may call it.
    expect(errorOf(TypeError, () => make(3, 2, {})).message).toMatch(`${name}: the options need random`);
  });

  /** A twin and the module, trained by one optimizer on batches of classes. */
  function trainable(seed: number) {
    const [twin, head] = [barsTwin(seed), make(4, 4, { random: t.createRandom(seed).fork('classes') })];
    const stream = t.createRandom(5);
    const options: t.TrainOptions<t.ClassBatch> = {
      batches: t.classBatches(bars(12, 1), { classes: 4, samples: 4, random: stream.fork('batches') }),
      loss: ({ images, labels: ids }, context) => head.loss(twin.embed(images, context), ids),
      optimizer: new t.Adam({ twin, head }, { learningRate: 0.02 }),
      epochs: 20,
      random: stream.fork('training'),
    };
    return { twin, head, options };
  }
  const held = bars(8, 2);
  const every = Array.from({ length: held.length }, (_, i) => i);
  const accuracy = ({ twin, head }: { readonly twin: t.Twin; readonly head: ClassModule }) => {
    const found = t.argMax(head.forward(twin.embed(held.batch(every))), { axis: 1 });
    return every.filter((i) => found.data[i] === held.labels[i]).length / held.length;
  };
  const bits = (...modules: readonly t.Module[]) =>
    modules.map((module) => [...t.stateDict(module)].map(([key, { data }]) => [key, Array.from(data)]));

  test('is trained with the twin: classes of new images are found, and training resumes to the bit', async () => {
    const whole = trainable(1);
    const before = { accuracy: accuracy(whole), weight: whole.head.weight.data.slice() };
    const checkpoints: Uint8Array[] = [];
    for await (const step of t.train(whole.twin, whole.options)) checkpoints.push(step.checkpoint());
    expect(before.accuracy).toBeLessThan(0.6);
    expect(accuracy(whole)).toBeGreaterThan(0.9);
    expect(whole.head.weight.data).not.toEqual(before.weight);
    for (const done of [1, 41]) {
      const again = trainable(1000 + done);
      for await (const _ of t.train(again.twin, { ...again.options, resume: checkpoints[done - 1] }));
      expect(bits(again.twin, again.head)).toEqual(bits(whole.twin, whole.head));
    }
  });
});
