import { readFileSync } from 'node:fs';
import { transformSync } from 'esbuild';
import { describe, expect, test, vi } from 'vitest';
import * as portable from '../src/portable.ts';
import { tasks } from './choosingTasks.ts';
import { root } from './sources.ts';
import { lossSubjects } from './testing/lossTable.ts';

const page = readFileSync(`${root}docs/choosing.md`, 'utf8');
const [preamble, ...programs] = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);

/** Rows of tables with a column of defaults; some have one of tuned options, and one that says what the loss takes. */
const rows = [...page.matchAll(/^\| (?:loss|miner) \|(.*)\|\n\|[-| ]*\|\n((?:\|.*\|\n)+)/gm)].flatMap(
  ([, head, lines]) => {
    const columns = head.split('|').map((cell) => cell.trim());
    const cell = (line: string, name: string) =>
      columns.includes(name) ? line.split('|')[columns.indexOf(name) + 2].trim() : '';
    return lines
      .trim()
      .split('\n')
      .map((line): Row => {
        const [, loss] = /^\| `(.*?)` \|/.exec(line) ?? [];
        return { loss, defaults: cell(line, 'default'), tuned: cell(line, 'tuned') };
      });
  },
);

/** The ways of mining that the page explains. */
const minings = [...page.matchAll(/^\| `'(\w+)'` \|/gm)].map(([, mining]) => mining);

/** Losses that compare predictions with what they should be, not embeddings with one another. */
const GENERAL = ['crossEntropy', 'klDivergence', 'l1Loss', 'mseLoss', 'smoothL1Loss'];

describe('docs/choosing.md', () => {
  test.each(programs.map((code) => [nameOf(code), code]))('%s: it trains', async (name, code) => {
    const before = await stateAfter('');
    const { printed, weights } = await stateAfter(code);
    expect(weights, 'the weights of the encoder').toHaveLength(before.weights.length);
    if (name.includes('diagnoseEmbeddings')) {
      expect(printed[0]).toBeGreaterThan(0);
      expect(printed[0]).toBeLessThan(1);
      return;
    }
    expect(printed.length).toBeGreaterThanOrEqual(6);
    expect(weights).not.toEqual(before.weights);
    const third = Math.ceil(printed.length / 3);
    expect(mean(printed.slice(-third)), 'the last losses').toBeLessThan(mean(printed.slice(0, third)));
  });

  test.each(rows.map((row) => [row.loss, row]))(
    '%s: its defaults are those of the table, and it trains',
    async (_, row) => {
      const first = await trained(row.loss, {});
      expect(await trained(row.loss, optionsOf(row.defaults)), 'the losses with the defaults written out').toEqual(
        first,
      );
      const tuned = optionsOf(row.tuned);
      for (const losses of [first, ...(row.tuned === '' ? [] : [await trained(row.loss, tuned)])]) {
        expect(losses.length).toBeGreaterThanOrEqual(6);
        const third = Math.ceil(losses.length / 3);
        expect(mean(losses.slice(-third)), 'the last losses').toBeLessThan(mean(losses.slice(0, third)));
      }
    },
  );

  test('tuned options are those that did best in bench/TUNING.md', () => {
    const tuning = readFileSync(`${root}bench/TUNING.md`, 'utf8');
    const best = new Map<string, string>();
    for (const [, loss, options] of tuning.matchAll(/^\| `(\w+)` \| [\w ]+ \| \*\*`(.*)`\*\* \|/gm)) {
      const cell = options === 'defaults' ? 'the defaults' : options.replace(/^\{ (.*) \}$/, '`$1`');
      // Of equally good ones the first.
      if (!best.has(loss)) best.set(loss, cell);
    }
    expect(best.size).toBeGreaterThan(20);
    expect(new Map(rows.filter(({ tuned }) => tuned !== '').map(({ loss, tuned }) => [loss, tuned]))).toEqual(
      new Map([...best]),
    );
  });

  test.each(minings)("mining '%s': it trains", async (mining) => {
    const options = { distance: 'euclidean', margin: 0.5, random: portable.createRandom(1) };
    const losses = await trained('batchTripletLoss', { ...options, mining });
    expect(mean(losses.slice(-4))).toBeLessThan(mean(losses.slice(0, 4)));
  });

  test('every loss of embeddings is in it, and every miner, sampler, head and statistic', () => {
    const own = Object.keys(lossSubjects).filter((name) => !GENERAL.includes(name));
    const others = Object.keys(portable).filter((name) => /^mine[A-Z]|Pairs$|Batches$|Head$|Statistics$/.test(name));
    // What scores pairs or computes attention is neither.
    const named = [...own, ...others, 'triplets', 'twoViews'].filter((name) => name !== 'scorePairs');
    expect(named.length).toBeGreaterThan(own.length + 15);
    expect(named.filter((name) => !new RegExp(`\\b${name}\\b`).test(page))).toEqual([]);
  });

  test('its links lead to its headings', () => {
    const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, text]) =>
      text
        .toLowerCase()
        .replaceAll(' ', '-')
        .replace(/[^\w-]/g, ''),
    );
    const links = [...page.matchAll(/\]\(#([^)]*)\)/g)].map(([, name]) => name);
    expect(new Set(links)).toEqual(new Set(headings));
  });

  test('every name that a program imports is used in it', () => {
    for (const code of programs) {
      const [, list] = /^import \{ (.*) \} from 'twingrad';$/m.exec(code) ?? [];
      for (const name of list.split(', ')) expect(code.split(name).length, name).toBeGreaterThan(2);
    }
  });
});

