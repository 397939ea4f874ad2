import { readFileSync } from 'node:fs';
import { dirname } from 'node:path/posix';
import { type ESTree, Visitor } from 'vite';
import { describe, expect, test } from 'vitest';
import { filesBelow, parseSource, placeOf, readSources, root, type Source } from './sources.ts';

/** An import may only go to a lower floor, or stay in its room. */
const FLOORS: Readonly<Record<string, number>> = {
  tensor: 0,
  autograd: 1,
  nn: 2,
  io: 2,
  losses: 3,
  optim: 3,
  data: 3,
  siamese: 4,
  testing: 5,
};
const ENTRIES = ['index.ts', 'portable.ts', 'kernels.ts', 'node.ts', 'testing/index.ts'];

/** The one package that a room may import: whoever imports that entry brings it along, an optional peer dependency. */
const PEERS: Readonly<Record<string, string>> = { testing: 'fast-check' };

/** Those parts of Math that every engine computes to the same bits. */
const EXACT_MATH =
  'PI E LN2 LN10 LOG2E LOG10E SQRT2 SQRT1_2 abs ceil clz32 floor fround imul max min round sign sqrt trunc'.split(' ');

/** What gives another answer elsewhere or at another time, or is not there in every runtime. */
const FORBIDDEN_GLOBALS =
  'globalThis Date performance eval Function Intl process Buffer require __dirname crypto document navigator'.split(
    ' ',
  );

/** Globals that one file may use: Node's, and what tells how much memory there may be, which no result depends on. */
const MAY_ASK: Readonly<Record<string, readonly string[]>> = {
  'node.ts': ['process'],
  'tensor/kernels/simd/simd.ts': ['globalThis', 'navigator'],
};

/** The module-level state that style.md, rule 7, allows. */
const STATE = [
  'autograd/tape.ts: nextSerial',
  'autograd/tape.ts: recording',
  // What `detectAnomaly` looks at ops with; put back in `finally`.
  'autograd/tape.ts: watch',
  'tensor/kernels/kernels.ts: current',
  'tensor/memory.ts: open',
  'tensor/tensor.ts: made',
];

const MOST_LINES = 320;

interface Rule {
  readonly name: string;
  /** Violations, each beginning with its place. */
  readonly find: (sources: readonly Source[]) => string[];
  /** Files that break the rule, each in a way of its own: the check of the check. */
  readonly broken: readonly (readonly [path: string, text: string])[];
}

