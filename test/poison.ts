import { vi } from 'vitest';
import { ScopeMemory } from '../src/tensor/memory.ts';

/**
 * Whatever a scope hands out holds NaN first, also where it is small and would be fresh zeros, and so does what it is
 * given back: neither zeros nor scratch given back too early go unseen. Ends with `vi.restoreAllMocks()`.
 */
export function poison(): void {
  const { floats, doubles, integers, free } = ScopeMemory.prototype;
  vi.spyOn(ScopeMemory.prototype, 'floats').mockImplementation(function (this: ScopeMemory, size) {
    return floats.call(this, size).fill(NaN);
  });
  vi.spyOn(ScopeMemory.prototype, 'doubles').mockImplementation(function (this: ScopeMemory, size) {
    return doubles.call(this, size).fill(NaN);
  });
  vi.spyOn(ScopeMemory.prototype, 'integers').mockImplementation(function (this: ScopeMemory, size) {
    return integers.call(this, size).fill(NOWHERE);
  });
  vi.spyOn(ScopeMemory.prototype, 'free').mockImplementation(function (this: ScopeMemory, array) {
    // Small ones too, which a scope does not keep.
    if (array instanceof Int32Array) array.fill(NOWHERE);
    else if (array instanceof Float32Array || array instanceof Float64Array) array.fill(NaN);
    free.call(this, array);
  });
}

/** The bits of a NaN, and no position in any array. */
const NOWHERE = 0x7fc00000;
