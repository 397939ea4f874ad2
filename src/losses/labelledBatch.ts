import { type Integers, toIntegers } from '../tensor/intTensor.ts';
import { ShapeError } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/**
 * The class of each row of embeddings, checked; `names` are those of the two arguments. Throws: ShapeError unless they
 * are `[N, D]` with N labels.
 */
export function classesOf(
  op: string,
  embeddings: Tensor,
  labels: Integers,
  names: readonly [embeddings: string, labels: string] = ['embeddings', 'labels'],
): Int32Array {
  const classes = toIntegers(op, names[1], labels);
  if (embeddings.shape.length !== 2 || embeddings.shape[0] !== classes.length) {
    throw new ShapeError(
      op,
      `expected ${names[0]} [N, D] and N ${names[1]}`,
      [embeddings.shape, [classes.length]],
      'Pass one label a row.',
    );
  }
  return classes;
}

/** Which rows of a batch belong together, as masks `[N, N]` of 0 and 1: constants, which no gradient flows into. */
export interface Relations {
  /** 1 where row j is of the class of row i, and another row. */
  readonly same: Tensor;
  /** 1 where row j is of another class than row i. */
  readonly different: Tensor;
  /** How many rows of its class each row has besides itself. */
  readonly positives: Int32Array;
  /** How many rows of other classes each row has. */
  readonly negatives: Int32Array;
}

/** The relations of all rows of a batch with all. Cost: `2 N^2` memory. */
export function relationsOf(classes: Int32Array): Relations {
  const count = classes.length;
  const same = new Float32Array(count * count);
  const different = new Float32Array(count * count);
  const positives = new Int32Array(count);
  const negatives = new Int32Array(count);
  for (let i = 0, at = 0; i < count; i++) {
    for (let j = 0; j < count; j++, at++) {
      if (classes[i] !== classes[j]) {
        different[at] = 1;
        negatives[i]++;
      } else if (i !== j) {
        same[at] = 1;
        positives[i]++;
      }
    }
  }
  const shape = [count, count];
  return { same: new Tensor(same, shape), different: new Tensor(different, shape), positives, negatives };
}
