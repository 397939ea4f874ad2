import * as t from '../../../src/portable.ts';
import { type Case, draws, type Row, range, total } from './row.ts';

const { normal, distinct } = draws('images');

interface ConvCase extends t.Conv2dOptions { readonly x: readonly number[]; readonly weight: readonly number[]; readonly bias?: boolean }

function convolution(name: string, { x, weight, bias = false, ...options }: ConvCase): Case {
  const two = (p: t.Pair | undefined, otherwise: number): readonly [number, number] => (p === undefined ? [otherwise, otherwise] : typeof p === 'number' ? [p, p] : p);
  const [sh, sw] = two(options.stride, 1);
  const [ph, pw] = two(options.padding, 0);
  const [dh, dw] = two(options.dilation, 1);
  const groups = options.groups ?? 1;
  const [n, , h, w] = x;
  const [f, c, kh, kw] = weight;
  const shape = [n, f, Math.floor((h + 2 * ph - dh * (kh - 1) - 1) / sh) + 1, Math.floor((w + 2 * pw - dw * (kw - 1) - 1) / sw) + 1];
  return {
    name, shape, inputs: [normal(x), normal(weight), ...(bias ? [normal([f])] : [])],
    fn: (a, b, d) => t.conv2d(a, b, d, options),
    oracle: ([i, o, y, z], image, kernel, offset) => {
      const first = Math.floor(o / (f / groups)) * c;
      const pixel = (ch: number, row: number, column: number) => (row < 0 || row >= h || column < 0 || column >= w ? 0 : image(i, ch, row, column));
      return (bias ? offset(o) : 0) + total(c, (ch) => total(kh, (p) => total(kw, (q) => kernel(o, ch, p, q) * pixel(first + ch, y * sh - ph + p * dh, z * sw - pw + q * dw))));
    },
  };
}

function pooling(name: string, x: readonly number[], size: t.Pair, options: t.Pool2dOptions = {}): Case {
  const two = (p: t.Pair): readonly [number, number] => (typeof p === 'number' ? [p, p] : p);
  const [kh, kw] = two(size);
  const [sh, sw] = two(options.stride ?? size);
  const [ph, pw] = two(options.padding ?? 0);
  const [n, c, h, w] = x;
  return {
    name, inputs: [distinct(x)], fn: (a) => t.maxPool2d(a, size, options),
    shape: [n, c, Math.floor((h + 2 * ph - kh) / sh) + 1, Math.floor((w + 2 * pw - kw) / sw) + 1],
    oracle: ([i, ch, y, z], read) => {
      let best = -Infinity;
      for (const p of range(kh)) for (const q of range(kw)) {
        const [row, column] = [y * sh - ph + p, z * sw - pw + q];
        if (row >= 0 && row < h && column >= 0 && column < w) best = Math.max(best, read(i, ch, row, column));
      }
      return best;
    },
  };
}

export const images = {
  conv2d: { cases: [
    convolution('plain', { x: [2, 2, 5, 4], weight: [3, 2, 3, 2], bias: true }),
    convolution('padded', { x: [1, 2, 4, 4], weight: [2, 2, 3, 3], padding: 1 }),
    convolution('strided, asymmetric', { x: [2, 1, 7, 6], weight: [2, 1, 3, 2], stride: [2, 3], padding: [2, 1], bias: true }),
    convolution('dilated', { x: [1, 2, 6, 7], weight: [2, 2, 2, 3], dilation: [3, 2], padding: [0, 2] }),
    convolution('grouped', { x: [2, 4, 4, 4], weight: [6, 2, 3, 3], groups: 2, padding: 1, bias: true }),
    convolution('depthwise', { x: [1, 3, 4, 5], weight: [3, 1, 3, 3], groups: 3, padding: 1, stride: 2 }),
    convolution('pointwise', { x: [2, 3, 3, 3], weight: [2, 3, 1, 1], bias: true }),
    convolution('stride above kernel', { x: [1, 1, 7, 7], weight: [1, 1, 2, 2], stride: 3 }),
    convolution('padding above kernel', { x: [1, 1, 2, 2], weight: [1, 1, 1, 1], padding: 3, stride: 2 }),
    convolution('kernel as large as the image', { x: [2, 2, 3, 3], weight: [2, 2, 3, 3], bias: true }),
    convolution('empty batch', { x: [0, 2, 5, 4], weight: [3, 2, 3, 2], bias: true }),
  ], pytorch: ({ x, weight, bias }, options) => t.conv2d(x, weight, bias, options) },
  maxPool2d: { cases: [
    pooling('halving', [2, 2, 4, 6], 2),
    pooling('ragged', [1, 2, 5, 5], 2),
    pooling('overlapping, padded', [1, 1, 5, 6], [3, 2], { stride: [2, 1], padding: [1, 1] }),
    pooling('gaps', [1, 1, 7, 7], 2, { stride: 3 }),
  ], pytorch: ({ x }, { size, ...options }) => t.maxPool2d(x, size, options) },
} satisfies Record<string, Row>;
