import type { Parameter } from '../autograd/parameter.ts';
import { pullThrough } from '../autograd/tape.ts';
import { ones } from '../tensor/create.ts';
import { Tensor } from '../tensor/tensor.ts';

/**
 * What a function of tensors computes, as the ops it records on `inputs`: `euclidean(normalize(x0),x1)`. Ops are named
 * by what they record, which minifiers leave alone; constants do not show. Undefined where the function throws on
 * these inputs or returns nothing that was computed from them. It is called once, and must be pure.
 */
export function graphSignature(fn: (...inputs: Tensor[]) => unknown, inputs: readonly Parameter[]): string | undefined {
  let signature: string | undefined;
  const probe = (...aliases: Tensor[]) => {
    const out = fn(...aliases);
    const leaves = new Map<Tensor, string>(aliases.map((alias, i) => [alias, `x${i}`]));
    if (out instanceof Tensor && (out.node !== undefined || leaves.has(out))) signature = describe(out, leaves);
    return aliases[0];
  };
  try {
    // It records, also where a model is saved inside noGrad; the input returned has no pullbacks to run.
    pullThrough(probe, inputs, 0, ones(inputs[0].shape));
  } catch {
    // A function of other inputs than these.
  }
  return signature;
}

/** The graph depth first; a tensor met again is written as `#` and the place of its first visit, so that none is walked twice. */
function describe(tensor: Tensor, known: Map<Tensor, string>): string {
  const name = known.get(tensor);
  if (name !== undefined) return name;
  if (tensor.node === undefined) return 'parameter';
  known.set(tensor, `#${known.size}`);
  return `${tensor.node.name}(${tensor.node.edges.map(([input]) => describe(input, known)).join(',')})`;
}
