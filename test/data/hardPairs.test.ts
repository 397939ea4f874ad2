import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scope } from '../../src/autograd/scope.ts';
import { type HardPairsOptions, hardPairs } from '../../src/data/hardPairs.ts';
import { tensor } from '../../src/tensor/create.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { ShapeError } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { errorOf } from '../errors.ts';
import { count, labelsOf, numbered, pairsOf, seeds, sizes, spread } from './sampling.ts';

/** Embeddings on a coarse grid, so that distances tie and coincide. */
function gridded(rows: number, width: number, seed: number): Tensor {
  const random = createRandom(seed);
  return new Tensor(
    Float32Array.from({ length: rows * width }, () => random.integer(5)),
    [rows, width],
  );
}

function distance({ data, shape: [, width] }: Tensor, i: number, j: number): number {
  let squares = 0;
  for (let d = 0; d < width; d++) squares += (data[i * width + d] - data[j * width + d]) ** 2;
  return Math.sqrt(squares);
}

/** The `most` hardest partners of a sample by sorting all, with their distances. */
function partners(embeddings: Tensor, labels: readonly number[], i: number, different: number, most: number): number[] {
  const allowed = [...labels.keys()].filter((j) => j !== i && (labels[j] === labels[i] ? 0 : 1) === different);
  const sign = different === 1 ? 1 : -1;
  return allowed
    .toSorted((j, k) => sign * (distance(embeddings, i, j) - distance(embeddings, i, k)) || j - k)
    .slice(0, most);
}

function make(labels: readonly number[], options: Partial<HardPairsOptions>, seed = 1): ReturnType<typeof hardPairs> {
  const embeddings = gridded(labels.length, 2, 5);
  return hardPairs(numbered(labels), { embeddings, batchSize: 4, random: createRandom(seed), ...options });
}

