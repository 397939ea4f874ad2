import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.ts';
import { type Command, WorkerProcess } from './workerProcess.ts';

/** A library of the table, and where it comes from. */
export interface Library {
  readonly id: string;
  readonly from: 'here' | 'npm' | 'debian';
  /** The worker, a file of bench/. */
  readonly file: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const rivals = fileURLToPath(new URL('rivals/', import.meta.url));
const wasmFolder = join(rivals, 'node_modules/@tensorflow/tfjs-backend-wasm/dist/');

export const SIMD = 'twingrad-simd';
export const PORTABLE = 'twingrad-portable';

export const libraries: readonly Library[] = [
  { id: SIMD, from: 'here', file: 'ours/simdWorker.ts' },
  { id: PORTABLE, from: 'here', file: 'ours/portableWorker.ts' },
  { id: 'triple-loop', from: 'here', file: 'ours/tripleLoop.ts' },
  pytorch(1),
  pytorch(2),
  { id: 'tfjs-wasm', from: 'npm', file: 'rivals/tfjsWasm.ts', args: [wasmFolder] },
  { id: 'tfjs-cpu', from: 'npm', file: 'rivals/tfjsCpu.ts' },
  { id: 'jax-js', from: 'npm', file: 'rivals/jaxJs.ts' },
  { id: 'ml-matrix', from: 'npm', file: 'rivals/mlMatrix.ts' },
];

/** A running worker with the version of its library, or why there is none. */
export interface Started {
  readonly library: string;
  readonly worker?: WorkerProcess;
  /** The version, or the reason. */
  readonly about: string;
}

/** Starts the workers that can be started. Bundles lie in `folder`. */
export function start(chosen: readonly Library[], folder: string): Promise<Started[]> {
  const missing = chosen.some(({ from }) => from === 'npm') ? installRivals() : undefined;
  const python = chosen.some(({ from }) => from === 'debian') ? findPython() : undefined;
  return Promise.all(
    chosen.map(async (library) => {
      if (library.from === 'npm' && missing !== undefined) return { library: library.id, about: missing };
      const command = library.from === 'debian' ? pythonCommand(library, python) : await nodeCommand(library, folder);
      if (typeof command === 'string') return { library: library.id, about: command };
      const worker = new WorkerProcess(library.id, command);
      const hello = await worker.hello();
      if ('version' in hello) return { library: library.id, worker, about: hello.version };
      worker.stop();
      return { library: library.id, about: hello.absent };
    }),
  );
}

/** OpenMP's threads would otherwise burn a core waiting while others are timed. */
function pytorch(threads: number): Library {
  const env = { OMP_WAIT_POLICY: 'passive', OMP_NUM_THREADS: String(threads) };
  return { id: `pytorch-${threads}t`, from: 'debian', file: 'rivals/pytorch.py', args: [String(threads)], env };
}

async function nodeCommand({ id, file, args = [] }: Library, folder: string): Promise<Command | string> {
  const script = join(folder, `${id}.mjs`);
  try {
    await bundle(file, script);
  } catch (error) {
    return `esbuild could not bundle it: ${error instanceof Error ? error.message : String(error)}`;
  }
  return { file: process.execPath, args: [script, ...args] };
}

function pythonCommand({ file, args = [], env = {} }: Library, python: string | undefined): Command | string {
  if (python === undefined) return 'no python3 here imports torch and numpy (Debian: apt-get install python3-torch)';
  return { file: python, args: [fileURLToPath(new URL(file, import.meta.url)), ...args], env };
}

/** Debian's own Python first: another one in the path does not see its packages. */
function findPython(): string | undefined {
  return ['/usr/bin/python3', 'python3'].find(
    (python) => spawnSync(python, ['-c', 'import numpy, torch'], { stdio: 'ignore' }).status === 0,
  );
}

/** Installs what bench/rivals/package.json pins, unless it is there. Returns what went wrong. */
function installRivals(): string | undefined {
  const { dependencies }: { dependencies: Readonly<Record<string, string>> } = readJson(join(rivals, 'package.json'));
  const present = Object.entries(dependencies).every(([name, version]) => {
    const manifest = join(rivals, 'node_modules', name, 'package.json');
    return existsSync(manifest) && readJson<{ version: string }>(manifest).version === version;
  });
  if (present) return undefined;
  console.error('installing the rivals into bench/rivals/node_modules ...');
  const { status, stderr } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: rivals, encoding: 'utf8' });
  if (status === 0) return undefined;
  return `npm could not install it: ${stderr?.split('\n').find((line) => line.startsWith('npm error')) ?? 'no npm here'}`;
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8'));
}
