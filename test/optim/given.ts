import type { Gradients } from '../../src/autograd/gradients.ts';
import { add, mul } from '../../src/autograd/ops/arithmetic.ts';
import { sum } from '../../src/autograd/ops/reductions.ts';
import { type Parameter, parameter } from '../../src/autograd/parameter.ts';
import { backward } from '../../src/autograd/tape.ts';
import { Module } from '../../src/nn/module.ts';
import { tensor } from '../../src/tensor/create.ts';
import type { NestedArray, Tensor } from '../../src/tensor/tensor.ts';

/** A module of two parameters whose values are given. */
export class Pair extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;

  constructor(weight: NestedArray, bias: NestedArray) {
    super();
    this.weight = parameter(tensor(weight));
    this.bias = parameter(tensor(bias));
  }

  override forward(x: Tensor): Tensor {
    return add(mul(x, this.weight), this.bias);
  }
}

/** Gradients with given values: those of the sum of each parameter times its own. */
export function given(...entries: readonly (readonly [parameter: Parameter, g: NestedArray])[]): Gradients {
  const terms = entries.map(([p, g]) => sum(mul(p, tensor(g))));
  return backward(terms.reduce((a, b) => add(a, b)));
}
