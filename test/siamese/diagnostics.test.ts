import { describe, expect, test } from 'vitest';
import {
  alignment,
  backward,
  batchTripletLoss,
  createRandom,
  describeEmbeddings,
  diagnoseEmbeddings,
  Linear,
  normalize,
  pairStatistics,
  parameter,
  type Random,
  relu,
  Sequential,
  SGD,
  ShapeError,
  scope,
  Tensor,
  tensor,
  uniformity,
  zeros,
} from '../../src/portable.ts';
import { effectiveRank, eigenvalues } from '../../src/siamese/diagnosticsSpectrum.ts';
import { type Facts, warningsOf } from '../../src/siamese/diagnosticsWarnings.ts';
import { errorOf } from '../errors.ts';

const matrix = (rows: number, width: number, of: (i: number, j: number) => number): Tensor =>
  new Tensor(
    Float32Array.from({ length: rows * width }, (_, at) => of(Math.floor(at / width), at % width)),
    [rows, width],
  );
const normal = (random: Random, rows: number, width: number): Tensor =>
  new Tensor(random.fillNormal(new Float32Array(rows * width), 0, 1), [rows, width]);
const wave = (i: number, j: number) => Math.sin(1 + 0.7 * i * i + 1.3 * i * j);

describe('eigenvalues', () => {
  const of = (size: number, entry: (i: number, j: number) => number) =>
    eigenvalues({
      data: Float64Array.from({ length: size * size }, (_, at) => entry(Math.floor(at / size), at % size)),
      size,
    });

  test('are those of NumPy', () => {
    const found = of(8, (i, j) => Math.sin(1 + i * j) + Math.sin(2 + i + j));
    // numpy.linalg.eigvalsh of the same matrix.
    const expected = [
      -3.0709591116997204, -2.3089951748885875, -1.326447976944148, -0.8358945118265352, -0.24980241407109188,
      0.3903741915630152, 2.098485494131326, 4.930858191438138,
    ];
    expected.forEach((value, k) => expect(found[k]).toBeCloseTo(value, 13));
  });

  test('of nothing, of one number, of zeros and of a diagonal with ties', () => {
    expect([...of(0, () => 0)]).toEqual([]);
    expect([...of(1, () => 7)]).toEqual([7]);
    expect([...of(3, () => 0)]).toEqual([0, 0, 0]);
    const ties = of(4, (i, j) => (i === j ? [2, -1, 2, 5][i] : 0));
    [-1, 2, 2, 5].forEach((value, k) => expect(ties[k]).toBeCloseTo(value, 14));
  });

  test('are known where a matrix has them in closed form', () => {
    // 2 on the diagonal and -1 beside it: 2 - 2 cos(k pi / (n + 1)).
    const chain = of(40, (i, j) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0));
    chain.forEach((value, k) => expect(value).toBeCloseTo(2 - 2 * Math.cos(((k + 1) * Math.PI) / 41), 13));
    const ones = of(30, () => 1);
    expect(ones[29]).toBeCloseTo(30, 12);
    ones.subarray(0, 29).forEach((value) => expect(Math.abs(value)).toBeLessThan(1e-13));
  });
});

describe('the effective rank', () => {
  test('is that of the singular values by NumPy', () => {
    expect(diagnoseEmbeddings(matrix(7, 5, wave)).effectiveRank).toBeCloseTo(4.481187618432116, 6);
    // Fewer rows than dimensions: by products of rows.
    expect(diagnoseEmbeddings(matrix(3, 5, wave)).effectiveRank).toBeCloseTo(1.9943623753032833, 6);
  });

  test.each([
    [[9, 9, 9, 9], 4],
    [[4, 4, 0, 0], 2],
    [[5, 0, 0], 1],
    [[0, 0], 0],
    [[], 0],
    // Rounding of float32 is no direction, and eigenvalues may be rounded below 0.
    [[1, 1e-16, -1e-16], 1],
    // Shares 3/4 and 1/4.
    [[9, 1], 4 / 3 ** 0.75],
  ])('of squared singular values %j is %d', (squares, rank) => {
    expect(effectiveRank(Float64Array.from(squares))).toBeCloseTo(rank, 12);
  });

  test('of more than 1,000 rows and dimensions is that of 1,000 rows', () => {
    // 1,100 points at right angles, of which one direction is that of their mean.
    const { effectiveRank: rank, count } = diagnoseEmbeddings(matrix(1100, 1100, (i, j) => (i === j ? 1 : 0)));
    expect(count).toBe(1100);
    expect(rank).toBeCloseTo(999, 3);
  });

  test('does not see a shift or a scale', () => {
    const x = matrix(7, 5, wave);
    const rank = diagnoseEmbeddings(x).effectiveRank;
    const other = new Tensor(
      x.data.map((v) => 8 * v + 16),
      x.shape,
    );
    expect(diagnoseEmbeddings(other).effectiveRank).toBeCloseTo(rank, 4);
  });
});

