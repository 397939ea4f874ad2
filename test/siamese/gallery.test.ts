import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asDistance } from '../../src/autograd/measure.ts';
import { relu } from '../../src/autograd/ops/activations.ts';
import { div, sub } from '../../src/autograd/ops/arithmetic.ts';
import { cosineDistance, cosineSimilarity, euclidean, squaredEuclidean } from '../../src/autograd/ops/distances.ts';
import { slice } from '../../src/autograd/ops/rearrange.ts';
import { sum } from '../../src/autograd/ops/reductions.ts';
import { scope } from '../../src/autograd/scope.ts';
import { Conv2d } from '../../src/nn/convolutions.ts';
import { Flatten, Linear } from '../../src/nn/dense.ts';
import { Module } from '../../src/nn/module.ts';
import { Sequential } from '../../src/nn/sequential.ts';
import { Gallery } from '../../src/siamese/gallery.ts';
import { type Measure, Twin } from '../../src/siamese/twin.ts';
import { ones, tensor, zeros } from '../../src/tensor/create.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { ShapeError } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { errorOf } from '../errors.ts';

const flat = new Twin(new Flatten(), { compare: euclidean });

/** A gallery of points on a line. */
function line(values: readonly number[], labels: readonly string[]): Gallery<string> {
  const gallery = new Gallery<string>(flat);
  gallery.add(column(values), labels);
  return gallery;
}

function column(values: readonly number[]): Tensor {
  return new Tensor(Float32Array.from(values), [values.length, 1]);
}

/** Points with many ties, labels, and a number of neighbors that may exceed the points. */
const searches = fc.record({
  points: fc.array(fc.tuple(fc.integer({ min: -4, max: 4 }), fc.constantFrom('a', 'b', 'c')), {
    minLength: 1,
    maxLength: 20,
  }),
  queries: fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 4 }),
  k: fc.integer({ min: 1, max: 25 }),
});

