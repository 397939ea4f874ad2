import { type Distance, noGrad, type Random, type Twin } from 'twingrad';
import { COLORS, classMap, histogram, lineChart, type Point } from '../shared/charts.ts';
import { escapeHtml, figure, page, paragraph, type Section, table } from '../shared/page.ts';
import { principalComponents } from '../shared/pca.ts';
import { pngAddress } from '../shared/png.ts';
import type { Trained } from './checkpoint.ts';
import { type Exam, type Measured, testPairs } from './measure.ts';
import { comparison, percent, type Results, resultRows } from './results.ts';

/** Images on the map; more would hide each other. */
const MAP_IMAGES = 1500;
/** Mistakes of each kind that are shown. */
const MISTAKES = 10;
const BINS = 60;
/** Points of a drawn curve; more cannot be seen. */
const CURVE_POINTS = 400;

/** What a report is made of. */
export interface ReportInput {
  readonly results: Results;
  readonly trained: Trained;
  readonly twin: Twin<Distance>;
  readonly measured: Measured;
  readonly baseline: Measured;
  readonly exam: Exam;
  /** A line with what was trained how. */
  readonly training: string;
  /** The command that repeats the run. */
  readonly command: string;
  readonly random: Random;
}

/** The report as one HTML file that loads nothing. */
export function drawReport(input: ReportInput): string {
  const { results } = input;
  const { accuracy, baselines, unseen, seed } = results;
  const what =
    unseen.length === 0 ? 'handwritten digits' : `the digits ${unseen.join(', ')}, which it never saw in training`;
  return page(
    'Twin network on handwritten digits',
    `A twin network was shown two images of ${what}, and asked whether they are of the same digit. It is right for ` +
      `${percent(accuracy)} of ${results.testPairs} test pairs; the distance between raw pixels for ${percent(baselines.accuracy)}. ` +
      `Seed ${seed}; the training took ${Math.round(results.seconds)} s.`,
    [
      resultSection(results),
      lossSection(input),
      distanceSection(input),
      rocSection(input),
      mapSection(input),
      mistakeSection(input),
      settingsSection(input),
    ],
  );
}

function resultSection(results: Results): Section {
  const words =
    'Half of the test pairs show the same digit, half different ones. The threshold was found on other, held-out pairs, and the test pairs were looked at once. ' +
    'In one-shot recognition the network sees one image of each digit, and names the digit of another image by the nearest of them. ' +
    'Raw pixels are the baseline: what they get right needs no learning.';
  return {
    title: 'Results',
    body:
      table(['', 'Twin network', 'Raw pixels'], resultRows(results)) +
      paragraph(words) +
      paragraph(comparison(results)),
  };
}

function lossSection({ trained: { losses } }: ReportInput): Section {
  const raw = thin(losses.map((loss, i): Point => [i + 1, loss]));
  const smooth = thin(runningMean(losses, Math.max(1, Math.round(losses.length / 40))));
  const highest = losses.toSorted((a, b) => a - b)[Math.floor(0.995 * (losses.length - 1))] * 1.1 || 1;
  const chart = lineChart(
    [
      { name: 'each step', points: raw, color: '#9fc5e0', width: 1 },
      { name: 'running mean', points: smooth, color: COLORS.blue, width: 2.5 },
    ],
    [],
    { x: 'step', y: 'loss', xRange: [0, losses.length], yRange: [0, roundUp(highest)] },
  );
  const last = smooth.at(-1)?.[1] ?? NaN;
  const alternative = `Training loss by step, ending near ${last.toFixed(3)}.`;
  const caption =
    `How wrong the network was at each of ${losses.length} training steps. Good: the dark line falls, quickly at first. ` +
    'Bad: it stays level from the start (nothing is learned), or rises. Still falling at the end means that more epochs would help.';
  return { title: 'Training loss', body: figure(chart, alternative, caption) };
}

