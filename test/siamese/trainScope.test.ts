import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { portableKernels, useKernels } from '../../src/kernels.ts';
import {
  Adam,
  BatchNorm2d,
  backward,
  balancedPairs,
  type Context,
  Conv2d,
  clipGradientNorm,
  contrastiveLoss,
  createRandom,
  type Distance,
  euclidean,
  Flatten,
  Gallery,
  imageSet,
  keep,
  Linear,
  MaxPool2d,
  relu,
  Sequential,
  SGD,
  scope,
  scorePairs,
  stateDict,
  type Tensor,
  Twin,
  tensor,
  train,
} from '../../src/portable.ts';
import { Arena } from '../../src/tensor/memory.ts';
import { errorOf } from '../errors.ts';

setFlagsFromString('--expose-gc');
const gc: () => void = runInNewContext('gc');

/** Bytes of array buffers that are in use. The second collection ends the sweep of the first. */
function buffers(): number {
  gc();
  gc();
  return process.memoryUsage().arrayBuffers;
}

const SIDE = 10;
const CLASSES = 4;
const images = imageSet(
  {
    shape: [40, SIDE, SIDE],
    data: Uint8Array.from(
      { length: 40 * SIDE * SIDE },
      (_, i) => ((i * 7919) % 97) + 40 * (Math.floor(i / SIDE / SIDE) % CLASSES),
    ),
  },
  Int32Array.from({ length: 40 }, (_, i) => i % CLASSES),
);

function createTwin(): Twin<Distance> {
  const random = createRandom(4);
  const encoder = new Sequential(
    new Conv2d(1, 4, 3, { padding: 1, random }),
    new BatchNorm2d(4),
    relu,
    new MaxPool2d(2),
    new Flatten(),
    new Linear(100, 8, { random }),
  );
  return new Twin(encoder, { compare: euclidean });
}

const pairs = (batchSize = 8) => balancedPairs(images, { batchSize, random: createRandom(9) });
const values = (twin: Twin) => [...stateDict(twin)].map(([name, { data }]) => [name, Array.from(data)]);

afterEach(() => {
  useKernels(portableKernels);
});

