import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AugmentOptions, augment } from '../../src/data/augment.ts';
import { type Affine, warp } from '../../src/data/warp.ts';
import { full, ones, tensor, zeros } from '../../src/tensor/create.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { ShapeError } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { errorOf } from '../errors.ts';
import reference from '../references/imageOps.json' with { type: 'json' };
import { at, counted } from './imageBatches.ts';

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

  // Published figures hang on these.
  it('draws the same shifts from a seed in every version, whatever other options there are', () => {
    const x = counted([3, 1, 3, 3]);
    const random = createRandom(7);
    expect([...augment(x, { shift: 1, random }).data]).toEqual([
      0, 4, 5, 0, 7, 8, 0, 0, 0, 11, 12, 0, 14, 15, 0, 17, 18, 0, 0, 0, 0, 0, 19, 20, 0, 22, 23,
    ]);
    expect(random.state[2]).toBe(6);
    const still = {
      rotate: 0,
      scale: [1, 1],
      shear: 0,
      flip: false,
      contrast: 0,
      brightness: 0,
      noise: 0,
      erase: 0,
    } as const;
    expect(augment(x, { shift: 1, ...still, random: createRandom(7) }).data).toEqual(
      augment(x, { shift: 1, random: createRandom(7) }).data,
    );
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

interface Settings {
  readonly rotate: number;
  readonly scale: number;
  readonly shear: number;
  readonly flip: boolean;
  readonly right: number;
  readonly down: number;
}

type Matrix = readonly (readonly number[])[];

function product(a: Matrix, b: Matrix): Matrix {
  return a.map((row) => row.map((_, j) => row.reduce((sum, value, k) => sum + value * b[k][j], 0)));
}

/** Where a pixel comes from, in double precision: the inverses of each step in reverse order. */
function sourceOf({ rotate, scale, shear, flip, right, down }: Settings): Affine {
  const angle = (rotate * Math.PI) / 180;
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const steps: readonly Matrix[] = [
    [
      [1, -Math.tan((shear * Math.PI) / 180), 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
    [
      [1 / scale, 0, 0],
      [0, 1 / scale, 0],
      [0, 0, 1],
    ],
    [
      [cosine, sine, 0],
      [-sine, cosine, 0],
      [0, 0, 1],
    ],
    [
      [flip ? -1 : 1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
    [
      [1, 0, -right],
      [0, 1, -down],
      [0, 0, 1],
    ],
  ];
  const [[a, b, c], [d, e, f]] = steps.reduce(product);
  return [a, b, c, d, e, f];
}

/** The image as seen through `source`: all pixels of the input weighted by their tents, index by index. */
function tentWarp(x: Tensor, n: number, [a, b, c, d, e, f]: Affine, fill: number): number[] {
  const [, channels, height, width] = x.shape;
  const out: number[] = [];
  for (let channel = 0; channel < channels; channel++) {
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const [right, down] = [column - (width - 1) / 2, row - (height - 1) / 2];
        const px = a * right + b * down + c + (width - 1) / 2;
        const py = d * right + e * down + f + (height - 1) / 2;
        let value = 0;
        let weight = 0;
        for (let y = 0; y < height; y++) {
          for (let z = 0; z < width; z++) {
            const share = Math.max(0, 1 - Math.abs(px - z)) * Math.max(0, 1 - Math.abs(py - y));
            value += share * at(x, n, channel, y, z);
            weight += share;
          }
        }
        out.push(value + (1 - weight) * fill);
      }
    }
  }
  return out;
}

function expectClose(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 5));
}

describe('warp', () => {
  const { x, cases } = reference.warped;

  it.each(cases)("agrees with PyTorch's affine_grid and grid_sample for $settings", ({ settings, source, output }) => {
    const image = tensor(x);
    const [planes, height, width] = image.shape;
    const out = new Float32Array(image.size);
    const own = sourceOf(settings);
    own.forEach((value, i) => expect(value).toBeCloseTo(source[i], 12));
    warp(image.data, out, { start: 0, planes, height, width }, own, 0);
    expectClose(out, output.flat(2));
  });

  it('writes only the image it is given', () => {
    const image = counted([3, 1, 2, 2]);
    const out = new Float32Array(12).fill(-1);
    warp(image.data, out, { start: 4, planes: 1, height: 2, width: 2 }, [1, 0, 0, 0, 1, 0], 0);
    expect([...out]).toEqual([-1, -1, -1, -1, 5, 6, 7, 8, -1, -1, -1, -1]);
  });
});

describe('augment with an affine map', () => {
  const options = fc.record({
    shift: fc.nat(2),
    rotate: fc.constantFrom(0, 10, 180),
    scale: fc.constantFrom([1, 1], [0.5, 0.5], [0.7, 1.4]).map(([least, most]) => [least, most] as const),
    shear: fc.constantFrom(0, 20),
    flip: fc.boolean(),
    fill: fc.constantFrom(0, 3),
  });

  it('shears, scales, rotates, mirrors and shifts as drawn, in this order, channels alike', () => {
    fc.assert(
      fc.property(options, fc.nat(999), (drawn, seed) => {
        const x = counted([3, 2, 5, 4]);
        const y = augment(x, { ...drawn, random: createRandom(seed) });
        const random = createRandom(seed);
        const {
          shift,
          rotate,
          scale: [least, most],
          shear,
          flip,
          fill,
        } = drawn;
        const either = (largest: number) => (largest === 0 ? 0 : largest * (2 * random.uniform() - 1));
        for (let n = 0; n < 3; n++) {
          const down = random.integer(2 * shift + 1) - shift;
          const right = random.integer(2 * shift + 1) - shift;
          const angle = either(rotate);
          const scale = least === most ? least : least + (most - least) * random.uniform();
          const slant = either(shear);
          const mirrored = flip && random.integer(2) === 1;
          const source = sourceOf({ rotate: angle, scale, shear: slant, flip: mirrored, right, down });
          const expected = tentWarp(x, n, source, fill);
          const actual = y.data.subarray(n * 40, (n + 1) * 40);
          expected.forEach((value, i) => expect(Math.abs(actual[i] - value)).toBeLessThan(1e-4));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('turns an image by a draw of the whole range, either way', () => {
    // A bar to the right of the center: where its end goes tells the angle.
    const many = new Tensor(
      Float32Array.from({ length: 300 * 21 * 21 }, (_, i) => (Math.floor(i / 21) % 21 === 10 && i % 21 > 10 ? 1 : 0)),
      [300, 1, 21, 21],
    );
    const turned = augment(many, { rotate: 90, random: createRandom(5) });
    const angles = Array.from({ length: 300 }, (_, n) => {
      let [right, down] = [0, 0];
      for (let y = 0; y < 21; y++)
        for (let z = 0; z < 21; z++) {
          right += (z - 10) * at(turned, n, 0, y, z);
          down += (y - 10) * at(turned, n, 0, y, z);
        }
      return (Math.atan2(down, right) * 180) / Math.PI;
    });
    expect(Math.min(...angles)).toBeLessThan(-85);
    expect(Math.max(...angles)).toBeGreaterThan(85);
    for (const angle of angles) expect(Math.abs(angle)).toBeLessThan(91);
    // Uniform: a quarter within a quarter of the range, deviation 2.5 %.
    const quarter = angles.filter((angle) => Math.abs(angle) < 22.5).length / 300;
    expect(Math.abs(quarter - 0.25)).toBeLessThan(0.1);
  });

  it('mirrors about every second image, exactly', () => {
    const x = tensor([
      [
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
      ],
    ]);
    const many = new Tensor(
      Float32Array.from({ length: 400 * 6 }, (_, i) => x.data[i % 6]),
      [400, 1, 2, 3],
    );
    const y = augment(many, { flip: true, random: createRandom(2) });
    const seen = Array.from({ length: 400 }, (_, n) => y.data.subarray(6 * n, 6 * n + 6).join());
    expect(new Set(seen)).toEqual(new Set(['1,2,3,4,5,6', '3,2,1,6,5,4']));
    // 200 are expected, with a standard deviation of 10.
    expect(Math.abs(seen.filter((image) => image.startsWith('3')).length - 200)).toBeLessThan(40);
  });

  it('is seeded, and goes on from where its random stands', () => {
    const x = counted([2, 1, 5, 5]);
    const random = createRandom(1);
    const [first, second] = [1, 2].map(() => augment(x, { rotate: 30, random }).data);
    expect(second).not.toEqual(first);
    expect(augment(x, { rotate: 30, random: createRandom(1) }).data).toEqual(first);
    expect(x.data).toEqual(counted([2, 1, 5, 5]).data);
  });
});

describe('augment with colors', () => {
  const random = () => createRandom(3);

  it('changes contrast about the mean of each image', () => {
    const x = counted([200, 2, 2, 2]);
    const y = augment(x, { contrast: 0.5, random: random() });
    const factors: number[] = [];
    for (let n = 0; n < 200; n++) {
      const part = (t: Tensor) => [...t.data.subarray(8 * n, 8 * n + 8)];
      const mean = part(x).reduce((a, b) => a + b, 0) / 8;
      const factor = (part(y)[7] - mean) / (part(x)[7] - mean);
      part(y).forEach((value, i) => expect(value).toBeCloseTo(mean + factor * (part(x)[i] - mean), 3));
      factors.push(factor);
    }
    expect([Math.min(...factors) >= 0.4999, Math.max(...factors) <= 1.5001]).toEqual([true, true]);
    expect([Math.min(...factors) < 0.52, Math.max(...factors) > 1.48]).toEqual([true, true]);
  });

  it('adds one value to all pixels of an image, either way', () => {
    const y = augment(zeros([200, 1, 2, 2]), { brightness: 0.25, random: random() });
    const added = Array.from({ length: 200 }, (_, n) => {
      const [first, ...others] = y.data.subarray(4 * n, 4 * n + 4);
      for (const value of others) expect(value).toBe(first);
      return first;
    });
    expect([Math.min(...added) < -0.24, Math.max(...added) > 0.24]).toEqual([true, true]);
    for (const value of added) expect(Math.abs(value)).toBeLessThanOrEqual(0.25);
  });

  it('adds normal noise of the given deviation, pixel by pixel', () => {
    const { data } = augment(full([20, 1, 25, 20], 5), { noise: 0.5, random: random() });
    const mean = data.reduce((a, b) => a + b, 0) / 10_000;
    const deviation = Math.sqrt(data.reduce((a, b) => a + (b - mean) ** 2, 0) / 10_000);
    expect(Math.abs(mean - 5)).toBeLessThan(0.03);
    expect(Math.abs(deviation - 0.5)).toBeLessThan(0.02);
    expect(new Set(data).size).toBeGreaterThan(9000);
  });

  it('erases squares of all sizes and places, in all channels', () => {
    const y = augment(ones([600, 2, 4, 5]), { erase: 3, fill: -2, random: random() });
    const sides = new Map<number, number>();
    const corners = new Set<string>();
    for (let n = 0; n < 600; n++) {
      const holes: (readonly [number, number])[] = [];
      for (let row = 0; row < 4; row++)
        for (let column = 0; column < 5; column++) {
          expect(at(y, n, 1, row, column)).toBe(at(y, n, 0, row, column));
          if (at(y, n, 0, row, column) === -2) holes.push([row, column]);
          else expect(at(y, n, 0, row, column)).toBe(1);
        }
      const side = Math.sqrt(holes.length);
      sides.set(side, (sides.get(side) ?? 0) + 1);
      if (side === 0) continue;
      const [[top, left]] = holes;
      for (const [row, column] of holes) {
        expect([row - top < side, column - left >= 0, column - left < side]).toEqual([true, true, true]);
      }
      if (side === 3) corners.add(`${top} ${left}`);
    }
    expect([...sides.keys()].sort()).toEqual([0, 1, 2, 3]);
    // 150 of each is expected, with a standard deviation of 10.6.
    for (const times of sides.values()) expect(Math.abs(times - 150)).toBeLessThan(45);
    expect([...corners].sort()).toEqual(['0 0', '0 1', '0 2', '1 0', '1 1', '1 2']);
  });

  it('fills what enters by a shift', () => {
    const y = augment(ones([50, 1, 2, 2]), { shift: 2, fill: 7, random: random() });
    expect(new Set(y.data)).toEqual(new Set([1, 7]));
  });
});

describe('the options of augment', () => {
  const refused: readonly (readonly [options: Omit<AugmentOptions, 'random'>, message: string])[] = [
    [{ rotate: 181 }, 'rotate must be from 0 to 180 degrees; got 181.'],
    [{ rotate: -1 }, 'rotate must be from 0 to 180 degrees; got -1.'],
    [{ rotate: NaN }, 'rotate must be from 0 to 180 degrees; got NaN.'],
    [{ shear: 90 }, 'shear must be at least 0 and below 90 degrees; got 90.'],
    [{ shear: -1 }, 'shear must be at least 0 and below 90 degrees; got -1.'],
    [{ contrast: 1.5 }, 'contrast must be from 0 to 1; got 1.5.'],
    [{ contrast: -1 }, 'contrast must be from 0 to 1; got -1.'],
    [{ brightness: Infinity }, 'brightness must be a finite number of at least 0; got Infinity.'],
    [{ brightness: -1 }, 'brightness must be a finite number of at least 0; got -1.'],
    [{ noise: -0.1 }, 'noise must be a finite number of at least 0; got -0.1.'],
    [{ noise: Infinity }, 'noise must be a finite number of at least 0; got Infinity.'],
    [{ fill: NaN }, 'fill must be finite; got NaN.'],
    [{ scale: [0, 1] }, 'scale must be [least, most] with 0 < least <= most; got [0, 1]. Pass e.g. [0.8, 1.2].'],
    [{ scale: [2, 1] }, 'scale must be [least, most] with 0 < least <= most; got [2, 1]. Pass e.g. [0.8, 1.2].'],
    [
      { scale: [1, Infinity] },
      'scale must be [least, most] with 0 < least <= most; got [1, Infinity]. Pass e.g. [0.8, 1.2].',
    ],
    [{ erase: 4 }, 'erase must be at most the shorter side of the images, 3; got 4.'],
    [{ erase: 0.5 }, 'erase must be an integer of at least 0; got 0.5.'],
    [{ shift: 0.5 }, 'shift must be an integer of at least 0; got 0.5.'],
  ];

  it.each(refused)('refuse %o', (options, message) => {
    expect(() => augment(ones([1, 1, 3, 4]), { ...options, random: createRandom(1) })).toThrow(
      new RangeError(`augment: ${message}`),
    );
  });

  it('need a source of random numbers', () => {
    for (const random of [7, undefined]) {
      // @ts-expect-error: what plain JavaScript may pass
      const make = () => augment(ones([1, 1, 3, 4]), { shift: 1, random });
      expect(make).toThrow(
        new TypeError(
          'augment: the options need random, from which changes are drawn. Pass { random: createRandom(seed) }.',
        ),
      );
    }
  });

  it('take an empty batch', () => {
    expect(augment(zeros([0, 1, 3, 3]), { rotate: 5, erase: 2, noise: 1, random: createRandom(1) }).shape).toEqual([
      0, 1, 3, 3,
    ]);
  });
});
