import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Distance, Similarity } from '../../src/autograd/measure.ts';
import { relu } from '../../src/autograd/ops/activations.ts';
import { cosineDistance, cosineSimilarity, euclidean, squaredEuclidean } from '../../src/autograd/ops/distances.ts';
import { concat } from '../../src/autograd/ops/joining.ts';
import { reshape, slice } from '../../src/autograd/ops/rearrange.ts';
import { sum } from '../../src/autograd/ops/reductions.ts';
import { backward, noGrad } from '../../src/autograd/tape.ts';
import { batchTripletLoss } from '../../src/losses/batchTripletLoss.ts';
import { contrastiveLoss } from '../../src/losses/contrastiveLoss.ts';
import { tripletLoss } from '../../src/losses/tripletLoss.ts';
import { Conv2d } from '../../src/nn/convolutions.ts';
import { Dropout, Flatten, Linear } from '../../src/nn/dense.ts';
import { type Context, Module } from '../../src/nn/module.ts';
import { BatchNorm2d } from '../../src/nn/normalizations.ts';
import { MaxPool2d } from '../../src/nn/pooling.ts';
import { Sequential } from '../../src/nn/sequential.ts';
import { namedParameters, stateDict } from '../../src/nn/state.ts';
import { loadModel, saveModel } from '../../src/siamese/modelFile.ts';
import { type Compare, type Measure, Twin } from '../../src/siamese/twin.ts';
import { ones, tensor, zeros } from '../../src/tensor/create.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { ShapeError } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { errorOf } from '../errors.ts';

const SIDE = 8;

/** A convolutional encoder for `[N, 1, 8, 8]`, with running statistics that are not those of a new layer. */
function convEncoder(seed = 1, bias = true): Sequential {
  const random = createRandom(seed);
  const norm = new BatchNorm2d(4);
  random.fillUniform(norm.runningMean.data, -0.5, 0.5);
  random.fillUniform(norm.runningVar.data, 0.5, 2);
  if (!bias) norm.runningMean.data.fill(0);
  return new Sequential(
    new Conv2d(1, 4, 3, { padding: 1, random, bias }),
    norm,
    relu,
    new MaxPool2d(2),
    new Conv2d(4, 5, 3, { random, bias }),
    relu,
    new Flatten(),
    new Linear(5 * 2 * 2, 7, { random, bias }),
  );
}

function images(count: number, seed: number): Tensor {
  return new Tensor(createRandom(seed).fillUniform(new Float32Array(count * SIDE * SIDE), 0, 1), [
    count,
    1,
    SIDE,
    SIDE,
  ]);
}

/** Image `i` of `x` as a batch of its own. */
const image = (x: Tensor, i: number) => slice(x, [[i, i + 1]]);

const compares: readonly (readonly [string, Compare<Measure>])[] = [
  ['euclidean', euclidean],
  ['squaredEuclidean', squaredEuclidean],
  ['cosineDistance', cosineDistance],
  ['cosineSimilarity', cosineSimilarity],
];

function expectZeroGradients(twin: Twin<Measure>, loss: Tensor): void {
  const gradients = backward(loss);
  const parameters = namedParameters(twin);
  expect(parameters.size).toBe(8);
  for (const [name, parameter] of parameters) {
    const nonZero = gradients.get(parameter).data.filter((value) => value !== 0);
    expect([name, ...nonZero]).toEqual([name]);
  }
}

