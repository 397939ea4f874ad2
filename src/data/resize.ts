import { checkInteger } from '../tensor/check.ts';
import { ShapeError, sizeOf } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { imageShape } from './imageShape.ts';

/** Options of `resize`. */
export interface ResizeOptions {
  /**
   * `bilinear` interpolates between the four pixels next to a point, and so passes over the others when it shrinks to
   * less than half; `area` averages all that a pixel covers, and so repeats pixels when it enlarges. Default
   * 'bilinear'.
   */
  readonly method?: 'bilinear' | 'area' | undefined;
}

/**
 * Images at another size. Returns a new tensor; records nothing.
 *
 * `bilinear` interpolates between pixel centers, as PyTorch's `interpolate` without `align_corners` and without
 * antialiasing: for enlarging. `area` is the mean over the part of the image that a pixel covers, pixels covered in
 * part counting in part, as OpenCV's INTER_AREA: for shrinking; where the sizes divide, it is an average pooling. The
 * mean of an image stays the same with it.
 *
 * Shapes: `[N, C, H, W] -> [N, C, height, width]`.
 * Throws: ShapeError for images without pixels; RangeError for a size below 1 and for another method.
 *
 * @example resize(tensor([[[[0, 4]]]]), [1, 4]).toArray() // [[[[0, 1, 3, 4]]]]
 * @example resize(tensor([[[[0, 3, 6]]]]), [1, 2], { method: 'area' }).toArray() // [[[[1, 5]]]]
 */
export function resize(
  x: Tensor,
  [outHeight, outWidth]: readonly [height: number, width: number],
  { method = 'bilinear' }: ResizeOptions = {},
): Tensor {
  checkInteger('resize', 'height', outHeight, 1);
  checkInteger('resize', 'width', outWidth, 1);
  if (method !== 'bilinear' && method !== 'area')
    throw new RangeError(`resize: method must be 'bilinear' or 'area'; got '${method}'.`);
  const [batch, channels, height, width] = imageShape('resize', x.shape);
  if (height === 0 || width === 0)
    throw new ShapeError('resize', 'the images have no pixels', [x.shape], 'Pass images of at least one pixel.');
  const shape = [batch, channels, outHeight, outWidth];
  const out = new Float32Array(sizeOf(shape));
  if (method === 'area') averageAreas(x, out, outHeight, outWidth);
  else interpolate(x, out, outHeight, outWidth);
  return new Tensor(out, shape);
}

function interpolate(x: Tensor, out: Float32Array, outHeight: number, outWidth: number): void {
  const [batch, channels, height, width] = x.shape;
  const rows = neighbors(height, outHeight);
  const columns = neighbors(width, outWidth);
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
}

/** For each output pixel of an axis: the two input pixels beside its center, and the weight of the second. */
function neighbors(length: number, outLength: number): (readonly [number, number, number])[] {
  return Array.from({ length: outLength }, (_, i) => {
    const center = Math.min(length - 1, Math.max(0, ((i + 0.5) * length) / outLength - 0.5));
    const first = Math.floor(center);
    return [first, Math.min(length - 1, first + 1), center - first];
  });
}

function averageAreas(x: Tensor, out: Float32Array, outHeight: number, outWidth: number): void {
  const [batch, channels, height, width] = x.shape;
  const rows = covered(height, outHeight);
  const columns = covered(width, outWidth);
  /** Sums over the rows that an output row covers, in double precision. */
  const sums = new Float64Array(width);
  let o = 0;
  for (let plane = 0; plane < batch * channels; plane++) {
    for (const [top, rowWeights] of rows) {
      sums.fill(0);
      for (let r = 0; r < rowWeights.length; r++) {
        const start = (plane * height + top + r) * width;
        for (let z = 0; z < width; z++) sums[z] += rowWeights[r] * x.data[start + z];
      }
      for (const [left, weights] of columns) {
        let total = 0;
        for (let z = 0; z < weights.length; z++) total += weights[z] * sums[left + z];
        out[o++] = total;
      }
    }
  }
}

/** For each output pixel of an axis: the first input pixel that it covers, and what share of it each one makes up. */
function covered(length: number, outLength: number): (readonly [first: number, weights: Float64Array])[] {
  return Array.from({ length: outLength }, (_, i) => {
    // In units of 1 / outLength, in which all edges are whole numbers, so that no sliver of a pixel comes of rounding.
    const start = i * length;
    const end = start + length;
    const first = Math.floor(start / outLength);
    const count = Math.ceil(end / outLength) - first;
    const weights = Float64Array.from({ length: count }, (_, j) => {
      const edge = (first + j) * outLength;
      return (Math.min(end, edge + outLength) - Math.max(start, edge)) / length;
    });
    return [first, weights];
  });
}
