import { describe, expect, test } from 'vitest';
import { asSimilarity, Distance, Similarity } from '../../src/autograd/measure.ts';
import { sigmoid } from '../../src/autograd/ops/activations.ts';
import { mul, neg } from '../../src/autograd/ops/arithmetic.ts';
import { chebyshev, manhattan } from '../../src/autograd/ops/cityBlock.ts';
import { euclidean } from '../../src/autograd/ops/distances.ts';
import { mahalanobis } from '../../src/autograd/ops/mahalanobis.ts';
import { pairwiseDistances } from '../../src/autograd/ops/pairwiseDistances.ts';
import { matmul } from '../../src/autograd/ops/products.ts';
import { transpose } from '../../src/autograd/ops/rearrange.ts';
import { sum } from '../../src/autograd/ops/reductions.ts';
import { parameter } from '../../src/autograd/parameter.ts';
import { backward } from '../../src/autograd/tape.ts';
import { balancedPairs } from '../../src/data/balancedPairs.ts';
import { binaryCrossEntropyWithLogits } from '../../src/losses/binaryCrossEntropy.ts';
import { contrastiveLoss } from '../../src/losses/contrastiveLoss.ts';
import { cloneModule, gradcheckModule, gradgradcheckModule } from '../../src/nn/clone.ts';
import { Dropout, Flatten, Linear } from '../../src/nn/dense.ts';
import { type Context, inference, Module } from '../../src/nn/module.ts';
import { Sequential } from '../../src/nn/sequential.ts';
import { loadStateDict, namedParameters, stateDict } from '../../src/nn/state.ts';
import { Adam } from '../../src/optim/adam.ts';
import { calibrateThreshold } from '../../src/siamese/calibrate.ts';
import { evaluateFewShot } from '../../src/siamese/fewShot.ts';
import { Gallery } from '../../src/siamese/gallery.ts';
import { KochHead } from '../../src/siamese/kochHead.ts';
import { MahalanobisHead } from '../../src/siamese/mahalanobisHead.ts';
import { loadModel, saveModel } from '../../src/siamese/modelFile.ts';
import { scorePairs } from '../../src/siamese/scorePairs.ts';
import { train } from '../../src/siamese/train.ts';
import { type Compare, type Head, type Measure, Twin } from '../../src/siamese/twin.ts';
import { evaluateVerification } from '../../src/siamese/verification.ts';
import { ones, tensor, zeros } from '../../src/tensor/create.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { type Shape, ShapeError, sizeOf } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { errorOf } from '../errors.ts';
import { bars } from './fixtures/bars.ts';

const random = createRandom(3);
const drawn = (shape: Shape, seed: number): Tensor =>
  new Tensor(random.fork(seed).fillNormal(new Float32Array(sizeOf(shape)), 0, 1), shape);
const largest = (x: Tensor): number => Math.max(...x.data.map(Math.abs));

