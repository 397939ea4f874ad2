import type { ChannelSpec } from '../kernels.ts';

export function channelSums(
  x: Float32Array,
  g: Float32Array | undefined,
  centers: Float64Array,
  totals: Float64Array,
  products: Float64Array,
  { batch, channels, pixels }: ChannelSpec,
): void {
  totals.fill(0);
  products.fill(0);
  for (let n = 0, start = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++, start += pixels) {
      const end = start + pixels;
      const center = centers[c];
      // Even and odd entries apart: a sum waits for its last addition, so two take no longer than one.
      let total0 = 0;
      let total1 = 0;
      let product0 = 0;
      let product1 = 0;
      let i = start;
      if (g === undefined) {
        for (; i < end - 1; i += 2) {
          const v = x[i] - center;
          const w = x[i + 1] - center;
          total0 += v;
          total1 += w;
          product0 += v * v;
          product1 += w * w;
        }
      } else {
        for (; i < end - 1; i += 2) {
          const v = g[i];
          const w = g[i + 1];
          total0 += v;
          total1 += w;
          product0 += v * (x[i] - center);
          product1 += w * (x[i + 1] - center);
        }
      }
      if (i < end) {
        const v = g === undefined ? x[i] - center : g[i];
        total0 += v;
        product0 += v * (x[i] - center);
      }
      totals[c] += total0 + total1;
      products[c] += product0 + product1;
    }
  }
}

export function channelAffine(
  x: Float32Array,
  g: Float32Array | undefined,
  factors: Float64Array,
  out: Float32Array,
  { batch, channels, pixels }: ChannelSpec,
): void {
  for (let n = 0, i = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++) {
      const scale = factors[3 * c];
      const shift = factors[3 * c + 1];
      const slope = factors[3 * c + 2];
      const end = i + pixels;
      if (g === undefined) for (; i < end; i++) out[i] = x[i] * scale + shift;
      else for (; i < end; i++) out[i] = x[i] * scale + shift + g[i] * slope;
    }
  }
}
