import { firstNonFinite } from '../tensor/check.ts';
import { type Integers, toIntegers } from '../tensor/intTensor.ts';
import { type Shape, ShapeError, sizeOf } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/** Anything with a class a sample that can assemble a batch: what the samplers draw from. */
export interface LabelledSet {
  /** Number of samples. */
  readonly length: number;
  /** The class of each sample. */
  readonly labels: Int32Array;
  /** The samples at `indices` as one tensor, first axis the batch. */
  batch(indices: ArrayLike<number>): Tensor;
}

/** Images in one array: bytes, or float32 as a Tensor holds them. */
export interface ImageArray {
  /** `[N, H, W]` or `[N, C, H, W]`. */
  readonly shape: Shape;
  readonly data: Uint8Array | Float32Array;
}

/** Images with a class each, as `imageSet` makes them; the class itself is not exported. Views on one array: splitting and filtering copy no pixels. */
export class LabelledImages implements LabelledSet {
  readonly labels: Int32Array;
  /** Shape of one image, `[C, H, W]`. */
  readonly imageShape: Shape;
  readonly #data: Uint8Array | Float32Array;
  readonly #rows: Int32Array;
  readonly #scale: number;

  /** See `imageSet`, which checks its arguments; `rows` are the images of `data` that belong to this set. */
  constructor(data: Uint8Array | Float32Array, imageShape: Shape, rows: Int32Array, labels: Int32Array, scale: number) {
    this.#data = data;
    this.imageShape = imageShape;
    this.#rows = rows;
    this.labels = labels;
    this.#scale = scale;
  }

  get length(): number {
    return this.#rows.length;
  }

  /** The classes that occur, ascending. */
  get classes(): readonly number[] {
    return [...new Set(this.labels)].sort((a, b) => a - b);
  }

  /** The first `count` images and the others. Throws: RangeError unless both sides keep at least one. */
  split(count: number): [LabelledImages, LabelledImages] {
    if (!Number.isInteger(count) || count < 1 || count >= this.length) {
      throw new RangeError(`split: cannot split ${this.length} images after ${count}. Use 1 to ${this.length - 1}.`);
    }
    return [
      this.#view(this.#rows.subarray(0, count), this.labels.subarray(0, count)),
      this.#view(this.#rows.subarray(count), this.labels.subarray(count)),
    ];
  }

  /** The images whose label passes. Throws: RangeError where none does. */
  filter(keep: (label: number, index: number) => boolean): LabelledImages {
    const kept = Array.from(this.labels.keys()).filter((i) => keep(this.labels[i], i));
    if (kept.length === 0)
      throw new RangeError(
        `filter: none of the ${this.length} images passes. Their classes are ${this.classes.join(', ')}.`,
      );
    return this.#view(
      Int32Array.from(kept, (i) => this.#rows[i]),
      Int32Array.from(kept, (i) => this.labels[i]),
    );
  }

  /** Images as a new `[N, C, H, W]` tensor, bytes scaled to floats. Throws: RangeError for an index outside the set. */
  batch(indices: ArrayLike<number>): Tensor {
    const pixels = sizeOf(this.imageShape);
    const out = new Float32Array(indices.length * pixels);
    const data = this.#data;
    const scale = this.#scale;
    for (let i = 0, o = 0; i < indices.length; i++) {
      const row = this.#rows[indices[i]];
      if (row === undefined)
        throw new RangeError(`batch: indices[${i}] is ${indices[i]}; the set holds images 0 to ${this.length - 1}.`);
      for (let s = row * pixels, end = s + pixels; s < end; s++, o++) out[o] = data[s] * scale;
    }
    return new Tensor(out, [indices.length, ...this.imageShape]);
  }

  #view(rows: Int32Array, labels: Int32Array): LabelledImages {
    return new LabelledImages(this.#data, this.imageShape, rows, labels, this.#scale);
  }
}

/** Options of `imageSet`. */
export interface ImageSetOptions {
  /** Factor from a stored value to a float. Default 1/255 for bytes, 1 for float32. */
  readonly scale?: number | undefined;
}

/**
 * Images with labels, not copied: a batch is made when it is asked for. Without labels all are of class 0, which is
 * enough for `twoViews`; samplers that compare classes refuse the set.
 *
 * Shapes: images `[N, H, W]` or `[N, C, H, W]` (an IDX array or a Tensor), labels N integers or none.
 * Throws: ShapeError where shape, data and labels do not fit; RangeError, with the image, for a value that is not finite.
 *
 * @example imageSet({ shape: [2, 1, 1], data: new Uint8Array([0, 255]) }, [0, 1]).batch([1]).toArray() // [[[[1]]]]
 */
export function imageSet(images: ImageArray, labels?: Integers, options: ImageSetOptions = {}): LabelledImages {
  const { shape, data } = images;
  const { scale = data instanceof Float32Array ? 1 : 1 / 255 } = options;
  const classes = labels === undefined ? new Int32Array(shape[0] ?? 0) : toIntegers('imageSet', 'labels', labels);
  if ((shape.length !== 3 && shape.length !== 4) || sizeOf(shape) !== data.length) {
    throw new ShapeError(
      'imageSet',
      `images must be [N, H, W] or [N, C, H, W] and fill their shape (${data.length} values)`,
      [shape],
      'Check the file that they come from.',
    );
  }
  if (classes.length !== shape[0]) {
    throw new ShapeError(
      'imageSet',
      `${shape[0]} images need as many labels`,
      [shape, [classes.length]],
      'Pass the label file that belongs to the images.',
    );
  }
  if (!(Math.abs(scale) > 0 && Math.abs(scale) < Infinity))
    throw new RangeError(`imageSet: scale must be finite and not 0; got ${scale}.`);
  const imageShape = shape.length === 3 ? [1, ...shape.slice(1)] : shape.slice(1);
  if (data instanceof Float32Array) {
    const bad = firstNonFinite(data);
    if (bad >= 0)
      throw new RangeError(
        `imageSet: image ${Math.floor(bad / sizeOf(imageShape))} holds ${data[bad]}. Remove the image or mend its values.`,
      );
  }
  return new LabelledImages(data, imageShape, Int32Array.from(classes.keys()), classes, scale);
}