describe('KochHead', () => {
  test('is the weighted L1 distance and a bias, element by element', () => {
    const head = new KochHead(3, { random });
    const [a, b] = [drawn([5, 3], 1), drawn([5, 3], 2)];
    const scores = head.compare(a, b);
    expect(scores).toBeInstanceOf(Similarity);
    expect(scores.shape).toEqual([5]);
    for (let n = 0; n < 5; n++) {
      let logit = head.bias.item();
      for (let j = 0; j < 3; j++) logit += head.weight.data[j] * Math.abs(a.data[3 * n + j] - b.data[3 * n + j]);
      expect(scores.data[n]).toBeCloseTo(logit, 6);
    }
    expect(head.compare(b, a).data).toEqual(scores.data);
    expect(head.forward(tensor([[1, 2, 3]])).shape).toEqual([1]);
    expect(head.compare(zeros([0, 3]), zeros([0, 3])).shape).toEqual([0]);
  });

  test('gives identical embeddings the bias, and no gradient', () => {
    const head = new KochHead(4, { random });
    const a = parameter(drawn([2, 4], 1));
    const scores = head.compare(a, new Tensor(a.data.slice(), a.shape));
    expect([...scores.data]).toEqual([head.bias.item(), head.bias.item()]);
    const gradients = backward(sum(scores));
    expect(largest(gradients.get(a))).toBe(0);
    expect(largest(gradients.get(head.weight))).toBe(0);
    expect(gradients.get(head.bias).item()).toBe(2);
  });

  test('begins as published, the same for the same seed', () => {
    const [a, b] = [5, 5].map((seed) => new KochHead(4096, { random: createRandom(seed) }));
    expect(b.weight.data).toEqual(a.weight.data);
    expect(b.bias.data).toEqual(a.bias.data);
    const mean = a.weight.data.reduce((total, w) => total + w, 0) / 4096;
    const square = a.weight.data.reduce((total, w) => total + w * w, 0) / 4096;
    // Four standard errors: 0.2 / 64 of the mean, 0.2 / sqrt(2 * 4096) of the deviation.
    expect(Math.abs(mean)).toBeLessThan(4 * (0.2 / 64));
    expect(Math.abs(Math.sqrt(square) - 0.2)).toBeLessThan(4 * (0.2 / Math.sqrt(8192)));
    const biases = Array.from(
      { length: 100 },
      (_, i) => new KochHead(1, { random: createRandom(i) }).bias.item() - 0.5,
    );
    expect(Math.abs(biases.reduce((total, b) => total + b, 0) / 100)).toBeLessThan(4 * (0.01 / 10));
    const deviation = Math.sqrt(biases.reduce((total, b) => total + b * b, 0) / 100);
    expect(Math.abs(deviation - 0.01)).toBeLessThan(4 * (0.01 / Math.sqrt(200)));
  });

  test('takes the state of a Linear to one output', () => {
    const linear = new Linear(4, 1, { random });
    const head = new KochHead(4, { random });
    loadStateDict(head, stateDict(linear));
    const x = drawn([3, 4], 1);
    expect(head.forward(x).data).toEqual(linear.forward(x).data);
  });

  test('has right gradients, twice', () => {
    const head = new KochHead(3, { random });
    const inputs = [drawn([4, 3], 1), drawn([4, 3], 2)];
    for (const check of [gradcheckModule, gradgradcheckModule]) {
      // Squared, since a logit is linear in its weights.
      const result = check(head, (m, a, b) => mul(m.compare(a, b), m.compare(a, b)), inputs);
      expect(result.ok, result.message).toBe(true);
    }
  });

  test('refuses embeddings of another width, and sizes and options that are none', () => {
    const head = new KochHead(4, { random });
    expect(errorOf(ShapeError, () => head.compare(ones([2, 8]), ones([2, 8]))).message).toBe(
      'KochHead: the head compares embeddings of width 4, these have 8; got [2, 8] and [2, 8]. Make head and encoder for one width of embeddings.',
    );
    expect(errorOf(ShapeError, () => head.compare(ones([2, 4]), ones([1, 4]))).message).toBe(
      'KochHead: both must be [N, D]; got [2, 4] and [1, 4]. Row i is compared with row i; pairwiseDistances() compares all with all.',
    );
    for (const size of [0, 1.5, NaN])
      expect(errorOf(RangeError, () => new KochHead(size, { random })).message).toBe(
        `KochHead: embeddingSize must be an integer of at least 1; got ${size}.`,
      );
    // @ts-expect-error: weights need a source of random numbers
    expect(errorOf(TypeError, () => new KochHead(4, {})).message).toBe(
      'KochHead: the options need random, from which first values are drawn. Pass { random: createRandom(seed) }.',
    );
  });

  test('learns from random signs, and is calibrated, searched and evaluated as a similarity', async () => {
    const weights = createRandom(1);
    const head = new KochHead(8, { random: weights.fork('head') });
    const encoder = new Sequential(new Flatten(), new Linear(64, 8, { random: weights.fork('encoder') }));
    const twin = new Twin(encoder, { compare: head });
    expect(new Set([...head.weight.data].map(Math.sign))).toEqual(new Set([-1, 1]));
    const losses: number[] = [];
    for await (const { loss } of train(twin, {
      batches: balancedPairs(bars(12, 1), { batchSize: 16, pairs: 160, random: random.fork('pairs') }),
      loss: ({ a, b, different }, context) =>
        binaryCrossEntropyWithLogits(
          twin.compare(a, b, context),
          [...different].map((flag) => flag === 0),
        ),
      optimizer: new Adam(twin, { learningRate: 0.01 }),
      epochs: 12,
      random,
    }))
      losses.push(loss);
    expect(losses[0]).toBeGreaterThan(0.5);
    expect(losses.slice(-10).reduce((total, loss) => total + loss) / 10).toBeLessThan(0.1);

    const set = bars(6, 2);
    const scored = scorePairs(twin, balancedPairs(set, { batchSize: 16, random: random.fork('test') }));
    expect(scored.measure).toBe('similarity');
    const { auc, accuracy } = evaluateVerification(scored, { threshold: 0 });
    expect(auc).toBeGreaterThan(0.95);
    expect(accuracy).toBeGreaterThan(0.9);
    const { threshold } = calibrateThreshold(scored, { maximize: 'accuracy' });
    const [a, b, c] = [0, 4, 1].map((i) => set.batch([i]));
    const judge = twin.withThreshold(threshold);
    expect([judge.isSame(a, b), judge.isSame(a, c)]).toEqual([[true], [false]]);
    const probability = sigmoid(twin.compare(a, b)).item();
    expect(probability).toBeCloseTo(1 / (1 + Math.exp(-twin.compare(a, b).item())), 6);
    expect(probability).toBeGreaterThan(0.5);

    const gallery = new Gallery<number>(twin);
    gallery.add(set.batch([0, 1, 2, 3]), [0, 1, 2, 3]);
    expect(gallery.vote(set.batch([4, 5, 6, 7]), { k: 1 }).map(({ label }) => label)).toEqual([0, 1, 2, 3]);
    const [best] = gallery.search(b)[0];
    expect(best.score).toBe(twin.compare(b, a).item());
    const report = evaluateFewShot(twin, set, { ways: 4, episodes: 20, random: random.fork('episodes') });
    expect(report.accuracy).toBeGreaterThan(0.9);
  });
});