describe('identical images', () => {
  it('have equal embeddings to the bit, alone, in any batch and at any position', () => {
    const twin = new Twin(convEncoder(), { compare: euclidean });
    const alone = twin.embed(images(1, 0)).data;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), fc.nat(), (count, at, seed) => {
        const x = images(count, seed);
        const place = at % count;
        x.data.set(images(1, 0).data, place * SIDE * SIDE);
        expect(twin.embed(x).data.subarray(7 * place, 7 * place + 7)).toEqual(alone);
      }),
      { numRuns: 30 },
    );
  });

  const inputs = { random: images(6, 3), 'all-zero': zeros([6, 1, SIDE, SIDE]), 'all-one': ones([6, 1, SIDE, SIDE]) };
  describe.each(Object.entries(inputs))('%s ones', (_name, x) => {
    it.each(compares)('%s: the score is exactly that of identical embeddings', (name, compare) => {
      const twin = new Twin(convEncoder(), { compare });
      expect([...twin.compare(x, x).data]).toEqual(new Array(6).fill(name === 'cosineSimilarity' ? 1 : 0));
    });

    it.each([
      ['euclidean', euclidean],
      ['squaredEuclidean', squaredEuclidean],
      ['cosineDistance', cosineDistance],
    ] as const)(
      '%s: the contrastive gradient is exactly 0 everywhere, for same and different pairs',
      (_distance, compare) => {
        const twin = new Twin(convEncoder(), { compare });
        for (const different of [
          [0, 0, 0, 0, 0, 0],
          [1, 1, 1, 1, 1, 1],
          [0, 1, 0, 1, 1, 0],
        ]) {
          const loss = contrastiveLoss(twin.compare(x, x), { different });
          expect(loss.item()).toBeCloseTo(different.reduce((a, b) => a + b) / 6, 6);
          expectZeroGradients(twin, loss);
        }
      },
    );

    it.each(['euclidean', 'squaredEuclidean', 'cosine'] as const)(
      '%s: the triplet gradient is exactly 0 everywhere',
      (distance) => {
        const twin = new Twin(convEncoder(), { compare: euclidean });
        const copies = [x, new Tensor(x.data.slice(), x.shape), x].map((y) => twin.embed(y));
        for (const options of [{}, { soft: true }, { swap: true }]) {
          const loss = tripletLoss(copies[0], copies[1], copies[2], { distance, ...options });
          expect(loss.item()).toBeCloseTo(options.soft === true ? Math.LN2 : 1, 6);
          expectZeroGradients(twin, loss);
        }
      },
    );

    it('batch-hard triplets among copies of one image have gradient exactly 0', () => {
      const twin = new Twin(convEncoder(), { compare: euclidean });
      const copies = concat([0, 0, 0, 0].map((i) => image(x, i)));
      expectZeroGradients(twin, batchTripletLoss(twin.embed(copies), [0, 0, 1, 1]));
    });
  });

  it('embed to the same bits without recording, in a scope of which nothing but the embeddings is left', () => {
    const activations: Tensor[] = [];
    const encoder = convEncoder();
    const twin = new Twin(
      new Sequential(encoder, (x: Tensor) => {
        activations.push(x);
        return relu(x);
      }),
      { compare: euclidean },
    );
    const x = images(5, 3);
    const recorded = twin.embed(x);
    expect(() => activations[0].data[0]).not.toThrow();
    for (const batchSize of [undefined, 2, 5]) {
      const embedded = noGrad(() => twin.embed(x, { batchSize }));
      expect(embedded.data).toEqual(recorded.data);
      expect(embedded.node).toBeUndefined();
      expect(() => activations.at(-1)?.data[0]).toThrow('was released');
    }
    // Embeddings that are the input itself stay the caller's.
    const pixels = new Twin(new Flatten(), { compare: euclidean });
    expect(noGrad(() => pixels.embed(x)).data).toBe(x.data);
  });

  it('that embed to zero vectors have cosine gradient 0, never NaN', () => {
    const twin = new Twin(convEncoder(1, false), { compare: cosineDistance });
    const x = zeros([3, 1, SIDE, SIDE]);
    expect(new Set(twin.embed(x).data)).toEqual(new Set([0]));
    expect([...twin.compare(x, x).data]).toEqual([1, 1, 1]);
    const gradients = backward(contrastiveLoss(twin.compare(x, x), { different: [0, 1, 0] }, { margin: 2 }));
    for (const [, g] of gradients) expect([...new Set(g.data)].every((value) => value === 0)).toBe(true);
  });
});