function distanceSection({ measured: { scored, report } }: ReportInput): Section {
  const far = scored.scores.reduce((highest, score) => Math.max(highest, score), 0);
  const width = (far || 1) / BINS;
  const counts = (flag: number): Point[] => {
    const bins = new Array<number>(BINS).fill(0);
    scored.scores.forEach((score, i) => {
      if (scored.same[i] === flag) bins[Math.min(BINS - 1, Math.floor(score / width))]++;
    });
    return bins.map((count, bin) => [(bin + 0.5) * width, count]);
  };
  const [same, different] = [counts(1), counts(0)];
  const most = Math.max(...[...same, ...different].map(([, count]) => count));
  const chart = histogram(
    [
      { name: 'same digit', points: same, color: COLORS.blue },
      { name: 'different digits', points: different, color: COLORS.orange },
    ],
    { name: `threshold ${report.threshold.toFixed(3)}`, x: report.threshold },
    {
      x: 'distance between the two embeddings',
      y: 'test pairs',
      xRange: [0, roundUp(far)],
      yRange: [0, roundUp(most)],
    },
  );
  const { falseAccept, falseReject } = report.confusion;
  const alternative = `Histogram of distances of same and different test pairs, with the threshold at ${report.threshold.toFixed(3)}.`;
  const caption =
    'Pairs left of the dashed line are called same, those right of it different. Good: two hills far apart, with the line in the valley between them. ' +
    `What lies on the wrong side is a mistake: here ${falseAccept} different pairs called same and ${falseReject} same pairs called different.`;
  return { title: 'Distances', body: figure(chart, alternative, caption) };
}

function rocSection({ measured: { report }, baseline }: ReportInput): Section {
  const curve = ({ roc }: Measured['report']) =>
    thin(roc.map(({ falseAcceptRate, trueAcceptRate }): Point => [falseAcceptRate, trueAcceptRate]));
  const here: Point = [report.falseAcceptRate, report.recall];
  const chart = lineChart(
    [
      { name: 'twin network', points: curve(report), color: COLORS.blue, width: 2.5 },
      { name: 'raw pixels', points: curve(baseline.report), color: COLORS.orange },
      {
        name: 'guessing',
        points: [
          [0, 0],
          [1, 1],
        ],
        color: COLORS.grey,
        width: 1.5,
        dashed: true,
      },
    ],
    [
      { name: 'equal error rate', points: [[report.eer, 1 - report.eer]], color: COLORS.ink },
      { name: 'calibrated threshold', points: [here], color: '#009e73' },
    ],
    {
      x: 'different pairs called same (false accept rate)',
      y: 'same pairs called same',
      xRange: [0, 1],
      yRange: [0, 1],
    },
  );
  const alternative = `ROC curve with an area of ${report.auc.toFixed(4)}, raw pixels ${baseline.report.auc.toFixed(4)}.`;
  const caption =
    'Each point of a curve is one threshold: a stricter one lies further left, a more generous one further right. Good: the curve hugs the upper left corner. ' +
    `At the black point both kinds of mistake are equally frequent, ${percent(report.eer)} (the equal error rate); the green point is the threshold in use.`;
  return { title: 'Same or different at every threshold (ROC)', body: figure(chart, alternative, caption) };
}

function mapSection({ twin, exam: { images }, random, results }: ReportInput): Section {
  const count = Math.min(MAP_IMAGES, images.length);
  const rows = Array.from({ length: count }, (_, i) => i);
  const embeddings = noGrad(() => twin.embed(images.batch(rows), { batchSize: 128 }));
  const { data } = principalComponents(embeddings, 2, random);
  const classes = images.classes.map((label) => ({
    name: String(label),
    points: rows.filter((i) => images.labels[i] === label).map((i): Point => [data[2 * i], data[2 * i + 1]]),
  }));
  const chart = classMap(classes, { x: 'first principal component', y: 'second principal component' });
  const unseen = results.unseen.length > 0 ? ' None of these digits was in the training.' : '';
  const caption =
    `Embeddings of ${count} test images, ${embeddings.shape[1]} numbers each, seen from the side where they differ most.${unseen} Good: each digit has a place of its own. ` +
    'Two dimensions show only a part: islands that overlap here may well lie apart in the others.';
  return {
    title: 'Map of the embeddings',
    body: figure(chart, `Scatter plot of ${count} embeddings, one group a digit.`, caption),
  };
}

