import { checkInteger } from '../tensor/check.ts';
import type { Random } from '../tensor/random.ts';
import { type Shape, ShapeError, sizeOf } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/** Options of `augment`. */
export interface AugmentOptions {
  /** Largest shift in pixels, along each axis and either way. */
  readonly shift: number;
  readonly random: Random;
}

/**
 * Each image moved by a whole number of pixels, uniform in `-shift .. shift` along both axes; what enters is 0.
 * Returns a new tensor; records nothing.
 *
 * Shapes: `[N, C, H, W]` -> the same.
 *
 * @example sum(augment(ones([1, 1, 3, 3]), { shift: 0, random: createRandom(1) })).item() // 9
 */
export function augment(x: Tensor, { shift, random }: AugmentOptions): Tensor {
  checkInteger('augment', 'shift', shift, 0);
  const [batch, channels, height, width] = imageShape('augment', x.shape);
  const out = new Float32Array(x.size);
  for (let n = 0; n < batch; n++) {
    const down = random.integer(2 * shift + 1) - shift;
    const right = random.integer(2 * shift + 1) - shift;
    for (let plane = n * channels; plane < (n + 1) * channels; plane++) {
      for (let y = Math.max(0, down); y < Math.min(height, height + down); y++) {
        const row = (plane * height + y) * width;
        for (let z = Math.max(0, right); z < Math.min(width, width + right); z++)
          out[row + z] = x.data[row - down * width + z - right];
      }
    }
  }
  return new Tensor(out, x.shape);
}

/**
 * Images at another size, by bilinear interpolation between pixel centers (as PyTorch's `interpolate` without
 * `align_corners` and without antialiasing). Returns a new tensor; records nothing.
 *
 * Shapes: `[N, C, H, W] -> [N, C, height, width]`.
 *
 * @example resize(tensor([[[[0, 4]]]]), [1, 4]).toArray() // [[[[0, 1, 3, 4]]]]
 */
export function resize(x: Tensor, [outHeight, outWidth]: readonly [height: number, width: number]): Tensor {
  checkInteger('resize', 'height', outHeight, 1);
  checkInteger('resize', 'width', outWidth, 1);
  const [batch, channels, height, width] = imageShape('resize', x.shape);
  if (height === 0 || width === 0)
    throw new ShapeError('resize', 'the images have no pixels', [x.shape], 'Pass images of at least one pixel.');
  const rows = interpolation(height, outHeight);
  const columns = interpolation(width, outWidth);
  const shape = [batch, channels, outHeight, outWidth];
  const out = new Float32Array(sizeOf(shape));
  let o = 0;
  for (let plane = 0; plane < batch * channels; plane++) {
    for (const [top, bottom, down] of rows) {
      const upper = (plane * height + top) * width;
      const lower = (plane * height + bottom) * width;
      for (const [left, right, across] of columns) {
        const above = x.data[upper + left] * (1 - across) + x.data[upper + right] * across;
        const below = x.data[lower + left] * (1 - across) + x.data[lower + right] * across;
        out[o++] = above * (1 - down) + below * down;
      }
    }
  }
  return new Tensor(out, shape);
}

/** For each output pixel of an axis: the two input pixels beside its center, and the weight of the second. */
function interpolation(length: number, outLength: number): (readonly [number, number, number])[] {
  return Array.from({ length: outLength }, (_, i) => {
    const center = Math.min(length - 1, Math.max(0, ((i + 0.5) * length) / outLength - 0.5));
    const first = Math.floor(center);
    return [first, Math.min(length - 1, first + 1), center - first];
  });
}

/** Fixed statistics for `normalizeImages`: one number, or one a channel. */
export interface ImageStatistics {
  readonly mean: number | readonly number[];
  readonly std: number | readonly number[];
}

/**
 * `(x - mean) / std`: by the given statistics, or each image by its own (over all its channels), which takes out
 * brightness and contrast; an image of one value becomes 0. Returns a new tensor; records nothing.
 *
 * Shapes: `[N, C, H, W]` -> the same. Throws: RangeError where a given std is not above 0.
 *
 * @example normalizeImages(tensor([[[[1, 3]]]])).toArray() // [[[[-1, 1]]]]
 */
export function normalizeImages(x: Tensor, statistics?: ImageStatistics): Tensor {
  const [batch, channels, height, width] = imageShape('normalizeImages', x.shape);
  const pixels = height * width;
  const out = new Float32Array(x.size);
  const means = perChannel('mean', statistics?.mean ?? 0, channels);
  const deviations = perChannel('std', statistics?.std ?? 1, channels);
  if (!deviations.every((std) => std > 0))
    throw new RangeError(`normalizeImages: std must be above 0; got ${deviations.join(', ')}.`);
  for (let n = 0, i = 0; n < batch; n++) {
    const [ownMean, ownStd] = statistics === undefined ? momentsOf(x.data, i, channels * pixels) : [0, 1];
    for (let c = 0; c < channels; c++) {
      const center = ownMean + means[c];
      const scale = ownStd === 0 ? 0 : 1 / (ownStd * deviations[c]);
      for (const end = i + pixels; i < end; i++) out[i] = (x.data[i] - center) * scale;
    }
  }
  return new Tensor(out, x.shape);
}

function momentsOf(data: Float32Array, start: number, count: number): readonly [mean: number, std: number] {
  let total = 0;
  for (let i = start; i < start + count; i++) total += data[i];
  const mean = total / count;
  let squares = 0;
  for (let i = start; i < start + count; i++) squares += (data[i] - mean) * (data[i] - mean);
  return [mean, Math.sqrt(squares / count)];
}

function perChannel(name: string, value: number | readonly number[], channels: number): readonly number[] {
  const values = typeof value === 'number' ? new Array<number>(channels).fill(value) : value;
  if (values.length !== channels || !values.every(Number.isFinite)) {
    throw new RangeError(
      `normalizeImages: ${name} must be a finite number, or one for each of ${channels} channels; got ${values.join(', ')}.`,
    );
  }
  return values;
}

function imageShape(op: string, shape: Shape): readonly [number, number, number, number] {
  const [batch, channels, height, width] = shape;
  if (shape.length !== 4) throw new ShapeError(op, 'x must be [N, C, H, W]', [shape], 'reshape() adds missing axes.');
  return [batch, channels, height, width];
}
