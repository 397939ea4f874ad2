import {
  BatchNorm2d,
  Conv2d,
  createRandom,
  Flatten,
  GRU,
  loadStateDict,
  MaxPool2d,
  type Module,
  relu,
  Sequential,
  stateDict,
  Tensor,
  TransformerEncoderLayer,
} from 'twingrad';
import type { HostArrays } from '../arrays.ts';
import { referenceEncoder } from './encoder.ts';

/** The encoder of `reference-step` and `embed`, with the weights of the benchmark. */
export function createEncoder(arrays: HostArrays): Sequential {
  // What it draws is overwritten.
  return withWeights(referenceEncoder(createRandom(1)), arrays);
}

/** The encoder of `conv-heavy-step`. */
export function createConvHeavy(arrays: HostArrays): Sequential {
  const random = createRandom(1);
  const block = (inputs: number) => [
    new Conv2d(inputs, 64, 3, { padding: 1, random }),
    new BatchNorm2d(64),
    relu,
    new MaxPool2d(2),
  ];
  return withWeights(new Sequential(...block(1), ...block(64), ...block(64), ...block(64), new Flatten()), arrays);
}

/** The layers of `gru-step` and `transformer-step`. */
export function createGru(arrays: HostArrays): GRU {
  return withWeights(new GRU(64, 128, { returns: 'last', random: createRandom(1) }), arrays);
}

export function createTransformer(arrays: HostArrays): TransformerEncoderLayer {
  const options = { feedForward: 256, dropout: 0, activation: 'gelu', random: createRandom(1) } as const;
  return withWeights(new TransformerEncoderLayer(64, 4, options), arrays);
}

export function toTensor({ shape, data }: HostArrays[string]): Tensor {
  return new Tensor(data, shape);
}

/** Loads what the benchmark names; normalizations keep their ones and zeros. */
function withWeights<M extends Module>(module: M, arrays: HostArrays): M {
  const state = stateDict(module);
  for (const name of state.keys()) if (name in arrays) state.set(name, toTensor(arrays[name]));
  loadStateDict(module, state);
  return module;
}
