import { describe, expect, it } from 'vitest';
import { cosineSimilarity, euclidean } from '../../src/autograd/ops/distances.ts';
import { imageSet, type LabelledSet } from '../../src/data/imageSet.ts';
import { Flatten } from '../../src/nn/dense.ts';
import { evaluateFewShot } from '../../src/siamese/fewShot.ts';
import { type Measure, Twin } from '../../src/siamese/twin.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { errorOf } from '../errors.ts';

const twin = new Twin(new Flatten(), { compare: euclidean });

/** Vectors `[N, 1, 1, D]` with labels: an embedding each, as the encoder is the identity. */
function vectors(labels: readonly number[], depth: number, value: (i: number, d: number) => number): LabelledSet {
  const data = Float32Array.from({ length: labels.length * depth }, (_, p) => value(Math.floor(p / depth), p % depth));
  return imageSet({ shape: [labels.length, 1, 1, depth], data }, labels);
}

/** Tight clusters far apart, on a circle so that angles tell them apart as well. */
function clusters(classes: number, perClass: number): LabelledSet {
  const random = createRandom(4);
  const labels = Array.from({ length: classes * perClass }, (_, i) => i % classes);
  const angle = (i: number) => (2 * Math.PI * labels[i]) / classes;
  return vectors(
    labels,
    2,
    (i, d) => 10 * (d === 0 ? Math.cos(angle(i)) : Math.sin(angle(i))) + 0.01 * random.normal(),
  );
}

/** Vectors that say nothing about their labels. */
function noise(classes: number, perClass: number, seed: number): LabelledSet {
  const random = createRandom(seed);
  return vectors(
    Array.from({ length: classes * perClass }, (_, i) => i % classes),
    4,
    () => random.normal(),
  );
}

describe('evaluateFewShot', () => {
  it('is always right on perfect clusters, by distance and by similarity', () => {
    for (const compare of [euclidean, cosineSimilarity]) {
      const report = evaluateFewShot(new Twin<Measure>(new Flatten(), { compare }), clusters(8, 6), {
        ways: 5,
        shots: 2,
        queries: 3,
        episodes: 50,
        random: createRandom(1),
      });
      expect(report).toEqual({ accuracy: 1, confidence95: 0, chance: 0.2, episodes: 50, ways: 5, shots: 2 });
    }
  });

  it('is right as often as chance on noise, within a narrow interval', () => {
    for (const ways of [2, 5]) {
      const report = evaluateFewShot(twin, noise(10, 20, 3), {
        ways,
        queries: 4,
        episodes: 500,
        random: createRandom(2),
      });
      expect(report.chance).toBe(1 / ways);
      expect(report.confidence95).toBeLessThan(0.03);
      // Three standard errors.
      expect(Math.abs(report.accuracy - report.chance)).toBeLessThan(1.53 * report.confidence95);
    }
  });

  it('agrees with its definition, episode by episode', () => {
    const set = noise(6, 5, 9);
    const points = [...set.labels.keys()].map((i) => [...set.batch([i]).data]);
    const [ways, shots, queries, episodes] = [3, 2, 2, 40];
    const shares: number[] = [];
    for (let episode = 0; episode < episodes; episode++) {
      const random = createRandom(5).fork(episode);
      const known: number[] = [];
      const unknown: number[] = [];
      for (const label of random.permutation(6).subarray(0, ways)) {
        const members = [...set.labels.keys()].filter((i) => set.labels[i] === label);
        const drawn = [...random.permutation(5).subarray(0, shots + queries)].map((i) => members[i]);
        known.push(...drawn.slice(0, shots));
        unknown.push(...drawn.slice(shots));
      }
      let right = 0;
      for (const query of unknown) {
        const distances = known.map((i) => Math.hypot(...points[i].map((v, d) => v - points[query][d])));
        if (set.labels[known[distances.indexOf(Math.min(...distances))]] === set.labels[query]) right++;
      }
      shares.push(right / unknown.length);
    }
    const mean = shares.reduce((a, b) => a + b) / episodes;
    const variance = shares.reduce((total, share) => total + (share - mean) ** 2, 0) / (episodes - 1);
    const report = evaluateFewShot(twin, set, { ways, shots, queries, episodes, random: createRandom(5) });
    expect(report.accuracy).toBeCloseTo(mean, 12);
    expect(report.confidence95).toBeCloseTo(1.96 * Math.sqrt(variance / episodes), 12);
    expect(mean).toBeGreaterThan(0.2);
  });

  it('is seeded, and takes the documented defaults', () => {
    const set = noise(6, 5, 9);
    const run = (seed: number) => evaluateFewShot(twin, set, { ways: 4, random: createRandom(seed) });
    expect(run(1)).toEqual(run(1));
    expect(run(1).accuracy).not.toBe(run(2).accuracy);
    expect(run(1)).toMatchObject({ episodes: 400, shots: 1, ways: 4, chance: 0.25 });
  });

  it('draws the same episodes whatever was drawn from its random before', () => {
    const set = noise(6, 5, 9);
    const random = createRandom(1);
    random.word();
    expect(evaluateFewShot(twin, set, { ways: 4, random })).toEqual(
      evaluateFewShot(twin, set, { ways: 4, random: createRandom(1) }),
    );
  });

  it('passes over classes that are too small', () => {
    const labels = [0, 0, 1, 1, 2];
    // The lone sample lies between the others, where it would be confused with both.
    const set = vectors(labels, 1, (i) => (labels[i] === 2 ? 5 : 10 * labels[i] + 0.01 * i));
    expect(evaluateFewShot(twin, set, { ways: 2, episodes: 20, random: createRandom(1) }).accuracy).toBe(1);
    expect(errorOf(RangeError, () => evaluateFewShot(twin, set, { ways: 3, random: createRandom(1) })).message).toBe(
      'evaluateFewShot: 2 classes have 2 samples, fewer than 3 ways. Lower ways, shots or queries.',
    );
    expect(() => evaluateFewShot(twin, set, { ways: 3, random: createRandom(1) })).toThrow(
      /evaluateFewShot: 2 classes have 2 samples, fewer than 3 ways/,
    );
  });
});

