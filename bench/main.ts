import { Bench } from 'tinybench';
import {
  Adam,
  add,
  backward,
  Conv2d,
  contrastiveLoss,
  conv2d,
  createRandom,
  euclidean,
  Flatten,
  Linear,
  MaxPool2d,
  matmul,
  mean,
  noGrad,
  parameter,
  relu,
  Sequential,
  Tensor,
  Twin,
  tensor,
} from 'twingrad';

/** One thing to time: what it does, how many floating-point operations that are, and a number that tells right from wrong. */
interface Task {
  readonly name: string;
  readonly flops: number;
  readonly run: () => number;
}

const random = createRandom(1);
const normal = (shape: readonly number[]) =>
  new Tensor(random.fillNormal(new Float32Array(shape.reduce((a, b) => a * b, 1)), 0, 1), shape);
const checksum = (x: Tensor) => mean(x).item();

/** The product as the definition says it: what a matrix product costs without register blocks. */
function tripleLoop(a: Tensor, b: Tensor): Tensor {
  const [m, k] = a.shape;
  const n = b.shape[1];
  const out = new Float32Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let d = 0; d < k; d++) sum += a.data[i * k + d] * b.data[d * n + j];
      out[i * n + j] = sum;
    }
  }
  return new Tensor(out, [m, n]);
}

function products(n: number): Task[] {
  const [a, b] = [normal([n, n]), normal([n, n])];
  return [
    { name: `matmul-${n}`, flops: 2 * n ** 3, run: () => checksum(matmul(a, b)) },
    { name: `triple-loop-${n}`, flops: 2 * n ** 3, run: () => checksum(tripleLoop(a, b)) },
  ];
}

function convolutions(): Task[] {
  const x = parameter(normal([32, 16, 28, 28]));
  const weight = parameter(normal([32, 16, 3, 3]));
  const flops = 2 * 32 * 32 * 28 * 28 * 16 * 9;
  return [
    { name: 'conv-forward', flops, run: () => checksum(noGrad(() => conv2d(x, weight, undefined, { padding: 1 }))) },
    {
      name: 'conv-forward-and-gradients',
      flops: 3 * flops,
      run: () => {
        const gradients = backward(mean(conv2d(x, weight, undefined, { padding: 1 })));
        return checksum(gradients.get(x)) + checksum(gradients.get(weight));
      },
    },
  ];
}

/** 64 pairs of 28 x 28 images through a small convolutional twin: loss, gradients, Adam. */
function referenceStep(): Task {
  const encoder = new Sequential(
    new Conv2d(1, 16, 5, { padding: 2, random }),
    relu,
    new MaxPool2d(2),
    new Conv2d(16, 32, 3, { padding: 1, random }),
    relu,
    new MaxPool2d(2),
    new Flatten(),
    new Linear(1568, 128, { random }),
    relu,
    new Linear(128, 64, { random }),
  );
  const twin = new Twin(encoder, { compare: euclidean });
  // Learning rate 0 would skip the update; this one leaves the numbers as they are.
  const optimizer = new Adam(twin, { learningRate: 1e-12 });
  const [a, b] = [normal([64, 1, 28, 28]), normal([64, 1, 28, 28])];
  const different = Array.from({ length: 64 }, (_, i) => i % 2);
  return {
    name: 'reference-step',
    flops: 1.1e9,
    run: () => {
      const loss = contrastiveLoss(twin.compare(a, b, { training: true }), { different });
      optimizer.step(backward(loss));
      return loss.item();
    },
  };
}

const scalar = tensor(1);
const tasks: Task[] = [
  ...[32, 128, 512].flatMap(products),
  ...convolutions(),
  referenceStep(),
  { name: 'one-element-add', flops: 1, run: () => add(scalar, scalar).item() },
];

const bench = new Bench({
  name: `twingrad on Node ${process.version}`,
  time: 1000,
  iterations: 3,
  warmupTime: 300,
  warmupIterations: 2,
});
const checksums = new Map<string, number>();
for (const { name, run } of tasks)
  bench.add(name, () => {
    checksums.set(name, run());
  });
await bench.run();
console.log(bench.name);
console.table(
  bench.tasks.map(({ name, result }) => {
    if (!('latency' in result)) throw new Error(`${name} did not finish: ${result.state}`);
    const { p50, p75, min } = result.latency;
    const flops = tasks.find((task) => task.name === name)?.flops ?? 0;
    return {
      benchmark: name,
      medianMs: Number(p50.toPrecision(4)),
      'min..p75': `${min.toPrecision(3)} .. ${p75.toPrecision(3)}`,
      'GFLOP/s': flops > 1 ? Number((flops / p50 / 1e6).toFixed(2)) : '',
      checksum: Number((checksums.get(name) ?? Number.NaN).toPrecision(6)),
    };
  }),
);
