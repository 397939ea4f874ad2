import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { imageSet } from '../../src/data/imageSet.ts';
import { tensor } from '../../src/tensor/create.ts';
import { intTensor } from '../../src/tensor/intTensor.ts';
import { ShapeError } from '../../src/tensor/shape.ts';
import { errorOf } from '../errors.ts';

const bytes = (...values: number[]) => new Uint8Array(values);

/** N images of one pixel, which is the image's index. */
const numbered = (labels: readonly number[]) =>
  imageSet({ shape: [labels.length, 1, 1], data: Uint8Array.from(labels.keys()) }, labels, { scale: 1 });

describe('imageSet', () => {
  it('scales bytes by 1/255, float images by 1, and by what is asked for', () => {
    const data = bytes(0, 51, 102, 255);
    expect(imageSet({ shape: [1, 2, 2], data }, [0]).batch([0]).data).toEqual(
      Float32Array.of(0, 51 / 255, 102 / 255, 1),
    );
    expect(imageSet({ shape: [1, 2, 2], data }, [0], { scale: 2 }).batch([0]).data).toEqual(
      Float32Array.of(0, 102, 204, 510),
    );
    const floats = Float32Array.of(-1.5, 0, 0.25, 7);
    expect(imageSet({ shape: [1, 2, 2], data: floats }, [0]).batch([0]).data).toEqual(floats);
    expect(imageSet({ shape: [1, 2, 2], data: floats }, [0], { scale: -2 }).batch([0]).data).toEqual(
      Float32Array.of(3, -0, -0.5, -14),
    );
  });

  it('gives [N, C, H, W], with one channel for images [N, H, W]', () => {
    const gray = imageSet({ shape: [3, 2, 5], data: new Uint8Array(30) }, [0, 0, 1]);
    expect([gray.imageShape, gray.batch([2, 0]).shape]).toEqual([
      [1, 2, 5],
      [2, 1, 2, 5],
    ]);
    const colored = imageSet({ shape: [2, 3, 2, 5], data: new Uint8Array(60) }, [0, 1]);
    expect([colored.imageShape, colored.batch([1]).shape, colored.batch([]).shape]).toEqual([
      [3, 2, 5],
      [1, 3, 2, 5],
      [0, 3, 2, 5],
    ]);
  });

  it('takes a Tensor of images, and labels of every integer kind', () => {
    const images = tensor([[[1, 2]], [[3, 4]]]);
    for (const labels of [[4, 9], bytes(4, 9), Int32Array.of(4, 9), intTensor(Int32Array.of(4, 9), [2])]) {
      const set = imageSet(images, labels);
      expect([...set.labels]).toEqual([4, 9]);
      expect(set.batch([1, 0]).toArray()).toEqual([[[[3, 4]]], [[[1, 2]]]]);
    }
  });

  it('batches are the images asked for, in that order, repeats included', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { maxLength: 30 }), (indices) => {
        const data = Uint8Array.from({ length: 10 * 6 }, (_, i) => i);
        const set = imageSet({ shape: [10, 2, 3], data }, new Array<number>(10).fill(0), { scale: 1 });
        expect([...set.batch(indices).data]).toEqual(indices.flatMap((i) => [...data.subarray(6 * i, 6 * i + 6)]));
      }),
    );
  });

  it('copies no pixel before a batch is made, and a batch is a copy', () => {
    const data = bytes(1, 2, 3, 4);
    const set = imageSet({ shape: [4, 1, 1], data }, [0, 0, 1, 1], { scale: 1 });
    const views = [set, ...set.split(3), set.filter((label) => label === 1)];
    const before = set.batch([0, 1, 2, 3]);
    data.set([10, 20, 30, 40]);
    expect([...before.data]).toEqual([1, 2, 3, 4]);
    const now = views.map((view) => [...view.batch([...view.labels.keys()]).data]);
    expect(now).toEqual([[10, 20, 30, 40], [10, 20, 30], [40], [30, 40]]);
    set.batch([0]).data[0] = 77;
    expect(data[0]).toBe(10);
  });

  it('lists the classes that occur, ascending', () => {
    expect(numbered([7, 10, 9, 7, -1]).classes).toEqual([-1, 7, 9, 10]);
    expect(numbered([7, 10, 9, 7, -1]).filter((label) => label > 8).classes).toEqual([9, 10]);
  });
});