const rules: readonly Rule[] = [
  {
    name: 'imports go down the floors, and peers never meet',
    find: eachFile(climbingImports),
    broken: [
      ['tensor/x.ts', "import { add } from '../autograd/ops/arithmetic.ts';"],
      ['losses/x.ts', "import type { Adam } from '../optim/adam.ts';"],
      ['io/x.ts', "import { Module } from '../nn/module.ts';"],
      ['data/x.ts', "import { train } from '../siamese/train.ts';"],
      ['siamese/x.ts', "import { tensors } from '../testing/arbitraries.ts';"],
      ['nn/x.ts', "import { relu } from '../portable.ts';"],
      ['nn/x.ts', "import { relu } from '../../test/sources.ts';"],
      ['attic/x.ts', 'export const x = 1;'],
      ['x.ts', 'export const x = 1;'],
    ],
  },
  {
    name: 'files never import one another in a circle',
    find: importCycles,
    broken: [
      ['tensor/shape.ts', "import type { Tensor } from './tensor.ts'; export type Shape = Tensor;"],
      ['nn/x.ts', "import { y } from './x.ts'; export const x = y;"],
    ],
  },
  {
    name: 'kernels never see a Tensor',
    find: eachFile((source) => (source.path.startsWith('tensor/kernels/') ? tensorNames(source) : [])),
    broken: [
      ['tensor/kernels/x.ts', "import { Tensor } from '../tensor.ts';"],
      ['tensor/kernels/x.ts', "import type { Pullback } from '../tensor.ts';"],
      ['tensor/kernels/portable/x.ts', 'export function x(y: Tensor): void {}'],
    ],
  },
  {
    name: 'imports are files of src with their ending; node: is for node.ts; fast-check is for testing/; nothing else comes from npm',
    find: (sources) => sources.flatMap(foreignImports(sources)),
    broken: [
      ['nn/x.ts', "import { ones } from '../tensor/create';"],
      ['nn/x.ts', "import { ones } from '../tensor/create.js';"],
      ['nn/x.ts', "import { ones } from '../tensor/missing.ts';"],
      ['io/x.ts', "import { readFileSync } from 'node:fs';"],
      ['io/x.ts', "export const load = (): Promise<unknown> => import('node:fs');"],
      ['io/x.ts', "import { parseSync } from 'vite';"],
      ['nn/x.ts', "import { check } from 'fast-check';"],
      ['testing/x.ts', "import { expect } from 'vitest';"],
      ['io/x.ts', 'export const load = (name: string): Promise<unknown> => import(name);'],
    ],
  },
  {
    name: 'only entries re-export',
    find: eachFile((source) => (ENTRIES.includes(source.path) ? [] : reExports(source))),
    broken: [
      ['nn/x.ts', "export { ones } from '../tensor/create.ts';"],
      ['nn/x.ts', "export * from '../tensor/create.ts';"],
      ['nn/x.ts', "import { ones } from '../tensor/create.ts'; export { ones };"],
    ],
  },
  {
    name: 'every file is reachable from an entry',
    find: unreachableFiles,
    broken: [['autograd/ops/x.ts', 'export const x = 1;']],
  },
  {
    name: 'syntax: named exports, no enum, no namespace, no top-level await, no state but the listed',
    find: eachFile(forbiddenSyntax),
    broken: [
      ['nn/x.ts', 'export default 1;'],
      ['nn/x.ts', 'const x = 1; export { x as default };'],
      ['nn/x.ts', 'export enum X { A }'],
      ['nn/x.ts', 'export namespace X { export const a = 1; }'],
      ['nn/x.ts', "export type X = import('./module.ts').Module;"],
      ['nn/x.ts', 'export const x = await Promise.resolve(1);'],
      ['nn/x.ts', 'if (true) { await Promise.resolve(1); }'],
      ['nn/x.ts', 'for await (const x of []) { void x; }'],
      ['nn/x.ts', 'let counter = 0; export function next(): number { return counter++; }'],
      ['autograd/tape.ts', 'export let recorded = 0;'],
    ],
  },
  {
    name: 'the same bits everywhere: no clock, no Math.random, no inexact Math, no eval',
    find: eachFile(inexact),
    // biome-ignore format: one line a kind.
    broken: [
      'Math.random()', 'Math.exp(1)', 'Math.log2(8)', 'Math.hypot(3, 4)', 'Math.pow(2, 0.5)', "Math['tanh'](1)",
      'Object.keys(Math)', '(({ cbrt }) => cbrt(8))(Math)', 'Date.now()', 'new Date()', 'performance.now()', "eval('1')",
      "new Function('return 1')()", "Function('return 1')()", 'globalThis.Date', '3 ** 2', '2 ** 0.5', 'two ** 2',
      "'a'.localeCompare('b')", '(1).toLocaleString()', 'process.argv',
    ].map((expression) => ['nn/x.ts', `const two = 2; export const x = [two, ${expression}];`] as const),
  },
  {
    name: `files have at most ${MOST_LINES} lines`,
    find: eachFile(tooLong),
    broken: [['nn/x.ts', 'export type X = 1;\n'.repeat(MOST_LINES + 1)]],
  },
];

const sources = readSources();

describe.each(rules)('$name', ({ find, broken }) => {
  test('holds', () => {
    expect(find(sources)).toEqual([]);
  });

  test.each(broken)('is broken by src/%s: %s', (path, text) => {
    const others = sources.filter((source) => source.path !== path);
    const known = find(sources);
    const found = find([...others, parseSource(path, text)]).filter((violation) => !known.includes(violation));
    expect(found.join('\n')).toContain(`src/${path}`);
  });
});

describe('package.json', () => {
  test('has no runtime dependencies, and pins the others exactly', () => {
    const manifest = readFileSync(`${root}package.json`, 'utf8');
    expect(dependencyProblems(manifest)).toEqual([]);
    expect(dependencyProblems('{ "dependencies": { "a": "1.0.0" } }')).toHaveLength(1);
    expect(dependencyProblems('{ "peerDependencies": { "a": "^1.0.0" } }')).toHaveLength(1);
    expect(dependencyProblems('{ "devDependencies": { "a": "^1.0.0", "b": "1.0.0", "c": "latest" } }')).toHaveLength(2);
  });
});

describe('test/', () => {
  const rooms = [...new Set(sources.map(({ path }) => dirname(path)))].filter((room) => room !== '.');

  test('has the rooms of src', () => {
    expect(misplacedTests(filesBelow('test', '.test.ts'), rooms)).toEqual([]);
  });

  test('would not pass with a missing or a strange room', () => {
    expect(misplacedTests(['nn/layers.test.ts', 'attic/x.test.ts'], ['nn', 'io'])).toEqual([
      'src/io has no test in test/io.',
      'test/attic/x.test.ts: there is no src/attic.',
    ]);
  });
});

