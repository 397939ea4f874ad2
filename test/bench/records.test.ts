import { describe, expect, test } from 'vitest';
import { toRow } from '../../bench/records.ts';
import { agree, median, spread } from '../../bench/statistics.ts';
import { markdown, ratioCells } from '../../bench/table.ts';

const question = { id: 'matmul-8', title: 'a product', tolerance: 1e-4 };
const outcome = (library: string, rounds: readonly number[], checksum: number) => ({
  library,
  rounds,
  checksum,
  made: 0,
  held: 0,
});

describe('toRow', () => {
  test('gives medians, spreads and ratios to the first of ours that was measured', () => {
    const outcomes = [
      { library: 'simd', cannot: 'is not there' },
      outcome('rival', [30, 10, 20], 5),
      outcome('portable', [4, 5, 6], 5),
    ];
    const row = toRow(question, outcomes, ['simd', 'portable']);
    expect(row.records).toEqual([
      { benchmark: 'matmul-8', library: 'rival', medianMs: 20, spread: 0.5, checksum: 5, ratioToOurs: 4 },
      { benchmark: 'matmul-8', library: 'portable', medianMs: 5, spread: 0.2, checksum: 5, ratioToOurs: 1 },
    ]);
    expect(row.cannot).toEqual({ simd: 'is not there' });
    expect(row.disagreements).toEqual([]);
    expect(markdown(ratioCells([row], ['rival', 'simd']))).toBe(
      '| benchmark | rival | simd |\n| --- | --- | --- |\n| matmul-8 | 20.0 ms (4.00) | - |',
    );
  });

  test('has no ratio without ours', () => {
    expect(toRow(question, [outcome('rival', [1], 5)], ['simd']).records[0].ratioToOurs).toBeNull();
  });

  test('names who gives another checksum, or none', () => {
    const outcomes = [outcome('ours', [1], 5), outcome('near', [1], 5.0004), outcome('far', [1], 5.001)];
    const { disagreements } = toRow(question, [...outcomes, outcome('none', [1], Number.NaN)], ['ours']);
    expect(disagreements).toHaveLength(2);
    expect(disagreements[0]).toContain('far gives the checksum 5.001, ours 5.');
    expect(disagreements[1]).toContain('none gives');
  });
});

describe('statistics', () => {
  test('median and spread', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(spread([1, 2, 3, 4, 5])).toBeCloseTo(2 / 3, 15);
    expect(spread([7])).toBe(0);
  });

  test('agree takes the sign, zero and NaN seriously', () => {
    expect(agree(1, 1.00009, 1e-4)).toBe(true);
    expect(agree(1, 1.0002, 1e-4)).toBe(false);
    expect(agree(1, -1, 1e-4)).toBe(false);
    expect(agree(0, 0, 1e-4)).toBe(true);
    expect(agree(Number.NaN, Number.NaN, 1e-4)).toBe(false);
  });
});
