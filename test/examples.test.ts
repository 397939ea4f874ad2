/// <reference types="vite/types/importMeta.d.ts" />
import { dirname, join } from 'node:path/posix';
import { transformSync } from 'esbuild';
import { sample, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as kernels from '../src/kernels.ts';
import * as portable from '../src/portable.ts';
import * as testing from '../src/testing/index.ts';
import { parseSource, placeOf, readSources, type Source } from './sources.ts';

/** One `@example`: code whose last line is `expression // value`. */
interface Example {
  /** `path:line`. */
  readonly place: string;
  readonly path: string;
  readonly code: string;
}

/** Classes whose instances come from a function, which has the example, and errors. */
const MADE_BY_FUNCTIONS = ['Parameter', 'IntTensor', 'Distance', 'Similarity', 'LabelledImages', 'Safetensors'];
const ERRORS = ['FormatError', 'ShapeError', 'LawError', 'AnomalyError'];

const sources = readSources();
const examples = sources.flatMap(examplesOf);
const modules = import.meta.glob<Readonly<Record<string, unknown>>>('../src/**/*.ts', { eager: true });

describe('@example', () => {
  test('there are examples', () => {
    expect(examples.length).toBeGreaterThan(50);
  });

  test.each(examples.map((example) => [example.place, example.code, example] as const))(
    '%s %s',
    async (_place, _code, example) => {
      const { actual, expected } = await run(example.code, {
        ...(example.path.startsWith('testing/') ? { ...testing, sample, tuple } : {}),
        ...modules[`../src/${example.path}`],
      });
      expect(differences(actual, expected)).toEqual([]);
    },
  );

  test.each([
    ['a wrong number', '1 + 1 // 3'],
    ['a wrong last digit', '1.00001 // 1'],
    ['a wrong element', 'tensor([1, 2]).data // [1, 3]'],
    ['a missing element', 'tensor([1, 2]).data // [1]'],
    ['a wrong key', '({ a: 1 }) // { b: 1 }'],
    ['a key too many', '({ a: 1, b: 2 }) // { a: 1 }'],
    ['another type', "'1' // 1"],
    ['undefined', 'undefined // 0'],
    ['NaN', 'NaN // 0'],
  ])('finds %s', async (_what, code) => {
    const { actual, expected } = await run(code, {});
    expect(differences(actual, expected)).not.toEqual([]);
  });

  test('a last line without a value, and an unknown name, fail', async () => {
    await expect(run('1 + 1', {})).rejects.toThrow('must be `expression // value`');
    await expect(run('unknownName // 1', {})).rejects.toThrow('unknownName');
  });
});

describe('documentation', () => {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const publicNames = ['portable.ts', 'kernels.ts', 'node.ts', 'testing/index.ts'].flatMap((entry) =>
    exportsOf(byPath.get(entry)),
  );

  test('every public name has a doc comment', () => {
    expect(publicNames.length).toBeGreaterThan(100);
    const bare = publicNames.filter(({ path, name }) => sentence(docOf(byPath.get(path), name)) === '');
    expect(bare.map(({ path, name }) => `src/${path}: ${name} has no sentence above it.`)).toEqual([]);
  });

  test('every public function and class has an example', () => {
    // node.ts writes files: its tests stand for its examples.
    const wanted = publicNames.filter(
      ({ path, name }) => path !== 'node.ts' && ![...MADE_BY_FUNCTIONS, ...ERRORS].includes(name),
    );
    const bare = wanted.filter(({ path, name }) => lacksExample(byPath.get(path), name));
    expect(bare.map(({ path, name }) => `src/${path}: ${name} has no @example.`)).toEqual([]);
  });

  test('comments are found, and their absence', () => {
    const source = parseSource(
      'x.ts',
      `/** One. */
      export const a = 1;
      /** @example b() // 1 */
      export function b() {}
      export class c {}
      export class d {
        /** @example new d().e // 1 */
        e = 1;
      }`,
    );
    expect(['a', 'b', 'c'].map((name) => sentence(docOf(source, name)))).toEqual(['One.', '', '']);
    expect(['a', 'b', 'c', 'd'].map((name) => lacksExample(source, name))).toEqual([false, false, true, false]);
  });
});

function examplesOf({ path, text, ast }: Source): Example[] {
  return docComments({ ast }).flatMap((comment) => {
    const body = text.slice(comment.start + 3, comment.end - 2).replace(/^[ \t]*\* ?/gm, '');
    const firstLine = comment.start + 3;
    return body.split(/^(?=[ \t]*@\w)/m).flatMap((tag, i, tags) => {
      if (!/^\s*@example\b/.test(tag)) return [];
      const line = tags.slice(0, i).join('').split('\n').length - 1;
      const place = placeOf(path, text, firstLine).replace(/\d+$/, (n) => String(Number(n) + line));
      return [{ place, path, code: tag.replace(/^\s*@example/, '').trim() }];
    });
  });
}

function docComments({ ast }: Pick<Source, 'ast'>): Source['ast']['comments'] {
  return ast.comments.filter(({ type, value }) => type === 'Block' && value.startsWith('*'));
}

/** Runs an example with the public names, and those of its own file before them, in scope. */
async function run(
  code: string,
  own: Readonly<Record<string, unknown>>,
): Promise<{ actual: unknown; expected: unknown }> {
  const lines = code.split('\n');
  const [, expression, value] = /^(.*?);?\s+\/\/ (.+)$/.exec(lines[lines.length - 1]) ?? [];
  if (value === undefined)
    throw new SyntaxError(`the last line of an example must be \`expression // value\`; got: ${code}`);
  const scope = { ...portable, ...kernels, ...own };
  const source = `async ({ ${Object.keys(scope).join(', ')} }) => {
    ${lines.slice(0, -1).join('\n')}
    return { actual: (${expression}), expected: (${value}) };
  }`;
  const { code: script } = transformSync(`(${source})`, { loader: 'ts', target: 'es2022' });
  return await new Function(`return ${script}`)()(scope);
}

/** Where a value is not what an example says, to a relative 1e-6 in numbers. An array stands for any kind of array. */
function differences(actual: unknown, expected: unknown, at = 'value'): string[] {
  if (typeof actual === 'number' && typeof expected === 'number') {
    const close = Math.abs(actual - expected) <= 1e-6 * Math.abs(expected);
    return close || Object.is(actual, expected) ? [] : [`${at} is ${actual}, not ${expected}`];
  }
  if (Array.isArray(expected)) {
    if (!isArray(actual)) return [`${at} is ${String(actual)}, not an array`];
    if (actual.length !== expected.length) return [`${at} has length ${actual.length}, not ${expected.length}`];
    return expected.flatMap((entry, i) => differences(actual[i], entry, `${at}[${i}]`));
  }
  if (isObject(actual) && isObject(expected)) {
    const keys = new Set([...Object.keys(actual), ...Object.keys(expected)]);
    return [...keys].flatMap((key) => differences(actual[key], expected[key], `${at}.${key}`));
  }
  return Object.is(actual, expected) ? [] : [`${at} is ${String(actual)}, not ${String(expected)}`];
}

function isArray(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !isArray(value);
}

/** The names that an entry exports, with the files that declare them. */
function exportsOf(entry: Source | undefined): { readonly path: string; readonly name: string }[] {
  return (entry?.ast.module.staticExports ?? []).flatMap(({ entries }) =>
    entries.map(({ moduleRequest, importName, exportName }) => ({
      path: moduleRequest === null ? (entry?.path ?? '') : join(dirname(entry?.path ?? ''), moduleRequest.value),
      name: importName.name ?? exportName.name ?? '',
    })),
  );
}

/** The statement that declares an exported name. */
function declarationOf(
  source: Source | undefined,
  name: string,
): { start: number; end: number; kind: string } | undefined {
  for (const statement of source?.ast.program.body ?? []) {
    if (statement.type !== 'ExportNamedDeclaration' || statement.declaration === null) continue;
    const { declaration, start, end } = statement;
    const ids =
      declaration.type === 'VariableDeclaration' ? declaration.declarations.map(({ id }) => id) : [declaration.id];
    if (ids.some((id) => id?.type === 'Identifier' && id.name === name)) return { start, end, kind: declaration.type };
  }
  return undefined;
}

/** The doc comment right above a declaration; line comments may stand between. */
function docOf(source: Source | undefined, name: string): string {
  const start = declarationOf(source, name)?.start;
  if (source === undefined || start === undefined) return '';
  const above = docComments(source)
    .filter(({ end }) => end <= start)
    .at(-1);
  const between = above === undefined ? 'nothing' : source.text.slice(above.end, start).replace(/^\s*\/\/.*$/gm, '');
  return above !== undefined && between.trim() === '' ? above.value : '';
}

/** What a doc comment says before its first tag. */
function sentence(doc: string): string {
  return doc
    .replace(/^[ \t]*\* ?/gm, '')
    .split('@')[0]
    .trim();
}

/** Whether a name is a function or a class without an example, neither above it nor, for a class, above a member. */
function lacksExample(source: Source | undefined, name: string): boolean {
  const declaration = declarationOf(source, name);
  if (source === undefined || declaration === undefined || !/Function|Class/.test(declaration.kind)) return false;
  const members = docComments(source).filter(({ start, end }) => start > declaration.start && end < declaration.end);
  return ![docOf(source, name), ...members.map(({ value }) => value)].some((doc) => doc.includes('@example'));
}