describe('hardPairs', () => {
  it('pair each sample with one of its farthest of the class, or its nearest of others, in turn', () => {
    fc.assert(
      fc.property(sizes, seeds, fc.integer({ min: 1, max: 4 }), (list, seed, neighbors) => {
        const labels = labelsOf(list);
        const embeddings = gridded(labels.length, 2, seed);
        const drawn = pairsOf(make(labels, { embeddings, neighbors, pairs: 24 }, seed), seed % 3);
        expect(drawn).toHaveLength(24);
        drawn.forEach(([a, b, different], i) => {
          expect(different).toBe(i % 2);
          expect(partners(embeddings, labels, a, different, neighbors)).toContain(b);
        });
      }),
    );
  });

  it('take all of these partners, each as likely', () => {
    const labels = labelsOf([30, 30]);
    const embeddings = gridded(60, 3, 9);
    const drawn = pairsOf(make(labels, { embeddings, neighbors: 3, pairs: 6000 }));
    for (const different of [0, 1]) {
      const places = count(
        drawn
          .filter((pair) => pair[2] === different)
          .map(([a, b]) => partners(embeddings, labels, a, different, 3).indexOf(b)),
      );
      // 1000 of each is expected, with a standard deviation of 26.
      for (const place of [0, 1, 2]) expect(Math.abs((places.get(place) ?? 0) - 1000)).toBeLessThan(110);
    }
  });

  it('find partners across the blocks in which distances are taken', () => {
    // More samples of a class than a block has, the farthest of the first among the last and of the last among the first.
    const labels = Array.from({ length: 2600 }, (_, i) => (i < 1300 ? 0 : 1));
    const embeddings = new Tensor(Float32Array.from(labels.keys()), [2600, 1]);
    const drawn = pairsOf(make(labels, { embeddings, neighbors: 1, pairs: 2600 }));
    for (const [a, b, different] of drawn) {
      const first = a - (a % 1300);
      if (different === 1) expect(b).toBe(labels[a] === 0 ? 1300 : 1299);
      else expect(b).toBe(a % 1300 < 650 ? first + 1299 : first);
    }
  });

  it('follow the distance', () => {
    // Seen from sample 0: of its class sample 1 is farthest by angle and 2 by distance, of the other 4 and 3 are nearest.
    const labels = [0, 0, 0, 1, 1];
    const embeddings = tensor([
      [1, 0],
      [1, 1],
      [9, 1],
      [1, 3],
      [50, 1],
    ]);
    const partners = (distance: HardPairsOptions['distance']) => {
      const drawn = pairsOf(make(labels, { embeddings, distance, neighbors: 1, pairs: 40 }));
      return [0, 1].map((kind) => drawn.find(([a, , different]) => a === 0 && different === kind)?.[1]);
    };
    expect([partners('cosine'), partners('euclidean'), partners(undefined)]).toEqual([
      [1, 4],
      [2, 3],
      [2, 3],
    ]);
  });

  it('go through classes equally often, and evenly through their samples', () => {
    const list = [1, 2, 5, 40];
    const labels = labelsOf(list);
    const drawn = pairsOf(make(labels, { pairs: 2400 }));
    for (const different of [0, 1]) {
      const firsts = drawn.filter((pair) => pair[2] === different).map(([a]) => a);
      const classes = different === 1 ? [0, 10, 20, 30] : [10, 20, 30];
      expect(spread(count(firsts.map((i) => labels[i])), classes)).toBe(0);
      for (const label of classes)
        expect(
          spread(
            count(firsts),
            [...labels.keys()].filter((i) => labels[i] === label),
          ),
        ).toBeLessThanOrEqual(1);
    }
    expect(drawn.some(([a, b, different]) => different === 0 && (labels[a] === 0 || labels[b] === 0))).toBe(false);
  });

  it('are those of the embeddings as they were, also where these are changed or freed', () => {
    const labels = labelsOf([5, 5]);
    const embeddings = gridded(10, 2, 3);
    const expected = pairsOf(make(labels, { embeddings }), 2);
    const batches = scope(() => make(labels, { embeddings: new Tensor(embeddings.data.slice(), [10, 2]) }));
    expect(pairsOf(batches, 2)).toEqual(expected);
    const changing = new Tensor(embeddings.data.slice(), [10, 2]);
    const others = make(labels, { embeddings: changing });
    changing.data.fill(0);
    pairsOf(others, 0);
    expect(pairsOf(others, 2)).toEqual(expected);
    expect(pairsOf(make(labels, { embeddings: changing }), 2)).not.toEqual(expected);
  });

  it('default to as many pairs as samples, and report the classes of the first of each', () => {
    const batches = make(labelsOf([1, 40]), {});
    expect(pairsOf(batches)).toHaveLength(41);
    expect(batches.report).toEqual({
      samples: 41,
      classes: 2,
      smallest: { label: 0, count: 1, draws: 10 },
      largest: { label: 10, count: 40, draws: 0.775 },
      drawn: 41,
      repeated: 9,
      missed: 9,
      warnings: [
        'class 0 has 1 sample, class 10 has 40 samples: an epoch draws each sample of class 0 about 10 times and each of class 10 about 0.78 times. Gather more samples of the small classes, or keep fewer of the large ones.',
        'class 0 has one sample only, which occurs in different pairs only. Gather another sample, or filter the class out.',
      ],
    });
  });

  it('refuse embeddings that do not fit or are not finite, naming the sample, and sets without pairs', () => {
    const labels = [0, 0, 1];
    expect(errorOf(ShapeError, () => make(labels, { embeddings: tensor([[1], [2]]) })).message).toBe(
      'hardPairs: embeddings must be [N, D] with a row for each of 3 samples; got [2, 1]. Embed the same set.',
    );
    expect(errorOf(ShapeError, () => make(labels, { embeddings: tensor([1, 2, 3]) })).message).toContain('got [3]');
    expect(() =>
      make(labels, {
        embeddings: tensor([
          [1, 2],
          [3, NaN],
          [1, 1],
        ]),
      }),
    ).toThrow(
      new RangeError('hardPairs: the embedding of sample 1 holds NaN. Lower the learning rate, or look at the sample.'),
    );
    expect(() => make([0, 0], {})).toThrow(
      new RangeError(
        'hardPairs: the set holds 2 samples of one class only. Different samples need at least two classes.',
      ),
    );
    expect(() => make([0, 1], {})).toThrow(
      new RangeError('hardPairs: no class has two samples. Samples that are alike need a class with at least two.'),
    );
    for (const name of ['batchSize', 'pairs', 'neighbors'])
      expect(() => make(labels, { [name]: 0 })).toThrow(
        new RangeError(`hardPairs: ${name} must be an integer of at least 1; got 0.`),
      );
  });
});
