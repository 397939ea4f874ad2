import {
  defaultDevice,
  grad,
  init,
  type Array as JaxArray,
  jit,
  lax,
  nn,
  numpy as np,
  valueAndGrad,
} from '@jax-js/jax';
import type { HostArray, HostArrays } from '../arrays.ts';
import { CHAIN, differentFlags, LEARNING_RATE } from '../benchmarks.ts';
import { type Prepared, serve } from '../serve.ts';
import manifest from './package.json' with { type: 'json' };

type Weights = Record<string, JaxArray>;

const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-8];

function matmul(arrays: HostArrays): Prepared {
  const [a, b] = [toArray(arrays.a), toArray(arrays.b)];
  const product = jit((a: JaxArray, b: JaxArray) => np.matmul(a, b));
  return { run: () => floats(product(a.ref, b.ref)) };
}

function convForward(arrays: HostArrays): Prepared {
  const [x, weight] = [toArray(arrays.x), toArray(arrays.weight)];
  const forward = jit(conv3);
  return { run: () => floats(forward(x.ref, weight.ref)) };
}

function convGradients(arrays: HostArrays): Prepared {
  const [x, weight] = [toArray(arrays.x), toArray(arrays.weight)];
  const gradients = jit(grad((x: JaxArray, weight: JaxArray) => np.mean(conv3(x, weight)), { argnums: [0, 1] }));
  return {
    run: () => {
      const [dx, dw] = gradients(x.ref, weight.ref);
      return [floats(dx), floats(dw)];
    },
  };
}

/** Value, gradients and Adam's update as compiled functions; jax-js itself has no optimizer. */
function referenceStep(arrays: HostArrays): Prepared {
  const both = np.concatenate([toArray(arrays.a), toArray(arrays.b)]);
  const pairs = arrays.a.shape[0];
  const different = np.array(Float32Array.from(differentFlags(pairs)));
  const step = jit(
    valueAndGrad((weights: Weights, x: JaxArray, different: JaxArray) => {
      const [a, b] = np.split(encode(weights, x), 2);
      const squared = np.square(a.sub(b)).sum(1);
      const apart = np.square(nn.relu(np.sqrt(squared.ref).mul(-1).add(1)));
      return np.mean(different.ref.mul(-1).add(1).mul(squared).add(different.mul(apart)));
    }),
  );
  const update = jit((p: JaxArray, m: JaxArray, v: JaxArray, g: JaxArray, rate: JaxArray, scale: JaxArray) => {
    const moment1 = m.mul(BETA1).add(g.ref.mul(1 - BETA1));
    const moment2 = v.mul(BETA2).add(np.square(g).mul(1 - BETA2));
    const next = p.sub(rate.mul(moment1.ref).div(np.sqrt(moment2.ref).mul(scale).add(EPSILON)));
    return [next, moment1, moment2];
  });
  const weights = weightsOf(arrays);
  const names = Object.keys(weights);
  const moments = names.map((name) => [np.zeros(weights[name].shape), np.zeros(weights[name].shape)]);
  let steps = 0;
  return {
    run: () => {
      const [loss, gradients] = step(referenced(weights), both.ref, different.ref);
      steps++;
      for (const [i, name] of names.entries()) {
        const [m, v] = moments[i];
        const rate = np.array(LEARNING_RATE / (1 - BETA1 ** steps));
        const scale = np.array(1 / Math.sqrt(1 - BETA2 ** steps));
        const [next, ...both] = update(weights[name], m, v, gradients[name], rate, scale);
        weights[name] = next;
        moments[i] = both;
        next.ref.dataSync();
      }
      return loss.item();
    },
  };
}

function embed(arrays: HostArrays): Prepared {
  const x = toArray(arrays.x);
  const weights = weightsOf(arrays);
  const forward = jit(encode);
  return { run: () => floats(forward(referenced(weights), x.ref)) };
}

function pairwise(arrays: HostArrays): Prepared {
  const [a, b] = [toArray(arrays.a), toArray(arrays.b)];
  const distances = jit((a: JaxArray, b: JaxArray) => {
    const squares = np.square(a.ref).sum(1).reshape([-1, 1]).add(np.square(b.ref).sum(1));
    return np.sqrt(nn.relu(squares.sub(np.matmul(a, np.transpose(b)).mul(2))));
  });
  return { run: () => floats(distances(a.ref, b.ref)) };
}

function add(arrays: HostArrays): Prepared {
  const [a, b] = [toArray(arrays.a), toArray(arrays.b)];
  const sum = jit((a: JaxArray, b: JaxArray) => a.add(b));
  return { run: () => floats(sum(a.ref, b.ref)) };
}

function chain(arrays: HostArrays): Prepared {
  const [a, b] = [toArray(arrays.a).reshape([]), toArray(arrays.b).reshape([])];
  const gradient = jit(
    valueAndGrad((x: JaxArray, b: JaxArray) => {
      let y = x;
      for (let i = 0; i < CHAIN; i++) y = y.add(b.ref);
      b.dispose();
      return y;
    }),
  );
  return {
    run: () => {
      const [value, slope] = gradient(a.ref, b.ref);
      return [floats(value), floats(slope)];
    },
  };
}

/** Arrays are counted: a function uses up its arguments once, so each further use takes a `ref`. */
function encode(weights: Weights, x: JaxArray): JaxArray {
  const block = (x: JaxArray, position: number, padding: number) => {
    const spread = [
      [padding, padding],
      [padding, padding],
    ];
    const y = lax.conv(x, weights[`${position}.weight`], [1, 1], spread);
    const [n, c, h, w] = y.shape;
    const biased = nn.relu(y.add(weights[`${position}.bias`].reshape([c, 1, 1])));
    return biased.reshape([n, c, h / 2, 2, w / 2, 2]).max([3, 5]);
  };
  const pooled = block(block(x, 0, 2), 3, 1);
  const dense = (x: JaxArray, position: number) =>
    np.matmul(x, np.transpose(weights[`${position}.weight`])).add(weights[`${position}.bias`]);
  return dense(nn.relu(dense(pooled.reshape([-1, 1568]), 7)), 9);
}

function conv3(x: JaxArray, weight: JaxArray): JaxArray {
  return lax.conv(
    x,
    weight,
    [1, 1],
    [
      [1, 1],
      [1, 1],
    ],
  );
}

function weightsOf(arrays: HostArrays): Weights {
  const names = Object.keys(arrays).filter((name) => name.includes('.'));
  return Object.fromEntries(names.map((name) => [name, toArray(arrays[name])]));
}

function referenced(weights: Weights): Weights {
  return Object.fromEntries(Object.entries(weights).map(([name, weight]) => [name, weight.ref]));
}

function toArray({ shape, data }: HostArray): JaxArray {
  return np.array(data).reshape(shape);
}

function floats(x: JaxArray): Float32Array {
  const data = x.dataSync();
  if (!(data instanceof Float32Array)) throw new TypeError('jax-js gave no Float32Array');
  return data;
}

const devices = await init('wasm');
if (devices.includes('wasm')) defaultDevice('wasm');
await serve(
  devices.includes('wasm')
    ? { version: manifest.dependencies['@jax-js/jax'] }
    : { absent: 'its WebAssembly backend does not start here' },
  {
    matmul,
    convForward,
    convGradients,
    referenceStep,
    convHeavyStep: 'is not run: a step would take about 15 s',
    embed,
    pairwise,
    add,
    chain,
  },
);