describe('Gallery', () => {
  it.each([
    ['euclidean', euclidean],
    ['squaredEuclidean', squaredEuclidean],
    ['cosineDistance', cosineDistance],
    ['cosineSimilarity', cosineSimilarity],
  ] as const)('agrees with twin.compare to the bit: %s', (_name, compare) => {
    const random = createRandom(1);
    const encoder = new Sequential(new Conv2d(1, 4, 3, { random }), relu, new Flatten(), new Linear(64, 9, { random }));
    const twin = new Twin<Measure>(encoder, { compare });
    const images = (count: number, seed: number) =>
      new Tensor(createRandom(seed).fillUniform(new Float32Array(count * 36), 0, 1), [count, 1, 6, 6]);
    const [known, queries] = [images(21, 2), images(5, 3)];
    const gallery = new Gallery<number>(twin);
    gallery.add(slice(known, [[0, 4]]), [0, 1, 2, 3]);
    gallery.add(
      slice(known, [[4, 21]]),
      Array.from({ length: 17 }, (_, i) => i + 4),
    );
    expect(gallery.size).toBe(21);
    gallery.search(queries, { k: 21 }).forEach((matches, q) => {
      expect(new Set(matches.map(({ index }) => index)).size).toBe(21);
      for (const { index, label, score } of matches) {
        expect(label).toBe(index);
        expect(score).toBe(twin.compare(slice(queries, [[q, q + 1]]), slice(known, [[index, index + 1]])).item());
      }
    });
  });

  it('finds the k most alike, most alike first, ties by index: as a naive sort does', () => {
    fc.assert(
      fc.property(searches, ({ points, queries, k }) => {
        const gallery = line(
          points.map(([value]) => value),
          points.map(([, label]) => label),
        );
        const found = gallery.search(column(queries), { k });
        const expected = queries.map((query) => {
          const rest = points.map(([value, label], index) => ({ label, index, score: Math.abs(value - query) }));
          const sorted: typeof rest = [];
          while (rest.length > 0 && sorted.length < k) {
            let best = 0;
            for (let i = 1; i < rest.length; i++) if (rest[i].score < rest[best].score) best = i;
            sorted.push(...rest.splice(best, 1));
          }
          return sorted;
        });
        expect(found).toEqual(expected);
      }),
    );
  });

  it('also among more entries than are compared at a time, with ties across them, for every k', () => {
    const random = createRandom(4);
    const values = Array.from({ length: 1100 }, () => random.integer(40));
    const gallery = new Gallery<number>(flat);
    gallery.add(column(values), values);
    for (const query of [-1, 7, 20, 45]) {
      const naive = values
        .map((value, index) => ({ label: value, index, score: Math.abs(value - query) }))
        .sort((a, b) => a.score - b.score || a.index - b.index);
      for (const k of [1, 2, 30, 255, 256, 257, 1099, 1100, 5000])
        expect(gallery.search(column([query]), { k })).toEqual([naive.slice(0, k)]);
    }
  });

  it('embeds a part at a time, entries and queries, with the bits of compare', () => {
    const rows: number[] = [];
    class Spy extends Module {
      readonly inner = new Linear(3, 4, { random: createRandom(1) });
      forward(x: Tensor): Tensor {
        rows.push(x.shape[0]);
        return this.inner.forward(x);
      }
    }
    const twin = new Twin(new Spy(), { compare: euclidean });
    const x = new Tensor(createRandom(2).fillNormal(new Float32Array(900), 0, 1), [300, 3]);
    const gallery = new Gallery<number>(twin);
    gallery.add(
      x,
      Array.from({ length: 300 }, (_, i) => i),
    );
    const found = gallery.search(x, { k: 2 });
    expect(rows).toEqual([128, 128, 44, 128, 128, 44]);
    found.forEach(([first, second], i) => {
      expect([first.index, first.score]).toEqual([i, 0]);
      const [a, b] = [i, second.index].map((row) => slice(x, [[row, row + 1]]));
      expect(second.score).toBe(twin.compare(a, b).item());
    });
  });

  it('holds entries as they were when they were added: a twin that is trained on leaves them behind', () => {
    const layer = new Linear(1, 1, { random: createRandom(1), initialize: () => ones([1, 1]) });
    layer.bias?.data.fill(0);
    const gallery = new Gallery<string>(new Twin(layer, { compare: euclidean }));
    gallery.add(column([2]), ['a']);
    layer.weight.data[0] = 3;
    expect(gallery.search(column([2]), { k: 1 })[0][0].score).toBe(4);
  });

  it('names the entry that a query has no score with', () => {
    const infinite: typeof euclidean = (a, b) => asDistance(div(1, sub(a, b)));
    const gallery = new Gallery<string>(
      new Twin(new Flatten(), { compare: (a, b) => asDistance(sum(infinite(a, b), { axis: 1 })) }),
    );
    const values = Array.from({ length: 600 }, (_, i) => i);
    gallery.add(column(values), values.map(String));
    expect(errorOf(RangeError, () => gallery.search(column([400]))).message).toMatch(
      /^search: the score of row 400 is -?Infinity\. Check the input, and the weights, for NaN and for huge values\.$/,
    );
  });

  it('votes for the label most neighbors have, at a tie the one with the most alike neighbor', () => {
    fc.assert(
      fc.property(searches, ({ points, queries, k }) => {
        const gallery = line(
          points.map(([value]) => value),
          points.map(([, label]) => label),
        );
        const found = gallery.search(column(queries), { k });
        gallery.vote(column(queries), { k }).forEach(({ label, votes, matches }, q) => {
          expect(matches).toEqual(found[q]);
          const tally = (name: string) => matches.filter((match) => match.label === name).length;
          expect(votes).toBe(tally(label));
          const most = Math.max(...['a', 'b', 'c'].map(tally));
          expect(votes).toBe(most);
          expect(label).toBe(matches.find((match) => tally(match.label) === most)?.label);
        });
      }),
    );
    expect(line([0, 2, 3], ['far', 'near', 'near']).vote(column([1]), { k: 3 })[0]).toMatchObject({
      label: 'near',
      votes: 2,
    });
    expect(line([3, 0], ['b', 'a']).vote(column([1]), { k: 2 })[0]).toMatchObject({ label: 'a', votes: 1 });
  });

  it('ranks by highest similarity where the twin measures one', () => {
    const gallery = new Gallery<string>(new Twin(new Flatten(), { compare: cosineSimilarity }));
    gallery.add(
      tensor([
        [0, 1],
        [1, 0],
        [-1, 0],
        [3, 4],
      ]),
      ['up', 'right', 'left', 'between'],
    );
    const [matches] = gallery.search(tensor([[2, 0]]), { k: 4 });
    expect(matches.map(({ label }) => label)).toEqual(['right', 'between', 'up', 'left']);
    expect(matches.map(({ score }) => score)).toEqual([1, Math.fround(0.6), 0, -1]);
  });

  it('gives all entries where k is larger, 5 by default, and the same whether added at once or one by one', () => {
    const values = [5, 1, 4, 2, 3, 0];
    const labels = ['5', '1', '4', '2', '3', '0'];
    const once = line(values, labels);
    expect(once.search(column([0]), { k: 100 })[0]).toHaveLength(6);
    expect(once.search(column([0]))[0].map(({ label }) => label)).toEqual(['0', '1', '2', '3', '4']);
    const single = new Gallery<string>(flat);
    values.forEach((value, i) => {
      single.add(column([value]), [labels[i]]);
      expect(single.search(column([0]), { k: 1 })[0][0].score).toBe(Math.min(...values.slice(0, i + 1)));
    });
    expect(single.search(column([0, 9]), { k: 6 })).toEqual(once.search(column([0, 9]), { k: 6 }));
  });

  it('takes no query, and adds nothing, without complaint', () => {
    const gallery = line([1], ['a']);
    gallery.add(zeros([0, 1]), []);
    expect(gallery.size).toBe(1);
    expect(gallery.search(zeros([0, 1]))).toEqual([]);
    expect(gallery.vote(column([3]))[0].label).toBe('a');
  });

  it('takes many labels at once', () => {
    const count = 200_000;
    const gallery = new Gallery<number>(flat);
    gallery.add(
      zeros([count, 1]),
      Array.from({ length: count }, (_, i) => i),
    );
    expect(gallery.size).toBe(count);
  });

  it('keeps embeddings of its own: inputs may be reused', () => {
    const x = column([1, 5]);
    const gallery = new Gallery<string>(flat);
    gallery.add(x, ['one', 'five']);
    x.data.fill(100);
    expect(gallery.search(column([1]), { k: 1 })[0][0]).toEqual({ label: 'one', index: 0, score: 0 });
  });
});

