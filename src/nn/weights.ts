import { type Parameter, parameter } from '../autograd/parameter.ts';
import { checkInteger } from '../tensor/check.ts';
import { checkSource, type Random } from '../tensor/random.ts';
import { type Shape, ShapeError, sameShape } from '../tensor/shape.ts';
import type { Initializer } from './initializers.ts';

/** Options of layers with weights. */
export interface WeightOptions {
  /** Where the first values are drawn from. */
  readonly random: Random;
  /** Adds a trainable bias. Default true. */
  readonly bias?: boolean | undefined;
  /** First values of the weight. Default uniform in `±1 / sqrt(fanIn)`, as in PyTorch: small, so that distances start within a margin of 1. */
  readonly initialize?: Initializer | undefined;
}

/** Throws a TypeError where a layer with weights was given nothing to draw them from. */
export function checkRandom(layer: string, random: Random): void {
  checkSource(layer, random, 'first values');
}

/** The first values of a weight, checked. */
export function initialWeight(layer: string, shape: Shape, initialize: Initializer, random: Random): Parameter {
  checkRandom(layer, random);
  const weight = initialize(shape, { random });
  if (!sameShape(weight.shape, shape)) {
    throw new ShapeError(
      layer,
      'initialize returned another shape than it was asked for',
      [weight.shape, shape],
      'Return a tensor of the shape that it is called with.',
    );
  }
  return parameter(weight);
}

/** Throws a RangeError, with its name, for a size that is not an integer of at least 1. */
export function checkSizes(layer: string, sizes: Readonly<Record<string, number>>): void {
  for (const [name, size] of Object.entries(sizes)) checkInteger(layer, name, size, 1);
}
