import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build, type Platform } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import { filesBelow, root } from './sources.ts';

interface Manifest {
  readonly version: string;
  readonly sideEffects: readonly string[];
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
}

const manifest: Manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
const entries = Object.keys(manifest.exports).filter((entry) => entry !== './package.json');
const nameOf = (entry: string): string => entry.replace(/^\./, 'twingrad');

describe('dist', () => {
  test('has a script, a declaration and their maps for every source, and nothing else', () => {
    const stems = filesBelow('src', '.ts').map((path) => path.replace(/\.ts$/, ''));
    const wanted = stems.flatMap((stem) => ['.js', '.js.map', '.d.ts', '.d.ts.map'].map((ending) => stem + ending));
    expect(filesBelow('dist', '').filter((path) => /\.\w+$/.test(path))).toEqual(wanted.sort());
  });

  test('holds what src holds now', () => {
    for (const path of filesBelow('dist', '.js.map')) {
      const { sources }: { sources: readonly string[] } = JSON.parse(readFileSync(`${root}dist/${path}`, 'utf8'));
      expect(sources.map((source) => source.replace(/^(\.\.\/)+/, ''))).toEqual([
        `src/${path.replace('.js.map', '.ts')}`,
      ]);
    }
  });

  test('imports its files with their ending', () => {
    for (const path of filesBelow('dist', '.js')) {
      expect(readFileSync(`${root}dist/${path}`, 'utf8'), path).not.toMatch(/from '[^']*\.ts'/);
    }
  });
});

describe('exports', () => {
  test.each(Object.entries(manifest.exports))('the files of %s exist', (_entry, target) => {
    for (const file of typeof target === 'string' ? [target] : Object.values(target)) {
      expect(existsSync(root + file), file).toBe(true);
    }
  });

  let names: Readonly<Record<string, readonly string[]>>;
  let globals: readonly string[];
  beforeAll(() => {
    const specifiers = JSON.stringify(entries.map(nameOf));
    const program = `const names = {};
      const before = Object.getOwnPropertyNames(globalThis);
      for (const name of ${specifiers}) names[name] = Object.keys(await import(name)).sort();
      const globals = Object.getOwnPropertyNames(globalThis).filter((name) => !before.includes(name));
      console.log(JSON.stringify({ names, globals }));`;
    // Plain Node, without the test runner's resolver. What an import printed would not parse.
    ({ names, globals } = JSON.parse(node(program)));
  });

  test('every entry can be imported by name', () => {
    expect(Object.keys(names)).toEqual(
      ['', '/portable', '/kernels', '/testing', '/node'].map((entry) => `twingrad${entry}`),
    );
    expect(names['twingrad/node']).toEqual(['writeFileAtomic']);
    expect(names['twingrad/kernels']).toContain('useKernels');
  });

  test('importing makes no globals; the default entry installs the SIMD kernels, and that is all', () => {
    expect(globals).toEqual([]);
    expect(manifest.sideEffects).toEqual(['./dist/index.js', './src/index.ts']);
    const active = "const { useKernels, portableKernels } = await import('twingrad/kernels');";
    const print = 'console.log(useKernels(portableKernels).name);';
    expect(node(`await import('twingrad'); ${active} ${print}`)).toBe('simd');
    expect(node(`await import('twingrad/portable'); ${active} ${print}`)).toBe('portable');
  });

  test('the default entry has the names of the portable one', () => {
    expect(names.twingrad.length).toBeGreaterThan(80);
    expect(names.twingrad).toEqual(names['twingrad/portable']);
  });
});

describe('the packed package', () => {
  test('holds dist, src and the papers, and nothing else', () => {
    const answer = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [{ files }]: { files: { path: string }[] }[] = JSON.parse(answer);
    const paths = files.map(({ path }) => path);
    expect(paths.filter((path) => !/^(dist|src)\//.test(path)).sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'package.json',
    ]);
    expect(paths).toContain('src/tensor/tensor.ts');
    expect(paths).toContain('dist/tensor/tensor.d.ts.map');
  });
});

