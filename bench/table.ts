import Table from 'cli-table3';
import type { BenchmarkRecord, Row } from './records.ts';

const HEAD = ['benchmark', 'library', 'median', 'spread', 'GFLOP/s', 'ratio', 'middle half', 'checksum'];

/** Benchmarks down, libraries across; in each cell the median and how many times ours that is. */
export function ratioCells(rows: readonly Row[], libraries: readonly string[]): string[][] {
  return [
    ['benchmark', ...libraries],
    ...rows.map((row) => [
      row.id,
      ...libraries.map((library) => {
        const found = row.records.find((record) => record.library === library);
        if (found === undefined) return '-';
        return found.ratioToOurs === null ? time(found) : `${time(found)} (${short(found.ratioToOurs)})`;
      }),
    ]),
  ];
}

/** A line for every benchmark and library, with everything that was measured. */
export function detailCells(rows: readonly Row[]): string[][] {
  return [
    HEAD,
    ...rows.flatMap((row) =>
      row.records.map((record) => [
        row.id,
        record.library,
        time(record),
        `${Math.round(record.spread * 100)} %`,
        row.flops === undefined ? '' : (row.flops / record.medianMs / 1e6).toPrecision(3),
        ...ratioWithRange(record, row.ratios[record.library]),
        record.checksum.toPrecision(6),
      ]),
    ),
  ];
}

/** Cells for a terminal; the first row is the head. */
export function drawn([head, ...rows]: string[][]): string {
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  table.push(...rows);
  return table.toString();
}

/** Cells as a table of Markdown. */
export function markdown([head, ...rows]: string[][]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function time({ medianMs }: BenchmarkRecord): string {
  if (medianMs >= 1000) return `${(medianMs / 1000).toPrecision(3)} s`;
  if (medianMs >= 1) return `${medianMs.toPrecision(3)} ms`;
  if (medianMs >= 1e-3) return `${(medianMs * 1e3).toPrecision(3)} us`;
  return `${Math.round(medianMs * 1e6)} ns`;
}

function ratioWithRange(
  { ratioToOurs }: BenchmarkRecord,
  range: readonly [low: number, high: number] | undefined,
): [ratio: string, range: string] {
  if (ratioToOurs === null || range === undefined) return ['', ''];
  return [short(ratioToOurs), `${short(range[0])} .. ${short(range[1])}`];
}

function short(ratio: number): string {
  return ratio >= 100 ? String(Math.round(ratio)) : ratio.toPrecision(3);
}
