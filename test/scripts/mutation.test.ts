import { describe, expect, test } from 'vitest';
import { enumerate } from '../../scripts/mutation/instrument.ts';
import { percent, scoresOf, staleOf, survivorsOf } from '../../scripts/mutation/results.ts';
import { keyOf, sampleOf } from '../../scripts/mutation/sample.ts';

const [name, other] = ['/root/src/a.ts', '/root/src/b.ts'];
const step = (n: number) => `export const step${n} = (x: number): number => (x < ${n} ? x + ${n} : x - ${n});\n`;
const content = Array.from({ length: 30 }, (_, n) => step(n)).join('');
const all = (text: string, file = name) => enumerate([{ name: file, mutate: true, content: text }], '/root');

describe('the mutants of a file', () => {
  test('are those of Stryker, each with its place, kind, original and replacement', async () => {
    const found = await all('export const f = (a: number, b: number) =>\n  a < b;\n');
    expect(found.map(({ id: _, ...mutant }) => mutant)).toEqual(
      [
        {
          mutator: 'ArrowFunction',
          original: '(a: number, b: number) =>\n  a < b',
          replacement: '() => undefined',
          line: 1,
        },
        { mutator: 'ConditionalExpression', original: 'a < b', replacement: 'true', line: 2 },
        { mutator: 'ConditionalExpression', original: 'a < b', replacement: 'false', line: 2 },
        { mutator: 'EqualityOperator', original: 'a < b', replacement: 'a <= b', line: 2 },
        { mutator: 'EqualityOperator', original: 'a < b', replacement: 'a >= b', line: 2 },
      ].map((mutant) => ({ file: 'src/a.ts', occurrence: 0, ...mutant })),
    );
  });

  test('are told apart where the same code stands twice', async () => {
    const twice = await all('export const f = (a: number) => [a + 1, a + 1];');
    const sums = twice.filter(({ mutator }) => mutator === 'ArithmeticOperator');
    expect(sums.map(({ occurrence }) => occurrence)).toEqual([0, 1]);
    const keys = [...twice, ...(await all('export const f = (a: number) => [a + 1, a + 1];', other))].map(keyOf);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('the sample', () => {
  test('is as large as asked for, without repeats, and the whole where that is smaller', async () => {
    const mutants = await all(content);
    const keys = sampleOf(mutants, 1, 40).map(keyOf);
    expect(keys.length).toBe(40);
    expect(new Set(keys).size).toBe(40);
    expect(sampleOf(mutants, 1, 10_000).length).toBe(mutants.length);
  });

  test('is the same again, a smaller one its beginning, and another for another seed', async () => {
    const mutants = await all(content);
    const keys = sampleOf(mutants, 1, 40).map(keyOf);
    expect(sampleOf([...mutants].reverse(), 1, 40).map(keyOf)).toEqual(keys);
    expect(sampleOf(mutants, 1, 10).map(keyOf)).toEqual(keys.slice(0, 10));
    const others = new Set(sampleOf(mutants, 2, 40).map(keyOf));
    expect(keys.filter((key) => others.has(key)).length).toBeLessThan(30);
  });

  test('stays where lines are put before, and loses no more than what an edit changes', async () => {
    const before = await all(content);
    const keys = sampleOf(before, 1, 40).map(keyOf);
    expect(sampleOf(await all(`// One.\n\n${content}`), 1, 40).map(keyOf)).toEqual(keys);
    const after = await all(content.replace(step(3), step(1000)));
    const kept = new Set(before.map(keyOf));
    const fresh = after.filter((mutant) => !kept.has(keyOf(mutant))).length;
    expect(fresh).toBeGreaterThan(0);
    const still = new Set(sampleOf(after, 1, 40 + fresh).map(keyOf));
    const left = new Set(after.map(keyOf));
    for (const key of keys) if (left.has(key)) expect(still).toContain(key);
  });
});

describe('the score', () => {
  test('counts what timed out as noticed and what no test reaches as survived, by folder', async () => {
    const mutants = [...(await all(content)), ...(await all(content, '/root/lib/b.ts'))].filter(
      ({ original }) => original === 'x + 1',
    );
    expect(mutants.length).toBe(2);
    const [a, b] = mutants;
    const outcomes = [
      { mutant: a, status: 'Survived' },
      { mutant: b, status: 'Timeout' },
      { mutant: { ...b, occurrence: 1 }, status: 'Killed' },
      { mutant: { ...b, occurrence: 2 }, status: 'NoCoverage' },
    ] as const;
    const scores = scoresOf(outcomes, ['lib', 'src', 'none']);
    expect(scores.map((score) => [score.name, score.total, percent(score)])).toEqual([
      ['lib', 3, 200 / 3],
      ['src', 1, 0],
      ['all', 4, 50],
    ]);
    expect(survivorsOf(outcomes).map(({ file }) => file)).toEqual(['lib/b.ts', 'src/a.ts']);
    const accepted = { mutant: 'any', equivalent: false, reason: 'none' };
    expect(staleOf(outcomes, { [keyOf(a)]: accepted, [keyOf(b)]: accepted, gone: accepted })).toEqual([
      keyOf(b),
      'gone',
    ]);
  });
});
