import { SMALL } from './reserve.ts';

/*
 * Where the arrays of a scope come from. A step of a training makes the same arrays again and again; fresh ones cost
 * the allocation, the zeros and the garbage collection. Inside a scope they are taken from an arena, the part of the
 * kernels' own memory where they need no staging, or else from a pool of ordinary arrays, and their contents are
 * unspecified.
 */

/** Bytes that sizes are rounded up to: a cache line, and a multiple of every vector. */
const ALIGN = 64;

/** Free bytes below the top of an arena. */
interface Hole {
  start: number;
  end: number;
}

/**
 * A range of bytes: a bump pointer, and the holes that freed blocks leave below it. Neighboring holes are joined, since
 * the gradients of a network shrink and grow from layer to layer: lists of blocks by size would rarely hold the one
 * that is needed. Nested scopes are a stack of marks.
 */
export class Arena {
  readonly buffer: ArrayBuffer;
  readonly #end: number;
  #top: number;
  #highest: number;
  /** Those of the innermost scope, by address; none touches another or the top. */
  #holes: Hole[] = [];

  /** Over the bytes from `start`, a multiple of 64, to `end`. */
  constructor(buffer: ArrayBuffer, start: number, end: number) {
    this.buffer = buffer;
    this.#end = end;
    this.#top = start;
    this.#highest = start;
  }

  /** The end of the bytes in use. */
  get top(): number {
    return this.#top;
  }

  /** The largest that `top` has been. */
  get highest(): number {
    return this.#highest;
  }

  /** Floats with unspecified contents, in the smallest hole that holds them; undefined where no room is left. */
  allocate(floats: number): Float32Array | undefined {
    const bytes = roundUp(4 * floats);
    let best: Hole | undefined;
    for (const hole of this.#holes) {
      const room = hole.end - hole.start;
      if (room >= bytes && (best === undefined || room < best.end - best.start)) best = hole;
    }
    const start = best === undefined ? this.#top : best.start;
    if (best !== undefined) {
      best.start += bytes;
      if (best.start === best.end) this.#holes.splice(this.#holes.indexOf(best), 1);
    } else {
      if (start + bytes > this.#end) return undefined;
      this.#top += bytes;
      this.#highest = Math.max(this.#highest, this.#top);
    }
    return new Float32Array(this.buffer, start, floats);
  }

  /** Takes back a block that was allocated since the last mark. */
  free(block: Float32Array): void {
    const holes = this.#holes;
    let start = block.byteOffset;
    let end = start + roundUp(block.byteLength);
    let next = holes.length;
    while (next > 0 && holes[next - 1].start > start) next--;
    if (next < holes.length && holes[next].start === end) end = holes.splice(next, 1)[0].end;
    if (next > 0 && holes[next - 1].end === start) start = holes.splice(--next, 1)[0].start;
    if (end === this.#top) this.#top = start;
    else holes.splice(next, 0, { start, end });
  }

  /**
   * Begins a nested scope; the function returned ends it. It starts without holes, and so never fills one of the scope
   * around it: whatever it allocates lies above the mark and vanishes with it.
   */
  mark(): () => void {
    const top = this.#top;
    const holes = this.#holes;
    this.#holes = [];
    return () => {
      this.#top = top;
      this.#holes = holes;
    };
  }
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / ALIGN) * ALIGN;
}

/** Ordinary arrays by exact length, kept from scope to scope; those that one was not taken of for a whole scope go. */
export class ArrayPool {
  readonly #buckets = new Map<number, { readonly arrays: Float32Array[]; idle: number }>();

  /** Bytes of the arrays that wait. */
  get bytes(): number {
    let bytes = 0;
    for (const [floats, { arrays }] of this.#buckets) bytes += 4 * floats * arrays.length;
    return bytes;
  }

  take(floats: number): Float32Array {
    const bucket = this.#buckets.get(floats);
    const array = bucket?.arrays.pop();
    if (bucket === undefined || array === undefined) return new Float32Array(floats);
    bucket.idle = Math.min(bucket.idle, bucket.arrays.length);
    return array;
  }

  put(array: Float32Array): void {
    const bucket = this.#buckets.get(array.length);
    if (bucket === undefined) this.#buckets.set(array.length, { arrays: [array], idle: 0 });
    else bucket.arrays.push(array);
  }

  /** Drops what was not taken since the last call, the bottom of each stack. */
  trim(): void {
    for (const [floats, bucket] of this.#buckets) {
      bucket.arrays.splice(0, bucket.idle);
      bucket.idle = bucket.arrays.length;
      if (bucket.idle === 0) this.#buckets.delete(floats);
    }
  }
}

/** The memory of one open scope. */
export class ScopeMemory {
  /** The scope around it. */
  readonly outer: ScopeMemory | undefined;
  readonly #arena: Arena | undefined;
  readonly #pool: ArrayPool;
  readonly #endArena: (() => void) | undefined;
  /** Where this scope's part of the arena begins. */
  readonly #base: number;
  /** Every array handed out, but for those given back, with the block it lies in where it is one to reuse. */
  readonly #blocks = new Map<ArrayBufferView, Float32Array | undefined>();
  /** The memory of the blocks that came from the pool. */
  readonly #buffers = new Set<ArrayBufferLike>();
  /** What was handed out, in order; entries that were given back may linger. */
  readonly #taken: ArrayBufferView[] = [];

