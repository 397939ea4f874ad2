import fc from 'fast-check';
import { Tensor } from '../../src/tensor/tensor.ts';

/** `[N, C, H, W]` with an element's position as its value, counted from 1, so that 0 is what entered. */
export function counted(shape: readonly number[]): Tensor {
  return new Tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i + 1),
    shape,
  );
}

export function at(
  { data, shape: [, channels, height, width] }: Tensor,
  n: number,
  c: number,
  y: number,
  x: number,
): number {
  return y < 0 || y >= height || x < 0 || x >= width ? 0 : data[((n * channels + c) * height + y) * width + x];
}

/** One random image batch. */
export const batches = fc
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
