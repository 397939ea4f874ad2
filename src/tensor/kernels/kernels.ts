import { isDouble } from '../precision.ts';

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
