import { readFileSync } from 'node:fs';
import { instance } from '@viz-js/viz';
import { transformSync } from 'esbuild';
import { describe, expect, test, vi } from 'vitest';
import * as portable from '../src/portable.ts';
import { opsPage } from './autograd/opsPage.ts';
import { root } from './sources.ts';
import { lawsPage, letter } from './testing/lawsPage.ts';

test('docs/ops.md is current; `npm run docs` writes it', async () => {
  await expect(opsPage()).toMatchFileSnapshot('../docs/ops.md');
});

test('docs/laws.md is current; `npm run docs` writes it', async () => {
  await expect(lawsPage()).toMatchFileSnapshot('../docs/laws.md');
});

test('reasons are lettered a to z, then aa, ab', () => {
  expect([0, 1, 25, 26, 27, 51, 52, 701, 702].map(letter)).toEqual([
    'a',
    'b',
    'z',
    'aa',
    'ab',
    'az',
    'ba',
    'zz',
    'aaa',
  ]);
  const reasons = [...lawsPage().matchAll(/^- ✗ (.*?): /gm)].map(([, mark]) => mark);
  expect(reasons.filter((mark) => !/^[a-z]+$/.test(mark))).toEqual([]);
});

describe('docs/diagnostics.md', () => {
  const page = readFileSync(`${root}docs/diagnostics.md`, 'utf8');
  const programs = [...page.matchAll(/^```ts\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?/gms)];

  test.each(programs.filter(([, , output]) => output !== undefined).map(([, code, output]) => [code, output]))(
    'prints what it shows: %s',
    (code, output) => {
      expect(printed(code)).toBe(output);
    },
  );

  test('every other program is that of the picture, docs/graph.svg, which is current; `npm run docs` draws it', async () => {
    const others = programs.filter(([, , output]) => output === undefined);
    expect(programs).toHaveLength(5);
    expect(others).toHaveLength(1);
    const viz = await instance();
    await expect(viz.renderString(printed(others[0][1]), { format: 'svg' })).toMatchFileSnapshot('../docs/graph.svg');
    expect(page).toContain('<img src="graph.svg"');
  });
});

/** What a program prints. It imports from `twingrad` alone. */
function printed(program: string): string {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  try {
    const body = program.replace(/^import (\{.*\}) from 'twingrad';$/m, 'const $1 = twingrad;');
    const { code } = transformSync(body, { loader: 'ts', target: 'es2022' });
    new Function('twingrad', code)(portable);
    return log.mock.calls.map((values) => `${values.map(shown).join(' ')}\n`).join('');
  } finally {
    log.mockRestore();
  }
}

/** As `console.log` prints it. */
function shown(value: unknown): string {
  return Array.isArray(value) ? `[ ${value.join(', ')} ]` : String(value);
}