/** A check of one file after the other; a file is checked once. */
function eachFile(check: (source: Source) => string[]): (sources: readonly Source[]) => string[] {
  const done = new WeakMap<Source, string[]>();
  return (all) =>
    all.flatMap((source) => {
      const found = done.get(source) ?? check(source);
      done.set(source, found);
      return found;
    });
}

function climbingImports({ path, imports }: Source): string[] {
  const room = roomOf(path);
  if (room === undefined) return ENTRIES.includes(path) ? [] : [`src/${path}: not an entry; put it into a room.`];
  if (!(room in FLOORS)) return [`src/${path}: the room '${room}' has no floor; give it one in this test.`];
  return imports.flatMap(({ target, where }) => {
    if (target === undefined || roomOf(target) === room) return [];
    const below = FLOORS[roomOf(target) ?? ''];
    return below !== undefined && below < FLOORS[room] ? [] : [`${where}: ${room} may not import ${target}.`];
  });
}

function roomOf(path: string): string | undefined {
  return path.includes('/') ? path.split('/')[0] : undefined;
}

function importCycles(all: readonly Source[]): string[] {
  const byPath = new Map(all.map((source) => [source.path, source]));
  const finished = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.push(`src/${[...trail.slice(start), path].join(' -> src/')}`);
    if (start >= 0 || finished.has(path)) return;
    for (const { target } of byPath.get(path)?.imports ?? []) if (target !== undefined) visit(target, [...trail, path]);
    finished.add(path);
  };
  for (const path of byPath.keys()) visit(path, []);
  return cycles;
}

function tensorNames(source: Source): string[] {
  const found = source.imports
    .filter(({ target }) => target === 'tensor/tensor.ts')
    .map(({ where }) => `${where}: a kernel works on arrays, it may not import tensor.ts.`);
  const names = visitor(source, (report) => ({
    Identifier: (node) => {
      if (node.name === 'Tensor') report(node, 'a kernel works on arrays, not on Tensor.');
    },
  }));
  return [...found, ...names];
}