describe('Twin.compare', () => {
  it.each(compares)('%s: gives what the comparison of the two embeddings gives', (_name, compare) => {
    const twin = new Twin(convEncoder(), { compare });
    const [a, b] = [images(5, 1), images(5, 2)];
    expect(twin.compare(a, b).data).toEqual(compare(twin.embed(a), twin.embed(b)).data);
  });

  it.each(compares)('%s: gives the same bits with the sides swapped', (_name, compare) => {
    const twin = new Twin(convEncoder(), { compare });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(), (count, seed) => {
        const [a, b] = [images(count, seed), images(count, seed + 1)];
        expect(twin.compare(a, b).data).toEqual(twin.compare(b, a).data);
      }),
      { numRuns: 10 },
    );
  });

  it('swapping the sides gives the same gradients, but for the order of sums', () => {
    const twin = new Twin(convEncoder(), { compare: euclidean });
    const [a, b] = [images(4, 1), images(4, 2)];
    const [forth, back] = [backward(sum(twin.compare(a, b))), backward(sum(twin.compare(b, a)))];
    for (const [parameter, g] of forth)
      g.data.forEach((value, i) => expect(back.get(parameter).data[i]).toBeCloseTo(value, 4));
  });

  it('runs both sides as one batch, so that both get gradients from one pass', () => {
    const shapes: (readonly number[])[] = [];
    class Spy extends Module {
      readonly inner = convEncoder();
      forward(x: Tensor, context?: Context): Tensor {
        shapes.push(x.shape);
        return this.inner.forward(x, context);
      }
    }
    const twin = new Twin(new Spy(), { compare: euclidean });
    expect(twin.compare(images(3, 1), images(3, 2)).shape).toEqual([3]);
    expect(shapes).toEqual([[6, 1, SIDE, SIDE]]);
  });

  it('takes images of two sizes in two passes, through an encoder that can', () => {
    const shapes: (readonly number[])[] = [];
    /** Sums and counts pixels: any size becomes two numbers. */
    class Pixels extends Module {
      readonly scale = new Linear(2, 2, { random: createRandom(3) });
      forward(x: Tensor): Tensor {
        shapes.push(x.shape);
        const total = sum(reshape(x, [x.shape[0], -1]), { axis: 1, keepDims: true });
        const pixels = new Tensor(new Float32Array(x.shape[0]).fill(x.size / x.shape[0]), [x.shape[0], 1]);
        return this.scale.forward(concat([total, pixels], { axis: 1 }));
      }
    }
    const twin = new Twin(new Pixels(), { compare: euclidean });
    const [a, b] = [ones([2, 1, 4, 4]), ones([2, 1, 4, 6])];
    const distances = twin.compare(a, b);
    expect(shapes).toEqual([
      [2, 1, 4, 4],
      [2, 1, 4, 6],
    ]);
    expect(distances.data).toEqual(euclidean(twin.embed(a), twin.embed(b)).data);
    expect(backward(sum(distances)).size).toBeGreaterThan(0);
  });

  it('drops out differently on the two sides, in one pass and in two', () => {
    class Half extends Module {
      readonly dropout = new Dropout(0.5);
      readonly weight = new Linear(1, 1, { random: createRandom(1) });
      forward(x: Tensor, context?: Context): Tensor {
        return slice(this.dropout.forward(reshape(x, [x.shape[0], -1]), context), [
          [0, x.shape[0]],
          [0, 64],
        ]);
      }
    }
    const twin = new Twin(new Half(), { compare: squaredEuclidean });
    const context = () => ({ training: true, random: createRandom(5) });
    const one = twin.compare(ones([2, 64]), ones([2, 64]), context());
    const two = twin.compare(ones([2, 64]), ones([2, 65]), context());
    // An element differs with probability 1/2, and then by 2, squared 4: 128 expected, 0 with one mask for both.
    for (const distance of [...one.data, ...two.data]) expect(Math.abs(distance - 128)).toBeLessThan(70);
    expect(twin.compare(ones([2, 64]), ones([2, 64]), context()).data).toEqual(one.data);
    expect(twin.compare(ones([2, 64]), ones([2, 65]), context()).data).toEqual(two.data);
    expect([...twin.compare(ones([2, 64]), ones([2, 64])).data]).toEqual([0, 0]);
    expect(errorOf(TypeError, () => twin.compare(ones([2, 64]), ones([2, 64]), { training: true })).message).toBe(
      'dropout: training needs a source of random numbers. Pass { training: true, random } as the context.',
    );
    // A loss that compares several times in one step draws on: anchor and positive, anchor and negative.
    const step = context();
    const twice = [1, 2].map(() => twin.compare(ones([2, 64]), ones([2, 65]), step).data);
    expect(twice[0]).toEqual(two.data);
    expect(twice[1]).not.toEqual(twice[0]);
  });

  it('gives an empty batch of scores for an empty batch of images', () => {
    const twin = new Twin(convEncoder(), { compare: euclidean });
    const empty = zeros([0, 1, SIDE, SIDE]);
    expect(twin.compare(empty, empty).shape).toEqual([0]);
    expect(twin.embed(empty).shape).toEqual([0, 7]);
    expect(twin.withThreshold(1).isSame(empty, empty)).toEqual([]);
    const loss = contrastiveLoss(twin.compare(empty, empty), { different: [] });
    expect(loss.item()).toBe(0);
    expectZeroGradients(twin, loss);
  });

  it('refuses sides of different counts', () => {
    const twin = new Twin(new Flatten(), { compare: euclidean });
    expect(errorOf(ShapeError, () => twin.compare(ones([2, 3]), ones([1, 3]))).message).toBe(
      'compare: both sides must hold equally many inputs; got [2, 3] and [1, 3]. Row i of a is compared with row i of b.',
    );
    expect(() => twin.compare(ones([2, 3]), ones([1, 3]))).toThrow(
      /compare: both sides must hold equally many inputs; got \[2, 3\] and \[1, 3\]/,
    );
    expect(errorOf(ShapeError, () => twin.compare(tensor(1), tensor(1))).message).toBe(
      'compare: both sides must hold equally many inputs; got [] and []. Row i of a is compared with row i of b.',
    );
  });
});

