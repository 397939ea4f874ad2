import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ParseResult, parseSync } from 'vite';

/** The folder of package.json, with a slash at its end. */
export const root: string = fileURLToPath(new URL('../', import.meta.url));

/** What a file imports or re-exports, types included. */
interface Import {
  readonly specifier: string;
  /** The file below src that it names, where it is relative. */
  readonly target: string | undefined;
  /** `path:line`, for messages. */
  readonly where: string;
}

/** A parsed file of src. */
export interface Source {
  /** Below src: `tensor/shape.ts`. */
  readonly path: string;
  readonly text: string;
  readonly ast: ParseResult;
  readonly imports: readonly Import[];
}

/** Parses what is, or could be, the file `path` below src. */
export function parseSource(path: string, text: string): Source {
  const ast = parseSync(path, text, { sourceType: 'module' });
  if (ast.errors.length > 0) throw new SyntaxError(`src/${path}: ${ast.errors[0].message}`);
  const { staticImports, staticExports, dynamicImports } = ast.module;
  const requests = [
    ...staticImports.map(({ moduleRequest }) => moduleRequest),
    ...staticExports.flatMap(({ entries }) => entries.map(({ moduleRequest }) => moduleRequest)),
    ...dynamicImports.map(({ moduleRequest: { start, end } }) => ({ value: text.slice(start + 1, end - 1), start })),
  ];
  const imports = new Map<string, Import>();
  for (const request of requests) {
    if (request === null || imports.has(request.value)) continue;
    const specifier = request.value;
    const target = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : undefined;
    imports.set(specifier, { specifier, target, where: placeOf(path, text, request.start) });
  }
  return { path, text, ast, imports: [...imports.values()] };
}

/** Every file of src, by path. */
export function readSources(): readonly Source[] {
  return filesBelow('src', '.ts').map((path) => parseSource(path, readFileSync(`${root}src/${path}`, 'utf8')));
}

/** The files below a folder of the package that end in `ending`, relative to it, sorted. */
export function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith(ending))
    .sort();
}

/** `src/tensor/shape.ts:12` of an offset into the text. */
export function placeOf(path: string, text: string, offset: number): string {
  return `src/${path}:${text.slice(0, offset).split('\n').length}`;
}
