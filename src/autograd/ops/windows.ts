import { checkInteger } from '../../tensor/check.ts';
import { type Shape, ShapeError } from '../../tensor/shape.ts';

/** A number, or one number for height and one for width. */
export type Pair = number | readonly [height: number, width: number];

/** Both numbers of a Pair option, checked. */
export function pair(op: string, name: string, value: Pair, least: number): readonly [number, number] {
  const [height, width] = bothOf(op, name, value);
  checkInteger(op, name, height, least);
  checkInteger(op, name, width, least);
  return [height, width];
}

/** Both numbers of a Pair, unchecked. */
export function bothOf(op: string, name: string, value: Pair): readonly [number, number] {
  if (typeof value === 'number') return [value, value];
  if (value.length !== 2)
    throw new RangeError(`${op}: ${name} must be a number, or one for height and one for width; got [${value}].`);
  return value;
}

/** Throws unless a tensor is `[N, C, H, W]` with pixels: padding alone holds nothing to choose or to weigh. */
export function checkImages(op: string, shape: Shape): void {
  if (shape.length !== 4) throw new ShapeError(op, 'x must be [N, C, H, W]', [shape], 'reshape() adds missing axes.');
  checkPixels(op, shape);
}

/** Throws unless an image `[N, C, H, W]` has pixels. */
export function checkPixels(op: string, shape: Shape): void {
  if (shape[2] < 1 || shape[3] < 1)
    throw new ShapeError(op, 'the image has no pixels', [shape], 'Height and width must be at least 1.');
}

/** How many windows of a length fit when moved by `stride`. */
export function windowCount(length: number, window: number, stride: number): number {
  return Math.floor((length - window) / stride) + 1;
}

/** Sizes of a pooling, checked: of its windows, and how many there are. */
interface Windows {
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly padHeight: number;
  readonly padWidth: number;
  readonly outHeight: number;
  readonly outWidth: number;
}

/** The windows of a pooling of `[N, C, H, W]`. */
export function poolWindows(
  op: string,
  shape: Shape,
  size: Pair,
  { stride = size, padding = 0 }: { readonly stride?: Pair | undefined; readonly padding?: Pair | undefined },
): Windows {
  const [kernelHeight, kernelWidth] = pair(op, 'size', size, 1);
  const [strideHeight, strideWidth] = pair(op, 'stride', stride, 1);
  const [padHeight, padWidth] = pair(op, 'padding', padding, 0);
  checkImages(op, shape);
  const outHeight = windowCount(shape[2] + 2 * padHeight, kernelHeight, strideHeight);
  const outWidth = windowCount(shape[3] + 2 * padWidth, kernelWidth, strideWidth);
  if (outHeight < 1 || outWidth < 1 || 2 * padHeight > kernelHeight || 2 * padWidth > kernelWidth) {
    throw new ShapeError(
      op,
      `windows of ${kernelHeight} x ${kernelWidth} with padding ${padHeight}, ${padWidth} do not fit`,
      [shape],
      'Use a smaller size, and padding of at most half of it.',
    );
  }
  return { kernelHeight, kernelWidth, strideHeight, strideWidth, padHeight, padWidth, outHeight, outWidth };
}