describe('Twin', () => {
  it('tells the direction of its measure', () => {
    const [a, b] = [
      tensor([
        [1, 0],
        [1, 0],
      ]),
      tensor([
        [1, 0],
        [0, 1],
      ]),
    ];
    for (const compare of [euclidean, squaredEuclidean, cosineDistance]) {
      const [same, different] = new Twin(new Flatten(), { compare }).compare(a, b).data;
      expect(new Twin(new Flatten(), { compare }).compare(a, b)).toBeInstanceOf(Distance);
      expect(same).toBeLessThan(different);
    }
    const similarity = new Twin(new Flatten(), { compare: cosineSimilarity }).compare(a, b);
    expect(similarity).toBeInstanceOf(Similarity);
    expect(similarity.data[0]).toBeGreaterThan(similarity.data[1]);
  });

  it('embeds in chunks of batchSize with the same bits as whole', () => {
    const twin = new Twin(convEncoder(), { compare: euclidean });
    const x = images(23, 4);
    const whole = twin.embed(x);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), (batchSize) => {
        expect(twin.embed(x, { batchSize }).data).toEqual(whole.data);
      }),
      { numRuns: 12 },
    );
    expect(twin.embed(x, { batchSize: Infinity }).data).toEqual(whole.data);
    for (const batchSize of [0, -1, 2.5, -Infinity, NaN]) {
      expect(() => twin.embed(x, { batchSize })).toThrow(
        `embed: batchSize must be an integer of at least 1; got ${batchSize}.`,
      );
    }
  });

  it('embeds for inference unless told otherwise, and differentiably', () => {
    const twin = new Twin(
      new Sequential(new Flatten(), new Dropout(0.5), new Linear(2, 2, { random: createRandom(1) })),
      { compare: euclidean },
    );
    const x = ones([40, 2]);
    expect(twin.embed(x).data).toEqual(twin.embed(x).data);
    expect(twin.embed(x, { training: true, random: createRandom(1) }).data).not.toEqual(twin.embed(x).data);
    expect(twin.embed(x, { training: true, random: createRandom(1), batchSize: 7 }).shape).toEqual([40, 2]);
    expect(backward(sum(twin.embed(x))).size).toBe(2);
    expect(noGrad(() => twin.embed(x)).node).toBeUndefined();
  });

  it('refuses an encoder that does not map [N, ...] to [N, D]', () => {
    const flat = new Twin(new Sequential(relu), { compare: euclidean });
    expect(errorOf(ShapeError, () => flat.embed(ones([2, 1, 4, 4]))).message).toBe(
      'Twin: the encoder must map [N, ...] to [N, D]; got [2, 1, 4, 4] and [2, 1, 4, 4]. End it with Flatten and Linear.',
    );
    expect(() => flat.embed(ones([2, 1, 4, 4]))).toThrow(
      /Twin: the encoder must map \[N, \.\.\.\] to \[N, D\]; got \[2, 1, 4, 4\] and \[2, 1, 4, 4\]. End it with Flatten/,
    );
    const joined = new Twin(new Sequential((x) => reshape(x, [1, -1])), { compare: euclidean });
    expect(() => joined.compare(ones([2, 4]), ones([2, 4]))).toThrow(/got \[4, 4\] and \[1, 16\]/);
  });

  it('refuses what is no encoder or comparison', () => {
    // @ts-expect-error: a plain function is no Module
    expect(() => new Twin(relu, { compare: euclidean })).toThrow(
      /the encoder must be a Module\. Put plain functions into a Sequential/,
    );
    // @ts-expect-error: a name is no distance op
    expect(errorOf(TypeError, () => new Twin(new Flatten(), { compare: 'euclidean' })).message).toBe(
      'Twin: compare must be a distance op such as euclidean, or a head such as a KochHead.',
    );
  });

  it('is one encoder: its weights are listed once, under encoder', () => {
    const twin = new Twin(convEncoder(), { compare: euclidean });
    expect([...stateDict(twin).keys()]).toEqual([...stateDict(twin.encoder).keys()].map((name) => `encoder.${name}`));
    expect(stateDict(twin).get('encoder.1.running_mean')).toBe(stateDict(twin.encoder).get('1.running_mean'));
  });
});

