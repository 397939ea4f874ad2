import { type Reserve, SMALL } from '../../reserve.ts';

/*
 * The memory of the SIMD kernels: one WebAssembly memory of fixed size (growing would detach every view), from address 0
 *   GUARD bytes of zeros, which sums start from,
 *   the workspace, where a kernel puts what it stages and its scratch; given back when the kernel returns,
 *   the reserve, where `scope` puts tensors; kernels use those in place,
 *   GUARD bytes, so that vectors may be read past the end of an array.
 * What fits into the workspace depends on nothing but sizes, so that the path taken, and with it every bit, does too.
 */

const PAGE = 65536;
const GUARD = 4096;

/** Bytes of the workspace. */
export const WORKSPACE_BYTES: number = 8 << 20;

/** The least memory that kernels work with, in megabytes. */
export const LEAST_MEGABYTES = 16;

/** Beyond these many, addresses would be negative numbers to comparisons that have a sign. */
const MOST_MEGABYTES = 2048;

/** Memory of `megabytes`, or of half, a quarter ... as the engine grants it; undefined below LEAST_MEGABYTES. */
export function createMemory(megabytes: number): WebAssembly.Memory | undefined {
  for (let size = Math.min(megabytes, MOST_MEGABYTES); size >= LEAST_MEGABYTES; size /= 2) {
    const pages = Math.floor((size * 2 ** 20) / PAGE);
    try {
      return new WebAssembly.Memory({ initial: pages, maximum: pages });
    } catch {
      // The engine or the machine has less; the next round asks for half.
    }
  }
  return undefined;
}

export class Workspace {
  /** The whole memory. */
  readonly floats: Float32Array;
  /** The same memory. */
  readonly doubles: Float64Array;
  readonly reserve: Reserve;
  readonly #buffer: ArrayBuffer;
  /** Where the last result was staged. */
  #view: Float32Array;
  /** The first address that is not taken. */
  top: number = GUARD;

  constructor(memory: WebAssembly.Memory) {
    this.#buffer = memory.buffer;
    this.floats = new Float32Array(this.#buffer);
    this.#view = this.floats;
    this.doubles = new Float64Array(this.#buffer);
    this.reserve = { buffer: this.#buffer, start: GUARD + WORKSPACE_BYTES, end: this.#buffer.byteLength - GUARD };
  }

  /** Forgets what earlier kernels took. */
  clear(): void {
    this.top = GUARD;
  }

  /** The address of room for `floats` numbers; the caller has made sure that they fit. */
  take(floats: number): number {
    const address = this.top;
    this.top += (4 * floats + 63) & -64;
    // Beyond lie tensors.
    if (this.top > this.reserve.start) throw new RangeError('workspace: a kernel took more than there is.');
    return address;
  }

  /** The address of an array that lies in the memory; undefined of any other. */
  addressOf(data: Float32Array | Int32Array): number | undefined {
    return data.length > SMALL && data.buffer === this.#buffer ? data.byteOffset : undefined;
  }

  /** The address of an array's numbers: its own, or that of a copy. */
  input(data: Float32Array): number {
    return this.addressOf(data) ?? this.copyIn(data, this.take(data.length));
  }

  /** `input` of `length` numbers from `start` on. */
  part(data: Float32Array, start: number, length: number): number {
    if (length === data.length) return this.input(data);
    const base = this.addressOf(data);
    return base === undefined ? this.input(data.subarray(start, start + length)) : base + 4 * start;
  }

  /** Copies an array to an address of the workspace, and returns it. */
  copyIn(data: Float32Array, address: number): number {
    this.floats.set(data, address >> 2);
    return address;
  }

  /** The address of an array's numbers to write them to: its own, or room for them. */
  output(data: Float32Array): number {
    return this.addressOf(data) ?? this.take(data.length);
  }

  /** Brings an output that lies outside the memory its numbers. */
  finish(data: Float32Array, address: number): void {
    if (address >= this.reserve.start) return;
    // Making a view costs as much as copying a thousand numbers; the next result often lies where the last one did.
    if (this.#view.byteOffset !== address || this.#view.length !== data.length)
      this.#view = new Float32Array(this.#buffer, address, data.length);
    data.set(this.#view);
  }

  /** Columns of a row-major matrix: their own place, or that of a copy. */
  columns(data: Float32Array, columns: number, first: number, width: number): Lines {
    const base = this.addressOf(data);
    if (base !== undefined || width === columns)
      return { at: (base ?? this.input(data)) + 4 * first, line: 4 * columns };
    const at = this.take((data.length / columns) * width);
    for (let from = first, to = at; from < data.length; from += columns, to += 4 * width)
      this.copyIn(data.subarray(from, from + width), to);
    return { at, line: 4 * width };
  }
}

/** The address of part of a matrix, and the bytes from line to line. */
export interface Lines {
  readonly at: number;
  readonly line: number;
}