describe('the figures', () => {
  const x = tensor([
    [3, 4],
    [-3, 4],
    [0, 2],
  ]);

  test('are those of their definitions', () => {
    const report = diagnoseEmbeddings(x, { labels: [7, 7, 1] });
    // On the unit circle: (0.6, 0.8), (-0.6, 0.8), (0, 1).
    const [first, second] = [Math.sqrt((2 * 0.36) / 3), Math.sqrt((2 * 0.64 + 1) / 3 - (2.6 / 3) ** 2)];
    expect(report).toMatchObject({ count: 3, dimensions: 2, norm: { least: 2, mean: 4, largest: 5 } });
    expect(report.deviation.mean).toBeCloseTo((first + second) / 2, 7);
    expect(report.deviation.least).toBeCloseTo(second, 7);
    expect(report.deviation.even).toBeCloseTo(Math.SQRT1_2, 15);
    expect(report.distance.positive).toBe(6);
    expect(report.distance.negative).toBeCloseTo(Math.sqrt(13), 6);
    expect(report.distance.mean).toBeCloseTo((6 + 2 * Math.sqrt(13)) / 3, 6);
    expect(report.alignment).toBeCloseTo(1.44, 6);
    expect(report.alignment).toBeCloseTo(alignment(tensor([[3, 4]]), tensor([[-3, 4]])).item(), 6);
    expect(report.uniformity).toBe(uniformity(x).item());
  });

  test('take the distance that is asked for', () => {
    const { distance } = diagnoseEmbeddings(x, { labels: [7, 7, 1], distance: 'squaredEuclidean' });
    expect([distance.positive, distance.negative]).toEqual([36, 13]);
    expect(diagnoseEmbeddings(x, { labels: [7, 7, 1], distance: 'cosine' }).distance.positive).toBeCloseTo(0.72, 6);
  });

  test('of positives and negatives are those of pairStatistics', () => {
    const embeddings = normalize(normal(createRandom(3), 40, 6));
    const labels = Array.from({ length: 40 }, (_, i) => i % 5);
    const { distance } = diagnoseEmbeddings(embeddings, { labels });
    const statistics = pairStatistics(embeddings, labels);
    expect(distance.positive).toBeCloseTo(statistics.meanPositiveDistance, 5);
    expect(distance.negative).toBeCloseTo(statistics.meanNegativeDistance, 5);
  });

  test('leave open what there is nothing to say of', () => {
    expect(diagnoseEmbeddings(x)).toMatchObject({
      distance: { positive: undefined, negative: undefined },
      alignment: undefined,
    });
    expect(diagnoseEmbeddings(x, { labels: [1, 2, 3] }).distance.positive).toBeUndefined();
    expect(diagnoseEmbeddings(x, { labels: [1, 1, 1] }).distance.negative).toBeUndefined();
  });

  test('keep classes above 2^24 apart', () => {
    expect(diagnoseEmbeddings(x, { labels: [2 ** 24, 2 ** 24 + 1, 2 ** 24 + 1] }).distance.positive).toBeCloseTo(
      Math.sqrt(13),
      6,
    );
  });

  test('of even directions are what they should be', () => {
    const report = diagnoseEmbeddings(normal(createRandom(1), 2000, 32));
    expect(report.deviation.mean).toBeGreaterThan(0.99 * report.deviation.even);
    expect(report.deviation.mean).toBeLessThanOrEqual(1.0001 * report.deviation.even);
    expect(report.effectiveRank).toBeGreaterThan(31.8);
    expect(report.uniformity).toBeLessThan(-3.6);
    expect(report.warnings).toEqual([]);
  });

  /** Sorted, the first 500 rows would be of one class; in turn, every eighth would. */
  test.each<[string, (i: number) => number]>([
    ['sorted', (i) => Math.floor(i / 1000)],
    ['in turn', (i) => i % 4],
  ])('of many rows are taken of 500, classes being %s', (_, classOf) => {
    const labels = Array.from({ length: 4000 }, (_, i) => classOf(i));
    const wide = matrix(4000, 2, (i, j) => (j === 0 ? 10 * labels[i] : Math.floor(i / 4) % 2));
    const report = diagnoseEmbeddings(wide, { labels, margin: 1 });
    expect(report.distance.positive).toBeLessThan(1);
    expect(report.distance.negative).toBeGreaterThan(15);
    expect(report.warnings).toEqual([]);
    expect(diagnoseEmbeddings(wide, { labels, margin: 1 })).toEqual(report);
  });

  test('record nothing, and may be taken in a scope', () => {
    const leaf = parameter(x);
    expect(scope(() => diagnoseEmbeddings(leaf, { labels: [7, 7, 1] }))).toEqual(
      diagnoseEmbeddings(x, { labels: [7, 7, 1] }),
    );
  });

  test('are printed', () => {
    const report = diagnoseEmbeddings(x, { labels: [7, 7, 1] });
    expect(describeEmbeddings(report)).toBe(
      [
        '3 embeddings of 2 dimensions, lengths 2 to 5',
        'deviation 0.292 of 0.707, least 0.0943; effective rank 1.81 of 2',
        'mean distance 4.4, positives 6, negatives 3.61; alignment 1.44, uniformity -1.14',
        `warning: ${report.warnings[0]}`,
      ].join('\n'),
    );
  });
});