describe('withThreshold and isSame', () => {
  it('call a pair same up to a distance, and from a similarity on', () => {
    const [a, b] = [tensor([[0], [0], [0]]), tensor([[1], [2], [3]])];
    const distances = new Twin(new Flatten(), { compare: euclidean });
    expect(distances.withThreshold(2).isSame(a, b)).toEqual([true, true, false]);
    const [x, y] = [
      tensor([
        [1, 0],
        [1, 0],
        [1, 0],
      ]),
      tensor([
        [1, 0],
        [3, 4],
        [0, 1],
      ]),
    ];
    const similarities = new Twin(new Flatten(), { compare: cosineSimilarity });
    expect(similarities.withThreshold(Math.fround(0.6)).isSame(x, y)).toEqual([true, true, false]);
    expect(similarities.withThreshold(0.7).isSame(x, y)).toEqual([true, false, false]);
  });

  it('shares weights with the twin it came from, which keeps its own threshold', () => {
    const twin = new Twin(convEncoder(), { compare: euclidean });
    const [low, high] = [twin.withThreshold(1), twin.withThreshold(2)];
    expect([twin.threshold, low.threshold, high.threshold]).toEqual([undefined, 1, 2]);
    expect(low.encoder).toBe(twin.encoder);
    expect(low.metric).toBe(twin.metric);
    namedParameters(twin).get('encoder.0.weight')?.data.fill(0);
    expect(low.embed(images(2, 1)).data).toEqual(twin.embed(images(2, 1)).data);
    expect([...stateDict(low).keys()]).toEqual([...stateDict(twin).keys()]);
    for (const bad of [NaN, Infinity, -Infinity])
      expect(errorOf(RangeError, () => twin.withThreshold(bad)).message).toContain(
        'withThreshold: the threshold must be a finite number; got',
      );
  });

  it('keep the class of the twin and what else it holds', () => {
    class Named extends Twin<Distance> {
      title = 'none';
      readonly tail = new Linear(2, 2, { random: createRandom(1) });
      describe(): string {
        return `${this.title} at ${this.threshold}`;
      }
    }
    const twin = new Named(new Flatten(), { compare: euclidean });
    twin.title = 'mine';
    const copy = twin.withThreshold(2);
    expect(copy).toBeInstanceOf(Named);
    expect([copy.describe(), twin.describe()]).toEqual(['mine at 2', 'mine at undefined']);
    expect([copy.encoder, copy.tail]).toEqual([twin.encoder, twin.tail]);
    expect(copy.tail).toBe(twin.tail);
    const loaded: Named = loadModel(saveModel(copy), twin);
    expect(loaded.describe()).toBe('mine at 2');
    expect(loadModel(saveModel(twin), copy).describe()).toBe('mine at undefined');
  });

  it('refuse a twin without a threshold, saying how to find one', () => {
    const twin = new Twin(convEncoder(), { compare: euclidean });
    expect(errorOf(TypeError, () => twin.isSame(images(1, 1), images(1, 1))).message).toBe(
      'isSame: the twin has no threshold. Find one with calibrateThreshold(...), then use twin.withThreshold(threshold).',
    );
    expect(() => twin.isSame(images(1, 1), images(1, 1))).toThrow(/no threshold.*calibrateThreshold.*withThreshold/);
  });

  it('refuse an image with NaN, naming its row', () => {
    for (const [, compare] of compares) {
      const twin = new Twin(convEncoder(), { compare }).withThreshold(1);
      for (const side of [0, 1]) {
        const sides = [images(5, 1), images(5, 2)];
        sides[side].data[3 * SIDE * SIDE + 17] = NaN;
        expect(errorOf(RangeError, () => twin.isSame(sides[0], sides[1])).message).toBe(
          'isSame: the score of row 3 is NaN. Check the input, and the weights, for NaN and for huge values.',
        );
        expect(() => twin.isSame(sides[0], sides[1])).toThrow(/isSame: the score of row 3 is NaN/);
      }
    }
    const huge = new Twin(new Flatten(), { compare: squaredEuclidean }).withThreshold(1);
    expect(() => huge.isSame(tensor([[0], [1e30]]), tensor([[0], [-1e30]]))).toThrow(/row 1 is Infinity/);
  });

  it('record nothing', () => {
    let node: unknown = 'not called';
    const spy = (a: Tensor, b: Tensor) => {
      const result = euclidean(a, b);
      node = result.node;
      return result;
    };
    new Twin(convEncoder(), { compare: spy }).withThreshold(1).isSame(images(1, 1), images(1, 2));
    expect(node).toBeUndefined();
  });
});
