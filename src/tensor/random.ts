import { checkInteger } from './check.ts';
import { cos, log, sin } from './math.ts';

/** What a `Random` is made of: two words of key (seed and path) and the number of words drawn so far. */
export type RandomState = readonly [key0: number, key1: number, counter: number];

/** Separates the keys of forks from drawn words, which come from the same cipher. */
const FORK_DOMAIN = 0x464f524b; // "FORK"

/**
 * A seeded stream of random numbers that is a function of (seed, path of forks, counter) and of nothing else.
 *
 * Word `i` is the cipher Threefry-2x32-20 of the counter, under a key made from seed and path, so a fork can be made
 * anywhere and in any order, and the whole state is three integers.
 *
 * Source: Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3".
 */
export class Random {
  readonly #key0: number;
  readonly #key1: number;
  #counter: number;
  /** The second word of the block drawn last. */
  #pending = 0;
  readonly #block = new Uint32Array(2);

  constructor([key0, key1, counter]: RandomState) {
    if (!Number.isSafeInteger(counter) || counter < 0 || key0 !== key0 >>> 0 || key1 !== key1 >>> 0) {
      throw new RangeError(
        `Random: [${key0}, ${key1}, ${counter}] is not a state. Use createRandom(seed), or a state read from random.state.`,
      );
    }
    this.#key0 = key0;
    this.#key1 = key1;
    this.#counter = counter;
    if (counter % 2 === 1) this.#draw((counter - 1) / 2);
  }

  /** Key and counter: `new Random(state)` goes on where this stream stands. */
  get state(): RandomState {
    return [this.#key0, this.#key1, this.#counter];
  }

  /**
   * An independent stream named `name`, the same one however much was drawn from this stream before.
   *
   * @example createRandom(7).fork('weights').word() === createRandom(7).fork('weights').word() // true
   */
  fork(name: string | number): Random {
    const text = `${typeof name}:${name}`;
    const key = new Uint32Array([this.#key0 ^ FORK_DOMAIN, this.#key1]);
    for (let i = 0; i < text.length; i += 2) {
      threefry(key[0], key[1], text.charCodeAt(i), i + 1 < text.length ? text.charCodeAt(i + 1) : 0x10000, key);
    }
    threefry(key[0], key[1], text.length, FORK_DOMAIN, key);
    return new Random([key[0], key[1], 0]);
  }

  /** An integer in `0 .. 2^32 - 1`. */
  word(): number {
    const counter = this.#counter++;
    if (counter % 2 === 1) return this.#pending;
    return this.#draw(counter / 2);
  }

  /** Fills `out` with what as many calls of `word` would give, several times faster, and returns it. */
  fillWords<W extends Uint32Array>(out: W): W {
    let i = 0;
    // The second word of a block that was begun.
    if (this.#counter % 2 === 1 && out.length > 0) out[i++] = this.word();
    for (; i + 1 < out.length; i += 2) {
      const block = this.#counter / 2;
      threefry(this.#key0, this.#key1, block >>> 0, Math.floor(block / 2 ** 32), out, i);
      this.#counter += 2;
    }
    if (i < out.length) out[i] = this.word();
    return out;
  }

  /** Uniform in `[0, 1)`, a multiple of 2^-32. */
  uniform(): number {
    return this.word() * 2 ** -32;
  }

  /** Normal with mean 0 and variance 1, by Box and Muller 1958; takes two words. */
  normal(): number {
    // 1 - u lies in (0, 1], so the logarithm is finite; 2^-32 bounds the result by 6.7.
    const radius = Math.sqrt(-2 * log(1 - this.uniform()));
    return radius * cos(2 * Math.PI * this.uniform());
  }

  /** A uniform integer in `0 .. n - 1`, without bias; n at most 2^32. */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) {
      throw new RangeError(`random.integer: n must be an integer from 1 to 2^32; got ${n}.`);
    }
    // Words above the last multiple of n would favor small results: draw again.
    const limit = 2 ** 32 - (2 ** 32 % n);
    let word = this.word();
    while (word >= limit) word = this.word();
    return word % n;
  }

  /**
   * The numbers `0 .. n - 1` in random order (Fisher and Yates).
   *
   * @example createRandom(1).permutation(4).toSorted() // [0, 1, 2, 3]
   */
  permutation(n: number): Int32Array<ArrayBuffer> {
    checkInteger('random.permutation', 'n', n, 0);
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const last = order[i];
      order[i] = order[j];
      order[j] = last;
    }
    return order;
  }

  /** Fills `out` with uniform numbers of `[low, high)`, rounded to float32 (which may reach `high`), and returns it. */
  fillUniform(out: Float32Array, low: number, high: number): Float32Array {
    for (let i = 0; i < out.length; i++) out[i] = low + (high - low) * this.uniform();
    return out;
  }

  /** Fills `out` with normal numbers and returns it. */
  fillNormal(out: Float32Array, mean: number, deviation: number): Float32Array {
    for (let i = 0; i + 1 < out.length; i += 2) {
      const radius = deviation * Math.sqrt(-2 * log(1 - this.uniform()));
      const angle = 2 * Math.PI * this.uniform();
      out[i] = mean + radius * cos(angle);
      out[i + 1] = mean + radius * sin(angle);
    }
    if (out.length % 2 === 1) out[out.length - 1] = mean + deviation * this.normal();
    return out;
  }

  #draw(block: number): number {
    threefry(this.#key0, this.#key1, block >>> 0, Math.floor(block / 2 ** 32), this.#block);
    this.#pending = this.#block[1];
    return this.#block[0];
  }
}

/**
 * The stream of a seed.
 *
 * Throws: RangeError unless `seed` is a non-negative safe integer.
 *
 * @example createRandom(7).uniform() === createRandom(7).uniform() // true
 */
export function createRandom(seed: number): Random {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`createRandom: seed must be an integer from 0 to 2^53 - 1; got ${seed}.`);
  }
  return new Random([seed >>> 0, Math.floor(seed / 2 ** 32), 0]);
}