/** Classes that are not told apart. */
const MIXED: Partial<Facts> = { positiveDistance: 1, negativeDistance: 1.09 };

/** What nothing is wrong with. */
const WELL: Facts = {
  ...{
    count: 200,
    dimensions: 64,
    spread: 0.5,
    dead: 0,
    effectiveRank: 40,
    classes: 10,
    meanNorm: 1,
    metric: 'euclidean',
  },
  ...{ meanDistance: 1, positiveDistance: 0.5, negativeDistance: 1.2, loss: 0.3, margin: 0.5, activeFraction: 0.4 },
};

describe('warnings', () => {
  test('are none where nothing is wrong', () => {
    expect(warningsOf(WELL)).toEqual([]);
    expect(
      warningsOf({ ...WELL, loss: undefined, margin: undefined, classes: undefined, activeFraction: undefined }),
    ).toEqual([]);
  });

  test('of few directions tell those to pass labels who have not', () => {
    const [known] = warningsOf({ ...WELL, effectiveRank: 1 });
    expect(known).toMatch(
      /^embeddings use about 1 of the 9 directions .*; with triplets start with batch-all mining\.$/,
    );
  });

  test('of lengths need no margin, of squared distances either', () => {
    const facts = { ...WELL, metric: 'squaredEuclidean', margin: undefined, meanNorm: 1001 } as const;
    expect(warningsOf(facts)).toEqual([
      expect.stringMatching(/^embeddings are 1000 long on average: the learning rate/),
    ]);
    expect(warningsOf({ ...facts, meanNorm: 999 })).toEqual([]);
  });

  const collapse = /^embeddings are all nearly alike \(collapse\)/;
  const rank = /dimensional collapse/;
  const lengths = /long on average: .* Lower the learning rate/;
  const active = /^[\d.]+ % of the pairs or triplets are active: the loss has next to nothing left/;
  const inverted = /Check whether labels are inverted/;
  const unlearnt = /^loss equals the margin: on average a positive is as far/;
  /** Both sides of each threshold. */
  test.each<[string, Partial<Facts>, RegExp, Partial<Facts>]>([
    ['a mean distance of a fifth of the margin', { meanDistance: 0.0999 }, collapse, { meanDistance: 0.1001 }],
    ['a spread of 1 %', { spread: 0.0099, meanDistance: 0.49 }, collapse, { spread: 0.0101, meanDistance: 0.49 }],
    [
      'a spread of 1 %, within',
      { spread: 0.0099, meanDistance: 0.49 },
      collapse,
      { spread: 0.0099, meanDistance: 0.51 },
    ],
    [
      'a spread of 1 %, without a margin',
      { spread: 0.0099, margin: undefined },
      collapse,
      { spread: 0.0101, margin: undefined },
    ],
    [
      'cosines of 0.99, whatever the lengths',
      { meanDistance: 0.0099, margin: undefined, metric: 'cosine' },
      collapse,
      { meanDistance: 0.0101, margin: undefined, metric: 'cosine', spread: 0 },
    ],
    ['a loss within 1 % of the margin', { ...MIXED, loss: 0.5049 }, unlearnt, { ...MIXED, loss: 0.5051 }],
    ['a loss within 1 % of the margin, below', { ...MIXED, loss: 0.4951 }, unlearnt, { ...MIXED, loss: 0.4949 }],
    // The hardest rows may be at the margin where classes are apart on average.
    [
      'a loss at the margin',
      { ...MIXED, loss: 0.5 },
      unlearnt,
      { positiveDistance: 1, negativeDistance: 1.11, loss: 0.5 },
    ],
    ['a loss at the margin, no labels', { positiveDistance: undefined, loss: 0.5 }, unlearnt, {}],
    [
      'a rank of a twentieth',
      { effectiveRank: 3.1, classes: undefined, dimensions: 64 },
      rank,
      { effectiveRank: 3.3, classes: undefined, dimensions: 64 },
    ],
    [
      'a rank of a twentieth of the rows',
      { effectiveRank: 2.9, classes: undefined, count: 61 },
      rank,
      { effectiveRank: 3.1, classes: undefined, count: 61 },
    ],
    [
      'a rank of 5, where there may be few classes',
      { effectiveRank: 4.9, classes: undefined, dimensions: 512, count: 1000 },
      rank,
      { effectiveRank: 5.1, classes: undefined, dimensions: 512, count: 1000 },
    ],
    [
      'a rank of a twentieth, of many classes',
      { effectiveRank: 24, classes: 2000, dimensions: 512, count: 4000 },
      rank,
      { effectiveRank: 26, classes: 2000, dimensions: 512, count: 4000 },
    ],
    ['a rank of 2 of 9 directions', { effectiveRank: 1.99 }, rank, { effectiveRank: 2.01 }],
    [
      'a rank of hardly more than 1 of few directions',
      { effectiveRank: 1.49, classes: 8 },
      rank,
      { effectiveRank: 1.51, classes: 8 },
    ],
    ['a line, of four classes', { effectiveRank: 1, classes: 4 }, rank, { effectiveRank: 1, classes: 3 }],
    ['a dead dimension', { dead: 1 }, /^1 of 64 dimensions hardly vary/, { dead: 0 }],
    ['lengths of 1,000 margins', { meanNorm: 501 }, lengths, { meanNorm: 499 }],
    [
      'lengths of 1,000 without a margin',
      { meanNorm: 1001, margin: undefined },
      lengths,
      { meanNorm: 999, margin: undefined },
    ],
    [
      'lengths of 1,000 roots of the margin, of squared distances',
      { meanNorm: 201, margin: 0.04, metric: 'squaredEuclidean' },
      lengths,
      { meanNorm: 199, margin: 0.04, metric: 'squaredEuclidean' },
    ],
    ['lengths, but of cosines', { meanNorm: 1e6 }, lengths, { meanNorm: 1e6, metric: 'cosine' }],
    ['1 % active', { activeFraction: 0.009 }, active, { activeFraction: 0.01 }],
    [
      'positives a tenth farther',
      { positiveDistance: 1.11, negativeDistance: 1 },
      inverted,
      { positiveDistance: 1.09, negativeDistance: 1 },
    ],
  ])('%s', (_, wrong, message, right) => {
    const found = warningsOf({ ...WELL, ...wrong });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(message);
    expect(warningsOf({ ...WELL, ...right })).toEqual([]);
  });

  test('after a collapse name it, and not what follows from it', () => {
    const facts = {
      ...WELL,
      meanDistance: 0,
      spread: 0,
      effectiveRank: 0,
      dead: 64,
      positiveDistance: 2e-9,
      negativeDistance: 1e-9,
    };
    expect(warningsOf({ ...facts, loss: 0.5 })).toEqual([
      'loss equals the margin: all embeddings are alike. Lower the learning rate, or start with batch-all mining.',
    ]);
    expect(warningsOf({ ...facts, loss: 0.1 })).toEqual([
      "embeddings are all nearly alike (collapse): their mean distance is 0, the margin 0.5. Lower the learning rate; with pairs check that 'different' and 'same' are not swapped, with triplets start with batch-all mining, with two views check the predictor and the stopped gradient, or use vicRegLoss.",
    ]);
    expect(warningsOf({ ...facts, loss: undefined, margin: undefined })[0]).toContain(
      'their mean distance is 0, and 100 % of their squared length is the same in all.',
    );
  });

  test('say no active triplet with none', () => {
    expect(warningsOf({ ...WELL, activeFraction: 0 })).toEqual([
      'none of the pairs or triplets are active: the loss has next to nothing left to learn from them. Stop if held-out embeddings are good enough; else mine harder ones, such as batch-hard, use larger batches, or raise the margin.',
    ]);
  });

  test('tell no triplet from no active one', () => {
    const draw = 'Draw several rows of each of several classes, as classBatches does.';
    const one = { ...WELL, activeFraction: 0, classes: 1, negativeDistance: undefined };
    expect(warningsOf(one)).toEqual([`no triplet can be made: all rows are of one class. ${draw}`]);
    const each = { ...WELL, activeFraction: 0, classes: 200, positiveDistance: undefined };
    expect(warningsOf(each)).toEqual([`no triplet can be made: no two rows are of one class. ${draw}`]);
  });

  test('of inverted labels come before that of a loss at the margin', () => {
    const found = warningsOf({ ...WELL, positiveDistance: 1.2, negativeDistance: 1, loss: 0.5 });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(inverted);
  });

  test('of embeddings: inverted labels, dead dimensions, a line, lengths', () => {
    const random = createRandom(5);
    const labels = Array.from({ length: 60 }, (_, i) => i % 4);
    const clusters = matrix(60, 6, (i, j) => (j === labels[i] ? 1 : 0) + 0.1 * random.normal());
    expect(diagnoseEmbeddings(clusters, { labels, loss: 0.01, margin: 0.5 }).warnings).toEqual([]);
    expect(diagnoseEmbeddings(clusters, { labels: labels.map((_, i) => Math.floor(i / 4)) }).warnings[0]).toMatch(
      inverted,
    );
    const dead = matrix(60, 8, (i, j) => (j < 6 ? clusters.data[i * 6 + j] : 0));
    expect(diagnoseEmbeddings(dead, { labels }).warnings).toEqual([
      '2 of 8 dimensions hardly vary: they cost memory and tell nothing. Leave out a ReLU at the end of the encoder, lower the learning rate, or use fewer dimensions.',
    ]);
    // Three times what counts as dead.
    const faint = matrix(60, 7, (i, j) => (j < 6 ? clusters.data[i * 6 + j] : 0.0135 * random.normal()));
    expect(diagnoseEmbeddings(faint, { labels }).warnings).toEqual([]);
    const line = matrix(60, 6, (i, j) => (i - 30) * (j + 1) + 0.01 * clusters.data[i * 6 + j]);
    expect(diagnoseEmbeddings(line).warnings).toEqual([
      'embeddings use about 1 of the 6 directions that they could (dimensional collapse). Use fewer dimensions, a lower learning rate, or a loss that decorrelates them, such as vicRegLoss or barlowTwinsLoss; with triplets start with batch-all mining. If there are few classes pass the labels: C classes need only C - 1 directions.',
    ]);
    const long = matrix(60, 6, (i, j) => (i === 0 ? 1 : 1e4) * clusters.data[i * 6 + j]);
    expect(diagnoseEmbeddings(long).warnings.map((w) => lengths.test(w))).toEqual([true]);
    // Two classes need no more than a line, however many rows they have.
    const halves = labels.map((label) => label % 2);
    const poles = matrix(60, 6, (i, j) => (2 * halves[i] - 1) * (j + 1) + 1e-3 * random.normal());
    expect(diagnoseEmbeddings(poles, { labels: halves }).warnings).toEqual([]);
    expect(diagnoseEmbeddings(poles).warnings[0]).toMatch(rank);
  });

  test('of two views that collapsed, and of some that did not', () => {
    const random = createRandom(6);
    const offset = matrix(100, 16, () => 1 + 0.01 * random.normal());
    expect(diagnoseEmbeddings(offset).warnings[0]).toMatch(collapse);
    expect(diagnoseEmbeddings(normal(random, 100, 16)).warnings).toEqual([]);
    // Of one direction, and of lengths from 1 to 100: a collapse of what is compared by directions.
    const ray = matrix(100, 16, (i) => (1 + i) * (1 + 0.01 * random.normal()));
    expect(diagnoseEmbeddings(ray, { distance: 'cosine' }).warnings[0]).toMatch(
      /^embeddings are all nearly alike \(collapse\): their mean distance is [\d.e-]+, their mean cosine 1\. Lower/,
    );
    expect(diagnoseEmbeddings(ray).warnings[0]).toMatch(rank);
    // Far from the origin, but apart by more than the margin: no collapse of a loss of distances.
    expect(
      diagnoseEmbeddings(
        matrix(100, 16, () => 30 + random.normal()),
        { margin: 1 },
      ).warnings,
    ).toEqual([]);
  });

  test.each([NaN, Infinity, -Infinity])('of %s name the row, and nothing else', (value) => {
    const report = diagnoseEmbeddings(
      tensor([
        [1, 2],
        [3, value],
        [NaN, 1],
      ]),
      { labels: [0, 0, 1], loss: 1, margin: 1 },
    );
    expect(report.warnings).toEqual([
      `the embedding of row 1 holds ${value}: the inputs hold it too, or the weights are lost. Go back to the last checkpoint, lower the learning rate, and clip gradients.`,
    ]);
    expect(report).toMatchObject({
      effectiveRank: NaN,
      deviation: { mean: NaN, least: NaN },
      uniformity: NaN,
      count: 3,
      dimensions: 2,
    });
    expect(describeEmbeddings(report)).toContain('effective rank NaN of 2');
  });
});

