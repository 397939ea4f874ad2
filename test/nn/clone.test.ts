import { describe, expect, test } from 'vitest';
import { relu } from '../../src/autograd/ops/activations.ts';
import { matmul } from '../../src/autograd/ops/products.ts';
import { sum } from '../../src/autograd/ops/reductions.ts';
import { Parameter, parameter } from '../../src/autograd/parameter.ts';
import { backward } from '../../src/autograd/tape.ts';
import { cloneModule } from '../../src/nn/clone.ts';
import { Conv2d } from '../../src/nn/convolutions.ts';
import { Dropout, Flatten, Linear } from '../../src/nn/dense.ts';
import { Module } from '../../src/nn/module.ts';
import { BatchNorm1d } from '../../src/nn/normalizations.ts';
import { MaxPool2d } from '../../src/nn/pooling.ts';
import { Sequential } from '../../src/nn/sequential.ts';
import { loadStateDict, namedParameters, stateDict } from '../../src/nn/state.ts';
import { ones, tensor } from '../../src/tensor/create.ts';
import { createRandom } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const random = createRandom(4);
const make = () =>
  new Sequential(
    new Conv2d(1, 2, 3, { random, stride: [1, 2], padding: 1 }),
    relu,
    new MaxPool2d(2),
    new Flatten(),
    new Linear(4, 3, { random, bias: false }),
    new BatchNorm1d(3, { momentum: 0.5 }),
    new Dropout(0.25),
  );
const values = (module: Module) => [...stateDict(module)].map(([name, t]) => [name, t.shape, [...t.data]]);

describe('cloneModule', () => {
  test('has equal names, values and results, and tensors of its own', () => {
    const original = make();
    const copy = cloneModule(original);
    expect(values(copy)).toEqual(values(original));
    const x = tensor(random.fork('x').fillNormal(new Float32Array(32), 0, 1), [2, 1, 4, 4]);
    expect(copy.forward(x).data).toEqual(original.forward(x).data);
    const again = cloneModule(copy);
    const train = (module: Module) => module.forward(x, { training: true, random: createRandom(1) }).data;
    expect(train(again)).toEqual(train(original));
    expect(values(again)).toEqual(values(original));
    loadStateDict(original, stateDict(copy));
    const [mine, theirs] = [stateDict(original), stateDict(copy)];
    for (const [name, t] of mine) {
      expect(theirs.get(name)).not.toBe(t);
      expect(theirs.get(name)?.data.buffer).not.toBe(t.data.buffer);
      expect(theirs.get(name) instanceof Parameter).toBe(t instanceof Parameter);
    }
  });

  test('keeps classes, options and functions', () => {
    const original = make();
    const copy = cloneModule(original);
    expect(copy).toBeInstanceOf(Sequential);
    expect(copy[0]).toBeInstanceOf(Conv2d);
    expect(copy[0]).not.toBe(original[0]);
    expect(copy[0]).toMatchObject({ stride: [1, 2], padding: 1, dilation: 1, groups: 1 });
    expect(copy[1]).toBe(relu);
    expect(copy[5]).toMatchObject({ momentum: 0.5, epsilon: 1e-5 });
    expect(copy[6]).toMatchObject({ p: 0.25 });
    expect(copy[4]).toMatchObject({ bias: undefined });
  });

  test('is independent, both ways, buffers included', () => {
    const original = make();
    const copy = cloneModule(original);
    const before = values(original);
    const x = tensor(random.fork('y').fillNormal(new Float32Array(32), 0, 1), [2, 1, 4, 4]);
    copy.forward(x, { training: true, random: createRandom(1) });
    for (const t of namedParameters(copy).values()) t.data.fill(7);
    expect(values(original)).toEqual(before);
    const after = values(copy);
    expect(after).not.toEqual(before);
    original.forward(x, { training: true, random: createRandom(1) });
    for (const t of namedParameters(original).values()) t.data.fill(-1);
    expect(values(copy)).toEqual(after);
  });

  test('shares within the copy what the original shares, and nothing with the original', () => {
    class Tied extends Module {
      readonly encoder = new Linear(2, 2, { random });
      readonly again = this.encoder;
      readonly weight = this.encoder.weight;
      readonly list = [this.encoder.weight, this.encoder];
      readonly sameList = this.list;
      readonly self: Module = this;

      override forward(x: Tensor): Tensor {
        return this.again.forward(matmul(x, this.weight));
      }
    }
    const original = new Tied();
    const copy = cloneModule(original);
    expect(copy.again).toBe(copy.encoder);
    expect(copy.weight).toBe(copy.encoder.weight);
    expect(copy.list[0]).toBe(copy.weight);
    expect(copy.list[1]).toBe(copy.encoder);
    expect(copy.sameList).toBe(copy.list);
    expect(copy.self).toBe(copy);
    expect(copy.encoder).not.toBe(original.encoder);
    expect(copy.list).not.toBe(original.list);
    expect(namedParameters(copy).size).toBe(2);
    copy.weight.data.fill(1);
    copy.encoder.bias?.data.fill(0);
    expect(copy.forward(tensor([[1, 2]])).toArray()).toEqual([[6, 6]]);
  });

  test('keeps getters and what is not enumerable', () => {
    class Lazy extends Module {
      readonly weight = parameter(ones([2]));
      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    const original = new Lazy();
    Object.defineProperty(original, 'total', { get: (): number => 5, enumerable: false });
    Object.defineProperty(original, 'hidden', { value: original.weight, enumerable: false });
    const copy = cloneModule(original);
    expect(Reflect.get(copy, 'total')).toBe(5);
    expect(Reflect.get(copy, 'hidden')).toBe(copy.weight);
  });

  test('leaves private fields behind, as its comment says', () => {
    class Private extends Module {
      readonly #scale = parameter(ones([1]));
      override forward(x: Tensor): Tensor {
        return matmul(x, this.#scale);
      }
    }
    expect(() => new Private().forward(ones([1]))).not.toThrow();
    expect(namedParameters(new Private()).size).toBe(0);
    expect(() => cloneModule(new Private()).forward(ones([1]))).toThrow(TypeError);
  });

  test('is trained by its own gradients', () => {
    const original = new Linear(1, 1, { random });
    const copy = cloneModule(original);
    const gradients = backward(sum(copy.forward(ones([1, 1]))));
    expect([gradients.has(copy.weight), gradients.has(original.weight)]).toEqual([true, false]);
  });

  test('cuts the graph of what it copies', () => {
    class Derived extends Module {
      readonly weight = parameter(ones([1]));
      readonly buffer = sum(this.weight);
      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    const original = new Derived();
    expect(original.buffer.node).toBeDefined();
    expect(cloneModule(original).buffer.node).toBeUndefined();
  });
});