describe('bundles', () => {
  test('hold what they call, and nothing else', async () => {
    const { code, files } = await bundle(
      "import { relu, tensor } from 'twingrad/portable'; console.log(String(relu(tensor([-1, 2]))));",
    );
    expect(files.filter((path) => !/^dist\/(tensor|autograd)\//.test(path))).toEqual([]);
    expect(files.filter((path) => path.startsWith('dist/autograd/ops/'))).toEqual(['dist/autograd/ops/activations.js']);
    // esbuild keeps names: here of layers, optimizers, files, kernels, and of the neighbors of relu.
    expect(code).toMatch(/\brelu\b/);
    expect(code).not.toMatch(/Conv2d|conv2d|Adam|safetensors|Safetensors|matmul|sigmoid|gelu|backward|Random/);
    console.info(`relu and tensor: ${code.length} bytes`);
    // 9,080 bytes when this was written.
    expect(code.length).toBeLessThan(10_000);
    expect(node(code)).toBe('Tensor [2] [0, 2]');
  });

  test('of one loss hold no other one', async () => {
    const { code, files } = await bundle(
      "import { contrastiveLoss, euclidean } from 'twingrad/portable'; console.log(contrastiveLoss, euclidean);",
    );
    expect(files.filter((path) => !/^dist\/(tensor|autograd|losses)\//.test(path))).toEqual([]);
    expect(lossesIn(files)).toEqual(['contrastiveLoss']);
    console.info(`contrastiveLoss and euclidean: ${code.length} bytes`);
    // 42,973 bytes when this was written, 2,700 of them for the presets.
    expect(code.length).toBeLessThan(46_000);
    const alone = await bundle("import { supConLoss } from 'twingrad/portable'; console.log(supConLoss);");
    expect(lossesIn(alone.files)).toEqual(['supConLoss']);
  });

  test.each(entries.map(nameOf).filter((name) => name !== 'twingrad'))('of nothing from %s are empty', async (name) => {
    expect((await bundle(`import '${name}';`, 'node')).code).toBe('');
  });

  test('the SIMD kernels cost at most 14 KB, minified and compressed', async () => {
    const everything = async (name: string) => {
      const { code } = await bundle(`import * as all from '${name}'; console.log(all);`, 'neutral', { minify: true });
      return gzipSync(code, { level: 9 }).length;
    };
    const [fast, portable] = [await everything('twingrad'), await everything('twingrad/portable')];
    console.info(`everything: ${fast} bytes min+gzip, ${portable} of them without the SIMD kernels`);
    expect(fast - portable).toBeGreaterThan(1000);
    expect(fast - portable).toBeLessThan(14_336);
  });

  test.each(['neutral', 'browser'] as const)('of everything need nothing from %s', async (platform) => {
    const program = `
      import * as all from 'twingrad';
      import * as portable from 'twingrad/portable';
      import * as kernels from 'twingrad/kernels';
      console.log(Object.keys(all).length === Object.keys(portable).length, typeof kernels.useKernels);`;
    const { code } = await bundle(program, platform);
    const { code: small } = await bundle(program, platform, { minify: true });
    expect(code).not.toMatch(/node:|require\(|^import /m);
    expect(node(code)).toBe('true function');
    console.info(`everything: ${code.length} bytes, ${small.length} minified`);
  });

  test('writing files needs Node, and is the only part that does', async () => {
    const program = "import { writeFileAtomic } from 'twingrad/node'; writeFileAtomic('x', '');";
    expect((await bundle(program, 'node')).code).toContain('node:fs');
    await expect(bundle(program, 'browser')).rejects.toThrow('node:fs');
  });
});

interface Bundle {
  readonly code: string;
  /** The files that the script holds something of. */
  readonly files: readonly string[];
}

/** A program with all that it imports, as one script. */
async function bundle(
  contents: string,
  platform: Platform = 'neutral',
  options: { readonly minify?: boolean; readonly ignoreAnnotations?: boolean } = {},
): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    ...options,
    stdin: { contents, resolveDir: root, loader: 'js' },
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform,
    logLevel: 'silent',
  });
  const [{ inputs }] = Object.values(metafile.outputs);
  const files = Object.keys(inputs).filter((path) => inputs[path].bytesInOutput > 0 && path !== '<stdin>');
  return { code: outputFiles[0].text, files: files.sort() };
}

/** The losses and miners among files of dist. */
function lossesIn(files: readonly string[]): string[] {
  return files.flatMap((path) => /^dist\/losses\/(\w+Loss|min(?:e[A-Z]|ing)\w*)\.js$/.exec(path)?.[1] ?? []);
}

/** What a script prints, run by Node in the folder of the package. */
function node(script: string): string {
  return execFileSync(process.execPath, ['--input-type=module'], { cwd: root, input: script, encoding: 'utf8' }).trim();
}
