import {
  Adam,
  add,
  backward,
  batchTripletLoss,
  type Conv2dOptions,
  contrastiveLoss,
  conv2d,
  euclidean,
  type Module,
  mean,
  noGrad,
  pairwiseDistances,
  parameter,
  matmul as product,
  scope,
  square,
  type Tensor,
  Twin,
} from 'twingrad';
import type { HostArrays } from '../arrays.ts';
import { CHAIN, classLabels, differentFlags, LEARNING_RATE } from '../benchmarks.ts';
import type { Prepared } from '../serve.ts';
import { createConvHeavy, createEncoder, createGru, createTransformer, toTensor } from './network.ts';

export function matmul(arrays: HostArrays): Prepared {
  const [a, b] = [toTensor(arrays.a), toTensor(arrays.b)];
  return { run: () => product(a, b).data };
}

export function convForward(arrays: HostArrays): Prepared {
  const [x, weight] = [toTensor(arrays.x), toTensor(arrays.weight)];
  return { run: () => conv2d(x, weight, undefined, { padding: 1 }).data };
}

export function convGradients(arrays: HostArrays): Prepared {
  return gradientsOf(arrays, { padding: 1 });
}

export function depthwiseGradients(arrays: HostArrays): Prepared {
  return gradientsOf(arrays, { padding: 1, groups: arrays.x.shape[1] });
}

function gradientsOf(arrays: HostArrays, options: Conv2dOptions): Prepared {
  const [x, weight] = [parameter(toTensor(arrays.x)), parameter(toTensor(arrays.weight))];
  return {
    run: () => {
      const gradients = backward(mean(conv2d(x, weight, undefined, options)));
      return [gradients.get(x).data, gradients.get(weight).data];
    },
  };
}

export function referenceStep(arrays: HostArrays): Prepared {
  const twin = new Twin(createEncoder(arrays), { compare: euclidean });
  const [a, b] = [toTensor(arrays.a), toTensor(arrays.b)];
  const different = differentFlags(a.shape[0]);
  return trainingStep(twin, () => contrastiveLoss(twin.compare(a, b, { training: true }), { different }));
}

export function convHeavyStep(arrays: HostArrays): Prepared {
  const encoder = createConvHeavy(arrays);
  const x = toTensor(arrays.x);
  const labels = classLabels(x.shape[0]);
  return trainingStep(encoder, () => batchTripletLoss(encoder.forward(x, { training: true }), labels, { margin: 1 }));
}

export function gruStep(arrays: HostArrays): Prepared {
  const [gru, x] = [createGru(arrays), toTensor(arrays.x)];
  return trainingStep(gru, () => mean(square(gru.forward(x))));
}

export function transformerStep(arrays: HostArrays): Prepared {
  const [layer, x] = [createTransformer(arrays), toTensor(arrays.x)];
  return trainingStep(layer, () => mean(square(layer.forward(x, { training: true }))));
}

export function embed(arrays: HostArrays): Prepared {
  const twin = new Twin(createEncoder(arrays), { compare: euclidean });
  const x = toTensor(arrays.x);
  return { run: () => noGrad(() => twin.embed(x)).data };
}

export function pairwise(arrays: HostArrays): Prepared {
  const [a, b] = [toTensor(arrays.a), toTensor(arrays.b)];
  return { run: () => pairwiseDistances(a, b).data };
}

function addition(arrays: HostArrays): Prepared {
  const [a, b] = [toTensor(arrays.a), toTensor(arrays.b)];
  return { run: () => add(a, b).data };
}

export { addition as add };

export function chain(arrays: HostArrays): Prepared {
  const [x, b] = [parameter(toTensor(arrays.a)), toTensor(arrays.b)];
  return {
    run: () => {
      let y: Tensor = x;
      for (let i = 0; i < CHAIN; i++) y = add(y, b);
      return [y.data, backward(y).get(x).data];
    },
  };
}

/** As `train` takes a step: memory of the step is used again by the next. */
function trainingStep(module: Module, loss: () => Tensor): Prepared {
  const optimizer = new Adam(module, { learningRate: LEARNING_RATE });
  return {
    run: () =>
      scope(() => {
        const value = loss();
        optimizer.step(backward(value));
        return value.item();
      }),
  };
}
