import { print } from './print.ts';
import { checkShape, formatShape, type Shape, ShapeError, sizeOf } from './shape.ts';

/** Maps the gradient of an op's output to the gradient of one of its inputs. */
export type Pullback = (g: Tensor) => Tensor;

/** How an op made a tensor. Written by `record`, read by `backward`; it holds the inputs, so the graph lives exactly as long as its outputs. */
export interface GraphNode {
  readonly name: string;
  /** Grows with every recorded op, so an op's serial is larger than those of its inputs. */
  readonly serial: number;
  /** The inputs that need a gradient, each with its pullback. */
  readonly edges: readonly (readonly [input: Tensor, pullback: Pullback])[];
}

/** Where tensors are listed as they are made, while a scope is open. */
let made: Tensor[] | undefined;

/** Lists every tensor made from now on; undefined ends it. Returns the list in use before. */
export function listTensors(into: Tensor[] | undefined): Tensor[] | undefined {
  const previous = made;
  made = into;
  return previous;
}

/** The list that tensors made now are entered in. */
export function listedTensors(): Tensor[] | undefined {
  return made;
}

/** Gives a tensor other memory with the same values, or what throws when it is read. */
export function replaceData(x: { data: Float32Array }, data: Float32Array): void {
  x.data = data;
}

/** Nested lists of numbers, as `toArray` returns and `tensor` accepts. */
export type NestedArray = number | readonly NestedArray[];

/**
 * Numbers with a shape: contiguous, row-major float32.
 *
 * Holds data, shape and printing; everything else is a function (`matmul(a, b)`), so a bundle contains what it calls.
 */
export class Tensor {
  /** The elements, last axis fastest. */
  readonly data: Float32Array;
  readonly shape: Shape;
  /** The op that made this tensor, or undefined for a leaf. */
  node: GraphNode | undefined;

  /** Wraps `data` without copying; the shape is copied, so that a caller may go on changing its array. */
  constructor(data: Float32Array, shape: Shape) {
    checkShape('tensor', shape);
    if (sizeOf(shape) !== data.length) {
      throw new ShapeError(
        'tensor',
        `${data.length} elements do not fill the shape`,
        [shape],
        `It holds ${sizeOf(shape)}.`,
      );
    }
    // What plain JavaScript may pass: an op that only gives data another shape would take the data of an IntTensor.
    if (data instanceof Int32Array) {
      throw new TypeError(
        'tensor: data must be floats; got an Int32Array. Use tensor(values) for numbers; ids go through an Embedding, classes through oneHot().',
      );
    }
    this.data = data;
    this.shape = shape.slice();
    this.node = undefined;
    if (made !== undefined) made.push(this);
  }

  /** Number of elements. */
  get size(): number {
    return this.data.length;
  }

  /**
   * The single element of a tensor that has one.
   *
   * @example tensor([[3]]).item() // 3
   */
  item(): number {
    if (this.data.length !== 1) {
      throw new ShapeError(
        'item',
        'the tensor does not hold exactly one element',
        [this.shape],
        'Reduce it first, e.g. with mean() or sum().',
      );
    }
    return this.data[0];
  }

  /**
   * A copy as nested arrays; a number for a scalar.
   *
   * @example zeros([2, 2]).toArray() // [[0, 0], [0, 0]]
   */
  toArray(): NestedArray {
    const { data, shape } = this;
    const build = (axis: number, offset: number, size: number): NestedArray => {
      if (axis === shape.length) return data[offset];
      const step = shape[axis] === 0 ? 0 : size / shape[axis];
      return Array.from({ length: shape[axis] }, (_, i) => build(axis + 1, offset + i * step, step));
    };
    return build(0, 0, data.length);
  }

  /** `Tensor [2, 3] [[1, 2, 3], [4, 5, 6]]`, long axes shortened to their ends. */
  toString(): string {
    return `Tensor ${formatShape(this.shape)} ${print(this.data, this.shape, shorten)}`;
  }
}

/** Six digits. */
function shorten(value: number): string {
  return String(Number(value.toPrecision(6)));
}
