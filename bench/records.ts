import type { Benchmark } from './benchmarks.ts';
import type { Outcome } from './interleave.ts';
import { agree, median, quantile, spread } from './statistics.ts';

/** One line of `--json`. */
export interface BenchmarkRecord {
  readonly benchmark: string;
  readonly library: string;
  readonly medianMs: number;
  /** Width of the middle half of the rounds, as a part of the median. */
  readonly spread: number;
  readonly checksum: number;
  /** Their median over ours: above 1 they are slower. `null` where ours was not measured. */
  readonly ratioToOurs: number | null;
}

/** One row of the table: what was measured, and why the rest was not. */
export interface Row {
  readonly id: string;
  readonly title: string;
  readonly flops: number | undefined;
  readonly records: readonly BenchmarkRecord[];
  /** The quartiles of the ratios within each round, by library. */
  readonly ratios: Readonly<Record<string, readonly [low: number, high: number]>>;
  readonly cannot: Readonly<Record<string, string>>;
  /** Sentences about checksums that differ. */
  readonly disagreements: readonly string[];
  /** Bytes of array buffers that a run makes, and that the process held after it, by library. */
  readonly memory: Readonly<Record<string, { readonly made: number; readonly held: number }>>;
}

/** What a row needs to know of a benchmark. */
export type Question = Pick<Benchmark, 'id' | 'title' | 'flops' | 'tolerance'>;

/** Turns times into medians and ratios, and compares the checksums with the first one. `ours` are names in order of preference. */
export function toRow(
  { id, title, flops, tolerance }: Question,
  outcomes: readonly Outcome[],
  ours: readonly string[],
): Row {
  const measured = outcomes.flatMap((outcome) => ('rounds' in outcome ? [outcome] : []));
  const own = ours.map((name) => measured.find(({ library }) => library === name)).find((found) => found !== undefined);
  const base = own === undefined ? null : median(own.rounds);
  const expected = own ?? measured[0];
  return {
    id,
    title,
    flops,
    records: measured.map(({ library, rounds, checksum }) => ({
      benchmark: id,
      library,
      medianMs: median(rounds),
      spread: spread(rounds),
      checksum,
      ratioToOurs: base === null ? null : median(rounds) / base,
    })),
    ratios: Object.fromEntries(
      own === undefined ? [] : measured.map(({ library, rounds }) => [library, ratioQuartiles(rounds, own.rounds)]),
    ),
    cannot: Object.fromEntries(
      outcomes.flatMap((outcome) => ('cannot' in outcome ? [[outcome.library, outcome.cannot]] : [])),
    ),
    disagreements: measured
      .filter(({ checksum }) => !agree(checksum, expected.checksum, tolerance))
      .map(
        ({ library, checksum }) =>
          `${id}: ${library} gives the checksum ${checksum}, ${expected.library} ${expected.checksum}. They may differ by ${tolerance} of the larger.`,
      ),
    memory: Object.fromEntries(measured.map(({ library, made, held }) => [library, { made, held }])),
  };
}

/** Both sides of a round met the same noise; what has fewer rounds was asked in the first ones. */
function ratioQuartiles(theirs: readonly number[], ours: readonly number[]): readonly [low: number, high: number] {
  const ratios = theirs.slice(0, ours.length).map((ms, round) => ms / ours[round]);
  return [quantile(ratios, 0.25), quantile(ratios, 0.75)];
}
