import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Conv2dSpec, Kernels, MatmulSpec } from '../../src/tensor/kernels/kernels.ts';
import * as portableConv2d from '../../src/tensor/kernels/portable/conv2d.ts';
import * as portableMatmul from '../../src/tensor/kernels/portable/matmul.ts';
import { simdBytes } from '../../src/tensor/kernels/simd/machine.ts';
import { createSimdKernels } from '../../src/tensor/kernels/simd/simd.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { conformance } from './conformance.ts';
import { everywhere, expectSameBits } from './everywhere.ts';

describe('simd', () => {
  const kernels = createSimdKernels({ megabytes: 16 });
  test.each(conformance(kernels).map((check) => [check.name, check] as const))('%s', (_name, check) => check.run());
});

afterEach(() => {
  vi.unstubAllGlobals();
});

const random = createRandom(5).fork('simd');
const normal = (size: number, name: number) => random.fork(name).fillNormal(new Float32Array(size), 0, 1);

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
      everywhere(kernels, [normal(m * k, 1), normal(k * n, 2)], m * n, `${m}, ${n}, ${k}`, ([a, b], out) =>
        kernels.matmul?.(a, b, out, spec),
      );
    }
  });

  test.each([
    { kernelHeight: 3, channels: 8, filters: 9, groups: 1 },
    { kernelHeight: 5, channels: 4, filters: 6, groups: 2 },
    { kernelHeight: 3, channels: 40, filters: 40, groups: 40 },
    { kernelHeight: 5, channels: 40, filters: 40, groups: 40, stride: 2 },
  ])('convolutions, %o', ({ kernelHeight, channels, filters, groups, stride = 1 }) => {
    const outputs = (width: number) => Math.floor((width + 4 - kernelHeight) / stride) + 1;
    const spec: Conv2dSpec = {
      ...{ batch: 3, channels, height: 9, width: 11, filters, kernelHeight, kernelWidth: kernelHeight },
      ...{ outHeight: outputs(9), outWidth: outputs(11), strideHeight: stride, strideWidth: stride },
      ...{ padHeight: 2, padWidth: 2, dilationHeight: 1, dilationWidth: 1, groups },
    };
    const x = normal(3 * channels * 99, 1);
    const weight = normal((filters * channels * kernelHeight * kernelHeight) / groups, 2);
    const g = normal(3 * filters * spec.outHeight * spec.outWidth, 3);
    const bias = normal(filters, 4);
    everywhere(kernels, [x, weight, bias], g.length, 'forward', ([i, w, b], out) =>
      kernels.conv2d?.(i, w, b, out, spec),
    );
    everywhere(kernels, [g, weight], x.length, 'input', ([d, w], out) =>
      kernels.conv2dInputGradient?.(d, w, out, spec),
    );
    everywhere(kernels, [g, x], weight.length, 'weight', ([d, i], out) =>
      kernels.conv2dWeightGradient?.(d, i, out, spec),
    );
  });
});

test('what lies in the workspace does not show in a depthwise convolution', () => {
  const kernels = createSimdKernels({ megabytes: 16 });
  const { buffer, start } = kernels.reserve?.() ?? { buffer: new ArrayBuffer(8192), start: 8192 };
  const workspace = new Float32Array(buffer, 4096, (start - 4096) / 4);
  for (const stride of [1, 2]) {
    const spec: Conv2dSpec = {
      ...{ batch: 2, channels: 3, height: 5, width: 7, filters: 3, kernelHeight: 3, kernelWidth: 3, groups: 3 },
      ...{ outHeight: 4 / stride + 1, outWidth: 6 / stride + 1, strideHeight: stride, strideWidth: stride },
      ...{ padHeight: 1, padWidth: 1, dilationHeight: 1, dilationWidth: 1 },
    };
    const x = normal(2 * 3 * 35, 1);
    const weight = normal(27, 2);
    const g = normal(2 * 3 * spec.outHeight * spec.outWidth, 3);
    const run = (left: number) => {
      const results = [
        new Float32Array(g.length),
        new Float32Array(x.length),
        new Float32Array(weight.length),
      ] as const;
      workspace.fill(left);
      kernels.conv2d?.(x, weight, undefined, results[0], spec);
      workspace.fill(left);
      kernels.conv2dInputGradient?.(g, weight, results[1], spec);
      workspace.fill(left);
      kernels.conv2dWeightGradient?.(g, x, results[2], spec);
      return results;
    };
    const clean = run(0);
    run(Number.NaN).forEach((result, i) => {
      expectSameBits(result, clean[i], `stride ${stride}, result ${i}`);
    });
  }
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
    expectSameBits(actual, expected, 'the portable kernel');
    const large: Conv2dSpec = {
      ...{ batch: 1, channels: 1, height: 1500, width: 1500, filters: 2, kernelHeight: 3, kernelWidth: 3 },
      ...{ outHeight: 1500, outWidth: 1500, strideHeight: 1, strideWidth: 1, padHeight: 1, padWidth: 1 },
      ...{ dilationHeight: 1, dilationWidth: 1, groups: 1 },
    };
    const [x, weight] = [normal(1500 * 1500, 3), normal(18, 4)];
    const [out, wanted] = [new Float32Array(2 * 1500 * 1500), new Float32Array(2 * 1500 * 1500)];
    kernels.conv2d?.(x, weight, undefined, out, large);
    portableConv2d.conv2d(x, weight, undefined, wanted, large);
    expectSameBits(out, wanted, 'the portable kernel');
  });
});