describe('MahalanobisHead', () => {
  test('begins as the Euclidean distance, of the first coordinates where its rank is lower', () => {
    const [a, b] = [drawn([6, 5], 1), drawn([6, 5], 2)];
    const all = new MahalanobisHead(5).compare(a, b);
    expect(all).toBeInstanceOf(Distance);
    expect(all.bound).toBe(Infinity);
    euclidean(a, b).data.forEach((d, i) => expect(all.data[i]).toBeCloseTo(d, 6));
    const first = new MahalanobisHead(5, { rank: 2 });
    expect(first.weight.toArray()).toEqual([
      [1, 0, 0, 0, 0],
      [0, 1, 0, 0, 0],
    ]);
    expect(first.forward(a).shape).toEqual([6, 2]);
    first.compare(a, b).data.forEach((d, n) => {
      const [x, y] = [a.data, b.data];
      expect(d).toBeCloseTo(Math.hypot(x[5 * n] - y[5 * n], x[5 * n + 1] - y[5 * n + 1]), 6);
    });
  });

  test('is mahalanobis() with the matrix L^T L, value and gradient', () => {
    for (const rank of [4, 2]) {
      const head = new MahalanobisHead(4, { rank });
      head.weight.data.set(drawn([rank, 4], 9).data);
      const [a, b] = [parameter(drawn([5, 4], 1)), drawn([5, 4], 2)];
      const weights = drawn([5], 4);
      const form = mahalanobis(a, b, matmul(transpose(head.weight), head.weight));
      const mine = head.compare(a, b);
      form.data.forEach((d, i) => expect(mine.data[i]).toBeCloseTo(d, 5));
      const [expected, got] = [form, mine].map((d) => backward(sum(mul(d, weights))));
      for (const leaf of [a, head.weight])
        expected.get(leaf).data.forEach((g, i) => expect(got.get(leaf).data[i]).toBeCloseTo(g, 5));
    }
  });

  test('has gradient 0 between identical rows, and right ones elsewhere, twice', () => {
    const head = new MahalanobisHead(3);
    const a = parameter(drawn([2, 3], 1));
    const gradients = backward(sum(head.compare(a, new Tensor(a.data.slice(), a.shape))));
    expect([...gradients.get(a).data, ...gradients.get(head.weight).data]).toEqual(new Array(15).fill(0));
    const flat = new MahalanobisHead(3, { rank: 2 });
    flat.weight.data.set(drawn([2, 3], 5).data);
    for (const check of [gradcheckModule, gradgradcheckModule]) {
      const result = check(flat, (m, x, y) => m.compare(x, y), [drawn([4, 3], 1), drawn([4, 3], 2)]);
      expect(result.ok, result.message).toBe(true);
    }
  });

  test('learns to look past coordinates that say nothing', async () => {
    // Column 0 is the class, column 1 is noise four times as large.
    const rows = 64;
    const x = drawn([rows, 2], 1);
    const labels = Array.from({ length: rows }, (_, i) => i % 2);
    for (let i = 0; i < rows; i++) x.data.set([labels[i] + 0.05 * x.data[2 * i], 4 * x.data[2 * i + 1]], 2 * i);
    const head = new MahalanobisHead(2);
    const twin = new Twin(new Flatten(), { compare: head });
    const auc = () => {
      const pairs = { length: 1, epoch: () => [batch(0)] };
      return evaluateVerification(scorePairs(twin, pairs), { threshold: 1 }).auc;
    };
    const batch = (i: number) => {
      const [left, right] = [1, 2].map((k) => random.fork(k + 10 * i).permutation(rows));
      const side = (ids: ArrayLike<number>) => tensor(Array.from(ids, (id) => [x.data[2 * id], x.data[2 * id + 1]]));
      const different = Uint8Array.from(left, (id, k) => Math.abs(labels[id] - labels[right[k]]));
      return { a: side(left), b: side(right), different };
    };
    const before = auc();
    const batches = { length: 60, epoch: () => Array.from({ length: 60 }, (_, i) => batch(i + 1)) };
    const loss = ({ a, b, different }: ReturnType<typeof batch>) =>
      contrastiveLoss(twin.compare(a, b), { different }, { margin: 1 });
    for await (const _ of train(twin, {
      batches,
      loss,
      optimizer: new Adam(twin, { learningRate: 0.03 }),
      epochs: 3,
      random,
    }));
    expect(before).toBeLessThan(0.75);
    expect(auc()).toBeGreaterThan(0.99);
    const [[ofClass, ofNoise], [alsoClass, alsoNoise]] = head.weight.toArray() as number[][];
    expect(Math.hypot(ofNoise, alsoNoise)).toBeLessThan(0.1 * Math.hypot(ofClass, alsoClass));
  });

  test('refuses a rank that is none, and embeddings of another width', () => {
    for (const rank of [0, -1, 5, 1.5, NaN, Infinity])
      expect(errorOf(RangeError, () => new MahalanobisHead(4, { rank })).message).toBe(
        `MahalanobisHead: rank must be an integer from 1 to 4, the size of the embeddings; got ${rank}. A higher one adds nothing.`,
      );
    expect(errorOf(RangeError, () => new MahalanobisHead(0)).message).toBe(
      'MahalanobisHead: embeddingSize must be an integer of at least 1; got 0.',
    );
    expect(
      errorOf(ShapeError, () => new MahalanobisHead(4, { rank: 2 }).compare(ones([3, 2]), ones([3, 2]))).message,
    ).toBe(
      'MahalanobisHead: the head compares embeddings of width 4, these have 2; got [3, 2] and [3, 2]. Make head and encoder for one width of embeddings.',
    );
  });
});

