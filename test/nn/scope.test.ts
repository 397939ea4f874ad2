import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Kernels, portableKernels, useKernels } from '../../src/kernels.ts';
import * as t from '../../src/portable.ts';
import { createSimdKernels } from '../../src/tensor/kernels/simd/simd.ts';
import { poison } from '../poison.ts';

/*
 * What the table of ops is to ops (test/autograd/recycle.test.ts), for layers whose ops have no row of their own: in a
 * scope whose memory holds NaN, values and derivatives are to the bit those outside.
 */

const random = t.createRandom(3);
const sequence = t.tensor(random.fillNormal(new Float32Array(4 * 5 * 8), 0, 1), [4, 5, 8]);
const lengths = [5, 0, 3, 1];
const padding = t.tensor(
  Float32Array.from({ length: 20 }, (_, i) => (i % 5 < lengths[Math.floor(i / 5)] ? 1 : 0)),
  [4, 1, 5],
);
const recurrent = { random, layers: 2, bidirectional: true } as const;
const gru = new t.GRU(8, 6, recurrent);
const lstm = new t.LSTM(8, 6, recurrent);
const plain = new t.GRU(8, 6, { random, bias: false });
const attention = new t.MultiHeadAttention(8, 2, { random });
const encoder = new t.TransformerEncoderLayer(8, 2, { random, feedForward: 12, dropout: 0 });
const embedding = new t.Embedding(7, 8, { random, paddingIndex: 0 });
const ids = t.intTensor(
  Int32Array.from({ length: 20 }, (_, i) => (i * 3) % 7),
  [4, 5],
);
const all = (...parts: readonly t.Tensor[]) => t.concat(parts.map((x) => t.reshape(x, [-1])));

const layers: readonly (readonly [string, t.Module, (x: t.Tensor) => t.Tensor])[] = [
  ['GRU', gru, (x) => gru.forward(x)],
  ['GRU without bias', plain, (x) => plain.forward(x)],
  ['GRU of lengths', gru, (x) => Object.values(gru.run(x, { lengths })).reduce((a, b) => all(a, b))],
  ['LSTM', lstm, (x) => lstm.forward(x)],
  ['LSTM of lengths', lstm, (x) => Object.values(lstm.run(x, { lengths })).reduce((a, b) => all(a, b))],
  ['MultiHeadAttention', attention, (x) => attention.attend(x, x, x, { mask: padding })],
  ['TransformerEncoderLayer', encoder, (x) => encoder.encode(x, { causal: true })],
  ['Embedding', embedding, (x) => t.mul(embedding.forward(ids), x)],
];

const numbers = ({ data }: t.Tensor) => Array.from(data);

/** Value, first and second derivatives. */
function results(module: t.Module, fn: (x: t.Tensor) => t.Tensor): number[][] {
  const x = t.parameter(sequence);
  const leaves = [x, ...t.namedParameters(module).values()];
  const collect = (gradients: t.Gradients) => leaves.map((leaf) => numbers(gradients.get(leaf)));
  const y = fn(x);
  const loss = t.sum(t.mul(y, t.square(y)));
  const first = t.backward(loss, { createGraph: true });
  const squares = [...first].map(([, g]) => t.sum(t.square(g))).reduce((a, b) => t.add(a, b));
  return [
    numbers(t.noGrad(() => fn(x))),
    numbers(y),
    ...collect(t.backward(loss)),
    ...collect(first),
    ...collect(t.backward(squares)),
  ];
}

const sets: readonly Kernels[] = [portableKernels, createSimdKernels()];

afterEach(() => {
  vi.restoreAllMocks();
  useKernels(portableKernels);
});

describe.each(sets)('the bits inside a scope of NaN are those outside, $name', (kernels) => {
  test.each(layers)('%s', (_, module, fn) => {
    useKernels(kernels);
    const outside = results(module, fn);
    expect(outside.flat().every(Number.isFinite)).toBe(true);
    poison();
    expect(t.scope(() => results(module, fn))).toEqual(outside);
  });
});
