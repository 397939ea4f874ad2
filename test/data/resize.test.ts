import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resize } from '../../src/data/resize.ts';
import { full, ones, tensor, zeros } from '../../src/tensor/create.ts';
import { ShapeError } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { errorOf } from '../errors.ts';
import reference from '../references/imageOps.json' with { type: 'json' };
import { at, batches } from './imageBatches.ts';

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

/** The mean over the covered part of the image, from the overlap of each pixel with each. */
function overlaps(x: Tensor, n: number, c: number, y: number, z: number, outHeight: number, outWidth: number): number {
  const [, , height, width] = x.shape;
  const overlap = (i: number, length: number, j: number, outLength: number) =>
    Math.max(0, Math.min(i + 1, ((j + 1) * length) / outLength) - Math.max(i, (j * length) / outLength));
  let total = 0;
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      total += at(x, n, c, row, column) * overlap(row, height, y, outHeight) * overlap(column, width, z, outWidth);
  return (total * outHeight * outWidth) / (height * width);
}

describe('resize by area', () => {
  const { x, cases } = reference.averaged;

  it.each(cases)('agrees with averages of repeated pixels at $size', ({ size: [height, width], output }) => {
    const y = resize(tensor([x]), [height, width], { method: 'area' });
    expect(y.shape).toEqual([1, 1, height, width]);
    output.flat(2).forEach((value, i) => expect(y.data[i]).toBeCloseTo(value, 5));
  });

  it('agrees with its definition at every size, up and down', () => {
    fc.assert(
      fc.property(batches, fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), (images, height, width) => {
        const [batch, channels] = images.shape;
        const y = resize(images, [height, width], { method: 'area' });
        for (let n = 0; n < batch; n++)
          for (let c = 0; c < channels; c++)
            for (let row = 0; row < height; row++)
              for (let column = 0; column < width; column++)
                expect(at(y, n, c, row, column)).toBeCloseTo(overlaps(images, n, c, row, column, height, width), 4);
      }),
    );
  });

  it('keeps the mean of an image, and a size the same to the bit', () => {
    fc.assert(
      fc.property(batches, fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), (images, height, width) => {
        const mean = ({ data }: Tensor) => data.reduce((a, b) => a + b, 0) / data.length;
        expect(mean(resize(images, [height, width], { method: 'area' }))).toBeCloseTo(mean(images), 3);
        expect(resize(images, [images.shape[2], images.shape[3]], { method: 'area' }).data).toEqual(images.data);
      }),
    );
  });

  it('sees what lies between the points that bilinear interpolation samples', () => {
    const line = tensor([[[[0, 0, 0, 9, 0, 0, 0, 0, 0]]]]);
    expect(resize(line, [1, 3], { method: 'area' }).toArray()).toEqual([[[[0, 3, 0]]]]);
    expect(resize(line, [1, 3], { method: 'bilinear' }).toArray()).toEqual([[[[0, 0, 0]]]]);
  });

  it('refuses another method', () => {
    // @ts-expect-error: plain JavaScript.
    expect(() => resize(ones([1, 1, 2, 2]), [1, 1], { method: 'cubic' })).toThrow(
      new RangeError("resize: method must be 'bilinear' or 'area'; got 'cubic'."),
    );
  });
});
