import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../examples/digits/checkpoint.ts';
import { readOptions } from '../../examples/digits/options.ts';
import { readSafetensors } from '../../src/io/safetensors.ts';
import { root } from '../sources.ts';

/** 38 steps, measured on few images. */
const TINY = ['--pairs', '768', '--test-images', '200', '--seed', '3'];
const STEPS = 38;

const folder = mkdtempSync(join(tmpdir(), 'twingrad-digits-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function start(
  program: string,
  args: readonly string[],
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(process.execPath, ['--import', 'tsx', `examples/digits/${program}.ts`, ...args], { cwd: root });
  let out = '';
  let err = '';
  child.stdout.on('data', (text) => {
    out += String(text);
  });
  child.stderr.on('data', (text) => {
    err += String(text);
  });
  return { child, ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err }))) };
}

const main = (...args: string[]) => start('main', args).ended;
const compare = (...args: string[]) => start('compare', args).ended;
const at = (...path: string[]) => join(folder, ...path);
const results = (run: string): Record<string, unknown> => JSON.parse(readFileSync(at(run, 'results.json'), 'utf8'));
const savedSteps = (run: string): number => {
  const text = readSafetensors(readFileSync(at(run, 'checkpoint.safetensors'))).metadata.get('digits.progress') ?? '';
  return JSON.parse(text).losses.length;
};

/** Runs until a first checkpoint is there, and ends the process by `signal`. */
async function interrupt(run: string, signal: 'SIGKILL' | 'SIGINT'): Promise<Ended> {
  const { child, ended } = start('main', [...TINY, '--out', at(run), '--checkpoint-every', '1']);
  while (child.exitCode === null && !existsSync(at(run, 'checkpoint.safetensors'))) await wait(5);
  child.kill(signal);
  return ended;
}

let first: Ended;
beforeAll(async () => {
  [first] = await Promise.all([main(...TINY, '--out', at('first')), main(...TINY, '--out', at('second'))]);
}, 90_000);

