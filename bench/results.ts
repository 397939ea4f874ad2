import { NO_SUCH_OPERATION } from './protocol.ts';
import type { Row } from './records.ts';
import { detailCells, markdown, ratioCells } from './table.ts';

/** All that RESULTS.md says. */
export interface Results {
  readonly rows: readonly Row[];
  /** Libraries with their versions, in the order of the columns. */
  readonly versions: readonly (readonly [library: string, version: string])[];
  /** Libraries that were not there, with the reason. */
  readonly absent: readonly (readonly [library: string, reason: string])[];
  /** The library that ratios are taken to. */
  readonly base: string;
  readonly machine: string;
  readonly command: string;
  readonly date: string;
  /** Further findings, a sentence each. */
  readonly notes: readonly string[];
}

const READING = [
  'All libraries ran in one interleaved run: each is a process of its own that sleeps until it is asked; in every round each is asked once, in rotating order. A figure is the median over the rounds, the spread the middle half of the rounds as a part of the median; behind a ratio stands the middle half of the ratios within each round. What takes over 2 s a run has one warm-up and three rounds.',
  'Every library gets the same inputs and weights, made from a hash. The checksum is that of the second run; of a training step it is the loss after one update, so that gradients and Adam are in it. Checksums agree within 1e-4, losses within 5e-4.',
  "A run goes from tensors that exist to a result that JavaScript (or Python) can read: for tfjs and jax-js `dataSync()` is included, jax-js is under `jit`, ml-matrix computes in double precision and builds its own rows. twingrad's training steps run inside `scope`, as `train` runs them; everything else is called plainly. tfjs gets images in its own layout, NHWC.",
  'PyTorch runs with OMP_WAIT_POLICY=passive. tfjs-wasm runs its SIMD binary on one thread. jax-js has no optimizer of its own: Adam is a compiled function of ten lines.',
];

/** RESULTS.md. */
export function formatResults(results: Results): string {
  const { rows, versions, absent, base, machine, command, date, notes } = results;
  const names = versions.map(([name]) => name);
  const list = (items: readonly string[]) => items.map((item) => `- ${item}`).join('\n');
  const faster = rows.flatMap(({ id, records }) => {
    const times = records
      .filter(({ library, ratioToOurs }) => !library.startsWith('twingrad') && (ratioToOurs ?? 1) < 1)
      .map(({ library, ratioToOurs }) => `${library} ${(1 / (ratioToOurs ?? 1)).toFixed(2)} times`);
    return times.length === 0 ? [] : [`${id}: ${times.join(', ')}`];
  });
  const cannot = rows.flatMap(({ id, cannot: reasons }) =>
    Object.entries(reasons)
      .filter(([, reason]) => reason !== NO_SUCH_OPERATION)
      .map(([library, reason]) => `${id}: ${library} ${reason}.`),
  );
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : [`## ${title}`, '', list(lines), ''];
  return [
    '# Results',
    '',
    `Written by \`${command}\` on ${date}. On another machine trust the ratios.`,
    '',
    list([
      `Machine: ${machine}.`,
      ...versions.map(([name, version]) => `${name}: ${version}.`),
      ...absent.map(([name, reason]) => `${name} is missing: ${reason}.`),
    ]),
    '',
    `## Medians, and in brackets how many times ${base} that is (above 1: slower than ${base})`,
    '',
    markdown(ratioCells(rows, names)),
    '',
    ...section(`Faster than ${base}`, faster),
    ...section(
      'What the rows are',
      rows.map(({ id, title }) => `\`${id}\`: ${title}.`),
    ),
    ...section('How to read them', READING),
    ...section('Not measured', cannot),
    ...section('Beside that', notes),
    '## All figures',
    '',
    markdown(detailCells(rows)),
    '',
  ].join('\n');
}