function mistakeSection({ measured: { scored, report }, exam }: ReportInput): Section {
  const { threshold } = report;
  const wrong = Array.from(scored.scores.keys()).filter(
    (i) => scored.scores[i] <= threshold !== (scored.same[i] === 1),
  );
  // Farthest on the wrong side first.
  wrong.sort((i, j) => Math.abs(scored.scores[j] - threshold) - Math.abs(scored.scores[i] - threshold) || i - j);
  const group = (title: string, flag: number): string => {
    const all = wrong.filter((i) => scored.same[i] === flag);
    const shown = new Map(all.slice(0, MISTAKES).map((i): [number, string] => [i, '']));
    for (const [i, pictures] of picturesOf(exam, shown)) shown.set(i, pictures);
    const items = [...shown].map(
      ([i, pictures]) =>
        `<li>${pictures}<br>distance ${scored.scores[i].toFixed(3)}<br>truth: ${flag === 1 ? 'same' : 'different'}</li>`,
    );
    const list = items.length === 0 ? paragraph('None.') : `<ul class="pairs">${items.join('\n')}</ul>`;
    return `<h3>${escapeHtml(`${title} (${all.length} of ${scored.scores.length} pairs)`)}</h3>${list}`;
  };
  const words =
    `The mistakes in which the network was surest: farthest from the threshold of ${threshold.toFixed(3)}. ` +
    'Good: pairs that a person would hesitate over too, or labels that look wrong. Bad: many pairs that are plain to see.';
  return {
    title: 'The most confident mistakes',
    body:
      paragraph(words) +
      group('False accepts: different digits called same', 0) +
      group('False rejects: one digit called different', 1),
  };
}

/** Both images of each wanted pair, side by side; the pairs are drawn again, the same ones. */
function* picturesOf(exam: Exam, wanted: ReadonlyMap<number, string>): Generator<[number, string]> {
  let first = 0;
  for (const { a, b, different } of testPairs(exam, exam.images).epoch(0)) {
    const [, , height, width] = a.shape;
    const picture = (x: typeof a, row: number) =>
      `<img alt="" width="64" height="64" src="${pngAddress(x.data.subarray(row * height * width, (row + 1) * height * width), height, width)}">`;
    for (let row = 0; row < different.length; row++) {
      if (wanted.has(first + row)) yield [first + row, picture(a, row) + picture(b, row)];
    }
    first += different.length;
  }
}

function settingsSection({ results, training, command }: ReportInput): Section {
  const { head, unseen } = results;
  const rows = [
    ['Training', training],
    [
      'Encoder',
      `convolutions with 8 and 16 channels, ${head === 'dense' ? 'dense layers of 128 and 64' : 'no dense layers'}, output scaled to length 1`,
    ],
    ['Weights', String(results.parameters)],
    ['Epochs, pairs an epoch, steps', `${results.epochs}, ${results.pairs}, ${results.steps}`],
    ['Digits left out of the training', unseen.length === 0 ? 'none' : unseen.join(', ')],
    ['Pairs for the threshold, pairs for the test', `${results.calibrationPairs}, ${results.testPairs}`],
    ['Seed', String(results.seed)],
    ['twingrad', results.version],
  ];
  const words = 'The same command gives the same numbers, to the last bit of the weights; only the time differs.';
  return {
    title: 'Settings, and how to repeat this',
    body: `${table(['Setting', 'Value'], rows, 'text')}<pre>${escapeHtml(command)}</pre>${paragraph(words)}`,
  };
}

/** Mean of the last `width` values at each step. */
function runningMean(values: readonly number[], width: number): Point[] {
  let total = 0;
  return values.map((value, i) => {
    total += value - (i >= width ? values[i - width] : 0);
    return [i + 1, total / Math.min(i + 1, width)];
  });
}

/** Some of the points, the last among them. */
function thin(points: readonly Point[]): Point[] {
  const every = Math.ceil(points.length / CURVE_POINTS);
  return points.filter((_, i) => i % every === 0 || i === points.length - 1);
}

/** The end of an axis that holds `value` and has round numbers, some five of them, on it. */
function roundUp(value: number): number {
  const rough = value / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
  return step * Math.ceil(value / step);
}