describe('a run', () => {
  it('prints its seed, the table and the files, without a line for every step', () => {
    expect(first.err).toBe('');
    expect(first.code).toBe(0);
    for (const part of ['Seed 3', 'Raw pixels', 'Equal error rate', '97.20 %', 'report.html', 'compare.ts test:0']) {
      expect(first.out).toContain(part);
    }
    expect(first.out.match(/step \d+\/38/g)?.length).toBeLessThan(STEPS);
  });

  it('leaves results, report and model, and nothing else', () => {
    expect(readdirSync(at('first')).sort()).toEqual(['model.safetensors', 'report.html', 'results.json']);
    const { accuracy, auc, eer, threshold, oneShot, baselines, ...rest } = results('first');
    for (const share of [accuracy, auc, eer, threshold, oneShot]) expect(share).toBeGreaterThan(0);
    expect(Object.keys(baselines as object)).toEqual(expect.arrayContaining(['accuracy', 'auc', 'eer', 'oneShot']));
    expect(rest).toMatchObject({ pairs: 768, parameters: 105_472, seed: 3, steps: STEPS, unseen: [], ways: 10 });
  });

  it('gives the same numbers and weights again', () => {
    expect({ ...results('second'), seconds: 0 }).toEqual({ ...results('first'), seconds: 0 });
    expect(readFileSync(at('second', 'model.safetensors')).equals(readFileSync(at('first', 'model.safetensors')))).toBe(
      true,
    );
  });

  it('draws a report with every part, which loads nothing', () => {
    const html = readFileSync(at('first', 'report.html'), 'utf8');
    expect(html.match(/<svg/g)).toHaveLength(4);
    expect(html.match(/<h2>/g)).toHaveLength(7);
    expect(html).toContain('data:image/png;base64,');
    expect(html).toContain('npm run demo -- --pairs 768');
    expect(html).not.toMatch(/<script|<link|<iframe|@import|NaN|undefined/);
    const addresses = [...html.matchAll(/(?:src|href)="([^"]*)"|url\(([^)]*)\)/g)].map((match) => match[1] ?? match[2]);
    expect(addresses.filter((address) => !/^(data:|#|"?#)/.test(address))).toEqual([]);
  });

  it('without some digits measures on them alone', async () => {
    const { code, out } = await main(
      '--unseen',
      '7,8,9',
      '--pairs',
      '64',
      '--test-images',
      '200',
      '--out',
      at('unseen'),
    );
    expect(code).toBe(0);
    expect(out).toContain('of the digits 0, 1, 2, 3, 4, 5, 6.');
    expect(results('unseen')).toMatchObject({ unseen: [7, 8, 9], ways: 3, head: 'none' });
  }, 60_000);

  it('trains with pairs', async () => {
    const { code } = await main(
      '--loss',
      'contrastive',
      '--pairs',
      '192',
      '--test-images',
      '200',
      '--out',
      at('pairs'),
    );
    expect(code).toBe(0);
    expect(results('pairs')).toMatchObject({ loss: 'contrastive', steps: 3 });
  }, 60_000);
});

describe('an interrupted training', () => {
  it.each(['SIGKILL', 'SIGINT'] as const)(
    'ended by %s and resumed gives the weights of an uninterrupted one',
    async (signal) => {
      const { code, out } = await interrupt(signal, signal);
      expect(code).toBe(signal === 'SIGINT' ? 130 : null);
      if (signal === 'SIGINT') expect(out).toContain('--resume');
      expect(savedSteps(signal)).toBeGreaterThan(0);
      expect(savedSteps(signal)).toBeLessThan(STEPS);
      const { settings } = readOptions([...TINY, '--seed', '4']);
      expect(() => readCheckpoint(at(signal), settings)).toThrow(/other options \(seed was 3, is 4\)/);

      expect((await main(...TINY, '--out', at(signal), '--resume')).code).toBe(0);
      expect({ ...results(signal), seconds: 0 }).toEqual({ ...results('first'), seconds: 0 });
      expect(readFileSync(at(signal, 'model.safetensors')).equals(readFileSync(at('first', 'model.safetensors')))).toBe(
        true,
      );
      expect(existsSync(at(signal, 'checkpoint.safetensors'))).toBe(false);
    },
    90_000,
  );
});

describe.concurrent('bad arguments', () => {
  it.each([
    [['--loss', 'hinge'], /contrastive/],
    [['--head', 'big'], /dense/],
    [['--epochs', '0'], /at least 1|from 1/],
    [['--epochs', '1.5'], /whole number/],
    [['--seed', '-1'], /whole number/],
    [['--pairs', '1e9'], /whole number/],
    [['--pairs', '0x10'], /whole number/],
    [['--checkpoint-every', '0'], /at least 1/],
    [['--test-images', '10'], /from 200 to 10000/],
    [['--unseen', '7'], /2 to 8 digits/],
    [['--unseen', '7,7'], /twice/],
    [['--unseen', '7,x'], /7,8,9/],
    [['--unseen', '0,1,2,3,4,5,6,7,8'], /2 to 8 digits/],
    [['--out'], /argument missing/],
    [['more'], /too many arguments/],
  ])('%j', (args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });

  it.each([[['--unseen', '7,7']], [['--sed', '4']], [['--out', 'package.json']], [['--resume', '--out', 'out/none']]])(
    '%j ends with one line and exit code 2',
    async (args) => {
      const { code, err, out } = await main(...args);
      expect(err).toMatch(/^error: .*\n$/);
      expect(out).toBe('');
      expect(code).toBe(2);
    },
  );

  it('prints help', async () => {
    const { code, out } = await main('--help');
    expect(code).toBe(0);
    for (const option of ['--loss', '--epochs', '--seed', '--out', '--unseen', '--resume'])
      expect(out).toContain(option);
  });
});

describe.concurrent('compare', () => {
  const model = ['--model', at('first', 'model.safetensors')];

  it('answers for test images, a pair of one image at distance 0', async () => {
    const { code, out } = await compare('test:0', 'test:0', ...model);
    expect(out).toMatch(/^same: distance 0\.0000, threshold 0\.\d{4}/);
    expect(code).toBe(0);
  });

  it('takes PNG files of any size and brightness', async () => {
    // A bar, white on black, as it is; in color and twice as large, black on white.
    const bar = (x: number, y: number, size: number) =>
      Math.abs(x / size - 0.5) < 0.1 && Math.abs(y / size - 0.5) < 0.35;
    const draw = (size: number, channels: number, ink: number, ground: number) => {
      const data = new Uint8Array(size * size * channels);
      for (let i = 0; i < data.length; i++) {
        const pixel = Math.floor(i / channels);
        data[i] = bar((pixel % size) + 0.5, Math.floor(pixel / size) + 0.5, size) ? ink : ground;
      }
      return encode({ width: size, height: size, channels, data });
    };
    writeFileSync(at('grey.png'), draw(28, 1, 255, 0));
    writeFileSync(at('color.png'), draw(56, 3, 0, 255));
    const { code, out } = await compare(at('grey.png'), at('color.png'), ...model);
    expect(out).toContain('color.png: resized from 56 x 56 to 28 x 28 pixels.');
    expect(out).toContain('color.png: inverted');
    expect(out).not.toContain('grey.png:');
    expect(out).toContain('same: distance 0.0');
    expect(code).toBe(0);
  });

  it.each([
    ['test:10000', model],
    ['test:x', model],
    ['package.json', model],
    ['missing.png', model],
    ['test:1', ['--model', 'missing.safetensors']],
    ['test:1', ['--model', 'package.json']],
  ])('refuses %s %j in one line', async (b, args) => {
    const { code, err } = await compare('test:0', b, ...args);
    expect(err).toMatch(/^error: .*\n$/);
    expect(code).toBe(2);
  });
});