/** A head of one's own: similarity by an exponent that is learned. */
class Fading extends Module implements Head<Similarity> {
  readonly rate = parameter(tensor([0.5]));
  forward(x: Tensor): Tensor {
    return mul(x, this.rate);
  }
  compare(a: Tensor, b: Tensor): Similarity {
    return asSimilarity(neg(this.forward(manhattan(a, b))));
  }
}

const encoder = (seed: number, width = 3) => new Linear(4, width, { random: createRandom(seed) });
const withKoch = (seed: number, width = 3) =>
  new Twin(encoder(seed, width), { compare: new KochHead(width, { random: createRandom(seed).fork('head') }) });
const [left, right] = [drawn([6, 4], 1), drawn([6, 4], 2)];

describe('a Twin with a head', () => {
  test('compares embeddings by it, and holds its weights', () => {
    const twin = withKoch(1);
    const { head } = twin;
    if (!(head instanceof KochHead)) throw new Error('the head is what was passed');
    expect(twin.compare(left, right).data).toEqual(head.compare(twin.embed(left), twin.embed(right)).data);
    expect([...stateDict(twin).keys()]).toEqual(['encoder.weight', 'encoder.bias', 'head.weight', 'head.bias']);
    expect(namedParameters(twin).get('head.weight')).toBe(head.weight);
    const optimizer = new Adam(twin, { learningRate: 0.1, groups: [{ match: 'head', learningRate: 1 }] });
    const before = head.weight.data.slice();
    optimizer.step(backward(sum(twin.compare(left, right))));
    head.weight.data.forEach((w, i) => expect(Math.abs(w - before[i])).toBeCloseTo(1, 4));
  });

  test('copied by cloneModule compares by its own weights, and in double precision too', () => {
    const twin = withKoch(1);
    const copy = cloneModule(twin);
    const before = copy.compare(left, right).data;
    expect(before).toEqual(twin.compare(left, right).data);
    for (const { data } of namedParameters(twin).values()) data.fill(7);
    expect(copy.compare(left, right).data).toEqual(before);
    expect(copy.metric(copy.embed(left), copy.embed(right)).data).toEqual(before);
    const gallery = new Gallery<number>(copy);
    gallery.add(left, [0, 1, 2, 3, 4, 5]);
    expect(gallery.search(right, { k: 6 })[2].find(({ label }) => label === 2)?.score).toBe(before[2]);
    for (const made of [withKoch(2), new Twin(encoder(2), { compare: new MahalanobisHead(3, { rank: 2 }) })]) {
      const result = gradcheckModule<Twin>(made, (m, a, b) => m.compare(a, b), [left, right]);
      expect(result.ok, result.message).toBe(true);
    }
  });

  test('shares it with withThreshold, and passes it on to a twin of other inputs', () => {
    const twin = withKoch(1);
    expect(twin.withThreshold(0).head).toBe(twin.head);
    const ofEmbeddings = new Twin(new Flatten(), { compare: twin.head });
    expect(ofEmbeddings.compare(twin.embed(left), twin.embed(right)).data).toEqual(twin.compare(left, right).data);
    expect(stateDict(ofEmbeddings).get('head.weight')).toBe(stateDict(twin).get('head.weight'));
  });

  test('may have one of your own', () => {
    const twin = new Twin(new Flatten(), { compare: new Fading() });
    expect(twin.compare(tensor([[1, 2]]), tensor([[4, 6]])).toArray()).toEqual([-3.5]);
    expect([...namedParameters(twin).keys()]).toEqual(['head.rate']);
    const other = new Twin(new Flatten(), { compare: new Fading() });
    stateDict(twin).get('head.rate')?.data.fill(2);
    expect(
      loadModel(saveModel(twin), other)
        .compare(tensor([[0]]), tensor([[1]]))
        .item(),
    ).toBe(-2);
  });

  test('gives it the context, so that its layers know of training', () => {
    class Masked extends Module implements Head<Similarity> {
      readonly dropout = new Dropout(0.5);
      forward(x: Tensor, context: Context = inference): Tensor {
        return this.dropout.forward(x, context);
      }
      compare(a: Tensor, b: Tensor, context?: Context): Similarity {
        return asSimilarity(neg(manhattan(this.forward(ones(a.shape), context), zeros(b.shape))));
      }
    }
    const twin = new Twin(new Flatten(), { compare: new Masked() });
    const rows = ones([4, 32]);
    expect(twin.compare(rows, rows).toArray()).toEqual([-32, -32, -32, -32]);
    expect(twin.metric(rows, rows).toArray()).toEqual([-32, -32, -32, -32]);
    const masked = twin.compare(rows, rows, { training: true, random: createRandom(1) }).data;
    expect(new Set(masked).size).toBeGreaterThan(1);
    // Also where the sides have other shapes, and go through the encoder one by one.
    const wide = twin.compare(rows, ones([4, 2, 16]), { training: true, random: createRandom(1) });
    expect(wide.data).toEqual(masked);
  });

  test('refuses a module that cannot compare, and what is no comparison', () => {
    // @ts-expect-error: a layer compares nothing
    expect(errorOf(TypeError, () => new Twin(new Flatten(), { compare: new Flatten() })).message).toBe(
      'Twin: the head has no method compare(a, b). Give it one that maps embeddings [N, D] and [N, D] to N distances or similarities.',
    );
    // @ts-expect-error: no module, though it has the method
    expect(errorOf(TypeError, () => new Twin(new Flatten(), { compare: { compare: euclidean } })).message).toBe(
      'Twin: compare must be a distance op such as euclidean, or a head such as a KochHead.',
    );
    const narrow = new Twin(encoder(1, 8), { compare: new KochHead(3, { random }) });
    expect(errorOf(ShapeError, () => narrow.compare(left, right)).message).toBe(
      'KochHead: the head compares embeddings of width 3, these have 8; got [6, 8] and [6, 8]. Make head and encoder for one width of embeddings.',
    );
  });
});