describe('split and filter', () => {
  it('are views on the same images, also of one another', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { minLength: 3, maxLength: 20 }), fc.nat(), (labels, at) => {
        const count = 1 + (at % (labels.length - 1));
        const [first, rest] = numbered(labels).split(count);
        expect([first.length, rest.length]).toEqual([count, labels.length - count]);
        expect([...first.labels, ...rest.labels]).toEqual(labels);
        const pixels = [first, rest].flatMap((set) => [...set.batch([...set.labels.keys()]).data]);
        expect(pixels).toEqual([...labels.keys()]);
        const even = rest.filter((label) => label === rest.labels[0]);
        expect(even.classes).toEqual([rest.labels[0]]);
        expect([...even.batch([...even.labels.keys()]).data]).toEqual(
          [...labels.keys()].filter((i) => i >= count && labels[i] === labels[count]),
        );
      }),
    );
  });

  it('filter tells the index within the set', () => {
    const [, rest] = numbered([0, 1, 0, 1]).split(1);
    expect([...rest.filter((_, i) => i === 2).batch([0]).data]).toEqual([3]);
  });

  it('refuse to leave a side empty', () => {
    const set = numbered([5, 6, 6]);
    for (const count of [0, 3, 4, -1, 1.5, NaN]) {
      expect(() => set.split(count)).toThrow(
        new RangeError(`split: cannot split 3 images after ${count}. Use 1 to 2.`),
      );
    }
    expect(() => set.filter(() => false)).toThrow(/^filter: none of the 3 images passes\. Their classes are 5, 6\./);
    expect(errorOf(RangeError, () => set.filter(() => false)).message).toBe(
      'filter: none of the 3 images passes. Their classes are 5, 6.',
    );
  });
});

describe('imageSet refuses', () => {
  it('images that do not fill their shape, or have another rank', () => {
    const cases: (readonly [number[], number])[] = [
      [[2, 2, 2], 7],
      [[2, 2], 4],
      [[4], 4],
      [[1, 1, 1, 2, 2], 4],
    ];
    for (const [shape, size] of cases) {
      const make = () => imageSet({ shape, data: new Uint8Array(size) }, [0, 1]);
      expect(errorOf(ShapeError, make).message).toContain(
        'imageSet: images must be [N, H, W] or [N, C, H, W] and fill their shape (',
      );
      expect(make).toThrow(
        `images must be [N, H, W] or [N, C, H, W] and fill their shape (${size} values); got [${shape.join(', ')}]`,
      );
    }
  });

  it('another number of labels than images', () => {
    const make = () => imageSet({ shape: [2, 1, 1], data: bytes(1, 2) }, [0, 1, 1]);
    expect(errorOf(ShapeError, make).message).toBe(
      'imageSet: 2 images need as many labels; got [2, 1, 1] and [3]. Pass the label file that belongs to the images.',
    );
    expect(make).toThrow(/2 images need as many labels; got \[2, 1, 1\] and \[3\]/);
  });

  it('labels that are not integers, with their index', () => {
    const images = { shape: [2, 1, 1], data: bytes(1, 2) };
    expect(() => imageSet(images, [0, 0.5])).toThrow(
      new RangeError('imageSet: labels[1] is 0.5; expected an integer within 32 bits.'),
    );
    expect(() => imageSet(images, [NaN, 0])).toThrow(/labels\[0\] is NaN/);
    // @ts-expect-error: a float Tensor is no list of labels
    expect(errorOf(TypeError, () => imageSet(images, tensor([0, 1]))).message).toBe(
      'imageSet: labels must be an Int32Array, Uint8Array or number[]; a float Tensor cannot hold ids above 2^24 exactly. Use Int32Array.from(...).',
    );
  });

  it('a float image with NaN or infinity, naming the image', () => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      fc.assert(
        fc.property(fc.nat(6 * 4 - 1), (at) => {
          const data = new Float32Array(24);
          data[at] = bad;
          const make = () => imageSet({ shape: [4, 1, 2, 3], data }, [0, 0, 1, 1]);
          expect(errorOf(RangeError, make).message).toContain('. Remove the image or mend its values.');
          expect(make).toThrow(`imageSet: image ${Math.floor(at / 6)} holds ${bad}.`);
        }),
        { numRuns: 10 },
      );
    }
  });

  it('a scale that is 0 or not finite', () => {
    for (const scale of [0, NaN, Infinity]) {
      expect(() => imageSet({ shape: [1, 1, 1], data: bytes(1) }, [0], { scale })).toThrow(
        `scale must be finite and not 0; got ${scale}`,
      );
    }
  });

  it('an index outside the set, also of a view', () => {
    const set = numbered([0, 1, 2]);
    const [first] = set.split(2);
    expect(() => set.batch([0, 3])).toThrow(new RangeError('batch: indices[1] is 3; the set holds images 0 to 2.'));
    expect(() => first.batch([2])).toThrow('batch: indices[0] is 2; the set holds images 0 to 1.');
    for (const index of [-1, 0.5, NaN])
      expect(errorOf(RangeError, () => set.batch([index])).message).toContain('; the set holds images 0 to 2.');
  });
});
