import { checkInteger } from '../../check.ts';
import { type Kernels, useKernels } from '../kernels.ts';
import { createActivations } from './activations.ts';
import { createChannels } from './channels.ts';
import { createConv2d } from './conv2d.ts';
import { createPairDistances } from './distances.ts';
import { createGates } from './gates.ts';
import { simdBytes, startLater } from './machine.ts';
import { createMatmul } from './matmul.ts';
import { createMaxPool2d } from './maxPool2d.ts';
import { createRelu } from './relu.ts';
import { createSoftmax } from './softmax.ts';
import { createSums } from './sums.ts';
import { LEAST_MEGABYTES } from './workspace.ts';

/** Options of `createSimdKernels`. */
export interface SimdOptions {
  /** A module compiled from `simdBytes()`. Default: compiled now, which some runtimes allow only while modules load. */
  readonly module?: WebAssembly.Module | undefined;
  /**
   * Memory reserved at first use, in megabytes, of which all but 8 serve `scope`; where it is not granted, half of it,
   * a quarter, and so on, at least 16. Pages take up real memory only when they are used.
   * Default 512; 32 in Cloudflare's isolates, which have 128 in all.
   */
  readonly megabytes?: number | undefined;
  /**
   * Multiplies and adds in one instruction (relaxed SIMD): products take about an eighth less time where the engine fuses
   * them, but results differ between engines and machines in the last digits, and the same seed no longer gives the same
   * bits everywhere.
   * The set is named 'simd-relaxed'. Node 20 and WebKit lack it. A `module` must be compiled from bytes made with it.
   * Default false.
   */
  readonly relaxed?: boolean | undefined;
}

const MEGABYTES = 512;
const ISOLATE_MEGABYTES = 32;

/**
 * Kernels on WebAssembly SIMD128, many times faster than the portable ones. `import 'twingrad'` makes and uses them by
 * itself; this is for a module compiled ahead, another size of memory, or a program built on `twingrad/portable`.
 *
 * Sums are taken in single precision in a fixed order: the same bits on every engine, within the rounding of single
 * precision of the portable kernels' results. What does not fit (a single image or eight columns of a matrix beyond
 * 8 MB) takes the portable kernels.
 *
 * Throws: TypeError where the runtime has no WebAssembly, no SIMD, or refuses to compile; RangeError for `megabytes`
 * that are no integer of at least 16. More than 2048 are taken for 2048.
 *
 * @example createSimdKernels({ megabytes: 64 }).name // 'simd'
 */
export function createSimdKernels(options: SimdOptions = {}): Kernels {
  const { module, megabytes = defaultMegabytes(), relaxed = false } = options;
  checkInteger('createSimdKernels', 'megabytes', megabytes, LEAST_MEGABYTES);
  const getMachine = startLater(module ?? compile(relaxed), megabytes);
  return Object.freeze({
    name: relaxed ? 'simd-relaxed' : 'simd',
    reserve: () => getMachine()?.workspace.reserve,
    matmul: createMatmul(getMachine),
    ...createConv2d(getMachine),
    ...createMaxPool2d(getMachine),
    ...createRelu(getMachine),
    ...createChannels(getMachine),
    ...createActivations(getMachine),
    ...createSoftmax(getMachine),
    ...createGates(getMachine),
    sums: createSums(getMachine),
    pairDistances: createPairDistances(getMachine),
  });
}

/** Makes the SIMD kernels the active ones where the runtime can compile them; else those that are active stay. */
export function installSimdKernels(): void {
  try {
    useKernels(createSimdKernels());
  } catch {
    // No WebAssembly, no SIMD, or a content security policy that forbids compiling: the portable kernels do all.
  }
}

function compile(relaxed: boolean): WebAssembly.Module {
  try {
    return new WebAssembly.Module(simdBytes({ relaxed }));
  } catch (cause) {
    throw new TypeError(
      `createSimdKernels: WebAssembly ${relaxed ? 'relaxed ' : ''}SIMD cannot be compiled here. Use portableKernels, or pass a module compiled ahead.`,
      { cause },
    );
  }
}

function defaultMegabytes(): number {
  return globalThis.navigator?.userAgent === 'Cloudflare-Workers' ? ISOLATE_MEGABYTES : MEGABYTES;
}