/** A row of the page's tables of losses. */
interface Row {
  readonly loss: string;
  readonly defaults: string;
  readonly tuned: string;
}

/** The options in a cell, such as `margin: 0.5, swap: true` between backticks; words beside them are for the reader. */
function optionsOf(cell: string): object {
  const [, text = ''] = /`([^`]*)`/.exec(cell) ?? [];
  return new Function(`return { ${text} };`)();
}

/** The losses of some steps with each of the losses, fed as the page says. */
async function trained(loss: string, options: object): Promise<number[]> {
  const task = tasks[loss];
  expect(task, `how ${loss} is trained`).toBeDefined();
  const { set, twin, random } = await stateAfter('');
  const { batches, of, modules = {} } = task(set, random, options);
  const optimizer = new portable.Adam({ twin, ...modules }, { learningRate: 0.01 });
  const losses: number[] = [];
  const steps = portable.train(twin, {
    batches,
    loss: (batch, context) => of((x) => twin.embed(x, context), batch, context),
    ...{ optimizer, modules, epochs: Math.ceil(12 / batches.length), random },
  });
  for await (const step of steps) losses.push(step.loss);
  return losses;
}

/** What a program imports says what it is about. */
function nameOf(code: string): string {
  return /^import \{ (.*) \}/m.exec(code)?.[1] ?? 'no import';
}

/** What the first program made, and what is left of it after another one. */
interface After {
  readonly set: portable.LabelledImages;
  readonly twin: portable.Twin;
  readonly random: portable.Random;
  readonly printed: readonly number[];
  readonly weights: readonly number[];
}

/** Runs a program behind the first one: the numbers that it prints, and the weights of the encoder afterwards. */
async function stateAfter(code: string): Promise<After> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  try {
    const imports = /^import (\{.*\}) from 'twingrad';$/gm;
    const body = `${preamble}\n${code}`.replace(imports, 'const $1 = twingrad;');
    const wrapped = `return (async () => {\n${body}\nreturn { set, twin, random };\n})();`;
    const { code: script } = transformSync(`function program(twingrad) {\n${wrapped}\n}`, { loader: 'ts' });
    const made: Omit<After, 'printed' | 'weights'> = await new Function(`${script}\nreturn program;`)()(portable);
    return {
      ...made,
      printed: log.mock.calls.map(([value]) => Number(value)),
      weights: [...portable.stateDict(made.twin.encoder).values()].flatMap(({ data }) => [...data]),
    };
  } finally {
    log.mockRestore();
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}
