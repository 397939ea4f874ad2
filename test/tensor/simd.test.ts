import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Conv2dSpec, Kernels, MatmulSpec } from '../../src/tensor/kernels/kernels.ts';
import * as portableConv2d from '../../src/tensor/kernels/portable/conv2d.ts';
import * as portableMatmul from '../../src/tensor/kernels/portable/matmul.ts';
import { simdBytes } from '../../src/tensor/kernels/simd/machine.ts';
import { createSimdKernels } from '../../src/tensor/kernels/simd/simd.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { conformance } from './conformance.ts';

describe('simd', () => {
  const kernels = createSimdKernels({ megabytes: 16 });
  test.each(conformance(kernels).map((check) => [check.name, check] as const))('%s', (_name, check) => check.run());
});

afterEach(() => {
  vi.unstubAllGlobals();
});

const random = createRandom(5).fork('simd');
const normal = (size: number, name: number) => random.fork(name).fillNormal(new Float32Array(size), 0, 1);

/** Expects equal bits; `toEqual` would take seconds on a million numbers. */
function expectSameBits(actual: Float32Array, expected: Float32Array): void {
  const bytes = (x: Float32Array) => Buffer.from(x.buffer, x.byteOffset, x.byteLength);
  expect(actual.length).toBe(expected.length);
  expect(Buffer.compare(bytes(actual), bytes(expected))).toBe(0);
}

/** Puts copies of arrays into the part of the kernels' memory that scopes use. */
function placer(kernels: Kernels) {
  const { buffer, start } = kernels.reserve?.() ?? { buffer: new ArrayBuffer(0), start: 0 };
  let top = start;
  return (data: Float32Array): Float32Array => {
    const copy = new Float32Array(buffer, top, data.length);
    copy.set(data);
    // Neighbors without a gap, so that a vector too many would change the next one.
    top += 4 * data.length;
    return copy;
  };
}

/** Runs a kernel on the heap, in the memory, and on both, and expects the same bits. */
function expectSamePlaced(
  kernels: Kernels,
  inputs: readonly Float32Array[],
  size: number,
  run: (inputs: readonly Float32Array[], out: Float32Array) => void,
): Float32Array {
  const onHeap = new Float32Array(size).fill(Number.NaN);
  run(inputs, onHeap);
  const place = placer(kernels);
  const placed = inputs.map(place);
  const out = place(new Float32Array(size).fill(Number.NaN));
  const after = place(new Float32Array(64).fill(7));
  run(placed, out);
  expectSameBits(out, onHeap);
  run([inputs[0], ...placed.slice(1)], out.fill(0));
  expectSameBits(out, onHeap);
  for (const [i, input] of inputs.entries()) expectSameBits(placed[i], input);
  expect([...after]).toEqual(new Array(64).fill(7));
  return onHeap;
}

const flags = [false, true].flatMap((transposeA) => [false, true].map((transposeB) => ({ transposeA, transposeB })));

describe('arrays on the heap and in the memory give the same bits', () => {
  const kernels = createSimdKernels({ megabytes: 32 });

  test.each(flags)('products, %o', (flag) => {
    for (const [m, n, k] of [
      [5, 7, 9],
      [33, 19, 40],
      [70, 130, 300],
    ]) {
      const spec: MatmulSpec = { m, n, k, ...flag, accumulate: false };
      expectSamePlaced(kernels, [normal(m * k, 1), normal(k * n, 2)], m * n, ([a, b], out) =>
        kernels.matmul?.(a, b, out, spec),
      );
    }
  });

  test.each([
    { kernelHeight: 3, channels: 8, filters: 9, groups: 1 },
    { kernelHeight: 5, channels: 4, filters: 6, groups: 2 },
  ])('convolutions, %o', ({ kernelHeight, channels, filters, groups }) => {
    const spec: Conv2dSpec = {
      ...{ batch: 3, channels, height: 9, width: 11, filters, kernelHeight, kernelWidth: kernelHeight },
      ...{ outHeight: 13 - kernelHeight + 1, outWidth: 15 - kernelHeight + 1, strideHeight: 1, strideWidth: 1 },
      ...{ padHeight: 2, padWidth: 2, dilationHeight: 1, dilationWidth: 1, groups },
    };
    const x = normal(3 * channels * 99, 1);
    const weight = normal((filters * channels * kernelHeight * kernelHeight) / groups, 2);
    const g = normal(3 * filters * spec.outHeight * spec.outWidth, 3);
    const bias = normal(filters, 4);
    expectSamePlaced(kernels, [x, weight, bias], g.length, ([i, w, b], out) => kernels.conv2d?.(i, w, b, out, spec));
    expectSamePlaced(kernels, [g, weight], x.length, ([d, w], out) => kernels.conv2dInputGradient?.(d, w, out, spec));
    expectSamePlaced(kernels, [g, x], weight.length, ([d, i], out) => kernels.conv2dWeightGradient?.(d, i, out, spec));
  });
});