describe.each([
  ['portable kernels', undefined],
  ['a reserve', 1 << 24],
  ['a reserve that overflows', 1 << 14],
] as const)('train in scopes, with %s', (_, bytes) => {
  const install = (): void => {
    if (bytes === undefined) return;
    const reserve = { buffer: new ArrayBuffer(bytes), start: 0, end: bytes };
    useKernels({ name: 'fake', reserve: () => reserve });
  };

  test('has the bits of the loop by hand without a scope', async () => {
    install();
    const trained = createTwin();
    const losses: number[] = [];
    for await (const { loss } of train(trained, {
      batches: pairs(),
      loss: ({ a, b, different }, context) => contrastiveLoss(trained.compare(a, b, context), { different }),
      optimizer: new SGD(trained, { learningRate: 0.1, momentum: 0.9 }),
      clip: { maxNorm: 0.05 },
      epochs: 3,
      random: createRandom(1),
    }))
      losses.push(loss);

    useKernels(portableKernels);
    const byHand = createTwin();
    const optimizer = new SGD(byHand, { learningRate: 0.1, momentum: 0.9 });
    const expected: number[] = [];
    for (let epoch = 0; epoch < 3; epoch++) {
      for (const { a, b, different } of pairs().epoch(epoch)) {
        const loss = contrastiveLoss(byHand.compare(a, b, { training: true }), { different });
        optimizer.step(clipGradientNorm(backward(loss), { maxNorm: 0.05 }).gradients);
        expected.push(loss.item());
      }
    }
    expect(losses).toEqual(expected);
    expect(values(trained)).toEqual(values(byHand));
  });

  test('300 steps: memory stays flat', async () => {
    install();
    const twin = createTwin();
    const batches = pairs();
    const epochs = Math.ceil(300 / batches.length);
    const used: number[] = [];
    const peaks = new Set<number>();
    const { allocate } = Arena.prototype;
    let arena: Arena | undefined;
    const spy = vi.spyOn(Arena.prototype, 'allocate').mockImplementation(function (this: Arena, floats) {
      arena = this;
      return allocate.call(this, floats);
    });
    for await (const { step } of train(twin, {
      batches,
      loss: ({ a, b, different }, context) => contrastiveLoss(twin.compare(a, b, context), { different }),
      optimizer: new Adam(twin, { learningRate: 1e-3 }),
      epochs,
      random: createRandom(1),
    })) {
      if (step % 50 === 0) used.push(buffers());
      if (step > 50) peaks.add(arena?.highest ?? 0);
      expect(arena?.top ?? 0).toBe(0);
    }
    spy.mockRestore();
    expect(used.length).toBeGreaterThanOrEqual(6);
    expect(Math.max(...used.slice(1)) - Math.min(...used.slice(1))).toBeLessThan(50_000);
    expect(peaks.size).toBe(1);
  });

  test('what the loss stores away is released, but for what it keeps', async () => {
    install();
    const twin = createTwin();
    const stored: Tensor[] = [];
    const kept: Tensor[] = [];
    for await (const { loss } of train(twin, {
      batches: pairs(),
      loss: ({ a, b, different }, context) => {
        const distance = twin.compare(a, b, context);
        stored.push(distance);
        kept.push(keep(contrastiveLoss(distance, { different })));
        return kept[kept.length - 1];
      },
      optimizer: new SGD(twin, { learningRate: 0.1 }),
      epochs: 1,
      random: createRandom(1),
    })) {
      expect(kept.at(-1)?.item()).toBe(loss);
      expect(errorOf(RangeError, () => stored.at(-1)?.size).message).toContain('keep(x)');
    }
  });

  test('an exception in a step leaves weights and buffers, and no scope open', async () => {
    install();
    const twin = createTwin();
    const before = values(twin);
    const steps = train(twin, {
      batches: pairs(),
      loss: ({ a, b }, context: Context) => {
        twin.compare(a, b, context);
        throw new SyntaxError('mine');
      },
      optimizer: new SGD(twin, { learningRate: 0.1 }),
      epochs: 1,
      random: createRandom(1),
    });
    await expect(steps.next()).rejects.toThrow('mine');
    expect(values(twin)).toEqual(before);
    expect(scope(() => tensor([1])).item()).toBe(1);
  });

  test('scorePairs, isSame and a gallery give what they gave', () => {
    const results = () => {
      const twin = createTwin();
      const gallery = new Gallery<number>(twin);
      const all = images.batch(Array.from({ length: 40 }, (_x, i) => i));
      gallery.add(all, [...images.labels]);
      const [a, b] = [images.batch([0, 1, 2]), images.batch([4, 6, 8])];
      return {
        scores: scorePairs(twin, pairs()),
        same: twin.withThreshold(0.1).isSame(a, b),
        found: gallery.search(images.batch([3, 30]), { k: 4 }),
      };
    };
    const expected = results();
    install();
    expect(results()).toEqual(expected);
    expect(scope(results)).toEqual(expected);
  });
});

test('a step of the reference network allocates less than 1 MB', () => {
  const random = createRandom(1);
  const normal = (shape: readonly number[]) =>
    tensor(random.fillNormal(new Float32Array(shape.reduce((x, y) => x * y, 1)), 0, 1), shape);
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
  const optimizer = new Adam(twin, { learningRate: 1e-3 });
  const [a, b] = [normal([64, 1, 28, 28]), normal([64, 1, 28, 28])];
  const different = Array.from({ length: 64 }, (_, i) => i % 2);
  const step = () =>
    scope(() => {
      const loss = contrastiveLoss(twin.compare(a, b, { training: true }), { different });
      optimizer.step(backward(loss));
      return loss.item();
    });
  step();
  step();
  // A collection in between would make the difference smaller; the largest of three steps has none.
  const grown = [0, 1, 2].map(() => {
    const before = buffers();
    step();
    return process.memoryUsage().arrayBuffers - before;
  });
  console.info(`array buffers of three reference steps: ${grown.join(', ')} bytes`);
  expect(Math.max(...grown)).toBeLessThan(1_000_000);
});
