import { describe, expect, test } from 'vitest';
import { checksumOf, makeArray } from '../../bench/arrays.ts';

describe('arrays of the benchmarks', () => {
  test('hold what pytorch.py makes of the same description', () => {
    // From make({"shape": [2, 3], "seed": 1, "bound": 0.2}) and checksum(numpy.ones(3)) there.
    const { shape, data } = makeArray({ shape: [2, 3], seed: 1, bound: 0.2 });
    expect(shape).toEqual([2, 3]);
    expect([...data]).toEqual([
      -0.17189326882362366, 0.07753853499889374, -0.002818894339725375, 0.05983421951532364, 0.04109780862927437,
      -0.01749563217163086,
    ]);
    expect(checksumOf([new Float32Array(3).fill(1)])).toBeCloseTo(0.6696111957232157, 12);
  });

  test('differ by seed, lie within the bound and are spread over it', () => {
    const [a, b] = [1, 2].map((seed) => makeArray({ shape: [10_000], seed, bound: 3 }).data);
    expect(a.filter((x, i) => x === b[i]).length).toBeLessThan(5);
    expect(Math.max(...a)).toBeGreaterThan(2.99);
    expect(Math.max(...a)).toBeLessThan(3);
    expect(Math.min(...a)).toBeLessThan(-2.99);
    expect(Math.abs(a.reduce((sum, x) => sum + x, 0) / a.length)).toBeLessThan(0.05);
  });
});

describe('checksumOf', () => {
  test('tells a wrong value, two values swapped, and a sign', () => {
    const right = checksumOf([new Float32Array([1, 2, 3])]);
    for (const wrong of [
      [1, 2, 3.01],
      [2, 1, 3],
      [1, -2, 3],
    ])
      expect(Math.abs(checksumOf([new Float32Array(wrong)]) - right)).toBeGreaterThan(1e-3);
  });

  test('takes several arrays as one', () => {
    expect(checksumOf([new Float32Array([1]), new Float32Array([2, 3])])).toBe(
      checksumOf([new Float32Array([1, 2, 3])]),
    );
  });
});
