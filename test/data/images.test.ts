import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { augment, normalizeImages, resize } from '../../src/data/images.ts';
import { full, ones, tensor, zeros } from '../../src/tensor/create.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { ShapeError } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { errorOf } from '../errors.ts';

/** `[N, C, H, W]` with an element's position as its value, counted from 1, so that 0 is what entered. */
function counted(shape: readonly number[]): Tensor {
  return new Tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i + 1),
    shape,
  );
}

function at({ data, shape: [, channels, height, width] }: Tensor, n: number, c: number, y: number, x: number): number {
  return y < 0 || y >= height || x < 0 || x >= width ? 0 : data[((n * channels + c) * height + y) * width + x];
}

/** One random image batch. */
const batches = fc
  .record({
    n: fc.integer({ min: 1, max: 3 }),
    c: fc.integer({ min: 1, max: 2 }),
    h: fc.integer({ min: 1, max: 6 }),
    w: fc.integer({ min: 1, max: 6 }),
  })
  .chain(({ n, c, h, w }) =>
    fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: n * c * h * w, maxLength: n * c * h * w }).map(
      (values) =>
        new Tensor(
          Float32Array.from(values, (value) => value / 64),
          [n, c, h, w],
        ),
    ),
  );

/** The shift that explains image n of `moved`, over all its channels; undefined if none does. */
function shiftOf(x: Tensor, moved: Tensor, n: number, largest: number): string | undefined {
  const [, channels, height, width] = x.shape;
  for (let down = -largest; down <= largest; down++) {
    for (let right = -largest; right <= largest; right++) {
      let fits = true;
      for (let c = 0; c < channels; c++)
        for (let y = 0; y < height; y++)
          for (let z = 0; z < width; z++) fits &&= at(moved, n, c, y, z) === at(x, n, c, y - down, z - right);
      if (fits) return `${down} ${right}`;
    }
  }
  return undefined;
}

describe('augment', () => {
  it('moves each image, all its channels alike, by whole pixels and fills with 0', () => {
    fc.assert(
      fc.property(
        fc.nat(1000),
        fc.nat(4),
        fc.integer({ min: 3, max: 6 }),
        fc.integer({ min: 3, max: 6 }),
        (seed, shift, height, width) => {
          const x = counted([4, 2, height, width]);
          const moved = augment(x, { shift, random: createRandom(seed) });
          expect(moved.shape).toEqual(x.shape);
          for (let n = 0; n < 4; n++) expect(shiftOf(x, moved, n, shift)).toBeDefined();
        },
      ),
      { numRuns: 40 },
    );
  });

  it('draws every shift of either sign equally often, image by image', () => {
    const x = counted([1, 1, 5, 5]);
    const many = new Tensor(
      Float32Array.from({ length: 900 * 25 }, (_, i) => x.data[i % 25]),
      [900, 1, 5, 5],
    );
    const moved = augment(many, { shift: 1, random: createRandom(8) });
    const counts = new Map<string | undefined, number>();
    for (let n = 0; n < 900; n++) {
      const shift = shiftOf(many, moved, n, 1);
      counts.set(shift, (counts.get(shift) ?? 0) + 1);
    }
    // 100 of each is expected, with a standard deviation of 9.4.
    expect([...counts.keys()].sort()).toEqual(['-1 -1', '-1 0', '-1 1', '0 -1', '0 0', '0 1', '1 -1', '1 0', '1 1']);
    for (const times of counts.values()) expect(Math.abs(times - 100)).toBeLessThan(40);
  });

  it('is seeded: one seed one result, another seed another', () => {
    const x = counted([8, 1, 6, 6]);
    const moved = (seed: number) => augment(x, { shift: 2, random: createRandom(seed) }).data;
    expect(moved(1)).toEqual(moved(1));
    expect(moved(1)).not.toEqual(moved(2));
  });

  it('leaves its input alone, and a shift of 0 copies', () => {
    const x = counted([2, 1, 4, 4]);
    const still = augment(x, { shift: 0, random: createRandom(1) });
    expect(still.data).toEqual(x.data);
    expect(still.data).not.toBe(x.data);
    augment(x, { shift: 3, random: createRandom(1) });
    expect(x.data).toEqual(counted([2, 1, 4, 4]).data);
  });

  it('may move an image out of sight', () => {
    const moved = augment(ones([200, 1, 2, 2]), { shift: 5, random: createRandom(1) });
    const sums = Array.from({ length: 200 }, (_, n) =>
      moved.data.subarray(4 * n, 4 * n + 4).reduce((a, b) => a + b, 0),
    );
    expect(new Set(sums)).toEqual(new Set([0, 1, 2, 4]));
  });

  it('refuses other shapes, and shifts that are not counts', () => {
    expect(errorOf(ShapeError, () => augment(ones([4, 4]), { shift: 1, random: createRandom(1) })).message).toBe(
      'augment: x must be [N, C, H, W]; got [4, 4]. reshape() adds missing axes.',
    );
    expect(() => augment(ones([4, 4]), { shift: 1, random: createRandom(1) })).toThrow(
      /augment: x must be \[N, C, H, W\]; got \[4, 4\]/,
    );
    for (const shift of [-1, 0.5, NaN]) {
      expect(() => augment(ones([1, 1, 2, 2]), { shift, random: createRandom(1) })).toThrow(
        `shift must be an integer of at least 0; got ${shift}`,
      );
    }
  });
});

