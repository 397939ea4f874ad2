/** An input or weight of a benchmark: every library makes the same numbers from this, in its own language. */
export interface ArraySpec {
  readonly shape: readonly number[];
  readonly seed: number;
  /** The numbers lie in [-bound, bound). */
  readonly bound: number;
}

/** Numbers in the order of NCHW and OIHW, which each library lays out as it likes. */
export interface HostArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export type ArraySpecs = Readonly<Record<string, ArraySpec>>;
export type HostArrays = Readonly<Record<string, HostArray>>;

/** The arrays of a benchmark, from their descriptions. */
export function makeArrays(specs: ArraySpecs): HostArrays {
  return Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, makeArray(spec)]));
}

/** Multiples of 2^-23 in [-1, 1), times the bound: exact in double precision, rounded once. Twin of `make` in pytorch.py. */
export function makeArray({ shape, seed, bound }: ArraySpec): HostArray {
  const data = new Float32Array(shape.reduce((size, axis) => size * axis, 1));
  for (let i = 0; i < data.length; i++) data[i] = ((hash(i, seed) >>> 8) / 2 ** 23 - 1) * bound;
  return { shape, data };
}

/** One number that tells a wrong answer: the mean of all values, each with a weight in [0.5, 1.5) that knows its place. */
export function checksumOf(values: readonly Float32Array[]): number {
  let sum = 0;
  let count = 0;
  for (const part of values) {
    for (let i = 0; i < part.length; i++, count++) sum += part[i] * ((hash(count, 0) >>> 8) / 2 ** 24 + 0.5);
  }
  return sum / count;
}

/** The mixing steps of MurmurHash3 (Appleby 2011) on 32 bits. */
function hash(index: number, seed: number): number {
  let h = index ^ Math.imul(seed, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
