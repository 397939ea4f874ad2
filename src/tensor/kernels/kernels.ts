import { isDouble } from '../precision.ts';
import type { Reserve } from '../reserve.ts';

/**
 * One product `out = op(a) op(b)`, or `out += ...` where `accumulate`.
 * `a` is stored [m, k] ([k, m] where `transposeA`), `b` [k, n] ([n, k] where `transposeB`), `out` [m, n], all contiguous.
 */
export interface MatmulSpec {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly accumulate: boolean;
}

/** The sizes of a 2-D convolution: x [batch, channels, height, width], weight [filters, channels / groups, kernelHeight, kernelWidth]. */
export interface Conv2dSpec {
  readonly batch: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly filters: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly padHeight: number;
  readonly padWidth: number;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
  readonly groups: number;
}

/** The windows of a 2-D pooling: x [planes, height, width], out [planes, outHeight, outWidth]. */
export interface Pool2dSpec {
  readonly planes: number;
  readonly height: number;
  readonly width: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly padHeight: number;
  readonly padWidth: number;
}

/** Data of channels: [batch, channels, pixels]. */
export interface ChannelSpec {
  readonly batch: number;
  readonly channels: number;
  readonly pixels: number;
}

/** Sums over two of four axes: x [groups, outer, kept, inner] becomes out [groups, kept]. */
export interface SumSpec {
  readonly groups: number;
  readonly outer: number;
  readonly kept: number;
  readonly inner: number;
}

/** A matrix [rows, width] whose rows are worked on one by one. */
export interface RowSpec {
  readonly rows: number;
  readonly width: number;
}

/** All pairs of a row of a [rows, width] and a row of b [columns, width]. */
export interface PairSpec {
  readonly rows: number;
  readonly columns: number;
  readonly width: number;
  /** Euclidean distances, else their squares. */
  readonly root: boolean;
}

/**
 * One step of a recurrent layer: `rows` sequences of `hidden` units. Arrays hold one row a sequence: `hidden` numbers, or
 * as many for each gate, gate after gate, in the order of PyTorch.
 */
export interface StepSpec {
  readonly rows: number;
  readonly hidden: number;
  readonly step: number;
  /** Steps of each sequence, which from then on rests, its state unchanged; undefined where all are in motion. */
  readonly lengths: Int32Array | undefined;
}

/** What a GRU keeps of a step. */
export interface GruStep {
  /** `state weight^T` on the way in; the gates r, z and n on the way out. */
  readonly gates: Float32Array;
  /** The state's part of n before r weighs it. */
  readonly candidate: Float32Array;
  /** The state before the step. */
  readonly state: Float32Array;
}

/** What an LSTM keeps of a step. */
export interface LstmStep {
  /** `state weight^T` on the way in; the gates i, f, g and o on the way out. */
  readonly gates: Float32Array;
  /** The cell before the step. */
  readonly before: Float32Array;
  /** The cell after it, and its tanh. */
  readonly cell: Float32Array;
  readonly shown: Float32Array;
}

/**
 * A set of kernels that replaces some of the portable ones. Each member writes every element of its output.
 * Callers have checked shapes; kernels trust them. Row i of a product and image i of a convolution must have the
 * same bits in any batch.
 */
