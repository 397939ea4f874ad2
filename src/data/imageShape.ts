import { type Shape, ShapeError } from '../tensor/shape.ts';

/** The lengths of `[N, C, H, W]`. Throws: ShapeError for another number of axes. */
export function imageShape(op: string, shape: Shape): readonly [number, number, number, number] {
  const [batch, channels, height, width] = shape;
  if (shape.length !== 4) throw new ShapeError(op, 'x must be [N, C, H, W]', [shape], 'reshape() adds missing axes.');
  return [batch, channels, height, width];
}
