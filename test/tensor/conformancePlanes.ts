import { expect } from 'vitest';
import type { ChannelSpec, Kernels, Pool2dSpec } from '../../src/tensor/kernels/kernels.ts';
import * as portableChannels from '../../src/tensor/kernels/portable/channels.ts';
import * as portablePool from '../../src/tensor/kernels/portable/maxPool2d.ts';
import * as portableRelu from '../../src/tensor/kernels/portable/relu.ts';
import { createRandom } from '../../src/tensor/random.ts';
import type { Check } from './conformance.ts';

type PlaneKernels = Required<
  Pick<Kernels, 'relu' | 'gate' | 'maxPool2d' | 'maxPool2dGradient' | 'channelSums' | 'channelAffine'>
>;

/** What surrounds an output; as an integer too, since positions lie in such memory. */
const GUARD = 12345;
const GUARDS = 9;

/** Numbers that are compared, added and rounded in ways of their own, and many ties. */
const SPECIAL = [Number.NaN, Infinity, -Infinity, 0, -0, 0, -0, 1, 1, 1, -1, -1, 2, 1e-45, -1e-45, 3e38];

const random = createRandom(78).fork('planes');
let drawn = 0;

function normal(size: number): Float32Array {
  return random.fork(drawn++).fillNormal(new Float32Array(size), 0, 1);
}

function special(size: number): Float32Array {
  const stream = random.fork(drawn++);
  return new Float32Array(size).map(() => SPECIAL[Math.floor(stream.uniform() * SPECIAL.length)]);
}

/** Small integers but 0, whose sums are exact in any order. */
function integers(size: number): Float32Array {
  return normal(size).map((v) => Math.sign(v) * Math.ceil(Math.abs(4 * v)));
}

/** Where the arrays of one call lie. */
class Place {
  readonly name: string;
  readonly #inputs: Float32Array | undefined;
  readonly #outputs: Float32Array | undefined;
  readonly #checks: (() => void)[] = [];
  #top = 0;

  /** Inputs and outputs are parts of these floats, or arrays of their own. */
  constructor(name: string, inputs?: Float32Array, outputs?: Float32Array) {
    this.name = name;
    this.#inputs = inputs;
    this.#outputs = outputs;
  }

  input(values: Float32Array): Float32Array {
    const data = this.#take(this.#inputs, values.length);
    data.set(values);
    this.#checks.push(() => expectSame(data, values, `${this.name}, an input`));
    return data;
  }

  output(size: number): Float32Array {
    const around = this.#take(this.#outputs, size + 2 * GUARDS).fill(GUARD);
    this.#checks.push(() => {
      const guards = [...around.subarray(0, GUARDS), ...around.subarray(GUARDS + size)];
      if (guards.some((v) => v !== GUARD)) throw new Error(`${this.name}: the kernel wrote outside its output`);
    });
    return around.subarray(GUARDS, GUARDS + size).fill(Number.NaN);
  }

  positions(size: number): Int32Array {
    const { buffer, byteOffset } = this.output(size);
    return new Int32Array(buffer, byteOffset, size);
  }

  /** Inputs as they were, and nothing written beside the outputs. */
  check(): void {
    for (const check of this.#checks) check();
  }

  #take(memory: Float32Array | undefined, size: number): Float32Array {
    const start = this.#top;
    this.#top += size + 16 + (this.#top % 3);
    return memory === undefined
      ? new Float32Array(size + 4).subarray(1 + (start % 3), 1 + (start % 3) + size)
      : memory.subarray(start, start + size);
  }
}

function placesOf({ reserve }: Kernels): Place[] {
  const part = reserve?.();
  const places = [new Place('on the heap')];
  if (part !== undefined) {
    const memory = new Float32Array(part.buffer, part.start, (part.end - part.start) / 4);
    places.push(new Place('in the memory', memory, memory), new Place('inputs in the memory', memory));
    places.push(new Place('outputs in the memory', undefined, memory));
  }
  return places;
}

