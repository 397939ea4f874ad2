export {
  type Conv2dSpec,
  type Kernels,
  type MatmulSpec,
  portableKernels,
  useKernels,
} from './tensor/kernels/kernels.ts';
