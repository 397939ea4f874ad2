import { mul } from '../autograd/ops/arithmetic.ts';
import { gather, oneHot } from '../autograd/ops/indexed.ts';
import { normalize } from '../autograd/ops/normalize.ts';
import { linear } from '../autograd/ops/products.ts';
import { reshape } from '../autograd/ops/rearrange.ts';
import { choose } from '../autograd/ops/selection.ts';
import type { Parameter } from '../autograd/parameter.ts';
import { type Initializer, xavierNormal } from '../nn/initializers.ts';
import { Module } from '../nn/module.ts';
import { checkSizes, initialWeight } from '../nn/weights.ts';
import { type Integers, IntTensor } from '../tensor/intTensor.ts';
import type { Random } from '../tensor/random.ts';
import { ShapeError } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { crossEntropy } from './crossEntropy.ts';
import { classesOf } from './labelledBatch.ts';

/* What losses of class weights share: a vector for each class, which embeddings are compared with by their direction. */

/** Options of the modules that own a weight for each class. */
export interface ClassWeightOptions {
  /** Where the first values are drawn from. */
  readonly random: Random;
  /**
   * First values of the weight. Default `xavierNormal`. Only directions count in the scores; the longer a row is, the
   * less a step turns it.
   */
  readonly initialize?: Initializer | undefined;
}

/** A weight for each class, `[C, D]`: trained beside the encoder, by an optimizer made for both. */
export abstract class ClassWeights extends Module {
  /** `[C, D]`, row c for the label c. */
  readonly weight: Parameter;

  constructor(
    layer: string,
    embeddingSize: number,
    classes: number,
    { random, initialize = xavierNormal }: ClassWeightOptions,
  ) {
    super();
    checkSizes(layer, { embeddingSize, classes });
    this.weight = initialWeight(layer, [classes, embeddingSize], initialize, random);
  }

  /** The scores of the classes for embeddings `[N, D] -> [N, C]`, higher where nearer, without a margin: for inference. */
  abstract override forward(embeddings: Tensor): Tensor;

  /** The loss of embeddings `[N, D]` with N labels from 0 to C - 1, as the function of the same name. */
  abstract loss(embeddings: Tensor, labels: Integers): Tensor;
}

/** The cosine of every embedding with every weight, `[N, D], [C, D] -> [N, C]`. Throws: ShapeError for other shapes. */
export function classCosines(op: string, embeddings: Tensor, weight: Tensor): Tensor {
  const [rows, centers] = directionsOf(op, embeddings, weight);
  return linear(rows, centers);
}

/** A labelled batch beside class weights, by direction. */
export interface Classified {
  /** Embeddings of length 1 (0 where they are 0), `[N, D]`. */
  readonly rows: Tensor;
  /** Weights of length 1 (0 where they are 0), `[C, D]`. */
  readonly centers: Tensor;
  /** The label of each row. */
  readonly classes: Int32Array;
}

/**
 * Directions and labels, checked. Throws: ShapeError unless they are `[N, D]`, `[C, D]`, C above 0, and N labels;
 * RangeError, with its position, for a label without a weight.
 */
export function classified(op: string, embeddings: Tensor, weight: Tensor, labels: Integers): Classified {
  const classes = classesOf(op, embeddings, labels);
  const [rows, centers] = directionsOf(op, embeddings, weight);
  const count = weight.shape[0];
  const wrong = classes.findIndex((label) => label < 0 || label >= count);
  if (wrong >= 0) {
    throw new RangeError(
      `${op}: labels[${wrong}] is ${classes[wrong]}, but the weight has ${count} classes. Number the classes from 0, with a Map from the ids to their numbers.`,
    );
  }
  return { rows, centers, classes };
}

/** The score of each row with its own class, `[N, C] -> [N]`. */
export function ownScores(scores: Tensor, classes: Int32Array): Tensor {
  const count = classes.length;
  return reshape(gather(scores, new IntTensor(classes, [count, 1]), { axis: 1 }), [count]);
}

/** Cross-entropy of scaled cosines, `[N]`: those with the own classes, `[N]`, are made smaller by `lowered` first. */
export function marginSoftmax(batch: Classified, scale: number, lowered: (own: Tensor) => Tensor): Tensor {
  const { rows, centers, classes } = batch;
  const cosines = linear(rows, centers);
  const own = reshape(lowered(ownScores(cosines, classes)), [classes.length, 1]);
  const changed = choose(oneHot(classes, centers.shape[0]), own, cosines);
  return crossEntropy(mul(changed, scale), classes, { reduction: 'none' });
}

function directionsOf(op: string, embeddings: Tensor, weight: Tensor): readonly [rows: Tensor, centers: Tensor] {
  const [from, to] = [embeddings.shape, weight.shape];
  if (from.length !== 2 || to.length !== 2 || from[1] !== to[1] || to[0] === 0) {
    throw new ShapeError(
      op,
      'expected embeddings [N, D] and weight [C, D]',
      [from, to],
      'Keep one row a class, as long as an embedding.',
    );
  }
  return [normalize(embeddings), normalize(weight)];
}
