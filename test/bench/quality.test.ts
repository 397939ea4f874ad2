import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { createRandom, euclidean, Flatten, imageSet, Linear, normalize, Sequential, Twin, tensor } from 'twingrad';
import { describe, expect, test } from 'vitest';
import { candidates, WIDTH } from '../../bench/quality/candidates.ts';
import type { Experiment } from '../../bench/quality/experiment.ts';
import { createPairs } from '../../bench/quality/kerasTwin.ts';
import { neighborAccuracy } from '../../bench/quality/neighbors.ts';
import { formatQuality, type Recorded, rowsOf } from '../../bench/quality/results.ts';
import { formatTuning, rowsOfPage } from '../../bench/quality/tuningPage.ts';
import { root } from '../sources.ts';

const runs = [
  {
    seed: 7,
    seconds: 61.4,
    figures: [
      { name: 'accuracy', value: 0.97, least: 0.95 },
      { name: 'warnings', value: 1, most: 0 },
      { name: 'rank', value: 12 },
    ],
  },
  {
    seed: 1,
    seconds: 58.6,
    figures: [
      { name: 'accuracy', value: 0.94, least: 0.95 },
      { name: 'warnings', value: 0, most: 0 },
      { name: 'rank', value: 15 },
    ],
  },
];
const experiment = (name: string): Experiment => ({
  ...{ name, about: `About ${name}.`, source: `Source of ${name}` },
  run: () => Promise.resolve([]),
});

describe('results', () => {
  test('a row holds a figure of each seed, their mean, and what it must reach', () => {
    expect(rowsOf(runs)).toEqual([
      ['', 'seed 7', 'seed 1', 'mean', 'wanted'],
      ['accuracy', '0.9700', '0.9400', '0.9550', 'at least 0.9500'],
      ['warnings', '1.0000', '0.0000', '0.5000', 'at most 0.0000'],
      ['rank', '12.0000', '15.0000', '13.5000', ''],
      ['seconds', '61', '59', '', ''],
    ]);
  });

  test('the page has the experiments in their order, those that have been run', () => {
    const record = (name: string): Recorded => ({ name, machine: `Machine of ${name}`, runs: runs.slice(0, 1) });
    const page = formatQuality(['one', 'two', 'three'].map(experiment), [record('three'), record('one')]);
    expect([...page.matchAll(/^## (.*)$/gm)].map(([, name]) => name)).toEqual(['one', 'three']);
    expect(page).toContain(`## three

About three.

Source of three.

|  | seed 7 | mean | wanted |
| --- | --- | --- | --- |
| accuracy | 0.9700 | 0.9700 | at least 0.9500 |
| warnings | 1.0000 | 1.0000 | at most 0.0000 |
| rank | 12.0000 | 12.0000 |  |
| seconds | 61 |  |  |

Machine of three.
`);
  });
});

describe('neighborAccuracy', () => {
  const labelled = (values: readonly number[], labels: readonly number[]) => ({
    embeddings: tensor(values.map((value) => [value])),
    labels: Int32Array.from(labels),
  });
  const references = labelled([0, 1, 3, 4, 10, 11], [5, 6, 6, 5, 8, 8]);

  test('with one neighbor the nearest decides', () => {
    expect(neighborAccuracy(labelled([0.4, 0.6, 3.4, 9], [5, 6, 5, 8]), references, 1)).toBe(3 / 4);
  });

  test('with three the most votes win; of as many votes those of the nearer reference', () => {
    // The nearest of 0.4 are 0, 1, 3: of class 6; of 5 they are 4, 3, 1: of class 6; of 9 they are 10, 11, 4: of class 8.
    const queries = [0.4, 5, 9];
    expect(neighborAccuracy(labelled(queries, [6, 6, 8]), references, 3)).toBe(1);
    expect(neighborAccuracy(labelled(queries, [5, 5, 5]), references, 3)).toBe(0);
    // The nearest of 1.5 are 1, 0, 3, 4: two of class 6, two of class 5. Those of -1 are 0, 1, 3, 4.
    expect(neighborAccuracy(labelled([1.5], [6]), references, 4)).toBe(1);
    expect(neighborAccuracy(labelled([-1], [5]), references, 4)).toBe(1);
  });
});

describe("the pairs of Keras's example", () => {
  const labels = Int32Array.from([3, 1, 1, 3, 1, 2, 2, 3, 2, 1, 2]);
  const pairs = createPairs({ labels, classes: [1, 2, 3] }, createRandom(1));

  test('are as many of each class as its smallest class has neighbors, same and different in turn', () => {
    // Class 3 has three samples, and so two pairs of neighbors.
    expect(pairs.map(([, , different]) => different)).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
    expect(pairs.map(([a]) => labels[a])).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]);
    expect(pairs.filter(([, , different]) => different === 0)).toEqual([
      ...[
        [1, 2, 0],
        [2, 4, 0],
      ],
      ...[
        [5, 6, 0],
        [6, 8, 0],
      ],
      ...[
        [0, 3, 0],
        [3, 7, 0],
      ],
    ]);
    for (const [a, b, different] of pairs) expect(labels[a] !== labels[b]).toBe(different === 1);
  });

  test('pair sample i with sample i of another class, any of them, fixed by the seed', () => {
    const members = new Map([
      [1, [1, 2, 4, 9]],
      [2, [5, 6, 8, 10]],
      [3, [0, 3, 7]],
    ]);
    const seen = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const drawn = createPairs({ labels, classes: [1, 2, 3] }, createRandom(seed));
      expect(drawn).toEqual(createPairs({ labels, classes: [1, 2, 3] }, createRandom(seed)));
      for (const [a, b, different] of drawn) {
        if (different === 0) continue;
        expect(members.get(labels[b])?.indexOf(b)).toBe(members.get(labels[a])?.indexOf(a));
        seen.add(`${labels[a]} ${labels[b]}`);
      }
    }
    expect([...seen].sort()).toEqual(['1 2', '1 3', '2 1', '2 3', '3 1', '3 2']);
  });
});

