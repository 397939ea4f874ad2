import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const bench = fileURLToPath(new URL('.', import.meta.url));
const source = fileURLToPath(new URL('../src/', import.meta.url));

/** What parts of tfjs take for granted, also for branches that Node never reaches. */
const COMMON_JS = [
  "import { createRequire as benchRequire } from 'node:module';",
  "import { dirname as benchDirname } from 'node:path';",
  "import { fileURLToPath as benchPath } from 'node:url';",
  'const require = benchRequire(import.meta.url);',
  'const __dirname = benchDirname(benchPath(import.meta.url));',
].join(' ');

/** Options of `bundle`. */
export interface BundleOptions {
  readonly minify?: boolean;
  /** The file of src that `import 'twingrad'` means. Default index.ts. */
  readonly entry?: 'index.ts' | 'portable.ts';
}

/** One script of plain JavaScript from a file of bench/: what is timed has not passed through tsx. */
export async function bundle(file: string, outfile: string, options: BundleOptions = {}): Promise<void> {
  const { minify = false, entry = 'index.ts' } = options;
  await build({
    entryPoints: [`${bench}${file}`],
    outfile,
    bundle: true,
    minify,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    mainFields: ['module', 'main'],
    banner: minify ? {} : { js: COMMON_JS },
    plugins: [fromSource(entry)],
    logLevel: 'error',
  });
}

/** `twingrad` as it stands in src/, not as it was last built; with the side effects of its default entry. */
function fromSource(entry: string): Plugin {
  return {
    name: 'from-source',
    setup: ({ onResolve }) => {
      onResolve({ filter: /^twingrad(\/kernels)?$/ }, ({ path }) => ({
        path: `${source}${path === 'twingrad' ? entry : 'kernels.ts'}`,
        sideEffects: path === 'twingrad' && entry === 'index.ts',
      }));
    },
  };
}
