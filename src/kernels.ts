export {
  type ChannelSpec,
  type Conv2dSpec,
  type Kernels,
  type MatmulSpec,
  type Pool2dSpec,
  portableKernels,
  useKernels,
} from './tensor/kernels/kernels.ts';
export { type SimdBytesOptions, simdBytes } from './tensor/kernels/simd/machine.ts';
export { createSimdKernels, type SimdOptions } from './tensor/kernels/simd/simd.ts';
export type { Reserve } from './tensor/reserve.ts';