/** The same numbers, of the same sign where they are 0; any NaN is the same as any other. */
function expectSame(a: ArrayLike<number>, b: ArrayLike<number>, what: string): void {
  expect(a.length, what).toBe(b.length);
  for (let i = 0; i < a.length; i++)
    if (!Object.is(a[i], b[i])) expect.fail(`${what}: element ${i} is ${a[i]}, not ${b[i]}`);
}

const pool = (
  [planes, height, width]: readonly [number, number, number],
  kernel = 2,
  stride = 2,
  pad = 0,
  rest: Partial<Pool2dSpec> = {},
): Pool2dSpec => {
  const spec = { kernelHeight: kernel, kernelWidth: kernel, strideHeight: stride, strideWidth: stride, ...rest };
  const count = (length: number, size: number, step: number) => Math.floor((length + 2 * pad - size) / step) + 1;
  return {
    planes,
    height,
    width,
    outHeight: count(height, spec.kernelHeight, spec.strideHeight),
    outWidth: count(width, spec.kernelWidth, spec.strideWidth),
    padHeight: pad,
    padWidth: pad,
    ...spec,
  };
};

const pools: readonly Pool2dSpec[] = [
  pool([3, 2, 2]),
  pool([2, 7, 6]),
  ...[8, 9, 10, 11, 12, 13, 14, 15, 16, 17].flatMap((width) => [pool([2, 4, width]), pool([3, 5, width])]),
  pool([1, 2, 8]),
  pool([31, 28, 28]),
  pool([40, 27, 29]),
  pool([1, 150, 170]),
  pool([0, 8, 8]),
  pool([2, 9, 9], 3, 2, 1),
  pool([2, 8, 9], 2, 1),
  pool([2, 9, 12], 2, 3),
  pool([2, 8, 8], 2, 2, 1),
  pool([2, 7, 12], 3, 2, 0, { kernelHeight: 2 }),
  pool([2, 8, 12], 2, 2, 0, { strideHeight: 1 }),
  pool([2, 8, 12], 2, 2, 0, { kernelWidth: 3 }),
];

const describePool = (spec: Pool2dSpec): string =>
  `${spec.planes} of ${spec.height} x ${spec.width}, window ${spec.kernelHeight} x ${spec.kernelWidth}, stride ${spec.strideHeight} x ${spec.strideWidth}, padding ${spec.padHeight}`;

/** For every window of the definition the positions it holds, in reading order. */
function forEachWindow(spec: Pool2dSpec, visit: (o: number, positions: readonly number[]) => void): void {
  let o = 0;
  for (let plane = 0; plane < spec.planes; plane++) {
    for (let y = 0; y < spec.outHeight; y++) {
      for (let z = 0; z < spec.outWidth; z++) {
        const positions: number[] = [];
        for (let i = 0; i < spec.kernelHeight; i++) {
          for (let j = 0; j < spec.kernelWidth; j++) {
            const row = y * spec.strideHeight - spec.padHeight + i;
            const column = z * spec.strideWidth - spec.padWidth + j;
            if (row >= 0 && row < spec.height && column >= 0 && column < spec.width)
              positions.push((plane * spec.height + row) * spec.width + column);
          }
        }
        visit(o++, positions);
      }
    }
  }
}

const channels: readonly ChannelSpec[] = [
  ...[1, 2, 3, 7, 8, 15, 16, 17, 18, 23, 24, 25, 31, 32, 33, 49].map((pixels) => ({ batch: 3, channels: 5, pixels })),
  { batch: 2, channels: 1, pixels: 784 },
  { batch: 40, channels: 3, pixels: 196 },
  { batch: 1, channels: 2, pixels: 20_000 },
  { batch: 0, channels: 4, pixels: 20 },
  { batch: 2, channels: 0, pixels: 20 },
  { batch: 2, channels: 3, pixels: 0 },
];

const describeChannels = (spec: ChannelSpec): string => `[${spec.batch}, ${spec.channels}, ${spec.pixels}]`;