describe('evaluateFewShot refuses', () => {
  it('numbers that are not counts', () => {
    const set = clusters(3, 4);
    const run = (options: object) => () => evaluateFewShot(twin, set, { ways: 2, random: createRandom(1), ...options });
    expect(run({ ways: 1 })).toThrow(/ways must be an integer of at least 2; got 1/);
    expect(run({ shots: 0 })).toThrow(/shots must be an integer of at least 1; got 0/);
    expect(run({ queries: 1.5 })).toThrow(/queries must be an integer of at least 1; got 1.5/);
    // One episode has no spread, and so no interval.
    expect(run({ episodes: 1 })).toThrow(/episodes must be an integer of at least 2; got 1/);
    expect(run({ episodes: 2 })).not.toThrow();
    expect(run({ episodes: NaN })).toThrow(/episodes must be an integer of at least 2; got NaN/);
  });

  it('a set of one class, and samples that run out', () => {
    expect(() =>
      evaluateFewShot(
        twin,
        vectors([3, 3, 3], 1, (i) => i),
        { ways: 2, random: createRandom(1) },
      ),
    ).toThrow(/one class only/);
    expect(() =>
      evaluateFewShot(twin, clusters(3, 4), { ways: 2, shots: 3, queries: 2, random: createRandom(1) }),
    ).toThrow(/0 classes have 5 samples/);
  });

  it('a sample that embeds to NaN, naming it', () => {
    const set = clusters(3, 50);
    const broken: LabelledSet = {
      length: set.length,
      labels: set.labels,
      batch: (indices) => {
        const x = set.batch(indices);
        const row = Array.from(indices).indexOf(131);
        if (row >= 0) x.data[2 * row] = NaN;
        return x;
      },
    };
    expect(errorOf(RangeError, () => evaluateFewShot(twin, broken, { ways: 2, random: createRandom(1) })).message).toBe(
      'evaluateFewShot: the embedding of sample 131 is not finite. Check the sample, and the weights, for NaN and for huge values.',
    );
    expect(() => evaluateFewShot(twin, broken, { ways: 2, random: createRandom(1) })).toThrow(
      /evaluateFewShot: the embedding of sample 131 is not finite/,
    );
  });
});
