import { describe, test } from 'vitest';
import * as direct from '../../src/tensor/kernels/portable/directConv2d.ts';
import * as patches from '../../src/tensor/kernels/portable/patchConv2d.ts';
import { conformance } from './conformance.ts';

/* Both ways of the portable convolution do every convolution, whichever of them is chosen for it. */

const ways = {
  direct: {
    conv2d: direct.directForward,
    conv2dInputGradient: direct.directInputGradient,
    conv2dWeightGradient: direct.directWeightGradient,
  },
  patches: {
    conv2d: patches.patchForward,
    conv2dInputGradient: patches.patchInputGradient,
    conv2dWeightGradient: patches.patchWeightGradient,
  },
} as const;

describe.each(Object.entries(ways))('%s', (name, kernels) => {
  const checks = conformance({ name, ...kernels }).filter((check) => check.name.startsWith('conv2d'));
  test.each(checks.map((check) => [check.name, check] as const))('%s', (_name, check) => check.run());
});
