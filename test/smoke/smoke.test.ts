import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { type BuildOptions, build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { simdBytes } from '../../src/kernels.ts';
import { root } from '../sources.ts';
import type { Smoke } from './program.ts';
import type { Relaxed } from './relaxed.ts';

/** How far the losses may differ between sets of kernels: errors of 1e-6 in every product move them by 3e-6. */
const KERNEL_TOLERANCE = 1e-4;

/** From this date on workerd compiles WebAssembly while it evaluates the modules of a worker; in handlers it never does. */
const COMPILES_AT_START = '2025-06-01';
const NEVER_COMPILES = '2025-05-31';

/** The bundles: the program with one of the entries of the library. */
const entries = ['index', 'portable'] as const;
type Entry = (typeof entries)[number];

interface Runtime {
  readonly name: string;
  /** Undefined where npm installed none, as there is none for this platform. */
  readonly binary: string | undefined;
  readonly argumentsFor: (file: string) => readonly string[];
}

const node: Runtime = { name: 'Node', binary: process.execPath, argumentsFor: (file) => [file] };
const bun: Runtime = {
  name: 'Bun',
  binary: binaryOf('bun', 'bin/bun'),
  argumentsFor: (file) => ['--no-install', file],
};
const deno: Runtime = {
  name: 'Deno',
  binary: binaryOf('deno', 'deno'),
  argumentsFor: (file) => ['run', '--no-remote', '--no-npm', '--no-config', '--no-lock', '--no-prompt', file],
};
const workerd: Runtime = {
  name: 'workerd',
  binary: binaryOf('workerd', 'bin/workerd'),
  argumentsFor: (file) => ['test', workerOf([file], COMPILES_AT_START)],
};

// A run takes a fifth of a second, but the first one of a binary of 100 MB, on busy cores, takes its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let folder: string;
/** What Node says of each bundle, and all others must say too. */
let reference: Readonly<Record<Entry, Smoke>>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'twingrad-smoke-'));
  for (const entry of entries) {
    const outfile = join(folder, `${entry}.mjs`);
    await bundle(entry, { entryPoints: ['test/smoke/main.ts'], format: 'esm', outfile });
  }
  reference = { index: run(node, 'index.mjs'), portable: run(node, 'portable.mjs') };
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(entries)('a training with the entry %s', (entry) => {
  test('learns, and comes back from its file', () => {
    const { kernels: name, losses, same, different, aloneAsInBatch, loadedAsSaved } = reference[entry].installed;
    expect(name).toBe(entry === 'index' ? 'simd' : 'portable');
    expect(losses).toHaveLength(10);
    expect(meanOf(losses.slice(5))).toBeLessThan(0.6 * meanOf(losses.slice(0, 5)));
    expect(same).toBeLessThan(0.5 * different);
    expect({ aloneAsInBatch, loadedAsSaved }).toEqual({ aloneAsInBatch: true, loadedAsSaved: true });
  });

  test.for([node, bun, deno, workerd])('has the same bits in $name', (runtime, { skip }) => {
    expect(run(runtime, `${entry}.mjs`, skip)).toEqual(reference[entry]);
  });

  test('has the same bits with kernels from a module compiled beforehand', () => {
    expect(reference[entry].precompiled).toEqual(reference.index.installed);
  });
});

test('the sets of kernels agree, though not to the bit', () => {
  const [fast, slow] = [reference.index.installed, reference.portable.installed];
  const apart = fast.losses.map((loss, i) => Math.abs(loss - slow.losses[i]));
  expect(Math.max(...apart)).toBeLessThan(KERNEL_TOLERANCE);
  expect(fast.embeddings).not.toBe(slow.embeddings);
});

describe('relaxed kernels', () => {
  beforeAll(() =>
    bundle('index', { entryPoints: ['test/smoke/relaxed.ts'], format: 'esm', outfile: join(folder, 'relaxed.mjs') }),
  );

  test.for([node, bun, deno])('agree with the exact ones in $name, or are refused in words', (runtime, { skip }) => {
    const { exact, relaxed } = run<Relaxed>(runtime, 'relaxed.mjs', skip);
    expect(exact).toEqual(reference.index.installed);
    if (typeof relaxed === 'string') {
      expect(relaxed).toMatch(/^TypeError: createSimdKernels: WebAssembly relaxed SIMD cannot be compiled here\. Use /);
      // Node 20 has none; Deno has.
      expect(runtime).not.toBe(deno);
      return;
    }
    expect(relaxed).toMatchObject({ kernels: 'simd-relaxed', aloneAsInBatch: true, loadedAsSaved: true });
    const apart = relaxed.losses.map((loss, i) => Math.abs(loss - exact.losses[i]));
    expect(Math.max(...apart)).toBeLessThan(KERNEL_TOLERANCE);
  });
});