/** What every set of kernels must do with planes: relu, pooling, and the sums and affine maps of channels. */
export function planeChecks(kernels: Kernels): readonly Check[] {
  const set: PlaneKernels = { ...portableRelu, ...portablePool, ...portableChannels, ...kernels };
  const each = (run: (place: Place) => readonly ArrayLike<number>[]): void => {
    const [first, ...others] = placesOf(kernels).map((place) => {
      const results = run(place).map((result) => Array.from(result));
      place.check();
      return { name: place.name, results };
    });
    for (const { name, results } of others)
      results.forEach((result, i) => {
        expectSame(result, first.results[i], `${name}, output ${i}, against the heap's`);
      });
  };
  return [
    { name: 'relu, of every kind of number at every size', run: () => checkRelu(set, each) },
    { name: 'gate, of every kind of number at every size', run: () => checkGate(set, each) },
    ...pools.flatMap((spec) => [
      { name: `maxPool2d, ${describePool(spec)}`, run: () => checkPool(set, each, spec) },
      { name: `maxPool2dGradient, ${describePool(spec)}`, run: () => checkPoolGradient(set, each, spec) },
    ]),
    ...channels.flatMap((spec) => [
      { name: `channelSums, ${describeChannels(spec)}`, run: () => checkSums(set, each, spec) },
      { name: `channelAffine, ${describeChannels(spec)}`, run: () => checkAffine(set, each, spec) },
    ]),
    { name: 'channelAffine, an image has the same bits alone and in any batch', run: () => checkImages(set, each) },
  ];
}

/** Runs a kernel wherever its arrays may lie, and holds the results against one another. */
type Each = (run: (place: Place) => readonly ArrayLike<number>[]) => void;

/** Small ones, those around vectors in larger ones, and around what is staged at once. */
const SIZES: readonly number[] = [
  ...Array(70).keys(),
  ...Array.from({ length: 40 }, (_, i) => 250 + i),
  8191,
  8193,
  30_001,
];

function checkRelu({ relu }: PlaneKernels, each: Each): void {
  for (const size of SIZES) {
    const x = special(size);
    each((place) => {
      const out = place.output(size);
      relu(place.input(x), out);
      expectSame(
        out,
        x.map((v) => (v <= 0 ? 0 : v)),
        `relu of ${size}`,
      );
      return [out];
    });
  }
}

function checkGate({ gate }: PlaneKernels, each: Each): void {
  for (const size of SIZES) {
    const g = special(size);
    const y = special(size).map((v) => Math.abs(v));
    each((place) => {
      const out = place.output(size);
      gate(place.input(g), place.input(y), out);
      expectSame(
        out,
        g.map((v, i) => (y[i] === 0 ? 0 : v)),
        `gate of ${size}`,
      );
      return [out];
    });
  }
}

function checkPool({ maxPool2d }: PlaneKernels, each: Each, spec: Pool2dSpec): void {
  const windows = spec.outHeight * spec.outWidth;
  for (const draw of [normal, special]) {
    const x = draw(spec.planes * spec.height * spec.width);
    each((place) => {
      const out = place.output(spec.planes * windows);
      const chosen = place.positions(spec.planes * windows);
      maxPool2d(place.input(x), out, chosen, spec);
      forEachWindow(spec, (o, positions) => {
        const values = positions.map((i) => x[i]);
        const nan = values.findLastIndex((v) => Number.isNaN(v));
        const best = positions[nan >= 0 ? nan : values.findIndex((v) => values.every((w) => w <= v))];
        if (chosen[o] !== best || !Object.is(out[o], x[best]))
          expect.fail(`window ${o} of ${values}: ${out[o]} at ${chosen[o]}, not ${x[best]} at ${best}`);
      });
      return [out, chosen];
    });
  }
}