describe('twins by manhattan and chebyshev', () => {
  test.each([
    ['manhattan', manhattan],
    ['chebyshev', chebyshev],
  ] as const)('%s: train, save and load', async (name, compare: Compare<Distance>) => {
    const make = (seed: number) =>
      new Twin(new Sequential(new Flatten(), new Linear(64, 4, { random: createRandom(seed) })), { compare });
    const twin = make(1);
    const pairs = balancedPairs(bars(12, 1), { batchSize: 16, pairs: 64, random: random.fork(name) });
    const losses: number[] = [];
    for await (const { loss } of train(twin, {
      batches: pairs,
      loss: ({ a, b, different }, context) => contrastiveLoss(twin.compare(a, b, context), { different }),
      optimizer: new Adam(twin, { learningRate: 0.01 }),
      epochs: 5,
      random,
    }))
      losses.push(loss);
    expect(losses.slice(-4).reduce((total, loss) => total + loss) / 4).toBeLessThan(0.5 * losses[0]);
    const loaded = loadModel(saveModel(twin), make(2));
    expect(scorePairs(loaded, pairs)).toEqual(scorePairs(twin, pairs));
    const [a, b] = [twin.embed(bars(1, 3).batch([0, 1])), twin.embed(bars(1, 3).batch([2, 3]))];
    const all = pairwiseDistances(a, b, { metric: name });
    [0, 1].forEach((i) => expect(all.data[3 * i]).toBeCloseTo(twin.metric(a, b).data[i], 6));
    const euclid: Twin<Measure> = new Twin(make(1).encoder, { compare: euclidean });
    expect(() => loadModel(saveModel(twin), euclid)).toThrow(
      `loadModel: the model compares by '${name}(x0,x1)', the twin by 'euclidean(x0,x1)'. Build the twin with the comparison`,
    );
  });
});