describe('where WebAssembly cannot be compiled, the default entry is the portable one:', () => {
  test('no WebAssembly', () => {
    const without = 'data:text/javascript,delete globalThis.WebAssembly';
    const runtime: Runtime = { ...node, argumentsFor: (file) => ['--import', without, file] };
    expect(run(runtime, 'index.mjs')).toEqual(portable());
  });

  test('a realm that refuses, as by the policy of a page or at the edge', async () => {
    const outfile = join(folder, 'script.js');
    await bundle('index', {
      entryPoints: ['test/smoke/program.ts'],
      format: 'iife',
      globalName: 'program',
      outfile,
    });
    const context = createContext(
      { setTimeout, TextDecoder, TextEncoder },
      { codeGeneration: { strings: false, wasm: false } },
    );
    expect(() =>
      runInContext('new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))', context),
    ).toThrow('disallowed by embedder');
    const script = `${readFileSync(outfile, 'utf8')}; program.smoke().then(JSON.stringify);`;
    expect(JSON.parse(await runInContext(script, context))).toEqual(portable());
  });

  test('workerd with a date before it could', ({ skip }) => {
    const runtime: Runtime = { ...workerd, argumentsFor: (file) => ['test', workerOf([file], NEVER_COMPILES)] };
    expect(run(runtime, 'index.mjs', skip)).toEqual(portable());
  });

  test('workerd that imports the library in a handler', ({ skip }) => {
    const program = "export default { test: async () => (await import('index.mjs')).print() };";
    expect(run(inHandler(program, []), 'index.mjs', skip)).toEqual(portable());
  });

  test('but a module that workerd itself compiled brings its kernels', ({ skip }) => {
    writeFileSync(join(folder, 'kernels.wasm'), simdBytes());
    const program = `import module from 'kernels.wasm';
      export default { test: async () => (await import('index.mjs')).print(module) };`;
    const { installed } = reference.index;
    expect(run(inHandler(program, ['kernels.wasm']), 'index.mjs', skip)).toEqual({
      ...portable(),
      precompiled: installed,
    });
  });

  /** What an entry says that neither installs other kernels nor compiles any. */
  function portable(): Smoke {
    return { installed: reference.portable.installed, precompiled: undefined };
  }

  /** workerd with a program that imports the bundle, and perhaps other files, in its handler. */
  function inHandler(program: string, others: readonly string[]): Runtime {
    writeFileSync(join(folder, 'handler.mjs'), program);
    return {
      ...workerd,
      argumentsFor: (file) => ['test', workerOf(['handler.mjs', file, ...others], COMPILES_AT_START)],
    };
  }
});

/** What a bundle prints in a runtime; `skip` is called where there is none for this platform. */
function run<T = Smoke>({ name, binary, argumentsFor }: Runtime, file: string, skip?: (reason: string) => never): T {
  if (binary === undefined) {
    const reason = `npm installed no ${name} for ${process.platform} on ${process.arch}.`;
    if (skip === undefined) throw new Error(reason);
    return skip(reason);
  }
  const printed = execFileSync(binary, argumentsFor(file), {
    cwd: folder,
    encoding: 'utf8',
    timeout: 100_000,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Nothing is looked up, and nothing is left behind in the home of whoever tests.
    env: { ...process.env, HOME: folder, DENO_DIR: join(folder, 'deno'), DENO_NO_UPDATE_CHECK: '1', DO_NOT_TRACK: '1' },
  });
  return JSON.parse(printed);
}

/** A program with the library in one file; what is missing in any of the runtimes, such as node:, is an error. */
async function bundle(entry: Entry, options: BuildOptions): Promise<void> {
  await build({
    ...options,
    absWorkingDir: root,
    bundle: true,
    platform: 'neutral',
    logLevel: 'silent',
    alias: { twingrad: `./src/${entry}.ts`, 'twingrad/kernels': './src/kernels.ts' },
  });
}

/** A configuration of workerd with these modules, the first of which has the handlers. */
function workerOf(files: readonly string[], date: string): string {
  const kind = (file: string): string => (file.endsWith('.wasm') ? 'wasm' : 'esModule');
  const modules = files.map((file) => `(name = "${file}", ${kind(file)} = embed "${file}")`);
  const path = join(folder, 'config.capnp');
  writeFileSync(
    path,
    `using Workerd = import "/workerd/workerd.capnp";
    const config :Workerd.Config = (services = [
      (name = "main", worker = (modules = [${modules.join(', ')}], compatibilityDate = "${date}")),
    ]);`,
  );
  return path;
}

/**
 * The program that npm chose for this platform among a package's optional dependencies. It lies there, or where the
 * package's install script moved it: some settings of npm forbid those. Undefined where npm chose none.
 */
function binaryOf(name: string, path: string): string | undefined {
  const folderOf = (dependency: string): string => join(root, 'node_modules', dependency);
  const manifest: { readonly optionalDependencies: Readonly<Record<string, string>> } = JSON.parse(
    readFileSync(join(folderOf(name), 'package.json'), 'utf8'),
  );
  const chosen = Object.keys(manifest.optionalDependencies).find((dependency) => existsSync(folderOf(dependency)));
  if (chosen === undefined) return undefined;
  const places = [chosen, name].flatMap((dependency) =>
    [path, `${path}.exe`].map((file) => join(folderOf(dependency), file)),
  );
  const found = places.find((file) => existsSync(file));
  if (found === undefined) throw new Error(`${name}: none of ${places.join(', ')} exists. Run npm ci.`);
  return found;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}
