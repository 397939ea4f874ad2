import { expect } from 'vitest';
import type { Kernels } from '../../src/tensor/kernels/kernels.ts';
import type { Reserve } from '../../src/tensor/reserve.ts';

/** What surrounds an array: a kernel that writes past its end changes it. */
const GUARD = 12345;
const GUARDS = 9;

type Copy = (data: Float32Array) => Float32Array;

/** Copies data to a place between guards; `check` finds what was written to them. */
interface Places {
  readonly name: string;
  readonly copy: Copy;
  readonly check: () => void;
}

function places(name: string, room: (floats: number) => Float32Array): Places {
  const buffers: Float32Array[] = [];
  const guards = (buffer: Float32Array) => [...buffer.subarray(0, GUARDS), ...buffer.subarray(buffer.length - GUARDS)];
  return {
    name,
    copy: (data) => {
      const buffer = room(data.length + 2 * GUARDS).fill(GUARD);
      buffers.push(buffer);
      const place = buffer.subarray(GUARDS, GUARDS + data.length);
      place.set(data);
      return place;
    },
    check: () => {
      if (buffers.some((buffer) => guards(buffer).some((v) => v !== GUARD))) expect.fail(`${name}: a guard is gone`);
    },
  };
}

const onHeap = () => places('on the heap', (floats) => new Float32Array(floats));

/** In the set's own memory, where it has one; at addresses that are multiples of 4 alone. */
function inMemory(reserve: Reserve | undefined): Places {
  if (reserve === undefined) return onHeap();
  let { start } = reserve;
  return places('in the memory', (floats) => {
    const room = new Float32Array(reserve.buffer, start, floats);
    start += 4 * floats;
    return room;
  });
}

export function expectSameBits(a: Float32Array | Float64Array, b: Float32Array | Float64Array, what: string): void {
  const different = a.findIndex((v, i) => !Object.is(v, b[i]));
  if (a.length !== b.length || different >= 0) {
    expect.fail(`${what}: element ${different} is ${a[different]} in one and ${b[different]} in the other`);
  }
}

/**
 * Runs a kernel on the heap, in the memory, and with a mixture of both: all must give the same bits, leave the inputs
 * and what lies around the output, and write every element. Returns what they wrote.
 */
export function everywhere(
  kernels: Kernels,
  inputs: readonly Float32Array[],
  size: number,
  what: string,
  run: (inputs: readonly Float32Array[], out: Float32Array) => void,
): Float32Array {
  const results = [0, 1, 2].map((kind) => {
    const [heap, memory] = [onHeap(), inMemory(kernels.reserve?.())];
    const [first, second] = kind === 0 ? [heap, heap] : kind === 1 ? [memory, memory] : [memory, heap];
    const same = new Map<Float32Array, Float32Array>();
    for (const [i, data] of inputs.entries())
      if (!same.has(data)) same.set(data, (i === 0 ? first : second).copy(data));
    const copies = inputs.map((data) => same.get(data) ?? data);
    const out = second.copy(new Float32Array(size).fill(Number.NaN));
    run(copies, out);
    for (const [i, copy] of copies.entries()) expectSameBits(copy, inputs[i], `${what}: input ${i}, ${second.name}`);
    heap.check();
    memory.check();
    return out.slice();
  });
  for (const result of results) expectSameBits(result, results[0], `${what}: on the heap and in the memory`);
  return results[0];
}
