import * as t from '../../../src/portable.ts';

/*
 * What the table of ops is made of. Each family of ops has a file here; `opTable.ts` joins them. Every row is run by
 * ops.test.ts under both kernel sets, compared with PyTorch by references/pytorch.test.ts, and listed in docs/ops.md.
 */

/** Reads a tensor by index, in double precision. */
export type Read = (...index: number[]) => number;

/** One way to call an op: its inputs, and what each element of its output is, index by index. */
export interface Case {
  readonly name: string;
  readonly inputs: readonly t.Tensor[];
  readonly fn: (...inputs: t.Tensor[]) => t.Tensor;
  readonly shape: readonly number[];
  readonly oracle: (index: readonly number[], ...inputs: Read[]) => number;
  /**
   * For an op whose derivatives take a part of it for a constant: the same with that part as it is at given inputs, where
   * it has the derivatives that are meant. Differences are taken of it.
   */
  readonly withConstantsAt?: (...at: t.Tensor[]) => (...inputs: t.Tensor[]) => t.Tensor;
}

/** Whether there is nothing in a case that could be compared with differences. */
export const isEmpty = ({ inputs, shape }: Case): boolean => inputs.every((x) => x.size === 0) || sizeOf(shape) === 0;

/** What lies at an edge of an op's domain. `window` is a kernel or window that overhangs, gaps or is not square. */
type EdgeKind =
  | 'tie' | 'kink' | 'zero' | 'empty' | 'scalar' | 'NaN' | 'infinity' | 'huge' | 'denormal' | 'window' | 'masked';

/** A point at an edge: what the op gives there, and its gradient, in float32. */
export interface Edge {
  readonly edge: EdgeKind;
  readonly inputs: readonly (t.NestedArray | t.Tensor)[];
  readonly fn: (...inputs: t.Tensor[]) => t.Tensor;
  /** The elements expected, in any nesting; equal to two units in the last place. */
  readonly value: t.NestedArray;
  /** The shape expected, where it is not that of `value`. */
  readonly shape?: readonly number[];
  /** The gradients of the output's sum expected, one for each input; undefined where there is nothing to say. */
  readonly gradients?: readonly (t.NestedArray | undefined)[];
}

/** A call that must be refused: the class of the error, and its whole message. */
export interface Refusal {
  readonly call: () => unknown;
  readonly error: typeof t.ShapeError | RangeErrorConstructor | TypeErrorConstructor;
  readonly message: string;
}

/** Calls the op as a case of the PyTorch fixture says: inputs by PyTorch's names, options by twingrad's. */
// biome-ignore lint/suspicious/noExplicitAny: options come from a JSON file.
export type PyTorchCall = (inputs: Record<string, t.Tensor>, options: any) => t.Tensor;

/** Everything that is tested of one op. */
export interface Row {
  readonly cases: readonly Case[];
  /** What it does where its domain ends. */
  readonly edges?: readonly Edge[];
  readonly refuses?: readonly Refusal[];
  /** How the fixture's cases are called; a text says why it has none. */
  readonly pytorch: PyTorchCall | string;
  /** Why it has no gradient, where it has none. */
  readonly noGradient?: string;
}

/** Makers of inputs, with a stream of their own for each family. */
export interface Draws {
  /** Normal numbers, different in every call, at least `gap` away from 0. */
  normal(shape: readonly number[], gap?: number): t.Tensor;
  /** Uniform numbers in [low, high). */
  uniform(shape: readonly number[], low: number, high: number): t.Tensor;
  /** All elements different by at least 0.01 from one another and from those of the calls before, in random order. */
  distinct(shape: readonly number[]): t.Tensor;
}

export function draws(family: string): Draws {
  const random = t.createRandom(20).fork('op table').fork(family);
  let drawn = 0;
  return {
    normal(shape, gap = 0) {
      const stream = random.fork(drawn++);
      const data = Float32Array.from({ length: sizeOf(shape) }, () => {
        for (;;) {
          const value = stream.normal();
          if (Math.abs(value) > gap) return value;
        }
      });
      return t.tensor(data, shape);
    },
    uniform: (shape, low, high) =>
      t.tensor(random.fork(drawn++).fillUniform(new Float32Array(sizeOf(shape)), low, high), shape),
    distinct(shape) {
      const size = sizeOf(shape);
      const shift = 0.017 * (drawn % 5);
      const order = random.fork(drawn++).permutation(size);
      return t.tensor(Float32Array.from(order, (rank) => 0.1 * rank - 0.05 * size + shift), shape);
    },
  };
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Cases of an elementwise op of one tensor. */
export const unary = (fn: (x: t.Tensor) => t.Tensor, x: t.Tensor, oracle: (v: number) => number): Case[] => [
  { name: 'elementwise', inputs: [x], fn, shape: x.shape, oracle: (index, read) => oracle(read(...index)) },
  { name: 'scalar', inputs: [t.tensor(0.7)], fn, shape: [], oracle: (_, read) => oracle(read()) },
  { name: 'empty', inputs: [t.zeros([0, 3])], fn, shape: [0, 3], oracle: () => 0 },
];

export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
export const total = (n: number, f: (i: number) => number): number => range(n).reduce((s, i) => s + f(i), 0);
/** The length of a row. */
export const length = (read: Read, row: number, width: number): number => Math.sqrt(total(width, (d) => read(row, d) ** 2));
/** The squared distance between two rows. */
export const apart = (a: Read, i: number, b: Read, j: number, width: number): number => total(width, (d) => (a(i, d) - b(j, d)) ** 2);
export const cosine = (a: Read, i: number, b: Read, j: number, width: number): number =>
  total(width, (d) => a(i, d) * b(j, d)) / (length(a, i, width) * length(b, j, width));
export const hinge = (v: number): number => Math.max(0, v);
export const logistic = (v: number): number => Math.log1p(Math.exp(v));