describe('operands larger than the workspace', () => {
  const kernels = createSimdKernels({ megabytes: 16 });
  const near = (actual: Float32Array, expected: Float32Array, error: number) => {
    const worst = actual.reduce((most, v, i) => Math.max(most, Math.abs(v - expected[i])), 0);
    expect(worst).toBeLessThan(error);
  };

  test.each(flags)('are multiplied block by block, %o', (flag) => {
    const [m, n, k] = [611, 1030, 701];
    const spec: MatmulSpec = { m, n, k, ...flag, accumulate: true };
    const [a, b, start] = [normal(m * k, 1), normal(k * n, 2), normal(m * n, 3)];
    const [actual, expected] = [start.slice(), start.slice()];
    kernels.matmul?.(a, b, actual, spec);
    portableMatmul.matmul(a, b, expected, spec);
    near(actual, expected, 2e-4);
  });

  test('a product too deep for it, and an image too large, take the portable kernels', () => {
    const deep: MatmulSpec = { m: 2, n: 3, k: 200_000, transposeA: false, transposeB: false, accumulate: false };
    const [a, b] = [normal(400_000, 1), normal(600_000, 2)];
    const [actual, expected] = [new Float32Array(6), new Float32Array(6)];
    kernels.matmul?.(a, b, actual, deep);
    portableMatmul.matmul(a, b, expected, deep);
    expectSameBits(actual, expected);
    const large: Conv2dSpec = {
      ...{ batch: 1, channels: 1, height: 1500, width: 1500, filters: 2, kernelHeight: 3, kernelWidth: 3 },
      ...{ outHeight: 1500, outWidth: 1500, strideHeight: 1, strideWidth: 1, padHeight: 1, padWidth: 1 },
      ...{ dilationHeight: 1, dilationWidth: 1, groups: 1 },
    };
    const [x, weight] = [normal(1500 * 1500, 3), normal(18, 4)];
    const [out, wanted] = [new Float32Array(2 * 1500 * 1500), new Float32Array(2 * 1500 * 1500)];
    kernels.conv2d?.(x, weight, undefined, out, large);
    portableConv2d.conv2d(x, weight, undefined, wanted, large);
    expectSameBits(out, wanted);
  });
});

describe('createSimdKernels', () => {
  const { Memory } = WebAssembly;
  const multiply = (kernels: Kernels): number => {
    const out = new Float32Array(4);
    const spec = { m: 2, n: 2, k: 2, transposeA: false, transposeB: false, accumulate: false };
    kernels.matmul?.(new Float32Array([1, 2, 3, 4]), new Float32Array([1, 0, 1, 1]), out, spec);
    return out.reduce((sum, v) => sum + v, 0);
  };

  /** A runtime that grants memories of at most `megabytes`. */
  function grant(megabytes: number): number[] {
    const asked: number[] = [];
    class Limited extends Memory {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        asked.push(descriptor.initial / 16);
        if (descriptor.initial > megabytes * 16) throw new RangeError('could not allocate memory');
        super(descriptor);
      }
    }
    vi.stubGlobal('WebAssembly', { ...namesOf(WebAssembly), Memory: Limited });
    return asked;
  }

  /** The members of a namespace object, which spreading leaves out. */
  function namesOf(namespace: object): object {
    return Object.fromEntries(
      Object.getOwnPropertyNames(namespace).map((name) => [name, Reflect.get(namespace, name)]),
    );
  }

  test('takes a module compiled ahead', () => {
    const kernels = createSimdKernels({ module: new WebAssembly.Module(simdBytes()), megabytes: 16 });
    expect(multiply(kernels)).toBe(3 + 2 + 7 + 4);
  });

  test('reserves memory when it is first needed, and halves it until it is granted', () => {
    const asked = grant(40);
    const kernels = createSimdKernels({ megabytes: 256 });
    expect(asked).toEqual([]);
    expect(multiply(kernels)).toBe(16);
    expect(multiply(kernels)).toBe(16);
    expect(asked).toEqual([256, 128, 64, 32]);
    const { buffer, start, end } = kernels.reserve?.() ?? { buffer: new ArrayBuffer(0), start: 0, end: 0 };
    expect(buffer.byteLength).toBe(32 * 2 ** 20);
    expect(end - start).toBeGreaterThan(23 * 2 ** 20);
    expect([start % 64, end % 64]).toEqual([0, 0]);
  });

  test('without memory computes with the portable kernels', () => {
    grant(1);
    const kernels = createSimdKernels({ megabytes: 64 });
    expect(multiply(kernels)).toBe(16);
    expect(kernels.reserve?.()).toBeUndefined();
  });

  test.each([0, 8, 16.5, Number.NaN])('refuses %f megabytes', (megabytes) => {
    expect(() => createSimdKernels({ megabytes })).toThrow(
      new RangeError(`createSimdKernels: megabytes must be an integer of at least 16; got ${megabytes}.`),
    );
  });

  test('asks for less where addresses do not reach', () => {
    const kernels = createSimdKernels({ megabytes: 16 * 4096 });
    expect(multiply(kernels)).toBe(16);
    expect(kernels.reserve?.()?.buffer.byteLength).toBeLessThanOrEqual(2 ** 32);
  });

  test('says what to do where WebAssembly may not be compiled', () => {
    vi.stubGlobal('WebAssembly', undefined);
    expect(() => createSimdKernels()).toThrow(
      new TypeError(
        'createSimdKernels: WebAssembly SIMD cannot be compiled here. Use portableKernels, or pass a module compiled ahead.',
      ),
    );
  });

  test('asks for 32 megabytes in an isolate of Cloudflare, and 512 elsewhere', () => {
    const asked = grant(1);
    multiply(createSimdKernels());
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' });
    multiply(createSimdKernels());
    expect(asked).toEqual([512, 256, 128, 64, 32, 16, 32, 16]);
  });
});
