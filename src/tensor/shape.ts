/** The lengths of a tensor's axes, outermost first. `[]` is a scalar. */
export type Shape = readonly number[];

/**
 * Shapes that do not fit an operation.
 *
 * The message reads `op: what is wrong; got shapes. What to do.`; `op` and `shapes` hold the same facts for programs.
 */
export class ShapeError extends RangeError {
  override readonly name = 'ShapeError';
  readonly op: string;
  readonly shapes: readonly Shape[];

  constructor(op: string, problem: string, shapes: readonly Shape[], remedy: string) {
    const got = shapes.length === 0 ? '' : `; got ${shapes.map(formatShape).join(' and ')}`;
    super(`${op}: ${problem}${got}. ${remedy}`);
    this.op = op;
    this.shapes = shapes;
  }
}

/** `[2, 3]` as text. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

/** The most elements of a tensor: positions are 32-bit integers, and not every engine makes arrays beyond 8 GB. */
const MOST_ELEMENTS = 2 ** 31 - 1;

/** Throws unless every length is a non-negative integer and an array can hold the elements. */
export function checkShape(op: string, shape: Shape): void {
  for (const length of shape) {
    if (!Number.isInteger(length) || length < 0) {
      throw new ShapeError(
        op,
        'every length must be a non-negative integer',
        [shape],
        'Check how the shape was computed.',
      );
    }
  }
  // Negated, since infinity times 0 is NaN.
  if (!(sizeOf(shape) <= MOST_ELEMENTS)) {
    throw new ShapeError(
      op,
      'the shape has more elements than a tensor can hold',
      [shape],
      `Use smaller lengths: at most ${MOST_ELEMENTS} elements in all.`,
    );
  }
}

/** The distance in elements between neighbors on each axis of a contiguous tensor. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis];
  }
  return strides;
}

/** The index along each axis of element `index`. */
export function coordinatesOf(index: number, shape: Shape): number[] {
  const strides = stridesOf(shape);
  return shape.map((length, axis) => Math.floor(index / strides[axis]) % length);
}

/** Whether two shapes have equally many axes, of equal lengths; nothing is broadcast. */
export function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/**
 * The shape two operands broadcast to, by NumPy's rule: align at the right, lengths agree or one of them is 1.
 *
 * @example broadcastShapes('add', [2, 1], [3]) // [2, 3]
 */
export function broadcastShapes(op: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const m = i <= a.length ? a[a.length - i] : 1;
    const n = i <= b.length ? b[b.length - i] : 1;
    if (m !== n && m !== 1 && n !== 1) {
      throw new ShapeError(
        op,
        `shapes do not broadcast (axis ${rank - i}: ${m} against ${n})`,
        [a, b],
        'Align them at the right; each pair of lengths must be equal or hold a 1. reshape() can insert axes of length 1.',
      );
    }
    out[rank - i] = m === 1 ? n : m;
  }
  checkShape(op, out);
  return out;
}

/** Turns an axis that may be negative into `0 .. rank - 1`. */
export function resolveAxis(op: string, axis: number, shape: Shape): number {
  const resolved = axis < 0 ? axis + shape.length : axis;
  if (!Number.isInteger(axis) || resolved < 0 || resolved >= shape.length) {
    throw new ShapeError(
      op,
      `axis ${axis} is not an axis of the tensor`,
      [shape],
      shape.length === 0 ? 'A scalar has no axes.' : `Use ${-shape.length} to ${shape.length - 1}.`,
    );
  }
  return resolved;
}

/** The same of one axis or several, none of them twice. */
export function resolveAxes(op: string, axis: number | readonly number[], shape: Shape): number[] {
  const listed = typeof axis === 'number' ? [axis] : axis;
  const axes = listed.map((a) => resolveAxis(op, a, shape));
  if (new Set(axes).size !== axes.length) {
    throw new ShapeError(op, `an axis is listed twice in [${listed.join(', ')}]`, [shape], 'List each axis once.');
  }
  return axes;
}
