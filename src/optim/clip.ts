import { GradientMap, type Gradients } from '../autograd/gradients.ts';
import { allocate } from '../tensor/precision.ts';
import { Tensor } from '../tensor/tensor.ts';

/**
 * Scales gradients so that their joint Euclidean norm is at most `maxNorm`; the input is left as it is.
 *
 * Formula: `g * min(1, maxNorm / norm)`. Returns the gradients and the norm before clipping; scaled gradients are plain
 * numbers that belong to no graph.
 * Source: Pascanu, Mikolov, Bengio 2013. Throws: RangeError unless maxNorm is above 0, or where the norm is not finite.
 *
 * @example
 * const w = parameter(tensor([3, 4]));
 * clipGradientNorm(backward(sum(mul(w, w))), { maxNorm: 5 }).norm // 10
 */
export function clipGradientNorm(
  gradients: Gradients,
  { maxNorm }: { readonly maxNorm: number },
): { readonly gradients: Gradients; readonly norm: number } {
  checkMaxNorm('clipGradientNorm', 'maxNorm', maxNorm);
  let squares = 0;
  for (const [, { data }] of gradients) for (let i = 0; i < data.length; i++) squares += data[i] * data[i];
  const norm = Math.sqrt(squares);
  if (!Number.isFinite(norm)) {
    throw new RangeError(
      `clipGradientNorm: the norm of the gradients is ${norm}. Check the loss for NaN, or lower the learning rate.`,
    );
  }
  if (norm <= maxNorm) return { gradients, norm };
  const scale = maxNorm / norm;
  const clipped = new Map<Tensor, Tensor>();
  for (const [parameter, g] of gradients) {
    const from = g.data;
    const data = allocate([g], g.shape);
    for (let i = 0; i < data.length; i++) data[i] = from[i] * scale;
    clipped.set(parameter, new Tensor(data, g.shape));
  }
  return { gradients: new GradientMap(clipped), norm };
}

/** Throws a RangeError unless a limit of the norm is above 0; Infinity limits nothing. */
export function checkMaxNorm(op: string, name: string, maxNorm: number): void {
  if (!(maxNorm > 0)) throw new RangeError(`${op}: ${name} must be above 0; got ${maxNorm}.`);
}
