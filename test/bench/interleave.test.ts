import { describe, expect, test } from 'vitest';
import type { Benchmark } from '../../bench/benchmarks.ts';
import { type Contestant, compare, type Effort } from '../../bench/interleave.ts';
import type { Answer, Request } from '../../bench/protocol.ts';

const benchmark: Benchmark = { id: 'x', kind: 'add', title: '', arrays: {}, tolerance: 1e-4 };
const effort: Effort = { rounds: 6, slowRounds: 3, warmUpMs: 100, sampleMs: 20 };

/** A library whose runs always take `ms`; writes down when it was asked. */
function contestant(library: string, ms: number, log: string[], failsFrom = Infinity): Contestant {
  let asked = 0;
  return {
    library,
    ask: ({ samples, repetitions }: Request): Promise<Answer> => {
      log.push(`${library} ${samples}x${repetitions}`);
      asked++;
      const answer = { ms, checksum: asked < 2 ? null : 7, made: asked, held: 5 };
      return Promise.resolve(asked > failsFrom ? { cannot: 'stopped' } : answer);
    },
  };
}

describe('compare', () => {
  test('warms up, then asks everyone once a round in rotating order', async () => {
    const log: string[] = [];
    const outcomes = await compare(benchmark, [contestant('a', 1, log), contestant('b', 10, log)], effort);
    const warm = ['a 1x1', 'a 1x1', ...Array(5).fill('a 1x20'), 'b 1x1', 'b 1x1', ...Array(5).fill('b 1x2')];
    expect(log.slice(0, 14)).toEqual(warm);
    expect(log.slice(14, 18)).toEqual(['a 3x20', 'b 3x2', 'b 3x2', 'a 3x20']);
    expect(log).toHaveLength(14 + 12);
    expect(outcomes).toEqual([
      { library: 'a', rounds: Array(6).fill(1), checksum: 7, made: 13, held: 5 },
      { library: 'b', rounds: Array(6).fill(10), checksum: 7, made: 13, held: 5 },
    ]);
  });

  test('what is slow gets one warm-up and three rounds', async () => {
    const log: string[] = [];
    const [outcome] = await compare(benchmark, [contestant('a', 30_000, log)], effort);
    expect(log).toEqual(Array(4).fill('a 1x1'));
    expect(outcome).toMatchObject({ rounds: [30_000, 30_000, 30_000], checksum: 7 });
  });

  test('who cannot, at once or later, leaves the others alone', async () => {
    const log: string[] = [];
    const outcomes = await compare(
      benchmark,
      [contestant('a', 1, log, 0), contestant('b', 1, log), contestant('c', 1, log, 9)],
      effort,
    );
    expect(outcomes[0]).toEqual({ library: 'a', cannot: 'stopped' });
    expect(outcomes[1]).toMatchObject({ rounds: Array(6).fill(1) });
    expect(outcomes[2]).toEqual({ library: 'c', cannot: 'stopped' });
  });
});