describe('Gallery refuses', () => {
  it('another number of labels than inputs', () => {
    const gallery = new Gallery<string>(flat);
    expect(errorOf(ShapeError, () => gallery.add(ones([2, 1]), ['a'])).message).toBe(
      'gallery.add: 2 inputs need as many labels; got [2, 1] and [1]. Pass one label an input.',
    );
    expect(() => gallery.add(ones([2, 1]), ['a'])).toThrow(
      /gallery\.add: 2 inputs need as many labels; got \[2, 1\] and \[1\]/,
    );
    expect(gallery.size).toBe(0);
  });

  it('an input with NaN, naming it, and keeps what it has', () => {
    const gallery = line([1, 2], ['a', 'b']);
    expect(errorOf(RangeError, () => gallery.add(column([3, NaN]), ['c', 'd'])).message).toBe(
      'gallery.add: the embedding of input 1 is not finite. Check the input, and the weights, for NaN and for huge values.',
    );
    expect(() => gallery.add(column([3, NaN]), ['c', 'd'])).toThrow(
      /gallery\.add: the embedding of input 1 is not finite/,
    );
    expect(gallery.size).toBe(2);
    expect(gallery.search(column([3]), { k: 5 })[0]).toHaveLength(2);
  });

  it('a query with NaN, naming it', () => {
    const gallery = line([1, 2], ['a', 'b']);
    expect(errorOf(RangeError, () => gallery.search(column([1, 1, NaN]))).message).toBe(
      'gallery.search: the embedding of input 2 is not finite. Check the input, and the weights, for NaN and for huge values.',
    );
    expect(() => gallery.search(column([1, 1, NaN]))).toThrow(
      /gallery\.search: the embedding of input 2 is not finite/,
    );
  });

  it('embeddings of another length than it has, and keeps what it has', () => {
    const gallery = line([1, 2], ['a', 'b']);
    expect(errorOf(ShapeError, () => gallery.add(ones([1, 3]), ['c'])).message).toBe(
      'gallery.add: embeddings of different lengths cannot be compared; got [2, 1] and [1, 3]. Pass inputs of the size of those added before.',
    );
    expect(() => gallery.add(ones([1, 3]), ['c'])).toThrow(/gallery\.add: .*\[2, 1\] and \[1, 3\]/);
    expect(gallery.size).toBe(2);
    expect(gallery.search(column([2]), { k: 1 })[0][0].label).toBe('b');
    expect(errorOf(ShapeError, () => gallery.search(ones([1, 3]))).message).toBe(
      'gallery.search: embeddings of different lengths cannot be compared; got [2, 1] and [1, 3]. Pass inputs of the size of those added before.',
    );
  });

  it('a search when it is empty, and a k that is no count', () => {
    expect(() => new Gallery<string>(flat).search(column([1]))).toThrow(/gallery\.search: the gallery is empty/);
    expect(errorOf(RangeError, () => new Gallery<string>(flat).vote(column([1]))).message).toBe(
      'gallery.search: the gallery is empty. Add known inputs first.',
    );
    for (const k of [0, -1, 1.5, NaN]) {
      expect(() => line([1], ['a']).search(column([1]), { k })).toThrow(
        `gallery.search: k must be an integer of at least 1; got ${k}.`,
      );
    }
  });
});

describe('a gallery inside a scope', () => {
  it('keeps what was added before and inside, and finds it afterwards', () => {
    const gallery = line(
      Array.from({ length: 30 }, (_, i) => i),
      Array.from({ length: 30 }, (_, i) => `n${i}`),
    );
    const inside = scope(() => {
      gallery.add(column([100, 101]), ['far', 'further']);
      return gallery.search(column([100]), { k: 1 })[0][0].label;
    });
    scope(() => sum(ones([1000])).item());
    expect(inside).toBe('far');
    expect(gallery.search(column([7, 101]), { k: 1 }).map(([{ label, score }]) => [label, score])).toEqual([
      ['n7', 0],
      ['further', 0],
    ]);
  });
});
