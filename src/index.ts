import { installSimdKernels } from './tensor/kernels/simd/simd.ts';

export * from './portable.ts';

installSimdKernels();
