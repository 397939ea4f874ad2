import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { benchmarks } from './benchmarks.ts';
import { compare, type Effort } from './interleave.ts';
import { type Library, libraries, PORTABLE, SIMD, type Started, start } from './libraries.ts';
import { describeMachine } from './machine.ts';
import { NO_SUCH_OPERATION } from './protocol.ts';
import { type Row, toRow } from './records.ts';
import { formatResults } from './results.ts';
import { startUp, startUpBundles, timeStartUp } from './startUp.ts';
import { detailCells, drawn, ratioCells } from './table.ts';

interface Options {
  readonly rivals: boolean;
  readonly only?: readonly string[];
  readonly libraries?: readonly string[];
  readonly rounds: number;
  readonly json?: string;
  readonly quick: boolean;
}

const ids = [...benchmarks.map(({ id }) => id), startUp.id];
const ROUNDS = 9;
const resultsFile = fileURLToPath(new URL('RESULTS.md', import.meta.url));

await main(readOptions());

async function main(options: Options): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'twingrad-bench-'));
  const chosen = chooseLibraries(options);
  const started = await start(chosen, folder);
  try {
    for (const { library, worker, about } of started)
      console.error(worker === undefined ? `${library}: ${about}; skipped` : `${library}: ${about}`);
    const present = started.filter(({ worker }) => worker !== undefined).map(({ library }) => library);
    const { rows, notes } = await measure(started, present, options, folder);
    report(rows, notes, started, present, options);
  } finally {
    for (const { worker } of started) worker?.stop();
    rmSync(folder, { recursive: true });
  }
}

function chooseLibraries({ rivals, libraries: named }: Options): readonly Library[] {
  if (named !== undefined) return libraries.filter(({ id }) => named.includes(id));
  return libraries.filter(({ id, from }) => (rivals ? id !== 'triple-loop' : from === 'here'));
}

async function measure(
  started: readonly Started[],
  present: readonly string[],
  { only = ids, rounds, quick }: Options,
  folder: string,
): Promise<{ readonly rows: readonly Row[]; readonly notes: readonly string[] }> {
  const effort: Effort = quick
    ? { rounds: Math.min(3, rounds), slowRounds: 1, warmUpMs: 100, sampleMs: 10 }
    : { rounds, slowRounds: Math.min(3, rounds), warmUpMs: 1500, sampleMs: 40 };
  const contestants = started.flatMap(({ worker }) => worker ?? []);
  const ours = [SIMD, PORTABLE];
  const rows: Row[] = [];
  const notes: string[] = [];
  for (const benchmark of benchmarks.filter(({ id }) => only.includes(id))) {
    const before = performance.now();
    const row = toRow(benchmark, await compare(benchmark, contestants, effort), ours);
    rows.push(row);
    console.error(`${row.id}: done in ${Math.round((performance.now() - before) / 1000)} s`);
    for (const [library, reason] of Object.entries(row.cannot))
      if (reason !== NO_SUCH_OPERATION) console.error(`${row.id}: ${library} ${reason}`);
    for (const disagreement of row.disagreements) console.error(`CHECKSUMS DIFFER. ${disagreement}`);
    if (row.id !== 'reference-step') continue;
    for (const library of ours.filter((name) => name in row.memory)) {
      const [made, held] = [row.memory[library].made, row.memory[library].held].map((n) => (n / 1e6).toFixed(1));
      notes.push(
        `A reference-step of ${library} makes ${made} MB of array buffers; beside WebAssembly memory the process holds ${held} MB of them.`,
      );
    }
  }
  if (only.includes(startUp.id)) {
    const bundles = await startUpBundles(present, folder);
    if (bundles.length > 0) rows.push(toRow(startUp, timeStartUp(bundles, effort.rounds, folder), ours));
    for (const { library, minified, gzipped } of bundles)
      notes.push(`The start-up program of ${library} has ${minified} bytes minified, ${gzipped} gzipped.`);
  }
  return { rows, notes };
}

function report(
  rows: readonly Row[],
  notes: readonly string[],
  started: readonly Started[],
  present: readonly string[],
  options: Options,
): void {
  const base = present.includes(SIMD) ? SIMD : PORTABLE;
  const machine = describeMachine();
  console.log(machine);
  if (options.rivals) console.log(`Medians, and in brackets how many times ${base} that is.`);
  console.log(drawn(options.rivals ? ratioCells(rows, present) : detailCells(rows)));
  for (const note of notes) console.log(note);
  if (options.json !== undefined) {
    const records = rows.flatMap((row) => row.records);
    writeFileSync(options.json, `${JSON.stringify(records, null, 2)}\n`);
  }
  if (options.rivals && options.only === undefined && options.libraries === undefined && !options.quick) {
    const about = (there: boolean) =>
      started
        .filter(({ worker }) => (worker !== undefined) === there)
        .map(({ library, about }) => [library, about] as const);
    const text = formatResults({
      rows,
      versions: about(true),
      absent: about(false),
      base,
      machine,
      command: `npm run bench:rivals${options.rounds === ROUNDS ? '' : ` -- --rounds ${options.rounds}`}`,
      date: new Date().toISOString().slice(0, 10),
      notes,
    });
    writeFileSync(resultsFile, text);
  } else if (options.rivals) console.log('bench/RESULTS.md is written by full runs alone; this one was restricted.');
  // Ours can do all of it.
  const failed = rows.some(({ cannot }) => [SIMD, PORTABLE].some((library) => library in cannot));
  if (failed) process.exitCode = 1;
  const disagreements = rows.flatMap((row) => row.disagreements);
  if (disagreements.length === 0) return;
  console.log(['', 'CHECKSUMS DIFFER: these figures are worth nothing.', ...disagreements].join('\n'));
  process.exitCode = 1;
}

function readOptions(): Options {
  const listOf = (known: readonly string[]) => (text: string) => {
    const names = text.split(',');
    const unknown = names.find((name) => !known.includes(name));
    if (unknown !== undefined) throw new InvalidArgumentError(`'${unknown}' is none of ${known.join(', ')}.`);
    return names;
  };
  const positive = (text: string) => {
    if (/^[1-9]\d*$/.test(text)) return Number(text);
    throw new InvalidArgumentError('It must be a whole number of at least 1.');
  };
  return new Command('bench')
    .description('Times twingrad, with --rivals beside other libraries.')
    .option('--rivals', 'all libraries, in one interleaved run', false)
    .option('--only <benchmarks>', `some of: ${ids.join(',')}`, listOf(ids))
    .option('--libraries <names>', 'these libraries only', listOf(libraries.map(({ id }) => id)))
    .option('--rounds <n>', 'rounds of what takes less than 0.3 s', positive, ROUNDS)
    .option('--json <file>', 'writes all figures as a list of records')
    .option('--quick', 'few and short rounds: shows that it works, not how fast', false)
    .parse()
    .opts<Options>();
}
