import { checkInteger } from '../tensor/check.ts';
import { cos, sin } from '../tensor/math.ts';
import { checkSource, type Random } from '../tensor/random.ts';
import { Tensor } from '../tensor/tensor.ts';
import { imageShape } from './imageShape.ts';
import { type Affine, type PlanesAt, warp } from './warp.ts';

/** Options of `augment`, each drawn anew for every image. */
export interface AugmentOptions {
  /** Largest shift in whole pixels, along each axis and either way. Default 0. */
  readonly shift?: number | undefined;
  /** Largest rotation about the center, in degrees either way, at most 180. Default 0. */
  readonly rotate?: number | undefined;
  /** Least and greatest factor of size about the center, uniform between: `[0.8, 1.2]`. Default `[1, 1]`. */
  readonly scale?: readonly [least: number, most: number] | undefined;
  /** Largest horizontal slant in degrees, either way, below 90: that of a vertical line. Default 0. */
  readonly shear?: number | undefined;
  /**
   * Mirrors every second image, by chance, left to right: for faces and things, not for digits and letters. Default
   * false.
   */
  readonly flip?: boolean | undefined;
  /**
   * Largest change of contrast, from 0 to 1: differences from the mean of the image times `1 - contrast .. 1 +
   * contrast`. Default 0.
   */
  readonly contrast?: number | undefined;
  /** Largest value added to all pixels of an image, either way. Default 0. */
  readonly brightness?: number | undefined;
  /** Standard deviation of the normal noise that is added to each pixel. Default 0. */
  readonly noise?: number | undefined;
  /**
   * Longest side of a square that is filled, in pixels: sides are uniform in `0 .. erase`, places all within the
   * image. Default 0.
   */
  readonly erase?: number | undefined;
  /** What enters from outside, and fills erased squares: the value of the background. Default 0. */
  readonly fill?: number | undefined;
  readonly random: Random;
}

/**
 * Images changed by chance, each in its own way: sheared, scaled, rotated, mirrored and shifted in this order and at
 * once, with one bilinear interpolation; then contrast, brightness, noise, and erasing. Values are not clamped. All
 * default to no change, and a shift alone moves whole pixels, so that it interpolates nothing. The same bits on every
 * engine. Returns a new tensor; records nothing.
 *
 * Shapes: `[N, C, H, W]` -> the same; channels are changed alike, but for noise.
 * Source: Simard, Steinkraus, Platt 2003, "Best practices for convolutional neural networks" (affine); Zhong et al.
 * 2017, "Random erasing data augmentation".
 * Throws: RangeError for an option outside of its range; ShapeError for other than images.
 *
 * @example sum(augment(ones([1, 1, 3, 3]), { shift: 0, random: createRandom(1) })).item() // 9
 * @example augment(ones([8, 1, 28, 28]), { rotate: 15, scale: [0.8, 1.2], shear: 10, random: createRandom(1) }).shape // [8, 1, 28, 28]
 */
export function augment(x: Tensor, options: AugmentOptions): Tensor {
  const { shift = 0, fill = 0, random } = options;
  const [batch, planes, height, width] = checkOptions(x, options);
  const size = planes * height * width;
  const out = new Float32Array(x.size);
  if (fill !== 0) out.fill(fill);
  for (let n = 0; n < batch; n++) {
    const image = { start: n * size, planes, height, width };
    // First, as a shift alone must draw the same whatever other options there are.
    const down = random.integer(2 * shift + 1) - shift;
    const right = random.integer(2 * shift + 1) - shift;
    const affine = drawAffine(options, right, down);
    if (affine === undefined) move(x.data, out, image, right, down);
    else warp(x.data, out, image, affine, fill);
    recolor(out.subarray(n * size, (n + 1) * size), options);
    erase(out, image, options);
  }
  return new Tensor(out, x.shape);
}