function checkPoolGradient({ maxPool2dGradient }: PlaneKernels, each: Each, spec: Pool2dSpec): void {
  const size = spec.planes * spec.outHeight * spec.outWidth;
  const g = integers(size);
  const chosen = new Int32Array(size);
  const expected = new Float32Array(spec.planes * spec.height * spec.width);
  forEachWindow(spec, (o, positions) => {
    chosen[o] = positions[(o * 7 + (o >> 2)) % positions.length];
    expected[chosen[o]] += g[o];
  });
  each((place) => {
    const out = place.output(expected.length);
    const positions = place.input(new Float32Array(chosen.buffer));
    maxPool2dGradient(place.input(g), new Int32Array(positions.buffer, positions.byteOffset, size), out, spec);
    expectSame(out, expected, 'gradient');
    return [out];
  });
}

function checkSums({ channelSums }: PlaneKernels, each: Each, spec: ChannelSpec): void {
  const size = spec.batch * spec.channels * spec.pixels;
  const [x, y] = [normal(size).map((v) => 30 + v), normal(size)];
  const centers = Float64Array.from(normal(spec.channels), (v) => 30 + v);
  for (const g of [undefined, y]) {
    each((place) => {
      const totals = new Float64Array(spec.channels).fill(Number.NaN);
      const products = totals.slice();
      channelSums(place.input(x), g === undefined ? undefined : place.input(g), centers, totals, products, spec);
      for (let c = 0; c < spec.channels; c++) {
        const sums = [0, 0];
        const magnitudes = [0, 0];
        for (let i = 0; i < size; i++) {
          if (Math.floor(i / spec.pixels) % spec.channels !== c) continue;
          const a = g === undefined ? x[i] - centers[c] : g[i];
          [a, a * (x[i] - centers[c])].forEach((term, s) => {
            sums[s] += term;
            magnitudes[s] += Math.abs(term);
          });
        }
        // Two sums in double precision, each in an order of its own.
        const terms = 2 * (spec.batch * spec.pixels + 2);
        [totals, products].forEach((got, s) => {
          if (!(Math.abs(got[c] - sums[s]) <= terms * 2 ** -53 * magnitudes[s]))
            expect.fail(`channel ${c}, sum ${s}: ${got[c]} for ${sums[s]}`);
        });
      }
      return [totals, products];
    });
  }
}

function checkAffine({ channelAffine }: PlaneKernels, each: Each, spec: ChannelSpec): void {
  const size = spec.batch * spec.channels * spec.pixels;
  const [x, y] = [normal(size), normal(size)];
  const factors = Float64Array.from(normal(3 * spec.channels), (v) => v * Math.PI);
  for (const g of [undefined, y]) {
    each((place) => {
      const out = place.output(size);
      channelAffine(place.input(x), g === undefined ? undefined : place.input(g), factors, out, spec);
      for (let i = 0; i < size; i++) {
        const c = Math.floor(i / spec.pixels) % spec.channels;
        const terms = [x[i] * factors[3 * c], factors[3 * c + 1], g === undefined ? 0 : g[i] * factors[3 * c + 2]];
        const value = terms.reduce((sum, term) => sum + term);
        const magnitude = terms.reduce((sum, term) => sum + Math.abs(term), 0);
        if (!(Math.abs(out[i] - value) <= 2 ** -24 * Math.abs(value) + 2 ** -50 * magnitude))
          expect.fail(`element ${i}: ${out[i]} for ${value}`);
      }
      return [out];
    });
  }
}

function checkImages({ channelAffine }: PlaneKernels, each: Each): void {
  for (const pixels of [1, 13, 16, 49, 3000]) {
    const size = 4 * pixels;
    const spec = { batch: 6, channels: 4, pixels };
    const [x, g] = [normal(6 * size), normal(6 * size)];
    const factors = Float64Array.from(normal(12));
    each((place) => {
      const out = place.output(6 * size);
      channelAffine(place.input(x), place.input(g), factors, out, spec);
      for (let n = 0; n < 6; n++) {
        const part = (data: Float32Array) => place.input(data.slice(n * size, (n + 1) * size));
        const alone = place.output(size);
        channelAffine(part(x), part(g), factors, alone, { ...spec, batch: 1 });
        expectSame(alone, out.subarray(n * size, (n + 1) * size), `image ${n} of ${pixels} pixels`);
      }
      return [out];
    });
  }
}