export interface Kernels {
  /** Written into model files, because two sets need not agree to the last bit. */
  readonly name: string;
  readonly matmul?: (a: Float32Array, b: Float32Array, out: Float32Array, spec: MatmulSpec) => void;
  readonly conv2d?: (
    x: Float32Array,
    weight: Float32Array,
    bias: Float32Array | undefined,
    out: Float32Array,
    spec: Conv2dSpec,
  ) => void;
  readonly conv2dInputGradient?: (g: Float32Array, weight: Float32Array, out: Float32Array, spec: Conv2dSpec) => void;
  readonly conv2dWeightGradient?: (g: Float32Array, x: Float32Array, out: Float32Array, spec: Conv2dSpec) => void;
  /** `max(x, 0)`: NaN stays NaN, -0 becomes 0. */
  readonly relu?: (x: Float32Array, out: Float32Array) => void;
  /** `g` where y, the output of a relu, is not 0, else 0. */
  readonly gate?: (g: Float32Array, y: Float32Array, out: Float32Array) => void;
  /**
   * The largest entry of each window, and its position in x: at a tie the first in reading order; the last NaN where
   * there is one.
   */
  readonly maxPool2d?: (x: Float32Array, out: Float32Array, chosen: Int32Array, spec: Pool2dSpec) => void;
  /** The sum of g over the windows that chose an entry of x, and 0 where none did; `out` is as large as x. */
  readonly maxPool2dGradient?: (g: Float32Array, chosen: Int32Array, out: Float32Array, spec: Pool2dSpec) => void;
  /**
   * For each channel the sum of a and of `a (x - centers[c])`, in double precision; a is g, or `x - centers[c]` itself
   * where there is no g.
   */
  readonly channelSums?: (
    x: Float32Array,
    g: Float32Array | undefined,
    centers: Float64Array,
    totals: Float64Array,
    products: Float64Array,
    spec: ChannelSpec,
  ) => void;
  /**
   * `out = x scale + shift`, and `+ g slope` where there is a g, in double precision, rounded once. `factors` holds
   * scale, shift and slope of each channel.
   */
  readonly channelAffine?: (
    x: Float32Array,
    g: Float32Array | undefined,
    factors: Float64Array,
    out: Float32Array,
    spec: ChannelSpec,
  ) => void;
  /** Sums in double precision, each in an order that depends on `outer` and `inner` alone. */
  readonly sums?: (x: Float32Array, out: Float64Array, spec: SumSpec) => void;
  /**
   * `exp(x - max) / sum(exp(x - max))` in every row. Entries of -Infinity give 0, also where all of a row are; a row with
   * NaN or Infinity gives NaN. As of the three below, a row has the same bits in any batch.
   */
  readonly softmaxRows?: (x: Float32Array, out: Float32Array, spec: RowSpec) => void;
  /** `y (g - sum(g y))` in every row, y being the output of `softmaxRows`. */
  readonly softmaxGradientRows?: (y: Float32Array, g: Float32Array, out: Float32Array, spec: RowSpec) => void;
  /** `x - max - log(sum(exp(x - max)))` in every row. Entries of -Infinity stay so; a row with NaN or Infinity gives NaN. */
  readonly logSoftmaxRows?: (x: Float32Array, out: Float32Array, spec: RowSpec) => void;
  /** `g - exp(y) sum(g)` in every row, y being the output of `logSoftmaxRows`. */
  readonly logSoftmaxGradientRows?: (y: Float32Array, g: Float32Array, out: Float32Array, spec: RowSpec) => void;
  /** `1 / (1 + exp(-x))`. As of the five below, the bits of a number do not depend on those beside it. */
  readonly sigmoid?: (x: Float32Array, out: Float32Array) => void;
  readonly tanh?: (x: Float32Array, out: Float32Array) => void;
  /** `x / (1 + exp(-x))`, 0 at -Infinity. */
  readonly silu?: (x: Float32Array, out: Float32Array) => void;
  /** g times the slope of silu at x; y is its output. */
  readonly siluGradient?: (x: Float32Array, y: Float32Array, g: Float32Array, out: Float32Array) => void;
  /** `x Phi(x)`, Phi the normal distribution function; 0 at -Infinity. */
  readonly gelu?: (x: Float32Array, out: Float32Array) => void;
  /** g times the slope of gelu at x; y is its output. */
  readonly geluGradient?: (x: Float32Array, y: Float32Array, g: Float32Array, out: Float32Array) => void;
  /** `cell = f before + i g` and `next = o tanh(cell)`; at rest the cell and the state as they were. */
  readonly lstmGates?: (
    input: Float32Array,
    step: LstmStep,
    state: Float32Array,
    next: Float32Array,
    spec: StepSpec,
  ) => void;
  /** `next = (1 - z) n + z state`; at rest the state as it was. */
  readonly gruGates?: (
    input: Float32Array,
    bias: Float32Array | undefined,
    step: GruStep,
    next: Float32Array,
    spec: StepSpec,
  ) => void;
  /**
   * Distances of all pairs of rows, out [rows, columns]: to the bit the portable ones, which the distances of single
   * pairs are too. Where a and b are one array, its rows are compared with one another.
   */
  readonly pairDistances?: (a: Float32Array, b: Float32Array, out: Float32Array, spec: PairSpec) => void;
  /** `out[n] = sum over m of slopes[n, m] (x[n] - y[m])`; x and out [rows, width], y [columns, width]. */
  readonly pullDifferences?: (
    slopes: Float64Array,
    x: Float32Array,
    y: Float32Array,
    out: Float32Array,
    spec: PairSpec,
  ) => void;
  /**
   * The part of the set's own memory in which a scope may put tensors, so that kernels use them in place; made at the
   * first call and the same object at every other, undefined where memory could not be had. No array outside a scope
   * lies in it.
   */
  readonly reserve?: () => Reserve | undefined;
}

/** The empty set: every kernel is the portable one. */
export const portableKernels: Kernels = Object.freeze({ name: 'portable' });

let current: Kernels = portableKernels;

/**
 * Makes `kernels` the set that ops use, and returns the set used before.
 *
 * @example useKernels(useKernels(portableKernels)).name // 'portable'
 */
export function useKernels(kernels: Kernels): Kernels {
  const previous = current;
  current = kernels;
  return previous;
}

/** The active set, for the data an op will write; double precision always takes the portable kernels. */
export function active(out?: Float32Array): Kernels {
  return out !== undefined && isDouble(out) ? portableKernels : current;
}
