import { describe, expect, test } from 'vitest';
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

/** Channels and filters in all, groups; and whether blocks of four filters would be mostly empty, or groups are small. */
test.each([
  ['depthwise', 32, 32, 32, true],
  ['three filters a group, many channels', 64, 3, 1, true],
  ['four filters a group, many channels', 64, 4, 1, false],
  ['groups of 4', 16, 16, 4, true],
  ['groups of 8', 16, 16, 2, true],
  ['groups of 9 channels', 18, 16, 2, false],
  ['groups of 9 filters', 16, 18, 2, false],
  ['one group of many', 32, 64, 1, false],
])('%s: %i channels and %i filters in %i groups go the direct way: %s', (_, channels, filters, groups, expected) => {
  const spec = { batch: 1, height: 5, width: 5, kernelHeight: 3, kernelWidth: 3, outHeight: 3, outWidth: 3 };
  const steps = { strideHeight: 1, strideWidth: 1, padHeight: 0, padWidth: 0, dilationHeight: 1, dilationWidth: 1 };
  expect(direct.suitsDirect({ ...spec, ...steps, channels, filters, groups })).toBe(expected);
});