  /** Inside `outer`, with its arena and pool; or the outermost, with these. */
  constructor(outer: ScopeMemory | undefined, arena: Arena | undefined, pool: ArrayPool) {
    this.outer = outer;
    this.#arena = outer === undefined ? arena : outer.#arena;
    this.#pool = outer === undefined ? pool : outer.#pool;
    this.#endArena = this.#arena?.mark();
    this.#base = this.#arena?.top ?? 0;
  }

  /** Floats with unspecified contents. */
  floats(size: number): Float32Array {
    const array = this.#block(size);
    this.own(array, array);
    return array;
  }

  /** Integers with unspecified contents. */
  integers(size: number): Int32Array {
    if (size <= SMALL) return new Int32Array(size);
    const block = this.#block(size);
    const array = new Int32Array(block.buffer, block.byteOffset, size);
    this.own(array, block);
    return array;
  }

  /** Doubles with unspecified contents. */
  doubles(size: number): Float64Array {
    if (2 * size <= SMALL) return new Float64Array(size);
    const block = this.#block(2 * size);
    const array = new Float64Array(block.buffer, block.byteOffset, size);
    this.own(array, block);
    return array;
  }

  /** Makes an array the scope's, so that tensors of it end with the scope; `block` is what may be reused then. */
  own(array: ArrayBufferView, block?: Float32Array): void {
    this.#blocks.set(array, block);
    this.#taken.push(array);
  }

  /** Whether the scope handed out this array, and has not got it back. */
  has(array: ArrayBufferView): boolean {
    return this.#blocks.has(array);
  }

  /** Whether data lies in the scope's memory: an array that it handed out, or a part of one (of more than 16 floats). */
  owns(data: Float32Array): boolean {
    return this.#blocks.has(data) || this.holdsPart(data);
  }

  /** The same of any array, small parts among them, which are slow to tell. */
  contains(data: ArrayBufferView): boolean {
    return this.#blocks.has(data) || this.#holds(data);
  }

  /** Whether data is none of the arrays handed out, but lies in their memory. Not asked of small arrays: it costs too much. */
  holdsPart(data: Float32Array): boolean {
    return data.length > SMALL && !this.#blocks.has(data) && this.#holds(data);
  }

  #holds({ buffer, byteOffset }: ArrayBufferView): boolean {
    return buffer === this.#arena?.buffer ? byteOffset >= this.#base : this.#buffers.has(buffer);
  }

  /** Whether data may lie in the memory of an array handed out without being one; small arrays are taken for such. */
  mayHoldPart(data: Float32Array): boolean {
    return this.holdsPart(data) || (data.length <= SMALL && !this.#blocks.has(data));
  }

  /** Takes back an array of this scope, to hand its memory out again; any other is left alone. */
  free(array: ArrayBufferView): void {
    const block = this.#blocks.get(array);
    if (!this.#blocks.delete(array) || block === undefined || block.length <= SMALL) return;
    if (block.buffer === this.#arena?.buffer) this.#arena.free(block);
    else this.#pool.put(block);
  }

  /** How many arrays have been handed out: a place to ask `takenSince`. */
  get mark(): number {
    return this.#taken.length;
  }

  /** Removes and returns the arrays handed out since a mark and not given back. */
  takenSince(mark: number): ArrayBufferView[] {
    return [...new Set(this.#taken.splice(mark))].filter((array) => this.#blocks.has(array));
  }

  /** Enters arrays that `takenSince` has removed as handed out since then. */
  putBack(array: ArrayBufferView): void {
    this.#taken.push(array);
  }

  /** Ends the scope: all its memory is free. */
  close(): void {
    for (const block of this.#blocks.values()) {
      if (block !== undefined && block.length > SMALL && block.buffer !== this.#arena?.buffer) this.#pool.put(block);
    }
    this.#blocks.clear();
    this.#endArena?.();
    if (this.outer === undefined) this.#pool.trim();
  }

  #block(floats: number): Float32Array {
    if (floats <= SMALL) return new Float32Array(floats);
    const block = this.#arena?.allocate(floats);
    if (block !== undefined) return block;
    const array = this.#pool.take(floats);
    this.#buffers.add(array.buffer);
    return array;
  }
}

let open: ScopeMemory | undefined;

/** The memory of the innermost open scope, or undefined outside any. */
export function openMemory(): ScopeMemory | undefined {
  return open;
}

/** Makes `memory` that of the innermost scope; undefined for none. */
export function setOpenMemory(memory: ScopeMemory | undefined): void {
  open = memory;
}

/** Floats for a result: zeros, or with unspecified contents inside a scope. */
export function takeFloats(size: number): Float32Array {
  return open === undefined ? new Float32Array(size) : open.floats(size);
}

/** Integers to be written: zeros, or with unspecified contents inside a scope. */
export function takeIntegers(size: number): Int32Array {
  return open === undefined ? new Int32Array(size) : open.integers(size);
}

/** Doubles to be written: zeros, or with unspecified contents inside a scope. */
export function takeDoubles(size: number): Float64Array {
  return open === undefined ? new Float64Array(size) : open.doubles(size);
}

/** Gives scratch back to the innermost scope before it closes; outside a scope nothing happens. */
export function giveBack(...arrays: readonly ArrayBufferView[]): void {
  if (open !== undefined) for (const array of arrays) open.free(array);
}
