import type { Conv2dSpec } from '../../src/tensor/kernels/kernels.ts';

/** Half the distance of neighboring float32 relative to their size. */
const UNIT = 2 ** -24;

/** Whether a set of kernels may compute this convolution by Winograd's F(2x2, 3x3). */
export function mayBeWinograd(spec: Conv2dSpec): boolean {
  const { kernelHeight, kernelWidth, strideHeight, strideWidth, dilationHeight, dilationWidth, groups } = spec;
  return (
    [kernelHeight, kernelWidth].every((v) => v === 3) &&
    strideHeight * strideWidth === 1 &&
    dilationHeight * dilationWidth * groups === 1
  );
}

/** Planes of numbers, 0 outside. */
interface Planes {
  readonly data: Float32Array;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** The largest and the sum of the magnitudes in a window of `size` pixels a side. */
function measure(planes: Planes, image: number, channel: number, top: number, left: number, size: number) {
  const { data, channels, height, width } = planes;
  let [largest, total] = [0, 0];
  for (let row = Math.max(0, top); row < Math.min(height, top + size); row++) {
    for (let column = Math.max(0, left); column < Math.min(width, left + size); column++) {
      const v = Math.abs(data[((image * channels + channel) * height + row) * width + column]);
      largest = Math.max(largest, v);
      total += v;
    }
  }
  return { largest, total };
}

/**
 * The error that performance.md allows outputs of F(2x2, 3x3): `16 (C + 13) 2^-24 sum over c of max|tile_c| sum|w_c|`, the
 * tile being the 4 x 4 inputs of 2 x 2 outputs. `weightAt(f, c)` gives the sum of the magnitudes of a filter.
 */
function ofOutputs(
  inputs: Planes,
  pad: readonly [number, number],
  out: { readonly images: number; readonly channels: number; readonly height: number; readonly width: number },
  weightAt: (f: number, c: number) => number,
): (o: number) => number {
  const tilesX = Math.ceil(out.width / 2);
  const tiles = Math.ceil(out.height / 2) * tilesX;
  const bounds = new Float64Array(out.images * out.channels * tiles);
  for (let image = 0, i = 0; image < out.images; image++) {
    const largest = Array.from({ length: tiles }, (_, t) =>
      Array.from(
        { length: inputs.channels },
        (_unused, c) =>
          measure(inputs, image, c, 2 * Math.floor(t / tilesX) - pad[0], 2 * (t % tilesX) - pad[1], 4).largest,
      ),
    );
    for (let f = 0; f < out.channels; f++) {
      for (let t = 0; t < tiles; t++, i++)
        bounds[i] = 16 * (inputs.channels + 13) * UNIT * largest[t].reduce((sum, v, c) => sum + v * weightAt(f, c), 0);
    }
  }
  return (o) => {
    const column = o % out.width;
    const row = Math.floor(o / out.width) % out.height;
    const plane = Math.floor(o / (out.width * out.height));
    return bounds[plane * tiles + Math.floor(row / 2) * tilesX + Math.floor(column / 2)];
  };
}

function weightSums(weight: Float32Array): number[] {
  return Array.from({ length: weight.length / 9 }, (_, i) =>
    weight.subarray(9 * i, 9 * i + 9).reduce((sum, v) => sum + Math.abs(v), 0),
  );
}

/** The error allowed each output. */
export function forwardBound(x: Float32Array, weight: Float32Array, spec: Conv2dSpec): (o: number) => number {
  const { batch, channels, filters, height, width, outHeight, outWidth, padHeight, padWidth } = spec;
  const sums = weightSums(weight);
  return ofOutputs(
    { data: x, channels, height, width },
    [padHeight, padWidth],
    { images: batch, channels: filters, height: outHeight, width: outWidth },
    (f, c) => sums[f * channels + c],
  );
}

/** The error allowed each pixel of the input's gradient, which is a convolution of the output's. */
export function inputGradientBound(g: Float32Array, weight: Float32Array, spec: Conv2dSpec): (o: number) => number {
  const { batch, channels, filters, height, width, outHeight, outWidth, padHeight, padWidth } = spec;
  const sums = weightSums(weight);
  return ofOutputs(
    { data: g, channels: filters, height: outHeight, width: outWidth },
    [2 - padHeight, 2 - padWidth],
    { images: batch, channels, height, width },
    (c, f) => sums[f * channels + c],
  );
}

/**
 * The error allowed each weight's gradient: as for outputs, with the tiles of all images in the place of channels,
 * `16 (T + 13) 2^-24 sum over tiles of max|x tile| sum|g tile|`.
 */
export function weightGradientBound(g: Float32Array, x: Float32Array, spec: Conv2dSpec): (o: number) => number {
  const { batch, channels, filters, height, width, outHeight, outWidth, padHeight, padWidth } = spec;
  const inputs = { data: x, channels, height, width };
  const outputs = { data: g, channels: filters, height: outHeight, width: outWidth };
  const tiles: (readonly [number, number, number])[] = [];
  for (let n = 0; n < batch; n++)
    for (let row = 0; row < outHeight; row += 2)
      for (let column = 0; column < outWidth; column += 2) tiles.push([n, row, column]);
  const bounds = Array.from({ length: filters * channels }, (_, i) => {
    const [f, c] = [Math.floor(i / channels), i % channels];
    const sum = tiles.reduce(
      (total, [n, row, column]) =>
        total +
        measure(inputs, n, c, row - padHeight, column - padWidth, 4).largest *
          measure(outputs, n, f, row, column, 2).total,
      0,
    );
    return 16 * (tiles.length + 13) * UNIT * sum;
  });
  return (o) => bounds[Math.floor(o / 9)];
}
