import type { Conv2dSpec } from '../kernels.ts';
import { directForward, directInputGradient, directWeightGradient, suitsDirect } from './directConv2d.ts';
import { patchForward, patchInputGradient, patchWeightGradient } from './patchConv2d.ts';

/** `out = weight * x + bias`; [N, C, H, W] -> [N, F, outH, outW]. */
export function conv2d(
  x: Float32Array,
  weight: Float32Array,
  bias: Float32Array | undefined,
  out: Float32Array,
  spec: Conv2dSpec,
): void {
  (suitsDirect(spec) ? directForward : patchForward)(x, weight, bias, out, spec);
}

/** The gradient of the input, from the output's gradient g [N, F, outH, outW]. */
export function conv2dInputGradient(g: Float32Array, weight: Float32Array, out: Float32Array, spec: Conv2dSpec): void {
  (suitsDirect(spec) ? directInputGradient : patchInputGradient)(g, weight, out, spec);
}

/** The gradient of the weight, summed over the images. */
export function conv2dWeightGradient(g: Float32Array, x: Float32Array, out: Float32Array, spec: Conv2dSpec): void {
  (suitsDirect(spec) ? directWeightGradient : patchWeightGradient)(g, x, out, spec);
}