/** Throws a TypeError where plain JavaScript passes no source, or a seed instead; `drawn` is what it is needed for. */
export function checkSource(op: string, random: Random, drawn: string): void {
  if (random instanceof Random) return;
  throw new TypeError(
    `${op}: the options need random, from which ${drawn} are drawn. Pass { random: createRandom(seed) }.`,
  );
}

/** The parity word of Threefry's key schedule (section 3.3 of the paper). */
const PARITY = 0x1bd11bda;

/**
 * Threefry-2x32 with 20 rounds: enciphers (x0, x1) under (k0, k1) into two words of `out`. Written out, with the rotations
 * of the paper's table 2, because a loop over them takes three times as long.
 */
export function threefry(k0: number, k1: number, x0: number, x1: number, out: Uint32Array, at = 0): void {
  const k2 = k0 ^ k1 ^ PARITY;
  let a = (x0 + k0) | 0;
  let b = (x1 + k1) | 0;
  a = (a + b) | 0;
  b = rotate(b, 13) ^ a;
  a = (a + b) | 0;
  b = rotate(b, 15) ^ a;
  a = (a + b) | 0;
  b = rotate(b, 26) ^ a;
  a = (a + b) | 0;
  b = rotate(b, 6) ^ a;
  a = (a + k1) | 0;
  b = (b + k2 + 1) | 0;
  a = (a + b) | 0;
  b = rotate(b, 17) ^ a;
  a = (a + b) | 0;
  b = rotate(b, 29) ^ a;
  a = (a + b) | 0;
  b = rotate(b, 16) ^ a;
  a = (a + b) | 0;
  b = rotate(b, 24) ^ a;
  a = (a + k2) | 0;
  b = (b + k0 + 2) | 0;
  a = (a + b) | 0;
  b = rotate(b, 13) ^ a;
  a = (a + b) | 0;
  b = rotate(b, 15) ^ a;
  a = (a + b) | 0;
  b = rotate(b, 26) ^ a;
  a = (a + b) | 0;
  b = rotate(b, 6) ^ a;
  a = (a + k0) | 0;
  b = (b + k1 + 3) | 0;
  a = (a + b) | 0;
  b = rotate(b, 17) ^ a;
  a = (a + b) | 0;
  b = rotate(b, 29) ^ a;
  a = (a + b) | 0;
  b = rotate(b, 16) ^ a;
  a = (a + b) | 0;
  b = rotate(b, 24) ^ a;
  a = (a + k1) | 0;
  b = (b + k2 + 4) | 0;
  a = (a + b) | 0;
  b = rotate(b, 13) ^ a;
  a = (a + b) | 0;
  b = rotate(b, 15) ^ a;
  a = (a + b) | 0;
  b = rotate(b, 26) ^ a;
  a = (a + b) | 0;
  b = rotate(b, 6) ^ a;
  a = (a + k2) | 0;
  b = (b + k0 + 5) | 0;
  out[at] = a;
  out[at + 1] = b;
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}
