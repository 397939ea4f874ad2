// The core alone registers no gradients.
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import * as tf from '@tensorflow/tfjs-core';
import type { HostArray, HostArrays } from '../arrays.ts';
import { CHAIN, differentFlags, LEARNING_RATE } from '../benchmarks.ts';
import type { Prepared, Result } from '../serve.ts';

export function matmul(arrays: HostArrays): Prepared {
  const [a, b] = [plain(arrays.a), plain(arrays.b)];
  return { run: () => read(() => tf.matMul(a, b)) };
}

export function convForward(arrays: HostArrays): Prepared {
  const [x, weight] = [images(arrays.x), filters(arrays.weight)];
  const shape = [32, 28, 28, 32];
  return {
    run: () => read(() => tf.conv2d(x, weight, 1, 'same')),
    order: (y) => (y instanceof Float32Array ? permuted(y, shape, [0, 3, 1, 2]) : y),
  };
}

export function convGradients(arrays: HostArrays): Prepared {
  const [x, weight] = [images(arrays.x), filters(arrays.weight)];
  const gradients = tf.grads((x, weight) => tf.mean(tf.conv2d(x, weight, 1, 'same')));
  return {
    run: () => {
      const [dx, dw] = tf.tidy(() => gradients([x, weight]));
      const result = [floats(dx), floats(dw)];
      tf.dispose([dx, dw]);
      return result;
    },
    order: (result: Result) => {
      if (typeof result === 'number' || result instanceof Float32Array) return result;
      return [permuted(result[0], x.shape, [0, 3, 1, 2]), permuted(result[1], weight.shape, [3, 2, 0, 1])];
    },
  };
}

export function referenceStep(arrays: HostArrays): Prepared {
  const both = tf.concat([images(arrays.a), images(arrays.b)]);
  const pairs = arrays.a.shape[0];
  const different = tf.tensor(Float32Array.from(differentFlags(pairs)), [pairs]);
  const encode = encoder(arrays, true);
  const optimizer = tf.train.adam(LEARNING_RATE);
  const loss = () => {
    const y = encode(both);
    const squared = tf.sum(
      tf.squaredDifference(tf.slice(y, [0, 0], [pairs, -1]), tf.slice(y, [pairs, 0], [pairs, -1])),
      1,
    );
    const distance = tf.sqrt(squared);
    const alike = tf.mul(tf.sub(1, different), squared);
    const apart = tf.mul(different, tf.square(tf.relu(tf.sub(1, distance))));
    return tf.mean(tf.add(alike, apart));
  };
  return {
    run: () => {
      const value = optimizer.minimize(loss, true);
      const result = value.dataSync()[0];
      value.dispose();
      return result;
    },
  };
}

export function embed(arrays: HostArrays): Prepared {
  const x = images(arrays.x);
  const encode = encoder(arrays, false);
  return { run: () => read(() => encode(x)) };
}

export function pairwise(arrays: HostArrays): Prepared {
  const [a, b] = [plain(arrays.a), plain(arrays.b)];
  return {
    run: () =>
      read(() => {
        const squares = tf.add(tf.sum(tf.square(a), 1, true), tf.reshape(tf.sum(tf.square(b), 1), [1, b.shape[0]]));
        return tf.sqrt(tf.relu(tf.sub(squares, tf.mul(2, tf.matMul(a, b, false, true)))));
      }),
  };
}

function addition(arrays: HostArrays): Prepared {
  const [a, b] = [plain(arrays.a), plain(arrays.b)];
  return { run: () => read(() => tf.add(a, b)) };
}

export { addition as add };

export function chain(arrays: HostArrays): Prepared {
  const [a, b] = [plain(arrays.a), plain(arrays.b)];
  const gradient = tf.valueAndGrad((x) => {
    let y = x;
    for (let i = 0; i < CHAIN; i++) y = tf.add(y, b);
    return y;
  });
  return {
    run: () => {
      const { value, grad } = tf.tidy(() => gradient(a));
      const result = [floats(value), floats(grad)];
      tf.dispose([value, grad]);
      return result;
    },
  };
}

/** The encoder of the benchmarks in tfjs's own layout, NHWC; the first dense layer reads its pixels in that order too. */
function encoder(arrays: HostArrays, trained: boolean): (x: tf.Tensor) => tf.Tensor {
  const keep = (x: tf.Tensor) => (trained ? tf.variable(x) : x);
  const conv = (position: number) => keep(filters(arrays[`${position}.weight`]));
  const bias = (position: number) => keep(plain(arrays[`${position}.bias`]));
  const reordered = permuted(arrays['7.weight'].data, [128, 32, 7, 7], [0, 2, 3, 1]);
  const [w0, w3, w9] = [conv(0), conv(3), keep(plain(arrays['9.weight']))];
  const w7 = keep(tf.tensor(reordered, [128, 1568]));
  const [b0, b3, b7, b9] = [bias(0), bias(3), bias(7), bias(9)];
  return (x) => {
    const first = tf.maxPool(tf.relu(tf.add(tf.conv2d(x, w0, 1, 'same'), b0)), 2, 2, 'valid');
    const second = tf.maxPool(tf.relu(tf.add(tf.conv2d(first, w3, 1, 'same'), b3)), 2, 2, 'valid');
    const flat = tf.reshape(second, [x.shape[0], 1568]);
    const hidden = tf.relu(tf.add(tf.matMul(flat, w7, false, true), b7));
    return tf.add(tf.matMul(hidden, w9, false, true), b9);
  };
}

/** Runs, reads the result, and frees everything. Not read inside `tidy`: that would search the array for tensors, number by number. */
function read(run: () => tf.Tensor): Float32Array {
  const y = tf.tidy(run);
  const data = floats(y);
  y.dispose();
  return data;
}

function floats(x: tf.Tensor): Float32Array {
  const data = x.dataSync();
  if (!(data instanceof Float32Array)) throw new TypeError('tfjs gave no Float32Array');
  return data;
}

function plain({ shape, data }: HostArray): tf.Tensor {
  return tf.tensor(data, shape);
}

function images({ shape, data }: HostArray): tf.Tensor {
  const [n, c, h, w] = shape;
  return tf.tensor(permuted(data, shape, [0, 2, 3, 1]), [n, h, w, c]);
}

function filters({ shape, data }: HostArray): tf.Tensor {
  const [o, i, h, w] = shape;
  return tf.tensor(permuted(data, shape, [2, 3, 1, 0]), [h, w, i, o]);
}

/** Four axes in another order: axis i of the result is axis `order[i]` of the data. */
function permuted(data: Float32Array, shape: readonly number[], order: readonly number[]): Float32Array {
  const steps = shape.map((_, axis) => shape.slice(axis + 1).reduce((size, n) => size * n, 1));
  const [n0, n1, n2, n3] = order.map((axis) => shape[axis]);
  const [s0, s1, s2, s3] = order.map((axis) => steps[axis]);
  const out = new Float32Array(data.length);
  let at = 0;
  for (let i = 0; i < n0; i++)
    for (let j = 0; j < n1; j++)
      for (let k = 0; k < n2; k++) for (let l = 0; l < n3; l++) out[at++] = data[i * s0 + j * s1 + k * s2 + l * s3];
  return out;
}
