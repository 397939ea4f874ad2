/**
 * Where a pixel of the result comes from: `(a x + b y + c, d x + e y + f)`, x to the right and y down from the center.
 */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/**
 * Writes the planes from `start` on, each `height * width` long, as seen through `source`: every pixel is interpolated
 * bilinearly between the four that surround the point it comes from; outside of the image all is `fill`.
 *
 * Coordinates are pixels from the center of the image, as in PyTorch's `grid_sample` with `align_corners=False`.
 */
export function warp(
  x: Float32Array,
  out: Float32Array,
  { start, planes, height, width }: PlanesAt,
  [a, b, c, d, e, f]: Affine,
  fill: number,
): void {
  const middleX = (width - 1) / 2;
  const middleY = (height - 1) / 2;
  const pixels = height * width;
  for (let row = 0, o = start; row < height; row++) {
    const fromX = b * (row - middleY) + c + middleX;
    const fromY = e * (row - middleY) + f + middleY;
    for (let column = 0; column < width; column++, o++) {
      const px = a * (column - middleX) + fromX;
      const py = d * (column - middleX) + fromY;
      const left = Math.floor(px);
      const top = Math.floor(py);
      const across = px - left;
      const down = py - top;
      if (left >= 0 && top >= 0 && left < width - 1 && top < height - 1) {
        for (let plane = 0; plane < planes; plane++) {
          const at = start + plane * pixels + top * width + left;
          const above = x[at] * (1 - across) + x[at + 1] * across;
          const below = x[at + width] * (1 - across) + x[at + width + 1] * across;
          out[o + plane * pixels] = above * (1 - down) + below * down;
        }
        continue;
      }
      // At the border, or beyond: pixels that are not there are `fill`.
      const inLeft = left >= 0 && left < width;
      const inRight = left >= -1 && left < width - 1;
      const inTop = top >= 0 && top < height;
      const inBottom = top >= -1 && top < height - 1;
      for (let plane = 0; plane < planes; plane++) {
        const at = start + plane * pixels + top * width + left;
        const above = (inTop && inLeft ? x[at] : fill) * (1 - across) + (inTop && inRight ? x[at + 1] : fill) * across;
        const below =
          (inBottom && inLeft ? x[at + width] : fill) * (1 - across) +
          (inBottom && inRight ? x[at + width + 1] : fill) * across;
        out[o + plane * pixels] = above * (1 - down) + below * down;
      }
    }
  }
}

/** The planes of one image in an array. */
export interface PlanesAt {
  /** Index of its first pixel. */
  readonly start: number;
  readonly planes: number;
  readonly height: number;
  readonly width: number;
}
