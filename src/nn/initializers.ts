import type { Random } from '../tensor/random.ts';
import { type Shape, ShapeError, sizeOf } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/** Makes the first values of a weight `[out, in, ...kernel]`. */
export type Initializer = (shape: Shape, options: { readonly random: Random }) => Tensor;

/** Options of the Kaiming initializers. */
export interface KaimingOptions {
  readonly random: Random;
  /** Slope of the leaky relu that follows; 0 (default) for relu, 1 for none. */
  readonly slope?: number | undefined;
}

/**
 * Uniform in `±sqrt(6 / ((1 + slope^2) fanIn))`: keeps the variance of activations through layers with relu.
 *
 * Shapes: weight `[out, in, ...kernel]`, fanIn = in * kernel. Source: He, Zhang, Ren, Sun 2015, equation 10.
 *
 * @example kaimingUniform([8, 4], { random: createRandom(1) }).shape // [8, 4]
 */
export function kaimingUniform(shape: Shape, { random, slope = 0 }: KaimingOptions): Tensor {
  checkSlope('kaimingUniform', slope);
  const limit = Math.sqrt(6 / ((1 + slope * slope) * fans('kaimingUniform', shape).fanIn));
  return new Tensor(random.fillUniform(new Float32Array(sizeOf(shape)), -limit, limit), shape);
}

/**
 * Normal with variance `2 / ((1 + slope^2) fanIn)`.
 *
 * Shapes and source: as `kaimingUniform`.
 *
 * @example kaimingNormal([8, 4], { random: createRandom(1) }).shape // [8, 4]
 */
export function kaimingNormal(shape: Shape, { random, slope = 0 }: KaimingOptions): Tensor {
  checkSlope('kaimingNormal', slope);
  const deviation = Math.sqrt(2 / ((1 + slope * slope) * fans('kaimingNormal', shape).fanIn));
  return new Tensor(random.fillNormal(new Float32Array(sizeOf(shape)), 0, deviation), shape);
}

/**
 * Uniform in `±sqrt(6 / (fanIn + fanOut))`: for layers with tanh, sigmoid or no activation.
 *
 * Shapes: weight `[out, in, ...kernel]`. Source: Glorot and Bengio 2010, equation 16.
 *
 * @example xavierUniform([8, 4], { random: createRandom(1) }).shape // [8, 4]
 */
export function xavierUniform(shape: Shape, { random }: { readonly random: Random }): Tensor {
  const { fanIn, fanOut } = fans('xavierUniform', shape);
  const limit = Math.sqrt(6 / (fanIn + fanOut));
  return new Tensor(random.fillUniform(new Float32Array(sizeOf(shape)), -limit, limit), shape);
}

/**
 * Normal with variance `2 / (fanIn + fanOut)`.
 *
 * Shapes and source: as `xavierUniform`.
 *
 * @example xavierNormal([8, 4], { random: createRandom(1) }).shape // [8, 4]
 */
export function xavierNormal(shape: Shape, { random }: { readonly random: Random }): Tensor {
  const { fanIn, fanOut } = fans('xavierNormal', shape);
  return new Tensor(random.fillNormal(new Float32Array(sizeOf(shape)), 0, Math.sqrt(2 / (fanIn + fanOut))), shape);
}

/** Weight of a layer, uniform in `±1 / sqrt(fanIn)`: PyTorch's default, `kaimingUniform` with slope sqrt(5). */
export function defaultWeight(shape: Shape, { random }: { readonly random: Random }): Tensor {
  return kaimingUniform(shape, { random, slope: Math.sqrt(5) });
}

/** Bias of a layer, uniform in `±1 / sqrt(fanIn)` as in PyTorch. */
export function initialBias(weight: Shape, random: Random): Tensor {
  const limit = 1 / Math.sqrt(fans('initialBias', weight).fanIn);
  return new Tensor(random.fillUniform(new Float32Array(weight[0]), -limit, limit), [weight[0]]);
}

function checkSlope(op: string, slope: number): void {
  if (!Number.isFinite(slope)) throw new RangeError(`${op}: slope must be a finite number; got ${slope}.`);
}

/** How many inputs an output sees, and how many outputs an input reaches. */
function fans(op: string, shape: Shape): { readonly fanIn: number; readonly fanOut: number } {
  const kernel = sizeOf(shape.slice(2));
  const fanIn = shape[1] * kernel;
  if (shape.length < 2 || sizeOf(shape) === 0) {
    throw new ShapeError(
      op,
      'a weight must be [out, in, ...kernel] without empty axes',
      [shape],
      'Use zeros() or full() for biases.',
    );
  }
  return { fanIn, fanOut: shape[0] * kernel };
}
