import { markdown } from '../table.ts';
import type { Experiment, Figure } from './experiment.ts';

/** What one seed gave. */
export interface SeedRun {
  readonly seed: number;
  readonly seconds: number;
  readonly figures: readonly Figure[];
}

/** What an experiment gave. */
export interface Recorded {
  readonly name: string;
  readonly machine: string;
  readonly runs: readonly SeedRun[];
}

/** A head, and a row for each figure: its name, its value of each seed, their mean, and what it must reach. */
export function rowsOf(runs: readonly SeedRun[]): string[][] {
  const [{ figures }] = runs;
  const rows = figures.map(({ name, least, most }, i) => {
    const values = runs.map((run) => run.figures[i].value);
    const mean = values.reduce((total, value) => total + value, 0) / values.length;
    const wanted =
      least === undefined ? (most === undefined ? '' : `at most ${shown(most)}`) : `at least ${shown(least)}`;
    return [name, ...[...values, mean].map(shown), wanted];
  });
  return [
    ['', ...runs.map(({ seed }) => `seed ${seed}`), 'mean', 'wanted'],
    ...rows,
    ['seconds', ...runs.map(({ seconds }) => seconds.toFixed(0)), '', ''],
  ];
}

/** The page bench/QUALITY.md. */
export function formatQuality(experiments: readonly Experiment[], records: readonly Recorded[]): string {
  const sections = experiments.flatMap(({ name, about, source }) => {
    const recorded = records.find((record) => record.name === name);
    if (recorded === undefined) return [];
    const { runs, machine } = recorded;
    return [`## ${name}\n\n${about}\n\n${source}.\n\n${markdown(rowsOf(runs))}\n\n${machine}.`];
  });
  return `# Quality\n\nNetworks whose figures others have published, trained here: written by \`npm run bench:quality\`. The same seed gives the same figures with the same kernels.\n\n${sections.join('\n\n')}\n`;
}

function shown(value: number): string {
  return value.toFixed(4);
}
