import { readFileSync } from 'node:fs';
import { convertIndexedToRgb, type DecodedPng, decode, encode } from 'fast-png';
import { Tensor } from 'twingrad';
import { messageOf, UserError } from './command.ts';

/** Larger images are refused before their pixels take memory. */
const MOST_PIXELS = 50_000_000;

/**
 * A PNG file of any kind as one grey image `[1, 1, H, W]`, values 0 (black) to 1 (white). Transparent pixels show a
 * white ground. Throws: UserError, in one line, where the file cannot be read.
 */
export function readGreyPng(path: string): Tensor {
  try {
    const bytes = readFileSync(path);
    checkSize(bytes);
    return toGrey(decode(bytes));
  } catch (error) {
    throw new UserError(`cannot read '${path}' as a PNG image: ${messageOf(error)}`);
  }
}

/** A grey image, `height * width` values from 0 (black) to 1 (white), as an address that holds the whole PNG file. */
export function pngAddress(pixels: Float32Array, height: number, width: number): string {
  const data = Uint8Array.from(pixels, (value) => Math.round(255 * Math.min(1, Math.max(0, value))));
  return `data:image/png;base64,${Buffer.from(encode({ width, height, data, channels: 1 })).toString('base64')}`;
}

/** Width and height stand at fixed places in the first chunk. */
function checkSize(bytes: Buffer): void {
  if (bytes.length < 24) return;
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  if (width * height > MOST_PIXELS) throw new RangeError(`${width} x ${height} pixels are too many`);
}

function toGrey(png: DecodedPng): Tensor {
  const { width, height, depth } = png;
  const data = png.palette === undefined ? png.data : convertIndexedToRgb(png);
  const channels = data.length / (width * height);
  const white = png.palette === undefined ? 2 ** depth - 1 : 255;
  const grey = new Float32Array(width * height);
  for (let i = 0; i < grey.length; i++) {
    const pixel = data.subarray(i * channels, (i + 1) * channels);
    // Luma of ITU-R BT.601, which is what most programs mean by grey.
    const light = channels < 3 ? pixel[0] : 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
    const opacity = channels % 2 === 0 ? pixel[channels - 1] / white : 1;
    grey[i] = (light / white) * opacity + (1 - opacity);
  }
  return new Tensor(grey, [1, 1, height, width]);
}
