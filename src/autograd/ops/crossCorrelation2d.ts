import { active, type Conv2dSpec } from '../../tensor/kernels/kernels.ts';
import * as portable from '../../tensor/kernels/portable/conv2d.ts';
import { allocate } from '../../tensor/precision.ts';
import { type Shape, ShapeError } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { record } from '../tape.ts';
import { convolutionSpec } from './conv2d.ts';
import { checkPixels } from './windows.ts';

/**
 * How similar each place of a feature map is to a template, each item having a template of its own: the dot product of
 * the template with the window there. The two maps are a twin's outputs for a search image and for what is sought in it.
 *
 * Shapes: x `[N, C, H, W]`, template `[N, C, h, w]` -> `[N, 1, H - h + 1, W - w + 1]`.
 * Gradient: as of `conv2d`, to both.
 * Cost: `2 N C h w (H - h + 1) (W - w + 1)` operations.
 * Source: Bertinetto, Valmadre, Henriques, Vedaldi, Torr 2016, "Fully-convolutional Siamese networks for object tracking",
 * equation 2.
 * Throws: ShapeError unless both have the same N and C and the template fits into x.
 *
 * @example crossCorrelation2d(tensor([[[[1, 2, 3]]]]), tensor([[[[1, 1]]]])).toArray() // [[[[3, 5]]]]
 */
export function crossCorrelation2d(x: Tensor, template: Tensor): Tensor {
  const shapes = [x.shape, template.shape] as const;
  if (x.shape.length !== 4 || template.shape.length !== 4 || x.shape[0] !== template.shape[0]) {
    throw new ShapeError(
      'crossCorrelation2d',
      'x must be [N, C, H, W] and template [N, C, h, w]',
      shapes,
      'Each item needs a template of its own; expand() repeats one.',
    );
  }
  checkPixels('crossCorrelation2d', x.shape);
  if (x.shape[1] !== template.shape[1])
    throw new ShapeError('crossCorrelation2d', 'x and template have different channels', shapes, 'Use one encoder.');
  const [height, width] = template.shape.slice(2);
  if (height < 1 || width < 1 || height > x.shape[2] || width > x.shape[3]) {
    throw new ShapeError(
      'crossCorrelation2d',
      'the template does not fit into x',
      shapes,
      'Its height and width must be at least 1 and at most those of x.',
    );
  }
  // One item is a convolution with a single filter. Folding the batch into channels would choose an algorithm by N.
  const spec = convolutionSpec('crossCorrelation2d', x.shape.with(0, 1), template.shape.with(0, 1), {}, shapes);
  return correlate(x, template, spec);
}

function correlate(x: Tensor, template: Tensor, spec: Conv2dSpec): Tensor {
  const shape = [x.shape[0], 1, spec.outHeight, spec.outWidth];
  const out = allocate([x, template], shape);
  const kernel = active(out).conv2d ?? portable.conv2d;
  eachItem(x.shape[0], x.data, template.data, out, (a, b, c) => kernel(a, b, undefined, c, spec));
  return record('crossCorrelation2d', out, shape, [
    [x, (g) => imageGradient(g, template, x.shape, spec)],
    [template, (g) => templateGradient(g, x, template.shape, spec)],
  ]);
}

function imageGradient(g: Tensor, template: Tensor, shape: Shape, spec: Conv2dSpec): Tensor {
  const out = allocate([g, template], shape);
  const kernel = active(out).conv2dInputGradient ?? portable.conv2dInputGradient;
  eachItem(shape[0], g.data, template.data, out, (a, b, c) => kernel(a, b, c, spec));
  return record('crossCorrelation2dImageGradient', out, shape, [
    [g, (h) => correlate(h, template, spec)],
    [template, (h) => templateGradient(g, h, template.shape, spec)],
  ]);
}

function templateGradient(g: Tensor, x: Tensor, shape: Shape, spec: Conv2dSpec): Tensor {
  const out = allocate([g, x], shape);
  const kernel = active(out).conv2dWeightGradient ?? portable.conv2dWeightGradient;
  eachItem(shape[0], g.data, x.data, out, (a, b, c) => kernel(a, b, c, spec));
  return record('crossCorrelation2dTemplateGradient', out, shape, [
    [g, (h) => correlate(x, h, spec)],
    [x, (h) => imageGradient(g, h, x.shape, spec)],
  ]);
}

/** Calls `run` with each item's part of three arrays. */
function eachItem(
  count: number,
  a: Float32Array,
  b: Float32Array,
  out: Float32Array,
  run: (a: Float32Array, b: Float32Array, out: Float32Array) => void,
): void {
  const part = (data: Float32Array, i: number): Float32Array => {
    const size = data.length / count;
    return data.subarray(i * size, (i + 1) * size);
  };
  for (let i = 0; i < count; i++) run(part(a, i), part(b, i), part(out, i));
}
