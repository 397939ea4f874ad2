import { Tensor } from '../tensor/tensor.ts';
import { imageShape } from './imageShape.ts';

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
