import type { Shape } from './shape.ts';

/** Axes longer than this are printed as their first and last three entries. */
const PRINT_LIMIT = 8;

/** Numbers of a shape as nested lists, `[[1, 2], [3, 4]]`. */
export function print(data: ArrayLike<number>, shape: Shape, format: (value: number) => string): string {
  const list = (axis: number, offset: number, size: number): string => {
    if (axis === shape.length) return format(data[offset]);
    const length = shape[axis];
    const step = length === 0 ? 0 : size / length;
    const entries = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => list(axis + 1, offset + (from + i) * step, step)).join(', ');
    return length <= PRINT_LIMIT
      ? `[${entries(0, length)}]`
      : `[${entries(0, 3)}, ..., ${entries(length - 3, length)}]`;
  };
  return list(0, 0, data.length);
}
