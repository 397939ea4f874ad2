import { describe, expect, test } from 'vitest';
import {
  Arena,
  ArrayPool,
  giveBack,
  openMemory,
  ScopeMemory,
  setOpenMemory,
  takeDoubles,
  takeFloats,
  takeIntegers,
} from '../../src/tensor/memory.ts';
import { createRandom } from '../../src/tensor/random.ts';

const arenaOf = (bytes: number) => new Arena(new ArrayBuffer(bytes), 0, bytes);

function block(arena: Arena, floats: number): Float32Array {
  const array = arena.allocate(floats);
  if (array === undefined) throw new Error('the arena is full');
  return array;
}

describe('Arena', () => {
  test('blocks begin at multiples of 64 bytes, from its start, until it is full', () => {
    const arena = new Arena(new ArrayBuffer(512), 128, 384);
    expect([17, 16].map((floats) => block(arena, floats).byteOffset)).toEqual([128, 256]);
    expect(arena.allocate(17)).toBeUndefined();
    expect(block(arena, 16).byteOffset).toBe(320);
    expect(arena.allocate(1)).toBeUndefined();
    expect(arena.top).toBe(384);
  });

  test('a block has the length asked for', () => {
    expect(block(arenaOf(256), 17).length).toBe(17);
  });

  test('neighboring holes are joined, and one is filled by the smallest that fits', () => {
    const arena = arenaOf(4096);
    const [a, b, c, d] = [16, 32, 16, 48].map((floats) => block(arena, floats));
    const top = arena.top;
    arena.free(a);
    arena.free(b);
    // Both together: 48 floats, where neither alone holds 40.
    expect(block(arena, 40).byteOffset).toBe(a.byteOffset);
    expect(arena.top).toBe(top);
    arena.free(d);
    expect(arena.top).toBe(d.byteOffset);
    arena.free(c);
    expect(arena.top).toBe(c.byteOffset);
    expect(arena.highest).toBe(top);
  });

  test('blocks never overlap, whatever is allocated and freed, and all of it comes back', () => {
    const random = createRandom(3);
    const arena = arenaOf(1 << 16);
    const live = new Map<Float32Array, number>();
    for (let i = 0; i < 3000; i++) {
      const [first] = [...live.keys()].slice(random.integer(Math.max(1, live.size)));
      if (random.uniform() < 0.5 && first !== undefined) {
        arena.free(first);
        live.delete(first);
        continue;
      }
      const array = arena.allocate(1 + random.integer(300));
      if (array === undefined) continue;
      array.fill(i);
      live.set(array, i);
      for (const [other, value] of live) expect(other.every((v) => v === value)).toBe(true);
    }
    for (const array of live.keys()) arena.free(array);
    expect(arena.top).toBe(0);
  });

  test('a nested scope fills no hole of the scope around it, and vanishes', () => {
    const arena = arenaOf(4096);
    const [a, b] = [block(arena, 16), block(arena, 16)];
    arena.free(a);
    const end = arena.mark();
    const inner = block(arena, 16);
    expect(inner.byteOffset).toBe(b.byteOffset + 64);
    block(arena, 16);
    arena.free(inner);
    end();
    expect(arena.top).toBe(b.byteOffset + 64);
    expect(block(arena, 16).byteOffset).toBe(a.byteOffset);
    expect(block(arena, 16).byteOffset).toBe(b.byteOffset + 64);
  });
});

describe('ArrayPool', () => {
  test('gives back arrays of the very length, and drops those that one trim to the next does not take', () => {
    const pool = new ArrayPool();
    const [a, b] = [pool.take(20), pool.take(20)];
    pool.put(a);
    pool.put(b);
    pool.trim();
    expect(pool.bytes).toBe(160);
    expect(pool.take(21)).not.toBe(b);
    expect(pool.take(20)).toBe(b);
    pool.put(b);
    pool.trim();
    expect(pool.bytes).toBe(80);
    pool.trim();
    expect(pool.bytes).toBe(0);
    expect(pool.take(20)).not.toBe(b);
  });

  test('batches that change in size do not pile up', () => {
    const pool = new ArrayPool();
    for (let size = 100; size < 200; size++) {
      const memory = new ScopeMemory(undefined, undefined, pool);
      for (let i = 0; i < 10; i++) memory.floats(size);
      memory.close();
    }
    expect(pool.bytes).toBeLessThanOrEqual(2 * 10 * 200 * 4);
  });
});

