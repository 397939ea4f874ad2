import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalizeImages } from '../../src/data/normalizeImages.ts';
import { full, ones, tensor } from '../../src/tensor/create.ts';
import { ShapeError } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { errorOf } from '../errors.ts';
import { batches, counted } from './imageBatches.ts';

function momentsOf(values: readonly number[]): readonly [mean: number, std: number] {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return [mean, Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length)];
}

describe('normalizeImages', () => {
  it('gives each image mean 0 and deviation 1, over all its channels', () => {
    fc.assert(
      fc.property(batches, (x) => {
        const y = normalizeImages(x);
        const pixels = x.size / x.shape[0];
        for (let n = 0; n < x.shape[0]; n++) {
          const part = (t: Tensor) => [...t.data.subarray(n * pixels, (n + 1) * pixels)];
          const [mean, std] = momentsOf(part(x));
          const expected = part(x).map((value) => (std === 0 ? 0 : (value - mean) / std));
          part(y).forEach((value, i) => expect(value).toBeCloseTo(expected[i], 5));
        }
      }),
    );
  });

  it('does not see brightness and contrast', () => {
    const x = tensor([
      [
        [
          [1, 5],
          [2, 8],
        ],
      ],
    ]);
    const brighter = tensor([
      [
        [
          [7, 19],
          [10, 28],
        ],
      ],
    ]);
    expect(normalizeImages(brighter).data).toEqual(normalizeImages(x).data);
  });

  it('makes an image of one value exactly 0, whatever the value, the others untouched by it', () => {
    fc.assert(
      fc.property(
        fc.float({ noNaN: true, noDefaultInfinity: true, min: -1e4, max: 1e4 }),
        fc.integer({ min: 1, max: 50 }),
        (value, width) => {
          expect(normalizeImages(full([1, 2, 3, width], value)).data.every((v) => v === 0)).toBe(true);
        },
      ),
    );
    expect(normalizeImages(tensor([[[[3, 3]]], [[[1, 3]]]])).toArray()).toEqual([[[[0, 0]]], [[[-1, 1]]]]);
  });

  it('uses given statistics, one for all channels or one each', () => {
    const x = tensor([
      [[[1, 2]], [[3, 4]]],
      [[[5, 6]], [[7, 8]]],
    ]);
    expect(normalizeImages(x, { mean: 1, std: 2 }).toArray()).toEqual([
      [[[0, 0.5]], [[1, 1.5]]],
      [[[2, 2.5]], [[3, 3.5]]],
    ]);
    expect(normalizeImages(x, { mean: [1, 3], std: [1, 4] }).toArray()).toEqual([
      [[[0, 1]], [[0, 0.25]]],
      [[[4, 5]], [[1, 1.25]]],
    ]);
  });

  it('leaves its input alone', () => {
    const x = counted([2, 1, 2, 2]);
    normalizeImages(x);
    normalizeImages(x, { mean: 1, std: 2 });
    expect(x.data).toEqual(counted([2, 1, 2, 2]).data);
  });

  it('refuses other shapes, and statistics that do not fit', () => {
    const x = ones([1, 2, 2, 2]);
    expect(errorOf(ShapeError, () => normalizeImages(ones([2, 2]))).message).toBe(
      'normalizeImages: x must be [N, C, H, W]; got [2, 2]. reshape() adds missing axes.',
    );
    for (const std of [0, -1, [1, 0]])
      expect(() => normalizeImages(x, { mean: 0, std })).toThrow(/normalizeImages: std must be above 0; got/);
    expect(() => normalizeImages(x, { mean: NaN, std: 1 })).toThrow(
      /mean must be a finite number, or one for each of 2 channels; got NaN/,
    );
    expect(() => normalizeImages(x, { mean: [1, 2, 3], std: 1 })).toThrow(/one for each of 2 channels; got 1, 2, 3/);
    for (const mean of [Infinity, [0], [0, NaN]])
      expect(errorOf(RangeError, () => normalizeImages(x, { mean, std: 1 })).message).toContain(
        'normalizeImages: mean must be a finite number, or one for each of 2 channels; got',
      );
  });
});
