/*
 * Rows, standardized with a mean and an inverse deviation each, then scaled and shifted element by element: x, g and out
 * [rows, width], means and inverse [rows], weight and bias [width]. All in double precision, rounded once.
 */

/** `out = (x - mean) inverse weight + bias`. */
export function scaleRows(
  x: Float32Array,
  means: Float64Array,
  inverse: Float64Array,
  weight: Float32Array,
  bias: Float32Array,
  out: Float32Array,
): void {
  const width = weight.length;
  for (let row = 0, i = 0; row < means.length; row++) {
    const mean = means[row];
    const scale = inverse[row];
    for (let j = 0; j < width; j++, i++) out[i] = (x[i] - mean) * scale * weight[j] + bias[j];
  }
}

/**
 * With `y = (x - mean) inverse`: of each row the sum of `g weight` and of `g weight y`, of each column that of `g y` and
 * of `g`.
 */
export function scaledRowSums(
  x: Float32Array,
  g: Float32Array,
  means: Float64Array,
  inverse: Float64Array,
  weight: Float32Array,
  totals: Float64Array,
  products: Float64Array,
  weightSums: Float64Array,
  biasSums: Float64Array,
): void {
  const width = weight.length;
  weightSums.fill(0);
  biasSums.fill(0);
  for (let row = 0, i = 0; row < means.length; row++) {
    const mean = means[row];
    const scale = inverse[row];
    let total = 0;
    let product = 0;
    for (let j = 0; j < width; j++, i++) {
      const v = g[i];
      const y = (x[i] - mean) * scale;
      const pulled = v * weight[j];
      total += pulled;
      product += pulled * y;
      weightSums[j] += v * y;
      biasSums[j] += v;
    }
    totals[row] = total;
    products[row] = product;
  }
}

/** `out = inverse (g weight - total / width - y product / width)`, with the sums of `scaledRowSums`. */
export function pullScaledRows(
  x: Float32Array,
  g: Float32Array,
  means: Float64Array,
  inverse: Float64Array,
  weight: Float32Array,
  totals: Float64Array,
  products: Float64Array,
  out: Float32Array,
): void {
  const width = weight.length;
  for (let row = 0, i = 0; row < means.length; row++) {
    const mean = means[row];
    const scale = inverse[row];
    const shift = totals[row] / width;
    const slope = (scale * products[row]) / width;
    for (let j = 0; j < width; j++, i++) out[i] = scale * (g[i] * weight[j] - shift - (x[i] - mean) * slope);
  }
}