describe('ScopeMemory', () => {
  test('takes from the arena, and from the pool when that is full; small arrays are fresh', () => {
    const arena = arenaOf(256);
    const pool = new ArrayPool();
    const memory = new ScopeMemory(undefined, arena, pool);
    const inside = memory.floats(64);
    const beyond = memory.floats(64);
    const small = memory.floats(16);
    expect(inside.buffer).toBe(arena.buffer);
    expect(beyond.buffer).not.toBe(arena.buffer);
    expect(small.buffer).not.toBe(arena.buffer);
    for (const array of [inside, beyond, small]) expect(memory.owns(array)).toBe(true);
    expect(memory.owns(new Float32Array(64))).toBe(false);
    expect(memory.owns(inside.subarray(1, 30))).toBe(true);
    expect(memory.owns(beyond.subarray(1, 30))).toBe(true);
    memory.close();
    expect(arena.top).toBe(0);
    expect(pool.bytes).toBe(256);
  });

  test('what is freed is handed out again, and freeing twice or what is not its own does nothing', () => {
    for (const arena of [undefined, arenaOf(4096)]) {
      const pool = new ArrayPool();
      const memory = new ScopeMemory(undefined, arena, pool);
      const first = memory.floats(32);
      const place = [first.buffer, first.byteOffset];
      memory.free(first);
      memory.free(first);
      memory.free(new Float32Array(32));
      const [a, b] = [memory.floats(32), memory.floats(32)];
      expect([a.buffer, a.byteOffset]).toEqual(place);
      expect(b.buffer === a.buffer && b.byteOffset === a.byteOffset).toBe(false);
      memory.close();
    }
  });

  test('a scope does not own the arrays of the one around it, but tells them apart in one arena', () => {
    const outer = new ScopeMemory(undefined, arenaOf(4096), new ArrayPool());
    const a = outer.floats(32);
    const inner = new ScopeMemory(outer, undefined, new ArrayPool());
    const b = inner.floats(32);
    expect(b.buffer).toBe(a.buffer);
    expect([inner.owns(a), inner.owns(b), outer.owns(a)]).toEqual([false, true, true]);
    inner.free(a);
    expect(inner.floats(32).byteOffset).not.toBe(a.byteOffset);
    inner.close();
    expect(outer.floats(32).byteOffset).toBe(b.byteOffset);
  });

  test('integers and doubles lie in the same memory', () => {
    const arena = arenaOf(4096);
    const memory = new ScopeMemory(undefined, arena, new ArrayPool());
    const integers = memory.integers(33);
    const doubles = memory.doubles(33);
    expect([integers.length, doubles.length]).toEqual([33, 33]);
    expect(integers.buffer).toBe(arena.buffer);
    expect(doubles.buffer).toBe(arena.buffer);
    memory.free(doubles);
    memory.free(integers);
    expect(arena.top).toBe(0);
  });

  test('outside a scope everything is fresh zeros', () => {
    expect(openMemory()).toBeUndefined();
    const [floats, integers, doubles] = [takeFloats(40), takeIntegers(40), takeDoubles(40)];
    giveBack(floats, integers, doubles);
    for (const array of [floats, integers, doubles, takeFloats(40)]) expect(array.every((v) => v === 0)).toBe(true);
    expect(takeFloats(40)).not.toBe(floats);
  });

  test('inside a scope they come from it', () => {
    const memory = new ScopeMemory(undefined, undefined, new ArrayPool());
    setOpenMemory(memory);
    try {
      const scratch = takeFloats(40);
      giveBack(scratch);
      expect(takeFloats(40)).toBe(scratch);
      expect(memory.has(scratch)).toBe(true);
    } finally {
      setOpenMemory(undefined);
      memory.close();
    }
  });
});