describe('tuning', () => {
  test('a page gives its rows back', () => {
    const rows = [
      ['`a`', 'pairs', '**`{ margin: 1 }`**', '1.00 %', '2.00 %', '1.50 %'],
      ['`b`', 'two views', '`defaults`', '3.00 %', '4.00 %', '3.50 %'],
    ];
    const page = formatTuning(rows, { pairs: 10, steps: 5, seeds: [7, 1], machine: 'A machine' });
    expect(page).toContain('| loss | data | options | seed 7 | seed 1 | mean |\n| --- |');
    expect(rowsOfPage(page)).toEqual(rows);
  });

  test('tries the defaults of each loss first, and nothing twice', () => {
    for (const { name, tries } of candidates) {
      expect(tries[0], name).toBe('defaults');
      expect(new Set(tries).size, name).toBe(tries.length);
    }
  });

  test('has the losses in the order of docs/choosing.md', () => {
    const page = readFileSync(`${root}docs/choosing.md`, 'utf8');
    const names = [...page.matchAll(/^\| `(\w+Loss)` \|/gm)].map(([, name]) => name);
    const tuned = candidates.map(({ name }) => name);
    expect(tuned).toEqual(names.filter((name) => tuned.includes(name)));
  });

  test.each(candidates.map((candidate) => [candidate.name, candidate]))(
    '%s learns with each setting',
    async (_, { tries, learn }) => {
      const random = createRandom(1);
      const labels = Int32Array.from({ length: 100 }, (_, i) => i % 10);
      const pixels = Uint8Array.from({ length: 100 * 16 }, () => random.integer(256));
      const set = imageSet({ shape: [100, 4, 4], data: pixels }, labels);
      for (const index of tries.keys()) {
        const layer = new Linear(16, WIDTH, { random });
        const before = layer.weight.data.slice();
        const twin = new Twin(new Sequential(new Flatten(), layer, normalize), { compare: euclidean });
        await learn(index, { twin, set, random: createRandom(2), steps: 2 });
        expect(layer.weight.data, tries[index]).not.toEqual(before);
      }
    },
  );
});

describe('the commands refuse in a line, with exit code 2,', () => {
  test.each([
    ['main.ts', ['mnist'], "error: there is no experiment 'mnist'. There are triplet, keras, simsiam, vicreg."],
    ['main.ts', ['--seeds', '1,x'], 'It must be whole numbers below 2^53, with commas between them.'],
    ['main.ts', ['--seeds', '99999999999999999'], 'It must be whole numbers below 2^53, with commas between them.'],
    ['tuning.ts', ['noLoss'], "error: there is no loss 'noLoss'. There are contrastiveLoss, "],
  ])('%s %j', { timeout: 60_000 }, async (file, args, message) => {
    const command = ['--import', 'tsx', `bench/quality/${file}`, ...args];
    const failed = await promisify(execFile)(process.execPath, command, { cwd: root }).catch((error) => error);
    expect(failed.code).toBe(2);
    expect(failed.stderr).toContain(message);
    expect(failed.stderr.trim().split('\n')).toHaveLength(1);
  });
});