function foreignImports(all: readonly Source[]): (source: Source) => string[] {
  const paths = new Set(all.map(({ path }) => path));
  return ({ path, text, ast, imports }) => {
    const computed = ast.module.dynamicImports
      .filter(({ moduleRequest: { start } }) => !/['"]/.test(text[start]))
      .map(({ start }) => `${placeOf(path, text, start)}: import() of a computed name.`);
    const wrong = imports.flatMap(({ specifier, target, where }) => {
      if (target !== undefined) return paths.has(target) ? [] : [`${where}: '${specifier}' is no file of src.`];
      const allowed = (path === 'node.ts' && specifier.startsWith('node:')) || specifier === PEERS[roomOf(path) ?? ''];
      return allowed ? [] : [`${where}: may not import '${specifier}'.`];
    });
    return [...computed, ...wrong];
  };
}

function reExports({ path, text, ast }: Source): string[] {
  const imported = new Set(
    ast.module.staticImports.flatMap(({ entries }) => entries.map(({ localName }) => localName.value)),
  );
  return ast.module.staticExports.flatMap(({ entries, start }) =>
    entries
      .filter(({ moduleRequest, localName }) => moduleRequest !== null || imported.has(localName.name ?? ''))
      .map(() => `${placeOf(path, text, start)}: only entries re-export.`),
  );
}

function unreachableFiles(all: readonly Source[]): string[] {
  const byPath = new Map(all.map((source) => [source.path, source]));
  const waiting = [...ENTRIES];
  const reached = new Set(ENTRIES);
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    for (const { target } of byPath.get(path)?.imports ?? []) {
      if (target === undefined || reached.has(target)) continue;
      reached.add(target);
      waiting.push(target);
    }
  }
  const lost = [...byPath.keys()].filter((path) => !reached.has(path));
  return lost.map((path) => `src/${path}: no entry leads here; export it from portable.ts, or delete it.`);
}

function forbiddenSyntax(source: Source): string[] {
  let functions = 0;
  const enter = () => functions++;
  const leave = () => functions--;
  return visitor(source, (report) => ({
    Program: ({ body }) => {
      for (const statement of body) {
        const node = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
        if (node?.type !== 'VariableDeclaration' || node.kind === 'const') continue;
        for (const { id } of node.declarations) {
          const name = `${source.path}: ${id.type === 'Identifier' ? id.name : ''}`;
          if (!STATE.includes(name)) report(node, `module-level state '${name}' is not in the list of this test.`);
        }
      }
    },
    ExportDefaultDeclaration: (node) => report(node, 'no default exports.'),
    ExportSpecifier: (node) => {
      if (node.exported.type === 'Identifier' && node.exported.name === 'default') report(node, 'no default exports.');
    },
    TSEnumDeclaration: (node) => report(node, 'no enum; use a union of strings.'),
    TSModuleDeclaration: (node) => report(node, 'no namespace; a file is one.'),
    TSImportType: (node) => report(node, 'import the type at the top.'),
    FunctionDeclaration: enter,
    'FunctionDeclaration:exit': leave,
    FunctionExpression: enter,
    'FunctionExpression:exit': leave,
    ArrowFunctionExpression: enter,
    'ArrowFunctionExpression:exit': leave,
    AwaitExpression: (node) => {
      if (functions === 0) report(node, 'no top-level await.');
    },
    ForOfStatement: (node) => {
      if (node.await && functions === 0) report(node, 'no top-level await.');
    },
  }));
}

function inexact(source: Source): string[] {
  const ofMath = new Set<unknown>();
  return visitor(source, (report) => ({
    MemberExpression: ({ object, property, computed }) => {
      if (property.type !== 'Identifier') return;
      if (object.type === 'Identifier' && object.name === 'Math' && !computed) {
        ofMath.add(object);
        if (!EXACT_MATH.includes(property.name)) {
          report(property, `Math.${property.name} differs between engines; use tensor/math.ts or tensor/random.ts.`);
        }
      }
      if (/^(toLocale|localeCompare)/.test(property.name)) report(property, `${property.name} depends on the locale.`);
    },
    Identifier: (node) => {
      if (node.name === 'Math' && !ofMath.has(node)) report(node, 'Math may only be used as Math.name.');
      if (MAY_ASK[source.path]?.includes(node.name)) return;
      if (FORBIDDEN_GLOBALS.includes(node.name)) report(node, `${node.name} is not allowed in src.`);
    },
    BinaryExpression: (node) => {
      if (node.operator === '**' && !isPowerOfTwo(node)) {
        report(node, '** differs between engines but for powers of two; multiply, or use pow of tensor/math.ts.');
      }
    },
  }));
}

/** `2 ** n` with a whole constant n: the one power that engines agree on. */
function isPowerOfTwo({ left, right }: ESTree.BinaryExpression): boolean {
  const exponent = right.type === 'UnaryExpression' ? right.argument : right;
  return isNumber(left) && left.value === 2 && isNumber(exponent) && Number.isInteger(exponent.value);
}

function isNumber(node: ESTree.Node): node is ESTree.NumericLiteral {
  return node.type === 'Literal' && typeof node.value === 'number';
}

type Handlers = ConstructorParameters<typeof Visitor>[0];

/** Walks a file; `report` adds a violation with its line. */
function visitor(
  { path, text, ast }: Source,
  handlers: (report: (node: { readonly start: number }, problem: string) => void) => Handlers,
): string[] {
  const found: string[] = [];
  const report = (node: { readonly start: number }, problem: string): void => {
    found.push(`${placeOf(path, text, node.start)}: ${problem}`);
  };
  new Visitor(handlers(report)).visit(ast.program);
  return found;
}

function tooLong({ path, text }: Source): string[] {
  const lines = text.trimEnd().split('\n').length;
  return lines > MOST_LINES ? [`src/${path}: ${lines} lines; split it (style.md aims at 300).`] : [];
}

interface Manifest {
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

function dependencyProblems(manifest: string): string[] {
  const {
    devDependencies = {},
    peerDependencies = {},
    peerDependenciesMeta = {},
    ...others
  }: Manifest = JSON.parse(manifest);
  const kinds = ['dependencies', 'optionalDependencies', 'bundleDependencies', 'bundledDependencies'];
  return [
    ...kinds.filter((kind) => kind in others).map((kind) => `package.json: there are ${kind}; the library has none.`),
    ...Object.keys(peerDependencies)
      .filter((name) => peerDependenciesMeta[name]?.optional !== true)
      .map((name) => `package.json: the peer dependency ${name} is not optional; the library needs none.`),
    ...Object.entries(devDependencies)
      .filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))
      .map(([name, version]) => `package.json: devDependency ${name} is '${version}', not an exact version.`),
  ];
}

function misplacedTests(tests: readonly string[], rooms: readonly string[]): string[] {
  const folders = tests.map((path) => dirname(path));
  const missing = rooms
    .filter(
      (room) => !room.includes('/') && !folders.some((folder) => folder === room || folder.startsWith(`${room}/`)),
    )
    .map((room) => `src/${room} has no test in test/${room}.`);
  const strange = tests
    .filter((path) => !['.', 'references', 'examples', 'bench', 'scripts', 'smoke', ...rooms].includes(dirname(path)))
    .map((path) => `test/${path}: there is no src/${dirname(path)}.`);
  return [...missing, ...strange];
}