describe('a training', () => {
  /** Four clusters on a circle, embedded after 300 steps on batch-hard triplets. */
  function trained(noise: number, learningRate: number, last = (x: Tensor) => x) {
    const random = createRandom(2);
    const labels = Array.from({ length: 32 }, (_, i) => i % 4);
    const batch = () =>
      matrix(32, 2, (i, j) => (j === 0 ? Math.cos : Math.sin)((labels[i] * Math.PI) / 2) + noise * random.normal());
    const encoder = new Sequential(
      new Linear(2, 16, { random: random.fork(0) }),
      relu,
      new Linear(16, 8, { random: random.fork(1) }),
      last,
    );
    const optimizer = new SGD(encoder, { learningRate });
    const loss = (x: Tensor) =>
      batchTripletLoss(encoder.forward(x), labels, { mining: 'hard', margin: 0.5, distance: 'euclidean' });
    for (let step = 0; step < 300; step++) optimizer.step(scope(() => backward(loss(batch()))));
    const x = batch();
    return diagnoseEmbeddings(encoder.forward(x), { labels, loss: loss(x).item(), margin: 0.5 });
  }

  test('on clusters that are apart gives healthy embeddings', () => {
    const report = trained(0.2, 0.1);
    expect(report.warnings).toEqual([]);
    expect(report.distance.positive).toBeLessThan(0.3 * Number(report.distance.negative));
    expect(report.deviation.mean).toBeGreaterThan(0.5 * report.deviation.even);
  });

  test('on clusters that overlap collapses under batch-hard mining, and says so', () => {
    expect(trained(1, 0.5).warnings).toEqual([
      'loss equals the margin: all embeddings are alike. Lower the learning rate, or start with batch-all mining.',
    ]);
    // On its way there.
    expect(trained(1, 0.02).warnings[0]).toMatch(/^embeddings are all nearly alike \(collapse\)/);
  });

  test('of embeddings of length 1 collapses within a fraction of the margin, and says so', () => {
    const report = trained(1, 0.005, normalize);
    expect(report.norm.mean).toBeCloseTo(1, 5);
    expect(report.warnings[0]).toMatch(/collapse/);
    expect(report.distance.mean).toBeGreaterThan(0.1 * 0.5);
  });

  test('with a huge learning rate kills a ReLU, and says so', () => {
    const report = trained(0.2, 10, relu);
    expect(report.norm.largest).toBe(0);
    expect(report.warnings[0]).toBe(
      'loss equals the margin: all embeddings are alike. Lower the learning rate, or start with batch-all mining.',
    );
  });
});

