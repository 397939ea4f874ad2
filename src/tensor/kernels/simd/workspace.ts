import type { Reserve } from '../kernels.ts';

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

/** Arrays up to this many floats may live in the engine's own heap, where asking for their buffer is slow. */
const SMALL = 16;

/** Memory of `megabytes`, or of half, a quarter ... as the engine grants it; undefined below LEAST_MEGABYTES. */
export function createMemory(megabytes: number): WebAssembly.Memory | undefined {
  for (let size = megabytes; size >= LEAST_MEGABYTES; size /= 2) {
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
  /** The first address that is not taken. */
  top: number = GUARD;

  constructor(memory: WebAssembly.Memory) {
    this.#buffer = memory.buffer;
    this.floats = new Float32Array(this.#buffer);
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
    if (address < this.reserve.start) data.set(this.floats.subarray(address >> 2, (address >> 2) + data.length));
  }

  /** A block of a matrix: its own place, or that of a copy. */
  block(data: Float32Array, block: Block): Rows {
    const { columns, row, column, height, width } = block;
    const base = this.addressOf(data);
    if (base !== undefined) return { at: base + 4 * (row * columns + column), line: 4 * columns };
    if (width === columns) return { at: this.part(data, row * columns, height * columns), line: 4 * columns };
    const at = this.take(height * width);
    this.#eachLine(block, at, (start, to) => this.copyIn(data.subarray(start, start + width), to));
    return { at, line: 4 * width };
  }

  /** Room for a block of an output, holding what it holds where `filled`; `finishBlock` writes it back. */
  outputBlock(data: Float32Array, block: Block, filled: boolean): Rows {
    if (filled || this.addressOf(data) !== undefined) return this.block(data, block);
    return { at: this.take(block.height * block.width), line: 4 * block.width };
  }

  finishBlock(data: Float32Array, block: Block, address: number): void {
    if (address >= this.reserve.start) return;
    const { columns, row, height, width } = block;
    if (width === columns) this.finish(data.subarray(row * columns, (row + height) * columns), address);
    else this.#eachLine(block, address, (start, from) => this.finish(data.subarray(start, start + width), from));
  }

  /** Where each line of a block begins in its matrix, and in its copy. */
  #eachLine(
    { columns, row, column, height, width }: Block,
    at: number,
    visit: (start: number, at: number) => void,
  ): void {
    for (let i = 0; i < height; i++) visit((row + i) * columns + column, at + 4 * i * width);
  }
}

/** Part of a row-major matrix with `columns` columns. */
export interface Block {
  readonly columns: number;
  readonly row: number;
  readonly column: number;
  readonly height: number;
  readonly width: number;
}

/** The address of a block, and the bytes from line to line. */
export interface Rows {
  readonly at: number;
  readonly line: number;
}
