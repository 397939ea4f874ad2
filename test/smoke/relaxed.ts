import { createSimdKernels, type Kernels, useKernels } from 'twingrad/kernels';
import { type Report, report } from './program.ts';

/* The same training by exact and by relaxed SIMD kernels, where the runtime has these. */

/** What the relaxed kernels came to, or why there are none. */
export interface Relaxed {
  readonly exact: Report;
  readonly relaxed: Report | string;
}

const kernels = create();

const exact = await report();
if (typeof kernels !== 'string') useKernels(kernels);
const found: Relaxed = { exact, relaxed: typeof kernels === 'string' ? kernels : await report() };
console.info(JSON.stringify(found));

function create(): Kernels | string {
  try {
    return createSimdKernels({ relaxed: true });
  } catch (error) {
    return String(error);
  }
}