describe('bad input', () => {
  const few = (shape: string) =>
    `diagnoseEmbeddings: embeddings must be [N, D], at least two rows; got ${shape}. Pass the embeddings of a held-out set, or of a large batch.`;
  test.each([
    [few('[0, 2]'), () => diagnoseEmbeddings(zeros([0, 2]))],
    [few('[1, 2]'), () => diagnoseEmbeddings(zeros([1, 2]))],
    [few('[4, 0]'), () => diagnoseEmbeddings(zeros([4, 0]))],
    [few('[4]'), () => diagnoseEmbeddings(zeros([4]))],
    [
      'diagnoseEmbeddings: expected embeddings [N, D] and N labels; got [2, 2] and [3]. Pass one label a row.',
      () => diagnoseEmbeddings(zeros([2, 2]), { labels: [0, 1, 2] }),
    ],
  ])('%s', (message, call) => {
    expect(errorOf(ShapeError, call).message).toBe(message);
  });

  test.each([
    [
      'diagnoseEmbeddings: margin must be a finite number above 0; got 0.',
      () => diagnoseEmbeddings(zeros([2, 2]), { margin: 0 }),
    ],
    [
      'diagnoseEmbeddings: margin must be a finite number above 0; got NaN.',
      () => diagnoseEmbeddings(zeros([2, 2]), { margin: NaN }),
    ],
    [
      'diagnoseEmbeddings: a margin of 3 can never be satisfied by a distance of at most 2. Use a margin below 2.',
      () => diagnoseEmbeddings(zeros([2, 2]), { margin: 3, distance: 'cosine' }),
    ],
    [
      "diagnoseEmbeddings: unknown distance 'cos'. Use 'euclidean', 'squaredEuclidean', 'cosine', 'manhattan' or 'chebyshev'.",
      // @ts-expect-error: as plain JavaScript may pass it.
      () => diagnoseEmbeddings(zeros([2, 2]), { distance: 'cos' }),
    ],
    [
      'diagnoseEmbeddings: activeFraction must lie in [0, 1]; got 2.',
      () => diagnoseEmbeddings(zeros([2, 2]), { activeFraction: 2 }),
    ],
  ])('%s', (message, call) => {
    expect(errorOf(RangeError, call).message).toBe(message);
  });

  test('duplicates and zeros have figures', () => {
    for (const x of [
      zeros([3, 2]),
      tensor([
        [1, 2],
        [1, 2],
        [1, 2],
      ]),
    ]) {
      const {
        deviation,
        effectiveRank: rank,
        uniformity: even,
        distance,
      } = diagnoseEmbeddings(x, { labels: [0, 0, 1] });
      expect([deviation.mean, rank, even, distance.mean, distance.positive]).toEqual([0, 0, 0, 0, 0]);
      expect(diagnoseEmbeddings(x).warnings[0]).toMatch(/^embeddings are all nearly alike \(collapse\)/);
    }
  });
});