describe('shapes that need much of the workspace for one item', () => {
  const kernels = createSimdKernels({ megabytes: 16 });
  const { buffer, start } = kernels.reserve?.() ?? { buffer: new ArrayBuffer(4), start: 0 };
  /** Where tensors of a scope would lie, beyond the workspace. */
  const tensors = new Float32Array(buffer, start, 1 << 20);

  const convolution = (channels: number, side: number): Conv2dSpec => ({
    ...{ batch: 1, channels, height: side, width: side, filters: 1, kernelHeight: side, kernelWidth: side },
    ...{ outHeight: 1, outWidth: 1, strideHeight: 1, strideWidth: 1, padHeight: 0, padWidth: 0 },
    ...{ dilationHeight: 1, dilationWidth: 1, groups: 1 },
  });

  test.each([
    [240, 32],
    [190_000, 1],
    [240_000, 1],
    [20, 100],
  ])('one output of %i channels of side %i', (channels, side) => {
    tensors.fill(7);
    const spec = convolution(channels, side);
    const size = channels * side * side;
    const [x, weight, g] = [new Float32Array(size).fill(1), new Float32Array(size).fill(1), new Float32Array([3])];
    const [out, gx, gw] = [new Float32Array(1), new Float32Array(size), new Float32Array(size)];
    kernels.conv2d?.(x, weight, undefined, out, spec);
    kernels.conv2dInputGradient?.(g, weight, gx, spec);
    kernels.conv2dWeightGradient?.(g, x, gw, spec);
    expect(out[0]).toBe(size);
    expect(gx.every((v) => v === 3) && gw.every((v) => v === 3)).toBe(true);
    expect(tensors.every((v) => v === 7)).toBe(true);
  });

  test.each([
    { channels: 1, side: 490, kernel: 3 },
    { channels: 40_000, side: 1, kernel: 1 },
    { channels: 9000, side: 3, kernel: 3 },
  ])('depthwise, %o', ({ channels, side, kernel }) => {
    tensors.fill(7);
    const spec: Conv2dSpec = {
      ...convolution(channels, side),
      ...{ filters: channels, groups: channels, kernelHeight: kernel, kernelWidth: kernel },
      ...{ outHeight: side, outWidth: side, padHeight: (kernel - 1) / 2, padWidth: (kernel - 1) / 2 },
    };
    const [x, g] = [normal(channels * side * side, 1), normal(channels * side * side, 3)];
    const weight = normal(channels * kernel * kernel, 2);
    const run = (set: Kernels) => {
      const [out, gx, gw] = [x.slice(), x.slice(), weight.slice()];
      set.conv2d?.(x, weight, undefined, out, spec);
      set.conv2dInputGradient?.(g, weight, gx, spec);
      set.conv2dWeightGradient?.(g, x, gw, spec);
      return [out, gx, gw.map((v) => v / side)];
    };
    const expected = run({ name: 'portable', ...portableConv2d });
    run(kernels).forEach((result, i) => {
      expect(result.every((v, o) => Math.abs(v - expected[i][o]) < 1e-4)).toBe(true);
    });
    expect(tensors.every((v) => v === 7)).toBe(true);
  });

  test.each([
    [16, 50_000, 1],
    [16, 400_000, 1],
    [17, 49_999, 8],
    [3, 8, 50_000],
    [40, 9, 50_001],
  ])('a product of %i rows, %i columns, sums of %i', (m, n, k) => {
    tensors.fill(7);
    for (const flag of flags) {
      const out = new Float32Array(m * n);
      const [a, b] = [new Float32Array(m * k).fill(1), new Float32Array(k * n).fill(1)];
      kernels.matmul?.(a, b, out, { m, n, k, ...flag, accumulate: false });
      expect(out.every((v) => v === k)).toBe(true);
    }
    expect(tensors.every((v) => v === 7)).toBe(true);
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
    const { buffer, end } = kernels.reserve?.() ?? { buffer: new ArrayBuffer(0), end: 0 };
    // Addresses beyond would be negative in comparisons with a sign.
    expect(buffer.byteLength).toBeLessThanOrEqual(2 ** 31);
    const ones = new Float32Array(buffer, end - 4 * 4096, 4096).fill(1);
    const total = new Float64Array(1);
    kernels.sums?.(ones, total, { groups: 1, outer: 1, kept: 1, inner: 4096 });
    expect(total[0]).toBe(4096);
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