/**
 * Bilinear interpolation as a sum over all pixels, each weighted by its tent: `max(0, 1 - distance)` along each axis,
 * the sampling point being clamped to the pixel centers.
 */
function tents(x: Tensor, n: number, c: number, y: number, z: number, outHeight: number, outWidth: number): number {
  const [, , height, width] = x.shape;
  const point = (i: number, length: number, outLength: number) =>
    Math.min(length - 1, Math.max(0, ((2 * i + 1) * length - outLength) / (2 * outLength)));
  const tent = (distance: number) => Math.max(0, 1 - Math.abs(distance));
  let total = 0;
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      total +=
        at(x, n, c, row, column) * tent(row - point(y, height, outHeight)) * tent(column - point(z, width, outWidth));
  return total;
}

describe('resize', () => {
  it("agrees with PyTorch's interpolate(mode='bilinear', align_corners=False), up", () => {
    expect(
      resize(
        tensor([
          [
            [
              [1, 2],
              [3, 4],
            ],
          ],
        ]),
        [4, 4],
      ).toArray(),
    ).toEqual([
      [
        [
          [1, 1.25, 1.75, 2],
          [1.5, 1.75, 2.25, 2.5],
          [2.5, 2.75, 3.25, 3.5],
          [3, 3.25, 3.75, 4],
        ],
      ],
    ]);
    expect(resize(tensor([[[[0, 6]]]]), [1, 3]).toArray()).toEqual([[[[0, 3, 6]]]]);
  });

  it('and down, where it samples without averaging', () => {
    expect(resize(tensor([[[[0, 1, 2, 3]]]]), [1, 2]).toArray()).toEqual([[[[0.5, 2.5]]]]);
    expect(resize(tensor([[[[0], [1], [2], [3], [4]]]]), [2, 1]).toArray()).toEqual([[[[0.75], [3.25]]]]);
    expect(resize(tensor([[[[0, 0, 0, 9, 0, 0, 0, 0, 0]]]]), [1, 3]).toArray()).toEqual([[[[0, 0, 0]]]]);
    expect(resize(tensor([[[[5, 7, 9]]]]), [2, 1]).toArray()).toEqual([[[[7], [7]]]]);
  });

  it('agrees with its definition at every size', () => {
    fc.assert(
      fc.property(batches, fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), (x, height, width) => {
        const [batch, channels] = x.shape;
        const y = resize(x, [height, width]);
        expect(y.shape).toEqual([batch, channels, height, width]);
        for (let n = 0; n < batch; n++)
          for (let c = 0; c < channels; c++)
            for (let row = 0; row < height; row++)
              for (let column = 0; column < width; column++)
                expect(at(y, n, c, row, column)).toBeCloseTo(tents(x, n, c, row, column, height, width), 4);
      }),
    );
  });

  it('is the identity at the same size, to the bit, and a copy', () => {
    fc.assert(
      fc.property(batches, (x) => {
        const y = resize(x, [x.shape[2], x.shape[3]]);
        expect(y.data).toEqual(x.data);
        expect(y.data).not.toBe(x.data);
      }),
    );
  });

  it('keeps a constant image constant, and stays within the values it found', () => {
    expect(new Set(resize(full([1, 2, 3, 5], 0.1), [7, 2]).data)).toEqual(new Set([Math.fround(0.1)]));
    fc.assert(
      fc.property(batches, (x) => {
        const y = resize(x, [5, 7]);
        expect(Math.max(...y.data)).toBeLessThanOrEqual(Math.max(...x.data) + 1e-5);
        expect(Math.min(...y.data)).toBeGreaterThanOrEqual(Math.min(...x.data) - 1e-5);
      }),
    );
  });

  it('refuses other shapes and sizes, and images without pixels', () => {
    expect(errorOf(ShapeError, () => resize(ones([4, 4]), [2, 2])).message).toBe(
      'resize: x must be [N, C, H, W]; got [4, 4]. reshape() adds missing axes.',
    );
    expect(() => resize(ones([1, 1, 4, 4]), [0, 2])).toThrow(/resize: height must be an integer of at least 1; got 0/);
    expect(() => resize(ones([1, 1, 4, 4]), [2, 1.5])).toThrow(
      /resize: width must be an integer of at least 1; got 1.5/,
    );
    expect(errorOf(ShapeError, () => resize(zeros([1, 1, 0, 4]), [2, 2])).message).toBe(
      'resize: the images have no pixels; got [1, 1, 0, 4]. Pass images of at least one pixel.',
    );
    expect(() => resize(zeros([1, 1, 4, 0]), [2, 2])).toThrow(/resize: .*\[1, 1, 4, 0\]/);
  });
});

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