function checkOptions(x: Tensor, options: AugmentOptions): readonly [number, number, number, number] {
  const { shift = 0, erase: side = 0, scale: [least, most] = [1, 1], fill = 0 } = options;
  checkSource('augment', options.random, 'changes');
  checkInteger('augment', 'shift', shift, 0);
  checkInteger('augment', 'erase', side, 0);
  const shape = imageShape('augment', x.shape);
  const { rotate = 0, shear = 0, contrast = 0, brightness = 0, noise = 0 } = options;
  const check = (name: string, value: number, within: boolean, range: string) => {
    if (!within) throw new RangeError(`augment: ${name} must be ${range}; got ${value}.`);
  };
  check('rotate', rotate, rotate >= 0 && rotate <= 180, 'from 0 to 180 degrees');
  check('shear', shear, shear >= 0 && shear < 90, 'at least 0 and below 90 degrees');
  check('contrast', contrast, contrast >= 0 && contrast <= 1, 'from 0 to 1');
  check('brightness', brightness, brightness >= 0 && brightness < Infinity, 'a finite number of at least 0');
  check('noise', noise, noise >= 0 && noise < Infinity, 'a finite number of at least 0');
  check('fill', fill, Number.isFinite(fill), 'finite');
  if (!(least > 0 && least <= most && most < Infinity)) {
    throw new RangeError(
      `augment: scale must be [least, most] with 0 < least <= most; got [${least}, ${most}]. Pass e.g. [0.8, 1.2].`,
    );
  }
  const [, , height, width] = shape;
  if (side > Math.min(height, width)) {
    throw new RangeError(
      `augment: erase must be at most the shorter side of the images, ${Math.min(height, width)}; got ${side}.`,
    );
  }
  return shape;
}

/** The inverse of what is drawn; undefined where that is a shift alone. */
function drawAffine(options: AugmentOptions, right: number, down: number): Affine | undefined {
  const { rotate = 0, scale: [least, most] = [1, 1], shear = 0, flip = false, random } = options;
  if (rotate === 0 && least === 1 && most === 1 && shear === 0 && !flip) return undefined;
  const angle = rotate === 0 ? 0 : radians(rotate * (2 * random.uniform() - 1));
  const factor = least === most ? least : least + (most - least) * random.uniform();
  const slant = shear === 0 ? 0 : radians(shear * (2 * random.uniform() - 1));
  const mirror = flip && random.integer(2) === 1 ? -1 : 1;
  const tangent = sin(slant) / cos(slant);
  // Of the point p: shear^-1 rotation^-1 mirror (p - shift) / factor, where shear adds tangent * y to x.
  const sine = sin(angle) / factor;
  const cosine = cos(angle) / factor;
  const a = mirror * (cosine + tangent * sine);
  const b = sine - tangent * cosine;
  const d = mirror * -sine;
  return [a, b, -(a * right + b * down), d, cosine, -(d * right + cosine * down)];
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}

/** Moves an image by whole pixels. */
function move(
  x: Float32Array,
  out: Float32Array,
  { start, planes, height, width }: PlanesAt,
  right: number,
  down: number,
): void {
  for (let plane = 0; plane < planes; plane++) {
    for (let y = Math.max(0, down); y < Math.min(height, height + down); y++) {
      const row = start + (plane * height + y) * width;
      for (let z = Math.max(0, right); z < Math.min(width, width + right); z++)
        out[row + z] = x[row - down * width + z - right];
    }
  }
}

/** Contrast, brightness and noise of one image. */
function recolor(image: Float32Array, { contrast = 0, brightness = 0, noise = 0, random }: AugmentOptions): void {
  if (contrast > 0) {
    const factor = 1 + contrast * (2 * random.uniform() - 1);
    const mean = image.reduce((sum, value) => sum + value, 0) / image.length;
    for (let i = 0; i < image.length; i++) image[i] = mean + factor * (image[i] - mean);
  }
  if (brightness > 0) {
    const added = brightness * (2 * random.uniform() - 1);
    for (let i = 0; i < image.length; i++) image[i] += added;
  }
  if (noise > 0) {
    const drawn = random.fillNormal(new Float32Array(image.length), 0, noise);
    for (let i = 0; i < image.length; i++) image[i] += drawn[i];
  }
}

/** Fills a square of one image. */
function erase(
  out: Float32Array,
  { start, planes, height, width }: PlanesAt,
  { erase: most = 0, fill = 0, random }: AugmentOptions,
): void {
  if (most === 0) return;
  const side = random.integer(most + 1);
  const top = random.integer(height - side + 1);
  const left = random.integer(width - side + 1);
  for (let plane = 0; plane < planes; plane++) {
    for (let y = top; y < top + side; y++) {
      const row = start + (plane * height + y) * width;
      out.fill(fill, row + left, row + left + side);
    }
  }
}
